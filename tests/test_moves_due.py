"""Reports that an edition gives a deadline past the calendar: due once the edition and table are.

In the edition ``redrawn`` a corner belongs to nobody; ``whole`` has it again, from New Year on.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.workspace import Workspace
from tests.api_client import LOCAL
from tests.api_town import Hands
from tests.moves_town import GIVEN, LEFT_OUT, publish_whole, redrawn_town, send
from tests.test_api_due_times import YEAR

NEW_YEAR = "2027-01-01"
# Five working days from 28 December: three of that year, then Monday and Tuesday.
DUE = "2027-01-05T17:30:00+08:00"

Town = tuple[Workspace, Hands, Path]


@pytest.fixture
def town(store_url: str, tmp_path: Path) -> Iterator[Town]:
    """The town, both editions after its first published, before the table of 2027 is there."""
    with redrawn_town(store_url, tmp_path, "2026-12-28 10:00") as (workspace, hands, rules):
        yield workspace, hands, rules / "calendar.csv"


def due(workspace: Workspace, number: int) -> tuple[str | None, str | None]:
    found = workspace.report(number)
    return found["due_at"] and found["due_at"].isoformat(), found["due_reason"]


def test_a_report_that_waits_by_a_move_is_counted_and_due_when_the_table_comes(town: Town) -> None:
    workspace, hands, calendar = town
    number = send(workspace, LEFT_OUT, "out", item="0303")
    other = send(workspace, GIVEN, "in", item="0303")
    publish_whole(workspace, NEW_YEAR)
    # The move counts from New Year on.
    assert due(workspace, number) == (None, "not_routed")
    assert workspace.reports_waiting() == 1
    hands.set("2027-01-01 09:00")
    assert due(workspace, number) == (None, "calendar_missing")
    assert workspace.reports_waiting() == 2
    rows = workspace.store.reports_without_due()
    assert [row["id"] for row in rows] == [number, other]
    assert [row["id"] for row in workspace.store.reports_without_due(after=number)] == [other]
    assert [row["id"] for row in workspace.store.reports_without_due(limit=1)] == [number]
    assert workspace.complete_due_times(commit=True) == (0, 2)
    calendar.write_text(YEAR, encoding="utf-8")
    assert workspace.complete_due_times() == (2, 0)
    assert due(workspace, number) == (None, "calendar_missing")
    assert workspace.complete_due_times(commit=True) == (2, 0)
    assert workspace.complete_due_times(commit=True) == (0, 0)
    assert workspace.reports_waiting() == 0
    assert due(workspace, number) == due(workspace, other) == (DUE, None)
    record = workspace.report(number)
    assert (record["edition"], record["department"]) == ("whole", "SZ")
    assert record["rules"][-2:] == ["due_working_day", "due_holiday"]
    assert not any("calendar" in rule or "outside" in rule for rule in record["rules"])
    workspace.work()
    assert workspace.order(number)["due_at"] == DUE
    assert workspace.replay(number, edition="whole")["same"]
    assert workspace.replay(number)["same"]


def test_before_its_move_counts_nothing_of_a_report_is_completed(town: Town) -> None:
    workspace, hands, calendar = town
    number = send(workspace, LEFT_OUT, "out", item="0303")
    publish_whole(workspace, NEW_YEAR)
    calendar.write_text(YEAR, encoding="utf-8")
    assert workspace.complete_due_times(commit=True) == (0, 0)
    assert due(workspace, number) == (None, "not_routed")
    begins = workspace.next_reports_waiting()
    assert begins is not None
    assert begins.isoformat() == "2026-12-31T16:00:00+00:00"
    hands.set("2027-01-01 00:00")
    assert workspace.next_reports_waiting() is None
    assert workspace.complete_due_times(commit=True) == (1, 0)
    assert due(workspace, number) == (DUE, None)


def test_the_application_completes_them_when_the_edition_comes_into_force(town: Town) -> None:
    workspace, hands, calendar = town
    number = send(workspace, LEFT_OUT, "out", item="0303")
    publish_whole(workspace, NEW_YEAR)
    with TestClient(create_app(workspace=workspace), client=LOCAL) as client:

        def warned() -> list[str]:
            return [one["code"] for one in client.get("/healthz").json()["warnings"]]

        assert warned() == ["calendar_ends"]
        calendar.write_text(YEAR, encoding="utf-8")
        assert "calendar_missing" not in warned()
        hands.set("2027-01-01 00:01")
        assert "calendar_missing" in warned()
        assert "calendar_missing" not in warned()
    assert due(workspace, number) == (DUE, None)
