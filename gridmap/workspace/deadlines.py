"""Due times that had to wait for a calendar, and how far the calendar reaches."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from gridmap.access import Action, Actor
from gridmap.calendar import days_covered
from gridmap.routing.book import RouteBooks
from gridmap.routing.clock import Due
from gridmap.routing.rule_tables import SITE
from gridmap.times import to_site
from gridmap.workspace.base import Base

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

        Written in batches, so that reports keep coming in; may run twice at once.

        Returns
        -------
        tuple of int
            How many could be computed, and how many still wait.
        """
        self._may(actor, Action.RULES_IMPORT)
        books, done, waiting, last = self.books, 0, 0, 0
        while rows := self.store.reports_without_due(after=last, limit=_BATCH):
            dues = [due for row in rows if (due := _completed(row, books)) is not None]
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


def _completed(row: Mapping[str, Any], books: RouteBooks) -> _Found | None:
    """Return the due time of a report and its steps; None when it has to wait on."""
    book = books.by_name.get(row["catalogue"] or SITE)
    if book is None or row["item"] not in book.catalogue:
        log.warning("report %s waits: the catalogue has no item %s now", row["id"], row["item"])
        return None
    item = book.catalogue.item(row["item"])
    due = book.due(item, row["department"], row["received_at"], row["pauses"])
    if due.reason == "calendar_missing":
        return None
    kept = [step for step in row["steps"] if not step["rule"].startswith("due_")]
    return row["id"], due, [*kept, *(step.as_dict() for step in due.steps)]
