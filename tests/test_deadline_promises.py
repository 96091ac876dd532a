"""A pause gives back what it took: what was promised stays as it was promised, whatever came since.

Pavement damage is the works department's (SZ) within five working days: reported on Wednesday
4 March 2026 it is due on Wednesday the 11th, when offices close.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from importlib.resources import as_file
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gridmap.tables import package_data
from gridmap.workspace import Workspace
from tests.api_town import Hands
from tests.moves_town import LEFT_OUT, publish_whole, redrawn_town, send
from tests.review_town import report
from tests.test_api_due_times import YEAR

pytest_plugins = ["tests.review_fixtures"]

PAVEMENT, LITTER = "0303", "0101"


def catalogue(folder: Path, **cells: str) -> Path:
    """The package's catalogue with other cells for pavement damage."""
    with as_file(package_data("gridmap.routing", "catalogue.csv")) as path:
        frame = pd.read_csv(path, dtype=str)
    for name, cell in cells.items():
        frame.loc[frame["code"] == PAVEMENT, name] = cell
    frame.to_csv(folder / "catalogue.csv", index=False)
    return folder / "catalogue.csv"


def due(workspace: Workspace, number: int) -> str | None:
    at = workspace.report(number)["due_at"]
    return None if at is None else f"{at:%m-%d %H:%M}"


def wait(workspace: Workspace, number: int, start: str, end: str) -> None:
    hands: Any = workspace.clock
    hands.set(start)
    workspace.pause_report(number, "material")
    hands.set(end)
    workspace.resume_report(number)


def test_a_shorter_limit_does_not_pull_a_running_promise_forward(
    board: Workspace, tmp_path: Path
) -> None:
    number = report(board, 0.2, 0.2, "a", item=PAVEMENT)["id"]
    assert due(board, number) == "03-11 17:30"
    board.import_rules(catalogue(tmp_path, limit_amount="3"), commit=True)
    # A minute in which nobody works costs nothing.
    wait(board, number, "2026-03-05 12:30", "2026-03-05 12:31")
    assert due(board, number) == "03-11 17:30"
    # A whole working day is one working day more; so is another.
    wait(board, number, "2026-03-06 09:00", "2026-03-06 17:30")
    assert due(board, number) == "03-12 17:30"
    wait(board, number, "2026-03-09 09:00", "2026-03-09 17:30")
    assert due(board, number) == "03-13 17:30"
    said = board.report(number)["rules"]
    assert said[-4:] == ["due_working_day", *["due_paused_material"] * 3]
    board.work()
    assert board.order(number)["due_at"][:16] == "2026-03-13T17:30"
    # What comes in now has the new limit, and keeps it.
    later = report(board, 0.2, 0.2, "b", item=PAVEMENT)["id"]
    assert due(board, later) == "03-12 17:30"
    wait(board, later, "2026-03-09 17:31", "2026-03-09 17:32")
    assert due(board, later) == "03-12 17:30"


def test_the_hours_of_whoever_it_is_sent_to_since_are_not_those_it_was_promised_by(
    board: Workspace, tmp_path: Path
) -> None:
    number = report(board, 0.2, 0.2, "a", item=PAVEMENT)["id"]
    catalogue(tmp_path, department="SW")
    hours = 'department,office_hours\n,"09:00-12:00,13:30-17:30"\nSW,10:00-11:00\n'
    (tmp_path / "office_hours.csv").write_text(hours, encoding="utf-8")
    board.import_rules(tmp_path, commit=True)
    board.reroute_reports([number], "the water bureau keeps it now", commit=True)
    assert (board.report(number)["department"], due(board, number)) == ("SW", "03-11 17:30")
    wait(board, number, "2026-03-05 12:30", "2026-03-05 12:31")
    assert due(board, number) == "03-11 17:30"
    assert board.report(number)["department"] == "SW"


def test_an_item_that_was_put_right_is_counted_by_the_rules_of_that_day(
    board: Workspace, tmp_path: Path
) -> None:
    number = report(board, 0.2, 0.2, "a", item=LITTER)["id"]
    board.import_rules(catalogue(tmp_path, limit_amount="3"), commit=True)
    board.act(number, "order.confirm", item=PAVEMENT)
    assert due(board, number) == "03-09 17:30"
    board.import_rules(catalogue(tmp_path, limit_amount="9"), commit=True)
    board.reroute_reports([number], "the register is mended", commit=True)
    wait(board, number, "2026-03-05 09:00", "2026-03-05 17:30")
    assert due(board, number) == "03-10 17:30"


def test_an_item_that_left_the_catalogue_since_is_paused_all_the_same(
    board: Workspace, tmp_path: Path
) -> None:
    number = report(board, 0.2, 0.2, "a", item=PAVEMENT)["id"]
    path = catalogue(tmp_path)
    frame = pd.read_csv(path, dtype=str)
    frame[frame["code"] != PAVEMENT].to_csv(path, index=False)
    for name in ("site_rules", "asset_types"):
        with as_file(package_data("gridmap.routing", f"{name}.csv")) as packaged:
            table = pd.read_csv(packaged, dtype=str)
        column = "item" if "item" in table else "items"
        own = table[~table[column].str.contains(PAVEMENT, na=False)]
        own.to_csv(tmp_path / f"{name}.csv", index=False)
    board.import_rules(tmp_path, commit=True)
    assert PAVEMENT not in board.book.catalogue
    wait(board, number, "2026-03-06 09:00", "2026-03-06 17:30")
    assert due(board, number) == "03-12 17:30"


@pytest.fixture
def new_year(store_url: str, tmp_path: Path) -> Iterator[tuple[Workspace, Hands, Path]]:
    """The town before New Year, an edition to come that has a corner no other has, a folder."""
    with redrawn_town(store_url, tmp_path, "2026-12-21 10:00") as town:
        yield town


def test_a_wait_into_a_year_without_a_calendar_keeps_the_limit_that_was_promised(
    new_year: tuple[Workspace, Hands, Path],
) -> None:
    workspace, hands, rules = new_year
    number = send(workspace, (12.3, 0.3), "in", item=PAVEMENT)
    assert due(workspace, number) == "12-28 17:30"
    catalogue(rules, limit_amount="3")
    wait(workspace, number, "2026-12-25 09:00", "2026-12-31 17:30")
    assert workspace.report(number)["due_reason"] == "calendar_missing"
    (rules / "calendar.csv").write_text(YEAR, encoding="utf-8")
    assert workspace.complete_due_times(commit=True) == (1, 0)
    # Of five days two were left, Friday the 25th and Monday the 28th.
    assert workspace.report(number)["due_at"].date() == date(2027, 1, 5)
    hands.set("2027-01-04 20:00")
    workspace.pause_report(number, "weather")
    hands.set("2027-01-04 20:01")
    workspace.resume_report(number)
    assert workspace.report(number)["due_at"].date() == date(2027, 1, 5)


@pytest.mark.parametrize("limit", ["3", "9"])
def test_a_limit_that_changes_while_a_report_waits_for_the_calendar_is_not_its_own(
    new_year: tuple[Workspace, Hands, Path], limit: str
) -> None:
    workspace, hands, rules = new_year
    hands.set("2026-12-30 10:00")
    number = send(workspace, (12.3, 0.3), "in", item=PAVEMENT)
    assert workspace.report(number)["due_reason"] == "calendar_missing"
    catalogue(rules, limit_amount=limit)
    (rules / "calendar.csv").write_text(YEAR, encoding="utf-8")
    assert workspace.complete_due_times(commit=True) == (1, 0)
    # The 31st, then the 4th to the 7th.
    assert due(workspace, number) == "01-07 17:30"
    # A minute in which nobody works costs nothing.
    wait(workspace, number, "2027-01-04 20:00", "2027-01-04 20:01")
    assert due(workspace, number) == "01-07 17:30"


def test_an_item_that_left_the_catalogue_while_its_reports_waited_has_the_limit_it_had(
    new_year: tuple[Workspace, Hands, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, hands, rules = new_year
    hands.set("2026-12-30 10:00")
    number = send(workspace, (12.3, 0.3), "in", item=PAVEMENT)
    kept = workspace.store.reports_without_due
    monkeypatch.setattr(
        workspace.store,
        "reports_without_due",
        lambda **more: [row | {"item": "9999"} for row in kept(**more)],
    )
    (rules / "calendar.csv").write_text(YEAR, encoding="utf-8")
    assert workspace.complete_due_times(commit=True) == (1, 0)
    assert due(workspace, number) == "01-07 17:30"


def test_what_an_edition_gave_a_time_first_keeps_the_limit_of_its_move(
    new_year: tuple[Workspace, Hands, Path],
) -> None:
    workspace, hands, rules = new_year
    number = send(workspace, LEFT_OUT, "out", item=PAVEMENT)
    catalogue(rules, limit_amount="7")
    publish_whole(workspace, "2026-12-22")
    catalogue(rules, limit_amount="3")
    hands.set("2026-12-22 10:00")
    # Seven working days from the receipt on the 21st.
    assert due(workspace, number) == "12-30 17:30"
    for hour in (12, 18):
        wait(workspace, number, f"2026-12-22 {hour}:10", f"2026-12-22 {hour}:20")
        assert due(workspace, number) == "12-30 17:30"
    workspace.reroute_reports([number], "somebody else's", commit=True)
    wait(workspace, number, "2026-12-23 12:10", "2026-12-23 12:20")
    assert due(workspace, number) == "12-30 17:30"
