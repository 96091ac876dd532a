"""Places: units ranked by their score among those that have about as much to do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gridmap.numbers.counting import Count, Figures
from gridmap.numbers.deductions import Deduction
from gridmap.numbers.rules import NumberRules, ScoreRule, VolumeClass

__all__ = ["FULL", "Placed", "Unit", "by_merit", "placed", "score_of"]

FULL = 100.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unit:
    """A body or an area that is ranked; `figures` is empty when nothing of it was counted."""

    code: str
    closing: Count
    on_time: Count
    score: float
    lost: float
    figures: Figures


@dataclass(frozen=True, slots=True)
class Placed:
    """A class of a ranking, with its units and their places; units that tie share a place."""

    volume: VolumeClass
    units: tuple[tuple[int, Unit], ...]


def score_of(found: Iterable[Deduction], rules: Mapping[str, ScoreRule]) -> float:
    """Return what is left of :data:`FULL` points: no rule takes more than its most."""
    lost: dict[str, float] = defaultdict(float)
    for one in found:
        if not one.lifted:
            lost[one.rule] += one.points
    most = {name: rule.most for name, rule in rules.items()}
    taken = sum(
        points if (bound := most.get(name)) is None else min(points, bound)
        for name, points in lost.items()
    )
    return round(max(0.0, FULL - taken), 2)


def placed(
    ranking: str,
    groups: Mapping[str, Figures],
    found: Sequence[Deduction],
    rules: NumberRules,
) -> tuple[list[Placed], list[Unit]]:
    """Return the classes of a ranking with their units, and the units too small for any.

    By score, or by the figure that a class names; where that is equal by the share done on
    time, then by the share closed. Who has nothing to count in that figure comes last.
    """
    own: dict[str, list[Deduction]] = defaultdict(list)
    for one in found:
        if one.ranking == ranking:
            own[one.unit].append(one)
    units = [
        _unit(code, groups.get(code), own[code], rules) for code in sorted({*groups, *own}) if code
    ]
    classes, rest, left = [], [], units
    for volume in rules.classes[ranking]:
        inside = [u for u in left if u.closing.denominator >= volume.from_orders]
        left = [u for u in left if u.closing.denominator < volume.from_orders]
        classes.append(Placed(volume, tuple(_places(inside, volume.by))))
    rest = left
    return classes, rest


def _unit(code: str, figures: Figures | None, own: Sequence[Deduction], rules: NumberRules) -> Unit:
    score = score_of(own, rules.scores)
    closing = figures["closing"] if figures else Count()
    on_time = figures["on_time"] if figures else Count()
    return Unit(code, closing, on_time, score, round(FULL - score, 2), figures or {})


def _places(units: Sequence[Unit], by: str) -> list[tuple[int, Unit]]:
    def merit(unit: Unit) -> tuple[float, float, float]:
        share = unit.figures[by].share if by and unit.figures else None
        first = unit.score if not by else -1.0 if share is None else share
        return first, unit.on_time.share or 0.0, unit.closing.share or 0.0

    return by_merit(units, merit, lambda unit: unit.code)


def by_merit(
    units: Iterable[T], merit: Callable[[T], tuple[float, ...]], code: Callable[[T], str]
) -> list[tuple[int, T]]:
    """Return units with their places, the best first; those that tie share one, by code."""
    ordered = sorted(units, key=lambda unit: (tuple(-x for x in merit(unit)), code(unit)))
    found: list[tuple[int, T]] = []
    for position, unit in enumerate(ordered, start=1):
        tied = found and merit(found[-1][1]) == merit(unit)
        found.append((found[-1][0] if tied else position, unit))
    return found
