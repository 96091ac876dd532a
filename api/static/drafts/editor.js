// The editor of a draft: puts the map, the tools, the panel and the sending together, and tells what
// came of it.

import { $, el, frame, known, moment, record, t } from "./dom.js";
import { linkCompare, wireBranch, wireChecks } from "./checks.js";
import { EditorMap } from "./map.js";
import { editWords, showChosen, showLog, showOutside, showWhole } from "./panel.js";
import { Publish } from "./publish.js";
import { get, kindOf, said, Sender, signIn } from "./sending.js";
import { measuresOf } from "./shades.js";
import { Draft, inEffect } from "./state.js";
import { Suggest } from "./suggest.js";
import { Tools } from "./tools.js";

const root = $("#editor");
const told = $("#said");
const kept = $("#held");
const why = $("#why");
const draws = frame.may.draft && record.state === "open";
let open = draws;
const draft = new Draft();
const view = new EditorMap(draft);
const sender = new Sender(frame.number, draft.version, {
  queued: showQueue, done: accepted, refused, overtaken, renew, dropped,
});
// For who looks at the page from outside, such as for a picture of it.
$("#map").map = view.map;
const tools = new Tools(view, draft, { send, choose: chose, say });
// What the other parts ask before they send something of their own, and where they turn when it is
// refused or done.
const desk = { unready, refused: lookedAgain, closed: close };
const suggest = new Suggest(draft, tools, push, desk);
const publish = new Publish(draft, view, desk);

// -- telling -------------------------------------------------------------------------------------

/** Says one thing; nothing for an empty text. */
function say(text) {
  told.replaceChildren(...(text ? [el("p", { text })] : []));
}

function hush() {
  say("");
  view.pointAt([]);
}

const closer = () => el("button", { type: "button", class: "quiet", text: t("editor.close"), onclick: hush });

function notice(title, lines, buttons) {
  return [el("div", { role: "alert" }, el("p", {}, el("strong", { text: title })), ...lines), el("p", { class: "buttons-row" }, ...buttons)];
}

/** An error as lines of a notice. */
function trouble({ message, problem }, key) {
  const link = signIn(problem);
  return [el("p", {}, key ? t(key, { why: message }) : message, ...(link ? [" ", link] : []))];
}

function tell(title, lines, buttons) {
  told.replaceChildren(...notice(title, lines, buttons));
}

function showQueue() {
  const { waiting, held } = sender;
  const saving = waiting.length && !held ? " · " + t("editor.saving", { n: waiting.length }) : held ? " · " + t("editor.held", { n: waiting.length }) : "";
  $("#version").textContent = t("editor.version", { n: draft.version }) + saving;
  root.dataset.queue = held ? held.kind : waiting.length ? "busy" : "idle";
  view.brush(waiting.flatMap((job) => job.atoms ?? []));
  showHeld(held);
}

/** What waits for a button stays in sight, whatever else is said meanwhile. */
function showHeld(held) {
  if (kept.held === held) return;
  kept.held = held;
  kept.replaceChildren(...(held === null ? [] : held.kind === "stale" ? staleNotice(held) : lostNotice(held)));
}

// -- sending -------------------------------------------------------------------------------------

const REASON = `draft-why-${frame.number}`;

function push(job) {
  if (!open) return;
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
    tell(t("editor.not_followed"), trouble(error), [
      el("button", { type: "button", text: t("editor.retry"), onclick: () => follow(() => (draft.dirty ? draft.settle() : draft.renew()), t("editor.followed")) }),
    ]);
  }
}

/** Why something of the whole draft cannot be sent now; null where it can. */
function unready() {
  return sender.waiting.length ? t("editor.not_yet", { n: sender.waiting.length }) : null;
}

/** Shows the newest state; its version. */
async function renew() {
  publish.stale();
  await draft.renew();
  return draft.version;
}

function accepted(job, outcome) {
  const { entry } = outcome;
  const what = entry.action === "edit" ? editWords(entry.edit) : t("editor.turned." + entry.action, { what: "" });
  publish.stale();
  if (job.path === "suggest") suggest.clear();
  if (entry.edit?.op === "describe") described(entry.edit);
  follow(() => draft.follow(outcome), t("editor.accepted", { what, n: outcome.version }));
}

const turnsDropped = (n) => (n ? t("editor.turns_dropped", { n }) : "");

function refused(job, problem, turned) {
  const kind = kindOf(problem);
  const reasons = problem.reasons ?? [];
  const english = frame.lang === "en";
  const lines = reasons.length
    ? [el("ol", {}, ...reasons.map((one) => el("li", {}, Number.isFinite(one.lon)
      ? el("button", { type: "button", class: "row", onclick: () => view.goTo([[one.lat, one.lon]]), text: english ? one.text_en : one.text })
      : el("span", { text: english ? one.text_en : one.text }))))]
    : [el("p", { text: said(problem) })];
  if (turned) lines.push(el("p", { text: turnsDropped(turned) }));
  tell(known("problem." + kind) ? t("problem." + kind) : t("editor.refused"), [el("p", { class: "quiet", text: job.label }), ...lines], [closer()]);
  view.pointAt(reasons.map((one) => ({ ...one, text: english ? one.text_en : one.text })));
  if (job.path === "suggest") suggest.clear();
  tools.vertices.reset();
  tools.restore(job.body?.edit);
  turns();
}

const whatOthersDid = ({ changes = [] }) => el("ul", {}, ...changes.map((one) => el("li", {
  text: [one.by, moment(one.at), one.action === "edit" ? editWords(one.edit) : t("editor.turned." + one.action, { what: "" }), one.why].filter(Boolean).join(" · "),
})));

function dropped(job, turned) {
  if (job.path === "suggest") suggest.clear();
  say(turnsDropped(turned));
}

/** Others were first: what they did is told, and nothing is kept to be sent again. */
function overtaken(problem, job = null, turned = 0) {
  tell(t("problem.stale"), [
    el("p", { text: t("editor.stale") }),
    whatOthersDid(problem),
    el("p", {}, el("strong", { text: job ? t("editor.not_sent", { what: job.label }) : t("editor.look_again") })),
    ...(turned ? [el("p", { text: turnsDropped(turned) })] : []),
  ], [closer()]);
}

/** What was refused may have been meant for what is no more: others went on, or closed the draft. */
async function lookedAgain(problem) {
  if (kindOf(problem) === "stale") return caughtUp(problem);
  if (kindOf(problem) !== "conflict") return undefined;
  return get(draft.address).then(({ state }) => (state === "open" ? undefined : renew())).catch(() => {});
}

/** The newest state is shown, and what others did is told. */
async function caughtUp(problem) {
  try {
    await renew();
    if (open) overtaken(problem);
  } catch (error) {
    tell(t("problem.stale"), trouble(error, "editor.failed"), [
      el("button", { type: "button", text: t("editor.retry"), onclick: () => caughtUp(problem) }),
    ]);
  }
}

function staleNotice({ job, problem }) {
  return notice(t("problem.stale"), [
    el("p", { text: t("editor.stale") }),
    whatOthersDid(problem),
    el("p", {}, el("strong", { text: t("editor.kept", { what: job.label }) })),
  ], again("editor.send_again"));
}

function lostNotice({ job, problem, why: reason }) {
  const kind = kindOf(problem);
  const busy = kind === "conflict";
  const title = busy ? t("editor.suggest.busy") : known("problem." + kind) ? t("problem." + kind) : t("editor.lost_title");
  const link = signIn(problem);
  return notice(title, [
    el("p", {}, busy ? t("editor.suggest.busy_why") : link ? reason : t("editor.lost", { why: reason }), ...(link ? [" ", link] : [])),
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

/** The draft is published or given up: what draws is put away, and what was not saved is named. */
function close({ own = false } = {}) {
  if (!open) return;
  open = false;
  root.classList.add("reading");
  tools.rest();
  for (const form of ["#describe", "#suggest-form", "#publish-form", "#discard-form"]) $(form)?.remove();
  suggest.clear();
  turns();
  const left = sender.stop();
  showQueue();
  if (own && !left.length) return;
  const state = own ? "published" : draft.state;
  tell(t("editor.closed_now", { state: t("editor.state." + state) }), [
    el("p", { text: t("editor.closed") }),
    ...(left.length ? [el("p", {}, el("strong", { text: t("editor.left", { n: left.length }) })), el("ul", {}, ...left.map((job) => el("li", { text: job.label })))] : []),
  ], [el("a", { href: location.pathname + location.search, text: t("editor.reload") })]);
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
  $("#undo").disabled = !open || !done.size;
  $("#redo").disabled = !open || !undone.length;
}

function shown(dirty) {
  view.draw(dirty);
  tools.follow();
  showWhole(draft);
  showOutside(draft, go);
  showLog(draft);
  linkCompare(draft);
  suggest.follow();
  sender.seen(draft.version);
  turns();
  showQueue();
  if (draft.state !== "open") close();
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
  wireBranch(draft, desk);
  $("#measure").addEventListener("change", (event) => view.show(event.target.value));
  if (!draws) return;
  why.value = sessionStorage.getItem(REASON) ?? "";
  why.addEventListener("input", () => sessionStorage.setItem(REASON, why.value));
  $("#undo").addEventListener("click", () => turn("undo"));
  $("#redo").addEventListener("click", () => turn("redo"));
  $("#describe").addEventListener("submit", describe);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea");
    if (event.key === "Escape") hush();
    if (!open || typing || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    const key = event.key.toLowerCase();
    const path = key === "z" ? (event.shiftKey ? "redo" : "undo") : key === "y" ? "redo" : null;
    if (!path) return;
    event.preventDefault();
    if (!$("#" + path).disabled || sender.waiting.length) turn(path);
  });
  window.addEventListener("online", () => { if (sender.held?.kind === "lost") sender.again(true); });
  window.addEventListener("beforeunload", (event) => { if (sender.waiting.length) event.preventDefault(); });
}

async function begin() {
  $("#wait").hidden = false;
  try {
    await draft.load();
  } catch (error) {
    $("#wait").hidden = true;
    tell(t("editor.not_opened"), trouble(error), [el("button", { type: "button", text: t("editor.retry"), onclick: () => { say(""); begin(); } })]);
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
