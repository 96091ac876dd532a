"""Ground divided among the buildings on it: cells that finer areas can be planned from.

Each place belongs to the building that is nearest to it, inside the area that both are in. Where
a cut ends on a border the neighbours get its vertex as well, whether they are divided or not, so
that borders match afterwards as they did before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.planning.borders import shared_borders
from gridmap.planning.chains import Inserted, with_points
from gridmap.planning.cutting import cut_polygon
from gridmap.planning.graph import Plane

__all__ = ["Cells", "building_cells"]

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Geometries = NDArray[np.object_]

# A cut that ends this near to a vertex of the border ends in it; buildings this near are one.
_SAME_M = 1.0
# Part of an area's ground that its cells may lack: figures, not ground.
_LOST = 1e-9


@dataclass(frozen=True, eq=False)
class Cells:
    """Cells, those of an area together.

    Attributes
    ----------
    shape : object (n,)
        EPSG:4326.
    area : int64 (n,)
        Row of the area that was divided.
    households : float64 (n,)
    buildings : int64 (n,)
    pinned : dict of int to polygon
        Of the others those that got vertices, by row.
    undivided : int64
        Areas that could not be divided although they have buildings: one cell each.
    """

    shape: Geometries
    area: Rows
    households: Floats
    buildings: Rows
    pinned: dict[int, Any]
    undivided: Rows


def building_cells(areas: Geometries, others: Geometries, lonlat: Floats, homes: Floats) -> Cells:
    """Divide areas among their buildings.

    Parameters
    ----------
    areas : object (k,)
        Valid polygons, EPSG:4326, that do not overlap.
    others : object (m,)
        What lies around them, for example the finest areas beside them.
    lonlat : float64 (b, 2)
        Places of buildings; those in none of the areas do not matter.
    homes : float64 (b,)
    """
    work = _Division(areas, others)
    point = shapely.points(lonlat)
    at, which = shapely.STRtree(areas).query(point, predicate="intersects")
    # A building on a border is in the first.
    first = np.unique(at, return_index=True)[1]
    at, which = at[first], which[first]
    for k in range(len(areas)):
        work.divide(k, lonlat[at[which == k]])
    shape, area = work.cells()
    tree = shapely.STRtree(shape)
    building, cell = tree.query(point[at], predicate="intersects")
    inside = area[cell] == which[building]
    building, cell = building[inside], cell[inside]
    once = np.unique(building, return_index=True)[1]
    cell, held = cell[once], homes[at[building[once]]]
    return Cells(
        shape,
        area,
        np.bincount(cell, held, len(shape)).astype(np.float64),
        np.bincount(cell, minlength=len(shape)).astype(np.int64),
        work.pinned(),
        np.array(work.undivided, dtype=np.int64),
    )


class _Division:
    """Polygons under way: the faces of each area, and what lies around."""

    def __init__(self, areas: Geometries, others: Geometries) -> None:
        self.plane = Plane.of(areas)
        self.tolerance = _SAME_M / self.plane.ky
        self.before = others
        # Every polygon that may need a vertex: others, then areas, then faces in their place.
        self.shape: list[Any] = [*others, *areas]
        self.faces: list[list[int]] = [[len(others) + k] for k in range(len(areas))]
        self.groups: list[list[list[int]]] = [[[at] for at in one] for one in self.faces]
        self.bounds = [*map(tuple, shapely.bounds(np.array(self.shape, dtype=object)).tolist())]
        self.undivided: list[int] = []

    def divide(self, k: int, lonlat: Floats) -> None:
        """Divide an area among its buildings."""
        (place,) = self.faces[k]
        seeds = self._seeds(lonlat)
        if len(seeds) < 2:
            return
        shape = self.shape[place]
        cut = cut_polygon(shape, [*self._edges(shape, seeds)], self.tolerance)
        parts = np.empty(len(cut.parts), dtype=object)
        parts[:] = cut.parts
        grown = with_points(shape, cut.inserted)
        lost = abs(float(shapely.area(parts).sum()) - shape.area) > _LOST * shape.area
        if lost or grown is None or not (shapely.is_valid(parts).all() and grown.is_valid):
            self.undivided.append(k)
            return
        self._pin(place, shape, cut.inserted)
        begin = len(self.shape)
        self.shape += [*parts]
        self.bounds += [*map(tuple, shapely.bounds(parts).tolist())]
        self.faces[k] = [*range(begin, begin + len(parts))]
        self.groups[k] = [
            [begin + i for i in one] for one in _held_together(self.plane.metres(parts), seeds)
        ]

    def cells(self) -> tuple[Geometries, Rows]:
        """Return the cells and the area of each."""
        out, area = [], []
        for k, groups in enumerate(self.groups):
            for group in groups:
                faces = [self.shape[i] for i in group]
                out.append(faces[0] if len(faces) == 1 else shapely.coverage_union_all(faces))
                area.append(k)
        shape = np.empty(len(out), dtype=object)
        shape[:] = out
        return shape, np.array(area, dtype=np.int64)

    def pinned(self) -> dict[int, Any]:
        """Return those of the others that got vertices."""
        return {i: self.shape[i] for i, one in enumerate(self.before) if self.shape[i] is not one}

    def _seeds(self, lonlat: Floats) -> Floats:
        """Places of buildings in metres, those of one place once."""
        xy = self.plane.points(lonlat)
        return np.unique(np.rint(xy / _SAME_M), axis=0) * _SAME_M if len(xy) else xy

    def _edges(self, shape: Any, seeds: Floats) -> Iterator[list[tuple[float, float]]]:
        """Lines between nearest places, EPSG:4326, out beyond the area."""
        plane = self.plane
        around = plane.metres(np.array([shape], dtype=object))[0]
        lines = shapely.voronoi_polygons(
            shapely.MultiPoint(seeds), extend_to=around, only_edges=True
        )
        for line in shapely.get_parts(shapely.line_merge(lines)):
            x, y = (shapely.get_coordinates(line) / [plane.kx, plane.ky]).T
            yield list(zip((x + plane.west).tolist(), (y + plane.south).tolist(), strict=True))

    def _pin(self, place: int, shape: Any, inserted: Inserted) -> None:
        """Give the vertices to whoever has the border that they lie on."""
        if not inserted:
            return
        west, south, east, north = self.bounds[place]
        ends = {point for segment in inserted for point in segment}
        current = {i for faces in self.faces for i in faces} | set(range(len(self.before)))
        for i in sorted(current - {place}):
            box = self.bounds[i]
            if box[0] > east or box[2] < west or box[1] > north or box[3] < south:
                continue
            if ends.isdisjoint(map(tuple, shapely.get_coordinates(self.shape[i]).tolist())):
                continue
            pinned = with_points(self.shape[i], inserted)
            if pinned is not None and not pinned.equals_exact(self.shape[i], normalize=True):
                self.shape[i] = pinned


def _held_together(faces: Geometries, seeds: Floats) -> list[list[int]]:
    """Return faces by cell: one with a building, and those without that are beside it."""
    owner = np.full(len(faces), -1, dtype=np.int64)
    at, face = shapely.STRtree(faces).query(shapely.points(seeds), predicate="intersects")
    owner[face[::-1]] = at[::-1]
    borders = shared_borders(faces)
    while np.any(owner < 0):
        # The longest border of a face without a building, with one that has one.
        one, other = (np.concatenate(p) for p in ((borders.a, borders.b), (borders.b, borders.a)))
        length = np.concatenate([borders.length, borders.length])
        open_ = (owner[one] < 0) & (owner[other] >= 0)
        if not open_.any():
            # Parts of an area that touch nothing of it: with the first building.
            owner[owner < 0] = 0
            break
        best = int(np.flatnonzero(open_)[np.argmax(length[open_])])
        owner[one[best]] = owner[other[best]]
    return [np.flatnonzero(owner == s).tolist() for s in np.unique(owner).tolist()]
