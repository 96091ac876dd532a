// Vertices of the border of a grid, to be dragged: whatever has one of them follows. Where a vertex
// was is sent exactly as it was received.

import { t } from "./dom.js";

const L = window.L;
const MOST = 250;
const LEAST_ZOOM = 14;

export class Vertices {
  constructor(view, draft, moved, say) {
    Object.assign(this, { view, draft, moved, say });
    this.layer = L.layerGroup().addTo(view.map);
    this.grid = null;
    this.points = [];
    view.map.on("moveend", () => this.draw());
  }

  /** Shows the vertices of a grid; none for null. */
  async use(grid) {
    this.grid = grid;
    if (!grid) {
      this.points = [];
      return this.draw();
    }
    try {
      const found = await this.draft.layer("borders", this.draft.areaOf(grid));
      if (this.grid !== grid) return undefined;
      this.points = verticesOf(found.features, grid);
      return this.draw(true);
    } catch (error) {
      return this.say(t("editor.failed", { why: error.message }));
    }
  }

  reset() {
    if (this.layer.getLayers().length) this.draw();
  }

  draw(told = false) {
    this.layer.clearLayers();
    if (!this.grid) return;
    const { map } = this.view;
    const seen = map.getBounds();
    const here = this.points.filter(([x, y]) => seen.contains([y, x]));
    if (map.getZoom() < LEAST_ZOOM || here.length > MOST) {
      if (told) this.say(t("editor.vertex.nearer"));
      return;
    }
    here.forEach((point, n) => this.handle(point, n + 1));
  }

  handle(point, n) {
    const [x, y] = point;
    const icon = L.divIcon({ className: "vertex", iconSize: [16, 16] });
    const title = t("editor.vertex", { n });
    const marker = L.marker([y, x], { icon, draggable: true, title, alt: title, keyboard: true }).addTo(this.layer);
    const send = () => {
      const { lat, lng } = marker.getLatLng();
      if (lat !== y || lng !== x) this.moved([[x, y], [lng, lat]]);
    };
    marker.on("dragend", send);
    const element = marker.getElement();
    element.setAttribute("aria-label", title);
    element.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 10 : 2;
      const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
      if (by) {
        const { map } = this.view;
        marker.setLatLng(map.containerPointToLatLng(map.latLngToContainerPoint(marker.getLatLng()).add(by)));
      } else if (event.key === "Enter") send();
      else if (event.key === "Escape") marker.setLatLng([y, x]);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }
}

/** Vertices of the lines that have a grid on one side only. */
function verticesOf(features, grid) {
  const found = new Map();
  for (const { geometry, properties } of features) {
    if ((properties.left_grid === grid) === (properties.right_grid === grid)) continue;
    for (const point of geometry.coordinates) found.set(point.join(), point);
  }
  return [...found.values()];
}
