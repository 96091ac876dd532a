/* The address keeps what is seen: #area=CODE, #place=CODE, #org=CODE, #estate, #building; what the
   areas are coloured by, which layers and kinds are on, and where the map stands. */
(function () {
  "use strict";

  // A frame without an address of its own has nothing to keep it in.
  const kept = location.protocol !== "about:";
  let ready = false;
  let moved = false;
  let written = "";

  function read() {
    return new URLSearchParams(location.hash.replace(/^#/, ""));
  }

  function write() {
    if (!ready || !kept) return;
    const out = new URLSearchParams(gridmap.shown());
    const { view, places, map } = gridmap;
    if (view && view.fill.now && view.fill.now !== view.fill.all[0]) out.set("fill", view.fill.now.key);
    if (places && places.changed()) out.set("kinds", [...places.on].map((c) => places.categories[c].code).join(" "));
    const layers = gridmap.panel.changed();
    if (layers.length) out.set("layers", layers.join(" "));
    if (moved) {
      const { lat, lng } = map.getCenter();
      out.set("at", [lat.toFixed(5), lng.toFixed(5), Math.round(map.getZoom() * 100) / 100].join(","));
    }
    const hash = out.toString().replace(/%3A/g, ":").replace(/%2C/g, ",");
    if (hash === written) return;
    written = hash;
    history.replaceState(history.state, "", hash ? "#" + hash : location.pathname + location.search);
  }

  /** Show what the address says; what it does not name stays as it is. */
  function restore() {
    const asked = read();
    const { view, places, map } = gridmap;
    if (asked.get("fill") && view) view.fill.choose(asked.get("fill"));
    if (asked.get("layers")) gridmap.panel.change(asked.get("layers").split(" "));
    if (asked.has("kinds") && places) places.only(asked.get("kinds").split(" "));
    open(asked, view, places);
    const at = (asked.get("at") || "").split(",").map(Number);
    if (at.length === 3 && at.every(Number.isFinite)) map.setView([at[0], at[1]], at[2], { animate: false });
    // What was whole in a larger window is moved into this one.
    gridmap.grown();
    written = location.hash.replace(/^#/, "");
  }

  function open(asked, view, places) {
    const area = asked.get("area");
    const code = asked.get("place") || asked.get("org");
    if (area && view) {
      const i = view.addressed(area);
      if (i >= 0) view.select(i);
    } else if (code && places) {
      const place = places.all.find((one) => one.id === code);
      if (place) places.choose(place, true);
    } else if (asked.get("estate") && gridmap.estates) {
      const k = gridmap.estates.all.findIndex((one) => one.id === asked.get("estate"));
      if (k >= 0) gridmap.estates.open(k);
    } else if (asked.get("building") && gridmap.houses) {
      const k = gridmap.houses.addressed(asked.get("building"));
      if (k >= 0) gridmap.houses.open(k, true);
    } else {
      (gridmap.opens || []).forEach((take) => take(asked));
    }
  }

  /** Called when all data are drawn. */
  gridmap.ready = function () {
    restore();
    gridmap.changed = write;
    ready = true;
    gridmap.map.on("moveend", () => { moved = true; write(); });
    gridmap.map.on("popupclose", () => setTimeout(write));
    window.addEventListener("hashchange", () => location.hash.replace(/^#/, "") !== written && restore());
  };
  // A document holds all its data; a page that fetches them says itself when they are there.
  if (!document.getElementById("map-home")) {
    document.addEventListener("DOMContentLoaded", () => gridmap.map && gridmap.ready());
  }
})();
