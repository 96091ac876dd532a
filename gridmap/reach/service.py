"""How well places serve the homes of a district: minutes to the nearest, shares, gaps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gridmap.errors import BadValue
from gridmap.reach.model import Floats, Method, Rows, Shapes
from gridmap.reach.streets import Streets

__all__ = ["LIMITS", "Homes", "Served", "served_within", "to_nearest"]

# Minutes of the circles that planning standards know.
LIMITS = (5, 10, 15)


@dataclass(frozen=True, eq=False)
class Homes:
    """Where people live: atoms of an edition, or buildings.

    Attributes
    ----------
    lonlat : float64 (n, 2)
        EPSG:4326.
    households : float64 (n,)
    estate : int64 (n,)
        Row in `gates` of the walled estate that holds it; -1 outside, or where an estate is
        open: there one leaves anywhere.
    gates : sequence of float64 (k, 2)
        Gates of each walled estate.
    """

    lonlat: Floats
    households: Floats
    estate: Rows
    gates: Sequence[Floats]

    def __len__(self) -> int:
        return len(self.households)


@dataclass(frozen=True, eq=False)
class Served:
    """Minutes from homes to the nearest of some places.

    Attributes
    ----------
    minutes : float64 (n,)
        Infinite where there is no such place at all, NaN where no way leads to one.
    method : object (n,)
        :class:`~gridmap.reach.model.Method` of each.
    """

    minutes: Floats
    method: Shapes


def to_nearest(streets: Streets, homes: Homes, places: Floats, estate: Rows) -> Served:
    """Return minutes from each home to the nearest place.

    Parameters
    ----------
    places : float64 (p, 2)
        Longitude and latitude; none at all makes every home unserved.
    estate : int64 (p,)
        Walled estate that holds the place, as in :class:`Homes`.

    Notes
    -----
    Homes of a walled estate go to one of its gates, as the crow flies times the detour
    factor, and on from there; to a place in their own estate they need no gate.
    """
    if not len(places):
        none = np.full(len(homes), Method.NONE, dtype=object)
        return Served(np.full(len(homes), np.inf), none)
    if len(estate) != len(places):
        raise BadValue("Each place is in one estate or none.", got=len(estate), allowed=len(places))
    minutes = np.full(len(homes), np.inf)
    method = np.full(len(homes), Method.NONE, dtype=object)
    free = np.flatnonzero(homes.estate < 0)
    if len(free):
        minutes[free], method[free] = streets.minutes(places, homes.lonlat[free])
    walled = np.unique(homes.estate[homes.estate >= 0])
    if len(walled):
        at_gate, by = streets.minutes(places, np.vstack([homes.gates[w] for w in walled]))
        ends = np.cumsum([len(homes.gates[w]) for w in walled])
        for w, end in zip(walled.tolist(), ends.tolist(), strict=True):
            inside = np.flatnonzero(homes.estate == w)
            own = places[estate == w]
            rows = slice(end - len(homes.gates[w]), end)
            minutes[inside], method[inside] = _through_gates(
                streets, homes.lonlat[inside], homes.gates[w], at_gate[rows], by[rows], own
            )
    return Served(minutes, method)


def _through_gates(
    streets: Streets, homes: Floats, gates: Floats, at_gate: Floats, by: Shapes, own: Floats
) -> tuple[Floats, Shapes]:
    """Return minutes and method of the homes of one walled estate."""
    total = streets.straight_minutes(homes, gates) + at_gate
    # No way from any gate is no way.
    ranked = np.where(np.isnan(total), np.inf, total)
    best = ranked.argmin(axis=1)
    row = np.arange(len(homes))
    minutes, method = total[row, best], by[best]
    if len(own):
        inside = streets.straight_minutes(homes, own).min(axis=1)
        nearer = ~(inside >= minutes)
        minutes = np.where(nearer, inside, minutes)
        method = np.where(nearer, Method.STRAIGHT, method)
    return minutes, method


def served_within(
    homes: Homes, served: Served, area: Rows, areas: int, limits: Sequence[int] = LIMITS
) -> Floats:
    """Return the households of each area within each limit, (areas, limits).

    Parameters
    ----------
    area : int64 (n,)
        Number of the area that each home belongs to; -1 counts nowhere.
    """
    out = np.zeros((areas, len(limits)))
    for column, limit in enumerate(limits):
        near = (served.minutes <= limit) & (area >= 0)
        out[:, column] = np.bincount(area[near], homes.households[near], areas)
    return out
