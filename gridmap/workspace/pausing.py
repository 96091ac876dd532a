"""Clocks of reports that stand still while somebody is waited for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from gridmap.access import Action, Actor
from gridmap.errors import BadValue, Conflict
from gridmap.personal import refuse_identity_numbers
from gridmap.routing.book import RouteBooks
from gridmap.routing.clock import Due, Pause, PauseReason
from gridmap.routing.rule_tables import SITE
from gridmap.store.promises import Promise
from gridmap.workspace.base import Base
from gridmap.workspace.books import books_of

__all__ = ["MAX_NOTE", "Pausing", "pause_reason", "promised"]

MAX_NOTE = 500


class Pausing(Base):
    """The deadline moves by the time for which a report had to wait."""

    def pause_report(
        self,
        number: int,
        reason: str | PauseReason,
        note: str = "",
        *,
        actor: Actor | None = None,
    ) -> None:
        """Let the clock of an open report stand still from now on.

        Parameters
        ----------
        reason : str or PauseReason
            What is waited for; the explanation names it.
        note : str
            For staff alone.

        Raises
        ------
        NotFound, Conflict
            When there is no such report, it is closed, has no deadline, or stands still.
        BadValue
            For an unknown reason, or a note that is too long or holds an identity number.
        """
        who, kind = self._may_on(number, Action.REPORT_PAUSE, actor), pause_reason(reason)
        if len(note) > MAX_NOTE:
            raise BadValue("The note is too long.", got=len(note), allowed=MAX_NOTE)
        refuse_identity_numbers("note", note)
        pause = Pause(self.clock(), None, kind)
        self.store.stop_clock(number, pause, note.strip(), who.name, self._stopped)

    def resume_report(self, number: int, *, actor: Actor | None = None) -> None:
        """Let the clock of a report run on from now; its deadline moves by the time lost.

        Raises
        ------
        NotFound, Conflict
            When there is no such report, it is closed, or its clock runs.
        """
        who = self._may_on(number, Action.REPORT_PAUSE, actor)
        self.store.resume_clock(number, who.name, self._recounted)

    def _stopped(
        self,
        row: Mapping[str, Any],
        pauses: Sequence[Pause],
        promise: Promise | None,
        kept: Callable[[str], Mapping[str, str]],
    ) -> tuple[Due, list[dict[str, Any]]]:
        """As :meth:`_recounted`; refuses what has no deadline to stop."""
        due, steps = self._recounted(row, pauses, promise, kept)
        if due.reason == "managed":
            raise Conflict("A case that a leader manages has no deadline to stop.", got=row["id"])
        return due, steps

    def _recounted(
        self,
        row: Mapping[str, Any],
        pauses: Sequence[Pause],
        promise: Promise | None,
        kept: Callable[[str], Mapping[str, str]],
    ) -> tuple[Due, list[dict[str, Any]]]:
        """Return the deadline of a report with its pauses, and all its steps."""
        # What nothing could route has the time that its order was given, once it was sent out.
        timed = row["due_reason"] != "not_routed" or (promise is not None and promise.department)
        if row["due_reason"] is None or not timed:
            raise _no_deadline(row["id"])
        made = partial(_books_then, kept)
        due = promised({**row, "pauses": pauses}, promise, self.books, made)
        if due is None:
            raise _no_deadline(row["id"])
        said = [step for step in row["steps"] if not step["rule"].startswith("due_")]
        return due, [*said, *(step.as_dict() for step in due.steps)]


def promised(
    row: Mapping[str, Any],
    promise: Promise | None,
    books: RouteBooks,
    made: Callable[[str], RouteBooks],
) -> Due | None:
    """Return when a report is due by what its time was promised by, with its pauses.

    A pause gives back what it took, and nothing else: rules that came since, and whom the report
    was sent to since, change no time that was promised. The calendar alone may go on.

    Parameters
    ----------
    row : mapping
        The report: ``item``, ``department``, ``catalogue``, ``received_at`` and ``pauses``.
    promise : Promise or None
        None, and one whose rules are not known: by today's rules.
    books : RouteBooks
        Today's.
    made : callable
        Returns the rules of a version, by its fingerprint.

    Returns
    -------
    Due or None
        None where the rules know no such item.
    """
    then, lead, code = books, row["department"], row["item"]
    if promise is not None and promise.rules is not None:
        lead, code = promise.department, promise.item
        if promise.rules != books.tables.fingerprint:
            then = made(promise.rules)
    book = then.by_name.get(row["catalogue"] or SITE)
    if book is None or code not in book.catalogue:
        return None
    item = book.catalogue.item(code)
    due = book.due(item, lead, row["received_at"], row["pauses"])
    if due.reason == "calendar_missing" and then is not books:
        known = replace(book, calendar=books.site.calendar)
        due = known.due(item, lead, row["received_at"], row["pauses"])
    return due


def _books_then(kept: Callable[[str], Mapping[str, str]], fingerprint: str) -> RouteBooks:
    return books_of(kept(fingerprint))


def _no_deadline(number: int) -> Conflict:
    return Conflict(
        "This report has no deadline that could wait.", got=number, repair="Route it first."
    )


def pause_reason(text: str | PauseReason) -> PauseReason:
    """Return the reason of that name, or raise `BadValue`."""
    try:
        return PauseReason(text)
    except ValueError:
        raise BadValue(
            "There is no such reason to wait.", got=text, allowed=[r.value for r in PauseReason]
        ) from None
