// The draft as it was fetched: its log, its grids, the atoms of the areas that were entered, its
// measures. Only what an edit changed is fetched again.

import { frame, record } from "./dom.js";
import { get } from "./sending.js";

const MANY = 8;
// The area of plans that nothing lies above.
const EVERYWHERE = "*";

/**
 * What the log comes to: the versions of the edits in effect, the edits that can be done again (the
 * next one last), and which edit each undo and redo was about.
 */
export function inEffect(log) {
  const done = [];
  const about = new Map();
  let undone = [];
  for (const entry of log) {
    if (entry.action === "edit") {
      done.push(entry);
      undone = [];
      continue;
    }
    const [from, to] = entry.action === "undo" ? [done, undone] : [undone, done];
    const turned = from.pop();
    if (turned) to.push(turned);
    about.set(entry, turned);
  }
  return { done: new Set(done.map((one) => one.version)), undone, about };
}

export class Draft {
  constructor() {
    this.address = `/api/drafts/${frame.number}`;
    this.version = record.version;
    this.level = record.level;
    this.state = record.state;
    this.log = [];
    this.grids = new Map();
    // Atoms by code, for each area that was entered.
    this.areas = new Map();
    this.numbers = new Map();
    this.listeners = [];
    this.dirty = null;
    // True while borders or names of what lies above are not as they were fetched.
    this.aboveMoved = false;
  }

  get above() { return this.measures?.above; }
  get finest() { return this.measures?.finest; }
  get limits() { return this.measures.limits; }

  layer(layer, within) {
    const params = new URLSearchParams({ layer, version: this.version });
    if (within && within !== EVERYWHERE) params.set("within", within);
    return get(`${this.address}/geojson?${params}`);
  }

  async load() {
    const draft = await get(this.address);
    this.taken(draft);
    const at = `version=${this.version}`;
    const [measures, grids] = await Promise.all([get(`${this.address}/measures?${at}`), this.layer(this.level)]);
    this.measured(measures);
    this.grids = byCode(grids.features);
  }

  taken({ log, version, state }) {
    Object.assign(this, { log, version, state });
  }

  /** What the edition was like that the draft began with. */
  async loadBefore() {
    this.before = await get(`${this.address}/measures?version=0`);
  }

  /** The areas above the grids, whose borders no edit crosses. */
  async loadAbove(levels) {
    if (!(this.above in frame.levels)) return;
    this.outlined(await this.steady(() => this.layer(this.above)));
    const wider = levels[levels.indexOf(this.above) - 1];
    const codes = new Set(this.outlines.map(({ properties }) => properties.parent_code).filter(Boolean));
    if (!wider || codes.size < 2) return;
    const { features } = await this.layer(wider);
    this.wider = features.map(({ properties }) => ({ level: wider, ...properties }));
  }

  outlined({ features }) {
    this.outlines = features;
    this.names = new Map(features.map(({ properties }) => [properties.code, properties]));
  }

  /** Fetches until no edit came in between: what is added to the whole is of its version. */
  async steady(fetched) {
    for (;;) {
      const { version } = this;
      const found = await fetched();
      if (version === this.version) return found;
    }
  }

  measured(measures) {
    this.measures = measures;
    this.numbers = new Map(measures.grids.map((row) => [row.code, row]));
  }

  /** The address of the ground that edits of a grid may reach: the area above it. */
  areaOf(code) {
    const grid = this.grids.get(code);
    if (!grid) return null;
    if (!(this.above in frame.levels)) return EVERYWHERE;
    const parent = grid.properties.parent_code;
    return parent ? `${this.above}:${parent}` : `${this.level}:${code}`;
  }

  /** Fetches the atoms of an area, once. */
  async enter(area) {
    if (this.areas.has(area)) return;
    const found = await this.steady(() => this.layer(this.finest, area));
    this.areas.set(area, byCode(found.features));
  }

  /** The atom of that code, among those at hand. */
  atom(code) {
    for (const atoms of this.areas.values()) if (atoms.has(code)) return atoms.get(code);
    return null;
  }

  /** The areas in which an entry of the log changed something; null where that cannot be told. */
  touched(entry, grids) {
    const codes = new Set(grids.map((one) => one.code));
    for (const one of entry.changed) for (const key of ["code", "from", "to"]) if (one[key]) codes.add(one[key]);
    const areas = new Set();
    for (const code of codes) {
      const area = this.areaOf(code) ?? this.areaOf(this.atom(code)?.properties.parent_code);
      // A grid that stands for its own area may be no more, or have become several.
      if (area?.startsWith(`${this.level}:`)) return null;
      if (area) areas.add(area);
    }
    return areas.size && areas.size <= MANY ? areas : null;
  }

  /** Follows an edit of one's own; several in a row are followed at once. */
  follow(outcome) {
    // Others were in between, or have gone on since.
    if (outcome.version !== this.version + 1 || outcome.now > outcome.version) return this.renew();
    this.log.push(outcome.entry);
    this.noteAbove([outcome.entry]);
    this.version = outcome.version;
    this.mark(this.touched(outcome.entry, outcome.grids));
    return this.settle();
  }

  /** Takes the state that others have made. */
  async renew() {
    const draft = await get(this.address);
    // An edit of one's own may have been taken while this was on its way.
    if (draft.version >= this.version) {
      this.noteAbove(draft.log.slice(this.log.length));
      this.taken(draft);
    }
    this.mark(null);
    await this.settle();
  }

  noteAbove(entries) {
    const lies = ({ level }) => level !== this.level && level !== this.finest;
    if (entries.some((entry) => entry.changed.some(lies))) this.aboveMoved = true;
  }

  mark(areas) {
    if (areas === null || this.dirty === "all") this.dirty = "all";
    else this.dirty = new Set([...(this.dirty ?? []), ...areas]);
  }

  /** Fetches what is marked; while that is under way, what is marked meanwhile comes next. */
  async settle() {
    if (this.settling) return this.settling;
    this.settling = this.settleAll().finally(() => { this.settling = null; });
    return this.settling;
  }

  async settleAll() {
    while (this.dirty) {
      const { dirty, aboveMoved } = this;
      this.dirty = null;
      this.aboveMoved = false;
      try {
        await this.fetchAgain(dirty, aboveMoved);
      } catch (error) {
        this.mark(dirty === "all" ? null : dirty);
        this.aboveMoved ||= aboveMoved;
        throw error;
      }
    }
  }

  async fetchAgain(dirty, aboveMoved) {
    const entered = [...this.areas.keys()].filter((area) => dirty === "all" || dirty.has(area));
    const shapes = dirty === "all" ? [this.layer(this.level)] : [...dirty].map((area) => this.layer(this.level, area));
    const [measures, layers, atoms, above] = await Promise.all([
      get(`${this.address}/measures?version=${this.version}`),
      Promise.all(shapes),
      Promise.all(entered.map((area) => this.layer(this.finest, area).catch(gone))),
      // What is still on its way comes as it is now.
      aboveMoved && this.outlines ? this.layer(this.above) : null,
    ]);
    if (above) this.outlined(above);
    if (dirty === "all") this.grids.clear();
    else for (const code of [...this.grids.keys()]) if (dirty.has(this.areaOf(code))) this.grids.delete(code);
    for (const layer of layers) for (const feature of layer.features) this.grids.set(feature.properties.code, feature);
    entered.forEach((area, n) => {
      if (atoms[n]) this.areas.set(area, byCode(atoms[n].features));
      else this.areas.delete(area);
    });
    this.measured(measures);
    this.tell(dirty);
  }

  tell(dirty) {
    for (const listener of this.listeners) listener(dirty);
  }
}

function byCode(features) {
  return new Map(features.map((feature) => [feature.properties.code, feature]));
}

/** A grid that stood for its own area may be no more. */
function gone(error) {
  if (String(error.problem?.type ?? "").endsWith("not-found")) return null;
  throw error;
}
