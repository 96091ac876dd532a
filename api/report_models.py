"""The shapes of reports, as they go in and come out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from api.models import Coordinate, CoordSys, Exact, NearAreaOut
from gridmap.locate.model import LocationStatus
from gridmap.workspace import ReportSource
from gridmap.workspace.submission import MAX_TEXT

__all__ = ["Past", "ReportIn", "ReportOut", "ReportRow", "ReportsOut"]

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
    """One report. It has no field for a person: leave names and telephone numbers out."""

    lon: Coordinate | None = Field(
        description="Longitude in degrees (easting in a projected system); null when the place "
        "is not known: a person will look at the report."
    )
    lat: Coordinate | None = Field(
        description="Latitude in degrees (northing in a projected system)."
    )
    coord_sys: CoordSys
    item: str = Field(
        pattern="^[0-9]{4}$", description="Code of the catalogue, see `GET /api/catalogue`."
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


class ReportRow(Exact):
    """One report with its place and route. Fields that only staff see are absent for others."""

    id: int
    received_at: datetime
    observed_at: datetime | None
    source: str | None = None
    item: str | None
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
    due_reason: Literal["calendar_missing", "managed", "not_routed"] | None = Field(
        description="Why there is no `due_at`."
    )
    needs_person: bool | None = Field(
        description="True when a person has to decide; null for a report that was never routed."
    )
    call_first: str | None = Field(description="Number to call before anything else.")
    explanation: list[str] = Field(description="Why, in order, in the language asked for.")
    rules: list[str] | None = Field(None, description="Ids of the rules behind the sentences.")
    decided_at: datetime | None = None


class ReportOut(ReportRow):
    """One report, and how sure its place is: as `GET /api/locate` has it."""

    certain_level: str | None
    margin_m: float | None
    margins_m: dict[str, float]
    candidates: list[NearAreaOut]
    nearest: NearAreaOut | None


class ReportsOut(Exact):
    """A page of the reports that match, newest first."""

    total: int = Field(ge=0, description="Reports there are, on all pages.")
    offset: int = Field(ge=0)
    limit: int = Field(ge=1)
    next: str | None = Field(description="Address of the next page; null on the last.")
    reports: list[ReportRow]
