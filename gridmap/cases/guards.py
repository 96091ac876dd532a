"""What a transition needs beyond its place in the table."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from gridmap.cases.fields import moment, stored_moment
from gridmap.cases.model import (
    SYSTEM,
    AskKind,
    Call,
    Event,
    Ground,
    Order,
    PartState,
    ReturnKind,
    Verdict,
    Whistle,
    WhistleState,
)
from gridmap.cases.rules import OF_ITEM, CaseRules
from gridmap.cases.states import SENT, State
from gridmap.errors import BadValue, Conflict, NotAllowed, NotFound

__all__ = ["GUARDS", "acting_body", "permission_of", "refuse_unless"]

Guard = Callable[[Order, Event, CaseRules], dict[str, Any]]


def refuse_unless(holds: bool, message: str, *, got: object, repair: str) -> None:
    """Raise `Conflict` unless something holds."""
    if not holds:
        raise Conflict(message, got=got, repair=repair)


def permission_of(order: Order, action: str, permission: str) -> str:
    """Return the permission an action needs of this order: some need more the second time."""
    again = order.extensions > 0 or (order.ask is not None and order.ask.engineering)
    if action == "order.extend.approve" and again:
        return "order.extend.approve_again"
    return permission


def acting_body(order: Order, event: Event) -> str:
    """Return the department of the order that somebody acts for.

    Raises
    ------
    NotAllowed
        When it is sent to none of theirs, or to several and they do not say which.
    """
    own = [b for b in order.bodies if event.bodies is None or b in event.bodies]
    asked = event.fields.get("department")
    if asked is not None:
        if asked in own:
            return str(asked)
        raise NotAllowed(
            "The order is not sent to that department, or you do not act for it.",
            got=asked,
            allowed=own or "none of your departments",
        )
    if not own:
        raise NotAllowed(
            "The order is sent to other departments than yours.",
            got=sorted(event.bodies or ()) or event.by,
            allowed=order.bodies,
            repair="Only those it is sent to handle it; the centre can send it on.",
        )
    if order.lead in own or len(own) == 1:
        return order.lead if order.lead in own else own[0]
    raise NotAllowed(
        "You act for several departments of this order.",
        got=own,
        repair="Name one in 'department'.",
    )


def _need_lead(order: Order, body: str, what: str) -> None:
    if body != order.lead:
        raise NotAllowed(f"Only the lead department {what}.", got=body, allowed=order.lead)


def _submit(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    refuse_unless(
        order.version == 0, "A report becomes an order once.", got=order.number, repair="Leave it."
    )
    return {}


def _self_handle(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    refuse_unless(
        order.level == "G",
        "Only what the grid can close by itself is handled on the spot.",
        got=order.level or "not routed",
        repair="Confirm it and have it sent to its department.",
    )
    return {}


def _dispatch(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    lead = event.fields.get("lead") or order.lead
    refuse_unless(
        bool(lead),
        "Nobody is known to own this: it cannot be sent without a lead.",
        got=order.item or "no item",
        repair="Name a lead, or let an ownership review decide.",
    )
    co = event.fields.get("co_departments")
    if co is None:
        co = [p.department for p in order.co if p.state is not PartState.RETURNED]
    refuse_unless(
        event.action == "order.rule" or order.state is not State.DISPATCHED
        or {lead, *co} != set(order.bodies) or lead != order.lead,
        "It is already sent to these departments.",
        got=lead,
        repair="Name other departments, or wait for their answer.",
    )  # fmt: skip
    found: dict[str, Any] = {"lead": lead, "co_departments": [c for c in co if c != lead]}
    for name, rule in (("accept_by", "accept"), ("contact_by", "contact")):
        passed = rules.after(rule, event.at)
        if passed is not None:
            found[name] = stored_moment(passed)
    if order.due_at is None and order.due_original is None and not order.managed_by:
        # Nobody was known to own it at its receipt: the time was running all the same.
        due = rules.item_due(order.item, lead, order.received_at, order.catalogue)
        if due is not None:
            found["due_at"] = stored_moment(due)
    return found


def _accept(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    body = acting_body(order, event)
    part = order.part(body)
    taken = part.state is not PartState.ASKED if part else order.state is not State.DISPATCHED
    refuse_unless(not taken, "It was signed for already.", got=body, repair="Go on with the work.")
    return {"department": body}


def _contact(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    return {"department": acting_body(order, event)}


def _return(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    body = acting_body(order, event)
    if event.fields["kind"] == ReturnKind.NOT_NEEDED and not event.fields.get("form"):
        raise BadValue(
            "'It no longer needs doing' is shown by a signed form.",
            got="no form",
            repair="Give the number or the place of the signed form in 'form'.",
        )
    if body != order.lead:
        return {"department": body}
    most = rules.returns_before_review(order.item, order.catalogue)
    review = order.returns + 1 >= most
    return {"department": body, "review": True} if review else {"department": body}


def _start(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    body = acting_body(order, event)
    _need_lead(order, body, "moves the order on")
    return {"department": body}


def _resolve(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    body = acting_body(order, event)
    part = order.part(body)
    refuse_unless(
        part is None or part.state in {PartState.ASKED, PartState.ACCEPTED},
        "This share is finished.",
        got=part.state.value if part else "",
        repair="Comment on the order to add to it.",
    )
    refuse_unless(
        body != order.lead or order.state is not State.DISPATCHED,
        "The lead department has not signed for it.",
        got=body,
        repair="Accept the order first.",
    )
    return {"department": body}


def _no_ask(order: Order) -> None:
    refuse_unless(
        order.ask is None,
        "Something was asked for and is not decided yet.",
        got=order.ask.kind.value if order.ask else "",
        repair="Have it approved or refused first.",
    )


def _extend(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    body = acting_body(order, event)
    _need_lead(order, body, "asks for more time")
    _no_ask(order)
    refuse_unless(
        order.level != "G" or bool(event.fields.get("engineering")),
        "Ordinary cases of the grid are not extended.",
        got=order.level,
        repair="Say that it is engineering work, or have it go up a level.",
    )
    until = moment(event.fields, "until")
    due = order.due_known
    if until is None or until <= event.at or (due and until <= due):
        raise BadValue(
            "An extension ends after now and after the due time.",
            got=event.fields["until"],
            allowed=f"after {due or event.at}",
        )
    return {"department": body}


def _decide(kind: AskKind) -> Guard:
    def guard(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
        refuse_unless(
            order.ask is not None and order.ask.kind is kind,
            f"No {kind.value} was asked for.",
            got=order.ask.kind.value if order.ask else "nothing",
            repair="The lead department asks first.",
        )
        if order.ask is not None and order.ask.by == event.by:
            raise NotAllowed(
                "Nobody approves what they asked for themselves.",
                got=event.by,
                repair="Another person decides.",
            )
        if event.action == "order.extend.approve":
            return _waits(order) | _stage(order, None if order.ask is None else order.ask.until)
        if kind is AskKind.BACKLOG and order.ask is not None and event.action.endswith("approve"):
            again = order.ask.until or rules.after("backlog_review", event.at)
            return {} if again is None else {"review_at": stored_moment(again)}
        return {}

    return guard


def _backlog(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    body = acting_body(order, event)
    _need_lead(order, body, "asks for the backlog")
    _no_ask(order)
    until = moment(event.fields, "until")
    if until is not None and until <= event.at:
        raise BadValue("The backlog is looked at again later than now.", got=event.fields["until"])
    return {"department": body}


def _renewed(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    """Return the due time of an order that begins to count anew."""
    given = _due_again(order, OF_ITEM, event, rules)
    return given | _waits(order) | _stage(order, moment(given, "due_at") or event.at)


def _due_again(order: Order, limit: str, event: Event, rules: CaseRules) -> dict[str, Any]:
    """Return the due time that an order is given anew, or that the calendar is waited for."""
    due = rules.due_again(order, limit, event.at)
    if due is None or due.due_at is None:
        return {"due_waits": limit} if due and due.reason == "calendar_missing" else {}
    return {"due_at": stored_moment(due.due_at)}


def _stage(order: Order, due: datetime | None) -> dict[str, Any]:
    """Return that an order goes up again by its new due time, where that is the later one."""
    stage = order.stage_due_at
    return {} if stage is None or due is None or stage > due else {"stage_due_at": None}


def _waits(order: Order) -> dict[str, Any]:
    """Return that a due time which is given waits, as the clock of its order stands still."""
    return {} if order.paused_at is None else {"waits": True}


def _inspect(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    if event.by in order.handlers:
        raise NotAllowed(
            "Who handled an order does not inspect it.",
            got=event.by,
            allowed="anybody but " + ", ".join(order.handlers),
        )
    return {}


def _rework(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    """What a department finished holds; what the lead took off it is to be done after all."""
    return _inspect(order, event, rules) | _asked_again(order, {PartState.RELEASED})


def _asked_again(order: Order, states: Collection[PartState]) -> dict[str, Any]:
    """Return which co-departments are asked for their shares anew: those in some states."""
    again = [p.department for p in order.co if p.state in states]
    return {"asked_again": again} if again else {}


def _close(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    inspected = order.state is State.INSPECTED
    refuse_unless(
        inspected or bool(event.fields.get("why")),
        "The order was not inspected: it is closed only with a written reason.",
        got=order.state.value,
        repair="Inspect it first, or write the reason in 'why'.",
    )
    answer = event.fields.get("answer") or order.result or event.fields.get("why") or ""
    return {"answer": answer, "inspected": inspected}


def _need_reopenable(order: Order, rules: CaseRules) -> None:
    refuse_unless(
        order.reopened < rules.reopenings,
        "This order was reopened before.",
        got=order.reopened,
        repair="Send a new report that names this one.",
    )


def _reopen_ask(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    _need_reopenable(order, rules)
    refuse_unless(
        order.reopen_asked_at is None,
        "It was asked for before that this order be reopened.",
        got=order.reopen_asked_at,
        repair="The centre decides; send a new report when something has changed.",
    )
    return _rate(order, event, rules)


def _reopen(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    _need_reopenable(order, rules)
    given = _due_again(order, "reopened", event, rules)
    return given | _waits(order) | _asked_again(order, set(PartState) - {PartState.RETURNED})


def _escalate(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    refuse_unless(
        order.level in {"", "G"},
        "Above the sub-district there is only the whistle.",
        got=order.level,
        repair="Blow the whistle, naming the ground.",
    )
    stage = rules.after("stage_S", event.at)
    return {"level": "S"} | ({} if stage is None else {"stage_due_at": stored_moment(stage)})


def _blow(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    by_clock = event.fields["ground"] == Ground.LATENESS
    refuse_unless(
        by_clock == (event.by == SYSTEM),
        "Lateness is found by the clock, the other grounds by people.",
        got=event.fields["ground"],
        repair="Name the need: beyond_street, joint_enforcement or emergency.",
    )
    waiting = [w.number for w in order.whistles if w.state is WhistleState.BLOWN]
    refuse_unless(
        not waiting,
        "A whistle is waiting for the centre to call departments.",
        got=waiting,
        repair="Call departments, or mark it as improper.",
    )
    return {"whistle": len(order.whistles) + 1}


def _whistle(order: Order, event: Event) -> Whistle:
    found = order.whistle(event.fields["whistle"])
    if found is None:
        raise NotFound(
            "The order has no such whistle.",
            got=event.fields["whistle"],
            allowed=[w.number for w in order.whistles],
        )
    return found


def _call(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    whistle = _whistle(order, event)
    refuse_unless(
        whistle.state is not WhistleState.IMPROPER,
        "An improper whistle calls nobody.",
        got=whistle.number,
        repair="Blow another one, with its ground.",
    )
    already = {c.department for c in whistle.calls}
    twice = [d for d in event.fields["departments"] if d in already]
    refuse_unless(not twice, "They were called already.", got=twice, repair="Leave them out.")
    due = moment(event.fields, "due_at")
    if due is not None and due <= event.at:
        raise BadValue("They report in later than now.", got=event.fields["due_at"])
    if due is None:
        emergency = whistle.ground is Ground.EMERGENCY
        due = rules.after("report_in_emergency" if emergency else "report_in", event.at)
    if due is None:
        raise BadValue("The site has no limit for reporting in.", repair="Give 'due_at'.")
    stage = rules.after("stage_X", event.at)
    more = {} if stage is None else {"stage_due_at": stored_moment(stage)}
    return {"due_at": stored_moment(due)} | more


def _called(order: Order, event: Event, department: str) -> Call:
    whistle = _whistle(order, event)
    found = next((c for c in whistle.calls if c.department == department), None)
    if found is None:
        raise NotFound(
            "The whistle did not call that department.",
            got=department,
            allowed=[c.department for c in whistle.calls],
        )
    return found


def _report_in(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    whistle = _whistle(order, event)
    called = [c.department for c in whistle.calls]
    own = [d for d in called if event.bodies is None or d in event.bodies]
    asked = event.fields.get("department")
    if (asked is not None and asked not in own) or (asked is None and len(own) != 1):
        raise NotAllowed(
            "A department reports in for itself, when it was called.",
            got=asked or sorted(event.bodies or ()) or event.by,
            allowed=own or called,
            repair="Name the department in 'department'.",
        )
    body = asked or own[0]
    call = _called(order, event, body)
    refuse_unless(
        call.reported_at is None, "It has reported in.", got=body, repair="Comment to add to it."
    )
    arrived = moment(event.fields, "arrived_at") or event.at
    if not call.called_at <= arrived <= event.at:
        raise BadValue(
            "They arrived between the call and now.",
            got=arrived.isoformat(),
            allowed=f"{call.called_at.isoformat()} to {event.at.isoformat()}",
        )
    verdict = Verdict.ON_TIME if arrived <= call.due_at else Verdict.LATE
    return {"department": body, "arrived_at": stored_moment(arrived), "verdict": verdict.value}


def _judge(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    call = _called(order, event, event.fields["department"])
    verdict = Verdict(event.fields["verdict"])
    came = call.reported_at is not None
    refuse_unless(
        came != (verdict is Verdict.ABSENT),
        "Absent is who has not reported in, and nobody else.",
        got=verdict.value,
        repair="Choose another verdict.",
    )
    if verdict is Verdict.ABSENT and event.at < call.due_at:
        raise Conflict(
            "The limit has not passed.", got=call.due_at.isoformat(), repair="Wait until then."
        )
    return {}


def _improper(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    whistle = _whistle(order, event)
    refuse_unless(
        whistle.state is not WhistleState.IMPROPER and whistle.ground is not Ground.LATENESS,
        "It is marked already, or the clock blew it.",
        got=whistle.number,
        repair="Leave it.",
    )
    return {}


def _merge(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    refuse_unless(
        event.fields["into"] != order.number,
        "An order is not merged into itself.",
        got=order.number,
        repair="Name the other one.",
    )
    refuse_unless(
        not order.absorbed,
        "Others were merged into this one.",
        got=list(order.absorbed),
        repair="Merge the other order into this one instead.",
    )
    return {}


def _absorb(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    refuse_unless(
        event.fields["number"] not in order.absorbed,
        "It was merged before.",
        got=event.fields["number"],
        repair="Leave it.",
    )
    return {}


def _move(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    """Return by when another lead signs for it, and which sending of the order that is."""
    if "lead" not in event.fields or order.state not in SENT:
        return {}
    accept_by = rules.after("accept", event.at)
    signs = {} if accept_by is None else {"accept_by": stored_moment(accept_by)}
    return signs | {"sending": order.dispatches + 1}


def _name(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    refuse_unless(order.named_at is None, "It is listed.", got=order.number, repair="Leave it.")
    return {}


def _rate(order: Order, event: Event, rules: CaseRules) -> dict[str, Any]:
    if event.by in order.handlers and event.by != SYSTEM:
        raise NotAllowed("Who handled an order does not rate it.", got=event.by)
    return {}


GUARDS: dict[str, Guard] = {
    "order.submit": _submit,
    "order.merge": _merge,
    "order.absorb": _absorb,
    "order.self_handle": _self_handle,
    "order.dispatch": _dispatch,
    "order.rule": _dispatch,
    "order.accept": _accept,
    "order.contact": _contact,
    "order.return": _return,
    "order.start": _start,
    "order.resolve": _resolve,
    "order.extend": _extend,
    "order.extend.approve": _decide(AskKind.EXTENSION),
    "order.extend.refuse": _decide(AskKind.EXTENSION),
    "order.backlog": _backlog,
    "order.backlog.approve": _decide(AskKind.BACKLOG),
    "order.backlog.refuse": _decide(AskKind.BACKLOG),
    "order.backlog.resume": _renewed,
    "order.inspect": _inspect,
    "order.rework": _rework,
    "order.close": _close,
    "order.rate": _rate,
    "order.reopen": _reopen,
    "order.reopen.ask": _reopen_ask,
    "order.escalate": _escalate,
    "order.name": _name,
    "order.move": _move,
    "whistle.blow": _blow,
    "whistle.call": _call,
    "whistle.report_in": _report_in,
    "whistle.judge": _judge,
    "whistle.improper": _improper,
}
