"""Terms of an item at a site: its limit, from when it runs, who manages it, who settles doubt.

All of it is the site's own choice, for every item, for a handling level, a class or one item;
the most specific row that says something about a thing decides that thing. Limits come from
the catalogue, item by item, or from a table of limits by grade: two are packaged, days by
handling level, and the four grades of hours, days and leaders. A site may keep more.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from enum import StrEnum
from typing import Any

from gridmap.errors import BadValue
from gridmap.routing.catalogue import Catalogue, HandlingLevel, Item, Limit, LimitUnit
from gridmap.routing.counting import DEFAULT_CUTOFF, DEFAULT_OFFICE_HOURS, OfficeHours, StartRule
from gridmap.tables import Row, Source, package_data, read_table

__all__ = [
    "CATALOGUE",
    "AmbiguityPolicy",
    "Scope",
    "Sending",
    "Term",
    "Terms",
    "load_limit_tables",
    "load_office_hours",
    "load_terms",
]

# The name that stands for the catalogue's own limits.
CATALOGUE = "catalogue"

_DEFAULT_REVIEW_DAYS = 10
_MOST_REVIEW_DAYS = 250
_DEFAULT_RETURNS = 2
_MOST_RETURNS = 20
_COLUMNS = (
    "limit_table", "grade", "start_rule", "intake_cutoff", "ambiguity", "leader", "review_days",
    "returns", "dispatch",
)  # fmt: skip

LimitTables = Mapping[str, Mapping[str, Limit]]


class AmbiguityPolicy(StrEnum):
    """What happens when the accuracy of a point reaches places of different owners."""

    PERSON = "person"  # no lead; a person decides
    SHARED_PARENT = "shared_parent"  # the office of the shared community, else sub-district
    SHARED_SUBDISTRICT = "shared_subdistrict"  # the office of the shared sub-district


class Sending(StrEnum):
    """Who sends a report of known owner on to it."""

    PERSON = "person"  # the centre confirms it and sends it out
    AT_ONCE = "at_once"  # it goes out by itself


class Scope(StrEnum):
    """What a row of the table is about, general to specific."""

    SITE = "site"
    LEVEL = "level"
    CLASS = "class"
    ITEM = "item"


@dataclass(frozen=True, slots=True)
class Term:
    """What holds for one item.

    Attributes
    ----------
    limit : Limit
    start_rule : StartRule
    cutoff : time
        Local time; for the start rule that has one.
    ambiguity : AmbiguityPolicy
    leader : str
        Code of the post that manages the case where no limit is set; empty when nobody is named.
    review_days : int
        After how many working days a managed case is reviewed.
    returns : int
        The return with which a report goes before the board of ownership reviews.
    dispatch : Sending
        Whether a report whose owner is known goes out by itself.
    """

    limit: Limit
    start_rule: StartRule = StartRule.FROM_RECEIPT
    cutoff: time = DEFAULT_CUTOFF
    ambiguity: AmbiguityPolicy = AmbiguityPolicy.PERSON
    leader: str = ""
    review_days: int = _DEFAULT_REVIEW_DAYS
    returns: int = _DEFAULT_RETURNS
    dispatch: Sending = Sending.PERSON

    @property
    def managed(self) -> bool:
        """True when a named leader manages the case and nothing is due."""
        return self.limit.unit is LimitUnit.MANAGED


@dataclass(frozen=True)
class Terms:
    """A site's table of terms.

    Attributes
    ----------
    rows : mapping of (scope, code) to mapping of column to value
        Only what a row says; the code of the site's row is empty.
    limits : mapping of table to mapping of grade to Limit
        A grade is a handling level, or a name that rows give to items.
    office_hours : OfficeHours
        Of the site.
    hours_of : mapping of department to OfficeHours
        Of departments, and of kinds of bodies (``WY``), that keep other hours.
    """

    rows: Mapping[tuple[Scope, str], Mapping[str, Any]] = field(default_factory=dict)
    limits: LimitTables = field(default_factory=dict)
    office_hours: OfficeHours = DEFAULT_OFFICE_HOURS
    hours_of: Mapping[str, OfficeHours] = field(default_factory=dict)

    def of(self, item: Item) -> Term:
        """Return what holds for an item."""
        said: dict[str, Any] = {}
        for scope, code in (
            (Scope.SITE, ""),
            (Scope.LEVEL, item.level.value),
            (Scope.CLASS, item.class_code),
            (Scope.ITEM, item.code),
        ):
            row = self.rows.get((scope, code), {})
            if scope is Scope.ITEM and item.limit.unit is LimitUnit.CLOCK_HOUR:
                # An emergency waits no longer because others of its level do.
                said.pop("limit_table", None)
                said.pop("grade", None)
            if "limit_table" in row:
                # A grade is of the table that was chosen with it.
                said.pop("grade", None)
            said |= row
        table, grade = said.pop("limit_table", CATALOGUE), said.pop("grade", item.level.value)
        limit = item.limit if table == CATALOGUE else self.limits[table][grade]
        return Term(limit, **said)

    @property
    def default_returns(self) -> int:
        """The return with which a report of no known item goes before the board."""
        own: int = self.rows.get((Scope.SITE, ""), {}).get("returns", _DEFAULT_RETURNS)
        return own

    def hours(self, lead: str) -> OfficeHours:
        """Return the office hours of a lead: its own, those of its kind, else the site's."""
        if not self.hours_of:
            return self.office_hours
        kind = lead.partition(":")[0]
        return self.hours_of.get(lead) or self.hours_of.get(kind) or self.office_hours

    def with_site(self, **said: Any) -> Terms:
        """Return terms whose site's row says something else; what is None is left."""
        hours = said.pop("office_hours", None) or self.office_hours
        own = {name: value for name, value in said.items() if value is not None}
        rows = {**self.rows, (Scope.SITE, ""): {**self.rows.get((Scope.SITE, ""), {}), **own}}
        return replace(self, rows=rows, office_hours=hours)


def load_limit_tables(source: Source | None = None) -> dict[str, dict[str, Limit]]:
    """Read tables of limits (``table``, ``grade``, ``limit_amount``, ``limit_unit``).

    The package's own when no source is given.

    Raises
    ------
    UnreadableFile, WrongEncoding, MissingColumn, BadValue
        Faulty cells are named by file, row and column.
    """
    tables: dict[str, dict[str, Limit]] = {}
    source = source or package_data("gridmap.routing", "limit_tables.csv")
    for row in read_table(source, ("table", "grade", "limit_unit"), ("limit_amount",)):
        name, grade = row.text("table"), row.text("grade")
        if name == CATALOGUE:
            row.refuse("table", "is the name of the catalogue's own limits")
        grades = tables.setdefault(name, {})
        if grade in grades:
            row.refuse("grade", f"stands twice in the table {name}")
        grades[grade] = _limit(row)
    return tables


def _limit(row: Row) -> Limit:
    unit, text = row.choice("limit_unit", LimitUnit), row.cells["limit_amount"]
    try:
        return Limit(float(text) if text else None, unit)
    except (ValueError, BadValue):
        row.refuse(
            "limit_amount",
            f"is no limit in {unit.value}",
            allowed="nothing for managed; else more than 0, at most ten years, whole days",
        )


def load_office_hours(
    source: Source | None = None, *, departments: Collection[str] | None = None
) -> tuple[OfficeHours, dict[str, OfficeHours]]:
    """Read ``department``, ``office_hours``; the row without a department is the site's.

    Returns
    -------
    OfficeHours, and mapping of department to OfficeHours

    Raises
    ------
    UnreadableFile, WrongEncoding, MissingColumn, BadValue
        Faulty cells are named by file, row and column.
    """
    site, own = DEFAULT_OFFICE_HOURS, {}
    source = source or package_data("gridmap.routing", "office_hours.csv")
    seen: set[str] = set()
    for row in read_table(source, ("department", "office_hours")):
        code = row.cells["department"]
        if code in seen:
            row.refuse("department", "is listed twice")
        if code and departments is not None and code.partition(":")[0] not in departments:
            row.refuse("department", "names no department", allowed=sorted(departments))
        seen.add(code)
        try:
            hours = OfficeHours.parse(row.cells["office_hours"])
        except BadValue:
            row.refuse("office_hours", "are none", allowed="09:00-12:00,13:30-17:30")
        if code:
            own[code] = hours
        else:
            site = hours
    return site, own


def load_terms(
    source: Source | None = None,
    *,
    catalogue: Catalogue,
    limits: LimitTables,
    office_hours: OfficeHours = DEFAULT_OFFICE_HOURS,
    hours_of: Mapping[str, OfficeHours] | None = None,
) -> Terms:
    """Read a site's terms; the package's own when no source is given.

    Columns ``scope`` (``site``, ``level``, ``class``, ``item``) and ``code`` (empty for the
    site), then any of ``limit_table`` (``catalogue`` or a table of limits), ``grade`` (in that
    table; the handling level when empty), ``start_rule``, ``intake_cutoff``, ``ambiguity``,
    ``leader`` (code of a post), ``review_days``, ``returns`` and ``dispatch``. An empty cell
    leaves a thing to the more general row.

    Raises
    ------
    UnreadableFile, WrongEncoding, MissingColumn, BadValue
        Faulty cells are named by file, row and column; so is an item for which the table of
        limits that holds has no row.
    """
    rows: dict[tuple[Scope, str], dict[str, Any]] = {}
    source = source or package_data("gridmap.routing", "terms.csv")
    known = {
        Scope.SITE: {""},
        Scope.LEVEL: {level.value for level in HandlingLevel},
        Scope.CLASS: set(catalogue.classes),
        Scope.ITEM: set(catalogue.codes),
    }
    for row in read_table(source, ("scope", "code"), _COLUMNS):
        scope, code = row.choice("scope", Scope), row.cells["code"]
        if code not in known[scope]:
            row.refuse("code", f"is no {scope.value}", allowed=sorted(known[scope])[:20])
        if (scope, code) in rows:
            row.refuse("code", "stands twice in this scope")
        rows[scope, code] = _said(row, limits)
        _check_limits(row, Terms(rows, limits), catalogue)
    return Terms(rows, limits, office_hours, hours_of or {})


def _said(row: Row, limits: LimitTables) -> dict[str, Any]:
    said: dict[str, Any] = {}
    cells = row.cells
    if cells["limit_table"]:
        if cells["limit_table"] not in {CATALOGUE, *limits}:
            row.refuse("limit_table", "is none", allowed=[CATALOGUE, *limits])
        said["limit_table"] = cells["limit_table"]
    for column in ("grade", "leader"):
        if cells[column]:
            said[column] = cells[column]
    if cells["start_rule"]:
        said["start_rule"] = row.choice("start_rule", StartRule)
    if cells["ambiguity"]:
        said["ambiguity"] = row.choice("ambiguity", AmbiguityPolicy)
    if cells["dispatch"]:
        said["dispatch"] = row.choice("dispatch", Sending)
    if cells["intake_cutoff"]:
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", cells["intake_cutoff"]):
            row.refuse("intake_cutoff", "is no time of the day", allowed="a time such as 16:00")
        said["cutoff"] = time.fromisoformat(cells["intake_cutoff"])
    for column, most in (("review_days", _MOST_REVIEW_DAYS), ("returns", _MOST_RETURNS)):
        text = cells[column]
        if text and not (text.isascii() and text.isdecimal() and 0 < int(text) <= most):
            row.refuse(column, "is no number that can be used", allowed=f"1 to {most}")
        if text:
            said[column] = int(text)
    return said


def _check_limits(row: Row, terms: Terms, catalogue: Catalogue) -> None:
    """Refuse a row after which an item has no limit."""
    scope, code = Scope(row.cells["scope"]), row.cells["code"]
    for item in catalogue:
        own = {Scope.SITE: "", Scope.LEVEL: item.level.value, Scope.CLASS: item.class_code}
        if own.get(scope, item.code) != code:
            continue
        try:
            terms.of(item)
        except KeyError as error:
            row.refuse("grade", f"is in no row of the table: item {item.code} needs {error}")
