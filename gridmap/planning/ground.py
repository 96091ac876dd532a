"""What a draft is drawn over: an edition's atoms, what they hold, and what lies around them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.overlaps import has_shape, polygonal
from gridmap.errors import BadValue
from gridmap.planning.barriers import Barriers
from gridmap.planning.graph import Plane, PlanGraph
from gridmap.planning.rules import Limits

__all__ = ["Ground", "need_plannable", "planned_level"]

Kept = Mapping[str, Mapping[str, Any]]


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
    used_grids, used_atoms : collection of str
        Codes that were ever in use: no new area gets one of them.
    gone : collection of str
        Of the grids' codes those that are out of use in a later edition.
    staff : mapping of grid code to number
        Workers; a grid that is not named has one.
    limits : Limits
    """

    graph: PlanGraph
    barriers: Barriers = field(default_factory=Barriers.of)
    estates: Mapping[str, Any] = field(default_factory=dict)
    grid_kept: Kept = field(default_factory=dict)
    atom_kept: Kept = field(default_factory=dict)
    used_grids: Collection[str] = frozenset()
    used_atoms: Collection[str] = frozenset()
    gone: Collection[str] = frozenset()
    staff: Mapping[str, float] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)

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

    @property
    def finest(self) -> str:
        """The level of the atoms."""
        coverage = self.graph.coverage
        return coverage.levels[int(coverage.rank[self.graph.row].max())].name


def planned_level(graph_levels: tuple[str, ...], counts: Mapping[str, int]) -> str:
    """Return the level that a draft plans: the one right above the finest that has areas.

    Raises
    ------
    BadValue
        When areas are of one level only.
    """
    there = [name for name in graph_levels if counts.get(name)]
    if len(there) < 2:
        raise BadValue(
            "Grids are drawn over areas of a finer level, and the edition has none.",
            got=", ".join(there) or "no areas",
            repair="Import the finer areas (micro-grids, blocks) of the edition first.",
        )
    return there[-2]


def need_plannable(graph: PlanGraph) -> None:
    """Raise `BadValue` when an atom has no valid polygon, or two have one code."""
    shapes = graph.coverage.geometry[graph.row]
    sound = has_shape(shapes) & shapely.is_valid(shapes)
    if not sound.all():
        first = int(np.flatnonzero(~sound)[0])
        raise BadValue(
            "An area of the finest level has no valid polygon.",
            got=str(graph.code[first]),
            repair="See `gridmap check EDITION`, and mend it first.",
        )
    codes, count = np.unique(graph.code.astype(str), return_counts=True)
    if np.any(count > 1):
        raise BadValue(
            "Two areas that a draft is drawn over have one code.",
            got=str(codes[count > 1][0]),
            repair="See `gridmap check EDITION`, and give one of them another code.",
        )
