"""Whose a supervision order is: the departments named in it decide, never areas."""

from __future__ import annotations

from collections.abc import Collection

from gridmap.access import PERMISSIONS, Action, Actor, Grant, Role, reach
from gridmap.cases.supervision import Supervision
from gridmap.workspace.order_lists import OFFICES

__all__ = ["concerned", "may_as_addressed", "may_for"]


def may_as_addressed(who: Actor, action: Action, one: Supervision) -> bool:
    """True when one of the departments named in it is the actor's, or all are."""
    if action is Action.SUPERVISION_ANSWER:
        return any(_answers(grant, one.department) for grant in who.grants)
    return may_for(who, action, concerned(one, action))


def may_for(who: Actor, action: Action, bodies: Collection[str]) -> bool:
    """True when one of the departments that it is about is the actor's, or all are."""
    # It is about a department's conduct and lies in no area: areas do not narrow it.
    return any(
        not scope.departments or not scope.departments.isdisjoint(bodies)
        for scope in reach(who, action)
    )


def concerned(one: Supervision, action: Action) -> tuple[str, ...]:
    """Return the departments that may: to read it, those that got a copy too."""
    return (one.department, *one.copies) if action is Action.SUPERVISION_READ else (one.department,)


def _answers(grant: Grant, department: str) -> bool:
    """True for who acts for the addressee: its people, or the office of the place they stand in."""
    scope = grant.scope
    if grant.role not in PERMISSIONS[Action.SUPERVISION_ANSWER]:
        return False
    if scope.departments:
        return department in scope.departments
    if grant.role is Role.HANDLER:
        return scope.is_everywhere
    kind, _, code = department.partition(":")
    here = scope.is_everywhere or code in {area for _, area in scope.areas}
    return kind in OFFICES.get(grant.role, ()) and here
