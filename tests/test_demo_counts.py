"""The demo has exactly the counts that its scales promise, whatever the seed."""

from __future__ import annotations

from collections import Counter

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.access import Actor
from gridmap.demo import AREA_LAYERS, NOTE, SCALES, build
from gridmap.errors import BadValue
from gridmap.maps.categories import SERVICES
from gridmap.maps.records import places_data
from gridmap.maps.topology import MICRO
from tests.demo_built import district

COUNTS = {
    "district": (5, 38, 540, 2623),
    "exclusive": (1, 6, 52, 252),
    "redraw": (15, 89, 620, 3000),
    "services": (13, 104, 520, 1560),
    "street": (1, 12, 102, 505),
}


def counts(built):
    return tuple(len(built.layers[level]) for level in AREA_LAYERS)


@pytest.mark.parametrize("scale", SCALES)
def test_each_scale_has_exactly_its_counts(scale):
    assert counts(district(scale)) == COUNTS[scale]


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**63))
def test_any_seed_gives_the_same_counts(seed):
    built = build("exclusive", seed)
    assert counts(built) == COUNTS["exclusive"]
    assert len(built.reports) == len(district("exclusive").reports)


def test_another_seed_gives_another_district():
    a, b = district("exclusive"), build("exclusive", 1)
    assert not a.layers["grid"].geometry.iloc[0].equals(b.layers["grid"].geometry.iloc[0])


def test_the_exclusive_scale_has_50_basic_and_2_exclusive_grids():
    kinds = district("exclusive").layers["grid"]["kind"].value_counts()
    assert kinds.to_dict() == {"basic": 50, "exclusive": 2}


def test_the_services_scale_has_exactly_its_estates_and_places():
    built = district("services")
    assert built.layers["estate"]["kind"].value_counts().to_dict() == {"managed": 427, "open": 89}
    places = built.places["category"].value_counts()
    assert places[["canteen", "nursery", "repair"]].tolist() == [110, 11, 153]


def test_all_places_of_the_services_scale_are_drawn_each_in_one_community():
    built = district("services")
    data = places_data(
        built.places.to_dict("records"), SERVICES, actor=Actor.resident(), layer="places"
    )
    names = [one["code"] for one in data["categories"]]
    drawn = Counter(names[one["c"]] for one in data["places"])
    assert [drawn[name] for name in ("canteen", "nursery", "repair")] == [110, 11, 153]
    assert data["unplaced"] == 0
    spots = shapely.points([(one["x"] / MICRO, one["y"] / MICRO) for one in data["places"]])
    tree = shapely.STRtree(built.layers["community"].geometry.to_numpy())
    place, community = tree.query(spots, predicate="intersects")
    assert sorted(place.tolist()) == list(range(len(spots)))
    counts = Counter(zip([names[data["places"][i]["c"]] for i in place], community, strict=True))
    held = {name for name, _ in counts}
    assert held == set(names)
    assert sum(n for (name, _), n in counts.items() if name == "canteen") == 110


def test_the_street_scale_has_exactly_its_estates_buildings_and_centres():
    built = district("street")
    assert len(built.layers["estate"]) == 120
    assert len(built.layers["building"]) == 2498
    assert (built.layers["estate"]["buildings"] > 0).all()
    centres = built.places.query("category == 'service_centre'")
    assert len(centres) == 12
    themes = centres["name"].str.extract(r"社区(.+)党群服务中心")[0]
    assert themes.notna().all()
    assert themes.is_unique


@pytest.mark.parametrize("scale", ["services", "street"])
def test_every_building_that_names_an_estate_stands_in_one_that_is_there(scale):
    layers = district(scale).layers
    named = layers["building"]["estate_code"].dropna()
    assert set(named) == set(layers["estate"]["code"])


def test_reports_number_sixty_thousand():
    assert len(district().reports) == len(district().truth) == 60_000


def test_every_layer_and_table_says_that_it_is_fictional():
    built = district("exclusive")
    for frame in [*built.layers.values(), built.places, built.organisations, built.rosters]:
        assert set(frame["note"]) == {NOTE}


def test_an_unknown_scale_is_refused_with_those_there_are():
    with pytest.raises(BadValue, match="district, exclusive"):
        build("province")
