/* Organisations: what is under what, what each covers, how far one walks to a centre. */
(function () {
  "use strict";

  const el = gridmap.el;
  const LINE = "#7a1f3d";

  class Chain {
    constructor(places) {
      this.places = places;
      this.map = places.map;
      this.below = new Map();
      for (const place of places.all) {
        if (place.above !== undefined) this.below.set(place.above, [...(this.below.get(place.above) || []), place.i]);
      }
      this.all = L.layerGroup();
      this.own = L.layerGroup().addTo(this.map);
      if (this.below.size) {
        gridmap.panel.layer({
          id: "chain", key: "map.layer.chain", order: 65, swatch: "line", style: { borderTopColor: LINE }, on: false,
          toggle: (on) => (on ? this.all.addTo(this.map) : this.all.remove()),
        });
        places.listeners.push(() => this.drawAll());
      }
      places.chosenBy.push((place) => this.show(place));
      places.extras.push((place) => this.card(place));
      this.map.on("popupclose", () => this.clear());
    }

    line(a, b, style) {
      return L.polyline([this.places.all[a].latlng, this.places.all[b].latlng], { renderer: gridmap.renderer(this.map, "mark"), interactive: false, color: LINE, ...style });
    }

    drawAll() {
      this.all.clearLayers();
      const seen = (i) => this.places.on.has(this.places.all[i].c);
      for (const [above, below] of this.below) {
        for (const i of below) if (seen(i) && seen(above)) this.line(i, above, { weight: 1, opacity: 0.55 }).addTo(this.all);
      }
    }

    /** From an organisation up to the top. */
    up(place) {
      const out = [];
      for (let i = place.above; i !== undefined && !out.includes(i); i = this.places.all[i].above) out.push(i);
      return out;
    }

    show(place) {
      this.clear();
      let from = place.i;
      for (const i of this.up(place)) {
        this.line(from, i, { weight: 3, opacity: 0.9 }).addTo(this.own);
        from = i;
      }
      for (const i of this.below.get(place.i) || []) this.line(i, place.i, { weight: 1.6, opacity: 0.8, dashArray: "6 4" }).addTo(this.own);
      if (place.area !== undefined) gridmap.view.outline("covered", place.area);
      const reach = gridmap.reachOf && gridmap.reachOf(place.id);
      if (reach) reach.addTo(this.own);
    }

    clear() {
      this.own.clearLayers();
      gridmap.view.outline("covered", -1);
    }

    go(i) {
      const place = this.places.all[i];
      return el("button", { type: "button", class: "gm-go", text: this.places.title(place), onclick: () => this.places.choose(place, true) });
    }

    card(place) {
      const out = [];
      const up = this.up(place).reverse();
      if (up.length) out.push(part("map.org.above", el("span", { class: "gm-chain" }, ...up.flatMap((i, k) => [k ? " › " : "", this.go(i)]))));
      const below = this.below.get(place.i) || [];
      if (below.length) {
        out.push(el("details", { class: "gm-parts" },
          el("summary", { text: gridmap.t("map.org.below", { n: gridmap.number(below.length) }) }),
          el("div", { class: "gm-part-list" }, ...below.map((i) => this.go(i)))));
      }
      if (place.area !== undefined) {
        const estates = gridmap.estates ? gridmap.estates.inArea(place.area) : [];
        out.push(part("map.org.covers", el("span", {}, gridmap.view.goTo(place.area))));
        if (estates.length) out.push(el("details", { class: "gm-parts" }, el("summary", { text: gridmap.t("map.card.estates", { n: gridmap.number(estates.length) }) }), gridmap.estates.buttons(estates)));
      }
      return out;
    }
  }

  function part(key, value) {
    return el("p", { class: "gm-tie" }, el("span", { class: "gm-role", text: gridmap.t(key) + " " }), value);
  }

  gridmap.Chain = Chain;
})();
