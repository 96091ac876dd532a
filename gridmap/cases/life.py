"""The life of an order lived after the fact: what people did, and what time brought in between.

For orders whose past is known and was not recorded as it happened: those of a former system,
and of a demonstration. The same machine lets each step happen at its own moment, and the same
ladder is climbed between them, as a worker would have done.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace
from datetime import datetime

from gridmap.cases.ladder import Job, climb
from gridmap.cases.model import Event, Order
from gridmap.cases.outcome import Outcome, outcome_of
from gridmap.cases.rules import CaseRules
from gridmap.cases.states import State
from gridmap.errors import BadValue, Conflict

__all__ = ["Life", "LifeOver", "LivedJob"]


class LifeOver(Exception):
    """What was to happen lies in the future: the order is as it stands."""


@dataclass(frozen=True, slots=True)
class LivedJob:
    """A job of a life: done at a moment, or waiting.

    Attributes
    ----------
    done_at : datetime or None
    note : str
    """

    job: Job
    done_at: datetime | None = None
    note: str = ""


class Life:
    """One order, from its receipt up to now.

    Parameters
    ----------
    order : Order
        Asleep: read in with a file, and taken up by nobody.
    rules : CaseRules
    now : datetime
        Aware; nothing happens after it.

    Raises
    ------
    Conflict
        When somebody has taken it up already.
    """

    def __init__(self, order: Order, rules: CaseRules, now: datetime) -> None:
        if order.round or order.state is not State.SUBMITTED or order.version != 1:
            raise Conflict(
                "Only an order that nobody has taken up has its past told.",
                got=f"order {order.number} is {order.state.value}, version {order.version}",
                repair="Leave it out.",
            )
        self.begun = self.order = order
        self.rules, self.now = rules, now
        self.at = self._last = order.received_at
        self.outcomes: list[Outcome] = []
        self._jobs: dict[str, LivedJob] = {}
        self._waiting: list[tuple[datetime, int, str]] = []

    def happens(self, event: Event) -> Order:
        """Let a step happen at its moment, after all that time brings before it.

        Raises
        ------
        LifeOver
            When its moment lies in the future.
        BadValue
            When it lies before what happened last.
        NotFound, Conflict, NotAllowed
            As the machine says; see :func:`gridmap.cases.machine.prepare`.
        """
        if event.at > self.now:
            raise LifeOver
        if event.at < self.at:
            raise BadValue(
                "An order's past is told in its order.",
                got=f"{event.action} at {event.at.isoformat()}",
                allowed=f"from {self.at.isoformat()} on",
            )
        self.passes(event.at)
        self._take(event)
        return self.order

    def passes(self, until: datetime) -> None:
        """Let time do what it would have done up to a moment, each thing at its own."""
        while self._waiting and self._waiting[0][0] <= until:
            moment, _, key = heapq.heappop(self._waiting)
            lived = self._jobs[key]
            if lived.job.kind != "ladder" or lived.done_at is not None:
                continue
            # What was due before it was asked for is done as soon as it is.
            self._climb(lived.job, max(moment, self._last))
        self.at = max(self.at, until)

    @property
    def jobs(self) -> list[LivedJob]:
        """What was done in its time, and what still waits for it."""
        return list(self._jobs.values())

    def told(self, since: datetime) -> list[Outcome]:
        """Return what happened at or after a moment: what came before is nobody's news."""
        return [one for one in self.outcomes if one.event.at >= since]

    def _climb(self, job: Job, moment: datetime) -> None:
        payload = job.payload
        reached = climb(self.order, self.rules, payload["step"], payload["mark"], moment)
        for event in reached.events:
            self._take(event)
        if reached.again_at is not None:
            self._wait(replace(job, run_at=reached.again_at))
            return
        note = ", ".join(event.action for event in reached.events) or "not needed"
        self._jobs[job.key] = LivedJob(job, moment, note)

    def _take(self, event: Event) -> None:
        outcome = outcome_of(self.order, event, self.rules, known=self._jobs)
        self.order, self._last = outcome.order, outcome.event.at
        self.outcomes.append(outcome)
        for job in outcome.jobs:
            self._wait(job)

    def _wait(self, job: Job) -> None:
        self._jobs[job.key] = LivedJob(job)
        heapq.heappush(self._waiting, (job.run_at, len(self._jobs), job.key))
