"""A district of the size of Jining High-tech: 5 streets, 38 communities, 540 grids and 2,623
micro-grids, full cover without gaps, every report in its micro-grid through every door.
"""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from tests.demo_doors import EDITION, listed, number, run

pytest_plugins = ["tests.demo_stores"]
pytestmark = pytest.mark.xdist_group("demo-district")

COUNTS = {"subdistrict": 5, "community": 38, "grid": 540, "microgrid": 2_623}
LEVELS = list(COUNTS)


@pytest.fixture(scope="module")
def areas(district_clerk):
    return {level: listed(district_clerk, level) for level in LEVELS}


@pytest.fixture(scope="module")
def sample(district):
    """Two hundred reports: of each kind of error some, the rest without, spread evenly."""
    table = district.assigned.assign(error=district.truth["error"].to_numpy())
    table = table[table["lon"] != ""]
    kinds = sorted(set(table["error"]) - {""})
    share = dict.fromkeys(kinds, 12) | {"": 200 - 12 * len(kinds)}
    parts = [
        rows.iloc[np.linspace(0, len(rows) - 1, share[kind]).astype(int)]
        for kind, rows in table.groupby("error")
    ]
    return pd.concat(parts)


def asked(row):
    """A row's point as the doors take it."""
    point = {
        "lon": number(row.lon),
        "lat": number(row.lat),
        "coord_sys": row.coord_sys,
        "accuracy_m": number(row.accuracy_m),
        "at": row.received_at,
    }
    return {name: value for name, value in point.items() if value is not None}


@pytest.fixture(scope="module")
def answers(district_clerk, sample):
    """What ``GET /api/locate`` says about each report of the sample."""
    found = []
    for row in sample.itertuples():
        answer = district_clerk.get("/api/locate", params=asked(row))
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
    return found


def test_each_level_has_exactly_its_areas(areas, district):
    assert {level: len(found) for level, found in areas.items()} == COUNTS
    shown = "subdistrict 5 · community 38 · grid 540 · microgrid 2,623"
    assert shown in district.said


def test_the_check_finds_no_fault(district):
    assert run("check", EDITION, "--store", district.url)
    shown = run("check", EDITION, "--json", "-", "--store", district.url)
    # Some micro-grids have parts on both sides of a road: told, and no fault.
    assert {fault["kind"] for fault in json.loads(shown)["faults"]} == {"island"}


def test_a_whole_street_is_redrawn_with_every_grid_in_the_band(district):
    # Among its communities is one whose best plans the search does not come to the end of.
    said = json.loads(
        run("plan", "suggest", EDITION, "--area", "subdistrict=990101005",
            "--json", "-", "--store", district.url)
    )  # fmt: skip
    assert [plan["style"] for plan in said["plans"]] == ["least_change", "default", "best_balance"]
    for plan in said["plans"]:
        assert len(plan["regions"]) == 7
        assert len(plan["reasons"]) == plan["planned"] > 80
        assert all(300 <= grid["held"] <= 500 for grid in plan["reasons"])


def test_every_microgrid_has_its_whole_chain_and_no_area_is_childless(areas):
    for upper, lower in pairwise(LEVELS):
        parents = {area["parent_code"] for area in areas[lower].values()}
        assert parents == set(areas[upper]), f"every {upper} has a {lower}, and the reverse"
        assert {area["parent_level"] for area in areas[lower].values()} == {upper}
    assert all(area["parent_code"] is None for area in areas["subdistrict"].values())


def test_every_report_gets_the_microgrid_that_the_truth_expects(district):
    assigned, truth = district.assigned, district.truth
    assert list(assigned["report_id"]) == list(truth["report_id"])
    assert len(assigned) == 60_000
    wrong = assigned[assigned["microgrid"].to_numpy() != truth["located"].to_numpy()]
    assert wrong.empty, wrong.head().to_dict("records")


def test_every_report_gets_the_parents_of_its_microgrid(district, areas):
    assigned = district.assigned
    for upper, lower in pairwise(LEVELS):
        parent = {code: area["parent_code"] for code, area in areas[lower].items()} | {"": ""}
        assert list(assigned[upper]) == [parent[code] for code in assigned[lower]]


@pytest.mark.parametrize(
    ("error", "statuses", "warning"),
    [
        ("", {"inside", "ambiguous", "outside"}, ""),
        ("null_island", {"invalid"}, "null_island"),
        ("missing", {"invalid"}, "missing"),
        ("outside", {"outside"}, ""),
        ("wrong_datum", {"inside", "ambiguous", "outside"}, ""),
        ("region_geocode", {"inside"}, ""),
        ("border_road", {"ambiguous"}, ""),
        ("on_border", {"boundary", "ambiguous"}, ""),
    ],
)
def test_the_status_is_what_is_wrong_with_the_position(district, error, statuses, warning):
    rows = district.assigned[district.truth["error"].to_numpy() == error]
    assert len(rows) > 300
    assert set(rows["location_status"]) == statuses
    assert set(rows["warning"]) == {warning}
    placed = rows["location_status"].isin({"inside", "ambiguous", "boundary"})
    nothing = {"invalid", "outside"}
    if error in {"on_border", "border_road"}:
        assert rows["candidates"].str.contains(";").all()
    if statuses <= nothing:
        assert (rows["microgrid"] == "").all()
    elif not statuses & nothing:
        assert (rows.loc[placed, "microgrid"] != "").all()


def test_the_kinds_of_error_are_all_there_are(district):
    assert set(district.truth["error"]) == {
        "", "null_island", "missing", "outside", "wrong_datum", "region_geocode", "border_road",
        "on_border",
    }  # fmt: skip


def test_many_points_in_one_request_are_answered_as_one_by_one(district_clerk, sample, answers):
    points = [asked(row) for row in sample.itertuples()]
    answer = district_clerk.post("/api/locate", json={"points": points})
    assert answer.status_code == 200, answer.text
    assert answer.json()["locations"] == answers


def test_a_file_of_points_is_answered_as_one_by_one(sample, answers):
    assert len(sample) == len(answers) == 200
    for row, answer in zip(sample.to_dict("records"), answers, strict=True):
        assert {level: row[level] for level in LEVELS if row[level]} == answer["areas"]
        assert row["location_status"] == answer["location_status"]
        assert (row["certain_level"] or None) == answer["certain_level"]
        assert (row["edition"] or None) == answer["edition"]
        assert row["warning"] == answer["warning"]
        codes = [area["code"] for area in answer["candidates"]]
        assert row["candidates"] == ";".join(codes)
        nearest = answer["nearest"] or {"code": "", "distance_m": None}
        assert row["nearest"] == nearest["code"]
        metres = {"margin_m": answer["margin_m"], "nearest_m": nearest["distance_m"]}
        for written, exact in metres.items():
            assert (row[written] == "") == (exact is None)
            if exact is not None:
                assert float(row[written]) == pytest.approx(exact, abs=0.00501)


def test_a_notebook_is_answered_like_http(district_workspace, sample, answers):
    for row, answer in zip(sample.itertuples(), answers, strict=True):
        point = asked(row)
        found = district_workspace.locate(point.pop("lon"), point.pop("lat"), **point)
        assert dict(found.areas) == answer["areas"]
        assert found.location_status == answer["location_status"]
        assert found.certain_level == answer["certain_level"]
        assert found.margin_m == answer["margin_m"]


def test_the_command_shows_what_http_answers(district, sample, answers):
    for n in range(0, 200, 40):
        point = asked(next(sample.iloc[[n]].itertuples()))
        words = ["--coord-sys", point["coord_sys"], "--at", point["at"]]
        if "accuracy_m" in point:
            words += ["--accuracy", point["accuracy_m"]]
        shown = run(
            "locate", point["lon"], point["lat"], *words, "--json", "--store", district.url
        )  # fmt: skip
        assert json.loads(shown) == answers[n]
