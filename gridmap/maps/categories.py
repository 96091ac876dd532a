"""Categories of pins: a name, one plain character, a colour by theme.

Pins carry letters and nothing else: no emblem, star, flag, hammer or sickle. A site may
pass its own categories to the maps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gridmap.errors import BadValue
from gridmap.maps.colours import PIN_COLOURS
from gridmap.places import model
from gridmap.places.categories import PACKAGED, CategoryTree

__all__ = ["OTHER", "PARTY", "PARTY_PLACES", "SERVICES", "Category", "check_categories",
           "service_pins"]  # fmt: skip


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
    """

    code: str
    name: str
    name_en: str
    mark: str
    theme: str
    shown: bool = True

    @property
    def colour(self) -> str:
        """Colour of the pin."""
        return PIN_COLOURS[self.theme]


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
# The party map shows the organisations, and of the places those that are the Party's.
PARTY_PLACES = ("service_centre", "party_station", "education_site")
PARTY = (
    *(pin for pin in SERVICES if pin.code in PARTY_PLACES),
    *_pins(model.ORGANISATION_KINDS),
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
