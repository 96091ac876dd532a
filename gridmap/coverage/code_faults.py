"""Faults of codes, links and names."""

from __future__ import annotations

import re

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.areas import PROVISIONAL_MARK
from gridmap.coverage.encoding import misread_text
from gridmap.coverage.faults import Fault, area_fault, label, number
from gridmap.coverage.measure import Ruler
from gridmap.coverage.model import Coverage

__all__ = ["code_faults", "name_faults"]

_DUPLICATE = re.compile(r"(.+)" + re.escape(PROVISIONAL_MARK) + r"\d+\Z")

# Codes are hierarchical at a level when this share of children begin with a parent's code
# of at least so many characters; then the others are worth a look. (A district "1" with a
# precinct "9151" is no fault.)
_HIERARCHICAL_SHARE = 0.8
_PREFIX_LENGTH = 3


def code_faults(coverage: Coverage, ruler: Ruler) -> list[Fault]:
    """Return provisional codes, missing parents and codes that are not their parent's."""
    places = _Places(coverage, ruler)
    out = []
    for row in np.flatnonzero(coverage.provisional).tolist():
        original = _DUPLICATE.match(str(coverage.code[row]))
        kind = "duplicate_code" if original else "blank_code"
        what = f"the code {original[1]} is used more than once" if original else "it has no code"
        text = f"{label(coverage, row)} has a provisional code: {what}."
        out.append(area_fault(kind, "warning", coverage, row, text, places[row]))
    for row in _without_parent(coverage).tolist():
        text = f"{label(coverage, row)} has no parent although there are coarser levels."
        out.append(area_fault("missing_parent", "error", coverage, row, text, places[row]))
    for row in _off_prefix(coverage):
        above = label(coverage, int(coverage.parent[row]))
        text = f"The code of {label(coverage, row)} does not begin with that of {above}."
        out.append(area_fault("prefix_not_parent", "warning", coverage, row, text, places[row]))
    return out


def name_faults(coverage: Coverage, ruler: Ruler) -> list[Fault]:
    """Return names that are mojibake, with what they were meant to be."""
    places = _Places(coverage, ruler)
    out = []
    for row in range(len(coverage)):
        found = misread_text(str(coverage.name[row]))
        broken = "\ufffd" in coverage.name[row]
        if found is None and not broken:
            continue
        meant = (
            f"'{found.likely}' in {found.really} read as {found.read_as}"
            if found
            else "characters were lost"
        )
        text = f"The name of {label(coverage, row)} is broken: {meant}."
        out.append(area_fault("mojibake", "warning", coverage, row, text, places[row]))
    return out


class _Places:
    """A point inside an area, found when it is asked for."""

    def __init__(self, coverage: Coverage, ruler: Ruler) -> None:
        self._coverage = coverage
        self._ruler = ruler

    def __getitem__(self, row: int) -> tuple[float | None, float | None]:
        shape = self._coverage.shapes[row]
        if shape is None or shape.is_empty:
            return None, None
        x, y = shapely.get_coordinates(shapely.point_on_surface(shape))[0]
        lon, lat = self._ruler.lonlat(np.array([x]), np.array([y]))
        return number(lon[0]), number(lat[0])


def _without_parent(coverage: Coverage) -> NDArray[np.int64]:
    """Rows that have no link although the edition holds areas of a coarser level."""
    if not len(coverage):
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero((coverage.parent < 0) & (coverage.rank > coverage.rank.min()))


def _off_prefix(coverage: Coverage) -> list[int]:
    out: list[int] = []
    for rank in np.unique(coverage.rank):
        linked = np.flatnonzero(
            (coverage.rank == rank) & (coverage.parent >= 0) & ~coverage.provisional
        )
        pairs = [
            (int(r), str(coverage.code[r]), str(coverage.code[coverage.parent[r]])) for r in linked
        ]
        pairs = [p for p in pairs if _PREFIX_LENGTH <= len(p[2]) < len(p[1])]
        off = [row for row, code, parent in pairs if not code.startswith(parent)]
        if off and len(off) <= (1 - _HIERARCHICAL_SHARE) * len(pairs):
            out += off
    return out
