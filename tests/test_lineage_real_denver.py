"""A real redraw: Denver's precincts of 2018 and 2020 over the blocks of the census.

Read where GRIDMAP_REAL_DATA says, else skipped. The precincts' numbers are numbers in one
layer and text in the other, and both layers were digitised anew: block by block, 87 blocks
changed their precinct, a block being where a point inside it is.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import shapely

from gridmap.areas import Area, Levels
from gridmap.coverage.importing.incoming import ColumnMap, prepare_import
from gridmap.coverage.lineage.amounts import Points
from gridmap.coverage.lineage.compute import lineage
from gridmap.coverage.lineage.crosswalk import apply_crosswalk, crosswalk
from gridmap.coverage.model import Coverage
from gridmap.coverage.reading.read import read_layer

FOLDER = os.environ.get("GRIDMAP_REAL_DATA")
pytestmark = pytest.mark.skipif(not FOLDER, reason="GRIDMAP_REAL_DATA is not set")

LEVELS = Levels(["precinct", "block"])


@cache
def layer(name):
    return read_layer(Path(str(FOLDER)) / "us_denver_redraw.gpkg.zip", name)


@cache
def imported(name, code, label=None):
    level = "block" if name.startswith("block") else "precinct"
    return prepare_import(layer(name), level, ColumnMap(code, label), levels=LEVELS, existing=None)


@cache
def blocks_by_point(year):
    """The precinct of each block as the layer names it: computed in feet, without gridmap."""
    precincts, blocks = layer(f"precinct{year}_repaired"), layer("block2020")
    inside = shapely.point_on_surface(blocks.geometry)
    block, precinct = shapely.STRtree(precincts.geometry).query(inside, predicate="intersects")
    out = np.empty(len(blocks), dtype=object)
    out[block] = precincts.frame["PRECID"].to_numpy()[precinct]
    return out


@cache
def edition(year):
    """Precincts over blocks, each block in the precinct that holds the point in it."""
    precincts = imported(f"precinct{year}_repaired", "PRECID", "NAME")
    blocks = imported("block2020", "GEOID20")
    areas = list(precincts.areas)
    for block, precinct in zip(blocks.areas, blocks_by_point(year), strict=True):
        link = {"parent_level": "precinct", "parent_code": str(precinct)}
        areas.append(Area(-1, "block", block.code, "", **link))
    return Coverage.build(str(year), LEVELS, areas, [*precincts.geometry, *blocks.geometry])


@cache
def redraw():
    return lineage(edition(2018), edition(2020))


def changed_blocks():
    before, after = (blocks_by_point(year) for year in (2018, 2020))
    assert isinstance(before[0], int)
    assert isinstance(after[0], str)
    changed = np.array([int(b) != int(a) for b, a in zip(before, after, strict=True)])
    return {str(code) for code in layer("block2020").frame["GEOID20"].to_numpy()[changed]}


def test_lineage_over_the_blocks_finds_the_87_that_change() -> None:
    expected = changed_blocks()
    assert len(expected) == 87
    blocks = redraw().level("block")
    assert blocks.counts() == {"kept": 10_149}
    assert set(blocks.old_code[blocks.reparented]) == expected


def test_only_precincts_that_win_or_lose_a_block_have_moved_their_border() -> None:
    changed = changed_blocks()
    touched = set()
    codes = layer("block2020").frame["GEOID20"].to_numpy()
    for year in (2018, 2020):
        owners = zip(codes, blocks_by_point(year), strict=True)
        touched |= {str(owner) for code, owner in owners if code in changed}
    precincts = redraw().level("precinct")
    assert precincts.counts() == {"kept": 356 - len(touched), "moved_border": len(touched)}
    moved = [relation for relation in precincts.relations if relation.kind == "moved_border"]
    assert {code for relation in moved for code in relation.old} == touched
    transfers = precincts.kind == "transfer"
    area = layer("block2020").geometry[[code in changed for code in codes]]
    us_survey_foot = 1200 / 3937
    assert precincts.amounts["area"].value[transfers].sum() == pytest.approx(
        shapely.area(area).sum() * us_survey_foot**2, rel=1e-3
    )


def test_figures_of_one_edition_come_back_from_the_other_without_loss() -> None:
    """Blocks counted by precinct, carried over: exactly the count of the other edition."""
    inside = edition(2018).label_points[edition(2018).rows("block")]
    blocks = Points.of(*inside.T)
    found = lineage(edition(2018), edition(2020), counted={"reports": blocks})
    level = found.level("precinct")
    counts = {}
    for year in (2018, 2020):
        codes, times = np.unique(blocks_by_point(year).astype(str), return_counts=True)
        counts[year] = dict(zip(codes.tolist(), times.tolist(), strict=True))
    there = apply_crosswalk(crosswalk(level), counts[2018], measure="reports")
    assert there == pytest.approx(counts[2020])
    assert sum(there.values()) == 10_149
    back = apply_crosswalk(crosswalk(level, reverse=True), there, measure="reports")
    assert back == pytest.approx(counts[2018])


def test_any_figure_keeps_its_total_by_area_too() -> None:
    rng = np.random.default_rng(2018)
    level = redraw().level("precinct")
    votes = {code: int(rng.integers(0, 3000)) for code in level.old_code}
    walk = crosswalk(level)
    assert sum(apply_crosswalk(walk, votes).values()) == pytest.approx(sum(votes.values()))
    for code in level.old_code:
        assert sum(walk.weights["area"][walk.source == code]) == 1.0


def test_the_layers_themselves_differ_by_more_slivers_than_moves() -> None:
    """Overlaid as they are, borders digitised anew make strips that the tolerance sorts out."""

    def flat(year):
        found = imported(f"precinct{year}_orig", "PRECID", "NAME")
        return Coverage.build(str(year), Levels(["precinct"]), found.areas, found.geometry)

    fine = lineage(flat(2018), flat(2020)).level("precinct").counts()["kept"]
    coarse = lineage(flat(2018), flat(2020), tolerance_m=10).level("precinct")
    assert lineage(flat(2018), flat(2018)).all_kept
    assert coarse.counts()["kept"] > fine
    gone = {"abolished", "created", "split", "merged", "redrawn", "recoded"}
    assert gone.isdisjoint(coarse.counts())
