/* Houses and estates: the last steps on the way down. */
(function () {
  "use strict";

  const el = gridmap.el;
  const FROM_ZOOM = 15.5;

  class Houses {
    constructor(map, data) {
      this.map = map;
      this.data = data;
      this.rings = data.rings.map((parts) => parts.map((ring) => gridmap.decodePath(ring, data.origin)));
      this.boxes = this.rings.map((parts) => L.latLngBounds(parts.flat()));
      this.inArea = new Map();
      data.area.forEach((i, k) => { if (i >= 0) this.inArea.set(i, [...(this.inArea.get(i) || []), k]); });
      this.on = true;
      this.drawn = L.polygon([], { renderer: gridmap.renderer(map, "over"), interactive: false, color: "#7b7466", weight: 0.8, fillColor: "#6d675c", fillOpacity: 0.3, smoothFactor: 0 });
      this.row = gridmap.panel.layer({
        id: "buildings", key: "map.layer.buildings", order: 80, swatch: "box", style: { background: "#6d675c55" }, on: true,
        toggle: (on) => { this.on = on; this.draw(); },
        hint: () => (map.getZoom() < FROM_ZOOM ? gridmap.t("map.layer.zoom_in") : gridmap.number(this.rings.length)),
      });
      map.on("moveend zoomend resize", () => this.draw());
      gridmap.clicks.push((latlng) => this.click(latlng));
      gridmap.extras.push((i) => this.listOf(i));
      this.rings.forEach((_, k) => gridmap.search.add({
        keys: [this.code(k), data.name[k], data.nameEn && data.nameEn[k]],
        title: () => this.title(k), note: () => gridmap.t("map.building.word"), go: () => this.open(k, true),
      }));
      this.draw();
    }

    code(k) {
      return this.data.prefix + this.data.code[k];
    }

    title(k) {
      return gridmap.pick(this.data.name[k], this.data.nameEn && this.data.nameEn[k]) || this.code(k);
    }

    draw() {
      this.row.refresh();
      if (!this.on || this.map.getZoom() < FROM_ZOOM) return void this.drawn.remove();
      const view = this.map.getBounds().pad(0.3);
      this.drawn.setLatLngs(this.rings.filter((_, k) => view.intersects(this.boxes[k])));
      this.drawn.addTo(this.map);
    }

    /** A click on a house that is drawn is about the house. */
    click(latlng) {
      if (!this.on || this.map.getZoom() < FROM_ZOOM) return false;
      const k = this.boxes.findIndex((box, n) => box.contains(latlng) && this.rings[n].some((ring) => gridmap.inRing(ring, latlng)));
      if (k < 0) return false;
      this.open(k, false, latlng);
      return true;
    }

    open(k, go, latlng) {
      const middle = this.boxes[k].getCenter();
      if (go) this.map.setView(middle, Math.max(this.map.getZoom(), 17.5), { animate: false });
      gridmap.panel.close();
      gridmap.popup(this.map, latlng || middle, () => this.card(k), {}, { building: this.code(k) });
      gridmap.view.outlineRings("chosen", this.rings[k]);
    }

    addressed(code) {
      if (!code.startsWith(this.data.prefix)) return -1;
      return this.data.code.indexOf(code.slice(this.data.prefix.length));
    }

    card(k) {
      const facts = el("dl", { class: "gm-card-facts" });
      const add = (key, value) => value && facts.append(el("dt", { text: gridmap.t(key) }), el("dd", {}, value));
      const i = this.data.area[k];
      add("map.card.code", this.code(k));
      if (i >= 0) add("map.card.within", el("span", { class: "gm-chain" }, gridmap.view.chainLinks(i), gridmap.view.areas.chain(i).length ? " › " : "", gridmap.view.goTo(i)));
      return el("article", { class: "gm-card" },
        el("header", {}, el("span", { class: "gm-level", text: gridmap.t("map.building.word") })),
        el("h3", { "aria-level": 2, text: this.title(k) }), facts,
        ...(gridmap.houseExtras || []).map((make) => make(this.code(k))),
        i >= 0 ? gridmap.people(gridmap.view.details[i]) : null);
    }

    listOf(i) {
      const found = this.inArea.get(i);
      if (!found) return null;
      return el("details", { class: "gm-parts" },
        el("summary", { text: gridmap.t("map.card.buildings", { n: gridmap.number(found.length) }) }),
        el("div", { class: "gm-part-list" }, ...found.map((k) => el("button", { type: "button", class: "gm-go", text: this.title(k), onclick: () => this.open(k, true) }))));
    }
  }

  class Estates {
    constructor(map, data) {
      this.map = map;
      this.all = data.estates.map((one) => ({ ...one, rings: one.rings.map((ring) => gridmap.decodePath(ring, data.origin)) }));
      const group = L.layerGroup([L.polygon(this.all.map((one) => one.rings), { renderer: gridmap.renderer(map, "over"), interactive: false, fill: false, color: "#8a5a12", weight: 1.4, dashArray: "5 3", smoothFactor: 0.5 })]);
      gridmap.panel.layer({
        id: "estates", key: "map.layer.estates", order: 70, swatch: "line", style: { borderTop: "2px dashed #8a5a12" }, on: false,
        toggle: (on) => (on ? group.addTo(map) : group.remove()), hint: () => gridmap.number(this.all.length),
      });
      gridmap.extras.push((i) => this.listOf(i));
      this.all.forEach((one, k) => gridmap.search.add({
        keys: [one.id, one.zh, one.en], title: () => this.title(k), note: () => gridmap.t("map.estate.word"), go: () => this.open(k),
      }));
    }

    title(k) {
      return gridmap.pick(this.all[k].zh, this.all[k].en) || this.all[k].id;
    }

    inArea(i) {
      return this.all.flatMap((one, k) => (one.areas.includes(i) ? [k] : []));
    }

    buttons(found) {
      return el("div", { class: "gm-part-list" }, ...found.map((k) => el("button", { type: "button", class: "gm-go", text: this.title(k), onclick: () => this.open(k) })));
    }

    listOf(i) {
      const found = this.inArea(i);
      if (!found.length) return null;
      return el("details", { class: "gm-parts" }, el("summary", { text: gridmap.t("map.card.estates", { n: gridmap.number(found.length) }) }), this.buttons(found));
    }

    open(k) {
      const one = this.all[k];
      const box = L.latLngBounds(one.rings.flat());
      gridmap.panel.close();
      this.map.fitBounds(box, { maxZoom: 17.5, animate: false, ...gridmap.room() });
      gridmap.popup(this.map, box.getCenter(), () => this.card(k), {}, { estate: one.id });
      gridmap.view.outlineRings("chosen", one.rings);
    }

    card(k) {
      const one = this.all[k];
      const facts = el("dl", { class: "gm-card-facts" });
      const add = (key, value) => value && facts.append(el("dt", { text: gridmap.t(key) }), el("dd", {}, value));
      add("map.card.code", one.id);
      add("map.estate.firm", gridmap.pick(one.firm, one.firmEn) || (one.managed ? "" : gridmap.t("map.estate.open")));
      const last = Math.max(...one.areas.map((i) => gridmap.view.areas.rank[i]), -1);
      const finest = one.areas.filter((i) => gridmap.view.areas.rank[i] === Math.min(last, gridmap.view.main));
      add("map.card.within", finest.length ? el("span", { class: "gm-chain" }, ...finest.flatMap((i, n) => [n ? "、" : "", gridmap.view.goTo(i)])) : null);
      return el("article", { class: "gm-card" },
        el("header", {}, el("span", { class: "gm-level", text: gridmap.t("map.estate.word") })), el("h3", { "aria-level": 2, text: this.title(k) }), facts);
    }
  }

  gridmap.addBuildings = function (map, data) {
    gridmap.houses = new Houses(map, data);
  };
  gridmap.addEstates = function (map, data) {
    gridmap.estates = new Estates(map, data);
  };
})();
