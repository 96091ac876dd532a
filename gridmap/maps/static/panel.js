/* The card with layers and legend; on a phone a sheet behind one button. */
(function () {
  "use strict";

  const root = document.getElementById("gm-panel");
  const rows = [];
  const parts = [];
  const el = gridmap.el;

  const layers = el("div", { class: "gm-layers" });
  const legend = el("div", { class: "gm-legend" });
  const body = el("div", { class: "gm-panel-body", id: "gm-panel-body" }, layers, legend);
  const toggle = el("button", { type: "button", class: "gm-panel-toggle", "aria-controls": "gm-panel-body" });
  root.append(toggle, body);

  let open = !gridmap.phone.matches;
  function show(now) {
    open = now;
    root.classList.toggle("gm-closed", !open);
    toggle.setAttribute("aria-expanded", String(open));
    body.hidden = !open;
  }
  toggle.addEventListener("click", () => show(!open));
  gridmap.phone.addEventListener("change", (event) => show(!event.matches));
  root.addEventListener("keydown", (event) => event.key === "Escape" && gridmap.phone.matches && show(false));
  show(open);
  gridmap.onLanguage(() => (toggle.textContent = gridmap.t("map.panel.label")));
  L.DomEvent.disableClickPropagation(root);
  L.DomEvent.disableScrollPropagation(root);

  /**
   * One switch: {id, key or name(), order, swatch, on, toggle(on), hint()}; by its `id` an address
   * keeps it.
   * `swatch` is a kind of key ("line", "fill", "ground", "text") or a node.
   */
  function layer(options) {
    const box = el("input", { type: "checkbox" });
    box.checked = options.on;
    const name = el("span", { class: "gm-layer-name" });
    const hint = el("small", { class: "gm-hint" });
    const node = el("label", { class: "gm-layer" }, box, options.swatch instanceof Node ? options.swatch : swatch(options.swatch, options.style), name, hint);
    box.addEventListener("change", () => {
      options.toggle(box.checked);
      gridmap.changed();
    });
    rows.push({ order: options.order, node, box, id: options.id, usual: options.on });
    rows.sort((a, b) => a.order - b.order);
    layers.replaceChildren(...rows.map((row) => row.node));
    const refresh = () => {
      name.textContent = options.name ? options.name() : gridmap.t(options.key);
      hint.textContent = options.hint ? options.hint() : "";
    };
    gridmap.onLanguage(refresh);
    return { refresh, box };
  }

  function swatch(kind, style) {
    return el("span", { class: "gm-swatch gm-swatch-" + (kind || "none"), style, "aria-hidden": true });
  }

  /** A block of the legend, in its order, drawn anew when the language changes. */
  function section(draw, order = 50) {
    const node = el("section", { class: "gm-legend-part" });
    parts.push({ order, node });
    parts.sort((a, b) => a.order - b.order);
    legend.replaceChildren(...parts.map((part) => part.node));
    const refresh = () => node.replaceChildren(...draw());
    gridmap.onLanguage(refresh);
    return { refresh };
  }

  /** The layers that are not as they are at first, by name. */
  function changed() {
    return rows.filter((row) => row.id && row.box.checked !== row.usual).map((row) => row.id);
  }

  /** Switch those over, and the others as they are at first. */
  function change(ids) {
    for (const row of rows) {
      if (row.id && row.box.checked !== (ids.includes(row.id) ? !row.usual : row.usual)) row.box.click();
    }
  }

  gridmap.panel = { layer, section, swatch, changed, change, close: () => gridmap.phone.matches && show(false) };
})();
