"""Measures of a plan: by grid, by area of the level above, and as a whole; kept up move by move.

What a grid holds are sums over its atoms. Its outline is the sum of theirs less twice what
they share, so that moving an atom costs a look at its neighbours only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridmap.errors import BadValue
from gridmap.planning.barriers import names_of
from gridmap.planning.graph import PlanGraph
from gridmap.planning.plan import Plan
from gridmap.planning.rules import Limits

__all__ = ["GridNumbers", "PlanMeasures", "Tally", "measure_plan"]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]

_BITS = 3
# Columns of a grid beside what it is called and what it holds.
_NUMBERS = (
    "atoms", "area_m2", "perimeter_m", "compactness", "width_m", "pieces", "barriers",
    "estates_cut", "post_m", "staff", "hours_each", "in_limits",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class GridNumbers:
    """What one grid is like.

    Attributes
    ----------
    code : str
    atoms : int
    held : mapping of str to float
        Households, buildings, population, reports a year, hours of work a year: what is known.
    area_m2, perimeter_m : float
    compactness : float
        Polsby-Popper, 4 pi area / perimeter^2: 1 for a disc, 0.785 for a square; 0 without area.
    width_m : float
        Twice the area over the perimeter: the width of a long strip, half the side of a square.
    pieces : int
        Connected pieces, legal islands joined to what they belong to; 1 is as it should be.
    barriers : tuple of str
        That it crosses.
    estates_cut : int
        Estates that lie partly in it and partly elsewhere.
    post_m : float
        From the homes to the station that lies best for them, on the average, straight;
        NaN where no station is known.
    staff : float
    hours_each : float
        Hours of work a year for each of the staff; NaN where not known.
    in_limits : bool or None
        None for exclusive grids, which are exempt.
    """

    code: str
    atoms: int
    held: Mapping[str, float]
    area_m2: float
    perimeter_m: float
    compactness: float
    width_m: float
    pieces: int
    barriers: tuple[str, ...]
    estates_cut: int
    post_m: float
    staff: float
    hours_each: float
    in_limits: bool | None


class Tally:
    """The sums of a plan's grids, kept up as atoms move.

    Parameters
    ----------
    graph : PlanGraph
    plan : Plan
    limits : Limits, optional
    staff : float64 (k,), optional
        Workers of each grid; one each if not given.
    """

    def __init__(
        self,
        graph: PlanGraph,
        plan: Plan,
        limits: Limits | None = None,
        staff: Floats | None = None,
    ) -> None:
        self.graph, self.plan, self.limits = graph, plan, limits or Limits()
        self.grid_of = plan.grid_of.copy()
        self.staff = np.ones(len(plan)) if staff is None else staff
        if self.staff.shape != (len(plan),):
            raise BadValue("The staff must have one number a grid.", got=self.staff.shape)
        self._near = graph.near
        self._names = list(graph.amount)
        amounts = [graph.amount[name] for name in self._names]
        self._atom = np.column_stack([*amounts, graph.area_m2, graph.perimeter_m])
        self._homes = graph.amount.get("households", np.ones(len(graph)))
        away = graph.xy[:, None, :] - graph.stations[None, :, :]
        self._away = np.hypot(away[..., 0], away[..., 1]) * self._homes[:, None]
        order = np.argsort(graph.estate_atom, kind="stable")
        self._estate = graph.estate_of[order]
        self._estate_at = np.searchsorted(graph.estate_atom[order], np.arange(len(graph) + 1))
        self._estate_size = np.bincount(graph.estate_of, minlength=len(graph.estate_code))
        self._count()

    def _count(self) -> None:
        graph, k = self.graph, len(self.plan)
        held = self.grid_of >= 0
        of = self.grid_of[held]
        self.sums = np.zeros((k, self._atom.shape[1]))
        np.add.at(self.sums, of, self._atom[held])
        same = (self.grid_of[graph.a] == self.grid_of[graph.b]) & (self.grid_of[graph.a] >= 0)
        inside = self.grid_of[graph.a[same]]
        self.sums[:, -1] -= 2 * np.bincount(inside, graph.shared_m[same], k)
        self.size = np.bincount(of, minlength=k)
        self.crossed = np.stack(
            [np.bincount(inside, (graph.kind[same] >> bit) & 1, k) for bit in range(_BITS)], axis=1
        ).astype(np.int64)
        self.post = np.zeros((k, len(graph.stations)))
        np.add.at(self.post, of, self._away[held])
        self.homes = np.bincount(of, self._homes[held], k)
        pairs = graph.estate_of, self.grid_of[graph.estate_atom]
        self.estates: dict[tuple[int, int], int] = {}
        for estate, grid in zip(*(side.tolist() for side in pairs), strict=True):
            self.estates[estate, grid] = self.estates.get((estate, grid), 0) + 1
        self.cut = np.zeros(k, dtype=np.int64)
        for (estate, grid), parts in self.estates.items():
            if grid >= 0 and parts < self._estate_size[estate]:
                self.cut[grid] += 1

    def fork(self, plan: Plan, staff: Floats) -> Tally:
        """Return a copy that goes its own way, over a plan of as many grids or more at the end.

        Grids have the atoms that they have here; further ones have none.
        """
        more = len(plan) - len(self.plan)
        if more < 0:
            raise BadValue("A copy has the grids that there are.", got=len(plan))
        made: Tally = object.__new__(Tally)
        made.__dict__.update(self.__dict__)
        made.plan, made.grid_of, made.estates = plan, self.grid_of.copy(), dict(self.estates)
        made.staff = staff
        for name in ("sums", "crossed", "post"):
            held = getattr(self, name)
            setattr(
                made, name, np.concatenate([held, np.zeros_like(held, shape=(more, held.shape[1]))])
            )
        for name in ("size", "homes", "cut"):
            held = getattr(self, name)
            setattr(made, name, np.concatenate([held, np.zeros_like(held, shape=more)]))
        return made

    def move(self, atom: int, grid: int) -> tuple[GridNumbers, GridNumbers]:
        """Give an atom to another grid; return the numbers of the one it left, and of that.

        Nothing is judged here: a grid may fall apart, which its `pieces` tell.

        Raises
        ------
        BadValue
            When the atom is in no grid, or in that one.
        """
        here = int(self.grid_of[atom])
        if here < 0 or here == grid or not 0 <= grid < len(self.plan):
            raise BadValue(
                "The atom cannot move there.",
                got=f"{self.graph.code[atom]} to {grid}",
                allowed="another grid of the plan",
            )
        self.put(atom, grid)
        return self.numbers(here), self.numbers(grid)

    def put(self, atom: int, grid: int) -> None:
        """As :meth:`move`, from no grid as well, and without numbers."""
        here = int(self.grid_of[atom])
        if here >= 0:
            self._shift(atom, here, -1)
        self.grid_of[atom] = grid
        self._shift(atom, grid, 1)

    def _shift(self, atom: int, grid: int, sign: int) -> None:
        start, others, edge = self._near
        around = slice(start[atom], start[atom + 1])
        mine = self.grid_of[others[around]] == grid
        edges = edge[around][mine]
        self.sums[grid] += sign * self._atom[atom]
        self.sums[grid, -1] -= sign * 2 * self.graph.shared_m[edges].sum()
        for bit in range(_BITS):
            self.crossed[grid, bit] += sign * int(((self.graph.kind[edges] >> bit) & 1).sum())
        self.size[grid] += sign
        self.post[grid] += sign * self._away[atom]
        self.homes[grid] += sign * self._homes[atom]
        for estate in self._estate[self._estate_at[atom] : self._estate_at[atom + 1]].tolist():
            whole = int(self._estate_size[estate])
            before = self.estates.get((estate, grid), 0)
            after = before + sign
            self.estates[estate, grid] = after
            self.cut[grid] += int(0 < after < whole) - int(0 < before < whole)

    def pieces(self, grid: int) -> int:
        """Return how many connected pieces a grid lies in; 0 for one without atoms."""
        start, others, _ = self._near
        left = set(np.flatnonzero(self.grid_of == grid).tolist())
        count = 0
        while left:
            count += 1
            stack = [left.pop()]
            while stack:
                at = stack.pop()
                for other in others[start[at] : start[at + 1]].tolist():
                    if other in left:
                        left.discard(other)
                        stack.append(other)
        return count

    def numbers(self, grid: int) -> GridNumbers:
        """Return the numbers of one grid as they are now."""
        row = self.sums[grid]
        held = dict(zip(self._names, row.tolist(), strict=False))
        area, outline = float(row[-2]), float(row[-1])
        bits = sum(1 << bit for bit in range(_BITS) if self.crossed[grid, bit] > 0)
        post = float("nan")
        if self.post.shape[1] and self.homes[grid] > 0:
            post = float(self.post[grid].min() / self.homes[grid])
        staff = float(self.staff[grid])
        hours = held.get("hours", float("nan")) / staff if staff > 0 else float("nan")
        return GridNumbers(
            code=str(self.plan.code[grid]),
            atoms=int(self.size[grid]),
            held=held,
            area_m2=area,
            perimeter_m=outline,
            compactness=4 * np.pi * area / outline**2 if outline > 0 else 0.0,
            width_m=2 * area / outline if outline > 0 else 0.0,
            pieces=self.pieces(grid),
            barriers=names_of(bits),
            estates_cut=int(self.cut[grid]),
            post_m=post,
            staff=staff,
            hours_each=hours,
            in_limits=self._in_limits(grid, held),
        )

    def _in_limits(self, grid: int, held: Mapping[str, float]) -> bool | None:
        if self.plan.exempt[grid]:
            return None
        value = held.get(self.limits.measure)
        return value is not None and self.limits.floor <= value <= self.limits.ceiling


@dataclass(frozen=True, eq=False)
class PlanMeasures:
    """All numbers of a plan.

    Attributes
    ----------
    plan : Plan
    limits : Limits
    grids : tuple of GridNumbers
        In the plan's order.
    kept_households : float
        Households whose grid goes on as the one they are in today.
    households : float
        Of all atoms.
    """

    graph: PlanGraph = field(repr=False)
    plan: Plan
    limits: Limits
    grids: tuple[GridNumbers, ...]
    kept_households: float
    households: float

    @cached_property
    def frame(self) -> pd.DataFrame:
        """A row a grid: code, name, kind, area of the level above, and all numbers."""
        plan, graph = self.plan, self.graph
        above = np.append(graph.container_code, "")[plan.container]
        rows = [
            {
                "code": one.code,
                "name": plan.title[i],
                "kind": plan.kind[i],
                graph.above: above[i],
                **one.held,
                "atoms": one.atoms,
                "area_m2": one.area_m2,
                "perimeter_m": one.perimeter_m,
                "compactness": one.compactness,
                "width_m": one.width_m,
                "pieces": one.pieces,
                "barriers": ",".join(one.barriers),
                "estates_cut": one.estates_cut,
                "post_m": one.post_m,
                "staff": one.staff,
                "hours_each": one.hours_each,
                "in_limits": one.in_limits,
            }
            for i, one in enumerate(self.grids)
        ]
        # Named, for there may be no grids yet.
        return pd.DataFrame(
            rows, columns=["code", "name", "kind", graph.above, *graph.amount, *_NUMBERS]
        )

    def by_area(self) -> pd.DataFrame:
        """Sums and spread by area of the level above; exclusive grids count in the sums."""
        frame = self.frame
        above = frame[self.graph.above]
        sums = [n for n in (*self.graph.amount, "atoms", "area_m2", "estates_cut") if n in frame]
        out = frame[sums].groupby(above, sort=True).sum()
        out.insert(0, "grids", frame.groupby(above).size())
        basic = frame["kind"] != "exclusive"
        inside = frame["in_limits"] == True  # noqa: E712 - a column of True, False and None
        out["in_limits"] = (basic & inside).groupby(above).sum()
        out["out_of_limits"] = (basic & ~inside).groupby(above).sum()
        if self.limits.measure in frame:
            held = frame.loc[basic, self.limits.measure].astype(float).groupby(above[basic])
            out["cv"] = held.std(ddof=0) / held.mean()
        return out.reset_index()

    def whole(self) -> dict[str, float]:
        """Return the figures of the whole plan."""
        frame = self.frame
        basic = frame[frame["kind"] != "exclusive"]
        out: dict[str, float] = {"grids": len(frame), "exclusive": len(frame) - len(basic)}
        for name in self.graph.amount:
            out[name] = float(frame[name].sum())
            out[f"{name}_cv"] = _cv(basic[name].to_numpy())
        limited = basic["in_limits"].astype(bool)
        out |= {
            "in_limits": int(limited.sum()),
            "out_of_limits": int((~limited).sum()),
            "compactness_mean": float(basic["compactness"].mean()) if len(basic) else 0.0,
            "in_pieces": int((frame["pieces"] > 1).sum()),
            "crossing": int((frame["barriers"] != "").sum()),
            "estates_cut": _estates_cut(self.graph, self.plan),
            "kept_share": self.kept_households / self.households if self.households else 0.0,
        }
        return out

    def spread(self, measure: str, steps: int = 12) -> pd.DataFrame:
        """Return how many basic grids hold how much: ``low``, ``high``, ``grids``.

        In steps of round numbers, for a picture.
        """
        self.graph.held(measure)
        values = self.frame.loc[~self.plan.exempt, measure].to_numpy()
        if not len(values):
            return pd.DataFrame({"low": [], "high": [], "grids": []})
        rough = max(float(values.max() - values.min()) / steps, 1e-9)
        power = 10.0 ** np.floor(np.log10(rough))
        step = power * min(m for m in (1, 2, 5, 10) if m * power >= rough)
        edges = np.arange(np.floor(values.min() / step), np.floor(values.max() / step) + 2) * step
        grids, _ = np.histogram(values, edges)
        return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "grids": grids})


def measure_plan(
    graph: PlanGraph,
    plan: Plan,
    limits: Limits | None = None,
    *,
    staff: Mapping[str, float] | None = None,
) -> PlanMeasures:
    """Measure a plan.

    Parameters
    ----------
    limits : Limits, optional
        300-500 households if not given.
    staff : mapping of grid code to number, optional
        Workers; a grid that is not named has one.
    """
    limits = limits or Limits()
    workers = np.array([(staff or {}).get(code, 1.0) for code in plan.code.tolist()])
    tally = Tally(graph, plan, limits, workers)
    homes = graph.amount.get("households", np.zeros(len(graph)))
    heir = np.append(plan.heir_of, -1)[plan.grid_of]
    stayed = (heir >= 0) & (heir == graph.today)
    return PlanMeasures(
        graph,
        plan,
        limits,
        tuple(tally.numbers(grid) for grid in range(len(plan))),
        float(homes[stayed].sum()),
        float(homes.sum()),
    )


def _estates_cut(graph: PlanGraph, plan: Plan) -> int:
    pairs = np.unique(np.stack([graph.estate_of, plan.grid_of[graph.estate_atom]]), axis=1)
    return int((np.bincount(pairs[0], minlength=1) > 1).sum())


def _cv(values: Floats) -> float:
    mean = values.mean() if len(values) else 0.0
    return float(values.std() / mean) if mean > 0 else 0.0
