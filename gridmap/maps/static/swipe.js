/* Two plans of one district under a slider, and what moves between them as a table to print. */
(function () {
  "use strict";

  const el = gridmap.el;
  const SIDES = [
    { key: "before", colour: "#8a4b08", dash: null },
    { key: "after", colour: "#0b5d7a", dash: null },
  ];

  class Swipe {
    constructor(map, data) {
      this.map = map;
      this.data = data;
      this.at = 0.5;
      this.panes = SIDES.map((side, i) => {
        const pane = map.createPane("gm-" + side.key);
        pane.style.zIndex = 410 + i;
        // SVG, not canvas: the pane is cut by its style, and prints sharply.
        const renderer = L.svg({ pane: "gm-" + side.key, padding: 1 });
        for (const grid of data[side.key]) {
          L.polygon(grid.rings, { renderer, color: side.colour, weight: 1.4, fillColor: side.colour, fillOpacity: grid.exclusive ? 0.02 : 0.1, smoothFactor: 0.4 })
            .on("click", (event) => gridmap.popup(map, event.latlng, () => this.card(side, grid)))
            .addTo(map);
        }
        return pane;
      });
      const moved = map.createPane("gm-moved");
      moved.style.zIndex = 405;
      const renderer = L.svg({ pane: "gm-moved", padding: 1 });
      for (const rings of data.moved) L.polygon(rings, { renderer, stroke: false, fillColor: "#d98a00", fillOpacity: 0.45, interactive: false }).addTo(map);
      this.layers(moved);
      this.slider = el("input", { type: "range", min: "0", max: "1000", value: "500", class: "gm-swipe" });
      this.slider.addEventListener("input", () => { this.at = Number(this.slider.value) / 1000; this.cut(); });
      this.words = SIDES.map((side) => el("span", { class: "gm-swipe-word", style: { color: side.colour } }));
      const box = el("div", { class: "gm-swipe-box" }, this.words[0], this.slider, this.words[1]);
      L.DomEvent.disableClickPropagation(box);
      map.getContainer().append(box);
      gridmap.onLanguage(() => this.label());
      this.label();
      map.on("move zoom resize", () => this.cut());
      this.cut();
      this.list();
    }

    layers(moved) {
      SIDES.forEach((side, i) => gridmap.panel.layer({
        id: side.key, key: "map.swipe." + side.key, order: 10 + i, swatch: "line", on: true,
        style: { borderTopColor: side.colour },
        toggle: (on) => { this.panes[i].style.display = on ? "" : "none"; },
        hint: () => gridmap.number(this.data[side.key].length),
      }));
      gridmap.panel.layer({
        id: "moved", key: "map.swipe.moved", order: 20, swatch: "box", on: true,
        style: { background: "rgba(217, 138, 0, 0.45)" },
        toggle: (on) => { moved.style.display = on ? "" : "none"; },
        hint: () => gridmap.number(this.data.moved.length),
      });
    }

    label() {
      this.slider.setAttribute("aria-label", gridmap.t("map.swipe.slider"));
      this.words.forEach((word, i) => { word.textContent = gridmap.t("map.swipe." + SIDES[i].key); });
    }

    /** Panes move with the map: the cut is set in their coordinates anew each time. */
    cut() {
      const size = this.map.getSize();
      const corner = this.map.containerPointToLayerPoint([0, 0]);
      const x = corner.x + size.x * this.at;
      const far = 1e5;
      const box = (west, east) => "polygon(" + [[west, -far], [east, -far], [east, far], [west, far]].map((p) => p[0] + "px " + p[1] + "px").join(",") + ")";
      this.panes[0].style.clipPath = box(-far, x);
      this.panes[1].style.clipPath = box(x, far);
    }

    card(side, grid) {
      const facts = el("dl", { class: "gm-card-facts" });
      facts.append(el("dt", { text: gridmap.t("map.swipe.homes") }), el("dd", { text: gridmap.number(grid.homes) }));
      return el("article", { class: "gm-card" },
        el("header", {}, el("span", { class: "gm-level", text: gridmap.t("map.swipe." + side.key) })),
        el("h3", { text: grid.name || grid.code }), el("p", { text: grid.code }), facts);
    }

    list() {
      const root = document.getElementById("gm-list");
      if (!root) return;
      const draw = () => {
        const d = this.data;
        const head = ["from", "to", "homes"].concat(d.with_reports ? ["reports"] : []);
        const rows = d.flows.map((row) => el("tr", {}, ...row.map((cell, i) => el("td", { class: i > 1 ? "gm-number" : "", text: i > 1 ? gridmap.number(cell) : cell }))));
        root.setAttribute("aria-label", gridmap.t("map.swipe.table"));
        root.replaceChildren(
          el("h2", { text: gridmap.t("map.swipe.summary") }),
          el("p", { class: "gm-count", role: "status", text: gridmap.t("map.swipe.grids") + " " + gridmap.number(d.grids[0]) + " → " + gridmap.number(d.grids[1]) + " · " + gridmap.t("map.swipe.share") + " " + (100 * d.share).toFixed(1) + "%" }),
          el("h2", { text: gridmap.t("map.swipe.table") }),
          rows.length ? el("table", { class: "gm-flows" }, el("thead", {}, el("tr", {}, ...head.map((key) => el("th", { scope: "col", text: gridmap.t("map.swipe." + key) })))), el("tbody", {}, ...rows)) : el("p", { class: "gm-none", text: gridmap.t("map.swipe.unchanged") }),
        );
        if (d.more) root.append(el("p", { class: "gm-hint", text: gridmap.t("map.swipe.more", { n: gridmap.number(d.more) }) }));
      };
      gridmap.onLanguage(draw);
      draw();
    }
  }

  gridmap.addSwipe = function (map, data) {
    gridmap.swipe = new Swipe(map, data);
  };
})();
