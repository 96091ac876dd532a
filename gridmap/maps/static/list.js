/* The list beside the map: categories to switch, and the places in the window. */
(function () {
  "use strict";

  const el = gridmap.el;
  const PAGE = 40;

  gridmap.list = function (places) {
    const root = document.getElementById("gm-list");
    const chips = el("div", { class: "gm-chips", role: "group" });
    const count = el("p", { class: "gm-count", role: "status" });
    const items = el("ol", { class: "gm-items" });
    const more = el("button", { type: "button", class: "gm-more" });
    root.append(chips, count, items, more);
    let limit = PAGE;
    let last = "";

    const every = el("button", { type: "button", class: "gm-chip-all" });
    const buttons = places.categories.map((category, c) => {
      const name = el("span");
      const number = el("small", { text: places.all.filter((p) => p.c === c).length });
      const node = el("button", { type: "button", class: "gm-chip-category", onclick: () => places.toggle(c, !places.on.has(c)) }, places.mark(c), name, number);
      return { node, name };
    });
    every.addEventListener("click", () => {
      const all = places.on.size === places.categories.length;
      places.categories.forEach((_, c) => (all ? places.on.delete(c) : places.on.add(c)));
      places.draw();
      gridmap.changed();
    });
    const titles = places.groups.map((group) => {
      const own = buttons.filter((_, c) => places.categories[c].group === group.key);
      const name = el("button", { type: "button", class: "gm-chip-group" });
      const members = () => [...places.categories.keys()].filter((c) => places.categories[c].group === group.key);
      name.addEventListener("click", () => {
        const all = members().every((c) => places.on.has(c));
        members().forEach((c) => (all ? places.on.delete(c) : places.on.add(c)));
        places.draw();
        gridmap.changed();
      });
      return { group, name, box: el("div", { class: "gm-chip-row", role: "group" }, name, ...own.map((b) => b.node)) };
    });
    const loose = buttons.filter((_, c) => !titles.some((t) => t.group.key === places.categories[c].group));
    chips.append(every, ...titles.map((t) => t.box), ...loose.map((b) => b.node));
    more.addEventListener("click", () => {
      limit += PAGE;
      refresh();
    });

    function refresh() {
      chips.setAttribute("aria-label", gridmap.t("map.list.categories"));
      const all = places.on.size === places.categories.length;
      every.textContent = gridmap.t(all ? "map.list.none" : "map.list.all");
      titles.forEach(({ group, name, box }) => {
        name.textContent = gridmap.pick(group.zh, group.en);
        box.setAttribute("aria-label", name.textContent);
      });
      buttons.forEach((b, c) => {
        b.name.textContent = places.categoryName(c);
        b.node.setAttribute("aria-pressed", String(places.on.has(c)));
      });
      const seen = places.inView();
      const key = [...places.on].join() + places.map.getBounds().toBBoxString();
      if (key !== last) limit = PAGE;
      last = key;
      count.textContent = gridmap.t("map.list.count", { n: gridmap.number(seen.length), all: gridmap.number(places.all.length) });
      if (places.unplaced) count.append(" · " + gridmap.t("map.list.unplaced", { n: gridmap.number(places.unplaced) }));
      if (places.photosLeft) count.append(" · " + gridmap.t("map.list.photos_left", { n: gridmap.number(places.photosLeft) }));
      seen.sort((a, b) => a.c - b.c || a.i - b.i);
      items.replaceChildren(...seen.slice(0, limit).map(item));
      if (!seen.length) items.append(el("li", { class: "gm-none", text: gridmap.t("map.list.empty") }));
      more.hidden = seen.length <= limit;
      more.textContent = gridmap.t("map.list.more", { n: gridmap.number(seen.length - limit) });
    }

    function item(place) {
      const name = gridmap.pick(place.zh, place.en);
      const line = (text, css) => (text ? el("p", { class: css, text }) : null);
      return el("li", { class: place.i === places.chosen ? "gm-item gm-item-chosen" : "gm-item" },
        places.mark(place.c),
        el("div", {},
          el("button", { type: "button", class: "gm-item-name", text: name, onclick: () => show(place) }),
          line(gridmap.pick(place.address, place.addressEn)),
          line(place.hours, "gm-item-hours"),
          ...(place.closed || []).map((days) => line(gridmap.t("map.place.closed") + " " + days, "gm-item-closed")),
          line(gridmap.pick(place.special, place.specialEn), "gm-item-special"),
          place.phone ? el("p", {}, gridmap.phoneLink(place.phone)) : null,
        ),
      );
    }

    function show(place) {
      if (gridmap.phone.matches) document.querySelector(".gm-stage").scrollIntoView({ block: "start" });
      places.choose(place, true);
    }

    places.listeners.push(refresh);
    gridmap.onLanguage(refresh);
  };
})();
