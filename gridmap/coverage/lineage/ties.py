"""Which areas of two editions share land at a level, or something that is counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridmap.coverage.lineage.amounts import (
    Amount,
    Counted,
    Points,
    atoms_at,
    known_totals,
    share_out,
)
from gridmap.coverage.lineage.model import AREA
from gridmap.coverage.lineage.pieces import Pieces
from gridmap.coverage.model import Coverage

__all__ = ["Count", "Side", "Tied"]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Side:
    """One edition at one level.

    `place` has for every row of the coverage the place of its area at this level, -1 where
    there is none, and one element more: row -1 is nowhere.
    """

    coverage: Coverage
    rows: Rows
    place: Rows

    @classmethod
    def of(cls, coverage: Coverage, level: str) -> Side:
        """Return one level of a coverage; without areas where it has no such level."""
        place = np.full(len(coverage) + 1, -1, dtype=np.int64)
        if level not in coverage.levels.names:
            return cls(coverage, np.empty(0, dtype=np.int64), place)
        # The rest of a parent is no area: the parent answers for it.
        rows = coverage.rows(level)
        rows = rows[~coverage.hidden[rows]]
        of_row = np.full(len(coverage) + 1, -1, dtype=np.int64)
        of_row[rows] = np.arange(len(rows))
        place[:-1] = of_row[coverage.ancestors[:, coverage.levels.rank(level)]]
        return cls(coverage, rows, place)

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, eq=False)
class Count:
    """What is counted, brought to rows: points with both their atoms, or totals of areas."""

    old: Rows
    new: Rows
    weight: Floats
    totals: Floats | None

    @classmethod
    def of(cls, old: Coverage, new: Coverage, counted: Counted) -> Count:
        """Find the atoms of points in both editions, or the rows of the old one's totals."""
        if isinstance(counted, Points):
            return cls(atoms_at(old, counted), atoms_at(new, counted), counted.weight, None)
        nothing = np.empty(0, dtype=np.int64)
        return cls(nothing, nothing, np.empty(0), known_totals(old, counted))


class Tied:
    """The ties of one level: pairs of areas that share land, or something counted.

    Attributes
    ----------
    old, new : int64 (k)
        Places of the areas, -1 for nowhere.
    piece_tie : int64 (p)
        The tie that each piece belongs to, -1 for slivers that make none.
    amounts : dict of str to Amount
        By measure, row by row of the ties.
    sliver_m2 : float
        Land in slivers that make no tie.
    """

    def __init__(self, old: Side, new: Side, pieces: Pieces, counts: Mapping[str, Count]) -> None:
        self.sides = old, new
        self.pieces = pieces
        self._width = len(new) + 1
        keys = self._key(pieces.old, pieces.new)
        points = {
            name: self._key(one.old, one.new) for name, one in counts.items() if one.totals is None
        }
        moved = keys[~pieces.sliver]
        every = np.unique(np.concatenate([moved, *points.values()]))
        # Key 0 is nowhere in both.
        self.keys = every[every > 0]
        self.old, self.new = self.keys // self._width - 1, self.keys % self._width - 1
        # A sliver between areas that share land all the same belongs to that land.
        self.piece_tie = np.where(np.isin(keys, moved), self._find(keys), -1)
        self.sliver_m2 = float(pieces.area_m2[(self.piece_tie < 0) & (keys > 0)].sum())
        self.amounts = {AREA: Amount(self._sum(self.piece_tie, pieces.area_m2), self._never())}
        for name, one in counts.items():
            self.amounts[name] = (
                self._shared(one.totals)
                if one.totals is not None
                else Amount(self._sum(self._find(points[name]), one.weight), self._never())
            )

    @property
    def area(self) -> Floats:
        """Land of each tie, square metres; 0 where only something counted ties the two."""
        return self.amounts[AREA].value

    def shares(self, which: int, measure: str = AREA) -> Floats:
        """Each tie as a part of its old (0) or new (1) area; 0 where it has none.

        By `measure` where it is known of the area and not zero, else by land.
        """
        place = (self.old, self.new)[which] + 1
        size = len(self.sides[which]) + 1
        out = np.zeros(len(self.keys))
        for name in dict.fromkeys((AREA, measure)):
            if name in self.amounts:
                value = np.where(place > 0, self.amounts[name].value, 0.0)
                total = np.bincount(place, weights=value, minlength=size)[place]
                usable = np.isfinite(total) & (total > 0)
                out[usable] = value[usable] / total[usable]
        return out

    def _key(self, old: Rows, new: Rows) -> Rows:
        place_old, place_new = (side.place for side in self.sides)
        key: Rows = (place_old[old] + 1) * self._width + place_new[new] + 1
        return key

    def _find(self, keys: Rows) -> Rows:
        at = np.searchsorted(self.keys, keys)
        at[at == len(self.keys)] = 0
        found = self.keys[at] == keys if len(self.keys) else np.zeros(len(keys), dtype=bool)
        return np.where(found, at, -1)

    def _sum(self, tie: Rows, weight: Floats) -> Floats:
        kept = tie >= 0
        return np.bincount(tie[kept], weights=weight[kept], minlength=len(self.keys)).astype(
            np.float64
        )

    def _never(self) -> Mask:
        return np.zeros(len(self.keys), dtype=bool)

    def _shared(self, totals: Floats) -> Amount:
        side = self.sides[0]
        counted = (self.piece_tie >= 0) & (self.pieces.old >= 0)
        return share_out(
            totals,
            side.place[:-1],
            totals[side.rows],
            atom=self.pieces.old[counted],
            tie=self.piece_tie[counted],
            area=self.pieces.area_m2[counted],
            old=self.old,
        )
