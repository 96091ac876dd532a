// The editor of a draft: puts the map, the tools, the panel and the sending together, and tells what
// came of it.

import { words } from "../problem.js";
import { $, el, frame, known, moment, record, t } from "./dom.js";
import { linkCompare, wireBranch, wireChecks } from "./checks.js";
import { EditorMap } from "./map.js";
import { editWords, showChosen, showLog, showOutside, showWhole } from "./panel.js";
import { Publish } from "./publish.js";
import { Sender } from "./sending.js";
import { measuresOf } from "./shades.js";
import { Draft, inEffect } from "./state.js";
import { Suggest } from "./suggest.js";
import { Tools } from "./tools.js";

const root = $("#editor");
const told = $("#told");
const why = $("#why");
const draws = frame.may.draft && record.state === "open";
const draft = new Draft();
const view = new EditorMap(draft);
const sender = new Sender(frame.number, draft.version, {
  queued: showQueue, done: accepted, refused, stale, lost,
});
// For who looks at the page from outside, such as for a picture of it.
$("#map").map = view.map;
const tools = new Tools(view, draft, { send, choose: chose, say });
const suggest = new Suggest(draft, tools, push);
const publish = new Publish(draft, view, () => root.classList.add("reading"));

// -- telling -------------------------------------------------------------------------------------

/** Says one thing; nothing for an empty text. */
function say(text) {
  told.replaceChildren(...(text ? [el("p", { text })] : []));
}

function hush() {
  say("");
  view.pointAt([]);
}

const close = () => el("button", { type: "button", class: "quiet", text: t("editor.close"), onclick: hush });

function tell(title, lines, buttons) {
  told.replaceChildren(el("div", { role: "alert" }, el("p", {}, el("strong", { text: title })), ...lines), el("p", { class: "buttons-row" }, ...buttons));
}

function showQueue() {
  const { waiting, held } = sender;
  const saving = waiting.length && !held ? " · " + t("editor.saving", { n: waiting.length }) : held ? " · " + t("editor.held", { n: waiting.length }) : "";
  $("#version").textContent = t("editor.version", { n: draft.version }) + saving;
  root.dataset.queue = held ? held.kind : waiting.length ? "busy" : "idle";
  view.brush(waiting.flatMap((job) => job.atoms ?? []));
}

// -- sending -------------------------------------------------------------------------------------

const REASON = `draft-why-${frame.number}`;

function push(job) {
  sender.push({ ...job, why: why.value.trim() });
}

function send(edit, label, atoms = []) {
  say("");
  view.pointAt([]);
  push({ path: "edits", body: { edit }, op: edit.op, label, atoms });
}

function turn(path) {
  push({ path, label: t("editor." + path) });
}

async function follow(act, text) {
  try {
    await act();
    if (text) say(text);
  } catch (error) {
    tell(t("editor.not_followed"), [el("p", { text: error.message })], [
      el("button", { type: "button", text: t("editor.retry"), onclick: () => follow(() => draft.settle(), t("editor.followed")) }),
    ]);
  }
}

function accepted(job, outcome) {
  const { entry } = outcome;
  const what = entry.action === "edit" ? editWords(entry.edit) : t("editor.turned." + entry.action, { what: "" });
  publish.stale();
  if (job.path === "suggest") $("#suggested").replaceChildren();
  if (entry.edit?.op === "describe") described(entry.edit);
  follow(() => draft.follow(outcome), t("editor.accepted", { what, n: outcome.version }));
}

function refused(job, problem) {
  const kind = problem.type.split("#").pop();
  const reasons = problem.reasons ?? [];
  const english = frame.lang === "en";
  const lines = reasons.length
    ? [el("ol", {}, ...reasons.map((one) => el("li", {}, Number.isFinite(one.lon)
      ? el("button", { type: "button", class: "row", onclick: () => view.goTo([[one.lat, one.lon]]), text: english ? one.text_en : one.text })
      : el("span", { text: english ? one.text_en : one.text }))))]
    : [el("p", { text: words(problem) })];
  tell(known("problem." + kind) ? t("problem." + kind) : t("editor.refused"), [el("p", { class: "quiet", text: job.label }), ...lines], [close()]);
  view.pointAt(reasons.map((one) => ({ ...one, text: english ? one.text_en : one.text })));
  if (job.path === "suggest") $("#suggested").replaceChildren();
  tools.vertices.reset();
  tools.restore(job.body?.edit);
  turns();
}

/** Others were first: what they did is told and taken, and what was meant waits to be sent again. */
async function stale(job, problem) {
  const others = problem.changes.map((one) => el("li", {
    text: [one.by, moment(one.at), one.action === "edit" ? editWords(one.edit) : t("editor.turned." + one.action, { what: "" }), one.why].filter(Boolean).join(" · "),
  }));
  tell(t("problem.stale"), [
    el("p", { text: t("editor.stale") }),
    el("ul", {}, ...others),
    el("p", {}, el("strong", { text: t("editor.kept", { what: job.label }) })),
  ], again("editor.send_again"));
  publish.stale();
  await draft.renew();
  sender.version = draft.version;
}

function lost(job, reason) {
  tell(t("editor.lost_title"), [
    el("p", { text: t("editor.lost", { why: reason }) }),
    el("p", {}, el("strong", { text: t("editor.kept", { what: job.label }) })),
  ], again("editor.retry"));
}

function again(key) {
  const go = (on) => { say(""); sender.again(on); };
  return [
    el("button", { type: "button", "data-again": "yes", text: t(key), onclick: () => go(true) }),
    el("button", { type: "button", class: "quiet", text: t("editor.drop"), onclick: () => go(false) }),
  ];
}

// -- showing -------------------------------------------------------------------------------------

function chose(code) {
  showChosen(draft, code);
  const form = $("#describe");
  if (!form) return;
  const grid = code && draft.grids.get(code)?.properties;
  form.hidden = !grid;
  if (!grid) return;
  const another = form.dataset.code !== code;
  if (another) form.elements.attribute.value = form.elements.value.value = "";
  form.dataset.code = code;
  const now = { name: grid.name ?? "", name_en: grid.name_en ?? "", kind: grid.kind === "exclusive" ? "exclusive" : "basic" };
  for (const [name, value] of Object.entries(now)) {
    const field = form.elements[name];
    // What somebody is writing stays; what the map says otherwise is taken, whoever changed it.
    if (!another && touched(field) && field.value.trim() !== value) continue;
    if (field.value !== value) field.value = value;
    field.dataset.was = value;
  }
}

/** True for a field that does not hold any more what it was filled with. */
const touched = (field) => field.value.trim() !== field.dataset.was.trim();

/** An attribute that was taken is not written once more with the next change. */
function described({ code, attributes = {} }) {
  const form = $("#describe");
  const { attribute, value } = form.elements;
  const sent = attributes[attribute.value.trim()];
  if (form.dataset.code === code && sent === value.value.trim()) attribute.value = value.value = "";
}

function go(code) {
  view.goToGrid(code);
  tools.chooseGrid(code).catch((error) => say(t("editor.failed", { why: error.message })));
}

function turns() {
  if (!draws) return;
  const { done, undone } = inEffect(draft.log);
  $("#undo").disabled = !done.size;
  $("#redo").disabled = !undone.length;
}

function shown(dirty) {
  view.draw(dirty);
  tools.follow();
  showWhole(draft);
  showOutside(draft, go);
  showLog(draft);
  linkCompare(draft);
  turns();
  showQueue();
  root.dataset.version = draft.version;
}

function describe(event) {
  event.preventDefault();
  const { elements, dataset: { code } } = event.target;
  const { attribute, value } = elements;
  const edit = { op: "describe", level: draft.level, code };
  for (const key of ["name", "name_en", "kind"]) if (touched(elements[key])) edit[key] = elements[key].value.trim();
  if (attribute.value.trim()) edit.attributes = { [attribute.value.trim()]: value.value.trim() };
  if (Object.keys(edit).length === 3) return say(t("editor.describe.same"));
  return send(edit, t("editor.op.describe", { code }));
}

function wire() {
  wireChecks(draft, view);
  wireBranch(draft);
  $("#measure").addEventListener("change", (event) => view.show(event.target.value));
  if (!draws) return;
  why.value = sessionStorage.getItem(REASON) ?? "";
  why.addEventListener("input", () => sessionStorage.setItem(REASON, why.value));
  $("#undo").addEventListener("click", () => turn("undo"));
  $("#redo").addEventListener("click", () => turn("redo"));
  $("#describe").addEventListener("submit", describe);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea");
    // What waits to be sent again stays.
    if (event.key === "Escape" && !sender.held) hush();
    if (typing || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    const path = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : null;
    if (!path) return;
    event.preventDefault();
    if (!$("#" + path).disabled || sender.waiting.length) turn(path);
  });
  window.addEventListener("online", () => { if (sender.held?.kind === "lost") { say(""); sender.again(true); } });
  window.addEventListener("beforeunload", (event) => { if (sender.waiting.length) event.preventDefault(); });
}

async function begin() {
  $("#wait").hidden = false;
  try {
    await draft.load();
  } catch (error) {
    $("#wait").hidden = true;
    tell(t("editor.not_opened"), [el("p", { text: error.message })], [el("button", { type: "button", text: t("editor.retry"), onclick: () => { say(""); begin(); } })]);
    return;
  }
  $("#wait").hidden = true;
  sender.version = draft.version;
  const names = measuresOf(draft.measures);
  $("#measure").replaceChildren(...names.map((name) => el("option", { value: name, text: t("editor.measure." + name) })));
  [view.measure] = names;
  view.fit();
  draft.listeners.push(shown);
  shown("all");
  root.dataset.ready = "yes";
  await around();
}

/** What the page can be used without for a while: names of what lies above, how it was before. */
async function around() {
  await Promise.allSettled([
    draft.loadAbove(frame.order).then(() => { view.drawAbove(); if (tools.grid) chose(tools.grid); }),
    draft.loadBefore().then(() => showWhole(draft)),
  ]).then((parts) => {
    const failed = parts.find((part) => part.status === "rejected");
    if (failed) say(t("editor.failed", { why: failed.reason.message }));
  });
  root.dataset.ready = "all";
}

wire();
begin();
