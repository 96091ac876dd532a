"""Tiles of a site's own under a live map, by template, each in its coordinate system.

There are none by default: a map then draws its own ground. On tiles in GCJ-02 what lies upon them
is shifted for display alone; nothing that is stored, asked or answered changes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridmap.access import Actor, Visibility, may_see
from gridmap.crs import from_wgs84
from gridmap.errors import BadValue
from gridmap.settings import Settings

__all__ = ["BaseMap", "base_map"]

Floats = NDArray[np.float64]

# Systems that tiles are cut in, all in Web Mercator squares.
_SYSTEMS = {"wgs84": "WGS-84", "cgcs2000": "CGCS2000", "gcj02": "GCJ-02"}
_PLACES = {"z", "x", "y"}
_EXAMPLE = "https://tiles.example.org/{z}/{x}/{y}.png"

# The shift is told a page at the corners of a lattice, in 1e-7 degrees. Its swiftest part swings
# by some 13 m over a third of a degree: between corners a hundredth of a degree apart a straight
# line is off by less than 0.1 m. A district too wide for that has corners farther apart.
_STEP = 0.01
_MOST_STEPS = 128
_UNIT = 1e-7
# What is looked at around a district, by its own width.
_AROUND = 0.5


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
        Whose map it is; shown with it.
    most_zoom : int
        The last zoom that there are tiles of.
    review_no : str
        Map review number (审图号) of the tiles; empty shows a blank slot.
    visibility : Visibility
        Who they are for.
    """

    template: str
    coord_sys: str
    credit: str
    most_zoom: int
    review_no: str = ""
    visibility: Visibility = Visibility.PUBLIC

    @property
    def origin(self) -> str:
        """Scheme and host that the tiles come from; empty for this service's own."""
        parts = urlsplit(self.template)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""

    def shown(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
        """Return where places (EPSG:4326) are drawn upon the tiles, degrees."""
        x, y = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
        return from_wgs84(x, y, "gcj02") if self.coord_sys == "gcj02" else (x, y)

    @property
    def system(self) -> str:
        """Name of the coordinate system, as people write it."""
        return _SYSTEMS[self.coord_sys]

    def told(self, bounds: tuple[float, float, float, float] | None) -> dict[str, Any]:
        """Return what the script ``base.js`` needs to draw a district upon the tiles.

        Parameters
        ----------
        bounds : (west, south, east, north)
            Degrees, EPSG:4326; None where nothing is drawn.
        """
        shifted = bounds is not None and self.coord_sys == "gcj02"
        return {
            "url": self.template,
            "most": self.most_zoom,
            "system": self.system,
            "credit": self.credit,
            "review": self.review_no,
            "shift": self._lattice(bounds) if bounds is not None and shifted else None,
        }

    def _lattice(self, bounds: tuple[float, float, float, float]) -> dict[str, Any]:
        """Return by how much places are shifted at the corners of a lattice over a district."""
        west, south, east, north = bounds
        span = max(east - west, north - south, _STEP)
        step = max(_STEP, span * (1 + 2 * _AROUND) / _MOST_STEPS)
        begin = (west - _AROUND * span, south - _AROUND * span)
        ends = (east + _AROUND * span, north + _AROUND * span)
        x, y = (
            start + step * np.arange(int(np.ceil((end - start) / step)) + 1)
            for start, end in zip(begin, ends, strict=True)
        )
        lon, lat = np.meshgrid(x, y)
        moved = self.shown(lon, lat)
        dx, dy = (
            np.rint((new - old) / _UNIT).astype(np.int64).ravel().tolist()
            for new, old in zip(moved, (lon, lat), strict=True)
        )
        return {"west": begin[0], "south": begin[1], "step": step, "columns": len(x),
                "unit": _UNIT, "dx": dx, "dy": dy}  # fmt: skip


def base_map(
    settings: Settings, *, beyond: bool = False, for_actor: Actor | None = None
) -> BaseMap | None:
    """Return the tiles that a site has set; None for none.

    Parameters
    ----------
    beyond : bool
        As a file finds them that is opened elsewhere: a path of this service leads nowhere from
        there, unless the site's address is known.
    for_actor : Actor, optional
        Only if this reader may see them.

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
            allowed=tuple(_SYSTEMS),
        )
    levels = [one.value for one in Visibility]
    if settings.base_visibility not in levels:
        raise BadValue(
            "GRIDMAP_BASE_VISIBILITY does not say who the tiles are for.",
            got=settings.base_visibility,
            allowed=levels,
        )
    if near and beyond:
        if not settings.public_url:
            return None
        template = settings.public_url.rstrip("/") + template
    visibility = Visibility(settings.base_visibility)
    if for_actor is not None and not may_see(for_actor, visibility):
        return None
    return BaseMap(
        template,
        settings.base_coord_sys,
        settings.base_credit,
        settings.base_max_zoom,
        settings.base_review_no,
        visibility,
    )
