"""From the cut mesh to finished geometry: arcs, bent, thinned, put on the lattice, made rings."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.demo.dice import Dice
from gridmap.demo.notice import no_district
from gridmap.demo.plane import Bend, Plane
from gridmap.demo.town import Town

__all__ = ["Arc", "Outlines", "draw_outlines"]

Floats = NDArray[np.float64]
Chain = tuple[list[int], int | None]


@dataclass(frozen=True)
class Arc:
    """A piece of border between two junctions.

    Attributes
    ----------
    vertices : list of int
        Of the mesh, first and last are the junctions.
    road : int or None
        The road along it; None for a compound wall.
    lonlat : Floats
        Finished course, shape (n, 2), EPSG:4326 on the lattice.
    """

    vertices: list[int]
    road: int | None
    lonlat: Floats


@dataclass(frozen=True)
class Outlines:
    """Finished arcs and the polygon of every face of the district."""

    arcs: list[Arc]
    face: dict[int, shapely.Polygon]


def draw_outlines(town: Town, bend: Bend, plane: Plane, dice: Dice) -> Outlines:
    """Finish the borders of all faces of the district.

    Borders are thinned by a tolerance of their own, as if surveyed by different hands. Where
    thinning makes two borders meet, their faces are drawn again at full detail.
    """
    chains = _chains(town)
    hand = _Hand.draw(town, chains, dice)
    dense = _bent(town, chains, bend, hand)
    for _ in range(5):
        lines = _thinned(dense, hand)
        lonlat = [plane.to_lonlat(line) for line in lines]
        arcs = [
            Arc(chain, road, _distinct(points))
            for (chain, road), points in zip(chains, lonlat, strict=True)
        ]
        faces, arcs_of = _polygons(town, arcs)
        bad = _faulty(faces)
        if not bad:
            return Outlines(arcs, faces)
        for face in bad:
            for arc in arcs_of[face]:
                hand.calm(arc)
    raise no_district(f"faces {sorted(bad)} stay faulty at full detail")


def _chains(town: Town) -> list[Chain]:
    """Return runs of vertices between junctions, each along one road."""
    mesh = town.mesh
    near: dict[int, list[int]] = defaultdict(list)
    for (a, b), face in sorted(mesh.left.items()):
        other = mesh.left.get((b, a))
        if (a < b and (town.inside[face] or (other is not None and town.inside[other]))) or (
            a > b and other is None and town.inside[face]
        ):
            near[a].append(b)
            near[b].append(a)

    def road(a: int, b: int) -> int | None:
        return mesh.road.get((min(a, b), max(a, b)))

    def junction(v: int) -> bool:
        return len(near[v]) != 2 or road(v, near[v][0]) != road(v, near[v][1])

    chains: list[Chain] = []
    seen: set[tuple[int, int]] = set()
    starts = [v for v in sorted(near) if junction(v)]
    # Rings without a junction are those of enclaves: any vertex may begin them.
    for start in [*starts, *(v for v in sorted(near) if not junction(v))]:
        for second in near[start]:
            if (start, second) in seen:
                continue
            chain = [start, second]
            while not junction(chain[-1]) and chain[-1] != start:
                a, b = near[chain[-1]]
                chain.append(b if a == chain[-2] else a)
            seen |= set(pairwise(chain))
            seen |= {(b, a) for a, b in pairwise(chain)}
            chains.append((chain, road(start, second)))
    return chains


@dataclass(frozen=True)
class _Hand:
    """How the borders were surveyed: arrays with one entry a chain.

    Attributes
    ----------
    step : Floats
        Metres between surveyed points.
    tolerance : Floats
        Metres by which a point may lie off the line before it is kept.
    sway : Floats
        Metres by which a point is off by chance.
    ditch : Floats
        Metres by which an edge of the district that is no street follows old field ditches.
    phase : Floats
        Two a chain, shape (n, 2).
    """

    step: Floats
    tolerance: Floats
    sway: Floats
    ditch: Floats
    phase: Floats

    @classmethod
    def draw(cls, town: Town, chains: list[Chain], dice: Dice) -> _Hand:
        roads = len(town.roads)
        row = np.array([roads + i if r is None else r for i, (_, r) in enumerate(chains)])
        step = np.exp(np.log(19.0) + 0.6 * dice.bells(roads + len(chains))).clip(6.0, 90.0)
        tolerance = np.exp(np.log(0.35) + 0.9 * dice.bells(roads + len(chains))).clip(0.03, 2.5)
        sway = np.abs(dice.bells(len(chains))) * 0.5
        rural = [_is_ditch(town, chain, road) for chain, road in chains]
        ditch = np.where(rural, dice.spread(4.0, 15.0, len(chains)), 0.0)
        phase = dice.spread(0.0, 2 * np.pi, 2 * len(chains)).reshape(-1, 2)
        return cls(np.where(ditch > 0, 17.0, step[row]), tolerance[row], sway, ditch, phase)

    def calm(self, chain: int) -> None:
        """Draw this chain as it is."""
        self.tolerance[chain] = self.sway[chain] = self.ditch[chain] = 0.0


def _is_ditch(town: Town, chain: list[int], road: int | None) -> bool:
    sides = [town.mesh.left.get(e) for e in ((chain[0], chain[1]), (chain[1], chain[0]))]
    inside = [f is not None and town.inside[f] for f in sides]
    return sum(inside) == 1 and (road is None or town.roads[road].kind in {"collector", "branch"})


def _bent(town: Town, chains: list[Chain], bend: Bend, hand: _Hand) -> list[Floats]:
    parts: list[Floats] = []
    for (chain, _), step in zip(chains, hand.step, strict=True):
        corners = np.array([town.mesh.xy[v] for v in chain])
        points = [corners[:1]]
        for a, b in pairwise(corners):
            count = max(1, round(math.dist(a, b) / step))
            points.append(a + (b - a) * (np.arange(1, count + 1) / count)[:, None])
        parts.append(np.vstack(points))
    bent = bend(np.vstack(parts))
    return np.split(bent, np.cumsum([len(p) for p in parts])[:-1])


def _thinned(dense: list[Floats], hand: _Hand) -> list[Floats]:
    shaken = []
    for number, points in enumerate(dense):
        inner = np.arange(len(points))[1:-1]
        p, q = hand.phase[number]
        sway = hand.sway[number] * np.column_stack(
            [np.sin(1.9 * inner + p), np.sin(2.3 * inner + q)]
        )
        if hand.ditch[number] > 0:
            across = points[-1] - points[0]
            across = np.array([-across[1], across[0]]) / max(np.hypot(*across), 1.0)
            along = inner / (len(points) - 1)
            wave = np.sin(0.55 * inner + p) + 0.6 * np.sin(0.21 * inner + q)
            sway = sway + np.outer(hand.ditch[number] * np.sin(np.pi * along) ** 0.5 * wave, across)
        moved = points.copy()
        moved[1:-1] += sway
        shaken.append(moved)
    index = np.repeat(np.arange(len(shaken)), [len(p) for p in shaken])
    lines = shapely.linestrings(np.vstack(shaken), indices=index)
    thin = shapely.simplify(lines, hand.tolerance, preserve_topology=False)
    coords, index = shapely.get_coordinates(thin, return_index=True)
    return np.split(coords, np.flatnonzero(np.diff(index)) + 1)


def _distinct(points: Floats) -> Floats:
    keep = np.ones(len(points), dtype=bool)
    keep[1:] = (points[1:] != points[:-1]).any(axis=1)
    return points[keep]


def _polygons(
    town: Town, arcs: list[Arc]
) -> tuple[dict[int, shapely.Polygon], dict[int, list[int]]]:
    """Return every face's polygon and the arcs around it."""
    starts = {}
    for number, arc in enumerate(arcs):
        starts[arc.vertices[0], arc.vertices[1]] = (number, True)
        starts[arc.vertices[-1], arc.vertices[-2]] = (number, False)
    faces: dict[int, shapely.Polygon] = {}
    around: dict[int, list[int]] = {}
    for face in range(len(town.use)):
        if not town.inside[face]:
            continue
        around[face] = []
        rings = []
        for ring in (town.mesh.ring[face], *town.mesh.holes.get(face, [])):
            points = []
            for step in zip(ring, ring[1:] + ring[:1], strict=True):
                if step in starts:
                    number, forward = starts[step]
                    around[face].append(number)
                    line = arcs[number].lonlat
                    points.append((line if forward else line[::-1])[:-1])
            # The ring may begin in the middle of an arc: its pieces are whole all the same.
            rings.append(np.vstack(points))
        faces[face] = shapely.Polygon(rings[0], rings[1:])
    return faces, around


def _faulty(faces: dict[int, shapely.Polygon]) -> list[int]:
    """Return the faces that are invalid or do not match their neighbours."""
    numbers = np.array(sorted(faces))
    shapes = np.array([faces[n] for n in numbers], dtype=object)
    wrong = ~shapely.is_valid(shapes)
    if not wrong.any():
        wrong = ~shapely.is_empty(shapely.coverage_invalid_edges(shapes))
    return [int(n) for n in numbers[wrong]]
