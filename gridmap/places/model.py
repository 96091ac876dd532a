"""Places, organisations and posts, as plain records.

They are dated facts of the district, not of an edition: a canteen stays where it is when the
grids are redrawn, so its areas come from the locator, never from the record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from gridmap.places.categories import PACKAGED, Category

__all__ = [
    "ACCESS_FACTS",
    "CATEGORIES",
    "CATEGORY_GROUPS",
    "GROUND_LAYERS",
    "ORGANISATION_KINDS",
    "POST_KINDS",
    "POST_MODES",
    "POST_ROLES",
    "Category",
    "Ground",
    "Organisation",
    "Place",
    "Post",
    "ServiceItem",
    "is_free",
]


def _table(*categories: Category) -> Mapping[str, Category]:
    return {category.code: category for category in categories}


# Those of the package's own table; a site may have others, which its workspace knows.
CATEGORIES: Mapping[str, Category] = PACKAGED.categories
CATEGORY_GROUPS: Mapping[str, tuple[str, str]] = PACKAGED.branches

# What makes a place fit for who cannot walk, see or hear well, beside `Place.wheelchair`.
ACCESS_FACTS: Mapping[str, tuple[str, str]] = {
    "step_free": ("无台阶", "Step-free"),
    "ramp": ("坡道", "Ramp"),
    "lift": ("电梯", "Lift"),
    "accessible_toilet": ("无障碍卫生间", "Accessible toilet"),
    "parking": ("无障碍车位", "Accessible parking"),
    "tactile": ("盲道", "Tactile paving"),
    "hearing": ("听力辅助", "Hearing aid loop"),
    "baby_room": ("母婴室", "Baby room"),
}

# The chain of Party organisations, coarse to fine, then other bodies that serve a grid: those of
# the administration, firms and social bodies.
ORGANISATION_KINDS = _table(
    Category("party_work_committee", "党工委", "Party work committee", "工"),
    Category("party_committee", "党委", "Party committee", "委"),
    Category("general_branch", "党总支", "General Party branch", "总"),
    Category("party_branch", "党支部", "Party branch", "支"),
    Category("party_group", "党小组", "Party group", "组"),
    Category("resident_unit", "驻区单位", "Resident unit", "驻"),
    Category("dual_registration", "双报到单位", "Dual-registered unit", "双"),
    Category("volunteer_team", "志愿服务队", "Volunteer team", "志"),
    Category("governance_centre", "综治中心", "Governance centre", "综"),
    Category("street_office", "街道办事处", "Sub-district office", "街"),
    Category("police_station", "派出所", "Police station", "警"),
    Category("fire_station", "消防救援站", "Fire station", "消"),
    Category("enterprise", "企业", "Firm", "企"),
    Category("social_body", "社会组织", "Social body", "会"),
    Category("property_firm", "物业公司", "Property firm", "物"),
)

# What maps are drawn upon, and where walks begin.
GROUND_LAYERS: Mapping[str, tuple[str, str]] = {
    "water": ("水面", "Water"),
    "rivers": ("河道", "River"),
    "parks": ("公园绿地", "Park"),
    "buildings": ("建筑", "Building"),
    "railways": ("铁路", "Railway"),
    "roads": ("道路", "Road"),
    "gates": ("小区大门", "Estate gate"),
}

# One worker one grid; one professional many grids; one grid many members.
POST_KINDS: Mapping[str, tuple[str, str]] = {
    "basic": ("基础力量", "Basic"),
    "professional": ("专业力量", "Professional"),
    "linked": ("联动力量", "Linked"),
}

# One grid, two rosters.
POST_MODES: Mapping[str, tuple[str, str]] = {
    "routine": ("平时", "Routine"),
    "emergency": ("急时", "Emergency"),
}

POST_ROLES: Mapping[str, tuple[str, str]] = {
    "grid_lead": ("网格长", "Grid lead"),
    "grid_worker": ("网格员", "Grid worker"),
    "professional_worker": ("专业网格员", "Professional worker"),
    "linked_force": ("联动力量", "Linked force"),
    "posted_worker": ("定岗社区工作者", "Posted worker"),
    "estate_secretary": ("小区支部书记", "Estate secretary"),
    "property_manager": ("物业负责人", "Property manager"),
    "police_officer": ("社区民警", "Police officer"),
    "building_lead": ("楼长", "Building lead"),
    "first_secretary": ("第一书记", "First secretary"),
    "case_leader": ("包案领导", "Case leader"),
    "centre_staff": ("中心派驻人员", "Posted in the centre"),
    "key_keeper": ("钥匙管家", "Key keeper"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A service point.

    Attributes
    ----------
    code : str
        The district's own number for it, unique.
    category : str
        A category of the site, see :class:`gridmap.places.categories.CategoryTree`.
    name, name_en, address : str
    lon, lat : float
        Entrance, EPSG:4326.
    hours : str
        OpenStreetMap ``opening_hours`` syntax; empty when unknown.
    hours_text : str
        The same for people; shown when given, else `hours`.
    phone : str
        Work phone.
    special_services : tuple of str
    floor, price, source : str
    wheelchair : bool or None
        None: not known.
    checked_on : date or None
        Date of the last check on the spot.
    entrance : str
        Which door, which gate.
    home_service : bool or None
        It comes to one's home; `booking_phone` is for that.
    accessibility : tuple of str
        Keys of :data:`ACCESS_FACTS`.
    languages : tuple of str
        Spoken there, as people call them.
    organiser : str
        Who runs it.
    photo : str
        Address of a picture elsewhere; those that are kept here are no part of the record, see
        :mod:`gridmap.places.photos`.
    closures : tuple of str
        Days on which it is closed: ``2026-03-01/2026-03-05 装修``.
    """

    code: str
    category: str
    name: str
    lon: float
    lat: float
    name_en: str = ""
    address: str = ""
    hours: str = ""
    hours_text: str = ""
    phone: str = ""
    special_services: tuple[str, ...] = ()
    floor: str = ""
    price: str = ""
    wheelchair: bool | None = None
    source: str = ""
    checked_on: date | None = None
    entrance: str = ""
    address_en: str = ""
    special_services_en: tuple[str, ...] = ()
    home_service: bool | None = None
    booking_phone: str = ""
    accessibility: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    organiser: str = ""
    photo: str = ""
    closures: tuple[str, ...] = ()


# As price lists have it.
_FREE = {"免费", "公益免费", "无偿", "free", "0", "0元", "不收费"}


def is_free(price: str) -> bool | None:
    """Tell whether a price means that nothing is paid; None when there is none."""
    text = price.strip().casefold()
    return text in _FREE or text.startswith("免费") if text else None


@dataclass(frozen=True, slots=True)
class ServiceItem:
    """A service that one asks for, wherever it is given: at home, assisted, by telephone.

    Attributes
    ----------
    code : str
    kind : str
        What it belongs to, as people call it: 助餐, 助医, 维修 ...
    needs : tuple of str
        Words for what one needs, as people search.
    channel : str
        How to get it: where, whom, by which means.
    steps : tuple of str
        In order.
    phone : str
        Work phone.
    level, area_code : str
        Area served; both empty: everywhere.
    """

    code: str
    kind: str
    name: str
    name_en: str = ""
    kind_en: str = ""
    needs: tuple[str, ...] = ()
    channel: str = ""
    channel_en: str = ""
    steps: tuple[str, ...] = ()
    steps_en: tuple[str, ...] = ()
    phone: str = ""
    price: str = ""
    level: str = ""
    area_code: str = ""
    source: str = ""
    checked_on: date | None = None


@dataclass(frozen=True, slots=True)
class Organisation:
    """A Party organisation or another body, attached to an area.

    `level` and `area_code` name the area it serves; `parent_code` its superior organisation.
    `lon`, `lat` are its office, or None. `members` is for staff only.
    """

    code: str
    kind: str
    name: str
    name_en: str = ""
    parent_code: str | None = None
    level: str | None = None
    area_code: str | None = None
    lon: float | None = None
    lat: float | None = None
    address: str = ""
    phone: str = ""
    members: int | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """One person in one role for one area during a time.

    Attributes
    ----------
    code : str
        The post's own number, unique.
    person : str
        Opaque number of the person; the same person may hold several posts.
    name : str
        The person's name; for staff only.
    role : str
        A key of :data:`POST_ROLES`.
    kind : str
        One of :data:`POST_KINDS`. A basic post is the only one of its person and of its
        area and role: one worker, one grid.
    level, area_code : str
        The area served.
    work_phone : str
        A duty phone, fit for a public board.
    department : str
        Department or utility that posts a professional; empty otherwise.
    valid_from, valid_to : date or None
        First day, and the first day no longer; None is open.
    estate_code : str
        The estate that the post is about, where that is less than its area.
    mode : str
        A key of :data:`POST_MODES`: which of two rosters it belongs to; empty for both.
    rests : str
        The mode for the sake of which it is not held now; empty while it is.
    switched : str
        When, by whom and why that was switched last; empty for never.
    """

    code: str
    person: str
    name: str
    role: str
    kind: str
    level: str
    area_code: str
    work_phone: str = ""
    department: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    estate_code: str = ""
    mode: str = ""
    rests: str = ""
    switched: str = ""

    def on_duty(self, day: date) -> bool:
        """True when the post is held on that day."""
        return (
            not self.rests
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_to is None or day < self.valid_to)
        )


@dataclass(frozen=True, slots=True)
class Ground:
    """A feature that maps are drawn upon, without its geometry.

    Attributes
    ----------
    code : str
    layer : str
        A key of :data:`GROUND_LAYERS`.
    name, name_en : str
    rank : int or None
        Of a road: 0 arterial, 1 collector, 2 and more local.
    road_class : str
        Of a road: a name of :func:`gridmap.places.ways.way_classes`, empty where unknown.
    stratum : int or None
        Of a road: above (1, 2 ...) or below (-1 ...) what lies on the ground.
    foot : str
        What the source says about walking there, as OpenStreetMap has it.
    households : int or None
        Of a building: its homes; for staff alone.
    """

    code: str
    layer: str
    name: str = ""
    name_en: str = ""
    rank: int | None = None
    road_class: str = ""
    stratum: int | None = None
    foot: str = ""
    households: int | None = None
