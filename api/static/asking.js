// How scripts of pages ask the service: what it refuses is told in the language of the page.

const texts = JSON.parse(document.getElementById("texts").textContent);
const lang = document.documentElement.lang === "en" ? "en" : "zh";

/** What is said of a problem: its sentence, how to mend it, and for staff what has no words yet. */
function words({ detail, told }) {
  return told ? [told.message, told.repair, told.original].filter(Boolean).join(" ") : detail;
}

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
