/* Faults of boundaries: where they are, how bad, whose; by severity in form as well as colour. */
(function () {
  "use strict";

  const el = gridmap.el;
  const PAGE = 40;
  const CODES = 3;
  // Filled and large, filled and smaller, hollow: told apart in grey print too.
  const FORMS = [
    { radius: 8, weight: 2, color: "#ffffff", fillOpacity: 1 },
    { radius: 6, weight: 1.5, color: "#3a2600", fillOpacity: 1 },
    { radius: 5, weight: 2.2, color: null, fillOpacity: 0.15 },
  ];

  class Faults {
    constructor(map, data) {
      this.map = map;
      this.data = data;
      this.all = data.faults.map((f, i) => ({ ...f, i, latlng: f.at ? L.latLng(f.at) : null }));
      this.on = new Set(data.severities.keys());
      this.group = L.layerGroup().addTo(map);
      this.chosen = -1;
      this.limit = PAGE;
      const pane = map.createPane("gm-faults");
      pane.style.zIndex = 592;
      this.canvas = L.canvas({ pane: "gm-faults", padding: 0.2, tolerance: 5 });
      data.severities.forEach((severity, s) => {
        gridmap.panel.layer({
          name: () => gridmap.pick(severity.zh, severity.en), order: 5 + s, on: true, swatch: this.dot(s),
          toggle: (on) => { on ? this.on.add(s) : this.on.delete(s); this.draw(); },
          hint: () => gridmap.number(severity.count),
        });
      });
      gridmap.panel.section(() => this.legend());
      this.draw();
      this.list();
    }

    dot(s) {
      const form = FORMS[s];
      const colour = this.data.severities[s].colour;
      const size = 2 * form.radius + "px";
      const dot = el("span", { class: "gm-fault-dot", style: {
        width: size, height: size, background: form.fillOpacity === 1 ? colour : "transparent",
        border: Math.ceil(form.weight) + "px solid " + (s === 0 ? "#ffffff" : form.color || colour),
        boxShadow: s === 0 ? "0 0 0 1px " + colour : "none",
      } });
      return el("span", { class: "gm-fault-mark", "aria-hidden": true }, dot);
    }

    legend() {
      const rows = this.data.kinds.map((kind) =>
        el("li", {}, this.dot(kind.s), el("span", { text: gridmap.pick(kind.zh, kind.en) }), el("small", { text: gridmap.number(kind.n) })));
      const hints = [];
      if (!rows.length) hints.push(el("p", { class: "gm-hint gm-no-faults", text: gridmap.t("map.fault.none") }));
      if (this.data.total > this.all.length) hints.push(el("p", { class: "gm-hint", text: gridmap.t("map.fault.worst_drawn", { n: gridmap.number(this.all.length), all: gridmap.number(this.data.total) }) }));
      if (this.data.partial) hints.push(el("p", { class: "gm-hint", text: gridmap.t("map.fault.partial") }));
      return [el("h2", { text: gridmap.t("map.fault.kinds") }), ...hints, el("ul", { class: "gm-classes gm-fault-kinds" }, ...rows)];
    }

    draw() {
      this.group.clearLayers();
      const shown = this.all.filter((f) => f.latlng && this.on.has(this.data.kinds[f.k].s));
      // The worst are drawn last, on top.
      for (const fault of [...shown].reverse()) {
        const s = this.data.kinds[fault.k].s;
        const colour = this.data.severities[s].colour;
        const shared = { renderer: this.canvas, bubblingMouseEvents: false };
        const open = () => this.choose(fault, false);
        if (fault.rings) L.polygon(fault.rings, { ...shared, color: colour, weight: 1.5, fillColor: colour, fillOpacity: 0.35, smoothFactor: 0.3 }).on("click", open).addTo(this.group);
        const form = FORMS[s];
        L.circleMarker(fault.latlng, { ...shared, ...form, color: form.color || colour, fillColor: colour }).on("click", open).addTo(this.group);
      }
      if (this.refresh) this.refresh();
    }

    choose(fault, go) {
      this.chosen = fault.i;
      gridmap.panel.close();
      if (fault.latlng) {
        if (go && fault.rings) this.map.fitBounds(L.latLngBounds(fault.rings.flat(2)), { maxZoom: 18, animate: false, ...gridmap.room() });
        else if (go) this.map.setView(fault.latlng, Math.max(this.map.getZoom(), 17), { animate: false });
        gridmap.popup(this.map, fault.latlng, () => this.card(fault), {
          offset: [0, -4],
          // On a phone the buttons stand at the foot of the map, over any card.
          autoPanPaddingBottomRight: [16, gridmap.phone.matches ? 116 : 16],
        });
      }
      if (this.refresh) this.refresh();
    }

    card(fault) {
      const kind = this.data.kinds[fault.k];
      const facts = el("dl", { class: "gm-card-facts" });
      const add = (key, value) => value && facts.append(el("dt", { text: gridmap.t(key) }), el("dd", { text: value }));
      add("map.fault.level", gridmap.pick(fault.level.zh, fault.level.en));
      const more = fault.codes.length - CODES + (fault.more || 0);
      add("map.fault.codes", fault.codes.slice(0, CODES).join("、") + (more > 0 ? " +" + gridmap.number(more) : ""));
      add("map.fault.area", this.area(fault));
      add("map.fault.place", fault.at ? fault.at[1].toFixed(6) + ", " + fault.at[0].toFixed(6) : "");
      return el("article", { class: "gm-card" },
        el("header", {}, this.dot(kind.s), el("span", { class: "gm-level", text: gridmap.pick(this.data.severities[kind.s].zh, this.data.severities[kind.s].en) })),
        el("h3", { text: gridmap.pick(kind.zh, kind.en) }),
        el("p", { class: "gm-fault-text", text: gridmap.pick(fault.text.zh, fault.text.en) }),
        facts,
      );
    }

    area(fault) {
      if (fault.area === null) return "";
      const value = fault.area >= 100 ? gridmap.number(Math.round(fault.area)) : String(Number(fault.area.toPrecision(3)));
      return value + " m²";
    }

    /** All faults, worst first; those that have no place on the map can be read here only. */
    list() {
      const root = document.getElementById("gm-list");
      const count = el("p", { class: "gm-count", role: "status" });
      const items = el("ol", { class: "gm-items" });
      const more = el("button", { type: "button", class: "gm-more" });
      more.addEventListener("click", () => { this.limit += PAGE; this.refresh(); });
      root.append(count, items, more);
      this.refresh = () => {
        root.setAttribute("aria-label", gridmap.t("map.fault.list"));
        const shown = this.all.filter((f) => this.on.has(this.data.kinds[f.k].s));
        count.hidden = !this.data.total;
        count.textContent = gridmap.t("map.fault.count", { n: gridmap.number(this.data.total) });
        items.replaceChildren(...shown.slice(0, this.limit).map((fault) => this.item(fault)));
        if (!this.data.total) items.append(el("li", { class: "gm-none gm-no-faults", text: gridmap.t("map.fault.none") }));
        more.hidden = shown.length <= this.limit;
        more.textContent = gridmap.t("map.list.more", { n: gridmap.number(shown.length - this.limit) });
      };
      gridmap.onLanguage(this.refresh);
    }

    item(fault) {
      const kind = this.data.kinds[fault.k];
      const name = gridmap.pick(kind.zh, kind.en);
      const go = () => {
        if (gridmap.phone.matches && fault.latlng) document.querySelector(".gm-stage").scrollIntoView({ block: "start" });
        this.choose(fault, true);
      };
      const codes = fault.codes.slice(0, 3).join("、") + (fault.codes.length > 3 || fault.more ? " …" : "");
      return el("li", { class: fault.i === this.chosen ? "gm-item gm-item-chosen" : "gm-item" },
        this.dot(kind.s),
        el("div", {},
          fault.latlng ? el("button", { type: "button", class: "gm-item-name", text: name, onclick: go }) : el("b", { text: name }),
          codes || fault.area !== null ? el("p", { text: [codes, this.area(fault)].filter(Boolean).join(" · ") }) : null,
          el("p", { class: "gm-fault-text", text: gridmap.pick(fault.text.zh, fault.text.en) }),
        ),
      );
    }
  }

  gridmap.addFaults = function (map, data) {
    gridmap.faults = new Faults(map, data);
  };
})();
