"""Faults of the faces: overlaps, gaps and enclaves, with their owners and their size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridmap.coverage.auditing.faces import Faces, neighbours
from gridmap.coverage.auditing.faults import Fault, label, measured_fault, number, size_text
from gridmap.coverage.measure import Measured, Ruler
from gridmap.coverage.model import Coverage
from gridmap.coverage.notes import Severity
from gridmap.coverage.overlaps import has_shape, overlap_shares, polygonal
from gridmap.i18n import Saying

__all__ = [
    "ENCLAVE_COMPACTNESS",
    "ENCLAVE_WIDTH_M",
    "ROUNDING_WIDTH_M",
    "SLIVER_WIDTH_M",
    "Subject",
    "hole_faults",
    "overlap_faults",
]

# An enclave is a place: at least a building's plot of 10 x 10 m, whose width as measured
# here (twice the area over the perimeter) is 5 m, and of some compactness (4 pi area over
# the squared perimeter; a circle has 1, a strip of 1:60 has 0.05). Other holes are gaps.
ENCLAVE_WIDTH_M = 5.0
ENCLAVE_COMPACTNESS = 0.05

# Narrower than this, boundaries were meant to be the same line: a warning, no error.
SLIVER_WIDTH_M = 0.1

# Narrower than this is what rounding makes of borders that are the same: the last place of
# a coordinate in degrees is about a nanometre, and noding moves a point by some of them. A
# few such places are told one by one; more, and they would hide everything else.
ROUNDING_WIDTH_M = 1e-8
_MOST_ROUNDING = 20


@dataclass(frozen=True, eq=False)
class Subject:
    """A coverage under audit.

    Attributes
    ----------
    coverage : Coverage
    atoms : int64 (n,)
        Its atoms' rows.
    polygons : object (n,)
        The atoms as valid polygons, in the coordinates of `ruler`.
    ruler : Ruler
    min_area_m2 : float
        Smaller faults are no more than information, and counted where they are rounding.
    """

    coverage: Coverage
    atoms: NDArray[np.int64]
    polygons: NDArray[np.object_]
    ruler: Ruler
    min_area_m2: float


def overlap_faults(subject: Subject, faces: Faces) -> list[Fault]:
    """Return one fault for each pair of atoms that overlap; what is rounding counted in one."""
    shapes = np.empty(len(faces.overlaps), dtype=object)
    shapes[:] = [o.geometry for o in faces.overlaps]
    size = subject.ruler.measure(shapes)
    stored = subject.ruler.stored(shapes)
    listed = _listed(subject, size)
    out = []
    for i in np.flatnonzero(listed).tolist():
        rows = [int(subject.atoms[a]) for a in faces.overlaps[i].owners]
        owners = tuple(label(subject.coverage, r) for r in rows)
        what = size_text(size.area_m2[i], size.width_m[i])
        said = Saying("fault.overlap", {"owners": owners, "size": what})
        kind, severity = _how_bad("overlap", subject, size, i)
        out.append(measured_fault(kind, severity, subject.coverage, rows, size, i, said, stored[i]))
    return out + _rounding("overlap", subject, size, np.flatnonzero(~listed))


def hole_faults(subject: Subject, faces: Faces) -> list[Fault]:
    """Return one fault for each hole, told apart into gaps and possible enclaves.

    In the order of ``faces.holes``; what is rounding is counted in one, after the others.
    """
    size = subject.ruler.measure(faces.holes)
    stored = subject.ruler.stored(faces.holes)
    is_listed = _listed(subject, size)
    listed = np.flatnonzero(is_listed)
    inside = _declared_around(subject.coverage, faces.holes[listed])
    beside = neighbours(faces.holes[listed], subject.polygons)
    out = []
    for i, parent, along in zip(listed.tolist(), inside, beside, strict=True):
        rows = [int(subject.atoms[a]) for a in along]
        what = size_text(size.area_m2[i], size.width_m[i])
        values = {"size": what, "where": _between(subject.coverage, rows)}
        if parent >= 0 or not _is_place(size.area_m2[i], size.width_m[i]):
            within = {"parent": label(subject.coverage, parent)} if parent >= 0 else {}
            kind, severity = _how_bad("gap", subject, size, i)
            said = Saying("fault.gap_within" if within else "fault.gap", {**values, **within})
            out.append(
                measured_fault(kind, severity, subject.coverage, rows, size, i, said, stored[i])
            )
        else:
            said = Saying("fault.enclave", values)
            out.append(
                measured_fault("enclave?", "info", subject.coverage, rows, size, i, said, stored[i])
            )
    return out + _rounding("gap", subject, size, np.flatnonzero(~is_listed))


def _between(coverage: Coverage, rows: list[int]) -> Saying:
    names = tuple(label(coverage, r) for r in rows[:3])
    if len(rows) > 3:
        return Saying("fault.between_more", {"areas": names, "more": len(rows) - 3})
    return Saying("fault.between" if len(rows) > 1 else "fault.inside", {"areas": names})


def _listed(subject: Subject, size: Measured) -> NDArray[np.bool_]:
    """True for what is told one by one: all but rounding, and that too unless it is legion."""
    rounding = (size.area_m2 < subject.min_area_m2) & (size.width_m < ROUNDING_WIDTH_M)
    return ~rounding if np.count_nonzero(rounding) > _MOST_ROUNDING else np.ones_like(rounding)


def _how_bad(what: str, subject: Subject, size: Measured, i: int) -> tuple[str, Severity]:
    """Kind and severity of an overlap or gap: a sliver is told apart from a real one."""
    if size.area_m2[i] < subject.min_area_m2:
        return f"sliver_{what}", "info"
    if size.width_m[i] < SLIVER_WIDTH_M:
        return f"sliver_{what}", "warning"
    return what, "error"


def _is_place(area_m2: float, width_m: float) -> bool:
    """True when a hole of this size can be an enclave."""
    # the perimeter is 2 area / width, so 4 pi area / perimeter² is:
    compactness = np.pi * width_m**2 / area_m2
    return bool(width_m >= ENCLAVE_WIDTH_M and compactness >= ENCLAVE_COMPACTNESS)


def _declared_around(coverage: Coverage, holes: NDArray[np.object_]) -> list[int]:
    """Row of the finest declared parent that covers most of each hole, -1 for none."""
    is_parent = np.ones(len(coverage), dtype=bool)
    is_parent[coverage.atoms] = False
    rows = np.flatnonzero(is_parent & has_shape(coverage.geometry))
    out = [-1] * len(holes)
    hole, parent, share = overlap_shares(holes, polygonal(coverage.geometry[rows]))
    for h, p in zip(hole[share > 0.5], parent[share > 0.5], strict=True):
        row = int(rows[p])
        if out[h] < 0 or coverage.rank[row] > coverage.rank[out[h]]:
            out[h] = row
    return out


def _rounding(what: str, subject: Subject, size: Measured, small: NDArray[np.int64]) -> list[Fault]:
    if not len(small):
        return []
    total = float(size.area_m2[small].sum())
    largest = small[np.argmax(size.area_m2[small])]
    key = "fault.rounding_overlap" if what == "overlap" else "fault.rounding_gap"
    said = Saying(key, {"n": len(small), "total": f"{total:.3g}"})
    lon, lat = number(size.lon[largest]), number(size.lat[largest])
    level = subject.coverage.levels[int(subject.coverage.rank[subject.atoms].max())].name
    return [Fault(f"sliver_{what}", "info", level, (), total, lon, lat, said)]
