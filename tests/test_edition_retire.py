"""An edition is withdrawn before its date, and never after it."""

from __future__ import annotations

import pytest

from gridmap.access import Actor
from gridmap.errors import BadValue, Conflict, Immutable, NotAllowed, NotFound
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
    """A workspace with e1 in force and e2 to come on 10 March; and its clock."""
    with moving_workspace(store_url, march(5)) as (workspace, clock):
        published(workspace, "e1", OLD, march(2))
        published(workspace, "e2", MERGED, march(10))
        yield workspace, clock


def test_the_edition_before_it_stays_in_force(both):
    workspace, _ = both
    former = answers(workspace, march(6))
    assert answers(workspace, march(12)) != former
    outcome = workspace.retire("e2", why="另行调整", commit=True)
    assert (outcome.instead, outcome.effective_from) == ("e1", march(10))
    assert named(workspace, march(12)) == "e1"
    assert answers(workspace, march(12)) == former
    assert workspace.store.edition("e1").effective_to is None


def test_who_when_and_why_is_kept_with_it(both):
    workspace, clock = both
    workspace.retire("e2", why="另行调整", commit=True, actor=Actor.operator("李工"))
    edition = workspace.store.edition("e2")
    assert edition.state == "retired"
    assert (edition.retired_at, edition.retired_by, edition.retired_why) == (
        clock.now, "李工", "另行调整",
    )  # fmt: skip
    assert edition.effective_from == march(10)
    assert len(workspace.store.coverage("e2")) == 3, "it is kept"


def test_a_dry_run_changes_nothing(both):
    workspace, _ = both
    assert not workspace.retire("e2", why="x").committed
    assert named(workspace, march(12)) == "e2"


def test_what_is_or_was_in_force_is_not_retired(both):
    workspace, clock = both
    for name, now in (("e1", march(5)), ("e2", march(10)), ("e1", march(20))):
        clock.now = now
        with pytest.raises(Immutable, match="rollback"):
            workspace.retire(name, why="x", commit=True)
    assert named(workspace, march(5)) == "e1"


def test_what_cannot_be_retired_is_said(both):
    workspace, _ = both
    put(workspace.store, "plan", OLD)
    with pytest.raises(Conflict, match="draft"):
        workspace.retire("plan", why="x")
    with pytest.raises(NotFound):
        workspace.retire("moon", why="x")
    with pytest.raises(BadValue, match="reason"):
        workspace.retire("e2", why="  ")
    with pytest.raises(NotAllowed):
        workspace.retire("e2", why="x", actor=Actor.resident())
    workspace.retire("e2", why="x", commit=True)
    with pytest.raises(Immutable, match="already"):
        workspace.retire("e2", why="x")


def test_its_date_is_free_again(both):
    workspace, _ = both
    workspace.retire("e2", why="x", commit=True)
    published(workspace, "e3", SPLIT, march(10))
    assert named(workspace, march(10)) == "e3"


def test_an_edition_that_reports_name_already_is_kept(both):
    workspace, _ = both
    workspace.store.add_reports(
        {
            "x": [117.005], "y": [36.005], "lon": [117.005], "lat": [36.005],
            "coord_sys": "wgs84", "location_status": "inside", "source": "12345",
            "edition": ["e2"], "codes": {"grid": ["G1"]},
        }
    )  # fmt: skip
    with pytest.raises(Conflict, match="ahead of its date"):
        workspace.retire("e2", why="x", commit=True)


def test_the_public_sees_what_is_published_only(both):
    workspace, _ = both
    workspace.retire("e2", why="机密", commit=True)
    put(workspace.store, "plan", OLD)
    shown = workspace.editions(actor=Actor.resident())
    assert [one["name"] for one in shown] == ["e1"]
    assert "机密" not in str(shown)
    assert {one["name"]: one["state"] for one in workspace.editions()} == {
        "e1": "published", "e2": "retired", "plan": "draft",
    }  # fmt: skip
