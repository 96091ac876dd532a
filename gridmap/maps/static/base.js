/* A site's own tiles, and the projection in which everything else is drawn upon them. */
window.gridmapBase = (function () {
  "use strict";

  /** Degrees by which a place is moved, between the corners of a lattice; beyond it as at its edge. */
  function shifter({ west, south, step, columns, unit, dx, dy }) {
    const rows = dx.length / columns;
    const within = (value, corners) => Math.min(Math.max(value, 0), corners - 1);
    return (lng, lat) => {
      const u = within((lng - west) / step, columns);
      const v = within((lat - south) / step, rows);
      const i = Math.min(Math.floor(u), columns - 2);
      const j = Math.min(Math.floor(v), rows - 2);
      const k = j * columns + i;
      const [a, b] = [u - i, v - j];
      const mix = (of) => unit * ((1 - b) * ((1 - a) * of[k] + a * of[k + 1]) + b * ((1 - a) * of[k + columns] + a * of[k + columns + 1]));
      return [mix(dx), mix(dy)];
    };
  }

  /**
   * Web Mercator in which a place (EPSG:4326) lies where the tiles show it. This alone shifts what is
   * drawn: data, clicks, addresses and answers stay in EPSG:4326.
   */
  function crs(base) {
    if (!base || !base.shift) return L.CRS.EPSG3857;
    const shift = shifter(base.shift);
    const plain = L.Projection.SphericalMercator;
    const projection = L.extend({}, plain, {
      project({ lat, lng }) {
        const [x, y] = shift(lng, lat);
        return plain.project({ lat: lat + y, lng: lng + x });
      },
      unproject(point) {
        const shown = plain.unproject(point);
        let { lat, lng } = shown;
        // The shift changes by less than 3 % over its own length: each turn gains a place and a half.
        for (let turn = 0; turn < 6; turn++) {
          const [x, y] = shift(lng, lat);
          [lng, lat] = [shown.lng - x, shown.lat - y];
        }
        return L.latLng(lat, lng);
      },
    });
    return L.extend({}, L.CRS.EPSG3857, { projection });
  }

  /** The tiles as a layer of Leaflet, asked for within bounds alone. */
  function tiles(base, bounds, options) {
    // Keys of map services that are bound to a site's name need to see it; no more is told.
    return L.tileLayer(base.url, { maxNativeZoom: base.most, maxZoom: 22, bounds, noWrap: true, referrerPolicy: "strict-origin", ...options });
  }

  return { crs, tiles };
})();
