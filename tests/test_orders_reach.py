"""What of an order is within reach: the order it is merged into, and the orders to put right."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gridmap.access import Actor, Grant, Role, Scope
from gridmap.cases.notices import Notice, NoticeKind, department, role
from tests.case_town import STREET
from tests.order_forms import PageTown
from tests.route_town import WEST

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


def shared(town: PageTown) -> int:
    """A report that HW has, and CG with it."""
    number, _ = town.report()
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch", lead="HW", co_departments=["CG"])
    return number


def test_who_gave_their_share_back_has_the_report_no_more(town: PageTown) -> None:
    number = shared(town)
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
    number = shared(town)
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


def heard(town: PageTown, who: str, number: int) -> list[str]:
    """What the stream of events tells somebody of an order, in order."""
    text = town.ask(who, "GET", "/api/events?after=0&wait_s=0").text
    told = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]
    return [one["type"] for one in told if one["data"].get("number") == number]


def test_who_gave_their_share_back_hears_of_the_order_no_more_until_a_whistle_calls_them(
    town: PageTown,
) -> None:
    number = shared(town)
    town.act("zhou", number, "comment", text="both")
    assert heard(town, "cao", number) == ["order.dispatch", "order.comment"]
    town.act("cao", number, "return", kind="wrong_dispatch", why="not ours")
    town.act("zhou", number, "comment", text="theirs alone")
    assert heard(town, "cao", number) == ["order.dispatch", "order.comment"]
    assert heard(town, "hao", number)[-1] == "order.comment"
    town.act("chen", number, "whistle-blow", why="after all", ground="beyond_street")
    town.act("chen", number, "whistle-call", whistle=1, departments=["CG"])
    town.act("zhou", number, "comment", text="and those who were called")
    assert heard(town, "cao", number)[2:] == ["whistle.call", "order.comment"]
    assert heard(town, "shui", number) == []


def test_who_reads_a_supervision_order_hears_of_it(town: PageTown) -> None:
    number, _ = town.report()
    issued(town, number, "HW", "CG")
    for who, kinds in (("hao", 1), ("cao", 1), ("chen", 1), ("shui", 0), ("wang", 0)):
        assert heard(town, who, number).count("supervision.issue") == kinds, who
    # It lies in no area: areas do not narrow it.
    for scope, hears in (
        (Scope.of(areas=[f"community:{WEST}001"]), True),
        (Scope.of(departments=["CG"]), True),
        (Scope.of(departments=["SW"]), False),
    ):
        actor = Actor.granted("jia", [Grant(Role.SUPERVISOR, scope)])
        after, told = 0, []
        while (found := town.workspace.messages(after, actor=actor))[0] != after:
            after, told = found[0], told + found[1]
        mine = [one for one in told if one["data"].get("number") == number]
        assert ("supervision.issue" in {one["type"] for one in mine}) is hears, scope


SEEN_FROM = {
    "everywhere": Scope(),
    "west": Scope.of(areas=[f"subdistrict:{WEST}"]),
    "community": Scope.of(areas=[f"community:{WEST}001"]),
    "HW": Scope.of(departments=["HW"]),
    "SZ": Scope.of(departments=["SZ"]),
    "west HW": Scope.of(areas=[f"subdistrict:{WEST}"], departments=["HW"]),
}
# The orders: HW's in the west and in the other sub-district, and SZ's in the west.
TOLD: dict[tuple[Role, str], set[str]] = {
    (Role.DISPATCHER, "everywhere"): {"hw dispatcher", "far dispatcher", "sz dispatcher"},
    (Role.DISPATCHER, "west"): {"hw dispatcher", "sz dispatcher"},
    (Role.DISPATCHER, "SZ"): {"sz dispatcher", "sz SZ"},
    (Role.DISPATCHER, "west HW"): {"hw dispatcher", "hw HW"},
    (Role.ADMIN, "west"): {"hw dispatcher", "sz dispatcher"},
    (Role.HANDLER, "HW"): {"hw HW", "far HW"},
    (Role.HANDLER, "west"): set(),
    (Role.HANDLER, "west HW"): {"hw HW"},
    (Role.SUBDISTRICT_OFFICER, "west"): {"hw JD", "sz JD"},
    (Role.COMMUNITY_OFFICER, "community"): {"hw SQ", "sz SQ"},
    (Role.GRID_WORKER, "community"): {"hw SQ", "sz SQ"},
    (Role.GRID_WORKER, "west"): set(),
    (Role.PLACE_EDITOR, "community"): set(),
}


def sent(town: PageTown, place: tuple[float, float], lead: str) -> int:
    """An order that is with a department; returns its number."""
    number, _ = town.report(place)
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch", lead=lead, co_departments=[], why="theirs")
    return number


@pytest.fixture
def remarks(town: PageTown) -> dict[int, str]:
    """Three orders, of each of which everybody concerned was told the same; by number."""
    orders = {sent(town, STREET, "HW"): "hw", sent(town, FAR, "HW"): "far"}
    orders[sent(town, STREET, "SZ")] = "sz"
    for number, name in orders.items():
        order = town.workspace.store.order(number)
        offices = [f"JD:{order.areas['subdistrict']}", f"SQ:{order.areas['community']}"]
        for one in (role("dispatcher"), *map(department, [order.lead, *offices])):
            said = f"{name} {one.name.partition(':')[0]}"
            told = Notice(NoticeKind.COMMENT, one, number, {"text": said})
            town.workspace.store.tell([(told, order.areas)])
    return orders


@pytest.mark.parametrize(("held", "where"), TOLD)
def test_the_inbox_reaches_as_far_as_the_role(
    town: PageTown, remarks: dict[int, str], held: Role, where: str
) -> None:
    actor = Actor.granted("bei", [Grant(held, SEEN_FROM[where])])
    found = town.workspace.inbox(limit=1000, actor=actor)
    assert found["unread"] == sum(one["read_at"] is None for one in found["notices"])
    told = [one for one in found["notices"] if one["number"] in remarks]
    assert {one["why"] for one in told if one["kind"] == "comment"} == TOLD[held, where]
    for one in told:
        assert town.workspace.order(one["number"], actor=actor)["number"] == one["number"]


def test_a_role_for_a_department_is_told_of_an_order_as_long_as_it_is_with_that(
    town: PageTown,
) -> None:
    number = shared(town)
    town.act("hao", number, "accept")
    town.act("hao", number, "extend", why="x", until="2026-03-13T18:00", engineering=True)
    leaders = {code: Actor.granted(code, [Grant(Role.LEADER, Scope.of(departments=[code]))])
               for code in ("HW", "CG", "SZ")}  # fmt: skip

    def asked() -> list[str]:
        return [
            code
            for code, actor in leaders.items()
            if (number, "asked")
            in {(n["number"], n["kind"]) for n in town.workspace.inbox(actor=actor)["notices"]}
        ]

    assert asked() == ["HW", "CG"]
    town.act("cao", number, "return", kind="wrong_dispatch", why="not ours")
    assert asked() == ["HW"]


def test_who_may_not_read_a_supervision_order_is_not_told_of_it(town: PageTown) -> None:
    number, _ = town.report()
    office = f"SQ:{WEST}001"
    keys = {issued(town, number, office): office, issued(town, number, "HW"): "HW"}
    scopes = SEEN_FROM | {"office": Scope.of(departments=[office])}
    told: dict[tuple[Role, str], list[str]] = {}
    for held, where in (
        (Role.PLACE_EDITOR, "community"), (Role.PLACE_EDITOR, "office"), (Role.PLACE_EDITOR, "HW"),
        (Role.GRID_WORKER, "community"), (Role.COMMUNITY_OFFICER, "community"),
        (Role.HANDLER, "HW"), (Role.HANDLER, "SZ"), (Role.HANDLER, "west HW"),
    ):  # fmt: skip
        actor = Actor.granted("bei", [Grant(held, scopes[where])])
        notices = town.workspace.inbox(limit=1000, actor=actor)["notices"]
        found = [one["supervision"] for one in notices if one["supervision"] in keys]
        told[held, where] = [keys[one] for one in found]
        for key in found:
            assert town.workspace.supervision(key, actor=actor)["id"] == key
    assert {who: named for who, named in told.items() if named} == {
        (Role.COMMUNITY_OFFICER, "community"): [office],
        (Role.HANDLER, "HW"): ["HW"],
        # It lies in no area: areas do not narrow it.
        (Role.HANDLER, "west HW"): ["HW"],
    }


def test_a_monthly_report_is_told_to_those_of_its_addressee_who_see_numbers(
    town: PageTown,
) -> None:
    params: dict[str, Any] = {"serial": "月报〔2026〕9号", "month": "2026-02", "issue": 9}
    town.workspace.store.tell([(Notice(NoticeKind.MONTHLY, department("HW"), None, params), {})])
    for held, where, hears in (
        (Role.HANDLER, "HW", True),
        (Role.HANDLER, "west HW", True),
        (Role.HANDLER, "SZ", False),
        (Role.PLACE_EDITOR, "HW", False),
    ):
        actor = Actor.granted("bei", [Grant(held, SEEN_FROM[where])])
        told = {
            one["text"].partition("：")[0] for one in town.workspace.inbox(actor=actor)["notices"]
        }
        assert (params["serial"] in told) is hears, (held, where)


def test_messages_of_former_versions_go_to_whom_they_name(town: PageTown) -> None:
    old = {"lead": "HW", "co_departments": ["CG"], "areas": {}}
    for code, hears in (("HW", True), ("CG", True), ("SW", False)):
        actor = Actor.granted("ren", [Grant(Role.HANDLER, Scope.of(departments=[code]))])
        assert town.workspace._may_hear(actor, {"type": "order.comment", "data": old}) is hears
