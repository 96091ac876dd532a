"""Names on a map that cover neither markers nor each other; those without room are left out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.sheets.papers import Box

__all__ = ["Label", "Labels", "lines_of", "text_width"]

Floats = NDArray[np.float64]

# Where along a road its name is tried, as shares of the road on the paper.
_ALONG = (0.5, 0.35, 0.65, 0.2, 0.8)
# A name follows its road where that is straight: chord to arc.
_STRAIGHT = 0.985
# What is not broken: a run of letters without Chinese ones, up to a blank, a comma or a semicolon.
_WORDS = re.compile(r"[^\s,;\u2014-\uffff]+[\s,;]*|[\s,;]+|[\u2014-\uffff]")
# Where around the middle of an area its name is tried, in widths and heights of the name.
_BESIDE = np.array(
    [(0.0, 0.0)]
    + [
        (dx, dy)
        for dy in (0.0, -1.4, 1.4, -2.8, 2.8)
        for dx in (0.0, -0.35, 0.35)
        if (dx, dy) != (0.0, 0.0)
    ]
)


def text_width(text: str, size: float) -> float:
    """Return about how long a text is, in the unit of `size`, the height of its type."""
    wide = sum(1.0 if unicodedata.east_asian_width(c) in "WFA" else 0.58 for c in text)
    return wide * size


def lines_of(text: str, size: float, width: float) -> int:
    """Return into about how many lines a text breaks in a column.

    Words stay whole unless one is longer than the column.
    """
    lines, used = 0, width
    for word in _WORDS.findall(text):
        if used + text_width(word.rstrip(), size) > width:
            lines, used = lines + 1, 0.0
        used += text_width(word, size)
        while used > width and word.strip():
            lines, used = lines + 1, used - width
    return lines


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
        self._taken: NDArray[np.object_] = np.array([None, *taken], dtype=object)[1:]
        self._inner = shapely.box(0.8, 0.8, box.width - 0.8, box.height - 0.8)
        self.placed: list[Label] = []
        self._said: set[tuple[str, str]] = set()

    def keep_clear(self, shape: Any) -> None:
        """Let no name that is placed from now on cover a shape."""
        self._taken = np.append(self._taken, shape)

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
        shift = _BESIDE * (text_width(text, size), size)
        spots = np.column_stack([middle + shift, np.zeros(len(shift))])
        return self._first(text, spots, size, style, within=within)

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
            middles = np.clip(np.array(_ALONG) * length, width / 2, length - width / 2)
            at = np.stack([middles - width / 2, middles + width / 2], axis=1)
            ends = shapely.get_coordinates(shapely.line_interpolate_point(line, at.ravel()))
            ends = ends.reshape(-1, 2, 2)
            chord = ends[:, 1] - ends[:, 0]
            straight = np.hypot(*chord.T) >= _STRAIGHT * width
            turn = np.degrees(np.arctan2(chord[:, 1], chord[:, 0]))
            turn = np.where(turn > 90, turn - 180, np.where(turn <= -90, turn + 180, turn))
            spots = np.column_stack([ends.mean(axis=1), turn])[straight]
            if self._first(text, spots, size, style):
                return True
        return False

    def _first(
        self, text: str, spots: Floats, size: float, style: str, *, within: Any = None
    ) -> bool:
        """Place a name at the first spot (x, y, turn) where it has room, if there is one."""
        rooms = _rooms(text, spots, size)
        good = shapely.contains_properly(self._inner, rooms)
        if within is not None:
            good[good] = shapely.contains_properly(within, rooms[good])
        for at in np.flatnonzero(good):
            if not shapely.intersects(self._taken, rooms[at]).any():
                x, y, turn = (float(one) for one in spots[at])
                self.keep_clear(rooms[at])
                self._said.add((text, style))
                self.placed.append(Label(text, x, y, size, turn, style))
                return True
        return False


def _rooms(text: str, spots: Floats, size: float) -> NDArray[np.object_]:
    """Return what a name covers at each of some spots."""
    half_w, half_h = text_width(text, size) / 2 + 0.3, size * 0.6 + 0.15
    corners = np.array([(-half_w, -half_h), (half_w, -half_h), (half_w, half_h), (-half_w, half_h)])
    angle = np.radians(spots[:, 2])
    cos, sin = np.cos(angle), np.sin(angle)
    spin = np.stack([np.stack([cos, sin], axis=1), np.stack([-sin, cos], axis=1)], axis=1)
    rooms: NDArray[np.object_] = shapely.polygons(corners @ spin + spots[:, None, :2])
    return rooms
