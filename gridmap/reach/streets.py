"""Walking: minutes between points, and the area within reach of one.

>>> import numpy as np, shapely
>>> east = shapely.LineString([(114.60, 33.90), (114.62, 33.90)])
>>> streets = Streets.from_lines([east])
>>> minutes, method = streets.minutes((114.60, 33.90), [(114.61, 33.90), (115.0, 33.9)])
>>> minutes.round(1).tolist(), method.tolist()
([12.3, 641.3], ['network', 'straight'])
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from gridmap.errors import BadValue
from gridmap.places.ways import walkable
from gridmap.reach.model import Floats, Method, Rows, Walking
from gridmap.reach.network import Network, Spots
from gridmap.reach.noding import node_lines
from gridmap.reach.plane import Plane
from gridmap.reach.zone import mark_streets, zone

__all__ = ["Streets"]


class Streets:
    """The streets that one walks on, as a network; built once and asked often.

    Attributes
    ----------
    network : Network
    walking : Walking
        Speed, detour factor, and how far from a street counts as near.
    """

    def __init__(self, network: Network, walking: Walking | None = None) -> None:
        self.network = network
        self.walking = walking or Walking()

    @classmethod
    def from_lines(
        cls,
        lines: Iterable[Any],
        *,
        classes: Sequence[str] | None = None,
        strata: Sequence[int | None] | None = None,
        foot: Sequence[str] | None = None,
        crossings: bool = True,
        walking: Walking | None = None,
    ) -> Streets:
        """Build the network from the lines of roads.

        Parameters
        ----------
        lines : iterable of shapely geometry
            LineStrings and MultiLineStrings, EPSG:4326; other shapes are left out. None at
            all is a network without streets: everything is a straight line then.
        classes : sequence of str, optional
            Class of each, see :func:`gridmap.places.ways.way_classes`; nobody walks on a
            motorway. Empty where it is not known.
        strata : sequence of int or None, optional
            Height of each, 0 on the ground; lines of different height do not meet where they
            cross.
        foot : sequence of str, optional
            What each line says about walking itself: yes, no, designated ...
        crossings : bool
            False where the data are noded already: lines then meet at shared vertices only.
        """
        shapes = np.array([*lines, None], dtype=object)[:-1]
        said = zip(classes or [""] * len(shapes), foot or [""] * len(shapes), strict=True)
        walked = np.array([walkable(*words) for words in said], dtype=bool)
        there = walked & ~shapely.is_missing(shapes)
        height = np.array([level or 0 for level in strata or [0] * len(shapes)], dtype=np.int64)
        if len(height) != len(shapes):
            raise BadValue("Each line has one height.", got=len(height), allowed=len(shapes))
        return cls(Network(node_lines(shapes[there], height[there], crossings=crossings)), walking)

    @property
    def empty(self) -> bool:
        """True without any street."""
        return len(self.network) == 0

    def minutes(
        self, start: ArrayLike, ends: ArrayLike, *, limit: float = np.inf
    ) -> tuple[Floats, NDArray[np.object_]]:
        """Return minutes on foot from a point, or the nearest of several, to each of many.

        The way is the same both ways, so that `start` may as well be where people go to.

        Parameters
        ----------
        start : array_like (2,) or (k, 2)
            Longitude and latitude, EPSG:4326: a point, or several such as an estate's gates.
        ends : array_like (n, 2)
        limit : float
            Minutes from which on an end is beyond reach: its minutes are infinite, whatever
            they are. Asking for a few minutes is faster than asking for all.

        Returns
        -------
        minutes : float64 (n,)
            NaN where `method` is ``none``.
        method : object (n,)
            One of :class:`~gridmap.reach.model.Method`. ``straight`` when a street is near
            only one of the two ends or none, or when the two are nearer to each other than to
            the streets, as in the same courtyard.
        """
        walking, plane = self.walking, self.plane(start)
        sources, targets = self._spots(start, plane), self._spots(ends, plane)
        limit_m = limit * walking.metres_per_minute
        way = self.network.to_spots(sources, targets, limit_m)
        straight = _straight(sources, targets) * walking.detour
        shorter = straight < way
        metres = np.where(shorter, straight, way)
        minutes = np.where(metres <= limit_m, metres, np.inf) / walking.metres_per_minute
        method = np.where(shorter, Method.STRAIGHT, Method.NETWORK).astype(object)
        parted = ~shorter & targets.on & ~self._joined(sources, targets)
        minutes[parted], method[parted] = np.nan, Method.NONE
        return minutes, method

    def reach(self, start: ArrayLike, minutes: float) -> tuple[Any, Method]:
        """Return the area within some minutes of a point, or of the nearest of several.

        Parameters
        ----------
        start : array_like (2,) or (k, 2)
            Longitude and latitude, EPSG:4326.
        minutes : float
            Above 0, up to 120.

        Returns
        -------
        area : Polygon or MultiPolygon
            EPSG:4326. Of all nodes of the network it contains exactly those within the limit.
        method : Method
            ``straight`` where no street is near any of the points: circles then, of the
            distance over the detour factor.
        """
        if not 0.0 < minutes <= 120.0:
            raise BadValue(
                "So far nobody walks.", got=minutes, allowed="above 0, up to 120 minutes"
            )
        walking, plane = self.walking, self.plane(start)
        sources = self._spots(start, plane)
        limit = minutes * walking.metres_per_minute
        if not sources.on.any():
            # A plane of its own: it may be far from all streets.
            around = Plane.around(_places(start))
            points = shapely.points(around.to_metres(_places(start)))
            circles = shapely.union_all(shapely.buffer(points, limit / walking.detour))
            return around.to_lonlat(circles), Method.STRAIGHT
        # Off the streets one goes straight, and no farther than a street is.
        aside = np.minimum(sources.off_m, limit) / walking.detour
        some = aside > 0.01
        parts = shapely.buffer(shapely.points(sources.xy[some]), aside[some])
        along = zone(self.network, self._marks, sources, limit_m=limit, aside_m=walking.snap_m)
        area = shapely.union_all([*parts, along])
        return plane.to_lonlat(area), Method.NETWORK

    def straight_minutes(self, starts: ArrayLike, ends: ArrayLike) -> Floats:
        """Return minutes of the straight lines times the detour factor, (starts, ends)."""
        plane = self.plane(starts)
        a, b = plane.to_metres(_places(starts)), plane.to_metres(_places(ends))
        metres = np.hypot(*(a[:, None] - b[None]).transpose(2, 0, 1))
        return np.asarray(metres * self.walking.detour / self.walking.metres_per_minute)

    def plane(self, near: ArrayLike) -> Plane:
        """Return the network's plane, or one about some places where there is no network."""
        return Plane.around(_places(near)) if self.empty else self.network.plane

    # -- inside -----------------------------------------------------------------------

    @cached_property
    def _marks(self) -> Spots:
        return mark_streets(self.network)

    def _spots(self, points: ArrayLike, plane: Plane) -> Spots:
        return self.network.snap(plane.to_metres(_places(points)), self.walking.snap_m)

    def _joined(self, sources: Spots, targets: Spots) -> NDArray[np.bool_]:
        """Return which targets any source has a way to, however long."""
        piece, begin = self.network.piece, self.network.a
        known = np.unique(piece[begin[sources.edge[sources.on]]])
        joined = np.zeros(len(targets), dtype=bool)
        joined[targets.on] = np.isin(piece[begin[targets.edge[targets.on]]], known)
        return joined


def _places(points: ArrayLike) -> Floats:
    lonlat = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(lonlat).all():
        raise BadValue(
            "A walk needs places.", got="a point without coordinates", allowed="finite degrees"
        )
    return lonlat


def _straight(sources: Spots, targets: Spots) -> Floats:
    """Return metres of the straight line from the nearest source, where such a line counts."""
    out = np.full(len(targets), np.inf)
    at = shapely.points(targets.xy)
    for some, whom in (
        (np.arange(len(sources)), np.flatnonzero(~targets.on)),
        (np.flatnonzero(~sources.on), np.flatnonzero(targets.on)),
    ):
        if len(some) and len(whom):
            tree = shapely.STRtree(shapely.points(sources.xy[some]))
            (row, _), far = tree.query_nearest(at[whom], all_matches=False, return_distance=True)
            out[whom[row]] = far
    _, t, far = _neighbours(sources, targets)
    np.minimum.at(out, t, far)
    return out


def _neighbours(sources: Spots, targets: Spots) -> tuple[Rows, Rows, Floats]:
    """Return the pairs that are nearer to each other than both to the streets, and how near."""
    mine, theirs = np.flatnonzero(sources.on), np.flatnonzero(targets.on)
    if not len(mine) or not len(theirs):
        none = np.empty(0, dtype=np.int64)
        return none, none, np.empty(0)
    # No pair is farther apart than the two that are farthest from their streets.
    room = sources.off_m[mine].max() + targets.off_m[theirs]
    tree = shapely.STRtree(shapely.points(sources.xy[mine]))
    t, s = tree.query(shapely.points(targets.xy[theirs]), predicate="dwithin", distance=room)
    s, t = mine[s], theirs[t]
    far = np.hypot(*(sources.xy[s] - targets.xy[t]).T)
    near = far < sources.off_m[s] + targets.off_m[t]
    return s[near], t[near], far[near]
