// Requests: one at a time and in order, each with the version that was looked at. What is not
// taken for a reason that passes (others were first, no connection) is kept to be sent again.

import { words } from "../problem.js";
import { token } from "../session.js";
import { el, frame, t } from "./dom.js";

/** No answer came, or none that is one. What was asked may have been done or not. */
export class Lost extends Error {}

let fresh = null;

const carried = () => (fresh ? { "X-CSRF-Token": fresh } : token());
const LONG = 120_000;
// Suggestions are worked out while one waits.
export const LONGEST = 600_000;

/**
 * Sends a request, and returns its status and body; `Lost` when there is no answer. Who has signed
 * in again meanwhile has another token: what was refused for the old one is sent once more.
 */
export async function ask(path, options = {}) {
  const found = await askOnce(path, options);
  if (!forToken(found) || !(await renewed())) return found;
  return askOnce(path, options);
}

async function askOnce(path, { method = "GET", body, patience = LONG } = {}) {
  const headers = { Accept: "application/json, application/geo+json", "X-Page-Language": frame.lang };
  if (body !== undefined) Object.assign(headers, { "Content-Type": "application/json", ...carried() });
  const giveUp = new AbortController();
  const timer = window.setTimeout(() => giveUp.abort(), patience);
  try {
    const answer = await fetch(path, {
      method, headers, signal: giveUp.signal, cache: "no-store",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const type = answer.headers.get("Content-Type") ?? "";
    // Somebody between answers with a page of their own.
    if (!type.includes("json")) throw new Lost(t("editor.no_answer_but", { status: answer.status }));
    const told = await answer.json();
    return { status: answer.status, ok: answer.ok, body: answer.ok ? told : Object(told) };
  } catch (error) {
    if (error instanceof Lost) throw error;
    // What the browser says of it is in its own language.
    throw new Lost(t(giveUp.signal.aborted ? "editor.too_long" : "editor.no_answer"));
  } finally {
    window.clearTimeout(timer);
  }
}

const forToken = ({ status, body }) => status === 403 && String(body.allowed ?? "").includes("X-CSRF-Token");

/** A read that is an error when it is refused. */
export async function get(path) {
  const found = await ask(path);
  if (!found.ok) throw Object.assign(new Error(said(found.body)), { problem: found.body });
  return found.body;
}

/** True where there is another token to be had; somebody else has to load the page anew. */
async function renewed() {
  const before = carried()["X-CSRF-Token"];
  const found = await askOnce("/api/me").catch(() => null);
  if (found?.ok && found.body.csrf_token && found.body.name === frame.me) fresh = found.body.csrf_token;
  return carried()["X-CSRF-Token"] !== before;
}

export const kindOf = (problem) => String(problem?.type ?? "").split("#").pop();

const signedOut = (problem) => kindOf(problem) === "not-signed-in";

/** What is said of a problem: a session that has ended is no matter of what one may do. */
export function said(problem) {
  return signedOut(problem) ? t("editor.signed_out") : words(problem);
}

/** Beside what is said of a problem: the way to sign in without leaving the page. */
export function signIn(problem) {
  if (!signedOut(problem)) return null;
  const there = new URLSearchParams({ next: "/account", lang: frame.lang });
  return el("a", { href: `/login?${there}`, target: "_blank", rel: "noopener", text: t("editor.sign_in") });
}

/** Says in a box what went wrong: a problem, or an error with one or without an answer. */
export function wrong(box, fault, key = "editor.lost") {
  const problem = fault instanceof Error ? fault.problem : fault;
  const text = problem ? said(problem) : t(key, { why: fault.message });
  const link = signIn(problem);
  box.replaceChildren(el("p", { class: "said wrong", role: "alert" }, text, ...(link ? [" ", link] : [])));
}

/** True where nothing is wrong with what was asked: it may be sent again as it is. */
const passing = (found) => (found.status >= 500 && found.status !== 501) || signedOut(found.body) || forToken(found);

const isTurn = (job) => job.path === "undo" || job.path === "redo";

/** The edits of one draft. `listener` is told: queued, done, dropped, refused, overtaken; and renews. */
export class Sender {
  constructor(number, version, listener) {
    this.address = `/api/drafts/${number}`;
    this.version = version;
    this.listener = listener;
    this.waiting = [];
    this.busy = false;
    // What waits for a button: { kind: "stale" | "lost", job, problem, why }.
    this.held = null;
    // What others did, until the newest state is shown.
    this.behind = null;
  }

  /**
   * Puts an edit, an undo, a redo or a suggestion to be taken over at the end. A job: { path, body,
   * why, label, op, atoms }.
   */
  push(job) {
    this.waiting.push({ ...job, tried: new Set() });
    this.listener.queued(this);
    this.run();
  }

  /** Sends what is held once more; `on` says whether, or it is dropped. */
  again(on) {
    const { held } = this;
    if (!held) return;
    this.held = null;
    if (!on) this.listener.dropped(held.job, this.drop());
    this.listener.queued(this);
    this.run();
  }

  /** What was looked at by now; jobs that wait were meant for what was looked at before. */
  seen(version) {
    if (!this.waiting.length && version > this.version) this.version = version;
  }

  /** Takes everything that waits out of the queue. */
  stop() {
    this.held = this.behind = null;
    return this.waiting.splice(0);
  }

  /**
   * Takes the first job out, and what would have turned it: an undo takes back the last edit, which
   * would be another one now. Returns how many of these there were.
   */
  drop() {
    this.waiting.shift();
    const next = this.waiting.findIndex((job) => !isTurn(job));
    return this.waiting.splice(0, next < 0 ? this.waiting.length : next).length;
  }

  async run() {
    if (this.busy || this.held || !(this.waiting.length || this.behind)) return;
    this.busy = true;
    const [job] = this.waiting;
    try {
      if (this.behind) await this.catchUp(job);
      else await this.send(job);
    } catch (error) {
      if (!(error instanceof Lost) && !error.problem) throw error;
      this.hold(job, error.problem, error.message);
    } finally {
      this.busy = false;
      this.listener.queued(this);
    }
    if (this.waiting.length) this.run();
  }

  /** Keeps a job until a button is pressed. */
  hold(job, problem, why) {
    if (job && this.waiting[0] === job) this.held = { kind: "lost", job, problem, why };
  }

  async send(job) {
    if (job.doubtful && (await this.wasDone(job))) return;
    const body = { ...job.body, version: this.version, why: job.why ?? "" };
    const first = !job.tried.size;
    job.tried.add(this.version);
    // Until there is an answer it may have been done.
    job.doubtful = true;
    const found = await ask(`${this.address}/${job.path}`, { method: "POST", body, patience: job.path === "suggest" ? LONGEST : LONG });
    job.doubtful = found.status >= 500;
    if (found.ok) this.done(job, found.body.outcome ?? found.body);
    else if (kindOf(found.body) === "stale") await this.late(job, found.body, first);
    else if (passing(found)) this.hold(job, found.body, said(found.body));
    else if (kindOf(found.body) === "conflict") await this.conflict(job, found.body);
    else this.listener.refused(job, found.body, this.drop());
  }

  async conflict(job, problem) {
    const open = (await get(this.address)).state === "open";
    if (open && job.path === "suggest") {
      // Another one is being worked out, which may be the same one, asked for before.
      job.doubtful = true;
      this.hold(job, problem, said(problem));
      return;
    }
    // Who closed the draft is told of, and of all that cannot be saved any more.
    if (!open) await this.listener.renew();
    if (this.waiting[0] === job) this.listener.refused(job, problem, this.drop());
  }

  done(job, outcome) {
    this.waiting.shift();
    this.version = outcome.version;
    this.listener.done(job, outcome);
  }

  /** Others were first, or an earlier attempt was after all. */
  async late(job, problem, first) {
    if (!first && (await this.wasDone(job))) return;
    job.tried.clear();
    this.behind = problem;
    await this.catchUp(job);
  }

  /** Has the newest state shown, and only then asks whether to send on it. */
  async catchUp(job) {
    const problem = this.behind;
    const version = await this.listener.renew();
    if (this.behind !== problem) return;
    this.version = version;
    this.behind = null;
    if (!job) this.listener.overtaken(problem);
    else if (job.path === "suggest") {
      // Plans of another state: they would be worked out anew, and nobody has seen them.
      this.listener.overtaken(problem, job, this.drop());
    } else this.held = { kind: "stale", job, problem };
  }

  /** True when a request without an answer was carried out all the same: the log says so. */
  async wasDone(job) {
    const draft = await get(this.address);
    job.doubtful = false;
    const entry = draft.log.find((one) => job.tried.has(one.version - 1) && isOf(job, one));
    if (!entry) return false;
    this.done(job, { version: entry.version, entry, grids: [], redo: draft.redo.length, now: draft.version });
    return true;
  }
}

/** True for the entry that a job became: who asked it, why, and for what. */
function isOf(job, entry) {
  const action = isTurn(job) ? job.path : "edit";
  if (entry.by !== frame.me || entry.action !== action || entry.why !== (job.why ?? "").trim()) return false;
  if (isTurn(job)) return true;
  if (job.path === "suggest") return entry.edit.op === "regroup" && String(entry.edit.source ?? "").startsWith(`suggestion: ${job.body.plan},`);
  return sameEdit(job.body.edit, entry.edit);
}

/** True where an edit as logged says what was sent; it is logged as settled, with fewer atoms. */
function sameEdit(sent, logged) {
  if (sent.op !== logged.op) return false;
  if (sent.op === "reassign") {
    return sent.to === logged.to && (!sent.atoms || (logged.atoms ?? []).every((code) => sent.atoms.includes(code)));
  }
  return Object.keys(sent).every((name) => !(name in logged) || JSON.stringify(sent[name]) === JSON.stringify(logged[name]));
}
