"""Who may do what, and where: the table of actions, scopes, and what a refusal says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.access import (
    ANYTHING,
    EVERYWHERE,
    PERMISSIONS,
    Action,
    Actor,
    Grant,
    Role,
    Scope,
    Subject,
    may,
    reach,
    require_may,
)
from gridmap.errors import BadValue, NotAllowed

WHISTLERS = {
    Role.RESIDENT,
    Role.DELEGATE,
    Role.GRID_WORKER,
    Role.GRID_LEAD,
    Role.COMMUNITY_OFFICER,
    Role.SUBDISTRICT_OFFICER,
}
HERE = Subject({"subdistrict": "S1", "community": "C1", "grid": "G1"}, ("CG", "HW"))


def test_every_action_has_its_roles() -> None:
    assert set(PERMISSIONS) == set(Action)
    assert all(PERMISSIONS.values())


def test_the_street_grid_workers_residents_and_delegates_whistle_and_nobody_else() -> None:
    assert PERMISSIONS[Action.WHISTLE_BLOW] == WHISTLERS


def test_only_those_who_handle_may_ever_read_whom_a_report_names() -> None:
    assert PERMISSIONS[Action.PERSONAL_READ].isdisjoint(
        {Role.ADMIN, Role.SUPERVISOR, Role.LEADER, Role.PLANNER, Role.PLACE_EDITOR}
    )


@pytest.mark.parametrize("role", [Role.RESIDENT, Role.DELEGATE])
def test_the_public_may_only_look_report_rate_and_whistle(role: Role) -> None:
    assert {action for action in Action if role in PERMISSIONS[action]} == {
        Action.PUBLIC_SEE,
        Action.REPORT_SUBMIT,
        Action.ORDER_RATE,
        Action.WHISTLE_BLOW,
    }


def test_somebody_without_a_role_may_look_and_report() -> None:
    nobody = Actor("nobody")
    assert {action for action in Action if may(nobody, action)} == {
        Action.PUBLIC_SEE,
        Action.REPORT_SUBMIT,
    }


@pytest.mark.parametrize(
    ("scope", "within"),
    [
        (EVERYWHERE, True),
        (Scope.of(areas=["grid:G1"]), True),
        (Scope.of(areas=["grid:G2", "community:C1"]), True),
        (Scope.of(areas=["grid:G2"]), False),
        (Scope.of(areas=["community:G1"]), False),
        (Scope.of(departments=["HW"]), True),
        (Scope.of(departments=["SZ"]), False),
        (Scope.of(areas=["grid:G1"], departments=["SZ"]), False),
        (Scope.of(areas=["grid:G1"], departments=["CG"]), True),
    ],
)
def test_a_role_holds_within_its_scope(scope: Scope, within: bool) -> None:
    handler = Actor("li", frozenset({Role.HANDLER}), scope)
    assert may(handler, Action.ORDER_ACCEPT, HERE) is within
    assert may(handler, Action.ORDER_ACCEPT)


def test_what_lies_in_no_area_belongs_to_those_who_act_everywhere() -> None:
    narrow = Actor("wang", frozenset({Role.DISPATCHER}), Scope.of(areas=["grid:G1"]))
    assert not may(narrow, Action.ORDER_DISPATCH, ANYTHING)
    assert may(Actor.with_role("dispatcher"), Action.ORDER_DISPATCH, ANYTHING)


def test_each_role_of_a_person_holds_in_its_own_place() -> None:
    both = Actor.granted(
        "zhao",
        [
            Grant(Role.GRID_LEAD, Scope.of(areas=["grid:G1"])),
            Grant(Role.HANDLER, Scope.of(departments=["SZ"])),
        ],
    )
    assert both.roles == {Role.GRID_LEAD, Role.HANDLER}
    assert may(both, Action.ORDER_SELF_HANDLE, HERE)
    assert not may(both, Action.WHISTLE_REPORT_IN, HERE)
    assert may(both, Action.WHISTLE_REPORT_IN, Subject({}, ("SZ",)))
    # Nothing narrows both of them alike.
    assert both.scope == EVERYWHERE


def test_reach_names_every_place_and_one_without_limits_stands_alone() -> None:
    here, there = Scope.of(areas=["grid:G1"]), Scope.of(areas=["grid:G2"])
    two = Actor.granted("a", [Grant(Role.GRID_LEAD, here), Grant(Role.GRID_WORKER, there)])
    assert set(reach(two, Action.REPORT_LIST)) == {here, there}
    assert two.scope == Scope.of(areas=["grid:G1", "grid:G2"])
    wide = Actor.granted("b", [Grant(Role.GRID_LEAD, here), Grant(Role.DISPATCHER)])
    assert reach(wide, Action.REPORT_LIST) == (EVERYWHERE,)
    assert reach(wide, Action.USER_MANAGE) == ()


def test_a_refusal_says_who_asks_which_roles_may_and_what_to_do() -> None:
    with pytest.raises(NotAllowed) as refused:
        require_may(Actor.with_role("handler", "li"), Action.EDITION_PUBLISH)
    assert refused.value.got == "li (handler)"
    assert refused.value.allowed == "admin, planner"
    assert refused.value.repair
    narrow = Actor("li", frozenset({Role.HANDLER}), Scope.of(departments=["SZ"]))
    with pytest.raises(NotAllowed, match="outside") as outside:
        require_may(narrow, Action.ORDER_ACCEPT, HERE)
    assert outside.value.allowed == "SZ"


@pytest.mark.parametrize("text", ["grid", "grid:", ":G1", ""])
def test_an_area_without_its_level_is_no_scope(text: str) -> None:
    with pytest.raises(BadValue, match="name an area"):
        Scope.of(areas=[text])


@given(
    roles=st.frozensets(st.sampled_from(list(Role)), max_size=4),
    more=st.sampled_from(list(Role)),
    action=st.sampled_from(list(Action)),
)
def test_a_further_role_never_takes_anything_away(
    roles: frozenset[Role], more: Role, action: Action
) -> None:
    before, after = Actor("a", roles), Actor("a", roles | {more})
    assert may(after, action, HERE) >= may(before, action, HERE)
