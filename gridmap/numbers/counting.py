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

__all__ = ["Count", "Figures", "counted", "figures_shown", "group_of"]


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

    def add(self, mark: Mark) -> None:
        """Count one mark."""
        if mark.left_out:
            self.not_counted[mark.left_out] += 1
            return
        self.denominator += 1
        self.numerator += mark.hit


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
    ways = tuple(by)
    found: dict[str, dict[str, dict[str, Count]]] = {way: {} for way in ways}
    if "" in found:
        found[""][""] = _empty()
    with collecting_later():
        for tale in tales:
            for mark in marks_of(tale, period):
                if keep is not None and not keep(tale, mark):
                    continue
                for way in ways:
                    groups = found[way]
                    group = group_of(tale, mark, way)
                    if group not in groups:
                        groups[group] = _empty()
                    groups[group][mark.kpi].add(mark)
    return found


def group_of(tale: Tale, mark: Mark, by: str) -> str:
    """Return the group that a mark of an order falls into; empty for none."""
    if by == "department":
        return mark.body
    if by == "item":
        return tale.item
    return tale.areas.get(by) or "" if by else ""


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
