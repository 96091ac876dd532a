"""The contact card: what one asks for; people of the estate itself; where its code leads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gridmap.areas import Levels
from gridmap.places.rosters import BOARD_ROLES, posts_for
from gridmap.sheets.content import compose
from gridmap.sheets.district import District
from gridmap.sheets.fingerprint import fingerprint
from gridmap.sheets.model import Request
from gridmap.sheets.page import live_address, sheet_html
from tests.sheet_town import COMMUNITY, changed, town

CARD = Request("card", "estate", "E1")


def item(code: str, name: str, *, level: str = "", area: str = "", **more: Any) -> dict[str, Any]:
    return {
        "code": code, "kind": "助餐", "kind_en": "Meals", "name": name, "name_en": "",
        "channel": "打电话预约", "channel_en": "By telephone", "steps": ["登记", "上门"],
        "steps_en": [], "phone": f"0990-55508{code[1:]}", "price": "", "level": level,
        "area_code": area,
    } | more  # fmt: skip


def post(role: str, phone: str, *, estate: str = "", grid: str = "G00") -> dict[str, Any]:
    return {
        "level": "grid", "area_code": grid, "role": role, "kind": "linked", "work_phone": phone,
        "department": "", "estate_code": estate,
    }  # fmt: skip


def board(district: District, code: str = "E1") -> list[tuple[str, str, str]]:
    sheet, _ = compose(district, Request("board", "estate", code))
    return [(one.role, one.phone, one.area.zh) for one in sheet.contacts]


def test_what_one_asks_for_stands_first_with_channel_steps_and_phone() -> None:
    items = [
        item("V1", "送餐上门"),
        item("V2", "别处的事", level="grid", area="G01"),
        item("V3", "本格的事", level="grid", area="G00", price="3元/次"),
    ]
    district = changed(town(posts=1), items=items)
    sheet, _ = compose(district, CARD)
    # Those for this area alone before those for everybody; none of another area.
    assert [one.name.zh for one in sheet.errands] == ["本格的事", "送餐上门"]
    assert sheet.services
    html = sheet_html(district, CARD)
    for text in ("打电话预约 · 登记 → 上门", "0990-555081", "3元/次", "办事找谁"):
        assert text in html
    assert "别处的事" not in html
    english = sheet_html(district, Request("card", "estate", "E1", lang="en"))
    assert "By telephone" in english
    community, _ = compose(district, Request("card", "community", COMMUNITY))
    assert [one.name.zh for one in community.errands] == ["送餐上门"]


def test_many_errands_leave_room_for_places() -> None:
    district = changed(town(posts=1), items=[item(f"V{n:02d}", f"第{n}件事") for n in range(40)])
    sheet, _ = compose(district, CARD)
    assert 5 < len(sheet.errands) < 20
    assert len(sheet.services) >= 2


def test_a_card_is_printed_again_when_an_errand_changes() -> None:
    district = changed(town(), items=[item("V1", "送餐上门")])
    other = changed(district, items=[item("V1", "送餐上门", phone="0990-5550899")])
    before, after = (fingerprint(one, CARD) for one in (district, other))
    assert [part for part in before if before[part] != after[part]] == ["services"]


def test_the_estates_own_people_stand_before_those_of_the_grid() -> None:
    posts = [
        post("grid_worker", "1"),
        post("property_manager", "2"),
        post("property_manager", "3", estate="E1"),
        post("property_manager", "4", estate="E2"),
        post("posted_worker", "5", estate="E1"),
        post("posted_worker", "6", estate="E1"),
        post("police_officer", "7", estate="E9"),
    ]
    district = changed(town(), posts=posts)
    assert board(district) == [
        ("grid_worker", "1", "文化社区第0网格"),
        ("posted_worker", "5", "东苑"),
        ("posted_worker", "6", "东苑"),
        ("property_manager", "3", "东苑"),
    ]
    # An estate in another grid has its own, wherever the post's grid lies.
    assert board(district, "E2") == [("property_manager", "4", "西里")]
    sheet, _ = compose(district, Request("board", "grid", "G00"))
    named = {one.area.zh for one in sheet.contacts if one.role == "property_manager"}
    assert named == {"文化社区第0网格", "东苑", "西里"}


def test_who_lives_in_no_estate_has_the_people_of_the_grid() -> None:
    posts = [post("posted_worker", "1", estate="E1"), post("posted_worker", "2")]
    areas = {("grid", "G00")}
    assert [one["work_phone"] for one in posts_for(posts, areas)] == ["2"]
    assert [one["work_phone"] for one in posts_for(posts, areas, "E1")] == ["1"]
    assert [one["work_phone"] for one in posts_for(posts, set(), "E2")] == []
    assert BOARD_ROLES[0] == "grid_lead"


@pytest.mark.parametrize("kind", ["services", "board", "card"])
def test_the_code_leads_to_the_residents_page_from_there(kind: str) -> None:
    district = town()
    sheet, _ = compose(district, Request(kind, "estate", "E1"))
    assert live_address(sheet) == "https://grid.example.org/services?estate=E1"
    sheet, _ = compose(district, Request(kind, "grid", "G01", lang="en"))
    parts = urlsplit(live_address(sheet))
    query = parse_qs(parts.query)
    assert (parts.path, query["lang"]) == ("/services", ["en"])
    lon, lat = (float(part) for part in query["near"][0].split(","))
    assert 117.01 < lon < 117.02
    assert 36.6 < lat < 36.61
    sheet, _ = compose(changed(district, site=district.site | {"public_url": ""}), CARD)
    assert live_address(sheet) == ""


def test_the_code_of_a_level_called_estate_leads_to_its_place() -> None:
    district = town()
    levels = Levels(["community", "estate"])
    estates = changed(district, coverage=replace(district.coverage, levels=levels))
    sheet, _ = compose(estates, Request("board", "estate", "G01"))
    query = parse_qs(urlsplit(live_address(sheet)).query)
    assert list(query) == ["near"]
