"""An event with everything that is stored with it, in one transaction."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gridmap.cases.fields import stored_moment
from gridmap.cases.fold import evolve
from gridmap.cases.ladder import Job, jobs_of
from gridmap.cases.machine import prepare
from gridmap.cases.model import Event, Order
from gridmap.cases.notices import Notice, notices_of
from gridmap.cases.rules import CaseRules
from gridmap.cases.table import TRANSITIONS

__all__ = ["MESSAGE_TYPES", "Message", "Outcome", "message_of", "outcome_of", "wants"]

# All that programs are told of.
MESSAGE_TYPES = (
    *TRANSITIONS,
    "supervision.issue", "supervision.answer", "supervision.refuse", "supervision.close",
    "monthly_report.issue", "monthly_report.correct",
)  # fmt: skip


def wants(types: Sequence[str], name: str) -> bool:
    """True when who asked for some types of messages, or all that begin so, wants one of a type."""
    return not types or any(name == one or name.startswith(f"{one}.") for one in types)


@dataclass(frozen=True, slots=True)
class Message:
    """What other programs are told.

    Attributes
    ----------
    id : str
        The same whenever it is sent: a receiver that has seen it leaves it.
    type : str
    at : datetime
    data : mapping of str to plain values
    """

    id: str
    type: str
    at: datetime
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One event of an order and what follows from it.

    Attributes
    ----------
    before, order : Order
    event : Event
        As it is stored.
    """

    before: Order
    order: Order
    event: Event
    notices: tuple[Notice, ...] = ()
    jobs: tuple[Job, ...] = field(default=())
    message: Message | None = None


def outcome_of(
    order: Order,
    event: Event,
    rules: CaseRules,
    found: Mapping[str, Any] | None = None,
    known: Container[str] = (),
) -> Outcome:
    """Return what an event comes to; see :func:`gridmap.cases.machine.prepare` for errors.

    `found` is what the caller has found out for the event, beyond what it was given; `known`
    holds the keys of jobs that there are already.
    """
    ready = prepare(order, event, rules)
    if found:
        ready = replace(ready, fields={**ready.fields, **found})
    after = evolve(order, ready)
    return Outcome(
        order,
        after,
        ready,
        tuple(notices_of(order, after, ready)),
        tuple(jobs_of(after, rules, ready.at, known)),
        message_of(order, after, ready),
    )


def message_of(before: Order, after: Order, event: Event) -> Message:
    """Return what is told outside of an event: no field of it is about the sender."""
    due = after.due_at
    data = {
        "number": after.number,
        "version": after.version,
        "state": after.state.value,
        "former_state": before.state.value if before.version else None,
        "level": after.level,
        "item": after.item,
        "catalogue": after.catalogue or None,
        "areas": dict(after.areas),
        "lead": after.lead,
        "co_departments": [part.department for part in after.co],
        # Whose it is now: who gave a share back is none of them.
        "bodies": list(after.bodies),
        "called": list(after.called),
        "due_at": None if due is None else stored_moment(due),
        "by": event.by,
        "fields": dict(event.fields),
    }
    return Message(f"{after.number}-{after.version}", event.action, event.at, data)
