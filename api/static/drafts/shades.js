// How grids are filled: below, within or above what they should hold. Told by colour, by hatching
// and by a sign beside the number, so that no colour has to be told from another.

import { t, number } from "./dom.js";

export const CLASSES = ["below", "inside", "above", "exempt", "unknown"];
const COLOURS = {
  below: { fill: "#bcd7f2", line: "#1b5fa8", slant: 1 },
  inside: { fill: "#f4efdc", line: "#f4efdc", slant: 0 },
  above: { fill: "#f8c78f", line: "#9a4a00", slant: -1 },
  exempt: { fill: "#dedbe8", line: "#dedbe8", slant: 0 },
  unknown: { fill: "#ffffff", line: "#c2c9cd", slant: 2 },
};
export const SIGNS = { below: "▼", inside: "", above: "▲", exempt: "◇", unknown: "" };
// Held beside what a grid holds: its own columns.
const OWN = ["area_m2", "hours_each"];
const AROUND = 0.25;

/** The measures that grids can be filled by, those with limits first. */
export function measuresOf(measures) {
  const row = measures.grids[0] ?? {};
  const held = Object.keys(row).filter((name) => ["households", "buildings", "population", "reports", "hours"].includes(name));
  const own = OWN.filter((name) => measures.grids.some((one) => one[name] !== null && one[name] !== undefined));
  return [...new Set([measures.limits.measure, ...held, ...own])];
}

/** From what to what a measure should be: the limits, or a quarter around the mean. */
export function bandOf(measures, measure) {
  const { limits } = measures;
  if (measure === limits.measure) return { floor: limits.floor, ceiling: limits.ceiling, set: true };
  const values = measures.grids.filter((row) => row.kind !== "exclusive").map((row) => row[measure]).filter(Number.isFinite);
  const mean = values.reduce((sum, value) => sum + value, 0) / (values.length || 1);
  return { floor: mean * (1 - AROUND), ceiling: mean * (1 + AROUND), set: false, mean };
}

export function classOf(row, measure, band) {
  if (!row) return "unknown";
  if (row.kind === "exclusive") return "exempt";
  const value = row[measure];
  if (!Number.isFinite(value)) return "unknown";
  return value < band.floor ? "below" : value > band.ceiling ? "above" : "inside";
}

function tile({ fill, line, slant }) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 12;
  const pen = canvas.getContext("2d");
  pen.fillStyle = fill;
  pen.fillRect(0, 0, 12, 12);
  pen.strokeStyle = line;
  pen.lineWidth = 1.4;
  pen.beginPath();
  for (const shift of [-12, 0, 12]) {
    if (slant === 1) { pen.moveTo(shift, 12); pen.lineTo(shift + 12, 0); }
    if (slant === -1) { pen.moveTo(shift, 0); pen.lineTo(shift + 12, 12); }
  }
  if (slant === 2) pen.rect(5, 5, 1, 1);
  pen.stroke();
  return canvas;
}

const made = new Map();

/** What a canvas is filled with; Leaflet hands it on as it is. */
export function patternOf(kind) {
  if (!made.has(kind)) {
    const canvas = tile(COLOURS[kind]);
    made.set(kind, { pattern: canvas.getContext("2d").createPattern(canvas, "repeat"), address: canvas.toDataURL() });
  }
  return made.get(kind);
}

/** The words beside the samples. */
export function legendOf(measures, measure) {
  const band = bandOf(measures, measure);
  const range = `${number(band.floor, digitsOf(measure))}–${number(band.ceiling, digitsOf(measure))}`;
  const words = {
    below: t(band.set ? "editor.legend.below" : "editor.legend.low", { range }),
    inside: t(band.set ? "editor.legend.inside" : "editor.legend.middle", { range }),
    above: t(band.set ? "editor.legend.above" : "editor.legend.high", { range }),
    exempt: t("editor.legend.exempt"),
    unknown: t("editor.legend.unknown"),
  };
  const present = new Set(measures.grids.map((row) => classOf(row, measure, band)));
  return CLASSES.filter((kind) => present.has(kind)).map((kind) => ({ kind, text: words[kind], sign: SIGNS[kind] }));
}

export const digitsOf = (measure) => (measure === "area_m2" || measure === "households" || measure === "buildings" ? 0 : 1);
