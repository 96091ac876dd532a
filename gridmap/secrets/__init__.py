"""Secrets: the keys of a site, and what is done with them.

Never in the store: whoever gets hold of a copy of the store has neither the keys that seal
personal fields nor the one that signs sessions.

====================  ==========================================================
:mod:`.keyring`       keys by purpose, from the environment or a file of mode 0600
:mod:`.signing`       short texts signed, and tokens for forms (HMAC-SHA256)
:mod:`.sealing`       personal fields encrypted (AES-256-GCM), bound to their place
:mod:`.passwords`     passwords hashed (Argon2id), their strength, and random tokens
====================  ==========================================================
"""

from gridmap.secrets.keyring import Key, Keyring, Purpose, secrets_path
from gridmap.secrets.passwords import (
    check_password,
    hash_password,
    hash_token,
    new_password,
    new_receipt,
    new_token,
    require_strong,
)
from gridmap.secrets.sealing import Sealer
from gridmap.secrets.signing import Signer

__all__ = [
    "Key",
    "Keyring",
    "Purpose",
    "Sealer",
    "Signer",
    "check_password",
    "hash_password",
    "hash_token",
    "new_password",
    "new_receipt",
    "new_token",
    "require_strong",
    "secrets_path",
]
