"""Categories of pins: a name, one plain character, a colour by theme.

Pins carry letters and nothing else: no emblem, star, flag, hammer or sickle. A site may
pass its own categories to the maps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gridmap.errors import BadValue
from gridmap.maps.colours import PIN_COLOURS

__all__ = ["OTHER", "PARTY", "SERVICES", "Category", "check_categories"]


@dataclass(frozen=True, slots=True)
class Category:
    """What a pin stands for.

    Attributes
    ----------
    code : str
        As in the data's ``category``.
    name, name_en : str
    mark : str
        One or two characters shown on the pin.
    theme : str
        A key of :data:`gridmap.maps.colours.PIN_COLOURS`.
    """

    code: str
    name: str
    name_en: str
    mark: str
    theme: str

    @property
    def colour(self) -> str:
        """Colour of the pin."""
        return PIN_COLOURS[self.theme]


OTHER = Category("other", "其他", "Other", "他", "safety")

SERVICES = (
    Category("party_centre", "党群服务中心", "Party service centre", "党", "party"),
    Category("canteen", "社区食堂与助餐点", "Community canteen", "餐", "care"),
    Category("elder_care", "养老与日间照料", "Elder day care", "老", "care"),
    Category("nursery", "托育", "Nursery", "托", "care"),
    Category("health", "卫生服务", "Health service", "医", "health"),
    Category("workshop", "便民工坊", "Repair workshop", "工", "repair"),
    Category("home_repair", "家政维修", "Home repair", "修", "repair"),
    Category("parcel", "快递", "Parcels", "递", "daily"),
    Category("charging", "充电与车棚", "Charging and bicycle shed", "电", "daily"),
    Category("fitness", "健身", "Fitness", "健", "health"),
    Category("mediation", "调解与法律服务", "Mediation and legal aid", "调", "public"),
    Category("station_24h", "24小时驿站", "24-hour station", "驿", "public"),
    Category("grid_station", "网格工作站", "Grid work station", "网", "public"),
    Category("shelter", "应急避难", "Emergency shelter", "避", "safety"),
)

PARTY = (
    Category("party_centre", "党群服务中心", "Party service centre", "党", "party"),
    Category("party_station", "党群服务站", "Party service station", "站", "party"),
    Category("party_committee", "党（工）委", "Party committee", "委", "party"),
    Category("party_general_branch", "党总支", "General Party branch", "总", "party"),
    Category("party_branch", "党支部", "Party branch", "支", "party"),
    Category("party_group", "党小组", "Party group", "组", "party"),
    Category("dual_registered", "双报到单位", "Dual-registered unit", "双", "public"),
    Category("resident_unit", "驻区单位", "Resident unit", "驻", "daily"),
    Category("volunteer_team", "志愿服务队", "Volunteer team", "志", "health"),
    Category("education_site", "教育基地", "Education site", "教", "repair"),
)


def check_categories(categories: Sequence[Category]) -> tuple[Category, ...]:
    """Return the categories, or raise `BadValue` for a doubled code, theme or mark unfit."""
    codes = [c.code for c in categories]
    if len(set(codes)) != len(codes):
        raise BadValue("A category is named twice.", got=codes)
    for category in categories:
        if category.theme not in PIN_COLOURS:
            raise BadValue(
                "There is no such theme.", got=category.theme, allowed=sorted(PIN_COLOURS)
            )
        if not 1 <= len(category.mark) <= 2:
            raise BadValue(
                "A pin carries one or two characters.", got=category.mark, allowed="1 or 2"
            )
    return tuple(categories)
