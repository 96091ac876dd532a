"""Errors are told in the language of a page: each sentence is known by its English form."""

from __future__ import annotations

import re

import pytest

from api.error_words import in_words, refusal, told
from gridmap.errors import BadValue
from gridmap.i18n import texts

PLACE = re.compile(r"\{(\w+)\}")
ENGLISH, CHINESE = texts("en", "refusal."), texts("zh", "refusal.")


@pytest.mark.parametrize("key", ENGLISH)
def test_every_sentence_is_known_by_its_own_english_form(key: str) -> None:
    filled = PLACE.sub(r"<\1>", ENGLISH[key])
    assert in_words(filled, "zh") == PLACE.sub(r"<\1>", CHINESE[key])
    assert in_words(filled, "en") == filled


def test_no_two_texts_stand_for_one_sentence() -> None:
    forms = [PLACE.sub("<>", sentence) for sentence in ENGLISH.values()]
    assert sorted(forms) == sorted(set(forms))


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
