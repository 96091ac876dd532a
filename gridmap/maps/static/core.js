/* Texts, elements and the map itself. Data reaches the page as text nodes only. */
window.gridmap = (function () {
  "use strict";

  const settings = JSON.parse(document.getElementById("gm-settings").textContent);
  const listeners = [];
  // The language that the address asks for, as all pages do; else the document's own.
  const asked = new URLSearchParams(location.search).get("lang");
  let lang = Object.keys(settings.texts).includes(asked) ? asked : settings.lang;

  const gridmap = {
    get lang() {
      return lang;
    },
    /** Text of a key, with {placeholders} filled. */
    t(key, values) {
      const text = settings.texts[lang][key];
      if (text === undefined) throw new Error("no text for " + key);
      return text.replace(/\{(\w+)\}/g, (whole, name) => (values && name in values ? values[name] : whole));
    },
    /** The Chinese or the English value, whichever the reader asked for and exists. */
    pick(zh, en) {
      return (lang === "en" ? en || zh : zh || en) || "";
    },
    number(value) {
      return value.toLocaleString(lang === "en" ? "en" : "zh-CN");
    },
    /** Run now and again whenever the language changes. */
    onLanguage(run) {
      listeners.push(run);
      run();
    },
    /** The site's tiles, or nothing. */
    base: settings.base,
    data(id) {
      return JSON.parse(document.getElementById(id).textContent);
    },
    el,
    phone: window.matchMedia("(max-width: 760px)"),
    room: roomForPanel,
    calm: window.matchMedia("(prefers-reduced-motion: reduce)").matches,
    open: openMap,
    /** Called when something changed that an address keeps. */
    changed() {},
  };

  /** el("p", {class: "x", onclick: f, text: "..."}, child, ...); strings become text. */
  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === undefined || value === null || value === false) continue;
      if (name === "text") node.textContent = value;
      else if (name === "style") Object.assign(node.style, value);
      else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return node;
  }

  function openMap(id, options) {
    const bounds = L.latLngBounds(options.bounds);
    const map = L.map(id, {
      crs: settings.base ? gridmapBase.crs(settings.base) : L.CRS.EPSG3857,
      attributionControl: false,
      zoomControl: false,
      zoomSnap: 0.25,
      zoomDelta: 1,
      wheelPxPerZoomLevel: 90,
      maxZoom: options.maxZoomLevel,
      maxBoundsViscosity: 0.8,
      zoomAnimation: !gridmap.calm,
      fadeAnimation: !gridmap.calm,
    });
    map.fitBounds(bounds, { animate: false, ...roomForPanel() });
    // Kept to the district: no further than the first view, and a margin around, wide enough for
    // the card of what lies on its border.
    const limit = () => {
      map.setMinZoom(Math.max(0, map.getBoundsZoom(bounds) - 0.75));
      const room = map.getSize().multiplyBy(0.7);
      const corner = (latlng, sign) => map.unproject(map.project(latlng).add(L.point(sign * room.x, -sign * room.y)));
      const around = L.latLngBounds(corner(bounds.getSouthWest(), -1), corner(bounds.getNorthEast(), 1));
      map.setMaxBounds(around.extend(bounds.pad(0.3)).extend(homeView(map, bounds)));
    };
    limit();
    map.on("resize zoomend", limit);
    L.control.scale({ position: "bottomleft", imperial: false, maxWidth: 110 }).addTo(map);
    const position = gridmap.phone.matches ? "bottomleft" : "topleft";
    const zoom = L.control.zoom({ position, zoomInTitle: "", zoomOutTitle: "" }).addTo(map);
    const home = homeButton(map, bounds, position).addTo(map);
    gridmap.onLanguage(() => {
      const [zoomIn, zoomOut] = zoom.getContainer().querySelectorAll("a");
      label(zoomIn, "map.zoom_in");
      label(zoomOut, "map.zoom_out");
      label(home.getContainer().querySelector("button"), "map.home");
      map.getContainer().setAttribute("aria-label", document.title);
    });
    gridmap.map = map;
    if (settings.base) gridmap.addBase(map, bounds);
    return map;
  }

  /* What the window shows when the whole district is fitted into its free part. */
  function homeView(map, bounds) {
    const { paddingTopLeft, paddingBottomRight } = roomForPanel();
    const zoom = map.getBoundsZoom(bounds, false, L.point(paddingTopLeft).add(paddingBottomRight));
    const shift = L.point(paddingBottomRight).subtract(paddingTopLeft).divideBy(2);
    const middle = map.project(bounds.getSouthWest(), zoom).add(map.project(bounds.getNorthEast(), zoom)).divideBy(2).add(shift);
    const half = map.getSize().divideBy(2);
    return L.latLngBounds(map.unproject(middle.subtract(half), zoom), map.unproject(middle.add(half), zoom));
  }

  /* The district is centred in what the panel leaves free. */
  function roomForPanel() {
    if (gridmap.phone.matches) return { paddingTopLeft: [12, 12], paddingBottomRight: [12, 60] };
    return { paddingTopLeft: [24, 20], paddingBottomRight: [284, 24] };
  }

  function homeButton(map, bounds, position) {
    const control = L.control({ position });
    control.onAdd = () => {
      const button = el("button", { type: "button", class: "gm-home" }, "⤢");
      const box = el("div", { class: "leaflet-bar" }, button);
      L.DomEvent.disableClickPropagation(box);
      button.addEventListener("click", () => map.fitBounds(bounds, roomForPanel()));
      return box;
    };
    return control;
  }

  /* The one open popup; its content is made again when the language changes. `what` names it in
     an address: {area: CODE}, {place: ID} ... */
  let shown = null;
  gridmap.popup = function (map, latlng, make, options, what) {
    const popup = L.popup({ maxWidth: 300, minWidth: 230, className: "gm-popup", autoPanPadding: [16, 16], ...options });
    shown = { popup, make, what };
    popup.setLatLng(latlng).setContent(make()).openOn(map);
    gridmap.changed();
  };
  /** What is open, as it is named in an address; nothing when nothing is. */
  gridmap.shown = () => (shown && shown.popup.isOpen() ? shown.what : null) || {};
  gridmap.renew = () => shown && shown.popup.isOpen() && shown.popup.setContent(shown.make());
  /** What is in the popup has grown: it is laid out, and the map moved, anew. */
  gridmap.grown = () => shown && shown.popup.isOpen() && shown.popup.update();
  gridmap.onLanguage(gridmap.renew);

  function label(node, key) {
    node.title = gridmap.t(key);
    node.setAttribute("aria-label", gridmap.t(key));
  }

  // A page that has its own way to change the language has no such button.
  const button = document.getElementById("gm-lang");
  if (button) {
    button.addEventListener("click", () => {
      lang = lang === "en" ? "zh" : "en";
      listeners.forEach((run) => run());
    });
  }
  gridmap.onLanguage(() => {
    document.documentElement.lang = lang === "en" ? "en" : "zh-CN";
    document.title = gridmap.pick(settings.title.zh, settings.title.en);
    document.querySelector("[data-title]").textContent = document.title;
    document.querySelectorAll("[data-t]").forEach((node) => (node.textContent = gridmap.t(node.dataset.t)));
    document.querySelectorAll("[data-label]").forEach((node) => {
      node.setAttribute("aria-label", gridmap.t(node.dataset.label));
    });
    if (!button) return;
    button.textContent = lang === "en" ? "中文" : "EN";
    button.lang = lang === "en" ? "zh-CN" : "en";
    button.setAttribute("aria-label", lang === "en" ? "切换为中文" : "Switch to English");
  });

  return gridmap;
})();
