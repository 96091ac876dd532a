"""What became of areas: kept, split, merged, moved ..., from the land that they share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

__all__ = ["MINOR_SHARE", "Groups", "Kind", "Ties", "group_areas"]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# A part up to this share of an area is a strip of its border, no reason to speak of a split
# or a merger.
MINOR_SHARE = 0.1


class Kind(StrEnum):
    """What became of a group of areas; `TRANSFER` stands for land that went between groups.

    Land counts when it is more than slivers. An area *goes on* as its heir, see
    :func:`gridmap.coverage.lineage.identity.find_heirs`.

    ============  ====================================================================
    KEPT          the same land, code and name
    RENAMED       the same land and code, another name
    RECODED       the same land, another code (and perhaps another name)
    MOVED_BORDER  goes on with more or less land than before
    SPLIT         one became several
    MERGED        several became one
    REDRAWN       several became several, or one gave way to another on much of its land
    CREATED       made of parts of areas that go on, or of land that was in no area
    ABOLISHED     its land went in parts to areas that go on, or to none
    ============  ====================================================================
    """

    KEPT = "kept"
    RENAMED = "renamed"
    RECODED = "recoded"
    MOVED_BORDER = "moved_border"
    SPLIT = "split"
    MERGED = "merged"
    REDRAWN = "redrawn"
    CREATED = "created"
    ABOLISHED = "abolished"
    TRANSFER = "transfer"


@dataclass(frozen=True, eq=False)
class Ties:
    """Who shares land with whom, at one level; row ``i`` of the arrays is one tie.

    Attributes
    ----------
    old, new : int64 (k)
        Places of the areas; -1 for land that is in no area of that edition.
    share_old, share_new : float64 (k)
        The land as a part of the old area and of the new one; 0 where there is none.
    heir : int64 (n)
        Place of the new area that each old one goes on as, or -1.
    same_code, same_name : bool (n)
        Whether each old area's heir has its code, and its names.
    count_new : int
    """

    old: Rows
    new: Rows
    share_old: Floats
    share_new: Floats
    heir: Rows
    same_code: Mask
    same_name: Mask
    count_new: int


@dataclass(frozen=True, eq=False)
class Groups:
    """Areas that became each other, and how.

    Attributes
    ----------
    of_old, of_new : int64
        Number of each area's group, from 0.
    kind : list of Kind
        By group.
    within : bool (k)
        True for ties that hold a group together; the others are transfers.
    """

    of_old: Rows
    of_new: Rows
    kind: list[Kind]
    within: Mask


def group_areas(ties: Ties) -> Groups:
    """Sort the areas of two editions into groups that became each other.

    Notes
    -----
    Ties between areas that both go on, each as its own heir, are moved borders and hold
    nothing together. An area that does not go on belongs to one that does only with more
    than nine tenths of its land (it was merged into it, or split off from it). Two that do
    not go on belong together when they share more than a tenth of either.
    """
    count_old = len(ties.heir)
    within = _holding(ties)
    group = _join(
        count_old + ties.count_new,
        [
            *zip(ties.old[within].tolist(), (ties.new[within] + count_old).tolist(), strict=True),
            # Heirs without land have no tie.
            *((o, n + count_old) for o, n in enumerate(ties.heir.tolist()) if n >= 0),
        ],
    )
    of_old, of_new = group[:count_old], group[count_old:]
    return Groups(of_old, of_new, _kinds(ties, of_old, of_new), within)


def _holding(ties: Ties) -> Mask:
    inside = (ties.old >= 0) & (ties.new >= 0)
    # The place one after the last stands for -1.
    on_old = np.append(ties.heir >= 0, False)[ties.old]
    on_new = np.append(np.isin(np.arange(ties.count_new), ties.heir), False)[ties.new]
    heirs = np.append(ties.heir, -2)[ties.old] == ties.new
    merged = ~on_old & on_new & (ties.share_old > 1 - MINOR_SHARE)
    split = on_old & ~on_new & (ties.share_new > 1 - MINOR_SHARE)
    large = (ties.share_old > MINOR_SHARE) | (ties.share_new > MINOR_SHARE)
    out: Mask = inside & (heirs | merged | split | (~on_old & ~on_new & large))
    return out


def _join(count: int, edges: list[tuple[int, int]]) -> Rows:
    """Number the connected parts of a graph, in the order of their first node."""
    above = list(range(count))

    def top(node: int) -> int:
        while above[node] != node:
            above[node] = above[above[node]]
            node = above[node]
        return node

    for one, other in edges:
        a, b = top(one), top(other)
        above[max(a, b)] = min(a, b)
    tops = np.array([top(node) for node in range(count)], dtype=np.int64)
    numbers: Rows = np.unique(tops, return_inverse=True)[1].astype(np.int64)
    return numbers


def _kinds(ties: Ties, of_old: Rows, of_new: Rows) -> list[Kind]:
    count = int(max(of_old.max(initial=-1), of_new.max(initial=-1))) + 1
    olds, news = np.bincount(of_old, minlength=count), np.bincount(of_new, minlength=count)
    first = np.full(count, -1, dtype=np.int64)
    first[of_old] = np.arange(len(of_old))
    unmoved = _unmoved(ties)
    out = []
    for group, (n, m) in enumerate(zip(olds.tolist(), news.tolist(), strict=True)):
        if n == m == 1:
            out.append(_kind_of_pair(ties, int(first[group]), unmoved))
        elif n == 1:
            out.append(Kind.SPLIT if m else Kind.ABOLISHED)
        elif m == 1:
            out.append(Kind.MERGED if n else Kind.CREATED)
        else:
            out.append(Kind.REDRAWN)
    return out


def _unmoved(ties: Ties) -> Mask:
    """True for old areas whose heir has the same land, or none as they had none."""
    degree_old = np.bincount(ties.old + 1, minlength=len(ties.heir) + 1)[1:]
    degree_new = np.bincount(ties.new + 1, minlength=ties.count_new + 1)[1:]
    theirs = np.append(degree_new, 0)[ties.heir]
    tied = np.zeros(len(ties.heir) + 1, dtype=bool)
    tied[ties.old[np.append(ties.heir, -2)[ties.old] == ties.new]] = True
    both = (degree_old == 1) & (theirs == 1) & tied[:-1]
    out: Mask = (ties.heir >= 0) & (both | ((degree_old == 0) & (theirs == 0)))
    return out


def _kind_of_pair(ties: Ties, old: int, unmoved: Mask) -> Kind:
    if ties.heir[old] < 0:
        return Kind.REDRAWN
    if not unmoved[old]:
        return Kind.MOVED_BORDER
    if not ties.same_code[old]:
        return Kind.RECODED
    return Kind.KEPT if ties.same_name[old] else Kind.RENAMED
