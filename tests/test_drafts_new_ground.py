"""The ground of a draft changes while people have it open: nothing old is drawn on or published."""

from __future__ import annotations

from dataclasses import asdict
from types import SimpleNamespace

import pytest
from sqlalchemy import select, update

from gridmap.errors import Conflict
from gridmap.routing.parties import Party
from gridmap.settings import Settings
from gridmap.store.schema import areas, editions
from gridmap.workspace import open_workspace
from tests.draft_doors import NOW, begin, edit, taken_in

pytest_plugins = ["tests.draft_fixtures"]

MOVED = {"op": "reassign", "to": "C0002", "atoms": ["C000102"]}
NAMED = {"op": "describe", "level": "grid", "code": "C0003", "name": "新三"}


@pytest.fixture(scope="module")
def elsewhere(town):
    """The same store, opened by another process."""
    settings = Settings(store=town.url, secrets=town.folder / "site.secrets")
    with open_workspace(settings=settings, clock=lambda: NOW) as opened:
        yield opened


def drawn(town, name):
    """Begin a draft with a draft edition of that name, edit it, and return its number."""
    town.workspace.draft(name, source="today", commit=True)
    number = begin(town.li, name, edition=name)["id"]
    assert edit(town.li, number, 0, MOVED).status_code == 200
    return number


def publish(town, number, version, edition, query=""):
    body = {"version": version, "edition": edition, "effective_from": "2027-01-04"}
    return town.li.post(f"/api/drafts/{number}/publish{query}", json=body)


def hidden_change(town, edition):
    """Give a micro-grid of a draft edition another code, as a program that tells nobody."""
    own = select(editions.c.id).where(editions.c.name == edition).scalar_subquery()
    statement = update(areas).where(areas.c.edition_id == own, areas.c.code == "C000101")
    with town.workspace.store._database.write() as connection:
        assert connection.execute(statement.values(code="C000177")).rowcount == 1
    return SimpleNamespace(status_code=200)


def refused(answer):
    assert answer.status_code == 409, answer.text
    assert "changed since" in answer.json()["detail"]


def test_a_draft_is_not_drawn_on_over_areas_that_another_process_has_replaced(town, elsewhere):
    number = drawn(town, "重新导入")
    coverage = elsewhere.store.coverage("重新导入")
    frame = coverage.frame("microgrid")
    frame = frame[frame["code"] != "C000101"]
    taken_in(elsewhere, town.folder, frame, "重新导入", "microgrid")
    refused(edit(town.li, number, 1, NAMED))
    refused(publish(town, number, 1, "旧底发布"))
    assert town.li.get(f"/api/drafts/{number}").json()["version"] == 1
    with pytest.raises(Conflict, match="changed since"):
        elsewhere.draft_state(number)
    # What is begun with the areas as they are now is drawn over them.
    again = begin(town.li, "重新导入后", edition="重新导入")["id"]
    assert edit(town.li, again, 0, MOVED).status_code == 200
    assert "C000101" not in town.workspace.draft_state(again).atom_at


@pytest.mark.parametrize("query", ["?dry_run=true", ""])
def test_a_draft_over_areas_that_no_longer_are_is_not_published(town, query):
    name = "暗中修改" + ("试" if query else "")
    number = drawn(town, name)
    hidden_change(town, name)
    refused(publish(town, number, 1, f"{name}发布", query))
    known = {one["name"] for one in town.workspace.editions()}
    assert f"{name}发布" not in known


def test_areas_that_change_while_their_draft_is_published_are_not_published_as_they_were(
    town, monkeypatch
):
    number = drawn(town, "发布之际")
    store = town.workspace.store
    copied = store.copy_edition

    def copy_edition(*words, **more):
        made = copied(*words, **more)
        hidden_change(town, "发布之际")
        return made

    monkeypatch.setattr(store, "copy_edition", copy_edition)
    refused(publish(town, number, 1, "发布之际发布"))
    assert store.edition("发布之际发布").is_draft
    assert town.li.get(f"/api/drafts/{number}").json()["state"] == "open"


def test_an_edit_begun_over_old_ground_leaves_who_opened_the_new_one_on_it(
    town, elsewhere, monkeypatch
):
    number = begin(town.li, "新旧之间", edition="today")["id"]
    store = town.workspace.store
    append = store.append_plan_edit

    def meanwhile(*words):
        # Estates come in, and somebody else opens the draft, before this edit is stored.
        elsewhere.put_records("parties", [asdict(Party("WY:M", "物业"))])
        town.workspace.draft_state(number)
        append(*words)

    old = town.workspace.draft_state(number).ground
    monkeypatch.setattr(store, "append_plan_edit", meanwhile)
    assert edit(town.li, number, 0, MOVED).status_code == 200
    new = town.workspace.draft_state(number, version=0).ground
    assert new is not old
    state = town.workspace.draft_state(number)
    assert state.ground is new
    assert state.grid_of[state.atom("C000102")] == state.grid_at["C0002"]
