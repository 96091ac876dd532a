"""Texts of what people do with an order: no identity number comes into the history."""

from __future__ import annotations

from typing import Any

import pytest

from gridmap.errors import BadValue
from tests.order_forms import PageTown, action_forms

pytest_plugins = ["tests.order_fixtures"]

# The example of GB 11643-1999.
KNOWN = "11010519491231002X"
PHONE, HIDDEN = "138 1234 5678", "138****5678"


def everything(town: PageTown, number: int) -> str:
    """What staff and programs are shown of an order and of what happened to it."""
    events = town.ask("zhang", "GET", "/api/events?after=0&wait_s=0").text
    return f"{town.order(number)}{events}"


@pytest.mark.parametrize(
    ("who", "action", "field", "more"),
    [
        ("zhang", "comment", "text", {}),
        ("zhang", "confirm", "text", {}),
        ("zhang", "reject", "why", {"outcome": "not_an_issue"}),
        ("zhang", "reject", "transferred_to", {"outcome": "not_an_issue", "why": "x"}),
        ("zhang", "close", "answer", {"why": "x"}),
        ("chen", "escalate", "why", {}),
        ("wang", "self-handle", "result", {}),
        ("wang", "whistle-blow", "why", {"ground": "emergency"}),
        ("dai", "whistle-blow", "why", {"ground": "emergency"}),
        ("", "whistle-blow", "why", {"ground": "emergency"}),
    ],
)
@pytest.mark.parametrize("written", [f"身份证 {KNOWN}。", "１１０１０５ 19491231 002X"])
def test_an_identity_number_in_the_text_of_an_action_is_refused_and_stored_nowhere(
    town: PageTown, who: str, action: str, field: str, more: dict[str, Any], written: str
) -> None:
    number, key = town.report()
    before = town.order(number)
    proof = {} if who else {"key": key}
    told = town.act(who, number, action, 422, **{field: written}, **more, **proof)
    assert f"'{field}' contains an identity card number" in told["detail"]
    assert town.order(number) == before
    assert "002X" not in everything(town, number)


def test_the_page_says_in_its_language_that_an_identity_number_is_not_taken(
    town: PageTown,
) -> None:
    number = town.sent_by("gu")["id"]
    form = action_forms(town.see("gu", f"/my/{number}"))["whistle.blow"]
    page = town.send_form("gu", form, 422, why=KNOWN, ground="emergency").text
    assert "“原因”中有身份证号，系统一律不保存" in page
    page = town.play("zhang", number, "order.comment", 422, text=KNOWN)
    assert "中有身份证号，系统一律不保存" in page


def test_reports_are_not_closed_with_an_identity_number_in_the_reason(town: PageTown) -> None:
    number, _ = town.report()
    for commit in (False, True):
        with pytest.raises(BadValue, match="identity card number"):
            town.workspace.close_reports([number], why=f"{KNOWN} 已答复", commit=commit)
    assert town.order(number)["state"] == "submitted"
    assert town.workspace.close_reports([number], why="已答复") == 1


def test_what_is_demanded_of_a_department_and_answered_takes_no_identity_number(
    town: PageTown,
) -> None:
    body = {
        "department": "HW",
        "subject": "督办",
        "demands": "限期",
        "reply_by": "2026-03-14T18:00",
    }
    for field in ("subject", "demands"):
        refused = town.ask("jian", "POST", "/api/supervision", json=body | {field: KNOWN})
        assert (refused.status_code, KNOWN in refused.text) == (422, False)
    made = town.ask("jian", "POST", "/api/supervision", json=body).json()
    door = f"/api/supervision/{made['id']}"
    assert town.ask("hao", "POST", f"{door}/answer", json={"reply": KNOWN}).status_code == 422
    assert town.ask("hao", "POST", f"{door}/answer", json={"reply": "已办"}).status_code == 200
    assert town.ask("jian", "POST", f"{door}/close", json={"outcome": KNOWN}).status_code == 422
    assert KNOWN not in town.ask("jian", "GET", door).text


def test_a_review_is_not_asked_for_with_an_identity_number(town: PageTown) -> None:
    number, _ = town.report()
    refused = town.ask("zhang", "POST", "/api/reviews", json={"report": number, "why": KNOWN})
    assert (refused.status_code, KNOWN in refused.text) == (422, False)
    assert town.ask("zhang", "GET", f"/api/reports/{number}").json()["reviews"] == []


def test_a_mobile_number_that_the_sender_writes_is_masked_before_it_is_stored(
    town: PageTown,
) -> None:
    number, key = town.report()
    said = f"打 {PHONE} 找我"
    town.act("", number, "whistle-blow", why=said, ground="emergency", key=key)
    town.act("zhang", number, "whistle-improper", whistle=1, why="日常即可处理")
    town.act("wang", number, "self-handle", result="清运完毕")
    town.act("li", number, "inspect")
    town.act("zhang", number, "close")
    town.act("", number, "rate", satisfied=False, text=said, key=key)
    town.act("", number, "reopen-ask", why=said, key=key)
    order = town.order(number)
    texts = [
        order["whistles"][0]["why"], order["rating"]["text"], order["reopen_asked_why"],
        *(f[name] for e in order["history"] for f in [e["fields"]] for name in ("why", "text")
          if "打" in f.get(name, "")),
    ]  # fmt: skip
    assert texts == [f"打 {HIDDEN} 找我"] * 6
    assert PHONE not in everything(town, number)
    inbox = town.ask("zhang", "GET", "/api/inbox?limit=1000").text
    assert PHONE not in inbox


def test_a_number_that_staff_write_stays_for_it_is_whom_to_call_at_work(town: PageTown) -> None:
    number, _ = town.report()
    said = "联系施工方 139 8765 4321"
    town.act("zhou", number, "comment", text=said)
    assert town.order(number)["history"][-1]["fields"]["text"] == said


def test_a_clock_is_not_stopped_with_an_identity_number_in_the_note(town: PageTown) -> None:
    number, _ = town.report()
    door, body = f"/api/reports/{number}/pause", {"reason": "weather", "note": f"{KNOWN} 在外地"}
    refused = town.ask("zhang", "POST", door, json=body)
    assert refused.status_code == 422
    assert "'note' contains an identity card number" in refused.json()["detail"]
    assert town.ask("zhang", "POST", door, json=body | {"note": "雨"}).status_code == 200
