"""Lineage: what became of each area from one edition to another.

Computed from geometry and codes alone, at every level from the same pieces of land, so that
levels never contradict each other.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from gridmap.coverage.lineage.amounts import Amount, Counted
from gridmap.coverage.lineage.identity import LandShares, find_heirs, match_codes
from gridmap.coverage.lineage.model import AREA, HOMES, LevelLineage, Lineage, Relation
from gridmap.coverage.lineage.pieces import TOLERANCE_M, Pieces, cut_pieces
from gridmap.coverage.lineage.relations import Groups, Kind, Ties, group_areas
from gridmap.coverage.lineage.ties import Count, Side, Tied
from gridmap.coverage.model import Coverage

__all__ = ["AREA", "LevelLineage", "Lineage", "Relation", "lineage"]

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


def lineage(
    old: Coverage,
    new: Coverage,
    *,
    counted: Mapping[str, Counted] | None = None,
    tolerance_m: float = TOLERANCE_M,
) -> Lineage:
    """Find what became of each area of `old` in `new`, at every level.

    Parameters
    ----------
    old, new : Coverage
        Geometry in EPSG:4326. Parents are what their atoms make them: declared geometry is
        not asked.
    counted : mapping of str to Points or Totals, optional
        What else than area is to be shared, by the name of the measure. Totals are those of
        `old`; the finest level that is known is used. ``households`` also decide which area
        goes on where no code says so.
    tolerance_m : float
        Metres of width below which a difference is a sliver.

    Returns
    -------
    Lineage
        Without levels for two empty coverages.
    """
    pieces = cut_pieces(old, new, tolerance_m=tolerance_m)
    counts = {name: Count.of(old, new, one) for name, one in (counted or {}).items()}
    names = [*old.levels.names, *(n for n in new.levels.names if n not in old.levels.names)]
    levels: list[LevelLineage] = []
    above: list[_Above] = []
    for name in names:
        sides = Side.of(old, name), Side.of(new, name)
        if len(sides[0]) or len(sides[1]):
            levels.append(_at_level(name, *sides, pieces, counts, above))
            above.append((*sides, levels[-1].heir))
    slivers = float(pieces.area_m2[pieces.sliver].sum())
    return Lineage(old.edition, new.edition, tuple(levels), tolerance_m, slivers)


_Above = tuple[Side, Side, Rows]


def _at_level(
    level: str,
    old: Side,
    new: Side,
    pieces: Pieces,
    counts: Mapping[str, Count],
    above: list[_Above],
) -> LevelLineage:
    tied = Tied(old, new, pieces, counts)
    ties = _ties(tied)
    groups = group_areas(ties)
    land = tied.area > 0
    links = _Links.of(tied, land, groups, ties.heir)
    return LevelLineage(
        level=level,
        old_edition=old.coverage.edition,
        new_edition=new.coverage.edition,
        old_code=old.coverage.code[old.rows],
        old_name=old.coverage.name[old.rows],
        new_code=new.coverage.code[new.rows],
        new_name=new.coverage.name[new.rows],
        old=links.old,
        new=links.new,
        group=links.group,
        kind=links.kinds(groups.kind),
        heir=ties.heir,
        reparented=_reparented(old, new, ties.heir, above),
        amounts={name: links.extended(amount) for name, amount in tied.amounts.items()},
        sliver_m2=tied.sliver_m2,
    )


def _ties(tied: Tied) -> Ties:
    old, new = tied.sides
    land = tied.area > 0
    share_old, share_new, homes_old, homes_new = (
        tied.shares(which, measure)[land] for measure in (AREA, HOMES) for which in (0, 1)
    )
    shares = LandShares(tied.old[land], tied.new[land], share_old, share_new, homes_old, homes_new)
    codes = [side.coverage.code[side.rows].tolist() for side in tied.sides]
    same_code = match_codes(*codes)
    heir = find_heirs(same_code, shares, len(new))
    goes_on = heir >= 0
    same_name = np.ones(len(old), dtype=bool)
    for names in ("name", "name_en"):
        before, after = (getattr(side.coverage, names)[side.rows] for side in tied.sides)
        same_name[goes_on] &= before[goes_on] == after[heir[goes_on]]
    return Ties(
        old=shares.old,
        new=shares.new,
        share_old=share_old,
        share_new=share_new,
        heir=heir,
        same_code=goes_on & (heir == same_code),
        same_name=same_name,
        count_new=len(new),
    )


class _Links:
    """The ties, and one link more for every area that no tie of its group names."""

    def __init__(self, old: Rows, new: Rows, group: Rows) -> None:
        self.old, self.new, self.group = old, new, group

    @classmethod
    def of(cls, tied: Tied, land: Mask, groups: Groups, heir: Rows) -> _Links:
        group = np.full(len(tied.old), -1, dtype=np.int64)
        within = np.flatnonzero(land)[groups.within]
        group[within] = groups.of_old[tied.old[within]]
        named_old = np.isin(np.arange(len(groups.of_old)), tied.old[within])
        named_new = np.isin(np.arange(len(groups.of_new)), tied.new[within])
        # What went nowhere, or came from there, is the link of an area that stands alone.
        lost = (tied.new < 0) & ~np.append(named_old, True)[tied.old]
        group[lost] = groups.of_old[tied.old[lost]]
        found = (tied.old < 0) & ~np.append(named_new, True)[tied.new]
        group[found] = groups.of_new[tied.new[found]]
        named_old[tied.old[lost]] = True
        named_new[tied.new[found]] = True
        bare_old = np.flatnonzero(~named_old)
        named_new[heir[bare_old][heir[bare_old] >= 0]] = True
        bare_new = np.flatnonzero(~named_new)
        nowhere = np.full(len(bare_new), -1, dtype=np.int64)
        return cls(
            np.concatenate([tied.old, bare_old, nowhere]),
            np.concatenate([tied.new, heir[bare_old], bare_new]),
            np.concatenate([group, groups.of_old[bare_old], groups.of_new[bare_new]]),
        )

    def kinds(self, of_group: list[Kind]) -> NDArray[np.object_]:
        out = np.empty(len(self.group), dtype=object)
        out[:] = [of_group[g] if g >= 0 else Kind.TRANSFER for g in self.group.tolist()]
        return out

    def extended(self, amount: Amount) -> Amount:
        more = len(self.old) - len(amount.value)
        return Amount(
            np.append(amount.value, np.zeros(more)),
            np.append(amount.estimated, np.zeros(more, dtype=bool)),
        )


def _reparented(old: Side, new: Side, heir: Rows, above: list[_Above]) -> Mask:
    """True where the heir's area at the next level above is not the heir of the old one's.

    At the finest coarser level at which both are in an area; where there is none, when only
    one of the two has a parent.
    """
    goes_on = np.flatnonzero(heir >= 0)
    row_old, row_new = old.rows[goes_on], new.rows[heir[goes_on]]
    has_old = old.coverage.parent[row_old] >= 0
    has_new = new.coverage.parent[row_new] >= 0
    changed, open_ = has_old != has_new, has_old & has_new
    for side_old, side_new, heir_above in reversed(above):
        place_old, place_new = side_old.place[row_old], side_new.place[row_new]
        both = open_ & (place_old >= 0) & (place_new >= 0)
        changed[both] = heir_above[place_old[both]] != place_new[both]
        open_ &= ~both
    out = np.zeros(len(heir), dtype=bool)
    out[goes_on] = changed
    return out
