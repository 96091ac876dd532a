"""Plans of editions that are not divided alike everywhere: stored, suggested, taken over."""

from __future__ import annotations

import pytest

from gridmap.errors import BadValue, EditRefused
from gridmap.planning.plan import named_plan, today_plan
from tests.demo_doors import run
from tests.patchy_town import (
    BARE,
    WHOLE,
    WHOLE_HOMES,
    put_coarse,
    put_gridless,
    put_patchy,
    put_unnamed,
)

pytest_plugins = ["tests.plan_town"]

REST = "C1~0"


@pytest.fixture(scope="module")
def patchy(planners, tmp_path_factory):
    """The town of planners, with drafts of three editions more."""
    folder = tmp_path_factory.mktemp("patchy")
    put_patchy(planners.workspace, folder)
    put_coarse(planners.workspace, folder)
    put_gridless(planners.workspace, folder)
    put_unnamed(planners.workspace, folder)
    return planners


def regrouped(graph, moves):
    """A plan in which some atoms are in the grids of others."""
    grid_of = graph.today.copy()
    for atom, other in moves.items():
        grid_of[graph.place[atom]] = graph.today[graph.place[other]]
    return named_plan(graph, "planned", grid_of)


# -- stored ---------------------------------------------------------------------------------


def test_a_plan_is_stored_where_a_grid_is_not_divided_and_ground_is_in_none(patchy):
    workspace = patchy.workspace
    graph = workspace.planning_graph("patchy")
    assert {WHOLE, REST, BARE} <= set(graph.code)
    beside = next(
        str(graph.code[j])
        for e in range(len(graph.a))
        for i, j in ((graph.a[e], graph.b[e]), (graph.b[e], graph.a[e]))
        if graph.code[i] == REST
    )
    plan = regrouped(graph, {REST: beside})
    dry = workspace.store_plan(graph, plan, "stored")
    made = workspace.store_plan(graph, plan, "stored", commit=True)
    assert (dry.grids, dry.new_codes, dry.gone_codes) == (8, (), ())
    assert (made.grids, made.atoms_moved) == (8, 1)
    before, after = (workspace.store.coverage(name) for name in ("patchy", "stored"))
    assert after.code[after.rows("grid")].tolist() == plan.code.tolist()
    assert after.code[after.rows("community")].tolist() == ["C0", "C1", BARE]
    whole = after.row("grid", WHOLE)
    assert whole in after.atoms
    assert after.shapes[whole].equals(before.shapes[before.row("grid", WHOLE)])
    assert workspace.store.attributes("stored", "grid")[WHOLE]["households"] == WHOLE_HOMES
    grid = after.row("grid", str(plan.code[plan.grid_of[graph.place[REST]]]))
    assert after.shapes[grid].covers(before.shapes[before.row("grid", REST)])
    assert "~" not in "".join(after.code.tolist())
    assert not [one for one in workspace.check("stored") if one.severity == "error"]


def test_grids_that_have_no_finer_areas_are_shared_among_communities(patchy):
    workspace = patchy.workspace
    graph = workspace.planning_graph("coarse", level="community")
    plan = regrouped(graph, {"C0002": "C1005"})
    workspace.store_plan(graph, plan, "shared", commit=True)
    after = workspace.store.coverage("shared")
    parents = dict(
        zip(after.code, (after.code[p] if p >= 0 else None for p in after.parent), strict=True)
    )
    # Codes of grids begin with their community's.
    assert "C0002" not in parents
    assert sorted(parents.values(), key=str) == ["C0"] * 3 + ["C1"] * 5 + [None] * 2
    held = workspace.store.attributes("shared", "community")
    assert (held["C0"]["households"], held["C1"]["households"]) == (900, 1500)


def test_what_cannot_be_stored_is_told_by_the_dry_run(patchy):
    workspace = patchy.workspace
    graph = workspace.planning_graph("patchy")
    with pytest.raises(EditRefused, match="no finer areas"):
        workspace.store_plan(graph, regrouped(graph, {WHOLE: "C000201"}), "never")
    communities = workspace.planning_graph("today", level="community")
    with pytest.raises(BadValue, match="the one right above"):
        workspace.store_plan(communities, today_plan(communities), "never")


def test_plans_are_compared_where_a_grid_is_not_divided(patchy):
    graph = patchy.workspace.planning_graph("patchy")
    today = today_plan(graph)
    same = patchy.workspace.compare_plans(graph, today, today)
    assert not same.moved.any()
    assert same.whole()["grids_kept"] == 8
    moved = patchy.workspace.compare_plans(graph, today, regrouped(graph, {"C000301": WHOLE}))
    assert graph.code[moved.moved].tolist() == ["C000301"]


def test_a_code_that_was_made_up_stays_so_until_an_area_gets_one(patchy):
    workspace, client = patchy.workspace, patchy.planner
    before = workspace.store.coverage("unnamed")
    assert before.code[before.provisional].tolist() == ["~1", "C100501~2"]
    graph = workspace.planning_graph("unnamed")
    workspace.store_plan(graph, regrouped(graph, {"C000301": "C000201"}), "told", commit=True)
    after = workspace.store.coverage("told")
    assert after.code[after.provisional].tolist() == ["~1", "C100501~2"]

    def warned(edition):
        return [one.codes for one in workspace.check(edition) if one.kind.endswith("_code")]

    assert warned("told") == warned("unnamed") != []
    draft = client.post("/api/drafts", json={"name": "coded", "edition": "unnamed"}).json()["id"]
    words = {"op": "recode", "level": "microgrid", "code": "C100501~2", "to": "C100599"}
    coded = client.post(f"/api/drafts/{draft}/edits", json={"version": 0, "edit": words})
    assert coded.status_code == 200, coded.text
    after = workspace._plan_coverage(f"draft:{draft}", None)
    assert after.code[after.provisional].tolist() == ["~1"]


# -- suggested ------------------------------------------------------------------------------

BAND = {"floor": 150, "ceiling": 700}


def suggested(client, **question):
    answer = client.post("/api/suggestions?wait_s=60&atoms=true", json={**BAND, **question})
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["state"] == "done", told["error"]
    return told


def test_a_suggestion_leaves_what_is_not_divided_and_can_be_taken_over(patchy):
    told = suggested(patchy.planner, edition="patchy")
    for plan in told["result"]["plans"]:
        assert plan["atoms"][WHOLE] == WHOLE
        assert [a for a, grid in plan["atoms"].items() if grid == WHOLE] == [WHOLE]
        assert plan["atoms"][BARE] is None
        assert plan["atoms"][REST] is not None
        made = patchy.planner.post(
            f"/api/suggestions/{told['id']}/draft",
            json={"name": f"patchy {plan['style']}", "plan": plan["style"]},
        )
        assert made.status_code == 201, made.text
    draft = made.json()
    again = suggested(patchy.planner, draft=draft["id"])
    assert all(one["atoms"][WHOLE] == WHOLE for one in again["result"]["plans"])
    refused = patchy.planner.post(
        "/api/suggestions",
        json={**BAND, "edition": "patchy", "area": {"level": "community", "code": BARE}},
    )
    assert "nothing to plan" in refused.text


def test_the_command_begins_a_draft_and_stores_an_edition_of_such_a_suggestion(patchy):
    url = patchy.settings.store
    words = (
        "plan", "suggest", "patchy", "--floor", "150", "--ceiling", "700", "--pick",
        "best_balance", "--workers", "1", "--draft", "unlike", "--as", "unlike", "--commit",
        "--store", url,
    )  # fmt: skip
    said = run(*words)
    assert "'unlike', with 'best_balance'." in said
    after = patchy.workspace.store.coverage("unlike")
    assert after.row("grid", WHOLE) in after.atoms
    assert not [one for one in patchy.workspace.check("unlike") if one.severity == "error"]


def test_a_suggestion_on_a_draft_gives_no_code_that_the_draft_has_given_before(patchy):
    client = patchy.planner
    draft = client.post("/api/drafts", json={"name": "split", "edition": "today"}).json()["id"]
    cell = {"op": "split_grid", "grid": "C0001", "parts": [["C000102"]]}
    split = client.post(f"/api/drafts/{draft}/edits", json={"version": 0, "edit": cell})
    assert split.status_code == 200, split.text
    both = {"op": "merge_grids", "grids": ["C0001", "C0005"]}
    merged = client.post(f"/api/drafts/{draft}/edits", json={"version": 1, "edit": both})
    assert merged.status_code == 200, merged.text
    told = suggested(client, draft=draft, grids=5, area={"level": "community", "code": "C0"})
    for plan in told["result"]["plans"]:
        assert "C0005" not in plan["atoms"].values()
        made = client.post(
            f"/api/suggestions/{told['id']}/draft",
            json={"name": f"split {plan['style']}", "plan": plan["style"]},
        )
        assert made.status_code == 201, made.text


# -- no grids yet ---------------------------------------------------------------------------


def test_a_town_without_grids_is_measured(patchy):
    for answer in (
        patchy.planner.get("/api/plans/measures?plan=gridless"),
        patchy.planner.get("/api/plans/measures?plan=gridless&level=grid&measure=households"),
    ):
        assert answer.status_code == 200, answer.text
        assert answer.json()["whole"]["grids"] == 0
        assert (answer.json()["grids"], answer.json()["by_area"]) == ([], [])
    assert "grids" in run("plan", "measure", "gridless", "--store", patchy.settings.store)


def test_a_town_without_grids_gets_its_first_ones(patchy):
    told = suggested(patchy.planner, edition="gridless")
    plan = told["result"]["plans"][-1]
    assert None not in plan["atoms"].values()
    made = patchy.planner.post(
        f"/api/suggestions/{told['id']}/draft", json={"name": "first", "plan": plan["style"]}
    )
    assert made.status_code == 201, made.text
    named = f"draft:{made.json()['id']}"
    found = patchy.planner.get(f"/api/plans/measures?plan={named}&floor=150&ceiling=700").json()
    assert found["whole"]["grids"] == plan["grids"]
    compared = patchy.planner.get(f"/api/plans/compare?before=gridless&after={named}")
    assert compared.status_code == 200, compared.text
    assert compared.json()["whole"]["grids_after"] == plan["grids"]
    replayed = patchy.planner.get(f"/api/plans/replay?before=gridless&plan={named}")
    assert replayed.status_code == 200, replayed.text


def test_the_command_stores_the_first_grids_of_a_town(patchy):
    said = run(
        "plan", "suggest", "gridless", "--floor", "150", "--ceiling", "700", "--workers", "1",
        "--as", "gridded", "--draft", "to edit", "--commit", "--store", patchy.settings.store,
    )  # fmt: skip
    assert "as the draft gridded" in said
    assert "'to edit'" in said
    workspace = patchy.workspace
    coverage = workspace.store.coverage("gridded")
    grids = coverage.rows("grid")
    assert len(grids) > 4
    assert {coverage.code[p] for p in coverage.parent[grids]} == {"C0", "C1"}
    held = workspace.store.attributes("gridded", "grid")
    graph = workspace.planning_graph("gridless")
    assert sum(one["households"] for one in held.values()) == graph.amount["households"].sum()
    assert not [one for one in workspace.check("gridded") if one.severity == "error"]
