// Suggestions: the three plans of a dry run, one of which is taken over as one edit.

import { $, called, el, frame, levelName, number, pairs, percent, t } from "./dom.js";
import { limited } from "./panel.js";
import { ask, LONGEST, wrong } from "./sending.js";

const FINDINGS_SHOWN = 12;

export class Suggest {
  /** `take(job)` sends the plan that is taken over. */
  constructor(draft, tools, take, desk) {
    Object.assign(this, { draft, tools, take, desk });
    // Of the draft that the plans shown were made for.
    this.version = null;
    this.form = $("#suggest-form");
    this.box = $("#suggested");
    if (!this.form) return;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.look();
    });
    this.form.elements.area.addEventListener("change", () => { this.chosen = true; });
    $("#suggest").addEventListener("toggle", () => { if ($("#suggest").open) this.fill(); });
  }

  /** The areas to choose from: the one in view, the whole, and all others above the grids. */
  fill() {
    const { draft } = this;
    const { floor, ceiling } = draft.limits;
    if (!this.form.elements.floor.value) Object.assign(this.form.elements.floor, { value: floor });
    if (!this.form.elements.ceiling.value) Object.assign(this.form.elements.ceiling, { value: ceiling });
    const select = this.form.elements.area;
    // The whole has no code, and is a choice like any other.
    const kept = this.chosen ? select.value : null;
    const here = this.tools.grid && draft.grids.get(this.tools.grid)?.properties.parent_code;
    const option = (value, text) => el("option", { value, text });
    const named = (code) => called(draft.names?.get(code) ?? { code });
    const rows = [option("", t("editor.suggest.whole"))];
    const codes = draft.above in frame.levels ? [...draft.grids.values()].map(({ properties }) => properties.parent_code) : [];
    for (const code of [...new Set(codes)].filter(Boolean).sort()) {
      rows.push(option(`${draft.above}:${code}`, `${levelName(draft.above)} ${named(code)}`));
    }
    for (const one of draft.wider ?? []) rows.push(option(`${one.level}:${one.code}`, `${levelName(one.level)} ${called(one)}`));
    select.replaceChildren(...rows);
    select.value = kept ?? (here ? `${draft.above}:${here}` : "");
  }

  asked() {
    const { area, from, to, floor, ceiling } = this.form.elements;
    const body = { measure: this.draft.limits.measure, floor: Number(floor.value), ceiling: Number(ceiling.value) };
    const colon = area.value.indexOf(":");
    if (area.value) body.area = [area.value.slice(0, colon), area.value.slice(colon + 1)];
    const counts = [Number(from.value || to.value), Number(to.value || from.value)];
    if (counts[0] && counts[1]) body.grids = counts;
    return body;
  }

  async look() {
    if (this.running || this.isEarly()) return;
    const body = this.asked();
    const began = Date.now();
    this.running = new AbortController();
    this.version = null;
    const seconds = el("b", { text: "0" });
    const timer = window.setInterval(() => { seconds.textContent = String(Math.round((Date.now() - began) / 1000)); }, 1000);
    const stop = el("button", { type: "button", class: "quiet", text: t("editor.suggest.leave"), onclick: () => this.leave() });
    // A figure that counts up is not read out every second.
    this.box.replaceChildren(el("p", { class: "said" }, t("editor.suggest.running"), " ", el("span", { "aria-hidden": "true" }, seconds, " s")), stop);
    const mine = this.running;
    try {
      const found = await ask(`${this.draft.address}/suggest?dry_run=true`, { method: "POST", body: { ...body, version: this.draft.version }, patience: LONGEST });
      if (mine.signal.aborted) return;
      if (found.ok) this.show(found.body, body);
      else {
        wrong(this.box, found.body);
        this.desk.refused(found.body);
      }
    } catch (error) {
      if (!mine.signal.aborted) wrong(this.box, error);
    } finally {
      window.clearInterval(timer);
      if (this.running === mine) this.running = null;
    }
  }

  leave() {
    this.clear();
    this.box.replaceChildren(el("p", { class: "quiet", text: t("editor.suggest.left") }));
  }

  clear() {
    this.running?.abort();
    this.running = this.version = null;
    this.box?.replaceChildren();
  }

  /** Plans of another state than the one that is shown are put away: other ones would be taken over. */
  follow() {
    if (this.version === null || this.version === this.draft.version) return;
    this.version = null;
    this.box.replaceChildren(el("p", { class: "quiet", text: t("editor.suggest.outdated") }));
  }

  /** True while edits wait that plans would be made without. */
  isEarly() {
    const before = this.desk.unready();
    $(".early", this.box)?.remove();
    if (before) this.box.prepend(el("p", { class: "said wrong early", role: "alert", text: before }));
    return Boolean(before);
  }

  show(found, body) {
    this.version = found.version;
    this.box.replaceChildren(
      el("p", { class: "quiet", text: t("editor.suggest.plans", { n: found.version }) }),
      ...found.plans.map((plan) => this.plan(plan, body)),
      el("button", { type: "button", class: "quiet", text: t("editor.suggest.none"), onclick: () => this.leave() }),
    );
    this.follow();
  }

  plan(plan, body) {
    const name = t("editor.style." + plan.style);
    const proof = plan.regions && plan.proved === plan.regions
      ? t("editor.proved")
      : t("editor.best_found", { proved: plan.proved, regions: plan.regions, gap: plan.gap === null ? "–" : percent(plan.gap) });
    const take = el("button", { type: "button", text: t("editor.suggest.take", { style: name }) });
    take.addEventListener("click", () => {
      if (this.isEarly()) return;
      for (const button of this.box.querySelectorAll("button")) button.disabled = true;
      this.take({ path: "suggest", op: "regroup", body: { ...body, plan: plan.style }, label: t("editor.suggest.taking", { style: name }) });
    });
    return el("section", { class: "plan", "data-style": plan.style },
      el("h3", { text: name }),
      pairs([
        [t("editor.whole.grids"), number(plan.grids)],
        [t("editor.suggest.cv"), number(plan.cv, 3)],
        [t("editor.whole.kept"), percent(plan.kept)],
        [t("editor.suggest.proof"), proof],
      ]),
      findings(plan.findings),
      take);
  }
}

function findings(rows) {
  if (!rows.length) return el("p", { class: "quiet", text: t("editor.suggest.all_met") });
  const english = document.documentElement.lang === "en";
  const say = (one) => (english ? [one.text, one.relax].filter(Boolean).join(" ") : t("editor.finding." + one.kind, { area: one.container, grids: [...one.grids, ...one.atoms].slice(0, 5).join(t("editor.comma")) }));
  return el("details", {}, el("summary", { text: t("editor.suggest.unmet", { n: rows.length }) }),
    limited(rows, (one) => el("li", { text: say(one) }), "ul", FINDINGS_SHOWN));
}
