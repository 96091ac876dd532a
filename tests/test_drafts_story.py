"""A plan from the first edit to the Monday it is in force, over HTTP and by command."""

from __future__ import annotations

import pytest

from tests.cli_district import gridmap
from tests.draft_doors import MONDAY, SUNDAY, begin, edit

pytest_plugins = ["tests.draft_fixtures"]

# Any number of grids, of a few of these homes each.
BAND = {"floor": 60, "ceiling": 900, "seed": 3}
SPOT = (114.0015, 34.0035)


def located(town, at):
    """The grid of the spot at a date, as the service and as the command answer; they agree."""
    lon, lat = SPOT
    answer = town.li.get("/api/locate", params={"lon": lon, "lat": lat, "at": at})
    assert answer.status_code == 200, answer.text
    said = gridmap("locate", lon, lat, "--at", at, "--json", "--store", town.url)
    assert said.exit_code == 0, said.output
    area = answer.json()["areas"]["grid"]
    code = area["code"] if isinstance(area, dict) else area
    assert code in said.stdout
    return code


def test_draft_edit_refuse_undo_suggest_compare_publish_for_monday_and_roll_back(town):
    before = town.workspace.locate(*SPOT, at=SUNDAY).areas["grid"]
    number = begin(town.li, "网格优化", edition="today", why="规模均衡")["id"]
    moved = edit(town.li, number, 0, {"op": "reassign", "to": "C0002", "atoms": ["C000102"]})
    assert moved.status_code == 200, moved.text
    torn = edit(town.li, number, 1, {"op": "reassign", "to": "C0001", "atoms": ["C000401"]})
    assert torn.status_code == 409
    reason = torn.json()["reasons"][0]
    assert (reason["kind"], reason["text"] != reason["text_en"]) == ("in_pieces", True)
    assert 114.0 < reason["lon"] < 114.006 and 34.0 < reason["lat"] < 34.004  # noqa: PT018
    undone = town.li.post(f"/api/drafts/{number}/undo", json={"version": 1})
    redone = town.li.post(f"/api/drafts/{number}/redo", json={"version": 2})
    assert (undone.json()["version"], redone.json()["version"]) == (2, 3)

    ask = {"version": 3, "area": ["community", "C1"], "grids": [3, 3], "locked": [], **BAND}
    dry = town.li.post(f"/api/drafts/{number}/suggest?dry_run=true", json=ask)
    assert dry.status_code == 200, dry.text
    assert [one["style"] for one in dry.json()["plans"]] == [
        "least_change", "default", "best_balance",
    ]  # fmt: skip
    assert (dry.json()["committed"], dry.json()["outcome"], dry.json()["version"]) == (
        False, None, 3,
    )  # fmt: skip
    taken = town.li.post(f"/api/drafts/{number}/suggest", json={**ask, "why": "建议方案"})
    assert taken.status_code == 200, taken.text
    outcome = taken.json()["outcome"]
    assert outcome["entry"]["edit"]["op"] == "regroup"
    assert (outcome["entry"]["by"], outcome["entry"]["why"]) == ("li", "建议方案")
    assert taken.json()["plans"] == dry.json()["plans"]
    measures = town.li.get(f"/api/drafts/{number}/measures").json()
    east = [one for one in measures["grids"] if one["community"] == "C1"]
    assert len(east) == 3
    assert all(60 <= one["households"] <= 900 and one["pieces"] == 1 for one in east)
    assert {one["code"] for one in outcome["grids"]} <= {one["code"] for one in east}

    compared = town.li.get(f"/api/drafts/{number}/compare").json()
    assert (compared["before"], compared["after"]) == ("today", "网格优化")
    assert (compared["whole"]["grids_before"], compared["whole"]["grids_after"]) == (8, 7)
    flows = {(one["from"], one["to"]): one for one in compared["flows"]}
    assert flows["C0001", "C0002"]["moved"] is True
    held = town.workspace.draft_state(number, version=0).graph.amount["households"]
    assert sum(one["households"] for one in compared["flows"]) == held.sum()
    checked = town.li.get(f"/api/drafts/{number}/check").json()
    # The town's micro-grids have no names.
    assert (checked["faulty"], [one["kind"] for one in checked["faults"]]) == (
        False,
        ["blank_name"],
    )

    publish = {
        "version": 4, "edition": "2026-12", "effective_from": MONDAY, "why": "网格调整",
        "reports": "migrate",
    }  # fmt: skip
    assert town.wang.post(f"/api/drafts/{number}/publish", json={**publish, "version": 3}
                          ).json()["version"] == 4  # fmt: skip
    done = town.li.post(f"/api/drafts/{number}/publish", json=publish)
    assert done.status_code == 200, done.text
    assert located(town, SUNDAY) == before == "C0001"
    assert located(town, MONDAY) == "C0002"
    gone = {one["code"] for one in done.json()["retired"] if one["level"] == "grid"}
    new = {one["code"] for one in east} - {"C1005", "C1006", "C1007", "C1008"}
    assert gone | new
    assert not gone & {one["code"] for one in measures["grids"]}

    town.workspace.rollback(to="today", effective_from="2026-12-07", why="复核", commit=True)
    assert located(town, "2026-12-06") == "C0002"
    assert located(town, "2026-12-07") == before


def test_what_was_suggested_is_undone_in_one_step_and_of_a_stale_draft_nothing_is_taken(town):
    number = begin(town.li, "建议撤销", edition="today")["id"]
    ask = {"version": 0, "area": ["community", "C1"], "grids": [3, 3], **BAND}
    taken = town.li.post(f"/api/drafts/{number}/suggest", json=ask)
    assert taken.status_code == 200, taken.text
    state = town.workspace.draft_state
    late = town.wang.post(f"/api/drafts/{number}/suggest", json=ask)
    assert (late.status_code, late.json()["version"]) == (409, 1)
    again = town.wang.post(f"/api/drafts/{number}/suggest", json={**ask, "version": 1})
    assert again.status_code == 409, again.text
    assert again.json()["reasons"][0]["kind"] == "nothing"
    town.wang.post(f"/api/drafts/{number}/undo", json={"version": 1})
    assert state(number).fingerprint() == state(number, version=0).fingerprint()
    redone = town.wang.post(f"/api/drafts/{number}/redo", json={"version": 2})
    assert redone.status_code == 200
    assert state(number).fingerprint() == state(number, version=1).fingerprint()


def test_two_planners_lose_nothing_when_the_second_makes_the_edit_again_on_what_is_there(town):
    number = begin(town.li, "两人", edition="today")["id"]
    mine = {"op": "merge_grids", "grids": ["C1005", "C1006"]}
    first = edit(town.li, number, 0, {"op": "split_grid", "grid": "C0003", "parts": [["C000301"]]})
    late = edit(town.wang, number, 0, mine)
    assert (first.status_code, late.status_code) == (200, 409)
    stale = late.json()
    assert [(one["by"], one["edit"]["op"]) for one in stale["changes"]] == [("li", "split_grid")]
    again = edit(town.wang, number, stale["version"], mine)
    assert again.status_code == 200, again.text
    found = town.li.get(f"/api/drafts/{number}").json()
    assert [one["by"] for one in found["log"]] == ["li", "wang"]
    codes = set(town.workspace.draft_state(number).grid_at)
    assert "C1006" not in codes or "C1005" not in codes
    assert len(codes) == 8


def test_a_code_that_another_draft_has_published_is_not_given_again(town):
    first, second = (begin(town.li, name, edition="today")["id"] for name in ("先", "后"))
    split = {"op": "split_grid", "grid": "C0003", "parts": [["C000301"]]}
    other = {"op": "split_grid", "grid": "C0004", "parts": [["C000401"]]}
    made = edit(town.li, first, 0, split).json()["entry"]["edit"]["codes"]
    assert edit(town.li, second, 0, split).json()["entry"]["edit"]["codes"] == made
    town.li.post(f"/api/drafts/{second}/undo", json={"version": 1})
    publish = {"version": 1, "edition": "2027", "effective_from": "2027-01-04", "why": "分设"}
    done = town.li.post(f"/api/drafts/{first}/publish", json=publish)
    assert done.status_code == 200, done.text
    later = edit(town.li, second, 2, other)
    assert later.status_code == 200, later.text
    codes = set(later.json()["entry"]["edit"]["codes"])
    assert not codes & (set(made) - {"C0003", "C0004"})
    taken = edit(town.li, second, 3, {"op": "recode", "level": "grid", "code": "C0002",
                                      "to": (set(made) - {"C0003"}).pop()})  # fmt: skip
    assert taken.json()["reasons"][0]["kind"] == "taken_code"


def test_a_draft_that_was_given_up_is_read_and_branched_from_but_not_edited(town):
    number = begin(town.li, "放弃", edition="today")["id"]
    edit(town.li, number, 0, {"op": "reassign", "to": "C0002", "atoms": ["C000102"]})
    late = town.li.post(f"/api/drafts/{number}/discard", json={"version": 0})
    assert late.status_code == 409
    gone = town.li.post(f"/api/drafts/{number}/discard", json={"version": 1, "why": "另行设计"})
    assert gone.status_code == 200, gone.text
    told = gone.json()
    assert (told["state"], told["discarded_by"], told["discarded_why"]) == (
        "discarded", "li", "另行设计",
    )  # fmt: skip
    assert told["discarded_at"].endswith("+08:00")
    for address in ("undo", "discard"):
        answer = town.li.post(f"/api/drafts/{number}/{address}", json={"version": 1})
        assert answer.status_code == 409
        assert "discarded" in answer.json()["detail"]
    branch = town.li.post(f"/api/drafts/{number}/branch", json={"name": "再来"})
    assert (branch.status_code, branch.json()["state"]) == (201, "open")


def test_the_optimiser_works_for_one_at_a_time(town):
    from gridmap.workspace.draft_suggesting import ONE_AT_A_TIME

    number = begin(town.li, "同时", edition="today")["id"]
    ask = {"version": 0, "area": ["community", "C1"], "grids": [3, 3], **BAND}
    with ONE_AT_A_TIME:
        busy = town.li.post(f"/api/drafts/{number}/suggest", json=ask)
    assert busy.status_code == 409
    assert "already" in busy.json()["detail"]
    assert town.li.post(f"/api/drafts/{number}/suggest", json=ask).status_code == 200


@pytest.mark.parametrize(
    ("ask", "status"),
    [
        ({"area": ["grid", "C0001"]}, 422),
        ({"area": ["community", "none"]}, 404),
        ({"grids": [900, 900]}, 422),
        ({"only": ["none"]}, 404),
        ({"only": ["C0001"], "grids": [1, 1]}, 422),
        ({"floor": 900, "ceiling": 60}, 422),
        ({"measure": "people"}, 422),
        ({"plan": "asked"}, 422),
    ],
)
def test_what_cannot_be_suggested_is_told(town, ask, status):
    number = next(
        (one["id"] for one in town.li.get("/api/drafts").json()["drafts"] if one["name"] == "问"),
        None,
    ) or begin(town.li, "问", edition="today")["id"]  # fmt: skip
    answer = town.li.post(
        f"/api/drafts/{number}/suggest",
        json={"version": 0, "area": ["community", "C0"], **BAND, **ask}
        if "only" not in ask
        else {"version": 0, **BAND, **ask},
    )
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]
