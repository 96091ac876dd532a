"""The figures: for each, which orders count, which of them are as they should be, and why not.

A figure is a share with a numerator and a denominator. What might be expected in the
denominator and is not there is counted under the reason why. The time that was promised first
(`due_original`) is what an order was due by, however often it was extended.

=============  =========================================================================
filing         taken on as a case / received in the period
dispatch       sent to a department / received in the period and taken on
closing        closed / due to be closed: due in the period, and carried over into it
on_time        closed, and done by the promised time / due to be closed
rework         sent back after its result was looked at / due to be closed
extension      given more time / due to be closed
completion     closed / received in the period and taken on
reply          sender answered by the promised time / due in the period
response       sender spoken to in time / sent out for the first time in the period
resolution     said to be resolved / call-backs of the period that were answered
satisfaction   satisfied / call-backs of the period that were answered
returned       given back by the lead / sendings of the period
accuracy       not sent on to another lead before it was finished / sendings of the period
report_in      reported in on time / calls by a whistle that were due in the period
whistle        with a whistle that called departments / received in the period and taken on
whistle_rated  satisfied / answered call-backs of the period about orders with such a whistle
=============  =========================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from gridmap.cases.model import SYSTEM, Ground, Order, Verdict, WhistleState
from gridmap.cases.states import State
from gridmap.numbers.period import Period
from gridmap.numbers.tale import Entry, Tale

__all__ = ["KPIS", "LEFT_OUT", "Mark", "marks_of"]

# Why something is not in a denominator.
LEFT_OUT = (
    "merged", "rejected", "asleep", "outright", "not_accepted", "self_handled", "no_due_time",
    "not_yet_due", "leader_managed", "backlogged", "paused", "no_limit", "not_reached", "escalated",
    "undecided", "improper_whistle",
)  # fmt: skip

_CLOSED = frozenset({State.CLOSED, State.RATED})


class Mark(NamedTuple):
    """One thing counted for one figure.

    Attributes
    ----------
    kpi : str
    body : str
        The department it counts for; empty for none.
    hit : bool
        True: in the numerator too.
    left_out : str
        Why it is not even in the denominator; empty when it is.
    """

    kpi: str
    body: str
    hit: bool = False
    left_out: str = ""


Counter = Callable[[Tale, Period], Iterator[Mark]]


def marks_of(tale: Tale, period: Period) -> Iterator[Mark]:
    """Yield everything that an order is counted as in a period."""
    for count in _COUNTERS:
        yield from count(tale, period)


def _received(tale: Tale, period: Period) -> Iterator[Mark]:
    """Filing, dispatch, completion, whistle: orders by the moment of their receipt."""
    if not period.holds(tale.after.received_at):
        return
    order, body = tale.after, tale.body
    out = _never_a_case(tale)
    rejected = order.state is State.REJECTED
    yield Mark("filing", body, tale.filed and not rejected, out)
    out = out or ("rejected" if rejected else "" if tale.filed else "not_accepted")
    alone = "self_handled" if order.self_handled and not tale.sent else ""
    yield Mark("dispatch", body, tale.sent, out or alone)
    yield Mark("completion", body, order.state in _CLOSED, out or _still_running(order, period))
    called = any(w.state is WhistleState.CALLED for w in order.whistles)
    yield Mark("whistle", body, called, out)


def _never_a_case(tale: Tale) -> str:
    if tale.after.state is State.MERGED:
        return "merged"
    return "asleep" if tale.asleep else "outright" if tale.outright else ""


def _still_running(order: Order, period: Period) -> str:
    """Return why an order that is not closed need not be; empty when it should be, or is."""
    if order.state in _CLOSED:
        return ""
    if order.managed_by:
        return "leader_managed"
    if order.state is State.BACKLOGGED:
        return "backlogged"
    if order.due_at is None:
        return "paused" if order.paused_at is not None else "no_due_time"
    return "not_yet_due" if order.due_at >= period.as_of else ""


def _due(tale: Tale, period: Period) -> Iterator[Mark]:
    """Closing, on_time, rework, extension: what is due in the period or was carried into it."""
    order, body = tale.after, tale.body
    due = order.due_original
    out = _not_to_close(tale)
    if due is None:
        if not period.holds(order.received_at):
            return
        out = out or "no_due_time"
    elif due < period.since:
        if not tale.open_before():
            return
    elif not period.meant_for(due):
        return
    elif due >= period.as_of:
        out = out or "not_yet_due"
    closed = order.state in _CLOSED
    yield Mark("closing", body, closed, out)
    yield Mark("on_time", body, closed and _kept(order, tale.done_at), out)
    yield Mark("rework", body, order.reworks > 0, out)
    yield Mark("extension", body, order.extensions > 0, out)


def _not_to_close(tale: Tale) -> str:
    order = tale.after
    if order.state is State.REJECTED:
        return "rejected"
    if order.state not in _CLOSED and order.managed_by:
        return "leader_managed"
    never = _never_a_case(tale)
    return never or ("" if order.state in _CLOSED else _waits(order))


def _waits(order: Order) -> str:
    """Return why an order that is open need not be done for now; empty when it should be."""
    if order.state is State.BACKLOGGED:
        return "backlogged"
    return "paused" if order.promise_waits else ""


def _kept(order: Order, moment: datetime | None) -> bool:
    """True when something was done by the time promised first, or while that stood still."""
    if moment is None or order.due_original is None:
        return False
    return order.promise_waits or moment <= order.due_original


def _by(moment: datetime | None, limit: datetime | None) -> bool:
    return moment is not None and limit is not None and moment <= limit


def _reply(tale: Tale, period: Period) -> Iterator[Mark]:
    order = tale.after
    due = order.due_original
    if due is None or not period.meant_for(due):
        return
    out = "asleep" if tale.asleep else ""
    if order.answered_at is None:
        managed = "leader_managed" if order.managed_by else ""
        waits = managed or _waits(order)
        out = out or waits or ("not_yet_due" if due >= period.as_of else "")
    elif due >= period.as_of:
        out = out or "not_yet_due"
    yield Mark("reply", tale.body, _kept(order, order.answered_at), out)


def _sent(tale: Tale, period: Period) -> Iterator[Mark]:
    """Response by the first sending, returned and accuracy by each."""
    found = tale.sendings
    if found and period.holds(found[0].at):
        order, lead = tale.after, found[0].lead
        out = "no_limit" if order.contact_by is None else ""
        if order.contacted_at is None and order.contact_by and order.contact_by >= period.as_of:
            out = "not_yet_due"
        yield Mark("response", lead, _by(order.contacted_at, order.contact_by), out)
    for one in found:
        if period.holds(one.at):
            yield Mark("returned", one.lead, one.returned_at is not None)
            out = "undecided" if one.undecided else ""
            yield Mark("accuracy", one.lead, not one.wrong, out)


def _rated(tale: Tale, period: Period) -> Iterator[Mark]:
    raised = called = False
    for one in tale.entries:
        raised = raised or _raised_for_need(tale.after, one)
        called = called or _calls(tale.after, one)
        if one.action == "order.rate" and period.holds(one.at):
            body = one.lead if tale.sent else ""
            for kpi, name in (("resolution", "resolved"), ("satisfaction", "satisfied")):
                said = one.fields.get(name)
                out = "not_reached" if said is None else "escalated" if raised else ""
                yield Mark(kpi, body, said is True, out)
            if called:
                # Handed up for need it is left out above; what became of it is told here.
                said = one.fields.get("satisfied")
                out = "not_reached" if said is None else ""
                yield Mark("whistle_rated", body, said is True, out)


def _calls(order: Order, entry: Entry) -> bool:
    """True when departments were called by a whistle that was not improper."""
    if entry.action != "whistle.call":
        return False
    whistle = order.whistle(entry.fields["whistle"])
    return whistle is not None and whistle.state is WhistleState.CALLED


def _raised_for_need(order: Order, entry: Entry) -> bool:
    """True when somebody handed it up; what goes up because it is late stays counted."""
    if entry.action == "order.escalate":
        return entry.by != SYSTEM
    if entry.action != "whistle.call":
        return False
    whistle = order.whistle(entry.fields["whistle"])
    return whistle is not None and whistle.ground is not Ground.LATENESS


def _called(tale: Tale, period: Period) -> Iterator[Mark]:
    for whistle in tale.after.whistles:
        for call in whistle.calls:
            if not period.meant_for(call.due_at):
                continue
            out = "improper_whistle" if whistle.state is WhistleState.IMPROPER else ""
            if call.due_at >= period.as_of:
                out = out or "not_yet_due"
            yield Mark("report_in", call.department, call.verdict is Verdict.ON_TIME, out)


_COUNTERS: tuple[Counter, ...] = (_received, _due, _reply, _sent, _rated, _called)

KPIS = (
    "filing", "dispatch", "closing", "on_time", "rework", "extension", "completion", "reply",
    "response", "resolution", "satisfaction", "returned", "accuracy", "report_in", "whistle",
    "whistle_rated",
)  # fmt: skip
