"""Which tile a point lies in, and which tiles an edge reaches, by one monotone function.

Columns and rows come from ``int((x - west) * columns_a_degree)``, which never decreases as
``x`` grows, for points and for vertices alike. So an edge within one row reaches just the
columns between those of its ends. Where an edge crosses rows its place at their border is
rounded; there it is said to reach a little farther than it does, which does no harm.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gridmap.locate.tiles.jit import compiled, inlined
from gridmap.locate.tiles.orient import exact_scale
from gridmap.locate.tiles.records import Atoms, Words

__all__ = [
    "COLUMNS",
    "EPS",
    "HEAD",
    "MAX_IDS",
    "MAX_RECORDS",
    "PER_X",
    "PER_Y",
    "ROWS",
    "SCALE",
    "X0",
    "X1",
    "Y0",
    "Y1",
    "column_of",
    "count_reached",
    "fill_reached",
    "head_of",
    "reference_rows",
    "row_of",
    "tile_of",
]

# Places in the head, an array of doubles that describes the raster.
X0, X1, Y0, Y1 = 0, 1, 2, 3  # box of all vertices: points outside touch nothing
WEST, SOUTH, PER_X, PER_Y = 4, 5, 6, 7
COLUMNS, ROWS = 8, 9
EPS = 10  # a determinant of tile coordinates beyond it has the right sign
SCALE = 11  # for exact signs
MAX_IDS = 12  # most ids in a record
MAX_RECORDS = 13  # most records in a tile
HEAD = 16

_REACH = 2.0**-20  # of a tile, by which an edge is said to reach farther
_MAX_TILES = 1 << 28


def head_of(x: Words, y: Words, longest: tuple[float, float], tiles: float) -> Words:
    """Lay about `tiles` tiles, square on the ground, over the box of some vertices.

    `longest` is the greatest extent of an edge in x and in y.
    """
    head = np.zeros(HEAD)
    if not len(x):
        head[X0], head[X1], head[Y0], head[Y1] = np.inf, -np.inf, np.inf, -np.inf
        head[PER_X] = head[PER_Y] = head[COLUMNS] = head[ROWS] = head[SCALE] = 1
        return head
    low, high = np.array([x.min(), y.min()]), np.array([x.max(), y.max()])
    largest = float(max(np.abs(low).max(), np.abs(high).max()))
    finest = max(largest, 1e-100) * 2.0**-40
    # A little room round the box, so that even a box without extent has places beside it.
    room = np.maximum((high - low) * 1e-6, 64 * finest)
    low_, size = low - room, high - low + 2 * room
    squeeze = max(np.cos(np.radians(np.clip(low + high, -170, 170)[1] / 2)), 0.05)
    side = np.sqrt(size[0] * squeeze * size[1] / min(max(tiles, 1), _MAX_TILES))
    # A long and thin coverage must not get more tiles than were asked for.
    number = np.clip(np.round(size * [squeeze, 1] / side), 1, min(max(tiles, 1), _MAX_TILES))
    number = np.minimum(number, np.maximum(np.floor(size / (8 * finest)), 1))
    if number[0] * number[1] > 2 * _MAX_TILES:
        number = np.maximum(np.floor(number / 2), 1)
    per = number / size
    head[[X0, Y0]], head[[X1, Y1]] = low, high
    head[[WEST, SOUTH]], head[[PER_X, PER_Y]] = low_, per
    head[[COLUMNS, ROWS]] = np.floor((high - low_) * per) + 1
    reach = 1 / per + np.array(longest)
    head[EPS] = 16 * 2.0**-53 * 2 * reach[0] * reach[1] + 1e-290
    # Reference points lie in the tiles, so a little outside the box of the vertices too.
    head[SCALE] = exact_scale(float(max(np.abs(low_).max(), np.abs(low_ + size).max())))
    return head


@inlined
def column_of(head: Words, x: float) -> int:
    """Column of a coordinate in the box of the vertices."""
    return int((x - head[WEST]) * head[PER_X])


@inlined
def row_of(head: Words, y: float) -> int:
    """Row of a coordinate in the box of the vertices."""
    return int((y - head[SOUTH]) * head[PER_Y])


@inlined
def tile_of(head: Words, columns: int, x: float, y: float) -> int:
    """Tile of a point in the box of the coverage, -1 for others and for what is no number."""
    if x >= head[X0] and x <= head[X1] and y >= head[Y0] and y <= head[Y1]:
        return int((y - head[SOUTH]) * head[PER_Y]) * columns + int((x - head[WEST]) * head[PER_X])
    return -1


@inlined
def _columns_in(
    head: Words, ax: float, ay: float, bx: float, by: float, row: int
) -> tuple[int, int]:
    """First and last column that an edge crossing several rows reaches in one of them."""
    if ay > by:
        ax, ay, bx, by = bx, by, ax, ay
    low, high = min(ax, bx), max(ax, bx)
    tall, slope = 1 / head[PER_Y], (bx - ax) / (by - ay)
    reach = tall * _REACH
    south = head[SOUTH] + row * tall - reach
    north = head[SOUTH] + (row + 1) * tall + reach
    enter = ax if south <= ay else ax + (south - ay) * slope
    leave = bx if north >= by else ax + (north - ay) * slope
    reach = _REACH / head[PER_X]
    first, last = min(enter, leave) - reach, max(enter, leave) + reach
    # Also where the slope overflowed.
    if not first >= low:
        first = low
    if not last <= high:
        last = high
    return column_of(head, first), column_of(head, last)


@compiled
def count_reached(head: Words, x: Words, y: Words, member: Atoms, count: NDArray[np.int32]) -> int:
    """Count the edges that reach each tile; `member` is negative at the last vertex of a ring."""
    columns = int(head[COLUMNS])
    total = 0
    for i in range(len(x) - 1):
        if member[i] < 0:
            continue
        a, b = row_of(head, y[i]), row_of(head, y[i + 1])
        if a == b:
            first, last = column_of(head, x[i]), column_of(head, x[i + 1])
            for column in range(min(first, last), max(first, last) + 1):
                count[a * columns + column] += 1
                total += 1
            continue
        for row in range(min(a, b), max(a, b) + 1):
            first, last = _columns_in(head, x[i], y[i], x[i + 1], y[i + 1], row)
            for column in range(first, last + 1):
                count[row * columns + column] += 1
            total += last + 1 - first
    return total


@compiled
def fill_reached(
    head: Words, x: Words, y: Words, member: Atoms, place: NDArray[np.int64], refs: Atoms
) -> None:
    """Write each tile's edges, ascending, at the tile's place, which moves on.

    The lowest bit says that the tile is the last that the edge reaches in its row.
    """
    columns = int(head[COLUMNS])
    for i in range(len(x) - 1):
        if member[i] < 0:
            continue
        a, b = row_of(head, y[i]), row_of(head, y[i + 1])
        for row in range(min(a, b), max(a, b) + 1):
            if a == b:
                first, last = column_of(head, x[i]), column_of(head, x[i + 1])
                first, last = min(first, last), max(first, last)
            else:
                first, last = _columns_in(head, x[i], y[i], x[i + 1], y[i + 1], row)
            for column in range(first, last + 1):
                tile = row * columns + column
                refs[place[tile]] = 2 * i + (column == last)
                place[tile] += 1


@compiled
def _vertices_on(head: Words, y: Words, line: Words, bad: NDArray[np.bool_]) -> int:
    """Mark the rows whose line goes through a vertex; return how many."""
    found = 0
    for value in y:
        row = row_of(head, value)
        if line[row] == value and not bad[row]:
            bad[row] = True
            found += 1
    return found


def reference_rows(head: Words, y: Words, fraction: Callable[[int], float]) -> Words:
    """For each row of tiles a height at which no vertex lies."""
    rows = np.arange(head[ROWS])
    line = np.empty(len(rows))
    bad = np.ones(len(rows), dtype=bool)
    attempt = 0
    while bad.any():
        line[bad] = head[SOUTH] + (rows[bad] + fraction(attempt)) / head[PER_Y]
        bad[:] = False
        if not _vertices_on(head, y, line, bad):
            break
        attempt += 1
    return line
