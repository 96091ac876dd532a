"""Who handles the demo's orders: people of the centre, of departments and of the grids."""

from __future__ import annotations

from functools import cache

from gridmap.access import Actor, Grant, Role, Scope

__all__ = ["centre", "handler", "lead_of", "leader", "officer", "supervisor", "worker"]

# As many shifts as the centre has; each confirms, sends on, calls back and closes.
_SHIFTS = 3


def _one(name: str, role: Role, scope: Scope | None = None) -> Actor:
    return Actor.granted(name, [Grant(role, scope or Scope())])


@cache
def centre(shift: int) -> Actor:
    """Return a dispatcher of the centre."""
    return _one(f"centre-{shift % _SHIFTS + 1}", Role.DISPATCHER)


@cache
def handler(body: str, desk: int) -> Actor:
    """Return somebody of a department, firm or office, by its code."""
    return _one(f"{body}-{desk % 2 + 1}", Role.HANDLER, Scope.of(departments=[body]))


@cache
def worker(grid: str) -> Actor:
    """Return the worker of a grid."""
    return _one(f"grid-{grid}", Role.GRID_WORKER, Scope.of(areas=[f"grid:{grid}"]))


@cache
def lead_of(community: str) -> Actor:
    """Return the grid lead who looks after a community's workers."""
    return _one(f"lead-{community}", Role.GRID_LEAD, Scope.of(areas=[f"community:{community}"]))


@cache
def officer(subdistrict: str) -> Actor:
    """Return the officer of a sub-district."""
    scope = Scope.of(areas=[f"subdistrict:{subdistrict}"])
    return _one(f"office-{subdistrict}", Role.SUBDISTRICT_OFFICER, scope)


@cache
def leader() -> Actor:
    """Return the leader who approves what goes beyond the centre, and rules."""
    return _one("leader", Role.LEADER)


@cache
def supervisor() -> Actor:
    """Return who supervises departments."""
    return _one("supervision", Role.SUPERVISOR)
