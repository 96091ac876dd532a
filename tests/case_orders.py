"""Orders for tests: a rule book, events, and a machine that does whatever it may."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st

from gridmap.cases.fields import stored_moment
from gridmap.cases.model import Event, Order
from gridmap.cases.rules import CaseRules, load_case_rules
from gridmap.cases.table import TRANSITIONS, open_to
from gridmap.routing.book import load_route_book
from gridmap.times import site_zone

START = datetime(2026, 3, 12, 1, 0, tzinfo=UTC)
BODIES = ("CG", "HW", "JD:990101001", "SZ")
PEOPLE = ("an", "bo", "chen", "ding")
TEXTS = ("ja", "因为")


@cache
def rules() -> CaseRules:
    """The package's own limits."""
    return load_case_rules(None, load_route_book(None, zone=site_zone()))


def new_order(number: int = 7, at: datetime = START) -> Order:
    """An order before its first event."""
    return Order(number, received_at=at, created_at=at)


def submit(at: datetime = START, **more: Any) -> Event:
    """The event that makes it one."""
    fields = {
        "item": "0101",
        "level": "G",
        "lead": "HW",
        "co_departments": [],
        "areas": {"community": "990101001001"},
        "due_at": stored_moment(at + timedelta(hours=4)),
        "round": 1,
    }
    return Event("order.submit", "sender", at, fields=fields | more)


def act(action: str, by: str = "an", at: datetime = START, *, bodies=None, **fields: Any) -> Event:
    """Somebody does something."""
    acts_for = None if bodies is None else frozenset(bodies)
    return Event(action, by, at, ("dispatcher",), acts_for, fields)


@st.composite
def events(draw: st.DrawFn, state: Any, now: datetime) -> Event:
    """An event that fits its place in the table, by somebody, with what it may be given."""
    action = draw(st.sampled_from(open_to(state)))
    values: dict[str, Any] = {}
    for field in TRANSITIONS[action].fields:
        if field.required or draw(st.booleans()):
            values[field.name] = draw(value(field, now))
    bodies = draw(st.one_of(st.none(), st.frozensets(st.sampled_from(BODIES), min_size=1)))
    return Event(action, draw(st.sampled_from(PEOPLE)), now, ("handler",), bodies, values)


def value(field: Any, now: datetime) -> st.SearchStrategy[Any]:
    """Something that a field may hold."""
    kinds = {
        "text": st.sampled_from(TEXTS),
        "body": st.sampled_from(BODIES),
        "bodies": st.lists(st.sampled_from(BODIES), min_size=1, max_size=3),
        "moment": st.integers(1, 400).map(lambda hours: now + timedelta(hours=hours)),
        "flag": st.booleans(),
        "number": st.integers(1, 3),
        "item": st.just("0102"),
    }
    return st.sampled_from(field.choices) if field.choices else kinds[field.kind.value]
