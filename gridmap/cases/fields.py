"""What an action may be given: checked, and made plain values that are stored as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from gridmap.errors import BadValue
from gridmap.times import ensure_utc

__all__ = ["MAX_BODIES", "MAX_TEXT", "Field", "Kind", "checked", "moment", "stored_moment"]

MAX_TEXT = 2_000
MAX_BODIES = 30
_MAX_NUMBER = 2**53


class Kind(StrEnum):
    """What a field holds."""

    TEXT = "text"
    BODY = "body"  # code of a department or other party
    BODIES = "bodies"
    MOMENT = "moment"
    FLAG = "flag"
    NUMBER = "number"
    CHOICE = "choice"
    ITEM = "item"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing an action may be given."""

    name: str
    kind: Kind
    required: bool = False
    choices: tuple[str, ...] = ()


def checked(action: str, known: Iterable[Field], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an action was given, as plain values; what is None is left out.

    Raises
    ------
    BadValue
        For a field the action does not know, one that is missing, or a value of another kind.
    """
    fields = {one.name: one for one in known}
    found = {name: value for name, value in given.items() if value is not None}
    unknown = [name for name in found if name not in fields]
    if unknown:
        raise BadValue(f"'{action}' has no such field.", got=unknown, allowed=list(fields))
    plain = {name: _plain(fields[name], value) for name, value in found.items()}
    # Nobody is an answer too, where anybody need not be named: a dispatch without co-departments.
    needed = {one.name for one in fields.values() if one.required}
    plain = {n: v for n, v in plain.items() if v != "" and (v != [] or n not in needed)}
    missing = [one.name for one in fields.values() if one.required and one.name not in plain]
    if missing:
        raise BadValue(
            f"'{action}' needs '{missing[0]}'.",
            got=sorted(plain) or "nothing",
            allowed=[one.name for one in fields.values() if one.required],
            repair="Write it down: it becomes part of the record.",
        )
    return plain


def _plain(field: Field, value: Any) -> Any:
    found = _READERS[field.kind](field, value)
    if found is None:
        raise BadValue(
            f"'{field.name}' cannot be used.",
            got=repr(value)[:100],
            allowed=field.choices or _ALLOWED[field.kind],
        )
    return found


def _text(field: Field, value: Any) -> str | None:
    return value.strip() if isinstance(value, str) and len(value) <= MAX_TEXT else None


def _body(field: Field, value: Any) -> str | None:
    return value.strip() if isinstance(value, str) and 0 < len(value) <= 100 else None


def _bodies(field: Field, value: Any) -> list[str] | None:
    if isinstance(value, str) or not isinstance(value, Sequence) or len(value) > MAX_BODIES:
        return None
    codes = [_body(field, one) for one in value]
    return None if None in codes else list(dict.fromkeys(c for c in codes if c))


def _moment(field: Field, value: Any) -> str | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    return stored_moment(value)


def _flag(field: Field, value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(field: Field, value: Any) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 < value < _MAX_NUMBER else None


def _choice(field: Field, value: Any) -> str | None:
    return str(value) if value in field.choices else None


_READERS = {
    Kind.TEXT: _text,
    Kind.BODY: _body,
    Kind.BODIES: _bodies,
    Kind.MOMENT: _moment,
    Kind.FLAG: _flag,
    Kind.NUMBER: _number,
    Kind.CHOICE: _choice,
    Kind.ITEM: _body,
}
_ALLOWED = {
    Kind.TEXT: f"at most {MAX_TEXT:,} characters",
    Kind.BODY: "the code of a department",
    Kind.BODIES: f"at most {MAX_BODIES} codes of departments",
    Kind.MOMENT: "a time with an offset",
    Kind.FLAG: "true or false",
    Kind.NUMBER: "a number from 1",
    Kind.CHOICE: "",
    Kind.ITEM: "the code of a catalogue item",
}


def stored_moment(value: datetime) -> str:
    """Return a moment (aware) as it stands in the fields of an event: UTC, to the millisecond."""
    return ensure_utc(value).isoformat(timespec="milliseconds")


def moment(fields: Mapping[str, Any], name: str) -> datetime | None:
    """Return a moment of an event's fields; None when it has none."""
    value = fields.get(name)
    return None if value is None else datetime.fromisoformat(value)
