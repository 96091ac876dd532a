"""An order, its parts, its whistles, and the events that made it what it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from gridmap.cases.states import CLOSED, State

__all__ = [
    "SYSTEM",
    "Ask",
    "AskKind",
    "Call",
    "Event",
    "Ground",
    "Order",
    "Part",
    "PartState",
    "Rating",
    "ReturnKind",
    "Verdict",
    "Whistle",
    "WhistleState",
]

# Who acts when time does.
SYSTEM = "gridmap"


class PartState(StrEnum):
    """Where a co-department's share of an order stands."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    DONE = "done"
    RETURNED = "returned"
    RELEASED = "released"  # the lead finished without it


class ReturnKind(StrEnum):
    """Why a department gives an order back."""

    WRONG_DISPATCH = "wrong_dispatch"
    NOT_NEEDED = "not_needed"
    OTHER = "other"


class AskKind(StrEnum):
    """What a handler asks leave for."""

    EXTENSION = "extension"
    BACKLOG = "backlog"


class Ground(StrEnum):
    """What justifies a whistle: three grounds of need, and lateness, which the clock finds."""

    BEYOND_STREET = "beyond_street"
    JOINT_ENFORCEMENT = "joint_enforcement"
    EMERGENCY = "emergency"
    LATENESS = "lateness"


class WhistleState(StrEnum):
    """Where a whistle stands."""

    BLOWN = "blown"
    CALLED = "called"
    IMPROPER = "improper"


class Verdict(StrEnum):
    """How a called department reported in."""

    ON_TIME = "on_time"
    LATE = "late"
    ABSENT = "absent"
    INEFFECTIVE = "ineffective"


@dataclass(frozen=True, slots=True)
class Part:
    """The share of a co-department.

    Attributes
    ----------
    department : str
    state : PartState
    text : str
        The result, or why it was given back.
    """

    department: str
    state: PartState = PartState.ASKED
    text: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """What was asked for and not yet decided.

    Attributes
    ----------
    kind : AskKind
    by, why : str
    at : datetime
    until : datetime or None
        The due time asked for; of a backlog, when it is to be looked at again.
    engineering : bool
        Engineering work: a leader decides, however often it was extended.
    """

    kind: AskKind
    by: str
    why: str
    at: datetime
    until: datetime | None = None
    engineering: bool = False


@dataclass(frozen=True, slots=True)
class Rating:
    """What the requester says.

    Attributes
    ----------
    satisfied, resolved : bool or None
        None where the call-back reached nobody or got no answer: not a valid call-back.
    """

    satisfied: bool | None
    resolved: bool | None
    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Call:
    """One department called by a whistle, and how it reported in.

    Attributes
    ----------
    department : str
    called_at, due_at : datetime
    arrived_at, reported_at : datetime or None
        When it says it arrived, and when it said so.
    who, where : str
    how_many : int
    verdict : Verdict or None
        None while it is awaited.
    judged_by, judged_why : str
    """

    department: str
    called_at: datetime
    due_at: datetime
    arrived_at: datetime | None = None
    reported_at: datetime | None = None
    who: str = ""
    how_many: int = 0
    where: str = ""
    verdict: Verdict | None = None
    judged_by: str = ""
    judged_why: str = ""


@dataclass(frozen=True, slots=True)
class Whistle:
    """A call across departments about one order.

    Attributes
    ----------
    number : int
        Within its order, from 1.
    wanted : tuple of str
        Departments the one who blew it asks for; the centre calls.
    """

    number: int
    state: WhistleState
    ground: Ground
    why: str
    by: str
    at: datetime
    wanted: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    improper_why: str = ""

    @property
    def awaited(self) -> tuple[Call, ...]:
        """Calls nobody has reported in to."""
        return tuple(call for call in self.calls if call.verdict is None)


@dataclass(frozen=True, slots=True)
class Order:
    """A work order as it stands: the fold of its events.

    Attributes
    ----------
    number : int
        Of the report, and of the order.
    version : int
        Number of its events; grows by one with each.
    catalogue : str
        Which catalogue its item is of, as its report has it; empty for the site's own.
    level : str
        G, S or X: who is in charge of it now; empty when it was never routed.
    needs_person : bool
        A person has to look at its route before it is sent to anybody.
    due_at : datetime or None
        What is due now; None while unknown, managed by a leader, or while its clock stands still.
    due_original : datetime or None
        What was promised first; what the numbers count by.
    due_from : datetime or None
        When the time began to run of which reminders go by.
    paused_at : datetime or None
        Since when its clock stands still; None while it runs.
    due_given : datetime or None
        A due time that was given later than the promise, by an extension, from the backlog or
        with reopening, as it was before the clock stood still; None while nothing moved it.
    due_waits : str
        The limit by which it was given a later due time that the calendar does not reach yet,
        as :meth:`gridmap.cases.rules.CaseRules.due_again` names it; empty while none waits.
    round : int
        Grows when the due time changes: the ladder is climbed anew. 0: not yet on it.
    stage_due_at : datetime or None
        When an escalated order goes up again.
    dispatches : int
        How often it was sent to somebody: by people, or on to another lead than had it.
    handlers : tuple of str
        Everybody who ever handled it, by name: none of them inspects it.
    returns : int
        Returns since it was last dispatched by a ruling; `returns_total` of all time.
    absorbed : tuple of int
        Orders merged into this one.
    reopen_asked_at : datetime or None
        When the requester asked for it to be reopened; None once it was.
    answer : str
        What the sender was told.
    """

    number: int
    received_at: datetime
    created_at: datetime
    version: int = 0
    state: State = State.SUBMITTED
    catalogue: str = ""
    level: str = ""
    item: str = ""
    areas: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    lead: str = ""
    co: tuple[Part, ...] = ()
    first_responder: str = ""
    needs_person: bool = False
    due_at: datetime | None = None
    due_original: datetime | None = None
    due_from: datetime | None = None
    paused_at: datetime | None = None
    due_given: datetime | None = None
    due_waits: str = ""
    round: int = 0
    stage_due_at: datetime | None = None
    dispatches: int = 0
    dispatched_at: datetime | None = None
    accept_by: datetime | None = None
    contact_by: datetime | None = None
    contacted_at: datetime | None = None
    returns: int = 0
    returns_total: int = 0
    reviews: int = 0
    handlers: tuple[str, ...] = ()
    self_handled: bool = False
    ask: Ask | None = None
    extensions: int = 0
    backlog_review_at: datetime | None = None
    result: str = ""
    resolved_at: datetime | None = None
    inspected_by: str = ""
    reworks: int = 0
    closed_at: datetime | None = None
    closed_by: str = ""
    rating: Rating | None = None
    reopened: int = 0
    reopen_asked_at: datetime | None = None
    reopen_asked_why: str = ""
    merged_into: int | None = None
    absorbed: tuple[int, ...] = ()
    managed_by: str = ""
    named_at: datetime | None = None
    answer: str = ""
    answered_at: datetime | None = None
    whistles: tuple[Whistle, ...] = ()

    @property
    def is_open(self) -> bool:
        """True while something is to be done about it."""
        return self.state not in CLOSED

    @property
    def due_known(self) -> datetime | None:
        """The due time; while the clock stands still, the one that waits."""
        if self.due_at is not None or self.paused_at is None:
            return self.due_at
        return self.due_given or self.due_original

    @property
    def promise_waits(self) -> bool:
        """True while the time that was promised first has not passed and stands still."""
        promised = self.due_original
        return self.paused_at is not None and (promised is None or self.paused_at < promised)

    @property
    def bodies(self) -> tuple[str, ...]:
        """The lead and the co-departments that have not given their share back."""
        lead = (self.lead,) if self.lead else ()
        return lead + tuple(p.department for p in self.co if p.state is not PartState.RETURNED)

    @property
    def called(self) -> tuple[str, ...]:
        """The departments that its whistles called."""
        return tuple(call.department for one in self.whistles for call in one.calls)

    def part(self, department: str) -> Part | None:
        """Return the share of a co-department; None when it has none."""
        return next((p for p in self.co if p.department == department), None)

    def whistle(self, number: int) -> Whistle | None:
        """Return one of its whistles."""
        return next((w for w in self.whistles if w.number == number), None)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens to an order.

    Attributes
    ----------
    action : str
        As in the table of transitions.
    by : str
        Who does it; :data:`SYSTEM` when time does.
    at : datetime
        Aware.
    roles : tuple of str
        Of that person, at that moment.
    bodies : frozenset of str or None
        The departments they act for; None when they are not bound to any.
    fields : mapping
        What the action was given, and what it was decided by; plain JSON values.
    """

    action: str
    by: str
    at: datetime
    roles: tuple[str, ...] = ()
    bodies: frozenset[str] | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
