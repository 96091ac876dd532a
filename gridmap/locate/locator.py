"""One edition's locator: arrays of points to statuses, areas, margins and candidates.

The tie rule. Of the atoms that touch a point (GEOS `intersects`, in the stored
coordinates), the one wins that is of the finest level present among them and, there, has
the smallest code in UTF-8 byte order. Ancestors follow the winner. The same rule holds in
overlaps, with the warning ``overlap``. It depends on codes alone, so it is the same on
every machine, in any order of import, and can be explained to whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridmap.areas import tie_key
from gridmap.coverage.model import Coverage
from gridmap.crs import valid_lonlat
from gridmap.locate.borders import Floats, Ints
from gridmap.locate.codes import CodeColumns, Coded
from gridmap.locate.columns import columns, compacted, legends, spread, without_invalid
from gridmap.locate.engines import default_engine, grouped_engine
from gridmap.locate.model import (
    BORDER,
    SEVERAL,
    TOUCHED,
    AtomIndex,
    Location,
    Locations,
    LocationStatus,
    TileEngine,
)
from gridmap.locate.near import NearArea, NearAreas, NearestAreas
from gridmap.locate.reach import Family, Flags, reach
from gridmap.locate.text import add_warning, picked, text_array

__all__ = ["STATUSES", "AreaColumns", "Locator", "atom_order", "index_above", "rows_above"]

_One = Callable[[float, float], tuple[int, int, list[float]] | None]

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

# A status for each combination of the bits of an engine.
_INVALID = 4
_STATUS_OF_BITS = np.array(
    [1 if bits & BORDER else 0 if bits & TOUCHED else 3 for bits in range(8)], np.int32
)


STATUSES: tuple[str, ...] = tuple(_STATUSES.tolist())


@dataclass(frozen=True, eq=False, slots=True)
class AreaColumns:
    """Areas and statuses of n points, as numbers.

    Attributes
    ----------
    levels : tuple of str
    index : int32 (levels, n)
        For each level numbers into `places`, -1 for none.
    places : for each level an int32 array
        Places in `codes` of the areas that occur.
    codes : for each level an object array of str
        All codes of the level; the same arrays as long as the locator lives.
    status : int32 (n,)
        Numbers into `STATUSES`.
    """

    levels: tuple[str, ...]
    index: NDArray[np.int32]
    places: list[NDArray[np.int32]]
    codes: list[NDArray[np.object_]]
    status: NDArray[np.int32]


class Locator:
    """The areas of one edition, ready to answer.

    Parameters
    ----------
    coverage : Coverage
        Its atoms are indexed at once; borders of the levels above when first asked for.
    engine : callable, optional
        Makes a `TileEngine` from an object array of polygons; by default the compiled one,
        see :func:`~gridmap.locate.engines.default_engine`.
    index : TileEngine, optional
        A ready index over the atoms in `atom_order`, say from a file; made when not given.
    above : TileEngine, optional
        The same over the areas above them, in the order of :func:`rows_above`.
    """

    def __init__(
        self,
        coverage: Coverage,
        *,
        engine: Callable[[NDArray[np.object_]], TileEngine] = default_engine,
        index: TileEngine | None = None,
        above: TileEngine | None = None,
    ) -> None:
        self.coverage = coverage
        self._engine = engine
        self._atoms = atoms = atom_order(coverage)
        self._rank = coverage.rank.astype(np.int64)
        self._family = Family(coverage.answering[atoms], coverage.ancestors[atoms])
        self._keys = [self._family.standing_for(rank) for rank in range(len(coverage.levels))]
        # Rank of the finest level at which each atom has an area; last, for no atom, -1.
        has = self._family.ancestors >= 0
        finest = has.shape[1] - 1 - np.argmax(has[:, ::-1], axis=1)
        self._finest = np.append(np.where(has.any(axis=1), finest, -1), -1)
        self.index: TileEngine = engine(coverage.geometry[atoms]) if index is None else index
        self._above: TileEngine | None = above
        self._lock = Lock()
        self._one: _One | None = None
        self._names = text_array([*coverage.levels.names, None])
        self._codes = text_array([*coverage.code, None])
        self._places, self._legends = legends(coverage, self._family.ancestors)
        self._chains: list[tuple[str | None, ...]] | None = None
        self._place_above = np.full(len(coverage) + 1, -1, np.int64)
        rows = rows_above(coverage)
        self._place_above[rows] = np.arange(len(rows))

    def areas_at(self, lon: float, lat: float) -> tuple[tuple[str | None, ...], int]:
        """Return the codes of one point, coarse to fine, and the status of the engine.

        The quickest way to ask for one point: no margin, no candidates. Levels without an
        area have None; a point outside, or that is no number, has None throughout and 0.
        """
        atom, status = self.index.first_one(lon, lat)
        return self._chain(atom), status

    def _chain(self, atom: int) -> tuple[str | None, ...]:
        """Codes of an atom, coarse to fine; of none, -1."""
        chains = self._chains
        if chains is None:
            ancestors = self._family.ancestors
            columns = [picked(self._codes, ancestors[:, i]) for i in range(ancestors.shape[1])]
            nothing = (None,) * len(columns)
            chains = self._chains = [*zip(*columns, strict=True), nothing]
        return chains[atom]

    def margins_at(self, lon: float, lat: float) -> tuple[tuple[str | None, ...], int, list[float]]:
        """Return what `areas_at` does, and the metres to the border at each level.

        Coarse to fine, NaN where a level has no area. One call of compiled code, unless the
        point is on a border or in several atoms; the same numbers as `locate` gives.
        """
        found = self._asked(lon, lat)
        if found is None:
            codes, status = self.areas_at(lon, lat)
            whole = self.locate([lon], [lat], margins=True)
            return codes, status, [float(metres[0]) for metres in whole.margins_m.values()]
        atom, status, metres = found
        del metres[0]
        return self._chain(atom if status else -1), status, metres

    def clear_one(self, lon: float, lat: float) -> Location | None:
        """Return what `locate` answers for one point without an accuracy, with margins.

        The point must be valid. None when it lies on a border or touches several atoms, or
        too near a border or too far from all to be sure without more: such a point is for
        `locate`.
        """
        found = self._asked(lon, lat)
        if found is None:
            return None
        atom, status, metres = found
        edition = self.coverage.edition
        if not status:
            row = int(self._family.rows[atom])
            area = NearArea(self._names[self._rank[row]], self._codes[row], metres[0])
            return Location(lon, lat, LocationStatus.OUTSIDE, nearest=area, edition=edition)
        codes, names = self._chain(atom), self.coverage.levels.names
        if None in codes:
            some = [rank for rank, code in enumerate(codes) if code is not None]
            areas = {names[rank]: str(codes[rank]) for rank in some}
            margins = {names[rank]: metres[rank + 1] for rank in some}
        else:
            areas = dict(zip(names, codes, strict=True))  # type: ignore[arg-type]
            margins = dict(zip(names, metres[1:], strict=True))
        return Location(
            lon=lon,
            lat=lat,
            location_status=LocationStatus.INSIDE,
            areas=areas,
            certain_level=next(reversed(areas), None),
            margin_m=metres[0],
            margins_m=margins,
            edition=edition,
        )

    def _asked(self, lon: float, lat: float) -> tuple[int, int, list[float]] | None:
        """Ask the compiled way for one point; None where that is not there or not sure."""
        if self._one is None:
            make = getattr(self.index, "one_point", None)
            above = self._parents() if make and (self._borders() >= 0).any() else None
            self._one = make(above, self._borders()) if make else _unsure
        return self._one(lon, lat)

    def _borders(self) -> NDArray[np.int32]:
        """For each atom and level the place of the area in `rows_above`; -1 none, -2 itself."""
        rows = self._family.ancestors
        place = self._place_above[rows]
        return np.where(rows < 0, -1, np.where(place < 0, -2, place)).astype(np.int32)

    def locate(
        self,
        lon: ArrayLike,
        lat: ArrayLike,
        accuracy_m: ArrayLike | None = None,
        *,
        level: str | None = None,
        margins: bool = False,
        areas_only: bool = False,
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
        areas_only : bool
            Answer areas and statuses alone, the fastest there is: no margins, nothing to
            tell how sure an answer is, no candidates, no nearest area, no warnings. Accuracies
            play no part, so nothing is `AMBIGUOUS`; `margins` is without effect.

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
        x, y, radius = columns(lon, lat, accuracy_m)
        if areas_only:
            return self._areas(x, y)
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
        n = len(lon)
        known = np.flatnonzero(valid_lonlat(lon, lat))
        points = lon[known], lat[known], radius[known]
        atom, bits = self.index.first(*points[:2])
        won = atom.astype(np.int64)
        # Only these may belong to several atoms; the others are done.
        open_ = np.flatnonzero((bits & SEVERAL > 0) | ~np.isnan(points[2]))
        asked_of = points[0][open_], points[1][open_], points[2][open_]
        touching = self._touching(asked_of, bits[open_])
        found = reach(self.index, self._family, self._keys[asked], asked_of, touching, won[open_])
        add_warning(warning, known[open_[self._overlapping(asked_of, touching)]], "overlap")
        add_warning(warning, known[open_[found.cut]], "candidates_cut")

        winner = spread(won, known, n, -1)
        margin, border = self._margin(lon, lat, winner, spread(bits, known, n, 0))
        several, shared = np.zeros(n, dtype=bool), spread(self._finest[won], known, n, -1)
        several[known[open_]], shared[known[open_]] = found.several, found.shared
        certain = np.where(winner >= 0, shared, -1)
        near = found.candidates
        return Locations(
            lon=spread(points[0], known, n, np.nan),
            lat=spread(points[1], known, n, np.nan),
            status=_status(known, winner, several, border, ~np.isnan(radius)),
            edition=text_array([self.coverage.edition]).repeat(n),
            levels=self.coverage.levels,
            codes=self._coded(winner),
            certain_level=picked(self._names, certain),
            margin_m=margin,
            margins_m=self._margins(lon, lat, winner, margin) if margins else {},
            candidates=self._near(known[open_[near.owner]], near.atom, near.metres),
            nearest=self._nearest(lon, lat, known[won < 0]),
            warning=warning,
        )

    def _areas(self, lon: Floats, lat: Floats) -> Locations:
        """Areas and statuses alone; as few passes over the points as there can be."""
        n, valid = len(lon), valid_lonlat(lon, lat)
        atom, bits = self.index.first(lon, lat)
        number = _STATUS_OF_BITS[bits]
        if not valid.all():
            # Areas may reach beyond the ends of the earth, points may not.
            lon, lat = np.where(valid, lon, np.nan), np.where(valid, lat, np.nan)
            atom, number = np.where(valid, atom, -1), np.where(valid, number, _INVALID)
        metres, nothing = np.full(n, np.nan), np.full(n, None, dtype=object)
        nobody = NearAreas.join([])
        return Locations(
            lon=lon,
            lat=lat,
            status=picked(_STATUSES, number),
            edition=text_array([self.coverage.edition]).repeat(n),
            levels=self.coverage.levels,
            codes=self._coded(atom),
            certain_level=nothing,
            margin_m=metres,
            margins_m={},
            candidates=nobody,
            nearest=NearestAreas(nobody),
            warning=text_array([""]).repeat(n),
            status_coded=Coded(number, _STATUSES),
        )

    def compact(self, lon: Floats, lat: Floats) -> AreaColumns:
        """Return areas and statuses alone as the shortest columns there are.

        The answers of ``locate(..., areas_only=True)``: degrees, float64 (n,), contiguous;
        NaN, out of range and both 0 are invalid.
        """
        atom, bits = self.index.first(lon, lat)
        atom, number = without_invalid(lon, lat, atom, bits, _STATUS_OF_BITS, _INVALID)
        index, places = compacted(atom, self._places)
        return AreaColumns(self.coverage.levels.names, index, places, self._legends, number)

    def _coded(self, winner: NDArray[np.integer[Any]]) -> CodeColumns:
        names = self.coverage.levels.names
        return CodeColumns(
            {
                name: Coded(self._places[rank].take(winner, mode="wrap"), self._legends[rank])
                for rank, name in enumerate(names)
            }
        )

    def _touching(
        self, points: tuple[Floats, Floats, Floats], bits: NDArray[np.uint8]
    ) -> tuple[Ints, Ints]:
        """Pairs (point, atom) of the points that touch several atoms."""
        several = np.flatnonzero(bits & SEVERAL)
        owner, atom = self.index.touching(points[0][several], points[1][several])
        return several[owner], atom

    def _overlapping(
        self, points: tuple[Floats, Floats, Floats], touching: tuple[Ints, Ints]
    ) -> Ints:
        """Points in the interior of one atom that touch another as well."""
        owner, atom = touching
        shared = np.bincount(owner)[owner] > 1
        if not shared.any():
            return np.empty(0, dtype=np.int64)
        owner, atom = owner[shared], atom[shared]
        interior = ~self.index.on_border(points[0][owner], points[1][owner], atom)
        return np.unique(owner[interior])

    def _nearest(self, lon: Floats, lat: Floats, point: Ints) -> NearestAreas:
        if not len(point):
            return NearestAreas(NearAreas.join([]))
        atom, metres = self.index.nearest(lon[point], lat[point])
        found = atom >= 0
        return NearestAreas(self._near(point[found], atom[found], metres[found]))

    def _near(self, owner: Ints, atom: Ints, metres: Floats) -> NearAreas:
        row = self._family.rows[atom]
        level, code = picked(self._names, self._rank[row]), picked(self._codes, row)
        return NearAreas(owner, level, code, metres)

    # -- margins -----------------------------------------------------------------------

    def _margin(
        self, lon: Floats, lat: Floats, winner: Ints, bits: NDArray[np.uint8]
    ) -> tuple[Floats, Flags]:
        """Metres to the border of the winner, and whether the point lies on it."""
        margin, border = np.full(len(lon), np.nan), bits & BORDER > 0
        inside = np.flatnonzero((winner >= 0) & ~border)
        margin[inside] = self.index.margin(lon[inside], lat[inside], winner[inside])
        margin[border] = 0.0
        return margin, border

    def _margins(self, lon: Floats, lat: Floats, winner: Ints, margin: Floats) -> dict[str, Floats]:
        """Metres to the border of the area at each level, NaN where there is none."""
        out = np.full((len(self.coverage.levels), len(lon)), np.nan)
        inside = np.flatnonzero(winner >= 0)
        row = self._family.ancestors[winner[inside]].T
        own = row == self._atoms[winner[inside]]
        rank, point = np.nonzero(own)
        out[rank, inside[point]] = margin[inside[point]]
        rank, point = np.nonzero((row >= 0) & ~own)
        if len(rank):
            at, place = inside[point], self._place_above[row[rank, point]]
            out[rank, at], _ = _to_border(self._parents(), lon[at], lat[at], place)
        return dict(zip(self.coverage.levels.names, out, strict=True))

    def _parents(self) -> TileEngine:
        """Index over the derived shapes of all parents, in the order of `rows_above`."""
        with self._lock:
            if self._above is None:
                self._above = index_above(self.coverage, self._engine)
            return self._above


def _unsure(lon: float, lat: float) -> None:
    """Answer for an engine that has no way for one point."""


def rows_above(coverage: Coverage) -> Ints:
    """Rows of the areas that are no atoms: those of the index above, in its order."""
    return np.setdiff1d(np.arange(len(coverage)), coverage.atoms)


def index_above(
    coverage: Coverage, engine: Callable[[NDArray[np.object_]], TileEngine] = default_engine
) -> TileEngine:
    """Index the derived shapes of the areas above the atoms, told apart by their levels."""
    rows = rows_above(coverage)
    shapes = coverage.shapes[rows]
    if engine is not default_engine:
        return engine(shapes)
    return grouped_engine(shapes, (1 << coverage.rank[rows].astype(np.int64)).astype(np.uint8))


def atom_order(coverage: Coverage) -> Ints:
    """Rows of the atoms of a coverage in the order of the tie rule: the order of its index."""
    answering = coverage.answering.tolist()
    rows = sorted(
        coverage.atoms.tolist(),
        key=lambda row: (
            -coverage.rank[answering[row]],
            tie_key(str(coverage.code[answering[row]])),
            row,
        ),
    )
    return np.array(rows, dtype=np.int64)


def _to_border(index: AtomIndex, lon: Floats, lat: Floats, atom: Ints) -> tuple[Floats, Flags]:
    """Metres to the border of each point's own atom, and whether it lies exactly on it."""
    metres = index.margin(lon, lat, atom)
    border = np.zeros(len(lon), dtype=bool)
    close = np.flatnonzero(metres < _CLOSE_M)
    border[close] = index.on_border(lon[close], lat[close], atom[close])
    return np.where(border, 0.0, metres), border


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
