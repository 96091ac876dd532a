/* Places as lettered pins; where pins would cover one another, the later one is a dot. */
(function () {
  "use strict";

  const el = gridmap.el;
  const SIZE = 28;

  class Places {
    constructor(map, data) {
      this.map = map;
      this.categories = data.categories;
      this.all = data.places.map((p, i) => ({ ...p, i, latlng: L.latLng(p.y / 1e6, p.x / 1e6) }));
      this.unplaced = data.unplaced;
      this.photosLeft = data.photosLeft;
      this.groups = data.groups || [];
      this.ways = data.ways || [];
      this.shift = data.shift || {};
      this.usual = [...this.categories.keys()].filter((k) => !this.categories[k].off);
      this.on = new Set(this.usual);
      // Others may add to a card, and hear of a choice.
      this.extras = [];
      this.chosenBy = [];
      this.pins = L.layerGroup().addTo(map);
      this.listeners = [];
      this.chosen = -1;
      const pane = map.createPane("gm-dots");
      pane.style.zIndex = 590;
      this.canvas = L.canvas({ pane: "gm-dots", padding: 0.2, tolerance: 6 });
      map.on("moveend zoomend resize", () => this.draw());
      gridmap.onLanguage(() => this.draw());
      for (const place of this.all) {
        gridmap.search.add({
          keys: [place.zh, place.en, place.address, place.addressEn, place.id],
          title: () => this.title(place),
          note: () => this.categoryName(place.c),
          go: () => this.choose(place, true),
        });
      }
    }

    categoryName(c) {
      return gridmap.pick(this.categories[c].zh, this.categories[c].en);
    }

    title(place) {
      return gridmap.pick(place.zh, place.en);
    }

    toggle(c, on) {
      if (on) this.on.add(c);
      else this.on.delete(c);
      this.draw();
      gridmap.changed();
    }

    /** True when other kinds are on than at first. */
    changed() {
      return this.on.size !== this.usual.length || this.usual.some((c) => !this.on.has(c));
    }

    /** Switch on the kinds of these codes alone. */
    only(codes) {
      this.on = new Set([...this.categories.keys()].filter((c) => codes.includes(this.categories[c].code)));
      this.draw();
    }

    shown() {
      return this.all.filter((place) => this.on.has(place.c));
    }

    inView() {
      const view = this.map.getBounds();
      return this.shown().filter((place) => view.contains(place.latlng));
    }

    draw() {
      this.pins.clearLayers();
      const taken = gridmap.view ? [...gridmap.view.labels.coarse] : [];
      const names = taken.length;
      const places = this.inView();
      // The chosen place keeps its pin whatever lies around it.
      places.sort((a, b) => (b.i === this.chosen) - (a.i === this.chosen) || a.i - b.i);
      for (const place of places) {
        const at = this.map.latLngToLayerPoint(place.latlng);
        const box = { x0: at.x - SIZE / 2, x1: at.x + SIZE / 2, y0: at.y - SIZE - 5, y1: at.y };
        const free = !taken.some((other) => gridmap.overlap(box, other));
        if (free) taken.push(box);
        (free ? this.pin(place) : this.dot(place)).on("click", () => this.choose(place, false)).addTo(this.pins);
      }
      this.boxes = taken.slice(names);
      this.map.fire("gm:relabel");
      this.listeners.forEach((run) => run());
    }

    pin(place) {
      const category = this.categories[place.c];
      const icon = L.divIcon({
        className: "gm-pin" + (place.i === this.chosen ? " gm-pin-chosen" : ""),
        html: el("span", { text: category.mark, style: { background: category.colour } }),
        iconSize: [SIZE, SIZE + 5],
        iconAnchor: [SIZE / 2, SIZE + 5],
        popupAnchor: [0, -SIZE - 2],
      });
      const name = gridmap.pick(place.zh, place.en);
      return L.marker(place.latlng, { icon, title: this.categoryName(place.c) + " " + name, keyboard: true, zIndexOffset: place.i === this.chosen ? 1000 : 0 });
    }

    dot(place) {
      return L.circleMarker(place.latlng, { renderer: this.canvas, radius: 4.5, weight: 1.5, color: "#ffffff", fillColor: this.categories[place.c].colour, fillOpacity: 1, bubblingMouseEvents: false });
    }

    choose(place, go) {
      this.chosen = place.i;
      this.on.add(place.c);
      gridmap.panel.close();
      if (go) this.map.setView(place.latlng, Math.max(this.map.getZoom(), 16), { animate: false });
      this.draw();
      const what = place.id ? { [place.body ? "org" : "place"]: place.id } : {};
      gridmap.popup(this.map, place.latlng, () => this.card(place), { offset: [0, -SIZE + 2] }, what);
      this.chosenBy.forEach((run) => run(place));
    }

    /** Links into other maps, each in the system that it reads. */
    wayLinks(place) {
      if (!this.ways.length) return null;
      const filled = (way) => {
        const shift = this.shift[way.system];
        const x = place.x + (shift ? shift[2 * place.i] : 0);
        const y = place.y + (shift ? shift[2 * place.i + 1] : 0);
        const parts = { x: (x / 1e6).toFixed(6), y: (y / 1e6).toFixed(6), name: encodeURIComponent(this.title(place)) };
        return way.url.replace(/\{(\w+)\}/g, (_, name) => parts[name]);
      };
      return el("p", { class: "gm-ways" }, el("span", { class: "gm-role", text: gridmap.t("map.place.way") }),
        ...this.ways.map((way) => el("a", { href: filled(way), target: "_blank", rel: "noopener noreferrer", text: gridmap.t("nav." + way.code) })));
    }

    card(place) {
      const other = gridmap.pick(place.en, place.zh);
      const name = gridmap.pick(place.zh, place.en);
      const photo = place.photo;
      const facts = el("dl", { class: "gm-card-facts" });
      const add = (label, value) => value && facts.append(el("dt", { text: label }), el("dd", {}, value));
      add(gridmap.t("map.place.address"), gridmap.pick(place.address, place.addressEn));
      add(gridmap.t("map.place.hours"), place.hours);
      add(gridmap.t("map.place.closed"), place.closed && place.closed.join(gridmap.lang === "en" ? "; " : "；"));
      add(gridmap.t("map.place.phone"), place.phone && gridmap.phoneLink(place.phone));
      add(gridmap.t("map.place.special"), gridmap.pick(place.special, place.specialEn));
      for (const [key, value] of place.more || []) add(gridmap.t("map.place." + key), value);
      return el("article", { class: "gm-card" },
        el("header", {}, this.mark(place.c), el("span", { class: "gm-level", text: this.categoryName(place.c) })),
        el("h3", { "aria-level": 2, text: name }),
        other !== name ? el("p", { class: "gm-other", text: other }) : null,
        photo ? el("figure", { class: "gm-photo" },
          el("img", { src: photo.src, alt: gridmap.pick(photo.zh, photo.en) || name, width: 160, height: 120, decoding: "async" }),
          photo.by ? el("figcaption", { text: gridmap.t("map.place.photo_by", { name: photo.by }) }) : null) : null,
        facts,
        this.wayLinks(place),
        ...this.extras.flatMap((make) => make(place)),
        gridmap.people(place.people),
      );
    }

    mark(c) {
      return el("span", { class: "gm-mark", text: this.categories[c].mark, style: { background: this.categories[c].colour }, "aria-hidden": true });
    }
  }

  gridmap.addPlaces = function (map, data) {
    const places = new Places(map, data);
    gridmap.places = places;
    if (gridmap.view) gridmap.chain = new gridmap.Chain(places);
    if (gridmap.view) gridmap.view.labels.obstacles.push(() => places.boxes || []);
    if (document.getElementById("gm-list")) gridmap.list(places);
    places.draw();
  };
})();
