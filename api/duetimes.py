"""Due times that wait for a calendar: computed as soon as its table is there.

The tables in the rules folder are reread when a file changes, by whatever asks for them next.
A report that comes in and a health check do: both then see, by comparing two references,
whether the tables are other ones than when waiting reports were last looked at, and have
that done once their own answer is on its way. So they do when an edition comes into force by
which reports wait that were routed by none before, for it may have been published before the
table came.
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime

from starlette.background import BackgroundTask

from gridmap.access import Actor
from gridmap.errors import GridmapError
from gridmap.routing.book import RouteBook
from gridmap.workspace import Workspace

__all__ = ["DueTimes"]

log = logging.getLogger("gridmap.api")


class DueTimes:
    """Remembers with which tables waiting reports were last looked at."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: RouteBook | None = None
        # When more begin to wait, by an edition to come.
        self._more: datetime | None = None

    def task(self, workspace: Workspace) -> BackgroundTask | None:
        """Return what is to be done after an answer; None, as nearly always, for nothing."""
        more = self._more is not None and workspace.clock() >= self._more
        if workspace.book is self._seen and not more:
            return None
        return BackgroundTask(self.complete, workspace)

    def complete(self, workspace: Workspace) -> None:
        """Compute the due times that can be computed now, and say aloud which cannot.

        A failure is logged, and tried again after the next report.
        """
        if not self._lock.acquire(blocking=False):
            # Somebody is at it.
            return
        try:
            # Asked before: what begins to wait while others are completed is looked at again.
            book, more = workspace.book, workspace.next_reports_waiting()
            done, waiting = workspace.complete_due_times(
                commit=True, actor=Actor.operator("calendar")
            )
            self._seen, self._more = book, more
        except GridmapError:
            log.exception("due times could not be completed")
            return
        finally:
            self._lock.release()
        if done:
            log.warning("%d reports that waited for a calendar have their due times now", done)
        if waiting:
            log.error(
                "%d reports have no due time: the calendar ends on %s; extend calendar.csv in "
                "the rules folder",
                waiting,
                workspace.calendar_ends(),
            )
