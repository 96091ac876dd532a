"""Whose a report is at one place: the responsibility layers, specific before general.

The order of the layers is that of :data:`~gridmap.routing.overlays.OVERLAY_KINDS`: what an
ownership review ruled; a construction site; what was agreed; a registered asset; an exclusive
grid or site (its unit); an estate's red line (managed: its property firm; open: the community
with the sub-district office); a park; a river strip; a street-front strip; a road by its class.
Which of them an item looks at follows from its location rule, what a site changes about it from
the site rules; an overlay that names its items answers exactly those. Where no layer decides,
it is the item's own department's; for community and sub-district items that of the territory.
What nobody is known to own falls to the sub-district office (属地兜底) and is marked for
ownership review (确权).

Why the layers stand in this order:

- A ruling settles a dispute about what the others say, so it is asked before all of them.
- Inside its hoarding the builder alone has the ground; what neighbours agreed about it rests
  until the hoarding is gone. Otherwise an agreement is there to differ from the legal line.
- An object goes to the holder of its property right, whoever keeps the ground that it stands
  on; only items about that object ask for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gridmap.routing.book import RouteBook
from gridmap.routing.catalogue import Item, LocationRule
from gridmap.routing.explanation import Step
from gridmap.routing.overlays import ASSET, BY_RECORD, OVERLAY_KINDS, SITES, Overlay
from gridmap.routing.parties import (
    COMMUNITY,
    PROPERTY_FIRM,
    SUBDISTRICT,
    Parties,
    Party,
    party_code,
)
from gridmap.routing.sayings import Sayings
from gridmap.routing.site_rules import SiteRole, SiteRule
from gridmap.routing.territory import Seat

__all__ = ["LAYERS", "Owner", "OwnerFinder", "estate_firm", "layers_of", "unnamed_firms"]

_GROUND = ("ruling", "construction_site", "agreement")

# Layers that an item of each location rule looks at.
LAYERS: Mapping[LocationRule, tuple[str, ...]] = {
    LocationRule.FIXED: (),
    LocationRule.TERRITORY: (),
    LocationRule.ESTATE_OR_ROAD: (*_GROUND, *SITES, "street_front"),
    LocationRule.ROAD_CLASS: (*_GROUND, *SITES, "street_front", "road"),
    LocationRule.GREEN_OWNER: (*_GROUND, *SITES, "park", "street_front"),
    LocationRule.EXCLUSIVE_UNIT: ("exclusive_site",),
    LocationRule.ASSET_OWNER: (*BY_RECORD, ASSET),
    LocationRule.WATER_SEGMENT: (*_GROUND, "river"),
    LocationRule.CONSTRUCTION_SITE: _GROUND,
}

_ORDER = {kind: n for n, kind in enumerate(OVERLAY_KINDS)}

_WHOLE = SiteRule(SiteRole.LEAD, SiteRole.LEAD)

# Where a table of the site says which part the keeper of a place has in an item.
_PARTS = {
    "exclusive_site": "exclusive_grid",
    "estate": "estate",
    "street_front": "street_front",
    "construction_site": "estate",
}

# Whoever manages the place does such work, be there hoardings around it or not.
_MANAGED = (*BY_RECORD, *SITES)

# Of these items the very place or object decides: whoever has it leads.
_OWNED = {
    LocationRule.ASSET_OWNER,
    LocationRule.WATER_SEGMENT,
    LocationRule.CONSTRUCTION_SITE,
}


class Owner(NamedTuple):
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


class _Look(NamedTuple):
    """What an item looks at, asked of the tables once."""

    item: Item
    layers: tuple[str, ...]
    sites_said: bool
    owned: bool
    rule: SiteRule
    name: str


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
        self._said = Sayings(parties)
        self._looks: dict[int, _Look] = {}
        self._own: dict[tuple[int, int, str], tuple[Item, Seat, Owner]] = {}

    def forget(self) -> None:
        """Forget what is remembered: for measuring."""
        self._said.forget()
        self._own.clear()

    def counts(self, item: Item, overlay: Overlay) -> bool:
        """True when an overlay that lies at a place has a say in an item.

        One that names its items answers exactly those, whatever their location rule.
        """
        return self._counts(self._look(item), overlay)

    def matters(self, item: Item, overlay: Overlay) -> bool:
        """True when the answer, or what is said about it, may depend on an overlay."""
        said = overlay.kind in SITES and self._look(item).sites_said
        return said or self.counts(item, overlay)

    def sign(self, overlay: Overlay) -> tuple[str, tuple[str, ...], str]:
        """Return all of an overlay that :meth:`matters` goes by."""
        return overlay.kind, overlay.items, overlay.asset_type

    def find(self, item: Item, seat: Seat, overlays: Sequence[Overlay]) -> Owner:
        """Return the owner of an item where an area's bodies and some overlays meet.

        Parameters
        ----------
        item : Item
        seat : Seat
        overlays : sequence of Overlay
            Those in force there, in winning order, the nearest asset first.
        """
        look = self._look(item)
        owner = self._by_layer(look, seat, overlays) if overlays or seat.unit else None
        if owner is None:
            at_site = bool(seat.unit) or any(o.kind in SITES for o in overlays)
            off_site = not at_site and look.sites_said
            named = "department_off_site" if off_site else "department"
            owner = self._by_department(item, seat, named)
        if not owner.co:
            return owner
        return _with(owner, owner.co, self._said.step("co_departments", None, owner.co))

    # -- layers -----------------------------------------------------------------------

    def _counts(self, look: _Look, overlay: Overlay) -> bool:
        if overlay.items:
            return look.name in overlay.items
        if overlay.kind == ASSET and overlay.asset_type:
            kind = self._book.asset_types.get(overlay.asset_type)
            return kind is not None and look.item.code in kind.items
        return overlay.kind in look.layers

    def _by_layer(self, look: _Look, seat: Seat, overlays: Sequence[Overlay]) -> Owner | None:
        if len(overlays) == 1 and not seat.unit:
            (only,) = overlays
            return self._at(look, seat, only) if self._counts(look, only) else None
        first: dict[str, Overlay] = {}
        for overlay in overlays:
            if overlay.kind not in first and self._counts(look, overlay):
                first[overlay.kind] = overlay
        units = seat.unit and "exclusive_site" in look.layers
        asked = {*first, "exclusive_site"} if units else first
        for kind in sorted(asked, key=_ORDER.__getitem__):
            found = None
            if kind in first:
                found = self._at(look, seat, first[kind])
            if kind == "exclusive_site" and units:
                # The unit's own grid stands before a site drawn within it.
                bodies, role = (seat.unit,), look.rule.exclusive_grid
                found = self._site(look.item, seat, role, bodies, "exclusive_grid", None)
            if found is not None:
                return found
        return None

    def _look(self, item: Item) -> _Look:
        known = self._looks.get(id(item))
        if known is None:
            # Work of the one who manages the place, whoever that is, is not divided further.
            whole = item.department == PROPERTY_FIRM
            rule = _WHOLE if whole else self._book.site_rules.get(item.code, SiteRule())
            known = self._looks[id(item)] = _Look(
                item,
                layers_of(item),
                "estate" in LAYERS[item.location_rule],
                item.location_rule in _OWNED,
                rule,
                self._book.named(item),
            )
        return known

    def _at(self, look: _Look, seat: Seat, overlay: Overlay) -> Owner | None:
        """Return the owner by the overlay that counts of its kind, None if it decides nothing."""
        item = look.item
        if overlay.kind == "road":
            return self._at_road(item, seat, overlay)
        role = _part(look, overlay)
        if role is None:
            return self._at_owned(item, seat, overlay)
        if overlay.kind == "estate":
            return self._at_estate(item, seat, overlay, role)
        return self._kept(item, seat, overlay, role)

    def _names(self, item: Item, overlay: Overlay) -> bool:
        """True when an overlay names an item."""
        return bool(overlay.items) and self._look(item).name in overlay.items

    def _kept(self, item: Item, seat: Seat, overlay: Overlay, role: SiteRole) -> Owner | None:
        """Return the part of whoever keeps the ground that an overlay covers."""
        owner = self._owner(overlay, seat)
        rule = "overlay_owner" if overlay.kind == "construction_site" else overlay.kind
        return self._site(item, seat, role, (owner,), rule, overlay) if owner else None

    def _owner(self, overlay: Overlay, seat: Seat) -> str:
        """Return the party that owns an overlay at a place; empty if nobody is known to."""
        if overlay.owner:
            return self._body(overlay.owner, seat)
        if overlay.kind == "street_front":
            return seat.community
        if overlay.kind == "road" and overlay.road_class in self._book.road_classes:
            return self._body(self._book.road_classes[overlay.road_class].department, seat)
        return ""

    def _at_road(self, item: Item, seat: Seat, road: Overlay) -> Owner | None:
        known = self._book.road_classes.get(road.road_class)
        owner = self._owner(road, seat)
        taken = known is None or item.department in known.takes or self._names(item, road)
        if not owner or not taken:
            return None
        co = self._bodies((item.department, *item.co_departments), seat)
        rule = "overlay_owner" if known is None else "road_class"
        step = self._said.step(rule, road, (owner,))
        return Owner(owner, _others(owner, co), (step,))

    def _at_estate(self, item: Item, seat: Seat, estate: Overlay, role: SiteRole) -> Owner | None:
        if estate.managed:
            firm = (estate_firm(estate),)
            return self._site(item, seat, role, firm, "estate_managed", estate)
        bodies = tuple(body for body in (seat.community, seat.office) if body)
        return self._site(item, seat, role, bodies, "estate_open", estate)

    def _site(
        self,
        item: Item,
        seat: Seat,
        role: SiteRole,
        bodies: tuple[str, ...],
        rule: str,
        site: Overlay | None,
    ) -> Owner | None:
        """The site's bodies lead, or act with the department that leads."""
        if role is SiteRole.NONE or not bodies:
            return None
        if role is SiteRole.CO:
            base = self._by_department(item, seat, "department")
            co = _others(base.lead, (*base.co, *bodies))
            return _with(base, co, self._said.step(f"{rule}_co", site, bodies))
        step = self._said.step(rule, site, bodies)
        if role is SiteRole.LEAD and len(bodies) == 1 and not item.co_departments:
            return Owner(bodies[0], (), (step,))
        department = (item.department,) if role is SiteRole.LEAD_WITH_DEPARTMENT else ()
        co = (*bodies, *self._bodies((*department, *item.co_departments), seat))
        return Owner(bodies[0], _others(bodies[0], co), (step,))

    def _at_owned(self, item: Item, seat: Seat, overlay: Overlay) -> Owner | None:
        """A park, river strip, construction site or asset: whoever has it leads."""
        chief = overlay.kind == "river" and overlay.contact
        more = (self._said.step("river_chief", overlay),) if chief else ()
        owner = self._owner(overlay, seat)
        if not owner:
            if not more:
                return None
            base = self._by_department(item, seat, "department")
            return _with(base, base.co, *more)
        co = self._bodies((item.department, *item.co_departments), seat)
        rule = "asset_owner" if overlay.kind == ASSET else "overlay_owner"
        step = self._said.step(rule, overlay, (owner,))
        return Owner(owner, _others(owner, co), (step, *more))

    # -- the item's own department --------------------------------------------------------

    def _by_department(self, item: Item, seat: Seat, rule: str) -> Owner:
        """The item's own department, where no layer changes it; remembered."""
        key = id(item), id(seat), rule
        known = self._own.get(key)
        if known is None:
            found = self._department(item, seat, rule)
            # Item and seat are kept with it, so that their ids stay their own.
            known = self._own.setdefault(key, (item, seat, found))
        return known[2]

    def _department(self, item: Item, seat: Seat, rule: str) -> Owner:
        if item.department is None:
            return self._fallback(item, seat, "asset_owner_unknown")
        if item.department == PROPERTY_FIRM:
            return self._fallback(item, seat, "no_property_firm")
        lead = self._body(item.department, seat)
        if not lead:
            return self._fallback(item, seat, "no_such_office")
        # One that no table has stands for itself: the proof of coverage tells it.
        known = self._book.departments.get(item.department)
        if known is not None and known.by_place:
            rule = "department_of_place"
        co = _others(lead, self._bodies(item.co_departments, seat))
        return Owner(lead, co, (self._said.step(rule, item, (lead,)),))

    def _fallback(self, item: Item, seat: Seat, why: str) -> Owner:
        """Nobody is known to own it: territory, and ownership review."""
        said = self._said.step
        co = (seat.community, *self._bodies(item.co_departments, seat))
        if not seat.office:
            return Owner("", (), (said(why), said("no_territory")), review=True)
        steps = (
            said(why),
            said("territorial_fallback", None, (seat.office,)),
            said("ownership_review"),
        )
        return Owner(seat.office, _others(seat.office, co), steps, review=True)

    def _bodies(self, departments: Sequence[str | None], seat: Seat) -> tuple[str, ...]:
        if not departments:
            return ()
        found = [self._body(code, seat) for code in departments if code]
        return tuple([body for body in found if body])

    def _body(self, department: str, seat: Seat) -> str:
        """Turn a department's code into the party it means at a place; empty if none."""
        if department == SUBDISTRICT:
            return seat.office
        if department == COMMUNITY:
            return seat.community
        return "" if department == PROPERTY_FIRM else department


def layers_of(item: Item) -> tuple[str, ...]:
    """Return the kinds of overlays that have a say in an item without naming it."""
    return _MANAGED if item.department == PROPERTY_FIRM else LAYERS[item.location_rule]


def _part(look: _Look, overlay: Overlay) -> SiteRole | None:
    """Return the part of whoever keeps a place; None where having it is enough to lead."""
    named = bool(overlay.items) and look.name in overlay.items
    if overlay.kind in BY_RECORD:
        # Of ground that was handed over whole the keeper does what a property firm does.
        return SiteRole.LEAD if named or look.owned else look.rule.estate
    if overlay.kind not in _PARTS or (look.owned and overlay.kind == "construction_site"):
        return None
    role: SiteRole = getattr(look.rule, _PARTS[overlay.kind])
    # Whoever took an item over by name has a part in it.
    return SiteRole.LEAD if role is SiteRole.NONE and named else role


def _with(owner: Owner, co: tuple[str, ...], *more: Step) -> Owner:
    """Return an owner with other co-parties and further steps."""
    return Owner(owner.lead, co, (*owner.steps, *more), owner.review)


def _others(lead: str, codes: Sequence[str]) -> tuple[str, ...]:
    """Distinct codes in order, without the lead and empty ones."""
    return tuple(dict.fromkeys([code for code in codes if code and code != lead]))
