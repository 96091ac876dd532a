"""What the form of an action sends, read as the interface reads the same action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from api.order_models import BODIES
from gridmap.cases.fields import MAX_TEXT, Kind
from gridmap.cases.table import TRANSITIONS
from gridmap.errors import BadValue, NotFound

__all__ = ["given_to", "read_as", "ticked", "whole"]

_ANSWERS = {"yes": True, "no": False, "": None}


def ticked(name: str, typed: Mapping[str, str]) -> frozenset[str]:
    """Return the codes whose boxes are ticked in a field of several."""
    return frozenset(key.removeprefix(f"{name}.") for key in typed if key.startswith(f"{name}."))


def given_to(action: str, sent: Mapping[str, str]) -> dict[str, Any]:
    """Return what a form says, as the interface takes it for the same action.

    Raises
    ------
    NotFound
        There is no such action.
    BadValue
        A field cannot be used; names it, and what was got.
    """
    row = TRANSITIONS.get(action)
    if row is None or row.by_time:
        allowed = [name for name, one in TRANSITIONS.items() if not one.by_time]
        raise NotFound("There is no such action.", got=action, allowed=allowed)
    given: dict[str, Any] = {}
    for one in row.fields:
        if one.kind is Kind.BODIES:
            # A form with boxes says so, or none that is ticked could not be told from no boxes.
            found: Any = sorted(ticked(one.name, sent)) if one.name in sent else None
        else:
            # Browsers end lines as letters do; the record has them as everything else.
            text = sent.get(one.name, "").replace("\r\n", "\n").strip()
            found = _READ.get(one.kind, _as_text)(one.name, text)
        if found is not None:
            given[one.name] = found
    given["version"] = whole("version", sent.get("version", ""))
    return read_as(_ADAPTERS[action], given)


def read_as(adapter: TypeAdapter[Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was typed as the interface reads it; `BadValue` names the field that is wrong."""
    try:
        return dict(adapter.validate_python(given).model_dump())
    except ValidationError as error:
        raise _refusal(error) from error


def _refusal(error: ValidationError) -> BadValue:
    first = error.errors(include_url=False, include_context=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "form"
    if first["type"] == "missing":
        return BadValue(f"'{name}' is needed.", got="nothing", repair="Fill it in.")
    return BadValue(
        f"'{name}' cannot be used.",
        got=f"{repr(first['input'])[:100]} ({first['msg']})",
        repair=f"Texts have at most {MAX_TEXT:,} characters and no control characters.",
    )


def _as_text(name: str, text: str) -> str | None:
    return text or None


def _answer(name: str, text: str) -> bool | None:
    if text not in _ANSWERS:
        raise BadValue(f"'{name}' is no answer.", got=text[:100], allowed=list(_ANSWERS))
    return _ANSWERS[text]


def whole(name: str, text: str) -> int | None:
    """Return a whole number that was typed; None for nothing."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        raise BadValue(f"'{name}' is no number.", got=text[:100], allowed="digits")
    return int(text)


_READ: Mapping[Kind, Callable[[str, str], Any]] = {Kind.FLAG: _answer, Kind.NUMBER: whole}
_ADAPTERS = {action: TypeAdapter(model) for action, model in BODIES.items()}
