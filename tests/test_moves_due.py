"""Reports that an edition gives a deadline past the calendar: due once the edition and table are.

In the edition ``redrawn`` a corner belongs to nobody; ``whole`` has it again, from New Year on.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from starlette.testclient import TestClient

from api.app import create_app
from api.duetimes import DueTimes
from gridmap.workspace import Workspace
from tests.api_client import LOCAL
from tests.api_town import Hands
from tests.moves_town import GIVEN, LEFT_OUT, many, publish_whole, redrawn_town, send
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


def test_whether_moves_wait_is_told_by_an_index_of_those_that_do(town: Town) -> None:
    workspace, hands, _ = town
    many(workspace, 40)
    number = send(workspace, LEFT_OUT, "out", item="0303")
    publish_whole(workspace, NEW_YEAR)
    hands.set("2027-01-01 09:00")
    database = workspace.store._database
    asked: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "FROM report_moves" in statement or "JOIN report_moves" in statement:
            asked.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    assert workspace.reports_waiting() == 1
    assert [row["id"] for row in workspace.store.reports_without_due()] == [number]
    assert workspace.next_reports_waiting() is None
    event.remove(database.engine, "before_cursor_execute", note)
    plans = []
    with database.read() as connection:
        explain = "EXPLAIN QUERY PLAN"
        if database.kind == "postgis":
            # A table of this size is read faster than any index.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            explain = "EXPLAIN"
        for statement, parameters in asked:
            if "calendar_missing" in statement:
                plan = connection.exec_driver_sql(f"{explain} {statement}", parameters)
                plans.append(" ".join(str(row[-1]) for row in plan))
    assert len(plans) == 3
    assert all("ix_report_moves_waiting" in plan for plan in plans), plans


def test_a_move_that_begins_to_count_meanwhile_is_not_missed(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, hands, calendar = town
    number = send(workspace, LEFT_OUT, "out", item="0303")
    publish_whole(workspace, NEW_YEAR)
    calendar.write_text(YEAR, encoding="utf-8")
    hands.set("2026-12-31 23:59")
    complete = workspace.complete_due_times

    def slowly(**more: Any) -> tuple[int, int]:
        found = complete(**more)
        hands.set("2027-01-01 00:00")
        return found

    due_times = DueTimes()
    with monkeypatch.context() as patch:
        patch.setattr(workspace, "complete_due_times", slowly)
        due_times.complete(workspace)
    assert due(workspace, number) == (None, "calendar_missing")
    assert due_times.task(workspace) is not None
    due_times.complete(workspace)
    assert due(workspace, number) == (DUE, None)
    assert due_times.task(workspace) is None


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
