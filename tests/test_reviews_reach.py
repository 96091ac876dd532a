"""Ownership reviews lie somewhere: who sees them, who settles them, and for which ground."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date

import pytest
import shapely

from gridmap.access import Actor, Grant, Role, Scope
from gridmap.errors import NotAllowed
from gridmap.routing import Overlay
from tests.review_town import report, ruling
from tests.route_town import EAST, WEST, rectangle

pytest_plugins = ["tests.review_fixtures"]

WESTERN, EASTERN = (
    Actor.with_role("dispatcher", name, Scope.of(areas=[f"subdistrict:{code}"]))
    for name, code in (("west", WEST), ("east", EAST))
)
# By the roadside, one in each sub-district, and one just before their border at 8.
HERE, THERE, BORDER = (0.2, 0.2), (8.2, 0.2), (7.9, 0.2)


def leader(*departments: str, areas: tuple[str, ...] = ()) -> Actor:
    """A leader of some departments, in some areas."""
    return Actor.with_role("leader", scope=Scope.of(areas=areas, departments=departments))


def review_of(board, place, key="a", **more):
    """A report at a place, and the number of its review."""
    sent = report(board, *place, key, **more)
    return board.open_review(sent["id"], "谁的")["id"]


def seen_by(board, who, **more):
    total, found = board.reviews(actor=who, **more)
    assert total == len(found)
    return {one["id"] for one in found}


def test_each_sees_the_reviews_of_their_areas_in_the_list_and_one_by_one(board):
    here, there = review_of(board, HERE, "a"), review_of(board, THERE, "b")
    assert seen_by(board, None) == {here, there}
    narrow = leader(areas=(f"grid:{WEST}001001",))
    for who, own, other in (
        (WESTERN, here, there), (EASTERN, there, here), (narrow, here, there),
    ):  # fmt: skip
        assert seen_by(board, who) == seen_by(board, who, state="open") == {own}
        assert seen_by(board, who, state="ruled") == set()
        assert board.review(own, actor=who)["id"] == own
        for ask in (
            board.review, board.review_sketch, board.possible_owners, board.overlays_at,
        ):  # fmt: skip
            ask(own, actor=who)
            with pytest.raises(NotAllowed, match="outside"):
                ask(other, actor=who)
    assert seen_by(board, leader(areas=("subdistrict:none",))) == set()


def test_nobody_settles_what_lies_elsewhere(board):
    number = review_of(board, THERE)
    for dry in (False, True):
        with pytest.raises(NotAllowed, match="outside"):
            board.rule(number, ruling(), commit=dry, actor=WESTERN)
    assert board.review(number)["state"] == "open"
    assert board.rule(number, ruling(radius_m=9.0), actor=EASTERN).rerouted == 1


def test_one_role_looks_where_another_settles(board):
    here, there = review_of(board, HERE, "a"), review_of(board, THERE, "b")
    both = Actor.granted(
        "both",
        [
            Grant(Role.GRID_WORKER, Scope.of(areas=[f"subdistrict:{EAST}"])),
            Grant(Role.DISPATCHER, Scope.of(areas=[f"subdistrict:{WEST}"])),
        ],
    )
    assert seen_by(board, both) == {here, there}
    with pytest.raises(NotAllowed, match="outside"):
        board.rule(there, ruling(radius_m=9.0), actor=both)
    board.rule(here, ruling(), actor=both)


@pytest.mark.parametrize(
    "ground",
    [
        {"radius_m": 60.0},
        {"radius_m": None, "polygon": json.loads(shapely.to_geojson(rectangle(7, 0, 9, 2)))},
    ],
    ids=["circle", "polygon"],
)
def test_ground_beyond_ones_areas_is_given_away_by_nobody_who_acts_there_only(board, ground):
    number = review_of(board, BORDER)
    with pytest.raises(NotAllowed, match="reaches out of the areas"):
        board.rule(number, ruling(**ground), actor=WESTERN)
    assert board.rulings() == []
    over = Actor.with_role("dispatcher", scope=Scope.of(
        areas=[f"subdistrict:{WEST}", f"subdistrict:{EAST}"]))  # fmt: skip
    board.rule(number, ruling(**ground), commit=False, actor=over)
    board.rule(number, ruling(**ground), actor=Actor.with_role("dispatcher"))


@pytest.mark.parametrize(
    "ground",
    [
        {"radius_m": 5.0},
        {"radius_m": None, "area": {"level": "subdistrict", "code": WEST}},
        {"radius_m": None, "area": {"level": "community", "code": f"{WEST}001"}},
    ],
    ids=["circle", "the whole", "part"],
)
def test_ground_within_ones_areas_is_theirs_to_give(board, ground):
    assert board.rule(review_of(board, BORDER), ruling(**ground), actor=WESTERN).committed


def test_a_departments_leader_takes_ground_over_and_gives_none_away(board):
    number = review_of(board, HERE, item="0101")
    own, other = leader("HW"), leader("SW")
    assert (seen_by(board, own), seen_by(board, other)) == ({number}, set())
    with pytest.raises(NotAllowed, match="outside"):
        board.rule(number, ruling(owner="HW"), actor=other)
    with pytest.raises(NotAllowed, match="outside"):
        board.rule(number, ruling(owner="SW"), actor=own)
    elsewhere = leader("HW", areas=(f"subdistrict:{EAST}",))
    with pytest.raises(NotAllowed, match="outside"):
        board.rule(number, ruling(owner="HW"), actor=elsewhere)
    assert board.rule(number, ruling(owner="HW"), actor=own).committed


def test_who_an_order_was_sent_to_since_sees_its_review(board):
    number = review_of(board, HERE, item="0101")
    (held,) = board.review(number)["held"]
    assert seen_by(board, leader("CG")) == set()
    board.act(held["report_id"], "order.confirm")
    board.act(held["report_id"], "order.dispatch", lead="CG", why="their stall")
    assert seen_by(board, leader("CG")) == {number}
    assert board.review(number, actor=leader("CG"))["id"] == number


def test_reports_of_others_are_not_routed_anew_by_who_rules_for_a_department(board):
    number = review_of(board, HERE, item="0101")
    (held,) = board.review(number)["held"]
    other = report(board, *HERE, "b", item="0101")["id"]
    board.open_review(other, "谁的")
    assert len(board.review(number)["held"]) == 2
    board.act(held["report_id"], "order.confirm")
    board.act(held["report_id"], "order.dispatch", lead="CG", why="their stall")
    with pytest.raises(NotAllowed, match="outside"):
        board.rule(number, ruling(owner="CG"), actor=leader("CG"))
    assert {one["report_id"] for one in board.review(number)["held"]} == {
        held["report_id"], other,
    }  # fmt: skip


def test_rulings_are_listed_where_their_ground_lies_and_for_whom_they_name(board):
    for key, place in (("a", HERE), ("b", THERE)):
        board.rule(review_of(board, place, key), ruling(radius_m=9.0))
    known = Overlay("R9", "ruling", "旧裁定", "Old", owner="HW", items=("0101",), source="旧纪要",
                    valid_from=date(2025, 1, 1))  # fmt: skip
    # It ends where the other sub-district begins.
    shape = rectangle(6, 6, 8, 8)
    board.put_records("overlays", [asdict(known) | {"geom": shape}])

    def codes(who):
        return {one["properties"]["code"] for one in board.rulings(actor=who)}

    assert codes(None) == {"R9", "ruling-1", "ruling-2"}
    assert codes(WESTERN) == {"R9", "ruling-1"}
    assert codes(EASTERN) == {"ruling-2"}
    assert codes(leader("SW")) == {"ruling-1", "ruling-2"}
    assert codes(leader("HW")) == {"R9"}
    assert codes(leader("SW", areas=(f"subdistrict:{EAST}",))) == {"ruling-2"}
    assert codes(leader(areas=("subdistrict:none",))) == set()
