"""The shapes of requests and answers, as they stand in the OpenAPI document.

Answers are rendered straight from the workspace's records; these models describe them, and
the tests hold every answer against them. ``extra="forbid"`` makes an undocumented field a
failure on both sides.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from gridmap.locate.model import LocationStatus

__all__ = [
    "ITEM_CODE",
    "MOST_POINTS",
    "NO_CONTROLS",
    "AreaFeature",
    "AreaOut",
    "AreasOut",
    "CoordSys",
    "Coordinate",
    "EditionsOut",
    "Exact",
    "HealthOut",
    "LocateColumns",
    "LocateMany",
    "LocatedColumnsOut",
    "LocationOut",
    "LocationsOut",
    "NearAreaOut",
    "PointIn",
    "Problem",
    "When",
    "whole_number",
]

MOST_POINTS = 100_000

# Aliases (GCJ-02, 火星坐标) and further EPSG codes are understood too; these are the names that
# every client can rely on.
_COORD_SYS_SCHEMA = {
    "type": "string",
    "pattern": "^(wgs84|cgcs2000|gcj02|bd09|EPSG:(4326|449[0-9]|45[0-4][0-9]|455[0-4]))$",
    "description": "Coordinate system of the point: wgs84, cgcs2000, gcj02, bd09, or the EPSG code "
    "of another, such as EPSG:4547 (then `lon` is the easting and `lat` the northing, in metres).",
    "examples": ["wgs84", "gcj02", "EPSG:4547"],
}
# Text that people type as a name or a code: PostgreSQL has no NUL, and no code a line break.
NO_CONTROLS = r"^[^\x00-\x1f\x7f]+$"
# Catalogues say themselves what their codes look like.
ITEM_CODE = r"^[^\s\x00-\x1f\x7f]+$"
# Local time of year 1 or 9999 may lie outside the calendar in UTC.
_YEARS = "^[12][0-9]{3}-"
_WHEN_SCHEMA = {
    "type": "string",
    "anyOf": [{"format": "date"}, {"format": "date-time"}],
    "pattern": _YEARS,
    "description": "ISO 8601 date or time that selects the edition in force; without an offset it "
    "is local time of the site, a bare date is 00:00 there. Now when left out.",
    "examples": ["2026-11-23", "2026-11-23T08:30:00+08:00"],
}

CoordSys = Annotated[str, Field(max_length=40), WithJsonSchema(_COORD_SYS_SCHEMA)]
When = Annotated[str, Field(max_length=40, pattern=_YEARS), WithJsonSchema(_WHEN_SCHEMA)]
# Strict: neither "117.0" nor true is a number. JSON has no NaN, and an overflow to infinity is
# no number either.
Coordinate = Annotated[float, Field(strict=True, allow_inf_nan=False)]


def whole_number(value: Any) -> Any:
    """Return a whole number that JSON writes with a point, 8.0, as what it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Exact(BaseModel):
    """A model with these fields and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PointIn(Exact):
    """One point to locate."""

    lon: Coordinate | None = Field(
        description="Longitude in degrees (easting in a projected system). Null counts as missing: "
        "the answer is `invalid`. So is any number out of range, and 0,0."
    )
    lat: Coordinate | None = Field(
        description="Latitude in degrees (northing in a projected system)."
    )
    coord_sys: CoordSys = "wgs84"
    accuracy_m: Coordinate | None = Field(
        None, description="Radius in metres within which the true place lies, if known."
    )
    at: When | None = None


class LocateMany(Exact):
    """Many points to locate at once."""

    points: list[PointIn] = Field(min_length=1, max_length=MOST_POINTS)
    level: str | None = Field(
        None,
        min_length=1,
        max_length=40,
        description="Level at which an accuracy that reaches another area makes a point "
        "`ambiguous`; the finest when left out.",
    )
    families: bool = Field(
        True,
        strict=True,
        description="Also answer from the grids of professions beside the base grids.",
    )


class LocateColumns(Exact):
    """Many points to locate at once, in columns: only areas are answered, and fast."""

    lon: list[Coordinate | None] = Field(
        min_length=1,
        max_length=MOST_POINTS,
        description="Longitudes in degrees (eastings in a projected system); null is missing.",
    )
    lat: list[Coordinate | None] = Field(
        min_length=1,
        max_length=MOST_POINTS,
        description="Latitudes in degrees (northings), as many as there are longitudes.",
    )
    coord_sys: CoordSys = Field("wgs84", description="Coordinate system of all the points.")
    at: When | None = None
    level: str | None = Field(
        None,
        min_length=1,
        max_length=40,
        description="Answer the areas of this level alone; of every level when left out.",
    )

    @model_validator(mode="after")
    def _as_many(self) -> Self:
        if len(self.lon) != len(self.lat):
            raise ValueError(
                f"as many latitudes as longitudes are needed; there are {len(self.lat)} and "
                f"{len(self.lon)}"
            )
        return self


class NearAreaOut(Exact):
    """An area the point could belong to, or the nearest one."""

    level: str = Field(description="The finest level present at that place.")
    code: str
    distance_m: float = Field(ge=0, description="Metres on the ellipsoid; 0 when it is touched.")


class FamilyLocationOut(Exact):
    """The areas of one family of grids that hold one point, and how sure that is."""

    areas: dict[str, str] = Field(
        description="Code of the area at each level, coarse to fine; a level without an area is "
        "absent."
    )
    location_status: LocationStatus = Field(
        description="`no_edition`: none in force then. `invalid`: missing, out of range or 0,0. "
        "`outside`: in no area. `ambiguous`: the accuracy reaches another area. `boundary`: "
        "exactly on a border. `inside`."
    )
    certain_level: str | None = Field(
        description="The finest level that everything within the accuracy shares."
    )
    margin_m: float | None = Field(
        description="Metres to the nearest border of the finest area; null when in none."
    )
    margins_m: dict[str, float] = Field(description="The same for the area of each level.")
    candidates: list[NearAreaOut] = Field(
        description="Every area the point may belong to when there is more than one, the one "
        "answered first; for a point outside, those its accuracy reaches."
    )
    nearest: NearAreaOut | None = Field(description="The nearest area of a point outside.")
    edition: str | None = Field(description="The edition that answered.")


class LocationOut(FamilyLocationOut):
    """The areas that hold one point, and how sure that is.

    What stands at the top is the base grids' answer: reports are routed by it alone.
    """

    lon: float | None = Field(description="WGS-84 longitude; null when the point is invalid.")
    lat: float | None = Field(description="WGS-84 latitude; null when the point is invalid.")
    families: dict[str, FamilyLocationOut] | None = Field(
        None,
        description="By name of the family (police, ...), what its own grids answer; empty when "
        "there are none. Absent from `POST` when not wanted.",
    )
    warning: str = Field(description="Codes separated by `;`; empty when there is nothing to say.")


class LocationsOut(Exact):
    """One answer a point, in the order asked."""

    locations: list[LocationOut]


class ColumnOut(Exact):
    """A column of text as numbers: value `i` is `legend[index[i]]`, and -1 is none."""

    legend: list[str] = Field(description="Of areas, only those that occur.")
    index: list[int]


class LocatedColumnsOut(Exact):
    """The areas of many points, in the order asked, of the base grids."""

    edition: str | None = Field(description="The edition that answered; null when none did.")
    areas: dict[str, ColumnOut] = Field(description="Codes by level, coarse to fine.")
    location_status: ColumnOut = Field(
        description="As for one point, but never `ambiguous`: there are no accuracies. The "
        "legend may name statuses that do not occur."
    )


class AreaOut(Exact):
    """One area of an edition. Fields that only staff see are absent for others."""

    level: str
    code: str
    name: str = Field(description="In Chinese; empty when unknown.")
    name_en: str = Field(description="In English; empty when unknown.")
    kind: str = Field(description="basic, exclusive, or remainder (of a parent).")
    provisional: bool = Field(description="True when the source had no code or a duplicate one.")
    parent_level: str | None
    parent_code: str | None
    edition: str
    lon: float | None = Field(description="A point inside the area, WGS-84.")
    lat: float | None


class AreasOut(Exact):
    """A page of the areas of one level, in code order (UTF-8 bytes)."""

    level: str
    edition: str
    total: int = Field(ge=0, description="Areas there are, on all pages.")
    offset: int = Field(ge=0)
    limit: int = Field(ge=1)
    next: str | None = Field(description="Address of the next page; null on the last.")
    areas: list[AreaOut]


class GeometryOut(Exact):
    """A GeoJSON polygon or multipolygon, WGS-84 longitude and latitude."""

    type: Literal["Polygon", "MultiPolygon"]
    coordinates: list[Any]


class AreaFeature(Exact):
    """One area as a GeoJSON feature (RFC 7946)."""

    type: Literal["Feature"]
    id: str
    geometry: GeometryOut | None
    properties: AreaOut


class EditionOut(Exact):
    """One edition. Fields that only staff see are absent for others."""

    name: str
    family: str = Field(description="Family of grids; `base` for those reports are routed by.")
    state: Literal["draft", "published", "retired"] = Field(
        description="`retired`: withdrawn before its date."
    )
    effective_from: datetime | None
    effective_to: datetime | None = Field(
        description="When the next edition of the family takes over."
    )
    restores: str | None = Field(
        description="The former edition whose boundaries are in force again."
    )
    created_at: datetime | None = None
    created_by: str | None = None
    based_on: str | None = Field(None, description="The edition it was drafted from.")
    published_at: datetime | None = None
    published_by: str | None = None
    published_why: str | None = None
    backdated_why: str | None = None
    accepted_faults: str | None = None
    route_check: str | None = Field(
        None, description="What the proof of routes found when it was published."
    )
    retired_at: datetime | None = None
    retired_by: str | None = None
    retired_why: str | None = None
    areas: int | None = Field(None, ge=0, description="Areas of all levels.")


class FamilyOut(Exact):
    """A family of grids: the base grids, or those of a profession beside them."""

    name: str
    label: str
    label_en: str
    levels: list[str] = Field(description="Names of its levels, coarse to fine.")
    in_force: str | None = Field(description="Its edition in force now.")
    visibility: Literal["public", "staff"]


class EditionsOut(Exact):
    """The editions, newest validity first, and the one in force."""

    in_force: str | None = Field(description="Of the base grids.")
    levels: list[str] = Field(description="Names of the base grids' levels, coarse to fine.")
    families: list[FamilyOut]
    editions: list[EditionOut]


class WarningOut(Exact):
    """Something the operator should know."""

    code: str
    text: str


class HealthOut(Exact):
    """Whether the service can answer."""

    status: Literal["ok", "unavailable"]
    version: str
    store: Literal["geopackage", "postgis"]
    edition: str | None = Field(description="The edition in force now.")
    warnings: list[WarningOut]


class PlaceOfError(Exact):
    """One place in the request that is not as documented."""

    at: str
    message: str
    got: Any = None


class Told(Exact):
    """A problem in the language of a page."""

    message: str
    repair: str | None
    original: str | None = Field(description="For staff, where there are no words for it.")


class Problem(BaseModel):
    """A problem body as RFC 9457 defines it."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="Which kind of problem; an address on this service.")
    title: str
    status: int
    detail: str = Field(description="What is wrong this time.")
    instance: str = Field(description="The path that was asked for.")
    got: Any = Field(None, description="What was refused, shortened.")
    allowed: Any = Field(None, description="What would be accepted.")
    repair: str | None = Field(None, description="How to mend it.")
    errors: list[PlaceOfError] | None = Field(
        None, description="The first places of a request that are not as documented."
    )
    version: int | str | None = Field(
        None, description="Of a thing that has changed: the version it has now."
    )
    changes: list[dict[str, Any]] | None = Field(
        None, description="What others did to it since, in order."
    )
    reasons: list[dict[str, Any]] | None = Field(
        None, description="Of a refused edit: each reason with its place and the areas concerned."
    )
    faults: list[dict[str, Any]] | None = Field(
        None,
        description="Of a refused publication: errors of the audit, or of the proof of routes, "
        "worst first; the first thousand.",
    )
    error_id: str | None = Field(None, description="Under which an internal error is logged.")
    told: Told | None = Field(
        None, description="For scripts of pages, which send `X-Page-Language: zh` (or `en`)."
    )
