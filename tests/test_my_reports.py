"""My reports: what a sender sees and may do, signed in or with the receipt; nothing of others."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.cases.states import State
from gridmap.errors import StoreUnusable
from gridmap.i18n import catalogue
from tests.api_client import LOCAL, REMOTE
from tests.api_town import send, spot
from tests.case_town import PEOPLE
from tests.order_forms import PageTown, action_forms, forms_in
from tests.test_photos import picture, saved

pytest_plugins = ["tests.order_fixtures"]

PASSWORD = "three unrelated words"


def plain(html: str) -> str:
    """The text of a page, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def closed(town: PageTown, number: int) -> None:
    """Let staff do their part, up to the answer."""
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch")
    town.act("hao", number, "accept")
    town.act("hao", number, "resolve", result="清运完毕")
    town.act("wang", number, "inspect")
    town.act("zhang", number, "close", answer="已清理，感谢反映。")


def offered(town: PageTown, who: str, path: str) -> set[str]:
    return set(action_forms(town.see(who, path)))


def play(
    town: PageTown, who: str, path: str, action: str, status: int = 303, /, **typed: str
) -> str:
    """Fill in and send the form of an action; returns the page that is shown then."""
    form = action_forms(town.see(who, path))[action]
    answer = town.send_form(who, form, status, **typed)
    return town.see(who, answer.headers["location"]) if status == 303 else str(answer.text)


def test_who_sent_a_report_sees_where_it_stands_and_by_when(town: PageTown) -> None:
    number = town.sent_by("gu", text="垃圾桶满了")["id"]
    listed = plain(town.see("gu", "/my"))
    assert f"#{number}" in listed
    assert "垃圾桶满了" in listed
    text = plain(town.see("gu", f"/my/{number}"))
    for said in ("已收到，等网格中心确认。", "垃圾桶满了", "承诺办结", "环卫"):
        assert said in text, said
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch", lead="CG")
    text = plain(town.see("gu", f"/my/{number}"))
    assert "已派给办理单位" in text
    assert "城市管理" in text
    english = plain(town.see("gu", f"/my/{number}?lang=en"))
    assert "Sent to who handles it" in english


def test_a_report_is_its_senders_alone_on_every_address(town: PageTown) -> None:
    number = town.sent_by("gu", text="井盖")["id"]
    for who in ("lin", "dai", "zhang", "boss"):
        assert f"/my/{number}" not in town.see(who, "/my")
        for path in (f"/my/{number}", f"/my/{number}/photos/1"):
            town.see(who, path, 404)
        assert town.ask(who, "POST", f"/my/{number}", data={"action": "order.rate"}).is_client_error
    page = town.see("", f"/my/{number}", 404)
    assert "凭它可以查看" in plain(page)
    assert "井盖" not in page


def test_every_state_is_said_in_plain_words() -> None:
    for lang in ("zh", "en"):
        assert all(f"page.mine.state.{one.value}" in catalogue(lang) for one in State)


def test_it_is_rated_once_and_asked_to_be_reopened_once(town: PageTown) -> None:
    number = town.sent_by("gu", text="沿街垃圾")["id"]
    path = f"/my/{number}"
    assert offered(town, "gu", path) == {"whistle.blow"}
    closed(town, number)
    page = plain(town.see("gu", path))
    assert "已清理，感谢反映。" in page
    assert offered(town, "gu", path) == {"order.rate", "order.reopen.ask"}
    stale = action_forms(town.see("gu", path))["order.rate"]
    page = plain(play(town, "gu", path, "order.rate", satisfied="no", resolved="no", text="慢"))
    assert "已记录：评价" in page
    assert town.order(number)["rating"]["by"] == "gu"
    # A second form that lay open: refused in words, and what was typed is still there.
    answer = town.send_form("gu", stale, 409, satisfied="yes", text="又想了想")
    assert "又想了想" in answer.text
    assert 'role="alert"' in answer.text
    play(town, "gu", path, "order.reopen.ask", why="还在堆")
    assert town.told("zhang", number)[-1] == "reopen_asked"
    assert "还在堆" in plain(town.see("zhang", f"/orders/{number}"))
    assert offered(town, "gu", path) == set()
    town.act("", number, "reopen-ask", 401, why="冒名")
    town.act("zhang", number, "reopen", why="群众申请")
    assert town.order(number)["reopen_asked_at"] is None
    town.act("hao", number, "accept", 409)
    town.act("zhang", number, "close", why="再次清理", answer="再次清理")
    assert "order.reopen.ask" not in offered(town, "gu", path)
    refused = town.ask("gu", "POST", path, data={"action": "order.reopen.ask", "why": "再开"})
    assert refused.status_code == 409
    assert "已重新办理过一次" in refused.text
    assert "再开" in refused.text


def test_no_name_of_staff_is_on_the_page_or_in_the_answer(town: PageTown) -> None:
    sent = town.sent_by("gu")
    number, path = sent["id"], f"/my/{sent['id']}"
    play(town, "gu", path, "whistle.blow", why="要联合清理", ground="joint_enforcement")
    town.act("zhang", number, "whistle-call", whistle=1, departments=["CG"])
    came = {"who": "曹队长", "how_many": 3, "where": "路口"}
    town.act("cao", number, "whistle-report-in", whistle=1, **came)
    closed(town, number)
    rated = town.act("zhang", number, "rate", satisfied=True, resolved=True)
    assert rated["rating"]["by"] == "zhang"
    page = town.see("gu", path)
    assert "按时报到" in page
    words = set(re.findall(r"[a-z]+", plain(page)))
    assert words & set(PEOPLE) == set()
    assert "曹队长" not in page
    told = town.ask("gu", "POST", f"/api/reports/{number}/reopen-ask", json={"why": "又满了"})
    assert told.json()["rating"]["by"] == ""


def test_a_delegate_whistles_to_departments_with_a_reason(town: PageTown) -> None:
    number = town.sent_by("dai", text="占道")["id"]
    path = f"/my/{number}"
    page = play(town, "dai", path, "whistle.blow", 422, ground="emergency", why=" ",
                **{"departments.CG": "1"})  # fmt: skip
    form = action_forms(page)["whistle.blow"]
    assert form.fields["departments.CG"] == "1"
    assert form.fields["ground"] == "emergency"
    assert "请填写“原因”" in page
    page = plain(play(town, "dai", path, "whistle.blow", why="多部门到场", ground="emergency",
                      **{"departments.CG": "1"}))  # fmt: skip
    assert "待派哨" in page
    whistle = town.order(number)["whistles"][0]
    assert (whistle["by"], whistle["wanted"]) == ("dai", ["CG"])
    town.act("zhang", number, "whistle-improper", whistle=1, why="日常即可处理")
    assert "日常即可处理" in plain(town.see("dai", path))
    # For others a delegate whistles too, but says nothing else in their name.
    other = town.sent_by("gu")["id"]
    closed(town, other)
    town.act("dai", other, "rate", 403, satisfied=True)


# -- the receipt --------------------------------------------------------------------------------


def test_whoever_sends_a_report_gets_a_receipt_the_same_when_it_is_repeated(
    town: PageTown,
) -> None:
    body = spot(0.2, 0.2, text="无账号上报")
    first = send(town.client, body, "receipt-key-1").json()
    again = send(town.client, body, "receipt-key-1").json()
    other = send(town.client, body, "receipt-key-2").json()
    assert re.fullmatch(r"([2-9A-HJ-NP-Z]{4}-){4}[2-9A-HJ-NP-Z]{4}", first["receipt"])
    assert again["receipt"] == first["receipt"] != other["receipt"]
    for who in ("zhang", "boss"):
        record = town.ask(who, "GET", f"/api/reports/{first['id']}").json()
        assert record.get("receipt") is None
        assert first["receipt"] not in town.see(who, f"/orders/{first['id']}")


def test_with_the_receipt_a_report_is_followed_and_rated_without_an_account(
    town: PageTown,
) -> None:
    sent = town.sent_by("", text="无账号上报")
    (form,) = [one for one in forms_in(town.see("", "/receipt")) if one.method == "post"]
    wrong = town.send_form("", form, 404, receipt="ABCD-2222")
    assert "没有与此回执对应的上报" in wrong.text
    assert 'value="ABCD-2222"' in wrong.text
    typed = sent["receipt"].lower().replace("-", " ")
    path = town.send_form("", form, receipt=typed).headers["location"]
    assert path == f"/receipt/{sent['receipt']}"
    assert "无账号上报" in town.see("", path)
    closed(town, sent["id"])
    page = plain(play(town, "", path, "order.rate", satisfied="yes", resolved="yes"))
    assert "已记录：评价" in page
    assert town.order(sent["id"])["rating"]["by"] == "resident"
    # Through the interface the receipt shows the sender as the key does.
    key = sent["receipt"]
    told = town.act("", sent["id"], "reopen-ask", why="仍有异味", key=key)
    assert told["reopen_asked_at"]
    town.see("", "/receipt/2222-2222-2222-2222-2222", 404)


def test_the_key_a_report_was_sent_with_opens_no_page(town: PageTown) -> None:
    key = "ABCD2345EFGH6789JKMN"
    sent = send(town.client, spot(0.2, 0.2, text="带编号上报"), key).json()
    path = f"/receipt/{key}"
    town.see("", path, 404)
    assert town.ask("", "POST", "/receipt", data={"receipt": key}).status_code == 404
    assert town.ask("", "POST", path, data={"action": "order.rate"}).status_code == 404
    assert "带编号上报" in town.see("", f"/receipt/{sent['receipt']}")
    # Who names the report too shows by the key that they sent it.
    told = town.act("", sent["id"], "rate", 409, satisfied=True, key=key)
    assert "receipt" not in str(told)


@pytest.mark.parametrize("between", ["－", "—", "　", ""])
def test_a_receipt_typed_with_wide_letters_is_found(town: PageTown, between: str) -> None:
    sent = town.sent_by("")
    wide = between.join(
        "".join(chr(ord(letter) + 0xFEE0) for letter in group)
        for group in sent["receipt"].split("-")
    )
    (form,) = [one for one in forms_in(town.see("", "/receipt")) if one.method == "post"]
    for typed in (wide, wide.swapcase()):
        path = town.send_form("", form, receipt=typed).headers["location"]
        assert path == f"/receipt/{sent['receipt']}"


def test_a_receipt_stands_in_no_log(
    town: PageTown, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = f"/receipt/{town.sent_by('')['receipt']}"
    with TestClient(
        create_app(workspace=town.workspace), client=LOCAL, raise_server_exceptions=False
    ) as client:
        for error, status in ((StoreUnusable("Not a store."), 503), (RuntimeError("odd"), 500)):

            def fails(*_: object, error: Exception = error, **__: object) -> None:
                raise error

            monkeypatch.setattr(town.workspace, "report_of_receipt", fails)
            caplog.clear()
            for method in ("GET", "HEAD"):
                assert client.request(method, path).status_code == status
            said = [one.getMessage() for one in caplog.records if one.name == "gridmap.api"]
            assert ["/receipt/" in one for one in said] == [True, True]
            assert path.rpartition("/")[2] not in caplog.text


def test_staff_who_use_a_receipt_act_as_residents(town: PageTown) -> None:
    sent = town.sent_by("")
    closed(town, sent["id"])
    path = f"/receipt/{sent['receipt']}"
    assert offered(town, "hao", path) == {"order.rate", "order.reopen.ask"}
    refused = town.ask("zhang", "POST", path, data={"action": "order.close", "why": "x"})
    assert refused.status_code == 404


# -- photos -------------------------------------------------------------------------------------


def post_photos(town: PageTown, who: str, path: str, *files: tuple[str, bytes], **more: str) -> Any:
    parts = [("photo", (name, raw, "image/jpeg")) for name, raw in files]
    return town.ask(who, "POST", path, files=parts, data=more)


def test_a_sender_adds_several_photos_and_sees_those_alone(town: PageTown) -> None:
    number = town.sent_by("gu")["id"]
    path = f"/my/{number}"
    some = [(f"{n}.jpg", saved(picture((64 + n, 48)))) for n in range(2)]
    answer = post_photos(town, "gu", f"{path}/photos", *some)
    assert answer.status_code == 303, answer.text
    page = town.see("gu", answer.headers["location"])
    assert "已添加 2 张照片。" in page
    thumbs = re.findall(rf'src="({path}/photos/\d+\?size=thumb)"', page)
    assert len(thumbs) == 2
    for thumb in thumbs:
        shown = town.ask("gu", "GET", thumb)
        assert shown.headers["content-type"] == "image/jpeg"
        assert shown.headers["cache-control"] == "private, no-store"
        town.see("lin", thumb, 404)
    # What others photographed is for staff.
    after = post_photos(
        town, "hao", f"/orders/{number}/photos", ("a.jpg", saved(picture((90, 48)))), kind="after"
    )
    assert after.status_code == 303, after.text
    assert town.see("gu", path).count("size=thumb") == 2
    last = town.ask("hao", "GET", f"/api/reports/{number}/photos").json()["photos"][-1]
    town.see("gu", f"{path}/photos/{last['id']}", 404)


def test_photos_that_cannot_be_kept_are_said_by_name_and_the_others_stay(town: PageTown) -> None:
    sent = town.sent_by("")
    path = f"/receipt/{sent['receipt']}"
    good, bad = ("好.jpg", saved(picture((70, 48)))), ("坏.jpg", b"no photo at all")
    answer = post_photos(town, "", f"{path}/photos", good, bad)
    assert answer.status_code == 422
    assert "坏.jpg" in answer.text
    assert "不是能读取的照片" in answer.text
    assert "已添加 1 张照片。" in answer.text
    assert answer.text.count("size=thumb") == 1
    nothing = post_photos(town, "", f"{path}/photos", ("", b""))
    assert nothing.status_code == 422
    assert "没有选择照片" in nothing.text
    closed(town, sent["id"])
    assert "multipart/form-data" not in town.see("", path)
    late = post_photos(town, "", f"{path}/photos", ("晚.jpg", saved(picture((71, 48)))))
    assert late.status_code == 409
    assert "不能再添加照片" in late.text


def test_the_language_is_changed_where_a_form_was_refused(town: PageTown) -> None:
    number = town.sent_by("gu")["id"]
    receipt = f"/receipt/{town.sent_by('')['receipt']}"
    for who, path in (("gu", f"/my/{number}"), ("", receipt), ("hao", f"/orders/{number}")):
        refused = post_photos(town, who, f"{path}/photos", ("", b""))
        assert refused.status_code == 422
        assert f'href="{path}?lang=en"' in refused.text
        town.see(who, f"{path}?lang=en")


def test_staff_add_photos_before_and_after_the_work_on_the_orders_page(town: PageTown) -> None:
    number, _ = town.report()
    page = town.see("hao", f"/orders/{number}")
    form = next(one for one in forms_in(page) if one.address.endswith("/photos"))
    assert form.options["kind"] == ["after", "before", "report"]
    sent = [("后.jpg", saved(picture((72, 48)))), ("坏.png", b"x" * 9)]
    answer = post_photos(town, "hao", form.address, *sent, kind="after")
    assert answer.status_code == 422
    assert "坏.png" in answer.text
    assert f"/api/reports/{number}/photos/" in answer.text
    assert "办理后" in answer.text
    kinds = town.ask("hao", "GET", f"/api/reports/{number}/photos").json()["photos"]
    assert [one["kind"] for one in kinds] == ["after"]
    # Who is not concerned has neither the form nor the way.
    assert post_photos(town, "shui", form.address, sent[0]).status_code == 403
    wrong = post_photos(town, "hao", form.address, sent[0], kind="selfie")
    assert "没有这种照片类别" in wrong.text


def test_photos_of_a_session_need_the_token_of_its_forms(town: PageTown) -> None:
    number = town.sent_by("gu")["id"]
    town.workspace.set_password("gu", PASSWORD)
    begun = town.workspace.sign_in("gu", PASSWORD, address="127.0.0.1", device=None)
    with TestClient(
        create_app(workspace=town.workspace),
        client=LOCAL,
        cookies={"gridmap_session": begun.session},
        follow_redirects=False,
    ) as client:
        form = next(
            one
            for one in forms_in(client.get(f"/my/{number}").text)
            if one.address.endswith("/photos")
        )
        files = {"photo": ("a.jpg", saved(picture()), "image/jpeg")}
        for token in ("", "x"):
            answer = client.post(form.address, files=files, data={"csrf_token": token})
            assert answer.status_code == 403
        assert client.post(form.address, files=files, data=form.fields).status_code == 303
        # The interface's own door takes it from the header alone.
        door = f"/api/reports/{number}/photos"
        assert client.post(door, files=files, data=form.fields).status_code == 422


def test_who_is_not_signed_in_is_shown_both_ways_in(town: PageTown) -> None:
    with TestClient(
        create_app(workspace=town.workspace), client=REMOTE, follow_redirects=False
    ) as client:
        page = client.get("/my", headers={"accept": "text/html"})
        assert page.status_code == 200
        assert 'href="/login?next=%2Fmy"' in page.text
        assert 'action="/receipt"' in page.text
        # Whose session ended while they wrote signs in and goes on with the page of the form.
        for door in ("/my/7", "/my/7/photos"):
            answer = client.post(f"{door}?lang=en", headers={"accept": "text/html"})
            assert answer.status_code == 303
            assert answer.headers["location"] == "/login?next=%2Fmy%2F7%3Flang%3Den"
            assert client.post(door).status_code == 401


def test_whose_report_it_is_comes_before_the_photos(
    town: PageTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read(_: object) -> None:
        raise AssertionError("the form was read")

    monkeypatch.setattr("api.pages.mine.sent_photos", read)
    number = town.sent_by("gu")["id"]
    for path in (f"/my/{number}", "/receipt/2222-2222-2222-2222-2222"):
        assert post_photos(town, "lin", f"{path}/photos", ("a.jpg", b"x")).status_code == 404


@pytest.mark.parametrize("offset", ["x", "-1"])
def test_a_place_in_the_list_that_is_none_is_refused(town: PageTown, offset: str) -> None:
    town.see("gu", f"/my?offset={offset}", 422)


def test_once_anonymised_nobody_follows_a_report_any_more(town: PageTown) -> None:
    sent = town.sent_by("lin", text="很久以前")
    closed(town, sent["id"])
    town.at("2026-03-12 10:00")
    town.workspace.anonymise(0, commit=True)
    town.see("lin", f"/my/{sent['id']}", 404)
    town.see("", f"/receipt/{sent['receipt']}", 404)
    assert f"/my/{sent['id']}" not in town.see("lin", "/my")
