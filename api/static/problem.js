// A problem that the service answers with, in words of the page's language.

export const lang = document.documentElement.lang === "en" ? "en" : "zh";

/** What is said of a problem: its sentence, how to mend it, and for staff what has no words yet. */
export function words(problem) {
  const { detail, told } = problem ?? {};
  const said = told ? [told.message, told.repair, told.original].filter(Boolean).join(" ") : detail;
  // What stands between the page and the service may answer in JSON of its own.
  return typeof said === "string" && said ? said : noAnswer();
}

function noAnswer() {
  const texts = document.getElementById("texts");
  const known = texts ? JSON.parse(texts.textContent) : {};
  return known.no_answer ?? known["page.no_answer"] ?? "";
}
