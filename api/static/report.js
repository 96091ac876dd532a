// The page on which a report is sent: finds the place on a map, narrows the list of items, shows
// who takes calls where it would go. Everything it does can be done without it.

import { groundMap } from "./ground.js";

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const $ = (query, within = document) => within.querySelector(query);
const texts = read("texts");
const form = $("#report");
const field = (name) => form.elements.namedItem(name);

// -- what --------------------------------------------------------------------------------

const picks = [...form.querySelectorAll(".pick[data-words]")];
const kinds = [...form.querySelectorAll(".kind")];
let touched = 0;

function showChosen({ fold }) {
  const pick = $("[name=item]:checked", form)?.closest(".pick");
  if (!pick) return;
  $("#chosen strong").textContent = $("span", pick).textContent.trim();
  if (!fold) return;
  $("#chosen").hidden = false;
  $("#items").hidden = true;
}

function pairs(text) {
  const letters = [...text.replace(/\s+/g, "")];
  return letters.slice(1).map((letter, n) => letters[n] + letter);
}

function fitting(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const of = (pick) => pick.dataset.words.toLowerCase();
  const all = picks.filter((pick) => words.every((word) => of(pick).includes(word)));
  if (all.length) return all;
  // Nobody knows the name in the table: what shares two letters with it may be meant.
  return picks.filter((pick) => pairs(text.toLowerCase()).some((pair) => of(pick).includes(pair)));
}

function find() {
  const text = $("#find input").value.trim();
  const shown = new Set(text ? fitting(text) : picks);
  for (const pick of picks) pick.hidden = !shown.has(pick);
  for (const kind of kinds) {
    const some = $(".pick:not([hidden])", kind) !== null;
    kind.hidden = !some;
    kind.open = some && (text !== "" || $(":checked", kind) !== null);
  }
  $("#found").textContent = text ? texts.found.replace("{n}", shown.size) : "";
}

$("#find").hidden = false;
$("#find input").addEventListener("input", find);
$("#find input").addEventListener("keydown", (event) => {
  // Enter looks for an item; it does not send the form.
  if (event.key === "Enter") event.preventDefault();
});
$("#items").addEventListener("pointerdown", () => { touched = Date.now(); });
$("#items").addEventListener("change", (event) => {
  if (event.target.name !== "item") return;
  // With the arrows of a keyboard one walks through the list: it stays open.
  const fold = Date.now() - touched < 1000;
  showChosen({ fold });
  if (fold) $("#chosen button").focus();
});
$("#chosen button").addEventListener("click", () => {
  $("#chosen").hidden = true;
  $("#items").hidden = false;
  ($("[name=item]:checked", form) ?? $("#find input")).focus();
});
showChosen({ fold: true });

// -- where -------------------------------------------------------------------------------

let map = null;
let pin = null;
let circle = null;
// The last thing that is said of the place counts: answers to earlier ones are dropped.
let asked = 0;

function say(text, doubt = false) {
  $("#spot").textContent = text;
  $("#spot").classList.toggle("doubt", doubt);
}

async function tellGrid(lon, lat, before) {
  const mine = ++asked;
  try {
    const answer = await fetch(`/api/my-grid?near=${lon},${lat}`);
    const { areas } = await answer.json();
    if (mine !== asked) return;
    const english = document.documentElement.lang === "en";
    const names = areas.map((area) => (english && area.name_en) || area.name || area.code);
    say(before + (names.length ? texts.grid.replace("{names}", names.join(" · ")) : texts.outside), !names.length);
  } catch {
    if (mine === asked) say(before);
  }
}

function drawPin(lon, lat, accuracy) {
  if (!map) return;
  circle?.remove();
  circle = accuracy ? window.L.circle([lat, lon], { radius: accuracy, weight: 1, color: "#0b6272", interactive: false }).addTo(map) : null;
  if (pin) {
    pin.setLatLng([lat, lon]);
    return;
  }
  const icon = window.L.divIcon({ className: "", html: '<span class="report-pin"></span>', iconSize: [26, 26], iconAnchor: [13, 31] });
  pin = window.L.marker([lat, lon], { icon, draggable: true, title: texts.pin, alt: texts.pin, keyboard: false }).addTo(map);
  pin.on("dragend", () => put(pin.getLatLng()));
}

function put({ lng, lat }, accuracy = 0) {
  field("lon").value = lng.toFixed(6);
  field("lat").value = lat.toFixed(6);
  field("accuracy_m").value = accuracy ? String(Math.ceil(accuracy)) : "";
  field("coord_sys").value = "wgs84";
  // The last thing that was said of the place counts.
  field("estate").value = "";
  $("#which").replaceChildren();
  field("unknown").checked = false;
  drawPin(lng, lat, accuracy);
  const how = accuracy ? texts.within.replace("{m}", String(Math.ceil(accuracy))) : texts.pinned;
  say(how);
  tellGrid(field("lon").value, field("lat").value, how);
  look();
}

function takeOff() {
  asked += 1;
  pin?.remove();
  circle?.remove();
  pin = circle = null;
  for (const name of ["lon", "lat", "accuracy_m"]) field(name).value = "";
  say("");
}

function locate() {
  const mine = ++asked;
  say(texts.locating);
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      if (mine !== asked) return;
      map?.setView([coords.latitude, coords.longitude], 17, { animate: false });
      put({ lng: coords.longitude, lat: coords.latitude }, coords.accuracy);
    },
    () => { if (mine === asked) say(texts.no_position, true); },
    { enableHighAccuracy: true, timeout: 10000, maximumAge: 30000 },
  );
}

async function toEstate({ chosen = false } = {}) {
  if (!chosen) $("#which").replaceChildren();
  if (!field("estate").value) {
    // What was being looked up is not meant any more; a pin stays.
    if (!pin) {
      asked += 1;
      say("");
    }
    return;
  }
  takeOff();
  const mine = asked;
  field("unknown").checked = false;
  try {
    const answer = await fetch(`/report?${new URLSearchParams({ estate: field("estate").value })}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== asked) return;
    const { origin } = JSON.parse(page.getElementById("map-frame").textContent);
    if (!origin) {
      const which = page.getElementById("which");
      $("#which").replaceChildren(...which.children);
      say($("#which").children.length ? texts.which_estate : texts.no_estate, true);
    } else {
      map?.setView([origin.lat, origin.lon], 17);
      say(texts.estate);
    }
  } catch {
    // The server looks it up once more when the form is sent.
  }
  look();
}

// What is typed as numbers is shown where that is the same as on the map.
function typedNumbers() {
  const [lon, lat] = [Number(field("lon").value), Number(field("lat").value)];
  const known = ["wgs84", "cgcs2000"].includes(field("coord_sys").value);
  if (!field("lon").value || !field("lat").value) return;
  field("unknown").checked = false;
  asked += 1;
  say("");
  if (known && Number.isFinite(lon) && Math.abs(lat) <= 90) {
    drawPin(lon, lat, Number(field("accuracy_m").value) || 0);
    map?.setView([lat, lon], Math.max(map.getZoom(), 16));
    tellGrid(lon, lat, "");
  }
  look();
}

const frame = read("map-frame");
if (window.L && frame.bounds) {
  $("#on-map").hidden = false;
  map = groundMap("map", frame);
  map.on("click", ({ latlng }) => put(latlng));
  if (frame.origin) {
    const { lon, lat } = frame.origin;
    map.setView([lat, lon], 17);
    if (frame.pinned) {
      drawPin(lon, lat, Number(field("accuracy_m").value) || 0);
      tellGrid(lon, lat, texts.pinned);
    }
  }
  if ("geolocation" in navigator) $("#locate").addEventListener("click", locate);
  else $("#locate").hidden = true;
}
field("estate").addEventListener("change", toEstate);
$("#which").addEventListener("change", (event) => {
  field("estate").value = event.target.value;
  toEstate({ chosen: true });
});
for (const name of ["lon", "lat", "coord_sys", "accuracy_m"]) {
  field(name).addEventListener("change", typedNumbers);
}
field("unknown").addEventListener("change", () => {
  if (!field("unknown").checked) return;
  takeOff();
  field("estate").value = "";
  $("#which").replaceChildren();
  say(texts.unknown);
  look();
});

// -- photos ------------------------------------------------------------------------------

const photos = field("photo");
photos.addEventListener("change", () => {
  const files = [...photos.files];
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  const many = files.length > Number(photos.dataset.most);
  // Some room is for the words beside them.
  const large = bytes > Number(photos.dataset.bytes) - 100_000;
  const told = many ? texts.too_many : large ? texts.too_large : "";
  photos.setCustomValidity(told);
  $("#photos-told").textContent = told;
});

// -- where it would go -------------------------------------------------------------------

const preview = $("#preview");
let turn = 0;
let waiting = 0;

async function ask() {
  const mine = ++turn;
  const said = new FormData(form);
  said.delete("photo");
  said.set("do", "preview");
  try {
    const answer = await fetch(form.action, { method: "POST", body: said });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== turn) return;
    const found = page.getElementById("preview");
    const told = [...page.querySelectorAll("main [role=alert]")];
    for (const one of told) {
      one.removeAttribute("role");
      // What they lead to is not on this page.
      for (const link of one.querySelectorAll("a")) link.replaceWith(link.textContent);
    }
    preview.replaceChildren(...(told.length ? told : (found?.children ?? [])));
  } catch {
    // The button shows it by loading the page.
  }
}

// As soon as it is said what and where; not with every letter.
function look() {
  if (!preview) return;
  window.clearTimeout(waiting);
  const where = (field("lon").value && field("lat").value) || field("estate").value || field("unknown").checked;
  if (!where || !$("[name=item]:checked", form)) return;
  waiting = window.setTimeout(ask, 300);
}

if (preview) {
  form.addEventListener("change", (event) => {
    if (["item", "received_at"].includes(event.target.name)) look();
  });
  $("[name=do]", form).addEventListener("click", (event) => {
    event.preventDefault();
    ask().then(() => preview.scrollIntoView({ block: "nearest" }));
  });
  look();
}

// -- sent once ---------------------------------------------------------------------------

// How long a report may be on its way before it can be sent anew.
const PATIENCE_MS = 20_000;
const send = $(".send button:not([name])", form);
const toSend = send.textContent;
let slow = 0;

function release(said = toSend) {
  window.clearTimeout(slow);
  send.disabled = false;
  send.textContent = said;
}

form.addEventListener("submit", (event) => {
  if (event.submitter?.name === "do") return;
  // Now, and it would not be sent; the key makes one report of two all the same.
  window.setTimeout(() => { send.disabled = true; send.textContent = texts.sending; });
  window.clearTimeout(slow);
  slow = window.setTimeout(() => release(texts.slow), PATIENCE_MS);
});
// Stopped by its sender, or given up by the browser: what was typed and chosen is all there.
window.navigation?.addEventListener("navigateerror", () => release());

// The answer to a report that was taken names its form.
const taken = () => document.cookie.split("; ").includes(`gridmap_taken=${form.dataset.mark}`);
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  // Brought back by the browser as it was left: what was taken begins anew, the rest stays typed.
  if (taken()) location.reload();
  else release();
});
$("#refused a")?.focus();
