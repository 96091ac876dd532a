"""From when an edition may be in force: past answers of reports that were routed stay true."""

from __future__ import annotations

import pytest

from gridmap.errors import BadValue, Conflict, OverlappingValidity
from tests.edition_data import MERGED, OLD, SPLIT, march, moving_workspace, named, published, put


@pytest.fixture
def routed(store_url):
    """A workspace on 12 March: e1 from the 2nd, a report of the 8th; and its clock."""
    with moving_workspace(store_url, march(1)) as (workspace, clock):
        published(workspace, "e1", OLD, march(2))
        clock.now = march(8)
        workspace.store.add_reports(
            {
                "x": [117.015], "y": [36.005], "lon": [117.015], "lat": [36.005],
                "coord_sys": "wgs84", "location_status": "inside", "source": "12345",
                "edition": ["e1"], "codes": {"grid": ["G2"]},
            }
        )  # fmt: skip
        clock.now = march(12)
        put(workspace.store, "e2", MERGED)
        yield workspace, clock


def test_a_first_edition_may_begin_in_the_past(store_url):
    with moving_workspace(store_url, march(20)) as (workspace, _):
        published(workspace, "e1", OLD, march(2))
        assert named(workspace, march(3)) == "e1"


def test_a_date_before_a_routed_report_is_refused_and_nothing_changes(routed):
    workspace, _ = routed
    for commit in (False, True):
        with pytest.raises(Conflict, match=r"1 reports.*--backdate WHY"):
            workspace.publish("e2", effective_from=march(8), commit=commit)
    assert workspace.store.edition("e2").is_draft


def test_a_past_date_since_which_no_report_came_is_allowed(routed):
    workspace, _ = routed
    workspace.publish("e2", effective_from=march(9), commit=True)
    assert named(workspace, march(9)) == "e2"
    assert workspace.store.edition("e2").backdated_why is None


def test_with_a_reason_it_is_backdated_and_the_reason_kept(routed):
    workspace, _ = routed
    with pytest.raises(BadValue, match="reason"):
        workspace.publish("e2", effective_from=march(8), backdate=" ", commit=True)
    workspace.publish("e2", effective_from=march(8), backdate="文件追溯", commit=True)
    assert workspace.store.edition("e2").backdated_why == "文件追溯"
    assert named(workspace, march(8)) == "e2"
    assert workspace.store.report(1)["edition"] == "e1", "the report keeps what it was told"


def test_only_the_time_until_the_next_edition_counts(routed):
    workspace, _ = routed
    workspace.publish("e2", effective_from=march(9), commit=True)
    published(workspace, "e3", SPLIT, march(8, 1))
    assert [named(workspace, march(8, hour)) for hour in (0, 1)] == ["e1", "e3"]
    put(workspace.store, "e4", MERGED)
    with pytest.raises(Conflict, match="1 reports"):
        workspace.publish("e4", effective_from=march(7), commit=True)


def test_a_rollback_into_the_past_needs_a_reason_too(routed):
    workspace, clock = routed
    workspace.publish("e2", effective_from=march(13), commit=True)
    clock.now = march(20)
    workspace.store.add_reports(
        {
            "x": [117.015], "y": [36.005], "lon": [117.015], "lat": [36.005],
            "coord_sys": "wgs84", "location_status": "inside", "source": "12345",
            "edition": ["e2"], "codes": {"grid": ["G1"]},
        }
    )  # fmt: skip
    with pytest.raises(Conflict, match="1 reports"):
        workspace.rollback(to="e1", effective_from=march(15), why="x", commit=True)
    workspace.rollback(to="e1", effective_from=march(15), why="x", backdate="文件追溯", commit=True)
    assert workspace.store.edition("e1 (2)").backdated_why == "文件追溯"


def test_a_taken_moment_is_refused_in_a_dry_run_too(routed):
    workspace, _ = routed
    with pytest.raises(OverlappingValidity, match="e1"):
        workspace.publish("e2", effective_from=march(2))
