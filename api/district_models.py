"""The shapes of places, organisations, rosters and the catalogue."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from api.models import NO_CONTROLS, Exact
from gridmap.places.photos import MOST_WORDS

__all__ = [
    "CatalogueOut",
    "MyGridOut",
    "OpenOut",
    "OrganisationOut",
    "OrganisationsOut",
    "OriginOut",
    "PlaceDetailOut",
    "PlaceIn",
    "PlaceOut",
    "PlacePhotoIn",
    "PlacePhotoOut",
    "PlacePhotosOut",
    "PlacesOut",
    "PostOut",
    "RosterSwitchIn",
    "RosterSwitchOut",
    "RostersOut",
    "ServiceItemsOut",
    "ToldOut",
    "WrongIn",
]


class OpenOut(Exact):
    """What a place is at the moment that was asked about."""

    state: Literal["open", "closed", "unknown"]
    reason: str = Field(description="A code such as lunch, holiday, makeup_workday, not_stated.")
    reason_text: str = Field(description="The same in the language asked for.")
    changes_at: datetime | None = Field(description="When the state changes next.")
    opens_at: datetime | None = Field(description="When it opens next; null while it is open.")
    day: Literal["workday", "makeup_workday", "weekend", "holiday"] | None
    holiday: str = Field(description="The holiday of the day, or the one that is made up for.")
    comment: str = Field(description="What is written with the hours, such as a condition.")


class PlacePhotoOut(Exact):
    """A photo of a place. Fields that only staff see are absent for others."""

    sha256: str = Field(description="Of the picture; part of its address.")
    href: str = Field(description="Where the picture is; with `?size=thumb` a small one.")
    caption: str
    caption_en: str
    alt: str = Field(description="What it shows, for who cannot see it.")
    alt_en: str
    credit: str
    licence: str
    width: int
    height: int
    size: int
    shown_to: Literal["public", "staff"] | None = None
    added_at: datetime | None = None
    added_by: str | None = None


class PlacePhotosOut(Exact):
    """The photos of a place, the first first."""

    photos: list[PlacePhotoOut]


class PlacePhotoIn(Exact):
    """What changes of a photo; what is left out stays."""

    caption: str | None = Field(None, max_length=MOST_WORDS["caption"])
    caption_en: str | None = Field(None, max_length=MOST_WORDS["caption_en"])
    alt: str | None = Field(None, max_length=MOST_WORDS["alt"])
    alt_en: str | None = Field(None, max_length=MOST_WORDS["alt_en"])
    credit: str | None = Field(None, max_length=MOST_WORDS["credit"])
    licence: str | None = Field(None, max_length=MOST_WORDS["licence"])
    shown_to: Literal["public", "staff"] | None = None
    first: bool = Field(False, strict=True, description="Put it before the others.")


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
    entrance: str
    address_en: str
    special_services_en: list[str]
    home_service: bool | None
    booking_phone: str = Field(description="For home service and appointments.")
    accessibility: list[str] = Field(description="step_free, ramp, lift, accessible_toilet ...")
    languages: list[str]
    organiser: str
    photo: str = Field(description="Address of a picture elsewhere; empty for none.")
    photos: list[PlacePhotoOut]
    closures: list[str] = Field(description="`2026-03-01/2026-03-05 why`, first and last day.")
    free: bool | None = Field(description="Nothing is paid; null: not known.")
    stale: bool = Field(description="Nobody checked it for a year, or ever.")
    minutes: float | None = Field(description="On foot; null without a place to start from.")
    method: Literal["network", "straight", "none"] | None = Field(
        description="How the minutes were found: along the streets, or by a straight line times "
        "the site's detour factor; `none`: no way leads there."
    )
    open: OpenOut


class OriginOut(Exact):
    """Where one sets out from."""

    kind: Literal["point", "estate"]
    lon: float
    lat: float
    code: str
    name: str
    name_en: str


class PlacesOut(Exact):
    """Service places: the nearest first where an origin is given, else in code order."""

    origin: OriginOut | None
    places: list[PlaceOut]


class PlaceAreaOut(Exact):
    """An area that holds the place."""

    level: str
    code: str
    name: str
    name_en: str


class PlaceDetailOut(PlaceOut):
    """A service place with its areas."""

    areas: list[PlaceAreaOut] = Field(description="Coarse to fine, in the edition in force.")
    version: str | None = Field(
        None, description="For staff: sent back with an edit it shows that nobody else made one."
    )


class PlaceIn(Exact):
    """Fields of a place that change; those left out stay."""

    category: str | None = Field(None, max_length=60)
    name: str | None = Field(None, min_length=1, max_length=200)
    name_en: str | None = Field(None, max_length=200)
    address: str | None = Field(None, max_length=300)
    address_en: str | None = Field(None, max_length=300)
    entrance: str | None = Field(None, max_length=200)
    floor: str | None = Field(None, max_length=60)
    hours: str | None = Field(None, max_length=1000)
    hours_text: str | None = Field(None, max_length=500)
    closures: list[str] | None = Field(None, max_length=50)
    phone: str | None = Field(None, max_length=100)
    booking_phone: str | None = Field(None, max_length=100)
    special_services: list[str] | None = Field(None, max_length=50)
    special_services_en: list[str] | None = Field(None, max_length=50)
    home_service: bool | None = Field(None, strict=True)
    price: str | None = Field(None, max_length=100)
    wheelchair: bool | None = Field(None, strict=True)
    accessibility: list[str] | None = Field(None, max_length=20)
    languages: list[str] | None = Field(None, max_length=20)
    organiser: str | None = Field(None, max_length=200)
    source: str | None = Field(None, max_length=200)
    checked_on: date | None = None
    version: str | None = Field(
        None,
        max_length=1000,
        description="Of the place that was looked at: refused when somebody changed it since.",
    )


class WrongIn(Exact):
    """What is wrong with an entry. Nobody need say who they are."""

    kind: Literal["closed", "moved", "hours", "phone", "other"]
    remark: str = Field("", max_length=200)


class ToldOut(Exact):
    """The staff of the place were told."""

    told: Literal[True]


class ServiceItemOut(Exact):
    """A service that one can ask for."""

    code: str
    kind: str
    kind_en: str
    name: str
    name_en: str
    needs: list[str]
    channel: str
    channel_en: str
    steps: list[str]
    steps_en: list[str]
    phone: str
    price: str
    level: str = Field(description="Level of the area served; empty: everywhere.")
    area_code: str
    source: str
    checked_on: date | None


class ServiceItemsOut(Exact):
    """Services in code order."""

    services: list[ServiceItemOut]


class EstateOut(Exact):
    """An estate, and the firm that manages it."""

    code: str
    name: str
    name_en: str
    managed: bool
    firm: str
    firm_en: str
    phone: str


class MyGridOut(Exact):
    """Who is responsible where somebody is: what stands on the public board."""

    areas: list[PlaceAreaOut] = Field(
        description="Of an estate all that hold some of its houses, most houses first."
    )
    posts: list[PostOut]
    estate: EstateOut | None


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
    work_phone: str = Field(
        description="Empty for who is not staff where the role stands on no public board."
    )
    department: str | None = None
    estate_code: str | None = Field(None, description="Of a post that is about one estate.")
    mode: str | None = Field(
        None, description="`routine` or `emergency`: of which roster it is; empty: of both."
    )
    rests: str | None = Field(None, description="Empty: it is held now.")
    switched: str | None = Field(None, description="When, by whom and why it was switched last.")
    valid_from: date | None = None
    valid_to: date | None = None


class RosterSwitchIn(Exact):
    """Which of two rosters holds in an area, and in all areas in it."""

    level: Annotated[str, Field(min_length=1, max_length=40, pattern=NO_CONTROLS)]
    area_code: Annotated[str, Field(min_length=1, max_length=200, pattern=NO_CONTROLS)]
    mode: Literal["routine", "emergency"]
    why: Annotated[
        str,
        Field(
            max_length=500,
            pattern=r"^[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$",
            description="The reason; kept with the posts.",
        ),
    ]


class RosterSwitchOut(Exact):
    """How many posts are held from now on, and how many rest."""

    level: str
    area_code: str
    mode: Literal["routine", "emergency"]
    called: int = Field(ge=0)
    resting: int = Field(ge=0)


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
    label: str
    label_en: str
    catalogues: list[str] = Field(description="Names of all catalogues, the site's own first.")
    classes: list[ClassOut]
    departments: list[DepartmentOut]
    items: list[ItemOut]
