"""One worker one grid; one professional many grids; one grid many members."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.places.model import POST_KINDS, Post
from gridmap.places.rosters import at_rest, roster_conflicts


def post(person, area="g1", kind="basic", role="grid_worker", start=None, end=None, level="grid"):
    return Post(f"{person}-{area}-{role}", person, "演示", role, kind, level, area,
                valid_from=start, valid_to=end)  # fmt: skip


def test_a_basic_worker_has_one_grid():
    assert roster_conflicts([post("a", "g1"), post("a", "g2")]) == [(0, 1, "person")]


def test_a_grid_has_one_basic_worker_of_a_role():
    assert roster_conflicts([post("a"), post("b")]) == [(0, 1, "area")]
    assert roster_conflicts([post("a"), post("b", role="grid_lead")]) == []


def test_the_same_code_at_two_levels_is_two_areas():
    assert roster_conflicts([post("a"), post("b", level="microgrid")]) == []


def test_a_professional_has_many_grids_and_a_grid_has_many_linked_members():
    assert roster_conflicts([post("a", f"g{n}", "professional") for n in range(5)]) == []
    assert roster_conflicts([post(f"p{n}", "g1", "linked") for n in range(5)]) == []
    assert roster_conflicts([post("a", "g1"), post("a", "g2", "professional")]) == []


def test_one_after_the_other_is_no_conflict_the_end_being_the_first_day_no_longer():
    change = date(2026, 6, 1)
    assert roster_conflicts([post("a", end=change), post("b", start=change)]) == []
    late = change + timedelta(days=1)
    assert roster_conflicts([post("a", end=late), post("b", start=change)]) == [(0, 1, "area")]


def test_open_ended_posts_meet_for_ever():
    assert roster_conflicts([post("a"), post("b", start=date(2099, 1, 1))]) == [(0, 1, "area")]


def test_every_pair_is_named_once_for_each_rule():
    found = roster_conflicts([post("a"), post("a"), post("a", "g2")])
    assert found == [(0, 1, "area"), (0, 1, "person"), (0, 2, "person"), (1, 2, "person")]


def test_no_posts_no_conflicts():
    assert roster_conflicts([]) == []


SAID = "2026-07-16T09:00+08:00 street: 暴雨"


def stored(code, mode, rests="", said="", area="g1"):
    return {"code": code, "level": "grid", "area_code": area, "mode": mode, "rests": rests,
            "switched": said}  # fmt: skip


def read(code, mode, area="g1"):
    return {"code": code, "level": "grid", "area_code": area, "mode": mode}


def rests(rows, known):
    return {one["code"]: (one["rests"], one["switched"]) for one in at_rest(rows, known)}


def test_posts_that_come_in_during_an_emergency_rest_where_those_of_ordinary_times_do():
    # The community's team is called: its grids have no emergency posts of their own.
    known = [stored("a", "routine", "emergency", SAID)]
    rows = [read("a", "routine"), read("b", "routine"), read("c", "emergency"), read("d", "")]
    assert rests(rows, known) == {
        "a": ("emergency", SAID), "b": ("emergency", ""), "c": ("", ""), "d": ("", "")
    }  # fmt: skip


def test_posts_that_come_in_during_ordinary_times_rest_when_they_are_for_emergencies():
    known = [stored("a", "routine"), stored("b", "emergency", "routine", SAID)]
    rows = [read("a", "routine"), read("b", "emergency"), read("c", "emergency", area="g2")]
    assert rests(rows, known) == {"a": ("", ""), "b": ("routine", SAID), "c": ("routine", "")}


_days = st.one_of(st.none(), st.dates(date(2026, 1, 1), date(2026, 1, 12)))
_posts = st.lists(
    st.builds(
        post,
        st.sampled_from("ab"),
        st.sampled_from(["g1", "g2"]),
        st.sampled_from(sorted(POST_KINDS)),
        st.sampled_from(["grid_worker", "grid_lead"]),
        _days,
        _days,
    ),
    max_size=6,
)


@settings(max_examples=60, deadline=None)
@given(_posts)
def test_conflicts_are_the_days_on_which_a_rule_is_broken(posts):
    days = [date(2025, 12, 30) + timedelta(days=n) for n in range(20)]
    expected = set()
    for j, b in enumerate(posts):
        for i, a in enumerate(posts[:j]):
            if a.kind != "basic" or b.kind != "basic":
                continue
            if not any(a.on_duty(day) and b.on_duty(day) for day in days):
                continue
            if a.person == b.person:
                expected.add((i, j, "person"))
            if (a.area_code, a.role) == (b.area_code, b.role):
                expected.add((i, j, "area"))
    assert set(roster_conflicts(posts)) == expected
