"""One edition's locator: arrays of points to statuses, areas, margins and candidates.

The tie rule. Of the atoms that touch a point (GEOS `intersects`, in the stored
coordinates), the one wins that is of the finest level present among them and, there, has
the smallest code in UTF-8 byte order. Ancestors follow the winner. The same rule holds in
overlaps, with the warning ``overlap``. It depends on codes alone, so it is the same on
every machine, in any order of import, and can be explained to whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridmap.areas import tie_key
from gridmap.coverage.model import Coverage
from gridmap.crs import valid_lonlat
from gridmap.errors import BadValue
from gridmap.locate.borders import Floats, Ints, group_starts
from gridmap.locate.model import AtomIndex, Locations, LocationStatus
from gridmap.locate.near import NearAreas, NearestAreas
from gridmap.locate.reach import Family, Flags, reach
from gridmap.locate.strtree import STRtreeIndex
from gridmap.locate.text import add_warning, picked, text_array

__all__ = ["Locator"]

_T = TypeVar("_T", bound=np.generic)

# Only points this close to a border, in metres, are asked whether they lie exactly on it.
_CLOSE_M = 1.0

_STATUSES = text_array(
    [
        LocationStatus.INSIDE.value,
        LocationStatus.BOUNDARY.value,
        LocationStatus.AMBIGUOUS.value,
        LocationStatus.OUTSIDE.value,
        LocationStatus.INVALID.value,
    ]
)


class Locator:
    """The areas of one edition, ready to answer.

    Parameters
    ----------
    coverage : Coverage
        Its atoms are indexed at once; borders of the levels above when first asked for.
    engine : callable, optional
        Makes an `AtomIndex` from an object array of polygons.
    """

    def __init__(
        self,
        coverage: Coverage,
        *,
        engine: Callable[[NDArray[np.object_]], AtomIndex] = STRtreeIndex,
    ) -> None:
        self.coverage = coverage
        self._engine = engine
        rows = sorted(
            coverage.atoms.tolist(),
            key=lambda row: (-coverage.rank[row], tie_key(str(coverage.code[row])), row),
        )
        atoms = np.array(rows, dtype=np.int64)
        self._rank = coverage.rank.astype(np.int64)
        self._family = Family(atoms, coverage.ancestors[atoms])
        self._keys = [self._family.standing_for(rank) for rank in range(len(coverage.levels))]
        self._index = engine(coverage.geometry[atoms])
        self._above: tuple[AtomIndex, Ints] | None = None
        self._lock = Lock()
        self._names = text_array([*coverage.levels.names, None])
        self._codes = text_array([*coverage.code, None])

    def locate(
        self,
        lon: ArrayLike,
        lat: ArrayLike,
        accuracy_m: ArrayLike | None = None,
        *,
        level: str | None = None,
        margins: bool = False,
    ) -> Locations:
        """Locate points.

        Parameters
        ----------
        lon, lat : array_like (n,)
            Degrees, EPSG:4326; NaN or out of range is `INVALID`.
        accuracy_m : array_like (n,), optional
            Metres; NaN where not given. Negative and infinite ones count as not given and
            are warned of.
        level : str, optional
            Level at which ambiguity is judged; the finest when not given. An atom that is
            coarser, or has no area at that level, stands for itself.
        margins : bool
            Also give the margin at every level.

        Returns
        -------
        Locations
            Of n answers; an empty input gives an empty one.

        Raises
        ------
        UnknownLevel
            When the edition has no such level.
        BadValue
            When the arrays are not numbers of one length.
        """
        levels = self.coverage.levels
        asked = len(levels) - 1 if level is None else levels.rank(level)
        x, y, radius = _columns(lon, lat, accuracy_m)
        warning = text_array([""] * len(x))
        bad = (radius < 0) | np.isinf(radius)
        add_warning(warning, bad, "accuracy_ignored")
        radius[bad] = np.nan
        return self._answer(x, y, radius, asked, margins, warning)

    def _answer(
        self,
        lon: Floats,
        lat: Floats,
        radius: Floats,
        asked: int,
        margins: bool,
        warning: NDArray[np.object_],
    ) -> Locations:
        n, names = len(lon), self.coverage.levels.names
        known = np.flatnonzero(valid_lonlat(lon, lat))
        points = lon[known], lat[known], radius[known]
        touching = self._index.touching(*points[:2])
        won = _first_touched(*touching, len(known))
        found = reach(self._index, self._family, self._keys[asked], points, touching, won)
        add_warning(warning, known[self._overlapping(points, touching)], "overlap")
        add_warning(warning, known[found.cut], "candidates_cut")

        winner = _spread(won, known, n, -1)
        margin, border = self._margin(lon, lat, winner)
        several = _spread(found.several, known, n, False)
        area = np.full((n, len(names)), -1, dtype=np.int64)
        area[winner >= 0] = self._family.ancestors[winner[winner >= 0]]
        certain = _spread(np.where(won >= 0, found.shared, -1), known, n, -1)
        near = found.candidates
        return Locations(
            lon=_spread(points[0], known, n, np.nan),
            lat=_spread(points[1], known, n, np.nan),
            status=_status(known, winner, several, border, ~np.isnan(radius)),
            edition=text_array([self.coverage.edition]).repeat(n),
            levels=self.coverage.levels,
            codes={name: picked(self._codes, area[:, i]) for i, name in enumerate(names)},
            certain_level=picked(self._names, certain),
            margin_m=margin,
            margins_m=self._margins(lon, lat, winner, margin) if margins else {},
            candidates=self._near(known[near.owner], near.atom, near.metres),
            nearest=self._nearest(lon, lat, known[won < 0]),
            warning=warning,
        )

    def _overlapping(
        self, points: tuple[Floats, Floats, Floats], touching: tuple[Ints, Ints]
    ) -> Ints:
        """Points in the interior of one atom that touch another as well."""
        owner, atom = touching
        shared = np.bincount(owner)[owner] > 1
        if not shared.any():
            return np.empty(0, dtype=np.int64)
        owner, atom = owner[shared], atom[shared]
        interior = ~self._index.on_border(points[0][owner], points[1][owner], atom)
        return np.unique(owner[interior])

    def _nearest(self, lon: Floats, lat: Floats, point: Ints) -> NearestAreas:
        if not len(point):
            return NearestAreas(NearAreas.join([]))
        atom, metres = self._index.nearest(lon[point], lat[point])
        found = atom >= 0
        return NearestAreas(self._near(point[found], atom[found], metres[found]))

    def _near(self, owner: Ints, atom: Ints, metres: Floats) -> NearAreas:
        row = self._family.rows[atom]
        level, code = picked(self._names, self._rank[row]), picked(self._codes, row)
        return NearAreas(owner, level, code, metres)

    # -- margins -----------------------------------------------------------------------

    def _margin(self, lon: Floats, lat: Floats, winner: Ints) -> tuple[Floats, Flags]:
        """Metres to the border of the winner, and whether the point lies on it."""
        margin, border = np.full(len(lon), np.nan), np.zeros(len(lon), dtype=bool)
        inside = np.flatnonzero(winner >= 0)
        margin[inside], border[inside] = _to_border(
            self._index, lon[inside], lat[inside], winner[inside]
        )
        return margin, border

    def _margins(self, lon: Floats, lat: Floats, winner: Ints, margin: Floats) -> dict[str, Floats]:
        """Metres to the border of the area at each level, NaN where there is none."""
        out = np.full((len(self.coverage.levels), len(lon)), np.nan)
        inside = np.flatnonzero(winner >= 0)
        row = self._family.ancestors[winner[inside]].T
        own = row == self._family.rows[winner[inside]]
        rank, point = np.nonzero(own)
        out[rank, inside[point]] = margin[inside[point]]
        rank, point = np.nonzero((row >= 0) & ~own)
        if len(rank):
            index, place = self._parents()
            at = inside[point]
            out[rank, at], _ = _to_border(index, lon[at], lat[at], place[row[rank, point]])
        return dict(zip(self.coverage.levels.names, out, strict=True))

    def _parents(self) -> tuple[AtomIndex, Ints]:
        """Index over the derived shapes of all parents, and the number of each row in it."""
        with self._lock:
            if self._above is None:
                coverage = self.coverage
                rows = np.setdiff1d(np.arange(len(coverage)), coverage.atoms)
                place = np.full(len(coverage), -1, dtype=np.int64)
                place[rows] = np.arange(len(rows))
                self._above = self._engine(coverage.shapes[rows]), place
            return self._above


def _columns(
    lon: ArrayLike, lat: ArrayLike, accuracy_m: ArrayLike | None
) -> tuple[Floats, Floats, Floats]:
    try:
        x, y = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
        radius = (
            np.full(x.shape, np.nan) if accuracy_m is None else np.array(accuracy_m, np.float64)
        )
    except (TypeError, ValueError) as error:
        raise BadValue("Coordinates and accuracies must be numbers.", got=str(error)) from error
    if x.ndim != 1 or not x.shape == y.shape == radius.shape:
        raise BadValue(
            "Coordinates and accuracies must be arrays of one length.",
            got=f"{x.shape}, {y.shape}, {radius.shape}",
        )
    return x, y, radius


def _to_border(index: AtomIndex, lon: Floats, lat: Floats, atom: Ints) -> tuple[Floats, Flags]:
    """Metres to the border of each point's own atom, and whether it lies exactly on it."""
    metres = index.margin(lon, lat, atom)
    border = np.zeros(len(lon), dtype=bool)
    close = np.flatnonzero(metres < _CLOSE_M)
    border[close] = index.on_border(lon[close], lat[close], atom[close])
    return np.where(border, 0.0, metres), border


def _first_touched(owner: Ints, atom: Ints, points: int) -> Ints:
    """The winner of each point: atoms are numbered in the order of the tie rule."""
    won = np.full(points, -1, dtype=np.int64)
    first = group_starts(owner)
    won[owner[first]] = atom[first]
    return won


def _spread(values: NDArray[_T], known: Ints, n: int, otherwise: float) -> NDArray[_T]:
    """Values of the known points among all n."""
    out = np.full(n, otherwise, dtype=values.dtype)
    out[known] = values
    return out


def _status(
    known: Ints, winner: Ints, several: Flags, border: Flags, given: Flags
) -> NDArray[np.object_]:
    unknown = np.ones(len(winner), dtype=bool)
    unknown[known] = False
    number = np.zeros(len(winner), dtype=np.int64)
    # What is decided first is written last.
    number[border & ~given] = 1
    number[given & several] = 2
    number[winner < 0] = 3
    number[unknown] = 4
    return picked(_STATUSES, number)
