"""Names on a map that cover neither markers nor each other; those without room are left out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.sheets.papers import Box

__all__ = ["Label", "Labels", "text_width"]

Floats = NDArray[np.float64]

# Where along a road its name is tried, as shares of the road on the paper.
_ALONG = (0.5, 0.35, 0.65, 0.2, 0.8)
# A name follows its road where that is straight: chord to arc.
_STRAIGHT = 0.985


def text_width(text: str, size: float) -> float:
    """Return about how long a text is, in the unit of `size`, the height of its type."""
    wide = sum(1.0 if unicodedata.east_asian_width(c) in "WFA" else 0.58 for c in text)
    return wide * size


@dataclass(frozen=True, slots=True)
class Label:
    """A name where it stands: middle in millimetres, type size, turn in degrees, class."""

    text: str
    x: float
    y: float
    size: float
    turn: float
    style: str


class Labels:
    """Names that found room.

    Parameters
    ----------
    box : Box
        The paper.
    taken : iterable of shapely geometries
        Markers, scale bar and the like.
    """

    def __init__(self, box: Box, taken: Iterable[Any]) -> None:
        self._taken: list[Any] = list(taken)
        self._inner = shapely.box(0.8, 0.8, box.width - 0.8, box.height - 0.8)
        self.placed: list[Label] = []
        self._said: set[tuple[str, str]] = set()

    def keep_clear(self, shape: Any) -> None:
        """Let no name that is placed from now on cover a shape."""
        self._taken.append(shape)

    def on_area(
        self, text: str, shape: Any, size: float, style: str, *, within: Any = None
    ) -> bool:
        """Place a name on an area, or near its middle; only where `within` holds all of it."""
        if not text or shapely.is_empty(shape):
            return False
        parts = shapely.get_parts(shape)
        largest = parts[int(np.argmax(shapely.area(parts)))]
        middle = shapely.get_coordinates(shapely.point_on_surface(largest))[0]
        centre = shapely.get_coordinates(shapely.centroid(largest))[0]
        if shapely.contains_xy(largest, *centre):
            middle = centre
        width = text_width(text, size)
        steps = [(0.0, 0.0), *((dx, dy) for dy in (0.0, -1.4, 1.4, -2.8, 2.8)
                               for dx in (0.0, -0.35, 0.35) if (dx, dy) != (0.0, 0.0))]  # fmt: skip
        for dx, dy in steps:
            x, y = middle[0] + dx * width, middle[1] + dy * size
            if self._try(text, x, y, size, 0.0, style, within=within):
                return True
        return False

    def along(self, text: str, lines: Any, size: float, style: str) -> bool:
        """Place a name along a road, once, where the road is straight enough and long enough."""
        if not text or (text, style) in self._said:
            return False
        width = text_width(text, size) + size
        parts = [p for p in shapely.get_parts(lines) if p.geom_type == "LineString"]
        for line in sorted(parts, key=shapely.length, reverse=True):
            length = float(shapely.length(line))
            if length < width:
                return False
            for share in _ALONG:
                middle = float(np.clip(share * length, width / 2, length - width / 2))
                ends = shapely.get_coordinates(
                    shapely.line_interpolate_point(line, [middle - width / 2, middle + width / 2])
                )
                (x0, y0), (x1, y1) = ends
                if np.hypot(x1 - x0, y1 - y0) < _STRAIGHT * width:
                    continue
                turn = float(np.degrees(np.arctan2(y1 - y0, x1 - x0)))
                turn = turn - 180 if turn > 90 else turn + 180 if turn <= -90 else turn
                if self._try(text, (x0 + x1) / 2, (y0 + y1) / 2, size, turn, style):
                    return True
        return False

    def _try(
        self,
        text: str,
        x: float,
        y: float,
        size: float,
        turn: float,
        style: str,
        *,
        within: Any = None,
    ) -> bool:
        room = _room(text, x, y, size, turn)
        if not shapely.contains_properly(self._inner, room):
            return False
        if within is not None and not shapely.contains_properly(within, room):
            return False
        if shapely.intersects(np.array(self._taken, dtype=object), room).any():
            return False
        self._taken.append(room)
        self._said.add((text, style))
        self.placed.append(Label(text, x, y, size, turn, style))
        return True


def _room(text: str, x: float, y: float, size: float, turn: float) -> Any:
    half_w, half_h = text_width(text, size) / 2 + 0.3, size * 0.6 + 0.15
    corners: Sequence[tuple[float, float]] = (
        (-half_w, -half_h), (half_w, -half_h), (half_w, half_h), (-half_w, half_h),
    )  # fmt: skip
    angle = np.radians(turn)
    spin = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return shapely.polygons(np.array(corners) @ spin + (x, y))
