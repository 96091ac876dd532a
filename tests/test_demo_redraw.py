"""The redraw: 620 grids in 89 communities become 539, and codes follow the trade's rule."""

from __future__ import annotations

import pytest
import shapely

from gridmap.demo import AREA_LAYERS, REDRAWN_ON
from gridmap.demo.redraw import redraw
from gridmap.errors import BadValue
from tests.demo_built import district


@pytest.fixture(scope="module")
def before():
    return district("redraw").layers


@pytest.fixture(scope="module")
def after():
    return district("redraw").redrawn


def homes(frame):
    return frame.set_index("code")["households"]


def test_there_are_exactly_539_grids_and_nothing_else_is_more_or_fewer(before, after):
    assert len(after["grid"]) == 539
    for level in ("subdistrict", "community", "microgrid"):
        assert len(after[level]) == len(before[level])


def test_other_scales_have_no_redraw():
    assert district("exclusive").redrawn == {}


@pytest.mark.parametrize("level", AREA_LAYERS)
def test_every_level_is_a_coverage_of_the_same_ground(before, after, level):
    shapes = after[level].geometry.to_numpy()
    assert shapely.coverage_is_valid(shapes)
    assert shapely.area(shapes).sum() == pytest.approx(
        shapely.area(before[level].geometry.to_numpy()).sum(), rel=1e-12
    )


def test_no_home_is_lost_and_every_grid_is_the_sum_of_its_parts(before, after):
    assert homes(after["grid"]).sum() == homes(before["grid"]).sum()
    parts = after["microgrid"].groupby("parent_code")["households"].sum()
    assert parts.to_dict() == homes(after["grid"]).to_dict()


def test_more_grids_have_300_to_500_homes_than_before(before, after):
    def share(frame):
        basic = frame[frame["kind"] == "basic"]
        return basic["households"].between(300, 500).mean()

    assert share(after["grid"]) > share(before["grid"]) + 0.05


def test_a_code_that_stays_holds_most_of_what_it_held(before, after):
    old, new = homes(before["grid"]), homes(after["grid"])
    was = dict(zip(before["microgrid"].geometry.to_wkb(), before["microgrid"]["parent_code"],
                   strict=True))  # fmt: skip
    parts = after["microgrid"].assign(was=[was[w] for w in after["microgrid"].geometry.to_wkb()])
    shared = parts.groupby(["was", "parent_code"])["households"].sum()
    for code in set(old.index) & set(new.index):
        assert shared[code, code] * 2 >= old[code]
        assert shared[code, code] * 2 >= new[code]


@pytest.mark.parametrize("level", ["grid", "microgrid"])
def test_codes_are_unique_begin_with_the_parents_and_none_is_used_again(before, after, level):
    frame = after[level]
    assert frame["code"].is_unique
    assert all(c.startswith(p) for c, p in zip(frame["code"], frame["parent_code"], strict=True))
    old = before[level].set_index("code").geometry
    for code, shape in zip(frame["code"], frame.geometry, strict=True):
        if level == "microgrid" and code in old.index:
            assert shape.equals(old[code])


def test_exclusive_grids_are_left_alone(before, after):
    def exclusive(layers):
        return layers["grid"][layers["grid"]["kind"] == "exclusive"].set_index("code").geometry

    assert exclusive(after).to_wkb().to_dict() == exclusive(before).to_wkb().to_dict()


def test_workers_of_a_grid_that_goes_end_and_a_new_grid_has_its_own(before, after):
    posts = district("redraw").rosters
    gone = set(before["grid"]["code"]) - set(after["grid"]["code"])
    new = set(after["grid"]["code"]) - set(before["grid"]["code"])
    assert (len(gone), len(new)) == (90, 9)
    at_gone = posts[posts["area_code"].isin(gone)]
    assert (at_gone["valid_to"] <= REDRAWN_ON).all()
    assert (at_gone["valid_from"] < at_gone["valid_to"]).all()
    fresh = posts[posts["area_code"].isin(new)]
    assert set(fresh["valid_from"]) == {REDRAWN_ON}
    assert set(fresh["role"]) == {"grid_lead", "grid_worker"}
    assert posts["code"].is_unique
    basic = posts[(posts["kind"] == "basic") & (posts["role"] == "grid_worker")]
    now = basic[basic["valid_to"].isna()]
    assert now["person"].is_unique


def test_fewer_grids_than_pairs_can_give_are_refused(before):
    with pytest.raises(BadValue, match="merging pairs"):
        redraw(before["grid"], before["microgrid"], 100)
