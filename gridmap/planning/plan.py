"""A plan: which grid each atom belongs to, and what the grids are called."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.model import Coverage
from gridmap.errors import BadValue
from gridmap.planning.graph import PlanGraph

__all__ = [
    "CodePattern",
    "Plan",
    "heirs_of",
    "named_plan",
    "plan_of",
    "today_plan",
]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
Names = NDArray[np.object_]

_DIGITS = "零一二三四五六七八九"


@dataclass(frozen=True, eq=False)
class Plan:
    """An assignment of a graph's atoms.

    Attributes
    ----------
    name : str
    grid_of : int64 (n,)
        Grid of each atom; -1 for atoms in none.
    code, title, title_en, kind : object (k,)
        Of the grids.
    container : int64 (k,)
        Place in the graph's containers.
    heir_of : int64 (k,)
        Place of the grid of today that each goes on as: more than half of the households of
        both are in common (of the area, where either has none); -1 for new ones.
    """

    name: str
    grid_of: Rows
    code: Names
    title: Names
    title_en: Names
    kind: Names
    container: Rows
    heir_of: Rows

    def __len__(self) -> int:
        return len(self.code)

    @cached_property
    def exempt(self) -> NDArray[np.bool_]:
        """True for exclusive grids, which limits do not concern."""
        found: NDArray[np.bool_] = self.kind == "exclusive"
        return found

    def members(self, grid: int) -> Rows:
        """Atoms of a grid."""
        return np.flatnonzero(self.grid_of == grid)

    def by_atom(self, graph: PlanGraph) -> dict[str, str]:
        """Return the code of each atom's grid by the atom's, of those that are in one."""
        held = np.flatnonzero(self.grid_of >= 0)
        return dict(
            zip(graph.code[held].tolist(), self.code[self.grid_of[held]].tolist(), strict=True)
        )


def today_plan(graph: PlanGraph, name: str = "") -> Plan:
    """Return the grids as they are."""
    return Plan(
        name or graph.edition,
        graph.today.copy(),
        graph.grid_code,
        graph.grid_name,
        graph.grid_name_en,
        graph.grid_kind,
        graph.grid_container,
        np.arange(len(graph.grid_code)),
    )


def plan_of(graph: PlanGraph, coverage: Coverage) -> Plan:
    """Return the grids of another edition as a plan of this one's atoms.

    An atom belongs to the grid that its inner point lies in. For editions drawn over the same
    atoms that is exact, whatever their codes are now.
    """
    rows = coverage.rows(graph.level)
    rows = rows[~coverage.hidden[rows]]
    points = shapely.points(graph.coverage.label_points[graph.row])
    shapes = coverage.shapes[rows]
    tree = shapely.STRtree(shapes)
    at, which = tree.query(points, predicate="intersects")
    grid_of = np.full(len(graph), -1, dtype=np.int64)
    # The first grid in code order, should a point lie on a border.
    order = np.lexsort((which, at))
    at, which = at[order], which[order]
    first = np.r_[True, at[1:] != at[:-1]] if len(at) else np.empty(0, dtype=bool)
    grid_of[at[first]] = which[first]
    container = np.full(len(rows), -1, dtype=np.int64)
    held = grid_of >= 0
    container[grid_of[held]] = graph.container[held]
    return Plan(
        coverage.edition,
        grid_of,
        coverage.code[rows],
        coverage.name[rows],
        coverage.name_en[rows],
        coverage.kind[rows],
        container,
        heirs_of(graph, grid_of, len(rows)),
    )


def named_plan(
    graph: PlanGraph,
    name: str,
    grid_of: Rows,
    *,
    used: Collection[str] = (),
    retired: Collection[str] = (),
) -> Plan:
    """Return a plan with codes and names for its grids.

    The successor that shares more than half of the households with a grid of today, both
    ways, keeps its code and name. The others get the next numbers of the pattern that codes
    of their area have, from west to east and north to south; no number is used again.

    Parameters
    ----------
    grid_of : int64 (n,)
        Any numbers, -1 for none.
    used : collection of str
        Codes that were ever in use, besides today's.
    retired : collection of str
        Of these, codes that went out of use: a later edition has dropped them, and none is
        kept by a successor either.

    Raises
    ------
    BadValue
        When the pattern has no number left.
    """
    known, place = np.unique(grid_of, return_inverse=True)
    missing = int(len(known) > 0 and known[0] < 0)
    grid_of = place.astype(np.int64).reshape(-1) - missing
    count = len(known) - missing
    held = grid_of >= 0
    container = np.full(count, -1, dtype=np.int64)
    container[grid_of[held]] = graph.container[held]
    heir = heirs_of(graph, grid_of, count)
    code, title, title_en, kind = (np.empty(count, dtype=object) for _ in range(4))
    gone = np.isin(graph.grid_code.astype(str), np.array([*retired, ""], dtype=str))
    stays = (heir >= 0) & ~np.append(gone, True)[heir]
    for column, source in (
        (code, graph.grid_code),
        (title, graph.grid_name),
        (title_en, graph.grid_name_en),
        (kind, graph.grid_kind),
    ):
        column[stays] = source[heir[stays]]
    kind[~stays] = np.append(graph.grid_kind, "basic")[heir[~stays]]
    middle = _middles(graph, grid_of, count)
    taken = {*graph.grid_code.tolist(), *used, *retired}
    for one in np.unique(container[~stays]).tolist():
        new = np.flatnonzero(~stays & (container == one))
        # To the metre: figures that differ in their last digit are one column.
        x, y = np.rint(middle[new]).T
        order = new[np.lexsort((-y, x))]
        pattern = _pattern_of(graph, one)
        for grid in order.tolist():
            code[grid], number = pattern.next(taken)
            taken.add(code[grid])
            title[grid], title_en[grid] = pattern.names(number)
    order = np.argsort(np.array([c.encode() for c in code.tolist()], dtype=object), kind="stable")
    back = np.empty(count, dtype=np.int64)
    back[order] = np.arange(count)
    return Plan(
        name,
        np.where(held, back[grid_of], -1) if count else grid_of,
        code[order],
        title[order],
        title_en[order],
        kind[order],
        container[order],
        heir[order],
    )


def heirs_of(graph: PlanGraph, grid_of: Rows, count: int) -> Rows:
    """Return the grid of today that each grid goes on as, -1 for none.

    More than half of the households of both are in common, of the area where either has none.
    """
    both = np.flatnonzero((grid_of >= 0) & (graph.today >= 0))
    olds = len(graph.grid_code)
    pair, at = np.unique(grid_of[both] * olds + graph.today[both], return_inverse=True)
    new, old = pair // olds, pair % olds
    out = np.full(count, -1, dtype=np.int64)
    homes = graph.amount.get("households", np.zeros(len(graph)))
    of_new = np.bincount(grid_of[grid_of >= 0], homes[grid_of >= 0], count)
    of_old = np.bincount(graph.today[graph.today >= 0], homes[graph.today >= 0], olds)
    empty = (of_new[new] == 0) | (of_old[old] == 0)
    for measure, asked in ((homes, ~empty), (graph.area_m2, empty)):
        common = np.bincount(at, measure[both], len(pair))
        mine = np.bincount(grid_of[grid_of >= 0], measure[grid_of >= 0], count)
        theirs = np.bincount(graph.today[graph.today >= 0], measure[graph.today >= 0], olds)
        most = asked & (2 * common > mine[new]) & (2 * common > theirs[old])
        out[new[most]] = old[most]
    return out


def _middles(graph: PlanGraph, grid_of: Rows, count: int) -> Floats:
    held = grid_of >= 0
    area = np.maximum(graph.area_m2[held], 1e-9)
    whole = np.bincount(grid_of[held], area, count)
    return np.column_stack(
        [np.bincount(grid_of[held], graph.xy[held, k] * area, count) / whole for k in (0, 1)]
    )


@dataclass
class CodePattern:
    """How the grids of an area are numbered and named.

    Attributes
    ----------
    prefix, digits : str and int
        A code is the prefix and a number of so many digits.
    last : int
        Number that came last.
    sample : (int, str, str)
        A number with the names that go with it.
    """

    prefix: str
    digits: int
    last: int
    sample: tuple[int, str, str]

    @classmethod
    def of(cls, area: str, title: str, mine: Sequence[tuple[str, str, str]]) -> CodePattern:
        """Return the pattern of codes under an area.

        Parameters
        ----------
        area, title : str
            Code and name of the area above; empty where there is none.
        mine : sequence of (str, str, str)
            Code, name and English name of what lies in it.
        """
        found = [
            (hit[1], hit[2], name, name_en)
            for code, name, name_en in mine
            if (hit := re.fullmatch(r"(.*?)(\d{1,6})", code)) is not None
        ]
        if area and found and all(code.startswith(area) for code, *_ in mine):
            rest = [(code[len(area) :], name, en) for code, name, en in mine]
            if all(number.isdecimal() for number, *_ in rest):
                found = [(area, number, name, en) for number, name, en in rest]
        if not found:
            return cls(f"{area}-", 2, 0, (0, f"{title}网格", ""))
        prefix = max({p for p, *_ in found}, key=lambda p: (sum(f[0] == p for f in found), p))
        found = [f for f in found if f[0] == prefix]
        number, name, name_en = max((int(n), name, en) for _, n, name, en in found)
        digits = max(len(n) for _, n, *_ in found)
        return cls(prefix, digits, number, (number, name, name_en))

    def next(self, taken: Collection[str]) -> tuple[str, int]:
        """Return the next code that is not taken, and its number; `BadValue` at the end."""
        while True:
            self.last += 1
            text = f"{self.last:0{self.digits}d}"
            if len(text) > self.digits:
                raise BadValue(
                    "The pattern of the codes has no number left, and none is used again.",
                    got=f"{self.prefix}{'9' * self.digits}",
                    repair="Give the level longer codes.",
                )
            if self.prefix + text not in taken:
                return self.prefix + text, self.last

    def names(self, number: int) -> tuple[str, str]:
        """Return the name and the English name that go with a number."""
        old, name, name_en = self.sample
        made, made_en = _renamed(name, old, number), _renamed(name_en, old, number)
        return made or f"{name}{number}", made_en or name_en


def _pattern_of(graph: PlanGraph, container: int) -> CodePattern:
    """Return how the grids of today are numbered in an area."""
    mine = [
        (str(code), str(graph.grid_name[i]), str(graph.grid_name_en[i]))
        for i, code in enumerate(graph.grid_code)
        if graph.grid_container[i] == container and graph.grid_kind[i] != "exclusive"
    ]
    area = str(graph.container_code[container]) if container >= 0 else ""
    title = str(graph.container_name[container]) if container >= 0 else ""
    return CodePattern.of(area, title, mine)


def _renamed(name: str, old: int, new: int) -> str:
    """Return a name with its number replaced, in the figures it was written in."""
    for former, later in ((str(old), str(new)), (_chinese(old), _chinese(new))):
        at = name.rfind(former)
        if old and at >= 0:
            return name[:at] + later + name[at + len(former) :]
    return ""


def _chinese(number: int) -> str:
    if number > 99:
        return "".join(_DIGITS[int(d)] for d in str(number))
    tens, ones = divmod(number, 10)
    head = "" if tens == 0 else "十" if tens == 1 else f"{_DIGITS[tens]}十"
    return head + (_DIGITS[ones] if ones or not tens else "")
