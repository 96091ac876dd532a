"""The states of an order.

A state is what decides what may happen next. What only adds to that is a field of the order:

- *extended*: work goes on as before, only the due time is another; counted in `extensions`.
- *self-handled*: a `resolved` order like any other, inspected by somebody else.
- *merged*, *rejected*, *backlogged*, *returned*, *rework* and *reopened* are states: each is
  a queue of its own, and each lets other people act.
- *inspected* is a state because closing is the centre's, not the inspector's; *rated* is one
  because only a rated order may be reopened by its sender's dissatisfaction.
- *escalated* is the level, *supervised* a supervision order, *overdue* a question of the clock.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["AT_CENTRE", "AT_WORK", "CLOSED", "SENT", "State"]


class State(StrEnum):
    """Where an order stands."""

    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"
    OWNERSHIP_REVIEW = "ownership_review"
    DISPATCHED = "dispatched"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    BACKLOGGED = "backlogged"
    RESOLVED = "resolved"
    INSPECTED = "inspected"
    REWORK = "rework"
    CLOSED = "closed"
    RATED = "rated"
    REOPENED = "reopened"
    REJECTED = "rejected"
    MERGED = "merged"


# Nothing is done about these any more.
CLOSED = frozenset({State.CLOSED, State.RATED, State.REJECTED, State.MERGED})
# The centre has to decide what happens next.
AT_CENTRE = frozenset(
    {State.SUBMITTED, State.CONFIRMED, State.OWNERSHIP_REVIEW, State.RETURNED, State.REOPENED}
)
# A department has it in hand.
AT_WORK = frozenset({State.ACCEPTED, State.IN_PROGRESS, State.REWORK})
# A department is expected to act.
SENT = AT_WORK | {State.DISPATCHED}
