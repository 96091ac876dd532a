"""By what a report's time was promised: the rules, the lead and the item it was counted for.

A report keeps its time when people send it elsewhere, so that what decided its route now need
not be what gave it its time. One that an edition routed first has its time from that move; one
that nothing could route, from whom its order was first sent to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from gridmap.coverage.editions import EditionState
from gridmap.store.moved import ITEM
from gridmap.store.schema import editions, reports
from gridmap.store.schema_cases import order_events
from gridmap.store.schema_district import report_routes
from gridmap.store.schema_moves import report_moves
from gridmap.store.schema_reviews import report_reroutes
from gridmap.store.schema_rules import rule_versions

__all__ = ["Promise", "read_promise", "read_promises"]


@dataclass(frozen=True, slots=True)
class Promise:
    """What a report's time was counted by.

    Attributes
    ----------
    rules : str or None
        Fingerprint of the rules; None where that is not known.
    department : str
        The lead it was counted for; empty where nobody was known, and none was named since.
    item : str or None
    """

    rules: str | None
    department: str
    item: str | None


@dataclass(frozen=True, slots=True)
class _Route:
    """A route that a report had for a while, the last one until now."""

    promise: Promise
    put_right: str | None
    timed: bool
    until: datetime


def read_promise(connection: Connection, number: int, now: datetime) -> Promise:
    """Return by what the time of a routed report was promised that it has now (aware)."""
    return read_promises(connection, [number], now)[number]


def read_promises(
    connection: Connection, numbers: Sequence[int], now: datetime
) -> dict[int, Promise]:
    """Return the same of some routed reports, at most some thousands, by their numbers."""
    if not numbers:
        return {}
    former, late = _former(connection, numbers), _late_moves(connection, numbers)
    found = {
        number: _promise_of([*former.get(number, ()), last], late.get(number, ()))
        for number, last in _last(connection, numbers, now).items()
    }
    nobody = [number for number, promise in found.items() if not promise.department]
    for number, lead in _first_leads(connection, nobody).items():
        found[number] = replace(found[number], department=lead)
    return found


def _first_leads(connection: Connection, numbers: Sequence[int]) -> dict[int, str]:
    """Return to whom orders were sent when that gave them the time that their reports lacked."""
    if not numbers:
        return {}
    sent = order_events.c.action.in_(("order.dispatch", "order.rule"))
    query = select(order_events.c.number, order_events.c.lead, order_events.c.fields)
    query = query.where(order_events.c.number.in_(numbers), sent)
    rows = connection.execute(query)
    return {int(number): lead for number, lead, fields in rows if "due_at" in fields}


def _promise_of(routes: Sequence[_Route], moves: Sequence[Any]) -> Promise:
    held = len(routes) - 1
    while held and _kept(routes, held, moves):
        held -= 1
    move = _late(routes, held, moves)
    return routes[held].promise if move is None else move


def _kept(routes: Sequence[_Route], at: int, moves: Sequence[Any]) -> bool:
    """True when a report kept the time that it had by the route before."""
    before = routes[at - 1]
    # Another item brings a time of its own.
    same = routes[at].put_right == before.put_right
    return same and (before.timed or _late(routes, at - 1, moves) is not None)


def _late(routes: Sequence[_Route], at: int, moves: Sequence[Any]) -> Promise | None:
    """Return what the last move promised that came into force during a route, if any did."""
    since = routes[at - 1].until if at else None
    found = [
        move
        for move in moves
        if move.effective_from <= routes[at].until and (since is None or move.recorded_at > since)
    ]
    if not found:
        return None
    last = found[-1]
    return Promise(last.fingerprint, last.department, last.item or routes[at].promise.item)


def _former(connection: Connection, numbers: Sequence[int]) -> dict[int, list[_Route]]:
    old = report_reroutes
    query = (
        select(
            old.c.report_id, old.c.old_department, old.c.old_item, old.c.old_due_at,
            old.c.old_due_reason, old.c.rerouted_at, reports.c.item, rule_versions.c.fingerprint,
        )
        .join_from(old, reports, reports.c.id == old.c.report_id)
        .outerjoin(rule_versions, rule_versions.c.id == old.c.old_rules_id)
        .where(old.c.report_id.in_(numbers))
        .order_by(old.c.id)
    )  # fmt: skip
    found: dict[int, list[_Route]] = {}
    for row in connection.execute(query):
        route = _Route(
            Promise(row.fingerprint, row.old_department, row.old_item or row.item),
            row.old_item,
            row.old_due_at is not None or row.old_due_reason not in {"", "not_routed"},
            row.rerouted_at,
        )
        found.setdefault(row.report_id, []).append(route)
    return found


def _last(connection: Connection, numbers: Sequence[int], now: datetime) -> dict[int, _Route]:
    query = (
        select(
            report_routes.c.report_id, report_routes.c.department,
            report_routes.c.item.label("put_right"), ITEM, rule_versions.c.fingerprint,
        )
        .join_from(report_routes, reports, reports.c.id == report_routes.c.report_id)
        .outerjoin(rule_versions, rule_versions.c.id == report_routes.c.rules_id)
        .where(report_routes.c.report_id.in_(numbers))
    )  # fmt: skip
    return {
        row.report_id: _Route(
            Promise(row.fingerprint, row.department, row.item), row.put_right, True, now
        )
        for row in connection.execute(query)
    }


def _late_moves(connection: Connection, numbers: Sequence[int]) -> dict[int, list[Any]]:
    """Return the moves that gave reports a time, having found them without, by their dates."""
    query = (
        select(
            report_moves.c.report_id, report_moves.c.effective_from, report_moves.c.recorded_at,
            report_moves.c.department, report_moves.c.item, rule_versions.c.fingerprint,
        )
        .join(editions, editions.c.id == report_moves.c.to_edition_id)
        .outerjoin(rule_versions, rule_versions.c.id == report_moves.c.rules_id)
        .where(report_moves.c.report_id.in_(numbers), report_moves.c.moved)
        .where(report_moves.c.due_reason.is_not(None))
        .where(editions.c.state == EditionState.PUBLISHED.value)
        .order_by(report_moves.c.effective_from, report_moves.c.id)
    )  # fmt: skip
    found: dict[int, list[Any]] = {}
    for row in connection.execute(query):
        found.setdefault(row.report_id, []).append(row)
    return found
