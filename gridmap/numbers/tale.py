"""An order as it stood when a period began and when it ended, with what happened in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

import orjson

from gridmap.cases.folding import Folding
from gridmap.cases.model import Order
from gridmap.cases.states import CLOSED, State
from gridmap.numbers.period import Period
from gridmap.numbers.sendings import Sending, sendings

__all__ = ["Entry", "Tale", "Told", "tell"]

# By these a report is taken on as a case.
_FILED = frozenset({"order.confirm", "order.self_handle", "order.dispatch", "order.rule"})


class Entry(NamedTuple):
    """Something that happened to an order.

    Attributes
    ----------
    at : datetime
        Aware.
    lead : str
        Of the order after it.
    """

    at: datetime
    action: str
    by: str
    lead: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """An order as it is stored: everything that ever happened to it.

    Attributes
    ----------
    catalogue : str
        Which catalogue the item is of; empty for the site's own.
    lon, lat : float or None
        Where its report is, EPSG:4326.
    steps : str
        The explanation of how its report was first routed, the JSON that is stored; empty when not
        asked for.
    """

    number: int
    received_at: datetime
    created_at: datetime
    catalogue: str
    lon: float | None
    lat: float | None
    steps: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Tale:
    """What numbers are counted by.

    Attributes
    ----------
    before : Order or None
        As it stood when the period began; None when it was not there yet.
    after : Order
        As it stood at the end of what is known of the period.
    entries : tuple of Entry
        All of its life up to then.
    areas : mapping of level to code
        Where it counts.
    """

    before: Order | None
    after: Order
    entries: tuple[Entry, ...]
    areas: Mapping[str, str]
    catalogue: str = ""
    lon: float | None = None
    lat: float | None = None
    route: str = ""

    @property
    def number(self) -> int:
        """Number of the order."""
        return self.after.number

    @property
    def steps(self) -> Sequence[Mapping[str, Any]]:
        """The explanation of its report's route, as stored; read of the few that are asked."""
        found: Sequence[Mapping[str, Any]] = orjson.loads(self.route) if self.route else ()
        return found

    @cached_property
    def sendings(self) -> list[Sending]:
        """What was sent to whom, in order."""
        return sendings(self.entries)

    @cached_property
    def filed(self) -> bool:
        """True when it was taken on as a case."""
        return any(one.action in _FILED for one in self.entries)

    @property
    def sent(self) -> bool:
        """True when it was ever sent to a department."""
        return self.after.dispatches > 0

    @property
    def body(self) -> str:
        """The department it counts for: the lead, once it was sent there; else empty."""
        return self.after.lead if self.sent else ""

    @property
    def item(self) -> str:
        """The item it is about, with its catalogue where that is not the site's own."""
        item = self.after.item
        return f"{self.catalogue}:{item}" if self.catalogue and item else item

    @property
    def asleep(self) -> bool:
        """True for a report that was read in from a file and that nobody has taken up."""
        return self.after.round == 0 and self.after.state is State.SUBMITTED

    @property
    def outright(self) -> bool:
        """True when it was closed with a written reason without ever having been a case."""
        return self.after.state in {State.CLOSED, State.RATED} and not self.filed

    @property
    def done_at(self) -> datetime | None:
        """When the work was done: the last result, or the closing of what had none."""
        return self.after.resolved_at or self.after.closed_at

    def open_before(self) -> bool:
        """True when it was there and open as the period began."""
        return self.before is not None and self.before.state not in CLOSED

    def placed(self, areas: Mapping[str, str]) -> Tale:
        """Return it counted on other areas."""
        return replace(self, areas=areas)


def tell(told: Told, period: Period) -> Tale | None:
    """Return an order's tale; None when it was not received by the end of the period."""
    if told.received_at >= period.as_of:
        return None
    # An order is there from its report's receipt, however late that was entered.
    entries = (told.entries[0]._replace(at=told.received_at), *told.entries[1:])
    begun = 0
    for n, one in enumerate(entries):
        if one.at >= period.as_of:
            entries = entries[:n]
            break
        if one.at < period.since:
            begun = n + 1
    order = Folding(number=told.number, received_at=told.received_at, created_at=told.created_at)
    # What an event changes is told by what it was given, not by when it is counted.
    known, before = told.entries, None
    if begun:
        order.happen(known[:begun])
        before, order = order.as_order(), order.copied()
    order.happen(known[begun : len(entries)])
    after = order.as_order()
    return Tale(before, after, entries, after.areas, told.catalogue, told.lon, told.lat, told.steps)
