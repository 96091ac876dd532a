"""Orders and events as plain values that JSON can hold, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

from gridmap.cases.fields import stored_moment
from gridmap.cases.model import (
    Ask,
    AskKind,
    Call,
    Ground,
    Order,
    Part,
    PartState,
    Rating,
    Verdict,
    Whistle,
    WhistleState,
)
from gridmap.cases.states import State

__all__ = ["order_from", "plain"]


# Most of what an order is made of is nothing yet, or text: told by its exact type.
_PLAIN = frozenset({type(None), str, bool, int, float})


def plain(value: Any) -> Any:
    """Return a dataclass, or anything one is made of, as plain values."""
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    names = _fields_of(kind)
    if names:
        found = {name: getattr(value, name) for name in names}
        return {name: one if type(one) in _PLAIN else plain(one) for name, one in found.items()}
    if isinstance(value, datetime):
        return stored_moment(value)
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(one) for one in value]
    return value.value if isinstance(value, Enum) else value


@cache
def _fields_of(kind: Any) -> tuple[str, ...]:
    """Names of the fields of a dataclass; none of another class."""
    return tuple(one.name for one in fields(kind)) if is_dataclass(kind) else ()


def order_from(stored: Mapping[str, Any]) -> Order:
    """Return the order that :func:`plain` made plain; fields it did not know have their default."""
    known = {one.name for one in fields(Order)}
    record = {name: value for name, value in stored.items() if name in known}
    record = _moments(record)
    record["state"] = State(record["state"])
    record["co"] = tuple(
        Part(p["department"], PartState(p["state"]), p["text"]) for p in record.get("co", ())
    )
    for name in ("handlers", "absorbed"):
        record[name] = tuple(record.get(name, ()))
    if record.get("ask"):
        ask = _moments(record["ask"])
        record["ask"] = Ask(**ask | {"kind": AskKind(ask["kind"])})
    if record.get("rating"):
        record["rating"] = Rating(**_moments(record["rating"]))
    record["whistles"] = tuple(_whistle(w) for w in record.get("whistles", ()))
    return Order(**record)


def _moments(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record with its moments read: their names say what they are."""
    return {
        name: datetime.fromisoformat(value)
        if (isinstance(value, str) and name.endswith(_TIMES)) or (name == "at" and value)
        else value
        for name, value in record.items()
    }


_TIMES = ("_at", "until", "accept_by", "contact_by", "due_from", "due_original", "due_given")


def _whistle(stored: Mapping[str, Any]) -> Whistle:
    record = _moments(stored)
    record["state"] = WhistleState(record["state"])
    record["ground"] = Ground(record["ground"])
    record["wanted"] = tuple(record["wanted"])
    record["calls"] = tuple(_call(call) for call in record["calls"])
    return Whistle(**record)


def _call(stored: Mapping[str, Any]) -> Call:
    record = _moments(stored)
    if record["verdict"] is not None:
        record["verdict"] = Verdict(record["verdict"])
    return Call(**record)
