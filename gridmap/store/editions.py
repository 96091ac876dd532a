"""Editions: reading them, making drafts, publishing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from gridmap.coverage.editions import Edition, EditionState, check_name
from gridmap.coverage.model import Coverage
from gridmap.errors import Conflict, Immutable, NotFound, OverlappingValidity
from gridmap.store import leases
from gridmap.store.columns import to_millisecond
from gridmap.store.geometry import encode
from gridmap.store.levels import read_levels
from gridmap.store.schema import area_shapes, areas, editions, imports

__all__ = [
    "edition_at",
    "ensure_draft",
    "lock_draft",
    "publish",
    "read_edition",
    "read_editions",
]


def read_editions(connection: Connection) -> list[Edition]:
    """Return all editions: by effective date, then drafts, each group in order of making."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    live = select(imports.c.edition_id, imports.c.level, imports.c.areas).where(
        imports.c.state == "live"
    )
    for edition_id, level, count in connection.execute(live):
        found[edition_id][level] = count
    order = read_levels(connection).names
    rows = list(connection.execute(select(editions).order_by(editions.c.id)))
    dates = sorted(row.effective_from for row in rows if row.state == EditionState.PUBLISHED)
    following = dict(pairwise(dates))
    made = [_edition(row, following, found[row.id], order) for row in rows]
    return sorted(made, key=lambda e: (e.effective_from is None, e.effective_from or e.created_at))


def _edition(
    row: Row[Any],
    following: dict[datetime, datetime],
    counts: dict[str, int],
    order: tuple[str, ...],
) -> Edition:
    published = row.state == EditionState.PUBLISHED
    return Edition(
        id=row.id,
        name=row.name,
        state=EditionState(row.state),
        effective_from=row.effective_from,
        effective_to=following.get(row.effective_from) if published else None,
        created_at=row.created_at,
        created_by=row.created_by,
        published_at=row.published_at,
        published_by=row.published_by,
        accepted_faults=row.accepted_faults,
        content_hash=row.content_hash,
        based_on=row.based_on,
        areas=sum(counts.values()),
        levels=tuple(name for name in order if name in counts),
    )


def read_edition(connection: Connection, name: str) -> Edition:
    """Return the edition called `name`, or raise `NotFound`."""
    known = read_editions(connection)
    for edition in known:
        if edition.name == name:
            return edition
    raise NotFound(
        "There is no such edition.",
        got=name,
        allowed=[edition.name for edition in known] or "none yet",
        repair="See `gridmap editions`.",
    )


def edition_at(connection: Connection, moment: datetime) -> Edition | None:
    """Return the edition in force at `moment` (aware), or None."""
    for edition in read_editions(connection):
        if edition.in_force(moment):
            return edition
    return None


def ensure_draft(connection: Connection, name: str, by: str, now: datetime) -> Edition:
    """Return the draft called `name`, made if there is none; `Immutable` if published."""
    check_name(name)
    if connection.execute(select(editions.c.id).where(editions.c.name == name)).scalar() is None:
        connection.execute(
            insert(editions).values(
                name=name, state=EditionState.DRAFT.value, created_at=now, created_by=by
            )
        )
    edition = read_edition(connection, name)
    _need_draft(edition.state, name)
    return edition


def lock_draft(connection: Connection, name: str) -> int:
    """Hold the draft called `name` for this transaction and return its id.

    Raises
    ------
    NotFound, Immutable
    """
    query = select(editions.c.id, editions.c.state).where(editions.c.name == name)
    row = connection.execute(query.with_for_update()).one_or_none()
    if row is None:
        read_edition(connection, name)
        raise NotFound("There is no such edition.", got=name)
    _need_draft(row.state, name)
    return int(row.id)


def _need_draft(state: str, name: str) -> None:
    if state != EditionState.DRAFT:
        raise Immutable(
            f"The edition is {state}: it is never written to again.",
            got=name,
            repair="Make a new edition and publish it from a later date.",
        )


def publish(
    connection: Connection,
    name: str,
    *,
    effective_from: datetime,
    by: str,
    now: datetime,
    accepted_faults: str | None,
    shapes: Coverage,
    content_hash: str | None,
) -> None:
    """Write the parents' derived shapes and put the draft in force from `effective_from`.

    Raises
    ------
    OverlappingValidity
        When another published edition begins at the same moment.
    Conflict
        When the draft is empty, an import into it is under way, or `shapes` are not those of
        the areas it holds now.
    """
    edition_id = lock_draft(connection, name)
    start = to_millisecond(effective_from)
    _need_free_date(connection, start)
    leases.clear_unfinished(connection, edition_id, now)
    _need_same_areas(connection, edition_id, name, shapes)
    connection.execute(delete(area_shapes).where(area_shapes.c.edition_id == edition_id))
    rows = list(_shape_rows(edition_id, shapes))
    if rows:
        connection.execute(insert(area_shapes), rows)
    connection.execute(
        update(editions)
        .where(editions.c.id == edition_id)
        .values(
            state=EditionState.PUBLISHED.value,
            effective_from=start,
            published_at=now,
            published_by=by,
            accepted_faults=accepted_faults,
            content_hash=content_hash,
        )
    )


def _need_free_date(connection: Connection, start: datetime) -> None:
    query = select(editions.c.name).where(
        editions.c.state == EditionState.PUBLISHED.value, editions.c.effective_from == start
    )
    other = connection.execute(query).scalar()
    if other is not None:
        raise OverlappingValidity(
            f"The edition '{other}' is in force from the same moment.",
            got=start.isoformat(),
            repair="Choose another date.",
        )


def _need_same_areas(connection: Connection, edition_id: int, name: str, shapes: Coverage) -> None:
    query = (
        select(areas.c.id)
        .join(imports, imports.c.id == areas.c.import_id)
        .where(areas.c.edition_id == edition_id, imports.c.state == "live")
    )
    stored = set(connection.execute(query).scalars())
    if not stored:
        raise Conflict(
            "The edition has no areas.", got=name, repair="Import a layer into it first."
        )
    if stored != set(shapes.ids.tolist()):
        raise Conflict(
            "The draft has changed since it was checked.",
            got=name,
            repair="Check it and publish it again.",
        )


def _shape_rows(edition_id: int, shapes: Coverage) -> Iterator[dict[str, Any]]:
    atoms = set(shapes.atoms.tolist())
    rows = [i for i, s in enumerate(shapes.shapes) if i not in atoms and s is not None]
    for row, encoded in zip(rows, encode(shapes.shapes[rows]), strict=True):
        yield {
            "area_id": int(shapes.ids[row]),
            "edition_id": edition_id,
            "level": shapes.levels[int(shapes.rank[row])].name,
            "code": shapes.code[row],
            "geom": encoded,
        }
