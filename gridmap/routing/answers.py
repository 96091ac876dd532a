"""Answers of one edition's router that are asked again and again, remembered."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from functools import lru_cache

from gridmap.places.model import Post
from gridmap.routing.book import AmbiguityPolicy, RouteBook
from gridmap.routing.catalogue import Limit, LimitUnit
from gridmap.routing.clock import Due, StartRule, deadline
from gridmap.routing.explanation import Step
from gridmap.routing.overlays import OverlayMap
from gridmap.routing.owner import Owner, OwnerFinder, unnamed_firms
from gridmap.routing.parties import Parties, Party
from gridmap.routing.responders import FirstResponders
from gridmap.routing.territory import Territory
from gridmap.routing.unrouted import opening

__all__ = ["Answers"]

_MEMORY = 1 << 17  # answers of each kind that are kept


class Answers:
    """Owners, deadlines and first responders in one edition. Safe to share between threads.

    Seats and overlays go by their numbers, so that what is remembered is small and found fast.

    Attributes
    ----------
    parties : Parties
        Everybody that a decision can name: departments, offices of areas, property firms.
    known : dict of item code to (Item, number to call first, opening steps)
    owner, settled, in_force : callable
        The methods of the same names, remembered.
    """

    def __init__(
        self,
        book: RouteBook,
        territory: Territory,
        overlays: OverlayMap,
        parties: Iterable[Party],
        posts: Iterable[Post],
    ) -> None:
        self.book, self.territory, self.overlays = book, territory, overlays
        whole = [
            Party(d.code, d.name, d.name_en) for d in book.departments.values() if not d.by_place
        ]
        made = [*whole, *territory.parties(), *unnamed_firms(overlays.overlays)]
        # What a site has put down itself about a body stands above what follows by rule.
        own = list(parties)
        named = {party.code for party in own}
        self.parties = Parties([*(party for party in made if party.code not in named), *own])
        self.responders = FirstResponders(posts, territory)
        self.known = {item.code: (item, *opening(item)) for item in book.catalogue}
        self._finder = OwnerFinder(book, self.parties)
        self.owner = lru_cache(maxsize=_MEMORY)(self._find_owner)
        self.settled = lru_cache(maxsize=_MEMORY)(self._settle)
        self.in_force = lru_cache(maxsize=_MEMORY)(self._find_in_force)
        self._due = lru_cache(maxsize=_MEMORY)(self._find_due)

    def due(self, limit: Limit, received: datetime, day: date) -> Due:
        """Return when a report received at a moment (aware UTC), local `day`, is due."""
        if limit.unit is LimitUnit.WORKING_DAY and self.book.start_rule is StartRule.FROM_RECEIPT:
            # Only the day counts: one answer for all reports of a day.
            received = datetime.combine(day, time(), self.book.zone)
        return self._due(limit, received)

    def _find_owner(self, code: str, seat: int, overlays: tuple[int, ...]) -> Owner:
        found = [self.overlays.overlays[o] for o in overlays]
        return self._finder.find(self.known[code][0], self.territory.seats[seat], found)

    def _find_in_force(self, overlays: tuple[int, ...], day: date) -> tuple[int, ...]:
        return tuple(o for o in overlays if self.overlays.overlays[o].in_force(day))

    def _find_due(self, limit: Limit, received: datetime) -> Due:
        book = self.book
        return deadline(
            received,
            limit,
            book.calendar,
            zone=book.zone,
            office_hours=book.office_hours,
            start_rule=book.start_rule,
            cutoff=book.cutoff,
        )

    def _settle(
        self, code: str, seats: tuple[int, ...], choices: tuple[tuple[int, ...], ...]
    ) -> tuple[Owner, tuple[str, ...]]:
        """Return the owner over all possible places, and the leads to choose from.

        `seats` are those the report may be in and `choices` the overlays that may lie there,
        in both the ones of the point itself first.
        """
        here = self.owner(code, seats[0], choices[0])
        leads = [self.owner(code, seat, some).lead for seat in seats for some in choices]
        options = tuple(lead for lead in dict.fromkeys([here.lead, *leads]) if lead)
        if len(set(leads)) == 1:
            return here, ()
        steps = (*here.steps, Step("ambiguous_owner", self.parties.named(options, "options")))
        offices = {self.territory.seats[seat].office for seat in seats}
        shared = offices.pop() if len(offices) == 1 else ""
        if shared and self.book.ambiguity is AmbiguityPolicy.SHARED_PARENT:
            step = Step("shared_parent", self.parties.named((shared,)))
            return Owner(shared, (), (*steps, step), review=True), options
        return Owner("", (), (*steps, Step("a_person_decides")), review=True), options
