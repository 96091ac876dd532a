"""Lineages between editions in the store."""

from __future__ import annotations

from datetime import datetime

from gridmap.coverage.editions import EditionState
from gridmap.coverage.lineage.amounts import Points
from gridmap.coverage.lineage.model import Lineage
from gridmap.errors import BadValue
from gridmap.store import editions, lineage
from gridmap.store.opened import OpenedStore
from gridmap.times import ensure_utc

__all__ = ["LineageStore"]


class LineageStore(OpenedStore):
    """What became of each area from one edition to another."""

    def put_lineage(self, found: Lineage) -> None:
        """Keep a lineage between two published editions, in the place of one there may be.

        Raises
        ------
        NotFound
            When one of the editions does not exist.
        BadValue
            When one is a draft: its areas may change, so nothing about them is kept.
        """
        with self._database.write() as connection:
            old, new = (editions.read_edition(connection, n) for n in (found.old, found.new))
            for edition in (old, new):
                if edition.state is EditionState.DRAFT:
                    raise BadValue(
                        "The lineage of a draft is not kept.",
                        got=edition.name,
                        repair="Publish it first.",
                    )
            lineage.put_lineage(connection, found, old.id, new.id, self._database.clock())
            self._touched(connection, "lineages", "lineage_links")

    def lineage(self, old: str, new: str, level: str | None = None) -> Lineage | None:
        """Return a lineage that was kept, all levels or one; None when there is none.

        `NotFound` when one of the editions does not exist.
        """
        with self._database.read() as connection:
            found = [editions.read_edition(connection, name) for name in (old, new)]
            before, after = ((edition.id, edition.name) for edition in found)
            return lineage.read_lineage(connection, before, after, level)

    def report_points(self, since: datetime, until: datetime) -> Points:
        """Return the places of the reports observed, else received, in [since, until)."""
        with self._database.read() as connection:
            return lineage.read_report_points(connection, ensure_utc(since), ensure_utc(until))
