"""Colours of the maps and the classes of a choropleth.

The ramp runs from pale yellow-green over teal to deep blue: its lightness falls steadily,
so it is read in the right order with any kind of colour blindness and in grey print, and
it holds no red. Categories are told apart by the character on their pin first, by colour
only second.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gridmap.errors import BadValue

__all__ = [
    "PIN_COLOURS",
    "RAMPS",
    "WITHHELD",
    "ZERO",
    "CountClass",
    "class_of",
    "count_classes",
    "ramp",
]

ZERO = "#faf9f5"
WITHHELD = "#e2e4e6"

_LONGEST = ("#f4f6dc", "#cce3b8", "#98cdb9", "#62adbd", "#3f8bb6", "#2a6096")

# Fewer classes take steps spread over the whole ramp.
RAMPS: dict[int, tuple[str, ...]] = {
    1: (_LONGEST[2],),
    2: (_LONGEST[1], _LONGEST[4]),
    3: (_LONGEST[0], _LONGEST[2], _LONGEST[4]),
    4: (_LONGEST[0], _LONGEST[2], _LONGEST[3], _LONGEST[5]),
    5: (_LONGEST[0], _LONGEST[1], _LONGEST[2], _LONGEST[3], _LONGEST[5]),
    6: _LONGEST,
}

# Pin colours by theme; each carries a white character with a contrast of 4.5 or more.
PIN_COLOURS: dict[str, str] = {
    "party": "#a63a32",
    "care": "#8a5200",
    "health": "#00707c",
    "repair": "#4a5a23",
    "daily": "#3d5a9c",
    "public": "#6a4a8c",
    "safety": "#394653",
}


@dataclass(frozen=True, slots=True)
class CountClass:
    """One class of a choropleth: counts from `low` to `high`, both included."""

    low: int
    high: int
    colour: str


def ramp(classes: int) -> tuple[str, ...]:
    """Return the colours for 1 to 6 classes, light to dark."""
    try:
        return RAMPS[classes]
    except KeyError:
        raise BadValue(
            "A choropleth has 1 to 6 classes.", got=classes, allowed=sorted(RAMPS)
        ) from None


def count_classes(counts: Iterable[int], *, classes: int = 5) -> list[CountClass]:
    """Return up to `classes` quantile classes of the counts above zero.

    Parameters
    ----------
    counts : iterable of int
        Zeros are left out: they have a colour of their own.
    classes : int
        1 to 6; fewer come out when there are fewer distinct counts.

    Returns
    -------
    list of CountClass
        In order, without gaps between one class's `high` and the next one's `low`; empty
        when no count is above zero.
    """
    ramp(classes)
    values = np.sort(np.array([c for c in counts if c > 0], dtype=np.int64))
    if not len(values):
        return []
    edges = np.quantile(values, np.arange(1, classes + 1) / classes, method="inverted_cdf")
    highs = np.unique(edges.astype(np.int64)).tolist()
    lows = [int(values[0]), *[high + 1 for high in highs[:-1]]]
    colours = ramp(len(highs))
    return [CountClass(low, high, c) for low, high, c in zip(lows, highs, colours, strict=True)]


def class_of(count: int, classes: Sequence[CountClass]) -> int | None:
    """Return the place of the class that holds `count`; None for zero or no class."""
    for place, one in enumerate(classes):
        if one.low <= count <= one.high:
            return place
    return None
