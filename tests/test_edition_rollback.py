"""A former edition comes into force again, with a date of its own and the answers it gave."""

from __future__ import annotations

import pytest

from gridmap.access import Actor
from gridmap.errors import BadValue, Conflict, NotAllowed, NotFound, OverlappingValidity
from tests.edition_data import (
    MERGED,
    OLD,
    SPLIT,
    answers,
    march,
    moving_workspace,
    named,
    published,
    put,
)


@pytest.fixture
def both(store_url):
    """A workspace on 12 March with e1 from the 2nd and e2 from the 10th; and its clock."""
    with moving_workspace(store_url, march(1)) as (workspace, clock):
        published(workspace, "e1", OLD, march(2))
        published(workspace, "e2", MERGED, march(10))
        clock.now = march(12)
        yield workspace, clock


def test_the_answers_after_it_are_those_of_before_and_the_past_stays(both):
    workspace, _ = both
    days = [march(1), march(5), march(11), march(19, 23)]
    past = [answers(workspace, day) for day in days]
    former, later = answers(workspace, march(5)), answers(workspace, march(25))
    assert former != later
    outcome = workspace.rollback(to="e1", effective_from=march(20), why="划分有误", commit=True)
    assert outcome.edition == "e1 (2)"
    assert (outcome.restores, outcome.replaces, outcome.areas) == ("e1", "e2", 4)
    assert answers(workspace, march(20)) == former
    assert answers(workspace, march(31)) == former
    assert [answers(workspace, day) for day in days] == past
    assert [named(workspace, march(day)) for day in (5, 15, 20)] == ["e1", "e2", "e1 (2)"]


def test_the_new_edition_says_what_it_is(both):
    workspace, clock = both
    workspace.rollback(to="e1", effective_from=march(20), why="划分有误", commit=True)
    first, again = (workspace.store.edition(name) for name in ("e1", "e1 (2)"))
    assert again.restores == "e1"
    assert again.content_hash == first.content_hash
    assert again.published_why == "划分有误"
    assert (again.published_at, again.effective_from) == (clock.now, march(20))
    assert workspace.store.coverage("e1 (2)").fingerprint() == first.content_hash
    assert set(workspace.store.coverage("e1 (2)").ids.tolist()).isdisjoint(
        workspace.store.coverage("e1").ids.tolist()
    )
    assert workspace.store.attributes("e1 (2)", "grid") == workspace.store.attributes("e1", "grid")


def test_a_dry_run_tells_and_changes_nothing(both):
    workspace, _ = both
    outcome = workspace.rollback(to="e1", effective_from=march(20), why="x")
    assert not outcome.committed
    assert outcome.edition == "e1 (2)"
    assert [e.name for e in workspace.store.editions()] == ["e1", "e2"]


def test_rolling_back_and_forth_numbers_the_names(both):
    workspace, _ = both
    wanted = [("e1", march(20)), ("e2", march(21)), ("e1 (2)", march(22)), ("e2 (2)", march(23))]
    made = [
        workspace.rollback(to=to, effective_from=day, why="x", commit=True).edition
        for to, day in wanted
    ]
    assert made == ["e1 (2)", "e2 (2)", "e1 (3)", "e2 (3)"]
    assert answers(workspace, march(22)) == answers(workspace, march(5))
    assert answers(workspace, march(23)) == answers(workspace, march(15))


def test_it_may_have_a_name_of_its_own(both):
    workspace, _ = both
    workspace.rollback(to="e1", effective_from=march(20), why="x", name="恢复版", commit=True)
    assert named(workspace, march(20)) == "恢复版"
    with pytest.raises(Conflict, match="of that name"):
        workspace.rollback(to="e2", effective_from=march(22), why="x", name="恢复版")


def test_what_is_published_for_later_still_takes_over(both):
    workspace, _ = both
    published(workspace, "e3", SPLIT, march(25))
    outcome = workspace.rollback("e2", to="e1", effective_from=march(20), why="x", commit=True)
    assert outcome.effective_to == march(25)
    assert named(workspace, march(24)) == "e1 (2)"
    assert named(workspace, march(25)) == "e3"


@pytest.mark.parametrize(
    ("words", "error", "match"),
    [
        ({"to": "e2"}, Conflict, "in force at that date anyway"),
        ({"to": "e9"}, NotFound, "e9"),
        ({"to": "plan"}, Conflict, "not in force before"),
        ({"to": "e1", "why": " "}, BadValue, "reason"),
        ({"to": "e1", "name": "e2"}, Conflict, "of that name"),
        ({"to": "e1", "edition": "e1"}, Conflict, "not the edition in force"),
        ({"to": "e1", "edition": "e9"}, NotFound, "e9"),
        ({"to": "e1", "effective_from": march(10)}, Conflict, "in force at that date anyway"),
        ({"to": "e2", "effective_from": march(10)}, Conflict, "not in force before"),
        ({"to": "e1", "actor": Actor.resident()}, NotAllowed, "roles do not allow"),
    ],
)
def test_what_cannot_be_rolled_back_is_said(both, words, error, match):
    workspace, _ = both
    put(workspace.store, "plan", OLD)
    with pytest.raises(error, match=match):
        workspace.rollback(**{"effective_from": march(20), "why": "x", "commit": True} | words)
    assert [e.name for e in workspace.store.editions()] == ["e1", "e2", "plan"]


def test_a_moment_that_is_taken_is_refused(both):
    workspace, _ = both
    published(workspace, "e3", SPLIT, march(25))
    with pytest.raises(OverlappingValidity, match="e3"):
        workspace.rollback(to="e1", effective_from=march(25), why="x", commit=True)


def test_a_withdrawn_edition_is_no_former_one(both):
    workspace, _ = both
    published(workspace, "e3", SPLIT, march(25))
    workspace.retire("e3", why="x", commit=True)
    with pytest.raises(Conflict, match="not in force before"):
        workspace.rollback(to="e3", effective_from=march(28), why="x", commit=True)


def test_an_edition_published_or_withdrawn_meanwhile_beside_it_is_noticed(both, monkeypatch):
    workspace, _ = both
    put(workspace.store, "e3", SPLIT)
    restored = workspace.store.restore

    def after(act):
        def restore(*words, **more):
            monkeypatch.undo()
            act()
            return restored(*words, **more)

        monkeypatch.setattr(workspace.store, "restore", restore)

    for act in (
        lambda: workspace.publish("e3", effective_from=march(18), commit=True),
        lambda: workspace.retire("e3", why="另行调整", commit=True),
    ):
        after(act)
        with pytest.raises(Conflict, match="meanwhile"):
            workspace.rollback(to="e1", effective_from=march(20), why="划分有误", commit=True)
        assert "e1 (2)" not in {one.name for one in workspace.store.editions()}
    done = workspace.rollback(to="e1", effective_from=march(20), why="划分有误", commit=True)
    assert (done.edition, done.replaces) == ("e1 (2)", "e2")
