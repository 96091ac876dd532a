"""Orders whose clocks stand still: nothing is due of them meanwhile, and the time is given back.

Litter is due after four working hours, at half past two when it is reported at nine.
"""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from api.app import create_app
from gridmap.workspace import Workspace
from tests.api_client import LOCAL
from tests.review_town import report

pytest_plugins = ["tests.review_fixtures"]


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
