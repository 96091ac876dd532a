"""Appeals against deductions: what was said about one, in order, and what it came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gridmap.cases.fields import MAX_TEXT
from gridmap.errors import BadValue, Conflict, NotAllowed
from gridmap.personal import refuse_identity_numbers

__all__ = ["Appeal", "AppealState", "Said", "appeal_of", "checked_text", "decided", "filed"]


class AppealState(StrEnum):
    """Where an appeal stands."""

    OPEN = "open"
    UPHELD = "upheld"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Said:
    """One step of an appeal: its state from then on, who said it, why."""

    state: AppealState
    by: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Appeal:
    """An appeal as it stands: the fold of what was said.

    Attributes
    ----------
    month, key : str
        Of the deduction.
    issue : int
        Number within the month of the issue that was appealed against.
    history : tuple of Said
        At least one.
    """

    month: str
    key: str
    issue: int
    history: tuple[Said, ...]

    @property
    def state(self) -> AppealState:
        """What was said last."""
        return self.history[-1].state


def appeal_of(month: str, key: str, issue: int, history: Sequence[Said]) -> Appeal | None:
    """Return the appeal that a history makes; None without one."""
    return Appeal(month, key, issue, tuple(history)) if history else None


def checked_text(why: str) -> str:
    """Return a written reason, or raise `BadValue`."""
    found = (why or "").strip()
    if not 0 < len(found) <= MAX_TEXT:
        raise BadValue(
            "An appeal, and what is decided about it, needs a written reason.",
            got=f"{len(found)} characters",
            allowed=f"1 to {MAX_TEXT:,}",
        )
    return refuse_identity_numbers("why", found)


def filed(former: Appeal | None, *, by: str, at: datetime, why: str) -> Said:
    """Return the step with which an appeal begins.

    Raises
    ------
    Conflict
        When there is one already: it is decided once.
    BadValue
        Without a reason.
    """
    if former is not None:
        raise Conflict(
            "This deduction was appealed against already.",
            got=former.state.value,
            repair="Wait for the decision; what was decided stays.",
        )
    return Said(AppealState.OPEN, by, at, checked_text(why))


def decided(former: Appeal | None, *, upheld: bool, by: str, at: datetime, why: str) -> Said:
    """Return the step with which an appeal is decided.

    Raises
    ------
    Conflict
        When there is no open appeal.
    NotAllowed
        When the one who appealed would decide.
    BadValue
        Without a reason.
    """
    if former is None or former.state is not AppealState.OPEN:
        raise Conflict(
            "There is no open appeal against this deduction.",
            got="none" if former is None else former.state.value,
            repair="List them with `GET /api/monthly/{month}/appeals`.",
        )
    if former.history[0].by == by:
        raise NotAllowed("Nobody decides their own appeal.", got=by, repair="Somebody else does.")
    state = AppealState.UPHELD if upheld else AppealState.REFUSED
    return Said(state, by, at, checked_text(why))
