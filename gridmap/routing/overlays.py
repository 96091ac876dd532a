"""Responsibility layers: what lies where that changes who owns a report.

An overlay has a kind (estate red line, exclusive site, park, river strip, road, construction
site, asset), an owner and validity dates. Which kinds matter for an item, and in which order,
is decided in :mod:`gridmap.routing.owner`; here is only what lies where. Points are asked of
the same engine that locates areas, so a point on a red line touches it, and metres to a red
line are the metres to a border.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.areas import tie_key
from gridmap.crs import metres_per_degree
from gridmap.errors import BadValue
from gridmap.locate.strtree import STRtreeIndex

__all__ = ["OVERLAY_KINDS", "Around", "Overlay", "OverlayMap", "widened"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Specific beats general: the order of the responsibility layers, with their names.
OVERLAY_KINDS = {
    "construction_site": ("建设工地", "construction site"),
    "exclusive_site": ("专属场所", "exclusive site"),
    "estate": ("小区", "estate"),
    "park": ("公园绿地", "park"),
    "river": ("河道管理范围", "river strip"),
    "road": ("道路用地", "road"),
    "asset": ("登记部件", "registered asset"),
}


@dataclass(frozen=True, slots=True)
class Overlay:
    """One responsibility layer's feature.

    Attributes
    ----------
    code : str
        The district's own number for it, unique within its kind.
    kind : str
        A key of :data:`OVERLAY_KINDS`.
    name, name_en : str
    managed : bool
        For an estate: a property firm manages it; False is an open estate.
    owner : str
        Code of the party that owns it. Empty: for a managed estate a firm that is not known
        by name; other kinds then change nothing.
    source : str
        Where the line comes from: red-line map, ruling, survey.
    priority : int
        Among overlays of one kind the highest wins, then the smallest code.
    valid_from, valid_to : date or None
        First day, and the first day no longer; None is open.
    """

    code: str
    kind: str
    name: str
    name_en: str = ""
    managed: bool = True
    owner: str = ""
    source: str = ""
    priority: int = 0
    valid_from: date | None = None
    valid_to: date | None = None

    def __post_init__(self) -> None:
        if self.kind not in OVERLAY_KINDS:
            raise BadValue(
                "There is no such kind of overlay.", got=self.kind, allowed=list(OVERLAY_KINDS)
            )

    def in_force(self, day: date) -> bool:
        """True when the overlay counts on that day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day < self.valid_to
        )


@dataclass(frozen=True, slots=True)
class Around:
    """What lies at each of n points; rows of the map in winning order.

    Attributes
    ----------
    touched : list of tuple of int
        Rows that a point touches.
    near : list of tuple of int
        Rows whose border lies within the point's accuracy, on whichever side the point is:
        the true place may be on the other one. Empty for a point without an accuracy.
    """

    touched: list[tuple[int, ...]]
    near: list[tuple[int, ...]]


class OverlayMap:
    """All overlays with their geometry, asked by arrays of points.

    Parameters
    ----------
    overlays : iterable of Overlay
    geometry : sequence of geometries (n,)
        Polygons or multipolygons, EPSG:4326, in the same order; None and empty lie nowhere.
        A road drawn as a line or an asset's point is widened to a polygon before, see
        :func:`widened`.

    Raises
    ------
    BadValue
        When the numbers differ, or a geometry has no area.
    """

    def __init__(
        self, overlays: Iterable[Overlay] = (), geometry: NDArray[np.object_] | Sequence[Any] = ()
    ) -> None:
        listed = list(overlays)
        if len(listed) != len(geometry):
            raise BadValue("Every overlay has one geometry.", got=f"{len(listed)}, {len(geometry)}")
        # Rows in winning order, so that the first hit of a point is the one that counts.
        kinds = list(OVERLAY_KINDS)
        order = sorted(
            range(len(listed)),
            key=lambda i: (
                kinds.index(listed[i].kind),
                -listed[i].priority,
                tie_key(listed[i].code),
            ),
        )
        self.overlays = [listed[i] for i in order]
        self.geometry = np.empty(len(order), dtype=object)
        for row, i in enumerate(order):
            self.geometry[row] = _with_area(listed[i], geometry[i])
        self._index = STRtreeIndex(self.geometry)

    def __len__(self) -> int:
        return len(self.overlays)

    def around(self, lon: Floats, lat: Floats, accuracy_m: Floats | None = None) -> Around:
        """Return what lies at each point; see :class:`Around`.

        Parameters
        ----------
        lon, lat : float64 (n,)
            EPSG:4326; points that are NaN touch nothing.
        accuracy_m : float64 (n,), optional
            NaN or negative where there is none.
        """
        found = Around([()] * len(lon), [()] * len(lon))
        real = np.isfinite(lon) & np.isfinite(lat)
        at = np.flatnonzero(real)
        if not len(self) or not len(at):
            return found
        point, row = self._index.touching(lon[at], lat[at])
        for i, rows in _grouped(at[point], row):
            found.touched[i] = rows
        if accuracy_m is None:
            return found
        at = np.flatnonzero(real & np.isfinite(accuracy_m) & (accuracy_m > 0))
        point, row, metres = self._index.within(lon[at], lat[at], accuracy_m[at])
        point = at[point]
        inside = np.flatnonzero(metres == 0)
        to_border = self._index.margin(lon[point[inside]], lat[point[inside]], row[inside])
        deep = np.zeros(len(point), dtype=bool)
        deep[inside] = to_border > accuracy_m[point[inside]]
        for i, rows in _grouped(point[~deep], row[~deep]):
            found.near[i] = rows
        return found

    def fill(self, rows: Sequence[int], lon: float, lat: float, radius_m: float) -> bool:
        """True when some overlays together leave no room within a radius of a point.

        What is left where two red lines were drawn apart by mistake is no place: up to a
        hundredth of the circle may stay uncovered.
        """
        circle = widened(shapely.Point(lon, lat), radius_m)
        covered = shapely.intersection(shapely.union_all(self.geometry[list(rows)]), circle)
        return bool(shapely.area(covered) >= 0.99 * shapely.area(circle))


def _grouped(point: Ints, row: Ints) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield (point, rows) from pairs ordered by point, then row."""
    edges = [*np.flatnonzero(np.diff(point, prepend=-1)).tolist(), len(point)]
    owner, rows = point.tolist(), row.tolist()
    for start, end in pairwise(edges):
        yield owner[start], tuple(rows[start:end])


def _with_area(overlay: Overlay, shape: Any) -> Any:
    if shape is not None and shape.geom_type not in {"Polygon", "MultiPolygon"}:
        raise BadValue(
            f"The {overlay.kind} '{overlay.code}' is drawn without an area.",
            got=shape.geom_type,
            repair="Widen it to a polygon.",
        )
    return shape


def widened(shape: Any, metres: float) -> Any:
    """Return a geometry (EPSG:4326) widened by some metres: a road's line, an asset's point."""
    scale = np.array(metres_per_degree(shapely.get_y(shapely.centroid(shape))))
    plane = shapely.transform(shape, lambda xy: xy * scale)
    return shapely.transform(shapely.buffer(plane, metres), lambda xy: xy / scale)
