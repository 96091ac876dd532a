"""What costs points, each with its case: found in the orders, priced by the site's table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from gridmap.cases.model import Call, Order, Verdict, WhistleState
from gridmap.cases.states import CLOSED, State
from gridmap.cases.supervision import Supervision, replies, serial
from gridmap.numbers.period import Period
from gridmap.numbers.rules import AREA, Charged, NumberRules, ranking_of_body
from gridmap.numbers.tale import Tale

__all__ = ["Deduction", "Deductions"]


@dataclass(frozen=True, slots=True)
class Deduction:
    """Points that a unit loses.

    Attributes
    ----------
    key : str
        Names it in every issue of its month: rule, unit, case.
    ranking, unit : str
        As in :mod:`gridmap.numbers.rules`.
    number : int or None
        Of the order; None for what is about no order.
    supervision : str
        Serial of the supervision order; empty for none.
    at : datetime
        Aware; when it came about.
    lifted : str
        Why it does not count any more: what was written when an appeal was upheld.
    """

    key: str
    rule: str
    ranking: str
    unit: str
    points: float
    at: datetime
    number: int | None = None
    supervision: str = ""
    lifted: str = ""


@dataclass(frozen=True, slots=True)
class _Fault:
    """Something that was seen, not yet priced."""

    rule: str
    body: str
    at: datetime
    tale: Tale | None = None
    supervision: str = ""


class Deductions:
    """What units lose in a period, found tale by tale."""

    def __init__(self, period: Period, rules: NumberRules) -> None:
        self.period, self.rules = period, rules
        self._found: list[Deduction] = []

    def add(self, tale: Tale) -> None:
        """Look for what a tale costs."""
        for find in _FINDERS:
            for fault in find(tale, self.period):
                self._found += _priced(fault, self.rules)

    def listed(self, supervisions: Iterable[Supervision]) -> list[Deduction]:
        """Return what each unit loses, in the order of units, rules and cases.

        `supervisions` are those issued by the end of the period, as they stood then.
        """
        demands = (f for one in supervisions for f in _supervised(one, self.period))
        found = [*self._found, *(d for fault in demands for d in _priced(fault, self.rules))]
        found.sort(key=lambda d: (d.ranking, d.unit, d.rule, d.number or 0, d.supervision, d.at))
        return list(_named_apart(found))


def _priced(fault: _Fault, rules: NumberRules) -> Iterator[Deduction]:
    rule = rules.scores.get(fault.rule)
    if rule is None:
        return
    units = []
    if rule.charged is not Charged.AREA and fault.body:
        units.append((ranking_of_body(fault.body), fault.body))
    if rule.charged is not Charged.DEPARTMENT and fault.tale is not None:
        areas = fault.tale.areas
        units += [(f"{AREA}:{lv}", areas[lv]) for lv in rules.levels if areas.get(lv)]
    number = None if fault.tale is None else fault.tale.number
    for ranking, unit in units:
        case = fault.supervision if number is None else number
        yield Deduction(
            f"{fault.rule}/{ranking}/{unit}/{case}", fault.rule, ranking, unit, rule.points,
            fault.at, number, fault.supervision,
        )  # fmt: skip


def _named_apart(found: Iterable[Deduction]) -> Iterator[Deduction]:
    """Give the second of the same kind about one case a key of its own."""
    times: Counter[str] = Counter()
    for one in found:
        times[one.key] += 1
        again = times[one.key]
        yield one if again == 1 else replace(one, key=f"{one.key}/{again}")


def _overdue(tale: Tale, period: Period) -> Iterator[_Fault]:
    """Nobody loses points for the time that they were given, nor for what never was theirs."""
    order = tale.after
    excused = order.state in {State.REJECTED, State.MERGED, State.BACKLOGGED}
    if not tale.sent or excused:
        return
    if period.holds(order.due_at):
        due = order.due_at
        done = tale.done_at
        if due is not None and (done is None or done > due):
            yield _Fault("overdue", order.lead, due, tale)
    # One that was given more time in the period is late by the new time, or not at all.
    if _stood_late(tale.before, period) and _stood_late(order, period):
        yield _Fault("carried_over", order.lead, period.since, tale)


def _stood_late(order: Order | None, period: Period) -> bool:
    """True for an undone order whose time, as it stands, was over as the period began."""
    if order is None or order.state in CLOSED or order.resolved_at is not None:
        return False
    return order.due_at is not None and order.due_at < period.since


_COSTLY = frozenset({"order.name", "order.rework", "order.rate", "whistle.improper"})


def _events(tale: Tale, period: Period) -> Iterator[_Fault]:
    for one in tale.entries:
        if one.action not in _COSTLY or not period.holds(one.at):
            continue
        if one.action == "order.name" and tale.sent:
            yield _Fault("named", one.lead, one.at, tale)
        if one.action == "order.rework":
            yield _Fault("rework", one.lead, one.at, tale)
        if one.action == "order.rate" and one.fields.get("satisfied") is False:
            yield _Fault("dissatisfied", one.lead if tale.sent else "", one.at, tale)
        if one.action == "whistle.improper":
            yield _Fault("improper_whistle", "", one.at, tale)


def _sent(tale: Tale, period: Period) -> Iterator[_Fault]:
    found = tale.sendings
    for one in found:
        limit = one.accept_by
        if period.holds(limit) and limit is not None:
            left = [m for m in (one.accepted_at, one.returned_at, one.next_at, one.ended_at) if m]
            if not left or min(left) > limit:
                yield _Fault("unsigned", one.lead, limit, tale)
        if one.passed_off and period.holds(one.next_at) and one.next_at is not None:
            yield _Fault("passed_off", one.lead, one.next_at, tale)
    by, first = tale.after.contact_by, tale.after.contacted_at
    if found and by is not None and period.holds(by) and (first is None or first > by):
        yield _Fault("no_contact", found[0].lead, by, tale)


_VERDICTS = {
    Verdict.LATE: "report_in_late",
    Verdict.ABSENT: "report_in_absent",
    Verdict.INEFFECTIVE: "report_in_ineffective",
}


_JUDGING = frozenset({"whistle.report_in", "whistle.judge"})


def _called(tale: Tale, period: Period) -> Iterator[_Fault]:
    """A call costs by the verdict that stands as the month ends, where it was given in it.

    One that cost points by an earlier month's end costs more only as ineffective: who was absent
    and comes late after all was not there in time once.
    """
    for whistle in tale.after.whistles:
        if whistle.state is WhistleState.IMPROPER:
            continue
        for call in whistle.calls:
            former, verdict = _verdict(tale.before, whistle.number, call), call.verdict
            rule = _VERDICTS.get(verdict) if verdict is not None else None
            if rule is None or verdict is former:
                continue
            if former in _VERDICTS and verdict is not Verdict.INEFFECTIVE:
                continue
            yield _Fault(rule, call.department, _judged_at(tale, whistle.number, call), tale)


def _verdict(order: Order | None, whistle: int, call: Call) -> Verdict | None:
    """Return what stood of a call then."""
    found = None if order is None else order.whistle(whistle)
    calls = () if found is None else found.calls
    return next((c.verdict for c in calls if c.department == call.department), None)


def _judged_at(tale: Tale, whistle: int, call: Call) -> datetime:
    """Return when the verdict was given that stands."""
    asked = whistle, call.department
    given = (
        one.at
        for one in tale.entries
        if one.action in _JUDGING and (one.fields["whistle"], one.fields["department"]) == asked
    )
    return max(given)


def _supervised(one: Supervision, period: Period) -> Iterator[_Fault]:
    name = serial(one)
    if period.holds(one.issued_at):
        yield _Fault("supervised", one.department, one.issued_at, supervision=name)
    for reply_by, replied_at in replies(one):
        late = replied_at is None or replied_at > reply_by
        dropped = one.closed_at is not None and one.closed_at <= reply_by
        if period.holds(reply_by) and late and not dropped:
            yield _Fault("supervision_late", one.department, reply_by, supervision=name)


_FINDERS: tuple[Callable[[Tale, Period], Iterator[_Fault]], ...] = (
    _overdue, _events, _sent, _called,
)  # fmt: skip
