/* From the page's numbers to areas: shared arcs, rings, the area at a point. */
(function () {
  "use strict";

  /** [x, y, dx, dy, ...] in micro-degrees from an origin -> [[lat, lng], ...]. */
  function decodePath(steps, origin) {
    const out = new Array(steps.length / 2);
    let [x, y] = origin;
    for (let i = 0; i < out.length; i++) {
      x += steps[2 * i];
      y += steps[2 * i + 1];
      out[i] = [y / 1e6, x / 1e6];
    }
    return out;
  }

  /** True when a ring ([[lat, lng], ...], not closed) goes around a point. */
  function inRing(ring, { lat, lng }) {
    let inside = false;
    for (let a = 0, b = ring.length - 1; a < ring.length; b = a++) {
      const [ya, xa] = ring[a];
      const [yb, xb] = ring[b];
      if (ya > lat !== yb > lat && lng < ((xb - xa) * (lat - ya)) / (yb - ya) + xa) inside = !inside;
    }
    return inside;
  }

  /** All areas of an edition; an index is the place of an area in every column. */
  class Areas {
    constructor(data) {
      Object.assign(this, data.columns);
      this.levels = data.levels;
      this.size = this.code.length;
      this.arcs = data.arcs.map((steps) => decodePath(steps, data.origin));
      this.arcRank = data.arcRank;
      this._rings = new Map();
      this._boxes = new Map();
      this.ofRank = this.levels.map(() => []);
      this.rank.forEach((rank, i) => this.ofRank[rank].push(i));
    }

    /** Leaflet's nesting: polygons of rings of [lat, lng], rings not closed. */
    polygons(i) {
      if (!this._rings.has(i)) this._rings.set(i, this.rings[i].map((p) => p.map((ring) => this._ring(ring))));
      return this._rings.get(i);
    }

    _ring(refs) {
      const out = [];
      for (const ref of refs) {
        const arc = this.arcs[ref < 0 ? ~ref : ref];
        for (let k = 0; k + 1 < arc.length; k++) out.push(ref < 0 ? arc[arc.length - 1 - k] : arc[k]);
      }
      return out;
    }

    box(i) {
      if (!this._boxes.has(i)) this._boxes.set(i, L.latLngBounds(this.polygons(i).flat(2)));
      return this._boxes.get(i);
    }

    /** Place of the area of one level that holds a point, or -1. A picture's answer, not the law's. */
    at(rank, latlng) {
      return this.ofRank[rank].find((i) => this.rings[i].length && this.box(i).contains(latlng) && this.holds(i, latlng)) ?? -1;
    }

    holds(i, latlng) {
      return this.polygons(i).flat().reduce((inside, ring) => inside !== inRing(ring, latlng), false);
    }

    /** Ancestors from the coarsest to the parent. */
    chain(i) {
      const out = [];
      for (let p = this.parent[i]; p >= 0; p = this.parent[p]) out.unshift(p);
      return out;
    }

    title(i) {
      return gridmap.pick(this.name[i], this.nameEn[i]) || this.code[i];
    }

    /** The name for a label: without what an ancestor's name says, where a number is left. */
    shortTitle(i) {
      const full = this.title(i);
      let best = full;
      for (let p = this.parent[i]; p >= 0; p = this.parent[p]) {
        const rest = full.slice(common(full, this.title(p))).replace(/^[\s,·-]+/, "");
        if (rest.length < best.length && /\d|第/.test(rest)) best = rest;
      }
      const finest = this.rank[i] === this.levels.length - 1 && this.rank[i] > 1;
      const plain = finest ? best.replace(this.levels[this.rank[i]].zh, "") : best;
      return /\d/.test(plain) ? plain : best;
    }
  }

  /** Length of the common beginning, but not one that ends inside a number. */
  function common(a, b) {
    let n = 0;
    while (n < a.length && n < b.length && a[n] === b[n]) n++;
    while (n > 0 && /\d/.test(a[n - 1]) && /\d/.test(a[n] || "")) n--;
    return n;
  }

  gridmap.decodePath = decodePath;
  gridmap.inRing = inRing;
  gridmap.Areas = Areas;
})();
