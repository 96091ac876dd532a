"""The one tree of exceptions that gridmap raises on purpose.

::

    GridmapError
    ├── InputError              what the caller gave cannot be used
    │   ├── UnreadableFile      missing, empty, not the format it claims, broken
    │   ├── WrongEncoding       text that does not decode as declared
    │   ├── MissingColumn       a named column is not in the file
    │   ├── UnknownCoordSys     no such coordinate system, or none declared
    │   ├── UnknownLevel        a level name the store does not have
    │   ├── BadCode             a code of the wrong shape for its level or catalogue
    │   └── BadValue            any other value outside what is allowed
    ├── NotFound                no such edition, area, report, place ...
    ├── Conflict                the request contradicts what is stored
    │   ├── Immutable           a published edition is never written to
    │   ├── Stale               somebody changed it since it was looked at
    │   ├── EditRefused         an edit of a draft would tear or bend what must hold
    │   ├── OverlappingValidity two editions would be in force on the same day
    │   └── CoverageFaulty      publishing refused: the audit found faults
    ├── NotAllowed              the actor may not do or see this
    │   ├── NotSignedIn         nobody is signed in, or the key or password is wrong
    │   └── TooManyAttempts     too many wrong passwords from there: wait
    ├── NotInstalled            this needs software that is not on the machine
    └── StoreError              the store cannot do its work now
        ├── StoreBusy           another process holds the write lock
        ├── StoreFull           no room left on the device
        ├── StoreUnusable       not a gridmap store, wrong version, network drive, no server
        └── SecretsUnusable     the site's keys are missing, open to others, or do not fit

Nothing here knows HTTP or exit codes: ``api/errors.py`` maps classes to a status,
``gridmap/cli/errors.py`` to an exit code, each in a single table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = [
    "BadCode",
    "BadValue",
    "Conflict",
    "CoverageFaulty",
    "EditRefused",
    "GridmapError",
    "Immutable",
    "InputError",
    "MissingColumn",
    "NotAllowed",
    "NotFound",
    "NotInstalled",
    "NotSignedIn",
    "OverlappingValidity",
    "SecretsUnusable",
    "Stale",
    "StoreBusy",
    "StoreError",
    "StoreFull",
    "StoreUnusable",
    "TooManyAttempts",
    "UnknownCoordSys",
    "UnknownLevel",
    "UnreadableFile",
    "WrongEncoding",
]


class GridmapError(Exception):
    """Base of every error gridmap raises on purpose.

    Parameters
    ----------
    message : str
        One sentence: what is wrong, naming the thing.
    got : object, optional
        The value that was refused, as given.
    allowed : object, optional
        What would have been accepted.
    repair : str, optional
        What the caller can do about it, in the imperative.
    """

    def __init__(
        self,
        message: str,
        *,
        got: object = None,
        allowed: object = None,
        repair: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.got = got
        self.allowed = allowed
        self.repair = repair

    def message_in(self, lang: str) -> str:
        """Return the sentence with what it quotes in a language; its own words stay English."""
        return self.message

    def __str__(self) -> str:
        parts = [self.message]
        if self.got is not None:
            parts.append(f"Got: {self.got}.")
        if self.allowed is not None:
            allowed = self.allowed
            if isinstance(allowed, (list, tuple, set, frozenset)):
                allowed = ", ".join(map(str, allowed))
            parts.append(f"Allowed: {allowed}.")
        if self.repair is not None:
            parts.append(self.repair)
        return " ".join(parts)


class InputError(GridmapError):
    """What the caller gave cannot be used."""


class UnreadableFile(InputError):
    """The file is missing, empty, broken, or not of the format it claims."""


class WrongEncoding(InputError):
    """Text does not decode in the declared or detected encoding."""


class MissingColumn(InputError):
    """A column named by the caller is not in the file."""


class UnknownCoordSys(InputError):
    """The coordinate system is unknown, or the data declare none."""


class UnknownLevel(InputError):
    """The store has no level of that name."""


class BadCode(InputError):
    """A code has the wrong shape for its level or catalogue."""


class BadValue(InputError):
    """Any other value outside what is allowed."""


class NotFound(GridmapError):
    """The thing asked for does not exist, or not at that date."""


class Conflict(GridmapError):
    """The request contradicts what is stored."""


class Immutable(Conflict):
    """A published edition is never written to."""


class Stale(Conflict):
    """Somebody changed the thing since the caller looked at it.

    Parameters
    ----------
    version : int or str
        The version it has now.
    changes : list of dict
        What was done since, in order; filled in where it is known.
    """

    def __init__(
        self,
        message: str,
        *,
        got: object = None,
        allowed: object = None,
        repair: str | None = None,
        version: int | str = 0,
    ) -> None:
        super().__init__(message, got=got, allowed=allowed, repair=repair)
        self.version = version
        self.changes: list[dict[str, Any]] = []


class EditRefused(Conflict):
    """An edit of a draft would break what holds of every plan.

    Parameters
    ----------
    reasons : list of dict
        Each with its kind, a sentence in both languages, its place and the areas concerned.
    """

    def __init__(
        self,
        message: str,
        *,
        got: object = None,
        allowed: object = None,
        repair: str | None = None,
        reasons: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(message, got=got, allowed=allowed, repair=repair)
        self.reasons = reasons or []


class OverlappingValidity(Conflict):
    """Two editions would be in force at the same time."""


class CoverageFaulty(Conflict):
    """Publishing is refused because the audit, or the proof of routes, found faults.

    Parameters
    ----------
    faults : sequence
        The errors, worst first; each tells itself by ``as_dict(lang)``.
    """

    def __init__(
        self,
        message: str,
        *,
        got: object = None,
        allowed: object = None,
        repair: str | None = None,
        faults: Sequence[Any] = (),
    ) -> None:
        super().__init__(message, got=got, allowed=allowed, repair=repair)
        self.faults = tuple(faults)

    def message_in(self, lang: str) -> str:
        """Return the sentence with its first fault told in a language."""
        if not self.faults:
            return self.message
        first = self.faults[0]
        return self.message.replace(first.as_dict("en")["text"], first.as_dict(lang)["text"])


class NotAllowed(GridmapError):
    """The actor may not do or see this."""


class NotSignedIn(NotAllowed):
    """Nobody is signed in, or the key, password or session is not good."""


class TooManyAttempts(NotAllowed):
    """Too many wrong passwords; `wait_s` says when to try again."""

    def __init__(self, message: str, *, wait_s: int, repair: str | None = None) -> None:
        super().__init__(message, got=f"wait {wait_s} s", repair=repair)
        self.wait_s = wait_s


class NotInstalled(GridmapError):
    """What is asked for needs a package, a library or a font that is not installed here."""


class StoreError(GridmapError):
    """The store cannot do its work now."""


class StoreBusy(StoreError):
    """Another process holds the write lock; try again."""


class StoreFull(StoreError):
    """No room is left on the device."""


class StoreUnusable(StoreError):
    """Not a gridmap store, of another version, on a network drive, or not reachable."""


class SecretsUnusable(StoreError):
    """The site's keys are missing, open to others, or not those that sealed the data."""
