"""The account of a repair: which rows change, and who gives how many square metres to whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.measure import Ruler
from gridmap.coverage.model import Coverage
from gridmap.coverage.overlaps import polygonal
from gridmap.coverage.repair.model import Mend, RowChange, Transfer
from gridmap.coverage.repair.shapes import only_areas

__all__ = ["make_ledger"]

Geometries = NDArray[np.object_]
Rows = NDArray[np.int64]

# Less than a square millimetre is what arithmetic leaves, no ground.
_NOTHING_M2 = 1e-6


def make_ledger(
    before: Coverage, after: Coverage, mends: Iterable[Mend]
) -> tuple[list[RowChange], list[Transfer]]:
    """Compare two versions of a coverage, row by row of the same areas.

    Returns
    -------
    rows : list of RowChange
        Those whose geometry is another object, the largest change first.
    transfers : list of Transfer
        Ground that passes between atoms, or between parents of one level; the largest first.
    """
    why = _reasons(before, mends)
    rows: list[RowChange] = []
    transfers: list[Transfer] = []
    atoms = before.atoms
    groups = [atoms] + [
        np.setdiff1d(np.flatnonzero(before.rank == rank), atoms)
        for rank in range(len(before.levels))
    ]
    for number, group in enumerate(groups):
        moved = _Moved(before, after, group)
        transfers += moved.transfers()
        rows += moved.rows(why, is_parent=number > 0)
    rows.sort(key=lambda r: (-r.moved_m2, r.row))
    transfers.sort(key=lambda t: -t.area_m2)
    return rows, transfers


def _reasons(coverage: Coverage, mends: Iterable[Mend]) -> dict[int, list[str]]:
    """What is done at each row, in words, the row's part in it first."""
    out: dict[int, list[str]] = defaultdict(list)
    for mend in mends:
        for row in mend.rows:
            text = _reason(coverage, mend, row)
            if text and text not in out[row]:
                out[row].append(text)
    return out


def _reason(coverage: Coverage, mend: Mend, row: int) -> str:
    if mend.kind in {"invalid_geometry", "rebuilt_parent"}:
        return mend.why
    others = ", ".join(str(coverage.code[r]) for r in mend.rows if r != row)
    if mend.kind == "gap":
        if mend.to == row:
            return f"takes a gap: {mend.why}"
        return f"beside a gap that {coverage.code[mend.to or 0]} takes"
    if mend.to is None:
        return f"overlap with {others}: {mend.why}"
    if mend.to == row:
        return f"keeps an overlap with {others}: {mend.why}"
    return f"gives up an overlap to {coverage.code[mend.to]}: {mend.why}"


class _Moved:
    """What moves among areas that lie side by side: the atoms, or the parents of a level."""

    def __init__(self, before: Coverage, after: Coverage, group: Rows) -> None:
        self.before, self.after, self.ruler = before, after, Ruler()
        same = [before.geometry[r] is after.geometry[r] for r in group]
        self.group = group
        self.changed = np.flatnonzero(~np.array(same, dtype=bool))
        self.old = polygonal(before.geometry[group])
        self.new = polygonal(after.geometry[group])
        old, new = self.old[self.changed], self.new[self.changed]
        self.lost = only_areas(shapely.difference(old, new))
        self.gained = only_areas(shapely.difference(new, old))
        self.lost_m2 = self.ruler.measure(self.lost).area_m2
        self.gained_m2 = self.ruler.measure(self.gained).area_m2
        self.old_m2 = self.ruler.measure(old).area_m2

    def rows(self, why: dict[int, list[str]], *, is_parent: bool) -> list[RowChange]:
        before, out = self.before, []
        for i, at in enumerate(self.changed.tolist()):
            row = int(self.group[at])
            reasons = why.get(row) or ["meets a neighbour's border that is mended"]
            out.append(
                RowChange(
                    row=row,
                    level=before.levels[int(before.rank[row])].name,
                    code=str(before.code[row]),
                    name=str(before.name[row]),
                    before=before.geometry[row],
                    after=self.after.geometry[row],
                    before_m2=float(self.old_m2[i]),
                    lost_m2=float(self.lost_m2[i]),
                    gained_m2=float(self.gained_m2[i]),
                    is_parent=is_parent,
                    why=tuple(reasons),
                )
            )
        return out

    def transfers(self) -> list[Transfer]:
        """Ground lost to others or to nobody, and ground gained from nobody."""
        rows = self.group[self.changed]
        place, owner, part = _cut_up(self.lost, self.new, self.changed)
        out = list(zip(rows[place].tolist(), self.group[owner].tolist(), part, strict=True))
        out += [(int(r), None, s) for r, s in zip(rows, _rest(self.lost, place, part), strict=True)]
        place, _, part = _cut_up(self.gained, self.old, self.changed)
        rest = _rest(self.gained, place, part)
        out += [(None, int(r), s) for r, s in zip(rows, rest, strict=True)]
        return self._measured(out)

    def _measured(
        self, found: list[tuple[int | None, int | None, shapely.Geometry]]
    ) -> list[Transfer]:
        parts = np.empty(len(found), dtype=object)
        parts[:] = [part for _, _, part in found]
        size = self.ruler.measure(parts).area_m2
        return [
            Transfer(giver, taker, float(m2), part)
            for (giver, taker, _), m2, part in zip(found, size, parts, strict=True)
            if m2 >= _NOTHING_M2
        ]


def _cut_up(places: Geometries, owners: Geometries, own: Rows) -> tuple[Rows, Rows, Geometries]:
    """Parts of the places that lie in others than ``own[i]``: place, owner, part."""
    place, owner = shapely.STRtree(owners).query(places, predicate="intersects")
    other = owner != own[place]
    place, owner = place[other], owner[other]
    parts = only_areas(shapely.intersection(places[place], owners[owner]))
    some = ~shapely.is_empty(parts)
    return place[some], owner[some], parts[some]


def _rest(places: Geometries, place: Rows, parts: Geometries) -> Geometries:
    """The places without the parts that are accounted for."""
    out = places.copy()
    for at in np.unique(place).tolist():
        out[at] = shapely.difference(places[at], shapely.union_all(parts[place == at]))
    return only_areas(out)
