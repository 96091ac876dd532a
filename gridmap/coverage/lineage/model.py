"""What a lineage holds: areas of two editions, and the links between them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gridmap.coverage.lineage.amounts import Amount
from gridmap.coverage.lineage.relations import Kind
from gridmap.errors import NotFound, UnknownLevel

__all__ = ["AREA", "HOMES", "LevelLineage", "Lineage", "Relation", "no_areas"]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
Names = NDArray[np.object_]
Mask = NDArray[np.bool_]

# The measure that every lineage has: square metres.
AREA = "area"
# The measure that says who goes on as whom, where it is known.
HOMES = "households"


@dataclass(frozen=True, slots=True)
class Relation:
    """A group of areas that became each other.

    Attributes
    ----------
    kind : Kind
    old, new : tuple of str
        Their codes; one of the two is empty for what was created or abolished.
    links : tuple of int
        Rows of the lineage's arrays that concern it, transfers included, largest first.
    """

    kind: Kind
    old: tuple[str, ...]
    new: tuple[str, ...]
    links: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class LevelLineage:
    """Lineage at one level: areas, and links from old ones to new ones.

    Attributes
    ----------
    level : str
    old_edition, new_edition : str
    old_code, old_name : object (n,)
        The old areas; their place in these arrays is what `old` refers to.
    new_code, new_name : object (m,)
    old, new : int64 (k)
        The links. -1: land (or something counted) that is in no area of that edition, or an
        area without land.
    group : int64 (k)
        Number of the group the link belongs to; -1 for transfers between groups.
    kind : object (k,)
        :class:`Kind` of that group, or ``TRANSFER``.
    heir : int64 (n)
        The new area that each old one goes on as, -1 if none.
    reparented : bool (n)
        True for old areas whose heir belongs to another area of the level above.
    amounts : mapping of str to Amount
        By measure: :data:`AREA` in square metres, and what was counted.
    sliver_m2 : float
        Land that is in other areas only because lines were drawn twice: counted, not moved.
    """

    level: str
    old_edition: str
    new_edition: str
    old_code: Names
    old_name: Names
    new_code: Names
    new_name: Names
    old: Rows
    new: Rows
    group: Rows
    kind: Names
    heir: Rows
    reparented: Mask
    amounts: Mapping[str, Amount]
    sliver_m2: float

    @cached_property
    def relations(self) -> tuple[Relation, ...]:
        """The groups, in the order of their first old area; created ones last."""
        return tuple(self._relations())

    def counts(self) -> dict[str, int]:
        """Return how many relations there are of each kind, in the order of the kinds."""
        found = Counter(relation.kind for relation in self.relations)
        return {kind.value: found[kind] for kind in Kind if found[kind]}

    @property
    def all_kept(self) -> bool:
        """True when nothing changed at this level."""
        return all(kind is Kind.KEPT for kind in self.kind) and not self.reparented.any()

    def old_place(self, code: str) -> int:
        """Return the place of an old area, or raise `NotFound`."""
        return self._place(self.old_code, code, self.old_edition)

    def new_place(self, code: str) -> int:
        """Return the place of a new area, or raise `NotFound`."""
        return self._place(self.new_code, code, self.new_edition)

    def moved_m2(self, relation: Relation) -> float:
        """Return the land of a group that is in another area than its heir, or in none."""
        rows = np.array(relation.links, dtype=np.int64)
        stayed = np.append(self.heir, -2)[self.old[rows]] == self.new[rows]
        return float(self.amounts[AREA].value[rows[~stayed]].sum())

    def _place(self, codes: Names, code: str, edition: str) -> int:
        found = np.flatnonzero(codes == code)
        if not len(found):
            raise NotFound(
                f"Edition '{edition}' has no {self.level} of that code.",
                got=code,
                repair=f"List them with /api/areas?level={self.level}.",
            )
        return int(found[0])

    def _relations(self) -> Iterator[Relation]:
        areas = self.amounts[AREA].value
        by_group = _rows_by(self.group)
        by_old, by_new = _rows_by(self.old), _rows_by(self.new)
        for group in sorted(by_group):
            if group < 0:
                continue
            rows = by_group[group]
            old = sorted({o for o in self.old[rows].tolist() if o >= 0})
            new = sorted({n for n in self.new[rows].tolist() if n >= 0})
            near = {r for at in old for r in by_old[at]} | {r for at in new for r in by_new[at]}
            yield Relation(
                self.kind[rows[0]],
                tuple(self.old_code[old]),
                tuple(self.new_code[new]),
                tuple(sorted(near, key=lambda row: (-areas[row], row))),
            )


@dataclass(frozen=True, eq=False)
class Lineage:
    """Lineage between two editions.

    Attributes
    ----------
    old, new : str
        Names of the editions.
    levels : tuple of LevelLineage
        Coarse to fine, those that either edition has areas at.
    tolerance_m : float
        Width below which a difference of borders is a sliver.
    sliver_m2 : float
        Land in slivers between different atoms, all told.
    """

    old: str
    new: str
    levels: tuple[LevelLineage, ...]
    tolerance_m: float
    sliver_m2: float
    _by_name: dict[str, LevelLineage] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {one.level: one for one in self.levels})

    @property
    def all_kept(self) -> bool:
        """True when nothing changed at any level."""
        return all(one.all_kept for one in self.levels)

    def level(self, name: str) -> LevelLineage:
        """Return one level; `UnknownLevel` when neither edition has it."""
        try:
            return self._by_name[name]
        except KeyError:
            raise UnknownLevel(
                "Neither edition has areas at that level.", got=name, allowed=list(self._by_name)
            ) from None


def _rows_by(values: Rows) -> dict[int, list[int]]:
    out: dict[int, list[int]] = defaultdict(list)
    for row, value in enumerate(values.tolist()):
        out[value].append(row)
    return out


def no_areas(level: str, old_edition: str, new_edition: str) -> LevelLineage:
    """Return the lineage at a level that neither edition has areas at."""
    names, places = np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    return LevelLineage(
        level,
        old_edition,
        new_edition,
        old_code=names,
        old_name=names,
        new_code=names,
        new_name=names,
        old=places,
        new=places,
        group=places,
        kind=names,
        heir=places,
        reparented=np.empty(0, dtype=bool),
        amounts={AREA: Amount(np.empty(0), np.empty(0, dtype=bool))},
        sliver_m2=0.0,
    )
