"""The inbox: one's notices and no others', the badge on every page, what was not delivered."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gridmap.cases.ladder import Job
from tests.case_town import PEOPLE
from tests.order_forms import PageTown, forms_in

pytest_plugins = ["tests.order_fixtures"]


def badge(town: PageTown, who: str, path: str = "/orders") -> int:
    """The figure in the header of a page."""
    found = re.search(r'<span class="badge"[^>]*>(\d+)\+?</span>', town.see(who, path))
    return int(found[1]) if found else 0


def told(html: str) -> list[str]:
    """What a page lists, newest first."""
    found = re.findall(r'<p class="what">(.*?)</p>', html, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", one).strip() for one in found]


@pytest.fixture
def empty(town: PageTown) -> PageTown:
    """Nobody has anything unread."""
    for who in PEOPLE:
        town.workspace.read_notices(actor=town.workspace.store.user(who).actor)
    return town


def test_the_badge_grows_with_what_one_is_told_and_goes_when_it_is_read(empty: PageTown) -> None:
    town = empty
    assert badge(town, "hao") == 0
    number, _ = town.report()
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch")
    paths = ("/", "/orders", f"/orders/{number}", "/inbox", "/reviews", "/monthly")
    assert [badge(town, "hao", path) for path in paths] == [1] * len(paths)
    assert badge(town, "cao") == 0
    html = town.see("hao", "/inbox?unread=1")
    assert told(html) == [f"新工单 {number} 号：暴露垃圾"]
    assert f'href="/orders/{number}"' in html
    (one,) = (form for form in forms_in(html) if "id" in form.fields)
    answer = town.send_form("hao", one)
    assert answer.headers["location"] == "/inbox?unread=1"
    assert badge(town, "hao") == 0
    assert "没有未读消息" in town.see("hao", "/inbox?unread=1")
    assert f"新工单 {number} 号" in town.see("hao", "/inbox")


def test_all_are_read_at_one_press_and_nobody_elses(empty: PageTown) -> None:
    town = empty
    first, second = town.report()[0], town.report()[0]
    assert badge(town, "zhang") == 2
    assert badge(town, "boss") == 2
    html = town.see("zhang", "/inbox")
    assert told(html)[:2] == [
        f"新上报 {second} 号：暴露垃圾，待确认", f"新上报 {first} 号：暴露垃圾，待确认",
    ]  # fmt: skip
    (every,) = (f for f in forms_in(html) if f.address == "/inbox" and "id" not in f.fields)
    town.send_form("zhang", every)
    assert badge(town, "zhang") == 0
    assert badge(town, "boss") == 2


def test_what_came_after_the_page_was_shown_stays_unread(empty: PageTown) -> None:
    town = empty
    seen = [town.report()[0], town.report()[0]]
    html = town.see("zhang", "/inbox")
    (every,) = (f for f in forms_in(html) if f.address == "/inbox" and "id" not in f.fields)
    unseen, _ = town.report()
    town.send_form("zhang", every)
    assert badge(town, "zhang") == 1
    assert told(town.see("zhang", "/inbox?unread=1")) == [f"新上报 {unseen} 号：暴露垃圾，待确认"]
    assert unseen not in seen
    # A form that names no notice marks none.
    assert town.ask("zhang", "POST", "/inbox", data={}).status_code == 422
    assert badge(town, "zhang") == 1


def test_what_is_late_and_what_came_back_looks_so(empty: PageTown) -> None:
    town = empty
    number, _ = town.report()
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch")
    town.at("2026-03-12 14:31")
    town.act("hao", number, "return", why="非我单位", kind="other")
    html = town.see("zhang", "/inbox?unread=1")
    looks = {
        re.sub(r"<[^>]+>", "", text).strip(): look
        for look, text in re.findall(
            r'<li class="(\w+) fresh">.*?<p class="what">(.*?)</p>', html, re.DOTALL
        )
    }
    assert looks[f"工单 {number} 号（暴露垃圾）已超期"] == "late"
    assert looks[f"工单 {number} 号（暴露垃圾）被退回"] == "returned"
    assert "非我单位" in html


def test_a_supervision_order_leads_to_its_sheet_and_from_there_to_the_order(
    empty: PageTown,
) -> None:
    town = empty
    number, _ = town.report()
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch")
    body = {"department": "HW", "subject": "积压", "demands": "三日内整改", "number": number,
            "reply_by": "2026-03-21T12:00"}  # fmt: skip
    issued = town.ask("jian", "POST", "/api/supervision", json=body).json()
    sheet = f"/supervision/{issued['id']}"
    html = town.see("hao", "/inbox?unread=1")
    assert f'<a href="{sheet}">{issued["serial"]}：积压</a>' in html
    assert f'href="/orders/{number}"' in town.see("hao", sheet)
    assert f'href="{sheet}"' in town.see("hao", f"/orders/{number}")


def test_older_notices_are_a_page_further(empty: PageTown, monkeypatch: pytest.MonkeyPatch) -> None:
    town = empty
    monkeypatch.setattr("api.pages.notices._ON_A_PAGE", 2)
    sent = [town.report()[0] for _ in range(5)]
    seen, path = [], "/inbox?unread=1"
    while path:
        html = town.see("zhang", path)
        seen += [int(n) for n in re.findall(r"新上报 (\d+) 号", " ".join(told(html)))]
        older = re.search(r'rel="next" href="([^"]+)"', html)
        path = older[1].replace("&amp;", "&") if older else ""
    assert seen == sent[::-1]


def test_what_could_not_be_delivered_is_for_the_dispatcher_and_tried_again(
    empty: PageTown,
) -> None:
    town = empty
    store, now = town.workspace.store, town.workspace.clock()
    # A notice that the gateway of messages did not take, given up after the last attempt.
    store.add_jobs([Job("notice", f"notice:test:{id(town)}", now, None, {"notice": 77})])
    ended(town, dead=True, note="503 four times")
    html = town.see("zhang", "/inbox")
    assert "1 条通知或消息未能送达" in html
    assert "503 four times" in html
    assert "未能送达" not in town.see("hao", "/inbox")
    (form,) = (one for one in forms_in(html) if one.address == "/inbox/redeliver")
    assert town.ask("hao", "POST", "/inbox/redeliver", data=form.fields).status_code == 403
    town.send_form("zhang", form)
    assert "未能送达" not in town.see("zhang", "/inbox")
    # It waits to be sent anew.
    assert ended(town) == 1


def ended(town: PageTown, **how: Any) -> int:
    """End the waiting deliveries of notices as a worker would; return how many there were."""
    store, found = town.workspace.store, 0
    for job in store.claim_jobs(limit=1000):
        if job.kind == "notice":
            assert store.finish_job(job, **how)
            found += 1
        else:
            store.finish_job(job, again_at=town.workspace.clock())
    return found


def test_a_number_that_is_none_is_refused(empty: PageTown) -> None:
    for path in ("/inbox?before=x", "/inbox?before=0"):
        empty.see("zhang", path, 422)
    for sent in ({"id": "x"}, {"id": "-1"}, {"id": str(2**60)}):
        assert empty.ask("zhang", "POST", "/inbox", data=sent).status_code == 422
    assert empty.ask("", "GET", "/inbox").status_code == 401
