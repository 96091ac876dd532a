"""The machine: an event is checked against the table and its guard, then it changes the order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC

from gridmap.cases.fields import checked
from gridmap.cases.fold import evolve
from gridmap.cases.guards import GUARDS
from gridmap.cases.model import Event, Order
from gridmap.cases.rules import CaseRules
from gridmap.cases.table import TRANSITIONS, open_to
from gridmap.errors import Conflict, NotFound

__all__ = ["apply", "prepare", "replayed"]


def prepare(order: Order, event: Event, rules: CaseRules) -> Event:
    """Return the event with everything that it was decided by, ready to be stored.

    Raises
    ------
    NotFound
        When there is no such action.
    Conflict
        When it may not happen now.
    BadValue
        When a field is missing or cannot be used.
    NotAllowed
        When another person or department has to do it.
    """
    row = TRANSITIONS.get(event.action)
    if row is None:
        raise NotFound("There is no such action.", got=event.action, allowed=list(TRANSITIONS))
    fields = dict(event.fields) if row.by_time else checked(row.action, row.fields, event.fields)
    # To the millisecond: what a store keeps, so that the fold of what is stored is the same.
    at = event.at.astimezone(UTC)
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    event = replace(event, fields=fields, at=at)
    begins = order.version == 0 if row.action == "order.submit" else order.state in row.sources
    if not begins:
        raise Conflict(
            f"'{row.action}' is not possible now.",
            got=f"order {order.number} is {order.state.value}",
            allowed=sorted(state.value for state in row.sources),
            repair=f"Possible now: {', '.join(open_to(order.state))}.",
        )
    guard = GUARDS.get(event.action)
    found = guard(order, event, rules) if guard is not None else {}
    return replace(event, fields=fields | found) if found else event


def apply(order: Order, event: Event, rules: CaseRules) -> tuple[Order, Event]:
    """Return the order after an event, and the event as it is stored; see :func:`prepare`."""
    ready = prepare(order, event, rules)
    return evolve(order, ready), ready


def replayed(order: Order, events: Iterable[Event]) -> Order:
    """Return what stored events make of an order of version 0."""
    for event in events:
        order = evolve(order, event)
    return order
