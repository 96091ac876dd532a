"""What is published is what was drawn: other levels stay, and nothing done meanwhile is lost."""

from __future__ import annotations

import pytest
import shapely

from gridmap.access import Actor, Role, Scope
from gridmap.errors import NotAllowed
from gridmap.planning.log import LogEntry
from tests.draft_doors import NOW, begin, edit
from tests.planning_cases import LAT, LON, SIZE

pytest_plugins = ["tests.draft_fixtures"]

MOVED = {"op": "reassign", "to": "C0002", "atoms": ["C000102"]}


def called(name, code="C0003"):
    """The edit that gives a grid another name."""
    return {"op": "describe", "level": "grid", "code": code, "name": name}


def latest(town):
    """Name of the edition that is in force last."""
    dated = [one for one in town.workspace.editions() if one["effective_from"] is not None]
    return max(dated, key=lambda one: one["effective_from"])["name"]


def drawn(town, name, *edits):
    """Begin a draft with the latest edition, edit it, and return its number."""
    number = begin(town.li, name, edition=latest(town))["id"]
    for version, one in enumerate(edits):
        answer = edit(town.li, number, version, one)
        assert answer.status_code == 200, answer.text
    return number


def publish(town, number, version, edition, day, **more):
    """Publish a draft from a day of 2027, over HTTP."""
    body = {"version": version, "edition": edition, "effective_from": f"2027-01-{day:02d}", **more}
    return town.li.post(f"/api/drafts/{number}/publish", json=body)


def spot(column, row):
    """Longitude and latitude of a place on the board, from its south-west corner."""
    return LON + SIZE * column, LAT + SIZE * row


def communities(town, edition):
    """Code, name, kind and link of the communities of an edition, as stored."""
    coverage = town.workspace.store.coverage(edition)
    areas = [coverage.area(int(row)) for row in coverage.rows("community")]
    return {one.code: (one.name, one.kind, one.parent_code) for one in areas}


def test_communities_stay_beside_one_without_grids_and_ground_in_none(mixed):
    before = latest(mixed)
    number = drawn(mixed, "照旧", MOVED)
    done = publish(mixed, number, 1, "照旧", 1)
    assert done.status_code == 200, done.text
    known = communities(mixed, before)
    assert {"C0", "C1", "V"} < set(known)
    assert "remainder" in {kind for _, kind, _ in known.values()}
    assert communities(mixed, "照旧") == known
    assert done.json()["areas"]["community"] == len(known)
    store = mixed.workspace.store
    assert store.attributes("照旧", "community") == store.attributes(before, "community")
    sources = [
        {one["level"]: one["source"] for one in store.import_reports(name)}
        for name in (before, "照旧")
    ]
    assert sources[0]["community"] == sources[1]["community"]
    found = [
        mixed.workspace.locate(*spot(*at), at="2027-01-01").areas
        for at in ((1.5, 3.5), (6.5, 2), (7.5, 2))
    ]
    assert [(one.get("community"), one.get("grid")) for one in found] == [
        ("C0", "C0002"), ("V", None), (None, None),
    ]  # fmt: skip


def test_an_area_without_grids_is_drawn_and_described_and_the_others_of_its_level_stay(mixed):
    before = latest(mixed)
    state = mixed.workspace.draft_state(drawn(mixed, "东村"))
    rest = next(one.code for one in state.atoms if one.kind == "remainder")
    (x0, y0), (x1, y1) = spot(7, 0), spot(7, 4)
    border = [[x0, y0], [x0 + 0.3 * SIZE, (y0 + y1) / 2], [x1, y1]]
    number = drawn(
        mixed,
        "东村新界",
        {"op": "replace_border", "between": ["V", rest], "line": border},
        {"op": "describe", "level": "community", "code": "V", "name": "新东村",
         "attributes": {"households": 41}},
    )  # fmt: skip
    done = publish(mixed, number, 2, "东村新界", 2)
    assert done.status_code == 200, done.text
    known = communities(mixed, before)
    assert communities(mixed, "东村新界") == known | {"V": ("新东村", *known["V"][1:])}
    store = mixed.workspace.store
    assert store.attributes("东村新界", "community")["V"]["households"] == 41
    coverage = store.coverage("东村新界")
    village = coverage.shapes[coverage.row("community", "V")]
    assert shapely.covers(village, shapely.Point(*spot(7.1, 2)))
    assert not shapely.overlaps(village, coverage.shapes[coverage.row("community", rest)])
    assert coverage.fingerprint() == store.edition("东村新界").content_hash


def test_a_draft_whose_log_gave_to_a_grid_without_finer_areas_is_not_published(mixed):
    number = drawn(mixed, "旧记录")
    edit_then = {"op": "regroup", "grids": {"C0004": ["C000304"]}}
    entry = LogEntry(1, NOW, "li", "edit", "", edit_then, (), ("C0",))
    mixed.workspace.store.append_plan_edit(number, 0, entry)
    late = publish(mixed, number, 1, "旧记录", 8)
    assert late.status_code == 409, late.text
    reason = late.json()["reasons"][0]
    assert (reason["kind"], reason["codes"]) == ("whole_grid", ["C0004", "C000304"])
    back = {"op": "reassign", "to": "C0003", "atoms": ["C000304"]}
    assert edit(mixed.li, number, 1, back).status_code == 200
    body = {"version": 2, "edition": "旧记录", "effective_from": "2027-01-08"}
    dry = mixed.li.post(f"/api/drafts/{number}/publish?dry_run=true", json=body)
    assert dry.status_code == 200, dry.text


def test_a_grid_without_finer_areas_is_stored_as_it_is_named_and_described(mixed):
    before = latest(mixed)
    number = drawn(
        mixed,
        "四网格",
        {"op": "describe", "level": "grid", "code": "C0004", "name": "四网格", "name_en": "Four",
         "kind": "exclusive", "attributes": {"phase": 2}},
        {"op": "recode", "level": "grid", "code": "C0004", "to": "C0044"},
    )  # fmt: skip
    done = publish(mixed, number, 2, "四网格", 3)
    assert done.status_code == 200, done.text
    store = mixed.workspace.store
    coverage, former = store.coverage("四网格"), store.coverage(before)
    area = coverage.area(coverage.row("grid", "C0044"))
    assert (area.name, area.name_en, area.kind, area.parent_code) == (
        "四网格", "Four", "exclusive", "C0",
    )  # fmt: skip
    assert "C0004" not in set(coverage.code)
    assert coverage.shapes[coverage.row("grid", "C0044")].equals_exact(
        former.shapes[former.row("grid", "C0004")]
    )
    assert store.attributes("四网格", "grid")["C0044"] == (
        store.attributes(before, "grid")["C0004"] | {"phase": 2}
    )


def test_the_workers_told_with_an_edit_are_those_of_the_grid(mixed):
    number = drawn(mixed, "人手")
    for version, one in enumerate([
        {"op": "merge_grids", "grids": ["C1005", "C1006"], "code": "C1006"},
        {"op": "split_grid", "grid": "C0003", "parts": [["C000301"]]},
        {"op": "recode", "level": "grid", "code": "C1006", "to": "C1066"},
    ]):  # fmt: skip
        answer = edit(mixed.li, number, version, one)
        assert answer.status_code == 200, answer.text
        measures = mixed.li.get(f"/api/drafts/{number}/measures").json()["grids"]
        staff = {grid["code"]: grid["staff"] for grid in measures}
        told = {grid["code"]: grid["staff"] for grid in answer.json()["grids"]}
        assert told == {code: staff[code] for code in told}
        if not version:
            assert told == {"C1006": 3.0}


@pytest.fixture
def meanwhile(mixed, monkeypatch):
    """A function that has something done once the areas of an edition are written."""
    store = mixed.workspace.store
    copied = store.copy_edition

    def meanwhile(act):
        def copy_edition(*words, **more):
            made = copied(*words, **more)
            monkeypatch.undo()
            answer = act()
            assert answer.status_code == 200, answer.text
            return made

        monkeypatch.setattr(store, "copy_edition", copy_edition)

    return meanwhile


def test_an_edit_made_while_a_draft_is_published_is_told_and_not_lost(mixed, meanwhile):
    before = latest(mixed)
    number = drawn(mixed, "同时修改", called("甲"))
    meanwhile(lambda: edit(mixed.wang, number, 1, called("乙", "C1007")))
    late = publish(mixed, number, 1, "同时修改", 4)
    assert late.status_code == 409, late.text
    problem = late.json()
    assert problem["type"].endswith("stale")
    assert problem["version"] == 2
    assert problem["changes"] == mixed.li.get(f"/api/drafts/{number}").json()["log"][1:]
    assert latest(mixed) == before
    assert mixed.li.get(f"/api/drafts/{number}").json()["state"] == "open"
    again = publish(mixed, number, 2, "同时修改", 4)
    assert again.status_code == 200, again.text
    told = mixed.li.get(f"/api/drafts/{number}").json()
    assert (told["state"], told["published_version"]) == ("published", 2)
    stored = mixed.workspace.store.coverage("同时修改")
    names = {code: stored.name[stored.row("grid", code)] for code in ("C0003", "C1007")}
    assert names == {"C0003": "甲", "C1007": "乙"}


def test_of_a_draft_that_is_given_up_while_it_is_published_nothing_is_in_force(mixed, meanwhile):
    before = latest(mixed)
    number = drawn(mixed, "同时放弃", called("丙"))
    meanwhile(lambda: mixed.wang.post(f"/api/drafts/{number}/discard", json={"version": 1}))
    late = publish(mixed, number, 1, "同时放弃", 5)
    assert late.status_code == 409, late.text
    assert "discarded" in late.json()["detail"]
    assert latest(mixed) == before
    told = mixed.li.get(f"/api/drafts/{number}").json()
    assert (told["state"], told["published_as"]) == ("discarded", None)


def test_of_what_an_earlier_try_has_written_nothing_is_left(mixed, meanwhile):
    store = mixed.workspace.store
    before = store.coverage(latest(mixed))
    state = mixed.workspace.draft_state(drawn(mixed, "再试前"))
    one, other = state.atom("C000202"), state.atom("C100503")
    line = shapely.line_merge(shapely.intersection(state.shapes[one], state.shapes[other]))
    (x0, y0), (x1, y1) = line.coords[0], line.coords[-1]
    border = [[x0, y0], [(x0 + x1) / 2 + 0.2 * SIZE, (y0 + y1) / 2], [x1, y1]]
    number = drawn(
        mixed, "再试", {"op": "replace_border", "between": ["C000202", "C100503"], "line": border}
    )
    meanwhile(lambda: mixed.wang.post(f"/api/drafts/{number}/undo", json={"version": 1}))
    assert publish(mixed, number, 1, "再试", 6).status_code == 409
    assert edit(mixed.li, number, 2, called("丁")).status_code == 200
    done = publish(mixed, number, 3, "再试", 6)
    assert done.status_code == 200, done.text
    after = store.coverage("再试")
    assert after.fingerprint() == before.fingerprint()
    declared = after.geometry[after.row("community", "C0")]
    assert declared.equals_exact(before.geometry[before.row("community", "C0")])
    assert store.attributes("再试", "community") == store.attributes(before.edition, "community")


def test_a_draft_replaces_what_it_began_with_and_another_edition_only_for_a_reason(mixed):
    base = latest(mixed)
    places = {"先": "C0003", "后": "C1007"}
    numbers = [drawn(mixed, name, called(name, code)) for name, code in places.items()]
    assert publish(mixed, numbers[0], 1, "先", 11).status_code == 200
    for query in ("?dry_run=true", ""):
        body = {"version": 1, "edition": "后", "effective_from": "2027-01-12"}
        late = mixed.li.post(f"/api/drafts/{numbers[1]}/publish{query}", json=body)
        assert late.status_code == 409, late.text
        assert (late.json()["got"], late.json()["allowed"]) == ("先", base)
    assert latest(mixed) == "先"
    # From a date at which what it began with is still in force nothing is undone.
    early = publish(mixed, numbers[1], 1, "后", 10, accept_replaced="未用")
    assert early.status_code == 200, early.text
    told = mixed.li.get(f"/api/drafts/{numbers[1]}").json()
    assert (early.json()["begun_with"], told["replaced_why"]) == (None, None)
    # It is in force until the other one is.
    assert early.json()["followed_by"] == "先"
    assert early.json()["effective_to"].startswith("2027-01-11T00:00")


def test_why_a_draft_replaces_another_edition_is_recorded(mixed):
    base = latest(mixed)
    numbers = [drawn(mixed, name, called(name)) for name in ("原案", "改案")]
    assert publish(mixed, numbers[0], 1, "原案", 14).status_code == 200
    assert publish(mixed, numbers[1], 1, "改案", 15, accept_replaced=" ").status_code == 422
    done = publish(mixed, numbers[1], 1, "改案", 15, accept_replaced="以改案为准")
    assert done.status_code == 200, done.text
    assert (done.json()["replaces"], done.json()["begun_with"]) == ("原案", base)
    assert mixed.li.get(f"/api/drafts/{numbers[1]}").json()["replaced_why"] == "以改案为准"


def test_an_edition_put_in_force_again_is_the_one_that_a_draft_began_with(mixed):
    base = latest(mixed)
    numbers = [drawn(mixed, name, called(name)) for name in ("一稿", "二稿")]
    assert publish(mixed, numbers[0], 1, "一稿", 17).status_code == 200
    mixed.workspace.rollback(to=base, effective_from="2027-01-18", why="复核", commit=True)
    assert publish(mixed, numbers[1], 1, "二稿", 19).status_code == 200
    # So is what an edition that was never in force was drawn from.
    mixed.workspace.draft("底稿", source="二稿", commit=True)
    number = begin(mixed.li, "三稿", edition="底稿")["id"]
    assert edit(mixed.li, number, 0, called("三稿")).status_code == 200
    done = publish(mixed, number, 1, "三稿", 20)
    assert done.status_code == 200, done.text
    assert (done.json()["replaces"], done.json()["begun_with"]) == ("二稿", None)


def test_ground_in_no_community_is_drawn_by_who_draws_in_what_holds_it(mixed):
    number = drawn(mixed, "余地")
    state = mixed.workspace.draft_state(number)
    rest = next(one.code for one in state.atoms if one.kind == "remainder")
    words = {"op": "describe", "level": "community", "code": rest, "name": "余地"}
    assert edit(mixed.west, number, 0, words).status_code == 403
    street = mixed.client("street", Role.PLANNER, "street:S")
    assert edit(street, number, 0, words).status_code == 200
    for address in ("undo", "discard"):
        turned = mixed.west.post(f"/api/drafts/{number}/{address}", json={"version": 1})
        assert turned.status_code == 403
    assert street.post(f"/api/drafts/{number}/undo", json={"version": 1}).status_code == 200


def test_who_publishes_in_one_community_publishes_what_changes_there_alone(mixed):
    base = latest(mixed)
    number = drawn(mixed, "西区", called("西"), called("东", "C1007"))
    for query in ("?dry_run=true", ""):
        body = {"version": 2, "edition": "西区", "effective_from": "2027-01-21"}
        refused = mixed.west.post(f"/api/drafts/{number}/publish{query}", json=body)
        assert refused.status_code == 403, refused.text
        assert refused.json()["allowed"] == "community:C0"
    assert latest(mixed) == base
    # What is undone changes nothing.
    assert mixed.li.post(f"/api/drafts/{number}/undo", json={"version": 2}).status_code == 200
    done = mixed.west.post(f"/api/drafts/{number}/publish", json=body | {"version": 3})
    assert done.status_code == 200, done.text
    assert latest(mixed) == "西区"


def test_who_publishes_in_one_community_undoes_nothing_elsewhere(mixed):
    base = latest(mixed)
    mixed.workspace.draft("西区底稿", source=base, commit=True)
    unforced = begin(mixed.li, "未生效", edition="西区底稿")["id"]
    assert edit(mixed.li, unforced, 0, called("西一")).status_code == 200
    empty, mine = drawn(mixed, "无改动"), drawn(mixed, "西二稿", called("西二"))
    others = drawn(mixed, "东一稿", called("东一", "C1007"))
    assert publish(mixed, others, 1, "东一稿", 22).status_code == 200
    for number, version, more in (
        (unforced, 1, {"accept_replaced": "以西为准"}),
        (mine, 1, {"accept_replaced": "以西为准"}),
        (empty, 0, {"accept_replaced": "以西为准"}),
    ):
        body = {"version": version, "edition": "西三稿", "effective_from": "2027-01-23", **more}
        refused = mixed.west.post(f"/api/drafts/{number}/publish", json=body)
        assert refused.status_code == 403, refused.text
    # At a date before the others' it is what the draft began with that is replaced.
    for number, version in ((unforced, 1), (empty, 0)):
        body = {"version": version, "edition": "西三稿", "effective_from": "2027-01-21T12:00"}
        refused = mixed.west.post(f"/api/drafts/{number}/publish?dry_run=true", json=body)
        assert refused.status_code == 403, refused.text
    early = mixed.west.post(f"/api/drafts/{mine}/publish?dry_run=true", json=body | {"version": 1})
    assert early.status_code == 200, early.text
    assert latest(mixed) == "东一稿"


def test_editions_as_a_whole_are_for_who_acts_everywhere(mixed):
    workspace, base = mixed.workspace, latest(mixed)
    workspace.draft("整版", source=base, commit=True)
    west = Actor.with_role("planner", "west", Scope.of(areas=["community:C0"]))
    for asked in (
        lambda: workspace.publish("整版", effective_from="2027-01-24", actor=west),
        lambda: workspace.retire(base, why="误发", actor=west),
        lambda: workspace.rollback(to="today", effective_from="2027-01-24", why="误发", actor=west),
    ):
        with pytest.raises(NotAllowed, match="outside"):
            asked()


def test_an_edition_published_between_judging_a_draft_and_publishing_it_is_noticed(
    mixed, monkeypatch
):
    store, base = mixed.workspace.store, latest(mixed)
    mine, others = (drawn(mixed, name, called(name)) for name in ("我方", "他方"))
    stored = store.publish

    def publish_late(*words, **more):
        monkeypatch.undo()
        answer = publish(mixed, others, 1, "他方", 25)
        assert answer.status_code == 200, answer.text
        return stored(*words, **more)

    monkeypatch.setattr(store, "publish", publish_late)
    late = publish(mixed, mine, 1, "我方", 26)
    assert late.status_code == 409, late.text
    assert "meanwhile" in late.json()["detail"]
    assert late.json()["got"] == "after 他方, before none"
    assert late.json()["allowed"] == f"after {base}, before none"
    assert latest(mixed) == "他方"
    assert mixed.li.get(f"/api/drafts/{mine}").json()["state"] == "open"
    again = publish(mixed, mine, 1, "我方", 26)
    assert (again.status_code, again.json()["got"]) == (409, "他方")
    done = publish(mixed, mine, 1, "我方", 26, accept_replaced="以我方为准")
    assert (done.status_code, done.json()["replaces"]) == (200, "他方")


def test_a_figure_of_a_grid_is_kept_where_its_micro_grids_stay(mixed):
    number = begin(mixed.li, "户数", edition="today")["id"]
    for version, one in enumerate((called("三网格户数"), MOVED)):
        assert edit(mixed.li, number, version, one).status_code == 200
    done = publish(mixed, number, 2, "户数", 28, accept_replaced="只看户数")
    assert done.status_code == 200, done.text
    store = mixed.workspace.store
    known, now = store.attributes("today", "grid"), store.attributes("户数", "grid")
    stayed = set(known) - {"C0001", "C0002"}
    assert {code: now[code] for code in stayed} == {code: known[code] for code in stayed}
    fine, parents = store.attributes("户数", "microgrid"), store.coverage("户数").frame("microgrid")
    for grid in ("C0001", "C0002"):
        mine = parents[parents["parent_code"] == grid]["code"]
        assert now[grid]["households"] == sum(fine[code]["households"] for code in mine)
