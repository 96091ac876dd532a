"""How sure an owner is: the share, by area, of the places where a report may be.

A point with an accuracy stands for a circle. The areas and overlays within it cut the circle
into faces, and each face has an owner of its own. The confidence of a route is the area of the
faces that lead, by a rule, to the owner of the point itself, over the area of the circle:

- the whole circle in places of one owner: 1;
- a red line through the middle of it: about a half, whichever side the point is on;
- where registered assets may be meant, each has the places to which it is the nearest;
- ground outside the district, and places that nobody is known to own, count for nobody, so an
  owner who is only the territory's fallback has 0.

A point without an accuracy is taken as exact: 1, or on the border of areas with different
owners the share of the directions around it, or 0 for a fallback. No weight and no threshold is
in this figure; what a site does about doubt is its policy, not the figure's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.model import Coverage, union_of
from gridmap.coverage.prepared import prepared_copies
from gridmap.crs import metres_per_degree
from gridmap.routing.overlays import OverlayMap

__all__ = ["EXACT_M", "Faces"]

# A circle around a point on a border small enough that borders are straight in it, and large
# against the rounding of coordinates.
EXACT_M = 0.01

# Corners of the polygon that stands for the circle; shares are of the polygon's own area.
_CORNERS = 64

# Less of an area than this is what cutting rounds.
_ROUNDING = 1e-9
_ANGLE = np.arange(_CORNERS) * (2 * np.pi / _CORNERS)
_UNIT = np.stack([np.cos(_ANGLE), np.sin(_ANGLE)], axis=1)


class Faces:
    """Cuts circles into the faces that areas and overlays make of them.

    Parameters
    ----------
    coverage : Coverage
    overlays : OverlayMap
    seat_of : sequence of int
        For each row of the coverage a number that is the same where the bodies are.
    """

    def __init__(self, coverage: Coverage, overlays: OverlayMap, seat_of: Sequence[int]) -> None:
        self._coverage, self._seat_of = coverage, seat_of
        self._overlays = overlays
        self._area = lru_cache(maxsize=1 << 14)(self._area_of)
        self._overlay = lru_cache(maxsize=1 << 14)(lambda row: _sound(overlays.geometry[row]))
        self._boxes = shapely.bounds(overlays.geometry)
        self._outline: Any = None
        self._prepared: Any = None
        self._lock = Lock()

    @property
    def outline(self) -> Any:
        """All ground of the coverage as one (multi)polygon, EPSG:4326, made at the first use.

        It is never prepared, so that threads may share it.
        """
        with self._lock:
            return self._whole()

    def inside(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64], radius_m: NDArray[np.float64]
    ) -> NDArray[np.bool_]:
        """For each circle (n,): True when no part of it lies outside the district."""
        if not len(lon):
            return np.zeros(0, dtype=bool)
        circles = _circles(lon, lat, radius_m)
        # GEOS builds inner indexes of what is prepared at the first question, and writes into
        # that of its edges at each: two threads that ask at once break off the process.
        with self._lock:
            return np.asarray(shapely.covers(self._ground(), circles))

    def _whole(self) -> Any:
        if self._outline is None:
            united = union_of(self._coverage.geometry[self._coverage.atoms])
            self._outline = shapely.Polygon() if united is None else united
        return self._outline

    def _ground(self) -> Any:
        """The outline, prepared: a copy of its own, asked only under the lock."""
        if self._prepared is None:
            self._prepared = prepared_copies(np.array([self._whole()], dtype=object))[0]
        return self._prepared

    def shares(
        self,
        lon: float,
        lat: float,
        radius_m: float,
        rows: Sequence[int],
        sure: Sequence[int],
        near: Sequence[int],
        owner_of: Callable[[int, tuple[int, ...]], Hashable],
        assets: Sequence[int] = (),
        *,
        an_asset: bool = False,
        inside: bool = False,
    ) -> dict[Hashable, float]:
        """Return the share of a circle that each owner has.

        Parameters
        ----------
        lon, lat, radius_m : float
            EPSG:4326, metres.
        rows : sequence of int
            Rows of the coverage that reach into it.
        sure, near : sequence of int
            Rows of the overlays that hold all of it, and that hold a part.
        owner_of : callable
            Returns what a row of the coverage and rows of overlays, ascending, then perhaps
            that of an asset, lead to.
        assets : sequence of int
            Rows of the assets that may be meant.
        an_asset : bool
            True when one of them is meant for certain; else only within their radius.
        inside : bool
            True when no part of the circle lies outside the district.

        Returns
        -------
        dict
            Shares of what `owner_of` gave; they add up to less than 1 where a part of the circle
            lies outside the district.
        """
        rest = _circles(np.array([lon]), np.array([lat]), np.array([radius_m]))[0]
        cells = self._cells(rest, assets, whole=an_asset)
        whole = shapely.area(rest)
        found: Counter[Hashable] = Counter()
        # The finest areas first: what is left of a parent is its own. In an overlap the first
        # by code, as everywhere.
        order = sorted(rows, key=lambda r: (-int(self._coverage.rank[r]), r))
        last = self._alike_from(order) if inside else len(order)
        for n, row in enumerate(order):
            if n == last:
                piece = rest
            else:
                piece = shapely.intersection(rest, self._area(row))
                rest = shapely.difference(rest, self._area(row))
            for overlays, part, size in self._cut(piece, tuple(sure), near, keep=bool(cells)):
                if not cells:
                    found[owner_of(row, overlays)] += size / whole
                    continue
                for asset, own in _shared(part, cells):
                    found[owner_of(row, (*overlays, *asset))] += shapely.area(own) / whole
            if n == last:
                break
        # No driver knows numpy's numbers, and shares are stored.
        return {owner: float(share) for owner, share in found.items()}

    def _alike_from(self, order: Sequence[int]) -> int:
        """Return from which place on all rows have the same bodies: what is left is theirs."""
        at = len(order) - 1
        while at and self._seat_of[order[at - 1]] == self._seat_of[order[-1]]:
            at -= 1
        return at

    def _cells(self, circle: Any, assets: Sequence[int], *, whole: bool) -> list[tuple[int, Any]]:
        """Return for each asset the places to which it is the nearest, and close enough."""
        drawn = self._overlays.drawn
        spots: dict[tuple[float, float], int] = {}
        for asset in assets:
            middle = shapely.centroid(drawn[asset])
            spots.setdefault((middle.x, middle.y), asset)
        if len(spots) < 2:
            cells = [circle for _ in spots]
        else:
            points = shapely.MultiPoint(list(spots))
            cells = list(shapely.voronoi_polygons(points, extend_to=circle, ordered=True).geoms)
        return [
            (asset, cell if whole else shapely.intersection(cell, self._overlay(asset)))
            for asset, cell in zip(spots.values(), cells, strict=True)
        ]

    def _cut(
        self, piece: Any, sure: tuple[int, ...], near: Sequence[int], *, keep: bool
    ) -> list[tuple[tuple[int, ...], Any, float]]:
        """Cut a piece by overlays: which ones hold each part, the part, its area.

        Without `keep` the parts themselves may be left uncut: only the areas count.
        """
        parts = [(sure, piece, float(shapely.area(piece)))]
        if not parts[0][2]:
            return []
        meeting = self._meeting(piece, near)
        for n, overlay in enumerate(meeting):
            shape, last = self._overlay(overlay), n == len(meeting) - 1 and not keep
            cut: list[tuple[tuple[int, ...], Any, float]] = []
            for overlays, part, size in parts:
                within = shapely.intersection(part, shape)
                own = float(shapely.area(within))
                if own:
                    cut.append((tuple(sorted((*overlays, overlay))), within, own))
                if size - own > _ROUNDING * size:
                    rest = part if last else shapely.difference(part, shape)
                    cut.append((overlays, rest, size - own))
            parts = cut
        return parts

    def _meeting(self, piece: Any, near: Sequence[int]) -> list[int]:
        """Return those overlays whose boxes meet that of a piece."""
        rows = np.asarray(near, dtype=np.int64)
        west, south, east, north = shapely.bounds(piece)
        box = self._boxes[rows]
        meets = (box[:, 0] <= east) & (box[:, 2] >= west)
        meets &= (box[:, 1] <= north) & (box[:, 3] >= south)
        found: list[int] = rows[meets].tolist()
        return found

    def _area_of(self, row: int) -> Any:
        """Return the ground for which a row answers: an atom's own, or a parent's remainders."""
        coverage = self._coverage
        own = np.flatnonzero((coverage.answering == row) & _has_ground(coverage))
        return _sound(shapely.union_all(coverage.geometry[own]))


def _shared(part: Any, cells: Sequence[tuple[int, Any]]) -> list[tuple[tuple[int, ...], Any]]:
    """Cut a part into what each asset has of it, and the rest."""
    found: list[tuple[tuple[int, ...], Any]] = []
    for asset, cell in cells:
        found.append(((asset,), shapely.intersection(part, cell)))
        part = shapely.difference(part, cell)
    return [*found, ((), part)]


def _has_ground(coverage: Coverage) -> NDArray[np.bool_]:
    atoms = np.zeros(len(coverage), dtype=bool)
    atoms[coverage.atoms] = True
    return atoms


def _circles(
    lon: NDArray[np.float64], lat: NDArray[np.float64], radius_m: NDArray[np.float64]
) -> NDArray[np.object_]:
    kx, ky = metres_per_degree(lat)
    size = np.stack([radius_m / kx, radius_m / ky], axis=1)
    centre = np.stack([lon, lat], axis=1)
    made: NDArray[np.object_] = shapely.polygons(
        centre[:, None, :] + _UNIT[None, :, :] * size[:, None, :]
    )
    return made


def _sound(shape: Any) -> Any:
    if shape is None:
        return shapely.Polygon()
    return shape if shapely.is_valid(shape) else shapely.make_valid(shape)
