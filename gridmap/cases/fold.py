"""What an event changes. Nothing is asked here: the guards have asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from gridmap.cases.fields import moment
from gridmap.cases.model import (
    Ask,
    AskKind,
    Call,
    Event,
    Ground,
    Order,
    Part,
    PartState,
    Rating,
    Verdict,
    Whistle,
    WhistleState,
)
from gridmap.cases.states import SENT, State
from gridmap.cases.table import TRANSITIONS

__all__ = ["STEPS", "evolve"]

Changes = dict[str, Any]
Change = Callable[[Order, Event], Changes]


def evolve(order: Order, event: Event) -> Order:
    """Return the order after an event whose fields the guards have completed."""
    target, change = STEPS[event.action]
    changes: Changes = {} if target is None else {"state": target}
    if change is not None:
        changes |= change(order, event)
    return replace(order, version=order.version + 1, **changes)


def _handled(order: Order, event: Event) -> tuple[str, ...]:
    return tuple(sorted({*order.handlers, event.by}))


def _submit(order: Order, event: Event) -> Changes:
    fields = event.fields
    due = moment(fields, "due_at")
    return {
        "item": fields.get("item", ""),
        "level": fields.get("level", ""),
        "areas": fields.get("areas", {}),
        "lead": fields.get("lead", ""),
        "co": tuple(Part(code) for code in fields.get("co_departments", ())),
        "first_responder": fields.get("first_responder", ""),
        "due_at": due,
        "due_original": due,
        "due_from": order.received_at,
        "round": int(fields.get("round", 0)),
        "needs_person": bool(fields.get("needs_person", False)),
    }


def _confirm(order: Order, event: Event) -> Changes:
    """An item that was put right brings its own route and time, counted from the receipt."""
    if "item" not in event.fields:
        return {}
    fields, due = event.fields, moment(event.fields, "due_at")
    return {
        "item": fields["item"],
        "level": fields.get("level", ""),
        "lead": fields.get("lead", ""),
        "co": tuple(Part(code) for code in fields.get("co_departments", ())),
        "first_responder": fields.get("first_responder", order.first_responder),
        "due_at": due,
        "due_original": due,
        "due_given": None,
        "paused_at": moment(fields, "stopped_at"),
        "round": order.round + 1,
    }


def _given(event: Event, due: datetime | None) -> Changes:
    """A due time that is given later than the promise: while the clock stands still it waits."""
    changes: Changes = {"due_waits": event.fields.get("due_waits", "")}
    if event.fields.get("waits"):
        return changes | {"due_at": None, "due_given": due}
    return changes | {"due_at": due, "due_given": None}


def _stage(order: Order, event: Event) -> datetime | None:
    """Return when an order goes up again, once it is due at another time."""
    # Events that were told before had nothing to say of it.
    if "stage_due_at" not in event.fields:
        return order.stage_due_at
    return moment(event.fields, "stage_due_at")


def _asked_again(order: Order, event: Event) -> tuple[Part, ...]:
    """Return the shares, with those to be done anew as when they were first asked for."""
    again = event.fields.get("asked_again", ())
    return tuple(Part(p.department) if p.department in again else p for p in order.co)


def _closed(order: Order, event: Event) -> Changes:
    return {"closed_at": event.at, "closed_by": event.by, "ask": None, "stage_due_at": None}


def _answered(text: str, event: Event) -> Changes:
    return {"answer": text, "answered_at": event.at}


def _reject(order: Order, event: Event) -> Changes:
    return _closed(order, event) | _answered(event.fields["why"], event)


def _merge(order: Order, event: Event) -> Changes:
    return _closed(order, event) | {"merged_into": event.fields["into"]}


def _absorb(order: Order, event: Event) -> Changes:
    return {"absorbed": tuple(sorted((*order.absorbed, event.fields["number"])))}


def _answer(order: Order, event: Event) -> Changes:
    return _answered(event.fields["answer"], event)


def _self_handle(order: Order, event: Event) -> Changes:
    return {
        "self_handled": True,
        "handlers": _handled(order, event),
        "result": event.fields["result"],
        "resolved_at": event.at,
        "contacted_at": order.contacted_at or event.at,
    }


def _dispatch(order: Order, event: Event) -> Changes:
    fields = event.fields
    kept = {p.department: p for p in order.co if p.state is not PartState.RETURNED}
    ruled = event.action == "order.rule"
    due = moment(fields, "due_at")
    timed = {"due_at": due, "due_original": due} if due is not None else {}
    return timed | {
        "first_responder": fields.get("first_responder", order.first_responder),
        "lead": fields["lead"],
        "co": tuple(kept.get(code, Part(code)) for code in fields["co_departments"]),
        "dispatches": order.dispatches + 1,
        "dispatched_at": event.at,
        "accept_by": moment(fields, "accept_by"),
        "contact_by": order.contact_by or moment(fields, "contact_by"),
        "round": order.round or 1,
        "returns": 0 if ruled else order.returns,
    }


def _review(order: Order, event: Event) -> Changes:
    return {"reviews": order.reviews + 1, "accept_by": None}


def _accept(order: Order, event: Event) -> Changes:
    own = event.fields["department"]
    changes: Changes = {"handlers": _handled(order, event)}
    if own == order.lead:
        return changes | {"accept_by": None}
    # A co-department signs for its share; the order waits for its lead.
    return changes | {"state": order.state, "co": _with_part(order, own, PartState.ACCEPTED)}


def _with_part(order: Order, department: str, state: PartState, text: str = "") -> tuple[Part, ...]:
    return tuple(
        Part(p.department, state, text or p.text) if p.department == department else p
        for p in order.co
    )


def _contact(order: Order, event: Event) -> Changes:
    return {"contacted_at": order.contacted_at or event.at}


def _return(order: Order, event: Event) -> Changes:
    own = event.fields["department"]
    if own != order.lead:
        parts = _with_part(order, own, PartState.RETURNED, event.fields["why"])
        return {"state": order.state, "co": parts}
    changes: Changes = {
        "returns": order.returns + 1,
        "returns_total": order.returns_total + 1,
        "accept_by": None,
        "ask": None,
    }
    if event.fields.get("review"):
        changes |= {"state": State.OWNERSHIP_REVIEW, "reviews": order.reviews + 1}
    return changes


def _start(order: Order, event: Event) -> Changes:
    return {"handlers": _handled(order, event)}


def _resolve(order: Order, event: Event) -> Changes:
    own, text = event.fields["department"], event.fields["result"]
    changes: Changes = {"handlers": _handled(order, event)}
    if own != order.lead:
        return changes | {"state": order.state, "co": _with_part(order, own, PartState.DONE, text)}
    unfinished = {PartState.ASKED, PartState.ACCEPTED}
    released = tuple(
        replace(p, state=PartState.RELEASED) if p.state in unfinished else p for p in order.co
    )
    return changes | {"result": text, "resolved_at": event.at, "ask": None, "co": released}


def _asked(kind: AskKind) -> Callable[[Order, Event], Changes]:
    def change(order: Order, event: Event) -> Changes:
        fields = event.fields
        ask = Ask(
            kind, event.by, fields["why"], event.at, moment(fields, "until"),
            bool(fields.get("engineering")),
        )  # fmt: skip
        return {"ask": ask}

    return change


def _extended(order: Order, event: Event) -> Changes:
    assert order.ask is not None
    return _given(event, order.ask.until) | {
        "ask": None,
        "due_from": event.at,
        "stage_due_at": _stage(order, event),
        "extensions": order.extensions + 1,
        "round": order.round + 1,
    }


def _refused(order: Order, event: Event) -> Changes:
    return {"ask": None}


def _backlogged(order: Order, event: Event) -> Changes:
    return {"ask": None, "backlog_review_at": moment(event.fields, "review_at")}


def _renewed(order: Order, event: Event) -> Changes:
    return _given(event, moment(event.fields, "due_at")) | {
        "backlog_review_at": None,
        "due_from": event.at,
        "stage_due_at": _stage(order, event),
        "round": order.round + 1,
    }


def _inspect(order: Order, event: Event) -> Changes:
    return {"inspected_by": event.by}


def _rework(order: Order, event: Event) -> Changes:
    # The due time stays: a result that does not hold was not on time.
    return {
        "reworks": order.reworks + 1,
        "inspected_by": "",
        "resolved_at": None,
        "co": _asked_again(order, event),
    }


def _close(order: Order, event: Event) -> Changes:
    return _closed(order, event) | _answered(event.fields["answer"], event)


def _rate(order: Order, event: Event) -> Changes:
    fields = event.fields
    rating = Rating(
        fields.get("satisfied"), fields.get("resolved"), fields.get("text", ""), event.by, event.at
    )
    return {"rating": rating}


def _reopen_ask(order: Order, event: Event) -> Changes:
    return {"reopen_asked_at": event.at, "reopen_asked_why": event.fields["why"]}


def _reopen(order: Order, event: Event) -> Changes:
    return _given(event, moment(event.fields, "due_at")) | {
        "reopened": order.reopened + 1,
        "reopen_asked_at": None,
        "reopen_asked_why": "",
        "co": _asked_again(order, event),
        "closed_at": None,
        "closed_by": "",
        "resolved_at": None,
        "inspected_by": "",
        "named_at": None,
        "due_from": event.at,
        "round": order.round + 1,
    }


def _escalate(order: Order, event: Event) -> Changes:
    return {"level": event.fields["level"], "stage_due_at": moment(event.fields, "stage_due_at")}


def _lead(order: Order, event: Event) -> Changes:
    # A case that a leader manages has no fixed limit.
    leader = event.fields.get("leader") or event.by
    return {
        "managed_by": leader,
        "due_at": None,
        "due_given": None,
        "due_waits": "",
        "paused_at": None,
        "round": order.round + 1,
        "stage_due_at": None,
    }


def _name(order: Order, event: Event) -> Changes:
    return {"named_at": event.at}


def _due(order: Order, event: Event) -> Changes:
    """The promise itself is another: known at last, or moved by a wait; without one it waits."""
    fields, due = event.fields, moment(event.fields, "due_at")
    changes: Changes = {"due_original": due or order.due_original}
    if "stopped_at" not in fields:
        # As it was told before a wait was: what was extended did not wait, all else did.
        extended = order.due_at is not None and order.due_at != order.due_original
        return changes | {
            "due_at": order.due_at if extended else due,
            "paused_at": None if due else event.at,
            "round": order.round + 1 if order.round else 0,
        }
    own = moment(fields, "given_due_at") if "given_due_at" in fields else due
    given = moment(fields, "due_given")
    return changes | {
        "stage_due_at": _stage(order, event),
        "due_at": own,
        "due_given": given,
        "due_waits": order.due_waits if own is None and given is None else "",
        "paused_at": moment(fields, "stopped_at"),
        # What is due at another time is reminded of anew.
        "round": order.round + 1 if order.round and own != order.due_at else order.round,
    }


def _move(order: Order, event: Event) -> Changes:
    fields = event.fields
    changes: Changes = {"areas": fields.get("areas", order.areas)}
    if "first_responder" in fields:
        changes["first_responder"] = fields["first_responder"]
    if "co_departments" in fields:
        changes["co"] = _co_moved(order, event)
    if "lead" in fields:
        changes["lead"] = fields["lead"]
        if order.state in SENT:
            # Whoever has it now has not signed for it.
            changes["state"] = State.DISPATCHED
            if "sending" in fields:
                changes |= {"dispatches": fields["sending"], "dispatched_at": event.at}
            changes["accept_by"] = moment(fields, "accept_by")
            changes["ask"] = None
    return changes


def _co_moved(order: Order, event: Event) -> tuple[Part, ...]:
    fields, fresh = event.fields, PartState.ASKED
    if "kept" in fields and order.resolved_at is not None:
        # Nobody is asked for what is done, until it has to be done again.
        fresh = PartState.RELEASED
    # Moves that were told before kept nobody's share.
    kept = {p.department: p for p in order.co if p.department in fields.get("kept", ())}
    return tuple(kept.get(code, Part(code, fresh)) for code in fields["co_departments"])


def _blow(order: Order, event: Event) -> Changes:
    fields = event.fields
    whistle = Whistle(
        fields["whistle"], WhistleState.BLOWN, Ground(fields["ground"]), fields["why"],
        event.by, event.at, tuple(fields.get("departments", ())),
    )  # fmt: skip
    return {"whistles": (*order.whistles, whistle)}


def _with_whistle(order: Order, number: int, **changes: Any) -> tuple[Whistle, ...]:
    return tuple(replace(w, **changes) if w.number == number else w for w in order.whistles)


def _call(order: Order, event: Event) -> Changes:
    fields = event.fields
    whistle = order.whistle(fields["whistle"])
    due = moment(fields, "due_at")
    assert whistle is not None
    assert due is not None
    calls = tuple(Call(code, event.at, due) for code in fields["departments"])
    known = set(order.bodies)
    joined = tuple(Part(code) for code in fields["departments"] if code not in known)
    stayed = tuple(p for p in order.co if p.department not in {j.department for j in joined})
    return {
        "level": "X",
        "stage_due_at": moment(fields, "stage_due_at"),
        "co": (*stayed, *joined),
        "whistles": _with_whistle(
            order, whistle.number, state=WhistleState.CALLED, calls=(*whistle.calls, *calls)
        ),
    }


def _with_call(
    order: Order, number: int, department: str, changes: Mapping[str, Any]
) -> tuple[Whistle, ...]:
    whistle = order.whistle(number)
    assert whistle is not None
    calls = tuple(replace(c, **changes) if c.department == department else c for c in whistle.calls)
    return _with_whistle(order, number, calls=calls)


def _report_in(order: Order, event: Event) -> Changes:
    fields = event.fields
    came = {
        "arrived_at": moment(fields, "arrived_at"),
        "reported_at": event.at,
        "who": fields["who"],
        "how_many": fields["how_many"],
        "where": fields["where"],
        "verdict": Verdict(fields["verdict"]),
        "judged_by": "",
        "judged_why": "",
    }
    return {"whistles": _with_call(order, fields["whistle"], fields["department"], came)}


def _judge(order: Order, event: Event) -> Changes:
    fields = event.fields
    judged = {
        "verdict": Verdict(fields["verdict"]),
        "judged_by": event.by,
        "judged_why": fields["why"],
    }
    return {"whistles": _with_call(order, fields["whistle"], fields["department"], judged)}


def _improper(order: Order, event: Event) -> Changes:
    fields = event.fields
    marked = {"state": WhistleState.IMPROPER, "improper_why": fields["why"]}
    return {"whistles": _with_whistle(order, fields["whistle"], **marked)}


_CHANGES: dict[str, Change] = {
    "order.submit": _submit,
    "order.confirm": _confirm,
    "order.reject": _reject,
    "order.merge": _merge,
    "order.absorb": _absorb,
    "order.answer": _answer,
    "order.self_handle": _self_handle,
    "order.dispatch": _dispatch,
    "order.rule": _dispatch,
    "order.review": _review,
    "order.accept": _accept,
    "order.contact": _contact,
    "order.return": _return,
    "order.start": _start,
    "order.resolve": _resolve,
    "order.extend": _asked(AskKind.EXTENSION),
    "order.extend.approve": _extended,
    "order.extend.refuse": _refused,
    "order.backlog": _asked(AskKind.BACKLOG),
    "order.backlog.approve": _backlogged,
    "order.backlog.refuse": _refused,
    "order.backlog.resume": _renewed,
    "order.inspect": _inspect,
    "order.rework": _rework,
    "order.close": _close,
    "order.rate": _rate,
    "order.reopen": _reopen,
    "order.reopen.ask": _reopen_ask,
    "order.escalate": _escalate,
    "order.lead": _lead,
    "order.name": _name,
    "order.due": _due,
    "order.move": _move,
    "whistle.blow": _blow,
    "whistle.call": _call,
    "whistle.report_in": _report_in,
    "whistle.judge": _judge,
    "whistle.improper": _improper,
}

# Where each action leads, and what it changes.
STEPS: dict[str, tuple[State | None, Change | None]] = {
    name: (row.target, _CHANGES.get(name)) for name, row in TRANSITIONS.items()
}
