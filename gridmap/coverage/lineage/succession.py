"""The life of an area over editions: what it was before, and who came after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gridmap.coverage.lineage.crosswalk import Crosswalk, crosswalk
from gridmap.coverage.lineage.model import AREA, HOMES, LevelLineage
from gridmap.coverage.lineage.relations import Kind

__all__ = ["Change", "Life", "Part", "Stage", "Successor", "follow", "life_of", "successor"]


@dataclass(frozen=True, slots=True)
class Successor:
    """Who follows an area in an edition.

    Attributes
    ----------
    edition : str
    code, name : str or None
        None when most of the area is in no area of that edition.
    share : float
        Part of the area before that is in this one.
    measure, basis : str
        What the share is a share of, and what it rests on.
    kind : Kind
        What became of the area before.
    """

    edition: str
    code: str | None
    name: str | None
    share: float
    measure: str
    basis: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Part:
    """Land that an area has in common with one of another edition.

    Attributes
    ----------
    code, name : str or None
        The other area; None for land that is in none.
    kind : Kind
        ``TRANSFER`` when the two do not belong together.
    share, share_of_other : float
        The land as a part of this area, and of the other one.
    amounts : mapping of str to float or None
        By measure; square metres for the area. None where it is not known.
    """

    code: str | None
    name: str | None
    kind: Kind
    share: float
    share_of_other: float
    amounts: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Change:
    """What became of an area from one edition to the next, seen from either.

    `edition` is the other edition, `reparented` is True when the area came under another
    parent, `parts` are by share, the largest first.
    """

    edition: str
    kind: Kind
    reparented: bool
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """An area in one edition, with what was before and what came after."""

    edition: str
    code: str
    name: str
    before: Change | None
    after: Change | None


@dataclass(frozen=True, slots=True)
class Life:
    """An area over the editions.

    Attributes
    ----------
    stages : tuple of Stage
        The editions in which it is, oldest first; under other codes too.
    successors : tuple of Successor
        Who follows it in each edition after its last, until the newest; empty when it is in
        the newest edition.
    also : tuple of str
        Editions in which its code stands for another area.
    """

    stages: tuple[Stage, ...]
    successors: tuple[Successor, ...]
    also: tuple[str, ...]


def successor(lineage: LevelLineage, code: str) -> Successor:
    """Return who follows an old area: its heir, else the area with its largest part.

    By households where they are known, else by area; of equal parts that of the smallest
    code. `NotFound` when the old edition has no such area.
    """
    place = lineage.old_place(code)
    walk = crosswalk(lineage)
    measure = HOMES if HOMES in walk.weights else AREA
    rows = np.flatnonzero(walk.source == code)
    heir = int(lineage.heir[place])
    weights = walk.weights[measure]
    best = next(
        (r for r in rows if heir >= 0 and lineage.new[walk.link[r]] == heir),
        max(rows, key=lambda r: (weights[r], -int(lineage.new[walk.link[r]]))),
    )
    new = int(lineage.new[walk.link[best]])
    return Successor(
        edition=lineage.new_edition,
        code=None if new < 0 else str(lineage.new_code[new]),
        name=None if new < 0 else str(lineage.new_name[new]),
        share=float(weights[best]),
        measure=measure,
        basis=str(walk.basis[measure][best]),
        kind=_kind(lineage, lineage.old == place),
    )


def follow(chain: Sequence[LevelLineage], code: str) -> tuple[Successor, ...]:
    """Follow an area of the first old edition through lineages that join one another.

    Ends early where an area has no successor. An empty chain has none.
    """
    out: list[Successor] = []
    current: str | None = code
    for lineage in chain:
        if current is None:
            break
        out.append(successor(lineage, current))
        current = out[-1].code
    return tuple(out)


def life_of(
    editions: Sequence[str],
    names: Sequence[Mapping[str, str]],
    chain: Sequence[LevelLineage],
    code: str,
) -> Life | None:
    """Return the life of the area that bears `code` in the latest edition that has it.

    Parameters
    ----------
    editions : sequence of str
        In the order of their validity.
    names : sequence of mappings
        Name by code of the areas of each edition, at the level asked.
    chain : sequence of LevelLineage
        One less than there are editions: from each to the next.
    code : str

    Returns
    -------
    Life or None
        None when no edition has the code.
    """
    holding = [at for at, known in enumerate(names) if code in known]
    if not holding:
        return None
    first = last = holding[-1]
    codes = {first: code}
    while first > 0 and (before := _forebear(chain[first - 1], codes[first])) is not None:
        first -= 1
        codes[first] = before
    while last < len(chain) and (after := _heir(chain[last], codes[last])) is not None:
        last += 1
        codes[last] = after
    walks = {at: crosswalk(one) for at, one in enumerate(chain) if first - 1 <= at <= last}
    back = {at: crosswalk(chain[at], reverse=True) for at in walks}
    stages = tuple(
        Stage(
            editions[at],
            codes[at],
            names[at][codes[at]],
            _before(chain[at - 1], back[at - 1], walks[at - 1], codes[at]) if at else None,
            _after(chain[at], walks[at], back[at], codes[at]) if at < len(chain) else None,
        )
        for at in range(first, last + 1)
    )
    also = tuple(editions[at] for at in holding if codes.get(at) != code)
    return Life(stages, follow(chain[last:], codes[last]), also)


def _heir(lineage: LevelLineage, code: str) -> str | None:
    at = int(lineage.heir[lineage.old_place(code)])
    return None if at < 0 else str(lineage.new_code[at])


def _forebear(lineage: LevelLineage, code: str) -> str | None:
    found = np.flatnonzero(lineage.heir == lineage.new_place(code))
    return str(lineage.old_code[found[0]]) if len(found) else None


def _kind(lineage: LevelLineage, mine: np.ndarray) -> Kind:
    """The kind of an area's group: of those of its links that are no transfers."""
    kinds = lineage.kind[mine & (lineage.group >= 0)]
    return Kind(kinds[0])


def _after(lineage: LevelLineage, walk: Crosswalk, back: Crosswalk, code: str) -> Change:
    place = lineage.old_place(code)
    parts = _parts(lineage, walk, back, code, lineage.new, lineage.new_code, lineage.new_name)
    kind = _kind(lineage, lineage.old == place)
    return Change(lineage.new_edition, kind, bool(lineage.reparented[place]), parts)


def _before(lineage: LevelLineage, walk: Crosswalk, back: Crosswalk, code: str) -> Change:
    place = lineage.new_place(code)
    parts = _parts(lineage, walk, back, code, lineage.old, lineage.old_code, lineage.old_name)
    kind = _kind(lineage, lineage.new == place)
    reparented = bool(lineage.reparented[lineage.heir == place].any())
    return Change(lineage.old_edition, kind, reparented, parts)


def _parts(
    lineage: LevelLineage,
    walk: Crosswalk,
    back: Crosswalk,
    code: str,
    others: np.ndarray,
    codes: np.ndarray,
    names: np.ndarray,
) -> tuple[Part, ...]:
    of_other = dict(zip(back.link.tolist(), back.weights[AREA].tolist(), strict=True))
    rows = np.flatnonzero(walk.source == code)
    out = []
    for row in rows.tolist():
        link = int(walk.link[row])
        other = int(others[link])
        amounts = {
            name: float(amount.value[link]) if np.isfinite(amount.value[link]) else None
            for name, amount in lineage.amounts.items()
        }
        share = float(walk.weights[AREA][row])
        if share > 0:
            out.append(
                Part(
                    None if other < 0 else str(codes[other]),
                    None if other < 0 else str(names[other]),
                    Kind(lineage.kind[link]),
                    share,
                    0.0 if other < 0 else of_other.get(link, 0.0),
                    amounts,
                )
            )
    return tuple(out)
