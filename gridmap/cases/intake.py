"""A report becomes an order: its first event says where the route sends it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from gridmap.cases.fields import stored_moment
from gridmap.cases.model import SYSTEM, Event, Order
from gridmap.routing.book import Decision

__all__ = ["begun"]


def begun(
    number: int,
    *,
    received_at: datetime,
    now: datetime,
    item: str | None,
    areas: Mapping[str, str],
    decision: Decision | None,
    awake: bool,
    catalogue: str = "",
) -> tuple[Order, Event]:
    """Return an order before its first event, and that event.

    Parameters
    ----------
    decision : Decision or None
        The route; None for a report that was never routed.
    awake : bool
        True: from now on time acts on it. What comes in by the thousand sleeps until it is
        sent to somebody, or a file of last year's reports would be reminded of at once.
    catalogue : str
        Which catalogue the item is of; empty for the site's own.
    """
    fields = {
        "item": item or "",
        "level": decision.handling_level if decision else "",
        "lead": decision.department if decision else "",
        "co_departments": _others(decision),
        "first_responder": decision.first_responder if decision else "",
        "areas": dict(areas),
        "round": int(awake),
    }
    if decision is not None and decision.due_at is not None:
        fields["due_at"] = stored_moment(decision.due_at)
    if decision is not None and decision.needs_person:
        fields["needs_person"] = True
    order = Order(number, received_at=received_at, created_at=now, catalogue=catalogue)
    # What a file tells of began when it was received; when it was read in is `created_at`.
    at = now if awake else min(received_at, now)
    return order, Event("order.submit", SYSTEM, at, fields=fields)


def _others(decision: Decision | None) -> list[str]:
    if decision is None:
        return []
    found = (code for code in decision.co_departments if code != decision.department)
    return list(dict.fromkeys(found))
