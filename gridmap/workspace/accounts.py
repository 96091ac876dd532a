"""Accounts and keys: who there is, what they may do and where."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gridmap.access import Action, Actor, Grant, Role
from gridmap.access.account import Account, ApiKey, account_name
from gridmap.errors import BadValue, Conflict, NotFound
from gridmap.secrets import (
    Keyring,
    Purpose,
    Sealer,
    Signer,
    hash_password,
    hash_token,
    new_password,
    new_token,
    require_strong,
    secrets_path,
)
from gridmap.settings import Settings
from gridmap.times import Clock, system_clock
from gridmap.workspace.base import REFRESH_SECONDS, Base

__all__ = ["KEY_START", "Accounts", "NewAccount", "NewKey", "keyring_of"]

KEY_START = "gm_"
MAX_LABEL = 100
# What is counted of an account by address, and by device that it was signed in to before.
OF_ACCOUNT = ("pair", "device")


@dataclass(frozen=True, slots=True)
class NewAccount:
    """An account just made, or with a new password; the password is shown once."""

    account: Account
    password: str | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made; the token is shown once."""

    prefix: str
    token: str
    expires_at: datetime | None


def keyring_of(settings: Settings) -> Keyring:
    """Return the site's keys, from the environment and the file that the settings name."""
    given = {
        Purpose.SESSION: settings.session_keys,
        Purpose.PERSONAL: settings.personal_keys,
        Purpose.OUTGOING: settings.outgoing_keys,
    }
    texts = {p: s.get_secret_value() for p, s in given.items() if s is not None}
    return Keyring.load(secrets_path(settings.store, settings.secrets), texts)


class Accounts(Base):
    """Who may sign in, and the site's keys."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._keyring: Keyring | None = None
        self._keyring_stamp: object = None
        self._accounts_known = False
        self._accounts_asked = float("-inf")

    @property
    def wall_clock(self) -> Clock:
        """The clock of sessions and keys: a demonstration's stands still, and they must not."""
        return system_clock if self.settings.frozen_now else self.clock

    @property
    def keyring(self) -> Keyring:
        """The site's keys, read again when the file has changed."""
        path = secrets_path(self.settings.store, self.settings.secrets)
        try:
            found = path.stat()
            stamp: object = (found.st_mtime_ns, found.st_size, found.st_ino, found.st_mode)
        except OSError:
            stamp = None
        with self._lock:
            if self._keyring is None or stamp != self._keyring_stamp:
                self._keyring = keyring_of(self.settings)
                self._keyring_stamp = stamp
            return self._keyring

    def ensure_keys(self, *, outgoing: bool = False) -> Keyring | None:
        """Make the site's keys when there never were any; return them if they were made.

        Where something in the store was sealed or signed before, a missing key was lost: that
        is said, and never covered up by a new one. Nor is a key made beside those that the
        environment gives: every machine would make another.

        Parameters
        ----------
        outgoing : bool
            True: the one for what is sent to others is needed now.

        Raises
        ------
        SecretsUnusable
            When a key that is needed is missing and none is made.
        """
        found = self.keyring
        if not found.missing:
            return None
        lost = [one for one in found.missing if one is not Purpose.OUTGOING]
        if lost and (found.missing != list(Purpose) or self.store.sealed_with()):
            found.of(lost[0])
        if found.from_environment:
            if outgoing:
                found.of(Purpose.OUTGOING)
            return None
        with self._lock:
            self._keyring = found.made(self.wall_clock())
            self._keyring_stamp = None
            return self._keyring

    @property
    def signer(self) -> Signer:
        """Signs sessions and forms."""
        return Signer(self.keyring.of(Purpose.SESSION))

    @property
    def sealer(self) -> Sealer:
        """Seals personal fields."""
        return Sealer(self.keyring.of(Purpose.PERSONAL))

    def has_accounts(self) -> bool:
        """True as soon as there is an account: from then on requests have to sign in."""
        known = self.accounts_at_hand()
        return self._ask_for_accounts() if known is None else known

    def _ask_for_accounts(self) -> bool:
        now = time.monotonic()
        # Only ever set: another thread may have made the first account meanwhile.
        if self.store.has_users():
            self._accounts_known = True
        self._accounts_asked = now
        return self._accounts_known

    def _ask_also(self) -> None:
        super()._ask_also()
        # Where nobody ever asked, as in a command, nobody has to know.
        if not self._accounts_known and self._accounts_asked > float("-inf"):
            self._ask_for_accounts()

    def accounts_at_hand(self) -> bool | None:
        """Return whether there are accounts without asking the store; None when it has to be.

        Accounts are never deleted, so that True stays true; False is a second old at most.
        """
        if self._accounts_known or time.monotonic() - self._accounts_asked < REFRESH_SECONDS:
            return self._accounts_known
        return None

    def has_demo_accounts(self) -> bool:
        """True while an account made for a demonstration can be signed in with."""
        return self.store.has_users(demo=True, enabled=True)

    def users(self, *, actor: Actor | None = None) -> list[Account]:
        """Return all accounts in the order of their names."""
        self._may(actor, Action.USER_MANAGE)
        return self.store.users()

    def add_user(
        self,
        name: str,
        grants: Sequence[Grant],
        *,
        password: str | None = None,
        generate: bool = False,
        label: str = "",
        demo: bool = False,
        actor: Actor | None = None,
    ) -> NewAccount:
        """Make an account.

        Parameters
        ----------
        name : str
            What one signs in with; folded.
        grants : sequence of Grant
            At least one role.
        password : str, optional
            With neither it nor `generate` only keys can be used.
        generate : bool
            Make a random password and return it.

        Raises
        ------
        Conflict
            When the name is taken.
        BadValue
            When a scope names a level that does not exist, or the password is weak.
        """
        who = self._may(actor, Action.USER_MANAGE)
        folded = account_name(name)
        if not grants:
            raise BadValue(
                "An account needs a role.", got="none", allowed=[role.value for role in Role]
            )
        if len(label) > MAX_LABEL:
            raise BadValue("The label is too long.", got=len(label), allowed=f"{MAX_LABEL}")
        self._need_levels(grants)
        secret = new_password() if generate else password
        if secret is not None:
            require_strong(secret, name=folded)
        account = self.store.add_user(
            folded,
            grants,
            label=label,
            hashed=None if secret is None else hash_password(secret),
            demo=demo,
            by=who.name,
            now=self.wall_clock(),
        )
        self._accounts_known = True
        return NewAccount(account, secret if generate else None)

    def add_demo_users(self, *, actor: Actor | None = None) -> list[NewAccount]:
        """Make an account for every role, named after it, with random passwords."""
        known = {account.name for account in self.users(actor=actor)}
        return [
            self.add_user(f"demo-{role}", [Grant(role)], generate=True, demo=True, actor=actor)
            for role in Role
            if f"demo-{role}" not in known
        ]

    def grant_role(self, name: str, grant: Grant, *, actor: Actor | None = None) -> Account:
        """Give an account a role; the same role with another scope is replaced."""
        who = self._may(actor, Action.USER_MANAGE)
        self._need_levels([grant])
        return self.store.grant(account_name(name), grant, by=who.name, now=self.wall_clock())

    def revoke_role(self, name: str, role: Role, *, actor: Actor | None = None) -> Account:
        """Take a role from an account."""
        self._may(actor, Action.USER_MANAGE)
        return self.store.revoke(account_name(name), role)

    def disable_users(
        self,
        names: Sequence[str] = (),
        *,
        demo: bool = False,
        enable: bool = False,
        actor: Actor | None = None,
    ) -> list[str]:
        """Close accounts by name, or all of a demonstration, or open them again."""
        who = self._may(actor, Action.USER_MANAGE)
        folded = [account_name(name) for name in names]
        if demo:
            folded += [account.name for account in self.store.users() if account.demo]
        self.store.disable(folded, by=who.name, now=self.wall_clock(), disabled=not enable)
        return folded

    def set_password(
        self,
        name: str,
        password: str | None = None,
        *,
        actor: Actor | None = None,
    ) -> NewAccount:
        """Change an account's password, or make a random one; its sessions end.

        Wrong passwords that were counted against the account are forgotten, from wherever.
        """
        self._may(actor, Action.USER_MANAGE)
        folded = account_name(name)
        account = self.store.user(folded)
        secret = new_password() if password is None else require_strong(password, name=folded)
        self.store.set_password(folded, hash_password(secret), self.wall_clock())
        own = [f"{kind}:{hash_token(folded)}" for kind in OF_ACCOUNT]
        self.store.forget_attempts([account_bucket(folded)], within=own)
        return NewAccount(account, secret if password is None else None)

    # -- keys -----------------------------------------------------------------------

    def keys(self, user: str | None = None, *, actor: Actor | None = None) -> list[ApiKey]:
        """Return keys without their tokens, the oldest first."""
        self._may(actor, Action.KEY_MANAGE)
        return self.store.api_keys(None if user is None else account_name(user))

    def add_key(
        self,
        user: str,
        *,
        label: str = "",
        days: int | None = None,
        actor: Actor | None = None,
        _replaces: str | None = None,
    ) -> NewKey:
        """Make a key of an account: it may do what the account may.

        Parameters
        ----------
        days : int, optional
            How long it is good; without end when not given.
        """
        who = self._may(actor, Action.KEY_MANAGE)
        if days is not None and not 1 <= days <= 3660:
            raise BadValue("A key is good for some days.", got=days, allowed="1 to 3660")
        if len(label) > MAX_LABEL:
            raise BadValue("The label is too long.", got=len(label), allowed=f"{MAX_LABEL}")
        now = self.wall_clock()
        prefix = KEY_START + secrets.token_hex(4)
        token = f"{prefix}_{new_token()}"
        expires = None if days is None else now + timedelta(days=days)
        self.store.add_key(
            account_name(user),
            prefix=prefix,
            hashed=hash_token(token),
            label=label,
            expires_at=expires,
            by=who.name,
            now=now,
            replaces=_replaces,
        )
        return NewKey(prefix, token, expires)

    def rotate_key(
        self, prefix: str, *, days: int | None = None, actor: Actor | None = None
    ) -> NewKey:
        """Put a new key in the place of one, which is revoked in the same step."""
        self._may(actor, Action.KEY_MANAGE)
        old = next((key for key in self.store.api_keys() if key.prefix == prefix), None)
        if old is None:
            raise NotFound("There is no such key.", got=prefix, repair="See `gridmap keys list`.")
        return self.add_key(old.user, label=old.label, days=days, actor=actor, _replaces=prefix)

    def revoke_keys(self, prefixes: Sequence[str], *, actor: Actor | None = None) -> None:
        """Revoke keys, all or none."""
        who = self._may(actor, Action.KEY_MANAGE)
        self.store.revoke_keys(prefixes, by=who.name, now=self.wall_clock())

    # -- the site's keys ------------------------------------------------------------

    def init_secrets(self, *, actor: Actor | None = None) -> Keyring:
        """Make the keys that are missing and return all."""
        self._may(actor, Action.KEY_MANAGE)
        if Purpose.PERSONAL in self.keyring.missing and self.store.sealed_with():
            raise Conflict(
                "There was a key: personal fields in this store are sealed with it.",
                got=", ".join(self.store.sealed_with()),
                repair="Put the file of secrets back from its backup. Without it the fields are "
                "lost: `gridmap secrets init --give-up` makes a new key and leaves them sealed.",
            )
        return self._keep(self.keyring.made(self.wall_clock()))

    def give_up_secrets(self, *, actor: Actor | None = None) -> Keyring:
        """Make missing keys although fields in the store are sealed with one that is lost."""
        self._may(actor, Action.KEY_MANAGE)
        return self._keep(self.keyring.made(self.wall_clock()))

    def rotate_secrets(self, purposes: Sequence[Purpose], *, actor: Actor | None = None) -> Keyring:
        """Put new keys in front: the old ones still open what they sealed."""
        self._may(actor, Action.KEY_MANAGE)
        return self._keep(self.keyring.rotated(purposes, self.wall_clock()))

    def _keep(self, keyring: Keyring) -> Keyring:
        with self._lock:
            self._keyring, self._keyring_stamp = keyring, None
        return keyring

    def _need_levels(self, grants: Sequence[Grant]) -> None:
        """Refuse a scope at a level that does not exist: it would hold nothing for ever."""
        known = set(self.levels().names)
        named = {level for grant in grants for level, _ in grant.scope.areas}
        if named - known:
            raise BadValue(
                "A scope names a level that does not exist.",
                got=", ".join(sorted(named - known)),
                allowed=list(self.levels().names),
            )


def account_bucket(name: str) -> str:
    """Return where wrong passwords of an account are counted that come from unknown devices."""
    return "account:" + hash_token(name)
