"""How personal values are masked, and which numbers are identity numbers."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridmap.errors import BadValue
from gridmap.personal import (
    REDACTED,
    checked_phone,
    has_identity_number,
    mask,
    masked_text,
    refuse_identity_numbers,
    without_identity_numbers,
)
from gridmap.workspace.submission import checked

WEIGHTS = [2 ** (17 - i) % 11 for i in range(17)]


def identity_number(region: str, born: date, serial: int) -> str:
    """A number with its check digit, computed from the definition: the sum is 1 modulo 11."""
    body = f"{region}{born:%Y%m%d}{serial:03d}"
    total = sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True))
    check = (12 - total % 11) % 11
    return body + ("X" if check == 10 else str(check))


# The example of the standard itself.
KNOWN = "11010519491231002X"
body = {"lon": 117.0, "lat": 36.6, "coord_sys": "wgs84", "item": "0101"}


def test_the_standards_example_is_what_the_definition_gives() -> None:
    assert identity_number("110105", date(1949, 12, 31), 2) == KNOWN
    assert has_identity_number(KNOWN)


@given(
    region=st.sampled_from(["370102", "110105", "411002", "820000"]),
    born=st.dates(date(1900, 1, 1), date(2026, 1, 1)),
    serial=st.integers(0, 999),
    before=st.sampled_from(["", "身份证", "ID: ", "a "]),
    after=st.sampled_from(["", "。", " 张三", ")"]),
)
def test_every_identity_number_is_found_wherever_it_stands(
    region: str, born: date, serial: int, before: str, after: str
) -> None:
    assert has_identity_number(f"{before}{identity_number(region, born, serial)}{after}")


@pytest.mark.parametrize(
    "text",
    [
        KNOWN.lower(),
        "110105 19491231 002X",
        "110105-19491231-002X",
        "1 1 0 1 0 5 1 9 4 9 1 2 3 1 0 0 2 X",
        "１１０１０５１９４９１２３１００２Ｘ",
        "他的号码是11010519491231002x，请联系",
        "11010519491231002XA座",
        "110101199003074477A座",
        "110101199003074477tel13800000000",
        "110105  19491231  002X",
        "110105–19491231—002X",
        "110105- 19491231\u2011002X",
        "110105\u200b19491231\u200b002X",
        "1101051949\u00ad1231002X",
        "2 11010519491231002X",
        "3 栋 2 11010519491231002X座",
        "110105491231002",
    ],
)
def test_spaces_widths_and_the_old_form_hide_nothing(text: str) -> None:
    assert has_identity_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "110105194912310021",  # wrong check digit
        "99010519491231002X",  # no such province
        "370102199013410011",  # no such month
        "13800000000",
        "订单 2026112300000000017",  # nineteen digits
        "110105 1949   1231 002X",  # three spaces set numbers apart
        "11010519491X310021",  # X stands for the last digit alone
        "990101009004003",  # a grid's code of fifteen digits
        "370102-009-004-003",
        "",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert not has_identity_number(text)
    assert without_identity_numbers(text) == text


@pytest.mark.parametrize("field", ["text", "reporter_name", "reporter_phone", "reporter_address"])
@pytest.mark.parametrize("number", [KNOWN, "110105491231002"])
def test_a_report_with_an_identity_number_is_refused_and_not_repeated(
    field: str, number: str
) -> None:
    with pytest.raises(BadValue) as refused:
        checked(body | {field: f"{number}"})
    assert field in refused.value.message
    assert number not in str(refused.value)
    assert refused.value.repair or field == "reporter_phone"


def test_in_a_file_of_many_it_is_left_out() -> None:
    assert without_identity_numbers(f"王某 {KNOWN} 反映") == f"王某 {REDACTED} 反映"
    with pytest.raises(BadValue):
        refuse_identity_numbers("text", KNOWN)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        (f"㎡⑩，{KNOWN}A座", f"㎡⑩，{REDACTED}A座"),
        ("½ 1101\u200b0519491231002X\u200b。", f"½ {REDACTED}\u200b。"),
        ("cafe\u0301 110105 19491231 002x!", f"cafe\u0301 {REDACTED}!"),
        (f"ﬁ{KNOWN} 和 １１０１０５４９１２３１００２ﬁ", f"ﬁ{REDACTED} 和 {REDACTED}ﬁ"),
    ],
)
def test_the_rest_of_the_text_stays_as_it_was_written(text: str, rest: str) -> None:
    assert without_identity_numbers(text) == rest
    assert masked_text(f"{text}13812345678") == f"{rest}138****5678"


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("reporter_phone", "13800000000", "138****0000"),
        ("reporter_phone", "138-0000-0000", "138****0000"),
        ("reporter_phone", "+86 138 0000 0000", "861****0000"),
        ("reporter_phone", "1234567", "****"),
        ("reporter_name", "张三丰", "张**"),
        ("reporter_name", "李", "李**"),
        ("reporter_address", "东苑1号楼2单元301", "***"),
        ("reporter_name", "", None),
        ("reporter_phone", None, None),
    ],
)
def test_masks(field: str, value: str | None, shown: str | None) -> None:
    assert mask(field, value) == shown


@given(st.text("0123456789", min_size=7, max_size=14))
def test_a_masked_number_never_shows_more_than_seven_digits(number: str) -> None:
    hidden = mask("reporter_phone", number)
    assert hidden is not None
    assert sum(c.isdigit() for c in hidden) <= 7
    assert number not in hidden


def test_numbers_in_a_text_are_masked() -> None:
    assert masked_text(f"请打13812345678或 139-8765-4321，{KNOWN}") == (
        f"请打138****5678或 139****4321，{REDACTED}"
    )
    assert masked_text("路灯 20261123 坏了") == "路灯 20261123 坏了"


@pytest.mark.parametrize(
    "phone", ["13800000000", "0990-5550001", "+86 138 0000 0000", "１３８００００００００"]
)
def test_telephone_numbers_are_taken(phone: str) -> None:
    assert checked_phone(phone)


@pytest.mark.parametrize("phone", ["abc", "12", "138000000001380000000", "138;0000000", "--------"])
def test_what_is_no_telephone_number_is_refused_without_repeating_it(phone: str) -> None:
    with pytest.raises(BadValue) as refused:
        checked_phone(phone)
    assert phone not in str(refused.value)
