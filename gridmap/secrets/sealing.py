"""Personal fields encrypted: AES-256-GCM with a random nonce, bound to their place.

The place (``report_people/17/phone``) is authenticated with the text: a sealed field that is
copied to another row does not open there. Sealed text is ``id$base64(nonce + ciphertext)``.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gridmap.errors import SecretsUnusable
from gridmap.secrets.keyring import Key

__all__ = ["Sealer"]

_NONCE = 12


class Sealer:
    """Seals with the newest of its keys and opens what any of them sealed."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = {key.id: key for key in keys}
        self._newest = keys[0]

    @property
    def newest(self) -> str:
        """Id of the key that seals."""
        return self._newest.id

    def seal(self, text: str, *, place: str) -> str:
        """Return `text` sealed for `place`."""
        nonce = os.urandom(_NONCE)
        sealed = AESGCM(self._newest.secret).encrypt(nonce, text.encode(), place.encode())
        return f"{self._newest.id}${base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, place: str) -> str:
        """Return what was sealed for `place`.

        Raises
        ------
        SecretsUnusable
            When its key is gone, or it was sealed elsewhere or changed.
        """
        name, _, encoded = sealed.partition("$")
        key = self._keys.get(name)
        if key is None:
            raise SecretsUnusable(
                "The key that sealed this field is not among those there are.",
                got=f"{place}, key {name}",
                allowed=list(self._keys),
                repair="Put the key back from its backup: see docs/operations.md.",
            )
        try:
            body = base64.urlsafe_b64decode(encoded)
            opened = AESGCM(key.secret).decrypt(body[:_NONCE], body[_NONCE:], place.encode())
            return opened.decode()
        except (InvalidTag, binascii.Error, ValueError) as error:
            raise SecretsUnusable(
                "A sealed field does not open: it was changed, or belongs to another row.",
                got=place,
            ) from error
