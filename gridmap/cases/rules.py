"""The limits and counts of a site: a table, because every district has its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from gridmap.cases.model import Order
from gridmap.errors import BadValue
from gridmap.routing.book import RouteBook
from gridmap.routing.catalogue import Limit, LimitUnit
from gridmap.routing.clock import Due, Pause, deadline
from gridmap.routing.terms import Sending
from gridmap.tables import Row, Source, package_data, read_table

__all__ = ["OF_ITEM", "TABLE", "CaseRules", "load_case_rules"]

TABLE = "case_rules.csv"
# The limit of an order's own item, among those of the table.
OF_ITEM = "item"

_COUNTS = ("reopenings",)
_SHARES = ("soon_due",)
_LIMITS = (
    "confirm", "accept", "contact", "report_in", "report_in_emergency", "stage_S", "stage_X",
    "reopened", "written_after", "named_after", "backlog_review",
)  # fmt: skip
_UNITS = ("count", "share")


@dataclass(frozen=True)
class CaseRules:
    """Limits, shares and counts by name, with the calendar they are counted by.

    Attributes
    ----------
    book : RouteBook
        Calendar, office hours, zone, and the items' own limits.
    limits : mapping of str to Limit
        A limit that a site leaves out never passes.
    soon_due : float or None
        Share of the time after which a reminder goes out; None for none.
    reopenings : int
    further : mapping of str to RouteBook
        The rules of the site's further catalogues, by name.
    """

    book: RouteBook
    limits: Mapping[str, Limit]
    soon_due: float | None
    reopenings: int
    further: Mapping[str, RouteBook] = field(default_factory=dict)

    def after(self, name: str, start: datetime) -> datetime | None:
        """Return when a limit that begins at `start` (aware) has passed.

        None when the site has no such limit, or the calendar does not reach that far.
        """
        limit = self.limits.get(name)
        return None if limit is None else self._passed(limit, start).due_at

    def has(self, name: str) -> bool:
        """True when the site has such a limit."""
        return name in self.limits

    def returns_before_review(self, item: str, catalogue: str = "") -> int:
        """Return which return of an order about an item forces an ownership review."""
        book = self._book_of(catalogue)
        if book is None or item not in book.catalogue:
            return self.book.terms.default_returns
        return book.terms.of(book.catalogue.item(item)).returns

    def sent_at_once(self, item: str, catalogue: str = "") -> bool:
        """True when a report about an item goes to its known owner by itself."""
        book = self._book_of(catalogue)
        if book is None or item not in book.catalogue:
            return False
        return book.terms.of(book.catalogue.item(item)).dispatch is Sending.AT_ONCE

    def item_due(
        self, item: str, lead: str, start: datetime, catalogue: str = ""
    ) -> datetime | None:
        """Return when an item counted from `start` is due of a lead; None without such a time."""
        book = self._book_of(catalogue)
        if book is None or item not in book.catalogue:
            return None
        return book.due(book.catalogue.item(item), lead, start).due_at

    def due_again(self, order: Order, limit: str, start: datetime) -> Due | None:
        """Return when an order is due whose time begins to run anew at `start` (aware).

        `limit` is the name of one, or :data:`OF_ITEM` for that of the order's item; None where
        there is no such limit.
        """
        if limit != OF_ITEM:
            known = self.limits.get(limit)
            return None if known is None else self._passed(known, start)
        book = self._book_of(order.catalogue)
        if book is None or order.item not in book.catalogue:
            return None
        return book.due(book.catalogue.item(order.item), order.lead, start)

    def given_back(
        self, order: Order, due_at: datetime, since: datetime, pauses: Iterable[Pause]
    ) -> datetime | None:
        """Return a due time that an order was given at a moment, moved by the pauses since then.

        None while its clock stands still, and where the calendar does not reach. What its
        catalogue has no more stays as it is.
        """
        book = self._book_of(order.catalogue)
        if book is None or order.item not in book.catalogue:
            return due_at
        item = book.catalogue.item(order.item)
        return book.given_back(item, order.lead, due_at, since, pauses)

    def _book_of(self, catalogue: str) -> RouteBook | None:
        """Return the rules of a catalogue; None when the site has it no more."""
        return self.further.get(catalogue) if catalogue else self.book

    def _passed(self, limit: Limit, start: datetime) -> Due:
        book = self.book
        return deadline(
            start,
            limit,
            book.calendar,
            zone=book.zone,
            office_hours=book.terms.office_hours,
        )

    def soon(self, order_from: datetime, due_at: datetime) -> datetime | None:
        """Return when the reminder before the due time goes out; None for none."""
        if self.soon_due is None or due_at <= order_from:
            return None
        passed = (due_at - order_from).total_seconds() * self.soon_due
        return order_from + timedelta(seconds=round(passed))


def load_case_rules(
    folder: Path | None, book: RouteBook, further: Mapping[str, RouteBook] | None = None
) -> CaseRules:
    """Read the table of a site's folder, or the package's own where it has none.

    `further` are the rules of the site's further catalogues, by name.

    Raises
    ------
    UnreadableFile, WrongEncoding, MissingColumn, BadValue
        For a table that cannot be used; a faulty cell is named by file, row and column.
    """
    own = folder / TABLE if folder is not None else None
    source: Source = (
        own if own is not None and own.exists() else package_data("gridmap.cases", TABLE)
    )
    seen: dict[str, int] = {}
    limits: dict[str, Limit] = {}
    numbers: dict[str, float] = {}
    for row in read_table(source, ["rule", "amount", "unit"]):
        name = row.unique("rule", seen)
        if name in _LIMITS:
            limits[name] = _limit(row)
        elif name in _COUNTS + _SHARES:
            numbers[name] = _number(row, "count" if name in _COUNTS else "share")
        else:
            row.refuse("rule", "is unknown", allowed=[*_LIMITS, *_COUNTS, *_SHARES])
    return CaseRules(
        book=book,
        limits=limits,
        soon_due=numbers.get("soon_due"),
        reopenings=int(numbers.get("reopenings", 1)),
        further=further or {},
    )


def _limit(row: Row) -> Limit:
    unit = row.choice("unit", LimitUnit)
    if unit is LimitUnit.MANAGED:
        row.refuse("unit", "has no moment at which it passes")
    try:
        return Limit(float(row.text("amount")), unit)
    except (ValueError, BadValue):
        row.refuse("amount", "is no amount of that unit")


def _number(row: Row, unit: str) -> float:
    if row.cells["unit"] != unit:
        row.refuse("unit", "does not fit this rule", allowed=unit)
    try:
        value = float(row.text("amount"))
    except ValueError:
        row.refuse("amount", "is no number")
    if unit == "count" and not (value >= 1 and value % 1 == 0):
        row.refuse("amount", "is no count", allowed="1, 2, 3 ...")
    if unit == "share" and not 0 < value < 1:
        row.refuse("amount", "is no share", allowed="between 0 and 1")
    return value
