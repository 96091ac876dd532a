// The form of the first page: asks /api/locate and says what it answers.

import { getJson } from "./asking.js";

const texts = JSON.parse(document.getElementById("texts").textContent);
const form = document.getElementById("locate");
const answer = document.getElementById("answer");

function element(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

// A code may hold slashes, dots and Chinese.
function areaAddress(level, code) {
  return `/api/areas/${encodeURIComponent(level)}/${encodeURIComponent(code)}`;
}

async function areaLine(level, code) {
  const line = element("li");
  line.append(element("span", texts.levels[level] ?? level, "level"));
  const link = element("a", code);
  link.href = areaAddress(level, code);
  line.append(link);
  const area = await getJson(link.href);
  const name = texts.lang === "en" ? area.name_en || area.name : area.name;
  if (name) line.append(element("span", name, "name"));
  return line;
}

function metres(value) {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} m`;
}

async function parts(found) {
  const lines = await Promise.all(
    Object.entries(found.areas).map(([level, code]) => areaLine(level, code)),
  );
  const said = [element("p", texts.status[found.location_status], `state ${found.location_status}`)];
  if (lines.length) {
    const list = element("ul");
    list.append(...lines);
    said.push(list);
  }
  if (found.margin_m !== null) said.push(element("p", `${texts.margin} ${metres(found.margin_m)}`));
  if (found.nearest) {
    const { level, code, distance_m } = found.nearest;
    const where = `${texts.levels[level] ?? level} ${code}, ${metres(distance_m)}`;
    said.push(element("p", `${texts.nearest} ${where}`));
  }
  if (found.candidates.length > 1) {
    const codes = found.candidates.map((area) => `${area.code} (${metres(area.distance_m)})`);
    said.push(element("p", `${texts.candidates} ${codes.join(", ")}`));
  }
  if (found.warning) {
    const told = found.warning.split(";").map((code) => texts[`warning.${code}`] ?? code);
    const between = texts.lang === "en" ? "; " : "；";
    said.push(element("p", `${texts.warning} ${told.join(between)}`, "warning"));
  }
  return said;
}

// The last question counts: answers to earlier ones are not about what the form says.
let turn = 0;

async function ask(address) {
  const mine = ++turn;
  answer.replaceChildren();
  let said;
  try {
    said = await parts(await getJson(address));
  } catch (error) {
    said = [element("p", error.message, "warning")];
  }
  if (mine === turn) answer.replaceChildren(...said);
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const asked = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value !== "") asked.set(name, value);
  answer.hidden = false;
  ask(`/api/locate?${asked}`);
});
