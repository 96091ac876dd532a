// The residents' page: spares reloads, draws the map, asks the device where it is.
// Everything it does can be done without it; addresses stay those of the plain page.

import { groundMap } from "./ground.js";

const read = (id) => {
  const island = document.getElementById(id);
  return island ? JSON.parse(island.textContent) : null;
};
const texts = read("texts") ?? {};
const $ = (query, within = document) => within.querySelector(query);

document.documentElement.classList.add("js");

// -- offline ---------------------------------------------------------------------------

// What is to be said above the page: one that failed to come, or another than was asked for.
let trouble = "";

function tellConnection() {
  const banner = $("#offline");
  const key = trouble || (navigator.onLine ? "" : "offline");
  banner.hidden = !key;
  banner.textContent = (texts[key] ?? "").replace("{time}", $("#as-of").textContent);
}

function say(what) {
  trouble = what;
  tellConnection();
}

// Pages name the address that they answer. What the worker kept of another may stand in for one.
const answered = (page) => $("[data-answers]", page)?.dataset.answers ?? null;

function asksFor(address) {
  const { pathname, searchParams } = new URL(address, location.href);
  searchParams.sort();
  return `${pathname}?${searchParams}`;
}

const standsIn = (page, address) => {
  const own = answered(page);
  return own !== null && asksFor(own) !== asksFor(address);
};

// Minutes from another spot than the one in the address are no minutes.
function withoutWalk(place, address) {
  const own = new URL(place.dataset.answers ?? address, location.href).searchParams;
  const asked = new URL(address, location.href).searchParams;
  if (["near", "estate"].every((name) => own.get(name) === asked.get(name))) return;
  $(".reach", place)?.remove();
}

// What was kept of a place may be of another time than the list beneath it.
function tellAge(place, page, address) {
  if (navigator.onLine && !standsIn(page, address)) return;
  const note = document.createElement("p");
  note.className = "offline";
  note.textContent = (texts.offline ?? "").replace("{time}", $("#as-of", page).textContent);
  place.prepend(note);
}

// What failed to come is no trouble any more once something comes.
const reached = () => say(trouble === "failed" ? "" : trouble);

// Where another page stands in for the one that was asked for, that one is asked for again. Not
// beneath a place that is being read, nor over what is being typed.
async function online(tries = 3) {
  $("#sheet .offline")?.remove();
  const form = $("#filters");
  if (trouble !== "other" || !wanted || sheetKept || asksFor(address(form)) !== asksFor(listed)) {
    say("");
    return;
  }
  await show(wanted, { keep: bare(wanted) === bare(location.href) });
  // A network is said to be there before it carries anything.
  if (trouble === "other" && tries > 1) {
    window.setTimeout(() => navigator.onLine && trouble === "other" && online(tries - 1), 2000);
  }
}

window.addEventListener("online", () => online());
window.addEventListener("offline", tellConnection);
if ("serviceWorker" in navigator) {
  navigator.serviceWorker.register("/sw.js").catch(() => {
    // Without a worker the page is as good, as long as there is a connection.
  });
}

// -- the page changes without being loaded anew ----------------------------------------

// The last thing that was asked for counts: answers that come after that change nothing.
let turn = 0;

function next() {
  $("#page").removeAttribute("aria-busy");
  return ++turn;
}

const bare = (address) => new URL(address, location.href).href.replace(/#.*/, "");
// What the page shows beneath a sheet.
let listed = bare(standsIn(document, location.href) ? answered(document) : location.href);
// What was asked for last, which may not have come; empty once the page is left for it.
let wanted = location.href;

async function show(address, { keep = false } = {}) {
  const mine = next();
  wanted = address;
  $("#page").setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { headers: { accept: "text/html" } });
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== turn) return;
    if (found.getElementById("place")) {
      // This list stood in for a place, which has a page of its own.
      wanted = "";
      if (bare(address) === bare(location.href)) location.reload();
      else location.href = address;
      return;
    }
    if (!found.getElementById("filters")) throw new Error(String(answer.status));
    swap(found);
    for (const link of document.querySelectorAll(".bar nav a")) {
      const other = $(`.bar nav a[lang="${link.lang}"], .bar nav a#${link.id || "none"}`, found);
      if (other) link.href = other.getAttribute("href");
    }
    // Without a connection it may be another list than the one that was asked for.
    const other = standsIn(found, address);
    const served = other ? answered(found) : address;
    listed = bare(served);
    if (!keep && listed !== bare(location.href)) history.pushState(null, "", served);
    fill(new URL(listed).searchParams);
    say(other ? "other" : "");
    ready();
  } catch {
    if (mine === turn) say("failed");
  } finally {
    if (mine === turn) $("#page").removeAttribute("aria-busy");
  }
}

// The heading stays and says something else: a new one would not be read out. What had the focus
// gives it to its like, else to what is new.
function swap(found) {
  const held = document.activeElement ?? document.body;
  const part = held.closest(".kinds, .more-help, #results");
  const before = document.querySelectorAll(".place").length;
  const rest = (page) => [...$("#results", page).children].filter((one) => !one.matches(".said"));
  $("#count").replaceChildren(...$("#count", found).childNodes);
  for (const one of rest(document)) one.remove();
  $("#results").append(...rest(found));
  for (const one of [".kinds", ".more-help", "#pins", "#map-frame", "#as-of"]) {
    $(one).replaceWith($(one, found));
  }
  if (!part || held.isConnected) return;
  const where = part.matches(".kinds") ? ".kinds a" : part.matches("#results") ? "#results a" : ".more-help a";
  const like = [...document.querySelectorAll(where)].find((one) => one.getAttribute("href") === held.getAttribute("href"));
  const more = held.matches(".more a") && document.querySelectorAll(".place .name")[before];
  (like ?? (more || $("#results"))).focus({ preventScroll: true });
}

function fill(query) {
  const form = $("#filters");
  for (const field of form.elements) {
    if (!field.name || field.name === "lang" || field.name === "big") continue;
    if (field.type === "checkbox") field.checked = query.get(field.name) === "1";
    else field.value = query.get(field.name) ?? "";
  }
}

function address(form) {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (value) query.set(name, value);
  }
  // An estate that is typed stands above where the device is.
  if (query.get("estate")) query.delete("near");
  return query.size ? `/services?${query}` : "/services";
}

function listen() {
  const form = $("#filters");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show(address(form));
  });
  form.addEventListener("change", (event) => {
    if (event.target.matches("input[type=checkbox], select")) show(address(form));
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    if (link.matches(".kinds a, .nothing a, .more a, .origin a")) {
      event.preventDefault();
      show(link.getAttribute("href"));
    } else if (link.matches(".name")) {
      event.preventDefault();
      open(link.getAttribute("href"));
    }
  });
  window.addEventListener("popstate", wentBack);
  $("#show-map").addEventListener("click", turnMap);
  const locate = $("#locate");
  if ("geolocation" in navigator) {
    locate.hidden = false;
    locate.addEventListener("click", find);
  }
  const sheet = $("#sheet");
  $(".close", sheet).addEventListener("click", () => sheet.close());
  sheet.addEventListener("click", (event) => {
    if (event.target === sheet) sheet.close();
  });
  sheet.addEventListener("close", () => {
    if (!sheetKept) return;
    next();
    sheetKept = false;
    leaving = true;
    history.back();
  });
}

// A sheet has an entry of the history: going back closes it, and the list is as it was.
let sheetKept = false;
let leaving = false;

function wentBack(event) {
  next();
  if (event.state?.sheet) {
    leaving = false;
    sheetKept = true;
    open(location.href);
    return;
  }
  leaving = sheetKept = false;
  $("#sheet").close();
  // Several steps at once lead to a list that is not the one beneath the sheet.
  if (bare(location.href) !== listed) show(location.href, { keep: true });
}

// What the button says while nothing is being looked for, and the last press, which counts.
const toLocate = $("#locate span")?.textContent;
let sought = 0;

function find() {
  const mine = ++sought;
  const label = $("#locate span");
  label.textContent = texts.locating;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      if (mine !== sought) return;
      label.textContent = toLocate;
      const form = $("#filters");
      // Five digits are a metre: more would tell more than is needed.
      form.elements.near.value = `${coords.longitude.toFixed(5)},${coords.latitude.toFixed(5)}`;
      form.elements.estate.value = "";
      // Who reads about a place meanwhile is not taken away from it.
      if (!sheetKept) show(address(form));
    },
    () => {
      if (mine !== sought) return;
      label.textContent = texts.no_position;
      $("#filters").elements.estate.focus();
    },
    { enableHighAccuracy: true, timeout: 10000, maximumAge: 60000 },
  );
}

async function open(href) {
  // A list that is still on its way is given up: the form says what is shown.
  if ($("#page").hasAttribute("aria-busy")) fill(new URL(listed).searchParams);
  const mine = next();
  try {
    const answer = await fetch(href, { headers: { accept: "text/html" } });
    const found = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== turn) return;
    const place = found.getElementById("place");
    if (!place) throw new Error(String(answer.status));
    withoutWalk(place, href);
    tellAge(place, found, href);
    $("#sheet-body").replaceChildren(place);
    const heading = $("h1", place);
    heading.id = "sheet-title";
    $("#sheet").setAttribute("aria-labelledby", "sheet-title");
    if (!$("#sheet").open) $("#sheet").showModal();
    $("#sheet-body").scrollTop = 0;
    // The address is that of the place: it can be shared, and loaded anew.
    history[sheetKept ? "replaceState" : "pushState"]({ sheet: true }, "", href);
    sheetKept = true;
    reached();
  } catch {
    if (mine === turn) location.href = href;
  }
}

// -- the map ---------------------------------------------------------------------------

let map = null;
let pins = null;
let marks = new Map();
let drawn = [];

function draw() {
  if (!window.L || map || $("#mapbox").offsetParent === null) return;
  map = groundMap("map", read("map-frame"));
  pins = window.L.layerGroup().addTo(map);
  map.on("zoomend", thin);
  place();
}

function place() {
  if (!map) return;
  pins.clearLayers();
  marks = new Map();
  drawn = [];
  const spots = [];
  for (const [code, name, lon, lat, mark, colour, state] of read("pins")) {
    const glyph = document.createElement("span");
    glyph.className = `gm-pin ${state}`;
    glyph.style.setProperty("--pin", colour);
    glyph.textContent = mark;
    const icon = window.L.divIcon({ className: "", html: glyph, iconSize: [28, 28] });
    const pin = window.L.marker([lat, lon], { icon, title: name, alt: name, keyboard: false });
    pin.on("click", () => chosen(code));
    pin.addTo(pins);
    marks.set(code, glyph);
    drawn.push({ pin, glyph });
    spots.push([lat, lon]);
  }
  const { origin } = read("map-frame");
  if (origin) {
    const icon = window.L.divIcon({ className: "gm-you", iconSize: [18, 18] });
    const you = [origin.lat, origin.lon];
    window.L.marker(you, { icon, title: texts.you, keyboard: false, zIndexOffset: 500 }).addTo(pins);
    spots.splice(12);
    spots.push(you);
  }
  if (spots.length) map.fitBounds(spots, { padding: [30, 30], maxZoom: 17 });
  thin();
}

// Pins that would cover another are dots until there is room; they can be pressed all the same.
function thin() {
  const taken = [];
  for (const { pin, glyph } of drawn) {
    const { x, y } = map.project(pin.getLatLng());
    const free = !taken.some((other) => Math.abs(other.x - x) < 30 && Math.abs(other.y - y) < 30);
    if (free) taken.push({ x, y });
    glyph.classList.toggle("dot", !free);
    pin.setZIndexOffset(free ? 200 : 0);
  }
}

function chosen(code) {
  const card = document.getElementById(`p-${code}`);
  if (!card) {
    const query = new URL(listed).searchParams;
    open(`/services/${encodeURIComponent(code)}${query.size ? `?${query}` : ""}`);
    return;
  }
  light(code);
  card.scrollIntoView({ block: "center", behavior: "smooth" });
}

function light(code) {
  for (const lit of document.querySelectorAll(".lit")) lit.classList.remove("lit");
  document.getElementById(`p-${code}`)?.classList.add("lit");
  marks.get(code)?.classList.add("lit");
}

// What the map's button says, and where the map is seen without being asked for.
function ready() {
  const button = $("#show-map");
  button.hidden = !window.L;
  const wide = window.matchMedia("(min-width: 62rem)").matches;
  if (wide) $("#mapbox").hidden = false;
  tellMap();
  for (const card of document.querySelectorAll(".place")) {
    card.addEventListener("mouseenter", () => light(card.id.slice(2)));
  }
  if (map) place();
  else draw();
}

function tellMap() {
  const shown = !$("#mapbox").hidden;
  $("#show-map").setAttribute("aria-expanded", String(shown));
  $("#show-map").textContent = shown ? texts.hide_map : texts.show_map;
}

function turnMap() {
  $("#mapbox").hidden = !$("#mapbox").hidden;
  tellMap();
  draw();
  map?.invalidateSize();
  if (!$("#mapbox").hidden) $("#mapbox").scrollIntoView({ block: "start" });
}

say($("#page") && standsIn(document, location.href) ? "other" : "");
if ($("#filters")) {
  listen();
  // Leaflet is deferred: it is there before modules run, or not at all.
  ready();
} else {
  withoutWalk($("#place"), location.href);
  // A place that was opened over a list, and loaded anew: going back, the list is another page.
  window.addEventListener("popstate", () => {
    if (bare(location.href) !== listed) location.reload();
  });
}
