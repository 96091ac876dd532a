"""Faults of the faces: overlaps, gaps and enclaves, with their owners and their size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.faces import Faces, neighbours
from gridmap.coverage.faults import Fault, label, number, size_text
from gridmap.coverage.measure import Measured, Ruler
from gridmap.coverage.model import Coverage
from gridmap.coverage.notes import Severity
from gridmap.coverage.overlaps import has_shape, overlap_shares, polygonal

__all__ = [
    "ENCLAVE_COMPACTNESS",
    "ENCLAVE_WIDTH_M",
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
        Smaller faults are counted, not listed.
    """

    coverage: Coverage
    atoms: NDArray[np.int64]
    polygons: NDArray[np.object_]
    ruler: Ruler
    min_area_m2: float


def overlap_faults(subject: Subject, faces: Faces) -> list[Fault]:
    """Return one fault for each pair of atoms that overlap; the tiny ones counted in one."""
    shapes = np.empty(len(faces.overlaps), dtype=object)
    shapes[:] = [o.geometry for o in faces.overlaps]
    size = subject.ruler.measure(shapes)
    stored = subject.ruler.stored(shapes)
    out = []
    for i in np.flatnonzero(size.area_m2 >= subject.min_area_m2).tolist():
        rows = [int(subject.atoms[a]) for a in faces.overlaps[i].owners]
        first, second = (label(subject.coverage, r) for r in rows)
        text = f"{first} and {second} overlap by {size_text(size.area_m2[i], size.width_m[i])}."
        severity: Severity = "warning" if size.width_m[i] < SLIVER_WIDTH_M else "error"
        out.append(_place("overlap", severity, subject, rows, size, i, text, stored[i]))
    small = np.flatnonzero(size.area_m2 < subject.min_area_m2)
    return out + _slivers("sliver_overlap", "overlap", subject, size, small)


def hole_faults(subject: Subject, faces: Faces) -> list[Fault]:
    """Return one fault for each hole, told apart into gaps and possible enclaves."""
    size = subject.ruler.measure(faces.holes)
    stored = subject.ruler.stored(faces.holes)
    tree = shapely.STRtree(subject.polygons)
    listed = np.flatnonzero(size.area_m2 >= subject.min_area_m2)
    inside = _declared_around(subject.coverage, faces.holes[listed])
    out = []
    for i, parent in zip(listed.tolist(), inside, strict=True):
        along = neighbours(faces.holes[i], subject.polygons, tree)
        rows = [int(subject.atoms[a]) for a in along]
        what = size_text(size.area_m2[i], size.width_m[i])
        between = " and ".join(label(subject.coverage, r) for r in rows[:3])
        between += f" and {len(rows) - 3} more" if len(rows) > 3 else ""
        if parent >= 0 or not _is_place(size.area_m2[i], size.width_m[i]):
            within = f", within {label(subject.coverage, parent)}" if parent >= 0 else ""
            severity: Severity = "warning" if size.width_m[i] < SLIVER_WIDTH_M else "error"
            text = f"Gap of {what} between {between}{within}."
            out.append(_place("gap", severity, subject, rows, size, i, text, stored[i]))
        else:
            text = f"Hole of {what} between {between}: an enclave, or an area is missing."
            out.append(_place("enclave?", "info", subject, rows, size, i, text, stored[i]))
    small = np.flatnonzero(size.area_m2 < subject.min_area_m2)
    return out + _slivers("sliver_gap", "gap", subject, size, small)


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


def _slivers(
    kind: str, what: str, subject: Subject, size: Measured, small: NDArray[np.int64]
) -> list[Fault]:
    if not len(small):
        return []
    total = float(size.area_m2[small].sum())
    largest = small[np.argmax(size.area_m2[small])]
    text = (
        f"{len(small)} {what}{'s' * (len(small) > 1)} smaller than"
        f" {subject.min_area_m2:g} m², {total:.3g} m² in all."
    )
    lon, lat = number(size.lon[largest]), number(size.lat[largest])
    level = subject.coverage.levels[int(subject.coverage.rank[subject.atoms].max())].name
    return [Fault(kind, "info", level, (), total, lon, lat, text)]


def _place(
    kind: str,
    severity: Severity,
    subject: Subject,
    rows: list[int],
    size: Measured,
    i: int,
    text: str,
    geometry: shapely.Geometry,
) -> Fault:
    coverage = subject.coverage
    return Fault(
        kind=kind,
        severity=severity,
        level=coverage.levels[int(coverage.rank[rows[0]])].name,
        codes=tuple(str(coverage.code[r]) for r in rows),
        area_m2=float(size.area_m2[i]),
        lon=number(size.lon[i]),
        lat=number(size.lat[i]),
        text=text,
        geometry=geometry,
    )
