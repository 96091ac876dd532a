"""The planning graph: atoms with what they hold, and the borders that join them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.model import Coverage
from gridmap.coverage.overlaps import overlap_shares, polygonal
from gridmap.crs import metres_per_degree
from gridmap.errors import BadValue
from gridmap.planning.barriers import Barriers, crossing
from gridmap.planning.borders import shared_borders

__all__ = ["AMOUNTS", "ESTATE_PART", "ISLAND", "PlanGraph", "Plane", "islands", "planning_graph"]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
Names = NDArray[np.object_]

# What atoms hold, and grids as their sums.
AMOUNTS = ("households", "buildings", "population", "reports", "hours")
# Bit of `PlanGraph.kind`: a link over other ground, to an atom that touches none of its own.
ISLAND = 8
# Part of an estate from which on an atom is one of those it lies in.
ESTATE_PART = 0.05


@dataclass(frozen=True, eq=False)
class PlanGraph:
    """Atoms of an edition as arrays; row ``i`` of each is the same atom.

    Attributes
    ----------
    edition : str
    level, above : str
        The level whose areas are planned, and the one that they must not cross; ``all`` where
        there is none: then all atoms have one container, without a code.
    coverage : Coverage
    row : int64 (n,)
        Row of each atom in the coverage.
    code : object (n,)
    loose : bool (n,)
        Atoms that can be given to another grid: those of the finest level, and what planned
        areas leave of one above. The others are grids or communities themselves.
    amount : mapping of str to float64 (n,)
        By :data:`AMOUNTS`; what is not known is not there.
    area_m2, perimeter_m : float64 (n,)
        In a plane laid at the middle of the district.
    xy : float64 (n, 2)
        A point inside, metres east and north of its south-west corner.
    container : int64 (n,)
        Place of the atom's area of the level above in `container_code`; -1 without one.
    container_code, container_name : object (c,)
    today : int64 (n,)
        Place of the atom's present grid in `grid_code`; -1 without one.
    grid_code, grid_name, grid_name_en, grid_kind : object (g,)
    grid_container : int64 (g,)
    a, b : int64 (m,)
        Edges between atoms of one container, ``a < b``.
    shared_m : float64 (m,)
        Length of the common border; 0 for a link to an island.
    kind : int64 (m,)
        Bits: see :mod:`gridmap.planning.barriers`, and :data:`ISLAND`.
    estate_code : object (e,)
    estate_of, estate_atom : int64 (p,)
        Pairs of an estate and an atom that it lies in.
    stations : float64 (s, 2)
        Where workers set out from, in the plane of `xy`.
    unknown : mapping of str to frozenset of str
        By measure the codes of the edition's atoms that have no amount.
    """

    edition: str
    level: str
    above: str
    coverage: Coverage
    row: Rows
    code: Names
    loose: NDArray[np.bool_]
    amount: Mapping[str, Floats]
    area_m2: Floats
    perimeter_m: Floats
    xy: Floats
    container: Rows
    container_code: Names
    container_name: Names
    today: Rows
    grid_code: Names
    grid_name: Names
    grid_name_en: Names
    grid_kind: Names
    grid_container: Rows
    a: Rows
    b: Rows
    shared_m: Floats
    kind: Rows
    estate_code: Names = field(default_factory=lambda: np.empty(0, dtype=object))
    estate_of: Rows = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    estate_atom: Rows = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    stations: Floats = field(default_factory=lambda: np.empty((0, 2)))
    unknown: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.code)

    @cached_property
    def near(self) -> tuple[Rows, Rows, Rows]:
        """Neighbours in compressed rows: where each atom's begin, their rows, their edges."""
        ends = np.concatenate([self.a, self.b])
        others = np.concatenate([self.b, self.a])
        edge = np.tile(np.arange(len(self.a)), 2)
        order = np.lexsort((others, ends))
        start = np.searchsorted(ends[order], np.arange(len(self) + 1))
        return start.astype(np.int64), others[order], edge[order]

    @cached_property
    def place(self) -> Mapping[str, int]:
        """Atom by code."""
        return {code: i for i, code in enumerate(self.code.tolist())}

    def held(self, measure: str) -> Floats:
        """Return an amount of the atoms, or raise `BadValue` where it is not known."""
        if measure not in self.amount:
            raise BadValue(
                "This is not known of the atoms.",
                got=measure,
                allowed=list(self.amount) or "nothing: import households with the areas",
                repair="Import it as a column of the finest level, or name another measure.",
            )
        return self.amount[measure]

    @property
    def finest(self) -> str:
        """The finest level that the edition has atoms of."""
        coverage = self.coverage
        return coverage.levels[int(coverage.rank[coverage.atoms].max())].name

    @property
    def exclusive(self) -> NDArray[np.bool_]:
        """True for grids of today that are a site of their own: limits do not concern them."""
        found: NDArray[np.bool_] = self.grid_kind == "exclusive"
        return found

    def fingerprint(self) -> str:
        """SHA-256 of all that a suggestion depends on: areas, amounts, barriers, estates."""
        digest = hashlib.sha256(self.coverage.fingerprint().encode())
        digest.update(f"\0{self.level}\0".encode())
        for name, held in sorted(self.amount.items()):
            digest.update(name.encode() + b"\0" + held.tobytes())
        for part in (self.a, self.b, self.shared_m, self.kind, self.estate_of, self.estate_atom):
            digest.update(part.tobytes() + b"\0")
        return digest.hexdigest()


def planning_graph(
    coverage: Coverage,
    *,
    level: str = "grid",
    amounts: Mapping[str, Mapping[str, float]] | None = None,
    barriers: Barriers | None = None,
    estates: Mapping[str, Any] | None = None,
    stations: Floats | None = None,
) -> PlanGraph:
    """Return the atoms of an edition with what joins and what parts them.

    Parameters
    ----------
    coverage : Coverage
        EPSG:4326. Atoms without geometry, or in no area of the level, have no neighbours.
    level : str
        Whose areas are planned; there must be a finer level.
    amounts : mapping of measure to mapping of atom code to number, optional
        An atom that is not named has none. See :data:`AMOUNTS`.
    barriers : Barriers, optional
        EPSG:4326.
    estates : mapping of code to polygon, optional
        EPSG:4326.
    stations : float64 (s, 2), optional
        Longitude and latitude of where workers set out from.

    Raises
    ------
    UnknownLevel
    BadValue
        When there are no finer areas, or an amount is negative or not a number.
    """
    rank = coverage.levels.rank(level)
    if np.all(coverage.rank[coverage.atoms] <= rank):
        raise BadValue(
            "Areas are planned from those of a finer level, and there are none of it.",
            got=level,
            allowed=[n for n in coverage.levels.names[:-1] if len(coverage.rows(n))],
        )
    row = coverage.atoms
    line = coverage.ancestors[row]
    plane = Plane.of(coverage.geometry[row])
    shapes = plane.metres(polygonal(coverage.geometry[row]))
    container, container_rows = _numbered(line[:, rank - 1]) if rank else _one(len(row))
    today, grid_rows = _numbered(line[:, rank])
    grid_container = np.full(len(grid_rows), -1, dtype=np.int64)
    grid_container[today[today >= 0]] = container[today >= 0]
    links = _links(shapes, container, barriers, plane)
    points = shapely.get_coordinates(shapely.point_on_surface(shapes))
    estate_code, estate_of, estate_atom = _estates(estates or {}, shapes, plane)
    code = coverage.code[row]
    ranks = coverage.rank[row]
    rest = (ranks == rank) & (coverage.kind[row] == "remainder")
    return PlanGraph(
        edition=coverage.edition,
        level=level,
        above=coverage.levels.names[rank - 1] if rank else "all",
        coverage=coverage,
        row=row,
        code=code,
        loose=(ranks == ranks.max(initial=0)) | rest,
        amount={name: _held(name, code, known) for name, known in (amounts or {}).items()},
        unknown={
            name: frozenset(code.tolist()).difference(known)
            for name, known in (amounts or {}).items()
        },
        area_m2=shapely.area(shapes),
        perimeter_m=shapely.length(shapes),
        xy=points if len(points) == len(row) else _points(shapes),
        container=container,
        container_code=np.append(coverage.code, "")[container_rows],
        container_name=np.append(coverage.name, "")[container_rows],
        today=today,
        grid_code=coverage.code[grid_rows],
        grid_name=coverage.name[grid_rows],
        grid_name_en=coverage.name_en[grid_rows],
        grid_kind=coverage.kind[grid_rows],
        grid_container=grid_container,
        a=links[0],
        b=links[1],
        shared_m=links[2],
        kind=links[3],
        estate_code=estate_code,
        estate_of=estate_of,
        estate_atom=estate_atom,
        stations=np.empty((0, 2)) if stations is None else plane.points(stations),
    )


@dataclass(frozen=True)
class Plane:
    """Metres east and north of a corner: true to a thousandth over a district."""

    west: float
    south: float
    kx: float
    ky: float

    @classmethod
    def of(cls, shapes: Names) -> Plane:
        """Return the plane of polygons in EPSG:4326."""
        west, south, _, north = shapely.total_bounds(shapes)
        if not np.isfinite(west):
            return cls(0.0, 0.0, 1.0, 1.0)
        kx, ky = metres_per_degree((south + north) / 2)
        return cls(float(west), float(south), float(kx), float(ky))

    def points(self, lonlat: Floats) -> Floats:
        """Return metres (n, 2) of longitudes and latitudes."""
        return (np.asarray(lonlat, dtype=np.float64) - [self.west, self.south]) * [self.kx, self.ky]

    def metres(self, shapes: Names) -> Names:
        """Return geometries of EPSG:4326 in metres."""
        out: Names = shapely.transform(shapes, self.points)
        return out


def _numbered(rows: Rows) -> tuple[Rows, Rows]:
    """Return the place of each row among the different ones, in row order, and those."""
    known, place = np.unique(rows, return_inverse=True)
    missing = int(len(known) > 0 and known[0] < 0)
    return place.astype(np.int64) - missing, known[missing:]


def _one(count: int) -> tuple[Rows, Rows]:
    """One area above all atoms, where there is no level above: the row of no area."""
    return np.zeros(count, dtype=np.int64), np.array([-1], dtype=np.int64)


def _points(shapes: Names) -> Floats:
    """A point inside each shape; the corner of the plane for one without ground."""
    out = np.zeros((len(shapes), 2))
    solid = np.flatnonzero(~shapely.is_empty(shapes))
    out[solid] = shapely.get_coordinates(shapely.point_on_surface(shapes[solid]))
    return out


def _held(name: str, code: Names, known: Mapping[str, float]) -> Floats:
    out = np.array([known.get(one, 0.0) for one in code.tolist()], dtype=np.float64)
    wrong = np.flatnonzero(~(out >= 0) | np.isinf(out))
    if len(wrong):
        raise BadValue(
            f"An atom holds no such number of {name}.",
            got=f"{code[wrong[0]]}: {out[wrong[0]]}",
            allowed="zero or more",
        )
    return out


def _links(
    shapes: Names, container: Rows, barriers: Barriers | None, plane: Plane
) -> tuple[Rows, Rows, Floats, Rows]:
    """Return the edges inside containers, with islands linked to what is nearest."""
    borders = shared_borders(shapes)
    inside = (container[borders.a] == container[borders.b]) & (container[borders.a] >= 0)
    a, b, length = borders.a[inside], borders.b[inside], borders.length[inside]
    kind = crossing(borders.line[inside], barriers, plane.metres)
    more = islands(shapes, container, a, b)
    return (
        np.concatenate([a, more[:, 0]]),
        np.concatenate([b, more[:, 1]]),
        np.concatenate([length, np.zeros(len(more))]),
        np.concatenate([kind, np.full(len(more), ISLAND, dtype=np.int64)]),
    )


def islands(shapes: Names, container: Rows, a: Rows, b: Rows) -> Rows:
    """Return links that join each container's separate pieces: the smallest to what is nearest."""
    found: list[tuple[int, int]] = []
    piece = {i: i for i in range(len(shapes))}
    for i, j in zip(a.tolist(), b.tolist(), strict=True):
        _join(piece, i, j)
    root = np.array([_root(piece, i) for i in range(len(shapes))], dtype=np.int64)
    solid = ~shapely.is_empty(shapes) & (container >= 0)
    for one in np.unique(container[solid]).tolist():
        members = np.flatnonzero(solid & (container == one))
        while True:
            label, size = np.unique(root[members], return_counts=True)
            if len(label) < 2:
                break
            mine = root[members] == label[np.argmin(size)]
            inner, outer = members[mine], members[~mine]
            whole = shapely.multipolygons(shapely.get_parts(shapes[inner]))
            j = int(outer[np.argmin(shapely.distance(whole, shapes[outer]))])
            i = int(inner[np.argmin(shapely.distance(shapes[j], shapes[inner]))])
            found.append((min(i, j), max(i, j)))
            root[inner] = root[j]
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _root(piece: dict[int, int], i: int) -> int:
    while piece[i] != i:
        piece[i] = piece[piece[i]]
        i = piece[i]
    return i


def _join(piece: dict[int, int], i: int, j: int) -> None:
    piece[_root(piece, i)] = _root(piece, j)


def _estates(estates: Mapping[str, Any], shapes: Names, plane: Plane) -> tuple[Names, Rows, Rows]:
    code = np.array([*estates], dtype=object)
    outline = np.empty(len(estates), dtype=object)
    outline[:] = [*estates.values()]
    of, atom, share = overlap_shares(plane.metres(polygonal(outline)), shapes)
    real = share >= ESTATE_PART
    return code, of[real], atom[real]
