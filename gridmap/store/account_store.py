"""Accounts, sign-ins and personal fields in the store, one transaction a method."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from gridmap.access import Grant, Role
from gridmap.access.account import Account, ApiKey
from gridmap.errors import NotFound
from gridmap.store import accounts, people, signins
from gridmap.store.opened import OpenedStore
from gridmap.store.photo_store import drop_photos, overwrite_deleted

__all__ = ["AccountStore"]


class AccountStore(OpenedStore):
    """Who may sign in, who has, and whom reports name (sealed: the store has no keys)."""

    def has_users(self, *, demo: bool | None = None, enabled: bool = False) -> bool:
        """True when there is an account; see :func:`gridmap.store.accounts.any_user`."""
        with self._database.read() as connection:
            return accounts.any_user(connection, demo=demo, enabled=enabled)

    def users(self) -> list[Account]:
        """Return all accounts in the order of their names."""
        with self._database.read() as connection:
            return accounts.list_users(connection)

    def user(self, name: str) -> Account:
        """Return one account, or raise `NotFound`."""
        with self._database.read() as connection:
            return _found(accounts.read_user(connection, name), name)

    def credentials(self, name: str) -> tuple[Account, str | None] | None:
        """Return an account and the hash of its password, None when there is none."""
        with self._database.read() as connection:
            found = accounts.read_user(connection, name)
            return None if found is None else (found, accounts.password_hash(connection, found.id))

    def add_user(
        self,
        name: str,
        grants: Sequence[Grant],
        *,
        label: str,
        hashed: str | None,
        demo: bool,
        by: str,
        now: datetime,
    ) -> Account:
        """Write a new account with its roles; `Conflict` when the name is taken."""
        with self._database.write() as connection:
            key = accounts.add_user(
                connection, name, label=label, hashed=hashed, demo=demo, by=by, now=now
            )
            for grant in grants:
                accounts.grant_role(connection, key, grant, by=by, now=now)
            return _found(accounts.read_user(connection, name), name)

    def grant(self, name: str, grant: Grant, *, by: str, now: datetime) -> Account:
        """Give an account a role, in the place of the same role with another scope."""
        with self._database.write() as connection:
            user = _found(accounts.read_user(connection, name), name)
            accounts.grant_role(connection, user.id, grant, by=by, now=now)
            return _found(accounts.read_user(connection, name), name)

    def revoke(self, name: str, role: Role) -> Account:
        """Take a role from an account; `NotFound` when it had it not."""
        with self._database.write() as connection:
            user = _found(accounts.read_user(connection, name), name)
            if not accounts.revoke_role(connection, user.id, role):
                held = [grant.role.value for grant in user.grants]
                raise NotFound("The account has no such role.", got=role.value, allowed=held)
            return _found(accounts.read_user(connection, name), name)

    def set_password(
        self, name: str, hashed: str | None, now: datetime, *, verified: str | None = None
    ) -> bool:
        """Change a password; the sessions of the account end.

        With `verified`, only while that is the hash of its password and the account is open;
        False when it is so no more.
        """
        with self._database.write() as connection:
            user = _found(accounts.read_user(connection, name), name)
            if verified is not None and not accounts.holds_password(connection, user.id, verified):
                return False
            accounts.set_password(connection, user.id, hashed, now)
            return True

    def disable(self, names: Sequence[str], *, by: str, now: datetime, disabled: bool) -> None:
        """Close accounts or open them again, all or none."""
        with self._database.write() as connection:
            for name in names:
                user = _found(accounts.read_user(connection, name), name)
                accounts.disable_user(connection, user.id, by=by, now=now, disabled=disabled)

    def add_key(
        self,
        name: str,
        *,
        prefix: str,
        hashed: str,
        label: str,
        expires_at: datetime | None,
        by: str,
        now: datetime,
        replaces: str | None = None,
    ) -> None:
        """Write a key's hash; the key that it `replaces` is revoked in the same step."""
        with self._database.write() as connection:
            user = _found(accounts.read_user(connection, name), name)
            if replaces is not None:
                accounts.revoke_keys(connection, [replaces], by=by, now=now)
            accounts.add_key(
                connection, user.id, prefix=prefix, hashed=hashed, label=label,
                expires_at=expires_at, by=by, now=now,
            )  # fmt: skip

    def api_keys(self, user: str | None = None) -> list[ApiKey]:
        """Return keys, the oldest first."""
        with self._database.read() as connection:
            return accounts.list_keys(connection, user)

    def find_key(self, prefix: str) -> tuple[ApiKey, str, Account] | None:
        """Return a key, its hash and its account."""
        with self._database.read() as connection:
            found = accounts.find_key(connection, prefix)
            if found is None:
                return None
            user = accounts.read_user(connection, user_id=found[2])
            return found[0], found[1], _found(user, found[0].user)

    def use_key(self, prefix: str, now: datetime) -> None:
        """Note that a key was used."""
        with self._database.write() as connection:
            accounts.use_key(connection, prefix, now)

    def revoke_keys(self, prefixes: Sequence[str], *, by: str, now: datetime) -> None:
        """Revoke keys, all or none."""
        with self._database.write() as connection:
            accounts.revoke_keys(connection, prefixes, by=by, now=now)

    # -- sign-ins -------------------------------------------------------------------

    def add_session(
        self,
        user_id: int,
        hashed: str,
        *,
        verified: str,
        rehashed: str | None,
        now: datetime,
        expires_at: datetime,
        forget: Sequence[str],
        attempt: Sequence[int],
        attempts_before: datetime,
    ) -> bool:
        """Write a session; forget the wrong passwords before it, and that this was an attempt.

        Only while `verified` is the hash of the account's password and the account is open:
        what ends its sessions may have come after the password was looked at. False when it is
        so no more, and nothing is written then.

        Parameters
        ----------
        rehashed : str, optional
            A hash of the same password to keep from now on.
        """
        with self._database.write() as connection:
            if not accounts.holds_password(connection, user_id, verified):
                return False
            if rehashed is not None:
                accounts.rehash_password(connection, user_id, rehashed)
            signins.sweep(connection, now, attempts_before=attempts_before)
            signins.forget_attempts(connection, forget, attempt)
            signins.add_session(connection, user_id, hashed, now=now, expires_at=expires_at)
            return True

    def session(self, hashed: str) -> tuple[Account, datetime, datetime] | None:
        """Return a session's account, when it was last used, and when it ends."""
        with self._database.read() as connection:
            row = signins.find_session(connection, hashed)
            user = None if row is None else accounts.read_user(connection, user_id=row.user_id)
            return None if user is None else (user, row.seen_at, row.expires_at)

    def see_session(self, hashed: str, now: datetime) -> None:
        """Note that a session was used."""
        with self._database.write() as connection:
            signins.see_session(connection, hashed, now)

    def end_session(self, hashed: str) -> bool:
        """End a session; False when there was none."""
        with self._database.write() as connection:
            return signins.end_session(connection, hashed)

    def try_attempt(
        self, waits: Mapping[str, Callable[[int], float]], *, since: datetime, now: datetime
    ) -> tuple[float, list[int]]:
        """Count an attempt in every bucket, or none when one of them has to wait.

        See :func:`gridmap.store.signins.try_attempt`.
        """
        with self._database.write() as connection:
            return signins.try_attempt(connection, waits, since=since, now=now)

    def forget_attempts(
        self, buckets: Sequence[str], ids: Sequence[int] = (), *, within: Sequence[str] = ()
    ) -> None:
        """Begin to count anew in some buckets and `within` some, and forget single attempts."""
        with self._database.write() as connection:
            signins.forget_attempts(connection, buckets, ids, within=within)

    # -- whom reports name ----------------------------------------------------------

    def person(self, report_id: int) -> dict[str, Any] | None:
        """Return the sealed fields of a report, None when it names nobody."""
        with self._database.read() as connection:
            return people.read_person(connection, report_id)

    def read_person(
        self, report_id: int, *, by: str, roles: str, why: str, now: datetime
    ) -> dict[str, Any] | None:
        """Return the sealed fields of a report and note who reads them, in one step."""
        with self._database.write() as connection:
            found = people.read_person(connection, report_id)
            if found is not None:
                people.log_read(connection, report_id, by=by, roles=roles, why=why, now=now)
            return found

    def personal_reads(
        self, report_id: int | None, *, limit: int, offset: int
    ) -> tuple[int, list[dict[str, Any]]]:
        """Return how many readings there were, and a page of them, newest first."""
        with self._database.read() as connection:
            return people.reads_of(connection, report_id, limit=limit, offset=offset)

    def old_people(
        self, before: datetime, *, after: int, limit: int
    ) -> list[tuple[int, str | None, bool]]:
        """Return reports closed before then: number, text, whether they name somebody."""
        with self._database.read() as connection:
            return people.old_people(connection, before, after=after, limit=limit)

    def anonymise(
        self,
        numbers: Sequence[int],
        texts: Mapping[int, str],
        now: datetime,
        *,
        pictured: Sequence[int] = (),
    ) -> None:
        """Empty sealed fields, replace texts, and remove the photos of `pictured` reports."""
        with self._database.write() as connection:
            overwrite_deleted(connection)
            people.anonymise(connection, numbers, texts, now)
            drop_photos(connection, pictured)
            self._touched(connection, "reports")

    def sealed_with(self) -> dict[str, int]:
        """Return how many reports' people are sealed with each key."""
        with self._database.read() as connection:
            return people.sealed_with(connection)

    def reseal(
        self,
        key: str,
        change: Callable[[int, Mapping[str, str | None]], Mapping[str, str | None]],
        *,
        limit: int = 500,
    ) -> int:
        """Seal anew what another key sealed, at most `limit` reports; return how many."""
        with self._database.write() as connection:
            return people.reseal(connection, key, change, limit=limit)


def _found(user: Account | None, name: str) -> Account:
    if user is None:
        raise NotFound("There is no such account.", got=name, repair="See `gridmap users list`.")
    return user
