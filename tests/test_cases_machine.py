"""The machine of orders, driven at random: no state it reaches breaks what must always hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gridmap.cases.fold import evolve
from gridmap.cases.following import sent_on
from gridmap.cases.ladder import climb, jobs_of
from gridmap.cases.machine import replayed
from gridmap.cases.model import SYSTEM, Ask, AskKind, Event, Order, Part, PartState, WhistleState
from gridmap.cases.outcome import Outcome, outcome_of
from gridmap.cases.record import order_from, plain
from gridmap.cases.states import AT_WORK, CLOSED, SENT, State
from gridmap.cases.waiting import waited
from gridmap.errors import GridmapError
from gridmap.routing.clock import Pause, PauseReason
from tests.case_orders import BODIES, PEOPLE, START, TEXTS, act, events, new_order, rules, submit

SEEN: Counter[str] = Counter()

# The ordinary way from the report to the answer.
ONWARD = {
    State.SUBMITTED: ("order.confirm", {}),
    State.CONFIRMED: ("order.dispatch", {"lead": "HW", "co_departments": ["CG"]}),
    State.OWNERSHIP_REVIEW: ("order.rule", {"lead": "SZ", "why": "ruled"}),
    State.DISPATCHED: ("order.accept", {}),
    State.RETURNED: ("order.dispatch", {"lead": "SZ"}),
    State.ACCEPTED: ("order.start", {}),
    State.IN_PROGRESS: ("order.resolve", {"result": "done"}),
    State.REWORK: ("order.resolve", {"result": "done again"}),
    State.BACKLOGGED: ("order.backlog.resume", {"why": "spring"}),
    State.RESOLVED: ("order.inspect", {}),
    State.INSPECTED: ("order.close", {}),
    State.CLOSED: ("order.rate", {"satisfied": False, "resolved": True}),
    State.RATED: ("order.reopen", {"why": "again"}),
    State.REOPENED: ("order.dispatch", {}),
}


class Orders(RuleBasedStateMachine):
    """One order: people act on it, and time passes."""

    @initialize(level=st.sampled_from(["G", "S", "X", ""]), lead=st.sampled_from(["HW", ""]))
    def begin(self, level: str, lead: str) -> None:
        self.now = START
        self.history: list[Event] = []
        self.taken: set[str] = set()
        self.promised = None
        self.pauses: list[Pause] = []
        self.order = new_order()
        self.happens(submit(level=level, lead=lead))
        self.promised = self.counted = self.order.due_original

    def happens(self, event: Event) -> Outcome | None:
        try:
            outcome = outcome_of(self.order, event, rules())
        except GridmapError:
            SEEN["refused"] += 1
            return None
        SEEN[outcome.event.action] += 1
        SEEN[outcome.order.state.value] += 1
        self.order = outcome.order
        self.history.append(outcome.event)
        if "item" in outcome.event.fields:
            self.counted = outcome.order.due_original
        if "item" in outcome.event.fields or self.promised is None:
            self.promised = outcome.order.due_original
        return outcome

    @rule(data=st.data())
    def somebody_acts(self, data: st.DataObject) -> None:
        self.happens(data.draw(events(self.order.state, self.now)))

    @rule(person=st.sampled_from(PEOPLE), text=st.sampled_from(TEXTS))
    def the_work_goes_on(self, person: str, text: str) -> None:
        self.the_next_step(person, text)

    def the_next_step(self, person: str = "an", text: str = TEXTS[0]) -> None:
        action, fields = ONWARD.get(self.order.state, ("order.comment", {"text": text}))
        if self.order.state is State.RESOLVED and text == TEXTS[1]:
            action, fields = "order.rework", {"why": text}
        self.happens(act(action, person, self.now, **fields))

    @rule(dice=st.integers(1, 12))
    def it_was_sent_twice(self, dice: int) -> None:
        if dice == 1:
            self.happens(act("order.merge", "an", self.now, into=2))

    @rule(person=st.sampled_from(PEOPLE))
    def a_department_gives_it_back(self, person: str) -> None:
        for _ in range(3):
            if self.order.state not in {State.DISPATCHED, State.ACCEPTED}:
                self.the_next_step()
        self.happens(act("order.return", person, self.now, why="not ours", kind="other"))

    @rule()
    def it_cannot_be_done_this_season(self) -> None:
        for _ in range(4):
            if self.order.state not in AT_WORK:
                self.the_next_step()
        self.happens(act("order.backlog", "an", self.now, why="winter"))
        self.happens(act("order.backlog.approve", "bo", self.now))

    @rule(hours=st.integers(1, 200))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        for job in jobs_of(self.order, rules(), self.now):
            if job.kind != "ladder" or job.run_at > self.now or job.key in self.taken:
                continue
            step, mark = job.payload["step"], job.payload["mark"]
            reached = climb(self.order, rules(), step, mark, self.now)
            for event in reached.events:
                assert self.happens(event) is not None, (step, mark, event)
            if reached.again_at is None:
                self.taken.add(job.key)
            else:
                assert reached.again_at > self.now

    @rule(dice=st.integers(1, 4))
    def the_clock_stands_still_or_runs_on(self, dice: int) -> None:
        """As a worker lets an order follow its report; at times it is told twice, or too late."""
        if dice == 1 and self.order.is_open and self.order.item:
            running = bool(self.pauses) and self.pauses[-1].end is None
            last = self.pauses.pop() if running else Pause(self.now, None, PauseReason.WEATHER)
            self.pauses.append(replace(last, end=self.now) if running else last)
        if dice > 2 or not self.order.is_open:
            return
        promise = self.counted and rules().given_back(self.order, self.counted, START, self.pauses)
        reason = "" if promise or not self.counted else "paused"
        for again in (False, True):
            fields = waited(self.order, rules(), promise, reason, self.pauses)
            told = act("order.due", SYSTEM, self.now, **fields)
            waits = outcome_of(self.order, told, rules())
            if replace(waits.order, version=self.order.version) != self.order:
                assert not again
                self.promised = waits.order.due_original
                self.happens(told)

    @rule(
        lead=st.sampled_from(BODIES),
        co=st.lists(st.sampled_from(BODIES), unique=True),
        before=st.lists(st.sampled_from(BODIES), unique=True),
    )
    def its_report_is_routed_anew(self, lead: str, co: list[str], before: list[str]) -> None:
        if not self.order.is_open:
            return
        was, fields = self.order, sent_on(self.order, lead, co, before)
        moved = self.happens(act("order.move", SYSTEM, self.now, **fields))
        assert moved is not None
        assert (self.order.lead, moved.order.due_at) == (lead, was.due_at)
        # Whoever has it in hand and is named still goes on with it.
        for part in was.co:
            if part.department in co and part.department in before and lead == was.lead:
                assert part in self.order.co
        told = {notice.audience.name for notice in moved.notices}
        assert told <= {lead} | set(co)
        assert not told or (self.order.state in SENT and (lead != was.lead or told - {lead}))

    @invariant()
    def holds(self) -> None:
        order = self.order
        assert order.version == len(self.history)
        assert replayed(new_order(), self.history) == order
        assert order_from(plain(order)) == order
        assert (order.closed_at is not None) == (order.state in CLOSED)
        assert order.reopened <= rules().reopenings
        assert order.due_original == self.promised
        assert order.paused_at is None or order.paused_at in {one.start for one in self.pauses}
        assert order.due_at is None or order.paused_at is None or order.due_given is not None
        sent = AT_WORK | {State.DISPATCHED, State.BACKLOGGED, State.RETURNED}
        assert order.lead or order.state not in sent
        assert order.lead not in {p.department for p in order.co}
        assert len({p.department for p in order.co}) == len(order.co)
        assert order.state is not State.RETURNED or order.returns < 2
        assert order.ask is None or order.state in AT_WORK
        assert (order.merged_into is not None) == (order.state is State.MERGED)
        assert order.rating is not None or order.state is not State.RATED
        assert order.state is not State.BACKLOGGED or order.backlog_review_at is not None
        assert order.state is not State.RESOLVED or order.result
        if order.state is State.INSPECTED:
            assert order.inspected_by
            assert order.inspected_by not in order.handlers
        if order.state in {State.RESOLVED, State.INSPECTED}:
            open_parts = {PartState.ASKED, PartState.ACCEPTED}
            assert all(p.state not in open_parts or order.whistles for p in order.co)
        for whistle in order.whistles:
            assert whistle.calls or whistle.state is not WhistleState.CALLED
            for call in whistle.calls:
                assert call.verdict is None or call.judged_by or call.reported_at
        keys = [job.key for job in jobs_of(order, rules(), self.now)]
        assert len(set(keys)) == len(keys)


Orders.TestCase.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None,
    suppress_health_check=[HealthCheck.too_slow], derandomize=True, database=None,
)  # fmt: skip
TestOrders = Orders.TestCase


def test_the_random_walks_reach_nearly_every_state_and_most_actions() -> None:
    if not SEEN:
        TestOrders("runTest").runTest()
    missing = {state.value for state in State} - set(SEEN)
    # Walks are random; the loops played through HTTP take every state on purpose.
    assert len(missing) <= 2, missing
    assert SEEN["refused"] > 100
    assert sum(1 for name in SEEN if "." in name) >= 22, SEEN


def test_events_that_were_told_before_change_what_they_changed_then() -> None:
    """Without what is told with them since, they fold to what they did."""
    later = START + timedelta(days=9)
    was = replace(
        new_order(),
        state=State.IN_PROGRESS,
        level="S",
        lead="HW",
        co=(Part("CG", PartState.DONE, "swept"), Part("SZ", PartState.RELEASED)),
        first_responder="W1",
        stage_due_at=later,
        dispatches=1,
        ask=Ask(AskKind.EXTENSION, "an", "frost", START, later),
    )

    def after(action: str, **fields: object) -> Order:
        return evolve(was, act(action, at=START, **fields))

    assert after("order.extend.approve").stage_due_at == later
    assert after("order.backlog.resume", why="thaw").stage_due_at == later
    assert after("order.rework", why="half").co == was.co
    assert after("order.reopen", why="again").co == was.co
    route = {"lead": "SZ", "co_departments": ["CG"]}
    moved = after("order.move", areas={}, edition="2027", **route)
    assert (moved.lead, moved.co, moved.dispatches) == ("SZ", (Part("CG"),), 1)
    assert (moved.state, moved.accept_by) == (State.DISPATCHED, None)
    assert after("order.rule", why="ruled", **route).first_responder == "W1"
    assert after("order.confirm", item="0306", **route).first_responder == "W1"
