"""Lists of orders narrowed: what each filter means in the store, and what lies within a scope."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, true

from gridmap.access import Scope
from gridmap.cases.states import AT_CENTRE, State
from gridmap.errors import BadValue
from gridmap.store.schema import reports
from gridmap.store.schema_cases import order_events, order_parts, orders
from gridmap.store.schema_district import report_routes
from gridmap.store.within import among, has_share, numbers_with, numbers_within

__all__ = ["FILTERS", "Own", "Sorting", "has_many", "narrowed", "waits"]

# What a list can be narrowed by.
FILTERS = (
    "state", "department", "area", "overdue", "item", "level", "open", "due_by", "own", "unowned",
)  # fmt: skip

Sorting = Literal["newest", "due"]

# Where fewer orders lie, all of them are found and sorted.
_MANY = 4_000


@dataclass(frozen=True, slots=True)
class Own:
    """Whose orders a list is narrowed to.

    Attributes
    ----------
    name : str
        Who had a hand in them.
    departments : frozenset of str
        They are with one of these.
    offices : tuple of (Scope, kind of body)
        They are with a body of that kind, within that scope: ``SQ`` for the committees there.
    """

    name: str
    departments: frozenset[str] = frozenset()
    offices: tuple[tuple[Scope, str], ...] = ()


def narrowed(
    query: Select[Any],
    filters: Mapping[str, Any],
    scopes: Sequence[Scope],
    now: datetime,
    *,
    walked: bool = False,
) -> Select[Any]:
    """Return a query of orders with only those that match, within any of the scopes.

    Orders of areas and departments are found by their rows; or, where so many lie there that a
    page is full sooner that way, `walked` in the order of the list and asked one by one.
    """
    unknown = [name for name in filters if name not in FILTERS]
    if unknown:
        raise BadValue("Orders cannot be narrowed by that.", got=unknown, allowed=FILTERS)
    for name, value in filters.items():
        if value is not None:
            query = query.where(_condition(name, value, now, walked))
    if any(scope.is_everywhere for scope in scopes):
        return query
    return query.where(or_(*(_within(scope, walked=walked) for scope in scopes)))


def has_many(connection: Connection, filters: Mapping[str, Any], scopes: Sequence[Scope]) -> bool:
    """True when so many orders lie in areas and departments that a list of them is walked."""
    sets = []
    if filters.get("area"):
        level, _, code = filters["area"].partition(":")
        sets.append([numbers_within([(level, code)])])
    if filters.get("department"):
        sets.append([numbers_with([filters["department"]])])
    if not any(scope.is_everywhere for scope in scopes):
        sets.append(
            [
                numbers_within(scope.areas) if scope.areas else numbers_with(scope.departments)
                for scope in scopes
            ]
        )
    return bool(sets) and all(
        sum(_counted(connection, query) for query in found) >= _MANY for found in sets
    )


def _counted(connection: Connection, query: Select[Any]) -> int:
    """Return how many rows a query has, up to what is many."""
    some = select(func.count()).select_from(query.limit(_MANY).subquery())
    return int(connection.execute(some).scalar_one())


def _condition(name: str, value: Any, now: datetime, walked: bool) -> ColumnElement[bool]:
    if name == "department":
        return among(numbers_with([value]), walked=walked)
    if name == "area":
        level, _, code = value.partition(":")
        return among(numbers_within([(level, code)]), walked=walked)
    special = _CONDITIONS.get(name)
    if special is not None:
        return special(value, now)
    equal: ColumnElement[bool] = orders.c[name] == value
    return equal


def _about(value: str, now: datetime) -> ColumnElement[bool]:
    """About an item, named as overlays name it: with its catalogue when that is not the site's."""
    catalogue, _, code = value.rpartition(":")
    of = select(reports.c.id).where(
        reports.c.id == orders.c.number, reports.c.catalogue == catalogue
    )
    return and_(orders.c.item == code, of.exists())


def _is_open(value: bool, now: datetime) -> ColumnElement[bool]:
    return orders.c.closed_at.is_(None) if value else orders.c.closed_at.is_not(None)


def waits() -> ColumnElement[bool]:
    """Somebody is expected to do something about it by a time."""
    return and_(orders.c.closed_at.is_(None), orders.c.resolved_at.is_(None))


def _overdue(value: bool, now: datetime) -> ColumnElement[bool]:
    late = and_(waits(), orders.c.due_at.is_not(None), orders.c.due_at < now)
    return late if value else ~late


def _due_by(value: datetime, now: datetime) -> ColumnElement[bool]:
    return and_(waits(), orders.c.due_at >= now, orders.c.due_at < value)


def _unowned(value: bool, now: datetime) -> ColumnElement[bool]:
    """With the centre to be sent, and either without a lead or left to a person by its route.

    One before the board waits for its ruling, and cannot be sent.
    """
    route = select(report_routes.c.id).where(
        report_routes.c.report_id == orders.c.number, report_routes.c.needs_person
    )
    at_centre = orders.c.state.in_(sorted(s.value for s in AT_CENTRE - {State.OWNERSHIP_REVIEW}))
    nobody = and_(at_centre, or_(orders.c.lead == "", route.exists()))
    return nobody if value else ~nobody


def _owned(own: Own, now: datetime) -> ColumnElement[bool]:
    acted = select(order_events.c.number).where(order_events.c.by == own.name)
    found: list[ColumnElement[bool]] = [orders.c.number.in_(acted)]
    if own.departments:
        found.append(among(numbers_with(own.departments)))
    for scope, kind in own.offices:
        # Asked of each order in the scope: there are fewer of those than of all offices of a kind.
        office = select(order_parts.c.id).where(
            order_parts.c.number == orders.c.number,
            order_parts.c.department.startswith(f"{kind}:", autoescape=True),
            has_share(),
        )
        found.append(and_(_within(scope), office.exists()))
    return or_(*found)


_CONDITIONS: Mapping[str, Callable[[Any, datetime], ColumnElement[bool]]] = {
    "item": _about,
    "open": _is_open,
    "overdue": _overdue,
    "due_by": _due_by,
    "unowned": _unowned,
    "own": _owned,
}


def _within(scope: Scope, *, walked: bool = False) -> ColumnElement[bool]:
    parts = []
    if scope.areas:
        parts.append(among(numbers_within(scope.areas), walked=walked))
    if scope.departments:
        parts.append(among(numbers_with(scope.departments), walked=walked))
    return and_(true(), *parts)
