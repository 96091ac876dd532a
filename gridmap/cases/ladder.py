"""What time does to an order: sent out by itself, reminded of, escalated, criticised in public.

Every step is asked for again whenever the order changes, under a mark that tells one climb
from the next: a step is taken once per order, step and mark. Whether it still applies, and
when, is asked again at the moment it would be taken, of the order as it is then.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gridmap.cases.fields import stored_moment
from gridmap.cases.model import SYSTEM, Event, Ground, Order, Verdict, WhistleState
from gridmap.cases.rules import CaseRules
from gridmap.cases.states import CLOSED, State

__all__ = ["STEPS", "Climb", "Job", "Step", "climb", "jobs_of"]

log = logging.getLogger("gridmap.cases")

# A moment that the calendar does not reach yet is asked for again after this time.
_AGAIN = timedelta(days=1)

_PAUSED = CLOSED | {State.RESOLVED, State.INSPECTED, State.BACKLOGGED}


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done at a moment, once.

    Attributes
    ----------
    key : str
        Never used twice.
    payload : mapping of str to plain values
    """

    kind: str
    key: str
    run_at: datetime
    number: int | None = None
    payload: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Climb:
    """What a step comes to: events to happen, and when to ask again; neither when it is over."""

    events: tuple[Event, ...] = ()
    again_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the ladder.

    Attributes
    ----------
    marks : callable
        Returns for which marks the step stands open in an order now; none when it does not.
    moment : callable
        Returns when it is taken; None while the calendar does not tell.
    events : callable
        Returns what happens then.
    every : str
        Name of the limit after which it is taken again; empty for once.
    """

    name: str
    marks: Callable[[Order, CaseRules], tuple[str, ...]]
    moment: Callable[[Order, CaseRules, str], datetime | None]
    events: Callable[[Order, CaseRules, str, datetime], tuple[Event, ...]]
    every: str = ""


def jobs_of(order: Order, rules: CaseRules, now: datetime, known: Container[str] = ()) -> list[Job]:
    """Return the jobs an order wants as it stands; those that exist already are not made anew.

    `known` holds keys for which the moment need not be worked out.
    """
    found = []
    for step in STEPS.values():
        for mark in step.marks(order, rules):
            key = f"ladder:{order.number}:{step.name}:{mark}"
            if key in known:
                continue
            run_at = _moment(step, order, rules, mark) or now + _AGAIN
            payload = {"step": step.name, "mark": mark}
            found.append(Job("ladder", key, run_at, order.number, payload))
    if order.state is State.OWNERSHIP_REVIEW:
        # The board of reviews is another room: it is told, however often we die on the way.
        found.append(Job("review", f"review:{order.number}:{order.reviews}", now, order.number))
    return found


def _moment(step: Step, order: Order, rules: CaseRules, mark: str) -> datetime | None:
    """When a step is taken; None, loudly, when that fails: a report is stored all the same.

    The job that is made for later asks again, and its failure is the worker's to count.
    """
    try:
        return step.moment(order, rules, mark)
    except Exception:
        log.exception("the time of step %r of order %d failed", step.name, order.number)
        return None


def climb(order: Order, rules: CaseRules, step: str, mark: str, now: datetime) -> Climb:
    """Return what a step comes to at a moment."""
    known = STEPS.get(step)
    if known is None or mark not in known.marks(order, rules):
        return Climb()
    moment = known.moment(order, rules, mark)
    if moment is None or moment > now:
        return Climb(again_at=moment or now + _AGAIN)
    events = known.events(order, rules, mark, now)
    if not known.every:
        return Climb(events)
    return Climb(events, rules.after(known.every, now) or now + _AGAIN)


def _event(action: str, at: datetime, **fields: Any) -> Event:
    return Event(action, SYSTEM, at, fields=fields)


def _remind(step: str) -> Callable[[Order, CaseRules, str, datetime], tuple[Event, ...]]:
    def events(order: Order, rules: CaseRules, mark: str, now: datetime) -> tuple[Event, ...]:
        return (_event("order.remind", now, step=step),)

    return events


def _running(order: Order) -> bool:
    return order.round > 0 and order.state not in _PAUSED


def _due_marks(limit: str = "") -> Callable[[Order, CaseRules], tuple[str, ...]]:
    """Return marks of a due time: another round, and every rework, climbs anew."""

    def marks(order: Order, rules: CaseRules) -> tuple[str, ...]:
        if not _running(order) or order.due_at is None or (limit and not rules.has(limit)):
            return ()
        return (f"{order.round}.{order.reworks}",)

    return marks


def _after_due(limit: str) -> Callable[[Order, CaseRules, str], datetime | None]:
    def moment(order: Order, rules: CaseRules, mark: str) -> datetime | None:
        return None if order.due_at is None else rules.after(limit, order.due_at)

    return moment


def _soon_marks(order: Order, rules: CaseRules) -> tuple[str, ...]:
    return _due_marks()(order, rules) if rules.soon_due is not None else ()


def _soon(order: Order, rules: CaseRules, mark: str) -> datetime | None:
    if order.due_at is None or order.due_from is None:
        return order.due_at
    return rules.soon(order.due_from, order.due_at) or order.due_at


def _soon_events(order: Order, rules: CaseRules, mark: str, now: datetime) -> tuple[Event, ...]:
    # Once it is due the next step says so.
    late = order.due_at is None or now >= order.due_at
    return () if late else (_event("order.remind", now, step="soon_due"),)


def _due_at(order: Order, rules: CaseRules, mark: str) -> datetime | None:
    return order.due_at


def _at_once_marks(order: Order, rules: CaseRules) -> tuple[str, ...]:
    """What nobody is known to own waits for a person, whatever the site says of its item."""
    waits = order.state is State.SUBMITTED and order.round > 0
    known = bool(order.lead) and not order.needs_person
    return ("1",) if waits and known and rules.sent_at_once(order.item, order.catalogue) else ()


def _at_once(order: Order, rules: CaseRules, mark: str) -> datetime | None:
    return order.created_at


def _sent_out(order: Order, rules: CaseRules, mark: str, now: datetime) -> tuple[Event, ...]:
    return (_event("order.confirm", now), _event("order.dispatch", now))


def _confirm_marks(order: Order, rules: CaseRules) -> tuple[str, ...]:
    waits = order.state is State.SUBMITTED and order.round > 0 and rules.has("confirm")
    return ("1",) if waits else ()


def _confirm_at(order: Order, rules: CaseRules, mark: str) -> datetime | None:
    return rules.after("confirm", order.created_at)


def _sign_marks(order: Order, rules: CaseRules) -> tuple[str, ...]:
    limited = order.accept_by is not None or rules.has("accept")
    waits = order.state is State.DISPATCHED and limited
    return (str(order.dispatches),) if waits else ()


def _sign_at(order: Order, rules: CaseRules, mark: str) -> datetime | None:
    """The limit; one that the calendar did not reach when the order was sent out, once it does."""
    if order.accept_by is not None or order.dispatched_at is None:
        return order.accept_by
    return rules.after("accept", order.dispatched_at)


def _counted_marks(order: Order, rules: CaseRules) -> tuple[str, ...]:
    return (str(order.round),) if order.is_open and order.due_waits else ()


def _due_again(order: Order, rules: CaseRules) -> datetime | None:
    if order.due_from is None:
        return None
    due = rules.due_again(order, order.due_waits, order.due_from)
    return None if due is None else due.due_at


def _counted_at(order: Order, rules: CaseRules, mark: str) -> datetime | None:
    """At once, when the calendar reaches as far."""
    return None if _due_again(order, rules) is None else order.due_from


def _counted(order: Order, rules: CaseRules, mark: str, now: datetime) -> tuple[Event, ...]:
    """Give an order the due time that waited for the calendar; a stopped clock holds it still."""
    due, still = _due_again(order, rules), order.paused_at
    assert due is not None
    told = {
        "stopped_at": None if still is None else stored_moment(still),
        "due_given": None if still is None else stored_moment(due),
        "given_due_at": stored_moment(due) if still is None else None,
    }
    return (_event("order.due", now, **told),)


def _up_marks(level: str) -> Callable[[Order, CaseRules], tuple[str, ...]]:
    def marks(order: Order, rules: CaseRules) -> tuple[str, ...]:
        limit = "stage_S" if level == "G" else "stage_X"
        runs = _running(order) and order.paused_at is None
        stands = runs and order.level == level and rules.has(limit)
        known = order.due_at is not None or order.stage_due_at is not None
        return (f"{order.round}.{order.reworks}",) if stands and known else ()

    return marks


def _up_at(order: Order, rules: CaseRules, mark: str) -> datetime | None:
    return order.stage_due_at or order.due_at


def _up_to_street(order: Order, rules: CaseRules, mark: str, now: datetime) -> tuple[Event, ...]:
    return (_event("order.escalate", now, why="lateness"),)


def _up_to_whistle(order: Order, rules: CaseRules, mark: str, now: datetime) -> tuple[Event, ...]:
    """Blow a whistle for lateness, unless one waits for the centre: then that one calls."""
    bodies = list(order.bodies)
    waiting = next((w for w in order.whistles if w.state is WhistleState.BLOWN), None)
    number = waiting.number if waiting else len(order.whistles) + 1
    blown = _event(
        "whistle.blow", now, ground=Ground.LATENESS.value, why="lateness", departments=bodies
    )
    call = _event("whistle.call", now, whistle=number, departments=bodies)
    return (*(() if waiting else (blown,)), *((call,) if bodies else ()))


def _absent_marks(order: Order, rules: CaseRules) -> tuple[str, ...]:
    return tuple(
        f"{w.number}:{call.department}"
        for w in order.whistles
        if w.state is WhistleState.CALLED and order.is_open
        for call in w.awaited
    )


def _call_of(order: Order, mark: str) -> Any:
    number, _, department = mark.partition(":")
    whistle = order.whistle(int(number))
    calls = whistle.calls if whistle is not None else ()
    return next((c for c in calls if c.department == department), None)


def _absent_at(order: Order, rules: CaseRules, mark: str) -> datetime | None:
    call = _call_of(order, mark)
    # One millisecond late is late, and at the limit it is in time.
    return None if call is None else call.due_at + timedelta(milliseconds=1)


def _absent(order: Order, rules: CaseRules, mark: str, now: datetime) -> tuple[Event, ...]:
    number, _, department = mark.partition(":")
    judged = {"verdict": Verdict.ABSENT.value, "why": "not reported in within the limit"}
    return (_event("whistle.judge", now, whistle=int(number), department=department, **judged),)


def _uncalled_marks(order: Order, rules: CaseRules) -> tuple[str, ...]:
    waits = [w for w in order.whistles if w.state is WhistleState.BLOWN and order.is_open]
    return tuple(str(w.number) for w in waits) if rules.has("confirm") else ()


def _uncalled_at(order: Order, rules: CaseRules, mark: str) -> datetime | None:
    whistle = order.whistle(int(mark))
    return None if whistle is None else rules.after("confirm", whistle.at)


def _backlog_marks(order: Order, rules: CaseRules) -> tuple[str, ...]:
    waits = order.state is State.BACKLOGGED and order.backlog_review_at is not None
    return (str(order.round),) if waits else ()


def _backlog_at(order: Order, rules: CaseRules, mark: str) -> datetime | None:
    return order.backlog_review_at


def _named_marks(order: Order, rules: CaseRules) -> tuple[str, ...]:
    return _due_marks("named_after")(order, rules) if order.named_at is None else ()


def _named_at(order: Order, rules: CaseRules, mark: str) -> datetime | None:
    if order.ask is not None:
        # A reason has been given and is not judged yet.
        return None
    return _after_due("named_after")(order, rules, mark)


def _named(order: Order, rules: CaseRules, mark: str, now: datetime) -> tuple[Event, ...]:
    return (_event("order.name", now),)


_ROWS = (
    Step("at_once", _at_once_marks, _at_once, _sent_out),
    Step("unconfirmed", _confirm_marks, _confirm_at, _remind("unconfirmed")),
    Step("unsigned", _sign_marks, _sign_at, _remind("unsigned")),
    Step("counted", _counted_marks, _counted_at, _counted),
    Step("soon_due", _soon_marks, _soon, _soon_events),
    Step("overdue", _due_marks(), _due_at, _remind("overdue")),
    Step("to_street", _up_marks("G"), _up_at, _up_to_street),
    Step("to_whistle", _up_marks("S"), _up_at, _up_to_whistle),
    Step("written", _due_marks("written_after"), _after_due("written_after"), _remind("written")),
    Step("named", _named_marks, _named_at, _named),
    Step("absent", _absent_marks, _absent_at, _absent),
    Step("uncalled", _uncalled_marks, _uncalled_at, _remind("uncalled")),
    Step("backlog_review", _backlog_marks, _backlog_at, _remind("backlog_review"),
         every="backlog_review"),
)  # fmt: skip

STEPS = {step.name: step for step in _ROWS}
