// The tools: what a click, a drag or a key on the map means. Each ends in one edit that is sent.

import { $, $$, el, t } from "./dom.js";
import { Brush, Sketch } from "./drawing.js";
import { middleOf } from "./shapes.js";
import { Vertices } from "./vertices.js";

const KEYS = ["choose", "paint", "lasso", "merge", "split", "cut", "vertex"];
// Drawn with the pointer held down: the map stays where it is meanwhile.
const HELD = new Set(["paint", "lasso"]);
const NEEDS_GRID = new Set(["paint", "lasso", "split", "vertex"]);

export class Tools {
  /** `send(edit, label, atoms)` sends an edit; `choose(codes)` is told what is chosen. */
  constructor(view, draft, { send, choose, say }) {
    Object.assign(this, { view, draft, send, onChoose: choose, say });
    this.tool = "choose";
    this.grid = null;
    this.merging = [];
    this.brush = new Brush(view, (atoms) => this.painted(atoms), (where) => this.canPaint(where));
    this.sketch = new Sketch(view, () => this.steps());
    this.vertices = new Vertices(view, draft, (move) => this.moved(move), say);
    this.listen();
    this.take("choose");
  }

  listen() {
    const { map } = this.view;
    const box = map.getContainer();
    $$("button[data-tool]").forEach((button) => button.addEventListener("click", () => this.take(button.dataset.tool)));
    map.on("click", ({ latlng, originalEvent }) => { if (!this.onControl(originalEvent)) this.act(latlng); });
    // Two clicks on a grid that is to be merged take it in and out again; they end nothing.
    map.on("dblclick", () => { if (this.tool !== "merge") this.finish(); });
    box.addEventListener("pointerdown", (event) => this.down(event));
    box.addEventListener("pointermove", (event) => this.move(event));
    window.addEventListener("pointerup", (event) => this.up(event));
    window.addEventListener("pointercancel", () => this.lift());
    box.addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest("input, select, textarea");
      if (event.key === "Escape" && !typing) this.cancel();
      // Single letters only where they cannot be meant for something else.
      const near = event.target.closest("#map, .tools");
      const tool = KEYS[Number(event.key) - 1];
      if (near && tool && !event.ctrlKey && !event.altKey && !event.metaKey && $(`[data-tool="${tool}"]`)) this.take(tool);
    });
  }

  onControl(event) {
    return Boolean(event?.target?.closest?.(".leaflet-control"));
  }

  /** Nothing is drawn any more; what is there can be looked at. */
  rest() {
    this.take("choose");
    this.resting = true;
    $$("button[data-tool]").forEach((button) => { button.disabled = true; });
  }

  take(tool) {
    if (this.resting) return;
    this.cancel();
    this.tool = tool;
    this.view.map.dragging[HELD.has(tool) ? "disable" : "enable"]();
    this.view.map.boxZoom[HELD.has(tool) ? "disable" : "enable"]();
    this.view.map.getContainer().dataset.hand = tool;
    $$("button[data-tool]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.tool === tool)));
    if (tool === "merge" && this.grid) this.merging = [this.grid];
    this.vertices.use(tool === "vertex" ? this.grid : null);
    this.tellHint();
  }

  tellHint() {
    const hint = $("#hint");
    if (!hint) return;
    const first = NEEDS_GRID.has(this.tool) && !this.grid ? t("editor.hint.first") + " " : "";
    const grid = this.grid && NEEDS_GRID.has(this.tool) ? t("editor.hint.to", { grid: this.grid }) + " " : "";
    hint.textContent = first + grid + t("editor.hint." + this.tool);
  }

  /** A grid becomes the one that edits are about; the atoms around it are fetched. */
  async chooseGrid(code) {
    this.grid = code;
    this.view.choose(code ? [code] : []);
    this.onChoose(code);
    this.tellHint();
    if (!code) return this.vertices.use(null);
    const area = this.draft.areaOf(code);
    if (area) {
      await this.draft.enter(area);
      this.view.drawAtoms();
      this.view.label();
    }
    if (this.tool === "vertex") await this.vertices.use(this.grid);
  }

  /** After an edit the chosen grid may be no more, or another one. */
  follow() {
    if (this.grid && !this.draft.grids.has(this.grid)) {
      this.grid = null;
      this.view.choose([]);
      this.onChoose(null);
      this.tellHint();
    } else if (this.grid) this.onChoose(this.grid);
    this.merging = this.merging.filter((code) => this.draft.grids.has(code));
    if (this.tool === "vertex") this.vertices.use(this.grid);
    this.steps();
  }

  // -- what a place on the map means ------------------------------------------------------------

  act(place) {
    if (this.tool === "choose") return this.pick(place);
    if (NEEDS_GRID.has(this.tool) && !this.grid) return this.pick(place);
    if (this.tool === "merge") return this.toggle(place);
    if (this.tool === "split" || this.tool === "cut" || this.tool === "lasso") {
      if (!this.sketch.justDrawn()) this.sketch.add(place, this.tool === "lasso");
    }
    return undefined;
  }

  pick(place) {
    const grid = this.view.gridAt(place);
    if (!grid) return this.say(t("editor.nothing_here"));
    return this.chooseGrid(grid.properties.code).catch((error) => this.say(t("editor.failed", { why: error.message })));
  }

  toggle(place) {
    const grid = this.view.gridAt(place);
    if (!grid) return;
    const { code } = grid.properties;
    this.merging = this.merging.includes(code) ? this.merging.filter((one) => one !== code) : [...this.merging, code];
    this.view.choose(this.merging);
    this.say(t("editor.merging", { n: this.merging.length, grids: this.merging.join(t("editor.comma")) || "–" }));
    this.steps();
  }

  down(event) {
    if (event.button || this.onControl(event) || event.target.closest(".leaflet-marker-icon.vertex")) return;
    if (!event.isPrimary) return this.lift();
    if (!this.grid) return;
    if (this.tool === "paint") this.brush.begin(event);
    if (this.tool === "lasso") this.sketch.press(event);
  }

  move(event) {
    this.brush.move(event);
    this.sketch.drag(event);
  }

  up(event) {
    this.brush.end(event);
    if (this.sketch.release(event)) this.finish();
  }

  canPaint(place) {
    const atom = this.view.atomAt(place);
    return atom && atom.properties.parent_code !== this.grid ? atom : null;
  }

  painted(atoms) {
    if (!atoms.length) return;
    const edit = { op: "reassign", to: this.grid, atoms };
    this.send(edit, t("editor.op.reassign", { n: atoms.length, to: this.grid }), atoms);
  }

  moved(move) {
    this.send({ op: "move_points", moves: [move] }, t("editor.op.move_points", { n: 1 }));
  }

  /** Ends what is drawn, and sends it. */
  finish() {
    if (this.tool === "merge") return this.merge();
    const line = this.sketch.take(this.tool === "lasso" ? 3 : 2);
    if (!line) return undefined;
    if (this.tool === "lasso") {
      const ring = [...line, line[0]];
      return this.send({ op: "reassign", to: this.grid, lasso: { type: "Polygon", coordinates: [ring] } }, t("editor.op.lasso", { to: this.grid }));
    }
    if (this.tool === "split") {
      return this.send({ op: "split_grid", grid: this.grid, lines: [line] }, t("editor.op.split_grid", { grid: this.grid }));
    }
    return this.cut(line);
  }

  async cut(line) {
    const [lng, lat] = middleOf(line);
    try {
      await this.near({ lng, lat });
    } catch (error) {
      this.sketch.restore(line);
      return this.say(t("editor.failed", { why: error.message }));
    }
    const atom = this.view.atomAt({ lng, lat });
    if (!atom) {
      this.sketch.restore(line);
      return this.say(t("editor.nothing_here"));
    }
    const { code } = atom.properties;
    return this.send({ op: "split_atom", atom: code, lines: [line] }, t("editor.op.split_atom", { atom: code }));
  }

  async near(place) {
    const grid = this.view.gridAt(place);
    const area = grid && this.draft.areaOf(grid.properties.code);
    if (!area) return;
    await this.draft.enter(area);
    this.view.drawAtoms();
  }

  merge() {
    if (this.merging.length < 2) return this.say(t("editor.merge_two"));
    const grids = this.merging;
    this.merging = [];
    this.steps();
    return this.send({ op: "merge_grids", grids }, t("editor.op.merge_grids", { grids: grids.join(t("editor.comma")) }));
  }

  /** The line of a refused split or cut comes back, to be mended, while its tool is in hand. */
  restore(edit) {
    const own = edit?.op === "split_grid" ? this.tool === "split" && edit.grid === this.grid : edit?.op === "split_atom" && this.tool === "cut";
    if (own && edit.lines) this.sketch.restore(edit.lines[0]);
  }

  /** The hand is taken off, as by a page that scrolls: points and grids that were clicked stay. */
  lift() {
    this.brush.cancel();
    this.sketch.lift();
    this.vertices.reset();
    this.steps();
  }

  /** Leaves what was begun and not sent. */
  cancel() {
    this.brush.cancel();
    this.sketch.cancel();
    this.vertices.reset();
    if (this.merging.length) {
      this.merging = [];
      this.view.choose(this.grid ? [this.grid] : []);
    }
    this.steps();
  }

  /** The buttons of what is being drawn. */
  steps() {
    const box = $("#steps");
    if (!box) return;
    const drawing = this.sketch.points.length;
    const buttons = [];
    const button = (key, act, on = true) => buttons.push(el("button", { type: "button", text: t(key, { n: this.merging.length }), disabled: !on, onclick: act }));
    if (this.tool === "merge" && this.merging.length) button("editor.step.merge", () => this.merge(), this.merging.length > 1);
    if (drawing) {
      button("editor.step.done", () => this.finish(), drawing >= (this.tool === "lasso" ? 3 : 2));
      button("editor.step.back", () => { this.sketch.back(); this.steps(); });
    }
    if (drawing || (this.tool === "merge" && this.merging.length)) button("editor.step.cancel", () => this.cancel());
    box.replaceChildren(...buttons);
    box.hidden = !buttons.length;
  }

  /** Without a pointer: arrows move the map, the space bar is a click in its middle. */
  key(event) {
    if (event.target !== this.view.map.getContainer()) return;
    const middle = this.view.map.getCenter();
    if (event.key === " ") {
      event.preventDefault();
      if (this.tool === "paint" && this.grid) {
        const atom = this.canPaint(middle);
        if (atom) this.painted([atom.properties.code]);
        else this.say(t("editor.nothing_here"));
      } else this.act(middle);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.finish();
    } else if (event.key === "Backspace") {
      this.sketch.back();
      this.steps();
    }
  }
}
