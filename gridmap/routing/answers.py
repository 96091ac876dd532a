"""Answers of one edition's router that are asked again and again, remembered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from gridmap.places.model import Post
from gridmap.routing.book import Basis, RouteBook
from gridmap.routing.catalogue import LimitUnit
from gridmap.routing.clock import Due
from gridmap.routing.confidence import Faces
from gridmap.routing.counting import StartRule
from gridmap.routing.explanation import Step
from gridmap.routing.numbers import Numbers
from gridmap.routing.overlays import ASSET, OverlayMap
from gridmap.routing.owner import Owner, OwnerFinder, unnamed_firms
from gridmap.routing.parties import Parties, Party
from gridmap.routing.responders import FirstResponders
from gridmap.routing.terms import AmbiguityPolicy, Term
from gridmap.routing.territory import Seat, Territory
from gridmap.routing.unrouted import opening

if TYPE_CHECKING:
    from gridmap.routing.grouped import Head

__all__ = ["ANYWHERE", "WHOEVER", "Answers", "Settled"]

# A seat that stands for all without a unit. What is found there without naming its bodies holds
# wherever those are, for whoever looks at one of them names it.
ANYWHERE = -1
_SOMEWHERE = Seat("\x00office", "\x00community")
WHOEVER = frozenset({_SOMEWHERE.office, _SOMEWHERE.community})

_MEMORY = 1 << 17  # answers of each kind that are kept


@dataclass(frozen=True, slots=True)
class Settled:
    """The owner of an item over all places where it may be.

    Attributes
    ----------
    owner : Owner
        As decided: without a lead, or with a coordinating one, where owners differ.
    here : Owner
        That of the point itself.
    alike : bool
        True when all places lead to it alike: by a rule, or none does.
    options : tuple of str
        The possible leads where they differ.
    """

    owner: Owner
    here: Owner
    alike: bool
    options: tuple[str, ...] = ()


class Answers:
    """Owners, deadlines and first responders in one edition. Safe to share between threads.

    Seats and overlays go by their numbers, so that what is remembered is small and found fast.

    Attributes
    ----------
    parties : Parties
        Everybody that a decision can name: departments, offices of areas, property firms.
    basis : Basis or None
        What all its decisions are made by.
    known : dict of item code to (Item, number to call first, opening steps)
    terms : dict of item code to Term
    posts : dict of code to Post
    faces : Faces
    heads : dict of (item code, seat, overlays) to Head
        What reports that are alike share, from call to call.
    owner, settled, placed, in_force, relevant : callable
        The methods of the same names, remembered.
    """

    def __init__(
        self,
        book: RouteBook,
        territory: Territory,
        overlays: OverlayMap,
        parties: Iterable[Party],
        posts: Iterable[Post],
        basis: Basis | None = None,
    ) -> None:
        self.basis = basis
        self.book, self.territory, self.overlays = book, territory, overlays
        whole = [
            Party(d.code, d.name, d.name_en) for d in book.departments.values() if not d.by_place
        ]
        made = [*whole, *territory.parties(), *unnamed_firms(overlays.overlays)]
        # What a site has put down itself about a body stands above what follows by rule.
        own = list(parties)
        named = {party.code for party in own}
        self.parties = Parties([*(party for party in made if party.code not in named), *own])
        held = list(posts)
        self.posts = {post.code: post for post in held}
        self.responders = FirstResponders(held, territory, self.parties)
        self.faces = Faces(territory.coverage, overlays, territory.seat_of)
        self.known = {item.code: (item, *opening(item)) for item in book.catalogue}
        self.terms = {item.code: book.terms.of(item) for item in book.catalogue}
        self.heads: dict[tuple[str, int, tuple[int, ...]], Head] = {}
        self._finder = OwnerFinder(book, self.parties)
        self.owner = lru_cache(maxsize=_MEMORY)(self.find_owner)
        self.settled = lru_cache(maxsize=_MEMORY)(self._settle)
        self.placed = lru_cache(maxsize=_MEMORY)(self._find_placed)
        self.in_force = lru_cache(maxsize=_MEMORY)(self._find_in_force)
        self.relevant = lru_cache(maxsize=_MEMORY)(self._find_relevant)
        self._due = lru_cache(maxsize=_MEMORY)(self._find_due)

    @cached_property
    def numbers(self) -> Numbers:
        """Items and overlays as numbers, for arrays of reports."""
        return Numbers.of(self, self._finder)

    def forget(self) -> None:
        """Forget what is remembered: for measuring."""
        for one in (self.owner, self.settled, self.placed, self.in_force, self.relevant, self._due):
            one.cache_clear()
        self._finder.forget()
        self.heads.clear()

    def due(self, code: str, lead: str, received: datetime, day: date) -> Due:
        """Return when a report received at a moment (aware UTC), local `day`, is due from a lead.

        `code` is that of its item.
        """
        term = self.terms[code]
        unit, rule = term.limit.unit, term.start_rule
        if unit is LimitUnit.WORKING_DAY and rule is not StartRule.AFTER_INTAKE_CUTOFF:
            # Only the day counts: one answer for all reports of a day.
            received = datetime.combine(day, time(), self.book.zone)
        if not self.book.terms.hours_of:
            # Every lead keeps the site's hours.
            lead = ""
        return self._due(term, lead, received)

    def find_owner(self, code: str, seat: int, overlays: tuple[int, ...]) -> Owner:
        """Return the owner of an item at a seat under some overlays, as `owner` remembers it."""
        found = [self.overlays.overlays[o] for o in overlays]
        where = _SOMEWHERE if seat == ANYWHERE else self.territory.seats[seat]
        return self._finder.find(self.known[code][0], where, found)

    def _find_placed(
        self, code: str, seats: tuple[int, ...], overlays: tuple[int, ...], day: date
    ) -> Settled:
        """Return the owner at an exact place: of the assets there the nearest one counts."""
        areas, assets = self.relevant(code, self.in_force(overlays, day))
        return self.settled(code, seats, ((*areas, *assets[:1]),))

    def _find_in_force(self, overlays: tuple[int, ...], day: date) -> tuple[int, ...]:
        return tuple(o for o in overlays if self.overlays.overlays[o].in_force(day))

    def _find_relevant(
        self, code: str, overlays: tuple[int, ...]
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return of some overlays those that matter for an item: areas, and assets."""
        item, known = self.known[code][0], self.overlays.overlays
        some = [o for o in overlays if self._finder.matters(item, known[o])]
        return (
            tuple(o for o in some if known[o].kind != ASSET),
            tuple(o for o in some if known[o].kind == ASSET),
        )

    def _find_due(self, term: Term, lead: str, received: datetime) -> Due:
        return self.book.due_by(term, lead, received)

    def _settle(
        self, code: str, seats: tuple[int, ...], choices: tuple[tuple[int, ...], ...]
    ) -> Settled:
        """Return the owner over all possible places.

        `seats` are those the report may be in and `choices` the overlays that may lie there,
        in both the ones of the point itself first.
        """
        here = self.owner(code, seats[0], choices[0])
        if len(seats) == len(choices) == 1:
            return Settled(here, here, True)
        owners = [self.owner(code, seat, some) for seat in seats for some in choices]
        leads = [owner.lead for owner in owners]
        alike = len({(owner.lead, owner.review) for owner in owners}) == 1
        options = tuple(lead for lead in dict.fromkeys([here.lead, *leads]) if lead)
        if len(set(leads)) == 1:
            return Settled(here, here, alike)
        steps = (*here.steps, Step("ambiguous_owner", self.parties.named(options, "options")))
        shared = self._shared(self.terms[code].ambiguity, seats)
        if shared:
            step = Step("shared_parent", self.parties.named((shared,)))
            return Settled(Owner(shared, (), (*steps, step), review=True), here, False, options)
        steps = (*steps, Step("a_person_decides"))
        return Settled(Owner("", (), steps, review=True), here, False, options)

    def _shared(self, policy: AmbiguityPolicy, seats: tuple[int, ...]) -> str:
        """Return the office of the area that all seats share, as the policy asks; "" for none."""
        if policy is AmbiguityPolicy.PERSON:
            return ""
        found = [self.territory.seats[seat] for seat in seats]
        communities = {seat.community for seat in found}
        if policy is AmbiguityPolicy.SHARED_PARENT and len(communities) == 1 and min(communities):
            return communities.pop()
        offices = {seat.office for seat in found}
        return offices.pop() if len(offices) == 1 else ""
