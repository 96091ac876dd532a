"""The map of levels: what goes into its data, who sees which counts, how large it gets."""

from __future__ import annotations

import json
import re
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gridmap.access import MIN_PUBLIC_COUNT, Actor
from gridmap.errors import BadValue, UnknownLevel
from gridmap.maps import GridMap, MapInfo
from gridmap.maps.district import MAX_BYTES, add_district
from gridmap.maps.layers import Choropleth, ground_data
from gridmap.maps.levels import levels_map, report_choropleth
from tests.mapdata import counts, district, ground

INFO = MapInfo("网格图", edition="2026-春")


def islands(document: GridMap) -> list[dict[str, Any]]:
    found = re.findall(
        r'<script type="application/json" id="data_\w+">(.*?)</script>', document.html()
    )
    return [json.loads(text) for text in found]


def column(document: GridMap, name: str, level: str) -> dict[str, Any]:
    data = islands(document)[0]
    rank = [x["name"] for x in data["levels"]].index(level)
    columns = data["columns"]
    return {
        code: columns[name][i]
        for i, code in enumerate(columns["code"])
        if columns["rank"][i] == rank
    }


def test_every_area_of_every_level_is_on_the_map() -> None:
    coverage = district(80)
    data = islands(levels_map(coverage, info=INFO, actor=Actor.resident()))[0]
    assert data["columns"]["code"] == coverage.code.tolist()
    assert data["columns"]["parent"] == coverage.parent.tolist()
    assert [x["zh"] for x in data["levels"]] == ["街道", "社区", "网格", "微网格"]
    assert all(data["columns"]["rings"])
    assert all(data["columns"]["label"])


def test_staff_see_every_count() -> None:
    coverage = district(80)
    actor = Actor.with_role("dispatcher")
    loads = report_choropleth("grid", counts(coverage), actor=actor)
    shown = column(levels_map(coverage, info=INFO, actor=actor, choropleth=loads), "count", "grid")
    assert shown == counts(coverage)


def test_the_public_sees_no_small_count_and_no_sum_that_gives_one_away() -> None:
    coverage = district(80)
    actor = Actor.resident()
    loads = report_choropleth("grid", counts(coverage), actor=actor)
    document = levels_map(coverage, info=INFO, actor=actor, choropleth=loads)
    shown = column(document, "count", "grid")
    assert shown["G000"] == 0
    assert shown["G001"] == -1
    assert all(n in (0, -1) or n >= MIN_PUBLIC_COUNT for n in shown.values())
    assert set(column(document, "count", "community").values()) == {None}
    assert islands(document)[0]["fill"]["minimum"] == MIN_PUBLIC_COUNT


def test_classes_of_areas_agree_with_the_legend() -> None:
    coverage = district(80)
    actor = Actor.operator()
    loads = report_choropleth("grid", counts(coverage), actor=actor, period="2026")
    document = levels_map(coverage, info=INFO, actor=actor, choropleth=loads)
    legend = islands(document)[0]["fill"]
    classes = column(document, "cls", "grid")
    for code, count in column(document, "count", "grid").items():
        if count == 0:
            assert classes[code] == -2
        else:
            found = legend["classes"][classes[code]]
            assert found["low"] <= count <= found["high"]
    assert legend["period"] == "2026"


def test_an_area_without_an_entry_counts_nothing() -> None:
    loads = Choropleth("grid", {"G001": 9}, "上报数量", "Reports")
    document = levels_map(district(80), info=INFO, actor=Actor.operator(), choropleth=loads)
    assert sorted(set(column(document, "count", "grid").values())) == [0, 9]


def test_counts_of_a_level_that_is_not_there_are_refused() -> None:
    with pytest.raises(UnknownLevel, match="no such level"):
        levels_map(
            district(40),
            info=INFO,
            actor=Actor.operator(),
            choropleth=Choropleth("estate", {}, "数", "n"),
        )


def test_a_real_district_in_full_stays_below_five_megabytes() -> None:
    coverage = district(2623)
    loads = report_choropleth("grid", counts(coverage), actor=Actor.operator())
    document = levels_map(
        coverage, info=INFO, actor=Actor.operator(), choropleth=loads, ground=ground()
    )
    assert len(document.html().encode()) < MAX_BYTES


def test_geometry_is_thinned_until_the_document_is_small_enough() -> None:
    coverage = district(300)
    dense = shapely.segmentize(coverage.geometry[coverage.atoms], 0.0001)
    # A shift that depends on the place alone moves both sides of a border alike.
    coverage.geometry[coverage.atoms] = shapely.transform(
        dense, lambda xy: xy + 4e-5 * np.sin(xy[:, ::-1] * 2e4)
    )
    bounds = (113.17, 35.27, 113.23, 35.33)
    roomy = add_district(GridMap(bounds, INFO), coverage)
    tight = add_district(GridMap(bounds, INFO), coverage, max_bytes=1_120_000)
    assert tight > roomy
    with pytest.raises(BadValue, match="too many"):
        add_district(GridMap(bounds, INFO), coverage, max_bytes=1_000_100)


def test_ground_is_drawn_from_lines_and_areas() -> None:
    data = ground_data(ground(), (113.17, 35.27, 113.23, 35.33), tolerance_m=1)
    assert data is not None
    assert set(data) == {"origin", "water", "parks", "railways", "roads"}
    assert [len(lines) for lines in data["roads"]] == [0, 1, 1, 0]
    assert data["origin"] == [113_170_000, 35_270_000]


def test_ground_that_is_empty_or_unknown() -> None:
    empty = gpd.GeoDataFrame(geometry=[], crs="EPSG:4326")
    assert ground_data({"water": empty}, (0, 0, 1, 1), tolerance_m=1) is None
    assert ground_data({}, (0, 0, 1, 1), tolerance_m=1) is None
    with pytest.raises(BadValue, match="ground layer"):
        ground_data({"cameras": empty}, (0, 0, 1, 1), tolerance_m=1)
