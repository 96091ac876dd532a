"""Whose a report is at one place: the responsibility layers, specific before general.

The order of the layers is that of :data:`~gridmap.routing.overlays.OVERLAY_KINDS`: a
construction site, an exclusive grid or site (its unit), an estate's red line (managed: its
property firm; open: the community with the sub-district office), a park, a river strip, a
road, a registered asset. Which of them an item looks at follows from its location rule, what
a site changes about it from the site rules. Where no layer decides, it is the item's own
department's; for community and sub-district items that of the territory. What nobody is
known to own falls to the sub-district office (属地兜底) and is marked for ownership review
(确权).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gridmap.routing.book import RouteBook
from gridmap.routing.catalogue import Item, LocationRule
from gridmap.routing.explanation import Step
from gridmap.routing.overlays import OVERLAY_KINDS, Overlay
from gridmap.routing.parties import (
    COMMUNITY,
    PROPERTY_FIRM,
    SUBDISTRICT,
    Parties,
    Party,
    party_code,
)
from gridmap.routing.site_rules import SiteRole, SiteRule
from gridmap.routing.territory import Seat

__all__ = ["LAYERS", "Owner", "OwnerFinder", "estate_firm", "unnamed_firms"]

_SITES = ("exclusive_site", "estate")

# Layers that an item of each location rule looks at, in the order in which they are asked.
LAYERS: Mapping[LocationRule, tuple[str, ...]] = {
    LocationRule.FIXED: (),
    LocationRule.TERRITORY: (),
    LocationRule.ESTATE_OR_ROAD: _SITES,
    LocationRule.ROAD_CLASS: (*_SITES, "road"),
    LocationRule.GREEN_OWNER: (*_SITES, "park"),
    LocationRule.EXCLUSIVE_UNIT: ("exclusive_site",),
    LocationRule.ASSET_OWNER: ("asset",),
    LocationRule.WATER_SEGMENT: ("river",),
    LocationRule.CONSTRUCTION_SITE: ("construction_site",),
}


@dataclass(frozen=True, slots=True)
class Owner:
    """Lead and co-parties at one place, with the reasons.

    Attributes
    ----------
    lead : str
        Party code; empty when not even a territory is known.
    co : tuple of str
    steps : tuple of Step
    review : bool
        True when the lead is only the fallback and the ownership has to be settled.
    """

    lead: str
    co: tuple[str, ...]
    steps: tuple[Step, ...]
    review: bool = False


def estate_firm(estate: Overlay) -> str:
    """Return the party code of a managed estate's property firm."""
    return estate.owner or party_code(PROPERTY_FIRM, estate.code)


def unnamed_firms(overlays: Sequence[Overlay]) -> list[Party]:
    """Return a party for each managed estate whose firm is not known by name."""
    codes = {
        estate_firm(o): o for o in overlays if o.kind == "estate" and o.managed and not o.owner
    }
    return [
        Party(code, f"{o.name or o.code}物业", f"Property manager of {o.name_en or o.code}")
        for code, o in codes.items()
    ]


class OwnerFinder:
    """Finds the owner of an item at a place.

    Parameters
    ----------
    book : RouteBook
    parties : Parties
        For the names in the explanation.
    """

    def __init__(self, book: RouteBook, parties: Parties) -> None:
        self._book = book
        self._parties = parties

    def find(self, item: Item, seat: Seat, overlays: Sequence[Overlay]) -> Owner:
        """Return the owner of an item where an area's bodies and some overlays meet.

        Parameters
        ----------
        item : Item
        seat : Seat
        overlays : sequence of Overlay
            Those in force there, in winning order.
        """
        at_site = bool(seat.unit) or any(o.kind in _SITES for o in overlays)
        off_site = not at_site and "estate" in LAYERS[item.location_rule]
        owner = self._by_layer(item, seat, overlays) or self._by_department(
            item, seat, "department_off_site" if off_site else "department"
        )
        if not owner.co:
            return owner
        step = Step("co_departments", self._parties.named(owner.co))
        return replace(owner, steps=(*owner.steps, step))

    # -- layers -----------------------------------------------------------------------

    def _by_layer(self, item: Item, seat: Seat, overlays: Sequence[Overlay]) -> Owner | None:
        layers = LAYERS[item.location_rule]
        rule = self._book.site_rules.get(item.code, SiteRule())
        if item.department == PROPERTY_FIRM:
            # Work of the one who manages the place, whoever that is, is not divided further.
            layers, rule = _SITES, SiteRule(SiteRole.LEAD, SiteRole.LEAD)
        for layer in layers:
            overlay = next((o for o in overlays if o.kind == layer), None)
            if layer == "exclusive_site":
                found = self._at_exclusive_site(item, seat, overlay, rule.exclusive_grid)
            elif overlay is None:
                found = None
            elif layer == "estate":
                found = self._at_estate(item, seat, overlay, rule.estate)
            else:
                found = self._at_owned(item, seat, overlay)
            if found is not None:
                return found
        return None

    def _at_exclusive_site(
        self, item: Item, seat: Seat, overlay: Overlay | None, role: SiteRole
    ) -> Owner | None:
        if seat.unit:
            return self._site(item, seat, role, (seat.unit,), "exclusive_grid", {})
        if overlay is not None and overlay.owner:
            return self._site(
                item, seat, role, (overlay.owner,), "exclusive_site", _site_name(overlay)
            )
        return None

    def _at_estate(self, item: Item, seat: Seat, estate: Overlay, role: SiteRole) -> Owner | None:
        if estate.managed:
            firm = (estate_firm(estate),)
            return self._site(item, seat, role, firm, "estate_managed", _site_name(estate))
        bodies = tuple(body for body in (seat.community, seat.office) if body)
        return self._site(item, seat, role, bodies, "estate_open", _site_name(estate))

    def _site(
        self,
        item: Item,
        seat: Seat,
        role: SiteRole,
        bodies: tuple[str, ...],
        rule: str,
        site: Mapping[str, str],
    ) -> Owner | None:
        """The site's bodies lead, or act with the department that leads."""
        if role is SiteRole.NONE or not bodies:
            return None
        names = {**site, **self._parties.named(bodies)}
        if role is SiteRole.CO:
            base = self._by_department(item, seat, "department")
            return replace(
                base,
                co=_others(base.lead, (*base.co, *bodies)),
                steps=(*base.steps, Step(f"{rule}_co", names)),
            )
        department = (item.department,) if role is SiteRole.LEAD_WITH_DEPARTMENT else ()
        co = (*bodies, *self._bodies((*department, *item.co_departments), seat))
        return Owner(bodies[0], _others(bodies[0], co), (Step(rule, names),))

    def _at_owned(self, item: Item, seat: Seat, overlay: Overlay) -> Owner | None:
        """A park, river strip, road, construction site or asset whose owner is known."""
        if not overlay.owner:
            return None
        kind, kind_en = OVERLAY_KINDS[overlay.kind]
        names = {"kind": kind, "kind_en": kind_en, **_site_name(overlay)}
        co = self._bodies((item.department, *item.co_departments), seat)
        step = Step("overlay_owner", {**names, **self._parties.named((overlay.owner,))})
        return Owner(overlay.owner, _others(overlay.owner, co), (step,))

    # -- the item's own department --------------------------------------------------------

    def _by_department(self, item: Item, seat: Seat, rule: str) -> Owner:
        """The item's own department, where no layer changes it."""
        if item.department is None:
            return self._fallback(item, seat, "asset_owner_unknown")
        if item.department == PROPERTY_FIRM:
            return self._fallback(item, seat, "no_property_firm")
        lead = self._body(item.department, seat)
        if not lead:
            return self._fallback(item, seat, "no_such_office")
        if self._book.departments[item.department].by_place:
            rule = "department_of_place"
        named = {"item": item.name, "item_en": item.name_en, **self._parties.named((lead,))}
        co = _others(lead, self._bodies(item.co_departments, seat))
        return Owner(lead, co, (Step(rule, named),))

    def _fallback(self, item: Item, seat: Seat, why: str) -> Owner:
        """Nobody is known to own it: territory, and ownership review."""
        co = (seat.community, *self._bodies(item.co_departments, seat))
        if not seat.office:
            return Owner("", (), (Step(why), Step("no_territory")), review=True)
        steps = (
            Step(why),
            Step("territorial_fallback", self._parties.named((seat.office,))),
            Step("ownership_review"),
        )
        return Owner(seat.office, _others(seat.office, co), steps, review=True)

    def _bodies(self, departments: Sequence[str | None], seat: Seat) -> tuple[str, ...]:
        found = (self._body(code, seat) for code in departments if code is not None)
        return tuple(body for body in found if body)

    def _body(self, department: str, seat: Seat) -> str:
        """Turn a department's code into the party it means at a place; empty if none."""
        by_place = {SUBDISTRICT: seat.office, COMMUNITY: seat.community, PROPERTY_FIRM: ""}
        return by_place.get(department, department)


def _site_name(overlay: Overlay) -> dict[str, str]:
    name = overlay.name or overlay.code
    return {"site": name, "site_en": overlay.name_en or name}


def _others(lead: str, codes: Sequence[str]) -> tuple[str, ...]:
    """Distinct codes in order, without the lead and empty ones."""
    return tuple(dict.fromkeys(code for code in codes if code and code != lead))
