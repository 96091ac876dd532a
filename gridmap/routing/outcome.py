"""The owners of every item at every kind of place, each distinct question asked once.

An item looks at few of the overlays that lie at a place, and overlays that an owner follows
from alike give one answer: of the items times the places few questions are left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gridmap.routing.answers import ANYWHERE, WHOEVER, Answers
from gridmap.routing.overlays import SITES
from gridmap.routing.owner import Owner
from gridmap.routing.spots import Spots, claim

__all__ = ["Outcome", "outcomes"]

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Outcome:
    """The owners of one item at n places.

    Attributes
    ----------
    owners : list of Owner
        Each place has the lead, the co-parties and the review of one of them; the explanation
        may name another site, or another item that is decided alike.
    at : int64 (n,)
        Which.
    """

    owners: list[Owner]
    at: Ints

    @property
    def counts(self) -> Ints:
        """Number of places of each of the owners, int64."""
        found: Ints = np.bincount(self.at, minlength=len(self.owners)).astype(np.int64)
        return found

    def where(self, told: list[bool]) -> Ints:
        """Return the places of those owners of which a list says so."""
        return np.flatnonzero(np.array([*told, False], dtype=bool)[self.at])


def outcomes(answers: Answers, places: Spots) -> Iterator[tuple[str, Outcome]]:
    """Yield every item of a catalogue with its owners at some kinds of place.

    Parameters
    ----------
    answers : Answers
    places : Spots
        Of the same overlays.
    """
    numbers, known = answers.numbers, answers.overlays.overlays
    claims: dict[object, int] = {}
    alike = np.array(
        [claims.setdefault(claim(overlay), len(claims)) for overlay in known], dtype=np.int64
    )
    lying = _Lying.of(places)
    # Of a site that names its items all that speak of sites take note, and some are named.
    naming = [overlay.items for overlay in known if overlay.kind in SITES and overlay.items]
    # Items that look at the same overlays see the same places alike.
    seen: dict[bytes, tuple[list[_Question], Ints]] = {}
    found: dict[tuple[object, ...], Outcome] = {}
    for code in answers.known:
        matters = numbers.matters[numbers.place[code]]
        key = matters.tobytes()
        if key not in seen:
            looked_at = matters[numbers.sign] if known else np.zeros(0, dtype=bool)
            seen[key] = lying.questions(looked_at, alike)
        kin = key, *_kin(answers, code, naming)
        if kin not in found:
            asked, at = seen[key]
            found[kin] = Outcome(list(_owners(answers, code, asked)), at)
        yield code, found[kin]


def _kin(answers: Answers, code: str, naming: Sequence[tuple[str, ...]]) -> tuple[object, ...]:
    """Return what an item's owner follows from, beside the overlays that it looks at."""
    item = answers.known[code][0]
    rule, name = answers.book.site_rules.get(code), answers.book.named(item)
    named = tuple(name in items for items in naming)
    return item.department, item.co_departments, item.location_rule, rule, named


_Question = tuple[int, tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class _Lying:
    """Seats of places, and the overlays that lie there, one after the other.

    Attributes
    ----------
    seats : list of int (n,)
    row : int64 (k,)
        Overlays of the first place, then those of the second one.
    place : int64 (k,)
    """

    seats: list[int]
    row: Ints
    place: Ints

    @classmethod
    def of(cls, places: Spots) -> _Lying:
        rows = [o for spot in places for o in spot.overlays]
        count = [len(spot.overlays) for spot in places]
        return cls(
            [spot.seat for spot in places],
            np.array(rows, dtype=np.int64),
            np.repeat(np.arange(len(count)), count),
        )

    def questions(self, looked_at: NDArray[np.bool_], alike: Ints) -> tuple[list[_Question], Ints]:
        """Return the distinct seats with overlays looked at, and which of them each place has."""
        kept = looked_at[self.row]
        row = self.row[kept]
        edges = np.searchsorted(self.place[kept], np.arange(len(self.seats) + 1)).tolist()
        said, size = alike[row].tobytes(), alike.itemsize
        number: dict[tuple[int, bytes], int] = {}
        asked: list[_Question] = []
        at = []
        for seat, (a, b) in zip(self.seats, pairwise(edges), strict=True):
            one = number.setdefault((seat, said[a * size : b * size]), len(asked))
            if one == len(asked):
                asked.append((seat, tuple(row[a:b].tolist())))
            at.append(one)
        return asked, np.array(at, dtype=np.int64)


def _owners(answers: Answers, code: str, asked: list[_Question]) -> Iterator[Owner]:
    """Yield the owner of an item for each question; where no seat is named, one for all seats."""
    seats = answers.territory.seats
    for seat, some in asked:
        shared = None if seats[seat].unit else answers.owner(code, ANYWHERE, some)
        if shared is not None and WHOEVER.isdisjoint((shared.lead, *shared.co)):
            yield shared
        else:
            yield answers.owner(code, seat, some)
