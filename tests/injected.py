"""Boundaries with faults put into them on purpose, each noted down, for tests of the audit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import shapely

from gridmap.areas import Area, Levels
from gridmap.coverage.model import Coverage
from gridmap.crs import metres_per_degree
from tests.partitions import lattice

SHARED_M = 80.0  # borders are long enough to put something in


@dataclass
class Expected:
    """A fault that must be found: its kind, codes it must name, its size."""

    kind: str
    codes: tuple[str, ...]
    area_m2: float | None = None


@dataclass
class Workshop:
    """Areas under change; `pairs` are atoms of one parent with a long border between them."""

    levels: Levels
    areas: list[Area]
    shapes: list[shapely.Geometry]
    rng: np.random.Generator
    pairs: list[tuple[int, int]]
    outline: shapely.Geometry
    expected: list[Expected] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)

    @classmethod
    def on(cls, coverage: Coverage, seed: int) -> Workshop:
        """Open a workshop on a clean coverage."""
        atoms = coverage.atoms
        a, b = shapely.STRtree(coverage.geometry[atoms]).query(
            coverage.geometry[atoms], predicate="intersects"
        )
        a, b = atoms[a[a < b]], atoms[b[a < b]]
        same = coverage.parent[a] == coverage.parent[b]
        a, b = a[same], b[same]
        shared = shapely.length(
            shapely.intersection(
                shapely.boundary(coverage.geometry[a]), shapely.boundary(coverage.geometry[b])
            )
        )
        long = shared > SHARED_M / 90_000
        pairs = list(zip(a[long].tolist(), b[long].tolist(), strict=True))
        rng = np.random.default_rng(seed)
        rng.shuffle(pairs)
        apart = _apart(coverage, pairs)
        areas = [coverage.area(row) for row in range(len(coverage))]
        outline = shapely.coverage_union_all(coverage.geometry[atoms]).boundary
        shapely.prepare(outline)
        return cls(coverage.levels, areas, list(coverage.geometry), rng, apart, outline)

    def take(self) -> tuple[int, int]:
        """Return a pair of atoms under a parent that nothing was done to yet."""
        return self.pairs.pop()

    def code(self, row: int) -> str:
        return self.areas[row].code

    def expect(self, kind: str, *rows: int, area: float | None = None) -> None:
        self.expected.append(Expected(kind, tuple(self.code(row) for row in rows), area))

    def parent_row(self, row: int) -> int:
        area = self.areas[row]
        return next(
            n
            for n, other in enumerate(self.areas)
            if (other.level, other.code) == (area.parent_level, area.parent_code)
        )

    def build(self) -> Coverage:
        """Return the coverage as it is now."""
        keep = [n for n in range(len(self.areas)) if n not in self.gone]
        return Coverage.build(
            "draft", self.levels, [self.areas[n] for n in keep], [self.shapes[n] for n in keep]
        )


def _apart(coverage: Coverage, pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Pairs of which none is near another or under its parent: no fault meets another."""
    first, second = np.array(pairs).T
    boxes = shapely.box(
        *np.hstack(
            [
                np.minimum(*(shapely.bounds(coverage.geometry[r])[:, :2] for r in (first, second))),
                np.maximum(*(shapely.bounds(coverage.geometry[r])[:, 2:] for r in (first, second))),
            ]
        ).T
    )
    near, other = shapely.STRtree(boxes).query(boxes, predicate="dwithin", distance=1e-4)
    parent = coverage.parent[first]
    blocked = np.zeros(len(pairs), dtype=bool)
    out = []
    for n, pair in enumerate(pairs):
        if not blocked[n]:
            out.append(pair)
            blocked[other[near == n]] = True
            blocked |= parent == parent[n]
    return out


def metre(shape: shapely.Geometry) -> float:
    """A metre in degrees of latitude."""
    return 1 / float(metres_per_degree(shape.centroid.y)[1])


def square_metres(shape: shapely.Geometry) -> float:
    kx, ky = metres_per_degree(shape.centroid.y)
    return shape.area * float(kx) * float(ky)


def _stretch(shop: Workshop, i: int, j: int) -> shapely.Geometry:
    """The middle of the border between two atoms, well away from its ends."""
    line = shapely.line_merge(
        shapely.intersection(shop.shapes[i].boundary, shop.shapes[j].boundary)
    )
    parts = shapely.get_parts(line)
    longest = parts[np.argmax(shapely.length(parts))]
    third = longest.length / 3
    return shapely.ops.substring(longest, third / 2, longest.length - third / 2)


def _band(shop: Workshop, i: int, j: int, metres: float, within: int) -> shapely.Geometry:
    """A band along one side of the border, in one piece."""
    line = _stretch(shop, i, j)
    band = shapely.buffer(line, metres * metre(shop.shapes[i]), cap_style="flat")
    parts = shapely.get_parts(shapely.intersection(band, shop.shapes[within]))
    return parts[np.argmax(shapely.area(parts))]


def _take_whole(shop: Workshop) -> tuple[int, int]:
    """A pair whose border is straight enough for a band on either side not to cut anything."""
    while True:
        i, j = shop.take()
        band = _band(shop, i, j, 7.0, i)
        cut = shop.shapes[i].difference(band)
        grown = shop.shapes[i].union(_band(shop, i, j, 7.0, j))
        if {cut.geom_type, grown.geom_type} == {"Polygon"} and not grown.interiors:
            return i, j


def overlap(shop: Workshop, metres: float = 6.0, kind: str = "overlap") -> None:
    i, j = _take_whole(shop)
    part = _band(shop, i, j, metres, j)
    shop.shapes[i] = shop.shapes[i].union(part)
    shop.expect(kind, i, j, area=square_metres(part))


def gap(shop: Workshop, metres: float = 6.0, kind: str = "gap") -> None:
    i, j = _take_whole(shop)
    part = _band(shop, i, j, metres, i)
    shop.shapes[i] = shop.shapes[i].difference(part)
    shop.expect(kind, i, j, area=square_metres(part))


def sliver_overlap(shop: Workshop) -> None:
    overlap(shop, 0.04, "sliver_overlap")


def sliver_gap(shop: Workshop) -> None:
    gap(shop, 0.04, "sliver_gap")


def twice(shop: Workshop) -> None:
    """An atom that is in the file twice."""
    i, _ = shop.take()
    copy = replace(
        shop.areas[i], code=f"{shop.code(i)}~2", provisional=True, name=f"{shop.code(i)}重复"
    )
    shop.areas.append(copy)
    shop.shapes.append(shop.shapes[i])
    shop.expect("duplicate_code", len(shop.areas) - 1)
    shop.expect("overlap", i, len(shop.areas) - 1, area=square_metres(shop.shapes[i]))


def _take_single(shop: Workshop) -> tuple[int, int]:
    """A pair whose first atom is in one part: without it there is one hole."""
    while True:
        i, j = shop.take()
        if shop.shapes[i].geom_type == "Polygon":
            return i, j


def empty_geometry(shop: Workshop) -> None:
    i, j = _take_single(shop)
    shop.expect("empty_geometry", i)
    _expect_hole(shop, i, j)
    shop.shapes[i] = None


def missing_atom(shop: Workshop) -> None:
    i, j = _take_single(shop)
    _expect_hole(shop, i, j)
    shop.gone.add(i)


def _expect_hole(shop: Workshop, i: int, j: int) -> None:
    """A missing atom is a gap, or at the outer border a part of its parent nobody covers."""
    meets = shapely.intersection(shop.shapes[i].boundary, shop.outline).length > 0
    rows = [shop.parent_row(i)] if meets else [j]
    kind = "parent_not_covered" if meets else "gap"
    shop.expect(kind, *rows, area=square_metres(shop.shapes[i]))


def invalid_geometry(shop: Workshop) -> None:
    """An atom with a hole whose ring crosses itself."""
    i, _ = shop.take()
    x, y = shapely.get_coordinates(shapely.point_on_surface(shop.shapes[i]))[0]
    m = metre(shop.shapes[i]) / 2
    bow = [(x, y), (x + m, y + m), (x + m, y), (x, y + m), (x, y)]
    ring = shapely.get_coordinates(shapely.get_exterior_ring(shapely.get_parts(shop.shapes[i])[0]))
    rest = shapely.get_parts(shop.shapes[i])[1:]
    broken = shapely.Polygon(ring, [bow])
    shop.shapes[i] = shapely.MultiPolygon([broken, *rest]) if len(rest) else broken
    shop.expect("invalid_geometry", i)


def blank_code(shop: Workshop) -> None:
    i, _ = shop.take()
    shop.areas[i] = replace(shop.areas[i], code=f"~{i}", provisional=True)
    shop.expect("blank_code", i)


def code_shape(shop: Workshop) -> None:
    i, _ = shop.take()
    shop.areas[i] = replace(shop.areas[i], code=f"{shop.code(i)}77")
    shop.expect("code_shape", i)


def prefix_not_parent(shop: Workshop) -> None:
    i, _ = shop.take()
    shop.areas[i] = replace(shop.areas[i], code="88" + shop.code(i)[2:])
    shop.expect("prefix_not_parent", i)


def missing_parent(shop: Workshop) -> None:
    i, _ = shop.take()
    shop.areas[i] = replace(shop.areas[i], parent_level=None, parent_code=None)
    shop.expect("missing_parent", i)


def parent_unknown(shop: Workshop) -> None:
    i, _ = shop.take()
    shop.areas[i] = replace(shop.areas[i], parent_code="770000000000000")
    shop.expect("parent_unknown", i)


def _sibling_of_parent(shop: Workshop, row: int) -> str:
    """Another parent under the same grandparent: only the parent level is then wrong."""
    above = shop.areas[shop.parent_row(row)].parent_code
    for n, (other, _) in enumerate(shop.pairs):
        parent = shop.areas[shop.parent_row(other)]
        if parent.parent_code == above:
            del shop.pairs[n]
            return parent.code
    raise AssertionError("no pair of atoms is left under this grandparent")


def parent_disagrees(shop: Workshop) -> None:
    i, _ = shop.take()
    parent = _sibling_of_parent(shop, i)
    own = shop.areas[i].parent_code or ""
    # Its own name may be another's there: not what this is about.
    shop.areas[i] = replace(
        shop.areas[i],
        name=f"{shop.code(i)}改属片区",
        parent_code=parent,
        code=f"{parent}{shop.code(i)[len(own) : -2]}98",
    )
    shop.expect("parent_disagrees", i)


def outside_parent(shop: Workshop) -> None:
    i, _ = shop.take()
    parent = shop.parent_row(i)
    disc = shapely.point_on_surface(shop.shapes[i]).buffer(8 * metre(shop.shapes[i]))
    part = shop.shapes[i].intersection(disc)
    shop.shapes[parent] = shop.shapes[parent].difference(part)
    shop.expected.append(
        Expected("outside_parent", (shop.code(i), shop.code(parent)), square_metres(part))
    )


def parent_not_covered(shop: Workshop) -> None:
    i, _ = shop.take()
    parent = shop.parent_row(i)
    west, _, _, north = shapely.total_bounds(np.array([s for s in shop.shapes if s is not None]))
    m = metre(shop.shapes[i])
    x, y = west + 100 * m * len(shop.expected), north + 500 * m
    beyond = shapely.box(x, y, x + 30 * m, y + 30 * m)
    shop.shapes[parent] = shapely.MultiPolygon([*shapely.get_parts(shop.shapes[parent]), beyond])
    shop.expect("parent_not_covered", parent, area=square_metres(beyond))


def blank_name(shop: Workshop) -> None:
    i, _ = shop.take()
    shop.areas[i] = replace(shop.areas[i], name="")
    shop.expect("blank_name", i)


def mojibake(shop: Workshop) -> None:
    i, _ = shop.take()
    broken = "泉城路社区".encode("gbk").decode("latin-1")
    shop.areas[i] = replace(shop.areas[i], name=broken)
    shop.expect("mojibake", i)


def same_name(shop: Workshop) -> None:
    i, j = shop.take()
    shop.areas[i] = replace(shop.areas[i], name="文化路片区")
    shop.areas[j] = replace(shop.areas[j], name="文化路片区")
    shop.expected.append(Expected("same_name", (max(shop.code(i), shop.code(j)),)))


def detached_part(shop: Workshop) -> None:
    i, j = shop.take()
    inner = shapely.get_parts(shop.shapes[j])[0]
    spot = shapely.point_on_surface(inner).buffer(2 * metre(inner))
    shop.shapes[j] = shop.shapes[j].difference(spot)
    shop.shapes[i] = shapely.MultiPolygon([*shapely.get_parts(shop.shapes[i]), spot])
    shop.expect("detached_part", i, area=square_metres(spot))


INJECTIONS = (
    overlap, gap, sliver_overlap, sliver_gap, twice, empty_geometry, missing_atom,
    invalid_geometry, blank_code, code_shape, prefix_not_parent, missing_parent, parent_unknown,
    parent_disagrees, outside_parent, parent_not_covered, blank_name, mojibake, same_name,
    detached_part,
)  # fmt: skip


def lattice_coverage(columns: int, rows: int, block: int = 5, seed: int = 1) -> Coverage:
    """Return a coverage of two levels: blocks of cells with declared polygons, cells named."""
    cells = lattice(columns, rows, seed)
    x, y = np.divmod(np.arange(columns * rows), rows)
    across = -(-rows // block)
    groups = (x // block) * across + y // block
    levels = Levels(["grid", "microgrid"])
    areas, shapes, place = [], [], {}
    for group in np.unique(groups):
        members = np.flatnonzero(groups == group)
        place |= {int(cell): n for n, cell in enumerate(members)}
        areas.append(Area(-1, "grid", f"99010{group:05d}", f"第{group}网格"))
        shapes.append(shapely.coverage_union_all(cells[members]))
    for cell, group in enumerate(groups.tolist()):
        code = f"99010{group:05d}{place[cell]:02d}"
        areas.append(
            Area(
                -1, "microgrid", code, f"{place[cell]}号微网格",
                parent_level="grid", parent_code=code[:-2],
            )
        )  # fmt: skip
    return Coverage.build("draft", levels, areas, [*shapes, *cells])
