"""What a draft is drawn over: an edition's atoms, what they hold, and what lies around them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.areas import Levels
from gridmap.coverage.overlaps import has_shape, polygonal
from gridmap.errors import BadValue
from gridmap.planning.barriers import Barriers
from gridmap.planning.graph import Plane, PlanGraph
from gridmap.planning.rules import Limits

__all__ = ["Ground", "need_codes", "need_plannable", "planned_level"]

Kept = Mapping[str, Mapping[str, Any]]

# What planners draw, unless they say otherwise.
_GRID = "grid"


@dataclass(frozen=True, eq=False)
class Ground:
    """What all states of a draft have in common.

    Attributes
    ----------
    graph : PlanGraph
        The atoms of the edition that the draft began with.
    barriers : Barriers
        EPSG:4326; for borders that are drawn anew.
    estates : mapping of code to polygon
        EPSG:4326.
    grid_kept, atom_kept : mapping of code to attributes
        What the edition keeps of its grids and atoms beside code and name.
    above_kept : mapping of level to mapping of code to attributes
        The same of the levels above the grids.
    used_grids, used_atoms : collection of str
        Codes that were ever in use: no new area gets one of them.
    gone : collection of str
        Of the grids' codes those that are out of use in a later edition.
    staff : mapping of grid code to number
        Workers; a grid that is not named has one.
    limits : Limits
    levels : Levels, optional
        Of the edition, where the atoms are parts that are made up below its finest areas; see
        :mod:`gridmap.planning.parts`.
    """

    graph: PlanGraph
    barriers: Barriers = field(default_factory=Barriers.of)
    estates: Mapping[str, Any] = field(default_factory=dict)
    grid_kept: Kept = field(default_factory=dict)
    atom_kept: Kept = field(default_factory=dict)
    above_kept: Mapping[str, Kept] = field(default_factory=dict)
    used_grids: Collection[str] = frozenset()
    used_atoms: Collection[str] = frozenset()
    gone: Collection[str] = frozenset()
    staff: Mapping[str, float] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    levels: Levels | None = None

    @property
    def in_parts(self) -> bool:
        """True where the planned grids have no finer areas: their parts are not stored."""
        return self.levels is not None

    def kept(self, level: str) -> Kept:
        """Return what the edition keeps of the areas of a level, by code."""
        if level == self.graph.level:
            return self.grid_kept
        return self.atom_kept if level == self.finest else self.above_kept.get(level, {})

    @cached_property
    def made_up(self) -> frozenset[str]:
        """Codes of areas that have none of their own: what is called so has no real code."""
        coverage = self.graph.coverage
        none = coverage.provisional | (coverage.kind == "remainder")
        return frozenset(coverage.code[none].tolist())

    @cached_property
    def plane(self) -> Plane:
        """The plane of the graph's metres."""
        return Plane.of(self.graph.coverage.geometry[self.graph.row])

    @cached_property
    def estate_outlines(self) -> NDArray[np.object_]:
        """The estates in metres, in the graph's order."""
        outlines = np.empty(len(self.estates), dtype=object)
        outlines[:] = [self.estates[code] for code in self.graph.estate_code.tolist()]
        return self.plane.metres(polygonal(outlines))

    @cached_property
    def finest(self) -> str:
        """The level of the atoms."""
        return self.graph.finest


def planned_level(
    names: tuple[str, ...], counts: Mapping[str, int], level: str | None = None
) -> str:
    """Return the level that a draft plans.

    Parameters
    ----------
    names : tuple of str
        Levels of the edition, coarse to fine.
    counts : mapping of level to number of areas
    level : str or None
        The one that is asked for: the finest level that has areas, the next one that has some, or
        an empty one in between. By default ``grid``, where that is one of the two that have
        areas; else the upper one.

    Raises
    ------
    BadValue
        When there are no areas, or the level is none of these.
    """
    there = [name for name in names if counts.get(name)]
    usual = there[-2:]
    # The first plan makes the areas of an empty one.
    first = names.index(usual[0]) if len(usual) > 1 else 0
    allowed = names[first : names.index(usual[-1]) + 1] if there else ()
    if not there or (level is not None and level not in allowed):
        raise BadValue(
            "A draft plans the finest level that has areas, or the one right above it.",
            got=level or "no areas",
            allowed=allowed or None,
            repair=None if there else "Import the areas of the edition first.",
        )
    return level or (_GRID if _GRID in usual else usual[0])


def need_plannable(graph: PlanGraph) -> None:
    """Raise `BadValue` when an atom has no valid polygon: borders are not drawn beside it."""
    shapes = graph.coverage.geometry[graph.row]
    sound = has_shape(shapes) & shapely.is_valid(shapes)
    if not sound.all():
        first = int(np.flatnonzero(~sound)[0])
        raise BadValue(
            "An area of the finest level has no valid polygon.",
            got=str(graph.code[first]),
            repair="See `gridmap check EDITION`, and mend it first.",
        )


def need_codes(graph: PlanGraph) -> None:
    """Raise `BadValue` when two atoms have one code: edits name atoms by it."""
    codes, count = np.unique(graph.code.astype(str), return_counts=True)
    if np.any(count > 1):
        raise BadValue(
            "Two areas that a draft is drawn over have one code.",
            got=str(codes[count > 1][0]),
            repair="See `gridmap check EDITION`, and give one of them another code.",
        )
