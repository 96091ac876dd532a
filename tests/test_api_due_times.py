"""Due times past the calendar: said loudly, and computed when the next year's table arrives."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.access import Actor
from gridmap.errors import BadValue, NotAllowed
from gridmap.settings import Settings
from gridmap.store.promises import Promise
from gridmap.workspace import Workspace, open_workspace
from tests.api_client import LOCAL
from tests.api_town import Hands, send, spot

pytest_plugins = ["tests.api_fixtures"]

YEAR = "date,kind,name,name_en\n2027-01-01,holiday,元旦,New Year's Day\n2027,complete,,\n"

Opened = tuple[TestClient, Workspace]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """An empty folder for the site's own tables."""
    folder = tmp_path / "rules"
    folder.mkdir()
    return folder


@pytest.fixture
def opened(town_store: str, rules: Path, hands: Hands) -> Iterator[Callable[[], Any]]:
    """A function that opens the town with those tables, as another process would."""

    @contextmanager
    def open_it() -> Iterator[Opened]:
        settings = Settings(store=town_store, rules=rules)
        with (
            open_workspace(settings=settings, clock=hands) as workspace,
            TestClient(create_app(workspace=workspace), client=LOCAL) as client,
        ):
            yield client, workspace

    hands.set("2026-12-30 10:00")
    yield open_it
    # Nothing waits for the next test.
    (rules / "calendar.csv").write_text(YEAR, encoding="utf-8")
    with open_it() as (_, workspace):
        workspace.complete_due_times(commit=True)


def wait(client: TestClient, key: str) -> int:
    """Send a report whose five working days pass the end of 2026; return its number."""
    found = send(client, spot(0.2, 0.2, item="0303"), key).json()
    assert (found["due_at"], found["due_reason"]) == (None, "calendar_missing")
    assert found["department"] == "SZ"
    return int(found["id"])


def test_an_order_that_waited_into_a_year_without_a_calendar_is_due_when_the_table_comes(
    opened: Callable[[], Any], hands: Hands, rules: Path
) -> None:
    hands.set("2026-12-29 10:00")
    with opened() as (client, workspace):
        sent = send(client, spot(0.2, 0.2, item="0101"), "into-the-year").json()
        number, first = int(sent["id"]), sent["due_at"]
        assert first == "2026-12-29T15:30:00+08:00"
        hands.set("2026-12-29 11:00")
        workspace.pause_report(number, "material")
        hands.set("2026-12-29 11:01")
        workspace.work()
        hands.set("2026-12-31 17:00")
        workspace.resume_report(number)
        assert workspace.report(number)["due_reason"] == "calendar_missing"
        hands.set("2026-12-31 17:01")
        workspace.work()
        order = workspace.store.order(number)
        assert (order.due_at, order.paused_at) == (None, None)
        (rules / "calendar.csv").write_text(YEAR, encoding="utf-8")
        workspace.complete_due_times(commit=True)
        hands.set("2026-12-31 17:03")
        workspace.work()
        due = workspace.report(number)["due_at"]
        assert due is not None
        assert due.date() == date(2027, 1, 4)
        assert workspace.store.order(number).due_at == due


def warnings(client: TestClient) -> dict[str, str]:
    answer = client.get("/healthz")
    assert answer.status_code == 200
    return {warning["code"]: warning["text"] for warning in answer.json()["warnings"]}


def test_health_warns_sixty_days_before_the_calendar_ends(
    opened: Callable[[], Any], hands: Hands, rules: Path
) -> None:
    with opened() as (client, _):
        hands.set("2026-11-01 09:00")
        assert "calendar_ends" not in warnings(client)
        hands.set("2026-11-02 00:00")
        assert "59 days" in warnings(client)["calendar_ends"]
        assert "calendar.csv" in warnings(client)["calendar_ends"]
        hands.set("2027-01-01 00:00")
        assert "has ended, on 2026-12-31" in warnings(client)["calendar_ends"]
        (rules / "calendar.csv").write_text(YEAR, encoding="utf-8")
        assert "calendar_ends" not in warnings(client)


def test_a_report_past_the_calendar_is_kept_and_counted(opened: Callable[[], Any]) -> None:
    with opened() as (client, workspace):
        before = workspace.reports_waiting()
        number = wait(client, "past-the-calendar")
        assert str(before + 1) in warnings(client)["calendar_missing"]
        listed = client.get("/api/reports?due_reason=calendar_missing&limit=1").json()
        assert listed["total"] == before + 1
        assert listed["reports"][0]["id"] == number


def test_due_times_are_computed_when_the_table_arrives(
    opened: Callable[[], Any], rules: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened() as (client, _):
        number = wait(client, "table-arrives")
        warnings(client)
        (rules / "calendar.csv").write_text(YEAR, encoding="utf-8")
        with caplog.at_level(logging.INFO, logger="gridmap.api"):
            warnings(client)
        found = client.get(f"/api/reports/{number}").json()
        # 31 December, then 4 to 7 January.
        assert (found["due_at"], found["due_reason"]) == ("2027-01-07T17:30:00+08:00", None)
        assert found["rules"][-2:] == ["due_working_day", "due_holiday"]
        assert "due_calendar_missing" not in found["rules"]
        assert "calendar_missing" not in warnings(client)
    assert any("due times now" in record.getMessage() for record in caplog.records)


def test_a_report_that_comes_in_has_waiting_ones_computed_too(
    opened: Callable[[], Any], rules: Path
) -> None:
    with opened() as (client, _):
        number = wait(client, "another-comes-in")
        (rules / "calendar.csv").write_text(YEAR, encoding="utf-8")
        later = send(client, spot(0.2, 0.2, item="0303"), "another-came-in").json()
        assert later["due_at"] == "2027-01-07T17:30:00+08:00"
        assert client.get(f"/api/reports/{number}").json()["due_at"] == later["due_at"]


def test_the_application_computes_them_when_it_starts(
    opened: Callable[[], Any], rules: Path, town_store: str, caplog: pytest.LogCaptureFixture
) -> None:
    with opened() as (client, _):
        number = wait(client, "before-the-start")
    settings = Settings(store=town_store, rules=rules, frozen_now="2026-12-30T10:00")
    with (
        caplog.at_level(logging.INFO, logger="gridmap.api"),
        TestClient(create_app(settings), client=LOCAL) as client,
    ):
        assert client.get(f"/api/reports/{number}").json()["due_at"] is None
    assert any("calendar ends on 2026-12-31" in r.getMessage() for r in caplog.records)
    (rules / "calendar.csv").write_text(YEAR, encoding="utf-8")
    with TestClient(create_app(settings), client=LOCAL) as client:
        assert client.get(f"/api/reports/{number}").json()["due_at"] is not None


def test_a_faulty_table_does_not_stop_the_intake(
    opened: Callable[[], Any], rules: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened() as (client, _):
        warnings(client)
        (rules / "calendar.csv").write_text("date,kind\n2027-13-40,holiday\n", encoding="utf-8")
        found = send(client, spot(1.2, 1.3), "faulty-table")
        assert found.status_code == 201
        assert found.json()["department"] == "WY:F001"
        said = warnings(client)["rules_unusable"]
        assert str(rules) not in said
        assert any("2027-13-40" in record.getMessage() for record in caplog.records)
        (rules / "calendar.csv").unlink()
        assert "rules_unusable" not in warnings(client)


LIMITS = "rule,amount,unit\n"
MISTYPED = LIMITS + "confrim,2,working_hour\n"


def test_a_typing_error_in_the_limits_of_orders_stops_no_order_and_is_said(
    opened: Callable[[], Any], rules: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with opened() as (client, workspace):
        number = int(send(client, spot(1.2, 1.3), "before-the-limits").json()["id"])
        book, limits = workspace.book, workspace.case_rules.limits
        (rules / "case_rules.csv").write_text(MISTYPED, encoding="utf-8")
        assert send(client, spot(1.2, 1.3), "beside-the-limits").status_code == 201
        workspace.act(number, "order.confirm")
        assert workspace.store.order(number).state.value == "confirmed"
        assert str(rules) not in warnings(client)["rules_unusable"]
        assert any("confrim" in record.getMessage() for record in caplog.records)
        # What changes beside it waits until all of it can be used.
        (rules / "calendar.csv").write_text(YEAR, encoding="utf-8")
        assert "rules_unusable" in warnings(client)
        assert workspace.book is book
        assert workspace.case_rules.limits is limits
        (rules / "case_rules.csv").write_text(LIMITS + "confirm,7,working_hour\n", encoding="utf-8")
        assert "rules_unusable" not in warnings(client)
        assert [one.amount for one in workspace.case_rules.limits.values()] == [7]
        assert workspace.case_rules.book is workspace.book is not book


def test_a_faulty_table_of_places_leaves_the_former_in_use_and_is_said(
    opened: Callable[[], Any], rules: Path
) -> None:
    with opened() as (client, workspace):
        assert "rules_unusable" not in warnings(client)
        before = workspace.categories
        (rules / "place_categories.csv").write_text("code\nx\n", encoding="utf-8")
        assert str(rules) not in warnings(client)["rules_unusable"]
        assert workspace.categories is before
        (rules / "place_categories.csv").unlink()
        assert "rules_unusable" not in warnings(client)


@pytest.mark.parametrize(
    ("table", "text", "fault"),
    [
        ("calendar.csv", "date,kind\n2027-13-40,holiday\n", "is not a date"),
        ("case_rules.csv", MISTYPED, "column 'rule' is unknown"),
    ],
)
def test_a_faulty_table_stops_the_start(
    town_store: str, rules: Path, table: str, text: str, fault: str
) -> None:
    (rules / table).write_text(text, encoding="utf-8")
    app = create_app(Settings(store=town_store, rules=rules))
    with pytest.raises(BadValue, match=fault), TestClient(app, client=LOCAL):
        pass


def test_a_dry_run_changes_nothing(opened: Callable[[], Any], rules: Path) -> None:
    with opened() as (client, workspace):
        number = wait(client, "only-a-dry-run")
        waiting = workspace.reports_waiting()
        assert workspace.complete_due_times() == (0, waiting)
        (rules / "calendar.csv").write_text(YEAR, encoding="utf-8")
        assert workspace.complete_due_times() == (waiting, 0)
        assert workspace.report(number)["due_at"] is None
        assert workspace.complete_due_times(commit=True) == (waiting, 0)
        assert workspace.complete_due_times(commit=True) == (0, 0)
        assert workspace.report(number)["due_at"] is not None
        with pytest.raises(NotAllowed):
            workspace.complete_due_times(actor=Actor.resident())


def test_an_item_that_no_rules_know_waits_on(
    opened: Callable[[], Any], rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened() as (client, workspace):
        number = wait(client, "item-has-left")
        rows = workspace.store.reports_without_due()
        promises = workspace.store.promises
        gone = {number: Promise(None, "SZ", "9999")}
        unknown = [{**row, "item": "9999"} if row["id"] == number else row for row in rows]
        monkeypatch.setattr(workspace.store, "promises", lambda wanted: promises(wanted) | gone)
        monkeypatch.setattr(
            workspace.store, "reports_without_due", lambda after, limit: [] if after else unknown
        )
        (rules / "calendar.csv").write_text(YEAR, encoding="utf-8")
        assert workspace.complete_due_times(commit=True) == (len(rows) - 1, 1)
        assert workspace.report(number)["due_reason"] == "calendar_missing"
