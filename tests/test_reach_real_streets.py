"""Minutes and reach on real streets; read where GRIDMAP_REAL_DATA says, else skipped."""

import os
from pathlib import Path

import networkx as nx
import numpy as np
import pyogrio
import pytest
import shapely

from gridmap.crs import geodesic_m, metres_per_degree
from gridmap.reach.streets import Streets

FOLDER = os.environ.get("GRIDMAP_REAL_DATA")
pytestmark = pytest.mark.skipif(not FOLDER, reason="GRIDMAP_REAL_DATA is not set")
FILES = {"helsinki": "fi_helsinki_osm", "wuhan": "cn_wuhan_osm_streets_and_blocks"}
# Where the limit of the network itself stands: shorter pieces are left out of both.
ISLAND_M = 300.0


def street_rows(city):
    frame = pyogrio.read_dataframe(Path(FOLDER) / f"{FILES[city]}.gpkg.zip", layer="street")
    frame["highway"] = frame["highway"].fillna("")
    frame["foot"] = frame["foot"].fillna("") if "foot" in frame else ""
    return frame


def graph_of(courses):
    """A graph of all vertices; courses are pairs of keys and positions."""
    graph = nx.Graph()
    for keys, xy in courses:
        metres = geodesic_m(xy[:-1, 0], xy[:-1, 1], xy[1:, 0], xy[1:, 1])
        for a, b, length in zip(keys, keys[1:], metres.tolist(), strict=False):
            known = graph.get_edge_data(a, b, {"weight": np.inf})["weight"]
            graph.add_edge(a, b, weight=min(length, known))
        for key, position in zip(keys, xy.tolist(), strict=True):
            graph.nodes[key]["at"] = tuple(position)
    return graph


def without_islands(graph):
    for piece in list(nx.connected_components(graph)):
        whole = graph.subgraph(piece).size(weight="weight")
        if whole < ISLAND_M:
            graph.remove_nodes_from(piece)
    return graph


def join_one_place(graph):
    """Two numbers of the map at one place, to the millimetre, are one vertex."""
    first = {}
    for key in graph:
        x, y = graph.nodes[key]["at"]
        other = first.setdefault((round(x, 8), round(y, 8)), key)
        if other != key:
            graph.add_edge(other, key, weight=0.0)


def join_short_ends(graph):
    """An end that lies within a metre of another street is meant to end at it."""
    edges = [(a, b) for a, b in graph.edges]
    at = np.array([[graph.nodes[k]["at"] for k in pair] for pair in edges])
    metres = at * [float(metres_per_degree(30.6)[0]), float(metres_per_degree(30.6)[1])]
    segments = shapely.linestrings(metres)
    tree = shapely.STRtree(segments)
    for end in [n for n, degree in graph.degree if degree == 1]:
        here = np.array(graph.nodes[end]["at"])
        spot = shapely.Point(here * metres_per_degree(30.6))
        for row in tree.query(spot, predicate="dwithin", distance=1.0):
            if end not in edges[row]:
                for key in edges[row]:
                    graph.add_edge(
                        end, key, weight=float(geodesic_m(*here, *graph.nodes[key]["at"]))
                    )


def by_ids(frame):
    """Vertices by the numbers that the map itself gives them."""
    walked = frame[frame["foot"] != "no"]
    for ids, line in zip(walked["node_ids"], walked.geometry, strict=True):
        yield ids.split(), shapely.get_coordinates(line)


def by_union(frame):
    """Vertices of all lines noded by GEOS."""
    noded = shapely.get_parts(shapely.node(shapely.union_all(frame.geometry.to_numpy())))
    for line in noded:
        xy = shapely.get_coordinates(line)
        yield [tuple(p) for p in xy.round(7).tolist()], xy


@pytest.fixture(scope="module", params=["helsinki", "wuhan"])
def city(request):
    frame = street_rows(request.param)
    known = request.param == "helsinki"
    graph = graph_of(by_ids(frame) if known else by_union(frame))
    (join_one_place if known else join_short_ends)(graph)
    graph = without_islands(graph)
    streets = Streets.from_lines(
        frame.geometry,
        classes=frame["highway"].tolist(),
        foot=frame["foot"].tolist(),
        crossings=not known,
    )
    # An end that is joined lies up to a metre off the other street.
    return graph, streets, 0.01 if known else 0.5


def test_minutes_are_those_of_an_independent_shortest_path(city):
    graph, streets, tolerance = city
    keys = sorted(graph)
    at = np.array([graph.nodes[k]["at"] for k in keys])
    pace = streets.walking.metres_per_minute
    for start in np.random.default_rng(9).choice(len(keys), 6, replace=False):
        lengths = nx.single_source_dijkstra_path_length(graph, keys[start])
        expected = np.array([lengths.get(k, np.nan) for k in keys])
        found, method = streets.minutes(at[start], at)
        assert (np.isnan(found) == np.isnan(expected)).all()
        there = np.isfinite(expected)
        assert there.sum() > len(keys) / 2
        assert found[there] * pace == pytest.approx(expected[there], rel=1e-6, abs=tolerance)
        assert (method[expected > tolerance] == "network").all()


@pytest.mark.parametrize("minutes", [5, 15])
def test_a_reach_contains_exactly_the_nodes_within_the_limit(city, minutes):
    _, streets, _ = city
    nodes = streets.network.lonlat
    points = shapely.points(nodes)
    for start in np.random.default_rng(5).choice(len(nodes), 5, replace=False):
        # A door beside the street, as people have.
        door = nodes[start] + [3e-4, 2e-4]
        area, method = streets.reach(door, minutes)
        within = np.isfinite(streets.minutes(door, nodes, limit=minutes)[0])
        assert method == "network"
        assert area.is_valid
        assert shapely.contains_properly(area, points).tolist() == within.tolist()
        circle = shapely.minimum_bounding_circle(area)
        assert area.area < 0.8 * circle.area
