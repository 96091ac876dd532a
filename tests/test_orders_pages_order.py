"""One order's page: what it says, and that its forms are what the actor may do and no more."""

from __future__ import annotations

import html
import re

import pytest

from gridmap.cases.table import TRANSITIONS
from tests.case_town import PEOPLE
from tests.order_forms import PageTown, action_forms

pytest_plugins = ["tests.order_fixtures"]

CAME = {"who": "曹队", "how_many": "2", "where": "路口"}


def plain(page: str) -> str:
    """The text of a page, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_a_loop_is_played_by_forms_and_told_in_the_history(town: PageTown) -> None:
    number, _ = town.report(text="沿街垃圾")
    town.play("zhang", number, "order.confirm", text="属实")
    page = town.play("zhang", number, "order.dispatch", **{"co_departments.CG": "1"})
    assert "已记录：派单" in page
    town.play("cao", number, "order.accept")
    assert town.order(number)["co"][0]["state"] == "accepted"
    town.play("hao", number, "order.accept")
    town.play("hao", number, "order.start")
    town.play(
        "hao", number, "order.extend", why="等车", until="2026-03-13T18:00", engineering="yes"
    )
    town.play("ling", number, "order.extend.approve")
    assert town.order(number)["due_at"][:16] == "2026-03-13T18:00"
    town.play("hao", number, "order.resolve", result="清运\r\n完毕")
    assert town.order(number)["result"] == "清运\n完毕"
    town.play("li", number, "order.rework", why="还剩一半")
    town.play("hao", number, "order.resolve", result="全部清运")
    town.play("li", number, "order.inspect")
    town.play("zhang", number, "order.close")
    town.play("zhang", number, "order.rate", satisfied="no", resolved="yes", text="慢")
    town.play("zhang", number, "order.reopen", why="不满意")
    text = plain(town.see("jian", f"/orders/{number}"))
    for said in (
        "属实",
        "还剩一半",
        "等车",
        "不满意",
        "不予",
        "网格长",
        "批准延期 2026-03-12 09:00",
    ):
        assert (said in text) is (said != "不予"), said
    done = [e for e in town.order(number)["history"] if e["by"] in PEOPLE]
    assert len(done) == 14
    assert done[1]["fields"]["co_departments"] == ["CG"]


@pytest.mark.parametrize(("lang", "said"), [("", "延期须晚于现在"), ("en", "An extension ends")])
def test_an_extension_to_an_earlier_time_is_refused_without_a_time_of_another_zone(
    town: PageTown, lang: str, said: str
) -> None:
    number, _ = town.report()
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch")
    town.act("hao", number, "accept")
    form = action_forms(town.see("hao", f"/orders/{number}"))["order.extend"]
    form.address += f"?lang={lang}" if lang else ""
    early = {"why": "早", "until": "2026-03-12T10:00", "engineering": "yes"}
    page = town.send_form("hao", form, 422, **early).text
    alert = page.partition('role="alert"')[2].partition("</div>")[0]
    assert said in alert
    assert "2026" not in alert
    assert "+00:00" not in page


def test_who_handled_an_order_is_refused_its_inspection_without_a_list_of_names(
    town: PageTown,
) -> None:
    number, _ = town.report()
    town.play("li", number, "order.self_handle", result="当场清扫")
    sent = {"action": "order.inspect", "version": str(town.order(number)["version"])}
    answer = town.ask("li", "POST", f"/orders/{number}", data=sent)
    assert answer.status_code == 403
    alert = answer.text.partition('role="alert"')[2].partition("</div>")[0]
    assert "经办人不能核查" in alert
    assert "anybody" not in alert
    assert "收到的内容" not in alert


def test_a_report_without_a_place_says_so_and_nothing_of_rulings(town: PageTown) -> None:
    number, _ = town.report(lon=None, lat=None)
    page = town.see("zhang", f"/orders/{number}")
    assert "上报没有确切位置。" in page
    assert "裁定" not in page.partition('id="report"')[2].partition("</section>")[0]
    assert "The report has no exact place." in town.see("zhang", f"/orders/{number}?lang=en")


def test_a_whistle_is_blown_called_reported_in_and_judged_by_forms(town: PageTown) -> None:
    number, _ = town.report()
    town.play("chen", number, "whistle.blow", why="违停", ground="emergency",
              **{"departments.CG": "1"})  # fmt: skip
    # What was wanted is ticked already.
    form = action_forms(town.see("zhang", f"/orders/{number}"))["whistle.call"]
    assert form.fields["departments.CG"] == "1"
    town.play("zhang", number, "whistle.call", **{"departments.SW": "1"})
    assert "whistle.report_in" not in town.offered("hao", number)
    town.play("cao", number, "whistle.report_in", **CAME)
    town.at("2026-03-12 12:00")
    page = plain(town.see("zhang", f"/orders/{number}"))
    assert "按时报到" in page
    assert "未报到" in page
    form = action_forms(town.see("zhang", f"/orders/{number}"))["whistle.judge"]
    assert form.options["department"][1:] == ["CG", "SW"]
    town.play("zhang", number, "whistle.judge", department="CG", verdict="ineffective", why="旁观")
    call = town.order(number)["whistles"][0]["calls"][0]
    assert (call["verdict"], call["judged_by"]) == ("ineffective", "zhang")
    assert "旁观" in town.see("zhang", f"/orders/{number}")


def test_a_returned_order_goes_before_the_board_and_leaves_the_reach_of_who_gave_it_back(
    town: PageTown,
) -> None:
    number, _ = town.report()
    town.play("zhang", number, "order.confirm")
    town.play("zhang", number, "order.dispatch", lead="CG", **{"co_departments.HW": "1"})
    # A co-department that gives its share back has nothing more to do with it.
    page = town.play("hao", number, "order.return", kind="wrong_dispatch", why="非我单位")
    assert f"工单 {number} 号已不在您的范围内" in page
    town.see("hao", f"/orders/{number}", 403)
    town.play("cao", number, "order.return", kind="wrong_dispatch", why="不归我们")
    town.play("zhang", number, "order.dispatch", lead="SW")
    page = town.play("shui", number, "order.return", kind="other", why="也不是")
    assert town.order(number)["state"] == "ownership_review"
    town.workspace.work()
    page = town.see("zhang", f"/orders/{number}")
    review = re.search(r'href="(/reviews/\d+)"', page)
    assert review
    assert f'href="/orders/{number}"' in town.see("zhang", review[1])
    town.play("ling", number, "order.rule", lead="SW", why="红线图")
    assert town.order(number)["lead"] == "SW"


def test_boxes_that_are_unticked_are_taken_off_all_of_them_too(town: PageTown) -> None:
    number, _ = town.report()
    town.play("zhang", number, "order.confirm")
    town.play("zhang", number, "order.dispatch", **{"co_departments.CG": "1"})
    form = action_forms(town.see("zhang", f"/orders/{number}"))["order.dispatch"]
    assert form.fields.pop("co_departments.CG") == "1"
    town.send_form("zhang", form)
    assert town.order(number)["co"] == []


@pytest.mark.parametrize("step", ["submitted", "dispatched", "resolved", "closed"])
def test_the_forms_are_what_the_interface_calls_possible_for_everybody(
    town: PageTown, step: str
) -> None:
    number, _ = town.report()
    steps = [("zhang", "confirm", {}), ("zhang", "dispatch", {"co_departments": ["CG"]}),
             ("hao", "accept", {}), ("hao", "resolve", {"result": "x"}),
             ("li", "inspect", {}), ("zhang", "close", {})]  # fmt: skip
    for who, action, body in steps[: {"submitted": 0, "dispatched": 2, "resolved": 4}.get(step, 6)]:
        town.act(who, number, action, **body)
    assert town.order(number)["state"] == step
    for who in PEOPLE:
        answer = town.ask(who, "GET", f"/api/orders/{number}")
        if answer.status_code == 200:
            assert town.offered(who, number) == set(answer.json()["possible"]), who


def test_what_is_not_offered_is_refused_when_it_is_sent_all_the_same(town: PageTown) -> None:
    number, _ = town.report()
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch")
    path = f"/orders/{number}"
    for who in ("zhang", "wang", "hao"):
        offered = town.offered(who, number)
        for action, row in TRANSITIONS.items():
            if action in offered or row.by_time:
                continue
            given = {"text": "x", "lead": "x", "co_departments.x": "1", "departments.x": "1",
                     "choice": "x", "moment": "2026-09-01T10:00", "flag": "yes", "number": "1",
                     "item": "0101"}  # fmt: skip
            sent = {f.name: f.choices[0] if f.choices else given.get(f.kind.value, "x")
                    for f in row.fields if f.kind.value not in {"bodies", "body"}}  # fmt: skip
            sent |= {f"{f.name}.SW": "1" for f in row.fields if f.kind.value == "bodies"}
            answer = town.ask(who, "POST", path, data={"action": action, **sent})
            assert answer.status_code in {403, 404, 409, 422}, (who, action)
    assert town.order(number)["version"] == 3
    for action in ("order.submit", "order.remind", "nothing", ""):
        answer = town.ask("boss", "POST", path, data={"action": action})
        assert answer.status_code == 404, action
    assert town.order(number)["version"] == 3


def test_only_fields_that_decide_something_are_asked_for(town: PageTown) -> None:
    number, _ = town.report()
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch")
    forms = action_forms(town.see("hao", f"/orders/{number}"))
    # One department of theirs has it: nothing to choose.
    assert set(forms["order.accept"].fields) == {"action", "version"}
    assert forms["order.return"].required == {"why", "kind"}
    assert forms["order.return"].options["kind"] == ["", "wrong_dispatch", "not_needed", "other"]
    blown = action_forms(town.see("chen", f"/orders/{number}"))["whistle.blow"]
    assert "lateness" not in blown.options["ground"]


def test_a_page_says_where_whose_and_why_in_words(town: PageTown) -> None:
    number, _ = town.report((1.2, 1.2), text="<b>标记</b>")
    page = town.see("zhang", f"/orders/{number}")
    assert "&lt;b&gt;标记&lt;/b&gt;" in page
    assert "<b>标记" not in page
    text = plain(page)
    for word in ("望禾街道", "禾东社区", "安禾物业", "为什么这样派", "锦禾苑"):
        assert word in text, word
    assert '<svg viewBox="0 0 640 420"' in page
    english = plain(town.see("zhang", f"/orders/{number}?lang=en"))
    for word in ("Wanghe Sub-district", "Anhe Property", "Why it is routed so", "Submitted"):
        assert word in english


def test_a_line_with_a_number_is_dialled_and_one_without_says_where_it_stands(
    town: PageTown,
) -> None:
    lines = {
        "0904": ("110", "110"),
        "0704": ("燃气抢修电话（见燃气表或燃气公司告示；也可拨打119）",
                 "Gas rescue line (see the gas meter or the company's notice; 119 also answers)"),
        "0605": ("电梯应急救援电话（见电梯轿厢内告示；也可拨打119）",
                 "Lift rescue line (see the notice in the lift; 119 also answers)"),
    }  # fmt: skip
    for item, said in lines.items():
        number = town.sent_by("gu", item=item)["id"]
        for who, path in (("boss", "orders"), ("gu", "my")):
            for lang, label, line in zip(("zh", "en"), ("先拨打", "Call first"), said, strict=True):
                page = town.see(who, f"/{path}/{number}?lang={lang}")
                found = re.search(rf"<dt>{label}</dt><dd>(.+?)</dd>", page)
                assert found is not None, (item, path)
                dialled = line.isdigit()
                assert html.unescape(found[1]) == (
                    f'<a href="tel:{line}">{line}</a>' if dialled else line
                )


def test_a_clock_that_stands_still_is_shown(town: PageTown) -> None:
    number, _ = town.report()
    town.workspace.pause_report(number, "weather")
    assert "计时暂停 2026-03-12 09:00 – 仍在暂停" in plain(town.see("zhang", f"/orders/{number}"))
    town.at("2026-03-12 10:00")
    town.workspace.resume_report(number)
    text = plain(town.see("zhang", f"/orders/{number}"))
    assert "计时暂停 2026-03-12 09:00 – 2026-03-12 10:00" in text


def test_an_order_that_is_not_there_or_not_theirs_is_refused_as_a_page(town: PageTown) -> None:
    number, _ = town.report()
    headers = {"Authorization": f"Bearer {town.keys['cao']}", "Accept": "text/html"}
    answer = town.client.get(f"/orders/{number}", headers=headers)
    assert answer.status_code == 403
    assert "text/html" in answer.headers["content-type"]
    assert 'href="/orders"' in answer.text
    assert town.client.get("/orders/999999", headers=headers).status_code == 404
    for method, path in [("GET", "/orders/999999"), ("POST", "/orders/999999")]:
        assert town.ask("zhang", method, path).status_code == 404
