"""Clocks of reports that stand still while somebody is waited for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gridmap.access import Action, Actor
from gridmap.errors import BadValue, Conflict
from gridmap.routing.clock import Due, Pause, PauseReason
from gridmap.routing.rule_tables import SITE
from gridmap.workspace.base import Base

__all__ = ["MAX_NOTE", "Pausing", "pause_reason"]

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
            For an unknown reason or a note that is too long.
        """
        who, kind = self._may_on(number, Action.REPORT_PAUSE, actor), pause_reason(reason)
        if len(note) > MAX_NOTE:
            raise BadValue("The note is too long.", got=len(note), allowed=MAX_NOTE)
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
        self, row: Mapping[str, Any], pauses: Sequence[Pause]
    ) -> tuple[Due, list[dict[str, Any]]]:
        """As :meth:`_recounted`; refuses what has no deadline to stop."""
        due, steps = self._recounted(row, pauses)
        if due.reason == "managed":
            raise Conflict("A case that a leader manages has no deadline to stop.", got=row["id"])
        return due, steps

    def _recounted(
        self, row: Mapping[str, Any], pauses: Sequence[Pause]
    ) -> tuple[Due, list[dict[str, Any]]]:
        """Return the deadline of a report with its pauses, and all its steps."""
        book = self.books.by_name.get(row["catalogue"] or SITE, self.book)
        if row["due_reason"] in {None, "not_routed"} or row["item"] not in book.catalogue:
            raise Conflict(
                "This report has no deadline that could wait.",
                got=row["id"],
                repair="Route it first.",
            )
        item = book.catalogue.item(row["item"])
        due = book.due(item, row["department"], row["received_at"], pauses)
        kept = [step for step in row["steps"] if not step["rule"].startswith("due_")]
        return due, [*kept, *(step.as_dict() for step in due.steps)]


def pause_reason(text: str | PauseReason) -> PauseReason:
    """Return the reason of that name, or raise `BadValue`."""
    try:
        return PauseReason(text)
    except ValueError:
        raise BadValue(
            "There is no such reason to wait.", got=text, allowed=[r.value for r in PauseReason]
        ) from None
