"""Orders follow their reports: where a decision sends them, and when what they wait for is over.

Litter at the roadside is the sanitation unit's (HW) within four working hours: reported at nine
it is due at 14:30.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

import pytest

from gridmap.places.model import Post
from gridmap.store.outbox import Meant
from gridmap.workspace import Workspace
from tests.moves_town import (
    GIVEN,
    OLD,
    SECOND,
    SUCCESSOR,
    fill_town,
    open_town,
    publish_whole,
    put,
    send,
)
from tests.order_forms import PageTown
from tests.review_town import report, ruling
from tests.route_town import EAST, WEST

pytest_plugins = ["tests.order_fixtures", "tests.review_fixtures"]

# A roadside of its own: what is ruled there is nobody else's matter.
DISPUTED = (4.1, 0.1)
OFFICE = "0301"  # an item that the office of the sub-district leads
PREMISES = "0705"  # one of the fire service's, together with that office and another body


def sent_out(town: PageTown, *place: tuple[float, float], **more: object) -> int:
    """A report that was confirmed and sent to its department."""
    number, _ = town.report(*place, **more)
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch")
    return number


@contextmanager
def meanwhile(workspace: Workspace, question: str, happens: Callable[[], object]) -> Iterator[None]:
    """Let something happen after a worker has asked which orders are to follow."""
    ask = getattr(workspace.store, question)
    with pytest.MonkeyPatch.context() as patch:

        def page(after: int = 0) -> object:
            found = ask(after)
            if found:
                patch.undo()
                happens()
            return found

        patch.setattr(workspace.store, question, page)
        yield


def told_new(workspace: Workspace, number: int) -> list[str]:
    """The departments that were told of an order as a new one, in the order of their codes."""
    bodies = ("CG", "HW", "SW", "XF", "YJ", f"JD:{EAST}", f"JD:{WEST}")
    meant = [Meant("department", code) for code in bodies]
    found = workspace.store.notices_for(meant, "nobody", unread=False, limit=1000)
    return sorted(n["audience"] for n in found if (n["number"], n["kind"]) == (number, "new"))


def reminded(workspace: Workspace, number: int) -> list[str]:
    """Of what was reminded about an order, in order."""
    happened = workspace.store.order_events(number)
    return [e["fields"]["step"] for e in happened if e["action"] == "order.remind"]


def test_a_clock_that_stands_still_leaves_an_order_with_whom_it_was_sent_to(town: PageTown) -> None:
    number = sent_out(town)
    town.act("zhang", number, "dispatch", lead="CG", why="their stall")
    town.act("cao", number, "accept")
    town.at("2026-03-12 10:00")
    town.stop(number)
    town.at("2026-03-12 10:01")
    order = town.order(number)
    assert (order["lead"], order["state"], order["due_at"]) == ("CG", "accepted", None)
    town.at("2026-03-12 11:00")
    town.go_on(number)
    town.at("2026-03-12 11:01")
    order = town.order(number)
    assert (order["lead"], order["state"], order["due_at"][:16]) == (
        "CG", "accepted", "2026-03-12T15:30",
    )  # fmt: skip
    assert town.history(number)[-2:] == ["order.due", "order.due"]
    assert "order.move" not in town.history(number)


def test_a_clock_that_runs_on_is_not_stopped_by_a_worker_that_asked_before(
    town: PageTown,
) -> None:
    number = sent_out(town)
    town.at("2026-03-12 10:00")
    town.stop(number)
    town.hands.set("2026-03-12 10:01")

    def another() -> None:
        town.workspace.work()
        town.hands.set("2026-03-12 11:00")
        town.go_on(number)
        town.at("2026-03-12 11:01")

    with meanwhile(town.workspace, "orders_to_follow", another):
        town.workspace.work()
    order = town.order(number)
    assert (order["paused_at"], order["due_at"][:16]) == (None, "2026-03-12T15:30")
    assert town.history(number).count("order.due") == 2


def test_a_clock_that_stands_still_settles_no_ownership(town: PageTown) -> None:
    number = sent_out(town, DISPUTED)
    town.act("hao", number, "return", kind="wrong_dispatch", why="not ours")
    town.act("zhang", number, "dispatch", lead="CG")
    town.act("cao", number, "return", kind="wrong_dispatch", why="not ours either")
    town.stop(number, "ownership")
    town.hands.set("2026-03-12 09:01")
    # The board is asked by what led there, whatever happened since.
    assert town.workspace.work().failed == 0
    order = town.order(number)
    assert (order["state"], order["returns"], order["due_at"]) == ("ownership_review", 2, None)
    # What is decided is followed, also while the clock stands still.
    review = town.ask("ling", "GET", f"/api/reports/{number}").json()["reviews"][-1]
    body = {"owner": "SW", "document": "纪要〔2026〕7号", "radius_m": 15.0}
    town.at("2026-03-12 09:30")
    answer = town.ask("ling", "POST", f"/api/reviews/{review}/ruling", json=body)
    assert answer.status_code == 200, answer.text
    town.at("2026-03-12 09:31")
    order = town.order(number)
    assert (order["state"], order["lead"], order["returns"]) == ("dispatched", "SW", 0)
    assert order["due_at"] is None


def test_an_order_stays_with_the_lead_of_the_item_that_was_put_right(town: PageTown) -> None:
    number, _ = town.report()
    lead = town.order(number)["lead"]
    assert town.act("zhang", number, "confirm", item="0306")["lead"] == "SZ" != lead
    town.at("2026-03-12 09:01")
    town.stop(number)
    town.at("2026-03-12 09:02")
    order = town.order(number)
    assert (order["item"], order["lead"], order["due_at"]) == ("0306", "SZ", None)


@pytest.fixture
def moving(store_url: str) -> Iterator[Workspace]:
    """The town before and after a community is given away."""
    with open_town(store_url) as (workspace, _):
        fill_town(workspace)
        yield workspace


def test_a_clock_that_stands_still_takes_nothing_back_that_an_edition_moved(
    moving: Workspace,
) -> None:
    number = send(moving, GIVEN, "office", item="0301")
    assert moving.order(number)["lead"].endswith(OLD[:9])
    moving.publish("redrawn", effective_from=SECOND, reports="migrate", commit=True)
    moving.clock.set("2026-06-01 09:00")
    moving.work()
    assert moving.order(number)["lead"] == f"JD:{EAST}"
    moving.pause_report(number, "weather")
    moving.clock.set("2026-06-01 09:01")
    moving.work()
    assert moving.order(number)["lead"] == f"JD:{EAST}"


def test_a_month_tells_by_which_rule_an_order_was_first_sent_whatever_was_ruled_since(
    board: Workspace,
) -> None:
    number = report(board, 0.2, 0.2, "litter", item="0101")["id"]
    board.act(number, "order.confirm")
    board.act(number, "order.dispatch")
    board.clock.set("2026-03-04 10:00")
    (before,) = board.draft_monthly("2026-03")["routing"]
    review = board.open_review(number, "whose litter is it?")["id"]
    board.rule(review, ruling())
    board.clock.set("2026-03-04 11:00")
    board.work()
    assert board.order(number)["lead"] == "SW"
    assert board.report(number)["explanation"][0].count("权属裁定") == 1
    (after,) = board.draft_monthly("2026-03")["routing"]
    assert before["rule"] != "by_hand"
    assert [after[n] for n in ("rule", "example")] == [before[n] for n in ("rule", "example")]


def sent_to_its_lead(workspace: Workspace, key: str, **more: object) -> int:
    """A report from the community that is given away, confirmed and sent out."""
    number = send(workspace, GIVEN, key, **more)
    workspace.act(number, "order.confirm")
    workspace.act(number, "order.dispatch")
    return number


def test_two_workers_move_an_order_once_and_it_stays_where_it_was_sent_since(
    moving: Workspace,
) -> None:
    number = sent_to_its_lead(moving, "office", item=OFFICE)
    moving.publish("redrawn", effective_from=SECOND, reports="migrate", commit=True)
    moving.clock.set("2026-06-01 09:00")

    def another() -> None:
        moving.work()
        assert moving.order(number)["lead"] == f"JD:{EAST}"
        moving.act(number, "order.dispatch", lead="CG", why="their stall")

    with meanwhile(moving, "orders_to_move", another):
        moving.work()
    order = moving.order(number)
    assert order["lead"] == "CG"
    assert [one["action"] for one in order["history"]].count("order.move") == 1
    assert told_new(moving, number) == ["CG", f"JD:{WEST}", f"JD:{EAST}"]


def test_an_edition_tells_of_new_orders_only_whom_it_sends_one_to(moving: Workspace) -> None:
    unsent = send(moving, GIVEN, "unsent", item=OFFICE)
    theirs = send(moving, GIVEN, "theirs", item=OFFICE)
    moving.act(theirs, "order.confirm")
    moving.act(theirs, "order.dispatch", lead=f"JD:{EAST}")
    sent = sent_to_its_lead(moving, "sent", item=OFFICE)
    done = sent_to_its_lead(moving, "done", item=OFFICE)
    moving.act(done, "order.accept")
    moving.act(done, "order.resolve", result="put back")
    litter = sent_to_its_lead(moving, "litter", item="0101")
    moving.publish("redrawn", effective_from=SECOND, reports="migrate", commit=True)
    moving.clock.set("2026-06-01 09:00")
    moving.work()
    new = f"JD:{EAST}"
    leads = {unsent: new, theirs: new, sent: new, done: new, litter: "HW"}
    assert {number: moving.order(number)["lead"] for number in leads} == leads
    former = f"JD:{WEST}"
    assert {number: told_new(moving, number) for number in leads} == {
        unsent: [], theirs: [new], sent: [former, new], done: [former], litter: ["HW"],
    }  # fmt: skip
    # Sent out then, it is told to whom it belongs now.
    moving.act(unsent, "order.confirm")
    moving.act(unsent, "order.dispatch")
    assert told_new(moving, unsent) == [new]


def test_whom_an_edition_sends_an_order_to_is_reminded_to_sign(moving: Workspace) -> None:
    number = sent_to_its_lead(moving, "office", item=OFFICE)
    moving.clock.set("2026-03-13 17:00")
    moving.work()
    assert reminded(moving, number).count("unsigned") == 1
    moving.publish("redrawn", effective_from=SECOND, reports="migrate", commit=True)
    moving.clock.set("2026-06-01 09:00")
    moving.work()
    assert moving.order(number)["accept_by"][:16] == "2026-06-01T14:30"
    moving.clock.set("2026-06-01 14:29")
    moving.work()
    assert reminded(moving, number).count("unsigned") == 1
    moving.clock.set("2026-06-01 14:31")
    moving.work()
    assert reminded(moving, number).count("unsigned") == 2


def test_whom_a_ruling_sends_an_order_to_is_reminded_to_sign(board: Workspace) -> None:
    number = report(board, 0.2, 0.2, "litter", item="0101")["id"]
    board.act(number, "order.confirm")
    board.act(number, "order.dispatch")
    board.clock.set("2026-03-04 10:00")
    review = board.open_review(number, "whose litter is it?")["id"]
    board.rule(review, ruling())
    board.clock.set("2026-03-04 11:00")
    board.work()
    order = board.order(number)
    assert (order["lead"], order["accept_by"][:16]) == ("SW", "2026-03-04T16:30")
    # The time of whom it was sent to first is over, and is nobody's any more.
    board.clock.set("2026-03-04 16:29")
    board.work()
    assert "unsigned" not in reminded(board, number)
    board.clock.set("2026-03-04 16:31")
    board.work()
    assert reminded(board, number).count("unsigned") == 1


def shares(workspace: Workspace, number: int) -> dict[str, str]:
    """The co-departments of an order, and where their shares stand."""
    return {part["department"]: part["state"] for part in workspace.order(number)["co"]}


def test_with_the_same_lead_an_edition_changes_whom_it_asks_besides(moving: Workspace) -> None:
    number = sent_to_its_lead(moving, "premises", item=PREMISES)
    new, former = f"JD:{EAST}", f"JD:{WEST}"
    assert shares(moving, number) == {former: "asked", "YJ": "asked"}
    co = [former, "YJ", "CG"]
    moving.act(number, "order.dispatch", co_departments=co, why="a stall is in the way")
    moving.act(number, "order.accept", department="XF")
    moving.act(number, "order.accept", department="YJ")
    before = moving.order(number)
    moving.publish("redrawn", effective_from=SECOND, reports="migrate", commit=True)
    moving.clock.set("2026-06-01 09:00")
    moving.work()
    order = moving.order(number)
    assert (order["lead"], order["state"]) == ("XF", "accepted")
    # Whom people asked besides is asked still, and who has signed has signed.
    assert shares(moving, number) == {"YJ": "accepted", "CG": "asked", new: "asked"}
    assert told_new(moving, number) == ["CG", former, new, "XF", "XF", "YJ"]
    assert before["first_responder"] != order["first_responder"] == SUCCESSOR.code
    assert (order["dispatches"], order["accept_by"]) == (before["dispatches"], None)
    # Another edition takes away what this one brought.
    put(moving, "whole", like="town")
    publish_whole(moving, "2026-07-01")
    moving.clock.set("2026-07-01 09:00")
    moving.work()
    assert shares(moving, number) == {"YJ": "accepted", "CG": "asked", former: "asked"}


@pytest.mark.parametrize("reviewed", [False, True])
def test_a_ruling_brings_who_goes_first_and_leaves_shares_that_stay(
    board: Workspace, reviewed: bool
) -> None:
    number = report(board, 0.2, 0.2, "premises", item=PREMISES)["id"]
    board.act(number, "order.confirm")
    board.act(number, "order.dispatch")
    board.act(number, "order.accept", department="YJ")
    was = board.order(number)["first_responder"]
    post = Post("P-XF", "person-P-XF", "演示消防", "professional_worker", "professional",
                "grid", WEST + "001001", department="XF")  # fmt: skip
    board.put_records("posts", [asdict(post)])
    if reviewed:
        board.act(number, "order.review", why="whose are the premises?")
        (review,) = board.report(number)["reviews"]
    else:
        review = board.open_review(number, "whose are the premises?")["id"]
    board.rule(review, ruling())
    board.clock.set("2026-03-04 11:00")
    board.work()
    order = board.order(number)
    assert order["history"][-1]["action"] == ("order.rule" if reviewed else "order.move")
    assert (order["lead"], order["state"]) == ("SW", "dispatched")
    assert (was, order["first_responder"]) == ("W-A1-1", "P-XF")
    assert shares(board, number) == {f"JD:{WEST}": "asked", "YJ": "accepted"}
