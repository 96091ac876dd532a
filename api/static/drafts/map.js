// The map of the editor: grids filled by a measure, atoms of the areas that were entered, borders of
// what lies above, labels, and what is chosen, drawn or pointed at. It shows; it edits nothing.

import { groundMap } from "../ground.js";
import { $, called, el, frame, number, t } from "./dom.js";
import { bandOf, classOf, digitsOf, legendOf, patternOf, SIGNS } from "./shades.js";
import { boxOf, holds, innerPoint, latLngs } from "./shapes.js";

const MOST_LABELS = 140;
const L = window.L;

export class EditorMap {
  constructor(draft) {
    this.draft = draft;
    this.map = groundMap("map", frame);
    this.map.doubleClickZoom.disable();
    this.measure = null;
    this.drawn = new Map();
    this.atoms = new Map();
    this.chosen = new Set();
    this.marks = L.layerGroup().addTo(this.map);
    this.labels = L.layerGroup().addTo(this.map);
    const canvas = (name, order) => {
      this.map.createPane(name).style.zIndex = order;
      $(`.leaflet-${name}-pane`).style.pointerEvents = "none";
      return L.canvas({ pane: name, padding: 0.2 });
    };
    this.onGrids = canvas("grids", 410);
    this.onAtoms = canvas("atoms", 420);
    this.onAbove = canvas("above", 430);
    this.onTop = canvas("chosen", 440);
    this.above = L.layerGroup().addTo(this.map);
    this.top = L.layerGroup().addTo(this.map);
    this.brushed = L.layerGroup().addTo(this.map);
    this.map.on("moveend zoomend", () => this.label());
    this.map.on("zoomend", () => this.weigh());
    this.map.getContainer().tabIndex = 0;
  }

  // -- what is drawn ------------------------------------------------------------------------

  /** Draws all grids anew, or those of some areas. */
  draw(dirty = "all") {
    const { grids } = this.draft;
    const band = bandOf(this.draft.measures, this.measure);
    for (const [code, layer] of this.drawn) {
      if (grids.get(code) === layer.feature) continue;
      layer.remove();
      this.drawn.delete(code);
    }
    for (const [code, feature] of grids) {
      const kind = classOf(this.draft.numbers.get(code), this.measure, band);
      const known = this.drawn.get(code);
      if (known) {
        if (known.kind !== kind) known.setStyle({ fillColor: patternOf(kind).pattern });
        known.kind = kind;
        continue;
      }
      const layer = L.polygon(latLngs(feature.geometry), {
        renderer: this.onGrids, pane: "grids", interactive: false, color: "#33434c", weight: this.weight(),
        fillColor: patternOf(kind).pattern, fillOpacity: 0.72,
      });
      Object.assign(layer, { feature, kind });
      this.drawn.set(code, layer.addTo(this.map));
    }
    if (dirty) this.drawAtoms();
    this.drawAbove();
    this.mark();
    this.label();
    this.legend();
  }

  drawAtoms() {
    for (const [area, { source, layer }] of this.atoms) {
      if (this.draft.areas.get(area) === source) continue;
      layer.remove();
      this.atoms.delete(area);
    }
    for (const [area, source] of this.draft.areas) {
      if (this.atoms.has(area)) continue;
      const rings = [...source.values()].flatMap(({ geometry }) => parts(geometry));
      const layer = L.polyline(rings, { renderer: this.onAtoms, pane: "atoms", interactive: false, color: "#5d6f79", weight: 0.9, opacity: 0.9 });
      this.atoms.set(area, { source, layer: layer.addTo(this.map) });
    }
  }

  drawAbove() {
    const { outlines } = this.draft;
    if (this.outlines === outlines) return;
    this.outlines = outlines;
    this.above.clearLayers();
    for (const { geometry } of outlines) {
      L.polyline(parts(geometry), { renderer: this.onAbove, pane: "above", interactive: false, color: "#16242c", weight: 3.2, opacity: 0.9 }).addTo(this.above);
    }
  }

  weight() {
    return this.map.getZoom() >= 14 ? 1.8 : this.map.getZoom() >= 12 ? 1 : 0.5;
  }

  weigh() {
    const weight = this.weight();
    for (const layer of this.drawn.values()) if (layer.options.weight !== weight) layer.setStyle({ weight });
  }

  show(measure) {
    this.measure = measure;
    this.draw(null);
  }

  legend() {
    const rows = legendOf(this.draft.measures, this.measure);
    $("#legend").replaceChildren(
      el("strong", { text: t("editor.measure." + this.measure) }),
      ...rows.map(({ kind, text, sign }) => {
        const sample = el("span", { class: "sample", "aria-hidden": "true" });
        sample.style.backgroundImage = `url(${patternOf(kind).address})`;
        return el("span", {}, sample, `${sign} ${text}`.trim());
      }),
    );
  }

  // -- labels -------------------------------------------------------------------------------

  label() {
    this.labels.clearLayers();
    if (!this.draft.measures) return;
    const zoom = this.map.getZoom();
    const seen = this.map.getBounds();
    const band = bandOf(this.draft.measures, this.measure);
    const taken = [];
    const put = (feature, lines, className) => {
      if (this.labels.getLayers().length >= MOST_LABELS) return;
      const spot = innerPoint(feature);
      if (!spot || !seen.contains([spot[1], spot[0]])) return;
      const at = this.map.latLngToLayerPoint([spot[1], spot[0]]);
      const wide = Math.max(...lines.map((line) => width(line))) / 2 + 3;
      const high = lines.length * 8 + 2;
      const box = [at.x - wide, at.y - high, at.x + wide, at.y + high];
      const area = boxOf(feature);
      const edge = this.map.latLngToLayerPoint([area[1], area[2]]).subtract(this.map.latLngToLayerPoint([area[3], area[0]]));
      if (edge.x < wide * 1.4 && !this.chosen.has(feature.properties.code)) return;
      if (taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) return;
      taken.push(box);
      const html = el("span", {}, ...lines.map((line) => el("b", { text: line })));
      L.marker([spot[1], spot[0]], { interactive: false, keyboard: false, icon: L.divIcon({ className: `grid-label ${className}`, html, iconSize: [2 * wide, 2 * high] }) }).addTo(this.labels);
    };
    const grids = [...this.draft.grids.values()].sort((a, b) => Number(this.chosen.has(b.properties.code)) - Number(this.chosen.has(a.properties.code)));
    for (const feature of grids) {
      const { code } = feature.properties;
      const row = this.draft.numbers.get(code);
      const kind = classOf(row, this.measure, band);
      const value = `${SIGNS[kind]}${number(row?.[this.measure], digitsOf(this.measure))}`;
      const name = called(feature.properties);
      put(feature, zoom >= 14 ? [short(name), value] : [value], this.chosen.has(code) ? "chosen" : kind);
    }
    if (zoom < 16) return;
    for (const atoms of this.draft.areas.values()) {
      for (const feature of atoms.values()) {
        const held = feature.properties[this.measure];
        if (Number.isFinite(held)) put(feature, [number(held, digitsOf(this.measure))], "atom");
      }
    }
  }

  // -- what is chosen, pending, pointed at -----------------------------------------------------

  mark() {
    this.top.clearLayers();
    for (const code of this.chosen) {
      const feature = this.draft.grids.get(code);
      if (!feature) continue;
      for (const [color, weight] of [["#ffffff", 7], ["#7a1fa2", 4]]) {
        L.polyline(parts(feature.geometry), { renderer: this.onTop, pane: "chosen", interactive: false, color, weight }).addTo(this.top);
      }
    }
  }

  choose(codes) {
    this.chosen = new Set(codes);
    this.mark();
    this.label();
  }

  /** Atoms that an edit would move, until it is taken or refused. */
  brush(codes) {
    this.brushed.clearLayers();
    for (const code of codes) {
      const feature = this.draft.atom(code);
      if (feature) L.polygon(latLngs(feature.geometry), { renderer: this.onTop, pane: "chosen", interactive: false, color: "#7a1fa2", weight: 2, dashArray: "4 3", fillColor: "#7a1fa2", fillOpacity: 0.28 }).addTo(this.brushed);
    }
  }

  /** Marks places: numbered pins, and the areas concerned. */
  pointAt(found, { go = true } = {}) {
    this.marks.clearLayers();
    const spots = [];
    found.forEach(({ lon, lat, codes = [], text }, n) => {
      for (const code of codes) {
        const feature = this.draft.grids.get(code) ?? this.draft.atom(code);
        if (feature) L.polyline(parts(feature.geometry), { renderer: this.onTop, pane: "chosen", interactive: false, color: "#a3122a", weight: 3, dashArray: "2 5" }).addTo(this.marks);
      }
      if (!Number.isFinite(lon)) return;
      spots.push([lat, lon]);
      const icon = L.divIcon({ className: "fault-pin", html: el("span", { text: n + 1 }), iconSize: [28, 28] });
      L.marker([lat, lon], { icon, title: text, alt: text, interactive: false, keyboard: false }).addTo(this.marks);
    });
    if (go && spots.length && !spots.every((spot) => this.map.getBounds().pad(-0.1).contains(spot))) this.goTo(spots);
  }

  goTo(spots) {
    this.map.fitBounds(L.latLngBounds(spots).pad(0.4), { maxZoom: Math.max(15, this.map.getZoom()), animate: false });
  }

  goToGrid(code) {
    const feature = this.draft.grids.get(code);
    if (!feature) return;
    const [west, south, east, north] = boxOf(feature);
    const box = L.latLngBounds([[south, west], [north, east]]);
    this.map.fitBounds(box.pad(0.8), { animate: false });
  }

  fit() {
    const boxes = [...this.draft.grids.values()].map(boxOf);
    if (!boxes.length) return;
    const box = L.latLngBounds(boxes.flatMap(([w, s, e, n]) => [[s, w], [n, e]]));
    this.map.setMaxBounds(box.pad(0.6));
    this.map.fitBounds(box, { animate: false });
  }

  gridAt({ lng, lat }) {
    return at(this.draft.grids.values(), lng, lat);
  }

  atomAt({ lng, lat }) {
    for (const atoms of this.draft.areas.values()) {
      const found = at(atoms.values(), lng, lat);
      if (found) return found;
    }
    return null;
  }
}

function at(features, lng, lat) {
  for (const feature of features) if (holds(feature, lng, lat)) return feature;
  return null;
}

const short = (text) => ([...text].length > 10 ? [...text].slice(0, 9).join("") + "…" : text);
// Chinese letters are square, the others about half as wide.
const width = (text) => [...text].reduce((sum, letter) => sum + (letter.charCodeAt(0) > 255 ? 12 : 7), 0);

function parts(geometry) {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.type === "MultiPolygon" ? geometry.coordinates : [];
  return polygons.flat().map((ring) => ring.map(([x, y]) => [y, x]));
}
