"""Short texts signed so that nobody else can make them, and tokens for forms.

HMAC-SHA256 of the standard library: what is signed is an opaque random token, which needs
neither a serializer nor a time stamp, for the store has its session with both.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from gridmap.secrets.keyring import Key

__all__ = ["Signer"]


class Signer:
    """Signs with the newest of its keys and knows the signatures of all."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = tuple(keys)

    def sign(self, text: str, *, use: str) -> str:
        """Return ``text.signature``; one for another `use` is not taken for it."""
        return f"{text}.{self._mac(self._keys[0], text, use)}"

    def read(self, signed: str, *, use: str) -> str | None:
        """Return what was signed, None when nobody here signed that for this `use`."""
        text, dot, given = signed.rpartition(".")
        if not dot:
            return None
        mac = given.encode("utf-8", "replace")
        # Every key is tried, so that the time tells nothing.
        good = [hmac.compare_digest(mac, self._mac(k, text, use).encode()) for k in self._keys]
        return text if any(good) else None

    def derived(self, text: str, *, use: str) -> str:
        """Return a token that follows from `text`, and that only this site can make."""
        return self._mac(self._keys[0], text, use)

    def matches(self, given: str, text: str, *, use: str) -> bool:
        """True when `given` is the derived token of `text`, with any of the keys."""
        token = given.encode("utf-8", "replace")
        good = [hmac.compare_digest(token, self._mac(k, text, use).encode()) for k in self._keys]
        return any(good)

    @staticmethod
    def _mac(key: Key, text: str, use: str) -> str:
        # The length first: no use and text run together like another's.
        message = f"{len(use)}:{use}:{text}".encode("utf-8", "surrogatepass")
        digest = hmac.new(key.secret, message, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
