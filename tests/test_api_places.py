"""Places by what one looks for, services, my grid, and entries that are wrong: over both stores."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date

import pytest
from starlette.testclient import TestClient

from api.district_models import MyGridOut, PlaceDetailOut, PlacesOut, ServiceItemsOut
from gridmap.places.model import Place, ServiceItem
from gridmap.store.outbox import Meant
from tests.api_client import serving
from tests.api_town import PLACES, Hands
from tests.route_town import at

pytest_plugins = ["tests.api_fixtures"]

LON, LAT = at(1.2, 1.3)
NEAR = f"near={LON:.6f},{LAT:.6f}"

NEW = (
    Place("S1", "canteen", "南苑食堂", LON + 0.004, LAT, "South Canteen", "南路3号",
          "Mo-Su 06:30-09:00,11:00-13:30; PH off", phone="0990-5550301", price="免费",
          checked_on=date(2026, 2, 1), accessibility=("step_free", "lift"),
          special_services=("送餐上门",), organiser="南苑社区"),
    Place("S2", "canteen", "远处食堂", LON + 0.03, LAT, hours="Mo-Su 08:00-20:00"),
    Place("S3", "pharmacy", "夜间药店", LON + 0.001, LAT, hours="Mo-Su 18:00-02:00",
          wheelchair=False, closures=("2026-03-20/2026-03-22 盘点",)),
    Place("S4", "repair", "预约维修", LON + 0.002, LAT, hours='Mo-Fr 09:00-17:00 "需预约"'),
)  # fmt: skip
ITEMS = (
    ServiceItem("V1", "助餐", "送餐上门", "Meals at home", needs=("做饭", "行动不便"),
                channel="打电话预约", steps=("打电话", "登记", "送餐"), phone="0990-5550801"),
    ServiceItem("V2", "助医", "陪同就医", needs=("看病",), level="community",
                area_code="990101001002"),
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def furnished(town_workspace) -> Iterator[None]:
    """More places and services, in the town for these tests alone."""
    town_workspace.put_records("places", [asdict(one) for one in NEW])
    town_workspace.put_records("service_items", [asdict(one) for one in ITEMS])
    yield
    town_workspace.put_records("places", [asdict(one) for one in PLACES], replace=True)
    town_workspace.put_records("service_items", [], replace=True)


@pytest.fixture
def noon(hands: Hands) -> Hands:
    """A Thursday at 11:30, no holiday."""
    hands.set("2026-03-12 11:30")
    return hands


def codes(client: TestClient, query: str) -> list[str]:
    answer = client.get(f"/api/places?{query}")
    assert answer.status_code == 200, answer.text
    PlacesOut.model_validate_json(answer.content)
    return [one["code"] for one in answer.json()["places"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"category=canteen&{NEAR}", ["P1", "S1", "S2"]),
        (f"category=canteen&open_now=true&{NEAR}&within=15", ["P1", "S1"]),
        ("category=care", ["P1", "S1", "S2"]),
        ("category=pharmacy,repair", ["S3", "S4"]),
        ("open_now=true&category=repair", []),
        ("open_at=2026-03-12T19:00", ["S2", "S3"]),
        ("open_at=2026-03-21T19:00", ["S2"]),
        ("accessible=true", ["P1", "S1"]),
        ("free=true", ["S1"]),
        ("text=%E9%80%81%E9%A4%90", ["S1"]),
        ("text=SOUTH%20lift", ["S1"]),
        ("text=nothing%20of%20the%20kind", []),
        ("estate=%E9%94%A6%E7%A6%BE%E8%8B%91&category=canteen&within=10", ["P1", "S1"]),
    ],
)
def test_places_are_narrowed_and_sorted(noon, citizen: TestClient, query, found) -> None:
    assert codes(citizen, query) == found


def test_minutes_say_how_they_were_found(noon, citizen: TestClient) -> None:
    answer = citizen.get(f"/api/places?category=canteen&{NEAR}").json()
    assert answer["origin"]["kind"] == "point"
    near, far = answer["places"][0], answer["places"][1]
    assert (near["minutes"], near["method"]) == (0.0, "straight")
    # 0.004 degrees of longitude are 357 m here: times 1.3 by 75 m a minute; no streets are stored.
    assert far["minutes"] == pytest.approx(357 * 1.3 / 75, abs=0.1)


def test_gcj02_positions_start_from_the_same_spot(noon, citizen: TestClient) -> None:
    from gridmap.crs import from_wgs84

    x, y = from_wgs84([LON], [LAT], "gcj02")
    query = f"near={x[0]:.7f},{y[0]:.7f}&coord_sys=gcj02&category=canteen"
    assert citizen.get(f"/api/places?{query}").json()["places"][0]["minutes"] == 0.0


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("within=15", 422),
        ("near=here", 422),
        ("near=117.0,96", 422),
        ("estate=nowhere", 404),
        ("open_at=soon", 422),
        ("within=-1&near=117,36", 422),
    ],
)
def test_what_cannot_be_asked_is_refused_with_a_repair(citizen: TestClient, query, status) -> None:
    answer = citizen.get(f"/api/places?{query}")
    assert answer.status_code == status
    assert answer.json()["detail"]


def test_one_place_has_its_areas_and_what_comes_next(noon, citizen: TestClient) -> None:
    answer = citizen.get(f"/api/places/S1?{NEAR}&lang=en")
    PlaceDetailOut.model_validate_json(answer.content)
    place = answer.json()
    assert place["open"]["state"] == "open"
    assert place["open"]["changes_at"] == "2026-03-12T13:30:00+08:00"
    assert place["open"]["reason_text"] == "within its hours"
    assert {area["level"] for area in place["areas"]} >= {"community", "grid"}
    assert place["accessibility"] == ["step_free", "lift"]
    assert citizen.get("/api/places/none").status_code == 404


def test_services_are_found_by_what_one_needs_and_where_they_are_given(
    citizen: TestClient,
) -> None:
    everything = citizen.get("/api/services")
    ServiceItemsOut.model_validate_json(everything.content)
    assert [one["code"] for one in everything.json()["services"]] == ["V1", "V2"]
    by_need = citizen.get("/api/services?text=%E7%9C%8B%E7%97%85").json()["services"]
    assert [one["code"] for one in by_need] == ["V2"]
    here = citizen.get(f"/api/services?{NEAR}").json()["services"]
    assert [one["code"] for one in here] == ["V1"]


def test_my_grid_shows_work_phones_and_nobodys_name(citizen: TestClient, clerk) -> None:
    for client in (citizen, clerk):
        answer = client.get(f"/api/my-grid?{NEAR}")
        MyGridOut.model_validate_json(answer.content)
        found = answer.json()
        assert found["posts"]
        assert not {"name", "person"} & set(found["posts"][0])
    assert citizen.get("/api/my-grid").json() == {"areas": [], "posts": [], "estate": None}
    estate = citizen.get("/api/my-grid?estate=%E9%94%A6%E7%A6%BE%E8%8B%91").json()["estate"]
    assert estate["name"] == "锦禾苑"
    assert estate["firm"]


def test_a_wrong_entry_reaches_the_inbox_once_for_all_and_is_throttled(
    noon, town_app, clerk: TestClient
) -> None:
    stranger = TestClient(town_app, client=("203.0.113.77", 40000))
    body = {"kind": "hours", "remark": "打 13800001234 问过，已改"}
    answer = stranger.post("/api/places/S1/wrong", json=body)
    assert (answer.status_code, answer.json()) == (201, {"told": True})
    editor = clerk.app.state.workspace
    told = editor.store.notices_for([Meant("role", "place_editor")], "x", unread=True, limit=5)
    assert told[0]["kind"] == "place_wrong"
    assert told[0]["params"]["code"] == "S1"
    assert "13800001234" not in str(told)
    assert told[0]["areas"]["community"]
    for n in range(5):
        again = stranger.post("/api/places/S2/wrong", json={"kind": "other", "remark": str(n)})
        assert again.status_code == 201
    refused = stranger.post("/api/places/S2/wrong", json={"kind": "other"})
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    other = TestClient(town_app, client=("203.0.113.78", 40000))
    assert other.post("/api/places/S2/wrong", json={"kind": "moved"}).status_code == 201
    noon.set("2026-03-12 12:40")
    assert stranger.post("/api/places/S2/wrong", json={"kind": "other"}).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "ugly"},
        {},
        {"kind": "other", "remark": "x" * 201},
        {"kind": "other", "remark": "11010519491231002X"},
    ],
)
def test_a_wrong_entry_that_cannot_be_taken_is_refused(citizen: TestClient, body) -> None:
    assert citizen.post("/api/places/S1/wrong", json=body).status_code == 422


def test_only_who_keeps_places_edits_them(noon, citizen: TestClient, town_app) -> None:
    change = {"hours": "Mo-Fr 08:00-18:00", "closures": ["2026-05-01/2026-05-03 检修"]}
    assert citizen.patch("/api/places/S2", json=change).status_code == 403
    workspace = town_app.state.workspace
    from gridmap.access import Actor
    from gridmap.errors import BadValue, NotAllowed

    editor = Actor.with_role("place_editor", "editor")
    place = workspace.edit_place("S2", change | {"phone": "（0990）5550999"}, actor=editor)
    assert (place["hours"], place["phone"]) == ("Mo-Fr 08:00-18:00", "0990-5550999")
    assert place["closures"] == ("2026-05-01/2026-05-03 检修",)
    assert codes(citizen, "open_at=2026-03-14T10:00&category=canteen") == []
    with pytest.raises(NotAllowed):
        workspace.edit_place("S2", change, actor=Actor.resident())
    for bad in ({"hours": "9 to 5"}, {"closures": ["soon"]}, {"phone": "call me"},
                {"accessibility": ["wings"]}, {"lon": 1.0}, {"category": "none"},
                {"name": "11010519491231002X"}):  # fmt: skip
        with pytest.raises(BadValue):
            workspace.edit_place("S2", bad, actor=editor)
    workspace.edit_place("S2", {"hours": "Mo-Su 08:00-20:00", "closures": []}, actor=editor)


@pytest.fixture
def editor(town_workspace) -> Iterator[TestClient]:
    """A client on the service's own machine, where it acts as who keeps places."""
    with serving(town_workspace, loopback_role="place_editor") as client:
        yield client


def test_editing_over_http_keeps_what_is_left_out(noon, clerk: TestClient, editor) -> None:
    assert clerk.patch("/api/places/S4", json={"price": "5元"}).status_code == 403
    answer = editor.patch("/api/places/S4", json={"price": "5元", "wheelchair": None})
    PlaceDetailOut.model_validate_json(answer.content)
    assert (answer.json()["price"], answer.json()["name"]) == ("5元", "预约维修")
    refused = editor.patch("/api/places/S4", json={"hours": "9 to 5"})
    assert refused.status_code == 422
    assert "character 1" in refused.json()["detail"]
    assert editor.patch("/api/places/none", json={"price": "1"}).status_code == 404


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("hours", "9 to 5", "从第 1 个字符起读不懂"),
        ("hours", "Mo-Fr 08:00", "没有写完"),
        ("closures", "明天", "“临时关闭”读不懂"),
        ("closures", "2026-05-02/2026-05-01", "早于开始日期"),
        ("phone", "问门卫", "“工作电话”不是电话号码"),
        ("booking_phone", "138****0000", "“预约电话”不是电话号码"),
        ("address", "11010519491231002X", "“地址”中有身份证号"),
        ("name", "", "名称"),
        ("checked_on", "昨天", "这不是日期"),
        ("category", "castle", "没有"),
    ],
)
def test_what_the_form_of_a_place_refuses_is_said_in_chinese(
    noon, editor, field: str, typed: str, said: str
) -> None:
    page = editor.post("/places/S4/edit", data={"name": "预约维修", field: typed})
    assert page.status_code == 422
    (alert,) = re.findall(r'role="alert">(.*?)</div>', page.text, re.DOTALL)
    text = re.sub(r"<[^>]+>", " ", alert)
    assert said in text
    assert not re.search(r"[A-Za-z]{3,} [a-z]{2,}", text)
    assert editor.get("/api/places/S4").json()["name"] == "预约维修"


def test_the_page_to_edit_shows_what_was_typed_when_it_cannot_be_taken(
    noon, clerk: TestClient, editor
) -> None:
    assert clerk.get("/places/S4/edit").status_code == 403
    page = editor.get("/places/S4/edit")
    assert page.status_code == 200
    assert "预约维修" in page.text
    typed = {"name": "预约维修", "hours": "Mo-Fr 9-17", "closures": "", "wheelchair": "yes"}
    bad = editor.post("/places/S4/edit", data=typed)
    assert bad.status_code == 422
    assert "Mo-Fr 9-17" in bad.text
    assert "第 7 个字符" in bad.text
    typed |= {
        "hours": "Mo-Fr 10:00-16:00",
        "fact-lift": "1",
        "checked_on": "2026-03-11",
        "closures": "2026-05-01/2026-05-02 盘点",
        "special_services": "配锁、开锁",
    }
    saved = editor.post("/places/S4/edit", data=typed)
    assert "已保存" in saved.text
    assert "10:00–16:00" in saved.text
    place = editor.get("/api/places/S4").json()
    assert (place["wheelchair"], place["accessibility"]) == (True, ["lift"])
    assert place["closures"] == ["2026-05-01/2026-05-02 盘点"]
    assert place["special_services"] == ["配锁", "开锁"]
    assert (place["checked_on"], place["stale"]) == ("2026-03-11", False)
    assert editor.get("/places/none/edit").status_code == 404
