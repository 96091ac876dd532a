"""A place with some of its fields changed, each checked as an import checks it."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import fields, replace
from hashlib import sha256
from typing import Any

from gridmap.errors import BadValue
from gridmap.places.categories import PACKAGED, CategoryTree
from gridmap.places.hours import closures_apart, read_closure, read_hours
from gridmap.places.identity import holds_identity_number
from gridmap.places.model import ACCESS_FACTS, Place
from gridmap.places.phones import normalise_phone

__all__ = ["EDITABLE", "changed_since", "edited", "version_of"]

# A place keeps its code, and is moved by an import: its areas follow from where it is.
EDITABLE = tuple(f.name for f in fields(Place) if f.name not in {"code", "lon", "lat"})

_PHONES = {"phone", "booking_phone"}

# What a version tells of, and how many of its characters tell of one field.
_VERSIONED = tuple(f.name for f in fields(Place) if f.name != "code")
_MARK = 8


def edited(place: Place, changes: Mapping[str, Any], categories: CategoryTree = PACKAGED) -> Place:
    """Return the place with these fields changed.

    Raises
    ------
    BadValue
        For a field that cannot be edited, or a value that it cannot have; `BadHours` with the
        place of the fault.
    """
    unknown = sorted(set(changes) - set(EDITABLE))
    if unknown:
        raise BadValue("A place has no such field to edit.", got=unknown, allowed=EDITABLE)
    new = {name: _checked(name, value) for name, value in changes.items()}
    found = replace(place, **new)
    if not found.name:
        raise BadValue("A place has a name.", got="")
    known = categories.categories
    if found.category not in known:
        raise BadValue("There is no such category.", got=found.category, allowed=list(known))
    return found


def version_of(place: Place) -> str:
    """Return a text by which :func:`changed_since` knows what was changed in a place since.

    It has a digest of each field: places are records without a count of their changes, and who
    looked at one is to be told which of its fields are others now.
    """
    return "".join(_mark(getattr(place, name)) for name in _VERSIONED)


def changed_since(version: str, place: Place) -> tuple[str, ...]:
    """Return the fields in which a place is not as it was when it had a version.

    Of a text that is no version of this release they are all fields.
    """
    if len(version) != _MARK * len(_VERSIONED):
        return _VERSIONED
    marks = (version[at : at + _MARK] for at in range(0, len(version), _MARK))
    return tuple(
        name
        for name, mark in zip(_VERSIONED, marks, strict=True)
        if mark != _mark(getattr(place, name))
    )


def _mark(value: Any) -> str:
    digest = sha256(json.dumps(value, default=str).encode()).digest()
    return urlsafe_b64encode(digest).decode()[:_MARK]


def _checked(name: str, value: Any) -> Any:
    texts = value if isinstance(value, (list, tuple)) else [value]
    for text in texts:
        if isinstance(text, str) and holds_identity_number(text):
            raise BadValue(f"'{name}' holds an identity number, which is never stored.")
    if name in _PHONES:
        try:
            return normalise_phone(value)
        except ValueError as error:
            raise BadValue(f"'{name}' is not a telephone number.", got=value[:40]) from error
    if name == "hours" and value:
        read_hours(value)
    if name == "closures":
        return tuple(_closure(text) for text in value)
    if name == "accessibility":
        strange = [text for text in value if text not in ACCESS_FACTS]
        if strange:
            raise BadValue("There is no such fact.", got=strange[0], allowed=list(ACCESS_FACTS))
    return tuple(value) if isinstance(value, (list, tuple)) else value


def _closure(text: str) -> str:
    """Return a closure as it is stored; in a table it must not come apart."""
    found = read_closure(text).text()
    if len(closures_apart(found)) > 1:
        raise BadValue(
            "A date behind a comma begins another closure.",
            got=found[:80],
            repair="Give each closure by itself, and dates in a reason without a comma before.",
        )
    return found
