"""Open reports located and routed anew in the edition that comes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gridmap.coverage.model import Coverage
from gridmap.locate.atlas import Atlas, Validity
from gridmap.locate.locator import Locator
from gridmap.locate.model import Locations, Points
from gridmap.routing.book import Decision
from gridmap.routing.decision import Router
from gridmap.routing.moves import MovePlan, MovePolicy, MoveReason, OpenReport, ReportMove

__all__ = ["MovePlanner"]


class MovePlanner:
    """Locates and routes open reports anew in one edition.

    Parameters
    ----------
    coverage : Coverage
        Of the edition; its own name may be another, when a former edition is put in force again.
    plan : MovePlan
        Still without moves: which edition, from when, and its policy.
    router_for : callable
        Returns the router of a coverage and a catalogue; called only when reports migrate.
    """

    def __init__(
        self, coverage: Coverage, plan: MovePlan, router_for: Callable[[Coverage, str], Router]
    ) -> None:
        self._coverage, self._plan, self._router_for = coverage, plan, router_for

    def moves(
        self, found: Sequence[OpenReport], levels_of: dict[str, frozenset[str]]
    ) -> list[ReportMove]:
        """Return those whose area changes, with their new routes where they move."""
        points = _points(found)
        placed = self._locate(points)
        new_codes = _codes(placed)
        coverage = self._coverage
        own = frozenset(n for n in coverage.levels.names if len(coverage.rows(n)))
        rows = [
            i
            for i, report in enumerate(found)
            if _differs(report, new_codes[i], own & levels_of.get(report.edition or "", own))
        ]
        inside = [i for i in rows if new_codes[i]]
        decided: dict[int, Decision] = {}
        if self._plan.policy is MovePolicy.MIGRATE and inside:
            decided = self._decide(found, points, placed, inside)
        return [self._move(found[i], new_codes[i], str(placed.status[i]), decided.get(i))
                for i in rows]  # fmt: skip

    def decision(self, report: OpenReport) -> Decision:
        """Return the route that a report gets when it moves."""
        points = _points([report])
        return self._decide([report], points, self._locate(points), [0])[0]

    def _locate(self, points: Points) -> Locations:
        locator = Locator(self._coverage)
        start, name = self._plan.effective_from, self._plan.edition
        atlas = Atlas([Validity(name, start, None, lambda: locator)], self._coverage.levels)
        return atlas.locate(points, now=start, edition=name)

    def _decide(
        self, found: Sequence[OpenReport], points: Points, placed: Locations, rows: list[int]
    ) -> dict[int, Decision]:
        """Decide anew, as of the edition's date; deadlines run from the receipt as ever."""
        # The router knows the edition by its coverage's name; a copy has another one.
        placed = replace(placed, edition=_named(placed.edition, self._coverage.edition))
        of: dict[str, list[int]] = {}
        for i in rows:
            of.setdefault(found[i].catalogue, []).append(i)
        decided: dict[int, Decision] = {}
        for catalogue, some in of.items():
            router = self._router_for(self._coverage, catalogue)
            decided |= self._decide_by(router, found, points, placed, some)
        return decided

    def _decide_by(
        self,
        router: Router,
        found: Sequence[OpenReport],
        points: Points,
        placed: Locations,
        rows: list[int],
    ) -> dict[int, Decision]:
        items = [report.item for report in found]
        moments = [max(self._plan.effective_from, report.received_at) for report in found]
        accuracy = points.accuracy_m
        decided = dict(
            zip(rows, router.decide(items, placed, moments, accuracy, rows=rows), strict=True)
        )
        late = [i for i in rows if not found[i].routed]
        received = [report.received_at for report in found]
        answers = router.decide(items, placed, received, accuracy, rows=late) if late else []
        for i, answer in zip(late, answers, strict=True):
            decided[i] = _with_deadline(decided[i], answer)
        return decided

    def _move(
        self, report: OpenReport, codes: dict[str, str], status: str, decision: Decision | None
    ) -> ReportMove:
        reason = MoveReason.AREA_CHANGED
        if self._plan.policy is MovePolicy.KEEP:
            reason = MoveReason.POLICY_KEEPS
        elif decision is None:
            reason = MoveReason.OUTSIDE
        elif report.department and not decision.department:
            reason = MoveReason.NO_LEAD
        moving = decision if reason is MoveReason.AREA_CHANGED else None
        return ReportMove(report, codes, status, reason, moving)


def _points(found: Sequence[OpenReport]) -> Points:
    def numbers(values: list[float | None]) -> NDArray[np.float64]:
        return np.array([np.nan if v is None else v for v in values], dtype=np.float64)

    return Points(
        x=numbers([report.x for report in found]),
        y=numbers([report.y for report in found]),
        coord_sys=np.array([report.coord_sys for report in found], dtype=object),
        accuracy_m=numbers([report.accuracy_m for report in found]),
    )


def _codes(placed: Locations) -> list[dict[str, str]]:
    columns = [(name, placed.codes[name].tolist()) for name in placed.levels.names]
    return [
        {name: values[i] for name, values in columns if values[i] is not None}
        for i in range(len(placed))
    ]


def _differs(report: OpenReport, codes: dict[str, str], levels: frozenset[str]) -> bool:
    """True when a level that both editions have gives another code."""
    if not report.codes or not codes:
        return bool(report.codes) != bool(codes)
    return any(report.codes.get(level) != codes.get(level) for level in levels)


def _named(editions: NDArray[np.object_], name: str) -> NDArray[np.object_]:
    out = editions.copy()
    out[:] = [None if edition is None else name for edition in editions]
    return out


def _with_deadline(decision: Decision, other: Decision) -> Decision:
    """Return a decision with the deadline of another."""
    steps = [step for step in decision.steps if not step.rule.startswith("due_")]
    due = [step for step in other.steps if step.rule.startswith("due_")]
    return replace(
        decision,
        due_at=other.due_at,
        due_reason=other.due_reason,
        review_on=other.review_on,
        steps=(*steps, *due),
    )
