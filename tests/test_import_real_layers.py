"""Real layers come in whole; read where GRIDMAP_REAL_DATA says, else skipped."""

import os
from pathlib import Path

import pytest
import shapely

from gridmap.areas import Levels
from gridmap.coverage.importing.incoming import ColumnMap, prepare_import
from gridmap.coverage.model import Coverage
from gridmap.coverage.reading.read import read_layer
from gridmap.errors import BadValue

FOLDER = os.environ.get("GRIDMAP_REAL_DATA")
pytestmark = pytest.mark.skipif(not FOLDER, reason="GRIDMAP_REAL_DATA is not set")


def read(file, layer):
    return read_layer(Path(str(FOLDER)) / f"{file}.gpkg.zip", layer)


def nested(file, *steps):
    """Import levels, coarse to fine: (level, layer, code column); return what came of each."""
    levels = Levels([level for level, _, _ in steps])
    out, areas, shapes, coverage = [], [], [], None
    for level, layer, code in steps:
        incoming = prepare_import(
            read(file, layer), level, ColumnMap(code, None), levels=levels, existing=coverage
        )
        areas += incoming.areas
        shapes += list(incoming.geometry)
        coverage = Coverage.build("draft", levels, areas, shapes)
        out.append(incoming)
    return coverage, out


def kinds(incoming):
    return {note.kind for note in incoming.report.messages}


def test_camden_has_no_remainders_although_its_levels_were_simplified_apart():
    coverage, steps = nested(
        "uk_camden_nested",
        ("msoa", "msoa", "MSOA11CD"),
        ("lsoa", "lsoa", "LSOA11CD"),
        ("oa", "oa", "OA11CD"),
    )
    assert [len(step) for step in steps] == [28, 133, 749]
    assert not coverage.hidden.any()
    assert (coverage.parent[coverage.rank > 0] >= 0).all()
    assert kinds(steps[2]) == {"parent_filled"}


def test_san_francisco_keeps_its_precincts_and_one_corner_that_none_covers():
    coverage, (_, precincts) = nested(
        "us_sanfrancisco", ("district", "supervisor2012", "id"), ("precinct", "precinct2012", "id")
    )
    assert precincts.report.rows == 605
    assert "code_shape" not in kinds(precincts)
    (note,) = precincts.report.of_kind("remainder")
    assert [d["parent"] for d in note.details] == ["2"]
    assert note.details[0]["area_m2"] == pytest.approx(203, abs=2)
    # it lies in its district and on no precinct
    row = int(coverage.hidden.nonzero()[0][0])
    rest = coverage.geometry[row]
    others = [i for i in coverage.rows("precinct").tolist() if i != row]
    shared = shapely.area(shapely.intersection(coverage.geometry[others], rest)).sum()
    assert shared < 1e-6 * rest.area


def test_wuhan_blocks_come_in_and_its_streets_are_told_from_rings():
    levels = Levels(["block"])
    blocks = read("cn_wuhan_osm_streets_and_blocks", "street_block")
    incoming = prepare_import(
        blocks, "block", ColumnMap("block_id", None), levels=levels, existing=None
    )
    assert len(incoming) == 1158
    streets = read("cn_wuhan_osm_streets_and_blocks", "street")
    with pytest.raises(BadValue, match="no rings"):
        prepare_import(streets, "block", ColumnMap(None, None), levels=levels, existing=None)
