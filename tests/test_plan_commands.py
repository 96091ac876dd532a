"""Plans through the commands: suggested, stored as a draft, checked, compared, published."""

from __future__ import annotations

import json

import geopandas as gpd
import pyogrio
import pytest

from gridmap.access import Actor
from gridmap.cli.demo import NOW
from gridmap.errors import BadValue, Conflict, GridmapError, NotAllowed, NotFound
from gridmap.planning.plan import today_plan
from gridmap.workspace import open_workspace
from tests.demo_doors import EDITION, run

pytest_plugins = ["tests.demo_stores"]
pytestmark = pytest.mark.xdist_group("demo-exclusive")

DRAFT = "planned"


@pytest.fixture(scope="module")
def suggested(exclusive):
    """What the command says, as JSON, and the draft it stored."""
    out = exclusive.folder / "suggestion.json"
    run(
        "plan", "suggest", EDITION, "--grids", "54", "--as", DRAFT, "--commit",
        "--json", out, "--store", exclusive.url,
    )  # fmt: skip
    return json.loads(out.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def workspace(exclusive, suggested):
    with open_workspace(settings=exclusive.settings, create=False) as opened:
        yield opened


def test_three_plans_are_told_with_proof_and_reasons(suggested):
    assert [one["style"] for one in suggested["plans"]] == [
        "least_change", "default", "best_balance",
    ]  # fmt: skip
    assert len(suggested["sha256"]) == 64
    for one in suggested["plans"]:
        assert one["grids"] == 54
        assert len(one["reasons"]) == one["planned"] == 52
        assert all(reason["text"] for reason in one["reasons"])
        for region in one["regions"]:
            assert region["in_band"] or region["area"] in {f["area"] for f in one["findings"]}
    kept = [one["kept"] for one in suggested["plans"]]
    assert kept == sorted(kept, reverse=True)
    assert set(suggested["curve"]) >= {"53", "54", "55"}


def test_the_draft_is_sound_and_has_the_sums_of_its_atoms(exclusive, workspace):
    said = run("check", DRAFT, "--store", exclusive.url)
    assert "error" not in said
    coverage = workspace.store.coverage(DRAFT)
    assert len(coverage.rows("grid")) == 54
    graph = workspace.planning_graph(EDITION)
    held = workspace.store.attributes(DRAFT, "grid")
    assert sum(h["households"] for h in held.values()) == graph.amount["households"].sum()
    atoms = workspace.store.attributes(DRAFT, "microgrid")
    assert sum(h["households"] for h in atoms.values()) == graph.amount["households"].sum()
    for row in coverage.rows("microgrid"):
        assert coverage.code[row].startswith(coverage.code[coverage.parent[row]])
    old = set(workspace.store.coverage(EDITION).code.tolist())
    assert coverage.kind.tolist().count("exclusive") >= 2
    new = set(coverage.code[coverage.rows("grid")].tolist()) - old
    assert all(code > max(c for c in old if c.startswith(code[:12]) and len(c) == 15
                          and int(c[12:]) < 900) for code in new)  # fmt: skip


def test_both_exclusive_grids_are_untouched(workspace):
    before, after = (workspace.store.coverage(name) for name in (EDITION, DRAFT))
    for row in before.rows("grid"):
        if before.kind[row] == "exclusive":
            there = after.row("grid", before.code[row])
            assert after.shapes[there].equals(before.shapes[row])


def test_measures_are_printed_and_written(exclusive, suggested, tmp_path):
    said = run("plan", "measure", DRAFT, "--csv", tmp_path / "m.csv", "--store", exclusive.url)
    assert "households_cv" in said
    table = pyogrio.read_dataframe(tmp_path / "m.csv")
    assert len(table) == 54
    record = json.loads(run("plan", "measure", EDITION, "--json", "-", "--store", exclusive.url))
    assert record["whole"]["grids"] == 52
    assert record["whole"]["reports"] > 1000
    assert {"post_m", "hours_each", "compactness"} <= set(record["grids"][0])


def test_the_comparison_is_told_drawn_and_exported(exclusive, suggested, tmp_path):
    page, table, file = (tmp_path / n for n in ("c.html", "c.csv", "c.gpkg"))
    said = run(
        "plan", "compare", EDITION, DRAFT, "-o", page, "--csv", table, "--store", exclusive.url
    )
    assert "households_moved" in said
    html = page.read_text(encoding="utf-8")
    assert "gridmap.addSwipe" in html
    assert "网格方案对比" in html
    assert "<script src" not in html
    assert "内部使用" in html
    said = run("plan", "export", EDITION, DRAFT, file, "--store", exclusive.url)
    assert "before 52, after 54" in said
    assert {name for name, _ in pyogrio.list_layers(file)} == {"before", "after", "cells", "flows"}
    cells = gpd.read_file(file, layer="cells")
    flows = pyogrio.read_dataframe(file, layer="flows")
    assert flows["households"].sum() == cells["households"].sum()
    assert cells.loc[cells["moved"].astype(bool), "households"].sum() == (
        flows.loc[flows["moved"].astype(bool), "households"].sum()
    )


def test_past_reports_fall_on_the_planned_grids(exclusive, suggested, workspace):
    record = json.loads(
        run(
            "plan",
            "replay",
            DRAFT,
            "--before",
            EDITION,
            "--since",
            "2025-01-01",
            "--until",
            NOW,
            "--json",
            "-",
            "--store",
            exclusive.url,
        )
    )
    load = sum(n for row in record["load"].values() for n in row.values())
    points = workspace.store.past_reports(*workspace._period("2025-01-01", NOW))
    locator = workspace.atlas.named(EDITION)
    inside = locator.locate(points["lon"], points["lat"], areas_only=True)
    at_home = sum(code is not None for code in inside.codes["grid"])
    assert load == at_home > 1000
    assert record["reports"] == len(points["lon"])
    assert set(record["missed"][0]) == {"code", "reports", "observed", "estimated"}


def test_grids_of_one_community_alone_are_planned(exclusive, workspace):
    community = str(workspace.store.coverage(EDITION).code[6])
    graph = workspace.planning_graph(EDITION)
    found = workspace.suggest_plans(graph, area=("community", community), workers=1)
    planned = {reason.code for reason in found.plans[0].reasons}
    assert planned
    assert all(code.startswith(community) for code in planned)
    said = run(
        "plan", "suggest", EDITION, "--area", f"community={community}", "--store", exclusive.url
    )
    assert "proved best" in said


def test_a_suggestion_becomes_a_draft_to_edit_and_is_named_like_an_edition(exclusive, workspace):
    community = str(workspace.store.coverage(EDITION).code[6])
    words = (
        "plan", "suggest", EDITION, "--area", f"community={community}", "--pick", "best_balance",
        "--draft", "改格", "--store", exclusive.url,
    )  # fmt: skip
    assert "Would begin a draft, '改格'" in run(*words)
    assert not workspace.plan_drafts()
    said = run(*words, "--commit")
    (draft,) = workspace.plan_drafts()
    assert f"Began draft {draft['id']}, '改格', with 'best_balance'." in said
    assert draft["version"] > 0
    named = f"draft:{draft['id']}"
    record = json.loads(run("plan", "measure", named, "--json", "-", "--store", exclusive.url))
    inside = [one for one in record["grids"] if one["community"] == community]
    assert all(one["in_limits"] for one in inside if one["kind"] == "basic")
    compared = json.loads(
        run("plan", "compare", EDITION, named, "--json", "-", "--store", exclusive.url)
    )
    assert compared["whole"]["households_moved"] > 0


def test_a_draft_of_that_name_and_bad_words_are_refused(exclusive, suggested, workspace):
    for words, error in (
        (("suggest", EDITION, "--grids", "many"), BadValue),
        (("suggest", EDITION, "--grids", "5-4"), BadValue),
        (("suggest", EDITION, "--apart", "one"), BadValue),
        (("measure", "nowhere"), NotFound),
        (("measure", EDITION, "--floor", "500", "--ceiling", "300"), BadValue),
        (("compare", EDITION, DRAFT, "-o", "c.pdf"), BadValue),
        (("export", EDITION, DRAFT, "c.shp"), BadValue),
        (("replay", DRAFT, "--by", "weather"), BadValue),
    ):
        with pytest.raises((GridmapError, AssertionError)) as told:
            run("plan", *words, "--store", exclusive.url)
        assert "Error" in str(told.value) or isinstance(told.value, error)
    graph = workspace.planning_graph(EDITION)
    plan = today_plan(graph)
    with pytest.raises(Conflict):
        workspace.store_plan(graph, plan, DRAFT)
    with pytest.raises(NotAllowed):
        workspace.planning_graph(EDITION, actor=Actor.resident())


def test_handling_hours_may_be_given_by_item(workspace, tmp_path):
    table = tmp_path / "hours.csv"
    table.write_text("item,hours\n0101,7\n", encoding="utf-8")
    graph = workspace.planning_graph(EDITION)
    plain = workspace.past_reports(graph)
    given = workspace.past_reports(graph, hours=table)
    mine = plain.items[plain.item] == "0101"
    assert mine.any()
    assert set(given.hours[mine]) == {7.0}
    assert (given.hours[~mine] == plain.hours[~mine]).all()
    table.write_text("item,hours\n0101,long\n", encoding="utf-8")
    with pytest.raises(BadValue, match="row 2"):
        workspace.past_reports(graph, hours=table)


def test_the_draft_is_published_and_answers_from_its_day(exclusive, suggested):
    run("publish", DRAFT, "--from", "2026-09-07", "--commit", "--store", exclusive.url)
    with open_workspace(settings=exclusive.settings, create=False) as opened:
        coverage = opened.coverage_at("2026-09-07")
        assert coverage.edition == DRAFT
        assert opened.coverage_at("2026-09-06").edition == EDITION
        assert len(coverage.rows("grid")) == 54
