"""Where the grids of a family cut the base grids, with the crosswalk between the two."""

from __future__ import annotations

import csv
import json
from collections import defaultdict

import numpy as np
import pytest
import shapely
from hypothesis import given, settings

from gridmap.access import Actor
from gridmap.areas import Area
from gridmap.coverage.cuts import find_cuts
from gridmap.errors import BadValue, NotAllowed, NotFound, UnknownLevel
from tests.cli_district import gridmap
from tests.edition_data import OLD, march, moving_workspace, published
from tests.patchworks import patchworks
from tests.specimens import flat_coverage, objects
from tests.store_data import SIZE, incoming, square


def coverage(shapes, level="grid", prefix="G"):
    return flat_coverage([f"{prefix}{i}" for i in range(len(shapes))], objects(shapes), level)


def band(west, east, row=0):
    """A band of one row of cells between two columns, fractions allowed."""
    y = 36 + row * SIZE
    return shapely.box(117 + west * SIZE, y, 117 + east * SIZE, y + SIZE)


BASE = [square(0), square(1), square(2)]


def found(others, **more):
    cuts = find_cuts(coverage(BASE), coverage(others, "police_area", "P"), **more)
    pairs = {
        (str(cuts.base.code[b]), str(cuts.other.code[o])): (share, back)
        for b, o, share, back in zip(
            cuts.base_row, cuts.other_row, cuts.share_of_base, cuts.share_of_other, strict=True
        )
    }
    return cuts, pairs, [str(cuts.base.code[row]) for row in cuts.cut]


def test_a_border_through_a_grid_cuts_it_with_the_shares_both_ways():
    cuts, pairs, cut = found([band(0, 1.25), band(1.25, 3)])
    assert cut == ["G1"]
    assert pairs == {
        ("G0", "P0"): (1.0, pytest.approx(0.8)),
        ("G1", "P1"): (pytest.approx(0.75), pytest.approx(0.75 / 1.75)),
        ("G1", "P0"): (pytest.approx(0.25), pytest.approx(0.2)),
        ("G2", "P1"): (1.0, pytest.approx(1 / 1.75)),
    }
    assert cuts.uncovered == pytest.approx([0, 0, 0], abs=1e-9)
    # 0.01 degrees there are 900.6 m by 1109.7 m.
    assert cuts.area_m2[0] == pytest.approx(900.6 * 1109.7, rel=1e-3)


def test_grids_that_are_wholly_in_an_area_are_not_cut():
    _, pairs, cut = found([band(0, 2), band(2, 3)])
    assert cut == []
    assert set(pairs) == {("G0", "P0"), ("G1", "P0"), ("G2", "P1")}


def test_borders_drawn_twice_are_noise():
    _, pairs, cut = found([band(0, 1.005), band(1.005, 3)])
    assert cut == []
    assert ("G1", "P0") not in pairs
    assert found([band(0, 1.005), band(1.005, 3)], noise=0.001)[2] == ["G1"]


def test_a_grid_that_is_half_outside_is_cut_and_one_that_is_outside_is_not():
    cuts, _, cut = found([band(0, 1.5)])
    assert cut == ["G1"]
    assert cuts.uncovered == pytest.approx([0, 0.5, 1])


def test_a_small_area_inside_a_grid_is_told_although_it_is_noise_to_the_grid():
    _, pairs, cut = found([band(1.4, 1.405)])
    assert cut == []
    assert pairs == {("G1", "P0"): (pytest.approx(0.005), pytest.approx(1.0))}


def test_nothing_cuts_nothing():
    assert found([])[2] == []
    cuts = find_cuts(coverage([]), coverage([], "police_area", "P"))
    assert len(cuts.base_row) == len(cuts.cut) == len(cuts.uncovered) == 0


@given(patchworks(exact=True), patchworks(exact=True))
@settings(max_examples=25, deadline=None)
def test_shares_are_those_of_an_overlay_and_sum_to_one(mine, theirs):
    base = coverage(list(mine.polygons))
    other = coverage(list(theirs.polygons), "police_area", "P")
    cuts = find_cuts(base, other, noise=0.0)
    total = np.bincount(cuts.base_row, weights=cuts.share_of_base, minlength=len(base))
    assert total + cuts.uncovered == pytest.approx(np.ones(len(base)), abs=1e-9)
    for b, o, share in zip(cuts.base_row, cuts.other_row, cuts.share_of_base, strict=True):
        common = base.shapes[b].intersection(other.shapes[o]).area
        assert share == pytest.approx(common / base.shapes[b].area, abs=1e-9)


@pytest.fixture
def workspace(store_url):
    with moving_workspace(store_url, march(5)) as (opened, _):
        published(opened, "e1", OLD, march(2))
        opened.add_family("police", levels=["police_area"])
        opened.store.ensure_draft("p1", Actor.operator(), family="police")
        areas = [Area(-1, "police_area", f"P{i}", f"{i}区") for i in range(2)]
        layer = incoming(areas, [band(0, 1.25), band(1.25, 2.5)])
        opened.store.import_areas("p1", layer, Actor.operator())
        yield opened


def test_a_draft_is_laid_over_before_it_is_published(workspace):
    with pytest.raises(NotFound, match="family is in force"):
        workspace.cuts("police")
    outcome = workspace.cuts("police", edition="p1")
    workspace.publish("p1", effective_from=march(3), commit=True)
    assert workspace.cuts("police") == outcome
    assert [one["code"] for one in outcome.cut] == ["G2", "G3"]
    assert outcome.cut[0]["areas"] == {"P1": 0.75, "P0": 0.25}
    assert (outcome.base_edition, outcome.areas, outcome.base_areas) == ("e1", 2, 3)


def test_shares_of_a_base_grid_add_up_to_one(workspace):
    totals = defaultdict(float)
    for pair in workspace.cuts("police", edition="p1").pairs:
        totals[pair["base_code"]] += pair["share_of_base"]
    assert totals == {code: pytest.approx(1.0, abs=1e-5) for code in OLD}


def test_other_levels_of_the_base_can_be_asked(workspace):
    outcome = workspace.cuts("police", edition="p1", level="community")
    assert [one["code"] for one in outcome.cut] == ["P0"]
    with pytest.raises(UnknownLevel):
        workspace.cuts("police", edition="p1", level="moon")


def test_what_cannot_be_laid_over_is_said(workspace):
    with pytest.raises(NotFound, match="family"):
        workspace.cuts("moon")
    with pytest.raises(BadValue, match="themselves"):
        workspace.cuts("base")
    with pytest.raises(BadValue, match="family 'base'"):
        workspace.cuts("police", edition="e1")
    with pytest.raises(BadValue, match="noise"):
        workspace.cuts("police", edition="p1", noise=0.5)
    with pytest.raises(NotAllowed):
        workspace.cuts("police", edition="p1", actor=Actor.resident())


def test_the_command_lists_the_cut_grids_and_writes_the_crosswalk(workspace, store_url, tmp_path):
    workspace.publish("p1", effective_from=march(3), commit=True)
    out = tmp_path / "对照.csv"
    done = gridmap("families", "cuts", "police", "--csv", out, "--store", store_url)
    assert done.exit_code == 0, done.output
    assert "2 of 3 base grids" in done.stdout
    assert "P1 75.0%, P0 25.0%" in done.stdout
    with out.open(encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    assert [(row["base_code"], row["code"], row["cut"]) for row in rows] == [
        ("G1", "P0", "0"), ("G2", "P1", "1"), ("G2", "P0", "1"), ("G3", "P1", "1"),
        ("G3", "", "1"),
    ]  # fmt: skip
    said = gridmap("families", "cuts", "police", "--json", "-", "--store", store_url)
    assert [one["code"] for one in json.loads(said.stdout)["cut"]] == ["G2", "G3"]
