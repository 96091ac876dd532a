"""Families of grids: levels and editions of their own beside the base grids."""

from __future__ import annotations

import pytest

from gridmap.access import Actor
from gridmap.errors import (
    BadValue,
    Conflict,
    NotAllowed,
    NotFound,
    OverlappingValidity,
    UnknownLevel,
)
from gridmap.store import Store
from tests.edition_data import (
    MERGED,
    OLD,
    SPLIT,
    answers,
    march,
    moving_workspace,
    named,
    published,
    put,
)
from tests.store_data import ACTOR

POLICE = {"PJ1": [(0, 0)], "PJ2": [(1, 0), (2, 0)]}


def take_in(workspace, name, cells, start, family="police", level="police_area"):
    put(workspace.store, name, cells, level=level, family=family)
    return workspace.publish(name, effective_from=start, commit=True)


@pytest.fixture
def workspace(store_url):
    """Base grids from 2 March, and a family without editions."""
    with moving_workspace(store_url) as (opened, _):
        published(opened, "e1", OLD, march(2))
        opened.add_family("police", levels=["police_area"], label="公安网格", label_en="Police")
        yield opened


def test_a_store_has_the_base_grids_and_what_is_added(workspace, store_url):
    base, police = workspace.families()
    assert (base["name"], base["label"], base["in_force"]) == ("base", "基础网格", None)
    assert base["levels"] == ["subdistrict", "community", "grid", "microgrid"]
    assert police == {
        "name": "police", "label": "公安网格", "label_en": "Police", "levels": ["police_area"],
        "in_force": None, "visibility": "public",
    }  # fmt: skip
    (level,) = workspace.levels("police")
    assert (level.name, level.label, level.label_en) == ("police_area", "公安网格", "Police")
    with Store.open(store_url) as other:
        assert [family.name for family in other.families()] == ["base", "police"]


def test_editions_of_a_family_follow_each_other_alone(workspace):
    take_in(workspace, "p1", POLICE, march(2))
    take_in(workspace, "p2", {"PJ1": [(0, 0), (1, 0), (2, 0)]}, march(10))
    published(workspace, "e2", MERGED, march(20))
    dated = {
        e.name: (e.family, e.effective_from, e.effective_to) for e in workspace.store.editions()
    }
    assert dated == {
        "e1": ("base", march(2), march(20)),
        "e2": ("base", march(20), None),
        "p1": ("police", march(2), march(10)),
        "p2": ("police", march(10), None),
    }
    assert [named(workspace, march(day)) for day in (5, 15, 25)] == ["e1", "e1", "e2"]
    assert [named(workspace, march(day), "police") for day in (1, 5, 15)] == [None, "p1", "p2"]
    put(workspace.store, "p3", POLICE, level="police_area", family="police")
    with pytest.raises(OverlappingValidity, match="p2"):
        workspace.publish("p3", effective_from=march(10))


def test_the_base_grids_answer_as_if_the_family_were_not_there(workspace):
    before = answers(workspace, march(5))
    take_in(workspace, "p1", POLICE, march(3))
    assert answers(workspace, march(5)) == before
    assert workspace.atlas.levels.names == ("subdistrict", "community", "grid", "microgrid")
    assert workspace.coverage_at(march(5)).edition == "e1"


def test_codes_retire_in_their_own_family(workspace):
    take_in(workspace, "p1", {**POLICE, "G3": [(5, 0)]}, march(2))
    take_in(workspace, "p2", POLICE, march(10))
    published(workspace, "e2", MERGED, march(20))
    assert [(c["family"], c["code"]) for c in workspace.retired_codes()] == [
        ("police", "G3"), ("base", "G2"),
    ]  # fmt: skip
    assert [c["code"] for c in workspace.retired_codes(family="police")] == ["G3"]
    with pytest.raises(NotFound, match="moon"):
        workspace.retired_codes(family="moon")


def test_a_family_rolls_back_and_retires_by_itself(workspace):
    take_in(workspace, "p1", POLICE, march(2))
    take_in(workspace, "p2", {"PJ9": [(0, 0)]}, march(10))
    take_in(workspace, "p3", POLICE, march(25))
    outcome = workspace.rollback(to="p1", effective_from=march(15), why="x", commit=True)
    assert (outcome.family, outcome.replaces) == ("police", "p2")
    workspace.retire("p3", why="x", commit=True)
    assert named(workspace, march(28), "police") == "p1 (2)"
    assert named(workspace, march(28)) == "e1"
    workspace.draft("plan", source="p1", commit=True)
    assert workspace.store.edition("plan").family == "police"


def test_an_edition_of_a_family_may_be_published_into_the_past_of_reports(store_url):
    with moving_workspace(store_url, march(1)) as (workspace, clock):
        published(workspace, "e1", OLD, march(2))
        workspace.add_family("police", levels=["police_area"])
        take_in(workspace, "p1", POLICE, march(2))
        clock.now = march(12)
        workspace.store.add_reports(
            {
                "x": [117.015], "y": [36.005], "lon": [117.015], "lat": [36.005],
                "coord_sys": "wgs84", "location_status": "inside", "source": "12345",
                "edition": ["e1"], "codes": {"grid": ["G2"]},
            }
        )  # fmt: skip
        take_in(workspace, "p2", {"PJ9": [(0, 0)]}, march(11))
        assert named(workspace, march(11), "police") == "p2"


def test_a_draft_keeps_its_family(workspace):
    put(workspace.store, "p1", POLICE, level="police_area", family="police")
    assert workspace.store.ensure_draft("p1", ACTOR).family == "police"
    with pytest.raises(Conflict, match="family 'police'"):
        workspace.store.ensure_draft("p1", ACTOR, family="base")
    with pytest.raises(NotFound, match="moon"):
        workspace.store.ensure_draft("p9", ACTOR, family="moon")
    with pytest.raises(UnknownLevel, match="grid"):
        put(workspace.store, "p1", POLICE, level="grid", family="police")


@pytest.mark.parametrize(
    ("words", "error", "match"),
    [
        ({"name": "police"}, Conflict, "already"),
        ({"name": "Police"}, BadValue, "usable as a key"),
        ({"levels": ["grid"]}, Conflict, "family 'base'"),
        ({"levels": ["police_area"]}, Conflict, "family 'police'"),
        ({"levels": []}, BadValue, "1 to 6"),
        ({"levels": ["a", "a"]}, BadValue, "twice"),
        ({"visibility": "secret"}, BadValue, "visibility"),
        ({"visibility": "restricted"}, BadValue, "public or for staff"),
        ({"actor": Actor.resident()}, NotAllowed, "roles do not allow"),
    ],
)
def test_a_family_that_cannot_be_is_refused(workspace, words, error, match):
    with pytest.raises(error, match=match):
        workspace.add_family(**{"name": "gas", "levels": ["gas_area"]} | words)
    assert [one["name"] for one in workspace.families()] == ["base", "police"]


def test_levels_are_set_for_one_family(workspace):
    base = workspace.levels()
    workspace.set_levels(["police_area", "police_post"], family="police")
    assert workspace.levels("police").names == ("police_area", "police_post")
    assert workspace.levels() == base
    with pytest.raises(Conflict, match="family 'base'"):
        workspace.set_levels(["police_area", "grid"], family="police")
    put(workspace.store, "p1", POLICE, level="police_area", family="police")
    with pytest.raises(Conflict, match="must stay"):
        workspace.set_levels(["police_post"], family="police")
    workspace.set_levels(["community", "grid"])
    with pytest.raises(NotFound, match="moon"):
        workspace.set_levels(["x"], family="moon")


def test_levels_of_a_family_have_labels_of_their_own(workspace):
    made = workspace.add_family("gas", levels=["gas_area=燃气片区", "gas_grid=燃气网格"])
    assert [(one.name, one.label) for one in made.levels] == [
        ("gas_area", "燃气片区"),
        ("gas_grid", "燃气网格"),
    ]
    assert workspace.levels("gas") == made.levels


def test_what_is_for_staff_is_hidden_from_others(workspace):
    workspace.add_family("gas", levels=["gas_area"], visibility="staff")
    take_in(workspace, "g1", SPLIT, march(2), family="gas", level="gas_area")
    public = Actor.resident()
    assert [one["name"] for one in workspace.families(actor=public)] == ["base", "police"]
    assert [one["name"] for one in workspace.editions(actor=public)] == ["e1"]
    assert {one["name"] for one in workspace.editions()} == {"e1", "g1"}
    assert [one["name"] for one in workspace.editions(family="gas")] == ["g1"]


@pytest.mark.postgis
@pytest.mark.parametrize("store_kind", ["postgis"], indirect=True)
def test_other_programs_see_validity_by_family_and_nothing_for_staff(workspace):
    workspace.add_family("gas", levels=["gas_area"], visibility="staff")
    take_in(workspace, "g1", SPLIT, march(3), family="gas", level="gas_area")
    take_in(workspace, "p1", POLICE, march(4))
    with workspace.store._database.read() as connection:
        found = connection.exec_driver_sql(
            "SELECT DISTINCT edition, family, effective_to FROM gridmap_views.published_areas"
        ).all()
    assert sorted(found) == [("e1", "base", None), ("p1", "police", None)]
