"""Editions: reading them, making drafts."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from gridmap.coverage.editions import Edition, EditionState, check_name
from gridmap.coverage.families import BASE
from gridmap.errors import Conflict, Immutable, NotFound
from gridmap.store.families import need_family
from gridmap.store.schema import editions, imports, levels

__all__ = [
    "edition_at",
    "ensure_draft",
    "lock_draft",
    "read_edition",
    "read_editions",
]


def read_editions(connection: Connection, family: str | None = None) -> list[Edition]:
    """Return all editions, or one family's: by effective date, then drafts, as they were made."""
    found: dict[int, dict[str, int]] = defaultdict(dict)
    live = select(imports.c.edition_id, imports.c.level, imports.c.areas).where(
        imports.c.state == "live"
    )
    for edition_id, level, count in connection.execute(live):
        found[edition_id][level] = count
    ranked = select(levels.c.name).order_by(levels.c.family, levels.c.rank)
    order = tuple(connection.execute(ranked).scalars())
    query = select(editions).where(~editions.c.hidden).order_by(editions.c.id)
    if family is not None:
        query = query.where(editions.c.family == family)
    rows = list(connection.execute(query))
    dates: dict[str, list[datetime]] = defaultdict(list)
    for row in rows:
        if row.state == EditionState.PUBLISHED:
            dates[row.family].append(row.effective_from)
    following = {name: dict(pairwise(sorted(starts))) for name, starts in dates.items()}
    made = [_edition(row, following.get(row.family, {}), found[row.id], order) for row in rows]
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
        family=row.family,
        restores=row.restores,
        published_why=row.published_why,
        backdated_why=row.backdated_why,
        retired_at=row.retired_at,
        retired_by=row.retired_by,
        retired_why=row.retired_why,
        reports_policy=row.reports_policy,
        route_check=row.route_check,
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


def edition_at(connection: Connection, moment: datetime, family: str = BASE) -> Edition | None:
    """Return the edition of a family in force at `moment` (aware), or None."""
    for edition in read_editions(connection, family):
        if edition.in_force(moment):
            return edition
    return None


def ensure_draft(
    connection: Connection, name: str, by: str, now: datetime, family: str | None = None
) -> Edition:
    """Return the draft called `name`, made if there is none; `Immutable` if published.

    Parameters
    ----------
    family : str, optional
        Family of grids of a draft that is made, by default the base grids; a draft that
        exists must be of it: `Conflict` otherwise.
    """
    check_name(name)
    if family is not None:
        need_family(connection, family)
    if connection.execute(select(editions.c.id).where(editions.c.name == name)).scalar() is None:
        connection.execute(
            insert(editions).values(
                name=name,
                state=EditionState.DRAFT.value,
                created_at=now,
                created_by=by,
                family=family or BASE,
            )
        )
    edition = read_edition(connection, name)
    _need_draft(edition.state, name)
    if family not in (None, edition.family):
        raise Conflict(
            f"The draft belongs to the family '{edition.family}'.",
            got=family,
            repair="Leave the family out, or choose another name for the edition.",
        )
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
