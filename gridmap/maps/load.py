"""How many orders each area had, drawn as plain SVG: for a page that is printed.

The areas are the edition's own, with shared borders thinned together; no tiles, no script.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely

from gridmap.coverage.model import Coverage
from gridmap.crs import metres_per_degree
from gridmap.maps.colours import ZERO, CountClass, class_of, count_classes
from gridmap.maps.geometry import simplified
from gridmap.maps.sketch import svg_path

__all__ = ["Drawing", "load_drawing"]

_WIDTH, _MOST_HEIGHT = 640.0, 560.0
# Fractions of a millimetre on paper.
_TOLERANCE_UNITS = 0.6
_BARS_M = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)


@dataclass(frozen=True, slots=True)
class Drawing:
    """Areas coloured by their orders.

    Attributes
    ----------
    width, height : float
        Of the drawing, in its units.
    areas : tuple of (code, path, colour)
        Paths of SVG, in the order of the codes.
    classes : tuple of CountClass
        What the colours stand for; zero has a colour of its own, `zero`.
    bar, bar_m : float, int
        A scale: so many units are so many metres.
    """

    width: float
    height: float
    areas: tuple[tuple[str, str, str], ...]
    classes: tuple[CountClass, ...]
    bar: float
    bar_m: int
    zero: str = ZERO


def load_drawing(coverage: Coverage, level: str, counts: Mapping[str, int]) -> Drawing | None:
    """Draw the areas of a level, each in the colour of its count; None without any shape.

    Parameters
    ----------
    counts : mapping of code to count
        An area that is missing has none.
    """
    rows = coverage.rows(level)
    rows = rows[~coverage.hidden[rows]]
    here = coverage.shapes[rows]
    there = ~(shapely.is_missing(here) | shapely.is_empty(here))
    if not there.any():
        return None
    west, south, east, north = shapely.total_bounds(here[there])
    scale = np.array(metres_per_degree((south + north) / 2), dtype=float)
    size = np.maximum(np.array([east - west, north - south]) * scale, 1.0)
    unit = min((_WIDTH - 8) / size[0], (_MOST_HEIGHT - 8) / size[1])
    thin = simplified(coverage, _TOLERANCE_UNITS / unit).shapes[rows]

    def draw(xy: np.ndarray) -> np.ndarray:
        moved = (np.asarray(xy) - [west, north]) * scale * unit
        return np.stack([4 + moved[..., 0], 4 - moved[..., 1]], axis=-1)

    classes = tuple(count_classes(counts.values()))
    areas = []
    for row, shape in zip(rows[there], thin[there], strict=True):
        code = str(coverage.code[row])
        place = class_of(counts.get(code, 0), classes)
        colour = ZERO if place is None else classes[place].colour
        areas.append((code, svg_path(shapely.transform(shape, draw)), colour))
    bar_m = max((m for m in _BARS_M if m * unit <= _WIDTH / 3), default=_BARS_M[0])
    return Drawing(
        round(float(size[0]) * unit + 8, 1),
        round(float(size[1]) * unit + 8, 1),
        tuple(areas),
        classes,
        round(bar_m * unit, 1),
        bar_m,
    )
