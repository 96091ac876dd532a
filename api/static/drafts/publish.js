// Publishing: first what it would come to, then the edition. Nothing is sent that was not looked at.

import { $, el, filled, frame, moment, number, pairs, t } from "./dom.js";
import { faultList } from "./checks.js";
import { limited } from "./panel.js";
import { ask, kindOf, LONGEST, said, signIn } from "./sending.js";

const FIELDS = ["edition", "effective_from", "why", "accept_faults", "accept_replaced", "backdate", "reports"];
const MOST_MOVES = 30;
const MOVES = [["open", "editor.move.open"], ["area changes", "editor.move.changed"], ["move", "editor.move.move"], ["change department", "editor.move.handed"]];

export class Publish {
  /** `desk` tells what is in the way, and is told when others were first and when this is done. */
  constructor(draft, view, desk) {
    Object.assign(this, { draft, view, desk });
    this.form = $("#publish-form");
    this.box = $("#published");
    if (!this.form) return;
    this.real = $('button[value="real"]', this.form);
    this.form.addEventListener("input", () => this.stale());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(event.submitter?.value === "real" && !this.real.disabled);
    });
  }

  /** What was looked at is not what would be published any more. */
  stale() {
    this.looked = null;
    if (this.real) this.real.disabled = true;
  }

  async send(real) {
    const before = this.desk.unready();
    if (before) {
      this.box.replaceChildren(el("p", { class: "said wrong", role: "alert", text: before }));
      return this.stale();
    }
    const asked = { ...filled(this.form, ...FIELDS), version: this.draft.version };
    if (real && this.looked !== JSON.stringify(asked)) return this.stale();
    const buttons = this.form.querySelectorAll("button");
    for (const button of buttons) button.disabled = true;
    this.box.replaceChildren(el("p", { class: "quiet", text: t(real ? "editor.publish.running" : "editor.publish.looking") }));
    try {
      const found = await ask(`${this.draft.address}/publish?lang=${frame.lang}${real ? "" : "&dry_run=true"}`, { method: "POST", body: asked, patience: LONGEST });
      if (!found.ok) await this.refused(found.body);
      else if (real) this.done(found.body);
      else this.would(found.body, asked);
    } catch (error) {
      this.box.replaceChildren(el("p", { class: "said wrong", role: "alert", text: t("editor.publish.lost", { why: error.message }) }));
    } finally {
      for (const button of buttons) button.disabled = button === this.real ? !this.looked : false;
    }
    return undefined;
  }

  refused(problem) {
    const kind = kindOf(problem);
    const link = signIn(problem);
    this.looked = null;
    this.box.replaceChildren(
      el("div", { class: "said wrong", role: "alert" },
        el("p", {}, el("strong", { text: t("problem." + kind) })),
        el("p", {}, said(problem), ...(link ? [" ", link] : [])),
        problem.got !== undefined && !problem.told?.message ? el("p", { class: "quiet", text: String(problem.got) }) : null),
      ...(problem.faults ? [faultList(problem.faults, this.view), el("p", { class: "quiet", text: t("editor.publish.faulty") })] : []),
    );
    // Where reasons may be given.
    if (kind !== "bad-value" && kind !== "stale" && !link) $("details", this.form).open = true;
    return this.desk.refused(problem);
  }

  summary(found) {
    const open = found.open_reports ?? {};
    return pairs([
      [t("editor.publish.edition"), found.edition],
      [t("editor.publish.from"), moment(found.effective_from)],
      [t("editor.publish.replaces"), found.replaces ?? t("editor.none")],
      ...(found.followed_by ? [[t("editor.publish.until"), t("editor.publish.until_by", { at: moment(found.effective_to), edition: found.followed_by })]] : []),
      [t("editor.publish.areas"), Object.entries(found.areas).map(([level, n]) => `${frame.levels[level] ?? level} ${number(n)}`).join(t("editor.comma"))],
      [t("editor.publish.faults"), number(found.faults.length)],
      [t("editor.publish.routes"), number(found.routes.length)],
      [t("editor.publish.moved"), MOVES.filter(([name]) => name in open).map(([name, key]) => `${t(key)} ${number(open[name])}`).join(t("editor.comma")) || number(found.moves.length)],
      [t("editor.publish.retired"), found.retired.length ? number(found.retired.length) : t("editor.none")],
    ]);
  }

  would(found, asked) {
    this.looked = JSON.stringify(asked);
    const move = (one) => el("li", {
      text: `#${one.number} ${Object.entries(one.changed).map(([level, [from, to]]) => `${frame.levels[level] ?? level} ${from ?? "–"} → ${to ?? "–"}`).join(t("editor.comma"))}`,
    });
    const code = (one) => el("li", { text: `${frame.levels[one.level] ?? one.level} ${one.code}` });
    const folded = (title, list, ...more) => el("details", {}, el("summary", { text: title }), list, ...more);
    // The answer lists the first of many.
    const moving = found.open_reports?.["area changes"] ?? found.moves.length;
    const unlisted = moving > found.moves.length ? [el("p", { class: "quiet", text: t("editor.publish.moves_listed", { n: number(found.moves.length) }) })] : [];
    this.box.replaceChildren(
      el("p", { class: "said", text: t("editor.publish.would") }),
      this.summary(found),
      ...(found.faults.length ? [faultList(found.faults, this.view)] : []),
      ...(found.routes.length ? [el("h3", { text: t("editor.publish.route_faults") }), faultList(found.routes, this.view)] : []),
      ...(found.retired.length ? [folded(t("editor.publish.retired_codes", { n: number(found.retired.length) }), limited(found.retired, code, "ul"))] : []),
      ...(moving ? [folded(t("editor.publish.moves", { n: number(moving) }), limited(found.moves, move, "ul", MOST_MOVES), ...unlisted)] : []),
    );
    this.real.disabled = false;
  }

  /** The map of the edition, beside the one that it replaces. */
  compared(found) {
    if (!found.replaces) return "/api/editions";
    return `/api/plans/compare.html?${new URLSearchParams({ before: found.replaces, after: found.edition, level: this.draft.level })}`;
  }

  done(found) {
    this.looked = null;
    // From when is for whoever runs it to say: at the start of this edition the former is in force.
    const back = `gridmap rollback --to ${quoted(found.replaces ?? "")} --from ${t("editor.publish.restore_date")} --why "${t("editor.publish.restore_why")}" --commit`;
    this.box.replaceChildren(
      el("div", { class: "said" },
        el("p", {}, el("strong", { text: t("editor.publish.done", { edition: found.edition, from: moment(found.effective_from) }) })),
        el("p", {}, el("a", { href: this.compared(found), text: t("editor.publish.compare") }), " · ", el("a", { href: location.pathname + location.search, text: t("editor.publish.again") })),
        found.replaces ? el("p", { text: t("editor.publish.rollback") }) : null,
        found.replaces ? el("pre", { tabindex: "0" }, el("code", { text: back })) : null),
    );
    this.desk.closed({ own: true });
  }
}

const quoted = (text) => (/^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
