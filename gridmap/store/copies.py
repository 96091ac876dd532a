"""Copies of whole editions: as a draft to go on with, or put in force again.

A copy is written like an import: under an edition that nobody sees, in short transactions,
made visible by one last one. Geometry goes from row to row inside the store, byte for byte.
A draft may have other areas than the edition at some levels: they are written with the copy.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import Connection, func, insert, literal, select, update

from gridmap.coverage.editions import Edition, EditionState, check_name
from gridmap.errors import Conflict, StoreError
from gridmap.store import leases
from gridmap.store.changes import note_change, touch
from gridmap.store.editions import lock_draft, read_edition
from gridmap.store.engine import Database
from gridmap.store.families import lock_family
from gridmap.store.imports import PAUSE_S, Progress, add_pending, area_rows, need_storable
from gridmap.store.publications import Dating, check_date, put_in_force
from gridmap.store.schema import area_shapes, areas, editions, imports

if TYPE_CHECKING:
    from gridmap.coverage.importing.incoming import Incoming

__all__ = ["copy_batch", "copy_to_draft", "restore"]

_log = logging.getLogger(__name__)

_AREA = [c.name for c in areas.c if c.name not in ("id", "edition_id", "import_id")]
_IMPORT = [
    c.name
    for c in imports.c
    if c.name not in ("id", "edition_id", "state", "owner", "heartbeat_at")
]


@dataclass(frozen=True)
class _Copy:
    database: Database
    source: Edition
    edition_id: int
    # The source's imports, and from them to those of the copy.
    found: tuple[int, ...]
    imports: dict[int, int]
    # What comes in the place of levels of the source, by import.
    instead: dict[int, Incoming]
    # How many areas there will be.
    areas: int
    owner: str
    # Written into a draft that is there, in the place of what it holds.
    over: bool

    @property
    def pending(self) -> tuple[int, ...]:
        """All imports that are written."""
        return (*self.imports.values(), *self.instead)


def copy_to_draft(
    database: Database,
    source: str,
    name: str,
    by: str,
    *,
    instead: Sequence[Incoming] = (),
    over: bool = False,
    progress: Progress | None = None,
    batch: int = 2000,
) -> None:
    """Make the draft `name` with all areas of the edition `source`, in whatever state that is.

    Parameters
    ----------
    instead : sequence of Incoming
        Areas in the place of those that `source` has of their levels.
    over : bool
        A draft `name` that is there gets the areas, in the place of all that it holds.

    Raises
    ------
    NotFound
        When there is no edition `source`.
    Immutable
        When the draft that is there was published meanwhile.
    UnknownLevel, BadValue
        When the store cannot hold what comes in.
    Conflict
        When there is an edition `name`, `source` has no areas, or it changed meanwhile.
    """
    check_name(name)
    for one in instead:
        need_storable(one)
    with (
        _copied(database, source, name, by, progress, batch, instead, over=over) as copy,
        database.write() as connection,
    ):
        if copy.over:
            lock_draft(connection, name)
        _finish(connection, copy)
        if not copy.over:
            _need_free_name(connection, name)
        connection.execute(
            update(editions)
            .where(editions.c.id == copy.edition_id)
            .values(name=name, hidden=False, based_on=source)
        )
        note_change(connection)
        touch(database, connection, "imports", "areas", "editions")
    if copy.over:
        leases.sweep(database)


def restore(
    database: Database,
    former: str,
    name: str,
    dating: Dating,
    *,
    progress: Progress | None = None,
    batch: int = 2000,
) -> None:
    """Put a former edition in force anew, under a name and from a date of its own.

    Raises
    ------
    NotFound, OverlappingValidity
    Conflict
        When `former` is not a published edition, or the name is taken; see also
        :func:`gridmap.store.publications.check_date`.
    """
    check_name(name)
    with database.read() as connection:
        edition = read_edition(connection, former)
        if edition.state is not EditionState.PUBLISHED:
            raise Conflict(
                f"The edition is {edition.state.value}: it was never in force.", got=former
            )
        check_date(connection, edition.family, dating)
    with (
        _copied(database, former, name, dating.by, progress, batch) as copy,
        database.write() as connection,
    ):
        lock_family(connection, edition.family)
        check_date(connection, edition.family, dating)
        _finish(connection, copy)
        _need_free_name(connection, name)
        _copy_shapes(connection, copy)
        values = {
            "hidden": False,
            "based_on": edition.based_on,
            "restores": former,
            "accepted_faults": edition.accepted_faults,
            "content_hash": edition.content_hash,
        }
        put_in_force(connection, copy.edition_id, name, edition.family, dating, values)
        note_change(connection)
        changed = ("imports", "areas", "area_shapes", "editions", "published_areas")
        touch(database, connection, *changed)


@contextmanager
def _copied(
    database: Database,
    source: str,
    name: str,
    by: str,
    progress: Progress | None,
    batch: int,
    instead: Sequence[Incoming] = (),
    *,
    over: bool = False,
) -> Iterator[_Copy]:
    """Yield a copy that nobody sees; cleared away when the block raises."""
    leases.sweep(database)
    copy = _begin(database, source, name, by, instead, over=over)
    try:
        _fill(copy, progress, batch)
        yield copy
    except BaseException:
        _abandon(copy)
        raise


def _begin(
    database: Database, source: str, name: str, by: str, instead: Sequence[Incoming], *, over: bool
) -> _Copy:
    now, owner = database.clock(), leases.own_name()
    with database.write() as connection:
        edition = read_edition(connection, source)
        over = over and _is_taken(connection, name)
        if not over:
            _need_free_name(connection, name)
        live = _live_imports(connection, edition.id)
        if not live:
            raise Conflict("The edition has no areas to copy.", got=source)
        edition_id = (
            lock_draft(connection, name) if over else _hidden(connection, edition.family, by, now)
        )
        levels = {one.level for one in instead}
        copied = [row for row in live if row["level"] not in levels]
        pairs = {}
        for row in copied:
            values = {column: row[column] for column in _IMPORT} | {
                "edition_id": edition_id,
                "state": "pending",
                "owner": owner,
                "heartbeat_at": now,
            }
            found = connection.execute(insert(imports).values(values).returning(imports.c.id))
            pairs[int(row["id"])] = int(found.scalar_one())
        written = {
            add_pending(connection, edition_id, one, by, now=now, owner=owner): one
            for one in instead
        }
    return _Copy(
        database=database,
        source=edition,
        edition_id=edition_id,
        found=tuple(int(row["id"]) for row in live),
        imports=pairs,
        instead=written,
        areas=sum(row["areas"] for row in copied) + sum(len(one.areas) for one in instead),
        owner=owner,
        over=over,
    )


def _hidden(connection: Connection, family: str, by: str, now: datetime) -> int:
    """Make an edition that nobody sees, and return its id."""
    made = connection.execute(
        insert(editions)
        .values(
            # Of no length that an edition's name may have: it is in nobody's way.
            name=f"{'.' * 100}{uuid4()}",
            state=EditionState.DRAFT.value,
            created_at=now,
            created_by=by,
            family=family,
            hidden=True,
        )
        .returning(editions.c.id)
    )
    return int(made.scalar_one())


def _live_imports(connection: Connection, edition_id: int) -> list[Any]:
    query = (
        select(imports)
        .where(imports.c.edition_id == edition_id, imports.c.state == "live")
        .order_by(imports.c.id)
    )
    return list(connection.execute(query).mappings())


def _fill(copy: _Copy, progress: Progress | None, batch: int) -> None:
    done = 0
    for old, new in copy.imports.items():
        last: int | None = 0
        while last is not None:
            began = time.monotonic()
            with copy.database.write() as connection:
                _renew(connection, copy)
                last, count = copy_batch(connection, copy.edition_id, old, new, last, batch)
            done += count
            _rest(copy, began, done, progress if count else None)
    for import_id, incoming in copy.instead.items():
        for start in range(0, len(incoming.areas), batch):
            rows = area_rows(copy.edition_id, import_id, incoming, slice(start, start + batch))
            began = time.monotonic()
            with copy.database.write() as connection:
                _renew(connection, copy)
                connection.execute(insert(areas), rows)
            done += len(rows)
            _rest(copy, began, done, progress)


def _rest(copy: _Copy, began: float, done: int, progress: Progress | None) -> None:
    """Tell how far it is, and leave the store free for a moment."""
    took = time.monotonic() - began
    if progress is not None:
        progress(done, copy.areas)
    # As with imports: who waits to write looks up at intervals only.
    time.sleep(max(PAUSE_S, took / 2))


def copy_batch(
    connection: Connection, edition_id: int, old: int, new: int, after: int, batch: int
) -> tuple[int | None, int]:
    """Copy some rows; return the last id that was copied (None when done) and how many."""
    some = (
        select(areas.c.id)
        .where(areas.c.import_id == old, areas.c.id > after)
        .order_by(areas.c.id)
        .limit(batch)
    )
    ids = list(connection.execute(some).scalars())
    if not ids:
        return None, 0
    columns = [areas.c[name] for name in _AREA]
    rows = (
        select(literal(edition_id), literal(new), *columns)
        .where(areas.c.import_id == old, areas.c.id > after, areas.c.id <= ids[-1])
        .order_by(areas.c.id)
    )
    connection.execute(insert(areas).from_select(["edition_id", "import_id", *_AREA], rows))
    return ids[-1] if len(ids) == batch else None, len(ids)


def _renew(connection: Connection, copy: _Copy) -> None:
    renewed = connection.execute(
        update(imports)
        .where(
            imports.c.id.in_(copy.pending),
            imports.c.state == "pending",
            imports.c.owner == copy.owner,
        )
        .values(heartbeat_at=copy.database.clock())
    )
    if renewed.rowcount != len(copy.pending):
        raise Conflict(
            "The copy was given up for dead and cleared away.",
            got=copy.source.name,
            repair="Run it again, without letting it stand still.",
        )


def _finish(connection: Connection, copy: _Copy) -> None:
    """Make the rows live, when they are those that the source has now."""
    _renew(connection, copy)
    for old, new in copy.imports.items():
        counts = [
            connection.execute(select(func.count()).where(areas.c.import_id == one)).scalar_one()
            for one in (old, new)
        ]
        if counts[0] != counts[1]:
            _changed_meanwhile(copy)
    if tuple(row["id"] for row in _live_imports(connection, copy.source.id)) != copy.found:
        _changed_meanwhile(copy)
    connection.execute(
        update(imports)
        .where(imports.c.edition_id == copy.edition_id, imports.c.state == "live")
        .values(state="superseded")
    )
    connection.execute(update(imports).where(imports.c.id.in_(copy.pending)).values(state="live"))


def _changed_meanwhile(copy: _Copy) -> None:
    raise Conflict(
        "The edition was changed while it was copied.", got=copy.source.name, repair="Try again."
    )


def _need_free_name(connection: Connection, name: str) -> None:
    if _is_taken(connection, name):
        raise Conflict(
            "There is an edition of that name already.", got=name, repair="Choose another name."
        )


def _is_taken(connection: Connection, name: str) -> bool:
    query = select(editions.c.id).where(editions.c.name == name)
    return connection.execute(query).scalar() is not None


def _copy_shapes(connection: Connection, copy: _Copy) -> None:
    """Give the copy's parents the shapes that the former edition answers with."""
    former = areas.alias("former")
    rows = (
        select(areas.c.id, areas.c.edition_id, areas.c.level, areas.c.code, area_shapes.c.geom)
        .select_from(areas)
        .join(former, (former.c.level == areas.c.level) & (former.c.code == areas.c.code))
        .join(area_shapes, area_shapes.c.area_id == former.c.id)
        .where(areas.c.edition_id == copy.edition_id, former.c.edition_id == copy.source.id)
    )
    columns = ["area_id", "edition_id", "level", "code", "geom"]
    connection.execute(insert(area_shapes).from_select(columns, rows))


def _abandon(copy: _Copy) -> None:
    """Clear away what a failed copy wrote; where that fails too, the next sweep does it."""
    try:
        for import_id in copy.pending:
            leases.discard(copy.database, import_id)
        leases.drop_hidden(copy.database)
    except StoreError as error:
        _log.warning("The remains of a failed copy wait for the next sweep: %s", error)
