"""Problems: what was late as the month began, which of it was corrected, what is late now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gridmap.cases.model import Order
from gridmap.cases.states import CLOSED, State
from gridmap.cases.supervision import Supervision, SupervisionState, as_of, serial
from gridmap.numbers.period import Period
from gridmap.numbers.tale import Tale

__all__ = ["Problem", "Problems"]


@dataclass(frozen=True, slots=True)
class Problem:
    """An order that is late, or a supervision order that is not answered.

    Attributes
    ----------
    body : str
        Whose it is; empty while it is the centre's.
    due_at : datetime
        What has passed.
    corrected_at : datetime or None
        When the work was done, or the answer given; None while it stands.
    """

    body: str
    due_at: datetime
    number: int | None = None
    item: str = ""
    supervision: str = ""
    corrected_at: datetime | None = None


class Problems:
    """What was carried over into a period, and what stands at its end, found tale by tale."""

    def __init__(self, period: Period) -> None:
        self.period = period
        self._carried: list[Problem] = []
        self._standing: list[Problem] = []

    def add(self, tale: Tale) -> None:
        """Look whether an order was late, or is."""
        if tale.asleep:
            return
        if tale.before is not None and _late(tale.before, self.period.since):
            corrected = _corrected(tale.after)
            self._carried.append(_problem(tale, tale.before, corrected_at=corrected))
        if _late(tale.after, self.period.as_of):
            self._standing.append(_problem(tale, tale.after))

    def listed(self, supervisions: Iterable[Supervision]) -> tuple[list[Problem], list[Problem]]:
        """Return what was carried over and what stands, the longest overdue first.

        `supervisions` are those issued by the end of the period, as they stood then.
        """
        carried, standing, period = [*self._carried], [*self._standing], self.period
        for one in supervisions:
            before = as_of(one, period.since)
            if one.issued_at < period.since and _unanswered(before, period.since):
                carried.append(_demand(before, one.replied_at or one.closed_at))
            if _unanswered(one, period.as_of):
                standing.append(_demand(one, None))
        return _longest_first(carried), _longest_first(standing)


def _late(order: Order, moment: datetime) -> bool:
    waiting = order.state not in CLOSED and order.state is not State.BACKLOGGED
    undone = waiting and order.resolved_at is None
    return undone and order.due_at is not None and order.due_at < moment


def _corrected(order: Order) -> datetime | None:
    return order.resolved_at or order.closed_at


def _problem(tale: Tale, order: Order, *, corrected_at: datetime | None = None) -> Problem:
    assert order.due_at is not None
    body = order.lead if order.dispatches else ""
    return Problem(body, order.due_at, tale.number, tale.item, corrected_at=corrected_at)


def _unanswered(one: Supervision, moment: datetime) -> bool:
    return one.reply_by < moment and one.state is SupervisionState.ISSUED


def _demand(one: Supervision, corrected_at: datetime | None) -> Problem:
    return Problem(
        one.department, one.reply_by, one.number, supervision=serial(one), corrected_at=corrected_at
    )


def _longest_first(found: list[Problem]) -> list[Problem]:
    return sorted(found, key=lambda p: (p.due_at, p.number or 0, p.supervision))
