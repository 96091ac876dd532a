"""Work orders: what people do with them, and who may."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from gridmap.access import PERMISSIONS, Action, Actor, Role, Subject, may, redact
from gridmap.cases.fields import Kind, stored_moment
from gridmap.cases.guards import permission_of
from gridmap.cases.model import SYSTEM, Event, Order
from gridmap.cases.outcome import Outcome, outcome_of
from gridmap.cases.states import CLOSED, SENT, State
from gridmap.cases.table import TRANSITIONS, Transition, open_to
from gridmap.errors import Conflict, NotAllowed, NotFound, Stale
from gridmap.personal import masked_text, refuse_identity_numbers
from gridmap.routing.book import Decision
from gridmap.routing.clock import Pause
from gridmap.routing.reviews import ReviewReason
from gridmap.store.case_store import Decide
from gridmap.store.columns import storable
from gridmap.store.rulings import Rerouted
from gridmap.times import parse_when
from gridmap.workspace.addressed import may_as_addressed
from gridmap.workspace.openings import Opening, opening
from gridmap.workspace.order_lists import OFFICES, OrderLists

__all__ = ["Ordering"]

# The centre also enters what a body tells it by telephone.
_TOLD_TO_THE_CENTRE = frozenset({"order.return", "order.backlog"})

_CLOSED_BY_OPERATOR = "closed by the operator without inspection"


class Ordering(OrderLists):
    """From the report to the answer: every step of an order that somebody takes."""

    def act(
        self,
        number: int,
        action: str,
        *,
        version: int | None = None,
        key: str | None = None,
        actor: Actor | None = None,
        lang: str = "zh",
        **given: Any,
    ) -> dict[str, Any]:
        """Let something happen to an order, and return the order as it stands then.

        Parameters
        ----------
        number : int
            Of the report, and of its order.
        action : str
            One of :data:`gridmap.cases.table.TRANSITIONS` that people take.
        version : int, optional
            The version of the order that was looked at; `Stale` when it has changed since.
        key : str, optional
            The idempotency key the report was sent with, or its receipt: shows its sender.
        given
            What the action needs; times without an offset are the site's.

        Raises
        ------
        NotFound
            No such order, action, department, or other order.
        NotAllowed
            The role, the place, the department, or the person is not the right one.
        Conflict
            Not in this state, not now, not twice.
        BadValue
            A field is missing or cannot be used, or an identity number stands in a text.
        """
        who = actor or self.actor
        row = self._transition(action)
        self._may(who, Action(row.permission))
        self._sender(number, row, who, key)
        order = self.store.order(number)
        fields = self._given(who, row, given, order.catalogue)
        numbers = self._concerned(order, row, fields)
        anew: list[Rerouted] = []
        route: Mapping[str, Any] = {}
        if row.action == "order.confirm" and "item" in fields:
            pauses = self.store.pauses(number)
            anew = [self.put_right(number, fields["item"], pauses)]
            route = _brought(anew[0].decision, pauses)

        def decide(orders: Mapping[int, Order], now: datetime) -> Sequence[Outcome]:
            return self._steps_of(orders, number, row, who, fields, route, version, now)

        self._change(numbers, decide, number, version, who, anew)
        after = self.store.order(number)
        # Who gave it back, or sent it on, may be out of its reach now.
        if self._reads(who, after):
            return self.order(number, lang=lang, actor=who)
        return redact(who, "own_order", self._own(after, {who.name}))

    def assign_order(
        self,
        number: int,
        lead: str,
        *,
        version: int | None = None,
        actor: Actor | None = None,
        lang: str = "zh",
    ) -> dict[str, Any]:
        """Send an order to a lead at once: what nobody has confirmed yet is confirmed with it.

        Both steps stand in the history, written together or not at all. Errors as of `act`.
        """
        who = self._may(actor, Action.ORDER_DISPATCH)
        sending = TRANSITIONS["order.dispatch"]
        fields = self._given(who, sending, {"lead": lead})

        def decide(orders: Mapping[int, Order], now: datetime) -> Sequence[Outcome]:
            found: list[Outcome] = []
            if orders[number].state is State.SUBMITTED:
                row = TRANSITIONS["order.confirm"]
                found += self._steps_of(orders, number, row, who, {}, {}, version, now)
                orders = {**orders, number: found[0].order}
                seen = None
            else:
                seen = version
            return found + self._steps_of(orders, number, sending, who, fields, {}, seen, now)

        self._change([number], decide, number, version, who)
        # Sent away, it may be out of the reach of who sent it.
        after = self.store.order(number)
        if self._reads(who, after):
            return self.order(number, lang=lang, actor=who)
        return redact(who, "own_order", self._own(after, {who.name}))

    def order(self, number: int, *, lang: str = "zh", actor: Actor | None = None) -> dict[str, Any]:
        """Return an order with its report, its history, and what the actor may do now."""
        who = actor or self.actor
        order = self.store.order(number)
        self._may(who, Action.ORDER_READ, self._subject(order))
        record = self._order_shown(order, lang)
        record["possible"] = [one.action for one in self._openings(who, order)]
        record["history"] = [self._event_shown(e) for e in self.store.order_events(number)]
        record["supervision"] = [
            self._supervision_shown(one, lang)
            for one in self.store.supervisions(number=number)
            if may_as_addressed(who, Action.SUPERVISION_READ, one)
        ]
        record["report"] = redact(who, "reports", self._shown(self.store.report(number), lang))
        return redact(who, "orders", record)

    def close_reports(
        self,
        numbers: Sequence[int],
        *,
        why: str = _CLOSED_BY_OPERATOR,
        commit: bool = True,
        actor: Actor | None = None,
    ) -> int:
        """Close open reports with a written reason, all or none; return how many.

        For what is to be closed without inspection; only looks unless `commit`.

        Raises
        ------
        NotFound, Conflict
            When there is no such report, or one is closed already.
        BadValue
            When an identity number stands in the reason.
        """
        who, row = self._may(actor, Action.REPORT_CLOSE), TRANSITIONS["order.close"]
        fields = self._given(who, row, {"why": why})
        wanted = self.store.need_open_reports(numbers)
        for one in wanted:
            self._may(who, Action.REPORT_CLOSE, self._subject(self.store.order(one)))
        if not commit or not wanted:
            return len(wanted)
        concerned = {n for one in wanted for n in (one, *self.store.order(one).absorbed)}

        def decide(orders: Mapping[int, Order], now: datetime) -> Sequence[Outcome]:
            closing = ((n, self._event(who, orders[n], row, now, **fields)) for n in wanted)
            return [o for n, event in closing for o in self._outcomes(orders, event, n)]

        self.store.change_orders(concerned, decide)
        return len(wanted)

    # -- inside ---------------------------------------------------------------------

    def _transition(self, action: str) -> Transition:
        row = TRANSITIONS.get(action)
        if row is None or row.by_time:
            allowed = [name for name, one in TRANSITIONS.items() if not one.by_time]
            raise NotFound("There is no such action.", got=action, allowed=allowed)
        return row

    def _sender(self, number: int, row: Transition, who: Actor, key: str | None) -> None:
        """Let residents act only on what they sent; delegates whistle for others too."""
        whistles = Role.DELEGATE in who.roles and row.action == "whistle.blow"
        if who.is_staff or whistles or self.is_sender(number, who, key):
            return
        raise NotAllowed(
            "Only who sent the report may do this.",
            got=who.name,
            repair="Sign in as who sent it, or give its receipt or the key it was sent with.",
        )

    def _given(
        self, who: Actor, row: Transition, given: Mapping[str, Any], catalogue: str = ""
    ) -> dict[str, Any]:
        """Return what was given, with local times read, departments and the item known.

        A history is never changed, and goes to other programs: no identity number comes into
        it, nor the mobile number that somebody among the public writes of themselves.
        """
        fields = {name: _clean(value) for name, value in given.items() if value is not None}
        for field in row.fields:
            value = fields.get(field.name)
            if value is None:
                continue
            if field.kind is Kind.MOMENT:
                fields[field.name] = parse_when(value, self.zone)
            elif field.kind is Kind.ITEM:
                fields[field.name] = self.books.of(catalogue).catalogue.item(str(value)).code
            elif field.kind is Kind.TEXT and isinstance(value, str):
                text = refuse_identity_numbers(field.name, value)
                fields[field.name] = text if who.is_staff else masked_text(text)
            elif field.kind in {Kind.BODY, Kind.BODIES}:
                self._known_bodies([value] if isinstance(value, str) else value)
        return fields

    def _change(
        self,
        numbers: Collection[int],
        decide: Decide,
        number: int,
        version: int | None,
        who: Actor,
        anew: Sequence[Rerouted] = (),
    ) -> None:
        """Write what is decided; what is stale names what changed since, for who may read that."""
        self._bases.keep(one.decision for one in anew)
        try:
            outcomes = self.store.change_orders(numbers, decide, anew=anew)
        except Stale as stale:
            # Senders and delegates may act, but the history is the staff's.
            if self._reads(who, self.store.order(number)):
                stale.changes = self.store.order_events(number, after=version or 0)
            raise
        self._afterwards(outcomes)

    def _concerned(self, order: Order, row: Transition, fields: Mapping[str, Any]) -> set[int]:
        found = {order.number}
        if row.action == "order.merge" and isinstance(fields.get("into"), int):
            found.add(fields["into"])
        if row.target in {State.CLOSED, State.REJECTED}:
            found |= set(order.absorbed)
        return found

    def _steps_of(
        self,
        orders: Mapping[int, Order],
        number: int,
        row: Transition,
        who: Actor,
        fields: Mapping[str, Any],
        route: Mapping[str, Any],
        version: int | None,
        now: datetime,
    ) -> list[Outcome]:
        order = orders[number]
        permission = Action(permission_of(order, row.action, row.permission))
        self._may(who, permission, self._subject(order) if who.is_staff else None)
        into = fields.get("into")
        if row.action == "order.merge" and isinstance(into, int):
            # It is written in both.
            self._may(who, permission, self._subject(orders[into]))
        if version is not None and version != order.version:
            raise Stale(
                "The order has changed since it was looked at.",
                got=version,
                allowed=order.version,
                repair="Look at what was changed, and decide anew.",
                version=order.version,
            )
        event = self._event(who, order, row, now, **fields)
        return self._outcomes(orders, event, number, route)

    def _event(
        self, who: Actor, order: Order, row: Transition, now: datetime, /, **fields: Any
    ) -> Event:
        roles = tuple(sorted(role.value for role in who.roles))
        bodies = self._acts_for(who, order, row.action)
        return Event(row.action, who.name, now, roles, bodies, fields)

    def _outcomes(
        self,
        orders: Mapping[int, Order],
        event: Event,
        number: int,
        route: Mapping[str, Any] = MappingProxyType({}),
    ) -> list[Outcome]:
        """Return what an event comes to, with what it does to orders merged together."""
        rules, order = self.case_rules, orders[number]
        first = outcome_of(order, event, rules, route)
        if event.action == "order.reopen":
            # Editions that came while it was closed have not looked at it.
            job = self.move_job(number, f"reopened-{first.order.reopened}")
            first = replace(first, jobs=(*first.jobs, job))
        if event.action == "order.merge":
            into = orders[event.fields["into"]]
            self._mergeable(into)
            absorb = Event("order.absorb", event.by, event.at, fields={"number": number})
            return [first, outcome_of(into, absorb, rules)]
        if first.order.state not in {State.CLOSED, State.REJECTED}:
            return [first]
        if not set(order.absorbed) <= set(orders):
            raise Conflict(
                "Another order was merged into this one just now.",
                got=number,
                repair="Look at it again.",
            )
        answer = {"answer": first.order.answer or first.order.state.value}
        told = Event("order.answer", SYSTEM, event.at, fields=answer)
        merged = [orders[one] for one in order.absorbed if orders[one].state is State.MERGED]
        return [first, *(outcome_of(one, told, rules) for one in merged)]

    def _mergeable(self, into: Order) -> None:
        if not into.is_open:
            raise Conflict(
                "An order is merged into one that is open.",
                got=f"{into.number} is {into.state.value}",
                repair="Name an open one; that one may itself have been merged.",
            )

    def report_subject(self, number: int, record: Mapping[str, Any]) -> Subject:
        """Return what a report is about: those its order is sent to now, besides its route's."""
        routed = Subject.of_report(record)
        try:
            order = self._subject(self.store.order(number))
        except NotFound:
            return routed
        return Subject(order.areas, (*order.departments, *routed.departments))

    def is_current_handler(self, actor: Actor, number: int, record: Mapping[str, Any]) -> bool:
        """True when the order is the actor's to handle: the centre's, or their department's.

        Nobody handles what is closed. Who only keeps the service going handles nothing.
        """
        try:
            order = self.store.order(number)
        except NotFound:
            return super().is_current_handler(actor, number, record)
        if order.state in CLOSED or record["closed_at"] is not None:
            return False
        if order.state not in SENT | {State.BACKLOGGED}:
            return super().is_current_handler(actor, number, record)
        working = [g for g in actor.grants if g.role in PERMISSIONS[Action.PERSONAL_READ]]
        own = [g for g in working if g.role is not Role.DISPATCHER]
        bodies = self._acts_for(Actor.granted(actor.name, own), order)
        return bodies is None or not bodies.isdisjoint(order.bodies)

    def _reads(self, who: Actor, order: Order) -> bool:
        """True when an order and its history are for somebody to read; a sender sees their own."""
        return may(who, Action.ORDER_READ, self._subject(order))

    def _subject(self, order: Order) -> Subject:
        # As `store.within.numbers_with` has it: what is opened is listed, too.
        return Subject(order.areas, (*order.bodies, *order.called))

    def _acts_for(self, who: Actor, order: Order, action: str = "") -> frozenset[str] | None:
        """Return the departments somebody acts for in an order; None when not bound to any."""
        subject, bodies = self._subject(order), set[str]()
        for grant in who.grants:
            told = grant.role is Role.DISPATCHER and action in _TOLD_TO_THE_CENTRE
            if told and grant.scope.holds(subject):
                return None
            if grant.role is Role.ADMIN or (
                grant.role is Role.HANDLER and grant.scope.is_everywhere
            ):
                return None
            bodies |= grant.scope.departments
            if not grant.scope.departments and grant.scope.holds(subject):
                kinds = OFFICES.get(grant.role, ())
                bodies |= {f"{kind}:{code}" for kind in kinds for code in order.areas.values()}
        return frozenset(bodies)

    def _openings(self, who: Actor, order: Order) -> list[Opening]:
        """Return what somebody may do with an order now, in the order of the table."""
        now, subject, found = self.clock(), self._subject(order), []
        for action in open_to(order.state):
            row = TRANSITIONS[action]
            permission = Action(permission_of(order, action, row.permission))
            if not may(who, permission, subject):
                continue
            one = opening(order, row, self.case_rules, self._event(who, order, row, now))
            if one is not None:
                found.append(one)
        return found

    def _afterwards(self, outcomes: Sequence[Outcome]) -> None:
        """Do what belongs to other rooms once the order is written."""
        for one in outcomes:
            if one.event.action == "order.reopen":
                self.follow_editions(one.order.number)
            if one.order.state is State.OWNERSHIP_REVIEW != one.before.state:
                self.put_before_board(one.order.number)

    def put_before_board(self, number: int) -> bool:
        """Put an order's report before the board of ownership reviews; False when it need not be.

        One that is there already stays there, so that it may be asked twice.
        """
        order = self.store.order(number)
        if order.state is not State.OWNERSHIP_REVIEW:
            return False
        # What happened to it since it came there asked for nothing.
        came = [one for one in self.store.order_events(number)
                if one["to_state"] == order.state.value != one["from_state"]]  # fmt: skip
        asked = came[-1]
        returned = asked["action"] == "order.return"
        reason = ReviewReason.RETURNED if returned else ReviewReason.ASKED
        self.bring_before_board(number, asked["fields"]["why"], reason=reason, by=asked["by"])
        return True


def _brought(decision: Decision, pauses: Sequence[Pause]) -> dict[str, Any]:
    """Return what the route of an item that was put right brings to an order."""
    found: dict[str, Any] = {
        "level": decision.handling_level,
        "lead": decision.department,
        "co_departments": [c for c in decision.co_departments if c != decision.department],
        "first_responder": decision.first_responder,
    }
    if decision.due_at is not None:
        found["due_at"] = stored_moment(decision.due_at)
    elif decision.due_reason == "paused":
        found["stopped_at"] = stored_moment(pauses[-1].start)
    return found


def _clean(value: Any) -> Any:
    return [storable(one) for one in value] if isinstance(value, list) else storable(value)
