"""What areas are coloured by: counts or shares of one level, with their classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from gridmap.coverage.model import Coverage
from gridmap.maps.colours import WITHHELD, ZERO, class_of, count_classes

__all__ = ["Choropleth", "fill_data", "fill_legend"]


@dataclass(frozen=True, slots=True)
class Choropleth:
    """Counts or shares of one level, to be shown as colours.

    Attributes
    ----------
    level : str
        Level of the codes.
    counts : mapping of code to int or None
        None is withheld, or not known.
    label, label_en, unit, unit_en : str
        What is counted, and in what.
    period : str
        From when to when, as text.
    minimum : int
        Counts below it are withheld from this reader; 0 for none.
    key : str
        Names it in an address.
    missing : int or None
        What an area without an entry counts.
    per : int
        Counts are shown divided by it: 10 for shares in tenths of a percent.
    """

    level: str
    counts: Mapping[str, int | None]
    label: str
    label_en: str
    unit: str = "件"
    unit_en: str = "reports"
    period: str = ""
    minimum: int = 0
    key: str = "reports"
    missing: int | None = 0
    per: int = 1


def fill_data(coverage: Coverage, choropleth: Choropleth) -> dict[str, Any]:
    """Return the legend, and ``count`` and ``cls`` of every area of its level, in their order.

    In `count` -1 stands for withheld or not known; in `cls` too, and -2 for zero.
    """
    shown = [
        choropleth.counts.get(coverage.code[row], choropleth.missing)
        for row in _rows(coverage, choropleth.level)
    ]
    legend = count_classes([c for c in shown if c is not None])
    places = [None if c is None else class_of(c, legend) for c in shown]
    return {
        "key": choropleth.key,
        "rank": coverage.levels.rank(choropleth.level),
        "label": {"zh": choropleth.label, "en": choropleth.label_en},
        "unit": {"zh": choropleth.unit, "en": choropleth.unit_en},
        "period": choropleth.period,
        "minimum": choropleth.minimum,
        "per": choropleth.per,
        "classes": [{"low": c.low, "high": c.high, "colour": c.colour} for c in legend],
        "zeroColour": ZERO,
        "withheldColour": WITHHELD,
        "count": [-1 if c is None else int(c) for c in shown],
        "cls": [
            -1 if c is None else -2 if p is None else p for c, p in zip(shown, places, strict=True)
        ],
    }


def fill_legend(coverage: Coverage, choropleth: Choropleth) -> tuple[dict[str, Any], Any, Any]:
    """Return the legend, and count and class spread over the areas of all levels."""
    data = fill_data(coverage, choropleth)
    rows = _rows(coverage, choropleth.level)
    spread: dict[str, list[int | None]] = {}
    for name in ("count", "cls"):
        column: list[int | None] = [None] * len(coverage)
        for row, value in zip(rows, data.pop(name), strict=True):
            column[row] = value
        spread[name] = column
    return data, spread["count"], spread["cls"]


def _rows(coverage: Coverage, level: str) -> list[int]:
    """Return the areas of a level in the order of the coverage, which the page keeps."""
    found: list[int] = np.flatnonzero(coverage.rank == coverage.levels.rank(level)).tolist()
    return found
