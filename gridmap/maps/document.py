"""The folium document: one HTML page with a map, drawn without asking any other host.

`GridMap` is a `folium.Map` whose Leaflet stands in the page itself (``mode="inline"``) or
comes from this server (``mode="served"``). Folium layers that need only Leaflet can be
added as usual; one that brings a link to another host is refused when the page is made.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import folium
from folium.template import Template

from gridmap.errors import BadValue
from gridmap.maps.island import Island
from gridmap.maps.page import Layout, MapInfo, Mode, Page, Source

__all__ = ["GridMap", "MapInfo", "Mode"]

Bounds = tuple[float, float, float, float]


class GridMap(folium.Map):
    """A map of one district that needs no network.

    Parameters
    ----------
    bounds : (west, south, east, north)
        Degrees, EPSG:4326: what is shown first, and what cannot be left by much.
    info : MapInfo
    mode : {"inline", "served"}
        One self-contained file, or Leaflet by path from `asset_base`.
    asset_base : str
        Path under which the server offers `gridmap.assets`.
    layout : {"map", "list"}
        The map alone, or with a list beside it (below it on a phone).
    image_sources : tuple of str
        Hosts that layers added to the map take images from, for the page's policy; that of
        ``info.base`` is in it anyway.
    max_zoom : int
        Without tiles Leaflet has no limit of its own.

    Examples
    --------
    >>> m = GridMap((116.0, 35.0, 116.1, 35.1), MapInfo("网格图"))
    >>> "<script src=" in m.html()
    False
    """

    default_js: list[tuple[str, str]] = []  # noqa: RUF012 - folium's own convention
    default_css: list[tuple[str, str]] = []  # noqa: RUF012

    _template = Template(
        """
        {% macro html(this, kwargs) %}<div class="gm-map" id={{ this.get_name()|tojson }}
            role="application" aria-label="{{ this.label|e }}"></div>{% endmacro %}
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = gridmap.open({{ this.get_name()|tojson }}, {
                ...{{ this.options|tojavascript }},
                center: {{ this.location|tojson }}
            });
        {% endmacro %}
        """
    )

    def __init__(
        self,
        bounds: Bounds,
        info: MapInfo,
        *,
        mode: Mode = "inline",
        asset_base: str = "/assets",
        layout: Layout = "map",
        image_sources: tuple[str, ...] = (),
        max_zoom: int = 19,
    ) -> None:
        west, south, east, north = bounds
        if not (west <= east and south <= north):
            raise BadValue("The bounds are the wrong way round.", got=bounds)
        if mode not in ("inline", "served"):
            raise BadValue("There is no such mode.", got=mode, allowed=("inline", "served"))
        super().__init__(
            location=((south + north) / 2, (west + east) / 2),
            tiles=None,
            bounds=[[south, west], [north, east]],
            max_zoom_level=max_zoom,
        )
        self.info = info
        self.label = info.title
        self.mode = mode
        if info.base is not None and info.base.origin:
            image_sources = (*image_sources, info.base.origin)
        # Folium's own figure is put aside: it would load its files from the network.
        source = Source(mode, asset_base.rstrip("/"), image_sources)
        self.page = Page(info, source, layout, bounds)
        self.page.add_child(self)

    def add_data(self, data: dict[str, Any], call: str) -> None:
        """Put JSON data into the page and hand it to a function of the page's script.

        Parameters
        ----------
        data : dict
            JSON-able; any text in it is data to the browser, never markup.
        call : str
            Function of the runtime, for example ``gridmap.addAreas``.
        """
        self.add_child(Island(data, call))

    def html(self) -> str:
        """Return the page. The same content gives the same bytes."""
        return str(self.page.render())

    def save(self, outfile: Any, close_file: bool = True, **kwargs: Any) -> None:
        """Write the page to a path (whole or not at all) or to a binary file."""
        content = self.html().encode("utf-8")
        if not isinstance(outfile, (str, bytes, Path)):
            outfile.write(content)
            if close_file:
                outfile.close()
            return
        target = Path(os.fsdecode(outfile))
        part = target.with_name(target.name + ".part")
        try:
            part.write_bytes(content)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
