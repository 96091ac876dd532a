/* What areas are coloured by: one measure at a time, chosen from those the reader may see. */
(function () {
  "use strict";

  const el = gridmap.el;

  class Fill {
    /** `first` has its numbers in the areas' columns; each of `further` its own, by level. */
    constructor(view, first, further) {
      this.view = view;
      this.areas = view.areas;
      this.all = [];
      this.on = true;
      this.group = L.layerGroup().addTo(view.map);
      if (first) this.add({ ...first, count: this.own("count", first.rank), cls: this.own("cls", first.rank) });
      (further || []).forEach((one) => this.add(one));
      this.now = this.all[0] || null;
      this.draw();
    }

    own(column, rank) {
      return this.areas.ofRank[rank].map((i) => this.areas[column][i]);
    }

    add(one) {
      const number = new Map(this.areas.ofRank[one.rank].map((i, k) => [i, k]));
      this.all.push({ ...one, number });
    }

    /** Further measures that came later; the panel is drawn anew. */
    extend(more) {
      more.forEach((one) => this.add(one));
      if (!this.now && this.all.length) this.now = this.all[0];
      this.draw();
      if (this.refresh) this.refresh();
      else this.panel();
    }

    get rank() {
      return this.now ? this.now.rank : -1;
    }

    choose(key) {
      const found = this.all.find((one) => one.key === key);
      if (!found || found === this.now) return;
      this.now = found;
      this.draw();
      if (this.refresh) this.refresh();
      gridmap.changed();
    }

    draw() {
      this.group.clearLayers();
      if (!this.now) return;
      const renderer = gridmap.renderer(this.view.map, "fill");
      const byClass = new Map();
      this.areas.ofRank[this.rank].forEach((i, k) => {
        const key = this.now.cls[k];
        if (!byClass.has(key)) byClass.set(key, []);
        byClass.get(key).push(...this.areas.polygons(i));
      });
      for (const [key, polygons] of byClass) {
        L.polygon(polygons, { renderer, interactive: false, stroke: false, fillColor: this.colour(key), fillOpacity: 1, smoothFactor: 0.4 }).addTo(this.group);
      }
    }

    colour(key) {
      if (key >= 0) return this.now.classes[key].colour;
      return key === -1 ? this.now.withheldColour : this.now.zeroColour;
    }

    name(one = this.now) {
      return gridmap.pick(one.label.zh, one.label.en);
    }

    unit(one = this.now) {
      return gridmap.pick(one.unit.zh, one.unit.en);
    }

    number(value, one) {
      return one.per === 1 ? gridmap.number(value) : (value / one.per).toFixed(1);
    }

    withheld(one) {
      return one.minimum ? gridmap.t("map.legend.withheld", { n: one.minimum }) : gridmap.t("map.legend.unknown");
    }

    /** What one measure says of an area, or nothing where it is not about its level. */
    text(i, one = this.now) {
      const k = one && one.number.get(i);
      if (k === undefined || k === null) return "";
      const value = one.count[k];
      if (value < 0) return one.minimum ? this.withheld(one) + " " + this.unit(one) : "";
      return this.number(value, one) + (one.per === 1 ? " " : "") + this.unit(one);
    }

    /** [name, text] of every measure that says something of an area. */
    facts(i) {
      return this.all.map((one) => [this.name(one), this.text(i, one)]).filter(([, text]) => text);
    }

    panel() {
      if (!this.all.length) return;
      const row = gridmap.panel.layer({
        id: "fill", name: () => this.name(), order: 50, swatch: "ramp", on: this.on,
        toggle: (on) => { this.on = on; if (on) this.group.addTo(this.view.map); else this.group.remove(); },
      });
      const part = gridmap.panel.section(() => this.legend(), 10);
      this.refresh = () => { row.refresh(); part.refresh(); };
    }

    legend() {
      const one = this.now;
      const number = new Map();
      one.cls.forEach((key) => number.set(key, (number.get(key) || 0) + 1));
      const level = this.view.levelName(one.rank);
      const row = (colour, text, key) =>
        el("li", {}, gridmap.panel.swatch("box", { background: colour }), el("span", { text }), el("small", { text: gridmap.number(number.get(key) || 0) }));
      const rows = one.classes.map((c, k) => row(c.colour, c.low === c.high ? this.number(c.low, one) : this.number(c.low, one) + "–" + this.number(c.high, one), k));
      if (number.has(-1)) rows.unshift(row(one.withheldColour, this.withheld(one), -1));
      if (number.has(-2)) rows.unshift(row(one.zeroColour, "0", -2));
      return [
        this.all.length > 1 ? this.choice() : el("h2", { text: this.name() }),
        one.period ? el("p", { class: "gm-hint", text: one.period }) : null,
        el("p", { class: "gm-legend-head" }, el("span", { text: this.unit() }), el("span", { text: gridmap.t("map.legend.areas", { level }) })),
        el("ul", { class: "gm-classes" }, ...rows),
      ].filter(Boolean);
    }

    choice() {
      const box = el("select", { class: "gm-choice", "aria-label": gridmap.t("map.legend.choose"), onchange: () => this.choose(box.value) },
        ...this.all.map((one) => el("option", { value: one.key, text: this.name(one), selected: one === this.now })));
      return box;
    }
  }

  gridmap.Fill = Fill;
})();
