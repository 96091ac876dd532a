"""The tie rule: smallest code in UTF-8 bytes at the finest level present, on any machine."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.areas import Area, Levels, provisional_code
from gridmap.coverage.model import Coverage
from gridmap.locate.locator import Locator
from gridmap.locate.model import Location, LocationStatus
from tests.specimens import (
    Patchwork,
    Specimen,
    box,
    flat_coverage,
    nested,
    nested_coverages,
    objects,
    specimen,
    specimens,
)


def locate(coverage: Coverage, point: tuple[float, float], **how: object) -> Location:
    return Locator(coverage).locate([point[0]], [point[1]], **how)[0]


@pytest.mark.parametrize("case", [s for s in specimens() if s.valid], ids=str)
def test_the_smallest_code_that_touches_wins(case: Specimen) -> None:
    for point, touching in zip(case.points.values(), case.touching.values(), strict=True):
        answer = locate(case.coverage(), point)
        winner = min(touching, key=lambda code: code.encode(), default=None)
        assert answer.areas.get("grid") == winner
        others = sorted(touching - {winner}, key=lambda code: code.encode())
        expected = [winner, *others] if others else []
        assert [near.code for near in answer.candidates] == expected
        assert {near.distance_m for near in answer.candidates} <= {0.0}


def test_codes_are_compared_as_bytes_not_as_numbers_or_by_locale() -> None:
    case = specimen("four_corners")
    answer = locate(case.coverage(), case.points["crossing"])
    assert [near.code for near in answer.candidates] == ["100", "20", "3", "网"]


def test_a_real_code_beats_a_provisional_one() -> None:
    squares = objects([box(0, 0, 64, 64), box(64, 0, 128, 64)])
    for codes in (["0410", provisional_code("", 1)], ["0410", provisional_code("0410", 2)]):
        shared = specimen("two_squares").points["shared_edge"]
        assert locate(flat_coverage(codes, squares), shared).areas == {"grid": "0410"}
        assert locate(flat_coverage(codes[::-1], squares), shared).areas == {"grid": "0410"}


def test_the_finest_level_present_wins_over_a_smaller_code() -> None:
    # Grid 1001 and the childless community 2 share the line x = 64.
    answer = locate(nested(), (117.0 + 64 * 2**-17, 36.5 + 32 * 2**-17))
    assert answer.areas == {"subdistrict": "s", "community": "1", "grid": "1001"}
    assert [(n.level, n.code) for n in answer.candidates] == [("grid", "1001"), ("community", "2")]
    assert answer.certain_level == "subdistrict"


def test_ancestors_follow_the_winner_even_where_their_own_codes_are_greater() -> None:
    levels = Levels(["community", "grid"])
    areas = [
        Area(-1, "community", "z", "z"),
        Area(-1, "community", "a", "a"),
        Area(-1, "grid", "1", "1", parent_level="community", parent_code="z"),
        Area(-1, "grid", "2", "2", parent_level="community", parent_code="a"),
    ]
    shapes = objects([None, None, box(0, 0, 64, 64), box(64, 0, 128, 64)])
    coverage = Coverage.build("e", levels, areas, shapes)
    answer = locate(coverage, specimen("two_squares").points["shared_edge"])
    assert answer.areas == {"community": "z", "grid": "1"}


def test_in_an_overlap_the_same_rule_holds_and_a_warning_says_so() -> None:
    case = specimen("overlap")
    answer = locate(case.coverage(), case.points["twice"])
    assert answer.location_status is LocationStatus.INSIDE
    assert (answer.areas, answer.warning) == ({"grid": "a"}, "overlap")
    assert [near.code for near in answer.candidates] == ["a", "b"]


def test_a_shared_border_is_no_overlap() -> None:
    case = specimen("two_squares")
    assert locate(case.coverage(), case.points["shared_edge"]).warning == ""


def test_the_winner_comes_first_then_the_order_of_the_rule() -> None:
    coverage = flat_coverage(
        ["c", "a", "b"], objects([box(0, 0, 64, 64), box(64, 0, 65, 64), box(65, 0, 128, 64)])
    )
    lon, lat = 117.0 + 63 * 2**-17, 36.5 + 32 * 2**-17
    answer = locate(coverage, (lon, lat), accuracy_m=[5.0])
    assert [near.code for near in answer.candidates] == ["c", "a", "b"]
    distances = [near.distance_m for near in answer.candidates]
    assert distances == pytest.approx([0.0, 0.6835, 1.3670], abs=1e-3)


@given(nested_coverages(broken=True), st.integers(0, 999), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_no_answer_depends_on_the_order_in_which_areas_came(
    drawn: tuple[Coverage, Patchwork], seed: int, random: object
) -> None:
    coverage, patchwork = drawn
    lon, lat = patchwork.points(seed)
    order = np.random.default_rng(seed).permutation(len(coverage))
    shuffled = Coverage.build(
        coverage.edition,
        coverage.levels,
        [coverage.area(i) for i in order],
        coverage.geometry[order],
    )
    accuracy = np.where(np.arange(len(lon)) % 3 == 0, 20.0, np.nan)
    one = Locator(coverage).locate(lon, lat, accuracy, margins=True)
    other = Locator(shuffled).locate(lon, lat, accuracy, margins=True)
    for i in range(len(lon)):
        assert one[i] == other[i]


def test_rings_that_start_elsewhere_or_run_the_other_way_change_no_winner() -> None:
    case = specimen("four_corners")
    turned = objects(
        [
            shapely.Polygon(np.roll(shapely.get_coordinates(p)[:-1], 2, axis=0)[::-1])
            for p in case.geometry
        ]
    )
    for point in case.points.values():
        assert locate(flat_coverage(case.codes, turned), point).areas == (
            locate(case.coverage(), point).areas
        )
