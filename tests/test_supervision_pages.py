"""Supervision orders on pages: the list, the sheet, and the forms of who may take the next step."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select, update

from gridmap.access import Grant, Role, Scope
from gridmap.errors import NotAllowed
from gridmap.store.schema_cases import supervisions
from tests.order_forms import Form, PageTown, forms_in
from tests.route_town import WEST

pytest_plugins = ["tests.order_fixtures"]


def issued(town: PageTown, **more: Any) -> dict[str, Any]:
    """The supervisor issues one; returns it."""
    body = {"department": "HW", "subject": "垃圾积压", "demands": "三日内清运",
            "reply_by": "2026-03-14T18:00", "copies": ["CG"], **more}  # fmt: skip
    answer = town.ask("jian", "POST", "/api/supervision", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def steps(town: PageTown, who: str, path: str) -> dict[str, Form]:
    """The forms of the next steps that somebody is offered."""
    return {f.fields["step"]: f for f in forms_in(town.see(who, path)) if "step" in f.fields}


def send(town: PageTown, who: str, form: Form, status: int = 303, /, **typed: str) -> str:
    """Somebody sends a form; returns the page that they see then."""
    answer = town.send_form(who, form, status, **typed)
    return town.see(who, answer.headers["location"]) if status == 303 else str(answer.text)


def test_one_is_issued_from_an_order_answered_sent_back_answered_and_closed(
    town: PageTown,
) -> None:
    number, _ = town.report()
    page = town.see("jian", f"/orders/{number}")
    assert f'href="/supervision/new?number={number}"' in page
    assert "/supervision/new" not in town.see("hao", f"/orders/{number}")
    form = next(
        one
        for one in forms_in(town.see("jian", f"/supervision/new?number={number}"))
        if one.method == "post"
    )
    assert form.fields["department"] == "HW"
    said = {"subject": "垃圾积压", "demands": "一、清运\r\n二、冲洗", "copies.CG": "1"}
    # The time has passed: refused in words, and nothing that was typed is lost.
    page = send(town, "jian", form, 422, **said, reply_by="2026-03-01T09:00")
    assert "反馈时限须晚于现在" in page
    again = next(one for one in forms_in(page) if one.method == "post")
    assert again.fields["demands"].replace("\r\n", "\n") == "一、清运\n二、冲洗"
    assert again.fields["copies.CG"] == "1"
    assert again.fields["number"] == str(number)
    page = send(town, "jian", again, reply_by="2026-03-14T18:00")
    assert "督办单已下发" in page
    found = town.order(number)["supervision"][0]
    path = f"/supervision/{found['id']}"
    assert found["serial"] in page
    # The inbox and the order lead to it.
    assert f'href="{path}"' in town.see("hao", "/inbox")
    assert f'href="{path}"' in town.see("hao", f"/orders/{number}")
    # Each is offered the step that is theirs.
    assert set(steps(town, "hao", path)) == {"answer"}
    assert set(steps(town, "cao", path)) == set()
    assert set(steps(town, "jian", path)) == {"close"}
    page = send(town, "hao", steps(town, "hao", path)["answer"], reply="已清运\r\n两车")
    assert "整改情况已反馈" in page
    assert steps(town, "hao", path) == {}
    assert set(steps(town, "jian", path)) == {"refuse", "close"}
    refuse = steps(town, "jian", path)["refuse"]
    page = send(town, "jian", refuse, 422, why="仍有残留", reply_by="2026-03-02T09:00")
    kept = next(f for f in forms_in(page) if f.fields.get("step") == "refuse")
    assert kept.fields["why"] == "仍有残留"
    send(town, "jian", kept, reply_by="2026-03-16T18:00")
    assert "仍有残留" in town.see("hao", path)
    send(town, "hao", steps(town, "hao", path)["answer"], reply="已复查")
    page = send(town, "jian", steps(town, "jian", path)["close"], outcome="整改到位")
    assert "督办单已办结" in page
    assert steps(town, "jian", path) == {}
    got = town.ask("jian", "GET", f"/api/supervision/{found['id']}").json()
    assert (got["state"], got["reply"], got["demands"]) == (
        "closed",
        "已复查",
        "一、清运\n二、冲洗",
    )


def test_a_form_that_lay_open_is_refused_and_what_was_typed_is_kept(town: PageTown) -> None:
    one = issued(town)
    path = f"/supervision/{one['id']}"
    stale = steps(town, "hao", path)["answer"]
    town.ask("hao", "POST", f"/api{path}/answer", json={"reply": "先到的"})
    page = send(town, "hao", stale, 409, reply="后到的文字")
    assert "后到的文字" in page
    assert 'role="alert"' in page
    wrong = town.ask("hao", "POST", path, data={"step": "burn"})
    assert wrong.status_code == 404
    # Others' steps are refused too, in words.
    refused = town.ask("hao", "POST", path, data={"step": "close", "outcome": "自己办结"})
    assert refused.status_code == 403
    assert "自己办结" in refused.text
    town.see("shui", path, 403)


def test_only_who_acts_for_the_addressee_answers(town: PageTown) -> None:
    one = issued(town)
    # The sub-district is no addressee because it stands in the place.
    for who in ("cao", "chen", "zhou"):
        answer = town.ask(who, "POST", f"/api/supervision/{one['id']}/answer",
                          json={"reply": "x"})  # fmt: skip
        assert answer.status_code == 403, who
    office = issued(town, department=f"JD:{WEST}", copies=[])
    assert set(steps(town, "chen", f"/supervision/{office['id']}")) == {"answer"}


def test_the_list_says_who_has_to_answer_by_when_state_by_state(town: PageTown) -> None:
    number, _ = town.report()
    late = issued(town, subject="先前的积压", reply_by="2026-03-12T10:00", number=number)
    answered = issued(town, subject="已答复的积压")
    town.ask("hao", "POST", f"/api/supervision/{answered['id']}/answer", json={"reply": "好"})
    town.at("2026-03-12 11:00")
    page = town.see("jian", "/supervision")
    row = page.partition(f'href="/supervision/{late["id"]}"')[2].partition("</li>")[0]
    for said in (late["serial"], "环卫", f"工单 {number} 号", "超期 1 小时"):
        assert said in re.sub(r"\s+", " ", row), said
    assert "已答复的积压" not in page
    assert "已答复的积压" in town.see("jian", "/supervision?state=replied")
    only = town.see("jian", f"/supervision?state=all&number={number}")
    assert "先前的积压" in only
    assert "已答复的积压" not in only
    # Departments see their own, and what they got a copy of.
    assert late["serial"] in town.see("cao", "/supervision")
    assert late["serial"] not in town.see("shui", "/supervision")
    assert "没有这样的督办单" in town.see("shui", "/supervision")
    assert "Awaiting reply" in town.see("jian", "/supervision?lang=en")
    town.see("jian", "/supervision?state=burnt", 422)
    town.see("wang", "/supervision", 403)


def test_the_form_stays_when_the_order_that_was_typed_is_not_there(town: PageTown) -> None:
    form = next(
        one for one in forms_in(town.see("ling", "/supervision/new")) if one.method == "post"
    )
    page = send(town, "ling", form, 404, department="HW", subject="标题还在", demands="要求",
                reply_by="2026-03-14T18:00", number="99999999")  # fmt: skip
    assert "标题还在" in page
    again = next(one for one in forms_in(page) if one.method == "post")
    assert again.fields["department"] == "HW"
    assert again.fields["number"] == "99999999"


def test_one_is_issued_about_orders_within_reach_alone(town: PageTown) -> None:
    number, _ = town.report()
    scope = Scope.of(areas=["community:none"])
    if "yuan" not in town.keys:
        town.workspace.add_user("yuan", [Grant(Role.SUPERVISOR, scope)])
        town.keys["yuan"] = town.workspace.add_key("yuan").token
    far = town.workspace.store.user("yuan").actor
    said = {"department": "HW", "subject": "标题还在", "demands": "要求",
            "reply_by": "2026-03-14T18:00"}  # fmt: skip
    with pytest.raises(NotAllowed):
        town.workspace.issue_supervision(**said, number=number, actor=far)
    page = town.see("yuan", f"/supervision/new?number={number}", 403)
    form = next(one for one in forms_in(page) if one.method == "post")
    page = send(town, "yuan", form, 403, **said)
    assert "标题还在" in page
    assert town.order(number)["supervision"] == []


def test_a_refused_reply_of_an_older_store_is_read_as_one(town: PageTown) -> None:
    one = issued(town)
    path = f"/api/supervision/{one['id']}"
    town.ask("hao", "POST", f"{path}/answer", json={"reply": "已清运"})
    with town.workspace.store._database.write() as connection:
        stored = select(supervisions.c.data).where(supervisions.c.id == one["id"])
        data = dict(connection.execute(stored).scalar_one())
        del data["refusals"]
        data |= {"state": "issued", "refused_why": "仍有残留"}
        row = update(supervisions).where(supervisions.c.id == one["id"])
        connection.execute(row.values(data=data, state="issued"))
    town.at("2026-03-15 09:00")
    found = town.ask("jian", "GET", path).json()
    assert (found["late"], found["reply"], found["replied_at"]) == (True, "", None)
    assert [(r["reply"], r["replied_by"], r["why"]) for r in found["refusals"]] == [
        ("已清运", "hao", "仍有残留")
    ]
    assert town.ask("hao", "POST", f"{path}/answer", json={"reply": "已复查"}).status_code == 200
