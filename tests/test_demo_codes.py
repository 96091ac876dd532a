"""Codes and names of the demo's areas."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gridmap.demo import AREA_LAYERS
from gridmap.demo.names import ordinal
from gridmap.demo.numbering import reading_order
from tests.demo_built import district

SCALES = ("exclusive", "district")
DIGITS = {"subdistrict": 9, "community": 12, "grid": 15, "microgrid": 17}


@pytest.mark.parametrize("level", AREA_LAYERS)
@pytest.mark.parametrize("scale", SCALES)
def test_codes_are_unique_sorted_and_of_their_levels_length(scale, level):
    codes = district(scale).layers[level]["code"].tolist()
    assert codes == sorted(set(codes))
    assert {len(code) for code in codes} == {DIGITS[level]}
    assert all(code.isdigit() and code.startswith("990101") for code in codes)


@pytest.mark.parametrize("level", AREA_LAYERS[1:])
@pytest.mark.parametrize("scale", SCALES)
def test_the_parents_code_is_the_prefix(scale, level):
    frames = district(scale).layers
    above = AREA_LAYERS[AREA_LAYERS.index(level) - 1]
    frame = frames[level]
    assert set(frame["parent_code"]) == set(frames[above]["code"])
    assert all(c.startswith(p) for c, p in zip(frame["code"], frame["parent_code"], strict=True))


def test_a_series_begins_at_1_and_has_no_gap():
    grids = district().layers["grid"]
    basic = grids[grids["kind"] == "basic"]
    for _, codes in basic.groupby("parent_code")["code"]:
        assert [int(code[12:]) for code in codes] == list(range(1, len(codes) + 1))


def test_exclusive_grids_are_numbered_from_901_and_their_microgrids_are_exclusive():
    frames = district().layers
    grids, micro = frames["grid"], frames["microgrid"]
    exclusive = grids[grids["kind"] == "exclusive"]
    assert len(exclusive) == 14
    assert {int(code[12:]) for code in exclusive["code"]} == {901}
    inside = micro["parent_code"].isin(exclusive["code"])
    assert (micro["kind"].eq("exclusive") == inside).all()


def test_numbers_run_from_west_to_east_and_from_north_to_south():
    # Four by three on a grid, the rows a little askew: a page is read in rows.
    rows = [[x * 100.0, -y * 100.0 + x * 4.0] for y in range(3) for x in range(4)]
    shuffled = [rows[i] for i in (7, 2, 11, 0, 5, 9, 3, 8, 1, 10, 4, 6)]
    assert [shuffled[i] for i in reading_order(np.array(shuffled))] == rows


def test_the_first_communities_of_a_subdistrict_lie_north_of_its_last():
    communities = district().layers["community"]
    for _, members in communities.groupby("parent_code"):
        y = shapely.get_y(shapely.centroid(members.geometry.to_numpy()))
        assert y[:2].mean() > y[-2:].mean()


@pytest.mark.parametrize("level", AREA_LAYERS)
def test_names_are_unique_within_a_level_in_both_languages(level):
    frame = district().layers[level]
    assert frame["name"].is_unique
    assert frame["name_en"].is_unique


def test_names_of_grids_say_their_number_and_those_of_exclusive_ones_the_site():
    grids = district().layers["grid"].set_index("code")
    basic = grids[grids["kind"] == "basic"].iloc[0]
    assert basic["name"].endswith("社区第一网格")
    assert basic["name_en"].endswith("Grid 1")
    assert grids[grids["kind"] == "exclusive"]["name"].str.endswith("专属网格").all()


@pytest.mark.parametrize(
    ("number", "text"), [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (34, "三十四")]
)
def test_ordinals_are_chinese(number, text):
    assert ordinal(number) == text
