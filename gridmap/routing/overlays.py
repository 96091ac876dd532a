"""Responsibility layers: what lies where that changes who owns a report.

An overlay has a kind (estate red line, exclusive site, park, river strip, road, construction
site, asset, agreement, ruling ...), an owner and validity dates. Which kinds matter for an
item, and in which order, is decided in :mod:`gridmap.routing.owner`; here is only what lies
where. Points are asked of the same engine that locates areas, so a point on a red line touches
it, and metres to a red line are the metres to a border.

Geometry is kept as it was drawn. A road's line and an asset's point have no area; what they
answer for is derived: the road to both sides up to its half width, the asset within its radius.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, overload

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.areas import tie_key
from gridmap.crs import metres_per_degree
from gridmap.errors import BadValue
from gridmap.locate.engines import default_engine
from gridmap.locate.model import AtomIndex
from gridmap.locate.strtree import STRtreeIndex
from gridmap.routing.objects import Objects

__all__ = [
    "ASSET",
    "BY_RECORD",
    "OVERLAY_KINDS",
    "REACH_M",
    "ROAD_CLASSES",
    "SITES",
    "Around",
    "Overlay",
    "OverlayMap",
    "Rows",
    "class_rank",
    "default_reach",
    "widened",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ASSET = "asset"

# Specific beats general: the order of the responsibility layers, with their names.
OVERLAY_KINDS = {
    "ruling": ("权属裁定", "ownership ruling"),
    "construction_site": ("建设工地", "construction site"),
    "agreement": ("约定责任范围", "agreed responsibility"),
    ASSET: ("登记部件", "registered asset"),
    "exclusive_site": ("专属场所", "exclusive site"),
    "estate": ("小区", "estate"),
    "park": ("公园绿地", "park"),
    "river": ("河道管理范围", "river strip"),
    "street_front": ("门前三包责任区", "street-front strip"),
    "road": ("道路用地", "road"),
}

ROAD_CLASSES = {
    "highway": ("公路", "highway"),
    "arterial": ("城市主次干道", "arterial road"),
    "branch": ("支路", "branch road"),
    "alley": ("背街小巷", "alley"),
}

# Compounds: whoever manages them answers for what lies within.
SITES = ("exclusive_site", "estate")

# What somebody wrote down: who, by which document, from when on.
BY_RECORD = ("agreement", "ruling")

# Metres on either side of a line, or around a point, where neither the overlay nor the site's
# tables say it. Kinds that are missing have to be drawn as areas.
REACH_M = {ASSET: 10.0, "road": 10.0, "river": 10.0, "street_front": 3.0}

# From so many points on the compiled index of the areas is made, once.
_MANY = 2_000


@dataclass(frozen=True, slots=True)
class Overlay:
    """One responsibility layer's feature.

    Attributes
    ----------
    code : str
        The district's own number for it.
    kind : str
        A key of :data:`OVERLAY_KINDS`.
    name, name_en : str
    managed : bool
        For an estate: a property firm manages it; False is an open estate.
    owner : str
        Code of the party that owns it. Empty: for a managed estate a firm that is not known
        by name; for a road the owner of its class; for a street-front strip the community;
        other kinds then change nothing. ``JD`` and ``SQ`` mean the office and the committee
        of the place.
    source : str
        Where the line comes from: red-line map, survey, contract, minutes of a ruling.
    priority : int
        Among overlays of one kind the highest wins, then among roads the greater class, then
        the smallest code.
    valid_from, valid_to : date or None
        First day, and the first day no longer; None is open.
    items : tuple of str
        Codes of the only items that it answers, whatever their location rule; empty: those
        that its kind answers.
    road_class : str
        Of a road, a key of :data:`ROAD_CLASSES`; empty where it is not known.
    radius_m : float or None
        Metres around what is drawn: the radius of an asset, the half width of a road's line.
        None: by type, class or kind.
    contact : str
        Person in charge, such as the chief of a river segment; for staff alone.
    asset_type : str
        Of an asset, a code of the site's asset types; empty where it is not known.

    Raises
    ------
    BadValue
        For an unknown kind or road class, and for an agreement or a ruling without owner,
        source or first day: nobody could check it.
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
    items: tuple[str, ...] = ()
    road_class: str = ""
    radius_m: float | None = None
    contact: str = ""
    asset_type: str = ""

    def __post_init__(self) -> None:
        if self.kind not in OVERLAY_KINDS:
            raise BadValue(
                "There is no such kind of overlay.", got=self.kind, allowed=list(OVERLAY_KINDS)
            )
        if self.road_class and (self.kind != "road" or self.road_class not in ROAD_CLASSES):
            raise BadValue(
                f"The {self.kind} '{self.code}' cannot be of that road class.",
                got=self.road_class,
                allowed=list(ROAD_CLASSES) if self.kind == "road" else "none, it is no road",
            )
        if self.kind in BY_RECORD and not (self.owner and self.source and self.valid_from):
            raise BadValue(
                f"The {self.kind} '{self.code}' lacks its owner, source or first day.",
                got=f"owner '{self.owner}', source '{self.source}', from {self.valid_from}",
                repair="Say who took over, by which document, and from when on.",
            )
        # A store gives lists back.
        object.__setattr__(self, "items", tuple(self.items))

    def in_force(self, day: date) -> bool:
        """True when the overlay counts on that day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day < self.valid_to
        )


def class_rank(overlay: Overlay) -> int:
    """Return a road's place among the classes: where two cross, the greater one keeps the place."""
    known = list(ROAD_CLASSES)
    return known.index(overlay.road_class) if overlay.road_class else len(known)


def default_reach(overlay: Overlay) -> float | None:
    """Return the metres around what is drawn, by kind alone; None for kinds that are areas."""
    return REACH_M.get(overlay.kind)


class Rows(Sequence[tuple[int, ...]]):
    """Rows of the map for each of n points: one array for all, a tuple where one is asked for.

    Attributes
    ----------
    start : int64 (n + 1,)
        The rows of point ``i`` are ``row[start[i]:start[i + 1]]``.
    row : int64 (k,)
    """

    __slots__ = ("_edges", "row", "start")

    def __init__(self, point: Ints, row: Ints, n: int) -> None:
        """Take pairs in the order of the points."""
        self.start = np.searchsorted(point, np.arange(n + 1)).astype(np.int64)
        self.row = row
        self._edges: list[int] = self.start.tolist()

    def __len__(self) -> int:
        return len(self._edges) - 1

    @overload
    def __getitem__(self, i: int) -> tuple[int, ...]: ...
    @overload
    def __getitem__(self, i: slice) -> list[tuple[int, ...]]: ...
    def __getitem__(self, i: int | slice) -> tuple[int, ...] | list[tuple[int, ...]]:
        if isinstance(i, slice):
            return [self[one] for one in range(*i.indices(len(self)))]
        if not -len(self) <= i < len(self):
            raise IndexError(i)
        i %= len(self)
        first, end = self._edges[i], self._edges[i + 1]
        return tuple(self.row[first:end].tolist()) if first < end else ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    @property
    def point(self) -> Ints:
        """The point of each row, int64 (k,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.start))


@dataclass(frozen=True, slots=True)
class Around:
    """What lies at each of n points.

    Attributes
    ----------
    touched : Rows, a sequence of tuple of int
        Rows that a point touches in winning order; then assets within whose radius it is,
        the nearest first.
    near : Rows
        Rows whose border lies within the point's accuracy, on whichever side the point is:
        the true place may be on the other one. Empty for a point without an accuracy. No
        assets.
    objects : Rows
        Rows of assets that only the accuracy brings within their radius, the nearest first.
    """

    touched: Rows
    near: Rows
    objects: Rows


class OverlayMap:
    """All overlays with their geometry, asked by arrays of points.

    Parameters
    ----------
    overlays : iterable of Overlay
    geometry : sequence of geometries (n,)
        As drawn, EPSG:4326, in the same order: areas, or lines and points of kinds that have
        a reach. None and empty lie nowhere.
    reach : callable
        Metres around the lines and points of an overlay that has no radius of its own; None
        where it must be an area.

    Attributes
    ----------
    overlays : list of Overlay
        Rows in winning order, so that the first hit of a point is the one that counts.
    drawn, geometry : object arrays (n,)
        As drawn, and the areas answered for.

    Raises
    ------
    BadValue
        When the numbers differ, or a geometry has no area and no reach.
    """

    def __init__(
        self,
        overlays: Iterable[Overlay] = (),
        geometry: NDArray[np.object_] | Sequence[Any] = (),
        *,
        reach: Callable[[Overlay], float | None] = default_reach,
    ) -> None:
        listed = list(overlays)
        if len(listed) != len(geometry):
            raise BadValue("Every overlay has one geometry.", got=f"{len(listed)}, {len(geometry)}")
        kinds = list(OVERLAY_KINDS)
        order = sorted(
            range(len(listed)),
            key=lambda i: (
                kinds.index(listed[i].kind),
                -listed[i].priority,
                class_rank(listed[i]),
                tie_key(listed[i].code),
            ),
        )
        self.overlays = [listed[i] for i in order]
        self.drawn, self.geometry = np.empty((2, len(order)), dtype=object)
        radius = np.zeros(len(order))
        for row, i in enumerate(order):
            metres = listed[i].radius_m if listed[i].radius_m is not None else reach(listed[i])
            radius[row] = metres or 0.0
            self.drawn[row] = geometry[i]
            self.geometry[row] = _area(listed[i], geometry[i], metres)
        asset = np.array([o.kind == ASSET for o in self.overlays], dtype=bool)
        areas = self.geometry.copy()
        areas[asset] = None
        self._areas, self._index = areas, STRtreeIndex(areas)
        self._compiled: AtomIndex | None = None
        self._objects = Objects(np.flatnonzero(asset), self.drawn[asset], radius[asset])

    def __len__(self) -> int:
        return len(self.overlays)

    def around(
        self,
        lon: Floats,
        lat: Floats,
        accuracy_m: Floats | None = None,
        *,
        compiled: bool = True,
    ) -> Around:
        """Return what lies at each point; see :class:`Around`.

        Parameters
        ----------
        lon, lat : float64 (n,)
            EPSG:4326; points that are NaN touch nothing.
        accuracy_m : float64 (n,), optional
            NaN or negative where there is none.
        compiled : bool
            False: no index is compiled, however many the points are: for points of which
            there will be no more.
        """
        n, real = len(lon), np.isfinite(lon) & np.isfinite(lat)
        at = np.flatnonzero(real)
        if not len(self) or not len(at):
            return Around(_none(n), _none(n), _none(n))
        point, row = self._touching(lon[at], lat[at], compiled=compiled)
        touched, objects = self._with_objects(at[point], row, lon, lat, at, accuracy_m)
        if accuracy_m is None:
            return Around(touched, _none(n), objects)
        at = np.flatnonzero(real & np.isfinite(accuracy_m) & (accuracy_m > 0))
        point, row, metres = self._index.within(lon[at], lat[at], accuracy_m[at])
        point = at[point]
        inside = np.flatnonzero(metres == 0)
        to_border = self._index.margin(lon[point[inside]], lat[point[inside]], row[inside])
        deep = np.zeros(len(point), dtype=bool)
        deep[inside] = to_border > accuracy_m[point[inside]]
        return Around(touched, Rows(point[~deep], row[~deep], n), objects)

    def _touching(self, lon: Floats, lat: Floats, *, compiled: bool) -> tuple[Ints, Ints]:
        if self._compiled is None and (len(lon) < _MANY or not compiled):
            return self._index.touching(lon, lat)
        # Every engine gives the same answers; the compiled one is worth making for many points.
        if self._compiled is None:
            self._compiled = default_engine(self._areas)
        return self._compiled.touching(lon, lat)

    def _with_objects(
        self,
        point: Ints,
        row: Ints,
        lon: Floats,
        lat: Floats,
        at: Ints,
        accuracy_m: Floats | None,
    ) -> tuple[Rows, Rows]:
        """Return what points touch, with the assets there, and the assets further on."""
        n = len(lon)
        if not len(self._objects):
            return Rows(point, row, n), _none(n)
        more = np.zeros(len(at)) if accuracy_m is None else accuracy_m[at]
        more = np.where(np.isfinite(more) & (more > 0), more, 0.0)
        of, asset, within = self._objects.around(lon[at], lat[at], more)
        of = at[of]
        point, row = np.concatenate([point, of[within]]), np.concatenate([row, asset[within]])
        order = np.argsort(point, kind="stable")
        return Rows(point[order], row[order], n), Rows(of[~within], asset[~within], n)

    def fill(self, rows: Sequence[int], lon: float, lat: float, radius_m: float) -> bool:
        """True when some overlays together leave no room within a radius of a point.

        What is left where two red lines were drawn apart by mistake is no place: up to a
        hundredth of the circle may stay uncovered.
        """
        circle = widened(shapely.Point(lon, lat), radius_m)
        covered = shapely.intersection(shapely.union_all(self.geometry[list(rows)]), circle)
        return bool(shapely.area(covered) >= 0.99 * shapely.area(circle))


def _none(n: int) -> Rows:
    return Rows(np.empty(0, np.int64), np.empty(0, np.int64), n)


def _area(overlay: Overlay, shape: Any, metres: float | None) -> Any:
    """Return the area that an overlay answers for."""
    if shape is None or shape.is_empty:
        return shape
    if shape.geom_type in {"Polygon", "MultiPolygon"}:
        # Only an asset's own radius reaches beyond an area that was drawn.
        own = overlay.radius_m if overlay.kind == ASSET else None
        return widened(shape, own) if own else shape
    if not metres or metres < 0:
        raise BadValue(
            f"The {overlay.kind} '{overlay.code}' is drawn without an area.",
            got=shape.geom_type,
            repair="Draw it as an area, or give it a radius in metres.",
        )
    return widened(shape, metres)


def widened(shape: Any, metres: float) -> Any:
    """Return a geometry (EPSG:4326) widened by some metres: a road's line, an asset's point."""
    scale = np.array(metres_per_degree(shapely.get_y(shapely.centroid(shape))))
    plane = shapely.transform(shape, lambda xy: xy * scale)
    return shapely.transform(shapely.buffer(plane, metres), lambda xy: xy / scale)
