"""Errors are told in the language of a page: each sentence is known by its English form."""

from __future__ import annotations

import re

import pytest
import shapely

from api.error_words import in_words, plain_refusal, told
from gridmap.access import Scope
from gridmap.errors import BadValue, NotAllowed
from gridmap.i18n import texts
from gridmap.places.hours import BadHours, read_hours
from gridmap.routing.grounds import read_line, read_polygon
from gridmap.routing.rulings import check_reach

PLACE = re.compile(r"\{(\w+)\}")
ROOMS = ("refusal.", "unread.", "drawn.at.")
ENGLISH, CHINESE = texts("en", *ROOMS), texts("zh", *ROOMS)


@pytest.mark.parametrize("key", ENGLISH)
def test_every_sentence_is_known_by_its_own_english_form(key: str) -> None:
    filled, room = PLACE.sub(r"<\1>", ENGLISH[key]), next(r for r in ROOMS if key.startswith(r))
    assert in_words(filled, "zh", room) == PLACE.sub(r"<\1>", CHINESE[key])
    assert in_words(filled, "en", room) == filled


@pytest.mark.parametrize("room", ROOMS)
def test_no_two_texts_stand_for_one_sentence(room: str) -> None:
    forms = [PLACE.sub("<>", sentence) for sentence in texts("en", room).values()]
    assert sorted(forms) == sorted(set(forms))


# Every way in which opening hours can be refused, and what it comes to.
HOURS = {
    "": "没有内容",
    "Mo " * 400: "超过 1000 个字符",
    "Mo-Fr 9-17": "“9”",
    "每天 08:00": "“每”",
    "Mo sunrise-sunset": "不是钟点",
    "Mo-Fr 08:00-": "没有写完",
    "Mo-Fr 08:00": "没有写完，还缺结束钟点",
    "Mo 08:00-12:00 Tu": "这里不应是“Tu”",
    "Mo 25:00-26:00": "一天之内的钟点",
    "Mo[9] 08:00-12:00": "数字 1 至 5",
    "Mo[4-1] 09:00-10:00": "数字 4 至 5",
    "PH +1 08:00-12:00": "而不是节日前后几天",
    "Feb 40 08:00-12:00": "几号（1 至 31）",
    "week 60 08:00-12:00": "第几周",
}


@pytest.mark.parametrize("hours", HOURS)
def test_hours_that_cannot_be_read_are_told_with_what_is_wrong_in_them(hours: str) -> None:
    with pytest.raises(BadHours) as caught:
        read_hours(hours)
    said = in_words(caught.value.message, "zh") or ""
    assert HOURS[hours] in said
    assert f"第 {caught.value.at} 个字符" in said
    # Nothing of it is English, but what was typed.
    assert not re.search(r"\b(is|at|a|the|not)\b", said)


SPOT = [117.0, 36.0]
TRIANGLE = [SPOT, [117.1, 36.0], [117.1, 36.1], SPOT]
BOW = [SPOT, [117.1, 36.1], [117.1, 36.0], [117.0, 36.1], SPOT]
FAR = [[117 + n * 1e-6, 36.0] for n in range(10_001)]


def polygon(*rings: object) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": list(rings)}


def parts(*polygons: object) -> dict[str, object]:
    return {"type": "MultiPolygon", "coordinates": list(polygons)}


# Every way in which a polygon can be refused, and what it comes to.
POLYGONS = [
    (None, "不是 GeoJSON 多边形"),
    ({"type": "Polygon"}, "多边形没有边线（第 1 部分第 1 圈）"),
    (polygon(), "多边形没有边线（第 1 部分第 1 圈）"),
    (parts([TRIANGLE], []), "多边形没有边线（第 2 部分第 1 圈）"),
    (parts(), "多边形没有坐标"),
    (polygon([SPOT]), "至少要有四个坐标（第 1 圈）"),
    (parts([TRIANGLE], [TRIANGLE, TRIANGLE[:3] * 2]), "回到起点（第 2 部分第 2 圈）"),
    (polygon([SPOT, ["x", 1], SPOT, SPOT]), "经度、纬度两个数（第 1 圈第 2 个坐标）"),
    (polygon([SPOT, [36.0, 117.0], SPOT, SPOT]), "超出了经纬度的范围（第 1 圈第 2 个坐标）"),
    (polygon(BOW), "自相交或有误"),
    (polygon([*FAR, FAR[0]]), "多边形的拐点太多"),
]
LINES = [
    ({"type": "Polygon"}, 5, "不是 GeoJSON 线"),
    ({"type": "LineString", "coordinates": FAR}, 0, "要写明宽度"),
    ({"type": "MultiLineString", "coordinates": []}, 5, "线没有坐标"),
    ({"type": "LineString", "coordinates": [SPOT]}, 5, "至少要有两个坐标（线）"),
    ({"type": "MultiLineString", "coordinates": [FAR[:2], [SPOT] * 2]}, 5, "（第 2 部分线）"),
    ({"type": "LineString", "coordinates": FAR}, 5, "线的拐点太多"),
]


@pytest.mark.parametrize(("ground", "said"), POLYGONS)
def test_a_polygon_that_is_refused_is_told_in_chinese(ground: object, said: str) -> None:
    with pytest.raises(BadValue) as caught:
        read_polygon(ground)
    assert said in (in_words(caught.value.message, "zh") or "")


@pytest.mark.parametrize(("ground", "width_m", "said"), LINES)
def test_a_line_that_is_refused_is_told_in_chinese(
    ground: object, width_m: object, said: str
) -> None:
    with pytest.raises(BadValue) as caught:
        read_line(ground, width_m)
    assert said in (in_words(caught.value.message, "zh") or "")


def test_ground_beyond_the_own_areas_is_told_in_chinese_with_what_to_do() -> None:
    own, ground = shapely.box(117, 36, 117.1, 36.1), shapely.box(117.05, 36, 117.2, 36.1)
    with pytest.raises(NotAllowed) as caught:
        check_reach(ground, own, Scope.of(areas=["subdistrict:1"]))
    message, repair = told(caught.value.message, caught.value.repair, "zh")
    assert (message or "").startswith("所画范围超出了您可以裁定的区域，例如在117.1")
    assert (repair or "").startswith("请画在自己的区域以内")


def test_fields_of_a_place_are_told_by_what_the_form_calls_them() -> None:
    told_of = {
        "'booking_phone' is not a telephone number.": "“预约电话”",
        "'address' holds an identity number, which is never stored.": "“地址”",
    }
    for sentence, name in told_of.items():
        assert (in_words(sentence, "zh") or "").startswith(name)


def test_words_that_stand_in_no_catalogue_are_not_told() -> None:
    assert told("Words that stand nowhere.", "Nor these.", "zh") == (None, None)
    assert told("Words that stand nowhere.", None, "en") == ("Words that stand nowhere.", None)


def test_a_repair_with_words_of_its_own_is_told_beside_the_sentence() -> None:
    error = BadValue("There is no such place.", got="x", repair="See /api/places.")
    lines = dict(plain_refusal(error, "zh", "h")["lines"])
    assert "请回到“身边服务”重新查找。" in lines.values()


def test_a_repair_without_words_is_left_out_where_the_sentence_says_it() -> None:
    error = BadValue("It has reported in.", got="x", repair="Write a note instead.")
    said = plain_refusal(error, "zh", "h")
    assert said["message"] == "该单位已经报到，补充情况请留言。"
    assert said["lines"] == []
