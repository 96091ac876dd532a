"""The shapes of places, organisations, rosters and the catalogue."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from api.models import Exact

__all__ = [
    "CatalogueOut",
    "OrganisationOut",
    "OrganisationsOut",
    "PlaceOut",
    "PlacesOut",
    "PostOut",
    "RostersOut",
]


class PlaceOut(Exact):
    """A service place."""

    code: str
    category: str
    name: str
    name_en: str
    address: str
    hours: str = Field(description="OpenStreetMap `opening_hours` syntax; empty when unknown.")
    hours_text: str = Field(description="The same for people.")
    phone: str
    special_services: list[str]
    floor: str
    price: str
    wheelchair: bool | None = Field(description="Null: not known.")
    source: str
    checked_on: date | None = Field(description="Last check on the spot.")
    lon: float = Field(description="Entrance, WGS-84.")
    lat: float


class PlacesOut(Exact):
    """Service places in code order."""

    places: list[PlaceOut]


class OrganisationOut(Exact):
    """A Party organisation or another body. Fields for some staff are absent for others."""

    code: str
    kind: str
    name: str
    name_en: str
    parent_code: str | None = Field(description="Its superior organisation.")
    level: str | None = Field(description="Level of the area it serves.")
    area_code: str | None
    address: str
    phone: str
    members: int | None = None
    lon: float | None = Field(description="Its office, WGS-84.")
    lat: float | None


class OrganisationsOut(Exact):
    """Organisations in code order."""

    organisations: list[OrganisationOut]


class PostOut(Exact):
    """A post for an area. Fields that only staff see are absent for others."""

    code: str | None = None
    person: str | None = Field(None, description="Opaque number of the person.")
    name: str | None = None
    role: str
    kind: str
    level: str
    area_code: str
    work_phone: str
    department: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class RostersOut(Exact):
    """The posts held on a day."""

    date: date
    posts: list[PostOut]


class LimitOut(Exact):
    """Time allowed."""

    amount: float | None
    unit: Literal["clock_hour", "working_hour", "working_day", "calendar_day", "managed"]


class LineOut(Exact):
    """A telephone line to call before anything else."""

    code: str
    name: str
    name_en: str
    number: str = Field(description="Empty where it differs from town to town; see `note`.")
    note: str
    note_en: str


class EmergencyOut(Exact):
    """Which line an item needs."""

    line: LineOut
    always: bool = Field(description="False: only when somebody is in danger.")


class ItemOut(Exact):
    """One thing that can be reported."""

    code: str
    name: str
    name_en: str
    class_code: str
    department: str | None = Field(description="Lead; null where the asset's owner leads.")
    co_departments: list[str]
    handling_level: Literal["G", "S", "X"]
    limit: LimitOut
    location_rule: str = Field(description="How the place changes the owner.")
    emergency: EmergencyOut | None
    note: str
    note_en: str


class ClassOut(Exact):
    """A class of items."""

    code: str
    name: str
    name_en: str


class DepartmentOut(Exact):
    """A body, or a kind of body, that a report can be given to."""

    code: str
    name: str
    name_en: str
    kind: Literal["department", "service_unit", "utility", "subdistrict", "community", "property"]
    parent: str = Field(description="Department it is part of; empty for none.")


class CatalogueOut(Exact):
    """What can be reported, and who answers for it."""

    name: str
    classes: list[ClassOut]
    departments: list[DepartmentOut]
    items: list[ItemOut]
