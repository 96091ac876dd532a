"""Work orders in Chromium: a whole loop by forms, by different people, at a desk and a phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import DESKTOP, PHONE, Visit, keep_picture, served, violations, window
from tests.order_forms import PageTown

pytest_plugins = ["tests.order_fixtures"]
pytestmark = [
    pytest.mark.browser,
    # What a page shows does not depend on where the data lie.
    pytest.mark.parametrize("order_town", ["geopackage"], indirect=True, scope="session"),
]

ON_A_PHONE = {"list", "submitted", "stale", "queue"}
PASSWORD = "three unrelated words"
PERSON = {"reporter_name": "张三丰", "reporter_phone": "13800001234"}


@pytest.fixture
def address(town: PageTown) -> Iterator[str]:
    """Where the application is served, on this machine only."""
    with served(town.client.app) as where:
        yield where


@pytest.fixture(params=["desktop", "phone"])
def people(
    request: pytest.FixtureRequest, chromium: Any, town: PageTown, address: str
) -> Iterator[People]:
    """People who are signed in, each in a window of the same shape."""
    found = People(chromium, town, address, request.param)
    yield found
    found.leave()


class People:
    """Windows of people, opened as they are asked for."""

    def __init__(self, chromium: Any, town: PageTown, address: str, kind: str) -> None:
        self.chromium, self.town, self.address, self.kind = chromium, town, address, kind
        self.visits: dict[str, Visit] = {}
        self.open: list[Any] = []

    def __getitem__(self, name: str) -> Any:
        """The window of somebody."""
        if name not in self.visits:
            context = window(self.chromium, PHONE if self.kind == "phone" else DESKTOP)
            visit = context.__enter__()
            self.open.append(context)
            visit.page.set_default_timeout(20_000)
            visit.page.context.add_cookies(
                [{"name": "gridmap_session", "value": self._session(name), "url": self.address}]
            )
            self.visits[name] = visit
        return self.visits[name].page

    def _session(self, name: str) -> str:
        workspace = self.town.workspace
        workspace.set_password(name, PASSWORD)
        return workspace.sign_in(name, PASSWORD, address="127.0.0.1", device=None).session

    def go(self, name: str, path: str) -> Any:
        """Somebody opens a page of the service."""
        page = self[name]
        self.visits[name].open(f"{self.address}{path}")
        return page

    def shown(self, name: str, picture: str) -> None:
        """Somebody's page is whole: it fits, axe finds nothing, and it may be looked at."""
        page = self[name]
        wide = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert wide[0] <= wide[1], (picture, wide)
        keep_picture(page, f"orders-{self.kind}-{picture}")
        # The same pages in another shape: on a phone those that are laid out otherwise.
        if self.kind == "desktop" or picture in ON_A_PHONE:
            assert violations(page) == [], picture

    def act(self, name: str, action: str, **typed: str) -> None:
        """Somebody fills in the form of an action on the page they look at, and sends it."""
        page = self[name]
        form = page.locator(f'form:has(input[name=action][value="{action}"])')
        details = page.locator("details", has=form)
        if not details.evaluate("one => one.open"):
            details.locator("summary").click()
        for field, value in typed.items():
            widget = form.locator(f'[name="{field}"]')
            kind = widget.first.evaluate("one => one.type || one.tagName")
            if kind == "checkbox":
                widget.check()
            elif kind == "radio":
                form.locator(f'[name="{field}"][value="{value}"]').check()
            elif kind.startswith("select"):
                widget.select_option(value)
            else:
                widget.fill(value)
        form.locator("button[type=submit]").click()
        page.wait_for_selector("[role=status], [role=alert]")

    def leave(self) -> None:
        """Close all windows."""
        for context in self.open:
            context.__exit__(None, None, None)

    def assert_clean(self, *statuses: str) -> None:
        """Nobody's window asked for anything foreign; refusals show as the status they are."""
        for visit in self.visits.values():
            assert visit.refused == []
            assert [p for p in visit.problems if not any(s in p for s in statuses)] == []


def state(page: Any) -> str:
    return page.inner_text(".order-head .tag.state")


def test_an_order_is_played_through_by_forms(people: People, town: PageTown) -> None:
    number, _ = town.report(text="垃圾桶满了，袋子堆在路边，已有两天无人清运。", **PERSON)
    path = f"/orders/{number}"
    # The centre: from the badge to the notice, from the notice to the order.
    page = people.go("zhang", "/orders")
    assert int(page.inner_text(".badge").rstrip("+")) >= 1
    people.shown("zhang", "list")
    page.click("nav >> text=消息")
    page.wait_for_url("**/inbox")
    people.shown("zhang", "inbox")
    page.click(f".told >> text={number} 号")
    page.wait_for_url(f"**{path}")
    assert state(page) == "待确认"
    people.shown("zhang", "submitted")
    people.act("zhang", "order.confirm")
    people.act("zhang", "order.dispatch", **{"co_departments.CG": "1"})
    assert "已记录：派单" in page.inner_text("[role=status]")
    # The department: what is theirs, signed for, the requester called, more time asked for.
    hao = people.go("hao", "/orders?mine=1")
    hao.click(f"text=#{number}")
    hao.wait_for_url(f"**{path}")
    people.act("hao", "order.accept")
    assert "138****1234" in hao.inner_text(".person")
    assert "13800001234" not in hao.content()
    hao.fill(".reveal [name=why]", "回访核实位置")
    hao.click(".reveal button")
    hao.wait_for_selector("a[href='tel:13800001234']")
    people.shown("hao", "person")
    hao.goto(f"{people.address}{path}")
    people.act("hao", "order.start")
    people.act("hao", "order.extend", why="需要调车", until="2026-03-14T18:00", engineering="yes")
    assert "申请延期" in hao.inner_text("main")
    ling = people.go("ling", path)
    people.act("ling", "order.extend.approve", why="同意")
    assert "2026-03-14 18:00" in ling.inner_text(".order-head")
    people.shown("ling", "extended")
    # The sub-district blows a whistle, the centre calls, a department reports in.
    people.go("chen", path)
    people.act("chen", "whistle.blow", why="路边有违停车", ground="joint_enforcement")
    people.go("zhang", path)
    people.act("zhang", "whistle.call", **{"departments.CG": "1"})
    people.go("cao", path)
    people.act("cao", "whistle.report_in", who="曹队", how_many="3", where="路口")
    assert "按时报到" in people["cao"].inner_text(".calls")
    people.shown("cao", "reported-in")
    # It is done, seen, closed, and the one who asked is called back.
    people.go("hao", path)
    people.act("hao", "order.resolve", result="已清运两车，桶位已冲洗。")
    people.go("wang", path)
    people.act("wang", "order.inspect", text="现场已看")
    people.go("zhang", path)
    people.act("zhang", "order.close", answer="已清理，感谢反映。")
    people.act("zhang", "order.rate", satisfied="yes", resolved="yes", text="电话回访")
    assert state(page) == "已评价"
    people.shown("zhang", "rated")
    done = [e["action"] for e in town.order(number)["history"] if e["by"] != "gridmap"]
    assert done == [
        "order.confirm", "order.dispatch", "order.accept", "order.start", "order.extend",
        "order.extend.approve", "whistle.blow", "whistle.call", "whistle.report_in",
        "order.resolve", "order.inspect", "order.close", "order.rate",
    ]  # fmt: skip
    people.assert_clean()


def test_a_stale_form_a_refusal_and_an_empty_list_say_what_to_do(
    people: People, town: PageTown
) -> None:
    number, _ = town.report(text="井盖松动")
    page = people.go("zhang", f"/orders/{number}")
    town.act("chen", number, "comment", text="现场已围挡")
    people.act("zhang", "order.reject", why="不在本辖区，请转邻区", outcome="out_of_jurisdiction")
    assert "现场已围挡" in page.inner_text(".changed")
    assert page.input_value("#typed-form [name=why]") == "不在本辖区，请转邻区"
    people.shown("zhang", "stale")
    page = people.go("zhang", f"/orders/{number}")
    people.act("zhang", "order.merge", into="999999")
    assert page.input_value("#typed-form [name=into]") == "999999"
    people.shown("zhang", "refused")
    page = people.go("cao", "/orders?item=0306")
    assert "没有符合条件的工单" in page.inner_text("main")
    people.shown("cao", "empty")
    page = people.go("cao", "/orders?state=nowhere")
    assert "筛选条件无法使用" in page.inner_text("[role=alert]")
    people.shown("cao", "error")
    people.assert_clean("409", "404", "422")


@pytest.mark.parametrize("people", ["phone"], indirect=True)
def test_what_nobody_owns_is_sent_at_one_press(people: People, town: PageTown) -> None:
    number, _ = town.report((0.2, 0.2), item="0301", text="井盖缺失")
    doubtful, _ = town.report((0.5, 0.5), accuracy_m=40, text="围墙边有垃圾")
    page = people.go("zhang", "/queue")
    people.shown("zhang", "queue")
    card = page.locator(f"li[aria-labelledby=q{doubtful}]")
    card.locator(".press button").first.click()
    page.wait_for_selector("[role=status] >> text=已派出")
    assert town.order(doubtful)["state"] == "dispatched"
    card = page.locator(f"li[aria-labelledby=q{number}]")
    card.locator("select").select_option("SW")
    card.locator(".other button").click()
    page.wait_for_selector(f"[role=status] >> text=#{number}")
    assert town.order(number)["lead"] == "SW"
    people.assert_clean()


@pytest.mark.parametrize("people", ["desktop"], indirect=True)
def test_the_list_reads_in_english_too(people: People, town: PageTown) -> None:
    town.report(text="litter")
    page = people.go("zhang", "/orders?due=soon")
    page.click("text=English")
    page.wait_for_url("**/orders?due=soon&lang=en")
    assert page.inner_text("h1") == "Work orders"
    people.shown("zhang", "english")
    page.click(".orders a >> nth=0")
    page.wait_for_url("**/orders/*lang=en")
    assert "What you can do now" in page.inner_text("main")
    people.shown("zhang", "english-order")
    people.assert_clean()
