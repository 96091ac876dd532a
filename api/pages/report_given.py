"""What the form of a report says, read as `POST /api/reports` reads one; refusals by field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from api.coordsys import known_system
from api.report_models import ReportIn
from gridmap.errors import BadCode, BadValue, GridmapError, InputError, NotFound
from gridmap.personal import PERSONAL_FIELDS, checked_phone, refuse_identity_numbers
from gridmap.workspace import Workspace

__all__ = ["FIELDS", "ON_PAGE", "Given", "field_of", "given_report"]

# What everybody fills in, and what is asked of who records for others.
FIELDS = (
    "item", "estate", "lon", "lat", "coord_sys", "accuracy_m", "unknown", "text",
    "reporter_name", "reporter_phone",
)  # fmt: skip
# Where a refusal can stand, in the order of the page; the empty name is the whole form's.
ON_PAGE = (
    "", "item", "place", "accuracy_m", "text", "reporter_name", "reporter_phone", "source",
    "received_at",
)  # fmt: skip
# Fields that are one thing to who fills them in.
_PART_OF = {"catalogue": "item", "estate": "place", "lon": "place", "lat": "place",
            "coord_sys": "place"}  # fmt: skip
_RECORDING = ("source", "received_at")
_SAID = ("text", "reporter_name", "reporter_phone", *_RECORDING)
# Fields in which somebody may have typed what no field keeps.
_TYPED = ("text", *PERSONAL_FIELDS)
_MOST_TYPED = 4_000

# Sentences about a field that do not begin with its name.
_ABOUT = {
    "There is no such catalogue.": "item",
    "This is not a date or time.": "received_at",
    "This date is outside the calendar.": "received_at",
}
_NAMED = re.compile(r"'(\w+)' ")
_NOWHERE = {"lon": None, "lat": None, "coord_sys": "wgs84"}


@dataclass(frozen=True, slots=True)
class Given:
    """A form as it was sent.

    Attributes
    ----------
    typed : dict
        Every field as it was filled in.
    body : dict
        What `submit_report` is given; not to be used while something is refused.
    refused : dict
        Errors by field.
    """

    typed: dict[str, str]
    body: dict[str, Any]
    refused: dict[str, GridmapError]


def given_report(workspace: Workspace, sent: Mapping[str, str], *, recording: bool) -> Given:
    """Return what a form says, and what of it cannot be used.

    Parameters
    ----------
    recording : bool
        The fields of who records for others count; else what stands in them is not looked at.
    """
    names = (*FIELDS, *_RECORDING) if recording else FIELDS
    # Browsers end lines as letters do; the record has them as everything else.
    typed = {name: sent.get(name, "").replace("\r\n", "\n").strip() for name in names}
    # Which of several estates of a name it is, was asked beside the field.
    typed["estate"] = sent.get("which", "").strip() or typed["estate"]
    refused: dict[str, GridmapError] = {}
    # As lists of orders name the items of further catalogues.
    catalogue, _, item = typed["item"].rpartition(":")
    body: dict[str, Any] = {"item": item, "catalogue": catalogue}
    body |= {name: typed[name] for name in _SAID if name in typed}
    body = {name: value for name, value in body.items() if value}
    if "reporter_phone" in body:
        # Chinese keyboards have wide digits too.
        body["reporter_phone"] = unicodedata.normalize("NFKC", body["reporter_phone"])
    try:
        body |= _place(workspace, typed)
    except (InputError, NotFound) as error:
        body |= _NOWHERE
        refused["accuracy_m" if error.message.startswith("'accuracy_m'") else "place"] = error
    try:
        checked = ReportIn.model_validate(body)
    except ValidationError as error:
        for one in error.errors(include_url=False, include_context=False):
            name = str(one["loc"][0])
            refused.setdefault(_at(name), _why(name, one["type"], body.get(name)))
        return Given(typed, body, refused)
    return Given(typed, checked.model_dump(mode="json"), refused)


def field_of(error: GridmapError) -> str:
    """Return the field that a refusal of the workspace is about; empty for none."""
    if isinstance(error, BadCode):
        return "item"
    named = _NAMED.match(error.message)
    return _at(named[1] if named else _ABOUT.get(error.message, ""))


def _at(name: str) -> str:
    """Return where on the page it stands what is wrong with a field."""
    name = _PART_OF.get(name, name)
    return name if name in ON_PAGE else ""


def _place(workspace: Workspace, typed: Mapping[str, str]) -> dict[str, Any]:
    """Return where it is: what is most exact counts, and nothing when the place is not known."""
    if typed["unknown"]:
        return _NOWHERE
    if typed["lon"] or typed["lat"]:
        system = known_system(typed["coord_sys"] or "wgs84")
        x, y = typed["lon"], typed["lat"]
        # Refuses what is no position on Earth.
        workspace.origin(near=f"{x},{y}", coord_sys=system)
        found = {"lon": float(x), "lat": float(y), "coord_sys": system}
        accuracy = typed["accuracy_m"]
        return found | ({"accuracy_m": _metres(accuracy)} if accuracy else {})
    origin = workspace.origin(estate=typed["estate"][:200])
    if origin is None:
        raise BadValue("It is not said where it is.", got="nothing")
    lon, lat = origin.spot
    # Somewhere in the estate. What lies beyond its red line is not meant, whosoever that is.
    around = max(1.0, float(int(origin.within_m or 0)))
    return {"lon": lon, "lat": lat, "coord_sys": "wgs84", "accuracy_m": around}


def _metres(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise BadValue("'accuracy_m' is no number.", got=text[:40]) from error


def _why(name: str, kind: str, value: Any) -> BadValue:
    """Return why a field is refused, in a sentence that pages have words for."""
    if name == "item" and not value:
        return BadValue("No item was chosen.", got="nothing")
    try:
        if name in _TYPED and isinstance(value, str):
            refuse_identity_numbers(name, value[:_MOST_TYPED])
            if name == "reporter_phone":
                checked_phone(value)
    except BadValue as error:
        return error
    if kind == "string_too_long":
        return BadValue(f"'{name}' is too long.", got=f"{len(value)} characters")
    return BadValue(f"'{name}' cannot be used.", got=str(value)[:40])
