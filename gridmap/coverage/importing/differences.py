"""What an edited layer changes: two states of one level compared, area by area.

Areas are matched by code; the order of rows and of vertices within a ring does not matter,
and values are compared by what they say (:mod:`gridmap.coverage.importing.sameness`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.importing.sameness import plain_value, same_value
from gridmap.coverage.measure import Ruler
from gridmap.errors import BadValue, MissingColumn

__all__ = ["TOLERANCE_DEG", "ChangedShape", "ChangedValue", "Differences", "differences"]

# About a millimetre on the ground; there and back through a projection moves a vertex less.
TOLERANCE_DEG = 1e-8

Shapes = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class ChangedShape:
    """An area whose polygon changed.

    Attributes
    ----------
    code : str
    gained_m2, lost_m2 : float
        Ground it has now and had not, and the reverse, in square metres. Both are zero when
        only vertices on a straight edge came or went.
    """

    code: str
    gained_m2: float
    lost_m2: float

    @property
    def moved_m2(self) -> float:
        """Ground that changed hands, either way."""
        return self.gained_m2 + self.lost_m2


@dataclass(frozen=True, slots=True)
class ChangedValue:
    """A value of an area that changed; None stands for no value."""

    code: str
    column: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Differences:
    """How a level's new state differs from the former one.

    Attributes
    ----------
    added, removed : tuple of str
        Codes, in order.
    shapes : tuple of ChangedShape
        The largest change first.
    values : tuple of ChangedValue
        By code, then column; only of columns that both states have.
    columns_added, columns_removed : tuple of str
    unchanged : int
        Areas with the same polygon and the same values.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    shapes: tuple[ChangedShape, ...] = ()
    values: tuple[ChangedValue, ...] = ()
    columns_added: tuple[str, ...] = ()
    columns_removed: tuple[str, ...] = ()
    unchanged: int = 0

    def __bool__(self) -> bool:
        """True when anything differs."""
        lists = (self.added, self.removed, self.shapes, self.values)
        return any((*lists, self.columns_added, self.columns_removed))

    def as_dict(self) -> dict[str, Any]:
        """Return the differences as JSON-able data; square metres to the decimetre."""
        return {
            "added": list(self.added),
            "removed": list(self.removed),
            "shapes": [
                {
                    "code": one.code,
                    "gained_m2": round(one.gained_m2, 2),
                    "lost_m2": round(one.lost_m2, 2),
                }
                for one in self.shapes
            ],
            "values": [
                {"code": one.code, "column": one.column, "old": one.old, "new": one.new}
                for one in self.values
            ],
            "columns_added": list(self.columns_added),
            "columns_removed": list(self.columns_removed),
            "unchanged": self.unchanged,
            "tolerance_deg": TOLERANCE_DEG,
        }


def differences(
    before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, *, also: Shapes | None = None
) -> Differences:
    """Compare two states of a level.

    Parameters
    ----------
    before, after : GeoDataFrame
        A row an area, with ``code`` (text, unique) and further columns to compare; geometry
        in EPSG:4326, None for an area without one.
    also : object (n,), optional
        A second polygon for each row of `before` that counts as the same: for an area with
        children, what they make together beside what was declared.

    Returns
    -------
    Differences
        Polygons are the same when their normalised vertices agree within
        :data:`TOLERANCE_DEG`, a polygon and a multipolygon of one part included. Two frames
        without rows do not differ.

    Raises
    ------
    MissingColumn, BadValue
        When there is no ``code``, or two rows have the same.
    """
    old, new = _by_code(before, "before"), _by_code(after, "after")
    shared = [code for code in old if code in new]
    rows = np.array([old[c] for c in shared], dtype=int), np.array([new[c] for c in shared], int)
    was, now = _shapes(before)[rows[0]], _shapes(after)[rows[1]]
    moved = ~_same_shapes(was, now)
    if also is not None and moved.any():
        moved[moved] = ~_same_shapes(_flat(also)[rows[0]][moved], now[moved])
    mine, theirs = _columns(before), _columns(after)
    values = _changed_values(before, after, rows, shared, [c for c in mine if c in theirs])
    at = np.flatnonzero(moved)
    shapes = _measured([shared[i] for i in at], was[at], now[at])
    touched = {one.code for one in shapes} | {one.code for one in values}
    return Differences(
        added=tuple(sorted(code for code in new if code not in old)),
        removed=tuple(sorted(code for code in old if code not in new)),
        shapes=shapes,
        values=values,
        columns_added=tuple(c for c in theirs if c not in mine),
        columns_removed=tuple(c for c in mine if c not in theirs),
        unchanged=len(shared) - len(touched),
    )


def _by_code(frame: gpd.GeoDataFrame, which: str) -> dict[str, int]:
    if "code" not in frame.columns:
        raise MissingColumn("Areas are compared by their code.", got=which, allowed="code")
    codes = frame["code"].tolist()
    rows = {code: row for row, code in enumerate(codes)}
    if len(rows) != len(codes):
        twice = sorted({c for c in codes if codes.count(c) > 1})[:5]
        raise BadValue("Codes of a level are unique.", got=f"{which}: {', '.join(twice)}")
    return rows


def _columns(frame: gpd.GeoDataFrame) -> list[str]:
    return [str(c) for c in frame.columns if c not in {"code", frame.geometry.name}]


# -- polygons -----------------------------------------------------------------------------


def _shapes(frame: gpd.GeoDataFrame) -> Shapes:
    return _flat(np.asarray(frame.geometry.array, dtype=object))


def _flat(shapes: Shapes) -> Shapes:
    """Return polygons with empty ones as None and multipolygons of one part as that part."""
    out = np.array(shapes, dtype=object)
    out[shapely.is_empty(out)] = None
    single = (shapely.get_type_id(out) == 6) & (shapely.get_num_geometries(out) == 1)
    out[single] = shapely.get_geometry(out[single], 0)
    return out


def _same_shapes(was: Shapes, now: Shapes) -> NDArray[np.bool_]:
    a, b = shapely.normalize(was), shapely.normalize(now)
    same: NDArray[np.bool_] = shapely.is_missing(a) & shapely.is_missing(b)
    same |= shapely.equals_exact(a, b, tolerance=TOLERANCE_DEG)
    # Rounding may let another vertex come first: compare those without regard to it.
    maybe = ~same & (shapely.get_num_coordinates(a) == shapely.get_num_coordinates(b))
    maybe &= (shapely.get_num_geometries(a) == shapely.get_num_geometries(b)) & ~_missing(a, b)
    same[maybe] = _alike(a[maybe], b[maybe])
    return same


def _alike(a: Shapes, b: Shapes) -> NDArray[np.bool_]:
    """True where vertices lie together and no ground lies between the borders."""
    near = shapely.hausdorff_distance(shapely.boundary(a), shapely.boundary(b)) <= TOLERANCE_DEG
    # The same vertices in another order make another polygon.
    between = shapely.area(shapely.symmetric_difference(_sound(a[near]), _sound(b[near])))
    near[near] = between <= 2 * TOLERANCE_DEG * shapely.length(a[near])
    return np.asarray(near, dtype=bool)


def _missing(a: Shapes, b: Shapes) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = shapely.is_missing(a) | shapely.is_missing(b)
    return found


def _measured(codes: Sequence[str], was: Shapes, now: Shapes) -> tuple[ChangedShape, ...]:
    nothing = shapely.Polygon()
    a, b = (np.where(shapely.is_missing(s), nothing, _sound(s)) for s in (was, now))
    ruler = Ruler()
    gained = ruler.measure(shapely.difference(b, a)).area_m2
    lost = ruler.measure(shapely.difference(a, b)).area_m2
    found = [
        ChangedShape(code, float(g), float(n))
        for code, g, n in zip(codes, gained, lost, strict=True)
    ]
    return tuple(sorted(found, key=lambda one: (-round(one.moved_m2, 1), one.code)))


def _sound(shapes: Shapes) -> Shapes:
    """Return polygons that overlays accept; valid ones as they are."""
    bad = ~(shapely.is_valid(shapes) | shapely.is_missing(shapes))
    out = shapes.copy()
    out[bad] = shapely.make_valid(shapes[bad], method="structure", keep_collapsed=False)
    return out


# -- values -------------------------------------------------------------------------------


def _changed_values(
    before: gpd.GeoDataFrame,
    after: gpd.GeoDataFrame,
    rows: tuple[NDArray[np.int64], NDArray[np.int64]],
    codes: Sequence[str],
    columns: Sequence[str],
) -> tuple[ChangedValue, ...]:
    found = []
    for column in columns:
        old = map(plain_value, before[column].iloc[rows[0]].tolist())
        new = map(plain_value, after[column].iloc[rows[1]].tolist())
        found += [
            ChangedValue(code, column, was, now)
            for code, was, now in zip(codes, old, new, strict=True)
            if not same_value(was, now)
        ]
    order = {column: number for number, column in enumerate(columns)}
    return tuple(sorted(found, key=lambda one: (one.code, order[one.column])))
