"""The owners of every item at every kind of place, each distinct question asked once.

An item looks at few of the overlays that lie at a place, and overlays that an owner follows
from alike give one answer: of the items times the places few questions are left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridmap.routing.answers import Answers
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
        may name another site.
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
    alike = [claims.setdefault(claim(overlay), len(claims)) for overlay in known]
    # Items that look at the same overlays see the same places alike.
    seen: dict[bytes, tuple[list[tuple[int, tuple[int, ...]]], Ints]] = {}
    for code in answers.known:
        matters = numbers.matters[numbers.place[code]]
        key = matters.tobytes()
        if key not in seen:
            looked_at = matters[numbers.sign].tolist() if known else []
            seen[key] = _questions(places, looked_at, alike)
        asked, at = seen[key]
        yield code, Outcome([answers.owner(code, seat, some) for seat, some in asked], at)


def _questions(
    places: Spots, looked_at: list[bool], alike: list[int]
) -> tuple[list[tuple[int, tuple[int, ...]]], Ints]:
    """Return the distinct seats with overlays that are looked at, and which each place has."""
    number: dict[tuple[int, tuple[int, ...]], int] = {}
    asked: list[tuple[int, tuple[int, ...]]] = []
    at = []
    for spot in places:
        some = tuple([o for o in spot.overlays if looked_at[o]])
        key = spot.seat, tuple([alike[o] for o in some])
        one = number.setdefault(key, len(asked))
        if one == len(asked):
            asked.append((spot.seat, some))
        at.append(one)
    return asked, np.array(at, dtype=np.int64)
