"""Ownership reviews: opened, filled with reports, listed; and how often reports were returned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, text, true

from gridmap.access import Scope
from gridmap.errors import BadValue, NotFound
from gridmap.routing.reviews import ReviewCase, ReviewReason, ReviewState
from gridmap.store.columns import storable
from gridmap.store.ids import reserve_ids
from gridmap.store.routes import reports_within
from gridmap.store.rows import insert_rows
from gridmap.store.schema import reports
from gridmap.store.schema_cases import order_events
from gridmap.store.schema_reviews import report_returns, review_reports, reviews, rulings

__all__ = [
    "FILTERS",
    "count_reviews",
    "gather",
    "gather_unowned",
    "is_within",
    "lock_board",
    "read_review",
    "read_reviews",
    "reports_of",
    "returns_of",
    "reviews_of",
]

# What a list can be narrowed by.
FILTERS = ("state", "item", "reason")

# Keeps this lock apart from others; any number, as long as it is always the same.
_BOARD = 0x7265766965777300  # "reviews"

# Keys in one statement: SQLite takes 32,766 values at most.
_AT_ONCE = 5_000


def lock_board(connection: Connection) -> None:
    """Let others who open or settle reviews wait until this writing transaction has ended.

    In a GeoPackage every other writer waits anyway. On PostGIS two would open one review
    twice, or give one piece of ground to two owners.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _BOARD})


def gather(
    connection: Connection,
    found: Sequence[tuple[int, ReviewCase]],
    *,
    reason: ReviewReason,
    why: str,
    by: str,
    now: datetime,
) -> list[int]:
    """Put reports into the open reviews of their cases, opening those there are not.

    Returns
    -------
    list of int
        The review of each, in their order. One that is in it already stays as it was.
    """
    if not found:
        return []
    lock_board(connection)
    cases = {case.key: case for _, case in found}
    ids = _open_reviews(connection, list(cases))
    missing = [key for key in cases if key not in ids]
    if missing:
        keys = reserve_ids(connection, reviews, len(missing))
        rows = [
            {"id": i, **_values(cases[key]), "reason": reason.value, "opened_at": now,
             "opened_by": by}
            for i, key in zip(keys, missing, strict=True)
        ]  # fmt: skip
        insert_rows(connection, reviews, rows)
        ids |= dict(zip(missing, keys, strict=True))
    wanted = {(ids[case.key], number): None for number, case in found}
    done = _held(connection, sorted({review for review, _ in wanted} - set(_new(ids, missing))))
    insert_rows(
        connection,
        review_reports,
        [
            {"review_id": review, "report_id": number, "reason": reason.value,
             "why": storable(why), "added_at": now, "added_by": by}
            for review, number in wanted
            if (review, number) not in done
        ],
    )  # fmt: skip
    return [ids[case.key] for _, case in found]


def gather_unowned(
    connection: Connection, found: Sequence[tuple[int, ReviewCase | None]], now: datetime
) -> bool:
    """Put reports that just came in before the board, where they have a case; True for any."""
    cases = [(number, case) for number, case in found if case is not None]
    gather(connection, cases, reason=ReviewReason.NO_OWNER, why="", by="gridmap", now=now)
    return bool(cases)


def _new(ids: Mapping[str, int], missing: Sequence[str]) -> list[int]:
    return [ids[key] for key in missing]


def _open_reviews(connection: Connection, keys: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for start in range(0, len(keys), _AT_ONCE):
        query = select(reviews.c.key, reviews.c.id).where(
            reviews.c.state == ReviewState.OPEN.value,
            reviews.c.key.in_(keys[start : start + _AT_ONCE]),
        )
        found |= {key: int(number) for key, number in connection.execute(query)}
    return found


def _held(connection: Connection, numbers: Sequence[int]) -> set[tuple[int, int]]:
    found: set[tuple[int, int]] = set()
    for start in range(0, len(numbers), _AT_ONCE):
        query = select(review_reports.c.review_id, review_reports.c.report_id).where(
            review_reports.c.review_id.in_(numbers[start : start + _AT_ONCE])
        )
        found |= {(int(review), int(report)) for review, report in connection.execute(query)}
    return found


def _values(case: ReviewCase) -> dict[str, Any]:
    return {
        "key": case.key,
        "state": ReviewState.OPEN.value,
        "item": case.item or None,
        "catalogue": case.catalogue,
        "area_level": case.level,
        "area_code": case.code,
        "edition": case.edition,
        "overlays": list(case.overlays),
        "lon": case.lon,
        "lat": case.lat,
    }


def returns_of(connection: Connection, number: int) -> list[dict[str, Any]]:
    """Return who sent a report back, and why, in the order of time.

    A return is an event of the order; before there were orders it was a row of its own.
    """
    names = ("department", "why", "returned_at", "returned_by")
    query = select(*(report_returns.c[name] for name in names))
    query = query.where(report_returns.c.report_id == number).order_by(report_returns.c.id)
    former = [dict(zip(names, row, strict=True)) for row in connection.execute(query)]
    e = order_events.c
    events = (
        select(e.fields, e.at, e.by)
        .where(e.number == number, e.action == "order.return")
        .order_by(e.seq)
    )
    return former + [
        dict(zip(names, (row.fields["department"], row.fields["why"], row.at, row.by), strict=True))
        for row in connection.execute(events)
    ]


def read_review(connection: Connection, number: int) -> dict[str, Any]:
    """Return one review with its ruling, or raise `NotFound`."""
    found = connection.execute(_query().where(reviews.c.id == number)).mappings().one_or_none()
    if found is None:
        raise NotFound("There is no such review.", got=number)
    return _plain(found)


def read_reviews(
    connection: Connection,
    filters: Mapping[str, Any],
    within: Sequence[Scope],
    now: datetime,
    *,
    limit: int,
    offset: int,
) -> list[dict[str, Any]]:
    """Return reviews within any of the scopes, those with the most reports first, then the oldest.

    A review lies where its reports do, and is about the departments that they are sent to.
    """
    query = _narrowed(_query(), filters).where(_within(connection, within, now))
    query = query.order_by(text("reports DESC"), reviews.c.id)
    found = connection.execute(query.limit(limit).offset(offset)).mappings()
    return [_plain(row) for row in found]


def count_reviews(
    connection: Connection, filters: Mapping[str, Any], within: Sequence[Scope], now: datetime
) -> int:
    """Return how many reviews match."""
    query = _narrowed(select(func.count()).select_from(reviews), filters)
    return int(connection.execute(query.where(_within(connection, within, now))).scalar_one())


def is_within(connection: Connection, number: int, within: Sequence[Scope], now: datetime) -> bool:
    """True when a review lies within any of the scopes, as lists have it."""
    query = select(reviews.c.id).where(reviews.c.id == number)
    return connection.execute(query.where(_within(connection, within, now))).first() is not None


def _within(connection: Connection, scopes: Sequence[Scope], now: datetime) -> ColumnElement[bool]:
    if any(scope.is_everywhere for scope in scopes):
        return true()
    held = reports_within(connection, scopes, now).where(
        review_reports.c.review_id == reviews.c.id, review_reports.c.report_id == reports.c.id
    )
    return held.correlate(reviews).exists()


def reports_of(connection: Connection, number: int) -> list[dict[str, Any]]:
    """Return the reports of a review as they were put into it, by number."""
    query = (
        select(
            review_reports.c.report_id,
            review_reports.c.reason,
            review_reports.c.why,
            review_reports.c.added_at,
            review_reports.c.added_by,
            reports.c.closed_at,
            reports.c.lon,
            reports.c.lat,
        )
        .join(reports, reports.c.id == review_reports.c.report_id)
        .where(review_reports.c.review_id == number)
        .order_by(review_reports.c.report_id)
    )
    return [_plain(row) for row in connection.execute(query).mappings()]


def reviews_of(connection: Connection, number: int) -> list[int]:
    """Return the numbers of the reviews that a report is or was in."""
    query = select(review_reports.c.review_id).where(review_reports.c.report_id == number)
    return [int(one) for one in connection.execute(query.order_by("review_id")).scalars()]


def _query() -> Select[Any]:
    held = (
        select(func.count())
        .select_from(review_reports)
        .where(review_reports.c.review_id == reviews.c.id)
        .correlate(reviews)
        .scalar_subquery()
    )
    ruled = ("overlay_code", "owner", "items", "ground", "document", "valid_from", "valid_to")
    return select(
        *(column for column in reviews.c if column.name != "key"),
        held.label("reports"),
        *(rulings.c[name].label(f"ruling_{name}") for name in ruled),
    ).select_from(reviews.outerjoin(rulings, rulings.c.review_id == reviews.c.id))


def _narrowed(query: Select[Any], filters: Mapping[str, Any]) -> Select[Any]:
    unknown = [name for name in filters if name not in FILTERS]
    if unknown:
        raise BadValue(
            "Reviews cannot be narrowed by that.", got=", ".join(unknown), allowed=FILTERS
        )
    for name, value in filters.items():
        if value is not None:
            query = query.where(reviews.c[name] == value)
    return query


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    record = {str(name): value for name, value in row.items()}
    if "ruling_owner" not in record:
        return record
    ruling = {
        name.removeprefix("ruling_"): record.pop(name)
        for name in list(record)
        if name.startswith("ruling_")
    }
    return record | {"ruling": None if ruling["owner"] is None else ruling}
