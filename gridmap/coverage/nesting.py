"""Faults between levels: children against the declared polygons of their parents.

A parent's own shape is always the union of its atoms. The polygon it was imported with is
what somebody declared; where the two differ, one of them is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.face_faults import SLIVER_WIDTH_M, Subject
from gridmap.coverage.faults import Fault, area_fault, label, number, size_text
from gridmap.coverage.measure import Measured
from gridmap.coverage.overlaps import has_shape, overlap_shares, polygonal

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


def nesting_faults(subject: Subject, outline: shapely.Geometry) -> list[Fault]:
    """Return children outside their parents, and parents that children do not cover.

    Parameters
    ----------
    subject : Subject
    outline : geometry
        Union of the atoms without its holes, which are reported as gaps already.
    """
    coverage = subject.coverage
    is_parent = np.ones(len(coverage), dtype=bool)
    is_parent[subject.atoms] = False
    rows = np.flatnonzero(is_parent & has_shape(coverage.geometry))
    out = _childless(subject)
    if not len(rows):
        return out
    declared = _Declared(rows, polygonal(coverage.geometry[rows]))
    return [*out, *_outside(subject, declared), *_not_covered(subject, declared, outline)]


def _childless(subject: Subject) -> list[Fault]:
    """Areas without children where most others of their level have some."""
    coverage = subject.coverage
    out = []
    for rank in np.unique(coverage.rank[coverage.parent[coverage.parent >= 0]]):
        level = np.flatnonzero(coverage.rank == rank)
        for row in np.intersect1d(level, subject.atoms):
            text = f"{label(coverage, row)} has no children; it answers for itself."
            out.append(area_fault("no_children", "info", coverage, row, text))
    return out


def _outside(subject: Subject, declared: _Declared) -> list[Fault]:
    """Parts of children outside their parent's declared polygon, one fault a child."""
    coverage = subject.coverage
    child = np.flatnonzero(np.isin(coverage.parent, declared.rows))
    shape = _shapes(subject, child)
    outer = declared.at(coverage.parent[child])
    shapely.prepare(outer)
    crossing = ~shapely.covers(outer, shape)
    child, shape, outer = child[crossing], shape[crossing], outer[crossing]
    part = polygonal(shapely.difference(shape, outer))
    size = subject.ruler.measure(part)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = shapely.area(part) / shapely.area(shape)
    best = _best_parent(subject, declared, child, shape, share > 0.5)
    real = (size.area_m2 >= subject.min_area_m2) & (size.width_m >= SLIVER_WIDTH_M)
    stored = subject.ruler.stored(part)
    out = []
    for i in np.flatnonzero(real):
        row, parent = int(child[i]), int(coverage.parent[child[i]])
        what = f"{size_text(size.area_m2[i], size.width_m[i])}, {share[i]:.1%} of it"
        who, above = label(coverage, row), label(coverage, parent)
        if best[i] >= 0 and best[i] != parent:
            kind = "parent_disagrees"
            there = label(coverage, best[i])
            text = f"{who} is linked to {above} but lies mostly in {there} ({what}, is outside)."
        else:
            kind = "outside_parent"
            text = f"{who} reaches beyond the declared polygon of {above} by {what}."
        out.append(_fault(kind, subject, (row, parent), size, int(i), text, stored[i]))
    return out + _differing(
        subject,
        size,
        ~real & (size.area_m2 > 0),
        "where children reach beyond their declared parent",
    )


def _shapes(subject: Subject, rows: Rows) -> Geometries:
    """Valid polygons of areas: of atoms as they are, of others the union of their atoms."""
    at = np.searchsorted(subject.atoms, rows)
    is_atom = subject.atoms[np.minimum(at, len(subject.atoms) - 1)] == rows
    out = np.empty(len(rows), dtype=object)
    out[is_atom] = subject.polygons[at[is_atom]]
    if not is_atom.all():  # the unions are made only when somebody needs them
        out[~is_atom] = polygonal(subject.coverage.shapes[rows[~is_atom]])
    return out


def _best_parent(
    subject: Subject, declared: _Declared, child: Rows, shape: Geometries, wanted: NDArray[np.bool_]
) -> list[int]:
    """Row of the declared polygon of the parent's level that holds most of each child."""
    coverage = subject.coverage
    out = [-1] * len(child)
    for rank in np.unique(coverage.rank[coverage.parent[child[wanted]]]):
        mine = np.flatnonzero(wanted & (coverage.rank[coverage.parent[child]] == rank))
        same = coverage.rank[declared.rows] == rank
        i, p, _ = overlap_shares(shape[mine], declared.polygons[same])
        first = np.flatnonzero(np.diff(i, prepend=-1))
        for at in first:
            out[mine[i[at]]] = int(declared.rows[same][p[at]])
    return out


def _not_covered(subject: Subject, declared: _Declared, outline: shapely.Geometry) -> list[Fault]:
    """Parts of declared polygons beyond the atoms, each place once, finest level first."""
    coverage = subject.coverage
    out: list[Fault] = []
    seen: list[shapely.Geometry] = []
    for rank in np.unique(coverage.rank[declared.rows])[::-1]:
        rows = declared.rows[coverage.rank[declared.rows] == rank]
        known = shapely.union_all([outline, *seen])
        rest = polygonal(shapely.difference(declared.at(rows), known))
        parts, owner = shapely.get_parts(rest, return_index=True)
        each = subject.ruler.measure(parts)
        real = (each.area_m2 >= subject.min_area_m2) & (each.width_m >= SLIVER_WIDTH_M)
        kept, kept_owner = parts[real], owner[real]
        for at in np.unique(kept_owner):
            whole = shapely.multipolygons(kept[kept_owner == at])
            out.append(_uncovered(subject, int(rows[at]), declared, whole))
        seen += list(kept)
        out += _differing(
            subject, each, ~real & (each.area_m2 > 0), "of declared parents that no child covers"
        )
    return out


def _uncovered(subject: Subject, row: int, declared: _Declared, part: shapely.Geometry) -> Fault:
    alone = np.array([part], dtype=object)
    size = subject.ruler.measure(alone)
    share = part.area / declared.at(np.array([row]))[0].area
    text = (
        f"No child covers {size_text(size.area_m2[0], size.width_m[0])}, {share:.2%}, of the"
        f" declared polygon of {label(subject.coverage, row)}."
    )
    stored = subject.ruler.stored(alone)
    return _fault("parent_not_covered", subject, (row,), size, 0, text, stored[0])


def _differing(
    subject: Subject, size: Measured, small: NDArray[np.bool_], what: str
) -> list[Fault]:
    """Count what is too small or too thin to list: levels whose borders were drawn apart."""
    at = np.flatnonzero(small)
    if not len(at):
        return []
    largest = at[np.argmax(size.area_m2[at])]
    total = float(size.area_m2[at].sum())
    text = f"{len(at)} slivers {what}, {total:.3g} m² in all: borders of two levels drawn apart."
    lon, lat = number(size.lon[largest]), number(size.lat[largest])
    level = subject.coverage.levels[int(subject.coverage.rank[subject.atoms].max())].name
    return [Fault("border_differs", "info", level, (), total, lon, lat, text)]


def _fault(
    kind: str,
    subject: Subject,
    rows: tuple[int, ...],
    size: Measured,
    i: int,
    text: str,
    geometry: shapely.Geometry,
) -> Fault:
    coverage = subject.coverage
    return Fault(
        kind=kind,
        severity="warning",
        level=coverage.levels[int(coverage.rank[rows[0]])].name,
        codes=tuple(str(coverage.code[r]) for r in rows),
        area_m2=float(size.area_m2[i]),
        lon=number(size.lon[i]),
        lat=number(size.lat[i]),
        text=text,
        geometry=geometry,
    )
