"""Real boundaries and real reports through the command line: San Francisco."""

import csv
import gzip
import os

import numpy as np
import pytest
import shapely
from pyogrio import read_dataframe

from tests.cli_district import gridmap

DATA = os.environ.get("GRIDMAP_REAL_DATA")
pytestmark = pytest.mark.skipif(not DATA, reason="GRIDMAP_REAL_DATA names no folder")
LAYERS = f"{DATA}/us_sanfrancisco.gpkg.zip"
REPORTS = f"{DATA}/us_sanfrancisco_311_10k.csv.gz"


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """The assigned reports."""
    folder = tmp_path_factory.mktemp("sf")
    store, out = folder / "sf.gpkg", folder / "out.csv"
    precinct = ["--code", "prec_2012", "--name", "prec_2012", "--parent", "supdist"]
    for words in (
        ["levels", "--set", "supervisor,precinct"],
        ["import", f"{LAYERS}:supervisor2012", "--edition", "sf", "--level", "supervisor",
         "--code", "id", "--name", "id", "--commit"],
        ["import", f"{LAYERS}:precinct2012", "--edition", "sf", "--level", "precinct",
         *precinct, "--commit"],
        ["publish", "sf", "--from", "2010-01-01", "--accept-faults", "raw data", "--commit"],
        ["assign", REPORTS, out],
    ):  # fmt: skip
        done = gridmap(*words, "--store", store)
        assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Assigned 10,000 rows")
    with out.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_citys_own_columns_are_kept_to_the_letter(rows):
    with gzip.open(REPORTS, "rt", encoding="utf-8", newline="") as stream:
        given = list(csv.DictReader(stream))
    assert [{name: row[name] for name in given[0]} for row in rows] == given


def test_null_island_is_invalid_and_two_reports_are_outside(rows):
    status = [row["location_status"] for row in rows]
    assert status.count("invalid") == 4264
    assert status.count("outside") == 2
    assert {row["warning"] for row in rows if row["location_status"] == "invalid"} == {
        "null_island"
    }


def test_every_other_report_has_the_precinct_that_geos_finds_and_its_parent(rows):
    frame = read_dataframe(LAYERS, layer="precinct2012")
    shapes = shapely.make_valid(frame.geometry.to_numpy())
    tree = shapely.STRtree(shapes)
    inside = [row for row in rows if row["precinct"]]
    points = shapely.points([(float(r["longitude"]), float(r["latitude"])) for r in inside])
    point, shape = tree.query(points, predicate="intersects")
    code = frame["prec_2012"].fillna("").astype(str).str.strip().to_numpy()
    parent = frame["supdist"].fillna("").astype(str).str.strip().to_numpy()
    assert set(point.tolist()) == set(range(len(inside)))
    for i, row in enumerate(inside):
        touched = shape[point == i]
        if row["precinct"].startswith("~"):
            assert (code[touched] == "").any()
            continue
        assert row["precinct"] in code[touched]
        own = np.flatnonzero(code == row["precinct"])[0]
        assert row["supervisor"] == parent[own]
