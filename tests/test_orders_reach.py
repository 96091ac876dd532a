"""What of an order is within reach: the order it is merged into, and the orders to put right."""

from __future__ import annotations

from typing import Any

import pytest

from tests.case_town import STREET
from tests.order_forms import PageTown

pytest_plugins = ["tests.order_fixtures"]

# By the roadside in the other sub-district.
FAR = (8.2, 0.2)


def test_nobody_merges_an_order_into_one_outside_their_reach(town: PageTown) -> None:
    own, far, near = (town.report(place)[0] for place in (STREET, FAR, STREET))
    before = town.order(far)
    assert town.ask("chen", "GET", f"/api/orders/{far}").status_code == 403
    told = town.act("chen", own, "merge", 403, into=far)
    assert "outside" in told["detail"]
    assert town.order(far) == before
    assert town.order(own)["state"] == "submitted"
    # The centre, which acts in both, does; and they do within their own.
    assert town.act("chen", own, "merge", into=near)["state"] == "merged"
    assert town.act("zhang", near, "comment", text="x")["absorbed"] == [own]
    (other, _) = town.report()
    town.act("zhang", other, "merge", into=far)
    assert town.order(far)["absorbed"] == [other]


def test_merging_into_one_that_is_not_there_names_it(town: PageTown) -> None:
    number, _ = town.report()
    assert town.act("chen", number, "merge", 404, into=99999999)["got"] == "99999999"


def issued(town: PageTown, number: int, department: str, *copies: str) -> Any:
    """The supervisor issues one about an order; returns its number."""
    body = {"department": department, "subject": f"督{department}", "demands": "限期",
            "reply_by": "2026-03-14T18:00", "copies": list(copies), "number": number}  # fmt: skip
    answer = town.ask("jian", "POST", "/api/supervision", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def test_an_order_shows_the_supervision_orders_whose_own_door_is_open(town: PageTown) -> None:
    number, _ = town.report()
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch", lead="HW")
    keys = [
        issued(town, number, "HW"),
        issued(town, number, "CG"),
        issued(town, number, "CG", "HW"),
    ]
    for who in ("hao", "zhang", "chen", "jian", "wang"):
        open_to = [k for k in keys if town.ask(who, "GET", f"/api/supervision/{k}").is_success]
        shown = town.ask(who, "GET", f"/api/orders/{number}").json()["supervision"]
        assert sorted(one["id"] for one in shown) == open_to, who
        page = town.see(who, f"/orders/{number}")
        assert [k for k in keys if f'href="/supervision/{k}"' in page] == open_to, who
    assert [k for k in keys if town.ask("hao", "GET", f"/api/supervision/{k}").is_success] == [
        keys[0],
        keys[2],
    ]


def listed(town: PageTown, who: str) -> set[int]:
    """The numbers of the reports that somebody is shown in the list."""
    answer = town.ask(who, "GET", "/api/reports?limit=1000")
    assert answer.status_code == 200, answer.text
    return {one["id"] for one in answer.json()["reports"]}


def test_who_an_order_was_sent_on_to_has_its_report_in_the_list_and_may_ask_for_a_review(
    town: PageTown,
) -> None:
    number, _ = town.report()
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch", lead="HW")
    ask = {"json": {"report": number, "why": "谁的"}}
    assert number not in listed(town, "cao")
    assert town.ask("cao", "POST", "/api/reviews", **ask).status_code == 403
    town.act("zhang", number, "dispatch", lead="CG", why="their stall")
    assert town.ask("cao", "GET", f"/api/reports/{number}").status_code == 200
    assert number in listed(town, "cao")
    opened = town.ask("cao", "POST", "/api/reviews", **ask)
    assert opened.status_code == 200, opened.text
    assert number in {one["report_id"] for one in opened.json()["held"]}
    # To others it is as far as before.
    assert number not in listed(town, "shui")
    assert town.ask("shui", "POST", "/api/reviews", **ask).status_code == 403


def test_who_gave_their_share_back_has_the_report_no_more(town: PageTown) -> None:
    number, _ = town.report()
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch", lead="HW", co_departments=["CG"])
    assert number in listed(town, "cao")
    town.act("cao", number, "return", kind="wrong_dispatch", why="not ours")
    assert town.ask("cao", "GET", f"/api/reports/{number}").status_code == 403
    assert number not in listed(town, "cao")


def orders_of(town: PageTown, who: str, query: str = "") -> set[int]:
    """The numbers of the orders that somebody is shown in the list."""
    answer = town.ask(who, "GET", f"/api/orders?limit=1000{query}")
    assert answer.status_code == 200, answer.text
    return {one["number"] for one in answer.json()["orders"]}


@pytest.mark.parametrize("by", ["the order is sent on", "the share is given back"])
def test_who_was_called_by_a_whistle_finds_what_they_open_and_may_ask_for_a_review(
    town: PageTown, by: str
) -> None:
    """The call stays with them when their share does not: they have to report in."""
    number, _ = town.report()
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch", lead="HW")
    town.act("chen", number, "whistle-blow", why="sewer too", ground="beyond_street")
    ask = {"json": {"report": number, "why": "谁的"}}
    assert number not in orders_of(town, "cao")
    assert town.ask("cao", "POST", "/api/reviews", **ask).status_code == 403
    town.act("chen", number, "whistle-call", whistle=1, departments=["CG"])
    assert number in orders_of(town, "cao")
    if by == "the order is sent on":
        more = {"lead": "SZ", "co_departments": ["HW"]}
        town.act("zhang", number, "dispatch", why="their sewer", **more)
    else:
        town.act("cao", number, "return", kind="wrong_dispatch", why="not ours")
    assert town.ask("cao", "GET", f"/api/orders/{number}").status_code == 200
    for query in ("", "&department=CG", "&mine=true"):
        assert number in orders_of(town, "cao", query)
    assert number in listed(town, "cao")
    opened = town.ask("cao", "POST", "/api/reviews", **ask)
    assert opened.status_code == 200, opened.text
    assert town.ask("cao", "GET", f"/api/reviews/{opened.json()['id']}").status_code == 200
    assert number not in orders_of(town, "shui") | listed(town, "shui")
    assert town.ask("shui", "POST", "/api/reviews", **ask).status_code == 403


def test_who_gave_their_share_back_has_the_order_no_more_until_a_whistle_calls_them(
    town: PageTown,
) -> None:
    number, _ = town.report()
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch", lead="HW", co_departments=["CG"])
    assert number in orders_of(town, "cao")
    town.act("cao", number, "return", kind="wrong_dispatch", why="not ours")
    assert town.ask("cao", "GET", f"/api/orders/{number}").status_code == 403
    assert number not in orders_of(town, "cao")
    assert number not in orders_of(town, "zhang", "&department=CG")
    assert number in orders_of(town, "zhang", "&department=HW")
    town.act("chen", number, "whistle-blow", why="after all", ground="beyond_street")
    town.act("chen", number, "whistle-call", whistle=1, departments=["CG"])
    assert town.ask("cao", "GET", f"/api/orders/{number}").status_code == 200
    assert number in orders_of(town, "cao")


def test_reviews_of_the_other_sub_district_are_on_no_page_of_ones_own(town: PageTown) -> None:
    number, _ = town.report(FAR, item="0301")
    (review,) = town.ask("zhang", "GET", f"/api/reports/{number}").json()["reviews"]
    door = f"/api/reviews/{review}"
    for who, status in (("zhang", 200), ("chen", 403), ("wang", 403)):
        assert town.ask(who, "GET", door).status_code == status, who
        town.see(who, f"/reviews/{review}", status)
        found = town.ask(who, "GET", "/api/reviews?limit=1000").json()
        assert (review in {one["id"] for one in found["reviews"]}) is (status == 200), who
        assert (f'"/reviews/{review}"' in town.see(who, "/reviews")) is (status == 200), who
