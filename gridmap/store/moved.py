"""Reports as they stand now: about their item, routed when they came in, moved by editions since.

A move that is recorded counts by the clock: readers take the latest one that has begun, into
an edition that is still published, of a report that was open until then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
)

from gridmap.coverage.editions import EditionState
from gridmap.store.schema import editions, reports
from gridmap.store.schema_district import report_routes
from gridmap.store.schema_moves import DUE, ROUTE, report_moves
from gridmap.store.schema_rules import responsibility_states, rule_versions

__all__ = [
    "ITEM",
    "gives_due",
    "have_moves",
    "is_newer",
    "last_move",
    "moves_of",
    "routes_now",
]

# What a report is about, where its route is joined: as it was reported, or put right since.
ITEM = func.coalesce(report_routes.c.item, reports.c.item).label("item")


def have_moves(connection: Connection) -> bool:
    """True when any report has ever moved: most stores answer no, and need no further join."""
    query = select(select(report_moves.c.id).where(report_moves.c.moved).exists())
    return bool(connection.execute(query).scalar())


def routes_now(
    source: FromClause, columns: Mapping[str, ColumnElement[Any]], now: datetime
) -> tuple[FromClause, dict[str, ColumnElement[Any]]]:
    """Return a join of reports and their routes with the moves that count now.

    Parameters
    ----------
    source : join
        Of reports, their routes and their editions.
    columns : mapping of name to column
        What is read from it.
    now : datetime
        Aware.

    Returns
    -------
    join, and mapping of name to column
        The same names; ``move_steps`` besides: the steps of the move, NULL without one.
    """
    to = editions.alias("moved_to")
    move = report_moves.alias("move")
    joined = source.outerjoin(move, move.c.id == last_move(now))
    joined = joined.outerjoin(to, to.c.id == move.c.to_edition_id)
    moved = move.c.id.is_not(None)
    # What people decided since the move was recorded stands above it.
    routed = and_(moved, is_newer(move.c.recorded_at, report_routes.c.rerouted_at))
    shown = dict(columns)
    for name in ("location_status", *ROUTE):
        if name in shown:
            by = moved if name == "location_status" else routed
            shown[name] = case((by, move.c[name]), else_=columns[name]).label(name)
    for name in DUE:
        if name in shown:
            late = and_(moved, gives_due(move))
            shown[name] = case((late, move.c[name]), else_=columns[name]).label(name)
    if "codes" in shown:
        shown["codes"] = case((moved, move.c.new_codes), else_=columns["codes"]).label("codes")
    if "edition" in shown:
        shown["edition"] = func.coalesce(to.c.name, columns["edition"]).label("edition")
    steps = case((routed, move.c.steps), else_=None)
    return joined, shown | {"move_steps": steps.label("move_steps")}


def last_move(now: datetime) -> ScalarSelect[int]:
    """Return which move of a report counts now (aware), to be asked where `reports` are joined."""
    earlier, other = report_moves.alias("earlier"), editions.alias("earlier_to")
    return (
        select(earlier.c.id)
        .join(other, other.c.id == earlier.c.to_edition_id)
        .where(earlier.c.report_id == reports.c.id, earlier.c.moved)
        .where(other.c.state == EditionState.PUBLISHED.value)
        .where(earlier.c.effective_from <= now)
        .where(or_(reports.c.closed_at.is_(None), reports.c.closed_at >= earlier.c.effective_from))
        .order_by(earlier.c.effective_from.desc(), earlier.c.id.desc())
        .limit(1)
        .correlate(reports)
        .scalar_subquery()
    )


def gives_due(move: FromClause) -> ColumnElement[bool]:
    """Return what is true of a move by which its report is due, where its route is joined.

    That is one of a report that had no deadline before, and was given none since.
    """
    return and_(
        move.c.due_reason.is_not(None), is_newer(move.c.recorded_at, report_routes.c.redue_at)
    )


def is_newer(recorded: ColumnElement[Any], changed: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return what is true of a move that was recorded after people decided otherwise, if ever."""
    return or_(changed.is_(None), recorded > changed)


def moves_of(connection: Connection, number: int) -> list[dict[str, Any]]:
    """Return what editions did to a report, in the order of their dates."""
    return [_record(row) for row in connection.execute(_moves(), {"number": number})]


@cache
def _moves() -> Select[Any]:
    """Return the question for the moves of a report; every report answered asks it."""
    old, new = editions.alias("from_edition"), editions.alias("to_edition")
    return (
        select(
            report_moves,
            old.c.name.label("from_edition"),
            new.c.name.label("to_edition"),
            new.c.state.label("to_state"),
            reports.c.closed_at,
            rule_versions.c.fingerprint.label("rules"),
            responsibility_states.c.fingerprint.label("responsibilities"),
        )
        .join(reports, reports.c.id == report_moves.c.report_id)
        .join(new, new.c.id == report_moves.c.to_edition_id)
        .outerjoin(old, old.c.id == report_moves.c.from_edition_id)
        .outerjoin(rule_versions, rule_versions.c.id == report_moves.c.rules_id)
        .outerjoin(responsibility_states, responsibility_states.c.id == report_moves.c.state_id)
        .where(report_moves.c.report_id == bindparam("number"))
        .order_by(report_moves.c.effective_from, report_moves.c.id)
    )


def _record(row: Any) -> dict[str, Any]:
    withdrawn = row.to_state != EditionState.PUBLISHED.value
    closed = row.closed_at is not None and row.closed_at < row.effective_from
    return {
        "from_edition": row.from_edition,
        "to_edition": row.to_edition,
        "effective_from": row.effective_from,
        "policy": row.policy,
        "reason": row.reason,
        "moves": bool(row.moved) and not withdrawn and not closed,
        "old_areas": row.old_codes,
        "new_areas": row.new_codes,
        "old_department": row.old_department or None,
        "new_department": row.department or None,
        "old_first_responder": row.old_first_responder or None,
        "new_first_responder": row.first_responder or None,
        "recorded_at": row.recorded_at,
        "recorded_by": row.recorded_by,
        "rules": row.rules,
        "responsibilities": row.responsibilities,
    }
