"""Orders that have to follow their reports: a due time that is known now, a move of editions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, or_, select, update

from gridmap.cases.states import State
from gridmap.coverage.editions import EditionState
from gridmap.store.moved import have_moves, is_newer
from gridmap.store.pauses import pauses_of
from gridmap.store.schema import editions
from gridmap.store.schema_cases import orders
from gridmap.store.schema_district import report_routes
from gridmap.store.schema_moves import report_moves
from gridmap.store.schema_reviews import report_reroutes

__all__ = [
    "co_followed",
    "mark_followed",
    "mark_moved",
    "to_follow",
    "to_move",
    "with_new_due",
]

_AT_ONCE = 500


def with_new_due(
    connection: Connection, now: datetime, after: int = 0
) -> list[tuple[int, datetime]]:
    """Return open orders that never had a due time, and their reports have one now.

    Those with a number above `after`, some at a time, in the order of their numbers.
    """
    waiting = and_(
        orders.c.number > after,
        orders.c.closed_at.is_(None),
        orders.c.due_at.is_(None),
        orders.c.due_original.is_(None),
    )
    query = (
        select(orders.c.number, report_routes.c.due_at)
        .join(report_routes, report_routes.c.report_id == orders.c.number)
        .where(waiting, report_routes.c.due_at.is_not(None))
        .order_by(orders.c.number)
        .limit(_AT_ONCE)
    )
    found = {int(number): due for number, due in connection.execute(query)}
    if have_moves(connection):
        moved = (
            select(orders.c.number, report_moves.c.due_at)
            .join(report_moves, report_moves.c.report_id == orders.c.number)
            .join(editions, editions.c.id == report_moves.c.to_edition_id)
            .where(waiting, report_moves.c.moved, report_moves.c.due_at.is_not(None))
            .where(report_moves.c.effective_from <= now)
            .where(editions.c.state == EditionState.PUBLISHED.value)
            .order_by(orders.c.number)
            .limit(_AT_ONCE)
        )
        found |= {int(number): due for number, due in connection.execute(moved)}
    # What lies beyond the first of both is only known in part.
    return sorted(found.items())[:_AT_ONCE]


def to_move(
    connection: Connection, now: datetime, after: int = 0, *, only: int | None = None
) -> list[tuple[int, dict[str, Any]]]:
    """Return open orders whose reports belong elsewhere since an edition came into force.

    Those with a number above `after`, some at a time, in the order of their numbers, or `only`
    one; with the last move of each that counts and was not followed yet, and under ``routes``
    whether that tells whose it is: what people decided since the move was recorded stands above
    it.
    """
    if not have_moves(connection):
        return []
    counts = and_(
        report_moves.c.moved,
        editions.c.state == EditionState.PUBLISHED.value,
        report_moves.c.effective_from <= now,
    )
    routes = is_newer(report_moves.c.recorded_at, report_routes.c.rerouted_at)
    query = (
        select(report_moves, editions.c.name.label("edition"), routes.label("routes"))
        .outerjoin(report_routes, report_routes.c.report_id == report_moves.c.report_id)
        .join(orders, orders.c.number == report_moves.c.report_id)
        .join(editions, editions.c.id == report_moves.c.to_edition_id)
        .where(counts, orders.c.closed_at.is_(None), orders.c.state != State.BACKLOGGED.value)
        .where(or_(orders.c.moved.is_(None), orders.c.moved != report_moves.c.id))
        .where(report_moves.c.id == _last(now), _those(report_moves.c.report_id, after, only))
        .order_by(report_moves.c.report_id)
        .limit(_AT_ONCE)
    )
    rows = connection.execute(query).mappings()
    return [(int(row["report_id"]), {str(n): v for n, v in row.items()}) for row in rows]


def _those(number: Any, after: int, only: int | None) -> Any:
    """Return what is true of the numbers that are asked for."""
    return number > after if only is None else number == only


def _last(now: datetime) -> Any:
    one, to = report_moves.alias("one"), editions.alias("one_to")
    return (
        select(one.c.id)
        .join(to, to.c.id == one.c.to_edition_id)
        .where(one.c.report_id == orders.c.number, one.c.moved, one.c.effective_from <= now)
        .where(to.c.state == EditionState.PUBLISHED.value)
        .order_by(one.c.effective_from.desc(), one.c.id.desc())
        .limit(1)
        .correlate(orders)
        .scalar_subquery()
    )


def to_follow(
    connection: Connection, after: int = 0, *, only: int | None = None
) -> list[tuple[int, dict[str, Any]]]:
    """Return open orders whose reports were routed anew, or got another due time, since.

    Those with a number above `after`, some at a time, in the order of their numbers, or `only`
    one; with the route as it stands, its report's ``pauses``, under ``until`` the moment up to
    which that is told, and under ``rerouted`` whether somebody else is named since, or only
    another due time.
    """
    rerouted, redue = (
        and_(
            column.is_not(None), or_(orders.c.followed_at.is_(None), column > orders.c.followed_at)
        )
        for column in (report_routes.c.rerouted_at, report_routes.c.redue_at)
    )
    query = (
        select(report_routes, rerouted.label("rerouted"))
        .join(orders, orders.c.number == report_routes.c.report_id)
        # What the index of the few that were is asked by, word for word.
        .where(or_(report_routes.c.rerouted_at.is_not(None), report_routes.c.redue_at.is_not(None)))
        .where(orders.c.closed_at.is_(None), or_(rerouted, redue))
        .where(_those(report_routes.c.report_id, after, only))
        .order_by(report_routes.c.report_id)
        .limit(_AT_ONCE)
    )
    found: list[tuple[int, dict[str, Any]]] = []
    for row in connection.execute(query).mappings():
        route = {str(name): value for name, value in row.items()}
        moments = [route[name] for name in ("rerouted_at", "redue_at") if route[name] is not None]
        found.append((int(route["report_id"]), route | {"until": max(moments)}))
    stopped = pauses_of(connection, [number for number, _ in found])
    return [(number, route | {"pauses": stopped.get(number, [])}) for number, route in found]


def co_followed(connection: Connection, number: int) -> list[str]:
    """Return the co-departments of the route that an order has followed so far.

    That is the last move that it followed, where that counts still; else the route of its report
    before the first of those that it has not followed.
    """
    query = (
        select(
            orders.c.followed_at, report_routes.c.co_departments, report_moves.c.recorded_at,
            report_moves.c.co_departments.label("moved_co"),
        )
        .outerjoin(report_routes, report_routes.c.report_id == orders.c.number)
        .outerjoin(report_moves, report_moves.c.id == orders.c.moved)
        .where(orders.c.number == number)
    )  # fmt: skip
    row = connection.execute(query).one()
    anew = report_reroutes
    former = select(anew.c.rerouted_at, anew.c.old_co_departments)
    former = former.where(anew.c.report_id == number).order_by(anew.c.id)
    routes: list[Sequence[str]] = []
    last: datetime | None = None
    for rerouted_at, co in connection.execute(former):
        if row.followed_at is not None and rerouted_at <= row.followed_at:
            last = rerouted_at
        else:
            routes.append(co)
    moved = row.recorded_at is not None and (last is None or row.recorded_at > last)
    return list((row.moved_co if moved else [*routes, row.co_departments][0]) or [])


def mark_followed(connection: Connection, number: int, until: datetime) -> None:
    """Note until when an order has followed its report's route."""
    connection.execute(update(orders).where(orders.c.number == number).values(followed_at=until))


def mark_moved(connection: Connection, number: int, move: int) -> None:
    """Note which move an order has followed."""
    connection.execute(update(orders).where(orders.c.number == number).values(moved=move))
