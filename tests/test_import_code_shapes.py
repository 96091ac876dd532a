"""Codes unlike their fellows, and two systems of codes in one level."""

import string

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.areas import Area, Levels
from gridmap.coverage.importing.code_shapes import code_shape_faults, compare_shapes, shape_notes
from gridmap.coverage.importing.incoming import ColumnMap, prepare_import
from gridmap.coverage.measure import Ruler
from gridmap.coverage.model import Coverage
from tests.layers import layer

GRIDS = [f"990101009{n:03}" for n in range(1, 41)]  # 12 digits
POLICE = [f"PCS{n:02}" for n in range(1, 41)]


def odd(codes):
    found = compare_shapes(codes)
    return None if found is None else (found.kind, [codes[i] for i in found.odd])


@pytest.mark.parametrize(
    "wrong",
    [
        "99010100900",
        "9901010090012",
        "99010100901O",
        "G90101009001",
        "990101009-01",
        "第一网格",
        "1",
    ],
)
def test_a_code_of_another_shape_is_odd(wrong):
    assert odd([*GRIDS, wrong]) == ("code_shape", [wrong])


def test_all_that_differ_are_named_up_to_a_tenth():
    wrong = ["99010100900", "A1", "南关", "B-7"]
    assert odd([*GRIDS[:36], *wrong]) == ("code_shape", wrong)


def test_two_shapes_that_hold_nearly_all_are_two_systems():
    found = compare_shapes([*GRIDS[:30], *POLICE[:10]])
    assert found.kind == "two_code_systems"
    assert (found.usual, found.other) == ("12 digits", "3 letters, 2 digits")
    assert len(found.odd) == 10
    assert odd([*GRIDS[:20], *POLICE[:18], "x", "y9"])[0] == "two_code_systems"


def test_of_five_codes_one_may_be_odd():
    assert odd([*GRIDS[:4], "7"]) == ("code_shape", ["7"])
    assert odd([*GRIDS[:3], "7"]) is None


@pytest.mark.parametrize(
    "codes",
    [
        [],
        ["1"],
        GRIDS,
        [str(n) for n in range(1, 12)],  # a counter that has just passed 9
        [str(n) for n in range(1, 1200)],
        [str(n) for n in range(9101, 9160)] + [str(n) for n in range(1101, 1190)],
        [str(100 * d + p) for d in range(1, 14) for p in range(1, 20)],  # district and precinct
        [f"{n:04}" for n in range(100, 110)] + ["0104A", "0104B", "0107A", "0107B"],
        [f"{n}" for n in range(101, 180)] + ["176.01", "176.02", "177.01", "177.02"],
        ["Mission", "Marina", "Excelsior", "Noe Valley", "Bayview", "Glen Park", "Sunset"],
        ["南关社区", "东关社区", "历山名郡社区", "文化东路社区", "甸柳第一社区", "建新社区"],
        [f"{'ABC'[n % 3] * (n % 3 + 1)}-{n}" for n in range(30)],  # three shapes, no pattern
    ],
    ids=lambda codes: f"{len(codes)} codes from {codes[:1]}",
)
def test_there_is_nothing_odd(codes):
    assert compare_shapes(codes) is None


@pytest.mark.parametrize(
    "codes",
    [
        [*(str(n) for n in range(1001, 1060)), "199"],
        [*(f"{n:04}" for n in range(1, 60)), "60"],  # a leading zero lost
        [*(f"{n:04}" for n in range(1, 60)), "0060A"],  # a suffix that divides nothing
        [*GRIDS, "990101009001A"],
    ],
)
def test_what_only_looks_like_a_counter_or_a_subdivision_is_odd(codes):
    assert odd(codes) == ("code_shape", codes[-1:])


def test_blank_and_provisional_codes_are_passed_over():
    assert compare_shapes([*GRIDS, "", "~1", "990101009001~2"]) is None


def test_the_import_says_which_rows(tmp_path):
    codes = [*GRIDS[:9], "99010100910", None]
    squares = [shapely.box(117 + 0.01 * n, 36, 117.01 + 0.01 * n, 36.01) for n in range(11)]
    source = layer({"code": codes}, [None, *squares[1:]], folder=tmp_path)
    incoming = prepare_import(
        source, "grid", ColumnMap("code", None), levels=Levels(["grid"]), existing=None
    )
    (note,) = incoming.report.of_kind("code_shape")
    assert (note.severity, note.rows, note.codes) == ("warning", (10,), ("99010100910",))
    assert note.text == "1 code is not built like the others (12 digits)."


def test_notes_of_two_systems_give_an_example_of_each():
    (note,) = shape_notes([*GRIDS[:30], *POLICE[:10]])
    assert note.kind == "two_code_systems"
    assert note.rows == tuple(range(31, 41))
    assert note.text == (
        "Two systems of codes are mixed: 30 with 12 digits (such as 990101009001), "
        "10 with 3 letters, 2 digits (such as PCS01)."
    )


def test_two_levels_in_one_layer_are_told_as_such():
    communities = [f"9901010090{n:02d}" for n in range(1, 5)]
    codes = [*communities, *(f"{one}{n:03d}" for one in communities for n in range(1, 5))]
    (note,) = shape_notes(codes)
    assert (note.kind, note.codes) == ("two_code_systems", tuple(communities))
    assert note.text.startswith("The layer seems to hold several levels: 16 with 15 digits (such")
    assert "--where COL=VALUE" in note.text
    (fault,) = code_shape_faults(coverage(("grid", codes)), Ruler())
    assert fault.text.startswith("Level grid seems to hold several levels: 16 with 15 digits (such")
    assert fault.said.say("zh").startswith("网格一级似乎混有多个层级：16个是15位数字（例如")


def coverage(*levels):
    areas, shapes = [], []
    for rank, (name, codes) in enumerate(levels):
        for n, code in enumerate(codes):
            areas.append(Area(len(areas), name, code, ""))
            shapes.append(shapely.box(117 + n, 36 + rank, 118 + n, 37 + rank))
    return Coverage.build("e", Levels([name for name, _ in levels]), areas, shapes)


def test_faults_tell_level_code_and_place():
    found = code_shape_faults(
        coverage(("community", [*GRIDS, "17"]), ("grid", [*GRIDS[:20], *POLICE[:5]])), Ruler()
    )
    first, second = found
    assert (first.kind, first.severity, first.level, first.codes) == (
        "code_shape",
        "warning",
        "community",
        ("17",),
    )
    assert first.text == "The code of community 17 has 2 digits; the others have 12 digits."
    assert 36 < first.lat < 37
    assert (second.kind, second.level, second.codes) == (
        "two_code_systems",
        "grid",
        tuple(POLICE[:5]),
    )


def test_remainders_made_up_codes_and_nothing_have_no_fault():
    areas = [Area(n, "grid", code, "") for n, code in enumerate(GRIDS[:9])]
    areas += [
        Area(20, "grid", "990101009~0", "", "", "community", "990101009", "remainder"),
        Area(21, "grid", "~1", "", provisional=True),
    ]
    levels = Levels(["community", "grid"])
    assert code_shape_faults(Coverage.build("e", levels, areas, [None] * 11), Ruler()) == []
    assert code_shape_faults(Coverage.build("e", levels, [], []), Ruler()) == []


def test_an_area_without_a_polygon_is_told_without_a_place():
    areas = [Area(n, "grid", code, "") for n, code in enumerate([*GRIDS[:9], "x"])]
    (fault,) = code_shape_faults(Coverage.build("e", Levels(["grid"]), areas, [None] * 10), Ruler())
    assert (fault.lon, fault.lat) == (None, None)


@given(
    prefix=st.text(string.ascii_uppercase, max_size=3),
    digits=st.integers(6, 14),
    count=st.integers(10, 60),
    at=st.integers(0, 59),
    damage=st.sampled_from(["cut", "lengthened", "letter"]),
)
@settings(max_examples=60, deadline=None)
def test_any_system_is_clean_and_any_damaged_code_of_it_is_found(prefix, digits, count, at, damage):
    codes = [f"{prefix}{n:0{digits}}" for n in np.arange(count) * 7 + 1]
    assert compare_shapes(codes) is None
    at %= count
    whole = codes[at]
    codes[at] = {
        "cut": whole[:-1],
        "lengthened": whole + "0",
        "letter": whole[:-2] + "O" + whole[-1],
    }[damage]
    assert odd(codes) == ("code_shape", [codes[at]])
