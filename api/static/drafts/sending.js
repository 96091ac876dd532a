// Requests: one at a time and in order, each with the version that was looked at. What is not
// taken for a reason that passes (others were first, no connection) is kept to be sent again.

import { words } from "../problem.js";
import { token } from "../session.js";
import { frame } from "./dom.js";

/** No answer came, or none that is one. What was asked may have been done or not. */
export class Lost extends Error {}

let fresh = null;

const carried = () => (fresh ? { "X-CSRF-Token": fresh } : token());

/** Sends a request, and returns its status and body; `Lost` when there is no answer. */
export async function ask(path, { method = "GET", body, patience = 120_000 } = {}) {
  const [bare, query = ""] = path.split("?");
  const params = new URLSearchParams(query);
  params.set("lang", frame.lang);
  const headers = { Accept: "application/json, application/geo+json", "X-Page-Language": frame.lang };
  if (body !== undefined) Object.assign(headers, { "Content-Type": "application/json", ...carried() });
  const giveUp = new AbortController();
  const timer = window.setTimeout(() => giveUp.abort(), patience);
  try {
    const answer = await fetch(`${bare}?${params}`, {
      method, headers, signal: giveUp.signal, cache: "no-store",
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const type = answer.headers.get("Content-Type") ?? "";
    if (!type.includes("json")) throw new Lost(`HTTP ${answer.status}`);
    const said = await answer.json();
    return { status: answer.status, ok: answer.ok, body: answer.ok ? said : Object(said) };
  } catch (error) {
    if (error instanceof Lost) throw error;
    throw new Lost(error.message);
  } finally {
    window.clearTimeout(timer);
  }
}

/** A read that is an error when it is refused. */
export async function get(path) {
  const found = await ask(path);
  if (!found.ok) throw Object.assign(new Error(words(found.body)), { problem: found.body });
  return found.body;
}

/** Who has signed in again meanwhile has another token. */
export async function renewed() {
  const found = await ask("/api/me");
  if (found.ok && found.body.csrf_token) fresh = found.body.csrf_token;
}

const kindOf = (problem) => String(problem.type ?? "").split("#").pop();
const PASSING = new Set(["store-busy", "store-error", "store-full", "store-unusable", "internal-error", "not-signed-in"]);

/** The edits of one draft. `listener` is told: queued, done, refused, stale, lost. */
export class Sender {
  constructor(number, version, listener) {
    this.address = `/api/drafts/${number}`;
    this.version = version;
    this.listener = listener;
    this.waiting = [];
    this.busy = false;
    // What waits for a button: { kind: "stale" | "lost", job }.
    this.held = null;
  }

  /**
   * Puts an edit, an undo, a redo or a suggestion to be taken over at the end. A job: { path, body,
   * why, label, op, atoms }.
   */
  push(job) {
    this.waiting.push(job);
    this.listener.queued(this);
    this.run();
  }

  /** Sends what is held once more; `on` says whether, or it is dropped. */
  async again(on) {
    const held = this.held;
    if (!held) return;
    this.held = null;
    if (!on) this.waiting.shift();
    else if (held.renew) await renewed().catch(() => {});
    this.listener.queued(this);
    this.run();
  }

  async run() {
    if (this.busy || this.held || !this.waiting.length) return;
    this.busy = true;
    const job = this.waiting[0];
    try {
      await this.send(job);
    } catch (error) {
      if (!(error instanceof Lost) && !error.problem) throw error;
      job.doubtful = true;
      this.held = { kind: "lost", job, renew: Boolean(error.problem) };
      this.listener.lost(job, error.message);
    } finally {
      this.busy = false;
      this.listener.queued(this);
    }
    this.run();
  }

  async send(job) {
    if (job.doubtful && (await this.wasDone(job))) return;
    const body = { ...job.body, version: this.version, why: job.why ?? "" };
    const found = await ask(`${this.address}/${job.path}`, { method: "POST", body });
    if (found.ok) this.done(job, found.body.outcome ?? found.body);
    else if (kindOf(found.body) === "stale") await this.late(job, found.body);
    else if (PASSING.has(kindOf(found.body)) || (found.status === 403 && String(found.body.allowed ?? "").includes("X-CSRF-Token"))) {
      this.held = { kind: "lost", job, renew: true };
      this.listener.lost(job, words(found.body));
    } else {
      this.waiting.shift();
      this.listener.refused(job, found.body);
    }
  }

  done(job, outcome) {
    this.waiting.shift();
    this.version = outcome.version;
    this.listener.done(job, outcome);
  }

  async late(job, problem) {
    this.held = { kind: "stale", job };
    this.version = problem.version;
    await this.listener.stale(job, problem);
  }

  /** True when a request without an answer was carried out all the same: the log says so. */
  async wasDone(job) {
    const draft = await get(this.address);
    job.doubtful = false;
    const entry = draft.log.find((one) => one.version === this.version + 1);
    const action = job.op ? "edit" : job.path;
    const own = entry && entry.by === frame.me && entry.action === action && entry.why === (job.why ?? "").trim();
    if (!own || (job.op && entry.edit.op !== job.op) || draft.version !== entry.version) return false;
    this.done(job, { version: entry.version, entry, grids: [], redo: draft.redo.length });
    return true;
  }
}
