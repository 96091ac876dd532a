"""Supervision orders (督办单): numbered by year, addressed, answered, closed.

A record beside an order or about a department, never a state of an order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from gridmap.cases.fields import MAX_TEXT
from gridmap.cases.ladder import Job
from gridmap.cases.notices import Notice, NoticeKind, department, role
from gridmap.errors import BadValue, Conflict
from gridmap.personal import refuse_identity_numbers

__all__ = [
    "RefusedReply",
    "Supervision",
    "SupervisionState",
    "answered",
    "as_of",
    "closed",
    "issued",
    "job_of",
    "open_to",
    "refused",
    "replies",
    "serial",
    "told",
]


class SupervisionState(StrEnum):
    """Where a supervision order stands."""

    ISSUED = "issued"
    REPLIED = "replied"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class RefusedReply:
    """A reply that was not taken.

    Attributes
    ----------
    reply_by : datetime
        When it was due; aware.
    why : str
        Why it was not taken.
    """

    reply_by: datetime
    reply: str
    replied_at: datetime
    replied_by: str
    refused_at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Supervision:
    """One supervision order.

    Attributes
    ----------
    id : int
        0 until it is stored.
    year, seq : int
        Its number: the `seq`-th of the year, at the site.
    number : int or None
        The order it is about; None when it is about a department's conduct.
    department : str
        The addressee.
    copies : tuple of str
        Who gets a copy.
    reply_by : datetime
        Aware; when the reply is due, or was, that is not refused.
    reply : str
        What was put right; empty while a reply is awaited.
    refused_why : str
        Why the last reply was not taken.
    refusals : tuple of RefusedReply
        Replies that were not taken, in order.
    outcome : str
        With what it was closed.
    """

    id: int
    year: int
    seq: int
    department: str
    subject: str
    demands: str
    issued_at: datetime
    issued_by: str
    reply_by: datetime
    number: int | None = None
    copies: tuple[str, ...] = ()
    state: SupervisionState = SupervisionState.ISSUED
    version: int = 1
    reply: str = ""
    replied_at: datetime | None = None
    replied_by: str = ""
    refused_why: str = ""
    closed_at: datetime | None = None
    closed_by: str = ""
    outcome: str = ""
    refusals: tuple[RefusedReply, ...] = ()


# Where each step may begin; issued again when a reply is refused.
_SOURCES: Mapping[str, frozenset[SupervisionState]] = MappingProxyType(
    {
        "answer": frozenset({SupervisionState.ISSUED}),
        "refuse": frozenset({SupervisionState.REPLIED}),
        "close": frozenset({SupervisionState.ISSUED, SupervisionState.REPLIED}),
    }
)


def open_to(one: Supervision) -> tuple[str, ...]:
    """Return the steps that may be taken with it: ``answer``, ``refuse``, ``close``."""
    return tuple(step for step, sources in _SOURCES.items() if one.state in sources)


def serial(one: Supervision) -> str:
    """Return its number as it is printed."""
    return f"督办〔{one.year}〕{one.seq}号"


def _text(name: str, value: str | None, *, needed: bool = True) -> str:
    found = (value or "").strip()
    if (needed and not found) or len(found) > MAX_TEXT:
        raise BadValue(
            f"A supervision order needs '{name}'.",
            got=f"{len(found)} characters",
            allowed=f"1 to {MAX_TEXT:,}",
        )
    return refuse_identity_numbers(name, found)


def issued(
    *,
    year: int,
    department: str,
    subject: str,
    demands: str,
    reply_by: datetime,
    by: str,
    at: datetime,
    number: int | None = None,
    copies: tuple[str, ...] = (),
) -> Supervision:
    """Return a new supervision order; its number in the year is given where it is stored."""
    if reply_by <= at:
        raise BadValue(
            "The reply is due after now.", got=reply_by.isoformat(), allowed=f"after {at}"
        )
    return Supervision(
        id=0,
        year=year,
        seq=0,
        department=department,
        subject=_text("subject", subject),
        demands=_text("demands", demands),
        issued_at=at,
        issued_by=by,
        reply_by=reply_by,
        number=number,
        copies=tuple(dict.fromkeys(c for c in copies if c != department)),
    )


def _need(one: Supervision, step: str) -> None:
    if one.state not in _SOURCES[step]:
        raise Conflict(
            "That is not possible now.",
            got=f"{serial(one)} is {one.state.value}",
            allowed=sorted(state.value for state in _SOURCES[step]),
        )


def answered(one: Supervision, *, reply: str, by: str, at: datetime) -> Supervision:
    """Return it with the addressee's reply on what was put right."""
    _need(one, "answer")
    return replace(
        one,
        state=SupervisionState.REPLIED,
        version=one.version + 1,
        reply=_text("reply", reply),
        replied_at=at,
        replied_by=by,
    )


def refused(one: Supervision, *, why: str, reply_by: datetime, at: datetime) -> Supervision:
    """Return it open again: the reply does not do, another is due."""
    _need(one, "refuse")
    if reply_by <= at:
        raise BadValue("The reply is due after now.", got=reply_by.isoformat())
    assert one.replied_at is not None
    said = RefusedReply(
        one.reply_by, one.reply, one.replied_at, one.replied_by, at, _text("why", why)
    )
    return replace(
        _awaiting(one),
        version=one.version + 1,
        refused_why=said.why,
        reply_by=reply_by,
        refusals=(*one.refusals, said),
    )


def _awaiting(one: Supervision) -> Supervision:
    """Return it without a reply."""
    return replace(one, state=SupervisionState.ISSUED, reply="", replied_at=None, replied_by="")


def replies(one: Supervision) -> list[tuple[datetime, datetime | None]]:
    """Return when each reply was due and came, in order; None for one that is awaited."""
    former = [(said.reply_by, said.replied_at) for said in one.refusals]
    return [*former, (one.reply_by, one.replied_at)]


def as_of(one: Supervision, moment: datetime) -> Supervision:
    """Return it as it stood at a moment: without what happened then or later."""
    later = next((n for n, said in enumerate(one.refusals) if said.refused_at >= moment), None)
    if later is not None:
        said = one.refusals[later]
        one = replace(
            one,
            state=SupervisionState.REPLIED,
            reply_by=said.reply_by,
            reply=said.reply,
            replied_at=said.replied_at,
            replied_by=said.replied_by,
            refused_why=one.refusals[later - 1].why if later else "",
            refusals=one.refusals[:later],
            closed_at=None,
            closed_by="",
            outcome="",
        )
    if one.closed_at is not None and one.closed_at >= moment:
        state = SupervisionState.ISSUED if one.replied_at is None else SupervisionState.REPLIED
        one = replace(one, state=state, closed_at=None, closed_by="", outcome="")
    if one.replied_at is not None and one.replied_at >= moment:
        one = _awaiting(one)
    return one


def closed(one: Supervision, *, outcome: str, by: str, at: datetime) -> Supervision:
    """Return it closed: its demands are met, or dropped, with the reason."""
    _need(one, "close")
    return replace(
        one,
        state=SupervisionState.CLOSED,
        version=one.version + 1,
        outcome=_text("outcome", outcome),
        closed_at=at,
        closed_by=by,
    )


def job_of(one: Supervision) -> Job:
    """Return the job that looks at it when the reply is due."""
    key = f"supervision:{one.id}:{one.reply_by.isoformat(timespec='seconds')}"
    return Job("supervision", key, one.reply_by, one.number, {"id": one.id})


def told(one: Supervision, kind: NoticeKind) -> list[Notice]:
    """Return the notices of it: to the addressee and the copies, or to those who supervise."""
    params = {"serial": serial(one), "subject": one.subject, "id": one.id}
    inward = kind is NoticeKind.SUPERVISION_REPLY
    watching = () if kind is NoticeKind.SUPERVISION else (role("supervisor"),)
    addressed = () if inward else (one.department, *one.copies)
    audiences = (*(department(code) for code in addressed), *watching)
    return [Notice(kind, audience, one.number, params) for audience in audiences]
