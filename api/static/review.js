// The form of one ownership review: tries a ruling, or makes it, and says what came of it.

import { getJson } from "./asking.js";
import { token } from "./session.js";

const texts = JSON.parse(document.getElementById("texts").textContent);
const form = document.getElementById("rule");
const told = document.getElementById("told");

function line(text, className) {
  const made = document.createElement("p");
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function tell(...lines) {
  told.replaceChildren(...lines);
  told.hidden = false;
}

function chosen() {
  return form.elements.ground.value ?? "polygon";
}

function showChosen() {
  for (const more of form.querySelectorAll(".more")) more.hidden = more.dataset.for !== chosen();
}

function ground() {
  const way = chosen();
  if (way === "radius_m") return { radius_m: Number(form.elements.radius_m.value) };
  if (way === "overlay") return { overlay: form.elements.overlay.value };
  if (way === "area") {
    const { level, code } = form.querySelector('input[value="area"]').dataset;
    return { area: { level, code } };
  }
  if (way === "line") {
    const width = Number(form.elements.width_m.value);
    return { line: JSON.parse(form.elements.line.value), width_m: width };
  }
  return { polygon: JSON.parse(form.elements.polygon.value) };
}

function body() {
  const { owner, document: source, items, valid_from: from, valid_to: to } = form.elements;
  const codes = items.value.split(/[\s,，、]+/).filter(Boolean);
  return {
    owner: owner.value.trim(),
    document: source.value.trim(),
    ...(codes.length ? { items: codes } : {}),
    ...(from.value ? { valid_from: from.value } : {}),
    ...(to.value ? { valid_to: to.value } : {}),
    ...ground(),
  };
}

function refused({ message, problem = {} }) {
  const parts = [line(message, "warning")];
  for (const name of ["got", "allowed"]) {
    if (problem[name]) parts.push(line(`${texts[name]}：${[problem[name]].flat().join("、")}`));
  }
  return parts;
}

async function send(dry) {
  let asked;
  try {
    asked = JSON.stringify(body());
  } catch {
    tell(line(texts.no_json, "warning"));
    return;
  }
  const address = `/api/reviews/${form.dataset.review}/ruling${dry ? "?dry_run=true" : ""}`;
  const found = await getJson(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...token() },
    body: asked,
  });
  const said = dry ? texts.would : texts.done;
  tell(line(said.replace("{rerouted}", found.rerouted).replace("{settled}", found.settled), "state"));
  if (!dry) location.reload();
}

form.addEventListener("change", showChosen);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const buttons = form.querySelectorAll("button");
  for (const button of buttons) button.disabled = true;
  try {
    await send(event.submitter?.name === "dry");
  } catch (error) {
    tell(...refused(error));
  } finally {
    for (const button of buttons) button.disabled = false;
  }
});
showChosen();
