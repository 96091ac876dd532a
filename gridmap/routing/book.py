"""What routes are decided by, and what a decision is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from gridmap.errors import UnreadableFile
from gridmap.routing.calendar import ChineseCalendar, SiteDays, WorkCalendar, load_site_days
from gridmap.routing.catalogue import Catalogue
from gridmap.routing.catalogue_csv import load_catalogue
from gridmap.routing.clock import DEFAULT_CUTOFF, OfficeHours, StartRule
from gridmap.routing.departments import Departments, load_departments
from gridmap.routing.explanation import Step
from gridmap.routing.site_rules import SiteRule, load_site_rules

__all__ = ["AmbiguityPolicy", "Decision", "RouteBook", "load_route_book"]


class AmbiguityPolicy(StrEnum):
    """What happens when the accuracy of a point reaches places of different owners."""

    PERSON = "person"  # no lead; a person decides
    SHARED_PARENT = "shared_parent"  # the office of the shared sub-district leads until then


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
        ``calendar_missing``, ``managed``, ``not_routed`` or empty.
    needs_person : bool
        True when the report belongs in the human queue: nobody is known to own it, owners
        differ within the accuracy, it is not located, or its item is unknown.
    call_first : str
        Number or name of the line to call before anything else; empty for most items.
    options : tuple of str
        Codes of the possible leads when owners differ within the accuracy.
    steps : tuple of Step
        The explanation, in order.
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


@dataclass(frozen=True)
class RouteBook:
    """All the tables and rules of a site that a route is decided by.

    Attributes
    ----------
    site_rules : mapping of item code to SiteRule
        An item that is not listed is the same inside and outside a site.
    cutoff : time
        Local time; see :class:`~gridmap.routing.clock.StartRule`.
    """

    catalogue: Catalogue
    departments: Departments
    site_rules: Mapping[str, SiteRule]
    calendar: WorkCalendar
    zone: ZoneInfo
    office_hours: OfficeHours = field(default_factory=OfficeHours)
    start_rule: StartRule = StartRule.FROM_RECEIPT
    cutoff: time = DEFAULT_CUTOFF
    ambiguity: AmbiguityPolicy = AmbiguityPolicy.PERSON


def load_route_book(
    folder: Path | None = None,
    *,
    zone: ZoneInfo,
    name: str = "default",
    office_hours: OfficeHours | None = None,
    start_rule: StartRule = StartRule.FROM_RECEIPT,
    cutoff: time = DEFAULT_CUTOFF,
    ambiguity: AmbiguityPolicy = AmbiguityPolicy.PERSON,
) -> RouteBook:
    """Read a site's tables.

    Parameters
    ----------
    folder : Path, optional
        Holds any of the tables of :func:`load_catalogue`, ``site_rules.csv`` and
        ``calendar.csv`` (the site's own days); what it lacks comes from the package.
    zone : ZoneInfo
        The site's zone.
    name : str
        Name of the catalogue.
    office_hours, start_rule, cutoff, ambiguity
        As in :class:`RouteBook`.

    Raises
    ------
    UnreadableFile, WrongEncoding, MissingColumn, BadValue
        For a table that cannot be used; faulty cells are named by file, row and column.
    """
    if folder is not None and not folder.is_dir():
        raise UnreadableFile(
            "The folder of the site's tables is not there.",
            got=str(folder),
            repair="Set GRIDMAP_RULES to a folder, or leave it unset for the package's tables.",
        )
    own = {
        table: folder / table
        for table in ("departments.csv", "site_rules.csv", "calendar.csv")
        if folder is not None and (folder / table).exists()
    }
    departments = load_departments(own.get("departments.csv"))
    catalogue = load_catalogue(folder, name=name, departments=departments)
    rules = own.get("site_rules.csv")
    days = own.get("calendar.csv")
    return RouteBook(
        catalogue=catalogue,
        departments=departments,
        # The package's rules are about the package's items; a site's catalogue may lack some.
        site_rules=load_site_rules(rules, items=catalogue.codes if rules else None),
        calendar=ChineseCalendar(load_site_days(days) if days else SiteDays({})),
        zone=zone,
        office_hours=office_hours or OfficeHours(),
        start_rule=start_rule,
        cutoff=cutoff,
        ambiguity=ambiguity,
    )
