"""What becomes of an order's due times when its report's clock stands still, or runs on.

The promise is the report's own deadline, counted from its receipt. A time that was given later,
by an extension, from the backlog or with reopening, is moved by the same pauses from when it was
given, and counted each time from how it was given: asked twice, the answer is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gridmap.cases.fields import stored_moment
from gridmap.cases.model import Order
from gridmap.cases.rules import CaseRules
from gridmap.routing.clock import Pause

__all__ = ["waited"]


def waited(
    order: Order,
    rules: CaseRules,
    promise: datetime | None,
    reason: str,
    pauses: Sequence[Pause],
) -> dict[str, Any]:
    """Return the fields of an ``order.due`` by which an order waits as its report does.

    Parameters
    ----------
    promise : datetime or None
        The due time of the report (aware), with its pauses; None while there is none.
    reason : str
        Why there is none, as of :class:`gridmap.routing.clock.Due`.
    pauses : sequence of Pause
        All of the report, in the order of their beginnings.

    Returns
    -------
    dict
        ``stopped_at``, since when its clock stands still, None while it runs; ``due_at``, the
        promise, left out while it waits. Of an order with another due time besides ``due_given``
        and ``given_due_at``: as it was given, and as it is now. ``stage_due_at`` where that moves.
    """
    still = promise is None and reason == "paused"
    fields: dict[str, Any] = {} if promise is None else {"due_at": stored_moment(promise)}
    if not _by_promise(order):
        given, now = order.due_given or order.due_at, None
        if given is not None:
            now = rules.given_back(order, given, order.due_from or order.received_at, pauses)
        # What has no due time at all does not wait for one.
        still = given is not None and (still or now is None)
        fields |= {"due_given": _stored(given), "given_due_at": _stored(now)}
    elif promise is None and not still:
        # The report has no time, and waits for none: the order keeps its own.
        fields["given_due_at"] = _stored(order.due_at)
    running = next((pause.start for pause in pauses if pause.end is None), None)
    stopped = running if still else None
    fields["stopped_at"] = _stored(stopped)
    was = order.paused_at
    if was is not None and was != stopped and order.stage_due_at is not None:
        over = [pause for pause in pauses if pause.end is not None]
        stage = rules.given_back(order, order.stage_due_at, was, over)
        fields["stage_due_at"] = _stored(stage or order.stage_due_at)
    return fields


def _by_promise(order: Order) -> bool:
    """True when nothing but the promise says when an order is due.

    One without a due time goes by it, too, unless a leader took the time away, or a later one
    waits for the calendar: it waits, or the calendar did not reach to where its report's deadline
    had come.
    """
    if order.due_at is None:
        return order.due_given is None and not order.managed_by and not order.due_waits
    return order.due_given is None and order.due_at == order.due_original


def _stored(moment: datetime | None) -> str | None:
    return None if moment is None else stored_moment(moment)
