"""What the locate room takes and returns: points in, locations out, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from gridmap.areas import Levels
from gridmap.locate.codes import CodeColumns, Coded
from gridmap.locate.near import NearArea, NearAreas, NearestAreas

__all__ = [
    "BORDER",
    "SEVERAL",
    "TOUCHED",
    "AtomIndex",
    "Location",
    "LocationStatus",
    "Locations",
    "NearArea",
    "Points",
    "TileEngine",
]


# Bits of an engine's status, see `TileEngine.first`.
TOUCHED, BORDER, SEVERAL = 1, 2, 4


class LocationStatus(StrEnum):
    """Outcome of locating a point; each leads to a different action.

    Decided in this order: `NO_EDITION` (none in force at the time), `INVALID` (unparseable,
    missing, NaN, infinite, out of range, exactly 0,0), `OUTSIDE` (in no atom), `AMBIGUOUS`
    (accuracy given and reaching another area at the level asked), `BOUNDARY` (on the border
    of the winning atom, no accuracy given), `INSIDE`.
    """

    NO_EDITION = "no_edition"
    INVALID = "invalid"
    OUTSIDE = "outside"
    AMBIGUOUS = "ambiguous"
    BOUNDARY = "boundary"
    INSIDE = "inside"


@dataclass(frozen=True, slots=True)
class Location:
    """The answer for one point.

    Attributes
    ----------
    lon, lat : float or None
        The point in the store's coordinates; None when it was invalid.
    location_status : LocationStatus
    areas : dict of str to str
        Code of the area at each level, coarse to fine; a level without an area is absent.
        Empty unless the point is in an atom.
    certain_level : str or None
        The finest level that all atoms within the accuracy share; None when they share none
        or the point is in no atom. Without an accuracy, only the atoms touched count.
    margin_m : float or None
        Metres to the nearest border of the winning atom, 0 on the border; None when outside.
    margins_m : dict of str to float
        The same per level, to the border of the area at that level.
    candidates : tuple of NearArea
        Every atom the point may belong to when there is more than one (for a point outside:
        when there is any), the winner first, then in the order of the tie rule. Of very many
        only the nearest, with the warning ``candidates_cut``; all of them count.
    nearest : NearArea or None
        Nearest atom of a point outside.
    edition : str or None
        Name of the edition that answered.
    warning : str
        Codes separated by ``;``, never a status: ``unparseable...`` (the note of the point),
        ``missing``, ``out_of_range``, ``null_island``, ``unknown_coord_sys``,
        ``outside_gcj_area``, ``accuracy_ignored``, ``overlap``, ``candidates_cut``.
    """

    lon: float | None
    lat: float | None
    location_status: LocationStatus
    areas: dict[str, str] = field(default_factory=dict)
    certain_level: str | None = None
    margin_m: float | None = None
    margins_m: dict[str, float] = field(default_factory=dict)
    candidates: tuple[NearArea, ...] = ()
    nearest: NearArea | None = None
    edition: str | None = None
    warning: str = ""


class AtomIndex(Protocol):
    """A spatial index over the atoms of one coverage, whatever its engine.

    An engine is made from an object array of polygons (EPSG:4326, None and empty allowed).
    Atoms are numbered in the order of that array, and the array comes in the order of the
    tie rule: of two atoms equally good the one with the smaller number wins. Points are
    float64 arrays lon, lat (n,), finite and in range. Empty input gives empty output.
    Every engine gives the same sets as GEOS `intersects` in the stored coordinates, and
    metres true on the WGS-84 ellipsoid to 0.1 %.
    """

    def touching(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Pairs (point, atom) that intersect, ordered by point, then atom."""
        ...

    def on_border(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64], atom: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """For each point and its own atom: True when the point lies exactly on the border."""
        ...

    def margin(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64], atom: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Metres from each point to the border of its own atom; NaN where it has none."""
        ...

    def within(
        self,
        lon: NDArray[np.float64],
        lat: NDArray[np.float64],
        radius_m: NDArray[np.float64],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Triples (point, atom, metres) with distance <= radius_m, by point, then atom.

        Atoms that touch the point are among them, at distance 0.
        """
        ...

    def nearest(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Nearest atom of each point and its distance in metres; -1 and NaN without atoms.

        Of atoms within a micrometre of the nearest, the smallest number.
        """
        ...


class TileEngine(AtomIndex, Protocol):
    """An index with a fast path to the winner alone."""

    def first(
        self, lon: NDArray[np.float64], lat: NDArray[np.float64], *, threads: int = 1
    ) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """Winner of each point by the tie rule, -1 for none, and a status.

        Bits of the status: 1 the point touches an atom, 2 it lies exactly on the border of
        the winner, 4 it touches several atoms. NaN and infinite points touch nothing.
        """
        ...

    def first_one(self, lon: float, lat: float) -> tuple[int, int]:
        """Winner and status of one point."""
        ...


@dataclass(frozen=True, eq=False)
class Locations:
    """Answers for n points, as arrays; row ``i`` of every array is point ``i``.

    Text columns are arrays of references to a few shared strings, so that a million answers
    stay small; candidates and nearest areas become objects only when one is asked for.

    Attributes
    ----------
    lon, lat : float64 (n,)
        Store coordinates, NaN where invalid.
    status : object (n,) of str
        Values of `LocationStatus`.
    edition : object (n,) of str or None
    levels : Levels
        Coarse to fine; those of the atlas, the same for every batch, whichever edition
        answered.
    codes : CodeColumns, a mapping of level name to object (n,) of str or None
        Held as numbers into legends; ``codes.coded(level)`` gives those.
    certain_level : object (n,) of str or None
    margin_m : float64 (n,), NaN when outside or invalid
    margins_m : dict of level name to float64 (n,), only when asked for
    candidates : NearAreas, a mapping of int to tuple of NearArea
        Only for the points that have candidates.
    nearest : NearestAreas, a mapping of int to NearArea
        Only for the points outside.
    warning : object (n,) of str
    status_coded : Coded, optional
        The statuses once more as numbers, where only areas were asked for.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    status: NDArray[np.object_]
    edition: NDArray[np.object_]
    levels: Levels
    codes: CodeColumns
    certain_level: NDArray[np.object_]
    margin_m: NDArray[np.float64]
    margins_m: dict[str, NDArray[np.float64]]
    candidates: NearAreas
    nearest: NearestAreas
    warning: NDArray[np.object_]
    status_coded: Coded | None = None

    def __len__(self) -> int:
        return len(self.status)

    def __getitem__(self, i: int) -> Location:
        """Return the answer for one point as a :class:`Location`."""
        if not -len(self) <= i < len(self):
            raise IndexError(i)
        i %= len(self)
        codes = {name: self.codes[name][i] for name in self.levels.names}
        margins = {name: _number(self.margins_m[name][i]) for name in self.margins_m}
        return Location(
            lon=_number(self.lon[i]),
            lat=_number(self.lat[i]),
            location_status=LocationStatus(self.status[i]),
            areas={name: code for name, code in codes.items() if code is not None},
            certain_level=self.certain_level[i],
            margin_m=_number(self.margin_m[i]),
            margins_m={name: m for name, m in margins.items() if m is not None},
            candidates=self.candidates.get(i, ()),
            nearest=self.nearest.get(i),
            edition=self.edition[i],
            warning=self.warning[i],
        )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


@dataclass(frozen=True, eq=False)
class Points:
    """Points as they came in.

    Attributes
    ----------
    x, y : float64 (n,)
        As given, in `coord_sys`; NaN where missing or unparseable.
    coord_sys : str or object (n,) of str
        One system for all or one a point: names that :mod:`gridmap.crs` knows. An unknown
        name for all is an error, an unknown name of one point makes that point invalid.
    accuracy_m : float64 (n,) or None
        Radius within which the true place lies; NaN where not given.
    at : sequence of datetime or None
        Aware moments that select the edition; None: the moment given to the atlas.
    note : object (n,) of str or None
        Why a point could not be read ("unparseable: abc"), carried into `warning`.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    coord_sys: str | NDArray[np.object_] = "wgs84"
    accuracy_m: NDArray[np.float64] | None = None
    at: Sequence[datetime | None] | None = None
    note: NDArray[np.object_] | None = None

    def __len__(self) -> int:
        return len(self.x)
