"""The shapes of ownership reviews, rulings and stopped clocks."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from api.models import ITEM_CODE, NO_CONTROLS, Exact
from gridmap.routing.clock import PauseReason
from gridmap.routing.grounds import MOST_RADIUS_M, MOST_WIDTH_M
from gridmap.workspace.pausing import MAX_NOTE
from gridmap.workspace.reviewing import MAX_WHY

__all__ = [
    "MOST_BOARD",
    "OpenReviewIn",
    "PauseIn",
    "PauseOut",
    "RerouteOut",
    "ReturnOut",
    "ReviewOut",
    "ReviewRow",
    "ReviewsOut",
    "RulingIn",
    "RulingMade",
    "RulingsOut",
]

MOST_BOARD = 1_000

_Name = Annotated[str, Field(min_length=1, max_length=100, pattern=NO_CONTROLS)]
_Line = Annotated[str, Field(min_length=1, max_length=200, pattern=NO_CONTROLS)]
Why = Annotated[
    str,
    Field(min_length=1, max_length=MAX_WHY, pattern=r"^\s*[^\s\x00-\x1f\x7f]", description="Why."),
]
Number = Annotated[int, Field(ge=1, lt=2**53)]
_Item = Annotated[str, Field(min_length=1, max_length=32, pattern=ITEM_CODE)]
_Day = Annotated[
    str,
    Field(pattern=r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$"),
    WithJsonSchema({"type": "string", "format": "date", "pattern": "^20[0-9]{2}-"}),
]


class AreaName(Exact):
    """An area of the edition in force."""

    level: _Name
    code: _Name


class OpenReviewIn(Exact):
    """A report that somebody wants the board to look at."""

    report: Number
    why: Why


class RulingIn(Exact):
    """What the board decided.

    The ground is one of `polygon`, `line` with `width_m`, `radius_m`, `overlay` and `area`.
    """

    owner: _Name = Field(
        description="Code of a department, or of a body of a place (`JD:`, `SQ:`, `WY:` ...)."
    )
    document: _Line = Field(description="The minutes or letter that it is recorded in.")
    items: list[_Item] | None = Field(
        None,
        min_length=1,
        max_length=500,
        description="Items that it holds for; the review's own when left out.",
    )
    valid_from: _Day | None = Field(None, description="First day; today when left out.")
    valid_to: _Day | None = Field(None, description="First day no longer; open when left out.")
    polygon: dict[str, Any] | None = Field(
        None, description="GeoJSON Polygon or MultiPolygon, longitude first, WGS-84."
    )
    line: dict[str, Any] | None = Field(
        None, description="GeoJSON LineString or MultiLineString, longitude first, WGS-84."
    )
    width_m: Annotated[float, Field(strict=True, gt=0, le=MOST_WIDTH_M)] | None = Field(
        None, description="Of the ground along `line`, half on either side."
    )
    radius_m: Annotated[float, Field(strict=True, gt=0, le=MOST_RADIUS_M)] | None = Field(
        None, description="Metres around the place of the review."
    )
    overlay: _Name | None = Field(None, description="Code of an overlay: its ground.")
    area: AreaName | None = None
    name: _Name | None = Field(None, description="What explanations call it.")
    name_en: _Name | None = None


class RulingOut(Exact):
    """How a review was settled."""

    overlay_code: str
    owner: str
    owner_name: str
    items: list[str]
    ground: dict[str, Any]
    document: str
    valid_from: date
    valid_to: date | None


class HeldReport(Exact):
    """A report of a review."""

    report_id: int
    reason: Literal["no_owner", "returned", "asked"]
    why: str
    added_at: datetime
    added_by: str
    closed_at: datetime | None
    lon: float | None
    lat: float | None


class ReviewRow(Exact):
    """One item at one place that nobody is known to own, or about which bodies disagree."""

    id: int
    state: Literal["open", "ruled"]
    reason: Literal["no_owner", "returned", "asked"]
    item: str | None
    item_name: str | None
    catalogue: str = Field(description="Of the item; empty for the site's own.")
    area_level: str = Field(description="Empty for a place in no area.")
    area_code: str
    area_name: str | None
    edition: str | None
    overlays: list[str] = Field(description="Codes of those that lie there and matter.")
    lon: float | None
    lat: float | None
    opened_at: datetime
    opened_by: str
    settled_at: datetime | None
    settled_by: str | None
    reports: int = Field(ge=1, description="How many reports wait for it.")
    ruling: RulingOut | None


class ReviewOut(ReviewRow):
    """One review with its reports."""

    held: list[HeldReport]


class ReviewsOut(Exact):
    """A page of reviews, those with the most reports first."""

    total: int = Field(ge=0)
    offset: int = Field(ge=0)
    limit: int = Field(ge=1)
    reviews: list[ReviewRow]


class RulingMade(Exact):
    """What a ruling changed, or would change."""

    review: int
    overlay: str
    committed: bool
    rerouted: int = Field(ge=0, description="Open reports that were routed anew.")
    settled: int = Field(ge=0, description="Those of them that have an owner now.")
    ground: dict[str, Any] = Field(description="GeoJSON.")


class RulingProperties(Exact):
    """What a ruling says."""

    code: str
    name: str
    owner: str
    owner_name: str
    items: list[str] = Field(description="Those that it holds for.")
    source: str = Field(description="The minutes or letter that it is recorded in.")
    valid_from: date
    valid_to: date | None = Field(description="First day no longer; null is open.")
    in_force: bool = Field(description="Today.")
    review: int | None = Field(description="Number of its review; null for one imported.")


class RulingFeature(Exact):
    """A ruling with its ground."""

    type: Literal["Feature"]
    geometry: dict[str, Any] | None
    properties: RulingProperties


class RulingsOut(Exact):
    """All rulings as a GeoJSON layer, WGS-84."""

    type: Literal["FeatureCollection"]
    features: list[RulingFeature]


class PauseIn(Exact):
    """Why a report's clock stands still."""

    reason: PauseReason
    note: Annotated[str, Field(max_length=MAX_NOTE, pattern=r"^[^\x00]*$")] = Field(
        "", description="For staff alone."
    )


class PauseOut(Exact):
    """A stretch in which a report's clock stood still."""

    started_at: datetime
    ended_at: datetime | None
    reason: PauseReason
    note: str
    started_by: str
    ended_by: str | None


class ReturnOut(Exact):
    """A body sent the report back."""

    department: str
    why: str
    returned_at: datetime
    returned_by: str


class RerouteOut(Exact):
    """A route that the report had, until it was routed anew."""

    why: str
    rerouted_at: datetime
    rerouted_by: str
    review_id: int | None
    old_department: str
    old_co_departments: list[str]
    old_first_responder: str
    old_handling_level: str
    old_needs_person: bool
    old_due_at: datetime | None
    old_due_reason: str
    old_review_on: date | None
    old_confidence: float | None
    old_leader: str
    old_call_first: str
    old_decided_at: datetime
    old_explanation: list[str]
    old_item: str | None = Field(
        description="The item that it was about; null for the one that was reported."
    )
    new_department: str
    new_first_responder: str
