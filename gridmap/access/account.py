"""Accounts and keys as lists show them; never a password or a token."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from gridmap.access.actor import Actor, Grant
from gridmap.errors import BadValue

__all__ = ["Account", "ApiKey", "account_name"]

_NAME = re.compile(r"[\w][\w.@-]{1,63}")


@dataclass(frozen=True, slots=True)
class Account:
    """One account.

    Attributes
    ----------
    id : int
    name : str
        What one signs in with and what histories show; folded.
    label : str
        How pages call the person; may be empty.
    grants : tuple of Grant
        Roles, each with where it holds.
    has_password : bool
        False for an account that only keys belong to.
    demo : bool
        Made for a demonstration: the service refuses to leave the machine with it.
    created_at, password_at, disabled_at : datetime
        Aware; None where it has not happened.
    """

    id: int
    name: str
    label: str
    grants: tuple[Grant, ...]
    has_password: bool
    demo: bool
    created_at: datetime
    password_at: datetime | None = None
    disabled_at: datetime | None = None

    @property
    def actor(self) -> Actor:
        """Who asks when this account does."""
        return Actor.granted(self.name, self.grants, self.id)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key of an account; the token itself was shown once."""

    prefix: str
    user: str
    label: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    def is_good(self, now: datetime) -> bool:
        """True when it opens the door at that moment (aware)."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def account_name(text: str) -> str:
    """Return a name as accounts have it, or raise `BadValue`."""
    folded = text.strip().casefold()
    if not _NAME.fullmatch(folded):
        raise BadValue(
            "This cannot be the name of an account.",
            got=text[:80],
            allowed="2 to 64 letters, digits, Chinese characters and . _ - @",
        )
    return folded
