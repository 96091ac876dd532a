"""Open reports as an edition finds them, and the record of what it does to them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, or_, select, type_coerce

from gridmap.coverage.editions import EditionState
from gridmap.routing.book import Decision
from gridmap.routing.moves import MovePlan, OpenReport, ReportMove
from gridmap.store.columns import to_millisecond
from gridmap.store.moved import ITEM
from gridmap.store.rows import insert_rows
from gridmap.store.rules import basis_ids
from gridmap.store.schema import editions, reports
from gridmap.store.schema_district import report_routes
from gridmap.store.schema_moves import DUE, ROUTE, report_moves

__all__ = ["open_reports", "record_moves"]

# Fewer reports than these are asked for by number.
_FEW = 1_000


def open_reports(
    connection: Connection,
    *,
    start: datetime,
    until: datetime | None,
    edition: str | None = None,
    numbers: Sequence[int] | None = None,
    after: int = 0,
) -> list[OpenReport]:
    """Return the open reports that an edition takes over, as they stand just before.

    Parameters
    ----------
    start, until : datetime
        Aware; the edition's validity. Reports observed at `until` or later, and those that
        belong to an edition later than this one, are none of its business.
    edition : str, optional
        Its name, once it is published: reports that belong to it, and those that it has
        dealt with before, are left out.
    numbers : sequence of int, optional
        Only these reports; at most a few.
    after : int
        Only reports with a higher number.
    """
    own = editions.alias("own")
    source = reports.outerjoin(own, own.c.id == reports.c.edition_id).outerjoin(
        report_routes, report_routes.c.report_id == reports.c.id
    )
    query = (
        select(
            reports.c.id, reports.c.raw_x, reports.c.raw_y, reports.c.coord_sys,
            reports.c.accuracy_m, ITEM, reports.c.received_at, own.c.name,
            _codes_of(connection), report_routes.c.department,
            report_routes.c.first_responder, report_routes.c.due_reason, reports.c.catalogue,
            report_routes.c.rerouted_at,
        )
        .select_from(source)
        .where(reports.c.closed_at.is_(None), reports.c.id > after)
        .where(or_(own.c.effective_from.is_(None), own.c.effective_from < start))
        .order_by(reports.c.id)
    )  # fmt: skip
    if until is not None:
        query = query.where(reports.c.event_at < until)
    if numbers is not None:
        query = query.where(reports.c.id.in_(numbers))
    if edition is not None:
        done = (
            select(report_moves.c.id)
            .join(editions, editions.c.id == report_moves.c.to_edition_id)
            .where(editions.c.name == edition, report_moves.c.report_id == reports.c.id)
        )
        query = query.where(~done.exists())
    moved = _moved_before(connection, start, numbers)
    read = _CodesReader()
    return [_open(row, moved.get(row[0]), read) for row in connection.execute(query)]


def _codes_of(connection: Connection) -> ColumnElement[Any]:
    """Return the column of codes, as text where the store keeps it so: many are the same."""
    if connection.dialect.name == "sqlite":
        return type_coerce(reports.c.codes, Text)
    return reports.c.codes


class _CodesReader:
    """Reads codes that are text, each text once; what is no text is read already."""

    def __init__(self) -> None:
        self._known: dict[str, Mapping[str, str]] = {}

    def __call__(self, value: Any) -> Mapping[str, str]:
        if not isinstance(value, str):
            return value or {}
        if value not in self._known:
            self._known[value] = json.loads(value)
        return self._known[value]


def _moved_before(
    connection: Connection, start: datetime, numbers: Sequence[int] | None
) -> dict[int, Any]:
    """Return for each report that has moved by then the last of its moves."""
    query = (
        select(
            report_moves.c.report_id,
            report_moves.c.new_codes,
            report_moves.c.department,
            report_moves.c.first_responder,
            report_moves.c.recorded_at,
            editions.c.name,
        )
        .join(editions, editions.c.id == report_moves.c.to_edition_id)
        .where(report_moves.c.moved, editions.c.state == EditionState.PUBLISHED.value)
        .where(editions.c.effective_from < start)
        .order_by(report_moves.c.effective_from, report_moves.c.id)
    )
    if numbers is not None:
        query = query.where(report_moves.c.report_id.in_(numbers))
    return {row.report_id: row for row in connection.execute(query)}


def _open(row: Any, move: Any, read: _CodesReader) -> OpenReport:
    number, x, y, coord_sys, accuracy, item, received, edition, codes, lead, first, due, of = row[
        :-1
    ]
    if move is not None and (row.rerouted_at is None or move.recorded_at > row.rerouted_at):
        lead, first = move.department, move.first_responder
    return OpenReport(
        number=number,
        x=x,
        y=y,
        coord_sys=coord_sys,
        accuracy_m=accuracy,
        item=item,
        received_at=received,
        edition=edition if move is None else move.name,
        codes=read(codes) if move is None else move.new_codes,
        department=lead or "",
        first_responder=first or "",
        routed=due not in {None, "not_routed"},
        catalogue=of,
    )


def record_moves(
    connection: Connection, plan: MovePlan, edition_id: int, by: str, now: datetime
) -> int:
    """Write what an edition does to open reports; return how many rows were new.

    To be called in the transaction that publishes it, or later for reports that came in
    since: what is recorded already stays.
    """
    names = select(editions.c.name, editions.c.id)
    ids: dict[str | None, int] = {name: int(key) for name, key in connection.execute(names)}
    known = select(report_moves.c.report_id).where(report_moves.c.to_edition_id == edition_id)
    if len(plan.moves) < _FEW:
        some = [move.report.number for move in plan.moves]
        known = known.where(report_moves.c.report_id.in_(some))
    done = set(connection.execute(known).scalars())
    shared = {
        "to_edition_id": edition_id,
        # What was closed while the plan was made is closed.
        "effective_from": to_millisecond(max(plan.effective_from, now)),
        "policy": plan.policy.value,
        "recorded_at": now,
        "recorded_by": by,
    }
    versions = _Versions(connection, plan)
    rows = [
        shared
        | {"from_edition_id": ids.get(move.report.edition)}
        | _values(move)
        | versions.of(move.decision)
        for move in plan.moves
        if move.report.number not in done
    ]
    if rows:
        insert_rows(connection, report_moves, rows)
    return len(rows)


class _Versions:
    """What the decisions of a plan were made by, as columns of moves."""

    def __init__(self, connection: Connection, plan: MovePlan) -> None:
        made = [move.decision for move in plan.moves if move.decision is not None]
        bases = {one.basis for one in made if one.basis is not None}
        self._rules, self._states = basis_ids(
            connection, {basis.rules for basis in bases}, {basis.state for basis in bases}
        )
        self._decided_for = to_millisecond(plan.effective_from)

    def of(self, decision: Decision | None) -> dict[str, Any]:
        basis = None if decision is None else decision.basis
        return {
            "rules_id": None if basis is None else self._rules.get(basis.rules),
            "state_id": None if basis is None else self._states.get(basis.state),
            "decided_for": None if decision is None else self._decided_for,
        }


def _values(move: ReportMove) -> dict[str, Any]:
    old, new = move.report, move.decision
    values = {
        "report_id": old.number,
        "reason": move.reason.value,
        "moved": new is not None,
        "old_codes": dict(old.codes),
        "new_codes": dict(move.new_codes),
        "old_department": old.department,
        "old_first_responder": old.first_responder,
        "location_status": None if new is None else move.location_status,
    }
    if new is None:
        return values | dict.fromkeys(("item", *ROUTE, "steps", *DUE))
    late = not old.routed
    return values | {
        "item": old.item,
        "department": new.department,
        "co_departments": list(new.co_departments),
        "first_responder": new.first_responder,
        "handling_level": new.handling_level,
        "needs_person": new.needs_person,
        "call_first": new.call_first,
        "steps": [step.as_dict() for step in new.steps],
        "confidence": new.confidence,
        "leader": new.leader,
        "review_on": new.review_on if late else None,
        "due_at": new.due_at if late else None,
        "due_reason": new.due_reason if late else None,
    }
