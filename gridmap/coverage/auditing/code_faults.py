"""Faults of codes and links."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from gridmap.areas import PROVISIONAL_MARK
from gridmap.coverage.auditing.faults import Fault, area_fault, label, places_of
from gridmap.coverage.importing.code_shapes import code_shape_faults
from gridmap.coverage.measure import Ruler
from gridmap.coverage.model import Coverage
from gridmap.coverage.notes import Severity
from gridmap.i18n import Saying

__all__ = ["code_faults"]

_DUPLICATE = re.compile(r"(.+)" + re.escape(PROVISIONAL_MARK) + r"\d+\Z")

# Codes are hierarchical at a level when this share of children begin with a parent's code
# of at least so many characters; then the others are worth a look. (A district "1" with a
# precinct "9151" is no fault.)
_HIERARCHICAL_SHARE = 0.8
_PREFIX_LENGTH = 3

_Finding = tuple[str, Severity, int, Saying]


def code_faults(coverage: Coverage, ruler: Ruler) -> list[Fault]:
    """Return provisional codes, broken links, codes not their parent's or of another shape."""
    found = [*_provisional(coverage), *_unlinked(coverage), *_off_prefix(coverage)]
    places = places_of(coverage, ruler, [row for _, _, row, _ in found])
    out = [
        area_fault(kind, severity, coverage, row, said, place)
        for (kind, severity, row, said), place in zip(found, places, strict=True)
    ]
    return out + code_shape_faults(coverage, ruler)


def _provisional(coverage: Coverage) -> list[_Finding]:
    out: list[_Finding] = []
    for row in np.flatnonzero(coverage.provisional & ~coverage.hidden).tolist():
        original = _DUPLICATE.match(str(coverage.code[row]))
        kind = "duplicate_code" if original else "blank_code"
        values = {"area": label(coverage, row), "code": original[1] if original else ""}
        out.append((kind, "warning", row, Saying(f"fault.{kind}", values)))
    return out


def _unlinked(coverage: Coverage) -> list[_Finding]:
    """Areas without a link although the edition holds areas of a coarser level."""
    out: list[_Finding] = []
    for row in _without_parent(coverage).tolist():
        given = coverage.parent_code_given[row]
        kind = "parent_unknown" if given else "missing_parent"
        values = {"area": label(coverage, row), "parent": given}
        out.append((kind, "error", row, Saying(f"fault.{kind}", values)))
    return out


def _without_parent(coverage: Coverage) -> NDArray[np.int64]:
    if not len(coverage):
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero((coverage.parent < 0) & (coverage.rank > coverage.rank.min()))


def _off_prefix(coverage: Coverage) -> list[_Finding]:
    out: list[_Finding] = []
    judged = (coverage.parent >= 0) & ~coverage.provisional & ~coverage.hidden
    for rank in np.unique(coverage.rank):
        linked = np.flatnonzero((coverage.rank == rank) & judged)
        pairs = [
            (int(r), str(coverage.code[r]), str(coverage.code[coverage.parent[r]])) for r in linked
        ]
        pairs = [p for p in pairs if _PREFIX_LENGTH <= len(p[2]) < len(p[1])]
        off = [row for row, code, parent in pairs if not code.startswith(parent)]
        if off and len(off) <= (1 - _HIERARCHICAL_SHARE) * len(pairs):
            out += [_prefix_finding(coverage, row) for row in off]
    return out


def _prefix_finding(coverage: Coverage, row: int) -> _Finding:
    values = {"area": label(coverage, row), "parent": label(coverage, int(coverage.parent[row]))}
    return "prefix_not_parent", "warning", row, Saying("fault.prefix_not_parent", values)
