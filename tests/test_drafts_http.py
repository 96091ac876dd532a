"""Drafts through HTTP, in both stores: edited by two planners, refused, undone, published."""

from __future__ import annotations

import pytest

from gridmap.access import Actor, Scope
from gridmap.coverage.importing.incoming import ColumnMap
from gridmap.errors import Conflict, NotFound, Stale
from gridmap.planning.log import LogEntry
from gridmap.settings import Settings
from gridmap.workspace import open_workspace
from tests.draft_doors import MONDAY, NOW, SUNDAY, begin, edit

pytest_plugins = ["tests.draft_fixtures"]


def located(town, at, lon, lat):
    found = town.workspace.locate(lon, lat, at=at)
    return found.areas["grid"]


def test_a_plan_is_drawn_refused_undone_and_in_force_from_monday_until_it_is_rolled_back(town):
    draft = begin(town.li, "十一月方案", why="网格调整")
    number = draft["id"]
    assert (draft["version"], draft["level"], draft["edition"]) == (0, "grid", "today")
    report = {"lon": 114.0015, "lat": 34.0035, "coord_sys": "wgs84", "item": "0301"}
    town.workspace.submit_report(report, key="drafts-open-report")

    moved = edit(
        town.li, number, 0,
        {"op": "reassign", "to": "C0002", "atoms": ["C000102"]}, why="户数均衡",
    )  # fmt: skip
    assert moved.status_code == 200, moved.text
    body = moved.json()
    assert body["version"] == 1
    assert {one["code"] for one in body["grids"]} == {"C0001", "C0002"}
    assert all(one["pieces"] == 1 and one["held"]["households"] >= 0 for one in body["grids"])

    torn = edit(town.li, number, 1, {"op": "reassign", "to": "C0001", "atoms": ["C000401"]})
    assert torn.status_code == 409
    problem = torn.json()
    assert problem["type"].endswith("edit-refused")
    assert problem["reasons"][0]["kind"] == "in_pieces"
    assert 114.0 < problem["reasons"][0]["lon"] < 114.006
    across = edit(town.li, number, 1, {"op": "reassign", "to": "C1005", "atoms": ["C000201"]})
    assert across.json()["reasons"][0]["kind"] == "other_parent"

    state = town.workspace.draft_state(number).fingerprint()
    undone = town.li.post(f"/api/drafts/{number}/undo", json={"version": 1})
    assert undone.json()["version"] == 2
    assert undone.json()["redo"] == 1
    assert town.workspace.draft_state(number).fingerprint() == (
        town.workspace.draft_state(number, version=0).fingerprint()
    )
    redone = town.li.post(f"/api/drafts/{number}/redo", json={"version": 2})
    assert redone.json()["version"] == 3
    assert town.workspace.draft_state(number).fingerprint() == state
    assert town.li.post(f"/api/drafts/{number}/redo", json={"version": 3}).status_code == 409

    log = town.li.get(f"/api/drafts/{number}").json()
    assert [one["action"] for one in log["log"]] == ["edit", "undo", "redo"]
    assert log["log"][0]["why"] == "户数均衡"
    assert log["in_effect"] == [1]

    publish = {
        "version": 3, "edition": "2026-12", "effective_from": MONDAY, "why": "网格调整",
        "reports": "migrate",
    }  # fmt: skip
    dry = town.li.post(f"/api/drafts/{number}/publish?dry_run=true", json=publish)
    assert dry.status_code == 200, dry.text
    assert dry.json()["committed"] is False
    assert [one["changed"]["grid"] for one in dry.json()["moves"]] == [["C0001", "C0002"]]
    assert "2026-12" not in {one["name"] for one in town.workspace.editions()}
    done = town.li.post(f"/api/drafts/{number}/publish", json=publish)
    assert done.status_code == 200, done.text
    assert done.json()["committed"] is True
    spot = (114.0015, 34.0035)
    assert located(town, SUNDAY, *spot) == "C0001"
    assert located(town, MONDAY, *spot) == "C0002"
    closed = edit(town.li, number, 3, {"op": "reassign", "to": "C0001", "atoms": ["C000102"]})
    assert closed.status_code == 409
    assert town.li.get(f"/api/drafts/{number}").json()["published_as"] == "2026-12"

    town.workspace.rollback(to="today", effective_from="2026-12-07", why="复核", commit=True)
    assert located(town, "2026-12-06", *spot) == "C0002"
    assert located(town, "2026-12-07", *spot) == "C0001"


def test_two_planners_lose_nothing_and_are_told_what_the_other_did(town):
    number = begin(town.li, "两人同改", edition="today")["id"]
    edit(town.li, number, 0, {"op": "reassign", "to": "C0002", "atoms": ["C000102"]})
    late = edit(town.wang, number, 0, {"op": "merge_grids", "grids": ["C1005", "C1006"]})
    assert late.status_code == 409
    problem = late.json()
    assert problem["type"].endswith("stale")
    assert problem["version"] == 1
    assert [one["by"] for one in problem["changes"]] == ["li"]
    assert problem["changes"][0]["changed"][0]["code"] == "C000102"
    assert problem["changes"] == town.li.get(f"/api/drafts/{number}").json()["log"]
    again = edit(town.wang, number, 1, {"op": "merge_grids", "grids": ["C1005", "C1006"]})
    assert again.status_code == 200, again.text
    log = town.li.get(f"/api/drafts/{number}").json()["log"]
    assert [one["by"] for one in log] == ["li", "wang"]


def test_another_process_makes_the_same_state_from_the_log(town):
    number = begin(town.li, "另一进程", edition="today")["id"]
    plans = [
        {"op": "split_grid", "grid": "C0003", "parts": [["C000301"]]},
        {"op": "exclusive", "title": "开发区", "outline": {"type": "Polygon", "coordinates": [[
            [114.0032, 34.0002], [114.0044, 34.0002], [114.0044, 34.0012], [114.0032, 34.0012],
            [114.0032, 34.0002]]]}},
        {"op": "split_atom", "atom": "C000101",
         "lines": [[[113.999, 34.0033], [114.002, 34.0036]]]},
        {"op": "describe", "level": "grid", "code": "C0002", "name": "新二网格",
         "attributes": {"phase": 2}},
    ]  # fmt: skip
    for version, plan in enumerate(plans):
        answer = edit(town.li, number, version, plan)
        assert answer.status_code == 200, answer.text
    with open_workspace(settings=Settings(store=town.url), clock=lambda: NOW) as other:
        assert other.draft_state(number).fingerprint() == (
            town.workspace.draft_state(number).fingerprint()
        )
    layer = town.li.get(f"/api/drafts/{number}/geojson")
    assert layer.headers["content-type"] == "application/geo+json"
    kinds = [f["properties"]["kind"] for f in layer.json()["features"]]
    assert kinds.count("exclusive") == 1
    borders = town.li.get(f"/api/drafts/{number}/geojson?layer=borders").json()["features"]
    assert {"left", "right", "left_grid", "right_grid"} <= set(borders[0]["properties"])
    found = town.li.get(f"/api/drafts/{number}/measures").json()
    held = town.workspace.draft_state(number, version=0).graph.amount["households"].sum()
    assert found["whole"]["households"] == held == sum(g["households"] for g in found["grids"])
    assert town.li.get(f"/api/drafts/{number}/geojson?layer=none").status_code == 404


def test_a_scenario_begins_with_what_was_in_effect_and_goes_its_own_way(town):
    number = begin(town.li, "主方案", edition="today")["id"]
    edit(town.li, number, 0, {"op": "reassign", "to": "C0002", "atoms": ["C000102"]})
    edit(town.li, number, 1, {"op": "merge_grids", "grids": ["C1005", "C1006"]})
    made = town.wang.post(f"/api/drafts/{number}/branch", json={"name": "方案乙", "version": 1})
    assert made.status_code == 201, made.text
    branch = made.json()
    assert made.headers["location"] == f"/api/drafts/{branch['id']}"
    assert (branch["branched_from"], branch["branched_version"], branch["version"]) == (
        number,
        1,
        1,
    )
    state = town.workspace.draft_state
    assert state(branch["id"]).fingerprint() == state(number, version=1).fingerprint()
    town.wang.post(f"/api/drafts/{branch['id']}/undo", json={"version": 1})
    assert state(branch["id"]).fingerprint() == state(number, version=0).fingerprint()
    assert town.li.get(f"/api/drafts/{number}").json()["version"] == 2
    assert (
        town.wang.post(f"/api/drafts/{number}/branch", json={"name": "方案乙"}).status_code == 409
    )


def test_who_draws_in_one_community_draws_in_no_other(town):
    number = begin(town.li, "范围", edition="today")["id"]
    own = edit(town.west, number, 0, {"op": "reassign", "to": "C0002", "atoms": ["C000102"]})
    assert own.status_code == 200, own.text
    away = edit(town.west, number, 1, {"op": "merge_grids", "grids": ["C1005", "C1006"]})
    assert away.status_code == 403
    assert edit(town.worker, number, 1, {"op": "renumber"}).status_code == 403
    assert town.worker.get("/api/drafts").status_code == 403


@pytest.mark.parametrize(
    ("what", "status"),
    [
        ({"op": "reassign", "to": "C0002", "atoms": ["none"]}, 404),
        ({"op": "reassign", "to": "none", "atoms": ["C000102"]}, 404),
        ({"op": "fly"}, 422),
        ({"op": "split_atom", "atom": "C000101", "along": {"layer": "roads", "name": "无"}}, 404),
        ({"op": "exclusive", "estate": "none"}, 404),
        ({"op": "exclusive"}, 422),
        ({"op": "split_atom", "atom": "C000101"}, 422),
        ({"op": "recode", "level": "grid", "code": "C0002", "to": "C0001"}, 409),
        ({"op": "exclusive", "outline": {"type": "Point", "coordinates": [114, 34]}}, 422),
        ({"op": "describe", "level": "grid", "code": "C0002"}, 422),
        ({"op": "split_grid", "grid": "C0003"}, 409),
        ({"op": "split_grid", "grid": "C0003", "lines": [[[114.0, 34.0], [114.0005, 34.0]]]}, 409),
        ({"op": "regroup", "grids": {}}, 422),
        ({"op": "regroup", "grids": {"C0009": ["C000101", "C100501"]}}, 409),
        ({"op": "regroup", "grids": {"C0001": ["C000101"]}}, 409),
        ({"op": "move_points", "moves": [[[114.0, 34.0], [114.001, 34.0]]]}, 409),
    ],
)
def test_what_cannot_be_done_is_told_and_changes_nothing(town, what, status):
    number = next(
        (one["id"] for one in town.li.get("/api/drafts").json()["drafts"] if one["name"] == "空"),
        None,
    ) or begin(town.li, "空", edition="today")["id"]  # fmt: skip
    answer = edit(town.li, number, 0, what)
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]
    assert town.li.get(f"/api/drafts/{number}").json()["version"] == 0


def test_the_log_is_never_changed_by_anybody(town):
    from gridmap.errors import Immutable

    number = begin(town.li, "存档", edition="today")["id"]
    edit(town.li, number, 0, {"op": "reassign", "to": "C0002", "atoms": ["C000102"]})
    for statement in ("UPDATE plan_edits SET why = 'x'", "DELETE FROM plan_edits"):
        with pytest.raises(Immutable), town.workspace.store._database.write() as connection:
            connection.exec_driver_sql(statement)


def test_an_edition_that_changed_under_a_draft_is_told(town, tmp_path):
    number = _over_another_edition(town, tmp_path, "底图变了")
    with (
        open_workspace(settings=Settings(store=town.url), clock=lambda: NOW) as other,
        pytest.raises(Conflict, match="changed since"),
    ):
        other.draft_state(number)


def test_a_draft_whose_edition_changed_is_given_up_by_who_draws_everywhere(town, tmp_path):
    number = _over_another_edition(town, tmp_path, "弃底图")
    west, li = (
        Actor.with_role("planner", name, Scope.of(areas=areas))
        for name, areas in (("west", ["community:C0"]), ("li", []))
    )
    with open_workspace(settings=Settings(store=town.url), clock=lambda: NOW) as other:
        # Where edits lie is told by the ground, which is not there any more.
        with pytest.raises(Conflict, match="changed since"):
            other.discard_draft(number, 1, commit=True, actor=west)
        with pytest.raises(Stale):
            other.discard_draft(number, 0, commit=True, actor=li)
        assert other.discard_draft(number, 1, actor=li)["state"] == "open"
        done = other.discard_draft(number, 1, why="重来", commit=True, actor=li)
        assert (done["state"], done["discarded_why"]) == ("discarded", "重来")
        with pytest.raises(Conflict, match="not changed any more"):
            other.discard_draft(number, 1, commit=True, actor=li)


def _over_another_edition(town, tmp_path, name):
    """A draft with an edit, over an edition that was imported anew since."""
    source = f"{name}底"
    town.workspace.draft(source, source="today", commit=True)
    number = begin(town.li, name, edition=source)["id"]
    taken = edit(town.li, number, 0, {"op": "reassign", "to": "C0002", "atoms": ["C000102"]})
    assert taken.status_code == 200, taken.text
    frame = town.workspace.store.coverage(source).frame("microgrid")
    path = tmp_path / "fewer.geojson"
    path.write_text(frame[frame["code"] != "C000101"].to_json(drop_id=True), encoding="utf-8")
    columns = ColumnMap(code="code", name="name", parent="parent_code")
    town.workspace.import_layer(
        str(path), edition=source, level="microgrid", columns=columns, commit=True
    )
    return number


def test_a_draft_opens_though_its_log_says_nothing_where_a_name_was_taken_away(town):
    number = begin(town.li, "旧清空", edition="today")["id"]
    lost = {"op": "describe", "level": "grid", "code": "C0002"}
    entry = LogEntry(1, NOW, "li", "edit", "", lost, (), ("C0",))
    town.workspace.store.append_plan_edit(number, 0, entry)
    assert town.li.get(f"/api/drafts/{number}/measures").status_code == 200
    assert town.li.post(f"/api/drafts/{number}/undo", json={"version": 1}).status_code == 200
    cleared = {"op": "describe", "level": "grid", "code": "C0002", "name": ""}
    assert edit(town.li, number, 2, cleared).status_code == 200
    with open_workspace(settings=Settings(store=town.url), clock=lambda: NOW) as other:
        state = other.draft_state(number)
        assert state.grids[state.grid_at["C0002"]].title == ""
        assert state.fingerprint() == town.workspace.draft_state(number).fingerprint()


def test_a_version_before_an_edit_that_cannot_be_made_again_is_opened_and_branched(town):
    number = begin(town.li, "坏记录", edition="today")["id"]
    entry = LogEntry(
        1, NOW, "li", "edit", "", {"op": "recode", "level": "grid", "code": "无", "to": "X"}, (), ()
    )
    town.workspace.store.append_plan_edit(number, 0, entry)
    assert town.li.get(f"/api/drafts/{number}/measures").status_code == 404
    assert town.li.get(f"/api/drafts/{number}/measures?version=0").status_code == 200
    made = town.li.post(f"/api/drafts/{number}/branch", json={"name": "修复", "version": 0})
    assert made.status_code == 201, made.text
    for version in (2, -1):
        with pytest.raises(NotFound, match="never had"):
            town.workspace.draft_state(number, version=version)


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("geojson", "draft_shapes"), ("measures", "draft_measures"),
        ("compare", "compare_draft"), ("check", "check_draft"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("when", ["before", "after"])
def test_what_is_looked_at_has_its_own_version_though_somebody_edits_meanwhile(
    town, monkeypatch, path, method, when
):
    number = begin(town.li, f"同时改 {path} {when}", edition="today")["id"]
    own = getattr(town.workspace, method)

    def disturbed(*words, **more):
        taken = {"op": "reassign", "to": "C0002", "atoms": ["C000102"]}
        found = own(*words, **more) if when == "after" else None
        assert edit(town.wang, number, 0, taken).status_code == 200
        return own(*words, **more) if found is None else found

    monkeypatch.setattr(town.workspace, method, disturbed)
    found = town.li.get(f"/api/drafts/{number}/{path}").json()
    monkeypatch.undo()
    told = town.li.get(f"/api/drafts/{number}/{path}", params={"version": found["version"]}).json()
    assert found == told
    assert town.li.get(f"/api/drafts/{number}").json()["version"] == 1
