// The panel beside the map: the whole plan, the chosen grid, grids outside the band, the log.

import { called, el, frame, levelName, moment, number, pairs, percent, place, t } from "./dom.js";
import { inEffect } from "./state.js";

const MOST = 60;

export const measureName = (name) => t("editor.measure." + name);

/** Figures of the whole, beside those of the edition that the draft began with. */
export function showWhole(draft) {
  const now = figures(draft.measures);
  const before = draft.before ? figures(draft.before) : null;
  const rows = [
    ["grids", (f) => number(f.grids)],
    ["in_limits", (f) => t("editor.whole.of", { n: number(f.in), all: number(f.basic) })],
    ["smallest", (f) => number(f.smallest)],
    ["largest", (f) => number(f.largest)],
    ["cv", (f) => number(f.cv, 3)],
    ["crossing", (f) => number(f.crossing)],
    ["estates_cut", (f) => number(f.cut)],
    ["in_pieces", (f) => number(f.pieces)],
    ["kept", (f) => percent(f.kept)],
  ];
  const { measure, floor, ceiling } = draft.limits;
  const band = `${number(floor)}–${number(ceiling)}`;
  place("whole").replaceChildren(
    el("table", { class: "figures" },
      el("thead", {}, el("tr", {}, el("td"), el("th", { scope: "col", text: t("editor.whole.now") }), el("th", { scope: "col", text: t("editor.whole.before") }))),
      el("tbody", {}, ...rows.map(([key, say]) => el("tr", {},
        el("th", { scope: "row", text: t("editor.whole." + key, { band, measure: measureName(measure) }) }),
        el("td", { text: say(now) }),
        el("td", { text: before ? say(before) : "…" }))))),
  );
}

function figures({ whole, grids, limits }) {
  const basic = grids.filter((row) => row.kind !== "exclusive");
  const values = basic.map((row) => row[limits.measure]).filter(Number.isFinite);
  return {
    grids: whole.grids,
    basic: basic.length,
    in: whole.in_limits,
    smallest: values.length ? Math.min(...values) : null,
    largest: values.length ? Math.max(...values) : null,
    cv: whole[`${limits.measure}_cv`],
    crossing: whole.crossing,
    cut: whole.estates_cut,
    pieces: whole.in_pieces,
    kept: whole.kept_share,
  };
}

const SHOWN = [
  ["households", 0], ["buildings", 0], ["population", 0], ["reports", 1], ["hours", 1], ["atoms", 0],
  ["area_m2", 0], ["perimeter_m", 0], ["compactness", 2], ["width_m", 0], ["pieces", 0],
  ["estates_cut", 0], ["post_m", 0], ["staff", 1], ["hours_each", 1],
];

/** What the chosen grid is like. */
export function showChosen(draft, code) {
  const box = place("chosen");
  const row = code && draft.numbers.get(code);
  if (!row) {
    box.replaceChildren(el("p", { class: "quiet", text: t("editor.none_chosen") }));
    return;
  }
  const grid = draft.grids.get(code)?.properties ?? row;
  const above = row[draft.above];
  const lies = draft.names?.get(above);
  const rows = [
    [t("editor.code"), code],
    ...(draft.above in frame.levels ? [[levelName(draft.above), lies ? called(lies) : above || "–"]] : []),
    [t("editor.describe.kind"), t("editor.kind." + (row.kind === "exclusive" ? "exclusive" : "basic"))],
    [t("editor.in_limits"), t("editor.in_limits." + (row.in_limits === null ? "exempt" : row.in_limits ? "yes" : "no"))],
    ...SHOWN.filter(([name]) => row[name] !== undefined).map(([name, digits]) => [
      t("editor.measure." + name, { atoms: levelName(draft.finest) }), number(row[name], digits),
    ]),
    [t("editor.barriers"), barriers(row.barriers)],
  ];
  box.replaceChildren(el("p", {}, el("strong", { text: called(grid) })), pairs(rows));
}

function barriers(text) {
  const found = String(text ?? "").split(",").filter(Boolean);
  return found.length ? found.map((name) => t("editor.barrier." + name)).join(t("editor.comma")) : t("editor.none");
}

/** Grids outside the band, worst first; `go(code)` leads to one. */
export function showOutside(draft, go) {
  const { measure, floor, ceiling } = draft.limits;
  const far = (value) => (value < floor ? (floor - value) / floor : (value - ceiling) / ceiling);
  const rows = draft.measures.grids
    .filter((row) => row.in_limits === false && Number.isFinite(row[measure]))
    .sort((a, b) => far(b[measure]) - far(a[measure]));
  const box = place("outside");
  if (!rows.length) {
    box.replaceChildren(el("p", { class: "quiet", text: t("editor.outside.none") }));
    return;
  }
  const line = (row) => el("li", {}, el("button", { type: "button", class: "row", onclick: () => go(row.code) },
    el("span", { text: called(row) }),
    el("b", { text: `${row[measure] < floor ? "▼" : "▲"} ${number(row[measure])}` })));
  box.replaceChildren(
    el("p", { class: "quiet", text: t("editor.outside.count", { n: rows.length, measure: measureName(measure) }) }),
    limited(rows, line),
  );
}

/** A list that shows the first of many, and the rest when asked; `line(row, n)` makes one. */
export function limited(rows, line, tag = "ol", most = MOST) {
  const lines = (from, to) => rows.slice(from, to).map((row, n) => line(row, from + n));
  // It scrolls, and may hold nothing that takes the focus.
  const list = el(tag, { class: "rows", tabindex: "0" }, ...lines(0, most));
  if (rows.length <= most) return list;
  const more = el("button", { type: "button", class: "quiet more", text: t("editor.more", { n: number(rows.length - most) }) });
  more.addEventListener("click", () => {
    list.append(...lines(most));
    more.remove();
    list.focus({ preventScroll: true });
  });
  return el("div", {}, list, more);
}

/** What an edit is called. */
export function editWords(edit) {
  if (!edit) return "";
  const count = (list) => (Array.isArray(list) ? list.length : 0);
  const values = {
    n: count(edit.atoms) || count(edit.moves),
    to: edit.to ?? "",
    grid: edit.grid ?? edit.code ?? "",
    atom: edit.atom ?? (edit.between ?? edit.atoms ?? []).join(t("editor.comma")),
    grids: Array.isArray(edit.grids) ? edit.grids.join(t("editor.comma")) : number(Object.keys(edit.grids ?? {}).length),
    code: edit.code ?? "",
    title: edit.title ?? "",
  };
  return t("editor.op." + edit.op, values);
}

/** The log, the newest first; what is undone is told as such. */
export function showLog(draft) {
  const { done, about } = inEffect(draft.log);
  const line = (entry) => {
    const off = entry.action === "edit" && !done.has(entry.version);
    const what = entry.action === "edit" ? editWords(entry.edit) : t("editor.turned." + entry.action, { what: editWords(about.get(entry)?.edit) });
    return el("li", { class: off ? "undone" : null },
      el("p", {}, el("strong", { text: what }), off ? el("span", { class: "tag", text: t("editor.undone") }) : null),
      el("p", { class: "quiet", text: [t("editor.version", { n: entry.version }), entry.by, moment(entry.at), entry.why].filter(Boolean).join(" · ") }));
  };
  const box = place("log");
  if (!draft.log.length) box.replaceChildren(el("p", { class: "quiet", text: t("editor.log.empty") }));
  else box.replaceChildren(limited([...draft.log].reverse(), line, "ul"));
}
