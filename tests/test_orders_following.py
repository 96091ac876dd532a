"""Orders follow their reports: where a decision sends them, and when what they wait for is over.

Litter at the roadside is the sanitation unit's (HW) within four working hours: reported at nine
it is due at 14:30.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gridmap.workspace import Workspace
from tests.moves_town import GIVEN, OLD, SECOND, fill_town, open_town, send
from tests.order_forms import PageTown
from tests.review_town import report, ruling
from tests.route_town import EAST

pytest_plugins = ["tests.order_fixtures", "tests.review_fixtures"]

# A roadside of its own: what is ruled there is nobody else's matter.
DISPUTED = (4.1, 0.1)


def sent_out(town: PageTown, *place: tuple[float, float], **more: object) -> int:
    """A report that was confirmed and sent to its department."""
    number, _ = town.report(*place, **more)
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch")
    return number


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
