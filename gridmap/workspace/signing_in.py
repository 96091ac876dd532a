"""Signing in: passwords tried, sessions begun and ended, keys recognised.

Wrong passwords are counted, and each over a limit makes the next one wait longer. A device
that somebody has signed in with before carries a signed token of its own and is counted by
itself: strangers who try an account can only make new devices wait, never those in use.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gridmap.access.account import Account, account_name
from gridmap.errors import BadValue, NotSignedIn, StoreError, TooManyAttempts
from gridmap.secrets import (
    check_password,
    hash_password,
    hash_token,
    new_token,
    require_strong,
)
from gridmap.secrets.passwords import needs_rehash
from gridmap.workspace.accounts import KEY_START, Accounts, account_bucket

__all__ = ["SessionHolder", "SignIn", "SigningIn"]

log = logging.getLogger("gridmap.signin")

# Attempts are counted for this long.
WINDOW = timedelta(hours=1)
LONGEST_WAIT_S = 900.0
FIRST_WAIT_S = 15.0
# Wrong passwords before the next one has to wait: by account and address, by address, by
# account from devices that are not known, by a known device.
LIMITS = {"pair": 5, "address": 30, "account": 20, "device": 10}

# Uses of a session and of a key are noted at most this often.
NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a browser gets: the values of two cookies."""

    account: Account
    session: str
    device: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SessionHolder:
    """Whose session it is, and the token that its forms carry."""

    account: Account
    form_token: str


def _waiting(limit: int) -> Callable[[int], float]:
    """Return the seconds after the last of `n` wrong passwords before the next may be tried."""

    def wait(n: int) -> float:
        if n < limit:
            return 0.0
        return float(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(n - limit, 10)))

    return wait


class SigningIn(Accounts):
    """Who asks, found out."""

    def sign_in(self, name: str, password: str, *, address: str, device: str | None) -> SignIn:
        """Begin a session.

        Parameters
        ----------
        address : str
            Where the request comes from.
        device : str, optional
            The device's token from an earlier sign-in.

        Raises
        ------
        NotSignedIn
            When the name or the password is wrong, or the account is closed: all alike. Also
            when either became so before the session began.
        TooManyAttempts
            When there were too many wrong ones; nothing was tried.
        """
        signer, now = self.signer, self.wall_clock()
        folded = _folded(name)
        known = self._known_device(device, folded)
        own, shared = _buckets(folded, address, known)
        account, verified, attempt = self._tried(folded, password, own, shared, now)
        rehashed = hash_password(password) if needs_rehash(verified) else None
        expires = now + timedelta(hours=self.settings.session_hours)
        token = new_token()
        begun = self.store.add_session(
            account.id,
            hash_token(token),
            verified=verified,
            rehashed=rehashed,
            now=now,
            expires_at=expires,
            forget=own,
            attempt=attempt,
            attempts_before=now - WINDOW,
        )
        if not begun:
            raise _refused(folded)
        if known is None:
            known = f"{new_token()}~{hash_token(account.name)}"
        return SignIn(
            account,
            signer.sign(token, use="session"),
            signer.sign(known, use="device"),
            expires,
        )

    def change_password(self, name: str, old: str, new: str, *, address: str) -> None:
        """Change one's own password, which has to be known; all sessions end.

        Raises
        ------
        NotSignedIn, TooManyAttempts
            As :meth:`sign_in`.
        BadValue
            When the new one is weak, or the old one.
        """
        folded, now = _folded(name), self.wall_clock()
        require_strong(new, name=folded)
        if new == old:
            raise BadValue("The new password is the old one.")
        own, shared = _buckets(folded, address, None)
        account, verified, attempt = self._tried(folded, old, own, shared, now)
        hashed = hash_password(new)
        if not self.store.set_password(account.name, hashed, now, verified=verified):
            raise _refused(folded)
        self.store.forget_attempts(own, attempt)

    def _tried(
        self, name: str, password: str, own: list[str], shared: list[str], now: datetime
    ) -> tuple[Account, str, list[int]]:
        """Return whose password it is, the hash it was verified by, and the attempt counted."""
        waits = {bucket: _waiting(LIMITS[bucket.partition(":")[0]]) for bucket in (*own, *shared)}
        wait, attempt = self.store.try_attempt(waits, since=now - WINDOW, now=now)
        if wait > 0:
            log.warning("sign-in of %s has to wait: too many wrong passwords", name)
            raise TooManyAttempts(
                "There were too many wrong passwords.",
                wait_s=math.ceil(wait),
                repair="Wait, or sign in from a device that you have signed in with before.",
            )
        account, hashed = self.store.credentials(name) or (None, None)
        good = check_password(password, hashed)
        if account is None or hashed is None or not good or account.disabled_at is not None:
            raise _refused(name)
        return account, hashed, attempt

    def session_holder(self, cookie: str) -> SessionHolder | None:
        """Return whose session a cookie stands for; None when it is over, or never was one."""
        signer = self.signer
        token = signer.read(cookie, use="session")
        if token is None:
            return None
        hashed, now = hash_token(token), self.wall_clock()
        found = self.store.session(hashed)
        if found is None:
            return None
        account, seen_at, expires_at = found
        idle = timedelta(minutes=self.settings.session_idle_minutes)
        if account.disabled_at is not None or now >= expires_at or now - seen_at >= idle:
            return None
        if now - seen_at >= NOTED_EVERY:
            self._note(lambda: self.store.see_session(hashed, now))
        return SessionHolder(account, signer.derived(token, use="form"))

    def form_token_good(self, cookie: str, given: str) -> bool:
        """True when a form's token belongs to the session of the cookie."""
        token = self.signer.read(cookie, use="session")
        return token is not None and self.signer.matches(given, token, use="form")

    def sign_out(self, cookie: str) -> bool:
        """End the session of a cookie; False when there was none."""
        token = self.signer.read(cookie, use="session")
        return token is not None and self.store.end_session(hash_token(token))

    def key_holder(self, token: str) -> Account:
        """Return whose key it is, or raise `NotSignedIn`."""
        prefix = token[: len(KEY_START) + 8]
        found = self.store.find_key(prefix) if token.startswith(KEY_START) else None
        now = self.wall_clock()
        if found is None or found[1] != hash_token(token):
            raise NotSignedIn("There is no such key.", repair="Ask for one: `gridmap keys add`.")
        key, _, account = found
        if not key.is_good(now) or account.disabled_at is not None:
            raise NotSignedIn(
                "The key is no longer good.",
                got=key.prefix,
                repair="Ask for a new one: `gridmap keys rotate`.",
            )
        if key.last_used_at is None or now - key.last_used_at >= NOTED_EVERY:
            self._note(lambda: self.store.use_key(prefix, now))
        return account

    def _note(self, write: Callable[[], None]) -> None:
        """Write down a use; that the store is busy must not turn anybody away."""
        try:
            write()
        except StoreError as error:
            log.warning("a use was not noted: %s", error)

    def _known_device(self, device: str | None, name: str) -> str | None:
        token = None if device is None else self.signer.read(device, use="device")
        if token is None or token.rpartition("~")[2] != hash_token(name):
            return None
        return token


def _refused(name: str) -> NotSignedIn:
    log.warning("sign-in of %s refused", name)
    return NotSignedIn("The name or the password is wrong.")


def _folded(name: str) -> str:
    try:
        return account_name(name)
    except BadValue:
        # Tried and counted like any name that nobody has.
        return "?" + hash_token(name)[:16]


def _buckets(name: str, address: str, device: str | None) -> tuple[list[str], list[str]]:
    """Return where an attempt is counted: forgotten when it succeeds, and not.

    What is an account's own bears its hash, so that a new password can forget it.
    """
    if device is not None:
        return [f"device:{hash_token(name)}:{hash_token(device)}"], []
    pair = f"pair:{hash_token(name)}:{hash_token(f'{name} {address}')}"
    return [pair, account_bucket(name)], ["address:" + hash_token(address)]
