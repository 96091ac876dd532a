"""The list of orders: within reach, narrowed, counted, sorted, page by page, without a script."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from gridmap.access import Grant, Role, Scope
from tests.order_forms import PageTown, forms_in

pytest_plugins = ["tests.order_fixtures"]

EAST_PLACE = (9.0, 5.0)


def numbers(html: str) -> list[int]:
    """The orders of a list, in the order in which they stand."""
    return [int(n) for n in re.findall(r'<li><a href="/orders/(\d+)', html)]


def tallies(html: str) -> dict[str, int]:
    """The counts beside the tabs, by what they are called."""
    found = re.findall(r'>([^<>]+) <span class="tally">([\d,]+)</span>', html)
    return {name.strip(): int(n.replace(",", "")) for name, n in found}


def links(html: str) -> list[str]:
    return [one.replace("&amp;", "&") for one in re.findall(r'href="(/orders[^"]*)"', html)]


@pytest.fixture
def litter(town: PageTown, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Three orders: overdue, due today, sent and signed for; a page holds all of the town's."""
    monkeypatch.setattr("api.pages.orders.ON_A_PAGE", 900)
    town.at("2026-03-10 09:00")
    late = town.report(text="late")[0]
    town.at("2026-03-12 09:00")
    fresh, taken = town.report()[0], town.report()[0]
    town.act("zhang", taken, "confirm")
    town.act("zhang", taken, "dispatch")
    town.act("hao", taken, "accept")
    return [late, fresh, taken]


def test_what_is_due_first_stands_first_and_says_how_much_is_left(
    town: PageTown, litter: list[int]
) -> None:
    late, fresh, taken = litter
    html = town.see("zhang", "/orders")
    found = numbers(html)
    assert found.index(late) < found.index(fresh)
    row = re.search(rf'<a href="/orders/{late}">.*?</a>', html, re.DOTALL)
    assert row
    # Due four working hours after nine on the tenth: at half past two.
    assert "2026-03-10 14:30" in row[0]
    assert "超期 1 天 18 小时" in row[0]
    row = re.search(rf'<a href="/orders/{fresh}">.*?</a>', html, re.DOTALL)
    assert row
    assert "剩 5 小时 30 分" in row[0]
    newest = numbers(town.see("zhang", "/orders?sort=newest"))
    assert newest.index(taken) < newest.index(late)
    assert set(newest) == set(found)


def test_each_filter_narrows_and_the_counts_follow(town: PageTown, litter: list[int]) -> None:
    late, fresh, taken = litter
    seen = {q: set(numbers(town.see("zhang", f"/orders?{q}&sort=newest"))) for q in (
        "state=accepted", "due=overdue", "due=soon", "department=HW", "department=SW",
        "item=0101", "item=0306", "area=subdistrict:990101001", "area=subdistrict:990101002",
        "show=closed", "show=all",
    )}  # fmt: skip
    assert taken in seen["state=accepted"]
    assert fresh not in seen["state=accepted"]
    assert late in seen["due=overdue"]
    assert not {fresh, taken} & seen["due=overdue"]
    assert {fresh, taken} <= seen["due=soon"]
    assert late not in seen["due=soon"]
    assert {late, fresh, taken} <= seen["department=HW"]
    assert not {late, fresh, taken} & seen["department=SW"]
    assert {late, fresh, taken} <= seen["item=0101"]
    assert not {late, fresh, taken} & seen["item=0306"]
    assert {late, fresh, taken} <= seen["area=subdistrict:990101001"]
    assert not {late, fresh, taken} & seen["area=subdistrict:990101002"]
    assert not {late, fresh, taken} & seen["show=closed"]
    assert {late, fresh, taken} <= seen["show=all"]
    counts = tallies(town.see("zhang", "/orders?item=0101"))
    total, open_ones = town.workspace.orders(item="0101"), town.workspace.orders(
        item="0101", open=True
    )  # fmt: skip
    assert counts["全部"] == total[0]
    assert counts["未办结"] == open_ones[0]
    assert counts["已办结"] == total[0] - open_ones[0]
    assert counts["已签收"] == town.workspace.orders(item="0101", state="accepted")[0]


def test_mine_is_what_my_body_has_and_what_i_had_a_hand_in(
    town: PageTown, litter: list[int]
) -> None:
    _, fresh, taken = litter
    assert {fresh, taken} <= set(numbers(town.see("hao", "/orders?mine=1&sort=newest")))
    mine = set(numbers(town.see("zhang", "/orders?mine=1&sort=newest")))
    assert taken in mine
    assert fresh not in mine
    assert not {fresh, taken} & set(numbers(town.see("cao", "/orders?mine=1")))
    # The committee's people: what is with the committee of their place.
    assert fresh not in set(numbers(town.see("zhou", "/orders?mine=1&sort=newest")))
    town.act("zhang", fresh, "confirm")
    town.act("zhang", fresh, "dispatch", lead="SQ:990101001001")
    assert fresh in set(numbers(town.see("zhou", "/orders?mine=1&sort=newest")))
    assert fresh in set(numbers(town.see("wang", "/orders?mine=1&sort=newest")))
    assert fresh not in set(numbers(town.see("chen", "/orders?mine=1&sort=newest")))


def test_nobody_sees_what_lies_outside_their_scope(town: PageTown, litter: list[int]) -> None:
    east, _ = town.report(EAST_PLACE)
    assert town.order(east)["areas"]["subdistrict"] == "990101002"
    for who in ("wang", "zhou", "chen"):
        html = town.see(who, "/orders?show=all&sort=newest")
        assert east not in numbers(html), who
        assert set(litter) & set(numbers(html)), who
        town.see(who, f"/orders/{east}", 403)
    assert east in numbers(town.see("zhang", "/orders?sort=newest"))
    assert "/orders" not in town.ask("", "GET", "/").text
    assert town.ask("", "GET", "/orders").status_code == 401


def test_a_long_list_is_turned_page_by_page(
    town: PageTown, litter: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.pages.orders.ON_A_PAGE", 2)
    seen, path = [], "/orders?item=0101&show=all"
    while path:
        html = town.see("zhang", path)
        assert 1 <= len(numbers(html)) <= 2
        seen += numbers(html)
        forward = re.search(r'rel="next" href="([^"]+)"', html)
        path = forward[1].replace("&amp;", "&") if forward else ""
    total, _ = town.workspace.orders(item="0101")
    assert len(seen) == len(set(seen)) == total
    second = town.see("zhang", "/orders?item=0101&show=all&offset=2")
    back = re.search(r'rel="prev" href="([^"]+)"', second)
    assert back
    assert numbers(town.see("zhang", back[1].replace("&amp;", "&"))) == seen[:2]


def test_filters_are_links_and_a_form_that_keep_each_other(
    town: PageTown, litter: list[int]
) -> None:
    html = town.see("zhang", "/orders?due=soon&item=0101&lang=en")
    for link in links(html):
        if "/orders?" in link and "lang=zh" not in link:
            assert parse_qs(urlsplit(link).query)["lang"] == ["en"], link
    by_state = next(one for one in links(html) if "state=submitted" in one)
    asked = parse_qs(urlsplit(by_state).query)
    assert (asked["due"], asked["item"]) == (["soon"], ["0101"])
    (form,) = (one for one in forms_in(html) if one.address == "/orders")
    assert form.method == "get"
    assert form.fields["item"] == "0101"
    assert (form.fields["due"], form.fields["lang"]) == ("soon", "en")
    assert "0101" in form.options["item"]
    assert "subdistrict:990101001" in form.options["area"]
    assert "HW" in form.options["department"]
    assert 'href="?due=soon&amp;item=0101&amp;lang=zh"' in html


def test_an_empty_list_says_so_and_a_filter_that_is_none_is_told_in_words(
    town: PageTown, litter: list[int]
) -> None:
    assert "没有符合条件的工单" in town.see("zhang", "/orders?department=NO-SUCH")
    town.workspace.add_user("idle", [Grant(Role.HANDLER, Scope.of(departments=["GA"]))])
    town.keys["idle"] = town.workspace.add_key("idle").token
    assert "您范围内没有未办结的工单" in town.see("idle", "/orders")
    for query, said in [
        ("state=nowhere", "没有这个筛选值（状态）"), ("due=never", "没有这个筛选值（到期）"),
        ("show=some", "没有这个筛选值（是否办结）"), ("sort=up", "没有这个筛选值（排序）"),
        ("mine=2", "没有这个筛选值（我的工单）"), ("area=990101001", "应为“层级:编码”"),
        ("area=moon:1", "没有这个层级"), ("offset=-1", "页码不对"),
    ]:  # fmt: skip
        html = town.see("zhang", f"/orders?{query}", 422)
        alert = html.partition('role="alert"')[2].partition("</div>")[0]
        assert "筛选条件无法使用" in alert
        assert said in alert, query
        # Neither codes nor English.
        assert "LEVEL:CODE" not in html
        assert re.search(r"[A-Za-z]", re.sub(r"<[^>]*>|^>", "", alert)) is None, alert
        assert numbers(html) == []


def test_the_interface_narrows_and_sorts_as_the_page_does(
    town: PageTown, litter: list[int]
) -> None:
    late, fresh, taken = litter
    asked = {"sort": "due", "limit": 1000}

    def found(who: str, **more: object) -> list[int]:
        answer = town.ask(who, "GET", "/api/orders", params={**asked, **more})
        assert answer.status_code == 200, answer.text
        return [one["number"] for one in answer.json()["orders"]]

    assert found("zhang").index(late) < found("zhang").index(fresh)
    assert late not in found("zhang", due_within_h=24)
    assert fresh in found("zhang", due_within_h=24)
    assert fresh not in found("zhang", due_within_h=5)
    assert taken in found("zhang", mine=True)
    assert fresh not in found("zhang", mine=True)
    some = town.ask("zhang", "GET", "/api/orders", params={**asked, "limit": 1, "mine": True})
    assert "sort=due" in some.json()["next"]
    assert "mine=true" in some.json()["next"]


def test_what_no_text_holds_narrows_a_list_to_nothing_on_either_store(town: PageTown) -> None:
    town.report()
    for query in ("department=%00", "item=0%00&show=all", "department=HW%00%00X"):
        assert numbers(town.see("zhang", f"/orders?{query}")) == [], query
    town.see("zhang", "/orders?area=community:%00", 422)
