"""A draft that begins with all that another edition holds."""

from __future__ import annotations

from functools import partial

import pytest

from gridmap.access import Actor
from gridmap.areas import Area
from gridmap.errors import BadValue, Conflict, Immutable, NotAllowed, NotFound
from tests.edition_data import (
    MERGED,
    OLD,
    march,
    moving_workspace,
    published,
    put,
    rows,
    shape,
    stored,
)
from tests.store_data import ACTOR, incoming

SHAPES = {"geopackage": "hex(geom)", "postgis": "encode(ST_AsEWKB(geom), 'hex')"}


@pytest.fixture
def workspace(store_url):
    with moving_workspace(store_url) as (opened, _):
        yield opened


def content(store, name):
    geom = SHAPES[store.kind]
    return rows(
        store,
        "SELECT a.level, a.code, a.name, a.name_en, a.kind, a.provisional, a.parent_level, "
        f"a.parent_code, CAST(a.attributes AS TEXT), {geom} FROM areas a "
        f"JOIN editions e ON e.id = a.edition_id WHERE e.name = '{name}' ORDER BY a.id",
    )


def test_a_draft_holds_the_same_rows_byte_for_byte(workspace):
    published(workspace, "e1", OLD, march(2))
    outcome = workspace.draft("plan", source="e1", commit=True)
    assert (outcome.based_on, outcome.areas, outcome.family) == ("e1", 4, "base")
    store = workspace.store
    assert content(store, "plan") == content(store, "e1")
    assert len(content(store, "plan")) == 4
    draft = store.edition("plan")
    assert (draft.is_draft, draft.based_on, draft.areas) == (True, "e1", 4)
    assert draft.effective_from is draft.content_hash is None
    assert store.attributes("plan", "grid") == store.attributes("e1", "grid")
    assert store.coverage("plan").fingerprint() == store.coverage("e1").fingerprint()


def test_ids_of_a_draft_are_its_own(workspace):
    published(workspace, "e1", OLD, march(2))
    workspace.draft("plan", source="e1", commit=True)
    ids = [set(workspace.store.coverage(name).ids.tolist()) for name in ("e1", "plan")]
    assert not ids[0] & ids[1]


def test_where_the_areas_came_from_is_kept(workspace):
    published(workspace, "e1", OLD, march(2))
    workspace.draft("plan", source="e1", commit=True)
    assert workspace.imports("plan") == workspace.imports("e1")


def test_a_draft_may_begin_with_another_draft_and_changes_alone(workspace):
    put(workspace.store, "e1", OLD)
    workspace.draft("plan", source="e1", commit=True)
    put(workspace.store, "plan", MERGED)
    assert workspace.store.edition("plan").areas == 3
    assert workspace.store.edition("e1").areas == 4
    assert workspace.store.edition("plan").based_on == "e1"


def test_a_draft_of_a_draft_can_be_published(workspace):
    published(workspace, "e1", OLD, march(2))
    workspace.draft("plan", source="e1", commit=True)
    workspace.publish("plan", effective_from=march(9), commit=True)
    assert workspace.edition_at(march(9)).name == "plan"
    assert workspace.store.edition("plan").based_on == "e1"


def test_a_dry_run_makes_nothing(workspace):
    published(workspace, "e1", OLD, march(2))
    before = stored(workspace.store)
    assert not workspace.draft("plan", source="e1").committed
    assert stored(workspace.store) == before


def test_names_that_cannot_be_are_refused(workspace):
    published(workspace, "e1", OLD, march(2))
    with pytest.raises(Conflict, match="of that name already"):
        workspace.draft("e1", source="e1")
    with pytest.raises(BadValue, match="name of an edition"):
        workspace.draft(" plan", source="e1")
    with pytest.raises(NotFound, match="e7"):
        workspace.draft("plan", source="e7")
    workspace.store.ensure_draft("empty", ACTOR)
    with pytest.raises(Conflict, match="no areas"):
        workspace.draft("plan", source="empty")
    with pytest.raises(NotAllowed):
        workspace.draft("plan", source="e1", actor=Actor.resident())


def test_nobody_sees_a_copy_before_it_is_whole(workspace):
    put(workspace.store, "e1", OLD)
    seen = []

    def look(done, total):
        seen.append(([e.name for e in workspace.store.editions()], done, total))

    workspace.store.copy_edition("e1", "plan", ACTOR, progress=look)
    assert seen == [(["e1"], 1, 4), (["e1"], 4, 4)]
    assert {e.name for e in workspace.store.editions()} == {"e1", "plan"}


def test_a_copy_that_fails_leaves_nothing(workspace):
    put(workspace.store, "e1", OLD)
    before = stored(workspace.store)

    def fail(done, total):
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        workspace.store.copy_edition("e1", "plan", ACTOR, progress=fail)
    assert stored(workspace.store) == before


@pytest.mark.parametrize("change", ["an import", "the name"])
def test_a_copy_of_what_changes_meanwhile_is_refused(workspace, change):
    put(workspace.store, "e1", OLD)

    def interfere(done, total):
        if done == total:
            put(workspace.store, "e1" if change == "an import" else "plan", MERGED)

    with pytest.raises(Conflict, match=r"was changed|of that name"):
        workspace.store.copy_edition("e1", "plan", ACTOR, progress=interfere)
    expected = {"e1"} if change == "an import" else {"e1", "plan"}
    assert {e.name for e in workspace.store.editions()} == expected
    assert rows(workspace.store, "SELECT name FROM editions WHERE hidden") == []


def merged():
    """The level of grids with other areas."""
    areas = [Area(-1, "grid", code, "", "", "community", "P0") for code in MERGED]
    return incoming(areas, [shape(cells) for cells in MERGED.values()], source="draft:1")


def test_a_draft_may_have_other_areas_at_a_level_from_the_first_moment_that_it_is_seen(workspace):
    put(workspace.store, "e1", OLD)
    seen = []

    def look(done, total):
        seen.append(([e.name for e in workspace.store.editions()], done, total))

    made = workspace.store.copy_edition("e1", "plan", ACTOR, instead=[merged()], progress=look)
    assert seen == [(["e1"], 1, 3), (["e1"], 3, 3)]
    assert (made.areas, made.based_on) == (3, "e1")
    coverage = workspace.store.coverage("plan")
    assert set(coverage.code[coverage.rows("grid")]) == set(MERGED)
    reports = workspace.store.import_reports("plan")
    assert [one["source"] for one in reports] == ["squares.gpkg", "draft:1"]


def test_a_draft_that_is_there_is_written_anew_as_a_whole_or_stays(workspace):
    put(workspace.store, "e1", OLD)
    put(workspace.store, "plan", MERGED)
    former, before = content(workspace.store, "plan"), stored(workspace.store)

    def fail(done, total):
        raise RuntimeError("half way")

    write = partial(workspace.store.copy_edition, "e1", "plan", ACTOR, over=True)
    with pytest.raises(RuntimeError, match="half way"):
        write(progress=fail)
    assert content(workspace.store, "plan") == former
    assert stored(workspace.store) == before
    write()
    assert content(workspace.store, "plan") == content(workspace.store, "e1")
    assert workspace.store.edition("plan").based_on == "e1"
    workspace.publish("plan", effective_from=march(9), commit=True)
    with pytest.raises(Immutable):
        write()


# -- put in force beside others --------------------------------------------------------------


def drafted_late(workspace):
    """A draft of e1, and e2, which was put in force from the 9th since."""
    published(workspace, "e1", OLD, march(2))
    workspace.draft("plan", source="e1", commit=True)
    workspace.draft("e2", source="e1", commit=True)
    put(workspace.store, "e2", MERGED)
    workspace.publish("e2", effective_from=march(9), commit=True)


@pytest.mark.parametrize("commit", [False, True])
def test_a_draft_that_would_undo_what_was_published_since_it_began_is_refused(workspace, commit):
    drafted_late(workspace)
    with pytest.raises(Conflict, match="began with another edition") as caught:
        workspace.publish("plan", effective_from=march(16), commit=commit)
    assert (caught.value.got, caught.value.allowed) == ("e2", "e1")
    assert "--accept-replaced" in str(caught.value.repair)
    assert workspace.edition_at(march(17)).name == "e2"


def test_why_a_draft_undoes_what_was_published_since_is_recorded_with_it(workspace):
    drafted_late(workspace)
    words = {"effective_from": march(16), "why": "年度调整", "commit": True}
    with pytest.raises(BadValue):
        workspace.publish("plan", accept_replaced=" ", **words)
    done = workspace.publish("plan", accept_replaced="以本案为准", **words)
    assert (done.replaces, done.begun_with) == ("e2", "e1")
    assert workspace.store.edition("plan").published_why == "年度调整; 以本案为准"


def test_a_draft_that_ends_when_the_next_edition_begins_tells_so_and_undoes_nothing(workspace):
    drafted_late(workspace)
    done = workspace.publish(
        "plan", effective_from=march(5), accept_replaced="未用", why="年度调整", commit=True
    )
    assert (done.replaces, done.begun_with) == ("e1", None)
    assert (done.followed_by, done.effective_to) == ("e2", march(9))
    assert workspace.store.edition("plan").published_why == "年度调整"


def test_what_is_in_force_again_is_what_a_draft_began_with(workspace):
    drafted_late(workspace)
    workspace.rollback(to="e1", effective_from=march(12), why="复核", commit=True)
    done = workspace.publish("plan", effective_from=march(16), commit=True)
    assert (done.replaces, done.begun_with) == ("e1 (2)", None)
