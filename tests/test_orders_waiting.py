"""Orders whose clocks stand still: nothing is due of them meanwhile, and the time is given back.

Litter is due after four working hours, at half past two when it is reported at nine.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.workspace import Workspace
from tests.api_client import LOCAL
from tests.moves_town import STAYS, redrawn_town, send
from tests.order_forms import PageTown
from tests.review_town import report
from tests.test_api_due_times import YEAR

pytest_plugins = ["tests.order_fixtures", "tests.review_fixtures"]


def counted(board: Workspace, month: str) -> dict[str, tuple[int, int, dict[str, int]]]:
    """Numerator, denominator and what is in neither, by figure."""
    client = TestClient(create_app(workspace=board), client=LOCAL)
    found: list[dict[str, Any]] = client.get(f"/api/numbers?month={month}").json()["kpis"]
    return {k["kpi"]: (k["numerator"], k["denominator"], k["not_counted"]) for k in found}


def test_an_order_that_waits_over_the_end_of_a_month_is_not_due_in_it(board: Workspace) -> None:
    board.clock.set("2026-03-31 09:00")
    waits, meanwhile = (report(board, 0.2, 0.2, key, item="0101")["id"] for key in "ab")
    for number in (waits, meanwhile):
        board.act(number, "order.confirm")
        board.act(number, "order.dispatch")
    board.clock.set("2026-03-31 10:00")
    for number in (waits, meanwhile):
        board.pause_report(number, "material")
    board.clock.set("2026-03-31 10:01")
    board.work()
    board.clock.set("2026-04-10 10:00")
    board.act(meanwhile, "order.close", why="no longer there")
    march = counted(board, "2026-03")
    for kpi in ("closing", "on_time", "reply", "completion"):
        assert march[kpi] == (0, 0, {"paused": 2}), kpi
    board.clock.set("2026-05-06 10:00")
    april = counted(board, "2026-04")
    # What was done while the clock stood still was done in time.
    assert april["closing"] == april["on_time"] == (1, 1, {"paused": 1})
    board.resume_report(waits)
    board.clock.set("2026-05-06 10:01")
    board.work()
    assert board.order(waits)["due_at"][:16] == "2026-05-06T14:30"
    board.clock.set("2026-05-06 16:00")
    board.act(waits, "order.close", why="swept")
    board.clock.set("2026-06-01 09:00")
    may = counted(board, "2026-05")
    assert (may["closing"], may["on_time"]) == ((1, 1, {}), (0, 1, {}))
    assert (counted(board, "2026-03"), counted(board, "2026-04")) == (march, april)


def at_work(town: PageTown, **more: Any) -> int:
    """An order that the sanitation unit works on."""
    number, _ = town.report(**more)
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch", lead="HW")
    town.act("hao", number, "accept")
    town.act("hao", number, "start")
    return number


def times(town: PageTown, number: int) -> tuple[str | None, str, bool]:
    """When an order is due, what was promised first, and whether its clock stands still."""
    order = town.order(number)
    due = order["due_at"]
    return due and due[5:16], order["due_original"][5:16], order["paused_at"] is not None


def test_time_that_was_given_is_given_back_too(town: PageTown) -> None:
    """Two working days from Thursday the 12th: Monday the 16th; extended to Friday the 20th."""
    number = at_work(town, item="0102")
    town.act("hao", number, "extend", until="2026-03-20T12:00", why="the crane comes then")
    town.act("zhang", number, "extend-approve")
    assert times(town, number) == ("03-20T12:00", "03-16T17:30", False)
    town.at("2026-03-18 09:00")
    town.stop(number)
    town.at("2026-03-18 09:01")
    before = town.told("hao", number)
    assert times(town, number) == (None, "03-16T17:30", True)
    assert "计时暂停中" in town.see("zhang", f"/orders/{number}")
    # Over the time that it was given: nothing is due, and nobody is reminded.
    town.at("2026-03-25 09:00")
    order = town.order(number)
    assert (order["overdue"], order["level"], town.told("hao", number)) == (False, "S", before)
    town.go_on(number)
    town.at("2026-03-25 09:01")
    # Five working days were lost, thirty-five hours of offices.
    assert times(town, number) == ("03-27T12:00", "03-16T17:30", False)
    # Stopped and run on while nobody worked: counted once, from how it was given.
    town.hands.set("2026-03-26 09:00")
    town.stop(number)
    town.hands.set("2026-03-26 12:00")
    town.go_on(number)
    town.at("2026-03-26 12:01")
    assert times(town, number) == ("03-27T16:30", "03-16T17:30", False)
    assert town.history(number).count("order.due") == 3
    town.at("2026-03-27 16:31")
    assert town.told("hao", number)[len(before) :].count("overdue") == 1


def test_what_is_given_while_the_clock_stands_still_begins_when_it_runs_on(town: PageTown) -> None:
    number = at_work(town, item="0102")
    town.act("hao", number, "extend", until="2026-03-20T12:00", why="the crane comes then")
    town.at("2026-03-12 14:00")
    town.stop(number)
    town.at("2026-03-13 09:00")
    given = town.act("zhang", number, "extend-approve")
    assert (given["due_at"], given["due_given"][5:16]) == (None, "03-20T12:00")
    town.act("hao", number, "extend", 422, until="2026-03-20T12:00", why="no later than that")
    town.at("2026-03-13 12:00")
    town.go_on(number)
    town.at("2026-03-13 12:01")
    # Three hours were lost, of what was given and of what was promised.
    assert times(town, number) == ("03-20T16:30", "03-17T12:00", False)
    town.act("zhang", number, "close", why="carted off")
    town.act("zhang", number, "reopen", why="it is back")
    again = town.order(number)
    town.stop(number)
    town.at("2026-03-13 13:30")
    assert times(town, number)[0] is None
    town.at("2026-03-13 17:30")
    town.go_on(number)
    town.at("2026-03-13 17:31")
    assert times(town, number)[0] > again["due_at"][5:16]


def test_nothing_lost_is_nothing_given_back(town: PageTown) -> None:
    number = at_work(town)
    town.at("2026-03-12 12:00")
    town.stop(number)
    town.at("2026-03-12 12:01")
    assert times(town, number) == (None, "03-12T14:30", True)
    town.at("2026-03-12 13:30")
    town.go_on(number)
    town.at("2026-03-12 13:31")
    assert times(town, number) == ("03-12T14:30", "03-12T14:30", False)
    town.at("2026-03-12 14:31")
    assert town.told("hao", number).count("overdue") == 1
    # Too late is too late: nothing waits, and nobody is reminded of it again.
    town.stop(number)
    town.at("2026-03-12 14:32")
    assert times(town, number) == ("03-12T14:30", "03-12T14:30", False)
    assert town.told("hao", number).count("overdue") == 1


def test_what_went_up_goes_no_higher_while_it_waits(town: PageTown) -> None:
    number = at_work(town)
    stage = town.act("chen", number, "escalate", why="more than one unit")["stage_due_at"]
    assert stage[:16] == "2026-03-15T09:00"
    town.at("2026-03-12 10:00")
    town.stop(number)
    town.at("2026-03-16 10:00")
    assert town.order(number)["whistles"] == []
    town.go_on(number)
    # Fourteen hours of offices were lost.
    town.at("2026-03-17 17:29")
    order = town.order(number)
    assert (order["due_at"][:16], order["stage_due_at"][:16], order["whistles"]) == (
        "2026-03-16T14:30", "2026-03-17T17:30", [],
    )  # fmt: skip
    town.at("2026-03-17 17:31")
    assert [one["ground"] for one in town.order(number)["whistles"]] == ["lateness"]


def test_what_has_no_place_waits_by_the_time_that_its_order_was_given(town: PageTown) -> None:
    number, _ = town.report((30.0, 30.0))
    town.act("zhang", number, "confirm")
    door = f"/api/reports/{number}/pause"
    refused = town.ask("zhang", "POST", door, json={"reason": "material"})
    assert (refused.status_code, refused.json()["repair"]) == (409, "Route it first.")
    town.act("zhang", number, "dispatch", lead="HW")
    assert times(town, number) == ("03-12T14:30", "03-12T14:30", False)
    town.at("2026-03-12 10:00")
    town.stop(number)
    town.at("2026-03-12 10:01")
    assert times(town, number) == (None, "03-12T14:30", True)
    # Over the time that it was given: nothing is due.
    town.at("2026-03-12 15:00")
    assert "overdue" not in town.told("hao", number)
    town.go_on(number)
    town.at("2026-03-12 15:01")
    assert times(town, number)[::2] == ("03-13T09:30", False)
    # Whoever it is sent on to, it waits by the time that it was given first.
    town.act("zhang", number, "dispatch", lead="CG", why="their stall")
    town.at("2026-03-12 16:00")
    town.stop(number)
    town.at("2026-03-12 16:30")
    town.go_on(number)
    town.at("2026-03-12 16:31")
    assert times(town, number)[::2] == ("03-13T10:00", False)
    replayed = town.ask("zhang", "GET", f"/api/reports/{number}/replay").json()
    assert replayed["same"]


def gone_up(town: PageTown) -> int:
    """An order that went up to the sub-district, which has until Sunday the 15th at nine."""
    number = at_work(town)
    stage = town.act("chen", number, "escalate", why="more than one unit")["stage_due_at"]
    assert stage[:16] == "2026-03-15T09:00"
    return number


def whistles(town: PageTown, number: int) -> list[str]:
    """On what grounds whistles were blown about an order."""
    return [one["ground"] for one in town.order(number)["whistles"]]


def test_what_has_more_time_goes_no_higher_before_that_is_over(town: PageTown) -> None:
    number = gone_up(town)
    town.act("hao", number, "extend", until="2026-03-20T12:00", why="the crane comes then")
    assert town.act("zhang", number, "extend-approve")["stage_due_at"] is None
    town.at("2026-03-20 11:59")
    assert whistles(town, number) == []
    town.at("2026-03-20 12:01")
    assert whistles(town, number) == ["lateness"]


def test_more_time_than_was_promised_shortens_no_stage(town: PageTown) -> None:
    number = gone_up(town)
    town.act("hao", number, "extend", until="2026-03-13T12:00", why="the crane comes then")
    assert town.act("zhang", number, "extend-approve")["stage_due_at"][:10] == "2026-03-15"
    town.at("2026-03-15 08:59")
    assert whistles(town, number) == []
    town.at("2026-03-15 09:01")
    assert whistles(town, number) == ["lateness"]


def test_what_is_back_from_the_backlog_goes_no_higher_before_it_is_late(town: PageTown) -> None:
    number = gone_up(town)
    town.act("hao", number, "backlog", why="frozen ground")
    town.act("zhang", number, "backlog-approve")
    town.at("2026-03-26 09:00")
    order = town.act("zhang", number, "backlog-resume", why="thaw")
    assert (order["due_at"][:16], order["stage_due_at"]) == ("2026-03-26T14:30", None)
    town.at("2026-03-26 14:29")
    assert whistles(town, number) == []
    town.at("2026-03-26 14:31")
    assert whistles(town, number) == ["lateness"]


@pytest.mark.parametrize("stopped", [False, True])
def test_what_is_given_past_the_calendar_is_counted_when_the_table_comes(
    store_url: str, tmp_path: Path, stopped: bool
) -> None:
    """Three working days from 30 December are 31 December, 4 and 5 January."""
    with redrawn_town(store_url, tmp_path, "2026-12-29 09:00") as (workspace, hands, rules):
        number = send(workspace, STAYS, "again", item="0101")
        workspace.act(number, "order.confirm")
        workspace.act(number, "order.dispatch")
        promised = workspace.order(number)["due_original"]
        if stopped:
            workspace.pause_report(number, "material")
            workspace.work()
        workspace.act(number, "order.close", why="swept")
        hands.set("2026-12-30 09:00")
        order = workspace.act(number, "order.reopen", why="it is back")
        assert (order["due_at"], order["due_waits"]) == (None, "reopened")
        hands.set("2026-12-31 16:00")
        order = workspace.act(number, "order.dispatch")
        assert (order["due_at"], order["accept_by"]) == (None, None)
        hands.set("2027-01-03 12:00")
        workspace.work()
        assert workspace.order(number)["version"] == order["version"]
        (rules / "calendar.csv").write_text(YEAR, encoding="utf-8")
        hands.set("2027-01-04 13:00")
        workspace.work()
        order = workspace.order(number)
        assert (order["due_at"] or order["due_given"])[:16] == "2027-01-05T17:30"
        assert (order["due_waits"], order["due_original"]) == ("", promised)
        assert [order["due_at"], order["due_given"]].index(None) == (0 if stopped else 1)
        assert (order["paused_at"] is not None) is stopped
        # An hour and a half of the four to sign for it lay in the old year.
        steps = [e["fields"]["step"] for e in order["history"] if e["action"] == "order.remind"]
        assert steps.count("unsigned") == 1
