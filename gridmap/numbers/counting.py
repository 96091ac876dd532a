"""Marks counted together: in all, and by area, department or item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gridmap.garbage import collecting_later
from gridmap.numbers.kpis import KPIS, Mark, marks_of
from gridmap.numbers.period import Period
from gridmap.numbers.tale import Tale

__all__ = ["Count", "Figures", "Tally", "counted", "figures_shown"]


@dataclass(slots=True)
class Count:
    """A figure: numerator, denominator, and what is in neither, by reason."""

    numerator: int = 0
    denominator: int = 0
    not_counted: Counter[str] = field(default_factory=Counter)

    @property
    def share(self) -> float | None:
        """Numerator by denominator; None where there is nothing to count."""
        return self.numerator / self.denominator if self.denominator else None

    def add(self, mark: Mark, times: int = 1) -> None:
        """Count a mark that was made so many times."""
        if mark.left_out:
            self.not_counted[mark.left_out] += times
            return
        self.denominator += times
        self.numerator += times * mark.hit


Figures = Mapping[str, Count]


def counted(
    tales: Iterable[Tale],
    period: Period,
    by: Iterable[str] = ("",),
    *,
    keep: Callable[[Tale, Mark], bool] | None = None,
) -> dict[str, dict[str, dict[str, Count]]]:
    """Return, for each way to group, the figures by group.

    Parameters
    ----------
    by : iterable of str
        Empty for all together (under the group ``""``), ``department``, ``item``, or the name
        of a level of areas.
    keep : callable, optional
        Says which marks count at all; all of them when left out.
    """
    tally = Tally(period, by, keep=keep)
    with collecting_later():
        for tale in tales:
            tally.add(tale)
    return tally.figures()


class Tally:
    """Figures being counted, tale by tale; parameters as of :func:`counted`.

    What orders are counted as comes again and again: tales with the same marks are counted as
    one pattern, by group, and the marks are looked at once for each pattern in the end.
    """

    def __init__(
        self,
        period: Period,
        by: Iterable[str] = ("",),
        *,
        keep: Callable[[Tale, Mark], bool] | None = None,
    ) -> None:
        self.period, self.keep = period, keep
        self._ways = tuple(by)
        self._patterns: dict[tuple[Mark, ...], int] = {}
        # How many tales have a pattern, and for each way by orders how many in which group.
        self._times: Counter[int] = Counter()
        self._grouped: dict[str, Counter[tuple[str, int]]] = {
            way: Counter() for way in self._ways if way not in _BY_MARK
        }

    def add(self, tale: Tale) -> None:
        """Count a tale."""
        marks = tuple(marks_of(tale, self.period))
        if self.keep is not None:
            keep = self.keep
            marks = tuple(mark for mark in marks if keep(tale, mark))
        if not marks:
            return
        pattern = self._patterns.setdefault(marks, len(self._patterns))
        self._times[pattern] += 1
        for way, groups in self._grouped.items():
            group = tale.item if way == "item" else tale.areas.get(way) or ""
            groups[group, pattern] += 1

    def figures(self) -> dict[str, dict[str, dict[str, Count]]]:
        """Return, for each way to group, the figures by group."""
        patterns = list(self._patterns)
        found: dict[str, dict[str, dict[str, Count]]] = {way: {} for way in self._ways}
        if "" in found:
            found[""][""] = _empty()
        for way, groups in found.items():
            if way in _BY_MARK:
                for pattern, times in self._times.items():
                    for mark in patterns[pattern]:
                        _figures_of(groups, mark.body if way else "")[mark.kpi].add(mark, times)
            else:
                for (group, pattern), times in self._grouped[way].items():
                    figures = _figures_of(groups, group)
                    for mark in patterns[pattern]:
                        figures[mark.kpi].add(mark, times)
        return found


# Ways to group that each mark tells by itself; in the others an order has one group.
_BY_MARK = ("", "department")


def _figures_of(groups: dict[str, dict[str, Count]], group: str) -> dict[str, Count]:
    if group not in groups:
        groups[group] = _empty()
    return groups[group]


def _empty() -> dict[str, Count]:
    return {name: Count() for name in KPIS}


def figures_shown(figures: Figures) -> list[dict[str, Any]]:
    """Return figures as plain values, in their order."""
    return [
        {
            "kpi": name,
            "numerator": one.numerator,
            "denominator": one.denominator,
            "share": None if one.share is None else round(one.share, 6),
            "not_counted": dict(sorted(one.not_counted.items())),
        }
        for name, one in figures.items()
    ]
