"""The page on which a report is sent, over HTTP and without a script, by residents and staff."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.errors import StoreBusy, StoreFull
from gridmap.workspace import open_workspace
from tests.api_client import LOCAL, REMOTE
from tests.order_forms import Form, PageTown, forms_in
from tests.route_town import at
from tests.test_photos import picture, saved

pytest_plugins = ["tests.order_fixtures"]

PASSWORD = "three unrelated words"
# An identity number that can be, and is nobody's.
IDENTITY = "11010519491231002X"


def spot(x: float, y: float) -> dict[str, str]:
    """What is typed for a place of the lattice."""
    lon, lat = at(x, y)
    return {"lon": str(lon), "lat": str(lat)}


STREET = spot(0.2, 0.2)


def blank(town: PageTown, who: str = "", query: str = "") -> Form:
    """The form as it is opened."""
    return form_in(town.see(who, f"/report{query}"))


def form_in(html: str) -> Form:
    (form,) = [one for one in forms_in(html) if "key" in one.fields]
    return form


def plain(html: str) -> str:
    """The text of a page, without its marks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def total(town: PageTown) -> int:
    return int(town.ask("zhang", "GET", "/api/reports?limit=1").json()["total"])


def why(html: str, field: str) -> str:
    """What is said beside a field."""
    found = re.search(rf'id="{field}-why">(.+?)</p>', html)
    return found[1] if found else ""


def number_of(town: PageTown, location: str) -> int:
    """The number of the report whose page a form led to."""
    found = re.search(r"/(?:my|orders)/(\d+)", location)
    return int(found[1] if found else re.findall(r"#(\d+)", town.see("", location))[0])


def test_anybody_sends_a_report_and_sees_who_has_it_and_the_receipt(town: PageTown) -> None:
    form = blank(town)
    assert len(form.options["item"]) == 100
    assert form.required == set()
    answer = town.send_form("", form, item="0101", text="垃圾桶满了\r\n两天了", **STREET)
    where = answer.headers["location"]
    receipt = re.fullmatch(r"/receipt/([0-9A-Z-]{24})\?taken=1", where)
    assert receipt, where
    page = town.see("", where)
    text = plain(page)
    for said in ("已收到您的上报", receipt[1], "环卫", "承诺办结", "垃圾桶满了 两天了", "禾东社区"):
        assert said in text, said
    report = town.ask("zhang", "GET", f"/api/reports/{number_of(town, where)}").json()
    assert (report["source"], report["item"], report["text"]) == (
        "web",
        "0101",
        "垃圾桶满了\n两天了",
    )
    english = town.send_form("", form_in(town.see("", "/report?lang=en")), item="0101", **STREET)
    assert english.headers["location"].endswith("?taken=1&lang=en")
    assert "Your report was received" in town.see("", english.headers["location"])


def test_who_is_signed_in_finds_it_among_their_own(town: PageTown) -> None:
    typed = {"reporter_name": "顾某", "reporter_phone": "１３９ 0000 8888"}
    answer = town.send_form("gu", blank(town, "gu"), item="0306", **STREET, **typed)
    number = number_of(town, answer.headers["location"])
    assert answer.headers["location"] == f"/my/{number}?taken=1"
    page = town.see("gu", answer.headers["location"])
    assert "已收到您的上报" in page
    assert "顾某" not in page
    masked = town.ask("zhang", "GET", f"/api/reports/{number}").json()["reporter"]
    assert (masked["reporter_name"], masked["reporter_phone"]) == ("顾**", "139****8888")


def test_a_form_that_is_sent_twice_is_one_report(town: PageTown) -> None:
    form, before = blank(town), total(town)
    sent = {"item": "0101", "text": "重复提交", **STREET}
    first, again = (town.send_form("", form, **sent) for _ in range(2))
    assert first.headers["location"] == again.headers["location"]
    assert total(town) == before + 1
    # Gone back to and changed, it says so; sent once more it is another.
    changed = town.send_form("", form, 409, **{**sent, "text": "又想起来一点"})
    assert "已经发出过一次" in changed.text
    other = form_in(changed.text)
    assert other.fields["text"] == "又想起来一点"
    assert other.fields["key"] != form.fields["key"]
    assert town.send_form("", other).headers["location"] != first.headers["location"]
    assert total(town) == before + 2
    assert blank(town).fields["key"] != blank(town).fields["key"]


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"item": ""}, "item", "请选择反映的事项"),
        ({"item": "9999"}, "item", "没有这一项"),
        ({"item": "nowhere:1"}, "item", "没有这个事项表"),
        ({"lon": "", "lat": ""}, "place", "请说明在哪里"),
        ({"lon": "117.0", "lat": ""}, "place", "都填"),
        ({"lon": "abc"}, "place", "十进制"),
        ({"lon": "36.6", "lat": "117.0"}, "place", "有没有填反"),
        ({"lon": "nan"}, "place", "有没有填反"),
        ({"coord_sys": "mars"}, "place", "没有这种坐标系"),
        ({"lon": "", "lat": "", "estate": "没有这个小区"}, "place", "没有这个小区"),
        ({"accuracy_m": "近"}, "accuracy_m", "请填写数字"),
        ({"accuracy_m": "inf"}, "accuracy_m", "无法使用"),
        ({"text": "长" * 2001}, "text", "太长"),
        ({"text": f"证件 {IDENTITY}"}, "text", "身份证号"),
        ({"reporter_name": f"张三{IDENTITY}"}, "reporter_name", "“姓名”中有身份证号"),
        ({"reporter_phone": IDENTITY}, "reporter_phone", "“电话”中有身份证号"),
        ({"reporter_phone": "12"}, "reporter_phone", "不是电话号码"),
        ({"reporter_name": "名" * 61}, "reporter_name", "太长"),
    ],
)
def test_what_is_refused_is_said_at_its_field_and_everything_typed_stays(
    town: PageTown, typed: dict[str, str], field: str, said: str
) -> None:
    full = {"item": "0101", "text": "留在表单里", "reporter_name": "顾某", **STREET} | typed
    before = total(town)
    status = 404 if "小区" in said else 422
    answer = town.send_form("", blank(town), status, **full)
    assert said in why(answer.text, field), answer.text
    assert f'href="#{field}-why"' in answer.text
    assert 'role="alert"' in answer.text
    kept = form_in(answer.text).fields
    for name in ("lon", "lat", "estate", "accuracy_m", "text", "reporter_name", "reporter_phone"):
        assert kept[name] == full.get(name, ""), name
    assert kept.get("item", "") == ("0101" if full["item"] == "0101" else "")
    assert total(town) == before
    assert answer.headers["cache-control"] == "no-store"


def test_several_refusals_come_back_together(town: PageTown) -> None:
    page = town.send_form("", blank(town), 422, text="x" * 2001, reporter_phone="1").text
    assert all(why(page, name) for name in ("item", "place", "text", "reporter_phone"))


def test_an_estate_no_place_at_all_and_one_outside_are_places_too(town: PageTown) -> None:
    by_estate = town.send_form("", blank(town), item="0101", estate="锦禾苑")
    report = reported(town, by_estate)
    assert report["areas"]["community"] == "990101001001"
    # Somewhere within its red line: as far around as it reaches.
    assert 100 < report["accuracy_m"] < 140
    assert "WY:F001" in (report["department"], *report["co_departments"])
    unknown = town.send_form("", blank(town), item="0101", unknown="yes", text="不清楚哪条路")
    report = reported(town, unknown)
    assert (report["lon"], report["location_status"], report["needs_person"]) == (
        None, "invalid", True
    )  # fmt: skip
    assert "没有确切位置" in town.see("", unknown.headers["location"])
    far = town.send_form("", blank(town), item="0101", lon="120.5", lat="30.1")
    assert reported(town, far)["location_status"] == "outside"
    assert "不在本地网格范围内" in town.see("", far.headers["location"])
    other = town.send_form("", blank(town), item="0101", coord_sys="gcj02", **STREET)
    assert reported(town, other)["coord_sys"] == "gcj02"


def reported(town: PageTown, answer: Any) -> Any:
    number = number_of(town, answer.headers["location"])
    return town.ask("zhang", "GET", f"/api/reports/{number}").json()


def test_an_address_fills_in_what_and_where(town: PageTown) -> None:
    form = blank(town, "", "?item=0306&lon=117.0002&lat=36.6002")
    assert [form.fields[n] for n in ("item", "lon", "lat")] == ["0306", "117.0002", "36.6002"]
    assert town.send_form("", form).headers["location"].startswith("/receipt/")
    odd = blank(town, "", "?item=%22%3E%3Cb&lon=%00x&estate=%E9%94%A6%E7%A6%BE%E8%8B%91")
    assert (odd.fields["lon"], odd.fields["estate"]) == ("x", "锦禾苑")
    assert "item" not in odd.fields
    lon, lat = at(1.2, 1.3)
    for path, link in (
        ("/", "/report"),
        ("/my", "/report"),
        ("/receipt", "/report"),
        ("/services", "/report"),
        ("/services?near=117.001,36.602", "/report?lon=117.001000&amp;lat=36.602000"),
        ("/services?estate=E01", "/report?estate=%E9%94%A6%E7%A6%BE%E8%8B%91"),
        ("/services/P1", f"/report?lon={lon:.6f}&amp;lat={lat:.6f}"),
    ):
        assert f'href="{link}"' in town.see("", path), path
    assert 'href="/report"' in town.see("zhang", "/orders")
    assert 'href="/report"' not in town.see("jian", "/orders")


# -- staff --------------------------------------------------------------------------------------


def test_who_takes_a_call_sees_where_it_would_go_and_records_it(town: PageTown) -> None:
    form, before = blank(town, "zhang"), total(town)
    assert form.fields["source"] == "hotline_12345"
    typed = {"item": "0101", "text": "来电反映", "reporter_phone": "13900008888",
             "received_at": "2026-03-11T16:00", **STREET}  # fmt: skip
    page = town.send_form("zhang", form, 200, do="preview", **typed).text
    seen = plain(re.search(r'<div id="preview".+?</div>', page, re.DOTALL)[0])
    for said in ("禾东社区第一网格", "网格员 演示W-A1-1", "环卫", "2026-03-1"):
        assert said in seen, said
    assert total(town) == before
    again = form_in(page)
    kept = {name: again.fields[name] for name in typed}
    assert (kept, again.fields["key"]) == (typed, form.fields["key"])
    where = town.send_form("zhang", again).headers["location"]
    number = number_of(town, where)
    assert where == f"/orders/{number}?done=order.submit"
    order = town.see("zhang", where)
    assert "已记录：上报" in order
    assert "12345 热线" in order
    report = town.ask("zhang", "GET", f"/api/reports/{number}").json()
    assert report["received_at"] == "2026-03-11T16:00:00+08:00"
    # What was shown before is what was decided.
    assert report["explanation"]
    assert all(sentence in seen for sentence in map(plain, report["explanation"]))
    assert report["due_at"][:16].replace("T", " ") in seen
    form = blank(town, "zhang")
    refused = town.send_form("zhang", form, 422, **{**typed, "received_at": "2026-03-13T16:00"})
    assert "“收到时间”晚于现在" in why(refused.text, "received_at")
    for name, value in (("received_at", "1999-01-01T00:00"), ("received_at", "2026-13-01T00:00"),
                        ("source", "rumour")):  # fmt: skip
        refused = town.send_form("zhang", form, 422, do="preview", **{**typed, name: value})
        assert why(refused.text, name), value


def test_a_preview_loses_photos_and_says_so(town: PageTown) -> None:
    form = blank(town, "zhang")
    data = form.fields | {"item": "0101", "do": "preview", **STREET}
    files = {"photo": ("a.jpg", saved(picture()), "image/jpeg")}
    page = town.ask("zhang", "POST", "/report", data=data, files=files)
    assert page.status_code == 200
    assert "刚才选的 1 张照片没有保留" in page.text


def test_what_is_for_staff_alone_does_not_count_for_others(town: PageTown) -> None:
    page = town.see("gu", "/report")
    form = form_in(page)
    assert {"source", "received_at"} & {*form.fields, *form.options} == set()
    assert 'id="preview"' not in page
    more = {"source": "hotline_12345", "received_at": "2026-01-01T00:00"}
    report = reported(town, town.send_form("gu", form, item="0101", **STREET, **more))
    assert (report["source"], report["received_at"][:10]) == ("web", "2026-03-12")
    # Asked to show only, it stores nothing.
    before = total(town)
    refused = town.send_form("gu", form, 403, item="0101", **STREET, **more, do="preview")
    assert form_in(refused.text).fields["source"] == "hotline_12345"
    assert total(town) == before
    # Who checks what others did records nothing.
    assert "source" not in blank(town, "jian").options


def test_who_walks_about_records_also_where_they_do_not_act(town: PageTown) -> None:
    form = blank(town, "wang")
    assert form.fields["source"] == "grid_worker"
    here = town.send_form("wang", form, item="0101", **STREET)
    assert here.headers["location"].startswith("/orders/")
    there = town.send_form("wang", blank(town, "wang"), item="0101", **spot(12.2, 0.2))
    number = number_of(town, there.headers["location"])
    assert there.headers["location"] == f"/my/{number}?taken=1"
    assert "已收到您的上报" in town.see("wang", there.headers["location"])


# -- photos -------------------------------------------------------------------------------------


def with_photos(town: PageTown, who: str, *files: tuple[str, bytes], **typed: str) -> Any:
    parts = [("photo", (name, raw, "image/jpeg")) for name, raw in files]
    data = blank(town, who).fields | {"item": "0101", **STREET, **typed}
    data.pop("photo", None)
    return town.ask(who, "POST", "/report", data=data, files=parts or {"photo": ("", b"")})


@pytest.mark.parametrize("who", ["", "gu", "zhang"])
def test_photos_go_with_it_and_a_bad_one_loses_neither_report_nor_the_others(
    town: PageTown, who: str
) -> None:
    good, bad = ("好.jpg", saved(picture((70, 48)))), ("坏.jpg", b"no photo at all")
    answer = with_photos(town, who, good)
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"].endswith("&photos=1")
    page = town.see(who, answer.headers["location"])
    assert page.count("size=thumb") == 1
    before = total(town)
    answer = with_photos(town, who, good, bad, text="照片坏了")
    assert answer.status_code == 422
    assert total(town) == before + 1
    for said in ("坏.jpg", "不是能读取的照片", "已添加 1 张照片", "照片坏了"):
        assert said in answer.text, said
    assert ("已记录：上报" if who == "zhang" else "已收到您的上报") in answer.text
    assert with_photos(town, who).status_code == 303


# -- what else can happen -----------------------------------------------------------------------


def test_forms_of_a_session_need_its_token(town: PageTown) -> None:
    town.workspace.set_password("gu", PASSWORD)
    begun = town.workspace.sign_in("gu", PASSWORD, address="127.0.0.1", device=None)
    with TestClient(
        create_app(workspace=town.workspace),
        client=LOCAL,
        cookies={"gridmap_session": begun.session},
        follow_redirects=False,
    ) as client:
        form = form_in(client.get("/report").text)
        data = form.fields | {"item": "0101", **STREET}
        files = {"photo": ("a.jpg", saved(picture()), "image/jpeg")}
        for more in ({}, {"files": files}):
            wrong = data | {"csrf_token": "x"}
            assert client.post("/report", data=wrong, **more).status_code == 403
            assert client.post("/report", data=data, **more).status_code == 303


def test_a_session_that_has_ended_records_nothing_and_loses_nothing_that_was_typed(
    town: PageTown,
) -> None:
    town.workspace.set_password("zhang", PASSWORD)
    begun = town.workspace.sign_in("zhang", PASSWORD, address="127.0.0.1", device=None)
    with TestClient(
        create_app(workspace=town.workspace),
        client=LOCAL,
        cookies={"gridmap_session": begun.session},
        follow_redirects=False,
    ) as client:
        form = form_in(client.get("/report").text)
        town.workspace.sign_out(begun.session)
        typed = {"item": "0101", "text": "来电反映", "reporter_phone": "13900008888",
                 "source": "web", "received_at": "2026-03-11T16:00", **STREET}  # fmt: skip
        before = total(town)
        # Sent to see where it goes, sent to record it, and by a browser that dropped the cookie.
        for more in ({"do": "preview"}, {"as": "", "do": "preview"}, {}, {"cookie": ""}):
            data = form.fields | typed | more
            if data.pop("cookie", None) is not None:
                client.cookies.clear()
            for lang, said in (("zh", "重新登录"), ("en", "not signed in any more")):
                answer = client.post(f"/report?lang={lang}", data=data)
                assert answer.status_code == 401, answer.text
                assert said in answer.text
                assert answer.headers["www-authenticate"]
                again = form_in(answer.text).fields
                assert {name: again[name] for name in typed} == typed
                assert (again["key"], again["as"]) == (form.fields["key"], "staff")
        assert total(town) == before


def test_a_report_that_is_stored_leads_to_its_receipt_whatever_the_store_does_then(
    town: PageTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreFull("There is no room left for the store.", repair="Free some disk space.")

    photo = ("灯.jpg", saved(picture()))
    with monkeypatch.context() as patch:
        patch.setattr(town.workspace, "add_photo", full)
        before = total(town)
        answer = with_photos(town, "", photo, text="照片存不下")
        assert answer.status_code == 507
        assert total(town) == before + 1
        for said in ("已收到您的上报", "灯.jpg", "存储空间已满"):
            assert said in answer.text, said
        patch.setattr(town.workspace, "order", full)
        answer = with_photos(town, "zhang", photo, text="照片存不下")
        assert (answer.status_code, "已收到您的上报" in answer.text) == (507, True)
        # Even its page cannot be shown: the way to it is.
        patch.setattr(town.workspace, "own_report", full)
        answer = with_photos(town, "", photo, text="照片存不下")
        assert re.fullmatch(r"/receipt/[0-9A-Z-]{24}\?taken=1", answer.headers["location"])
    assert "已收到您的上报" in town.see("", answer.headers["location"])


def test_a_store_that_is_busy_loses_nothing_that_was_typed(
    town: PageTown, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object, **__: object) -> None:
        raise StoreBusy("The store is being written by another process.")

    form = blank(town)
    monkeypatch.setattr(town.workspace, "submit_report", busy)
    page = town.send_form("", form, 503, item="0101", text="还在", **STREET).text
    kept = form_in(page).fields
    assert (kept["text"], kept["key"]) == ("还在", form.fields["key"])
    assert 'role="alert"' in page


def test_where_no_grids_are_in_force_reports_are_taken_and_it_is_said(
    store_url: str, tmp_path: Path
) -> None:
    with open_workspace(store_url) as workspace:
        client = TestClient(create_app(workspace=workspace), client=REMOTE, follow_redirects=False)
        page = client.get("/report")
        assert "还没有生效的网格" in page.text
        data = form_in(page.text).fields | {"item": "0101", "lon": "117", "lat": "36.6"}
        answer = client.post("/report", data=data)
        assert answer.status_code == 303, answer.text
        assert "由工作人员判断" in client.get(answer.headers["location"]).text
