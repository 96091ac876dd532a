"""How long the pages and lists of orders take in a store with some hundred thousand of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from benchmarks.month import opened
from benchmarks.results import Mark, Results
from gridmap.access import Actor, Grant, Role, Scope
from gridmap.store.schema_cases import order_parts, orders
from gridmap.workspace import Workspace

__all__ = ["lists"]

_MARK = Mark(300, 100, at_most=True)
_ROUNDS = 3


def lists(results: Results, where: str, store: str) -> None:
    """Add the milliseconds of lists, tallies and badges to the table begun last."""
    with opened(where) as workspace:
        for who, actor in _people(workspace).items():
            for what, ask in _asked(workspace, actor).items():
                results.add(f"{what}, {who}", store, _milliseconds(ask), "ms", _MARK)
        results.add(
            "a round of the worker, nothing due", store, _milliseconds(workspace.work), "ms"
        )


def _people(workspace: Workspace) -> dict[str, Actor]:
    """Return who asks: the centre, a department, an officer of each level."""
    with workspace.store._database.read() as connection:
        newest = select(orders.c.areas).where(orders.c.state == "closed")
        areas = connection.execute(newest.order_by(orders.c.number.desc()).limit(1)).scalar_one()
        parts = select(order_parts.c.department).group_by(order_parts.c.department)
        biggest = connection.execute(parts.order_by(func.count().desc()).limit(1)).scalar_one()
    people = {
        "dispatcher": (Role.DISPATCHER, Scope()),
        "handler": (Role.HANDLER, Scope.of(departments=[str(biggest)])),
        "grid worker": (Role.GRID_WORKER, Scope.of(areas=[f"grid:{areas['grid']}"])),
        "community officer": (
            Role.COMMUNITY_OFFICER,
            Scope.of(areas=[f"community:{areas['community']}"]),
        ),
        "dispatcher of a sub-district": (
            Role.DISPATCHER,
            Scope.of(areas=[f"subdistrict:{areas['subdistrict']}"]),
        ),
    }
    return {name: Actor.granted(name, [Grant(*grant)]) for name, grant in people.items()}


def _asked(workspace: Workspace, actor: Actor) -> dict[str, Callable[[], object]]:
    def page(**asked: Any) -> Callable[[], object]:
        def ask() -> object:
            every = {name: value for name, value in asked.items() if name not in ("open", "state")}
            workspace.orders_by_state(actor=actor, **every)
            return workspace.order_rows(limit=40, sort="due", actor=actor, **asked)

        return ask

    asked: dict[str, Callable[[], object]] = {
        "the list of open orders": page(open=True),
        "all orders": page(),
        "closed orders": page(state="closed"),
        "overdue orders": page(open=True, overdue=True),
        "GET /api/orders": lambda: workspace.orders(limit=100, actor=actor),
        "badge": lambda: workspace.unread(most=100, actor=actor),
    }
    if Role.DISPATCHER in actor.roles:
        asked["queue"] = lambda: workspace.unowned_orders(limit=15, actor=actor)
    return asked


def _milliseconds(ask: Callable[[], object]) -> float:
    """Return the best of some rounds: what else the machine does is left out."""
    best = float("inf")
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        ask()
        best = min(best, time.perf_counter() - began)
    return 1_000 * best
