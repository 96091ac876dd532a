"""Categories of pins: a name, one plain character, a colour by theme.

Pins carry letters and nothing else: no emblem, star, flag, hammer or sickle. A site may
pass its own categories to the maps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gridmap.errors import BadValue
from gridmap.maps.colours import PIN_COLOURS
from gridmap.places import model
from gridmap.places.categories import PACKAGED, CategoryTree

__all__ = [
    "GROUPS",
    "OTHER",
    "PARTY",
    "PARTY_PLACES",
    "SERVICES",
    "Category",
    "check_categories",
    "service_pins",
]


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
    shown : bool
        Switched on when the map opens; hundreds of pins of one kind hide the others.
    group : str
        A key of :data:`GROUPS`: the part of the legend it stands in; empty for none.
    """

    code: str
    name: str
    name_en: str
    mark: str
    theme: str
    shown: bool = True
    group: str = ""

    @property
    def colour(self) -> str:
        """Colour of the pin."""
        return PIN_COLOURS[self.theme]


# Parts of the party map's legend, in their order: whose resources they are.
GROUPS: Mapping[str, tuple[str, str]] = {
    "party": ("党建力量", "Party"),
    "administrative": ("行政力量", "Administration"),
    "social": ("社会力量", "Society"),
}

OTHER = Category("other", "其他", "Other", "他", "safety")

# Theme, and so colour, of organisations; the rest is "daily".
_THEMES = {
    "party_work_committee": "party",
    "party_committee": "party",
    "general_branch": "party",
    "party_branch": "party",
    "party_group": "party",
    "dual_registration": "public",
    "governance_centre": "public",
    "volunteer_team": "health",
    "practice_station": "party",
    "enforcement_point": "safety",
    "street_office": "safety",
    "police_station": "safety",
    "fire_station": "safety",
}


_MANY = ("party_branch", "party_group")


def _pins(kinds: Mapping[str, model.Category]) -> tuple[Category, ...]:
    return tuple(
        Category(
            k.code, k.label, k.label_en, k.pin, _THEMES.get(k.code, k.theme), k.code not in _MANY
        )
        for k in kinds.values()
    )


def service_pins(tree: CategoryTree) -> tuple[Category, ...]:
    """Return the pins of a site's categories of places."""
    return _pins(tree.categories)


SERVICES = service_pins(PACKAGED)

# What the party map shows, group by group in the order of its legend: organisations, and of the
# places those that belong to the same picture.
_PARTY_GROUPS: Mapping[str, tuple[str, ...]] = {
    "party": (
        "party_work_committee", "party_committee", "general_branch", "party_branch", "party_group",
        "service_centre", "party_station", "practice_station", "education_site",
        "dual_registration", "volunteer_team",
    ),
    "administrative": (
        "street_office", "governance_centre", "police_station", "fire_station",
        "enforcement_point", "mediation", "grid_station",
    ),
    "social": (
        "enterprise", "social_body", "property_firm", "resident_unit", "sharing", "station_24h",
    ),
}  # fmt: skip


def _grouped() -> Iterator[Category]:
    known = {pin.code: pin for pin in (*SERVICES, *_pins(model.ORGANISATION_KINDS))}
    for group, codes in _PARTY_GROUPS.items():
        for code in codes:
            yield replace(known[code], group=group)


PARTY = tuple(_grouped())
PARTY_PLACES = tuple(pin.code for pin in PARTY if pin.code in model.CATEGORIES)


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
