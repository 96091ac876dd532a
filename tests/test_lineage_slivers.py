"""Borders that were only drawn a little differently are no moved borders."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.coverage.lineage.compute import lineage
from gridmap.coverage.lineage.crosswalk import crosswalk
from gridmap.coverage.lineage.pieces import cut_pieces
from tests.lineage_cases import flat, square_metres
from tests.specimens import patchworks

M = 1 / 111_000  # about a metre in degrees


def shaken(shapes: np.ndarray, metres: float, seed: int = 0) -> np.ndarray:
    """Move every vertex, the same wherever it is used, by up to `metres` each way."""

    def move(xy: np.ndarray) -> np.ndarray:
        rng = np.random.default_rng(seed)
        distinct, which = np.unique(xy, axis=0, return_inverse=True)
        shift = rng.uniform(-1, 1, distinct.shape) * metres * M
        return (distinct + shift)[which.ravel()]

    return shapely.transform(shapes, move)


@given(patchworks(), st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_a_coverage_digitised_again_is_kept_and_its_slivers_are_counted(patchwork, seed) -> None:
    old = patchwork.coverage()
    again = shaken(patchwork.polygons, 0.1, seed)
    if not shapely.is_valid(again).all():
        return
    new = flat("new", dict(zip(patchwork.codes, again, strict=True)), names={})
    found = lineage(old, new)
    assert found.level("grid").counts().keys() <= {"kept", "renamed"}
    assert found.sliver_m2 > 0
    strict = lineage(old, new, tolerance_m=0.0)
    assert strict.sliver_m2 == 0
    assert "moved_border" in strict.level("grid").counts()


def test_a_strip_counts_as_soon_as_it_is_wider_than_the_tolerance() -> None:
    def at(border: float) -> dict:
        return {
            "a": shapely.box(117, 36, border, 36.01),
            "b": shapely.box(border, 36, 117.02, 36.01),
        }

    old, new = flat("old", at(117.01)), flat("new", at(117.01 + 2.0 / 90_200))
    assert lineage(old, new, tolerance_m=2.5).level("grid").counts() == {"kept": 2}
    assert lineage(old, new, tolerance_m=1.5).level("grid").counts() == {"moved_border": 2}
    assert lineage(old, new, tolerance_m=2.5).sliver_m2 == pytest.approx(2.0 * 1110, rel=0.01)


def test_an_area_that_is_narrow_itself_is_no_sliver() -> None:
    strip = shapely.box(117.01, 36, 117.01 + 0.5 * M, 36.01)
    rest = shapely.box(117.01 + 0.5 * M, 36, 117.02, 36.01)
    west = shapely.box(117, 36, 117.01, 36.01)
    old = flat("old", {"a": west, "s": strip, "b": rest})
    new = flat("new", {"a": shapely.union_all([west, strip]), "b": rest})
    found = lineage(old, new).level("grid")
    assert found.counts() == {"kept": 1, "merged": 1}
    assert lineage(old, new).sliver_m2 == 0


def test_a_block_beside_slivers_counts_alone() -> None:
    """One multipart piece: a block of 50 x 50 m that moved, and strips of 20 cm."""
    border = [(117.01, 36 + 0.001 * i) for i in range(11)]
    wavy = [(x + (0.2 * M if i % 2 else 0), y) for i, (x, y) in enumerate(border)]
    bump = [(117.01 + 50 * M, 36.002), (117.01 + 50 * M, 36.00245), (117.01, 36.00245)]

    def sides(line: list) -> dict:
        west = [(117.0, 36.0), *line, (117.0, 36.01)]
        east = [(117.02, 36.0), *line, (117.02, 36.01)]
        return {"w": shapely.Polygon(west), "e": shapely.Polygon(east)}

    old = flat("old", sides(border))
    new = flat("new", sides([*wavy[:3], *bump, *wavy[3:]]))
    pieces = cut_pieces(old, new)
    moved = pieces.area_m2[~pieces.sliver & (old.code[pieces.old] != new.code[pieces.new])]
    assert moved.sum() == pytest.approx(50 * 0.81 * 50, rel=0.1)
    assert 0 < pieces.area_m2[pieces.sliver].sum() < 200


def test_pieces_hold_all_the_land_of_either_edition() -> None:
    rng = np.random.default_rng(3)
    cells = shapely.box(*(117 + rng.uniform(0, 0.02, 2)), 117.04, 36.03)
    old = flat("old", {"a": shapely.box(117, 36, 117.02, 36.02)})
    new = flat("new", {"x": cells, "y": shapely.box(116.99, 36, 117.005, 36.005)})
    pieces = cut_pieces(old, new)
    for side, rows in ((old, pieces.old), (new, pieces.new)):
        for row in range(len(side)):
            whole = square_metres(side.geometry[[row]])[0]
            assert pieces.area_m2[rows == row].sum() == pytest.approx(whole, rel=1e-3)


def test_broken_polygons_and_overlaps_are_measured_all_the_same() -> None:
    bow = shapely.Polygon([(117, 36), (117.01, 36.01), (117.01, 36), (117, 36.01)])
    twice = {"a": shapely.box(117, 36, 117.01, 36.01), "b": shapely.box(117.004, 36, 117.02, 36.01)}
    found = lineage(flat("old", {"a": bow}), flat("new", twice)).level("grid")
    walk = crosswalk(found)
    assert sum(walk.weights["area"]) == 1.0
    assert set(walk.target) == {"a", "b"}
