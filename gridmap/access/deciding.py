"""May somebody do something: the table of permissions asked, with where a role holds."""

from __future__ import annotations

from gridmap.access.actor import Actor
from gridmap.access.permissions import PERMISSIONS, Action
from gridmap.access.scope import EVERYWHERE, Scope, Subject
from gridmap.errors import NotAllowed

__all__ = ["may", "reach", "require_may"]

# What also somebody without any role may do.
_OPEN = frozenset({Action.PUBLIC_SEE, Action.REPORT_SUBMIT})


def reach(actor: Actor, action: Action) -> tuple[Scope, ...]:
    """Return where the actor may do it: within any of these; nowhere when there are none.

    For lists: what lies in none of the scopes is left out. One that narrows nothing stands
    alone.
    """
    if action in _OPEN:
        return (EVERYWHERE,)
    allowed = PERMISSIONS[action]
    scopes = tuple(dict.fromkeys(g.scope for g in actor.grants if g.role in allowed))
    return (EVERYWHERE,) if EVERYWHERE in scopes else scopes


def may(actor: Actor, action: Action, subject: Subject | None = None) -> bool:
    """True when one of the actor's roles allows the action where the subject is.

    Without a subject: whether there is any place at all where they may.
    """
    scopes = reach(actor, action)
    return any(subject is None or scope.holds(subject) for scope in scopes)


def require_may(actor: Actor, action: Action, subject: Subject | None = None) -> Actor:
    """Return the actor when they may do it where the subject is.

    Raises
    ------
    NotAllowed
        With who asks, the roles that may, and whether the role or the place is missing.
    """
    if may(actor, action, subject):
        return actor
    roles = ", ".join(sorted(PERMISSIONS[action]))
    if may(actor, action):
        scopes = "; ".join(map(str, reach(actor, action)))
        raise NotAllowed(
            f"This lies outside the areas and departments in which you may do '{action}'.",
            got=f"{actor.described}",
            allowed=scopes,
            repair="Ask somebody in charge there, or have your scope widened.",
        )
    raise NotAllowed(
        f"Your roles do not allow '{action}'.",
        got=actor.described,
        allowed=roles,
        repair="Sign in with such a role.",
    )
