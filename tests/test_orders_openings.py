"""What is offered is what the machine takes: the guards are asked, nothing is listed twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.cases.machine import apply, prepare
from gridmap.cases.model import Event, Order
from gridmap.cases.states import State
from gridmap.cases.table import TRANSITIONS
from gridmap.errors import GridmapError
from gridmap.workspace.openings import Opening, opening
from tests.case_orders import START, act, events, new_order, rules, submit


def begun(**more) -> Order:
    return apply(new_order(), submit(**more), rules())[0]


def after(*done: Event, **more) -> Order:
    order = begun(**more)
    for event in done:
        order = apply(order, event, rules())[0]
    return order


def open_for(order: Order, by: Event, action: str) -> Opening | None:
    at = max(by.at, START)
    mine = Event(action, by.by, at, by.roles, by.bodies)
    return opening(order, TRANSITIONS[action], rules(), mine)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_whatever_the_machine_takes_was_offered_with_these_values(data: st.DataObject) -> None:
    order, now = begun(), START
    for _ in range(12):
        now += timedelta(hours=3)
        event = data.draw(events(order.state, now))
        try:
            prepare(order, event, rules())
        except GridmapError:
            continue
        offered = open_for(order, event, event.action)
        assert offered is not None, event
        for one in offered.fields:
            assert not one.needed or one.name in event.fields, (one, event)
            assert not one.values or event.fields.get(one.name) in {None, *one.values}, (one, event)
        order, _ = apply(order, event, rules())


@pytest.mark.parametrize(
    ("done", "bodies", "action", "offered"),
    [
        ((), {"HW"}, "order.self_handle", True),
        ((act("order.confirm"), act("order.dispatch")), {"HW"}, "order.accept", True),
        ((act("order.confirm"), act("order.dispatch")), {"CG"}, "order.accept", False),
        ((act("order.confirm"), act("order.dispatch")), {"HW"}, "order.resolve", False),
        ((act("order.confirm"),), {"HW"}, "whistle.call", False),
        ((act("order.confirm"),), {"HW"}, "order.dispatch", True),
    ],
)
def test_the_guards_decide_what_is_offered(done, bodies, action, offered) -> None:
    order = after(*done)
    by = act(action, by="ding", at=START + timedelta(hours=1), bodies=bodies)
    assert (open_for(order, by, action) is not None) is offered


def test_who_handled_it_is_not_offered_to_inspect_it() -> None:
    done = act("order.self_handle", by="an", result="ja")
    order = after(done)
    assert order.state is State.RESOLVED
    assert open_for(order, act("order.inspect", by="an"), "order.inspect") is None
    assert open_for(order, act("order.inspect", by="bo"), "order.inspect") is not None


def test_what_a_case_needs_just_now_is_required_and_no_more() -> None:
    closing = open_for(begun(), act("order.close"), "order.close")
    assert closing is not None
    assert {one.name: one.needed for one in closing.fields} == {"answer": False, "why": True}
    whole = (
        act("order.self_handle", by="an", result="ja"),
        act("order.inspect", by="bo"),
    )
    closing = open_for(after(*whole), act("order.close"), "order.close")
    assert closing is not None
    assert {one.name: one.needed for one in closing.fields} == {"answer": False, "why": False}
    # Nobody is known to own it: it is sent to nobody in particular.
    sent = open_for(after(act("order.confirm"), lead=""), act("order.dispatch"), "order.dispatch")
    assert sent is not None
    assert {one.name for one in sent.fields if one.needed} == {"lead"}


def test_grounds_that_only_the_clock_finds_are_not_offered_to_people() -> None:
    blown = open_for(begun(), act("whistle.blow"), "whistle.blow")
    assert blown is not None
    (ground,) = (one for one in blown.fields if one.name == "ground")
    assert set(ground.values) == {"beyond_street", "joint_enforcement", "emergency"}


def test_a_verdict_is_offered_for_who_was_called_and_as_it_can_be_given() -> None:
    called = (
        act("whistle.blow", why="ja", ground="emergency"),
        act("whistle.call", whistle=1, departments=["CG", "SZ"]),
    )
    order = after(*called)
    # The limit has not passed, and nobody has come: there is nothing to judge.
    assert open_for(order, act("whistle.judge"), "whistle.judge") is None
    late = open_for(order, act("whistle.judge", at=START + timedelta(days=2)), "whistle.judge")
    assert late is not None
    values = {one.name: set(one.values) for one in late.fields if one.values}
    assert values == {"whistle": {1}, "department": {"CG", "SZ"}, "verdict": {"absent"}}
