// A map of the district on the project's own ground, or on a site's tiles. Leaflet is there already.

const GROUND = {
  water: { color: "#a9cfe0", weight: 0, fillColor: "#cfe6f0", fillOpacity: 1 },
  rivers: { color: "#b4d5e4", weight: 3, fillColor: "#cfe6f0", fillOpacity: 1 },
  parks: { color: "#c4ddc0", weight: 0, fillColor: "#dcebd6", fillOpacity: 1 },
  railways: { color: "#a7aeb2", weight: 1.5, dashArray: "6 4" },
};

function road(map, rank) {
  // As wide as the streets look from so far away.
  const growth = Math.min(1.3, Math.max(0.3, 2 ** ((map.getZoom() - 15) * 0.5)));
  return { color: "#ffffff", weight: growth * (rank === 0 ? 5 : rank === 1 ? 3.5 : 2) };
}

async function drawGround(map) {
  const answer = await fetch("/services/ground.json");
  if (!answer.ok) return;
  const found = await answer.json();
  const order = ["parks", "water", "rivers", "railways", "roads"];
  found.features.sort((a, b) => order.indexOf(a.properties.l) - order.indexOf(b.properties.l));
  const style = ({ properties: { l, r } }) => (l === "roads" ? road(map, r) : GROUND[l]);
  const renderer = window.L.canvas({ pane: "tilePane" });
  const ground = window.L.geoJSON(found, { interactive: false, renderer, style }).addTo(map);
  map.on("zoomend", () => ground.setStyle(style));
}

// The map in an element, showing the district; `frame` is what the server says of it.
export function groundMap(id, { bounds, tiles }) {
  const crs = tiles ? window.gridmapBase.crs(tiles) : window.L.CRS.EPSG3857;
  const map = window.L.map(id, { crs, attributionControl: false, zoomControl: true, minZoom: 9, maxZoom: 18 });
  if (bounds) {
    const district = window.L.latLngBounds(bounds.map(([lon, lat]) => [lat, lon]));
    map.fitBounds(district);
    map.setMaxBounds(district.pad(0.5));
  } else map.setView([0, 0], 9);
  const ground = () => drawGround(map).catch(() => {
    // What lies upon it is where it is without streets under it.
  });
  if (tiles) {
    // Where the tiles cannot be had the ground is drawn after all.
    const layer = window.gridmapBase.tiles(tiles, map.options.maxBounds);
    let there = false;
    layer.once("tileload", () => { there = true; });
    layer.once("tileerror", () => { if (!there) ground(); });
    layer.addTo(map);
  } else ground();
  return map;
}
