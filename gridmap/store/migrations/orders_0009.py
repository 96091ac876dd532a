"""Orders for the reports of an older store: open ones wait at the centre, closed ones are closed.

Written out here with plain statements: what a migration does must not change when the program
does. The fields are those of the program of its day, and later ones have their defaults.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from gridmap.store.columns import JsonText, UtcTime

__all__ = ["fill"]

_BATCH = 2_000
_BY = "gridmap"
_WHY = "closed before there were work orders"

_times = {"received_at": UtcTime(), "closed_at": UtcTime(), "due_at": UtcTime()}
_REPORTS = sa.text(
    """
    SELECT r.id AS number, r.received_at, r.closed_at, r.closed_by, r.item, r.codes,
           p.department, p.co_departments, p.first_responder, p.handling_level, p.due_at
    FROM reports r LEFT JOIN report_routes p ON p.report_id = r.id
    WHERE r.id > :last ORDER BY r.id LIMIT :most
    """
).columns(**_times, codes=JsonText(), co_departments=JsonText())

# The last move of each report that counts by now.
_MOVES = sa.text(
    """
    SELECT m.id, m.report_id, m.new_codes, m.department, m.co_departments, m.first_responder,
           m.handling_level, m.effective_from
    FROM report_moves m JOIN editions e ON e.id = m.to_edition_id
    WHERE m.moved AND e.state = 'published' AND m.report_id > :last AND m.report_id <= :end
    ORDER BY m.effective_from, m.id
    """
).columns(effective_from=UtcTime(), new_codes=JsonText(), co_departments=JsonText())


def _table(name: str, **columns: Any) -> sa.TableClause:
    return sa.table(name, *(sa.column(n, kind) for n, kind in columns.items()))


_ORDERS = _table(
    "orders", number=sa.BigInteger, version=sa.Integer, state=sa.Text, level=sa.Text,
    item=sa.Text, lead=sa.Text, received_at=UtcTime, created_at=UtcTime, due_at=UtcTime,
    due_original=UtcTime, closed_at=UtcTime, areas=JsonText, data=JsonText, moved=sa.BigInteger,
)  # fmt: skip
_PARTS = _table(
    "order_parts", number=sa.BigInteger, department=sa.Text, lead=sa.Boolean, state=sa.Text
)
_EVENTS = _table(
    "order_events", number=sa.BigInteger, seq=sa.Integer, at=UtcTime, by=sa.Text, roles=JsonText,
    action=sa.Text, from_state=sa.Text, to_state=sa.Text, level=sa.Text, item=sa.Text,
    lead=sa.Text, due_at=UtcTime, fields=JsonText,
)  # fmt: skip


def fill(connection: Connection) -> None:
    """Make an order of every report."""
    now, last = datetime.now(UTC), 0
    while rows := connection.execute(_REPORTS, {"last": last, "most": _BATCH}).all():
        end = rows[-1].number
        moves = _moves(connection, last, end, now)
        made = [_order(row, moves.get(row.number), now) for row in rows]
        for table, part in ((_ORDERS, 0), (_PARTS, 1), (_EVENTS, 2)):
            written = [one for order in made for one in order[part]]
            if written:
                connection.execute(sa.insert(table), written)
        last = end


def _moves(connection: Connection, last: int, end: int, now: datetime) -> dict[int, Any]:
    found = connection.execute(_MOVES, {"last": last, "end": end})
    return {row.report_id: row for row in found if row.effective_from <= now}


def _iso(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


_Rows = list[dict[str, Any]]


def _order(row: Any, move: Any, now: datetime) -> tuple[_Rows, _Rows, _Rows]:
    if move is not None and row.closed_at is not None and row.closed_at < move.effective_from:
        move = None
    route = row if move is None else move
    lead = route.department or ""
    co = [code for code in route.co_departments or () if code != lead]
    areas = (row.codes if move is None else move.new_codes) or {}
    closed = row.closed_at is not None
    order = {
        "number": row.number,
        "version": 2 if closed else 1,
        "state": "closed" if closed else "submitted",
        "level": route.handling_level or "",
        "item": row.item or "",
        "lead": lead,
        "received_at": row.received_at,
        "created_at": now,
        "due_at": row.due_at,
        "due_original": row.due_at,
        "closed_at": row.closed_at,
        "areas": areas,
    }
    submitted = {
        name: order[name] for name in ("item", "level", "lead", "areas")
    } | {
        "co_departments": co,
        "first_responder": route.first_responder or "",
        "due_at": _iso(row.due_at),
        "round": 0,
    }  # fmt: skip
    events = [_event(order, 1, "order.submit", now, _BY, None, "submitted", submitted)]
    data = {name: _iso(v) if isinstance(v, datetime) else v for name, v in order.items()} | {
        "co": [{"department": code, "state": "asked", "text": ""} for code in co],
        "first_responder": submitted["first_responder"],
        "due_from": _iso(row.received_at),
    }
    if closed:
        by = row.closed_by or _BY
        said = {"why": _WHY, "answer": _WHY, "inspected": False}
        events.append(
            _event(order, 2, "order.close", row.closed_at, by, "submitted", "closed", said)
        )
        data |= {"closed_by": by, "answer": _WHY, "answered_at": _iso(row.closed_at)}
    parts = [_part(row.number, lead, lead=True)] if lead else []
    parts += [_part(row.number, code, lead=False) for code in co]
    return [order | {"data": data, "moved": None if move is None else move.id}], parts, events


def _part(number: int, department: str, *, lead: bool) -> dict[str, Any]:
    return {"number": number, "department": department, "lead": lead, "state": "asked"}


def _event(
    order: dict[str, Any], seq: int, action: str, at: datetime, by: str,
    from_state: str | None, to_state: str, fields: dict[str, Any],
) -> dict[str, Any]:  # fmt: skip
    return {
        "number": order["number"], "seq": seq, "at": at, "by": by, "roles": [], "action": action,
        "from_state": from_state, "to_state": to_state, "level": order["level"],
        "item": order["item"], "lead": order["lead"], "due_at": order["due_at"],
        "fields": {name: value for name, value in fields.items() if value is not None},
    }  # fmt: skip
