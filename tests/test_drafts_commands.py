"""Drafts by command, in both stores: the same calls as over HTTP, errors as exit codes."""

from __future__ import annotations

import json
from contextlib import nullcontext

import geopandas as gpd
import pyogrio
import pytest
import shapely

from tests.cli_district import gridmap
from tests.draft_doors import MONDAY, SUNDAY, edit
from tests.planning_cases import LAT, LON, SIZE

pytest_plugins = ["tests.draft_fixtures"]


@pytest.fixture
def run(town, monkeypatch):
    """A function that runs a command on drafts, on the open store, and returns what it says."""
    monkeypatch.setattr(
        "gridmap.workspace.open_workspace", lambda **more: nullcontext(town.workspace)
    )

    def run(*words, code=0, text=None):
        done = gridmap("plan", "draft", *words, "--store", town.url, text=text)
        assert done.exit_code == code, done.output + done.stderr
        return done.stdout if code == 0 else done.stdout + done.stderr

    return run


def written(folder, name, record):
    path = folder / name
    path.write_text(json.dumps(record), encoding="utf-8")
    return path


def feature(shape):
    geometry = shapely.geometry.mapping(shape)
    return {"type": "Feature", "properties": {}, "geometry": geometry}


def log_of(run, draft):
    return json.loads(run("log", draft, "--json", "-"))


def test_a_draft_goes_from_new_to_published_by_commands(town, run, tmp_path):
    run("new", "命令行", "--from", "today", "--why", "网格调整")
    assert "C000102" in run("reassign", "命令行", "C0002", "--atom", "C000102", "--why", "户数")
    lasso = shapely.box(LON + 3 * SIZE, LAT, LON + 4 * SIZE, LAT + SIZE)
    run("reassign", "命令行", "C1008", "--lasso", written(tmp_path, "l.json", feature(lasso)))
    run("split", "命令行", "C0003", "--part", "C000301")
    run("merge", "命令行", "C1005", "C1006")
    named = {"op": "describe", "level": "grid", "code": "C0002", "name": "新二网格"}
    run("edit", "命令行", "-", text=json.dumps([named, {**named, "name": "二网格"}]))
    run("describe", "命令行", "C0002", "--name-en", "Grid two", "--set", "phase=2")
    run("recode", "命令行", "C0002", "C0077")
    assert "C0002" in run("renumber", "命令行", "--within", "C0")
    run("join", "命令行", "C000402", "C000403")
    undone = run("undo", "命令行", "--why", "误改")
    assert "undo" in undone
    run("redo", "命令行")
    told = log_of(run, "命令行")
    assert [one["action"] for one in told["log"]] == [*["edit"] * 10, "undo", "redo"]
    assert told["log"][0]["why"] == "户数"
    assert all(one["by"] and one["at"].endswith("+08:00") for one in told["log"])
    said = run("log", str(told["id"]))
    assert "网格调整" in said
    assert "reassign C0002" in said
    measures = json.loads(run("measures", "命令行", "--json", "-"))
    assert measures["whole"]["grids"] == 8
    table = tmp_path / "grids.csv"
    assert "compactness_mean" in run("measures", "命令行", "--csv", table)
    assert table.read_text(encoding="utf-8").count("\n") == 9
    # Nothing but that the town's micro-grids have no names.
    checked = run("check", "命令行")
    assert checked.splitlines()[-1].split() == ["info", "blank_name", "1"]
    assert "error" not in checked
    assert "warning" not in checked

    page, package = tmp_path / "c.html", tmp_path / "c.gpkg"
    compared = run("compare", "命令行", "-o", page, "--gpkg", package)
    assert "today -> 命令行" in compared
    assert page.stat().st_size > 10_000
    assert {"before", "after"} <= {name for name, _ in pyogrio.list_layers(package)}
    layer = tmp_path / "grids.geojson"
    run("layer", "命令行", layer)
    assert set(gpd.read_file(layer)["code"]) == set(town.workspace.draft_state(told["id"]).grid_at)

    words = ("publish", "命令行", "2026-12", "--effective-from", MONDAY, "--why", "网格调整")
    dry = run(*words)
    assert "dry run" in dry
    assert "2026-12" not in {one["name"] for one in town.workspace.editions()}
    done = run(*words, "--commit")
    assert "Published 2026-12" in done
    spot = (114.0015, 34.0035)
    for at, grid in ((SUNDAY, "C0001"), (MONDAY, "C0002")):
        found = gridmap("locate", *spot, "--at", at, "--store", town.url)
        assert grid in found.stdout
    assert "published" in run("undo", "命令行", code=4)
    run("new", "迟到", "--from", "today")
    late = ("publish", "迟到", "2027", "--effective-from", "2026-12-07")
    assert "--accept-replaced" in run(*late, code=4)
    said = run(*late, "--accept-replaced", "恢复原状")
    assert "2026-12; the draft began with today" in said


def test_a_command_opens_the_store_that_is_named(town):
    done = gridmap("plan", "draft", "new", "自己打开", "--from", "today", "--store", town.url)
    assert done.exit_code == 0, done.output
    assert "today, grid" in done.stdout
    assert "自己打开" in {one["name"] for one in town.workspace.plan_drafts()}
    assert gridmap("plan", "draft", "list", "--store", "none.gpkg").exit_code != 0


def test_lines_of_the_ground_and_drawn_ones_cut_and_divide(town, run, tmp_path):
    run("new", "线", "--from", "today")
    road = {
        "type": "Feature", "properties": {"code": "R1", "name": "人民路", "class": "arterial"},
        "geometry": shapely.geometry.mapping(shapely.LineString(
            [(LON + 3.5 * SIZE, LAT - SIZE), (LON + 3.5 * SIZE, LAT + 5 * SIZE)])),
    }  # fmt: skip
    river = {
        "type": "Feature", "properties": {"code": "W1", "name": "清水河"},
        "geometry": shapely.geometry.mapping(shapely.LineString(
            [(LON - SIZE, LAT + 0.5 * SIZE), (LON + 7 * SIZE, LAT + 0.55 * SIZE)])),
    }  # fmt: skip
    for kind, one in (("roads", road), ("rivers", river)):
        file = written(
            tmp_path, f"{kind}.geojson", {"type": "FeatureCollection", "features": [one]}
        )
        said = gridmap("places", "import", file, "--kind", kind, "--commit", "--store", town.url)
        assert said.exit_code == 0, said.output + said.stderr
    atoms = len(town.workspace.draft_state(log_of(run, "线")["id"]))
    assert "new" in run("cut", "线", "C100501", "--along", "roads=人民路")
    assert "C0003" in run("split", "线", "C0003", "--along", "rivers=清水河")
    drawn = f"{LON + 0.4 * SIZE},{LAT - SIZE} {LON + 0.45 * SIZE},{LAT + 9 * SIZE}"
    run("cut", "线", "C000101", "--line", drawn)
    number = log_of(run, "线")["id"]
    state = town.workspace.draft_state(number)
    stream = shapely.geometry.shape(river["geometry"])
    east = [i for i, one in enumerate(state.atoms) if one.code.startswith("C1008")]
    (crossed, *_) = [i for i in east if shapely.crosses(stream, state.shapes[i])]
    cut = {"op": "split_atom", "atom": state.atoms[crossed].code,
           "along": {"layer": "rivers", "code": "W1"}}  # fmt: skip
    answer = edit(town.li, number, 3, cut)
    assert answer.status_code == 200, answer.text
    assert len(town.workspace.draft_state(number)) > atoms + 3
    assert [one["edit"].get("along") for one in log_of(run, "线")["log"]] == [
        "roads: 人民路", "rivers: 清水河", None, "rivers: W1",
    ]  # fmt: skip
    assert "allowed" in run("cut", "线", "C000101", "--along", "roads=无", code=3)
    assert "LAYER=NAME" in run("cut", "线", "C000101", "--along", "人民路", code=2)
    assert "--along" in run("split", "线", "C0002", code=2)


def test_a_border_is_moved_and_a_site_becomes_an_exclusive_grid(town, run, tmp_path):
    run("new", "界线", "--from", "today")
    number = log_of(run, "界线")["id"]
    state = town.workspace.draft_state(number)
    one, other = state.atom("C000202"), state.atom("C100503")
    line = shapely.line_merge(shapely.intersection(state.shapes[one], state.shapes[other]))
    (x0, y0), (x1, y1) = line.coords[0], line.coords[-1]
    text = f"{x0},{y0} {(x0 + x1) / 2 + 0.2 * SIZE},{(y0 + y1) / 2} {x1},{y1}"
    assert "redrawn" in run("border", "界线", "C000202", "C100503", "--line", text)
    x, y = shapely.get_coordinates(state.shapes[state.atom("C000401")])[1].tolist()
    dragged = run("drag", "界线", "--from", f"{x},{y}", "--to", f"{x + 1e-5},{y}")
    assert "redrawn" in dragged
    assert "LON,LAT" in run("drag", "界线", "--from", "x", "--to", "1,2", code=2)
    assert "--to" in run("drag", "界线", "--from", "1,2", "--to", "1,2", "--to", "3,4", code=2)
    site = shapely.box(LON + 3.3 * SIZE, LAT + 1.3 * SIZE, LON + 4.6 * SIZE, LAT + 2.6 * SIZE)
    file = written(tmp_path, "site.geojson", feature(site))
    said = run("exclusive", "界线", "--outline", file, "--name", "产业园")
    assert "exempt" in said
    assert "exclusive" in set(town.workspace.draft_shapes(number)["kind"])
    assert "estate" in run("exclusive", "界线", "--estate", "none", code=3)
    red_line = feature(shapely.box(LON + 0.1 * SIZE, LAT + 3.1 * SIZE,
                                   LON + 0.9 * SIZE, LAT + 3.9 * SIZE))  # fmt: skip
    red_line["properties"] = {"code": "E1", "name": "阳光家园", "managed": "true"}
    layer = {"type": "FeatureCollection", "features": [red_line]}
    words = ("places", "import", written(tmp_path, "estate.geojson", layer), "--kind", "estate")
    assert gridmap(*words, "--commit", "--store", town.url).exit_code == 0
    run("exclusive", "界线", "--estate", "E1", "--name", "阳光家园")
    assert log_of(run, "界线")["log"][-1]["edit"]["along"] == "estate: E1"
    assert "both or neither" in run("exclusive", "界线", code=2)


def test_what_is_refused_tells_its_reasons_places_and_what_others_did(town, run):
    run("new", "拒绝", "--from", "today")
    torn = run("reassign", "拒绝", "C0001", "--atom", "C000401", code=4)
    assert "C0001" in torn
    assert " at 114.0" in torn
    assert "no such draft" in run("log", "没有", code=3)
    assert "no JSON" in run("edit", "拒绝", "-", code=2, text="{")
    for wrong in (
        {"op": "reassign", "to": 5},
        {"op": "reassign", "to": "C0001", "atoms": "C000401"},
        {"op": "split_atom", "atom": "C000401", "lines": [[["a", 1], [2, 3]]]},
        {"op": "split_grid", "grid": "C0003", "parts": ["C000301"]},
        {"op": "regroup", "grids": {"C0001": "C000401"}},
        {"op": "fly"},
    ):
        assert "allowed" in run("edit", "拒绝", "-", code=2, text=json.dumps(wrong))
    assert "no edit" in run("edit", "拒绝", "-", code=2, text="[]")
    run("reassign", "拒绝", "C0002", "--atom", "C000102")
    stale = run("merge", "拒绝", "C1005", "C1006", "--version", "0", code=4)
    assert "version 1 by" in stale
    assert "reassign C0002" in stale
    assert log_of(run, "拒绝")["version"] == 1
    run("merge", "拒绝", "C1005", "C1006", "--version", "1")


def test_scenarios_branch_are_compared_suggested_for_and_given_up(town, run):
    run("new", "甲", "--from", "today")
    run("reassign", "甲", "C0002", "--atom", "C000102")
    run("merge", "甲", "C1005", "C1006")
    run("branch", "甲", "乙", "--at", "1")
    assert log_of(run, "乙")["version"] == 1
    beside = json.loads(run("compare", "甲", "--draft", "乙", "--json", "-"))
    assert (beside["whole"]["grids_before"], beside["whole"]["grids_after"]) == (8, 7)
    moved = {(one["from"], one["to"]) for one in beside["flows"] if one["moved"]}
    assert all(pair[0].startswith("C1") for pair in moved)
    words = ("suggest", "乙", "--area", "community=C1", "--grids", "3", "--floor", "60",
             "--ceiling", "900", "--seed", "3")  # fmt: skip
    assert "dry run" in run(*words)
    assert log_of(run, "乙")["version"] == 1
    assert "regroup" in run(*words, "--commit", "--why", "建议")
    told = log_of(run, "乙")
    assert (told["log"][-1]["edit"]["op"], told["log"][-1]["why"]) == ("regroup", "建议")
    assert json.loads(run("measures", "乙", "--json", "-"))["whole"]["grids"] == 7
    assert "dry run" in run("discard", "甲", "--why", "选乙")
    assert "Gave up" in run("discard", "甲", "--why", "选乙", "--commit")
    assert "discarded" in run("undo", "甲", code=4)
    states = {one["name"]: one["state"] for one in json.loads(run("list", "--json", "-"))}
    assert (states["甲"], states["乙"]) == ("discarded", "open")
    assert "discarded" in run("list")
