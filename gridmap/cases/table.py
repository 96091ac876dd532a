"""The transitions, as a table: what may follow what, who may do it, and what it is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from gridmap.cases.fields import Field, Kind
from gridmap.cases.model import Ground, ReturnKind, Verdict
from gridmap.cases.states import AT_WORK, CLOSED, SENT, State

__all__ = ["TRANSITIONS", "Transition", "open_to"]


@dataclass(frozen=True, slots=True)
class Transition:
    """One action.

    Attributes
    ----------
    action : str
        Verb: ``order.confirm``.
    sources : frozenset of State
        Where it may begin.
    target : State or None
        Where it leads; None leaves the state as it is.
    permission : str
        Its name in the table of permissions; empty for what only time and the service do.
    fields : tuple of Field
    own : bool
        Only by a department that the order was sent to.
    """

    action: str
    sources: frozenset[State]
    target: State | None
    permission: str
    fields: tuple[Field, ...]
    own: bool = False

    @property
    def by_time(self) -> bool:
        """True for what nobody asks for by name."""
        return not self.permission


S = State
_ANY = frozenset(State)
_OPEN = _ANY - CLOSED

_WHY = Field("why", Kind.TEXT, required=True)
_WHY_IF = Field("why", Kind.TEXT)
_TEXT = Field("text", Kind.TEXT)
_BODY = Field("department", Kind.BODY)
_CO = Field("co_departments", Kind.BODIES)
_WHISTLE = Field("whistle", Kind.NUMBER, required=True)


def _row(
    action: str,
    sources: Iterable[State],
    target: State | None,
    *fields: Field,
    permission: str | None = None,
    own: bool = False,
) -> Transition:
    named = action if permission is None else permission
    given = (*fields, _BODY) if own else fields
    return Transition(action, frozenset(sources), target, named, given, own)


_ROWS = (
    _row("order.submit", (), S.SUBMITTED, permission=""),
    _row("order.confirm", {S.SUBMITTED}, S.CONFIRMED, Field("item", Kind.ITEM), _TEXT),
    _row(
        "order.reject", {S.SUBMITTED, S.CONFIRMED}, S.REJECTED, _WHY,
        Field("outcome", Kind.CHOICE, required=True,
              choices=("out_of_scope", "out_of_jurisdiction", "not_an_issue")),
        Field("transferred_to", Kind.TEXT),
    ),
    _row("order.merge", {S.SUBMITTED, S.CONFIRMED, S.RETURNED}, S.MERGED,
         Field("into", Kind.NUMBER, required=True), _WHY_IF),
    _row("order.self_handle", {S.SUBMITTED, S.CONFIRMED}, S.RESOLVED,
         Field("result", Kind.TEXT, required=True)),
    _row("order.dispatch", {S.CONFIRMED, S.RETURNED, S.REOPENED, S.DISPATCHED}, S.DISPATCHED,
         Field("lead", Kind.BODY), _CO, _WHY_IF),
    _row("order.review", {S.CONFIRMED, S.RETURNED, S.REOPENED, S.DISPATCHED}, S.OWNERSHIP_REVIEW,
         _WHY, permission="review.convene"),
    _row("order.rule", {S.OWNERSHIP_REVIEW}, S.DISPATCHED,
         Field("lead", Kind.BODY, required=True), _CO, _WHY, permission="review.rule"),
    _row("order.accept", SENT, S.ACCEPTED, own=True),
    _row("order.contact", SENT, None, _TEXT, own=True, permission="order.accept"),
    _row(
        "order.return", {S.DISPATCHED, S.ACCEPTED}, S.RETURNED, _WHY,
        Field("kind", Kind.CHOICE, required=True, choices=tuple(k.value for k in ReturnKind)),
        Field("form", Kind.TEXT), own=True,
    ),
    _row("order.start", {S.ACCEPTED, S.REWORK}, S.IN_PROGRESS, own=True),
    _row("order.resolve", SENT, S.RESOLVED, Field("result", Kind.TEXT, required=True),
         own=True),
    _row("order.extend", AT_WORK, None, _WHY, Field("until", Kind.MOMENT, required=True),
         Field("engineering", Kind.FLAG), own=True),
    _row("order.extend.approve", AT_WORK, None, _WHY_IF),
    _row("order.extend.refuse", AT_WORK, None, _WHY, permission="order.extend.approve"),
    _row("order.backlog", AT_WORK, None, _WHY, Field("until", Kind.MOMENT), own=True),
    _row("order.backlog.approve", AT_WORK, S.BACKLOGGED, _WHY_IF),
    _row("order.backlog.refuse", AT_WORK, None, _WHY, permission="order.backlog.approve"),
    _row("order.backlog.resume", {S.BACKLOGGED}, S.IN_PROGRESS, _WHY,
         permission="order.backlog.approve"),
    _row("order.inspect", {S.RESOLVED}, S.INSPECTED, _TEXT),
    _row("order.rework", {S.RESOLVED, S.INSPECTED}, S.REWORK, _WHY, permission="order.inspect"),
    _row("order.close", _OPEN, S.CLOSED, Field("answer", Kind.TEXT), _WHY_IF),
    _row("order.rate", {S.CLOSED}, S.RATED, Field("satisfied", Kind.FLAG),
         Field("resolved", Kind.FLAG), _TEXT),
    _row("order.reopen", {S.CLOSED, S.RATED}, S.REOPENED, _WHY),
    # By the requester, as rating is; whether it is, the centre decides.
    _row("order.reopen.ask", {S.CLOSED, S.RATED}, None, _WHY, permission="order.rate"),
    _row("order.comment", _ANY, None, Field("text", Kind.TEXT, required=True)),
    _row("order.escalate", _OPEN, None, _WHY),
    _row("order.lead", _OPEN, None, Field("leader", Kind.TEXT), _WHY),
    _row("order.absorb", _OPEN, None, Field("number", Kind.NUMBER, required=True), permission=""),
    _row("order.answer", {S.MERGED}, None, Field("answer", Kind.TEXT, required=True),
         permission=""),
    _row("order.remind", _OPEN, None, Field("step", Kind.TEXT, required=True), permission=""),
    _row("order.name", _OPEN, None, permission=""),
    _row("order.due", _OPEN, None, Field("due_at", Kind.MOMENT),
         Field("stopped_at", Kind.MOMENT), Field("due_given", Kind.MOMENT),
         Field("given_due_at", Kind.MOMENT), permission=""),
    _row("order.move", _OPEN, None, Field("lead", Kind.BODY), _CO, permission=""),
    _row(
        "whistle.blow", _OPEN, None, _WHY,
        Field("ground", Kind.CHOICE, required=True,
              choices=tuple(g.value for g in Ground)),
        Field("departments", Kind.BODIES),
    ),
    _row("whistle.call", _OPEN, None, _WHISTLE,
         Field("departments", Kind.BODIES, required=True),
         Field("due_at", Kind.MOMENT), _WHY_IF),
    _row(
        "whistle.report_in", _OPEN, None, _WHISTLE, _BODY,
        Field("who", Kind.TEXT, required=True), Field("how_many", Kind.NUMBER, required=True),
        Field("where", Kind.TEXT, required=True), Field("arrived_at", Kind.MOMENT),
    ),
    _row(
        "whistle.judge", _ANY, None, _WHISTLE,
        Field("department", Kind.BODY, required=True),
        Field("verdict", Kind.CHOICE, required=True, choices=tuple(v.value for v in Verdict)),
        _WHY,
    ),
    _row("whistle.improper", _ANY, None, _WHISTLE, _WHY, permission="whistle.judge"),
)  # fmt: skip

TRANSITIONS: Mapping[str, Transition] = MappingProxyType({row.action: row for row in _ROWS})


def open_to(state: State) -> tuple[str, ...]:
    """Return the actions that may begin in a state, by their place in the table alone."""
    return tuple(r.action for r in _ROWS if state in r.sources and not r.by_time)
