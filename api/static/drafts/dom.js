// What all parts of the editor use: its texts, its frame, elements made of text nodes, numbers.

const read = (id) => JSON.parse(document.getElementById(id).textContent);

export const frame = read("frame");
export const record = read("draft");
const texts = read("texts");
const english = frame.lang === "en";

/** A text in the language of the page, with its placeholders filled. */
export function t(key, values = {}) {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** True for a key that has a text. */
export const known = (key) => key in texts;

/** An element: attributes, `text`, handlers (`onclick`), and children; nothing is read as HTML. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "text") made.textContent = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export const $ = (query, within = document) => within.querySelector(query);
export const $$ = (query, within = document) => [...within.querySelectorAll(query)];

/** Where a part of the panel is filled. */
export const place = (name) => $(`[data-fill="${name}"]`);

const shapes = new Map();

/** A number with separators, and as many decimals as are told. */
export function number(value, digits = 0) {
  if (value === null || value === undefined || !Number.isFinite(Number(value))) return "–";
  if (!shapes.has(digits)) shapes.set(digits, new Intl.NumberFormat(english ? "en" : "zh-CN", { maximumFractionDigits: digits, minimumFractionDigits: digits }));
  return shapes.get(digits).format(value);
}

export const percent = (value) => (value === null || value === undefined ? "–" : number(100 * value, 1) + "%");

/** The name in the language of the page; the code where there is none. */
export const called = (one) => (english && one.name_en) || one.name || one.code;

export const levelName = (name) => frame.levels[name] ?? (known("editor.level." + name) ? t("editor.level." + name) : name);

/** A moment of the site, which is told with its offset, as people write it. */
export const moment = (text) => String(text).slice(0, 16).replace("T", " ");

/** Pairs of label and value. */
export function pairs(rows) {
  return el("dl", { class: "pairs" }, ...rows.flatMap(([label, value]) => [el("dt", { text: label }), el("dd", { text: value })]));
}

/** What a form holds, blanks cut, empty fields left out. */
export function filled(form, ...names) {
  return Object.fromEntries(names.map((name) => [name, form.elements.namedItem(name).value.trim()]).filter(([, value]) => value));
}

/** Opens the part of the panel that an element is in. */
export function opened(element) {
  const box = element.closest("details.box");
  if (box) box.open = true;
  return element;
}
