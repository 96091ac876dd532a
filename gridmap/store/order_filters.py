"""Lists of orders narrowed: what each filter means in the store, and what lies within a scope."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, or_, select, true

from gridmap.access import Scope
from gridmap.cases.states import AT_CENTRE, State
from gridmap.errors import BadValue
from gridmap.store.columns import json_value
from gridmap.store.schema import reports
from gridmap.store.schema_cases import order_events, order_parts, orders
from gridmap.store.schema_district import report_routes

__all__ = ["FILTERS", "Own", "Sorting", "narrowed", "waits"]

# What a list can be narrowed by.
FILTERS = (
    "state", "department", "area", "overdue", "item", "level", "open", "due_by", "own", "unowned",
)  # fmt: skip

Sorting = Literal["newest", "due"]


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
    query: Select[Any], filters: Mapping[str, Any], scopes: Sequence[Scope], now: datetime
) -> Select[Any]:
    """Return a query of orders with only those that match, within any of the scopes."""
    unknown = [name for name in filters if name not in FILTERS]
    if unknown:
        raise BadValue("Orders cannot be narrowed by that.", got=unknown, allowed=FILTERS)
    for name, value in filters.items():
        if value is not None:
            query = query.where(_condition(name, value, now))
    if any(scope.is_everywhere for scope in scopes):
        return query
    return query.where(or_(*(_within(scope) for scope in scopes)))


def _condition(name: str, value: Any, now: datetime) -> ColumnElement[bool]:
    special = _CONDITIONS.get(name)
    if special is not None:
        return special(value, now)
    equal: ColumnElement[bool] = orders.c[name] == value
    return equal


def _in_area(value: str, now: datetime) -> ColumnElement[bool]:
    level, _, code = value.partition(":")
    found: ColumnElement[bool] = json_value(orders.c.areas, level) == code
    return found


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
    acted = select(order_events.c.id).where(
        order_events.c.number == orders.c.number, order_events.c.by == own.name
    )
    found: list[ColumnElement[bool]] = [acted.exists()]
    if own.departments:
        found.append(_has_part(own.departments))
    for scope, kind in own.offices:
        office = select(order_parts.c.id).where(
            order_parts.c.number == orders.c.number,
            order_parts.c.department.startswith(f"{kind}:", autoescape=True),
        )
        found.append(and_(_within(scope), office.exists()))
    return or_(*found)


_CONDITIONS: Mapping[str, Callable[[Any, datetime], ColumnElement[bool]]] = {
    "department": lambda value, now: _has_part([value]),
    "area": _in_area,
    "item": _about,
    "open": _is_open,
    "overdue": _overdue,
    "due_by": _due_by,
    "unowned": _unowned,
    "own": _owned,
}


def _has_part(departments: Collection[str]) -> ColumnElement[bool]:
    own = order_parts.c.number == orders.c.number
    named = order_parts.c.department.in_(sorted(departments))
    return select(order_parts.c.id).where(own, named).exists()


def _within(scope: Scope) -> ColumnElement[bool]:
    parts = []
    if scope.areas:
        codes = [json_value(orders.c.areas, lv) == code for lv, code in sorted(scope.areas)]
        parts.append(or_(*codes))
    if scope.departments:
        parts.append(_has_part(scope.departments))
    return and_(true(), *parts)
