"""What routes are decided by, and what a decision is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gridmap.calendar import ChineseCalendar, SiteDays, WorkCalendar, load_site_days
from gridmap.errors import NotFound, UnreadableFile
from gridmap.routing.catalogue import Catalogue, Item
from gridmap.routing.catalogue_csv import read_catalogue
from gridmap.routing.clock import Due, Pause, deadline, given_back
from gridmap.routing.counting import OfficeHours, StartRule
from gridmap.routing.departments import Departments, load_departments
from gridmap.routing.explanation import Step
from gridmap.routing.kinds import AssetType, RoadClass, load_asset_types, load_road_classes
from gridmap.routing.overlays import ASSET, Overlay, default_reach
from gridmap.routing.rule_tables import SITE, RuleTables, load_rule_tables
from gridmap.routing.site_rules import SiteRule, load_site_rules
from gridmap.routing.terms import (
    AmbiguityPolicy,
    Term,
    Terms,
    load_limit_tables,
    load_office_hours,
    load_terms,
)

__all__ = [
    "AmbiguityPolicy",
    "Basis",
    "Decision",
    "RouteBook",
    "RouteBooks",
    "load_route_book",
    "make_route_book",
    "make_route_books",
    "rule_folder",
]


@dataclass(frozen=True, slots=True)
class Basis:
    """What a decision was made by, so that it can be made again.

    Attributes
    ----------
    rules : str
        Fingerprint of the tables.
    state : str
        Fingerprint of overlays, parties and posts; empty where none were asked.
    """

    rules: str
    state: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer for one report.

    Attributes
    ----------
    item : str
        Code of the catalogue item, as given; empty when there was none.
    department : str
        Code of the lead party; empty when a person has to decide.
    co_departments : tuple of str
        Codes of the parties that act with it.
    first_responder : str
        Code of the post that goes first; empty when nobody is on duty there.
    handling_level : str
        G, S or X; empty for an unknown item.
    due_at : datetime or None
        Aware UTC; None with `due_reason`.
    due_reason : str
        ``calendar_missing``, ``managed``, ``paused``, ``not_routed`` or empty.
    needs_person : bool
        True when the report belongs in the human queue: nobody is known to own it, owners
        differ within the accuracy, it is not located, its item is unknown, nobody is named to
        manage it, or its routing failed.
    call_first : str
        Number or name of the line to call before anything else; empty for most items.
    options : tuple of str
        Codes of the possible leads when owners differ within the accuracy.
    steps : tuple of Step
        The explanation, in order.
    basis : Basis or None
        What it was made by; None where nobody keeps that.
    confidence : float or None
        From 0 to 1: of all places where the report may be, the share by area that leads by
        rule to the owner of the point itself; see :mod:`gridmap.routing.confidence`. None for
        a report that is not routed.
    leader : str
        Code of the post that manages the case; empty where a limit is set.
    review_on : date or None
        Local day on which a managed case is reviewed.
    overlays : tuple of str
        Codes of the overlays at the point that matter for the item.
    """

    item: str
    department: str
    co_departments: tuple[str, ...]
    first_responder: str
    handling_level: str
    due_at: datetime | None
    due_reason: str
    needs_person: bool
    call_first: str
    options: tuple[str, ...]
    steps: tuple[Step, ...]
    basis: Basis | None = None
    confidence: float | None = None
    leader: str = ""
    review_on: date | None = None
    overlays: tuple[str, ...] = ()


@dataclass(frozen=True)
class RouteBook:
    """All the tables and rules of a site that a route is decided by.

    Attributes
    ----------
    site_rules : mapping of item code to SiteRule
        An item that is not listed is the same inside and outside a site.
    road_classes : mapping of str to RoadClass
        Who keeps the roads of a class; a class that is not listed decides nothing.
    asset_types : mapping of str to AssetType
        Which items an asset of a type is about.
    version : str
        Fingerprint of the tables that it was made of.
    terms : Terms
        Limits, start rules, office hours, and who settles doubt, item by item.
    """

    catalogue: Catalogue
    departments: Departments
    site_rules: Mapping[str, SiteRule]
    calendar: WorkCalendar
    zone: ZoneInfo
    terms: Terms = field(default_factory=Terms)
    road_classes: Mapping[str, RoadClass] = field(default_factory=dict)
    asset_types: Mapping[str, AssetType] = field(default_factory=dict)
    version: str = ""

    @property
    def of_site(self) -> bool:
        """True for the rules of the site's own catalogue."""
        return self.catalogue.name == SITE

    def named(self, item: Item) -> str:
        """Return how overlays name an item: by its code, with the catalogue if not the site's."""
        return item.code if self.of_site else f"{self.catalogue.name}:{item.code}"

    def reach(self, overlay: Overlay) -> float | None:
        """Return the metres around an overlay's line or point where it has no radius itself."""
        if overlay.kind == ASSET and overlay.asset_type in self.asset_types:
            return self.asset_types[overlay.asset_type].radius_m
        if overlay.road_class in self.road_classes:
            return self.road_classes[overlay.road_class].half_width_m
        return default_reach(overlay)

    def due(self, item: Item, lead: str, received: datetime, pauses: Iterable[Pause] = ()) -> Due:
        """Return when an item received at a moment (aware) is due from a lead."""
        term = self.terms.of(item)
        return self.due_by(term, lead, received, pauses)

    def due_by(
        self, term: Term, lead: str, received: datetime, pauses: Iterable[Pause] = ()
    ) -> Due:
        """Return when something received at a moment (aware) is due by some terms."""
        return deadline(
            received,
            term.limit,
            self.calendar,
            zone=self.zone,
            office_hours=self.terms.hours(lead),
            start_rule=term.start_rule,
            cutoff=term.cutoff,
            pauses=pauses,
            review_days=term.review_days,
        )

    def given_back(
        self, item: Item, lead: str, due_at: datetime, since: datetime, pauses: Iterable[Pause]
    ) -> datetime | None:
        """Return a due time that a lead was given at a moment, moved by the pauses since then.

        As :func:`gridmap.routing.clock.given_back` has it, by the unit of the item's limit.
        """
        return given_back(
            due_at,
            self.terms.of(item).limit.unit,
            self.calendar,
            zone=self.zone,
            office_hours=self.terms.hours(lead),
            since=since,
            pauses=pauses,
        )


def load_route_book(
    folder: Path | None = None,
    *,
    zone: ZoneInfo,
    name: str = SITE,
    **more: Any,
) -> RouteBook:
    """Read a site's tables.

    Parameters
    ----------
    folder : Path, optional
        Holds any of the tables of :mod:`gridmap.routing.rule_files`; what it lacks comes from
        the package.
    zone : ZoneInfo
        The site's zone.
    name : str
        Name of the catalogue.
    **more
        As of :func:`make_route_book`.

    Raises
    ------
    UnreadableFile, WrongEncoding, MissingColumn, BadValue
        For a table that cannot be used; faulty cells are named by file, row and column.
    """
    return make_route_book(rule_folder(folder).at(zone), zone=zone, name=name, **more)


def rule_folder(folder: Path | None) -> RuleTables:
    """Return the tables of a rules folder, the package's alone for None."""
    if folder is not None and not folder.is_dir():
        raise UnreadableFile(
            "The folder of the site's tables is not there.",
            got=str(folder),
            repair="Set GRIDMAP_RULES to a folder, or leave it unset for the package's tables.",
        )
    return load_rule_tables(folder)


def make_route_book(
    tables: RuleTables,
    *,
    zone: ZoneInfo,
    name: str = SITE,
    office_hours: OfficeHours | None = None,
    start_rule: StartRule | None = None,
    cutoff: time | None = None,
    ambiguity: AmbiguityPolicy | None = None,
) -> RouteBook:
    """Return the rules of one catalogue.

    Parameters
    ----------
    tables : RuleTables
    zone : ZoneInfo
        The site's zone.
    name : str
        Name of the catalogue; one that the tables do not have is the site's by another name.
    office_hours, start_rule, cutoff, ambiguity
        For the whole site, instead of what the tables say of it.

    Raises
    ------
    MissingColumn, BadValue
        For a table that cannot be used; faulty cells are located.
    """
    version, shapes = tables.fingerprint, tables.get("catalogues")
    tables = tables.of(name if name in tables.catalogues else SITE)
    departments = load_departments(tables["departments"])
    catalogue = read_catalogue(tables, name=name, departments=departments, shapes=shapes)
    # The package's rules are about the package's items; a site's catalogue may lack some.
    own = {key: catalogue.codes for key in ("site_rules", "asset_types") if tables.get(key)}
    days = tables.get("calendar")
    return RouteBook(
        catalogue=catalogue,
        departments=departments,
        site_rules=load_site_rules(tables["site_rules"], items=own.get("site_rules")),
        calendar=ChineseCalendar(
            load_site_days(days) if days else SiteDays({}), load_site_days(tables["published_days"])
        ),
        zone=zone,
        terms=_terms(tables, catalogue, departments).with_site(
            office_hours=office_hours, start_rule=start_rule, cutoff=cutoff, ambiguity=ambiguity
        ),
        road_classes=load_road_classes(
            tables["road_classes"],
            departments=departments if tables.get("road_classes") else None,
        ),
        asset_types=load_asset_types(tables["asset_types"], items=own.get("asset_types")),
        version=version,
    )


def _terms(tables: RuleTables, catalogue: Catalogue, departments: Departments) -> Terms:
    hours, hours_of = load_office_hours(tables["office_hours"], departments=departments)
    return load_terms(
        tables["terms"],
        catalogue=catalogue,
        limits=load_limit_tables(tables["limit_tables"]),
        office_hours=hours,
        hours_of=hours_of,
    )


@dataclass(frozen=True)
class RouteBooks:
    """The rules of all catalogues of a site.

    Attributes
    ----------
    tables : RuleTables
        What they were made of.
    by_name : mapping of str to RouteBook
        The site's own catalogue first.
    """

    tables: RuleTables
    by_name: Mapping[str, RouteBook]

    @property
    def site(self) -> RouteBook:
        """The rules that count where no catalogue is named."""
        return self.by_name[SITE]

    def of(self, catalogue: str | None) -> RouteBook:
        """Return the rules of a catalogue; the site's own for none.

        Raises
        ------
        NotFound
            When there is no such catalogue.
        """
        found = self.by_name.get(catalogue or SITE)
        if found is None:
            raise NotFound(
                "There is no such catalogue.",
                got=catalogue,
                allowed=list(self.by_name),
                repair="See `gridmap rules show`.",
            )
        return found

    def items(self) -> set[str]:
        """Return the items of all catalogues as overlays name them."""
        return {book.named(item) for book in self.by_name.values() for item in book.catalogue}


def make_route_books(tables: RuleTables, *, zone: ZoneInfo) -> RouteBooks:
    """Return the rules of all catalogues; errors as of :func:`make_route_book`."""
    made = {name: make_route_book(tables, zone=zone, name=name) for name in tables.catalogues}
    return RouteBooks(tables, made)
