"""The engine that proves: the best plan of all that candidates can make.

A linear programme is solved by pricing over the whole pool: only sets whose reduced cost is
negative are ever brought in. Its value is a bound that no plan over the pool can beat, and a
plan costs that bound plus the reduced costs of its sets. So plans are searched for among the
sets of small reduced cost, by exact cover; one that is found within the room allowed is the
best of all, for the sets left out cost more by themselves. Where there are too many to try, an
integer programme goes on, and says what it could prove.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray

from gridmap.planning.costing import Candidates
from gridmap.planning.kernel import cheapest_cover, reduced_costs

__all__ = ["Master", "Solved"]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]

# Price of leaving a node without a grid: more than any plan costs.
_ARTIFICIAL = 1e5
_SMALL = 1e-7
_BATCH = 150
# Most columns of an integer programme that is solved to the end.
_MOST_COLUMNS = 4_000
_NODES = 300
# How much more than the bound a plan may cost at first, and the most sets to try.
_FIRST_ROOM = 0.1
_TRIES = 60_000_000


@dataclass(frozen=True, eq=False)
class Solved:
    """A plan for a region, and what was proved of it.

    Attributes
    ----------
    chosen : int64 (k,)
        Places of the chosen sets among the candidates.
    cost : float
    bound : float
        No plan over the candidates costs less.
    columns : int
        Candidates that had to be looked at in the end.
    """

    chosen: Rows
    cost: float
    bound: float
    columns: int

    @property
    def gap(self) -> float:
        """What the plan may cost more than the best one, as a part of its cost."""
        return max(self.cost - self.bound, 0.0) / max(abs(self.cost), 1e-9)


class Master:
    """The linear programme over a pool, kept warm from one question to the next.

    Parameters
    ----------
    pool : Candidates
    nodes : int
    total : float
        The measure of all nodes.
    cost : float64 (k,)
        Of each candidate.
    first : int64
        Candidates to begin with, for example those of a plan that is known.
    """

    def __init__(
        self, pool: Candidates, nodes: int, total: float, cost: Floats, first: Rows
    ) -> None:
        self.pool, self.nodes, self.cost = pool, nodes, cost
        self._member = pool.member(nodes)
        self._total = total
        self._model = _quiet()
        model, inf = self._model, highspy.kHighsInf
        for _ in range(nodes):
            model.addRow(1.0, 1.0, 0, np.empty(0, np.int32), np.empty(0))
        model.addRow(1.0, 1.0, 0, np.empty(0, np.int32), np.empty(0))
        for row in range(nodes + 1):
            model.addCol(_ARTIFICIAL, 0.0, inf, 1, np.array([row], np.int32), np.ones(1))
        model.addCol(_ARTIFICIAL, 0.0, inf, 1, np.array([nodes], np.int32), -np.ones(1))
        self._artificial = nodes + 2
        self._in = np.zeros(len(pool), dtype=bool)
        self._columns: list[int] = []
        self._bring(first)

    def recost(self, cost: Floats) -> None:
        """Go on with other costs."""
        self.cost = cost
        columns = np.array(self._columns, dtype=np.int64)
        at = (np.arange(len(columns)) + self._artificial).astype(np.int32)
        self._model.changeColsCost(len(at), at, cost[columns])

    def relaxed(self, count: int) -> tuple[float, Floats] | None:
        """Return the bound for a number of grids, and every candidate's reduced cost.

        None when no mixture of candidates covers every node by that many grids.
        """
        self._model.changeRowBounds(self.nodes, float(count), float(count))
        while True:
            self._model.run()
            dual = np.array(self._model.getSolution().row_dual)
            reduced = reduced_costs(
                self.pool.low, self.pool.high, self.cost, dual[: self.nodes], float(dual[-1])
            )
            fresh = np.flatnonzero((reduced < -_SMALL) & ~self._in)
            if not len(fresh):
                break
            if len(fresh) > _BATCH:
                order = np.argpartition(reduced[fresh], _BATCH)[:_BATCH]
                fresh = np.sort(fresh[order])
            self._bring(fresh)
        value = np.array(self._model.getSolution().col_value)
        if value[: self._artificial].max(initial=0.0) > 1e-6:
            return None
        return float(self._model.getObjectiveValue()), reduced

    def solve(self, count: int) -> Solved | None:
        """Return the best plan of `count` grids, or None where there is none over the pool."""
        found = self.relaxed(count)
        if found is None:
            return None
        bound, reduced = found
        value = np.array(self._model.getSolution().col_value)[self._artificial :]
        if np.all((value < 1e-6) | (value > 1 - 1e-6)):
            return self._solved(np.array(self._columns)[value > 0.5], bound, len(value))
        # A plan costs the bound and the reduced costs of its sets: those that alone cost more
        # than a plan is allowed to can be in no such plan.
        room, tried = _FIRST_ROOM, 0
        while True:
            left = np.flatnonzero(reduced <= room)
            plan, tried = self._covered(left, reduced[left], count, room)
            if tried > _TRIES:
                return self._by_branching(left, plan, count, bound, room)
            if plan is not None:
                return self._proved(plan, len(left))
            if len(left) == len(reduced):
                return None
            room *= 1.5

    def _covered(
        self, which: Rows, price: Floats, count: int, room: float
    ) -> tuple[Rows | None, int]:
        """Return the cheapest plan over some candidates that costs less than `room` more."""
        low, high = self.pool.low[which], self.pool.high[which]
        lowest = np.argmax(self._member[which], axis=1)
        order = np.lexsort((price, lowest))
        begin = np.searchsorted(lowest[order], np.arange(self.nodes + 1))
        held = self.pool.numbers[which, 0]
        best, plan, tried = cheapest_cover(
            low[order],
            high[order],
            price[order],
            begin,
            held[order],
            self._total,
            self.nodes,
            count,
            float(held.min(initial=0.0)),
            float(held.max(initial=0.0)),
            room,
            _TRIES,
        )
        return (which[order[plan]] if best < room else None), int(tried)

    def _by_branching(
        self, which: Rows, known: Rows | None, count: int, bound: float, room: float
    ) -> Solved | None:
        """Go on with the integer programme where there are too many plans to try."""
        outside = bound + room
        if len(which) > _MOST_COLUMNS:
            _, reduced = self.relaxed(count) or (bound, np.zeros(len(self.pool)))
            which = np.sort(which[np.argsort(reduced[which], kind="stable")[:_MOST_COLUMNS]])
            if known is not None:
                which = np.union1d(which, known)
            outside = bound + float(np.delete(reduced, which).min(initial=np.inf))
        start = None if known is None else np.searchsorted(which, np.sort(known))
        plan, low, _ = choose(self._member[which], self.cost[which], count, start)
        chosen = known if plan is None else which[plan]
        if chosen is None:
            return None
        low = low if plan is not None else bound
        return self._solved(chosen, max(bound, min(low, outside)), len(which))

    # -- inside ---------------------------------------------------------------------

    def _solved(self, chosen: Rows, bound: float, columns: int) -> Solved:
        cost = float(self.cost[chosen].sum())
        return Solved(np.sort(chosen.astype(np.int64)), cost, min(bound, cost), columns)

    def _proved(self, chosen: Rows, columns: int) -> Solved:
        cost = float(self.cost[chosen].sum())
        return Solved(np.sort(chosen), cost, cost, columns)

    def _bring(self, which: Rows) -> None:
        if not len(which):
            return
        start, index = _sparse(self._member[which], self.nodes)
        inf = np.full(len(which), highspy.kHighsInf)
        self._model.addCols(
            len(which),
            self.cost[which],
            np.zeros(len(which)),
            inf,
            len(index),
            start,
            index,
            np.ones(len(index)),
        )
        self._in[which] = True
        self._columns += which.tolist()


def choose(
    member: NDArray[np.bool_], cost: Floats, count: int, known: Rows | None = None
) -> tuple[Rows | None, float, bool]:
    """Choose `count` sets that hold each node once, for the least cost.

    Parameters
    ----------
    member : bool (k, n)
    cost : float64 (k,)
    known : int64, optional
        Sets that make a plan, to begin with.

    Returns
    -------
    plan : int64 (count,) or None
    bound : float
        No choice costs less.
    proven : bool
        Whether the search came to its end.
    """
    nodes = member.shape[1]
    model = _quiet()
    model.setOptionValue("mip_max_nodes", _NODES)
    model.setOptionValue("mip_rel_gap", 0.0)
    model.setOptionValue("mip_abs_gap", 1e-6)
    start, index = _sparse(member, nodes)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(member), nodes + 1
    lp.col_cost_ = cost
    lp.col_lower_, lp.col_upper_ = np.zeros(len(member)), np.ones(len(member))
    lp.row_lower_ = lp.row_upper_ = np.append(np.ones(nodes), float(count))
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.append(start, np.int32(len(index)))
    lp.a_matrix_.index_, lp.a_matrix_.value_ = index, np.ones(len(index))
    lp.integrality_ = [highspy.HighsVarType.kInteger] * len(member)
    model.passModel(lp)
    if known is not None:
        first = highspy.HighsSolution()
        chosen = np.zeros(len(member))
        chosen[known] = 1.0
        first.col_value = list(chosen)
        model.setSolution(first)
    model.run()
    status, info = model.getModelStatus(), model.getInfo()
    if status == highspy.HighsModelStatus.kInfeasible:
        return None, np.inf, True
    proven = status == highspy.HighsModelStatus.kOptimal
    value = np.array(model.getSolution().col_value)
    if len(value) != len(member) or info.primal_solution_status != 2:
        return None, float(info.mip_dual_bound), False
    plan = np.flatnonzero(value > 0.5)
    if not np.all(member[plan].sum(axis=0) == 1):
        return None, float(info.mip_dual_bound), False
    return plan, float(info.mip_dual_bound), proven


def _sparse(member: NDArray[np.bool_], nodes: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return columns of sets: where each begins, and its rows, the row of the count last."""
    whole = np.column_stack([member[:, :nodes], np.ones(len(member), dtype=bool)])
    column, row = np.nonzero(whole)
    start = np.searchsorted(column, np.arange(len(member)))
    return start.astype(np.int32), row.astype(np.int32)


class _Quiet(highspy.Highs):
    """A solver that prints nothing: by default it does before any option can be set."""

    def enableCallbacks(self) -> None:  # noqa: N802 - the library's name
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()  # type: ignore[no-untyped-call]


def _quiet() -> highspy.Highs:
    model = _Quiet()  # type: ignore[no-untyped-call]
    settings: tuple[tuple[str, int | str], ...] = (
        ("threads", 1),
        ("random_seed", 0),
        ("parallel", "off"),
    )
    for name, value in settings:
        model.setOptionValue(name, value)
    return model
