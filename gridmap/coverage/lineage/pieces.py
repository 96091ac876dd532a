"""What the atoms of one edition share with those of another: the pieces between two redraws.

Atoms with equal geometry are paired by their bytes; only the others are overlaid, so the
work grows with what was redrawn and not with the coverage.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.measure import Ruler
from gridmap.coverage.model import Coverage
from gridmap.coverage.overlaps import has_shape, polygonal
from gridmap.crs import metres_per_degree
from gridmap.errors import BadValue

__all__ = ["NOWHERE", "TOLERANCE_M", "Pieces", "cut_pieces"]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Geometries = NDArray[np.object_]

# Stands for "in no area of that edition".
NOWHERE = -1

# A piece narrower than this (twice the area over the perimeter) is the same line drawn
# twice: digitisation, rounding, another simplification.
TOLERANCE_M = 1.0

# What an overlay leaves by rounding between polygons that share their border.
_ROUNDING_M2 = 1e-6
_ROUNDING_SHARE = 1e-9


@dataclass(frozen=True, eq=False)
class Pieces:
    """Pieces of land, each in one atom of either edition.

    Attributes
    ----------
    old, new : int64 (k)
        Rows of the two coverages; :data:`NOWHERE` for land that only the other one has.
        Two rows stand for at most two pieces: land that was moved, and slivers.
    area_m2 : float64 (k)
    sliver : bool (k)
        True for what is narrower than the tolerance: no land was moved.
    """

    old: Rows
    new: Rows
    area_m2: Floats
    sliver: Mask

    def __len__(self) -> int:
        return len(self.old)


def cut_pieces(old: Coverage, new: Coverage, *, tolerance_m: float = TOLERANCE_M) -> Pieces:
    """Overlay the atoms of two editions.

    Parameters
    ----------
    old, new : Coverage
        Geometry in EPSG:4326. Atoms without geometry have no pieces; invalid ones are mended
        for measuring.
    tolerance_m : float
        Parts of a piece that are narrower are slivers, unless they are half or more of
        either atom, or all that an atom has.

    Returns
    -------
    Pieces
        By old, then by new row. Where atoms of one edition overlap each other, their land
        stands in several pieces. Empty coverages give none.

    Raises
    ------
    BadValue
        When the tolerance is no width.
    """
    if not 0 <= tolerance_m < np.inf:
        raise BadValue(
            "The tolerance must be a width in metres.", got=tolerance_m, allowed="0 or more"
        )
    a, b = (side.atoms[has_shape(side.geometry[side.atoms])] for side in (old, new))
    same_a, same_b = _pair_equal(old, a, new, b)
    changed_a, changed_b = ~np.isin(a, same_a), ~np.isin(b, same_b)
    shape_a, shape_b = polygonal(old.geometry[a]), polygonal(new.geometry[b])
    i, j = _touching(shape_a, shape_b, changed_a, changed_b)
    shared = shapely.intersection(shape_a[i], shape_b[j])
    lost = _left_over(shape_a, changed_a, i, j, shared, shape_b)
    gained = _left_over(shape_b, changed_b, j, i, shared, shape_a)
    size_a, size_b = _sizes(len(old), a, shape_a), _sizes(len(new), b, shape_b)
    parts = [
        # An atom that is still there is no sliver, however narrow it is.
        _Parts(same_a, same_b, size_a[same_a], np.full(len(same_a), np.inf)),
        _measured(a[i], b[j], shared),
        _measured(a, np.full(len(a), NOWHERE), lost),
        _measured(np.full(len(b), NOWHERE), b, gained),
    ]
    return _judged(parts, size_a, size_b, tolerance_m)


class _Parts(NamedTuple):
    """Parts of pieces, with their width in metres."""

    old: Rows
    new: Rows
    area_m2: Floats
    width_m: Floats


def _pair_equal(old: Coverage, a: Rows, new: Coverage, b: Rows) -> tuple[Rows, Rows]:
    """Pair atoms of equal geometry; of several, those of equal code first."""
    waiting: dict[bytes, dict[int, str]] = defaultdict(dict)
    for row, key in zip(b.tolist(), _keys(new.geometry[b]), strict=True):
        waiting[key][row] = new.code[row]
    left, right = [], []
    for row, key in zip(a.tolist(), _keys(old.geometry[a]), strict=True):
        twins = waiting.get(key)
        if twins:
            twin = next((r for r, c in twins.items() if c == old.code[row]), next(iter(twins)))
            del twins[twin]
            left.append(row)
            right.append(twin)
    return np.array(left, dtype=np.int64), np.array(right, dtype=np.int64)


def _keys(shapes: Geometries) -> list[bytes]:
    """Bytes that are the same for the same polygon, wherever its rings begin."""
    keys: list[bytes] = shapely.to_wkb(shapely.normalize(shapely.force_2d(shapes))).tolist()
    return keys


def _touching(
    shape_a: Geometries, shape_b: Geometries, changed_a: Mask, changed_b: Mask
) -> tuple[Rows, Rows]:
    """Pairs that touch, of which at least one is changed; by the first, then the second."""
    some_a, some_b = np.flatnonzero(changed_a), np.flatnonzero(changed_b)
    i, j = shapely.STRtree(shape_b).query(shape_a[some_a], predicate="intersects")
    n, m = shapely.STRtree(shape_a).query(shape_b[some_b], predicate="intersects")
    pairs = np.unique(np.column_stack([np.r_[some_a[i], m], np.r_[j, some_b[n]]]), axis=0)
    return pairs[:, 0], pairs[:, 1]


def _left_over(
    shapes: Geometries, changed: Mask, i: Rows, j: Rows, shared: Geometries, others: Geometries
) -> Geometries:
    """What no atom of the other edition covers: of the changed atoms; empty for the rest."""
    whole = shapely.area(shapes)
    covered = np.bincount(i, weights=shapely.area(shared), minlength=len(shapes))
    short = changed & (np.abs(whole - covered) > whole * _ROUNDING_SHARE)
    order = np.argsort(i, kind="stable")
    starts = np.searchsorted(i[order], np.arange(len(shapes) + 1))
    out = np.full(len(shapes), shapely.Polygon(), dtype=object)
    for at in np.flatnonzero(short):
        near = others[j[order[starts[at] : starts[at + 1]]]]
        out[at] = shapely.difference(shapes[at], shapely.union_all(near))
    return out


def _sizes(count: int, rows: Rows, shapes: Geometries) -> Floats:
    """Square metres by row of the coverage, 0 where there is no land."""
    out = np.zeros(count)
    kx, ky = metres_per_degree(shapely.get_y(shapely.centroid(shapes)))
    out[rows] = np.nan_to_num(shapely.area(shapes) * kx * ky)
    return out


def _measured(old: Rows, new: Rows, shapes: Geometries) -> _Parts:
    """Take the pieces apart: a block may have changed hands beside a hundred slivers."""
    parts, piece = shapely.get_parts(shapes, return_index=True)
    flat = (shapely.get_dimensions(parts) == 2) & ~shapely.is_empty(parts)
    parts, piece = parts[flat], piece[flat]
    found = Ruler().measure(parts)
    real = found.area_m2 > _ROUNDING_M2
    return _Parts(old[piece[real]], new[piece[real]], found.area_m2[real], found.width_m[real])


def _judged(parts: list[_Parts], size_a: Floats, size_b: Floats, tolerance_m: float) -> Pieces:
    """Tell slivers from land that was moved, and join the parts of each pair."""
    old, new, area, width = (np.concatenate(column) for column in zip(*parts, strict=True))
    # One place more: row -1, nowhere, is the last of these.
    half_a, half_b = np.append(size_a, np.inf) / 2, np.append(size_b, np.inf) / 2
    sliver = (width < tolerance_m) & (area < half_a[old]) & (area < half_b[new])
    for rows, count in ((old, len(half_a)), (new, len(half_b))):
        # An atom must be somewhere, be it only in slivers.
        land = np.zeros(count, dtype=bool)
        land[rows[~sliver]] = True
        land[NOWHERE] = True
        sliver &= land[rows]
    pairs = np.column_stack([old, new, sliver])
    pairs, which = np.unique(pairs, axis=0, return_inverse=True)
    total = np.bincount(which, weights=area, minlength=len(pairs)).astype(np.float64)
    return Pieces(pairs[:, 0], pairs[:, 1], total, pairs[:, 2].astype(bool))
