/* Names on the map: coarse levels first, none over another, each only where it has room. */
(function () {
  "use strict";

  const FONTS = [
    { size: 17, weight: 600 },
    { size: 14, weight: 600 },
    { size: 12.5, weight: 600 },
    { size: 12, weight: 400 },
  ];
  const CHINESE = /\p{Script=Han}/u;
  const FAMILY = getComputedStyle(document.body).fontFamily;
  const pen = document.createElement("canvas").getContext("2d");

  function metresPerPixel(map, lat) {
    return (40075016.686 * Math.cos((lat * Math.PI) / 180)) / 2 ** (map.getZoom() + 8);
  }

  class Labels {
    /** `shown(rank)` says whether the level's names are wanted at this zoom. */
    constructor(map, areas, shown) {
      this.map = map;
      this.areas = areas;
      this.shown = shown;
      // What names keep clear of: functions to boxes in layer pixels.
      this.obstacles = [];
      this.pane = map.createPane("gm-label");
      this.pane.style.zIndex = 595;
      this.pane.style.pointerEvents = "none";
      map.on("zoomstart", () => (this.pane.style.visibility = "hidden"));
      map.on("zoomend moveend resize gm:relabel", () => this.place());
      gridmap.onLanguage(() => this.place());
    }

    place() {
      // Names of the coarsest level come before the pins, all others after them.
      const taken = [];
      const nodes = [];
      const view = this.map.getBounds();
      const scale = metresPerPixel(this.map, this.map.getCenter().lat);
      const corner = this.map.containerPointToLayerPoint([0, 0]);
      const size = this.map.getSize();
      for (let rank = 0; rank < this.areas.levels.length; rank++) {
        if (rank === 1) taken.push(...this.obstacles.flatMap((boxes) => boxes()));
        if (!this.shown(rank)) continue;
        for (const i of this.areas.ofRank[rank]) {
          const spot = this.areas.label[i];
          if (!spot || !view.contains([spot[1], spot[0]])) continue;
          const text = rank === 0 ? this.areas.title(i) : this.areas.shortTitle(i);
          const box = this.box(text, spot, rank, spot[2] / scale, corner, size);
          if (!box || taken.some((other) => overlap(box, other))) continue;
          taken.push(box);
          nodes.push(node(text, rank, box));
        }
      }
      this.pane.replaceChildren(...nodes);
      this.coarse = taken.filter((box) => box.rank === 0);
      this.pane.style.visibility = "";
    }

    /** The label's rectangle in layer pixels, or nothing when there is no room for it. */
    box(text, spot, rank, radius, corner, size) {
      const font = FONTS[Math.min(rank, FONTS.length - 1)];
      pen.font = `${font.weight} ${font.size}px ${FAMILY}`;
      const spacing = rank === 0 && CHINESE.test(text) ? 0.14 * font.size * text.length : 0;
      const width = pen.measureText(text).width + spacing + 2;
      const height = font.size * 1.3;
      const roomy = rank === 0 ? radius > 26 : width < radius * 2.3 && height < radius * 1.7;
      // An area far larger than the window needs no name in its middle any more.
      if (!roomy || radius > Math.max(size.x, size.y) * 0.9) return null;
      const at = this.map.latLngToLayerPoint([spot[1], spot[0]]);
      const box = { x0: at.x - width / 2, x1: at.x + width / 2, y0: at.y - height / 2, y1: at.y + height / 2, font, at, rank };
      const inside = box.x0 > corner.x + 4 && box.x1 < corner.x + size.x - 4 && box.y0 > corner.y + 4 && box.y1 < corner.y + size.y - 4;
      return inside ? box : null;
    }
  }

  function node(text, rank, box) {
    return gridmap.el("div", {
      class: "gm-label gm-label-" + Math.min(rank, FONTS.length - 1),
      text,
      style: {
        fontSize: box.font.size + "px",
        fontWeight: box.font.weight,
        letterSpacing: rank === 0 && CHINESE.test(text) ? "0.14em" : "normal",
        transform: `translate(${box.at.x}px, ${box.at.y}px) translate(-50%, -50%)`,
      },
    });
  }

  function overlap(a, b) {
    return a.x0 < b.x1 + 3 && b.x0 < a.x1 + 3 && a.y0 < b.y1 + 2 && b.y0 < a.y1 + 2;
  }

  gridmap.Labels = Labels;
  gridmap.overlap = overlap;
  gridmap.metresPerPixel = metresPerPixel;
})();
