/* Panes, canvases, patterns, and the ground: water, parks, railways, roads. */
(function () {
  "use strict";

  const el = gridmap.el;
  // Bottom to top. Roads and water lie over the fill, so a choropleth does not bury them.
  const PANES = ["under", "fill", "over", "border", "mark"];
  const renderers = new WeakMap();

  /** Canvas renderer of one pane; drawn only, never asked: clicks are answered by the areas. */
  function renderer(map, name) {
    if (!renderers.has(map)) {
      const made = {};
      PANES.forEach((pane, i) => {
        const node = map.createPane("gm-" + pane);
        node.style.zIndex = 210 + 10 * i;
        node.style.pointerEvents = "none";
        made[pane] = L.canvas({ pane: "gm-" + pane, padding: 0.3 });
      });
      renderers.set(map, made);
    }
    return renderers.get(map)[name];
  }

  /** Small dots as a canvas pattern: a park stays visible over a choropleth without changing it. */
  function stipple(colour, step = 6) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = step;
    const pen = tile.getContext("2d");
    pen.fillStyle = colour;
    for (const at of [step / 4, (3 * step) / 4]) {
      pen.beginPath();
      pen.arc(at, at, 0.8, 0, 7);
      pen.fill();
    }
    return pen.createPattern(tile, "repeat");
  }

  /** Diagonal hatching as a canvas pattern, dark on a pale band: seen on any fill. */
  function hatch(colour, step = 8) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = step;
    const pen = tile.getContext("2d");
    for (const [style, width] of [["rgba(255,255,255,0.75)", 3], [colour, 1.4]]) {
      pen.beginPath();
      for (const shift of [-step, 0, step]) {
        pen.moveTo(shift - 2, step + 2);
        pen.lineTo(shift + step + 2, -2);
      }
      pen.strokeStyle = style;
      pen.lineWidth = width;
      pen.stroke();
    }
    return pen.createPattern(tile, "repeat");
  }

  /* Tiles lie over what is drawn in their stead, and under everything else. Without a network, or
     switched off, they leave the map as it is without them. */
  function addBase(map, bounds) {
    const { base } = gridmap;
    const pane = map.createPane("gm-base");
    pane.style.zIndex = 215;
    pane.style.pointerEvents = "none";
    const layer = gridmapBase.tiles(base, bounds.pad(1.2), { pane: "gm-base" });
    const state = { on: true, there: false, failed: false };
    const row = gridmap.panel.layer({
      id: "base", key: "map.base.layer", order: 95, swatch: "base", on: true,
      toggle: (on) => { state.on = on; if (on) layer.addTo(map); else layer.remove(); tell(); },
      hint: () => (state.failed && !state.there ? gridmap.t("map.base.failed") : base.system),
    });
    const tell = () => {
      const shown = state.on && state.there;
      map.getContainer().classList.toggle("gm-based", shown);
      row.refresh();
      if (gridmap.based !== shown) {
        gridmap.based = shown;
        map.fire("gm:base");
      }
    };
    layer.on("tileload", () => { if (!state.there) { state.there = true; tell(); } });
    layer.on("tileerror", () => { if (!state.failed) { state.failed = true; tell(); } });
    layer.addTo(map);
    const fact = (key, text) => el("p", { class: "gm-hint" }, gridmap.t(key), text);
    gridmap.panel.section(() => [
      el("h2", { text: gridmap.t("map.base.layer") }),
      base.credit ? el("p", { class: "gm-hint", text: base.credit }) : null,
      fact("map.base.review", base.review || gridmap.t("map.review_blank")),
      fact("map.base.system", base.system),
      base.shift ? el("p", { class: "gm-hint", text: gridmap.t("map.base.shifted") }) : null,
    ].filter(Boolean), 90);
  }

  const STYLES = {
    parks: { pane: "under", fillColor: "#d3e5c5", fillOpacity: 1, stroke: false, fill: true },
    water: { pane: "over", fillColor: "#c3d9e8", fillOpacity: 1, color: "#a5c3d8", weight: 0.8, fill: true },
    rivers: { pane: "over", color: "#c3d9e8", weight: 3 },
    railways: { pane: "over", color: "#7c8791", weight: 1.6, dashArray: "7 5" },
    buildings: { pane: "over", fillColor: "#6d675c", fillOpacity: 0.28, stroke: false, fill: true, from: 15.5 },
  };
  const ROADS = [
    { weight: 3.6, casing: 5.2, from: 0 },
    { weight: 2.4, casing: 3.6, from: 0 },
    { weight: 1.3, casing: 2.1, from: 13.5 },
    { weight: 0.9, casing: 0, from: 14.5 },
  ];

  /** Ground layers: {origin, water: [[paths]], parks, railways, roads: [[class, path]]}. */
  function addGround(map, data) {
    const group = L.layerGroup().addTo(map);
    const decode = (part) => part.map((ring) => gridmap.decodePath(ring, data.origin));
    for (const name of ["parks", "water", "rivers", "buildings", "railways"]) {
      if (!data[name] || !data[name].length) continue;
      const style = { ...STYLES[name], renderer: renderer(map, STYLES[name].pane), interactive: false };
      if (style.fill) fromZoom(map, group, L.polygon(data[name].map(decode), { ...style, smoothFactor: 0.5 }), style.from);
      if (name === "parks") L.polygon(data.parks.map(decode), { renderer: renderer(map, "over"), interactive: false, smoothFactor: 0.5, color: "#7ea46c", weight: 0.7, opacity: 0.8, fillColor: stipple("rgba(84,130,66,0.75)"), fillOpacity: 1 }).addTo(group);
      if (!style.fill) L.polyline(data[name].map((line) => gridmap.decodePath(line, data.origin)), style).addTo(group);
    }
    addRoads(map, group, data);
    let wanted = true;
    const show = () => (wanted && !gridmap.based ? group.addTo(map) : group.remove());
    const row = gridmap.panel.layer({
      id: "ground", key: "map.layer.ground", order: 90, swatch: "ground", on: true,
      toggle: (on) => { wanted = on; show(); },
      hint: () => (gridmap.based ? gridmap.t("map.base.instead") : ""),
    });
    map.on("gm:base", () => { show(); row.refresh(); });
    show();
  }

  /** Show a layer of the group from a zoom upwards. */
  function fromZoom(map, group, layer, zoom = 0) {
    const update = () => (map.getZoom() >= zoom ? group.addLayer(layer) : group.removeLayer(layer));
    map.on("zoomend", update);
    update();
  }

  function addRoads(map, group, data) {
    const classes = (data.roads || []).map((lines) => lines.map((line) => gridmap.decodePath(line, data.origin)));
    const drawn = [];
    // Minor first, and every casing below every surface, so that crossings join.
    for (const part of ["casing", "weight"]) {
      for (let i = classes.length - 1; i >= 0; i--) {
        const style = ROADS[Math.min(i, ROADS.length - 1)];
        if (!classes[i].length || !style[part]) continue;
        const line = L.polyline(classes[i], {
          renderer: renderer(map, "over"), interactive: false,
          color: part === "casing" ? "#b9bdb9" : "#ffffff", opacity: part === "casing" ? 0.55 : 0.95,
        });
        drawn.push({ line, width: style[part], from: style.from, part });
      }
    }
    const restyle = () => {
      const growth = Math.min(2.6, Math.max(0.55, 2 ** ((map.getZoom() - 14) * 0.55)));
      for (const { line, width, from } of drawn) {
        const shown = map.getZoom() >= from;
        if (shown) line.setStyle({ weight: width * growth }).addTo(group);
        else group.removeLayer(line);
      }
      // A layer added late lies on top: put the order right again.
      drawn.forEach(({ line }) => line._map && line.bringToFront());
    };
    map.on("zoomend", restyle);
    restyle();
  }

  /** What is within minutes on foot of the centres: {origin, areas: [[paths]], of: {id: [[paths]]}};
      all of them off at first, that of one centre when it is chosen. */
  function addReach(map, data) {
    const decode = (areas) => areas.map((rings) => rings.map((ring) => gridmap.decodePath(ring, data.origin)));
    const draw = (areas) => L.polygon(decode(areas), { renderer: renderer(map, "over"), interactive: false, smoothFactor: 0.5, color: "#7a4a12", weight: 1.6, dashArray: "6 4", fillColor: "#c98a3c", fillOpacity: 0.22 });
    const group = L.layerGroup([draw(data.areas)]);
    gridmap.panel.layer({ id: "reach", key: "map.layer.reach", order: 60, swatch: "box", style: { background: "#c98a3c66", border: "1.6px dashed #7a4a12" }, on: false, toggle: (on) => (on ? group.addTo(map) : group.remove()) });
    gridmap.reachOf = (id) => (data.of && data.of[id] ? draw(data.of[id]) : null);
  }

  gridmap.renderer = renderer;
  gridmap.hatch = hatch;
  gridmap.addBase = addBase;
  gridmap.addGround = addGround;
  gridmap.addReach = addReach;
})();
