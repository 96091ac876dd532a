"""Rulings: written as overlays in the transaction that settles their review; reports rerouted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, ScalarSelect, insert, select, update

from gridmap.errors import Conflict
from gridmap.routing.book import Decision
from gridmap.routing.clock import Pause
from gridmap.routing.overlays import Overlay
from gridmap.routing.reviews import ReviewCase, ReviewReason, ReviewState
from gridmap.routing.rulings import RULING, Ruling
from gridmap.store.pauses import pauses_of
from gridmap.store.records import put_records
from gridmap.store.reviews import gather, lock_board
from gridmap.store.routes import read_report, route_values
from gridmap.store.rules import basis_ids
from gridmap.store.schema_district import overlays, report_routes
from gridmap.store.schema_reviews import report_reroutes, reviews, rulings

__all__ = [
    "Rerouted",
    "first_reroute",
    "record_ruling",
    "reroute",
    "reroutes_of",
    "reviews_ruled",
]


@dataclass(frozen=True, slots=True)
class Rerouted:
    """A report and its new route.

    Attributes
    ----------
    number : int
    decision : Decision
    case : ReviewCase or None
        What it goes before the board with again, where nobody is known to own it still.
    item : str or None
        The item that it is about from now on, which brings its own time; None: as before.
    pauses : tuple of Pause
        What that time was counted with.
    """

    number: int
    decision: Decision
    case: ReviewCase | None = None
    item: str | None = None
    pauses: tuple[Pause, ...] = ()


def record_ruling(
    connection: Connection,
    number: int,
    ruling: Ruling,
    overlay: Overlay,
    ground: Any,
    found: Sequence[Rerouted],
    *,
    seen: frozenset[str],
    by: str,
    now: datetime,
) -> None:
    """Settle a review: the ruling, its overlay, and the new routes of its reports.

    Parameters
    ----------
    seen : frozenset of str
        Codes of the rulings that its ground was compared with.

    Raises
    ------
    Conflict
        When the review was settled, or another ruling was made, meanwhile.
    """
    lock_board(connection)
    known = select(overlays.c.code).where(overlays.c.kind == RULING)
    if frozenset(connection.execute(known).scalars()) != seen:
        raise Conflict(
            "Another ruling was made meanwhile.", got=number, repair="Look at it, then rule again."
        )
    statement = (
        update(reviews)
        .where(reviews.c.id == number, reviews.c.state == ReviewState.OPEN.value)
        .values(state=ReviewState.RULED.value, settled_at=now, settled_by=by)
    )
    if not connection.execute(statement).rowcount:
        raise Conflict("This review is settled.", got=number)
    taken = select(overlays.c.code).where(overlays.c.code == overlay.code)
    if connection.execute(taken).first() is not None:
        raise Conflict("An overlay has the ruling's code already.", got=overlay.code)
    put_records(connection, "overlays", [{**asdict(overlay), "geom": ground}])
    row = {
        "review_id": number,
        "overlay_code": overlay.code,
        "owner": ruling.owner,
        "items": list(ruling.items),
        "ground": dict(ruling.ground),
        "document": ruling.document,
        "valid_from": ruling.valid_from,
        "valid_to": ruling.valid_to,
        "ruled_at": now,
        "ruled_by": by,
    }
    key = connection.execute(insert(rulings).values(row)).inserted_primary_key
    reroute(connection, found, why=ruling.document, by=by, now=now, ruling=None if key is None
            else int(key[0]))  # fmt: skip


def reroute(
    connection: Connection,
    found: Sequence[Rerouted],
    *,
    why: str,
    by: str,
    now: datetime,
    ruling: int | None = None,
) -> None:
    """Give reports new routes and keep the former ones.

    The deadline stays what it is, for the clock of a case runs on: only a report that had
    none gets one, or that is about another item. What was closed meanwhile keeps its route.
    What is kept is the route that was written before, with what decided it: how an edition
    moved the report stands by itself.
    """
    again = [(one.number, one.case) for one in found if one.case is not None]
    if again:
        # Before the reports: who settles a review takes both in this order.
        lock_board(connection)
    bases = {one.decision.basis for one in found if one.decision.basis is not None}
    rules, states = basis_ids(connection, {b.rules for b in bases}, {b.state for b in bases})
    for one in found:
        old = read_report(connection, one.number, now)
        if old["closed_at"] is not None:
            continue
        basis = one.decision.basis
        values = route_values(one.decision)
        values |= _deadline(old, one.decision) if one.item is None else {"item": one.item}
        values |= {
            "rules_id": rules.get(basis.rules) if basis else None,
            "state_id": states.get(basis.state) if basis else None,
        }
        former = _former(connection, one, why, by, now, ruling)
        connection.execute(insert(report_reroutes).values(former))
        connection.execute(
            update(report_routes)
            .where(report_routes.c.report_id == one.number)
            .values(values | {"decided_at": now, "rerouted_at": now, "redue_at": now})
        )
        # Who stops a clock writes the row above: what stands now stays until this is written.
        if one.item is not None and _pauses(connection, one.number) != one.pauses:
            raise Conflict(
                "The clock of the report was stopped, or runs on, just now.",
                got=one.number,
                repair="Do it again.",
            )
    gather(connection, again, reason=ReviewReason.NO_OWNER, why="", by=by, now=now)


def _pauses(connection: Connection, number: int) -> tuple[Pause, ...]:
    return tuple(pauses_of(connection, [number]).get(number, ()))


def _deadline(old: Mapping[str, Any], decision: Decision) -> dict[str, Any]:
    """Return the deadline that a report has, with the steps of its new route."""
    if old["due_reason"] in {None, "not_routed"}:
        return {}
    steps = [step.as_dict() for step in decision.steps if not step.rule.startswith("due_")]
    own = [step for step in old["steps"] or () if step["rule"].startswith("due_")]
    kept = {name: old[name] for name in ("due_at", "due_reason", "review_on")}
    return kept | {"steps": [*steps, *own]}


def _former(
    connection: Connection, new: Rerouted, why: str, by: str, now: datetime, ruling: int | None
) -> dict[str, Any]:
    query = select(report_routes).where(report_routes.c.report_id == new.number)
    row = connection.execute(query).mappings().one_or_none()
    old: Mapping[Any, Any] = dict.fromkeys(report_routes.c.keys()) if row is None else row
    return {
        "report_id": new.number,
        "ruling_id": ruling,
        "why": why,
        "rerouted_at": now,
        "rerouted_by": by,
        "old_department": old["department"] or "",
        "old_co_departments": old["co_departments"] or [],
        "old_first_responder": old["first_responder"] or "",
        "old_handling_level": old["handling_level"] or "",
        "old_needs_person": bool(old["needs_person"]),
        "old_steps": old["steps"] or [],
        "old_due_at": old["due_at"],
        "old_due_reason": old["due_reason"] or "",
        "old_review_on": old["review_on"],
        "old_confidence": old["confidence"],
        "old_leader": old["leader"] or "",
        "old_call_first": old["call_first"] or "",
        "old_decided_at": old["decided_at"] or now,
        "old_rules_id": old["rules_id"],
        "old_state_id": old["state_id"],
        "old_item": old["item"],
        "new_department": new.decision.department,
        "new_first_responder": new.decision.first_responder,
    }


def first_reroute(number: Column[int]) -> ScalarSelect[int]:
    """Return which former route is the first of a report, by a table's column of its number.

    To join a table with: a report that was routed anew was first routed by that one.
    """
    return (
        select(report_reroutes.c.id)
        .where(report_reroutes.c.report_id == number)
        .order_by(report_reroutes.c.id)
        .limit(1)
        .correlate(number.table)
        .scalar_subquery()
    )


def reroutes_of(connection: Connection, number: int) -> list[dict[str, Any]]:
    """Return the former routes of a report, in the order of time."""
    hidden = {"id", "report_id", "ruling_id", "old_rules_id", "old_state_id"}
    names = [c.name for c in report_reroutes.c if c.name not in hidden]
    query = select(*(report_reroutes.c[name] for name in names), rulings.c.review_id)
    query = query.select_from(
        report_reroutes.outerjoin(rulings, rulings.c.id == report_reroutes.c.ruling_id)
    ).where(report_reroutes.c.report_id == number)
    found = connection.execute(query.order_by(report_reroutes.c.id)).mappings()
    return [{str(name): value for name, value in row.items()} for row in found]


def reviews_ruled(connection: Connection) -> dict[str, int]:
    """Return the number of the review behind each ruling, by the code of its overlay."""
    query = select(rulings.c.overlay_code, rulings.c.review_id)
    return {code: int(number) for code, number in connection.execute(query)}
