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
    """Part of an estate's property firm and of an exclusive grid's unit in one item."""

    estate: SiteRole = SiteRole.NONE
    exclusive_grid: SiteRole = SiteRole.NONE


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
    ):
        code = row.unique("item", seen)
        if items is not None and code not in items:
            row.refuse("item", "is no item of the catalogue")
        rules[code] = SiteRule(
            row.choice("estate", SiteRole), row.choice("exclusive_grid", SiteRole)
        )
    return rules
