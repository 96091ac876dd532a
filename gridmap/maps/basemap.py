"""Tiles of a site's own under a live map, by template, each in its coordinate system.

There are none by default: a map then draws its own ground. On tiles in GCJ-02 what lies upon them
is shifted for display alone; nothing that is stored, asked or answered changes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridmap.crs import from_wgs84
from gridmap.errors import BadValue
from gridmap.settings import Settings

__all__ = ["BaseMap", "base_map"]

Floats = NDArray[np.float64]

# Systems that tiles are cut in, all in Web Mercator squares.
_SYSTEMS = ("wgs84", "cgcs2000", "gcj02")
_PLACES = {"z", "x", "y"}
_EXAMPLE = "https://tiles.example.org/{z}/{x}/{y}.png"


@dataclass(frozen=True, slots=True)
class BaseMap:
    """Tiles under a map.

    Attributes
    ----------
    template : str
        Address with ``{z}``, ``{x}`` and ``{y}``.
    coord_sys : str
        ``wgs84``, ``cgcs2000`` (shown as the same) or ``gcj02``.
    credit : str
        Whose map it is, and its review number; shown with it.
    most_zoom : int
        The last zoom that there are tiles of.
    """

    template: str
    coord_sys: str
    credit: str
    most_zoom: int

    @property
    def origin(self) -> str:
        """Scheme and host that the tiles come from; empty for this service's own."""
        parts = urlsplit(self.template)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""

    def shown(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
        """Return where places (EPSG:4326) are drawn upon the tiles, degrees."""
        x, y = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
        return from_wgs84(x, y, "gcj02") if self.coord_sys == "gcj02" else (x, y)


def base_map(settings: Settings) -> BaseMap | None:
    """Return the tiles that a site has set; None for none.

    Raises
    ------
    BadValue
        For a template or a system that cannot be used.
    """
    template = settings.base_tiles.strip()
    if not template:
        return None
    parts = urlsplit(template)
    found = set(re.findall(r"\{(.*?)\}", template))
    near = not parts.scheme and not parts.netloc and template.startswith("/")
    far = parts.scheme in ("http", "https") and re.fullmatch(r"[A-Za-z0-9.:\[\]-]+", parts.netloc)
    if found != _PLACES or not (near or far):
        raise BadValue(
            "GRIDMAP_BASE_TILES is no template of tiles.",
            got=template,
            allowed="an address, or a path of this service, with {z}, {x} and {y} alone",
            repair=f"Set it as {_EXAMPLE}, or leave it out.",
        )
    if settings.base_coord_sys not in _SYSTEMS:
        raise BadValue(
            "GRIDMAP_BASE_COORD_SYS is no system that tiles are cut in.",
            got=settings.base_coord_sys,
            allowed=_SYSTEMS,
        )
    return BaseMap(template, settings.base_coord_sys, settings.base_credit, settings.base_max_zoom)
