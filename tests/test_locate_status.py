"""Every status, in its order, and what an answer holds with it."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from gridmap.errors import BadValue, UnknownLevel
from gridmap.locate.locator import Locator
from gridmap.locate.model import Location, LocationStatus, NearArea
from tests.specimens import at, nested, specimen


def locate(
    point: tuple[float, float],
    accuracy: float = math.nan,
    *,
    level: str | None = None,
    margins: bool = False,
) -> Location:
    """One answer from the nested specimen; `point` in its lattice units."""
    lon, lat = at(*point)
    return Locator(nested()).locate([lon], [lat], [accuracy], level=level, margins=margins)[0]


def test_inside_gives_every_level_and_the_margin() -> None:
    answer = locate((8, 8))
    assert answer.location_status is LocationStatus.INSIDE
    assert answer.areas == {"subdistrict": "s", "community": "1", "grid": "1001"}
    assert answer.certain_level == "grid"
    assert answer.margin_m == pytest.approx(5.468, abs=1e-3)
    assert (answer.candidates, answer.nearest, answer.margins_m) == ((), None, {})
    assert (answer.edition, answer.warning) == ("nested", "")


def test_boundary_is_on_a_border_without_an_accuracy() -> None:
    answer = locate((8, 64))
    assert answer.location_status is LocationStatus.BOUNDARY
    assert (answer.areas["grid"], answer.margin_m) == ("1001", 0.0)
    assert answer.certain_level == "community"
    assert [near.code for near in answer.candidates] == ["1001", "1002"]


def test_the_outer_border_is_boundary_with_nothing_to_choose() -> None:
    answer = locate((8, 0))
    assert answer.location_status is LocationStatus.BOUNDARY
    assert (answer.candidates, answer.certain_level) == ((), "grid")


def test_ambiguous_is_an_accuracy_that_reaches_another_area() -> None:
    answer = locate((32, 60), 10.0)
    assert answer.location_status is LocationStatus.AMBIGUOUS
    assert answer.areas["grid"] == "1001"
    assert answer.certain_level == "community"
    assert [near.code for near in answer.candidates] == ["1001", "1002"]
    assert answer.candidates[1].distance_m == pytest.approx(answer.margin_m, rel=1e-9)


def test_an_accuracy_that_stays_within_the_area_is_inside() -> None:
    answer = locate((32, 32), 10.0)
    assert (answer.location_status, answer.candidates) == (LocationStatus.INSIDE, ())


def test_ambiguity_is_judged_at_the_level_asked() -> None:
    assert locate((32, 60), 10.0, level="grid").location_status is LocationStatus.AMBIGUOUS
    assert locate((32, 60), 10.0, level="community").location_status is LocationStatus.INSIDE
    assert locate((60, 60), 10.0, level="community").location_status is LocationStatus.AMBIGUOUS
    assert locate((60, 60), 10.0, level="subdistrict").location_status is LocationStatus.INSIDE
    # Two grids of one community, and another community: the candidates are the same.
    assert len(locate((60, 60), 10.0, level="subdistrict").candidates) == 3


def test_on_a_border_with_an_accuracy_is_ambiguous_at_any_accuracy() -> None:
    for accuracy in (0.0, 1e-6, 5.0):
        assert locate((8, 64), accuracy).location_status is LocationStatus.AMBIGUOUS
    assert locate((8, 64), 0.0, level="community").location_status is LocationStatus.INSIDE


def test_an_area_without_the_level_asked_stands_for_itself() -> None:
    # Between community 2, which has no grids, and the grid that has no community.
    assert locate((126, 8), 5.0, level="grid").location_status is LocationStatus.AMBIGUOUS
    assert locate((126, 8), 5.0, level="subdistrict").location_status is LocationStatus.AMBIGUOUS
    assert locate((126, 8), 5.0).certain_level is None


def test_outside_gives_the_nearest_area_and_its_distance() -> None:
    answer = locate((96, -8))
    assert answer.location_status is LocationStatus.OUTSIDE
    assert (answer.areas, answer.margin_m, answer.certain_level) == ({}, None, None)
    assert answer.candidates == ()
    assert answer.nearest == NearArea("community", "2", pytest.approx(6.773, abs=1e-3))


def test_outside_stays_outside_when_the_accuracy_reaches_an_area() -> None:
    answer = locate((64, -8), 20.0)
    assert answer.location_status is LocationStatus.OUTSIDE
    assert [near.code for near in answer.candidates] == ["1001", "2"]
    assert answer.nearest == answer.candidates[0]
    assert answer.certain_level is None


def test_a_coverage_without_any_shape_has_no_nearest() -> None:
    answer = Locator(specimen("nothing_at_all").coverage()).locate([117.0], [36.5])[0]
    assert (answer.location_status, answer.nearest) == (LocationStatus.OUTSIDE, None)


def test_missing_or_impossible_coordinates_are_invalid() -> None:
    lon = np.array([math.nan, 117.0, math.inf, 200.0, 117.0])
    lat = np.array([36.5, math.nan, 36.5, 36.5, -91.0])
    answers = Locator(nested()).locate(lon, lat, np.full(5, 10.0))
    for i in range(5):
        answer = answers[i]
        assert answer.location_status is LocationStatus.INVALID
        assert (answer.lon, answer.lat, answer.areas, answer.nearest) == (None, None, {}, None)


@pytest.mark.parametrize("accuracy", [-1.0, math.inf, -math.inf])
def test_an_impossible_accuracy_counts_as_not_given(accuracy: float) -> None:
    answer = locate((8, 64), accuracy)
    assert answer.location_status is LocationStatus.BOUNDARY
    assert answer.warning == "accuracy_ignored"


def test_warnings_are_joined() -> None:
    case = specimen("overlap")
    lon, lat = case.points["twice"]
    answer = Locator(case.coverage()).locate([lon], [lat], [-5.0])[0]
    assert answer.warning == "accuracy_ignored;overlap"


def test_an_atom_at_a_coarser_level_leaves_the_finer_columns_empty() -> None:
    answer = locate((96, 32), margins=True)
    assert answer.areas == {"subdistrict": "s", "community": "2"}
    assert answer.certain_level == "community"
    assert list(answer.margins_m) == ["subdistrict", "community"]


def test_a_missing_parent_leaves_its_column_empty() -> None:
    answer = locate((160, 32), margins=True)
    assert answer.areas == {"grid": "orphan"}
    assert (answer.certain_level, list(answer.margins_m)) == ("grid", ["grid"])


def test_margins_are_to_the_derived_border_of_each_level() -> None:
    # The declared square of community 1 is wrong and must not be asked.
    answer = locate((32, 60), margins=True)
    metres_up, metres_across = 0.8466, 0.6836
    assert answer.margins_m == pytest.approx(
        {"grid": 4 * metres_up, "community": 32 * metres_across, "subdistrict": 32 * metres_across},
        rel=1e-3,
    )
    assert answer.margin_m == answer.margins_m["grid"]


def test_on_a_border_of_two_levels_both_margins_are_nothing() -> None:
    answer = locate((64, 32), margins=True)
    assert (answer.margins_m["grid"], answer.margins_m["community"]) == (0.0, 0.0)
    assert answer.margins_m["subdistrict"] > 20


def test_a_level_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownLevel, match="microgrid"):
        locate((8, 8), level="microgrid")


def test_columns_of_different_lengths_are_refused() -> None:
    locator = Locator(nested())
    with pytest.raises(BadValue):
        locator.locate([117.0, 117.1], [36.5])
    with pytest.raises(BadValue):
        locator.locate([117.0], [36.5], [1.0, 2.0])
    with pytest.raises(BadValue):
        locator.locate(["east"], [36.5])
    with pytest.raises(BadValue):
        locator.locate(117.0, 36.5)


def test_no_points_give_no_answers() -> None:
    answers = Locator(nested()).locate([], [], [], margins=True)
    assert len(answers) == 0
    assert {name: len(codes) for name, codes in answers.codes.items()} == {
        "subdistrict": 0,
        "community": 0,
        "grid": 0,
    }
    assert (dict(answers.candidates), dict(answers.nearest)) == ({}, {})


def test_no_areas_leave_every_point_outside() -> None:
    answers = Locator(nested().only(np.zeros(len(nested()), bool))).locate(
        [117.0, math.nan], [36.5, 36.5], [5.0, 5.0], margins=True
    )
    assert answers.status.tolist() == ["outside", "invalid"]
    assert answers[0].nearest is None


def test_many_answers_read_like_one_by_one() -> None:
    locator = Locator(nested())
    rng = np.random.default_rng(5)
    lon, lat = at(*rng.uniform(-20, 210, (2, 400)))
    accuracy = rng.choice([math.nan, 0.0, 8.0, 40.0], 400)
    answers = locator.locate(lon, lat, accuracy, margins=True)
    for i in range(400):
        alone = locator.locate(lon[i : i + 1], lat[i : i + 1], accuracy[i : i + 1], margins=True)
        assert answers[i] == alone[0]
    assert set(answers.status) == {"inside", "ambiguous", "outside"}
    assert answers[-1] == answers[399]
    with pytest.raises(IndexError):
        answers[400]


def test_candidates_and_nearest_read_like_dictionaries() -> None:
    lon, lat = at(*np.array([[8, 8.0], [8, 64], [96, -8], [64, 64]]).T)
    answers = Locator(nested()).locate(lon, lat)
    assert list(answers.candidates) == [1, 3]
    assert 0 not in answers.candidates
    assert len(answers.candidates[3]) == 3
    assert {i: near.code for i, near in answers.nearest.items()} == {2: "2"}
    assert (len(answers.candidates), len(answers.nearest)) == (2, 1)


def test_of_very_many_candidates_the_nearest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gridmap.locate.reach.MAX_CANDIDATES", 3)
    answer = locate((100, 8), 1000.0)
    assert answer.location_status is LocationStatus.AMBIGUOUS
    assert [near.code for near in answer.candidates] == ["2", "1001", "orphan"]
    assert answer.warning == "candidates_cut"
    outside = locate((-8, 8), 1000.0)
    assert [near.code for near in outside.candidates] == ["1001", "1002", "2"]
    # What was cut still counts: the orphan shares no level with the others.
    assert answer.certain_level is None


def test_points_with_an_accuracy_are_asked_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    lon, lat = at(*rng.uniform(-20, 210, (2, 60)))
    accuracy = np.where(rng.random(60) < 0.8, 10.0 ** rng.uniform(0, 3, 60), math.nan)
    locator = Locator(nested())
    whole = locator.locate(lon, lat, accuracy)
    monkeypatch.setattr("gridmap.locate.reach._PAIRS", 12)
    parts = locator.locate(lon, lat, accuracy)
    assert [whole[i] for i in range(60)] == [parts[i] for i in range(60)]


def test_threads_share_a_locator() -> None:
    locator = Locator(nested())
    lon, lat = at(*np.random.default_rng(8).uniform(-20, 210, (2, 500)))
    with ThreadPoolExecutor(8) as pool:
        tasks = [pool.submit(locator.locate, lon, lat, margins=True) for _ in range(16)]
        found = [task.result() for task in tasks]
    for other in found[1:]:
        assert other.codes["grid"].tolist() == found[0].codes["grid"].tolist()
        np.testing.assert_array_equal(other.margins_m["community"], found[0].margins_m["community"])


def test_points_at_one_place_are_answered_each() -> None:
    lon, lat = at(*np.array([[60, 60], [8, 64], [60, 60], [60, 60], [60, 60]], dtype=float).T)
    accuracy = np.array([10.0, 10.0, 10.0, 1.0, 10.0])
    locator = Locator(nested())
    answers = locator.locate(lon, lat, accuracy)
    for i in range(5):
        alone = locator.locate(lon[i : i + 1], lat[i : i + 1], accuracy[i : i + 1])
        assert answers[i] == alone[0]
    assert [len(answers[i].candidates) for i in range(5)] == [3, 2, 3, 0, 3]
