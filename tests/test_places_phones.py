"""Telephone numbers as people write them, in one form; identity numbers are never kept."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.places.identity import holds_identity_number
from gridmap.places.phones import normalise_phone


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", ""),
        ("0990-5550101", "0990-5550101"),
        ("（０９９０）５５５ ０１０１", "0990-5550101"),
        ("09905550101", "0990-5550101"),
        ("010 2345 6789", "010-23456789"),
        ("02123456789", "021-23456789"),
        ("55501012", "55501012"),
        ("138 0000 1234", "13800001234"),
        ("138-0000-1234", "13800001234"),
        ("+86 138 0000 1234", "13800001234"),
        ("86-13800001234", "13800001234"),
        ("+86 990 5550101", "0990-5550101"),
        ("+86 10 2345 6789", "010-23456789"),
        ("+86 400-800-1234", "400-800-1234"),
        ("0086 800 800 1234 转 5", "800-800-1234转5"),
        ("+86 12345", "12345"),
        ("+86 955 98", "95598"),
        ("400-800-1234", "400-800-1234"),
        ("4008001234", "400-800-1234"),
        ("12345", "12345"),
        ("110", "110"),
        ("95598", "95598"),
        ("96333", "96333"),
        ("116114", "116114"),
        ("0531-12345", "0531-12345"),
        ("（0537）12345", "0537-12345"),
        ("053112345转2", "0531-12345转2"),
        ("0531-110", "0531-110"),
        ("010-95598", "010-95598"),
        ("021116114", "021-116114"),
        ("+86 531 12345", "0531-12345"),
        ("0531-12345、12345", "0531-12345、12345"),
        ("0990-5550101转8001", "0990-5550101转8001"),
        ("0990-5550101 分机 12", "0990-5550101转12"),
        ("0990-5550101-8001", "0990-5550101转8001"),
        ("0990-5550101/0990-5550102", "0990-5550101、0990-5550102"),
        ("0990-5550101、13800001234；12345", "0990-5550101、13800001234、12345"),
        ("5550101 或 5550102", "5550101、5550102"),
    ],
)
def test_a_number_has_one_form(written, expected):
    assert normalise_phone(written) == expected
    assert normalise_phone(expected) == expected


@pytest.mark.parametrize(
    "text",
    [
        "138****0000",
        "无",
        "见公告",
        "5",
        "1234567890123",
        "12-34",
        "+",
        "电话：5550101",
        "1380000123",
        "126114",
        "1111111",
        "0531-1234",
        "0138-0000",
        "0153-12345",
    ],
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        normalise_phone(text)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="0123456789-+() 转、/８", max_size=24))
def test_any_text_is_put_in_a_form_that_stays_or_is_refused(text):
    try:
        once = normalise_phone(text)
    except ValueError:
        return
    assert normalise_phone(once) == once


# 11010519491231002X is the example of the standard itself.
RIGHT = "11010519491231002X"


@pytest.mark.parametrize(
    "text",
    [RIGHT, RIGHT.lower(), f"身份证{RIGHT}", "１１０１０５１９４９１２３１００２Ｘ",
     "110105 19491231 002X", "110105-19491231-002X", f"甲，{RIGHT}，乙"],
)  # fmt: skip
def test_an_identity_number_is_found_in_any_guise(text):
    assert holds_identity_number(text)
    assert holds_identity_number(text, checked=True)


def test_a_mistyped_one_is_found_unless_the_check_character_has_to_be_right():
    assert holds_identity_number("110105194912310021")
    assert not holds_identity_number("110105194912310021", checked=True)


@pytest.mark.parametrize(
    "text",
    ["", "99010100900400302", "990101009004003020", "110105194913310021", "11010519491231002",
     "1101051949123100211", "A11010519491231002X", "0531-88881234", "2026-03-01 12:00"],
)  # fmt: skip
def test_other_long_numbers_are_not_taken_for_one(text):
    assert not holds_identity_number(text)
