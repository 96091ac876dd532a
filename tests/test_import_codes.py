import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.areas import PROVISIONAL_MARK
from gridmap.coverage.codes import assign_codes, clean_code, clean_name


def kinds(codes):
    return [n.kind for n in codes.notes]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (12.0, "12"),
        (12, "12"),
        (np.float64(370102007001.0), "370102007001"),
        (np.int64(370102007001), "370102007001"),
        (1.5, "1.5"),
        ("0410", "0410"),
        (" 0410 ", "0410"),
        ("０４１０", "0410"),
        ("Ａ－１", "A-1"),
        ("\u300004\u200b10", "0410"),
        ("甸柳-03", "甸柳-03"),
        ("12.0", "12.0"),
        (None, ""),
        (float("nan"), ""),
        (float("inf"), ""),
        (pd.NA, ""),
        (pd.NaT, ""),
        ("", ""),
        ("  ", ""),
        ("NULL", ""),
        ("<Null>", ""),
        ("nan", ""),
        ("0", "0"),
        (0, "0"),
        (True, "True"),
    ],
)
def test_a_code_is_text_whatever_it_was_in_the_file(value, code):
    assert clean_code(value) == code


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("  南关　社区 ", "南关 社区"),
        ("王因（东）", "王因（东）"),
        ("a\tb\nc", "a b c"),
        ("e\u0301cole", "école"),
        ("\ufeff洸河", "洸河"),
        (None, ""),
        (float("nan"), ""),
        (7.0, "7"),
        ("NULL", ""),
    ],
)
def test_a_name_keeps_its_punctuation_and_loses_stray_blanks(value, name):
    assert clean_name(value) == name


def test_blank_codes_become_provisional_and_are_reported_with_their_rows():
    codes = assign_codes(["A", None, "B", "", float("nan")])
    assert codes.code == ["A", "~1", "B", "~2", "~3"]
    assert codes.provisional == [False, True, False, True, True]
    (note,) = codes.notes
    assert (note.kind, note.rows, note.codes) == ("blank_code", (2, 4, 5), ("~1", "~2", "~3"))


def test_of_equal_codes_the_first_keeps_it():
    codes = assign_codes(["0410", "7", "0410", "0410", "7"])
    assert codes.code == ["0410", "7", "0410~2", "0410~3", "7~2"]
    (note,) = codes.notes
    assert (note.kind, note.rows) == ("duplicate_code", (3, 4, 5))


def test_a_made_up_code_never_takes_one_that_comes_later():
    codes = assign_codes([None, "A", "A", "A~2", "~1"])
    assert codes.code == ["~2", "A", "A~3", "A~2", "~1"]
    assert codes.provisional == [True, False, True, True, True]


def test_codes_equal_but_for_their_form_are_duplicates():
    codes = assign_codes(["0410", "０４１０", " 0410"])
    assert codes.code == ["0410", "0410~2", "0410~3"]
    assert kinds(codes) == ["code_tidied", "duplicate_code"]


def test_codes_of_different_case_are_different():
    assert assign_codes(["a1", "A1"]).code == ["a1", "A1"]


def test_number_columns_are_told_to_lose_leading_zeros():
    assert kinds(assign_codes([1, 2])) == ["code_from_number"]
    assert kinds(assign_codes([1.0, float("nan")])) == ["code_from_number", "blank_code"]
    assert kinds(assign_codes(["1", "2"])) == []


def test_long_codes_in_a_float_column_are_unreliable():
    codes = assign_codes([3.70102007001001e17, 1.0])
    note = next(n for n in codes.notes if n.kind == "code_precision")
    assert note.rows == (1,)


def test_codes_shortened_by_a_spreadsheet_are_named():
    codes = assign_codes(["3.70102E+11", "1E5", "12E"])
    note = next(n for n in codes.notes if n.kind == "code_scientific")
    assert note.rows == (1, 2)


def test_no_rows_give_no_codes():
    codes = assign_codes([])
    assert (codes.code, codes.provisional, codes.notes) == ([], [], [])


values = st.one_of(
    st.none(),
    st.sampled_from(["", " ", "A", "A~2", "A~3", "~1", "~2", "B", "Ａ", "0", "~"]),
    st.text(max_size=4),
    st.integers(-5, 5),
    st.floats(-3, 3) | st.just(float("nan")),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(values, max_size=30))
def test_codes_are_unique_and_never_blank(raw):
    codes = assign_codes(raw)
    assert len(set(codes.code)) == len(raw)
    assert "" not in codes.code
    first = {}
    for value, code in zip(raw, codes.code, strict=True):
        cleaned = clean_code(value)
        if cleaned and cleaned not in first:
            first[cleaned] = code
            assert code == cleaned
        else:
            assert code.startswith(cleaned + PROVISIONAL_MARK)


@settings(max_examples=60, deadline=None)
@given(st.lists(values, max_size=30))
def test_codes_read_again_stay_the_same(raw):
    once = assign_codes(raw)
    again = assign_codes(once.code)
    assert again.code == once.code
    assert again.provisional == once.provisional
