"""Party and service maps: only what the reader may see, every place once, none moved."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from gridmap.access import Actor
from gridmap.errors import BadValue
from gridmap.maps import MapInfo
from gridmap.maps.categories import PARTY, SERVICES, Category, check_categories
from gridmap.maps.party import party_map
from gridmap.maps.records import people_by_area, places_data
from gridmap.maps.services import services_map
from tests.mapdata import CENTRE, HOSTILE, district

INFO = MapInfo("地图")
SECRETS = ("张三秘", "13900001111", "李四密", "13800002222", "王五隐", "内部备注", "仓库危化")


def places() -> list[dict[str, Any]]:
    x, y = CENTRE
    return [
        {
            "category": "canteen", "name": "云溪食堂", "name_en": "Canteen", "lon": x, "lat": y,
            "address": "云溪路1号", "hours": "11:00–13:00", "phone": "0999-5550101",
            "special_services": ["送餐上门", "助餐"], "price": "10元", "accessible": True,
            "contact_name": "张三秘", "contact_mobile": "13900001111", "remarks": "内部备注",
        },
        {"category": "health", "name": HOSTILE, "lon": x + 0.01, "lat": y, "phone": None},
        {
            "category": "warehouse", "name": "仓库危化", "lon": x, "lat": y,
            "visibility": "restricted",
        },
        {"category": "health", "name": "没有坐标", "lon": None, "lat": y},
    ]  # fmt: skip


def organisations() -> list[dict[str, Any]]:
    x, y = CENTRE
    return [
        {
            "category": "service_centre", "name": "云溪党群服务中心", "lon": x, "lat": y,
            "phone": "0999-5550102", "secretary": "张三秘", "member_count": 37,
            "members": ["王五隐"], "contact_mobile": "13900001111",
        }
    ]  # fmt: skip


def rosters() -> list[dict[str, Any]]:
    return [
        {
            "level": "grid", "area_code": "G001", "role": "grid_worker",
            "name": "李四密", "work_phone": "0999-5550103", "private_phone": "13800002222",
        }
    ]  # fmt: skip


def documents(actor: Actor) -> list[str]:
    coverage = district(60)
    return [
        services_map(coverage, places(), info=INFO, actor=actor, rosters=rosters()).html(),
        party_map(coverage, organisations(), info=INFO, actor=actor, rosters=rosters()).html(),
    ]


def test_the_public_maps_hold_no_staff_data_at_all() -> None:
    for html in documents(Actor.resident()):
        assert [secret for secret in SECRETS if secret in html] == []
        assert "0999-5550103" in html
        assert "网格员" in html


def test_staff_see_names_but_no_restricted_field() -> None:
    services, party = documents(Actor.with_role("grid_lead"))
    assert "张三秘" in services
    assert "李四密" in services
    assert "张三秘" in party
    for html in (services, party):
        hidden = ("13900001111", "13800002222", "王五隐", "仓库危化")
        assert [secret for secret in hidden if secret in html] == []


def test_a_place_carries_what_a_resident_asks_for() -> None:
    data = places_data(places(), SERVICES, actor=Actor.resident(), layer="places")
    first = data["places"][0]
    assert (first["zh"], first["address"], first["hours"]) == (
        "云溪食堂",
        "云溪路1号",
        "11:00–13:00",
    )
    assert first["special"] == "送餐上门、助餐"
    assert ["price", "10元"] in first["more"]
    assert (first["x"], first["y"]) == (113_200_000, 35_300_000)
    assert data["places"][1]["zh"] == HOSTILE
    assert data["unplaced"] == 1


def test_the_legend_names_the_categories_in_use_in_their_order() -> None:
    data = places_data(places(), SERVICES, actor=Actor.resident(), layer="places")
    assert [c["code"] for c in data["categories"]] == ["canteen", "health"]
    assert [p["c"] for p in data["places"]] == [0, 1]


def test_a_category_the_site_does_not_know_is_shown_as_other() -> None:
    record = {"category": "teahouse", "name": "茶馆", "lon": 113.2, "lat": 35.3}
    data = places_data([record], SERVICES, actor=Actor.resident(), layer="places")
    assert [c["code"] for c in data["categories"]] == ["other"]
    assert data["places"][0]["c"] == 0


def test_a_geodataframe_in_metres_gives_the_same_places() -> None:
    frame = gpd.GeoDataFrame(
        {"category": ["canteen"], "name": ["食堂"], "phone": [pd.NA], "hours": [float("nan")]},
        geometry=[shapely.Point(*CENTRE)],
        crs="EPSG:4326",
    ).to_crs("EPSG:4547")
    data = places_data(frame, SERVICES, actor=Actor.resident(), layer="places")
    assert data["places"] == [{"c": 0, "x": 113_200_000, "y": 35_300_000, "zh": "食堂"}]


@pytest.mark.parametrize("shape", [None, shapely.Point(), shapely.MultiPoint()])
def test_a_place_without_a_point_is_counted_not_drawn(shape: Any) -> None:
    frame = gpd.GeoDataFrame(
        {"category": ["canteen"] * 2, "name": ["食堂"] * 2},
        geometry=[shapely.Point(*CENTRE), shape],
        crs="EPSG:4326",
    )
    data = places_data(frame, SERVICES, actor=Actor.resident(), layer="places")
    assert (len(data["places"]), data["unplaced"]) == (1, 1)


@pytest.mark.parametrize("lon", [None, "", "east", float("nan"), float("inf"), 181])
def test_a_place_without_usable_coordinates_is_counted_not_drawn(lon: object) -> None:
    record = {"category": "canteen", "name": "食堂", "lon": lon, "lat": 35.3}
    data = places_data([record], SERVICES, actor=Actor.resident(), layer="places")
    assert data["places"] == []
    assert data["unplaced"] == 1


def test_people_are_grouped_by_area() -> None:
    both = [*rosters(), {**rosters()[0], "role": "grid_lead", "name": None}]
    people = people_by_area(both, actor=Actor.resident())
    assert list(people) == [("grid", "G001")]
    assert [p["role"] for p in people["grid", "G001"]] == ["网格员", "网格长"]
    assert all("name" not in p for p in people["grid", "G001"])
    assert people_by_area([], actor=Actor.resident()) == {}


def test_pins_are_plain_characters_and_codes_unique() -> None:
    for categories in (PARTY, SERVICES):
        assert check_categories(categories) == categories
        assert all(c.mark.isalnum() for c in categories)


def test_categories_that_do_not_fit_are_refused() -> None:
    good = SERVICES[0]
    with pytest.raises(BadValue, match="twice"):
        check_categories([good, good])
    with pytest.raises(BadValue, match="theme"):
        check_categories([Category("a", "甲", "A", "甲", "gold")])
    with pytest.raises(BadValue, match="characters"):
        check_categories([Category("a", "甲", "A", "太长了", "party")])
