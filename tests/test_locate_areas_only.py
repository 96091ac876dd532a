"""Areas alone, and one point alone: short ways that answer what the long way answers."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from gridmap.areas import Levels
from gridmap.coverage.model import Coverage
from gridmap.errors import BadValue, UnknownLevel
from gridmap.locate.atlas import Atlas, Validity
from gridmap.locate.locator import Locator
from gridmap.locate.model import Points
from tests.specimens import at, box, flat_coverage, objects

SPRING = datetime(2026, 3, 1, tzinfo=UTC)
SUMMER = datetime(2026, 6, 1, tzinfo=UTC)


def coverage(*codes: str) -> Coverage:
    """Boxes side by side, the last one overlapping its neighbour."""
    shapes = [box(64 * i, 0, 64 * i + 64, 64) for i in range(len(codes))]
    shapes[-1] = box(64 * len(codes) - 80, 0, 64 * len(codes), 64)
    return flat_coverage(list(codes), objects(shapes), "grid")


def atlas(levels: tuple[str, ...] = ("grid",), *, renamed: bool = False) -> Atlas:
    one, two = coverage("A", "B", "C"), coverage("D", "B")
    name = "one" if renamed else one.edition
    other = "two" if renamed or two.edition == name else two.edition
    return Atlas(
        [
            Validity(name, SPRING, SUMMER, lambda: Locator(one)),
            Validity(other, SUMMER, None, lambda: Locator(two)),
        ],
        Levels(levels),
    )


def points(**more: object) -> Points:
    dice = np.random.default_rng(5)
    places = [at(*xy) for xy in dice.uniform(-20, 220, (300, 2))]
    places += [at(64 * i, 32) for i in range(4)] + [at(120, 10), (0.0, 0.0), (np.nan, 36.0)]
    places += [(181.0, 36.0), (117.0, np.inf), (-0.0, 0.0)]
    x, y = np.array(places).T
    return Points(x, y, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("renamed", [False, True])
@pytest.mark.parametrize("levels", [("grid",), ("community", "grid")])
@pytest.mark.parametrize("system", ["wgs84", "gcj02", "cgcs2000"])
@pytest.mark.parametrize("mixed", [False, True])
def test_areas_alone_are_the_areas_of_the_whole_answer(
    renamed: bool, levels: tuple[str, ...], system: str, mixed: bool
) -> None:
    asked = points(coord_sys=system)
    if mixed:
        moments = [(SPRING, SUMMER, datetime(2025, 1, 1, tzinfo=UTC))[i % 3] for i in range(310)]
        asked = points(coord_sys=system, at=moments)
    here = atlas(levels, renamed=renamed)
    whole = here.locate(asked, now=SUMMER)
    areas = here.locate(asked, now=SUMMER, areas_only=True)
    assert areas.levels == whole.levels
    for name in whole.levels.names:
        assert areas.codes[name].tolist() == whole.codes[name].tolist()
        coded = areas.codes.coded(name)
        assert coded.decoded().tolist() == whole.codes[name].tolist()
    assert areas.status.tolist() == whole.status.tolist()
    assert areas.edition.tolist() == whole.edition.tolist()
    np.testing.assert_array_equal(areas.lon, whole.lon)
    # A shift of half a kilometre carries most points away.
    assert len(set(areas.status.tolist())) >= (2 if system == "gcj02" else 4)
    assert np.isnan(areas.margin_m).all()
    assert not areas.candidates
    assert not areas.nearest


def test_accuracies_play_no_part() -> None:
    asked = points(accuracy_m=np.full(310, 1e6))
    found = atlas().locate(asked, now=SPRING, areas_only=True)
    assert "ambiguous" not in found.status.tolist()
    assert "inside" in found.status.tolist()


def test_no_points_are_no_answers() -> None:
    found = atlas().locate(Points(np.empty(0), np.empty(0)), now=SPRING, areas_only=True)
    assert len(found) == 0
    assert found.codes["grid"].tolist() == []


def test_columns_that_do_not_fit_are_refused() -> None:
    with pytest.raises(BadValue):
        atlas().locate(Points(np.zeros(2), np.zeros(3)), now=SPRING, areas_only=True)
    with pytest.raises(UnknownLevel):
        atlas().locate(points(), now=SPRING, areas_only=True, level="street")


@pytest.mark.parametrize("renamed", [False, True])
def test_one_point_is_answered_as_in_an_array(renamed: bool) -> None:
    asked, here = points(), atlas(renamed=renamed)
    whole = here.locate(asked, now=SPRING, margins=True)
    for i in range(0, len(asked), 3):
        assert here.locate_one(asked.x[i], asked.y[i], now=SPRING) == whole[i]
    for i in range(300, 310):
        assert here.locate_one(asked.x[i], asked.y[i], now=SPRING) == whole[i]
