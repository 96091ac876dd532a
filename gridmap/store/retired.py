"""Codes that an edition had and the next one of its family has no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, and_, exists, func, insert, select

from gridmap.coverage.editions import Edition, in_succession
from gridmap.coverage.retired import CodeHolder, CodeKey, CodeNote, RetiredCode
from gridmap.store.editions import read_edition, read_editions
from gridmap.store.geometry import Geometry
from gridmap.store.schema import area_shapes, areas, editions, imports
from gridmap.store.schema_dated import retired_codes

__all__ = ["read_holders", "read_retired", "record_dropped"]


def record_dropped(
    connection: Connection,
    family: str,
    involved: Iterable[str],
    notes: Mapping[CodeKey, CodeNote],
    *,
    by: str,
    now: datetime,
) -> int:
    """Record the codes that vanish at the dates where `involved` editions begin or end.

    Of each two published editions that follow each other and of which one is involved, the
    codes of the former that the later has no more. What was recorded of the two already is
    left as it is. Returns how many were recorded.
    """
    names = set(involved)
    count = 0
    for former, later in pairwise(in_succession(read_editions(connection, family), family)):
        if names & {former.name, later.name}:
            rows = [
                _row(former, later, key, notes.get(key), by, now)
                for key in _dropped(connection, former.id, later.id)
            ]
            if rows:
                connection.execute(insert(retired_codes), rows)
            count += len(rows)
    return count


def _row(
    former: Edition, later: Edition, key: CodeKey, note: CodeNote | None, by: str, now: datetime
) -> dict[str, Any]:
    note = note or CodeNote(f"not in edition {later.name}")
    return {
        "family": later.family,
        "level": key[0],
        "code": key[1],
        "last_edition_id": former.id,
        "edition_id": later.id,
        "retired_at": later.effective_from,
        "reason": note.reason,
        "successors": [dict(one) for one in note.successors] or None,
        "recorded_at": now,
        "recorded_by": by,
    }


def _holds(edition: Any) -> Any:
    """Condition: the edition has a live area of the level and code of the outer row."""
    same, live = areas.alias(), imports.alias()
    return exists(
        select(same.c.id)
        .join(live, live.c.id == same.c.import_id)
        .where(
            same.c.edition_id == edition,
            live.c.state == "live",
            same.c.level == areas.c.level,
            same.c.code == areas.c.code,
        )
    )


def _dropped(connection: Connection, former: int, later: int) -> list[CodeKey]:
    recorded = exists().where(
        retired_codes.c.edition_id == later,
        retired_codes.c.last_edition_id == former,
        retired_codes.c.level == areas.c.level,
        retired_codes.c.code == areas.c.code,
    )
    query = (
        select(areas.c.level, areas.c.code)
        .join(imports, imports.c.id == areas.c.import_id)
        .where(
            areas.c.edition_id == former,
            imports.c.state == "live",
            ~areas.c.provisional,
            areas.c.kind != "remainder",
            ~_holds(later),
            ~recorded,
        )
        .order_by(areas.c.id)
    )
    return [(level, code) for level, code in connection.execute(query)]


def read_retired(connection: Connection, family: str | None = None) -> list[RetiredCode]:
    """Return the retired codes, of one family or all: by date, level, code."""
    known = read_editions(connection, family)
    by_id = {edition.id: edition for edition in known}
    following = {
        (former.id, later.id)
        for name in {edition.family for edition in known}
        for former, later in pairwise(in_succession(known, name))
    }
    again = _uses(connection, by_id)
    found = [
        _retired(row, by_id, again)
        for row in connection.execute(select(retired_codes).order_by(retired_codes.c.id))
        if (row.last_edition_id, row.edition_id) in following
    ]
    return sorted(found, key=lambda one: (one.retired_at, one.family, one.level, one.code.encode()))


def _uses(
    connection: Connection, by_id: Mapping[int, Edition]
) -> dict[tuple[str, str, str], list[Edition]]:
    """Return the published editions that have a code of the table, in order of their dates."""
    query = (
        select(areas.c.level, areas.c.code, areas.c.edition_id)
        .join(imports, imports.c.id == areas.c.import_id)
        .join(editions, editions.c.id == areas.c.edition_id)
        .where(
            imports.c.state == "live",
            editions.c.state == "published",
            exists().where(
                retired_codes.c.level == areas.c.level, retired_codes.c.code == areas.c.code
            ),
        )
        .order_by(editions.c.effective_from)
    )
    out: dict[tuple[str, str, str], list[Edition]] = defaultdict(list)
    for level, code, edition_id in connection.execute(query):
        if edition_id in by_id:
            out[by_id[edition_id].family, level, code].append(by_id[edition_id])
    return out


def _retired(
    row: Any,
    by_id: Mapping[int, Edition],
    again: Mapping[tuple[str, str, str], list[Edition]],
) -> RetiredCode:
    later = [
        edition.name
        for edition in again.get((row.family, row.level, row.code), ())
        if edition.effective_from is not None and edition.effective_from > row.retired_at
    ]
    return RetiredCode(
        family=row.family,
        level=row.level,
        code=row.code,
        last_edition=by_id[row.last_edition_id].name,
        edition=by_id[row.edition_id].name,
        retired_at=row.retired_at,
        reason=row.reason,
        successors=tuple(row.successors or ()),
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        back_in=later[0] if later else None,
    )


def read_holders(connection: Connection, name: str, start: datetime) -> list[CodeHolder]:
    """Return who had the codes that a draft would bring in anew when in force from `start`.

    Codes that the edition before it has are no matter. Of several holders the last one before
    `start` is returned, else the first one after it.
    """
    draft = read_edition(connection, name)
    succession = in_succession(read_editions(connection, draft.family), draft.family)
    before = [e for e in succession if e.effective_from is not None and e.effective_from < start]
    former = before[-1].id if before else -1
    rows = connection.execute(_held(draft.id, former, [e.id for e in succession])).all()
    held: dict[CodeKey, dict[int, Any]] = defaultdict(dict)
    for level, code, edition_id, shape in rows:
        held[level, code][edition_id] = shape
    out = []
    for (level, code), shapes in held.items():
        last = next((e for e in reversed(before) if e.id in shapes), None)
        if last is not None:
            ended = last.effective_to
        else:
            last, ended = next(e for e in succession if e.id in shapes), None
        out.append(CodeHolder(level, code, last.name, ended, shapes[last.id]))
    return out


def _held(draft: int, former: int, published: list[int]) -> Any:
    shape: Any = func.coalesce(area_shapes.c.geom, areas.c.geom, type_=Geometry())
    return (
        select(areas.c.level, areas.c.code, areas.c.edition_id, shape)
        .join(imports, imports.c.id == areas.c.import_id)
        .join(area_shapes, area_shapes.c.area_id == areas.c.id, isouter=True)
        .where(
            areas.c.edition_id.in_(published),
            imports.c.state == "live",
            ~areas.c.provisional,
            areas.c.kind != "remainder",
            and_(_holds(draft), ~_holds(former)),
        )
        .order_by(areas.c.id)
    )
