// A problem that the service answers with, in words of the page's language.

export const lang = document.documentElement.lang === "en" ? "en" : "zh";

/** What is said of a problem: its sentence, how to mend it, and for staff what has no words yet. */
export function words({ detail, told }) {
  return told ? [told.message, told.repair, told.original].filter(Boolean).join(" ") : detail;
}
