"""Faults between levels: children against the declared polygons of their parents.

A parent's own shape is always the union of its atoms. The polygon it was imported with is
what somebody declared; where the two differ, one of them is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.auditing.face_faults import SLIVER_WIDTH_M, Subject
from gridmap.coverage.auditing.faces import Faces
from gridmap.coverage.auditing.faults import (
    Fault,
    area_fault,
    label,
    measured_fault,
    number,
    share_text,
    size_text,
)
from gridmap.coverage.measure import Measured
from gridmap.coverage.overlaps import has_shape, overlap_shares, polygonal
from gridmap.coverage.prepared import prepared_copies
from gridmap.i18n import Saying

__all__ = ["nesting_faults"]

Rows = NDArray[np.int64]
Geometries = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class _Declared:
    """Parents with a declared polygon: their rows, and the polygons, made valid."""

    rows: Rows
    polygons: Geometries

    def at(self, rows: Rows) -> Geometries:
        """Polygons of parents given by their rows in the coverage (all of them declared)."""
        return self.polygons[np.searchsorted(self.rows, rows)]


def nesting_faults(subject: Subject, faces: Faces) -> list[Fault]:
    """Return children outside their parents, and parents that children do not cover.

    Parameters
    ----------
    subject : Subject
    faces : Faces
        Of its atoms. What lies in their outline is covered or reported as a gap already.
    """
    coverage = subject.coverage
    is_parent = np.ones(len(coverage), dtype=bool)
    is_parent[subject.atoms] = False
    rows = np.flatnonzero(is_parent & has_shape(coverage.geometry))
    out = [*_childless(subject), *_left_over(subject)]
    if not len(rows):
        return out
    declared = _Declared(rows, polygonal(coverage.geometry[rows]))
    return [*out, *_outside(subject, declared), *_not_covered(subject, declared, faces.outline)]


def _childless(subject: Subject) -> list[Fault]:
    """Areas without children where most others of their level have some."""
    coverage = subject.coverage
    out = []
    for rank in np.unique(coverage.rank[coverage.parent[coverage.parent >= 0]]):
        level = np.flatnonzero(coverage.rank == rank)
        for row in np.intersect1d(level[~coverage.hidden[level]], subject.atoms):
            said = Saying("fault.no_children", {"area": label(coverage, row)})
            out.append(area_fault("no_children", "info", coverage, row, said))
    return out


def _left_over(subject: Subject) -> list[Fault]:
    """Remainders: ground of a parent that none of its children holds."""
    coverage = subject.coverage
    at = np.flatnonzero(coverage.hidden[subject.atoms])
    shapes = subject.polygons[at]
    size, stored = subject.ruler.measure(shapes), subject.ruler.stored(shapes)
    out = []
    for i, row in enumerate(coverage.answering[subject.atoms[at]].tolist()):
        what = size_text(size.area_m2[i], size.width_m[i])
        said = Saying("fault.left_over", {"area": label(coverage, row), "size": what})
        out.append(
            measured_fault(
                "parent_not_covered", "warning", subject.coverage, (row,), size, i, said, stored[i]
            )
        )
    return out


def _outside(subject: Subject, declared: _Declared) -> list[Fault]:
    """Parts of children outside their parent's declared polygon, one fault a child."""
    coverage = subject.coverage
    child, part = _parts_outside(subject, declared)
    size = subject.ruler.measure(part)
    share = np.minimum(shapely.area(part) / _area_of(subject)[child], 1.0)
    best = _best_parent(subject, declared, child, share > 0.5)
    real = (size.area_m2 >= subject.min_area_m2) & (size.width_m >= SLIVER_WIDTH_M)
    stored = subject.ruler.stored(part)
    out = []
    for i in np.flatnonzero(real).tolist():
        row, parent = int(child[i]), int(coverage.parent[child[i]])
        what = share_text(size_text(size.area_m2[i], size.width_m[i]), share[i])
        values = {
            "area": label(coverage, row),
            "parent": label(coverage, parent),
            "size": what,
        }
        if best[i] >= 0 and best[i] != parent:
            kind = "parent_disagrees"
            values["there"] = label(coverage, best[i])
        else:
            kind = "outside_parent"
        said = Saying(f"fault.{kind}", values)
        out.append(
            measured_fault(
                kind, "warning", subject.coverage, (row, parent), size, i, said, stored[i]
            )
        )
    return out + _drawn_apart(
        subject,
        size,
        ~real & (size.area_m2 > 0),
        "fault.apart_beyond",
    )


def _parts_outside(subject: Subject, declared: _Declared) -> tuple[Rows, Geometries]:
    """Children that are not within their declared parent, by row, and what of them is not.

    A child with children of its own is the union of its atoms, so it is found through them:
    making that union is needed only where an atom does cross the parent's border.
    """
    child, atom = _children_with_atoms(subject, declared)
    shape = subject.polygons[atom]
    outer = prepared_copies(declared.at(subject.coverage.parent[child]))
    crossing = np.flatnonzero(~shapely.covers(outer, shape))
    beyond = polygonal(shapely.difference(shape[crossing], outer[crossing]))
    keep = ~shapely.is_empty(beyond)
    rows, first, number = np.unique(child[crossing[keep]], return_index=True, return_counts=True)
    parts = beyond[keep]
    out = parts[first]
    for i in np.flatnonzero(number > 1):
        out[i] = shapely.union_all(parts[first[i] : first[i] + number[i]])
    return rows, out


def _children_with_atoms(subject: Subject, declared: _Declared) -> tuple[Rows, Rows]:
    """Pairs of a child of a declared parent (its row) and an atom of it, by child."""
    coverage, atoms = subject.coverage, subject.atoms
    line = np.column_stack([coverage.ancestors[atoms], atoms])
    child = np.where(coverage.hidden[line], -1, line)
    # An atom stands in its own column and in the last: it counts once.
    child[:, :-1][child[:, :-1] == atoms[:, None]] = -1
    wanted = (child >= 0) & np.isin(coverage.parent[child], declared.rows)
    atom = np.nonzero(wanted)[0]
    rows = child[wanted]
    order = np.lexsort((atom, rows))
    return rows[order], atom[order]


def _area_of(subject: Subject) -> NDArray[np.float64]:
    """Area of each row in the units of its coordinates: of a parent that of its atoms."""
    area = shapely.area(subject.polygons)
    out = np.zeros(len(subject.coverage))
    for above in subject.coverage.ancestors[subject.atoms].T:
        other = (above >= 0) & (above != subject.atoms)
        out += np.bincount(above[other], weights=area[other], minlength=len(out))
    out[subject.atoms] = area
    return out


def _best_parent(
    subject: Subject, declared: _Declared, child: Rows, wanted: NDArray[np.bool_]
) -> list[int]:
    """Row of the declared polygon of the parent's level that holds most of each child."""
    coverage = subject.coverage
    out = [-1] * len(child)
    for rank in np.unique(coverage.rank[coverage.parent[child[wanted]]]):
        mine = np.flatnonzero(wanted & (coverage.rank[coverage.parent[child]] == rank))
        shape = np.array([_shape(subject, int(child[m])) for m in mine], dtype=object)
        same = coverage.rank[declared.rows] == rank
        i, p, _ = overlap_shares(shape, declared.polygons[same])
        first = np.flatnonzero(np.diff(i, prepend=-1))
        for at in first:
            out[mine[i[at]]] = int(declared.rows[same][p[at]])
    return out


def _shape(subject: Subject, row: int) -> shapely.Geometry:
    line = subject.coverage.ancestors[subject.atoms, subject.coverage.rank[row]]
    return shapely.union_all(subject.polygons[(line == row) | (subject.atoms == row)])


def _not_covered(subject: Subject, declared: _Declared, outline: shapely.Geometry) -> list[Fault]:
    """Parts of declared polygons beyond the atoms, each place once, finest level first."""
    coverage = subject.coverage
    out: list[Fault] = []
    seen: list[shapely.Geometry] = []
    for rank in np.unique(coverage.rank[declared.rows])[::-1]:
        rows = declared.rows[coverage.rank[declared.rows] == rank]
        known = shapely.union_all([outline, *seen])
        shapely.prepare(known)
        rows = rows[~shapely.covers(known, declared.at(rows))]
        rest = polygonal(shapely.difference(declared.at(rows), known))
        parts, owner = shapely.get_parts(rest, return_index=True)
        each = subject.ruler.measure(parts)
        real = (each.area_m2 >= subject.min_area_m2) & (each.width_m >= SLIVER_WIDTH_M)
        kept, kept_owner = parts[real], owner[real]
        found = np.unique(kept_owner)
        whole = shapely.multipolygons(kept, indices=np.searchsorted(found, kept_owner))
        out += _uncovered(subject, rows[found], declared, whole)
        seen += list(kept)
        out += _drawn_apart(subject, each, ~real & (each.area_m2 > 0), "fault.apart_uncovered")
    return out


def _uncovered(subject: Subject, rows: Rows, declared: _Declared, parts: Geometries) -> list[Fault]:
    size = subject.ruler.measure(parts)
    stored = subject.ruler.stored(parts)
    share = shapely.area(parts) / shapely.area(declared.at(rows))
    out = []
    for i, row in enumerate(rows.tolist()):
        what = share_text(size_text(size.area_m2[i], size.width_m[i]), share[i], 2)
        values = {"area": label(subject.coverage, row), "size": what}
        said = Saying("fault.parent_not_covered", values)
        out.append(
            measured_fault(
                "parent_not_covered", "warning", subject.coverage, (row,), size, i, said, stored[i]
            )
        )
    return out


def _drawn_apart(
    subject: Subject, size: Measured, small: NDArray[np.bool_], key: str
) -> list[Fault]:
    """Count what is too small or too thin to list: levels whose borders were drawn apart."""
    at = np.flatnonzero(small)
    if not len(at):
        return []
    largest = at[np.argmax(size.area_m2[at])]
    total = float(size.area_m2[at].sum())
    said = Saying(key, {"n": len(at), "total": f"{total:.3g}"})
    lon, lat = number(size.lon[largest]), number(size.lat[largest])
    level = subject.coverage.levels[int(subject.coverage.rank[subject.atoms].max())].name
    return [Fault("levels_drawn_apart", "info", level, (), total, lon, lat, said)]
