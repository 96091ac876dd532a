"""Suggestions, measures, comparisons and replays through HTTP, in both stores."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pyogrio
import pytest

from gridmap.errors import Conflict
from gridmap.workspace import open_workspace
from gridmap.workspace.plan_runs import MOST_WAITING, PlanRuns

pytest_plugins = ["tests.plan_town"]

NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
BAND = {"floor": 150, "ceiling": 500}


def ask(client, **question):
    answer = client.post("/api/suggestions?wait_s=60&atoms=true", json={**BAND, **question})
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["state"] == "done", told["error"]
    return told


def plan_of(told, style):
    return next(one for one in told["result"]["plans"] if one["style"] == style)


def groups(grids):
    """The sets of areas that are together."""
    return {frozenset(a for a in grids if grids[a] == g) for g in set(grids.values())}


def cells(client, plan):
    layer = client.get(f"/api/drafts/{plan}/geojson?layer=microgrid").json()["features"]
    return {f["properties"]["code"]: f["properties"]["parent_code"] for f in layer}


def test_three_plans_come_with_proof_reasons_and_the_curve(planners):
    told = ask(planners.planner, grids=7)
    result = told["result"]
    assert [one["style"] for one in result["plans"]] == ["least_change", "default", "best_balance"]
    assert len(result["sha256"]) == 64
    assert told["by"] == "li"
    assert told["asked"] == {**BAND, "grids": 7}
    assert told["done"] == told["of"] > 0
    assert "7" in result["curve"]
    for one in result["plans"]:
        assert one["grids"] == 7
        assert len(one["reasons"]) == 7
        assert one["gap"] == 0.0
        assert all(region["in_band"] for region in one["regions"])
        assert all(150 <= reason["held"] <= 500 for reason in one["reasons"])
    again = ask(planners.planner, grids=7)
    assert again["result"] == result
    assert again["id"] != told["id"]
    listed = planners.planner.get("/api/suggestions").json()["suggestions"]
    assert [one["id"] for one in listed[:2]] == [again["id"], told["id"]]
    assert "result" not in listed[0]
    plain = planners.planner.get(f"/api/suggestions/{told['id']}").json()
    assert all(one["atoms"] is None for one in plain["result"]["plans"])


def test_another_process_tells_of_the_same_suggestions(planners):
    told = ask(planners.planner, grids=8)
    with open_workspace(settings=planners.settings, clock=lambda: NOW) as other:
        assert other.suggestion(told["id"])["result"]["sha256"] == told["result"]["sha256"]


def test_a_suggested_plan_becomes_a_draft_whose_edits_can_be_undone(planners):
    told = ask(planners.planner, grids=7)
    plan = plan_of(told, "default")
    made = planners.planner.post(
        f"/api/suggestions/{told['id']}/draft", json={"name": "优化方案", "why": "户数均衡"}
    )
    assert made.status_code == 201, made.text
    draft = made.json()
    assert draft["version"] == len(draft["log"]) == len(draft["in_effect"]) > 0
    assert {one["why"] for one in draft["log"]} == {"户数均衡"}
    assert cells(planners.planner, draft["id"]) == plan["atoms"]
    undone = planners.planner.post(
        f"/api/drafts/{draft['id']}/undo", json={"version": draft["version"]}
    )
    assert undone.status_code == 200, undone.text
    named = f"draft:{draft['id']}@{draft['version']}"
    found = planners.planner.get(f"/api/plans/measures?plan={named}&floor=150").json()
    assert found["whole"]["grids"] == 7
    assert found["whole"]["out_of_limits"] == 0
    publish = {
        "version": draft["version"] + 1, "edition": "planned", "effective_from": "2026-12-07",
        "why": "网格调整",
    }  # fmt: skip
    dry = planners.planner.post(f"/api/drafts/{draft['id']}/publish?dry_run=true", json=publish)
    assert dry.status_code == 200, dry.text


def test_a_draft_is_asked_about_as_it_stands_and_the_answer_is_a_scenario_of_it(planners):
    begun = planners.planner.post("/api/drafts", json={"name": "手工", "edition": "today"}).json()
    line = {
        "op": "split_atom",
        "atom": "C000101",
        "lines": [[[113.999, 34.0033], [114.002, 34.0036]]],
    }
    cut = planners.planner.post(
        f"/api/drafts/{begun['id']}/edits", json={"version": 0, "edit": line}
    )
    assert cut.status_code == 200, cut.text
    told = ask(planners.planner, draft=begun["id"], grids=7)
    assert (told["draft"], told["version"]) == (begun["id"], 1)
    plan = plan_of(told, "best_balance")
    assert len(plan["atoms"]) == 25
    made = planners.planner.post(
        f"/api/suggestions/{told['id']}/draft", json={"name": "手工再优化", "plan": "best_balance"}
    )
    assert made.status_code == 201, made.text
    scenario = made.json()
    assert (scenario["branched_from"], scenario["branched_version"]) == (begun["id"], 1)
    assert groups(cells(planners.planner, scenario["id"])) == groups(plan["atoms"])
    compared = planners.planner.get(f"/api/plans/compare?before=today&after=draft:{scenario['id']}")
    assert compared.status_code == 200, compared.text
    whole = compared.json()["whole"]
    assert (whole["grids_before"], whole["grids_after"]) == (8, 7)
    assert whole["households_moved"] > 0


def test_rules_reach_the_optimiser(planners):
    today = planners.planner.get("/api/plans/measures?floor=150").json()
    homes = {one["code"]: one["households"] for one in today["grids"]}
    told = ask(
        planners.planner,
        locked=["C0004"], together=[["C000101", "C000201"]], apart=[["C100501", "C100502"]],
        change=0.1, second="reports",
    )  # fmt: skip
    (one,) = told["result"]["plans"]
    assert one["style"] == "asked"
    grids = one["atoms"]
    assert {a for a in grids if grids[a] == "C0004"} == {a for a in grids if a[:5] == "C0004"}
    assert grids["C000101"] == grids["C000201"]
    assert grids["C100501"] != grids["C100502"]
    inside = ask(planners.planner, area={"level": "community", "code": "C0"}, grids=[3, 4])
    for plan in inside["result"]["plans"]:
        assert {region["area"] for region in plan["regions"]} == {"C0"}
    few = ask(planners.planner, rebalance=["C1005", "C1006"], floor=1, ceiling=1000)
    (one,) = few["result"]["plans"]
    held = [reason["held"] for reason in one["reasons"]]
    before = [homes["C1005"], homes["C1006"]]
    assert sum(held) == sum(before)
    assert max(held) - min(held) <= max(before) - min(before)


def test_one_that_waits_is_watched_and_stopped(planners):
    started, end = threading.Event(), threading.Event()
    about = {"by": "li", "edition": "today", "draft": None, "version": None, "level": "grid",
             "asked": {}}  # fmt: skip
    first = planners.workspace._runs.start(about, stepping(started, end))
    assert started.wait(20)
    waiting = planners.planner.post("/api/suggestions", json=BAND)
    assert waiting.status_code == 201
    number = waiting.json()["id"]
    assert waiting.json()["state"] == "waiting"
    assert planners.planner.get(f"/api/suggestions/{first}").json()["state"] == "running"
    assert planners.worker.delete(f"/api/suggestions/{number}").status_code == 403
    stopped = planners.west.delete(f"/api/suggestions/{number}")
    assert stopped.json()["state"] == "stopped"
    assert stopped.json()["result"] is None
    running = planners.planner.delete(f"/api/suggestions/{first}")
    assert running.status_code == 200
    planners.workspace.wait_for_plans(first, 20)
    assert planners.planner.get(f"/api/suggestions/{first}").json()["state"] == "stopped"
    end.set()


def test_what_cannot_be_met_is_told_with_the_rule_to_relax(planners):
    told = ask(planners.planner, area={"level": "community", "code": "C0"}, floor=500, ceiling=510)
    for plan in told["result"]["plans"]:
        (finding,) = plan["findings"]
        assert finding["kind"] in {"total_between", "proved_impossible", "not_found"}
        assert finding["relax"]


@pytest.mark.parametrize(
    ("question", "status", "word"),
    [
        ({"edition": "none"}, 404, "no such edition"),
        ({"draft": 999}, 404, "draft"),
        ({"edition": "today", "draft": 1}, 422, "not both"),
        ({"locked": ["none"]}, 404, "none"),
        ({"together": [["C000101", "none"]]}, 404, "none"),
        ({"rebalance": ["none"]}, 404, "none"),
        ({"rebalance": ["C0001", "C0002"], "floor": 900, "ceiling": 950}, 422, "cannot share"),
        ({"second": "trees"}, 422, "trees"),
        ({"measure": "trees"}, 422, "trees"),
        ({"floor": 600, "ceiling": 500}, 422, "floor"),
        ({"grids": [9, 3]}, 422, "range"),
        ({"area": {"level": "community", "code": "C9"}}, 404, "C9"),
        ({"level": "hamlet"}, 422, "hamlet"),
        ({"barriers": ["wall"]}, 422, "barriers"),
        ({"until": "2020-01-01", "since": "2021-01-01"}, 422, "period"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_at_once(planners, question, status, word):
    answer = planners.planner.post("/api/suggestions", json=question)
    assert answer.status_code == status, answer.text
    assert word in answer.text


def test_a_number_of_grids_that_cannot_be_is_told_by_the_suggestion(planners):
    answer = planners.planner.post("/api/suggestions?wait_s=60", json={**BAND, "grids": 23})
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["state"] == "failed"
    assert "No division of this area has that many grids" in told["error"]
    assert told["result"] is None
    refused = planners.planner.post(f"/api/suggestions/{told['id']}/draft", json={"name": "无"})
    assert refused.status_code == 409


def test_only_planners_ask_and_a_planner_of_one_community_begins_no_draft_of_another(planners):
    assert planners.worker.post("/api/suggestions", json={}).status_code == 403
    assert planners.worker.get("/api/plans/measures").status_code == 403
    told = ask(planners.west, grids=7)
    away = planners.west.post(f"/api/suggestions/{told['id']}/draft", json={"name": "越界"})
    assert away.status_code == 403
    names = {one["name"] for one in planners.planner.get("/api/drafts").json()["drafts"]}
    assert "越界" not in names
    assert planners.planner.get("/api/suggestions/9999").status_code == 404


def test_plans_by_name_are_compared_replayed_and_exported(planners, tmp_path):
    told = ask(planners.planner, grids=7)
    draft = planners.planner.post(
        f"/api/suggestions/{told['id']}/draft", json={"name": "七格", "plan": "best_balance"}
    ).json()
    name = f"draft:{draft['id']}"
    compared = planners.planner.get(f"/api/plans/compare?before=today&after={name}").json()
    moved = sum(f["households"] for f in compared["flows"] if f["moved"])
    assert moved == compared["whole"]["households_moved"]
    assert len(compared["cells"]) == 24
    assert {one["kind"] for one in compared["grids"]}
    replayed = planners.planner.get(f"/api/plans/replay?plan={name}&before=today&by=item").json()
    assert replayed["reports"] == 3
    assert sum(row["0301"] for row in replayed["load"].values()) == 3
    assert set(replayed["load"]) == set(plan_of(told, "best_balance")["atoms"].values())
    file = planners.planner.get(f"/api/plans/compare.gpkg?before=today&after={name}")
    path = tmp_path / "comparison.gpkg"
    path.write_bytes(file.content)
    assert {layer for layer, _ in pyogrio.list_layers(path)} == {
        "before", "after", "cells", "flows",
    }  # fmt: skip
    page = planners.planner.get(f"/api/plans/compare.html?before=today&after={name}")
    assert "gridmap.addSwipe" in page.text
    assert "<script src" not in page.text
    assert planners.planner.get("/api/plans/compare?before=today&after=none").status_code == 404
    assert planners.planner.get("/api/plans/replay?plan=draft:999").status_code == 404


# -- how suggestions are kept ---------------------------------------------------------------


@pytest.fixture
def runs(tmp_path):
    kept = PlanRuns(tmp_path / "suggestions", lambda: NOW)
    yield kept
    kept.close()


def stepping(started, may_end):
    """Work that does one step after another until it is told to stop."""

    def work(progress, stop):
        for step in range(10_000):
            progress(step, None)
            started.set()
            if stop():
                raise Conflict("The suggestion was stopped.")
            if may_end.wait(0.01):
                return {"plans": step}
        return {}

    return work


def test_one_under_way_and_those_that_wait_can_be_stopped(runs):
    started, end = threading.Event(), threading.Event()
    first = runs.start({}, stepping(started, end))
    second = runs.start({}, stepping(threading.Event(), end))
    assert started.wait(20)
    assert runs.told(first)["state"] == "running"
    assert runs.told(second)["state"] == "waiting"
    assert runs.stop(second)["state"] == "stopped"
    runs.stop(first)
    runs.wait(first, 20)
    assert runs.told(first)["state"] == "stopped"
    with pytest.raises(Conflict, match="no plans"):
        runs.result(first)
    end.set()
    third = runs.start({}, stepping(started, end))
    runs.wait(third, 20)
    assert runs.told(third)["state"] == "done"
    assert "plans" in runs.result(third)
    assert runs.stop(third)["state"] == "done"


def test_no_more_wait_than_may_and_closing_ends_all(runs):
    started, never = threading.Event(), threading.Event()
    numbers = [runs.start({}, stepping(started, never)) for _ in range(MOST_WAITING)]
    with pytest.raises(Conflict, match="Too many"):
        runs.start({}, stepping(started, never))
    runs.close()
    assert {runs.told(n)["state"] for n in numbers} <= {"stopped", "waiting"}


def test_one_whose_process_is_gone_is_told_as_lost(runs):
    number = runs.start({}, lambda progress, stop: {})
    runs.wait(number, 20)
    path = runs._path(number)
    path.write_bytes(path.read_bytes().replace(b'"done"', b'"running"', 1))
    text = path.read_text(encoding="utf-8").replace('"owner":"', '"owner":"elsewhere-')
    path.write_text(text, encoding="utf-8")
    late = PlanRuns(runs._folder, lambda: NOW.replace(hour=23))
    assert late.told(number)["state"] == "lost"
