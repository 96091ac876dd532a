"""Which edition answers: by each point's own moment, by now, or by name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier, Thread

import numpy as np
import pytest

from gridmap.areas import DEFAULT_LEVELS, Levels
from gridmap.errors import BadValue, NotFound, UnknownLevel
from gridmap.locate.atlas import Atlas, Validity
from gridmap.locate.locator import Locator
from gridmap.locate.model import LocationStatus, Points
from tests.specimens import at, box, flat_coverage, nested, objects

SPRING = datetime(2026, 3, 1, tzinfo=UTC)
SUMMER = datetime(2026, 6, 1, tzinfo=UTC)
AUTUMN = datetime(2026, 9, 1, tzinfo=UTC)
HERE = at(8, 8)


def locator(code: str, level: str = "grid") -> Locator:
    return Locator(flat_coverage([code], objects([box(0, 0, 64, 64)]), level))


def seasons() -> Atlas:
    """Edition `one` in spring, `two` in summer, nothing in autumn."""
    return Atlas(
        [
            Validity("two", SUMMER, AUTUMN, lambda: locator("2")),
            Validity("one", SPRING, SUMMER, lambda: locator("1")),
        ],
        Levels(["grid"]),
    )


def here(n: int, at_: list[datetime | None] | None = None) -> Points:
    return Points(np.full(n, HERE[0]), np.full(n, HERE[1]), at=at_)


def test_each_point_is_answered_by_the_edition_of_its_moment() -> None:
    tick = timedelta(microseconds=1)
    moments = [SPRING - tick, SPRING, SUMMER - tick, SUMMER, AUTUMN - tick, AUTUMN]
    answers = seasons().locate(here(6, moments), now=SPRING)
    assert answers.codes["grid"].tolist() == [None, "1", "1", "2", "2", None]
    assert answers.status.tolist() == ["no_edition", *["inside"] * 4, "no_edition"]
    assert answers.edition.tolist() == [None, "one", "one", "two", "two", None]


def test_a_point_without_a_moment_is_answered_as_of_now() -> None:
    answers = seasons().locate(here(3, [None, SPRING, None]), now=SUMMER)
    assert answers.codes["grid"].tolist() == ["2", "1", "2"]
    assert seasons().locate(here(1), now=SPRING).codes["grid"].tolist() == ["1"]


def test_moments_in_any_zone_are_compared_as_the_same_instant() -> None:
    china = timezone(timedelta(hours=8))
    moment = datetime(2026, 6, 1, 7, 59, tzinfo=china)
    answers = seasons().locate(here(2, [moment, moment + timedelta(minutes=1)]), now=SPRING)
    assert answers.codes["grid"].tolist() == ["1", "2"]


def test_a_moment_without_an_offset_is_refused() -> None:
    with pytest.raises(BadValue):
        seasons().locate(here(1, [datetime(2026, 6, 1)]), now=SPRING)  # noqa: DTZ001
    with pytest.raises(BadValue):
        seasons().locate(here(1), now=datetime(2026, 6, 1))  # noqa: DTZ001


def test_a_named_edition_answers_at_any_moment() -> None:
    answers = seasons().locate(here(2, [SPRING, AUTUMN]), now=AUTUMN, edition="two")
    assert answers.codes["grid"].tolist() == ["2", "2"]


def test_a_name_that_does_not_exist_is_refused() -> None:
    with pytest.raises(NotFound, match="three"):
        seasons().locate(here(1), now=SPRING, edition="three")
    with pytest.raises(NotFound, match="one"):
        seasons().named("three")


def test_no_edition_comes_before_invalid() -> None:
    points = Points(np.array([np.nan, np.nan]), np.array([1.0, 1.0]), at=[AUTUMN, SPRING])
    answers = seasons().locate(points, now=SPRING)
    assert answers.status.tolist() == ["no_edition", "invalid"]
    assert answers.warning.tolist() == ["missing", "missing"]


def test_without_any_edition_there_is_none() -> None:
    atlas = Atlas([], DEFAULT_LEVELS)
    answer = atlas.locate_one(*HERE, now=SPRING)
    assert answer.location_status is LocationStatus.NO_EDITION
    assert (answer.areas, answer.edition, answer.nearest) == ({}, None, None)
    assert (answer.lon, answer.lat) == HERE
    assert atlas.locator_at(SPRING) is None
    assert len(atlas.locate(here(0), now=SPRING)) == 0


def test_the_locator_of_a_moment_or_a_name() -> None:
    atlas = seasons()
    assert atlas.locator_at(SPRING) is atlas.named("one")
    assert atlas.locator_at(AUTUMN - timedelta(seconds=1)) is atlas.named("two")
    assert atlas.locator_at(AUTUMN) is None


def test_an_edition_is_loaded_when_first_needed_and_once() -> None:
    loads: list[str] = []

    def load(name: str) -> Locator:
        loads.append(name)
        return locator(name)

    atlas = Atlas(
        [
            Validity("one", SPRING, SUMMER, lambda: load("1")),
            Validity("two", SUMMER, None, lambda: load("2")),
        ],
        Levels(["grid"]),
    )
    assert loads == []
    for _ in range(3):
        atlas.locate(here(2), now=AUTUMN)
    assert loads == ["2"]
    start = Barrier(4)

    def ask() -> None:
        start.wait()
        atlas.locate(here(2), now=SPRING)

    threads = [Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == ["2", "1"]


def test_editions_with_other_levels_answer_in_the_same_columns() -> None:
    levels = Levels(["subdistrict", "community", "grid", "microgrid"])
    atlas = Atlas(
        [
            Validity("flat", SPRING, SUMMER, lambda: locator("m1", "microgrid")),
            Validity("nested", SUMMER, None, lambda: Locator(nested())),
        ],
        levels,
    )
    for moments in ([SPRING, SUMMER], [SPRING, SPRING], [SUMMER, SUMMER]):
        answers = atlas.locate(here(2, moments), now=SPRING, margins=True)
        assert answers.levels == levels
        assert list(answers.codes) == list(answers.margins_m) == list(levels.names)
    answers = atlas.locate(here(2, [SPRING, SUMMER]), now=SPRING, margins=True)
    assert answers[0].areas == {"microgrid": "m1"}
    assert answers[1].areas == {"subdistrict": "s", "community": "1", "grid": "1001"}
    assert (answers[0].certain_level, answers[1].certain_level) == ("microgrid", "grid")


def test_a_level_that_only_an_edition_has_is_added_in_its_place() -> None:
    levels = Levels(["subdistrict", "grid"])
    atlas = Atlas([Validity("nested", SPRING, None, lambda: Locator(nested()))], levels)
    answer = atlas.locate(here(1), now=SPRING)
    assert answer.levels.names == ("subdistrict", "community", "grid")
    assert answer[0].areas == {"subdistrict": "s", "community": "1", "grid": "1001"}


def test_a_level_asked_that_an_edition_lacks_means_its_next_coarser_one() -> None:
    levels = Levels(["subdistrict", "community", "grid", "microgrid"])
    atlas = Atlas([Validity("nested", SPRING, None, lambda: Locator(nested()))], levels)
    lon, lat = at(32, 60)

    def status(level: str | None) -> str:
        return atlas.locate_one(lon, lat, accuracy_m=10.0, now=SPRING, level=level).location_status

    assert status("microgrid") == status("grid") == status(None) == "ambiguous"
    assert status("community") == "inside"
    only_micro = Atlas([Validity("m", SPRING, None, lambda: locator("1", "microgrid"))], levels)
    inside = only_micro.locate_one(*HERE, accuracy_m=1.0, now=SPRING, level="community")
    assert inside.location_status == "inside"


def test_a_level_that_nobody_has_is_refused() -> None:
    with pytest.raises(UnknownLevel, match="estate"):
        seasons().locate(here(1), now=SPRING, level="estate")


def test_candidates_and_nearest_of_several_editions_keep_their_points() -> None:
    atlas = Atlas(
        [
            Validity("one", SPRING, SUMMER, lambda: Locator(nested())),
            Validity("two", SUMMER, None, lambda: locator("2")),
        ],
        nested().levels,
    )
    lon, lat = at(*np.array([[8, 64], [8, -8], [8, 64], [8, -8]], dtype=float).T)
    points = Points(lon, lat, at=[SUMMER, SUMMER, SPRING, SPRING], accuracy_m=np.full(4, 9.0))
    answers = atlas.locate(points, now=SPRING)
    assert {i: [n.code for n in near] for i, near in answers.candidates.items()} == {
        1: ["2"],
        2: ["1001", "1002"],
        3: ["1001"],
    }
    assert {i: near.code for i, near in answers.nearest.items()} == {1: "2", 3: "1001"}


def test_one_point_answers_like_an_array() -> None:
    atlas = seasons()
    one = atlas.locate_one(*HERE, accuracy_m=500.0, at=SUMMER, now=SPRING)
    points = Points(*np.array([[HERE[0]], [HERE[1]]]), accuracy_m=np.array([500.0]), at=[SUMMER])
    assert one == atlas.locate(points, now=SPRING, margins=True)[0]
