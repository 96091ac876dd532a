"""`gridmap history`: the life of an area, and two editions compared."""

from __future__ import annotations

import csv
import json
from collections import defaultdict

import pytest

from tests.cli_district import gridmap, square, write_layer

pytest_plugins = ["tests.cli_fixtures"]

pytestmark = pytest.mark.parametrize("store_kind", ["geopackage"], indirect=True)


@pytest.fixture
def store(published_url, tmp_path) -> str:
    """e1 as it is; e2: A00 has another name, A10 and A11 are one, B00 is two."""
    grids = [
        ("A00", "改名网格", "A", square(117.0, 36.0, 0.01)),
        ("A01", "A01网格", "A", square(117.0, 36.01, 0.01)),
        ("A10", "A10网格", "A", rectangle(117.01, 36.0, 0.01, 0.02)),
        ("B00", "B00网格", "B", rectangle(117.02, 36.0, 0.003, 0.01)),
        ("B09", "新网格", "B", rectangle(117.023, 36.0, 0.007, 0.01)),
        ("B01", "B01网格", "B", square(117.02, 36.01, 0.01)),
        ("B10", "B10网格", "B", square(117.03, 36.0, 0.01)),
        ("B11", "B11网格", "B", square(117.03, 36.01, 0.01)),
    ]
    rows = [
        ({"code": code, "name": name, "community": up}, shape) for code, name, up, shape in grids
    ]
    new = write_layer(tmp_path / "new.geojson", rows)
    west = {"A": 117.0, "B": 117.02}
    communities = [({"code": c, "name": f"{n}社区"}, square(west[c], 36.0, 0.02))
                   for c, n in ("A甲", "B乙")]  # fmt: skip
    upper = write_layer(tmp_path / "upper.geojson", communities)
    for level, file, parent in (("community", upper, []), ("grid", new, ["--parent", "community"])):
        run(
            "import", file, "--edition", "e2", "--level", level, "--code", "code",
            "--name", "name", *parent, "--commit", "--store", published_url,
        )  # fmt: skip
    return published_url


def rectangle(x: float, y: float, width: float, height: float) -> dict:
    east, north = round(x + width, 4), round(y + height, 4)
    ring = [[x, y], [east, y], [east, north], [x, north], [x, y]]
    return {"type": "Polygon", "coordinates": [ring]}


def run(*words: object) -> str:
    done = gridmap(*words)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_draft_is_compared_with_the_edition_in_force(store) -> None:
    text = run("history", "--to", "e2", "--store", store)
    assert "From e1 to e2:" in text
    assert "grid: 8 -> 8 areas; kept 4 · renamed 1 · split 1 · merged 1" in text
    assert "community: 2 -> 2 areas; kept 2" in text
    (split,) = [line.split() for line in text.splitlines() if line.startswith("split")]
    assert split[:4] == ["split", "B00", "B00,", "B09"]
    # seven tenths of a square of 901 x 1,110 m
    assert int(split[4].replace(",", "")) == pytest.approx(0.7 * 901.6 * 1109.7, rel=1e-3)


def test_the_comparison_as_json_names_every_relation(store) -> None:
    words = ("history", "--from", "e1", "--to", "e2", "--level", "grid", "--json", "--store")
    found = json.loads(run(*words, store))
    assert (found["old"], found["new"], found["tolerance_m"]) == ("e1", "e2", 1.0)
    (level,) = found["levels"]
    relations = {(r["relation"], *r["old"], "->", *r["new"]) for r in level["relations"]}
    assert ("merged", "A10", "A11", "->", "A10") in relations
    assert ("split", "B00", "->", "B00", "B09") in relations
    assert ("renamed", "A00", "->", "A00") in relations
    assert len(relations) == sum(level["counts"].values()) == 7


def test_the_crosswalk_is_a_table_whose_weights_add_up_to_one(store, tmp_path) -> None:
    target = tmp_path / "walk.csv"
    run("history", "--from", "e1", "--to", "e2", "--csv", target, "--store", store)
    with target.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    weights = defaultdict(list)
    for row in rows:
        weights[row["level"], row["old_code"]].append(float(row["weight_area"]))
    assert len(weights) == 10
    assert all(sum(each) == 1.0 for each in weights.values())
    (new,) = [row for row in rows if row["new_code"] == "B09"]
    assert (new["old_code"], new["new_name"], new["relation"]) == ("B00", "新网格", "split")
    assert float(new["weight_area"]) == pytest.approx(0.7, rel=1e-3)


def test_the_life_of_an_area_is_told_over_editions(store) -> None:
    run("publish", "e2", "--from", "2026-01-01", "--commit", "--store", store)
    text = run("history", "grid", "A11", "--store", store)
    assert "grid A11 A11网格" in text
    assert "merged in e2: followed by A10 A10网格 (100.0% by area, exact)" in text
    text = run("history", "grid", "B00", "--store", store)
    assert "B09 70.0%, B00 30.0%" in text
    found = json.loads(run("history", "grid", "A00", "--json", "--store", store))
    assert [e["name"] for e in found["editions"]] == ["A00网格", "改名网格"]
    assert found["editions"][0]["effective_from"] == "2024-12-31T16:00:00+00:00"
    assert found["editions"][1]["before"]["relation"] == "renamed"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "Name an area, or the editions to compare."),
        (("grid",), "Name an area, or the editions to compare."),
        (("grid", "A00", "--to", "e2"), "Name an area, or the editions to compare."),
        (("grid", "Z99"), "No published edition has a grid of that code."),
        (("block", "A00"), "There is no such level."),
        (("--to", "e9"), "There is no such edition."),
        (("--to", "e2", "--level", "block"), "Neither edition has areas at that level."),
    ],
)
def test_what_cannot_be_told_is_refused_with_what_can(published_url, words, message) -> None:
    if "--level" in words:
        words = tuple("e1" if word == "e2" else word for word in words)
    done = gridmap("history", *words, "--store", published_url)
    assert done.exit_code != 0
    assert message in done.stderr


def test_the_crosswalk_is_not_written_over_the_store(published_url) -> None:
    words = ("history", "--to", "e1", "--csv", published_url, "--store", published_url)
    done = gridmap(*words)
    assert done.exit_code != 0
    assert "live store itself" in done.stderr
