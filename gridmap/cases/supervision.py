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

__all__ = [
    "Supervision",
    "SupervisionState",
    "answered",
    "closed",
    "issued",
    "job_of",
    "open_to",
    "refused",
    "serial",
    "told",
]


class SupervisionState(StrEnum):
    """Where a supervision order stands."""

    ISSUED = "issued"
    REPLIED = "replied"
    CLOSED = "closed"


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
        Aware.
    reply : str
        What was put right.
    refused_why : str
        Why the last reply was not taken.
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
    return found


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
    return replace(
        one,
        state=SupervisionState.ISSUED,
        version=one.version + 1,
        refused_why=_text("why", why),
        reply_by=reply_by,
    )


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
