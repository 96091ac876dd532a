"""The coverage: one edition's areas as arrays, atoms with geometry, parents as links."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.areas import Area, Levels, tie_key
from gridmap.errors import BadValue, NotFound

__all__ = ["STORED_CRS", "Coverage", "union_of"]

STORED_CRS = "EPSG:4326"


@dataclass(frozen=True, eq=False)
class Coverage:
    """All areas of one edition; row ``i`` of every array is the same area.

    Rows are ordered by level, coarse to fine, then by code in UTF-8 byte order.
    Geometry is lon/lat, EPSG:4326 (CGCS2000 treated as equal), straight edges in lon/lat.

    Attributes
    ----------
    edition : str
        Name of the edition.
    levels : Levels
        Coarse to fine.
    ids : int64 (n,)
        Opaque ids of the store; -1 for a coverage that is not stored yet.
    rank : int8 (n,)
        Level of each row, 0 is the coarsest.
    code, name, name_en, kind : object (n,)
        Text; empty when unknown, never None.
    provisional : bool (n,)
    parent : int64 (n,)
        Row of the parent, -1 at the top or where the link is missing.
    parent_code_given : object (n,)
        Code of the parent as it was imported, None where none was: with a `parent` of -1 it
        names an area that the edition does not have.
    geometry : object (n,)
        Polygon or MultiPolygon as imported: the truth for atoms; for a parent its declared
        geometry or None, which `check` compares and `locate` never asks.
    """

    edition: str
    levels: Levels
    ids: NDArray[np.int64]
    rank: NDArray[np.int8]
    code: NDArray[np.object_]
    name: NDArray[np.object_]
    name_en: NDArray[np.object_]
    kind: NDArray[np.object_]
    provisional: NDArray[np.bool_]
    parent: NDArray[np.int64]
    parent_code_given: NDArray[np.object_]
    geometry: NDArray[np.object_]

    @classmethod
    def build(
        cls,
        edition: str,
        levels: Levels,
        areas: list[Area],
        geometry: NDArray[np.object_] | list[Any],
    ) -> Coverage:
        """Order `areas`, resolve parent links by (level, code), and return the coverage.

        A link that names an area that does not exist, or one that is not at a coarser level,
        becomes -1 (the audit reports it).
        An empty list gives a coverage without rows.
        """
        order = sorted(
            range(len(areas)),
            key=lambda i: (levels.rank(areas[i].level), tie_key(areas[i].code), areas[i].id),
        )
        row_of = {
            (areas[i].level, areas[i].code): row for row, i in reversed(list(enumerate(order)))
        }
        linked = [
            row_of.get((str(areas[i].parent_level), str(areas[i].parent_code)), -1)
            if areas[i].parent_code is not None
            else -1
            for i in order
        ]

        rank = np.array([levels.rank(areas[i].level) for i in order], dtype=np.int8)
        parents = np.array(linked, dtype=np.int64)
        parents[rank[parents] >= rank] = -1

        def text(values: Sequence[str | None]) -> NDArray[np.object_]:
            out = np.empty(len(values), dtype=object)
            out[:] = values
            return out

        shapes = np.empty(len(order), dtype=object)
        for row, i in enumerate(order):
            shapes[row] = geometry[i]
        return cls(
            edition=edition,
            levels=levels,
            ids=np.array([areas[i].id for i in order], dtype=np.int64),
            rank=rank,
            code=text([areas[i].code for i in order]),
            name=text([areas[i].name for i in order]),
            name_en=text([areas[i].name_en for i in order]),
            kind=text([areas[i].kind for i in order]),
            provisional=np.array([areas[i].provisional for i in order], dtype=bool),
            parent=parents,
            parent_code_given=text([areas[i].parent_code for i in order]),
            geometry=shapes,
        )

    def __len__(self) -> int:
        return len(self.code)

    @cached_property
    def atoms(self) -> NDArray[np.int64]:
        """Rows that no other row names as parent, in row order: the atoms."""
        has_child = np.zeros(len(self), dtype=bool)
        has_child[self.parent[self.parent >= 0]] = True
        return np.flatnonzero(~has_child)

    @cached_property
    def hidden(self) -> NDArray[np.bool_]:
        """True for remainders of a parent: they hold ground, and the parent answers for it."""
        found: NDArray[np.bool_] = (self.kind == "remainder") & (self.parent >= 0)
        return found

    @cached_property
    def answering(self) -> NDArray[np.int64]:
        """Row that answers for each row: itself, or for a remainder what it is the rest of."""
        current = np.arange(len(self))
        for _ in range(len(self.levels)):
            current = np.where(self.hidden[current], self.parent[current], current)
        return current

    @cached_property
    def ancestors(self) -> NDArray[np.int64]:
        """Row of each row's ancestor (or itself) per level, shape (n, levels), -1 if none.

        A remainder is nobody's ancestor, nor its own: its level stays empty.
        """
        line = self._line
        return np.where((line >= 0) & ~self.hidden[line], line, -1)

    @cached_property
    def _line(self) -> NDArray[np.int64]:
        """As `ancestors`, with the remainders."""
        out = np.full((len(self), len(self.levels)), -1, dtype=np.int64)
        rows = np.arange(len(self))
        current = rows.copy()
        # A link always leads to a coarser level, so depth steps reach every top.
        for _ in range(len(self.levels)):
            live = current >= 0
            out[rows[live], self.rank[current[live]]] = current[live]
            current = np.where(live, self.parent[np.where(live, current, 0)], -1)
        return out

    @cached_property
    def shapes(self) -> NDArray[np.object_]:
        """Geometry that answers: atoms as stored, parents as the union of their atoms."""
        out = np.empty(len(self), dtype=object)
        atoms = self.atoms
        out[atoms] = self.geometry[atoms]
        for rank in range(len(self.levels)):
            owner = self._line[atoms, rank]
            members = np.flatnonzero((owner >= 0) & (owner != atoms))
            members = members[np.argsort(owner[members], kind="stable")]
            if not len(members):
                continue
            starts = np.flatnonzero(np.diff(owner[members], prepend=-1))
            for group in np.split(members, starts[1:]):
                out[owner[group[0]]] = union_of(self.geometry[atoms[group]])
        return out

    @cached_property
    def label_points(self) -> NDArray[np.float64]:
        """A point inside each row's shape, lon/lat (n, 2); NaN where there is no shape."""
        out = np.full((len(self), 2), np.nan)
        present = ~(shapely.is_missing(self.shapes) | shapely.is_empty(self.shapes))
        if present.any():
            points = shapely.point_on_surface(self.shapes[present])
            out[present, 0] = shapely.get_x(points)
            out[present, 1] = shapely.get_y(points)
        return out

    def fingerprint(self) -> str:
        """SHA-256 of all that locating depends on: levels, codes, links and vertices."""
        digest = hashlib.sha256("\0".join(self.levels.names).encode())
        shapes = shapely.to_wkb(self.geometry)
        for row in range(len(self)):
            head = f"\0{self.rank[row]}\0{self.code[row]}\0{self.parent[row]}\0"
            head += "rest\0" if self.hidden[row] else ""
            digest.update(head.encode("utf-8", "surrogatepass"))
            digest.update(shapes[row] or b"")
        return digest.hexdigest()

    def rows(self, level: str) -> NDArray[np.int64]:
        """Rows of one level, in code order."""
        return np.flatnonzero(self.rank == self.levels.rank(level))

    def row(self, level: str, code: str) -> int:
        """Return the row of an area, or raise `NotFound`."""
        for row in self.rows(level):
            if self.code[row] == code:
                return int(row)
        raise NotFound(
            f"Edition '{self.edition}' has no {level} of that code.",
            got=code,
            repair=f"List them with /api/areas?level={level}.",
        )

    def area(self, row: int) -> Area:
        """Return row `row` as an :class:`Area`."""
        parent = int(self.parent[row])
        return Area(
            id=int(self.ids[row]),
            level=self.levels[int(self.rank[row])].name,
            code=self.code[row],
            name=self.name[row],
            name_en=self.name_en[row],
            parent_level=self.levels[int(self.rank[parent])].name if parent >= 0 else None,
            parent_code=self.code[parent] if parent >= 0 else None,
            kind=self.kind[row],
            provisional=bool(self.provisional[row]),
        )

    def frame(self, level: str) -> gpd.GeoDataFrame:
        """Return one level as a GeoDataFrame with the geometry that answers (EPSG:4326)."""
        rows = self.rows(level)
        parent = self.parent[rows]
        return gpd.GeoDataFrame(
            {
                "code": self.code[rows],
                "name": self.name[rows],
                "name_en": self.name_en[rows],
                "kind": self.kind[rows],
                "provisional": self.provisional[rows],
                "parent_code": [self.code[p] if p >= 0 else None for p in parent],
            },
            geometry=self.shapes[rows],
            crs=STORED_CRS,
        )

    def only(self, keep: NDArray[np.bool_]) -> Coverage:
        """Return the coverage with only the rows where `keep` is True; lost parents are -1."""
        if keep.shape != (len(self),):
            raise BadValue("The mask must have one entry a row.", got=keep.shape)
        new_row = np.cumsum(keep) - 1
        parent = self.parent[keep]
        linked = (parent >= 0) & keep[parent]
        return replace(
            self,
            ids=self.ids[keep],
            rank=self.rank[keep],
            code=self.code[keep],
            name=self.name[keep],
            name_en=self.name_en[keep],
            kind=self.kind[keep],
            provisional=self.provisional[keep],
            parent=np.where(linked, new_row[parent], -1),
            parent_code_given=self.parent_code_given[keep],
            geometry=self.geometry[keep],
        )


def union_of(shapes: NDArray[np.object_]) -> Any:
    """Return the union of atoms: by coverage where that is sound, else by overlay.

    `coverage_union_all` is 7-12 times faster but garbage in, garbage out: on overlapping
    atoms it returns an invalid result without an error, so the result is checked.
    """
    present = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if not len(present):
        return None
    try:
        union = shapely.coverage_union_all(present)
    except shapely.errors.GEOSException:  # it notices some overlaps, and none of others
        union = None
    if shapely.is_valid(union) and np.isclose(
        shapely.area(union), shapely.area(present).sum(), rtol=1e-12, atol=0
    ):
        return union
    mended = shapely.make_valid(present, method="structure", keep_collapsed=False)
    return shapely.union_all(mended)
