// What is drawn with a pointer: atoms brushed over, lines point by point, outlines in one go.

const L = window.L;
const STEP_PX = 4;
const DRAG_PX = 6;

/** Where a pointer is on the map. */
function spotOf(view, event) {
  const { map } = view;
  return map.mouseEventToContainerPoint(event);
}

/** Atoms that a pointer passes over while it is held. */
export class Brush {
  constructor(view, done, wanted) {
    Object.assign(this, { view, done, wanted });
    this.atoms = null;
  }

  begin(event) {
    this.atoms = [];
    this.last = spotOf(this.view, event);
    this.touch(this.last);
  }

  move(event) {
    if (!this.atoms) return;
    // A quick hand skips pixels: what lies between is passed over too.
    const now = spotOf(this.view, event);
    const steps = Math.max(1, Math.ceil(now.distanceTo(this.last) / STEP_PX));
    for (let n = 1; n <= steps; n += 1) this.touch(this.last.add(now.subtract(this.last).multiplyBy(n / steps)));
    this.last = now;
  }

  touch(spot) {
    const atom = this.wanted(this.view.map.containerPointToLatLng(spot));
    if (!atom || this.atoms.includes(atom.properties.code)) return;
    this.atoms.push(atom.properties.code);
    this.view.brush(this.atoms);
  }

  end() {
    const { atoms } = this;
    this.atoms = null;
    if (atoms) this.done(atoms);
  }

  cancel() {
    if (this.atoms) this.view.brush([]);
    this.atoms = null;
  }
}

/** A line by its points, or an outline drawn with the pointer held. */
export class Sketch {
  constructor(view, changed) {
    Object.assign(this, { view, changed });
    this.points = [];
    this.layer = L.layerGroup().addTo(view.map);
    this.pressed = null;
    this.drawnAt = 0;
  }

  /** True for the click that ends a drag. */
  justDrawn() {
    return Date.now() - this.drawnAt < 250;
  }

  add({ lng, lat }, closed = false) {
    const { map } = this.view;
    const last = this.points.at(-1);
    if (last) {
      const gap = map.latLngToContainerPoint([last[1], last[0]]).distanceTo(map.latLngToContainerPoint([lat, lng]));
      if (gap < DRAG_PX) return;
    }
    this.closed = closed;
    this.points.push([lng, lat]);
    this.draw();
    this.changed();
  }

  back() {
    this.points.pop();
    this.draw();
  }

  press(event) {
    this.pressed = { at: spotOf(this.view, event), free: false };
  }

  drag(event) {
    if (!this.pressed) return;
    const now = spotOf(this.view, event);
    if (!this.pressed.free) {
      if (now.distanceTo(this.pressed.at) < DRAG_PX) return;
      this.pressed.free = true;
      this.points = [];
      this.put(this.pressed.at);
      this.pressed.last = this.pressed.at;
    }
    if (now.distanceTo(this.pressed.last) < STEP_PX) return;
    this.pressed.last = now;
    this.put(now);
    this.draw();
  }

  put(spot) {
    const { lng, lat } = this.view.map.containerPointToLatLng(spot);
    this.closed = true;
    this.points.push([lng, lat]);
  }

  /** True when an outline was drawn in one go, and is complete. */
  release() {
    const free = this.pressed?.free;
    this.pressed = null;
    if (free) this.drawnAt = Date.now();
    return Boolean(free);
  }

  /** Leaves what is drawn with the pointer held; points that were clicked stay. */
  lift() {
    if (this.pressed?.free) {
      this.points = [];
      this.drawnAt = Date.now();
    }
    this.pressed = null;
    this.draw();
  }

  /** A line that was sent is drawn again, unless another was begun. */
  restore(points) {
    if (this.points.length) return;
    this.closed = false;
    this.points = [...points];
    this.draw();
    this.changed();
  }

  draw() {
    this.layer.clearLayers();
    if (!this.points.length) return;
    const spots = this.points.map(([lng, lat]) => [lat, lng]);
    const style = { interactive: false, pane: "chosen", renderer: this.view.onTop, color: "#7a1fa2", weight: 3, dashArray: "7 5" };
    (this.closed ? L.polygon(spots, { ...style, fillOpacity: 0.12 }) : L.polyline(spots, style)).addTo(this.layer);
    if (this.pressed) return;
    for (const spot of spots) L.circleMarker(spot, { ...style, radius: 4, dashArray: null, fillColor: "#fff", fillOpacity: 1 }).addTo(this.layer);
  }

  /** The points when there are enough, and an end of the sketch. */
  take(least) {
    if (this.points.length < least) return null;
    const { points } = this;
    this.cancel();
    this.changed();
    return points;
  }

  cancel() {
    this.points = [];
    this.pressed = null;
    this.layer.clearLayers();
  }
}
