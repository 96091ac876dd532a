"""The shapes of reports, as they go in and come out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from api.models import ITEM_CODE, NO_CONTROLS, Coordinate, CoordSys, Exact, NearAreaOut
from api.review_models import PauseOut, RerouteOut, ReturnOut
from gridmap.locate.model import LocationStatus
from gridmap.personal import MAX_PERSONAL, PHONE
from gridmap.workspace import ReportSource
from gridmap.workspace.personal import MAX_WHY, MIN_WHY
from gridmap.workspace.submission import MAX_TEXT

__all__ = ["Past", "ReportIn", "ReportOut", "ReportRow", "ReporterIn", "ReportsOut"]


# Calendars of working days begin in this century; moments of the next can be no past ones.
_YEARS = "^20[0-9]{2}-"
Past = Annotated[
    str,
    Field(max_length=40, pattern=_YEARS),
    WithJsonSchema(
        {
            "type": "string",
            "anyOf": [{"format": "date"}, {"format": "date-time"}],
            "pattern": _YEARS,
            "description": "ISO 8601 date or time, not in the future; without an offset it is "
            "local time of the site, a bare date is 00:00 there.",
            "examples": ["2026-11-23T08:30", "2026-11-23T08:30:00+08:00"],
        }
    ),
]


class ReportIn(Exact):
    """One report. Whom it names stands in its own three fields, which are encrypted and shown
    to its current handler only: leave names and numbers out of the text.
    """

    lon: Coordinate | None = Field(
        description="Longitude in degrees (easting in a projected system); null when the place "
        "is not known: a person will look at the report."
    )
    lat: Coordinate | None = Field(
        description="Latitude in degrees (northing in a projected system)."
    )
    coord_sys: CoordSys
    item: str = Field(
        min_length=1,
        max_length=32,
        pattern=ITEM_CODE,
        description="Code of the catalogue, see `GET /api/catalogue`.",
    )
    catalogue: str | None = Field(
        None,
        max_length=32,
        pattern=NO_CONTROLS,
        description="Catalogue that the item is of; the site's own when left out.",
    )
    accuracy_m: Coordinate | None = Field(
        None, description="Radius in metres within which the true place lies, if known."
    )
    text: str | None = Field(None, max_length=MAX_TEXT, description="What was seen.")
    source: ReportSource = Field(ReportSource.WEB, description="Which way the report came in.")
    observed_at: Past | None = Field(
        None,
        description="When it was seen: selects boundaries and responsibilities of that time. "
        "When it was received, if left out.",
    )
    received_at: Past | None = Field(
        None,
        description="When it was received, if earlier and on another way; deadlines run from "
        "then. For staff only.",
    )
    reporter_name: str | None = Field(
        None,
        max_length=MAX_PERSONAL["reporter_name"],
        pattern=NO_CONTROLS,
        description="Who sends it, if they say.",
    )
    reporter_phone: str | None = Field(
        None,
        max_length=MAX_PERSONAL["reporter_phone"],
        pattern=PHONE,
        description="Where they can be called. No identity number is taken in any field.",
        examples=["138-0000-0000"],
    )
    reporter_address: str | None = Field(
        None,
        max_length=MAX_PERSONAL["reporter_address"],
        pattern=NO_CONTROLS,
        description="Where they can be found.",
    )


class ReporterIn(Exact):
    """Why it is read; the log keeps it."""

    why: str = Field(
        min_length=MIN_WHY,
        max_length=MAX_WHY,
        pattern=r"^[!-~一-龥][^\x00-\x1f\x7f]*[!-~一-龥]$",
        description="The reason.",
    )


class ReporterMaskedOut(Exact):
    """Whom a report names, masked; all null once it was taken out."""

    reporter_name: str | None = Field(description="As `张**`.")
    reporter_phone: str | None = Field(description="As `138****0000`.")
    reporter_address: str | None
    readable: bool = Field(description="False while the key that sealed it is missing.")
    anonymised_at: datetime | None


class ReportRow(Exact):
    """One report with its place and route. Fields that only staff see are absent for others."""

    id: int
    received_at: datetime
    observed_at: datetime | None
    source: str | None = None
    item: str | None = Field(description="What it is about, put right by a person or as it came.")
    catalogue: str = Field(description="The catalogue that the item is of.")
    text: str | None = None
    raw_x: float | None = Field(None, description="As it was given, in `coord_sys`.")
    raw_y: float | None = None
    coord_sys: str
    accuracy_m: float | None = None
    lon: float | None = Field(description="WGS-84 longitude; null when the point is invalid.")
    lat: float | None = Field(description="WGS-84 latitude; null when the point is invalid.")
    areas: dict[str, str] = Field(description="Code of the area at each level, coarse to fine.")
    location_status: LocationStatus
    edition: str | None = Field(description="The edition that answered.")
    warning: str = Field(description="Codes separated by `;`; empty when there is nothing to say.")
    department: str | None = Field(
        description="Code of the lead: a department of the catalogue, or kind and own code of a "
        "body of the place (`JD:`, `SQ:`, `WY:`, `EX:`); null when a person decides."
    )
    department_name: str | None
    co_departments: list[str]
    co_department_names: list[str]
    first_responder: str | None = Field(None, description="Code of the post that goes first.")
    handling_level: Literal["G", "S", "X"] | None = Field(
        description="Who can close it: the grid, the sub-district, several departments."
    )
    due_at: datetime | None
    due_reason: Literal["calendar_missing", "managed", "paused", "not_routed"] | None = Field(
        description="Why there is no `due_at`."
    )
    review_on: date | None = Field(
        description="Local day on which a case without a limit, managed by a leader, is reviewed."
    )
    confidence: float | None = Field(
        ge=0,
        le=1,
        description="Of all places where it may be, the share by area that leads by a rule to "
        "the owner of the point itself; 0 when nobody is known to own it, null when not routed.",
    )
    leader: str | None = Field(None, description="Code of the post that manages the case.")
    needs_person: bool | None = Field(
        description="True when a person has to decide; null for a report that was never routed."
    )
    call_first: str | None = Field(description="Number to call before anything else.")
    explanation: list[str] = Field(description="Why, in order, in the language asked for.")
    rules: list[str] | None = Field(None, description="Ids of the rules behind the sentences.")
    decided_at: datetime | None = None
    closed_at: datetime | None = Field(description="Null while it is open.")
    closed_by: str | None = None


class ReportMoveOut(Exact):
    """What an edition that came into force did to an open report."""

    from_edition: str | None
    to_edition: str
    effective_from: datetime
    policy: Literal["keep", "migrate"] = Field(description="Of the edition.")
    reason: Literal["area_changed", "policy_keeps", "outside", "no_lead"]
    moves: bool = Field(description="True: it belongs to the new area from the date on.")
    old_areas: dict[str, str]
    new_areas: dict[str, str]
    old_department: str | None
    new_department: str | None
    old_first_responder: str | None
    new_first_responder: str | None
    recorded_at: datetime
    recorded_by: str
    rules: str | None = Field(description="Fingerprint of the rules that it was decided by.")
    responsibilities: str | None = Field(
        description="Fingerprint of the overlays, parties and posts that it was decided by."
    )


class ContactOut(Exact):
    """Who is in charge of what the explanation names, such as the chief of a river segment."""

    overlay: str
    name: str
    contact: str


class ReportOut(ReportRow):
    """One report, and how sure its place is: as `GET /api/locate` has it."""

    certain_level: str | None
    margin_m: float | None
    margins_m: dict[str, float]
    candidates: list[NearAreaOut]
    nearest: NearAreaOut | None
    moves: list[ReportMoveOut] | None = Field(
        None, description="What editions did to it while it was open, by date."
    )
    contacts: list[ContactOut] | None = Field(
        None, description="Who is in charge of what the explanation names."
    )
    reporter: ReporterMaskedOut | None = Field(
        None,
        description="Whom it names, masked; null when nobody. In the clear: "
        "`POST /api/reports/{number}/reporter`.",
    )

    receipt: str | None = Field(
        None,
        description="For who sent it alone: whoever has it may follow the report at "
        "`/receipt`, and act as its sender.",
    )
    returns: list[ReturnOut] | None = Field(None, description="Who sent it back.")
    reviews: list[int] | None = Field(None, description="Ownership reviews that it is or was in.")
    reroutes: list[RerouteOut] | None = Field(None, description="Routes that it had before.")
    pauses: list[PauseOut] | None = Field(None, description="When its clock stood still.")


class RouteOut(Exact):
    """A decision: who, by when, and why."""

    department: str | None
    department_name: str | None
    co_departments: list[str]
    first_responder: str | None
    handling_level: str | None
    due_at: datetime | None
    due_reason: str | None
    needs_person: bool
    call_first: str | None
    explanation: list[str]


class MadeByOut(Exact):
    """Which versions decided: those of then and those of today, by fingerprint."""

    edition: str | None
    rules: str
    rules_first_kept: datetime
    responsibilities: str | None
    responsibilities_first_kept: datetime | None
    edition_today: str | None
    rules_today: str
    responsibilities_today: str


class ReplayOut(Exact):
    """A decision made again by what it was made by, and what would be decided today."""

    report: int
    item: str | None
    catalogue: str
    same: bool = Field(description="The replay is the stored decision in every field.")
    differences: list[str] = Field(description="Fields in which it is not.")
    due_completed_later: bool = Field(
        description="The due time waited for a calendar and was put in afterwards."
    )
    changed: list[str] = Field(description="Fields in which today's rules decide otherwise.")
    stored: RouteOut
    replayed: RouteOut
    today: RouteOut
    made_by: MadeByOut


class ReportsOut(Exact):
    """A page of the reports that match, newest first."""

    total: int = Field(ge=0, description="Reports there are, on all pages.")
    offset: int = Field(ge=0)
    limit: int = Field(ge=1)
    next: str | None = Field(description="Address of the next page; null on the last.")
    reports: list[ReportRow]
