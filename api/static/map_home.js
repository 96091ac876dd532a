// The one map for staff: areas first, then what stands in them; each part is fetched by itself.

import { getJson } from "./asking.js";

(function () {
  const { el, t } = gridmap;
  const wrong = document.getElementById("map-wrong");
  const wait = document.getElementById("map-wait");
  let map = null;
  // What stands above the map, however many lines it takes, leaves it the rest of the window.
  const top = document.querySelector(".top");
  const fit = () => document.documentElement.style.setProperty("--map-top", top.offsetHeight + "px");
  window.addEventListener("resize", fit);
  fit();

  const { edition } = document.getElementById("map-home").dataset;

  /** A part that names areas by their place in the page's edition: in another they are others. */
  async function ofEdition(address) {
    const kept = await getJson(address);
    if (kept.edition === edition) return kept;
    // The browser may have kept it from before a publication.
    const fresh = await getJson(address, { cache: "reload" });
    if (fresh.edition === edition) return fresh;
    throw Object.assign(new Error(t("map.one.changed")), { anew: true });
  }

  // A code may hold slashes, dots and Chinese.
  function path(...parts) {
    return parts.map(encodeURIComponent).join("/");
  }

  function failed(error, again) {
    wait.hidden = true;
    wrong.replaceChildren(
      el("span", { text: t("map.one.failed") + " " + error.message }),
      el("button", { type: "button", text: t("map.one.again"), onclick: () => { wrong.hidden = true; again(); } }),
    );
    wrong.hidden = false;
  }

  async function begin() {
    wait.hidden = false;
    // Asked for at once, and waited for by nobody: areas are drawn before they are coloured.
    const colours = ofEdition("/map/figures.json");
    colours.catch(() => {});
    try {
      open(await ofEdition("/map/district.json"));
    } catch (error) {
      return failed(error, () => (error.anew ? location.reload() : begin()));
    }
    wait.hidden = true;
    const done = await Promise.all([
      part(colours, coloured),
      part(ofEdition("/map/points.json"), points),
      part(getJson("/map/orders.json"), orders),
      part(ofEdition("/map/buildings.json"), houses),
    ]);
    if (gridmap.places) gridmap.ready();
    if (done.every(Boolean)) document.getElementById("map-home").dataset.ready = "yes";
    part(ofEdition("/map/figures.json?shares=true"), (more) => more.fills.length && gridmap.view.fill.extend(more.fills));
  }

  async function part(asked, draw) {
    try {
      draw(await asked);
      return true;
    } catch (error) {
      failed(error, () => location.reload());
      return false;
    }
  }

  function coloured(figures) {
    gridmap.view.fill.extend(figures.fills);
    performance.mark("map-drawn");
  }

  function open(district) {
    if (!map) map = gridmap.open("map", { bounds: district.bounds, maxZoomLevel: 19 });
    gridmap.addAreas(map, district.areas);
    if (district.ground) gridmap.addGround(map, district.ground);
    gridmap.counts.push(areaPart);
    gridmap.houseExtras = [housePart];
  }

  // -- places, bodies, people ---------------------------------------------------------------

  function points(data) {
    gridmap.view.details = data.people;
    // Hundreds of pins would hide the cases: all kinds are off until they are asked for.
    data.places.categories.forEach((category) => { category.off = true; });
    gridmap.addEstates(map, data.estates);
    gridmap.addPlaces(map, data.places);
    kinds(data.groups);
    posts();
    toScope(data.scope);
  }

  /** Where the reader's role holds is shown first. */
  function toScope(scope) {
    if (!scope.length || location.hash.length > 1) return;
    const { areas } = gridmap.view;
    const own = scope.map(([level, code]) => gridmap.view.addressed(level + ":" + code)).filter((i) => i >= 0 && areas.rings[i].length);
    if (!own.length) return;
    const box = own.reduce((all, i) => all.extend(areas.box(i)), L.latLngBounds([]));
    map.fitBounds(box, { animate: false, ...gridmap.room() });
  }

  /** The kinds of places and bodies, group by group, in the panel. */
  function kinds(groups) {
    const { places } = gridmap;
    const counts = places.categories.map((_, c) => places.all.filter((place) => place.c === c).length);
    const boxes = [];
    gridmap.panel.section(() => {
      boxes.length = 0;
      const titles = [...Object.entries(groups), ["", [t("map.one.services"), t("map.one.services")]]];
      return titles.flatMap(([key, [zh, en]]) => {
        const own = places.categories.map((category, c) => ({ category, c })).filter(({ category }) => (category.group || "") === key);
        if (!own.length) return [];
        return [el("details", { class: "map-group" }, el("summary", { text: gridmap.pick(zh, en) }),
          el("div", { class: "map-kinds" }, ...own.map(({ c }) => {
            const box = el("input", { type: "checkbox", onchange: () => places.toggle(c, box.checked) });
            boxes[c] = box;
            box.checked = places.on.has(c);
            return el("label", {}, box, places.mark(c), el("span", { text: places.categoryName(c) }), el("small", { text: gridmap.number(counts[c]) }));
          })))];
      });
    });
    places.listeners.push(() => boxes.forEach((box, c) => { box.checked = places.on.has(c); }));
  }

  /** Areas with who is on duty there, and those where nobody is. */
  function posts() {
    const group = L.layerGroup();
    const { view } = gridmap;
    const row = gridmap.panel.layer({
      id: "posts", key: "map.one.posts", order: 62, swatch: "box", style: { background: "#1c5d88" }, on: false,
      toggle: (on) => { if (on) group.addTo(map); else group.remove(); draw(); },
    });
    function draw() {
      group.clearLayers();
      if (!map.hasLayer(group)) return;
      const seen = map.getBounds();
      const taken = [];
      const rank = Math.min(view.activeRank(), view.main);
      for (const i of view.areas.ofRank[rank]) {
        const spot = view.areas.label[i];
        if (!spot || !seen.contains([spot[1], spot[0]])) continue;
        const at = map.latLngToLayerPoint([spot[1], spot[0]]);
        const box = { x0: at.x - 12, x1: at.x + 12, y0: at.y - 12, y1: at.y + 12 };
        if (taken.some((other) => gridmap.overlap(box, other))) continue;
        taken.push(box);
        const people = view.details[i] || [];
        const name = view.areas.title(i) + " " + (people.length ? t("map.one.on_duty", { n: people.length }) : t("map.one.nobody"));
        const icon = L.divIcon({ className: "map-post" + (people.length ? "" : " map-post-none"), html: el("span", { text: people.length || "–" }), iconSize: [24, 24], iconAnchor: [12, -10] });
        L.marker([spot[1], spot[0]], { icon, title: name, keyboard: true }).on("click", () => view.select(i, L.latLng(spot[1], spot[0]))).addTo(group);
      }
    }
    map.on("moveend zoomend", draw);
    return row;
  }

  // -- open cases ---------------------------------------------------------------------------

  const CELL = 76;

  function orders(data) {
    const group = L.layerGroup().addTo(map);
    const all = data.number.map((number, k) => ({ k, number, latlng: L.latLng(data.y[k] / 1e6, data.x[k] / 1e6) }));
    const boxes = [];
    const { labels } = gridmap.view;
    labels.obstacles.push(() => (map.hasLayer(group) ? boxes : []));
    const title = (k) => gridmap.pick(data.items[data.item[k]].zh, data.items[data.item[k]].en) || t("map.one.no_item");
    document.getElementById("map-counts").textContent = t("map.one.open", { n: gridmap.number(data.total), late: gridmap.number(data.late) });
    gridmap.panel.layer({
      id: "cases", key: "map.one.cases", order: 30, swatch: "box", style: { background: "#394653", borderRadius: "50%", width: "14px", margin: "0 5px" }, on: true,
      toggle: (on) => (on ? group.addTo(map) : group.remove()),
      hint: () => {
        const [n, total] = [all.length, data.total].map(gridmap.number);
        return data.cut ? t("map.one.newest", { n, all: total }) : data.total > all.length ? t("map.one.placed", { n }) : total;
      },
    });

    function draw() {
      group.clearLayers();
      const seen = map.getBounds().pad(0.1);
      const cells = new Map();
      for (const one of all) {
        if (!seen.contains(one.latlng)) continue;
        const at = map.project(one.latlng);
        const key = Math.floor(at.x / CELL) + ":" + Math.floor(at.y / CELL);
        const cell = cells.get(key) || { x: 0, y: 0, late: 0, own: [] };
        cell.x += at.x;
        cell.y += at.y;
        cell.late += data.overdue[one.k];
        cell.own.push(one);
        cells.set(key, cell);
      }
      boxes.length = 0;
      for (const cell of apart([...cells.values()])) cluster(cell).addTo(group);
      map.fire("gm:relabel");
    }

    const sizeOf = (n) => (n === 1 ? 22 : Math.min(46, 24 + 7 * Math.log10(n)));

    /** Of clusters that would cover one another the larger takes the smaller in. */
    function apart(found) {
      const kept = [];
      for (const cell of found.sort((a, b) => b.own.length - a.own.length)) {
        const n = cell.own.length;
        const [x, y] = [cell.x / n, cell.y / n];
        const meets = (other) => Math.hypot(other.at.x - x, other.at.y - y) < (sizeOf(other.own.length) + sizeOf(n)) / 2;
        const host = kept.find(meets);
        if (!host) kept.push(Object.assign(cell, { at: L.point(x, y) }));
        else {
          host.own.push(...cell.own);
          host.late += cell.late;
        }
      }
      return kept;
    }

    function cluster(cell) {
      const n = cell.own.length;
      const size = sizeOf(n);
      const where = besideNames(map.unproject(cell.at), size);
      const name = n === 1 ? title(cell.own[0].k) : t("map.one.cluster", { n: gridmap.number(n), late: gridmap.number(cell.late) });
      const at = map.latLngToLayerPoint(where);
      boxes.push({ x0: at.x - size / 2, x1: at.x + size / 2, y0: at.y - size / 2, y1: at.y + size / 2 });
      const icon = L.divIcon({ className: "map-cluster" + (cell.late ? " map-cluster-late" : ""), html: el("span", { text: n === 1 ? t("map.one.mark") : gridmap.number(n) }), iconSize: [size, size] });
      return L.marker(where, { icon, title: name, keyboard: true, zIndexOffset: -500 }).on("click", () => look(cell, where));
    }

    /** A little below the name of a coarse area that a cluster would cover. */
    function besideNames(latlng, size) {
      const at = map.latLngToLayerPoint(latlng);
      const box = { x0: at.x - size / 2, x1: at.x + size / 2, y0: at.y - size / 2, y1: at.y + size / 2 };
      const name = labels.coarse.find((other) => gridmap.overlap(box, other));
      return name ? map.layerPointToLatLng([at.x, name.y1 + size / 2 + 3]) : latlng;
    }

    /** Into a cluster, or what it holds where that leads no further. */
    function look(cell, where) {
      const box = L.latLngBounds(cell.own.map((one) => one.latlng));
      const deep = map.getZoom() >= 18 || map.getBoundsZoom(box) - map.getZoom() < 0.5 && cell.own.length < 30;
      if (cell.own.length > 1 && !deep) return void map.fitBounds(box, { maxZoom: 18.5, animate: false, ...gridmap.room() });
      show(cell.own, where);
    }

    function show(own, where) {
      gridmap.panel.close();
      const what = own.length === 1 ? { case: String(own[0].number) } : {};
      gridmap.popup(map, where, () => card(own), { offset: [0, -8] }, what);
    }

    function card(own) {
      const line = ({ k, number }) => el("li", {},
        el("a", { href: "/orders/" + number, text: "#" + number + " " + title(k) }), " ",
        el("span", { text: t("page.order.state." + data.states[data.state[k]]) }), " ",
        data.overdue[k] ? el("span", { class: "map-late", text: t("map.one.late") }) : null);
      const more = own.length > 40 ? el("li", { text: t("map.one.and", { n: own.length - 40 }) }) : null;
      return el("article", { class: "gm-card" },
        el("header", {}, el("span", { class: "gm-level", text: t("map.one.case") })),
        el("h3", { "aria-level": 2, text: own.length === 1 ? title(own[0].k) : t("map.one.here", { n: own.length }) }),
        el("ul", { class: "map-list" }, ...own.slice(0, 40).map(line), more));
    }

    gridmap.opens = [(asked) => {
      const found = asked.get("case") && all.find((one) => String(one.number) === asked.get("case"));
      if (!found) return;
      map.setView(found.latlng, Math.max(map.getZoom(), 17), { animate: false });
      show([found], found.latlng);
    }];
    all.forEach((one) => gridmap.search.add({
      keys: ["#" + one.number], title: () => "#" + one.number + " " + title(one.k), note: () => t("map.one.case"),
      go: () => { map.setView(one.latlng, 17, { animate: false }); show([one], one.latlng); },
    }));
    // Before the names are placed, which keep clear of the cases.
    map.on("moveend zoomend", draw);
    draw();
  }

  function houses(data) {
    if (data.code.length) gridmap.addBuildings(map, data);
  }

  // -- panels -------------------------------------------------------------------------------

  /** A part of a card that is fetched when the card is opened. */
  function fetched(address, fill) {
    const box = el("div", { class: "map-fetched" }, el("p", { class: "gm-hint", text: t("map.one.wait") }));
    getJson(address)
      .then((body) => fill(box, body), (error) => box.replaceChildren(el("p", { class: "gm-hint", text: error.message })))
      .then(gridmap.grown);
    return box;
  }

  function facts(pairs) {
    const list = el("dl", { class: "gm-card-facts" });
    pairs.filter(([, value]) => value !== null && value !== undefined && value !== "")
      .forEach(([key, value]) => list.append(el("dt", { text: t(key) }), el("dd", {}, typeof value === "number" ? gridmap.number(value) : value)));
    return list;
  }

  function areaPart(i) {
    const { areas } = gridmap.view;
    const level = areas.levels[areas.rank[i]].name;
    const code = areas.code[i];
    return fetched("/map/areas/" + path(level, code), (box, body) => {
      // What the areas can be coloured by stands above already.
      const said = gridmap.view.fill.all.filter((one) => gridmap.view.fill.text(i, one)).map((one) => one.key);
      const places = body.places.map((one) => gridmap.pick(one.zh, one.en) + " " + gridmap.number(one.count)).join("、");
      box.replaceChildren(
        facts([["map.one.area_cases", body.orders], ["map.one.area_late", body.late], ["map.one.area_reports", said.includes("reports") ? null : body.reports],
          ["map.one.households", said.includes("households") ? null : body.households], ["map.one.places", places]]),
        body.inside ? "" : el("p", { class: "gm-hint", text: t("map.one.outside") }),
        el("p", { class: "map-links" },
          el("a", { href: "/orders?area=" + encodeURIComponent(level + ":" + code), text: t("map.one.to_cases") }),
          el("a", { href: "/api/areas/" + path(level, code) + "/history", text: t("map.one.to_history") }),
          el("a", { href: "/sheets/board/" + path(level, code), text: t("map.one.to_board") })));
    });
  }

  function housePart(code) {
    return fetched("/map/buildings/" + path(code), (box, body) => {
      box.replaceChildren(facts([["map.one.households", body.households]]), body.inside ? "" : el("p", { class: "gm-hint", text: t("map.one.outside") }));
    });
  }

  begin();
})();
