"""A district like Weidu: 620 grids in 89 communities redrawn to 539, and every past answer kept.

Played through the commands and HTTP: two dated editions, what became of each grid, last
year's figures on this year's grids, a way back, and codes that never return.
"""

from __future__ import annotations

import csv
import json

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.demo import REDRAWN_ON
from gridmap.workspace import open_workspace
from tests.api_client import LOCAL
from tests.conftest import KINDS
from tests.demo_doors import EDITION, listed, run

pytest_plugins = ["tests.demo_stores"]
pytestmark = pytest.mark.xdist_group("demo-redraw")

AFTER = "demo-2026"
LAST_DAY, FIRST_DAY = "2025-12-31", REDRAWN_ON


@pytest.fixture(scope="module", params=KINDS)
def weidu(request, made_demo):
    # Nothing below asks what stands in the areas: that it can be stored in either kind is shown
    # by the demo of 52 grids, and that of a district of this size by the first.
    return made_demo(request.param, "redraw", facts=request.param == "geopackage")


@pytest.fixture(scope="module")
def clerk(weidu):
    with open_workspace(settings=weidu.settings, create=False) as workspace:
        yield TestClient(create_app(workspace=workspace), client=LOCAL)


@pytest.fixture(scope="module")
def crosswalk(weidu):
    """Rows of the crosswalk at the level of grids."""
    path = weidu.folder / "crosswalk.csv"
    run("history", "--from", EDITION, "--to", AFTER, "--csv", path, "--store", weidu.url)
    with path.open(newline="", encoding="utf-8-sig") as file:
        return [row for row in csv.DictReader(file) if row["level"] == "grid"]


@pytest.fixture(scope="module")
def compared(weidu):
    said = run(
        "history", "--from", EDITION, "--to", AFTER, "--level", "grid", "--json",
        "--store", weidu.url,
    )  # fmt: skip
    (level,) = json.loads(said)["levels"]
    return level


def grids(clerk, day):
    answer = clerk.get(f"/api/areas?level=grid&limit=1000&at={day}").json()
    assert answer["next"] is None
    return {area["code"]: area for area in answer["areas"]}


def test_there_are_620_grids_until_the_day_and_539_from_it(clerk):
    assert len(grids(clerk, LAST_DAY)) == 620
    assert len(grids(clerk, FIRST_DAY)) == 539
    assert len(listed(clerk, "community")) == 89


def test_every_grid_of_either_day_has_its_community(clerk):
    communities = set(listed(clerk, "community"))
    for day in (LAST_DAY, FIRST_DAY):
        assert {grid["parent_code"] for grid in grids(clerk, day).values()} == communities


def test_a_report_is_answered_by_the_grids_of_its_own_day(weidu):
    assigned = weidu.assigned
    observed = assigned["observed_at"].where(assigned["observed_at"] != "", assigned["received_at"])
    late = observed.str[:10] >= FIRST_DAY
    assert set(assigned.loc[late, "edition"]) == {AFTER}
    assert set(assigned.loc[~late, "edition"]) == {EDITION}
    assert 0 < late.sum() < len(assigned)


def test_mergers_and_divisions_are_told_as_such(compared):
    counts = compared["counts"]
    assert (compared["old_areas"], compared["new_areas"]) == (620, 539)
    assert counts["merged"] == 90
    assert counts["split"] == 9
    assert counts["kept"] == 620 - 2 * 90 - 9
    assert set(counts) == {"kept", "merged", "split"}


def test_the_weights_of_every_old_grid_add_up_to_one(crosswalk):
    sums: dict[str, float] = {}
    for row in crosswalk:
        if row["old_code"]:
            sums[row["old_code"]] = sums.get(row["old_code"], 0) + float(row["weight_households"])
    assert len(sums) == 620
    assert set(sums.values()) == {1.0}


def test_last_years_homes_on_this_years_grids_are_those_grids_homes(weidu, crosswalk):
    from tests import demo_built

    built = demo_built.district("redraw")
    old = dict(zip(*(built.layers["grid"][c] for c in ("code", "households")), strict=True))
    new = dict(zip(*(built.redrawn["grid"][c] for c in ("code", "households")), strict=True))
    carried: dict[str, float] = {}
    for row in crosswalk:
        weight = float(row["weight_households"])
        carried[row["new_code"]] = carried.get(row["new_code"], 0) + weight * old[row["old_code"]]
    assert {code: round(homes) for code, homes in carried.items()} == new


def test_a_grid_that_was_merged_names_its_successor(clerk, weidu, compared):
    merged = next(one for one in compared["relations"] if one["relation"] == "merged")
    (stays,) = merged["new"]
    (gone,) = set(merged["old"]) - {stays}
    answer = clerk.get(f"/api/areas/grid/{gone}/history")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [one["edition"] for one in found["editions"]] == [EDITION]
    (successor,) = found["successors"]
    assert (successor["code"], successor["edition"]) == (stays, AFTER)
    assert gone in run("editions", "--retired-codes", "--store", weidu.url)


def test_a_grid_that_stays_has_a_life_in_both_editions(clerk, compared):
    (code,) = next(one for one in compared["relations"] if one["relation"] == "kept")["old"]
    found = clerk.get(f"/api/areas/grid/{code}/history").json()
    assert [one["edition"] for one in found["editions"]] == [EDITION, AFTER]
    assert found["successors"] == []


def test_every_change_is_offered_its_reports_before_it_is_published(weidu):
    """A further draft of the old grids: what would move is told, and nothing is written."""
    run("draft", "again", "--from", EDITION, "--commit", "--store", weidu.url)
    # It began with the old grids and would replace the new ones: somebody has to answer for that.
    said = run(
        "publish", "again", "--from", "2026-08-01", "--accept-replaced", "旧网格比对",
        "--store", weidu.url,
    )  # fmt: skip
    assert "dry run" in said
    assert "again" in run("editions", "--store", weidu.url)


def test_the_way_back_gives_the_former_answers_again_and_leaves_the_past_alone(weidu, clerk):
    rows = weidu.assigned[weidu.assigned["location_status"] == "inside"].iloc[::400]
    assert len(rows) > 20

    def answers(day):
        found = []
        for row in rows.itertuples():
            place = f"lon={row.lon}&lat={row.lat}&coord_sys={row.coord_sys}"
            one = clerk.get(f"/api/locate?{place}&at={day}").json()
            found.append((one["areas"], one["margin_m"], one["location_status"]))
        return found

    before, between = answers("2025-06-01"), answers("2026-06-01")
    assert before != between
    run(
        "rollback", "--to", EDITION, "--from", "2026-09-01", "--why", "两会要求恢复",
        "--commit", "--store", weidu.url,
    )  # fmt: skip
    clerk.app.state.workspace._expire()
    assert answers("2026-09-02") == before
    assert answers("2026-06-01") == between
    assert answers("2025-06-01") == before
