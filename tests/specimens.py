"""Specimen geometries that every geometry function is tried on.

All named specimens stand on a lattice of powers of two, so that midpoints of edges lie
exactly on them and every library that computes in doubles agrees on what touches what.
`patchworks` and `broken_patchworks` draw random coverages; they live in `patchworks.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from gridmap.areas import Area, Levels
from gridmap.coverage.model import Coverage
from tests.patchworks import (
    ORIGIN,
    UNIT,
    Patchwork,
    broken_patchworks,
    flat_coverage,
    nested_coverages,
    objects,
    patchworks,
    telling_points,
)

__all__ = [
    "ORIGIN",
    "UNIT",
    "Patchwork",
    "Specimen",
    "at",
    "box",
    "broken_patchworks",
    "flat_coverage",
    "nested",
    "nested_coverages",
    "objects",
    "patchworks",
    "poly",
    "ring",
    "specimen",
    "specimens",
    "telling_points",
]


@dataclass(frozen=True)
class Specimen:
    """A small coverage of one level, and points that are hard on it.

    `touching` names for each point the codes it touches; `valid` is False when a geometry
    is invalid, `sound` is False when areas overlap.
    """

    name: str
    polygons: dict[str, BaseGeometry | None]
    points: dict[str, tuple[float, float]]
    touching: dict[str, set[str]] = field(default_factory=dict)
    valid: bool = True
    sound: bool = True

    def __str__(self) -> str:
        return self.name

    @property
    def geometry(self) -> np.ndarray:
        return objects(list(self.polygons.values()))

    @property
    def codes(self) -> list[str]:
        return list(self.polygons)

    def coverage(self) -> Coverage:
        return flat_coverage(self.codes, self.geometry)


def at(x: float, y: float) -> tuple[float, float]:
    """Lattice units to degrees."""
    return ORIGIN[0] + x * UNIT, ORIGIN[1] + y * UNIT


def poly(*ring: tuple[float, float], holes: tuple = ()) -> Polygon:
    return Polygon([at(*p) for p in ring], [[at(*p) for p in hole] for hole in holes])


def ring(x0: float, y0: float, x1: float, y1: float) -> tuple[tuple[float, float], ...]:
    return (x0, y0), (x1, y0), (x1, y1), (x0, y1)


def box(x0: float, y0: float, x1: float, y1: float, *holes: tuple) -> Polygon:
    return poly(*ring(x0, y0, x1, y1), holes=holes)


def _points(**points: tuple[float, float, str]) -> dict:
    """Keyword arguments `points` and `touching` from (x, y, codes split at spaces)."""
    return {
        "points": {name: at(x, y) for name, (x, y, _) in points.items()},
        "touching": {name: set(codes.split()) for name, (_, _, codes) in points.items()},
    }


def specimens() -> list[Specimen]:
    """All named specimens; the invalid ones last."""
    return [*_borders(), *_holes(), *_parts(), *_faults(), *_places(), *_invalid()]


def specimen(name: str) -> Specimen:
    return next(one for one in specimens() if one.name == name)


def _borders() -> list[Specimen]:
    return [
        Specimen(
            "one_square",
            {"a": box(0, 0, 64, 64)},
            **_points(
                inside=(32, 32, "a"),
                edge=(32, 0, "a"),
                corner=(64, 64, "a"),
                beside=(65, 32, ""),
                far=(5000, 0, ""),
            ),
        ),
        Specimen(
            "two_squares",
            {"b": box(0, 0, 64, 64), "a": box(64, 0, 128, 64)},
            **_points(
                left=(10, 10, "b"),
                right=(100, 10, "a"),
                shared_edge=(64, 32, "a b"),
                shared_corner=(64, 64, "a b"),
                outer_edge=(32, 64, "b"),
                outer_corner=(128, 0, "a"),
                outside=(64, 65, ""),
            ),
        ),
        Specimen(
            "four_corners",
            {
                "20": box(0, 0, 64, 64),
                "100": box(64, 0, 128, 64),
                "3": box(0, 64, 64, 128),
                "网": box(64, 64, 128, 128),
            },
            **_points(
                crossing=(64, 64, "20 100 3 网"),
                south=(64, 10, "20 100"),
                east=(100, 64, "100 网"),
                inside=(70, 70, "网"),
            ),
        ),
        Specimen(
            "t_junction",
            {"a": box(0, 0, 64, 64), "b": box(64, 0, 128, 32), "c": box(64, 32, 128, 64)},
            **_points(foot=(64, 32, "a b c"), stem=(100, 32, "b c"), bar=(64, 40, "a c")),
        ),
        Specimen(
            "diagonals",
            {
                "ne": poly((0, 0), (64, 64), (0, 64)),
                "sw": poly((0, 0), (32, 0), (64, 0), (64, 32), (64, 64), (32, 32), (16, 16)),
            },
            **_points(
                on_slope=(24, 24, "ne sw"),
                on_vertex_of_one=(16, 16, "ne sw"),
                on_collinear_vertex=(32, 0, "sw"),
                above_slope=(24, 25, "ne"),
            ),
        ),
        Specimen(
            "sliver",
            {"a": box(0, 0, 64, 64), "s": box(64, 0, 65, 64), "b": box(65, 0, 128, 64)},
            **_points(in_sliver=(64.5, 32, "s"), side=(64, 32, "a s"), other=(65, 64, "b s")),
        ),
        Specimen(
            "needle",
            {"a": poly((0, 0), (1024, 1), (0, 2)), "b": box(0, 2, 1024, 64)},
            **_points(tip=(1024, 1, "a"), middle=(512, 1, "a"), base=(0, 2, "a b")),
        ),
    ]


def _holes() -> list[Specimen]:
    hole = ring(16, 16, 48, 48)
    corner_hole = ((0, 0), (32, 16), (32, 32), (16, 32))
    return [
        Specimen(
            "island",
            {"frame": box(0, 0, 64, 64, hole), "island": box(16, 16, 48, 48)},
            **_points(
                shore=(16, 32, "frame island"),
                cape=(48, 48, "frame island"),
                inland=(32, 32, "island"),
                mainland=(8, 8, "frame"),
            ),
        ),
        Specimen(
            "empty_hole",
            {"frame": box(0, 0, 64, 64, hole)},
            **_points(hole=(32, 32, ""), shore=(16, 32, "frame"), cape=(16, 16, "frame")),
        ),
        Specimen(
            "hole_at_corner",
            {"frame": box(0, 0, 64, 64, corner_hole)},
            **_points(touching=(0, 0, "frame"), hole=(24, 24, ""), shore=(32, 24, "frame")),
        ),
        Specimen(
            "island_in_lake_on_island",
            {
                "a": MultiPolygon([box(0, 0, 64, 64, ring(8, 8, 56, 56)), box(24, 24, 40, 40)]),
                "b": box(8, 8, 56, 56, ring(24, 24, 40, 40)),
            },
            **_points(
                heart=(32, 32, "a"), lake=(16, 16, "b"), inner=(24, 30, "a b"), rim=(4, 4, "a")
            ),
        ),
    ]


def _parts() -> list[Specimen]:
    return [
        Specimen(
            "multipart",
            {
                "a": MultiPolygon([box(0, 0, 32, 32), box(64, 0, 96, 32)]),
                "b": box(32, 0, 64, 32),
            },
            **_points(
                first=(8, 8, "a"), second=(80, 8, "a"), between=(40, 8, "b"), edge=(64, 8, "a b")
            ),
        ),
        Specimen(
            "parts_touch_at_corner",
            {"a": MultiPolygon([box(0, 0, 32, 32), box(32, 32, 64, 64)])},
            **_points(corner=(32, 32, "a"), notch=(40, 8, ""), part=(40, 40, "a")),
        ),
        Specimen(
            "empty_and_missing",
            {"a": box(0, 0, 64, 64), "e": Polygon(), "m": None, "me": MultiPolygon()},
            **_points(inside=(8, 8, "a"), outside=(80, 8, "")),
        ),
        Specimen("nothing_at_all", {"e": Polygon(), "m": None}, **_points(anywhere=(8, 8, ""))),
        Specimen(
            "with_heights",
            {"a": Polygon([(*at(*p), 7.0) for p in ring(0, 0, 64, 64)])},
            **_points(inside=(8, 8, "a"), edge=(0, 8, "a"), outside=(-1, 8, "")),
        ),
    ]


def _faults() -> list[Specimen]:
    return [
        Specimen(
            "overlap",
            {"b": box(0, 0, 64, 64), "a": box(48, 0, 128, 64)},
            sound=False,
            **_points(
                twice=(56, 32, "a b"),
                once=(8, 8, "b"),
                edge_of_a=(48, 32, "a b"),
                edge_of_b=(64, 32, "a b"),
                corner=(64, 64, "a b"),
            ),
        ),
        Specimen(
            "twins",
            {"b": box(0, 0, 64, 64), "a": box(0, 0, 64, 64)},
            sound=False,
            **_points(inside=(8, 8, "a b"), edge=(0, 8, "a b"), outside=(-8, 8, "")),
        ),
        Specimen(
            "swallowed",
            {"a": box(0, 0, 64, 64), "b": box(16, 16, 48, 48)},
            sound=False,
            **_points(both=(32, 32, "a b"), edge=(16, 32, "a b"), around=(8, 8, "a")),
        ),
        Specimen(
            "gap",
            {"a": box(0, 0, 64, 64), "b": box(68, 0, 128, 64)},
            **_points(middle=(66, 32, ""), nearer_b=(67, 32, ""), west=(64, 32, "a")),
        ),
    ]


def _places() -> list[Specimen]:
    u = UNIT
    zero = {
        "nw": shapely.box(-64 * u, 0, 0, 64 * u),
        "ne": shapely.box(0, 0, 64 * u, 64 * u),
        "s": shapely.box(-64 * u, -64 * u, 64 * u, 0),
    }
    edges = {
        "east": shapely.box(180 - 64 * u, -32 * u, 180, 32 * u),
        "north": shapely.box(0, 90 - 64 * u, 64 * u, 90),
    }
    return [
        Specimen(
            "around_zero",
            zero,
            {"origin": (0.0, 0.0), "minus_zero": (-0.0, -0.0), "equator": (-u, 0.0)},
            {"origin": {"nw", "ne", "s"}, "minus_zero": {"nw", "ne", "s"}, "equator": {"nw", "s"}},
        ),
        Specimen(
            "edge_of_the_world",
            edges,
            {"antimeridian": (180.0, 0.0), "pole": (8 * u, 90.0), "other_side": (-180.0, 0.0)},
            {"antimeridian": {"east"}, "pole": {"north"}, "other_side": set()},
        ),
    ]


def _invalid() -> list[Specimen]:
    bowtie = poly((0, 0), (64, 64), (64, 0), (0, 64))
    return [
        Specimen(
            "bowtie",
            {"a": bowtie, "b": box(64, 0, 128, 64)},
            valid=False,
            **_points(wing=(8, 32, "a"), crossing=(32, 32, "a"), edge=(64, 32, "a b")),
        ),
        Specimen(
            "parts_overlap",
            {"a": MultiPolygon([box(0, 0, 48, 64), box(16, 0, 64, 64)])},
            valid=False,
            **_points(once=(8, 8, "a"), twice=(32, 32, "a"), outside=(80, 8, "")),
        ),
    ]


def nested() -> Coverage:
    """Three levels: community 1 of two grids, community 2 without any, an orphan grid.

    ::

        y 128 +--------+--------+--------+
              |   1002 |        |        |
           64 +--------+  c 2   | orphan |     subdistrict s: communities 1 and 2
              |   1001 |        |        |
            0 +--------+--------+--------+
              0        64       128      192
    """
    levels = Levels(["subdistrict", "community", "grid"])

    def area(level: str, code: str, parent: tuple[str, str] | None = None) -> Area:
        up, over = parent or (None, None)
        return Area(-1, level, code, code, parent_level=up, parent_code=over)

    areas = [
        area("grid", "1002", ("community", "1")),
        area("grid", "1001", ("community", "1")),
        area("grid", "orphan"),
        area("community", "2", ("subdistrict", "s")),
        area("community", "1", ("subdistrict", "s")),
        area("subdistrict", "s"),
    ]
    wrong = box(0, 0, 8, 8)  # declared geometry of parents is never asked
    geometry = [
        box(0, 64, 64, 128),
        box(0, 0, 64, 64),
        box(128, 0, 192, 128),
        box(64, 0, 128, 128),
        wrong,
        None,
    ]
    return Coverage.build("nested", levels, areas, objects(geometry))
