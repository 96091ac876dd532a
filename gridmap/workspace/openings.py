"""What somebody may do with an order now, and what each action may be given.

The table of transitions says what an action is given, the guards whether it may happen. So
the guards themselves are asked, with every combination of the values that they could look at;
nothing here knows what any of them wants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any

from gridmap.cases.fields import Field, Kind
from gridmap.cases.machine import prepare
from gridmap.cases.model import Event, Order
from gridmap.cases.rules import CaseRules
from gridmap.cases.table import Transition
from gridmap.errors import BadValue, Conflict, NotAllowed, NotFound

__all__ = ["OpenField", "Opening", "opening"]

# Stands for a text, and for a department that nobody has named before.
_ANY = "?"


@dataclass(frozen=True, slots=True)
class OpenField:
    """One field of an action as it may be filled now.

    Attributes
    ----------
    name : str
    kind : Kind
    needed : bool
        Without it the action is refused as things are, whatever else is given.
    values : tuple
        The only values that are not refused; empty where the guards do not look at it.
    """

    name: str
    kind: Kind
    needed: bool
    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Opening:
    """An action that is open, with its fields in the table's order."""

    action: str
    fields: tuple[OpenField, ...]


def opening(order: Order, row: Transition, rules: CaseRules, by: Event) -> Opening | None:
    """Return an action as it is open now; None when the guards refuse it whatever is given.

    Parameters
    ----------
    by : Event
        As it would happen, by whom and for which departments, without any fields.
    """
    fillings = list(_fillings(order, row, by.at))
    answers = [_asked(order, replace(by, fields=given), rules) for given in fillings]
    passed = [one for one, answer in zip(fillings, answers, strict=True) if answer is not None]
    if not passed:
        return None
    clean = [one for one, answer in zip(fillings, answers, strict=True) if answer]

    def needed(name: str) -> bool:
        """True when nothing that passes with a field passes without it."""
        with_it = [given for given in clean if name in given]
        if not with_it or len(with_it) < len(clean):
            return False
        without = ({k: v for k, v in given.items() if k != name} for given in with_it)
        return not any(_asked(order, replace(by, fields=given), rules) for given in without)

    return Opening(
        row.action,
        tuple(
            OpenField(one.name, one.kind, one.required or needed(one.name), _values(one, passed))
            for one in row.fields
        ),
    )


def _asked(order: Order, event: Event, rules: CaseRules) -> bool | None:
    """True when the machine lets an event happen, False when another value could; None never."""
    try:
        prepare(order, event, rules)
    except BadValue:
        return False
    except (Conflict, NotAllowed, NotFound):
        return None
    return True


def _values(field: Field, passed: list[dict[str, Any]]) -> tuple[Any, ...]:
    if not _chosen(field):
        return ()
    return tuple(dict.fromkeys(given[field.name] for given in passed if field.name in given))


def _chosen(field: Field) -> bool:
    """True for a field with few values, which the guards may tell apart."""
    return bool(field.choices) or field.name in {"whistle", "department"}


def _fillings(order: Order, row: Transition, now: datetime) -> Iterator[dict[str, Any]]:
    """Return every way to fill an action that the guards could tell from another."""
    values = [_candidates(order, field, now) for field in row.fields]
    for combined in product(*values):
        pairs = zip(row.fields, combined, strict=True)
        yield {field.name: value for field, value in pairs if value is not None}


def _candidates(order: Order, field: Field, now: datetime) -> tuple[Any, ...]:
    if field.choices:
        return field.choices
    if field.name == "whistle":
        return tuple(whistle.number for whistle in order.whistles)
    if field.name == "department":
        called = [call.department for w in order.whistles for call in w.calls]
        bodies = tuple(dict.fromkeys((*order.bodies, *called)))
        return bodies if field.required else (None, *bodies)
    return (_specimen(order, field, now),)


def _specimen(order: Order, field: Field, now: datetime) -> Any:
    if field.name == "arrived_at":
        return now
    return _SPECIMENS[field.kind](order, now)


_SPECIMENS: Mapping[Kind, Callable[[Order, datetime], Any]] = {
    Kind.TEXT: lambda order, now: _ANY,
    Kind.BODY: lambda order, now: _ANY,
    Kind.BODIES: lambda order, now: [_ANY],
    Kind.ITEM: lambda order, now: _ANY,
    Kind.FLAG: lambda order, now: True,
    Kind.NUMBER: lambda order, now: order.number + 1,
    Kind.MOMENT: lambda order, now: max(now, order.due_known or now) + timedelta(days=1),
}
