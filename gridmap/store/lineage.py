"""Lineages in the store: written whole, read level by level."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, delete, insert, select

from gridmap.areas import tie_key
from gridmap.coverage.lineage.amounts import Amount, Points
from gridmap.coverage.lineage.model import AREA, LevelLineage, Lineage
from gridmap.coverage.lineage.relations import Kind
from gridmap.errors import BadValue
from gridmap.store.schema import editions, reports
from gridmap.store.schema_lineage import lineage_links, lineages

__all__ = ["MEASURES", "METHOD", "put_lineage", "read_lineage", "read_report_points"]

# Raised when the rules change: lineages of another number are worked out anew.
METHOD = 1

# What can be counted besides the area.
MEASURES = ("households", "buildings", "reports")


def put_lineage(
    connection: Connection, found: Lineage, old_id: int, new_id: int, now: datetime
) -> None:
    """Write a lineage between two editions, in the place of one there may be.

    Raises
    ------
    BadValue
        When it has a measure that the store does not know.
    """
    # One at a time: two who worked out the same would both find none.
    connection.execute(select(editions.c.id).where(editions.c.id == new_id).with_for_update())
    between = (lineages.c.old_edition_id == old_id) & (lineages.c.new_edition_id == new_id)
    former = connection.execute(select(lineages.c.id).where(between)).scalar()
    if former is not None:
        connection.execute(delete(lineage_links).where(lineage_links.c.lineage_id == former))
        connection.execute(delete(lineages).where(lineages.c.id == former))
    made = connection.execute(
        insert(lineages)
        .values(
            old_edition_id=old_id,
            new_edition_id=new_id,
            method=METHOD,
            tolerance_m=found.tolerance_m,
            sliver_m2=found.sliver_m2,
            levels={one.level: one.sliver_m2 for one in found.levels},
            made_at=now,
        )
        .returning(lineages.c.id)
    ).scalar_one()
    rows = [row for one in found.levels for row in _rows(int(made), one)]
    if rows:
        connection.execute(insert(lineage_links), rows)


def _rows(lineage_id: int, one: LevelLineage) -> Iterator[dict[str, Any]]:
    unknown = sorted(set(one.amounts) - {AREA, *MEASURES})
    if unknown:
        raise BadValue("The store keeps no such measure.", got=", ".join(unknown), allowed=MEASURES)
    values = {name: amount.value.tolist() for name, amount in one.amounts.items()}
    rough = {name: amount.estimated.tolist() for name, amount in one.amounts.items()}
    heir, reparented = one.heir.tolist(), one.reparented.tolist()
    links = zip(one.old.tolist(), one.new.tolist(), one.group.tolist(), one.kind, strict=True)
    for at, (old, new, group, kind) in enumerate(links):
        goes_on = old >= 0 and new >= 0 and heir[old] == new
        yield {
            "lineage_id": lineage_id,
            "level": one.level,
            "group_no": group if group >= 0 else None,
            "kind": str(kind),
            "old_code": one.old_code[old] if old >= 0 else None,
            "old_name": one.old_name[old] if old >= 0 else None,
            "new_code": one.new_code[new] if new >= 0 else None,
            "new_name": one.new_name[new] if new >= 0 else None,
            "goes_on": goes_on,
            "reparented": goes_on and reparented[old],
            "area_m2": values[AREA][at],
            **{name: _number(values[name][at]) if name in values else None for name in MEASURES},
            "estimated": [name for name in MEASURES if name in rough and rough[name][at]] or None,
        }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value


def read_lineage(
    connection: Connection, old: tuple[int, str], new: tuple[int, str], level: str | None = None
) -> Lineage | None:
    """Return the lineage between two editions (id, name), or None when there is none yet.

    With `level`, only that one; it is absent where neither edition has it.
    """
    query = select(lineages).where(
        lineages.c.old_edition_id == old[0],
        lineages.c.new_edition_id == new[0],
        lineages.c.method == METHOD,
    )
    head = connection.execute(query).one_or_none()
    if head is None:
        return None
    names = [name for name in head.levels if level in {None, name}]
    found = [
        _level(connection, int(head.id), name, (old[1], new[1]), head.levels[name])
        for name in names
    ]
    return Lineage(old[1], new[1], tuple(found), head.tolerance_m, head.sliver_m2)


def _level(
    connection: Connection, lineage_id: int, level: str, editions: tuple[str, str], slivers: float
) -> LevelLineage:
    query = (
        select(lineage_links)
        .where(lineage_links.c.lineage_id == lineage_id, lineage_links.c.level == level)
        .order_by(lineage_links.c.id)
    )
    rows = connection.execute(query).all()
    old_code, old_name, old = _side([(row.old_code, row.old_name) for row in rows])
    new_code, new_name, new = _side([(row.new_code, row.new_name) for row in rows])
    heir = np.full(len(old_code), -1, dtype=np.int64)
    reparented = np.zeros(len(old_code), dtype=bool)
    on = np.array([row.goes_on for row in rows], dtype=bool)
    heir[old[on]] = new[on]
    reparented[old[on]] = [row.reparented for row in rows if row.goes_on]
    kind = np.empty(len(rows), dtype=object)
    kind[:] = [Kind(row.kind) for row in rows]
    return LevelLineage(
        level=level,
        old_edition=editions[0],
        new_edition=editions[1],
        old_code=old_code,
        old_name=old_name,
        new_code=new_code,
        new_name=new_name,
        old=old,
        new=new,
        group=np.array([-1 if r.group_no is None else r.group_no for r in rows], dtype=np.int64),
        kind=kind,
        heir=heir,
        reparented=reparented,
        amounts=_amounts(rows),
        sliver_m2=float(slivers),
    )


def _side(
    named: Sequence[tuple[str | None, str | None]],
) -> tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.int64]]:
    """Codes in their order, names, and the place of each row's code; -1 for none."""
    known = {code: name or "" for code, name in named if code is not None}
    order = sorted(known, key=tie_key)
    place = {code: at for at, code in enumerate(order)}
    codes, names = np.empty(len(order), dtype=object), np.empty(len(order), dtype=object)
    codes[:] = order
    names[:] = [known[code] for code in order]
    at = [-1 if code is None else place[code] for code, _ in named]
    return codes, names, np.array(at, dtype=np.int64)


def _amounts(rows: Sequence[Row[Any]]) -> dict[str, Amount]:
    area = np.array([row.area_m2 for row in rows], dtype=np.float64)
    out = {AREA: Amount(area, np.zeros(len(rows), dtype=bool))}
    for name in MEASURES:
        values = [getattr(row, name) for row in rows]
        if any(value is not None for value in values):
            out[name] = Amount(
                np.array([np.nan if v is None else v for v in values], dtype=np.float64),
                np.array([name in (row.estimated or ()) for row in rows], dtype=bool),
            )
    return out


def read_report_points(connection: Connection, since: datetime, until: datetime) -> Points:
    """Return where the reports of a time were, each with weight 1; those with a place."""
    query = select(reports.c.lon, reports.c.lat).where(
        reports.c.event_at >= since,
        reports.c.event_at < until,
        reports.c.lon.is_not(None),
        reports.c.lat.is_not(None),
    )
    found = np.array([tuple(row) for row in connection.execute(query)], dtype=np.float64)
    lon, lat = found.reshape(-1, 2).T
    return Points.of(lon, lat)
