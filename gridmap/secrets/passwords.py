"""Passwords: hashed with Argon2id, not too weak; and random tokens, hashed with SHA-256.

A token has 256 random bits, so a fast hash keeps it; a password has not, so a slow one does.
"""

from __future__ import annotations

import hashlib
import secrets
import string
import threading
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from gridmap.errors import BadValue

__all__ = [
    "MAX_PASSWORD",
    "MIN_PASSWORD",
    "check_password",
    "hash_password",
    "hash_token",
    "needs_rehash",
    "new_password",
    "new_receipt",
    "new_token",
    "require_strong",
]

MIN_PASSWORD = 10
MAX_PASSWORD = 256

_hasher = PasswordHasher()
# Each hash takes 64 MiB: a rush of sign-ins waits here instead of filling the memory.
_at_once = threading.BoundedSemaphore(4)

# What is tried first, in parts: a password is weak when little of it is left without them.
_COMMON = (
    "password", "passw0rd", "qwertyuiop", "qwerty", "asdfghjkl", "asdf", "zxcvbnm", "1q2w3e4r",
    "admin", "root", "letmein", "welcome", "iloveyou", "woaini", "gridmap", "wangge", "shequ",
    "abc123", "a123456", "5201314", "1314520", "147258369", "789456123",
)  # fmt: skip
_LETTERS = string.ascii_letters + string.digits
_LOOK_ALIKE = "0Oo1lI"
_RECEIPT = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_READABLE = "".join(c for c in _LETTERS if c not in _LOOK_ALIKE)


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a password, with its own salt and cost."""
    with _at_once:
        return _hasher.hash(password)


def check_password(password: str, hashed: str | None) -> bool:
    """True when it is the password that was hashed.

    Without a hash (nobody of that name, or no password) it takes as long and is False.
    """
    with _at_once:
        try:
            good = _hasher.verify(hashed or _nobody(), password[: MAX_PASSWORD + 1])
        except (Argon2Error, InvalidHashError):
            return False
    return good and hashed is not None


def needs_rehash(hashed: str) -> bool:
    """True when the hash was made at another cost than hashes are made now."""
    return _hasher.check_needs_rehash(hashed)


def require_strong(password: str, *, name: str = "") -> str:
    """Return the password unless it is too easy to guess.

    Raises
    ------
    BadValue
        Saying what is wrong with it, never repeating it.
    """
    fault = _weakness(password, name)
    if fault:
        raise BadValue(
            f"The password is too weak: {fault}.",
            allowed=f"{MIN_PASSWORD} to {MAX_PASSWORD} characters, not easily guessed",
            repair="Take several unrelated words, or let one be made.",
        )
    return password


def _weakness(password: str, name: str) -> str:
    plain = password.casefold()
    if len(password) < MIN_PASSWORD:
        return f"it has {len(password)} characters"
    if len(password) > MAX_PASSWORD:
        return f"it has {len(password)} characters"
    if len(set(plain)) < 5:
        return "it has fewer than five different characters"
    if len(name) >= 3 and name.casefold() in plain:
        return "it contains the name of the account"
    left = plain
    for known in _COMMON:
        left = left.replace(known, "")
    if len(_without_runs(left)) < 5:
        return "it is made of what is guessed first"
    return ""


def _without_runs(text: str) -> str:
    """Return the text without characters that repeat or follow on the one before them."""
    return text[:1] + "".join(b for a, b in pairwise(text) if abs(ord(b) - ord(a)) > 1)


def new_password() -> str:
    """Return a random password that can be read out: four groups of four, 94 bits."""
    return "-".join("".join(secrets.choice(_READABLE) for _ in range(4)) for _ in range(4))


def new_receipt() -> str:
    """Return a random receipt that can be read out and typed in any case: 100 bits."""
    return "".join(secrets.choice(_RECEIPT) for _ in range(20))


def new_token() -> str:
    """Return a random token of 256 bits, as an address or a header can carry it."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """Return what the store keeps of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


_dummy: list[str] = []


def _nobody() -> str:
    if not _dummy:
        _dummy.append(_hasher.hash(secrets.token_urlsafe(16)))
    return _dummy[0]
