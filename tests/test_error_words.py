"""Errors are told in the language of a page: each sentence is known by its English form."""

from __future__ import annotations

import re

import pytest

from api.error_words import in_words, refusal, told
from gridmap.errors import BadValue
from gridmap.i18n import texts
from gridmap.places.hours import BadHours, read_hours

PLACE = re.compile(r"\{(\w+)\}")
ROOMS = ("refusal.", "unread.")
ENGLISH, CHINESE = texts("en", *ROOMS), texts("zh", *ROOMS)


@pytest.mark.parametrize("key", ENGLISH)
def test_every_sentence_is_known_by_its_own_english_form(key: str) -> None:
    filled, room = PLACE.sub(r"<\1>", ENGLISH[key]), key.partition(".")[0] + "."
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
    lines = dict(refusal(error, "zh", "h")["lines"])
    assert "请回到“身边服务”重新查找。" in lines.values()


def test_a_repair_without_words_is_left_out_where_the_sentence_says_it() -> None:
    error = BadValue("It has reported in.", got="x", repair="Write a note instead.")
    said = refusal(error, "zh", "h")
    assert said["message"] == "该单位已经报到，补充情况请留言。"
    assert [text for _, text in said["lines"]] == ["x"]
