"""What a point may belong to: all atoms within its accuracy, judged level by level."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridmap.locate.borders import Floats, Ints, expand, group_sizes, group_starts
from gridmap.locate.model import AtomIndex

__all__ = ["MAX_CANDIDATES", "Family", "Flags", "Pairs", "Reach", "reach"]

Flags = NDArray[np.bool_]

# More candidates than these help nobody; an accuracy of kilometres reaches thousands.
MAX_CANDIDATES = 256

# Pairs that a block of points can give at the very most: some 500 MB.
_PAIRS = 20_000_000
_BLOCK = 8192


@dataclass(frozen=True, eq=False, slots=True)
class Family:
    """How the atoms of an edition hang together.

    Attributes
    ----------
    rows : int64 (atoms,)
        Row that answers for each atom: its own, or what it is the remainder of.
    ancestors : int64 (atoms, levels)
        Row of the area at each level, -1 where there is none.
    """

    rows: Ints
    ancestors: Ints

    def standing_for(self, asked: int) -> Ints:
        """Row of the area that stands for each atom at a level: the next coarser one present."""
        at_or_above = self.ancestors[:, : asked + 1]
        finest = asked - np.argmax(at_or_above[:, ::-1] >= 0, axis=1)
        found = np.take_along_axis(at_or_above, finest[:, None], axis=1)[:, 0]
        return np.where(found >= 0, found, self.rows)


@dataclass(frozen=True, eq=False, slots=True)
class Pairs:
    """Pairs of a point and an atom it may belong to, ordered by point."""

    owner: Ints
    atom: Ints
    metres: Floats


@dataclass(frozen=True, eq=False, slots=True)
class Reach:
    """What n points may belong to.

    Attributes
    ----------
    several : bool (n,)
        Whether different areas stand for the atoms at the level asked.
    shared : int64 (n,)
        Rank of the finest level at which all the atoms are in one area, -1 if there is none.
    candidates : Pairs
        Of points with more than one atom, and of points in no atom that have any: the
        winner first, then by atom.
    cut : int64
        Points that had more than `MAX_CANDIDATES`; they keep the nearest.
    """

    several: Flags
    shared: Ints
    candidates: Pairs
    cut: Ints


def reach(
    index: AtomIndex,
    family: Family,
    keys: Ints,
    points: tuple[Floats, Floats, Floats],
    touching: tuple[Ints, Ints],
    won: Ints,
) -> Reach:
    """Find and judge the atoms within the accuracy; those touched where none is given.

    Parameters
    ----------
    keys : int64 (atoms,)
        What stands for each atom at the level asked, see `Family.standing_for`.
    points : lon, lat, radius, each float64 (n,)
        Radius in metres, NaN where not given.
    touching : point, atom
        Pairs that touch, ordered.
    won : int64 (n,)
        Winning atom, -1 for a point outside.
    """
    several = np.zeros(len(won), dtype=bool)
    shared = np.full(len(won), -1, dtype=np.int64)
    listed, cut = [], []
    for pairs in _pairs(index, len(keys), points, touching):
        starts = group_starts(pairs.owner)
        owner = pairs.owner[starts]
        several[owner] = _differs(keys[pairs.atom], starts)
        shared[owner] = _shared(family.ancestors, pairs.atom, starts)
        some, too_many = _listed(pairs, starts, won)
        listed.append(some)
        cut.append(too_many)
    return Reach(several, shared, _joined(listed), np.concatenate(cut))


def _pairs(
    index: AtomIndex,
    atoms: int,
    points: tuple[Floats, Floats, Floats],
    touching: tuple[Ints, Ints],
) -> Iterator[Pairs]:
    """All pairs, in blocks that no accuracy, however large, makes too large for memory."""
    (lon, lat, radius), (owner, atom) = points, touching
    plain = np.isnan(radius)[owner]
    yield Pairs(owner[plain], atom[plain], np.zeros(np.count_nonzero(plain)))
    given = np.flatnonzero(~np.isnan(radius))
    size = min(_BLOCK, max(1, _PAIRS // max(atoms, 1)))
    for start in range(0, len(given), size):
        block = given[start : start + size]
        yield _within(index, block, np.stack([lon[block], lat[block], radius[block]]))


def _within(index: AtomIndex, point: Ints, places: Floats) -> Pairs:
    """Atoms within the radius of each place (3, n: lon, lat, radius), for its point."""
    # Geocoders put all they know nothing of at one place with a large radius: ask it once.
    order = np.lexsort(places)
    ordered = places[:, order]
    new = np.ones(len(order), dtype=bool)
    new[1:] = (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)
    distinct, number = ordered[:, new], np.empty(len(order), dtype=np.int64)
    number[order] = np.cumsum(new) - 1
    place, atom, metres = index.within(*distinct)
    first = np.searchsorted(place, np.arange(distinct.shape[1] + 1))
    count = np.diff(first)[number]
    found = expand(first[number], count)
    return Pairs(np.repeat(point, count), atom[found], metres[found])


def _differs(key: Ints, starts: Ints) -> Flags:
    if len(starts) == len(key):
        return np.zeros(len(key), dtype=bool)
    differs: Flags = np.minimum.reduceat(key, starts) != np.maximum.reduceat(key, starts)
    return differs


def _shared(ancestors: Ints, atom: Ints, starts: Ints) -> Ints:
    shared = np.full(len(starts), -1, dtype=np.int64)
    for rank in range(ancestors.shape[1]):
        area = ancestors[atom, rank]
        one = ~_differs(area, starts) & (area[starts] >= 0)
        shared[one] = rank
    return shared


def _listed(pairs: Pairs, starts: Ints, won: Ints) -> tuple[Pairs, Ints]:
    """Candidates in the order of the answer, and the points that have too many of them."""
    owner = pairs.owner[starts]
    count = group_sizes(starts, len(pairs.owner))
    open_ = (count > 1) | (won[owner] < 0)
    chosen = expand(starts[open_], count[open_])
    many = count[open_] > MAX_CANDIDATES
    if many.any():
        chosen = _nearest_of(pairs, chosen)
    point, atom, metres = pairs.owner[chosen], pairs.atom[chosen], pairs.metres[chosen]
    order = np.lexsort((atom, atom != won[point], point))
    return Pairs(point[order], atom[order], metres[order]), owner[open_][many]


def _nearest_of(pairs: Pairs, chosen: Ints) -> Ints:
    """Of the chosen pairs, at most `MAX_CANDIDATES` a point; the winner is at distance 0."""
    owner, atom = pairs.owner[chosen], pairs.atom[chosen]
    order = np.lexsort((atom, pairs.metres[chosen], owner))
    starts = group_starts(owner)
    kept = np.minimum(group_sizes(starts, len(owner)), MAX_CANDIDATES)
    return chosen[order][expand(starts, kept)]


def _joined(parts: list[Pairs]) -> Pairs:
    owner = np.concatenate([part.owner for part in parts])
    order = np.argsort(owner, kind="stable")
    return Pairs(
        owner[order],
        np.concatenate([part.atom for part in parts])[order],
        np.concatenate([part.metres for part in parts])[order],
    )
