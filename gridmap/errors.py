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
    │   ├── OverlappingValidity two editions would be in force on the same day
    │   └── CoverageFaulty      publishing refused: the audit found faults
    ├── NotAllowed              the actor may not do or see this
    └── StoreError              the store cannot do its work now
        ├── StoreBusy           another process holds the write lock
        ├── StoreFull           no room left on the device
        └── StoreUnusable       not a gridmap store, wrong version, network drive, no server

Nothing here knows HTTP or exit codes: ``api/errors.py`` maps classes to a status,
``gridmap/cli/errors.py`` to an exit code, each in a single table.
"""

from __future__ import annotations

__all__ = [
    "BadCode",
    "BadValue",
    "Conflict",
    "CoverageFaulty",
    "GridmapError",
    "Immutable",
    "InputError",
    "MissingColumn",
    "NotAllowed",
    "NotFound",
    "OverlappingValidity",
    "StoreBusy",
    "StoreError",
    "StoreFull",
    "StoreUnusable",
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


class OverlappingValidity(Conflict):
    """Two editions would be in force at the same time."""


class CoverageFaulty(Conflict):
    """Publishing is refused because the audit found faults."""


class NotAllowed(GridmapError):
    """The actor may not do or see this."""


class StoreError(GridmapError):
    """The store cannot do its work now."""


class StoreBusy(StoreError):
    """Another process holds the write lock; try again."""


class StoreFull(StoreError):
    """No room is left on the device."""


class StoreUnusable(StoreError):
    """Not a gridmap store, of another version, on a network drive, or not reachable."""
