"""The frame of the district: arterials, the river with its two riverside roads, the railway."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.demo.dice import Dice
from gridmap.demo.mesh import Mesh, Point
from gridmap.demo.scales import Scale

__all__ = ["Frame", "Road", "lay_frame"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Road:
    """One road, river bank or railway, named later.

    Attributes
    ----------
    kind : str
        ``highway``, ``arterial``, ``riverside``, ``railway``, ``collector``,
        ``branch`` or ``alley``.
    along_x : bool
        True when it runs more west to east than south to north.
    superblock : int
        Superblock it was cut from; -1 for the frame's own.
    """

    kind: str
    along_x: bool
    superblock: int = -1


@dataclass(frozen=True)
class Frame:
    """What everything else is cut from.

    Attributes
    ----------
    mesh : Mesh
        The superblocks.
    roads : list of Road
    river : list of int
        Faces between the two riverside roads.
    course : Floats
        Middle line of the river in the unbent plane, shape (n, 2).
    rails : Floats
        Line of the railway in the unbent plane, shape (n, 2); empty when there is none.
    """

    mesh: Mesh
    roads: list[Road]
    river: list[int]
    course: Floats
    rails: Floats


def lay_frame(scale: Scale, dice: Dice) -> Frame:
    """Lay out the frame of a district of that scale."""
    xs = _positions(scale.half_width, scale, dice)
    ys = _positions(scale.half_height, scale, dice)
    lines, roads = _lattice(xs, ys, scale, dice)
    course = np.empty((0, 2))
    rails = np.empty((0, 2))
    banks = None
    if scale.river:
        course = _course(xs, ys, scale, dice)
        west, east = _banks(course, dice)
        banks = shapely.Polygon(np.vstack([west, east[::-1]]))
        # No arterial runs along inside the river strip; those across it are bridges.
        lines = [(line, road) for line, road in lines if not _swims(line, banks)]
        for bank in (west, east):
            lines.append((shapely.LineString(bank), len(roads)))
            roads.append(Road("riverside", along_x=False))
    if scale.railway:
        rails = _rails(xs, ys, dice)
        lines.append((shapely.LineString(rails), len(roads)))
        roads.append(Road("railway", along_x=True))
    mesh = _arrange(lines)
    river = [
        face
        for face in range(len(mesh.ring))
        if banks is not None
        and banks.contains(shapely.Polygon(mesh.points(face)).point_on_surface())
    ]
    return Frame(mesh, roads, river, course, rails)


def _positions(half: float, scale: Scale, dice: Dice) -> list[float]:
    """Return the places of arterials along one axis: closer together in the middle."""
    places = [dice.between(-0.3, 0.3) * scale.arterial_m]
    for sign in (1.0, -1.0):
        at = places[0]
        while abs(at) < half:
            step = scale.arterial_m * (0.85 + 0.5 * abs(at) / half) * dice.between(0.82, 1.2)
            at += sign * step
            places.append(at)
        places.sort()
    return places


def _lattice(
    xs: list[float], ys: list[float], scale: Scale, dice: Dice
) -> tuple[list[tuple[shapely.LineString, int]], list[Road]]:
    sway = 0.09 * scale.arterial_m
    node = {
        (i, j): (x + sway * dice.bell() * 0.6, y + sway * dice.bell() * 0.6)
        for i, x in enumerate(xs)
        for j, y in enumerate(ys)
    }
    lines: list[tuple[shapely.LineString, int]] = []
    roads: list[Road] = []
    gone: set[Point] = set()
    runs = [([node[i, j] for j in range(len(ys))], False) for i in range(len(xs))]
    runs += [([node[i, j] for i in range(len(xs))], True) for j in range(len(ys))]
    for run, along_x in runs:
        edge = run[0] == node[0, 0] or run[-1] == node[len(xs) - 1, len(ys) - 1]
        through = run[1] in {node[1, 1], node[1, 0], node[0, 1]} and not edge
        roads.append(Road("highway" if through else "arterial", along_x))
        for at, (a, b) in enumerate(pairwise(run)):
            inner = 0 < at < len(run) - 2 and not edge
            # A missing piece makes one larger superblock and two T-junctions.
            if inner and a not in gone and b not in gone and dice.chance(0.17):
                gone |= {a, b}
            else:
                lines.append((shapely.LineString([a, b]), len(roads) - 1))
    return lines, roads


def _course(xs: list[float], ys: list[float], scale: Scale, dice: Dice) -> Floats:
    """Return the river's middle line: south to north in a gap between two arterials."""
    places = np.array(xs)
    gap = int(np.argmin(np.abs((places[:-1] + places[1:]) / 2 - scale.river_x)))
    middle, room = (places[gap] + places[gap + 1]) / 2, places[gap + 1] - places[gap]
    y = np.arange(ys[0], ys[-1] + 35.0, 70.0)
    x = np.full_like(y, middle)
    for length, share in ((3600.0, 0.24), (1900.0, 0.17), (800.0, 0.05)):
        x += room * share * np.sin(2 * np.pi * y / length + dice.between(0, 2 * np.pi))
    y[0], y[-1] = ys[0] - 200.0, ys[-1] + 200.0
    return np.column_stack([x, y])


def _banks(course: Floats, dice: Dice) -> tuple[Floats, Floats]:
    """Return the western and eastern riverside roads of a course that runs north."""
    along = np.gradient(course, axis=0)
    along /= np.hypot(along[:, 0], along[:, 1])[:, None]
    across = np.column_stack([-along[:, 1], along[:, 0]])
    sides = []
    for sign in (1.0, -1.0):
        swell = dice.bells(len(course))
        smooth = np.convolve(np.pad(swell, 3, mode="edge"), np.ones(7) / 7, mode="valid")
        sides.append(course + across * sign * (82.0 + 26.0 * smooth)[:, None])
    return sides[0], sides[1]


def _swims(line: shapely.LineString, banks: shapely.Polygon) -> bool:
    return bool(shapely.intersection(line, banks).length > 0.55 * line.length)


def _rails(xs: list[float], ys: list[float], dice: Dice) -> Floats:
    """Return the railway: west to east inside the second gap from the north."""
    gap = len(ys) - 3
    low, room = ys[gap], ys[gap + 1] - ys[gap]
    x = np.linspace(xs[0] - 200.0, xs[-1] + 200.0, 12)
    lift = np.linspace(0.34, 0.66, len(x)) + 0.05 * np.sin(np.arange(len(x)) + dice.between(0, 6))
    return np.column_stack([x, low + room * lift])


def _arrange(lines: list[tuple[shapely.LineString, int]]) -> Mesh:
    """Node the lines and return the faces they enclose, each edge with its road."""
    noded = shapely.union_all([line for line, _ in lines], grid_size=0.01)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    faces = shapely.orient_polygons(shapely.normalize(faces))
    centre = shapely.get_coordinates(shapely.centroid(faces)).round(2)
    mesh = Mesh()
    number: dict[Point, int] = {}
    for at in np.lexsort((centre[:, 1], centre[:, 0])):
        ring = []
        for x, y in shapely.get_coordinates(faces[at].exterior)[:-1]:
            point = (float(x), float(y))
            if point not in number:
                number[point] = mesh.add_point(point)
            ring.append(number[point])
        mesh.add_face(ring)
    edges = sorted({(min(e), max(e)) for e in mesh.left})
    middles = [
        ((mesh.xy[a][0] + mesh.xy[b][0]) / 2, (mesh.xy[a][1] + mesh.xy[b][1]) / 2) for a, b in edges
    ]
    tree = shapely.STRtree([line for line, _ in lines])
    which = tree.nearest(shapely.points(middles))
    for edge, line in zip(edges, which, strict=True):
        mesh.road[edge] = lines[int(line)][1]
    return mesh
