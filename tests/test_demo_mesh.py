"""The mesh stays planar, and its faces share their edges, under any cuts."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.demo.cutting import find_cut
from gridmap.demo.dice import Dice
from gridmap.demo.grouping import Graph, components, divide, shares_of
from gridmap.demo.mesh import Mesh, chord, ring_area
from gridmap.demo.plane import Bend, Plane

SQUARE = [(0.0, 0.0), (400.0, 0.0), (400.0, 300.0), (0.0, 300.0)]


def squared():
    mesh = Mesh()
    mesh.add_face([mesh.add_point(p) for p in SQUARE])
    return mesh


def polygons(mesh):
    return np.array(
        [
            shapely.Polygon(
                mesh.points(f), [[mesh.xy[v] for v in h] for h in mesh.holes.get(f, [])]
            )
            for f in range(len(mesh.ring))
        ]
    )


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    kinds=st.lists(st.sampled_from(["branch", "alley", "wall"]), max_size=14),
)
def test_any_cuts_leave_a_valid_coverage(seed, kinds):
    mesh, dice = squared(), Dice(seed, "cuts")
    for kind in kinds:
        face = max(range(len(mesh.ring)), key=mesh.area)
        cut = find_cut(mesh.points(face), kind, 6.0, dice)
        if cut is not None:
            mesh.cut(face, cut.path, cut.edges, None if kind == "wall" else 7)
    shapes = polygons(mesh)
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    assert np.isclose(shapely.area(shapes).sum(), 120_000.0, atol=1e-6)


def test_a_cut_puts_its_end_into_the_neighbours_ring():
    mesh = squared()
    right = mesh.cut(0, [(200.0, 0.0), (200.0, 300.0)], (0, 2), None)
    before = [len(mesh.ring[f]) for f in (0, right)]
    left = 0 if mesh.points(0)[0][0] < 200 or mesh.area(0) else right
    points = mesh.points(left)
    found = chord(points, (100.0, 150.0), (1.0, 0.0))
    assert found is not None
    mesh.cut(left, [found[0][0], found[1][0]], (found[0][1], found[1][1]), None)
    assert len(mesh.ring[right]) == before[1] + 1


def test_an_enclave_is_a_hole_of_its_surroundings():
    mesh = squared()
    inner = mesh.enclose(0, [(100.0, 100.0), (200.0, 100.0), (200.0, 200.0), (100.0, 200.0)])
    assert mesh.area(0) == 110_000.0
    assert mesh.area(inner) == 10_000.0
    assert shapely.coverage_is_valid(polygons(mesh))


def test_a_road_keeps_its_number_on_both_halves_of_a_split_edge():
    mesh = squared()
    mesh.road[0, 1] = 5
    new = mesh.split_edge(0, 1, (150.0, 0.0))
    assert mesh.road == {(0, new): 5, (1, new): 5}


def test_a_chord_takes_the_piece_that_holds_the_point():
    # A horseshoe: the line y = 2 crosses both legs.
    horseshoe = [(0, 0), (9, 0), (9, 5), (6, 5), (6, 1), (3, 1), (3, 5), (0, 5)]
    ends = chord([(float(x), float(y)) for x, y in horseshoe], (7.0, 2.0), (1.0, 0.0))
    assert ends is not None
    assert [end[0] for end in ends] == [(6.0, 2.0), (9.0, 2.0)]


def test_ring_area_is_signed():
    assert ring_area(SQUARE) == 120_000.0
    assert ring_area(SQUARE[::-1]) == -120_000.0


def test_the_bend_folds_nowhere():
    # The image of a fine lattice keeps every small square the right way round.
    bend = Bend(Dice(3, "bend"), turn=0.4, radius=1500.0)
    axis = np.arange(-5000.0, 5001.0, 50.0)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1)
    image = bend(grid.reshape(-1, 2)).reshape(grid.shape)
    east, north = image[1:, :-1] - image[:-1, :-1], image[:-1, 1:] - image[:-1, :-1]
    turn = east[..., 0] * north[..., 1] - east[..., 1] * north[..., 0]
    assert (turn > 0.3 * 50.0**2).all()


def test_the_plane_returns_to_where_it_was_within_the_lattice():
    plane = Plane(114.6, 33.9, 92_460.5, 110_921.1)
    xy = np.array([[0.0, 0.0], [1234.5, -987.6]])
    assert plane.to_metres(plane.to_lonlat(xy)) == pytest.approx(xy, abs=0.006)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    groups=st.integers(1, 12),
    weights=st.lists(st.floats(1.0, 50.0), min_size=36, max_size=36),
)
def test_groups_are_connected_whole_and_as_many_as_asked(seed, groups, weights):
    bond = {n: {} for n in range(36)}
    for n in range(36):
        for o in ([n + 1] if n % 6 < 5 else []) + ([n + 6] if n < 30 else []):
            bond[n][o] = bond[o][n] = 1.0
    graph = Graph(dict(enumerate(weights)), bond)
    found = divide(graph, range(36), [1.0] * groups, Dice(seed, "groups"))
    assert len(found) == groups
    assert sorted(n for group in found for n in group) == list(range(36))
    for group in found:
        near = {n: bond[n] for n in group}
        assert len(components(group, near)) == 1


@given(
    st.lists(st.floats(0.1, 100.0), min_size=1, max_size=20),
    st.integers(0, 5),
    st.integers(0, 300),
)
@settings(max_examples=60, deadline=None)
def test_shares_add_up_and_nobody_goes_short(weights, least, spare):
    total = least * len(weights) + spare
    counts = shares_of(total, weights, least)
    assert sum(counts) == total
    assert min(counts) >= least
