"""What a report that is sent in may hold, and what tells two of them apart."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import orjson

from gridmap.errors import BadValue
from gridmap.personal import (
    MAX_PERSONAL,
    PERSONAL_FIELDS,
    checked_phone,
    refuse_identity_numbers,
)
from gridmap.store.columns import storable

__all__ = ["MAX_TEXT", "ReportSource", "checked", "digest"]

MAX_TEXT = 2_000

_NEEDED = ("coord_sys", "item")
_NUMBERS = ("lon", "lat", "accuracy_m")
_FIELDS = (
    *_NUMBERS, *_NEEDED, "catalogue", "text", "source", "observed_at", "received_at",
    *PERSONAL_FIELDS,
)  # fmt: skip


class ReportSource(StrEnum):
    """Which way a report came in."""

    HOTLINE = "hotline_12345"
    APP = "app_photo"
    GRID_WORKER = "grid_worker"
    MAILBOX = "mailbox"
    SENSOR = "sensor"
    WEB = "web"


def checked(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a report without what is not given and what no store can hold.

    Raises
    ------
    BadValue
        For an unknown field, one that is missing, a value that is not of its kind, or an
        identity number in a text.
    """
    given = {name: storable(value) for name, value in body.items() if value is not None}
    unknown = [name for name in body if name not in _FIELDS]
    missing = [name for name in _NEEDED if name not in given]
    if unknown or missing:
        raise BadValue(
            f"A report needs '{missing[0]}'." if missing else "A report has no such field.",
            got=", ".join(unknown or given),
            allowed=_FIELDS,
        )
    for name in _NUMBERS:
        if name in given:
            given[name] = _number(name, given[name])
    given.setdefault("source", ReportSource.WEB.value)
    if str(given["source"]) not in set(ReportSource):
        raise BadValue(
            "There is no such source.", got=given["source"], allowed=[s.value for s in ReportSource]
        )
    text = given.get("text", "")
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        raise BadValue(
            "The text cannot be used.", got=_shortened(text), allowed=f"{MAX_TEXT} characters"
        )
    refuse_identity_numbers("text", text)
    for name in PERSONAL_FIELDS:
        if name in given:
            given[name] = _personal(name, given[name])
    return given


def _personal(name: str, value: Any) -> str:
    """Return a personal field; no message repeats what was given."""
    if not isinstance(value, str) or len(value) > MAX_PERSONAL[name]:
        raise BadValue(
            f"'{name}' cannot be used.",
            got=_shortened(value) if isinstance(value, str) else type(value).__name__,
            allowed=f"{MAX_PERSONAL[name]} characters",
        )
    text = refuse_identity_numbers(name, " ".join(value.split()))
    return checked_phone(text) if name == "reporter_phone" and text else text


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise BadValue(f"'{name}' is not a number.", got=_shortened(value)) from error


def _shortened(value: Any) -> str:
    return f"{len(value)} characters" if isinstance(value, str) else repr(value)[:100]


def digest(body: Mapping[str, Any]) -> str:
    """Return what tells two checked bodies apart, whatever the order of their fields.

    Personal fields are left out: a hash of few digits gives them away.
    """
    told = {name: value for name, value in body.items() if name not in PERSONAL_FIELDS}
    plain = orjson.dumps(told, option=orjson.OPT_SORT_KEYS, default=str)
    return hashlib.sha256(plain).hexdigest()
