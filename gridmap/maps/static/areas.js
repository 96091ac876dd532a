/* Areas on the map: fill by class, borders by level, pointing, clicking, the popup. */
(function () {
  "use strict";

  const el = gridmap.el;
  const LINES = [
    { color: "#2c3a48", weight: 2.6 },
    { color: "#43566a", weight: 1.5 },
    { color: "#5d6f80", weight: 1 },
    { color: "#93a0ac", weight: 0.55 },
  ];
  const OUTLINES = {
    hover: { weight: 2, color: "#12202e" },
    chosen: { weight: 3.5, color: "#d9480f" },
    covered: { weight: 3, color: "#7a1f3d", dashArray: "8 5" },
  };
  const KIND_COLOUR = "#5b2a86";

  class AreaView {
    constructor(map, data) {
      this.map = map;
      this.areas = new gridmap.Areas(data);
      this.details = data.details || {};
      const last = this.areas.levels.length - 1;
      this.main = data.fill ? data.fill.rank : data.mainRank ?? last;
      this.on = this.areas.levels.map(() => true);
      // Borders wait until their areas are wide enough; those of coloured areas never do.
      const always = data.fill || data.mainRank !== undefined ? this.main : 0;
      this.fromZoom = data.radius.map((radius, rank) => (rank <= always ? 0 : this.zoomFor(radius, 9)));
      this.namesFrom = data.radius.map((radius, rank) => (rank < 2 ? 0 : this.zoomFor(radius, 13)));
      this.drawGround();
      this.fill = new gridmap.Fill(this, data.fill, data.fills);
      this.fill.panel();
      this.drawKinds();
      this.drawBorders();
      this.labels = new gridmap.Labels(map, this.areas, (rank) => this.on[rank] && map.getZoom() >= Math.max(this.fromZoom[rank], this.namesFrom[rank]));
      this.listen();
      map.on("zoomend", () => this.restyle());
      this.restyle();
    }

    /** Zoom at which a circle of `radius` metres has that many pixels. */
    zoomFor(radius, pixels) {
      const lat = this.map.getCenter().lat;
      const world = 40075016.686 * Math.cos((lat * Math.PI) / 180);
      return Math.log2((world * pixels) / (256 * Math.max(radius, 1)));
    }

    drawGround() {
      const top = this.areas.ofRank[0].map((i) => this.areas.polygons(i)).flat();
      const renderer = gridmap.renderer(this.map, "under");
      L.polygon(top, { renderer, interactive: false, stroke: false, fillColor: "#f3f1ea", fillOpacity: 1 }).addTo(this.map);
    }

    drawKinds() {
      const special = [];
      const kinds = this.areas.kind;
      // The parts of an exclusive grid are exclusive too: the whole is drawn and counted once.
      kinds.forEach((kind, i) => kind === "exclusive" && kinds[this.areas.parent[i]] !== "exclusive" && special.push(i));
      if (!special.length) return;
      const group = L.layerGroup().addTo(this.map);
      const polygons = special.map((i) => this.areas.polygons(i)).flat();
      const shared = { interactive: false, smoothFactor: 0.4 };
      L.polygon(polygons, { ...shared, renderer: gridmap.renderer(this.map, "fill"), stroke: false, fillColor: gridmap.hatch(KIND_COLOUR), fillOpacity: 1 }).addTo(group);
      L.polygon(polygons, { ...shared, renderer: gridmap.renderer(this.map, "border"), fill: false, color: KIND_COLOUR, weight: 2.2 }).addTo(group);
      gridmap.panel.layer({
        id: "exclusive", key: "map.layer.exclusive", order: 40, swatch: "hatch", on: true,
        toggle: (on) => (on ? group.addTo(this.map) : group.remove()),
        hint: () => gridmap.number(special.length),
      });
    }

    drawBorders() {
      // A pale band under the coarsest borders keeps them clear of what they cross.
      const outer = this.areas.arcs.filter((_, k) => this.areas.arcRank[k] === 0);
      L.polyline(outer, { renderer: gridmap.renderer(this.map, "over"), interactive: false, color: "#ffffff", opacity: 0.7, weight: 6 }).addTo(this.map);
      this.lines = this.areas.levels.map((_, rank) => {
        const arcs = this.areas.arcs.filter((_, k) => this.areas.arcRank[k] === rank);
        return L.polyline(arcs, { renderer: gridmap.renderer(this.map, "border"), interactive: false, ...LINES[Math.min(rank, 3)], opacity: 1 });
      });
      this.switches = this.areas.levels.map((_, rank) => {
        const line = LINES[Math.min(rank, 3)];
        return gridmap.panel.layer({
          id: this.areas.levels[rank].name, name: () => this.levelName(rank), order: 10 + rank, swatch: "line", on: true,
          style: { borderTopColor: line.color, borderTopWidth: Math.max(1, line.weight) + "px" },
          toggle: (on) => { this.on[rank] = on; this.restyle(); this.map.fire("gm:relabel"); },
          hint: () => (this.map.getZoom() < this.fromZoom[rank] ? gridmap.t("map.layer.zoom_in") : gridmap.number(this.areas.ofRank[rank].length)),
        });
      });
    }

    levelName(rank) {
      return gridmap.pick(this.areas.levels[rank].zh, this.areas.levels[rank].en);
    }

    restyle() {
      const growth = Math.min(1.8, Math.max(0.75, 2 ** ((this.map.getZoom() - 13.5) * 0.28)));
      for (let rank = this.lines.length - 1; rank >= 0; rank--) {
        const line = this.lines[rank];
        const shown = this.on[rank] && this.map.getZoom() >= this.fromZoom[rank];
        if (!shown) line.remove();
        else line.setStyle({ weight: LINES[Math.min(rank, 3)].weight * growth }).addTo(this.map).bringToFront();
        this.switches[rank].refresh();
      }
    }

    /** Level that a click is about: the finest one drawn now. */
    activeRank() {
      for (let rank = this.lines.length - 1; rank > 0; rank--) {
        if (this.on[rank] && this.map.getZoom() >= this.fromZoom[rank]) return rank;
      }
      return 0;
    }

    find(latlng) {
      for (let rank = this.activeRank(); rank >= 0; rank--) {
        const found = this.areas.at(rank, latlng);
        if (found >= 0) return found;
      }
      return -1;
    }

    listen() {
      const tip = L.tooltip({ className: "gm-tip", direction: "top", offset: [0, -10], opacity: 1 });
      let last = -1;
      const leave = () => { last = -1; tip.remove(); this.outline("hover", -1); };
      this.map.on("mousemove", (event) => {
        if (gridmap.phone.matches || event.originalEvent.target.closest(".leaflet-marker-icon, .leaflet-popup")) return leave();
        const i = this.find(event.latlng);
        if (i < 0) return leave();
        if (i !== last) {
          last = i;
          this.outline("hover", i);
          tip.setContent(el("div", {}, el("b", { text: this.areas.title(i) }), this.fill.text(i) ? el("span", { text: this.fill.text(i) }) : null));
        }
        tip.setLatLng(event.latlng).addTo(this.map);
      });
      this.map.on("mouseout movestart zoomstart", leave);
      this.map.on("click", (event) => {
        const i = this.find(event.latlng);
        if (gridmap.clicks.some((take) => take(event.latlng))) return;
        if (i >= 0) this.select(i, event.latlng);
      });
      this.map.on("popupclose", () => this.outline("chosen", -1));
    }

    outline(role, i) {
      this.outlineRings(role, i < 0 ? null : this.areas.polygons(i));
    }

    outlineRings(role, rings) {
      this.marks = this.marks || {};
      if (this.marks[role]) this.marks[role].remove();
      if (!rings) return;
      this.marks[role] = L.polygon(rings, { ...OUTLINES[role], fill: false, interactive: false, renderer: gridmap.renderer(this.map, "mark") }).addTo(this.map);
    }

    /** How an area is named in an address: by its code, and its level where that is not enough. */
    address(i) {
      const a = this.areas;
      const code = a.code[i];
      return a.code.indexOf(code) === a.code.lastIndexOf(code) ? code : a.levels[a.rank[i]].name + ":" + code;
    }

    /** The area of such a name, or -1. */
    addressed(name) {
      const a = this.areas;
      const at = name.indexOf(":");
      const rank = a.levels.findIndex((level) => level.name === name.slice(0, Math.max(at, 0)));
      const found = rank < 0 ? -1 : a.ofRank[rank].find((i) => a.code[i] === name.slice(at + 1)) ?? -1;
      return found >= 0 ? found : a.code.indexOf(name);
    }

    /** Open the popup of an area; without a point, go there first. */
    select(i, latlng) {
      if (!latlng) {
        this.map.fitBounds(this.areas.box(i), { maxZoom: 17, animate: false, ...gridmap.room() });
        const [lng, lat] = this.areas.label[i] || [];
        latlng = lat === undefined ? this.areas.box(i).getCenter() : L.latLng(lat, lng);
      }
      gridmap.panel.close();
      gridmap.popup(this.map, latlng, () => this.card(i), {}, { area: this.address(i) });
      this.outline("chosen", i);
    }

    card(i) {
      const a = this.areas;
      const other = gridmap.pick(a.nameEn[i], a.name[i]);
      const kind = a.kind[i] === "basic" ? null : el("span", { class: "gm-kind gm-kind-" + (a.kind[i] === "exclusive" ? "exclusive" : "other"), text: gridmap.t("map.kind." + a.kind[i]) });
      const facts = el("dl", { class: "gm-card-facts" });
      const add = (key, value) => value && facts.append(el("dt", { text: gridmap.t(key) }), el("dd", {}, value));
      add("map.card.code", a.code[i]);
      add("map.card.within", this.chainLinks(i));
      for (const [name, text] of this.fill.facts(i)) facts.append(el("dt", { text: name }), el("dd", { text }));
      add("map.card.children", this.childrenText(i));
      return el("article", { class: "gm-card" },
        el("header", {}, el("span", { class: "gm-level", text: this.levelName(a.rank[i]) }), kind),
        el("h3", { "aria-level": 2, text: a.title(i) }),
        other && other !== a.title(i) ? el("p", { class: "gm-other", text: other }) : null,
        facts,
        ...gridmap.counts.map((make) => make(i)),
        gridmap.people(this.details[i]),
        ...gridmap.extras.map((make) => make(i)),
        this.childList(i),
      );
    }

    /** The way up: each ancestor can be gone to. */
    chainLinks(i) {
      const chain = this.areas.chain(i);
      if (!chain.length) return null;
      const parts = chain.flatMap((p, k) => [k ? " › " : "", this.goTo(p)]);
      return el("span", { class: "gm-chain" }, ...parts);
    }

    goTo(i, text) {
      return el("button", { type: "button", class: "gm-go", text: text || this.areas.title(i), onclick: () => this.select(i) });
    }

    childrenOf(i) {
      if (!this.children) {
        this.children = new Map();
        this.areas.parent.forEach((p, k) => { if (p >= 0) this.children.set(p, [...(this.children.get(p) || []), k]); });
      }
      return this.children.get(i) || [];
    }

    childrenText(i) {
      const found = this.childrenOf(i);
      if (!found.length) return "";
      return gridmap.t("map.card.child_count", { n: gridmap.number(found.length), level: this.levelName(this.areas.rank[found[0]]) });
    }

    /** The way down: the parts of an area, each to be gone to. */
    childList(i) {
      const found = this.childrenOf(i);
      if (!found.length) return null;
      return el("details", { class: "gm-parts" },
        el("summary", { text: gridmap.t("map.card.parts") }),
        el("div", { class: "gm-part-list" }, ...found.map((k) => this.goTo(k, this.areas.shortTitle(k)))));
    }
  }

  /** Staff of an area: role, the estate it is for, name where it may be shown, phone to tap. */
  gridmap.people = function (people) {
    if (!people || !people.length) return null;
    return el("ul", { class: "gm-people" }, ...people.map((person) =>
      el("li", {},
        el("span", { class: "gm-role", text: gridmap.pick(person.role, person.roleEn) }),
        person.of ? el("span", { text: gridmap.pick(person.of, person.ofEn) }) : null,
        person.name ? el("span", { text: person.name }) : null,
        gridmap.phoneLink(person.phone),
      )));
  };

  /** A telephone number to tap; text that holds no number stays text. */
  gridmap.phoneLink = function (phone) {
    if (!phone) return null;
    // Several numbers stand apart by commas; an extension (转) is not dialled.
    return el("span", {}, ...phone.split(/([、,，;；]\s*)/).map((part) => {
      const dialled = part.split("转")[0].replace(/[^\d+]/g, "");
      if (dialled.length < 3) return el("span", { text: part });
      return el("a", { class: "gm-tel", href: "tel:" + dialled, text: part });
    }));
  };

  // Who answers a click before the areas do: functions from a position to true when they did.
  gridmap.clicks = [];
  // Further parts of an area's card, before and after its staff: functions from its place to an
  // element or nothing.
  gridmap.counts = [];
  gridmap.extras = [];

  gridmap.addAreas = function (map, data) {
    gridmap.view = new AreaView(map, data);
    gridmap.search.areas(gridmap.view);
  };
})();
