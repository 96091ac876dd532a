"""An item that was put right at confirmation is what the report is about from then on.

Litter at the roadside is the sanitation unit's (HW) within four working hours; a street lamp that
is out is the works department's (SZ) within a day.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from gridmap.errors import Conflict
from gridmap.settings import Settings
from gridmap.store import Store
from gridmap.store.migrate import HEAD
from gridmap.workspace import Workspace, open_workspace
from tests.moves_town import GIVEN, NEW, SECOND, fill_town, open_town, send
from tests.order_forms import PageTown
from tests.review_town import morning, report
from tests.route_town import EAST, WEST

pytest_plugins = ["tests.order_fixtures", "tests.review_fixtures"]

LITTER, LAMP, OFFICE = "0101", "0306", "0301"


def report_of(town: PageTown, number: int) -> dict:
    answer = town.ask("zhang", "GET", f"/api/reports/{number}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_report_gets_the_route_and_the_time_of_its_item(town: PageTown) -> None:
    number, _ = town.report()
    was = report_of(town, number)
    order = town.act("zhang", number, "confirm", item=LAMP)
    assert (order["item"], order["lead"], order["due_at"][:16]) == (LAMP, "SZ", "2026-03-13T09:00")
    now = report_of(town, number)
    assert (now["item"], now["department"], now["due_at"]) == (LAMP, "SZ", order["due_at"])
    (former,) = now["reroutes"]
    assert (former["old_item"], former["old_department"]) == (None, was["department"])
    assert (former["why"], former["rerouted_by"]) == ("0101 → 0306", "zhang")
    assert former["old_explanation"] == was["explanation"] != now["explanation"]
    # The first decision can be made again as it was.
    replayed = town.ask("zhang", "GET", f"/api/reports/{number}/replay").json()
    assert (replayed["same"], replayed["item"]) == (True, LITTER)
    listed = town.ask("zhang", "GET", f"/api/reports?item={LAMP}&limit=500").json()["reports"]
    assert number in {one["id"] for one in listed}
    # The order has got it already: whoever it is sent to since keeps it.
    town.act("zhang", number, "dispatch", lead="CG")
    town.at("2026-03-12 10:00")
    town.stop(number)
    town.at("2026-03-12 12:00")
    town.go_on(number)
    town.at("2026-03-12 12:01")
    order = town.order(number)
    assert (order["lead"], order["due_at"][:16]) == ("CG", "2026-03-13T11:00")
    assert report_of(town, number)["due_at"] == order["due_at"]
    assert "order.move" not in town.history(number)


def test_an_order_has_who_goes_first_for_the_item_that_was_put_right(board: Workspace) -> None:
    """Where the police have somebody of their own, that one goes first to a stray dog."""
    number = report(board, 8.1, 4.1, "litter", item=LITTER)["id"]
    assert board.order(number)["first_responder"] == "W-B2-1"
    board.act(number, "order.confirm", item="0207")
    order = board.order(number)
    assert (order["lead"], order["first_responder"]) == ("GA", "P-B2-1")
    assert board.report(number)["first_responder"] == "P-B2-1"


def test_its_time_knows_how_long_the_clock_stood_still_before(town: PageTown) -> None:
    number, _ = town.report()
    town.stop(number)
    town.at("2026-03-12 10:00")
    town.go_on(number)
    town.at("2026-03-12 10:30")
    order = town.act("zhang", number, "confirm", item=LAMP)
    assert order["due_at"][:16] == report_of(town, number)["due_at"][:16] == "2026-03-13T10:00"


def test_what_is_put_right_while_the_clock_stands_still_waits(town: PageTown) -> None:
    number, _ = town.report()
    town.at("2026-03-12 09:30")
    town.stop(number)
    town.at("2026-03-12 10:00")
    order = town.act("zhang", number, "confirm", item=LAMP)
    assert (order["due_at"], order["paused_at"][:16]) == (None, "2026-03-12T09:30")
    town.at("2026-03-12 10:30")
    town.go_on(number)
    town.at("2026-03-12 10:31")
    order = town.order(number)
    assert (order["due_at"], order["due_original"]) == (order["due_at"], order["due_at"])
    assert (order["due_at"][:16], order["paused_at"]) == ("2026-03-13T10:00", None)


def test_the_board_is_asked_about_the_item_that_was_put_right(town: PageTown) -> None:
    number, _ = town.report()
    town.act("zhang", number, "confirm", item=LAMP)
    town.act("ling", number, "review", why="whose lamp?")
    (held,) = report_of(town, number)["reviews"]
    review = town.ask("zhang", "GET", f"/api/reviews/{held}").json()
    assert review["item"] == LAMP


def test_an_item_that_nobody_owns_goes_before_the_board(board: Workspace) -> None:
    number = report(board, 1.2, 1.2, "litter", item=LITTER)["id"]
    assert board.report(number)["reviews"] == []
    board.act(number, "order.confirm", item=OFFICE)
    (review,) = board.reviews(state="open")[1]
    assert (review["item"], review["reason"]) == (OFFICE, "no_owner")
    assert board.report(number)["reviews"] == [review["id"]]


def test_a_time_that_waits_for_a_calendar_is_that_of_the_item(board: Workspace) -> None:
    board.clock.set("2026-12-31 09:00")
    number = report(board, 1.2, 1.2, "litter", item=LITTER)["id"]
    board.act(number, "order.confirm", item="0303")
    assert board.report(number)["due_reason"] == "calendar_missing"
    (waits,) = board.store.reports_without_due(after=0, limit=10)
    assert (waits["id"], waits["item"]) == (number, "0303")


@pytest.fixture
def moving(store_url: str) -> Iterator[Workspace]:
    """The town before and after a community is given away."""
    with open_town(store_url) as (workspace, _):
        fill_town(workspace)
        yield workspace


def test_an_edition_moves_a_report_by_the_item_that_was_put_right(moving: Workspace) -> None:
    theirs = send(moving, GIVEN, "theirs", item=LITTER)
    ours = send(moving, GIVEN, "ours", item=OFFICE)
    late = send(moving, GIVEN, "late", item=OFFICE)
    moving.act(theirs, "order.confirm", item=OFFICE)
    moving.act(ours, "order.confirm", item=LITTER)
    assert moving.order(theirs)["lead"] == f"JD:{WEST}"
    assert moving.order(ours)["lead"] == "HW"
    moving.clock.set("2026-03-12 09:30")
    moving.publish("redrawn", effective_from=SECOND, reports="migrate", commit=True)
    moving.clock.set("2026-03-12 10:00")
    # Put right after the move was recorded, and before it counts.
    moving.act(late, "order.confirm", item=LITTER)
    moving.clock.set("2026-06-01 09:00")
    moving.work()
    leads = {theirs: f"JD:{EAST}", ours: "HW", late: "HW"}
    for number, lead in leads.items():
        order, found = moving.order(number), moving.report(number)
        assert (order["lead"], found["department"]) == (lead, lead), number
        assert order["areas"]["community"] == found["areas"]["community"] == NEW
    for number, item in ((theirs, OFFICE), (ours, LITTER), (late, OFFICE)):
        replayed = moving.replay(number, edition="redrawn")
        assert (replayed["same"], replayed["item"]) == (True, item)
    assert [moving.replay(n)["item"] for n in leads] == [LITTER, OFFICE, OFFICE]
    assert all(moving.replay(number)["same"] for number in leads)


def test_a_clock_that_is_stopped_while_an_item_is_put_right_is_not_overrun(
    board: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = report(board, 0.2, 0.2, "a", item=LITTER)["id"]
    before = board.store.order(number)
    change = Store.change_orders

    def late(self, *given, **more):
        monkeypatch.setattr(Store, "change_orders", change)
        board.pause_report(number, "material")
        return change(self, *given, **more)

    monkeypatch.setattr(Store, "change_orders", late)
    with pytest.raises(Conflict, match="clock"):
        board.act(number, "order.confirm", item=LAMP)
    assert board.store.order(number) == before
    assert board.report(number)["item"] == LITTER
    board.act(number, "order.confirm", item=LAMP)
    after = board.store.order(number)
    assert (after.item, after.due_at) == (LAMP, None)
    assert after.paused_at is not None


def test_a_store_that_was_in_use_knows_what_was_put_right_and_what_waits(review_url: str) -> None:
    settings = Settings(store=review_url)
    with open_workspace(settings=settings, clock=morning()) as board:
        numbers = [report(board, 1.2, 1.2, key, item=LITTER)["id"] for key in "abc"]
        right, waits, _ = numbers
        board.act(right, "order.confirm", item=LAMP)
        board.clock.set("2026-03-04 10:00")
        board.pause_report(waits, "weather")
        board.clock.set("2026-03-04 10:01")
        board.work()
        before = {number: board.store.order(number) for number in numbers}
    _as_it_was(review_url)
    assert Store.migrate(review_url) == ("0025", HEAD)
    with open_workspace(settings=settings, clock=morning()) as board:
        board.clock.set("2026-03-04 11:00")
        assert {number: board.store.order(number) for number in numbers} == before
        assert [board.report(n)["item"] for n in numbers] == [LAMP, LITTER, LITTER]
        assert board.replay(right)["same"]
        board.resume_report(waits)
        board.clock.set("2026-03-04 11:01")
        board.work()
        after = board.store.order(waits)
        assert (after.paused_at, after.due_at) == (None, after.due_original)


def _as_it_was(url: str) -> None:
    """Take from a store what the migration, and those after it, put into it."""
    with Store.open(url) as store, store._database.write() as connection:
        for table, column in (
            ("report_routes", "item"),
            ("report_reroutes", "old_item"),
            ("report_moves", "item"),
            ("plan_drafts", "replaced_why"),
        ):
            connection.execute(text(f"ALTER TABLE {table} DROP COLUMN {column}"))
        connection.execute(text("DROP INDEX ix_report_moves_waiting"))
        for number, data in connection.execute(text("SELECT number, data FROM orders")).all():
            known = json.loads(data) if isinstance(data, str) else dict(data)
            stored = {n: v for n, v in known.items() if n not in {"paused_at", "due_given"}}
            cast = "" if store.kind == "geopackage" else "::jsonb"
            connection.exec_driver_sql(
                f"UPDATE orders SET data = '{json.dumps(stored)}'{cast} WHERE number = {number}"
            )
        connection.execute(text("UPDATE gridmap_version SET version_num = '0025'"))
