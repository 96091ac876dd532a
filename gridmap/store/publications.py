"""Putting editions in force, and withdrawing them before they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from gridmap.coverage.editions import Edition, EditionState, in_succession
from gridmap.coverage.families import BASE
from gridmap.coverage.model import Coverage
from gridmap.coverage.retired import CodeKey, CodeNote
from gridmap.errors import Conflict, Immutable, OverlappingValidity
from gridmap.routing.moves import MovePlan, MovePolicy
from gridmap.store import leases
from gridmap.store.columns import to_millisecond
from gridmap.store.editions import lock_draft, read_edition, read_editions
from gridmap.store.families import lock_family
from gridmap.store.geometry import encode
from gridmap.store.moves import record_moves
from gridmap.store.retired import record_dropped
from gridmap.store.schema import area_shapes, areas, editions, imports, reports

__all__ = ["Dating", "check_date", "need_withdrawable", "publish", "put_in_force", "retire"]


@dataclass(frozen=True, slots=True)
class Dating:
    """From when an edition is in force, and why.

    Attributes
    ----------
    effective_from : datetime
        Aware.
    by : str
    now : datetime
        Aware; the moment of publishing.
    why : str or None
        Why it is put in force.
    backdated : str or None
        Why from a date that is past although reports were routed since.
    notes : mapping
        What to record of codes that are retired, by (level, code).
    moves : MovePlan or None
        What it does to open reports, recorded with it.
    beside : (str or None, str or None), optional
        Names of the editions before and after it with which all that was judged; not compared
        when not given.
    """

    effective_from: datetime
    by: str
    now: datetime
    why: str | None = None
    backdated: str | None = None
    notes: Mapping[CodeKey, CodeNote] = field(default_factory=dict)
    moves: MovePlan | None = None
    beside: tuple[str | None, str | None] | None = None


def publish(
    connection: Connection,
    name: str,
    dating: Dating,
    *,
    accepted_faults: str | None,
    shapes: Coverage,
    content_hash: str | None,
    route_check: str | None = None,
) -> None:
    """Write the parents' derived shapes and put the draft in force.

    Raises
    ------
    OverlappingValidity
        When another published edition of the family begins at the same moment.
    Conflict
        When the draft is empty, an import into it is under way, or `shapes` are not those of
        the areas it holds now; or when past answers would change, see :func:`check_date`.
    """
    edition_id = lock_draft(connection, name)
    family = read_edition(connection, name).family
    lock_family(connection, family)
    check_date(connection, family, dating)
    leases.clear_unfinished(connection, edition_id, dating.now)
    _need_same_areas(connection, edition_id, name, shapes)
    connection.execute(delete(area_shapes).where(area_shapes.c.edition_id == edition_id))
    rows = list(_shape_rows(edition_id, shapes))
    if rows:
        connection.execute(insert(area_shapes), rows)
    values = {
        "accepted_faults": accepted_faults,
        "content_hash": content_hash,
        "route_check": route_check,
    }
    put_in_force(connection, edition_id, name, family, dating, values)


def put_in_force(
    connection: Connection,
    edition_id: int,
    name: str,
    family: str,
    dating: Dating,
    values: Mapping[str, Any],
) -> None:
    """Turn a draft that was checked into a published edition; record the codes that vanish."""
    connection.execute(
        update(editions)
        .where(editions.c.id == edition_id)
        .values(
            name=name,
            state=EditionState.PUBLISHED.value,
            effective_from=to_millisecond(dating.effective_from),
            published_at=dating.now,
            published_by=dating.by,
            published_why=dating.why,
            backdated_why=dating.backdated,
            reports_policy=(dating.moves.policy if dating.moves else MovePolicy.KEEP).value,
            **values,
        )
    )
    if dating.moves is not None:
        record_moves(connection, dating.moves, edition_id, dating.by, dating.now)
    record_dropped(connection, family, [name], dating.notes, by=dating.by, now=dating.now)


def check_date(connection: Connection, family: str, dating: Dating) -> None:
    """Refuse a date at which an edition of the family cannot come into force.

    Raises
    ------
    OverlappingValidity
        When another published edition begins at the same moment.
    Conflict
        When it would stand between other editions than those that it was judged with. When
        the date is past, reports of the time since have been routed, and no reason is given:
        their answers would no longer be those of their edition. The first edition of a family
        changes no answer, and no report is routed by a family beside the base grids.
    """
    start = to_millisecond(dating.effective_from)
    succession = in_succession(read_editions(connection, family), family)
    later = [e for e in succession if e.effective_from is not None and e.effective_from >= start]
    if later and later[0].effective_from == start:
        raise OverlappingValidity(
            f"The edition '{later[0].name}' is in force from the same moment.",
            got=start.isoformat(),
            repair="Choose another date.",
        )
    _need_beside(succession, start, dating)
    if family != BASE or not succession or start >= dating.now or dating.backdated:
        return
    count = _routed(connection, start, later[0].effective_from if later else None)
    if count:
        raise Conflict(
            "The date is past, and reports have been routed since by the edition in force.",
            got=f"{start.isoformat()}, {count:,} reports",
            allowed=f"from {to_millisecond(dating.now).isoformat()} on",
            repair="Choose a date that is still to come, or say why with --backdate WHY; the "
            "reports keep the edition they were routed by.",
        )


def _need_beside(succession: Sequence[Edition], start: datetime, dating: Dating) -> None:
    """Refuse an edition when others were published or withdrawn beside it since it was judged."""
    dated = [(e.effective_from, e.name) for e in succession if e.effective_from is not None]
    before = [name for since, name in dated if since < start]
    after = [name for since, name in dated if since > start]
    found = (before[-1] if before else None, after[0] if after else None)
    if dating.beside is not None and dating.beside != found:
        raise Conflict(
            "Another edition was published or withdrawn meanwhile: what this one replaces, and "
            "what follows it, is not what was judged.",
            got=_between(found),
            allowed=_between(dating.beside),
            repair="Publish it again: it is judged anew.",
        )


def _between(names: tuple[str | None, str | None]) -> str:
    before, after = names
    return f"after {before or 'none'}, before {after or 'none'}"


def _routed(connection: Connection, since: datetime, until: datetime | None) -> int:
    query = select(func.count()).select_from(reports).where(reports.c.event_at >= since)
    if until is not None:
        query = query.where(reports.c.event_at < until)
    return int(connection.execute(query).scalar_one())


def retire(connection: Connection, name: str, *, by: str, now: datetime, why: str) -> None:
    """Withdraw a published edition before its date; the one before it stays in force.

    Raises
    ------
    NotFound
        When there is no such edition.
    Immutable
        When it is retired already, or is or was in force: past answers stay true.
    Conflict
        When it is a draft, or when a report names it.
    """
    edition = read_edition(connection, name)
    lock_family(connection, edition.family)
    edition = read_edition(connection, name)
    need_withdrawable(connection, edition, now)
    connection.execute(
        update(editions)
        .where(editions.c.id == edition.id)
        .values(state=EditionState.RETIRED.value, retired_at=now, retired_by=by, retired_why=why)
    )
    # Those before and after it follow each other again.
    succession = in_succession(read_editions(connection, edition.family), edition.family)
    record_dropped(connection, edition.family, [e.name for e in succession], {}, by=by, now=now)


def need_withdrawable(connection: Connection, edition: Edition, now: datetime) -> None:
    """Raise what :func:`retire` would raise for an edition that exists."""
    if edition.state is EditionState.RETIRED:
        raise Immutable("The edition is retired already.", got=edition.name)
    if edition.effective_from is None:
        raise Conflict(
            "A draft was never published, so it cannot be retired.",
            got=edition.name,
            repair="Leave it, or import into it anew.",
        )
    if edition.effective_from <= now:
        raise Immutable(
            "The edition is or was in force: the answers it gave stay true.",
            got=f"{edition.name}, from {edition.effective_from.isoformat()}",
            allowed="editions whose date is still to come",
            repair="Put a former one in force again: gridmap rollback --to FORMER --from DATE "
            "--why TEXT.",
        )
    named = select(reports.c.id).where(reports.c.edition_id == edition.id).limit(1)
    if connection.execute(named).scalar() is not None:
        raise Conflict(
            "Reports were routed by this edition ahead of its date.",
            got=edition.name,
            repair="Let it come into force and roll back to a former one from a later date.",
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
