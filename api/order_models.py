"""The shapes of orders, as they go in and come out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema, create_model

from api.models import ITEM_CODE, NO_CONTROLS, Exact, whole_number
from api.report_models import ReportRow
from gridmap.cases.fields import MAX_BODIES, MAX_TEXT, Kind
from gridmap.cases.states import State
from gridmap.cases.table import TRANSITIONS, Transition

__all__ = [
    "BODIES",
    "Moment",
    "OrderOut",
    "OrderRow",
    "OrdersOut",
    "OwnOrderOut",
    "SupervisionOut",
    "Written",
    "slug",
]

_YEARS = "^20[0-9]{2}-"
Moment = Annotated[
    str,
    Field(max_length=40, pattern=_YEARS),
    WithJsonSchema(
        {
            "type": "string",
            "anyOf": [{"format": "date"}, {"format": "date-time"}],
            "pattern": _YEARS,
            "description": "ISO 8601 date or time; without an offset it is local time of the site.",
        }
    ),
]
# Something that can be read: no control characters, and not only spaces.
Written = Annotated[
    str, Field(min_length=1, max_length=MAX_TEXT, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")
]
_Code = Annotated[str, Field(min_length=1, max_length=100, pattern=NO_CONTROLS)]


_KINDS: dict[Kind, Any] = {
    Kind.TEXT: Written,
    Kind.BODY: _Code,
    Kind.BODIES: Annotated[list[_Code], Field(max_length=MAX_BODIES)],
    Kind.MOMENT: Moment,
    Kind.FLAG: bool,
    Kind.NUMBER: Annotated[int, Field(ge=1, lt=2**53, strict=True), BeforeValidator(whole_number)],
    # As reports have it: further catalogues have codes of their own.
    Kind.ITEM: Annotated[str, Field(min_length=1, max_length=32, pattern=ITEM_CODE)],
}
_BY_SENDER = frozenset({"order.rate", "order.reopen.ask", "whistle.blow"})


def slug(action: str) -> str:
    """Return an action as its address has it: ``order.extend.approve`` is ``extend-approve``."""
    return action.removeprefix("order.").replace(".", "-").replace("_", "-")


def _body(row: Transition) -> type[BaseModel]:
    """Return the model of what an action is given."""
    fields: dict[str, Any] = {}
    for one in row.fields:
        kind = Literal[one.choices] if one.choices else _KINDS[one.kind]
        if one.required and one.kind is Kind.BODIES:
            kind = Annotated[kind, Field(min_length=1)]
        fields[one.name] = (kind, ...) if one.required else (kind | None, None)
    seen = Field(None, ge=1, lt=2**53, description="The version that was looked at.")
    fields["version"] = (int | None, seen)
    if row.action in _BY_SENDER:
        key = Field(
            None,
            min_length=8,
            max_length=128,
            pattern="^[!-~]+$",
            description="The Idempotency-Key the report was sent with, or its receipt: shows its "
            "sender, who need not be signed in.",
        )
        fields["key"] = (str | None, key)
    name = "".join(part.capitalize() for part in slug(row.action).split("-"))
    return create_model(f"Order{name}In", __base__=Exact, **fields)


BODIES: dict[str, type[BaseModel]] = {
    row.action: _body(row) for row in TRANSITIONS.values() if not row.by_time
}


class PartOut(Exact):
    """The share of a co-department."""

    department: str
    name: str
    state: Literal["asked", "accepted", "done", "returned", "released"]
    text: str


class AskOut(Exact):
    """What was asked for and not yet decided."""

    kind: Literal["extension", "backlog"]
    by: str
    why: str
    at: datetime
    until: datetime | None
    engineering: bool


class RatingOut(Exact):
    """What the requester says."""

    satisfied: bool | None
    resolved: bool | None
    text: str
    by: str
    at: datetime


class CallOut(Exact):
    """One called department, and how it reported in."""

    department: str
    called_at: datetime
    due_at: datetime
    arrived_at: datetime | None
    reported_at: datetime | None
    who: str
    how_many: int
    where: str
    verdict: Literal["on_time", "late", "absent", "ineffective"] | None
    judged_by: str
    judged_why: str


class WhistleOut(Exact):
    """A call across departments."""

    number: int
    state: Literal["blown", "called", "improper"]
    ground: Literal["beyond_street", "joint_enforcement", "emergency", "lateness"]
    why: str
    by: str
    at: datetime
    wanted: list[str]
    calls: list[CallOut]
    improper_why: str


class OrderEventOut(Exact):
    """Something that happened to an order."""

    number: int
    seq: int
    at: datetime
    by: str
    roles: list[str]
    action: str
    from_state: State | None
    to_state: State
    level: str
    item: str
    lead: str
    due_at: datetime | None
    fields: dict[str, Any]


class RefusedReplyOut(Exact):
    """A reply to a supervision order that was not taken."""

    reply_by: datetime = Field(description="When it was due.")
    reply: str
    replied_at: datetime
    replied_by: str
    refused_at: datetime
    why: str


class SupervisionOut(Exact):
    """A supervision order."""

    id: int
    year: int
    seq: int
    serial: str = Field(description="As it is printed.")
    number: int | None = Field(description="The order it is about.")
    department: str
    department_name: str
    copies: list[str]
    copy_names: list[str]
    subject: str
    demands: str
    state: Literal["issued", "replied", "closed"]
    version: int
    issued_at: datetime
    issued_by: str
    reply_by: datetime
    late: bool
    reply: str = Field(description="Empty while one is awaited.")
    replied_at: datetime | None
    replied_by: str
    refused_why: str = Field(description="Why the last reply was not taken; empty for none.")
    refusals: list[RefusedReplyOut] = Field(description="Replies that were not taken, in order.")
    closed_at: datetime | None
    closed_by: str
    outcome: str


class OwnOrderOut(Exact):
    """What the sender of a report sees of its order."""

    number: int
    version: int
    state: State
    open: bool
    due_at: datetime | None
    closed_at: datetime | None
    answer: str
    answered_at: datetime | None
    rating: RatingOut | None
    reopen_asked_at: datetime | None = Field(
        description="When the sender asked for it to be reopened; null once it was."
    )


class OrderRow(Exact):
    """A work order as it stands; its number is the report's."""

    number: int
    version: int = Field(description="Grows with everything that happens to it.")
    state: State
    open: bool
    level: Literal["G", "S", "X"] | None = Field(description="Who is in charge of it now.")
    item: str | None
    catalogue: str = Field(description="The catalogue that the item is of.")
    areas: dict[str, str]
    lead: str | None
    lead_name: str | None
    co: list[PartOut]
    first_responder: str
    received_at: datetime
    created_at: datetime
    due_at: datetime | None
    due_original: datetime | None = Field(description="What was promised first.")
    due_from: datetime | None
    paused_at: datetime | None = Field(description="Since when its clock stands still.")
    due_given: datetime | None = Field(
        description="A later due time as it was given, before the clock stood still."
    )
    due_waits: str = Field(
        description="The limit of a later due time that the calendar does not reach yet; or empty."
    )
    overdue: bool
    round: int
    stage_due_at: datetime | None = Field(description="When it goes up a level.")
    dispatches: int
    dispatched_at: datetime | None
    accept_by: datetime | None
    contact_by: datetime | None
    contacted_at: datetime | None
    returns: int
    returns_total: int
    reviews: int
    handlers: list[str]
    self_handled: bool
    ask: AskOut | None
    extensions: int
    backlog_review_at: datetime | None
    result: str
    resolved_at: datetime | None
    inspected_by: str
    reworks: int
    closed_at: datetime | None
    closed_by: str
    rating: RatingOut | None
    reopened: int
    reopen_asked_at: datetime | None
    reopen_asked_why: str
    merged_into: int | None
    absorbed: list[int]
    managed_by: str
    named_at: datetime | None = Field(description="Since when it is publicly listed as late.")
    answer: str
    answered_at: datetime | None
    whistles: list[WhistleOut]


class OrderOut(OrderRow):
    """One order with its report and its history."""

    possible: list[str] = Field(description="What the caller may do with it now.")
    history: list[OrderEventOut]
    supervision: list[SupervisionOut]
    report: ReportRow


class OrdersOut(Exact):
    """A page of the orders that match, newest first."""

    total: int = Field(ge=0)
    offset: int = Field(ge=0)
    limit: int = Field(ge=1)
    next: str | None = Field(description="Address of the next page; null on the last.")
    orders: list[OrderRow]
