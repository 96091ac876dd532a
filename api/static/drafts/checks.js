// The audit of a draft, its comparison with the edition that it began with, scenarios, and its end.

import { $, el, filled, frame, record, t } from "./dom.js";
import { limited } from "./panel.js";
import { ask, get, wrong } from "./sending.js";

const MOST = 100;

/** Faults as a list; each leads to its place. */
export function faultList(faults, view) {
  const line = (fault, n) => {
    const text = `${t("editor.severity." + fault.severity)} · ${fault.text}`;
    const there = Number.isFinite(fault.lon);
    return el("li", { class: fault.severity }, there
      ? el("button", { type: "button", class: "row", onclick: () => view.pointAt([{ ...fault, codes: fault.codes ?? [] }]) }, el("span", { text: `${n + 1}. ${text}` }))
      : el("span", { text: `${n + 1}. ${text}` }));
  };
  return faults.length ? limited(faults, line, "ul", MOST) : el("div");
}

export function wireChecks(draft, view) {
  const box = $("#checked");
  const button = $("#check-now");
  button.addEventListener("click", async () => {
    button.disabled = true;
    box.replaceChildren(el("p", { class: "quiet", text: t("editor.check.running") }));
    try {
      const found = await get(`${draft.address}/check?version=${draft.version}&lang=${frame.lang}`);
      box.replaceChildren(
        el("p", { class: found.faulty ? "said wrong" : "said", text: t(found.faults.length ? "editor.check.found" : "editor.check.sound", { n: found.faults.length, version: found.version }) }),
        faultList(found.faults, view),
      );
    } catch (error) {
      wrong(box, error);
    } finally {
      button.disabled = false;
    }
  });
}

/** The link to the map of both plans, at the version that is looked at. */
export function linkCompare(draft) {
  const params = new URLSearchParams({ before: record.edition, after: `draft:${frame.number}@${draft.version}`, level: draft.level });
  $("#compare").href = `/api/plans/compare.html?${params}`;
}

const page = (number) => `/drafts/${number}${new URLSearchParams(location.search).get("lang") ? `?lang=${frame.lang}` : ""}`;

/** `desk` tells what is in the way, and is told when others were first. */
export function wireBranch(draft, desk) {
  const form = $("#branch-form");
  if (!form) return;
  const box = $("#branched");
  const send = (event, what, done) => {
    event.preventDefault();
    const before = desk.unready();
    if (before) box.replaceChildren(el("p", { class: "said wrong", role: "alert", text: before }));
    else sent(event.target, box, desk, `${draft.address}/${what}`, { ...filled(event.target, ...FIELDS[what]), version: draft.version }, done);
  };
  form.addEventListener("submit", (event) => send(event, "branch", (made) => {
    box.replaceChildren(el("p", { class: "said" }, t("editor.branch.done") + " ", el("a", { href: page(made.id), text: made.name })));
    form.reset();
  }));
  $("#discard-form")?.addEventListener("submit", (event) => send(event, "discard", () => location.reload()));
}

const FIELDS = { branch: ["name", "why"], discard: ["why"] };

/** Sends a form; its fields stay as they are when that fails. */
async function sent(form, box, desk, path, body, done) {
  const buttons = form.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  try {
    const found = await ask(path, { method: "POST", body });
    if (found.ok) done(found.body);
    else {
      wrong(box, found.body);
      await desk.refused(found.body);
    }
  } catch (error) {
    wrong(box, error);
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}
