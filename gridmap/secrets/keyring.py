"""The keys of a site by purpose: from the environment, or from a file of mode 0600.

The newest key of a purpose seals and signs; the older ones still open what they sealed.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson

from gridmap.errors import BadValue, Conflict, SecretsUnusable

__all__ = ["Key", "Keyring", "Purpose", "new_key", "secrets_path"]

KEY_BYTES = 32
_ID = re.compile(r"[0-9a-z]{4,16}")
_INIT = "Run `gridmap secrets init`."


class Purpose(StrEnum):
    """What a key is for."""

    SESSION = "session"
    PERSONAL = "personal"
    # The secrets are derived from it that webhooks and the gateway of notices check with.
    OUTGOING = "outgoing"

    @property
    def variable(self) -> str:
        """The variable of the environment that may hold its keys."""
        return f"GRIDMAP_{self.value.upper()}_KEYS"


@dataclass(frozen=True, slots=True, repr=False)
class Key:
    """One key; its id is written with whatever it seals."""

    id: str
    secret: bytes
    made_at: str = ""

    def __repr__(self) -> str:
        return f"Key({self.id})"

    @property
    def text(self) -> str:
        """The key as the environment and the file have it: ``id:base64``."""
        return f"{self.id}:{base64.urlsafe_b64encode(self.secret).decode()}"


def new_key(moment: datetime) -> Key:
    """Return a random key."""
    made = moment.astimezone(UTC).isoformat(timespec="seconds")
    return Key(secrets.token_hex(4), secrets.token_bytes(KEY_BYTES), made)


def secrets_path(store: str, configured: Path | None) -> Path:
    """Return the file of secrets: as configured, else beside a GeoPackage.

    For PostGIS there is no beside: ``gridmap/DATABASE.secrets`` in the user's folder of
    configuration.
    """
    if configured is not None:
        return configured.expanduser()
    if "://" not in store:
        path = Path(store).expanduser()
        return path.with_name(path.name + ".secrets")
    home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    database = store.rsplit("/", 1)[-1].partition("?")[0] or "gridmap"
    return home / "gridmap" / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', database)}.secrets"


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """Keys by purpose, the newest first.

    Attributes
    ----------
    keys : mapping of Purpose to tuple of Key
        Empty for a purpose of which there is none.
    path : Path
        The file, whether or not it exists.
    from_environment : frozenset of Purpose
        Those that the environment gives: the file has no say in them.
    """

    keys: Mapping[Purpose, tuple[Key, ...]]
    path: Path
    from_environment: frozenset[Purpose] = frozenset()

    def __repr__(self) -> str:
        return f"Keyring({self.path}, {dict(self.keys)})"

    @classmethod
    def load(cls, path: Path, given: Mapping[Purpose, str] | None = None) -> Keyring:
        """Read the keys of the environment (texts of ``id:base64``, newest first) and the file.

        Raises
        ------
        SecretsUnusable
            When the file is open to others, belongs to somebody else, or cannot be read.
        """
        own = {purpose: text for purpose, text in (given or {}).items() if text.strip()}
        keys = {purpose: _from_text(text, purpose) for purpose, text in own.items()}
        if set(keys) != set(Purpose) and path.exists():
            keys = _from_file(path) | keys
        return cls({purpose: keys.get(purpose, ()) for purpose in Purpose}, path, frozenset(own))

    @property
    def missing(self) -> list[Purpose]:
        """The purposes without a key."""
        return [purpose for purpose in Purpose if not self.keys[purpose]]

    def of(self, purpose: Purpose) -> tuple[Key, ...]:
        """Return the keys of a purpose, or raise `SecretsUnusable` when there are none."""
        if not self.keys[purpose]:
            repair = f"{_INIT} If there was one, put it back: see docs/operations.md."
            if self.from_environment:
                # A file would hold another key on each machine.
                repair = (
                    f"Set {purpose.variable}, the same on every machine, or put the file back; "
                    "`gridmap secrets init` makes what is missing in a file."
                )
            raise SecretsUnusable(
                f"There is no key for the purpose '{purpose}'.",
                got=str(self.path),
                repair=repair,
            )
        return self.keys[purpose]

    def made(self, moment: datetime) -> Keyring:
        """Return the keyring with a key for every purpose that had none, written to the file."""
        new = {p: (new_key(moment),) for p in self.missing}
        if not new:
            raise Conflict(
                "There is a key for every purpose already.",
                got=str(self.path),
                repair="`gridmap secrets rotate` puts a new key in front.",
            )
        return self._written({**self.keys, **new})

    def rotated(self, purposes: Iterable[Purpose], moment: datetime) -> Keyring:
        """Return the keyring with a new key in front, written to the file.

        Raises
        ------
        Conflict
            When the environment gives the keys: this program cannot change it.
        """
        changed = dict(self.keys)
        for purpose in purposes:
            self._need_own(purpose)
            changed[purpose] = (new_key(moment), *self.of(purpose))
        return self._written(changed)

    def without(self, purpose: Purpose, ids: Iterable[str]) -> Keyring:
        """Return the keyring without some old keys, written to the file."""
        self._need_own(purpose)
        gone = set(ids)
        kept = tuple(k for k in self.of(purpose) if k.id not in gone)
        if not kept or kept[0] is not self.of(purpose)[0]:
            raise Conflict("The newest key stays.", got=", ".join(sorted(gone)))
        return self._written({**self.keys, purpose: kept})

    def _need_own(self, purpose: Purpose) -> None:
        if purpose in self.from_environment:
            raise Conflict(
                f"The keys for '{purpose}' come from the environment.",
                got=purpose.variable,
                repair="Change them there: a new key in front with a comma, old ones taken out.",
            )

    def _written(self, keys: Mapping[Purpose, tuple[Key, ...]]) -> Keyring:
        own = {p: ks for p, ks in keys.items() if p not in self.from_environment}
        body = {
            purpose.value: [{"key": key.text, "made_at": key.made_at} for key in ks]
            for purpose, ks in own.items()
        }
        _write_private(self.path, orjson.dumps(body, option=orjson.OPT_INDENT_2) + b"\n")
        return Keyring(keys, self.path, self.from_environment)


def _from_text(text: str, purpose: Purpose) -> tuple[Key, ...]:
    return tuple(_key(part.strip(), purpose.variable) for part in text.split(","))


def _key(text: str, where: str, made_at: str = "") -> Key:
    name, _, encoded = text.partition(":")
    try:
        secret = base64.b64decode(encoded, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if not _ID.fullmatch(name) or len(secret) != KEY_BYTES:
        # Never the text itself: it may be half of a key.
        raise SecretsUnusable(
            "A key cannot be used.",
            got=where,
            allowed="ID:BASE64, the id of 4 to 16 digits and small letters, 32 bytes",
            repair="Take keys as `gridmap secrets init` writes them.",
        )
    return Key(name, secret, made_at)


def _from_file(path: Path) -> dict[Purpose, tuple[Key, ...]]:
    _need_private(path)
    try:
        body = orjson.loads(path.read_bytes())
        return {
            Purpose(purpose): tuple(
                _key(str(one["key"]), str(path), str(one.get("made_at", ""))) for one in ks
            )
            for purpose, ks in body.items()
        }
    except (OSError, orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise SecretsUnusable(
            "The file of secrets cannot be read.",
            got=str(path),
            repair="Put it back from its backup.",
        ) from error
    except ValueError as error:
        raise SecretsUnusable(
            "The file of secrets names a purpose that does not exist.",
            got=str(path),
            allowed=[p.value for p in Purpose],
        ) from error


def _need_private(path: Path) -> None:
    try:
        found = path.stat()
    except OSError as error:
        raise SecretsUnusable(
            f"The file of secrets cannot be read: {error.strerror}.", got=str(path)
        ) from error
    mode = stat.S_IMODE(found.st_mode)
    if os.name == "posix" and (mode & 0o077 or found.st_uid not in (os.geteuid(), 0)):
        raise SecretsUnusable(
            "The file of secrets is open to others.",
            got=f"{path}, mode {mode:04o}, owner {found.st_uid}",
            allowed="mode 0600, owned by who runs gridmap",
            repair=f"chmod 600 {path} - and rotate the keys if others may have read it.",
        )


def _write_private(path: Path, body: bytes) -> None:
    """Write a file of mode 0600, whole or not at all; what was there stays until it is."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                os.fchmod(stream.fileno(), 0o600)
                stream.write(body)
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise BadValue(
            f"The file of secrets cannot be written: {error.strerror}.",
            got=str(path),
            repair="Set GRIDMAP_SECRETS to a file that can be.",
        ) from error


def describe(keyring: Keyring) -> list[dict[str, Any]]:
    """Return each key's purpose, id, age and place; never the key."""
    return [
        {
            "purpose": purpose.value,
            "id": key.id,
            "made_at": key.made_at or None,
            "newest": i == 0,
            "from": "environment" if purpose in keyring.from_environment else str(keyring.path),
        }
        for purpose in Purpose
        for i, key in enumerate(keyring.keys[purpose])
    ]
