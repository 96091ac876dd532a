"""What a site (an estate, an exclusive grid) changes about who owns an item.

A table, because it is the district's choice: litter inside a managed estate is the property
firm's work, an illegal structure there is not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gridmap.tables import Source, package_data, read_table

__all__ = ["SiteRole", "SiteRule", "load_site_rules"]


class SiteRole(StrEnum):
    """The part that the site's own body takes in an item."""

    LEAD = "lead"
    LEAD_WITH_DEPARTMENT = "lead_with_department"
    CO = "co"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SiteRule:
    """Part of those who keep a place in one item.

    Attributes
    ----------
    estate : SiteRole
        Of an estate's property firm, and of anybody else who keeps a piece of ground: a
        builder inside the hoarding, whoever took the ground over by agreement or ruling.
    exclusive_grid : SiteRole
        Of an exclusive grid's or site's unit.
    street_front : SiteRole
        Of the shop or unit behind a street-front strip.
    """

    estate: SiteRole = SiteRole.NONE
    exclusive_grid: SiteRole = SiteRole.NONE
    street_front: SiteRole = SiteRole.NONE


def load_site_rules(
    source: Source | None = None, *, items: Collection[str] | None = None
) -> Mapping[str, SiteRule]:
    """Read the table; the package's own when no source is given. Faults are located.

    Parameters
    ----------
    source : Path or Traversable, optional
    items : collection of str, optional
        Codes of the catalogue; a rule about any other item is refused.
    """
    rules: dict[str, SiteRule] = {}
    seen: dict[str, int] = {}
    for row in read_table(
        source or package_data("gridmap.routing", "site_rules.csv"),
        ["item", "estate", "exclusive_grid"],
        ["street_front"],
    ):
        code = row.unique("item", seen)
        if items is not None and code not in items:
            row.refuse("item", "is no item of the catalogue")
        rules[code] = SiteRule(
            row.choice("estate", SiteRole),
            row.choice("exclusive_grid", SiteRole),
            row.choice("street_front", SiteRole) if row.cells["street_front"] else SiteRole.NONE,
        )
    return rules
