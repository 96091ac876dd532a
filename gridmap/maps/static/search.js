/* One search field over areas (code, name) and places. */
(function () {
  "use strict";

  const el = gridmap.el;
  const root = document.getElementById("gm-search");
  const entries = [];
  const MOST = 8;

  const field = el("input", { type: "search", id: "gm-search-field", role: "combobox", autocomplete: "off", spellcheck: "false", "aria-expanded": "false", "aria-controls": "gm-search-results", "aria-autocomplete": "list" });
  const results = el("ul", { class: "gm-results", id: "gm-search-results", role: "listbox", hidden: true });
  root.append(field, results);
  gridmap.onLanguage(() => {
    field.placeholder = gridmap.t("map.search.placeholder");
    field.setAttribute("aria-label", gridmap.t("map.search.placeholder"));
    results.setAttribute("aria-label", gridmap.t("map.search.results"));
  });

  let found = [];
  let active = -1;

  function fold(text) {
    return (text || "").toLowerCase().normalize("NFKC").replace(/\s+/g, "");
  }

  /** Entries that hold every character run asked for; beginnings first, coarse before fine. */
  function match(query) {
    const wanted = fold(query);
    if (!wanted) return [];
    const scored = [];
    entries.forEach((entry, order) => {
      const at = Math.min(...entry.keys.map((key) => (key.includes(wanted) ? key.indexOf(wanted) : Infinity)));
      if (at < Infinity) scored.push({ entry, score: (at ? 1 : 0) * 1e6 + order });
    });
    return scored.sort((a, b) => a.score - b.score).slice(0, MOST).map((s) => s.entry);
  }

  function show() {
    found = match(field.value);
    active = found.length ? 0 : -1;
    const asked = fold(field.value) !== "";
    results.replaceChildren(
      ...found.map((entry, k) =>
        el("li", { role: "option", id: "gm-hit-" + k, onmousedown: (event) => { event.preventDefault(); choose(k); } },
          el("span", { text: entry.title() }), el("small", { text: entry.note() }))),
      ...(asked && !found.length ? [el("li", { class: "gm-none", text: gridmap.t("map.search.none") })] : []),
    );
    results.hidden = !asked;
    field.setAttribute("aria-expanded", String(asked));
    mark();
  }

  function mark() {
    [...results.children].forEach((node, k) => node.setAttribute("aria-selected", String(k === active)));
    if (active >= 0) field.setAttribute("aria-activedescendant", "gm-hit-" + active);
    else field.removeAttribute("aria-activedescendant");
  }

  function choose(k) {
    const entry = found[k];
    if (!entry) return;
    field.value = entry.title();
    hide();
    field.blur();
    entry.go();
  }

  function hide() {
    results.hidden = true;
    field.setAttribute("aria-expanded", "false");
  }

  field.addEventListener("input", show);
  field.addEventListener("focus", () => field.value && show());
  field.addEventListener("blur", hide);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
    else if (event.key === "Enter") choose(active);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!found.length) return;
      active = (active + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length;
      mark();
      event.preventDefault();
    }
  });

  gridmap.search = {
    /** {keys: [text], title(), note(), go()} */
    add(entry) {
      entries.push({ ...entry, keys: entry.keys.filter(Boolean).map(fold) });
    },
    areas(view) {
      const a = view.areas;
      for (let i = 0; i < a.size; i++) {
        this.add({
          keys: [a.code[i], a.name[i], a.nameEn[i]],
          title: () => a.title(i),
          note: () => view.levelName(a.rank[i]) + " " + a.code[i],
          go: () => view.select(i),
        });
      }
    },
  };
})();
