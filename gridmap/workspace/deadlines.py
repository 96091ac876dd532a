"""Due times that had to wait for a calendar, and how far the calendar reaches."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from gridmap.access import Action, Actor
from gridmap.calendar import days_covered
from gridmap.routing.book import RouteBooks
from gridmap.routing.clock import Due
from gridmap.store.promises import Promise
from gridmap.times import to_site
from gridmap.workspace.base import Base
from gridmap.workspace.books import books_of
from gridmap.workspace.pausing import promised

__all__ = ["Deadlines"]

log = logging.getLogger("gridmap.workspace")

# Reports whose due times are put in at once: intake waits for no more than these.
_BATCH = 1_000

_Found = tuple[int, Due, list[dict[str, Any]]]


class Deadlines(Base):
    """What is done when the calendar of the next year arrives."""

    def complete_due_times(
        self, *, commit: bool = False, actor: Actor | None = None
    ) -> tuple[int, int]:
        """Compute due times that waited for a calendar; a dry run unless `commit`.

        Counted by the rules by which each was promised, with the calendar of today. Written in
        batches, so that reports keep coming in; may run twice at once.

        Returns
        -------
        tuple of int
            How many could be computed, and how many still wait.
        """
        self._may(actor, Action.RULES_IMPORT)
        books, done, waiting, last = self.books, 0, 0, 0
        made = cache(lambda fingerprint: books_of(self.store.rules(fingerprint)))
        while rows := self.store.reports_without_due(after=last, limit=_BATCH):
            # A limit that changed while a report waited is not the one it was promised, and a
            # pause counts by that one later.
            promises = self.store.promises([row["id"] for row in rows])
            found = [_completed(row, promises.get(row["id"]), books, made) for row in rows]
            dues = [due for due in found if due is not None]
            if commit:
                self.store.set_due(dues)
            done += len(dues)
            waiting += len(rows) - len(dues)
            last = rows[-1]["id"]
        return done, waiting

    def reports_waiting(self) -> int:
        """Return how many reports have no due time because the calendar does not reach it."""
        return self.store.reports_without_due_count()

    def next_reports_waiting(self) -> datetime | None:
        """Return when more reports begin to wait, by an edition to come; None for never (aware).

        Their due times are computed from then on, not before: moves count by the clock.
        """
        return self.store.next_due_move()

    def calendar_days_left(self) -> int:
        """Return for how many days after today the calendar is known; negative when past."""
        today = to_site(self.clock(), self.zone).date()
        return days_covered(self.book.calendar, today)

    def calendar_ends(self) -> date | None:
        """Return the last day that the calendar knows before its first gap."""
        return self.book.calendar.covered_until()


def _completed(
    row: Mapping[str, Any],
    promise: Promise | None,
    books: RouteBooks,
    made: Callable[[str], RouteBooks],
) -> _Found | None:
    """Return the due time of a report and its steps; None when it has to wait on."""
    due = promised(row, promise, books, made)
    if due is None:
        log.warning("report %s waits: the catalogue has no item %s", row["id"], row["item"])
        return None
    if due.reason == "calendar_missing":
        return None
    kept = [step for step in row["steps"] if not step["rule"].startswith("due_")]
    return row["id"], due, [*kept, *(step.as_dict() for step in due.steps)]
