"""The queue for people: what no rule gives one owner, its candidates, and one press to send it."""

from __future__ import annotations

import re

import pytest

from tests.order_forms import Form, PageTown, forms_in

pytest_plugins = ["tests.order_fixtures"]

# Between the estate and the street, by 40 metres: either may own litter there.
FENCE = (0.5, 0.7)


@pytest.fixture(autouse=True)
def one_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever others have left in the town, a page holds all of it."""
    monkeypatch.setattr("api.pages.queue._ON_A_PAGE", 900)


def queued(town: PageTown, who: str = "zhang") -> list[int]:
    return [int(n) for n in re.findall(r'id="q(\d+)"', town.see(who, "/queue"))]


def presses(town: PageTown, number: int, who: str = "zhang") -> list[Form]:
    found = forms_in(town.see(who, "/queue"))
    return [one for one in found if one.address == f"/queue/{number}"]


def test_what_one_rule_owns_is_not_in_the_queue(town: PageTown) -> None:
    clear, _ = town.report()
    doubtful, _ = town.report(FENCE, accuracy_m=40)
    unowned, _ = town.report(item="0301")
    found = queued(town)
    assert clear not in found
    assert {doubtful, unowned} <= set(found)
    town.act("zhang", unowned, "close", why="x")
    assert unowned not in queued(town)


def test_candidates_are_those_that_the_places_lead_to_and_one_press_sends(
    town: PageTown,
) -> None:
    number, _ = town.report(FENCE, accuracy_m=40, text="围墙边垃圾")
    candidates = [form.fields["lead"] for form in presses(town, number)[:-1]]
    assert set(candidates) == {"HW", "WY:F001"}
    html = town.see("zhang", "/queue")
    assert "派给安禾物业" in html
    assert "围墙边垃圾" in html
    form = next(f for f in presses(town, number) if f.fields["lead"] == "WY:F001")
    answer = town.send_form("zhang", form)
    assert f"#{number}" in town.see("zhang", answer.headers["location"])
    order = town.order(number)
    assert (order["state"], order["lead"]) == ("dispatched", "WY:F001")
    assert [e["action"] for e in order["history"]] == [
        "order.submit", "order.confirm", "order.dispatch",
    ]  # fmt: skip
    assert [e["by"] for e in order["history"][1:]] == ["zhang", "zhang"]
    assert number not in queued(town)


def test_where_nobody_is_known_anybody_can_be_chosen_or_the_board_asked(town: PageTown) -> None:
    number, _ = town.report(item="0301")
    html = town.see("zhang", "/queue")
    assert re.search(r'href="/reviews/\d+"', html)
    form = presses(town, number)[-1]
    assert "SW" in form.options["lead"]
    assert form.required == {"lead"}
    town.send_form("zhang", form, lead="SW")
    assert town.order(number)["lead"] == "SW"
    # Without a place there is nothing to go by.
    placeless, _ = town.report(lon=None, lat=None)
    (form,) = presses(town, placeless)
    assert "请确权" in town.see("zhang", "/queue")
    town.send_form("zhang", form, lead="HW")
    assert town.order(placeless)["state"] == "dispatched"


def test_a_press_that_came_too_late_or_names_nobody_changes_nothing(town: PageTown) -> None:
    number, _ = town.report(FENCE, accuracy_m=40)
    form = presses(town, number)[0]
    assert town.send_form("zhang", form, 404, lead="NO-SUCH").text.count('role="alert"') == 1
    assert town.order(number)["state"] == "submitted"
    town.act("chen", number, "comment", text="我去看看")
    stale = town.send_form("zhang", form, 409)
    assert f"#{number}" in stale.text
    assert town.order(number)["state"] == "submitted"
    town.act("zhang", number, "reject", why="x", outcome="not_an_issue")
    town.send_form("zhang", form, 409, version="")
    assert town.order(number)["state"] == "rejected"


def test_after_a_refusal_the_other_language_is_that_of_the_queue(town: PageTown) -> None:
    number, _ = town.report(item="0301")
    form = presses(town, number)[-1]
    page = town.send_form("zhang", form, 404, lead="NO-SUCH").text
    other = re.search(r'<a href="([^"]*)" lang="en">', page)
    assert other
    assert other[1] == "/queue?lang=en"
    assert "To assign" in town.see("zhang", other[1])


def test_it_is_for_those_who_send_orders_within_their_scope(town: PageTown) -> None:
    east, _ = town.report((9.0, 5.0), item="0301")
    west, _ = town.report(item="0301")
    assert {east, west} <= set(queued(town))
    assert west in queued(town, "chen")
    assert east not in queued(town, "chen")
    form = next(f for f in presses(town, east) if "lead" in f.options)
    assert town.ask("chen", "POST", form.address, data={"lead": "SW"}).status_code == 403
    assert town.ask("wang", "GET", "/queue").status_code == 403
    assert "/queue" not in town.see("wang", "/orders")
    assert town.ask("zhang", "POST", "/queue/999999", data={"lead": "SW"}).status_code == 404


def test_who_is_on_a_later_page_stays_there_and_finds_the_first_when_it_is_empty(
    town: PageTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.report(item="0301")
    town.report(FENCE, accuracy_m=40)
    last = len(queued(town)) - 1
    monkeypatch.setattr("api.pages.queue._ON_A_PAGE", 1)
    html = town.see("zhang", f"/queue?offset={last}")
    form = next(f for f in forms_in(html) if f.address.startswith("/queue/"))
    assert form.address.endswith(f"?offset={last}")
    sent = next(f for f in forms_in(html) if "lead" in f.options)
    answer = town.send_form("zhang", sent, lead="HW")
    assert f"offset={last}" in answer.headers["location"]
    # Nothing is left there: what waits is shown from the first.
    after = town.see("zhang", answer.headers["location"])
    assert re.findall(r'id="q(\d+)"', after)
