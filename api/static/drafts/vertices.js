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
    // By point: what is shown, while it stays in view.
    this.shown = new Map();
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
      this.putBack((one) => !one.moving);
      return this.draw(true);
    } catch (error) {
      return this.say(t("editor.failed", { why: error.message }));
    }
  }

  /** All vertices are where they are in the plan; a drag is at an end, and sends nothing. */
  reset() {
    for (const { marker, moving } of this.shown.values()) if (moving) marker.dragging.disable().enable();
    this.putBack(() => true);
  }

  putBack(which) {
    for (const one of this.shown.values()) if (which(one)) this.move(one, one.home, false);
  }

  move(one, place, moving) {
    one.moving = moving;
    one.marker.setLatLng(place);
  }

  /** Shows those in view. One that was shown stays as it is: a hand or the focus may be on it. */
  draw(told = false) {
    const { map } = this.view;
    const seen = map.getBounds();
    let here = this.grid ? this.points.filter(([x, y]) => seen.contains([y, x])) : [];
    if (map.getZoom() < LEAST_ZOOM || here.length > MOST) {
      if (told && this.grid) this.say(t("editor.vertex.nearer"));
      here = [];
    }
    const wanted = new Map(here.map((point) => [point.join(), point]));
    let left = null;
    for (const [key, { marker }] of [...this.shown]) {
      if (wanted.has(key)) continue;
      if (marker.getElement() === document.activeElement) left = marker.getLatLng();
      marker.remove();
      this.shown.delete(key);
    }
    for (const [key, point] of wanted) if (!this.shown.has(key)) this.shown.set(key, this.handle(point));
    [...wanted.keys()].forEach((key, n) => named(this.shown.get(key).marker.getElement(), t("editor.vertex", { n: n + 1 })));
    if (left) this.focusNear(left);
  }

  /** The focus goes on from a vertex that is no more to the one that is there now. */
  focusNear(place) {
    const { map } = this.view;
    const far = (one) => map.distance(one.marker.getLatLng(), place);
    const [next] = [...this.shown.values()].sort((a, b) => far(a) - far(b));
    next?.marker.getElement().focus({ preventScroll: true });
  }

  handle([x, y]) {
    const icon = L.divIcon({ className: "vertex", iconSize: [16, 16] });
    const marker = L.marker([y, x], { icon, draggable: true, keyboard: true }).addTo(this.layer);
    const one = { marker, home: [y, x], moving: false };
    marker.on("dragstart", () => { one.moving = true; });
    const send = () => {
      one.moving = false;
      const { lat, lng } = marker.getLatLng();
      if (lat !== y || lng !== x) this.moved([[x, y], [lng, lat]]);
    };
    marker.on("dragend", send);
    marker.getElement().addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 10 : 2;
      const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
      if (by) {
        const { map } = this.view;
        this.move(one, map.containerPointToLatLng(map.latLngToContainerPoint(marker.getLatLng()).add(by)), true);
      } else if (event.key === "Enter") send();
      else if (event.key === "Escape") this.move(one, one.home, false);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    return one;
  }
}

function named(element, title) {
  element.title = title;
  element.setAttribute("aria-label", title);
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
