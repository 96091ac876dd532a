"""Who asks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from gridmap.access.roles import SEES, Role, Visibility
from gridmap.access.scope import EVERYWHERE, Scope
from gridmap.errors import BadValue

__all__ = ["Actor", "Grant", "role_named"]


@dataclass(frozen=True, slots=True)
class Grant:
    """One role, and where it holds."""

    role: Role
    scope: Scope = EVERYWHERE


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks.

    Attributes
    ----------
    name : str
        What goes into logs and histories.
    roles : frozenset of Role
        Empty means nobody in particular: sees what is public.
    scope : Scope
        Where the roles hold. Of somebody whose roles hold in different places (see
        :meth:`granted`) it is what covers them all: nothing outside it is theirs, but only
        :func:`gridmap.access.may` tells what inside it is.
    grants : tuple of Grant
        Each role with its own scope; made from `roles` and `scope` when not given.
    account : int or None
        The account behind them; None for the public, this machine and the operator.
    """

    name: str
    roles: frozenset[Role] = field(default_factory=frozenset)
    scope: Scope = EVERYWHERE
    grants: tuple[Grant, ...] = ()
    account: int | None = None

    def __post_init__(self) -> None:
        if not self.grants:
            own = tuple(Grant(role, self.scope) for role in sorted(self.roles))
            object.__setattr__(self, "grants", own)

    @classmethod
    def granted(cls, name: str, grants: Iterable[Grant], account: int | None = None) -> Actor:
        """Return somebody whose roles each hold in a place of their own."""
        own = tuple(grants)
        roles = frozenset(grant.role for grant in own)
        return cls(name, roles, _covering([grant.scope for grant in own]), own, account)

    @classmethod
    def resident(cls) -> Actor:
        """Return a member of the public."""
        return cls("resident", frozenset({Role.RESIDENT}))

    @classmethod
    def operator(cls, name: str = "operator") -> Actor:
        """Return the person at the command line, who holds the store's file anyway."""
        return cls(name, frozenset({Role.ADMIN}))

    @classmethod
    def with_role(cls, role: str, name: str | None = None, scope: Scope = EVERYWHERE) -> Actor:
        """Return an actor with one role, named in text."""
        return cls(name or role, frozenset({role_named(role)}), scope)

    @property
    def is_staff(self) -> bool:
        """True when the actor sees more than the public does."""
        return any(Visibility.STAFF in SEES[role] for role in self.roles)

    @property
    def described(self) -> str:
        """Name, roles and scope, as messages have them."""
        where = "" if self.scope.is_everywhere else f"; {self.scope}"
        return f"{self.name} ({', '.join(sorted(self.roles)) or 'no role'}{where})"


def role_named(role: str) -> Role:
    """Return the role of that name; `BadValue` when there is none."""
    try:
        return Role(role)
    except ValueError:
        raise BadValue(
            "There is no such role.", got=role, allowed=[r.value for r in Role]
        ) from None


def _covering(scopes: list[Scope]) -> Scope:
    """Return the smallest scope that every one of `scopes` lies within."""
    areas = [scope.areas for scope in scopes]
    bodies = [scope.departments for scope in scopes]
    return Scope(
        frozenset().union(*areas) if all(areas) else frozenset(),
        frozenset().union(*bodies) if all(bodies) else frozenset(),
    )
