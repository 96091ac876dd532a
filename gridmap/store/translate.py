"""Driver errors become gridmap's own here, once, whatever the driver.

What a driver says is repeated in its first line only: further lines and the statement's
parameters may hold personal data.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg2
from sqlalchemy import exc

from gridmap.errors import (
    BadValue,
    Conflict,
    GridmapError,
    Immutable,
    StoreBusy,
    StoreError,
    StoreFull,
    StoreUnusable,
)

__all__ = ["IMMUTABLE_MARK", "IMMUTABLE_STATE", "translated", "unfit"]

# How the guards in the database say no: a prefix on SQLite, an SQLSTATE on PostgreSQL.
IMMUTABLE_MARK = "gridmap.immutable: "
IMMUTABLE_STATE = "GM001"

# What an error means, from what the driver said and where.
Meaning = Callable[[str, str], GridmapError]


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn driver errors inside the block into :class:`StoreError` or :class:`Conflict`.

    Parameters
    ----------
    where : str
        The store's name as people may see it, without a password.
    """
    try:
        yield
    except exc.TimeoutError as error:
        raise _busy("", where) from error
    except exc.DBAPIError as error:
        raise _translate(error.orig, where) from error
    except exc.StatementError as error:
        # A value that never reached the driver: refused by a column type, or by the driver.
        if isinstance(error.orig, GridmapError):
            raise error.orig from None
        raise unfit(error.orig) from error
    except (sqlite3.Error, psycopg2.Error) as error:
        raise _translate(error, where) from error


def unfit(error: BaseException | None) -> BadValue:
    """Return what is raised for a value that no store can hold."""
    return BadValue("The store cannot hold this value.", got=_first_line(error))


def _translate(error: BaseException | None, where: str) -> GridmapError:
    said = _first_line(error)
    if isinstance(error, sqlite3.Error):
        return _sqlite_meaning(error, said)(said, where)
    if isinstance(error, psycopg2.Error):
        return _postgres_meaning(error)(said, where)
    return _other(said, where)


def _first_line(error: BaseException | None) -> str:
    return str(error).strip().split("\n", 1)[0]


def _sqlite_meaning(error: sqlite3.Error, said: str) -> Meaning:
    for beginning, meaning in _SQLITE.items():
        if said.lower().startswith(beginning):
            return meaning
    return _contradiction if isinstance(error, sqlite3.IntegrityError) else _other


def _postgres_meaning(error: psycopg2.Error) -> Meaning:
    state = error.pgcode or ""
    if state in _POSTGRES:
        return _POSTGRES[state]
    if not state and isinstance(error, psycopg2.OperationalError):
        return _unreachable
    if isinstance(error, psycopg2.IntegrityError):
        return _contradiction
    return _unfit if isinstance(error, psycopg2.DataError) else _other


def _immutable(said: str, where: str) -> GridmapError:
    return Immutable(
        said.removeprefix(IMMUTABLE_MARK),
        repair="Make a new edition and publish it from a later date.",
    )


def _busy(said: str, where: str) -> GridmapError:
    return StoreBusy(
        "Another program is using the store, and has not finished in time.",
        got=where,
        repair="Try again when it is done, or raise GRIDMAP_BUSY_TIMEOUT_S.",
    )


def _full(said: str, where: str) -> GridmapError:
    return StoreFull(
        "There is no room left for the store.", got=where, repair="Free some disk space."
    )


def _read_only(said: str, where: str) -> GridmapError:
    return StoreUnusable(
        "The store cannot be opened or written to.",
        got=f"{where}: {said}",
        repair="Give this user permission to write the file and its folder.",
    )


def _broken(said: str, where: str) -> GridmapError:
    return StoreUnusable(
        "This file is damaged, or is not a GeoPackage.",
        got=f"{where}: {said}",
        repair="Name another file for the store, or restore this one from a backup.",
    )


def _denied(said: str, where: str) -> GridmapError:
    return StoreUnusable(
        "The database does not let this user do that.",
        got=f"{where}: {said}",
        repair="Use the role that owns the database, or ask its administrator.",
    )


def _unreachable(said: str, where: str) -> GridmapError:
    return StoreUnusable(
        "The database does not answer.",
        got=f"{where}: {said}",
        repair="Check that the server runs, and host, port, database and user in GRIDMAP_STORE.",
    )


def _contradiction(said: str, where: str) -> GridmapError:
    return Conflict("The request contradicts what is stored.", got=said)


def _unfit(said: str, where: str) -> GridmapError:
    return BadValue("The store cannot hold this value.", got=said)


def _other(said: str, where: str) -> GridmapError:
    return StoreError("The store refused.", got=f"{where}: {said}")


# SQLite says what is wrong in words alone: how its messages begin, in lower case.
_SQLITE: dict[str, Meaning] = {
    IMMUTABLE_MARK: _immutable,
    "database is locked": _busy,
    "database table is locked": _busy,
    "database schema is locked": _busy,
    "database or disk is full": _full,
    "attempt to write a readonly database": _read_only,
    "unable to open database file": _read_only,
    "file is not a database": _broken,
    "database disk image is malformed": _broken,
    "disk i/o error": _broken,
}
# https://www.postgresql.org/docs/15/errcodes-appendix.html
_POSTGRES: dict[str, Meaning] = {
    IMMUTABLE_STATE: _immutable,
    "55P03": _busy,  # lock not available in time
    "40P01": _busy,  # deadlock
    "40001": _busy,  # serialization failure
    "57014": _busy,  # cancelled, by a statement timeout
    "53300": _busy,  # too many connections
    "53100": _full,
    "42501": _denied,
    "25006": _denied,  # read-only transaction
    "28000": _denied,
    "28P01": _denied,
    "3D000": _unreachable,  # no such database
    "57P01": _unreachable,  # shut down
    "57P02": _unreachable,
    "57P03": _unreachable,
}
