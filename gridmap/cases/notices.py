"""Who is told what when something happens to an order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gridmap.cases.model import AskKind, Event, Order, PartState
from gridmap.cases.states import SENT

__all__ = ["Audience", "AudienceKind", "Notice", "NoticeKind", "department", "notices_of", "role"]


class AudienceKind(StrEnum):
    """By what somebody is meant."""

    DEPARTMENT = "department"
    ROLE = "role"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Audience:
    """Who a notice is for: a department's people, a role where the order is, or one person."""

    kind: AudienceKind
    name: str


class NoticeKind(StrEnum):
    """What a notice is about; its text is ``told.KIND`` in the catalogues."""

    NEW_REPORT = "new_report"
    NEW = "new"
    SOON_DUE = "soon_due"
    OVERDUE = "overdue"
    WRITTEN = "written"
    UNSIGNED = "unsigned"
    UNCONFIRMED = "unconfirmed"
    UNCALLED = "uncalled"
    BACKLOG_REVIEW = "backlog_review"
    RETURNED = "returned"
    REVIEW = "review"
    REWORK = "rework"
    ASKED = "asked"
    DECIDED = "decided"
    TO_INSPECT = "to_inspect"
    TO_CLOSE = "to_close"
    REOPENED = "reopened"
    REOPEN_ASKED = "reopen_asked"
    ESCALATED = "escalated"
    NAMED = "named"
    WHISTLE = "whistle"
    CALLED = "called"
    REPORTED_IN = "reported_in"
    ABSENT = "absent"
    IMPROPER = "improper"
    COMMENT = "comment"
    DISSATISFIED = "dissatisfied"
    SUPERVISION = "supervision"
    SUPERVISION_REPLY = "supervision_reply"
    SUPERVISION_LATE = "supervision_late"
    MONTHLY = "monthly"
    MONTHLY_CORRECTED = "monthly_corrected"
    FAILED = "failed"
    PLACE_WRONG = "place_wrong"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell somebody.

    Attributes
    ----------
    kind : NoticeKind
    audience : Audience
    number : int or None
        Of the order.
    params : mapping of str to plain values
        What the text names.
    at : datetime or None
        When it was told; None for the moment at which it is written.
    """

    kind: NoticeKind
    audience: Audience
    number: int | None = None
    params: dict[str, Any] = field(default_factory=dict)
    at: datetime | None = None


def role(name: str) -> Audience:
    """Return the people of a role where the order is."""
    return Audience(AudienceKind.ROLE, name)


def department(code: str) -> Audience:
    """Return the people of a department."""
    return Audience(AudienceKind.DEPARTMENT, code)


_CENTRE = role("dispatcher")
_LEADERS = (role("supervisor"), role("leader"))


def notices_of(before: Order, after: Order, event: Event) -> list[Notice]:
    """Return the notices an event gives rise to; nobody is told twice of one thing."""
    found: dict[tuple[NoticeKind, Audience], Notice] = {}
    for kind, audiences in _kinds(before, after, event):
        for audience in audiences:
            params = {"by": event.by, "item": after.item, "state": after.state.value}
            if after.catalogue:
                params["catalogue"] = after.catalogue
            params |= {k: event.fields[k] for k in ("why", "text", "step") if k in event.fields}
            found.setdefault((kind, audience), Notice(kind, audience, after.number, params))
    return list(found.values())


_Told = Iterable[tuple[NoticeKind, Iterable[Audience]]]


def _lead(order: Order) -> tuple[Audience, ...]:
    return (department(order.lead),) if order.lead else ()


def _kinds(before: Order, after: Order, event: Event) -> _Told:
    if event.action == "order.remind":
        return _reminder(after, event.fields["step"])
    if event.action.startswith("whistle."):
        return _whistle(after, event)
    return _order(before, after, event)


def _reminder(after: Order, step: str) -> _Told:
    kind = NoticeKind(step)
    if step in {"unconfirmed", "uncalled"}:
        return [(kind, (_CENTRE,))]
    copies = _LEADERS if step == "written" else (_CENTRE,) if step != "soon_due" else ()
    return [(kind, (*_lead(after), *copies))]


def _asked_of(after: Order, but: Collection[str] = ()) -> tuple[Audience, ...]:
    """Return the co-departments that are asked for a share and have not signed for it."""
    asked = (p.department for p in after.co if p.state is PartState.ASKED)
    return tuple(department(code) for code in asked if code not in but)


def _order(before: Order, after: Order, event: Event) -> _Told:
    told = _ORDER.get(event.action)
    return told(before, after, event) if told is not None else []


def _new_report(before: Order, after: Order, event: Event) -> _Told:
    # What was taken over from elsewhere in bulk is nobody's news.
    return [(NoticeKind.NEW_REPORT, (_CENTRE,))] if after.round else []


def _returned(before: Order, after: Order, event: Event) -> _Told:
    review = [(NoticeKind.REVIEW, _LEADERS)] if event.fields.get("review") else []
    return [(NoticeKind.RETURNED, (_CENTRE,)), *review]


def _asked(before: Order, after: Order, event: Event) -> _Told:
    high = after.extensions > 0 or bool(event.fields.get("engineering"))
    extension = after.ask is not None and after.ask.kind is AskKind.EXTENSION
    return [(NoticeKind.ASKED, (role("leader"),) if high and extension else (_CENTRE,))]


def _resolved(before: Order, after: Order, event: Event) -> _Told:
    if after.resolved_at is None or before.resolved_at is not None:
        return []
    first = role("grid_lead") if after.self_handled else role("grid_worker")
    return [(NoticeKind.TO_INSPECT, (first, role("community_officer")))]


def _rated(before: Order, after: Order, event: Event) -> _Told:
    bad = event.fields.get("satisfied") is False or event.fields.get("resolved") is False
    return [(NoticeKind.DISSATISFIED, (_CENTRE, *_lead(after)))] if bad else []


def _commented(before: Order, after: Order, event: Event) -> _Told:
    bodies = tuple(department(code) for code in after.bodies)
    return [(NoticeKind.COMMENT, (_CENTRE, *bodies))]


_Teller = Callable[[Order, Order, Event], _Told]


def _to(kind: NoticeKind, *audiences: Audience, lead: bool = False) -> _Teller:
    def told(before: Order, after: Order, event: Event) -> _Told:
        return [(kind, (*audiences, *(_lead(after) if lead else ())))]

    return told


def _sent(before: Order, after: Order, event: Event) -> _Told:
    # What changed while it lay with the centre, nobody has been told.
    told = before.bodies if before.state in SENT else ()
    co = _asked_of(after, [code for code in told if code != before.lead])
    return [(NoticeKind.NEW, (*_lead(after), *co))]


def _moved(before: Order, after: Order, event: Event) -> _Told:
    """Tell those who have it now; what nobody was sent, or is done already, is nobody's news."""
    if after.state not in SENT:
        return []
    lead = _lead(after) if after.lead != before.lead else ()
    return [(NoticeKind.NEW, (*lead, *_asked_of(after, before.bodies)))]


def _reworked(before: Order, after: Order, event: Event) -> _Told:
    return [(NoticeKind.REWORK, (*_lead(after), *_asked_of(after)))]


_decided = _to(NoticeKind.DECIDED, lead=True)
_up = _to(NoticeKind.ESCALATED, _CENTRE, role("subdistrict_officer"), lead=True)

_ORDER: dict[str, _Teller] = {
    "order.submit": _new_report,
    "order.dispatch": _sent,
    "order.rule": _sent,
    "order.move": _moved,
    "order.return": _returned,
    "order.review": _to(NoticeKind.REVIEW, _CENTRE, *_LEADERS),
    "order.extend": _asked,
    "order.backlog": _asked,
    "order.extend.approve": _decided,
    "order.extend.refuse": _decided,
    "order.backlog.approve": _decided,
    "order.backlog.refuse": _decided,
    "order.backlog.resume": _decided,
    "order.resolve": _resolved,
    "order.self_handle": _resolved,
    "order.inspect": _to(NoticeKind.TO_CLOSE, _CENTRE),
    "order.rework": _reworked,
    "order.rate": _rated,
    "order.reopen.ask": _to(NoticeKind.REOPEN_ASKED, _CENTRE, role("supervisor")),
    "order.reopen": _to(NoticeKind.REOPENED, _CENTRE, lead=True),
    "order.escalate": _up,
    "order.lead": _up,
    "order.name": _to(NoticeKind.NAMED, _CENTRE, *_LEADERS, lead=True),
    "order.comment": _commented,
}


def _whistle(after: Order, event: Event) -> _Told:
    k = NoticeKind
    whistle = after.whistle(event.fields["whistle"])
    blower = (Audience(AudienceKind.PERSON, whistle.by),) if whistle is not None else ()
    match event.action:
        case "whistle.blow":
            return [(k.WHISTLE, (_CENTRE,))]
        case "whistle.call":
            return [(k.CALLED, tuple(department(d) for d in event.fields["departments"]))]
        case "whistle.report_in":
            return [(k.REPORTED_IN, (_CENTRE, *blower))]
        case "whistle.improper":
            return [(k.IMPROPER, blower)]
        case _:
            absent = event.fields["verdict"] == "absent"
            named = department(event.fields["department"])
            return [(k.ABSENT, (named, _CENTRE, role("supervisor")))] if absent else []
