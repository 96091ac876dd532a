"""The party map: three groups, chain, what is covered, measures, ways into other maps."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import shapely

from gridmap.access import Actor
from gridmap.maps import GridMap, MapInfo
from gridmap.maps.categories import GROUPS, PARTY, PARTY_PLACES
from gridmap.maps.fills import Choropleth, fill_data
from gridmap.maps.houses import buildings_data
from gridmap.maps.levels import report_choropleth
from gridmap.maps.party import area_places, party_map
from gridmap.places.model import CATEGORIES, ORGANISATION_KINDS
from gridmap.places.navigation import navigation_links
from tests.mapdata import CENTRE, counts, district

INFO = MapInfo("党建地图")
X, Y = CENTRE


def bodies() -> list[dict[str, Any]]:
    """A chain of three, a police station, a firm, a centre; one body under what is not there."""

    def body(code: str, kind: str, dx: float, **more: Any) -> dict[str, Any]:
        return {"code": code, "category": kind, "kind": kind, "name": f"名{code}", "lon": X + dx,
                "lat": Y, "phone": "0999-5550101", "member_count": 40, **more}  # fmt: skip

    return [
        body("W", "party_work_committee", 0, level="subdistrict", area_code="99010100"),
        body("C", "party_committee", 0.001, parent_code="W"),
        body("B", "party_branch", 0.002, parent_code="C", level="grid", area_code="G003"),
        body("P", "police_station", 0.003, parent_code="gone"),
        body("F", "property_firm", 0.004),
        {"code": "S", "category": "service_centre", "name": "中心", "lon": X, "lat": Y + 0.002},
    ]


def islands(document: GridMap) -> dict[str, Any]:
    """The data of a page by the function that draws them."""
    html = document.html()
    found = {
        name: json.loads(text)
        for name, text in re.findall(
            r'<script type="application/json" id="(data_\w+)">(.*?)</script>', html, re.DOTALL
        )
    }
    calls = re.findall(r'(gridmap\.add\w+)\(\w+, gridmap\.data\("(data_\w+)"\)\)', html)
    return {call: found[name] for call, name in calls}


def drawn(actor: Actor, **more: Any) -> GridMap:
    coverage = district(60)
    return party_map(coverage, bodies(), info=INFO, actor=actor, **more)


def test_the_legend_has_three_groups_and_every_body_is_in_one() -> None:
    assert list(GROUPS) == ["party", "administrative", "social"]
    assert {pin.group for pin in PARTY} == set(GROUPS)
    codes = {pin.code for pin in PARTY}
    assert set(ORGANISATION_KINDS) <= codes
    assert {"enforcement_point", "mediation", "sharing", "party_station"} <= set(PARTY_PLACES)
    assert set(PARTY_PLACES) == codes & set(CATEGORIES)
    marks = [pin.mark for pin in PARTY]
    assert len(set(marks)) == len(marks)


def test_groups_and_kinds_in_use_reach_the_page_in_their_order() -> None:
    data = islands(drawn(Actor.resident()))["gridmap.addPlaces"]
    assert [g["key"] for g in data["groups"]] == ["party", "administrative", "social"]
    assert [(c["code"], c["group"]) for c in data["categories"]] == [
        ("party_work_committee", "party"),
        ("party_committee", "party"),
        ("party_branch", "party"),
        ("service_centre", "party"),
        ("police_station", "administrative"),
        ("property_firm", "social"),
    ]


def test_a_body_names_what_it_is_under_and_the_area_it_covers() -> None:
    coverage = district(60)
    rows = area_places(coverage)
    places = islands(drawn(Actor.resident()))["gridmap.addPlaces"]["places"]
    by_id = {place["id"]: place for place in places}
    ids = [place["id"] for place in places]
    assert ids[by_id["B"]["above"]] == "C"
    assert ids[by_id["C"]["above"]] == "W"
    assert "above" not in by_id["W"]
    assert "above" not in by_id["P"]
    assert by_id["B"]["area"] == rows["grid", "G003"] == coverage.row("grid", "G003")
    assert by_id["W"]["area"] == rows["subdistrict", "99010100"]
    assert "area" not in by_id["F"]
    assert by_id["B"]["body"]
    assert "body" not in by_id["S"]


def test_ways_are_those_of_the_residents_page() -> None:
    data = islands(drawn(Actor.resident()))["gridmap.addPlaces"]
    place, number = data["places"][2], 2
    expected = {link.code: link.url for link in navigation_links(X + 0.002, Y, "甲乙")}
    assert [way["code"] for way in data["ways"]] == list(expected)
    for way in data["ways"]:
        shift = data["shift"].get(way["system"], [0] * (2 * number + 2))
        x, y = place["x"] + shift[2 * number], place["y"] + shift[2 * number + 1]
        url = way["url"].format(x=f"{x / 1e6:.6f}", y=f"{y / 1e6:.6f}", name="%E7%94%B2%E4%B9%99")
        assert url == expected[way["code"]]


def test_members_are_counted_for_staff_alone_and_named_for_nobody() -> None:
    for actor, seen in ((Actor.resident(), False), (Actor.with_role("leader"), True)):
        places = islands(drawn(actor))["gridmap.addPlaces"]["places"]
        assert (["member_count", "40"] in places[0].get("more", [])) is seen


def test_further_measures_are_there_to_choose_with_classes_of_their_own() -> None:
    coverage = district(60)
    load = report_choropleth("grid", counts(coverage), actor=Actor.operator())
    shares = Choropleth(
        "grid", {"G001": 955, "G002": 1000, "G003": 0}, "按期办结率", "On time", "%", "%",
        key="on_time", missing=None, per=10,
    )  # fmt: skip
    data = islands(drawn(Actor.operator(), choropleth=load, further=[shares]))["gridmap.addAreas"]
    (more,) = data["fills"]
    codes = [
        code
        for code, rank in zip(data["columns"]["code"], data["columns"]["rank"], strict=True)
        if rank == more["rank"]
    ]
    shown = dict(zip(codes, zip(more["count"], more["cls"], strict=True), strict=True))
    assert shown["G003"] == (0, -2)
    assert shown["G004"] == (-1, -1)
    assert more["classes"][shown["G002"][1]]["high"] == 1000
    assert data["fill"]["key"] == "reports"


def test_counts_stand_in_the_order_of_the_page_whatever_the_codes() -> None:
    coverage = district(60)
    wanted = {str(code): n for n, code in enumerate(coverage.code[coverage.rank == 2])}
    found = fill_data(coverage, Choropleth("grid", wanted, "数", "n"))
    assert found["count"] == list(range(len(wanted)))


def test_estates_and_houses_are_within_what_the_public_may_see() -> None:
    estate = {
        "code": "E1", "name": "云苑", "name_en": "Cloud Court", "managed": True, "firm": "云物业",
        "contact": "13900001111", "firm_en": "", "geometry": shapely.box(X, Y, X + 1e-3, Y + 1e-3),
    }  # fmt: skip
    house = {"code": "H01", "name": "云苑1号楼", "name_en": "Cloud Court 1", "households": 7734,
             "geom": shapely.box(X, Y, X + 0.0002, Y + 0.0001)}  # fmt: skip
    document = drawn(
        Actor.resident(), estates=[estate], estates_held={"E1": [3]}, buildings=[house],
        building_rows=[9],
    )  # fmt: skip
    data = islands(document)
    (shown,) = data["gridmap.addEstates"]["estates"]
    assert (shown["id"], shown["firm"], shown["areas"]) == ("E1", "云物业", [3])
    houses = data["gridmap.addBuildings"]
    assert houses["prefix"] + houses["code"][0] == "H01"
    assert houses["area"] == [9]
    html = document.html()
    assert "7734" not in html
    assert "13900001111" not in html


@pytest.mark.parametrize(
    ("codes", "begin"),
    [(["H1", "H2"], "H"), (["H", "H2"], "H"), (["A", "B"], ""), (["X7"], "X7"), ([], "")],
)
def test_what_codes_begin_with_is_written_once(codes: list[str], begin: str) -> None:
    shape = shapely.box(X, Y, X + 0.0002, Y + 0.0001)
    houses = [{"code": code, "name": "", "name_en": "", "geom": shape} for code in codes]
    data = buildings_data(houses, [-1] * len(codes), (X, Y, X + 1, Y + 1))
    assert data["prefix"] == begin
    assert [data["prefix"] + code for code in data["code"]] == codes


def test_each_centre_has_its_own_reach() -> None:
    near, far = (shapely.Point(X + d, Y).buffer(0.002) for d in (0, 0.02))
    data = islands(drawn(Actor.resident(), reach=[near, far], reach_of=["S", "T"]))
    reach = data["gridmap.addReach"]
    assert list(reach["of"]) == ["S", "T"]
    assert len(reach["areas"]) == 2
