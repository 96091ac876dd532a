"""Which reports are open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from gridmap.errors import Conflict, NotFound
from gridmap.store.schema import reports

__all__ = ["need_open"]

# Ids in one statement: SQLite takes 32,766 values at most.
_AT_ONCE = 10_000


def need_open(connection: Connection, numbers: Sequence[int]) -> list[int]:
    """Return the numbers, each once, when all are of open reports.

    Raises
    ------
    NotFound
        When there is no such report.
    Conflict
        When one is closed already.
    """
    wanted = sorted(set(numbers))
    found: dict[int, Any] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        query = select(reports.c.id, reports.c.closed_at).where(reports.c.id.in_(some))
        found |= {row.id: row.closed_at for row in connection.execute(query)}
    unknown = [number for number in wanted if number not in found]
    if unknown:
        raise NotFound("There is no such report.", got=_listed(unknown))
    closed = [number for number in wanted if found[number] is not None]
    if closed:
        raise Conflict(
            "A report is closed once.",
            got=f"{_listed(closed)}, closed {found[closed[0]].isoformat()}",
            repair="Leave it out.",
        )
    return wanted


def _listed(numbers: Sequence[int]) -> str:
    more = f" and {len(numbers) - 5:,} more" if len(numbers) > 5 else ""
    return ", ".join(map(str, numbers[:5])) + more
