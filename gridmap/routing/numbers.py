"""What answers follow from, as numbers: items, overlays and days for arrays of reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gridmap.routing.overlays import ASSET
from gridmap.routing.owner import OwnerFinder

if TYPE_CHECKING:
    from gridmap.routing.answers import Answers

__all__ = ["Numbers", "day_number"]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_EPOCH = date(1970, 1, 1).toordinal()
_NEVER = 1 << 40  # days


@dataclass(frozen=True, eq=False)
class Numbers:
    """Items and overlays of one edition's router by number.

    Attributes
    ----------
    codes : list of str (i,)
        Codes of the items; `place` has the number of each.
    department : int64 (i,)
        Place of the item's department in `departments`, -1 where it posts nobody.
    departments : list of str
        Those that post professionals to areas.
    matters : bool (i, s)
        True where overlays of a sign matter for an item.
    sign : int64 (o,)
        Of each overlay.
    asset : bool (o,)
    since, until : int64 (o,)
        First day in force, and first day no longer, in days since 1970.
    seat : int64 (a,)
        Number of the seat of each area.
    changes : int64 (c,)
        Days on which some post begins or ends, ascending.
    """

    codes: list[str]
    place: dict[str, int]
    department: Ints
    departments: list[str]
    matters: Bools
    sign: Ints
    asset: Bools
    since: Ints
    until: Ints
    seat: Ints
    changes: Ints

    @classmethod
    def of(cls, answers: Answers, finder: OwnerFinder) -> Numbers:
        """Return the numbers of a router's answers."""
        overlays = answers.overlays.overlays
        items = [item for item, _, _ in answers.known.values()]
        codes = [item.code for item in items]
        signs: dict[object, int] = {}
        sign = [signs.setdefault(finder.sign(o), len(signs)) for o in overlays]
        # Overlays of one sign matter alike: one is asked for all.
        example = dict(zip(reversed(sign), reversed(overlays), strict=True))
        matters = [[finder.matters(i, example[s]) for s in range(len(signs))] for i in items]
        departments = sorted(answers.responders.departments)
        at = {department: n for n, department in enumerate(departments)}
        days = {d for p in answers.posts.values() for d in (p.valid_from, p.valid_to) if d}
        return cls(
            codes,
            {code: n for n, code in enumerate(codes)},
            np.array([at.get(item.department or "", -1) for item in items], dtype=np.int64),
            departments,
            np.array(matters, dtype=bool).reshape(len(items), len(signs)),
            np.array(sign, dtype=np.int64),
            np.array([o.kind == ASSET for o in overlays], dtype=bool),
            _days([o.valid_from for o in overlays], -_NEVER),
            _days([o.valid_to for o in overlays], _NEVER),
            np.array(answers.territory.seat_of, dtype=np.int64),
            np.array(sorted(day_number(day) for day in days), dtype=np.int64),
        )

    def together(self) -> list[int]:
        """Return for each overlay a number: the same for assets that one item may be about."""
        signs = self.matters.shape[1]
        group = np.arange(signs)
        of_asset = np.zeros(signs, dtype=bool)
        of_asset[self.sign[self.asset]] = True
        rows = {row.tobytes(): row for row in self.matters & of_asset}
        for looked_at in rows.values():
            met = np.unique(group[looked_at])
            if len(met) > 1:
                group[np.isin(group, met)] = met[0]
        return list(group[self.sign].tolist())


def day_number(day: date) -> int:
    """Return a date as the number of days since 1970."""
    return day.toordinal() - _EPOCH


def _days(days: Sequence[date | None], otherwise: int) -> Ints:
    return np.array([otherwise if d is None else day_number(d) for d in days], dtype=np.int64)
