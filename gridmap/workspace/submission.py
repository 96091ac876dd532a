"""What a report that is sent in may hold, and what tells two of them apart."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import orjson

from gridmap.errors import BadValue
from gridmap.store.columns import storable

__all__ = ["MAX_TEXT", "ReportSource", "checked", "digest"]

MAX_TEXT = 2_000

_NEEDED = ("coord_sys", "item")
_NUMBERS = ("lon", "lat", "accuracy_m")
_FIELDS = (*_NUMBERS, *_NEEDED, "text", "source", "observed_at", "received_at")


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
        For an unknown field (there is none for a person), one that is missing, or a value
        that is not of its kind.
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
    return given


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise BadValue(f"'{name}' is not a number.", got=_shortened(value)) from error


def _shortened(value: Any) -> str:
    return f"{len(value)} characters" if isinstance(value, str) else repr(value)[:100]


def digest(body: Mapping[str, Any]) -> str:
    """Return what tells two checked bodies apart, whatever the order of their fields."""
    plain = orjson.dumps(dict(body), option=orjson.OPT_SORT_KEYS, default=str)
    return hashlib.sha256(plain).hexdigest()
