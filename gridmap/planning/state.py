"""A draft as it stands: which grid each atom is in, what grids and atoms are called and drawn."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.model import Coverage
from gridmap.errors import NotFound
from gridmap.planning.graph import PlanGraph
from gridmap.planning.ground import Ground
from gridmap.planning.measures import GridNumbers, Tally
from gridmap.planning.plan import Plan, heirs_of

__all__ = ["DraftAtom", "DraftGrid", "PlanState", "first_atom", "first_state"]

Rows = NDArray[np.int64]
Geometries = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class DraftGrid:
    """A grid of a draft.

    Attributes
    ----------
    code, title, title_en, kind : str
    container : int
        Place of the area it lies in, in the graph's containers; -1 for none.
    origin : str
        Code of the grid of the edition whose attributes it has; empty for a new one.
    attributes : mapping
        Attributes that the draft sets.
    titled : bool
        A person named it: the name is not made from the code.
    """

    code: str
    title: str
    title_en: str
    kind: str
    container: int
    origin: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    titled: bool = False


@dataclass(frozen=True, slots=True)
class DraftAtom:
    """An atom of a draft.

    Attributes
    ----------
    code, name, name_en, kind : str
    level : str
        Its level in the edition; one that is given to a grid is of the finest.
    origin : str
        Code of the atom of the edition that it is or was cut from.
    own : bool
        False for a part that was cut off: it has none of the origin's further attributes.
    estimated : bool
        Its border was moved: what it holds was shared out by area.
    attributes : mapping
        Attributes that the draft sets.
    """

    code: str
    name: str
    name_en: str
    kind: str
    level: str
    origin: str
    own: bool = True
    estimated: bool = False
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class PlanState:
    """A draft after some of its edits; never changed.

    Attributes
    ----------
    ground : Ground
    graph : PlanGraph
        Row ``i`` is atom ``i``. Once borders were moved its `row` is -1 for new atoms, and its
        coverage still the edition's.
    shapes : object (n,)
        EPSG:4326, with the vertices that neighbours share.
    atoms : tuple of DraftAtom
    grid_of : int64 (n,)
        Place in `grids`, -1 for atoms in none.
    grids : tuple of DraftGrid
        Those without an atom are no more.
    redrawn : frozenset of (str, str)
        Level and code of areas above the grids whose outline has moved.
    """

    ground: Ground
    graph: PlanGraph
    shapes: Geometries
    atoms: tuple[DraftAtom, ...]
    grid_of: Rows
    grids: tuple[DraftGrid, ...]
    redrawn: frozenset[tuple[str, str]] = frozenset()

    def __len__(self) -> int:
        return len(self.atoms)

    @cached_property
    def atom_at(self) -> Mapping[str, int]:
        """Atom by code."""
        return {one.code: i for i, one in enumerate(self.atoms)}

    @cached_property
    def live(self) -> NDArray[np.bool_]:
        """True for the grids that have atoms."""
        out = np.zeros(len(self.grids), dtype=bool)
        out[self.grid_of[self.grid_of >= 0]] = True
        return out

    @cached_property
    def grid_at(self) -> Mapping[str, int]:
        """Grid by code, of those that have atoms."""
        return {one.code: i for i, one in enumerate(self.grids) if self.live[i]}

    @cached_property
    def outline_plan(self) -> Plan:
        """The assignment as measures take it, without who goes on as whom."""
        code, title, title_en, kind = (
            np.array([getattr(one, name) for one in self.grids], dtype=object)
            for name in ("code", "title", "title_en", "kind")
        )
        container = np.array([one.container for one in self.grids], dtype=np.int64)
        heirs = np.full(len(self.grids), -1)
        return Plan("", self.grid_of, code, title, title_en, kind, container, heirs)

    @property
    def plan(self) -> Plan:
        """The grids that have atoms, as a plan of the graph's atoms, in code order."""
        alive = sorted(self.grid_at.values(), key=lambda g: self.grids[g].code.encode())
        place = np.full(len(self.grids) + 1, -1, dtype=np.int64)
        place[alive] = np.arange(len(alive))
        grid_of, whole = place[self.grid_of], self.outline_plan
        return Plan(
            "",
            grid_of,
            whole.code[alive],
            whole.title[alive],
            whole.title_en[alive],
            whole.kind[alive],
            whole.container[alive],
            heirs_of(self.graph, grid_of, len(alive)),
        )

    @cached_property
    def tally(self) -> Tally:
        """The sums of all grids."""
        return Tally(self.graph, self.outline_plan, self.ground.limits, self._staff)

    @property
    def _staff(self) -> NDArray[np.float64]:
        """Workers of each grid, by the code that it has now."""
        return np.array([self.ground.staff.get(one.code, 1.0) for one in self.grids])

    def numbers(self, grid: int) -> GridNumbers:
        """Return what a grid is like."""
        return replace(self.tally.numbers(grid), code=self.grids[grid].code)

    def members(self, grid: int) -> Rows:
        """Atoms of a grid."""
        return np.flatnonzero(self.grid_of == grid)

    def atom(self, code: str) -> int:
        """Return an atom by its code, or raise `NotFound`."""
        if code not in self.atom_at:
            raise NotFound(
                "The draft has no such area of its finest level.",
                got=code,
                repair="Its areas are in /api/drafts/{number}/geojson.",
            )
        return self.atom_at[code]

    def grid(self, code: str) -> int:
        """Return a grid by its code, or raise `NotFound`."""
        if code not in self.grid_at:
            raise NotFound(
                f"The draft has no such {self.graph.level}.",
                got=code,
                repair="See /api/drafts/{number}/measures.",
            )
        return self.grid_at[code]

    def place_of(self, atoms: Sequence[int]) -> tuple[float, float]:
        """Return longitude and latitude of a point inside the first of some atoms."""
        point = shapely.point_on_surface(self.shapes[atoms[0]])
        return float(shapely.get_x(point)), float(shapely.get_y(point))

    def reassigned(
        self, moves: Mapping[int, int], grids: tuple[DraftGrid, ...] | None = None
    ) -> PlanState:
        """Return the state with some atoms in other grids; sums go along, not made anew."""
        grid_of = self.grid_of.copy()
        for atom, grid in moves.items():
            grid_of[atom] = grid
        made = replace(self, grid_of=grid_of, grids=self.grids if grids is None else grids)
        if "atom_at" in self.__dict__:
            made.__dict__["atom_at"] = self.atom_at
        if "tally" in self.__dict__:
            if grids is None:
                plan = replace(self.outline_plan, grid_of=grid_of)
                made.__dict__["outline_plan"] = plan
            # A grid may have taken the place, or the code, of another one.
            tally = self.tally.fork(made.outline_plan, made._staff)
            for atom, grid in moves.items():
                tally.put(atom, grid)
            made.__dict__["tally"] = tally
        return made

    def fingerprint(self) -> str:
        """SHA-256 of everything that would be stored: codes, names, links, attributes, vertices."""
        digest = hashlib.sha256()
        shapes = shapely.to_wkb(self.shapes)
        for i in sorted(range(len(self)), key=lambda i: self.atoms[i].code):
            one, grid = self.atoms[i], int(self.grid_of[i])
            record = [
                one.code, one.name, one.name_en, one.kind, one.level, one.origin, one.own,
                one.estimated, dict(one.attributes), self.grids[grid].code if grid >= 0 else "",
                int(self.graph.container[i]),
            ]  # fmt: skip
            digest.update(json.dumps(record, sort_keys=True).encode() + shapes[i])
        for code in sorted(self.grid_at):
            grid_ = self.grids[self.grid_at[code]]
            record = [
                code, grid_.title, grid_.title_en, grid_.kind, grid_.container, grid_.origin,
                dict(grid_.attributes), grid_.titled,
            ]  # fmt: skip
            digest.update(json.dumps(record, sort_keys=True).encode())
        digest.update(json.dumps(sorted(self.redrawn)).encode())
        return digest.hexdigest()


def first_state(ground: Ground) -> PlanState:
    """Return the edition itself as the state that a draft begins with."""
    graph, coverage = ground.graph, ground.graph.coverage
    atoms = tuple(first_atom(coverage, row) for row in graph.row.tolist())
    grids = tuple(
        DraftGrid(
            code=str(graph.grid_code[g]),
            title=str(graph.grid_name[g]),
            title_en=str(graph.grid_name_en[g]),
            kind=str(graph.grid_kind[g]),
            container=int(graph.grid_container[g]),
            origin=str(graph.grid_code[g]),
        )
        for g in range(len(graph.grid_code))
    )
    return PlanState(ground, graph, coverage.geometry[graph.row], atoms, graph.today, grids)


def first_atom(coverage: Coverage, row: int) -> DraftAtom:
    """Return an area of the edition as an atom that no edit has touched."""
    return DraftAtom(
        code=str(coverage.code[row]),
        name=str(coverage.name[row]),
        name_en=str(coverage.name_en[row]),
        kind=str(coverage.kind[row]),
        level=coverage.levels[int(coverage.rank[row])].name,
        origin=str(coverage.code[row]),
    )
