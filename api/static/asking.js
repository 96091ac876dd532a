// How scripts of pages ask the service: what it refuses is told in the language of the page.

import { lang, words } from "./problem.js";

const texts = JSON.parse(document.getElementById("texts").textContent);

export class Refused extends Error {
  constructor(problem) {
    super(words(problem));
    this.problem = problem;
  }
}

/** Returns what is answered as JSON; throws `Refused` for a problem, and where nobody answers. */
export async function getJson(address, { headers = {}, ...options } = {}) {
  const wanted = { Accept: "application/json", "X-Page-Language": lang, ...headers };
  let answer;
  let body;
  try {
    answer = await fetch(address, { ...options, headers: wanted });
    body = await answer.json();
  } catch {
    // No connection, or somebody between answers with a page of their own.
    throw new Refused({ detail: texts.no_answer });
  }
  if (!answer.ok) throw new Refused(body);
  return body;
}
