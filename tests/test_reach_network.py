"""Ways along streets: where lines meet, how long the shortest way is, what is within reach."""

import itertools

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.crs import geodesic_m, metres_per_degree
from gridmap.errors import BadValue
from gridmap.reach.model import Method, Walking
from gridmap.reach.streets import Streets

LON, LAT = 114.6, 33.9
KX, KY = (float(k) for k in metres_per_degree(LAT))
STEP = 1e-3
WALKING = Walking(speed_kmh=6.0)  # 100 m a minute


def at(x, y):
    """A place so many metres east and north of the corner."""
    return (LON + x / KX, LAT + y / KY)


def line(*points):
    return shapely.LineString([at(*p) for p in points])


def walked(streets, a, b):
    minutes, method = streets.minutes(at(*a), [at(*b)])
    return minutes[0] * 100.0, method[0]


# -- where streets meet -----------------------------------------------------------------------


def test_lines_that_cross_without_a_vertex_meet():
    streets = Streets.from_lines(
        [line((0, 0), (400, 0)), line((200, -300), (200, 300))], walking=WALKING
    )
    metres, method = walked(streets, (0, 0), (200, 300))
    assert (round(metres), method) == (500, Method.NETWORK)


def test_a_bridge_passes_over_a_street_and_is_reached_from_its_foot():
    road = line((0, 0), (400, 0), (700, 0))
    bridge, ramp = line((200, -300), (200, 300)), line((200, 300), (700, 300), (700, 0))
    streets = Streets.from_lines([road, bridge, ramp], strata=[0, 1, None], walking=WALKING)
    metres, _ = walked(streets, (0, 0), (200, 300))
    assert round(metres) == 700 + 300 + 500


def test_a_street_drawn_half_a_metre_short_meets_the_one_it_ends_at():
    streets = Streets.from_lines(
        [line((0, 0), (400, 0)), line((200, 0.5), (200, 300))], walking=WALKING
    )
    assert walked(streets, (0, 0), (200, 300))[0] == pytest.approx(500, abs=1.5)


def test_a_street_that_crosses_itself_meets_itself():
    loop = line((0, 0), (600, 0), (600, 300), (300, 300), (300, -300))
    streets = Streets.from_lines([loop], walking=WALKING)
    assert round(walked(streets, (0, 0), (300, -300))[0]) == 600


def test_a_street_drawn_twice_is_as_long_as_once():
    lines = [line((0, 0), (600, 0)), line((100, 0), (900, 0)), line((500, 0), (500, 200))]
    streets = Streets.from_lines(lines, walking=WALKING)
    assert round(walked(streets, (0, 0), (500, 200))[0]) == 700
    assert round(walked(streets, (0, 0), (900, 0))[0]) == 900


def test_data_that_are_noded_already_meet_at_shared_vertices_only():
    lines = [line((0, 0), (400, 0)), line((200, -300), (200, 300))]
    streets = Streets.from_lines(lines, crossings=False, walking=WALKING)
    minutes, method = streets.minutes(at(0, 0), [at(200, 300)])
    assert np.isnan(minutes[0])
    assert method[0] == Method.NONE


def test_of_two_ways_between_the_same_corners_the_shorter_counts():
    streets = Streets.from_lines(
        [line((0, 0), (200, 400), (400, 0)), line((0, 0), (400, 0))], walking=WALKING
    )
    assert round(walked(streets, (0, 0), (400, 0))[0]) == 400


def test_nobody_walks_on_a_motorway_unless_the_road_itself_says_so():
    lines = [line((0, 0), (400, 0)), line((0, 0), (0, 300), (400, 300), (400, 0))]
    closed = Streets.from_lines(lines, classes=["motorway", "branch"], walking=WALKING)
    opened = Streets.from_lines(
        lines, classes=["motorway", "branch"], foot=["yes", ""], walking=WALKING
    )
    assert round(walked(closed, (0, 0), (400, 0))[0]) == 1000
    assert round(walked(opened, (0, 0), (400, 0))[0]) == 400


def test_an_unknown_class_of_road_is_refused():
    with pytest.raises(BadValue, match="canal"):
        Streets.from_lines([line((0, 0), (400, 0))], classes=["canal"])


# -- points beside the streets ----------------------------------------------------------------


def test_the_way_to_the_street_counts_at_both_ends():
    streets = Streets.from_lines([line((0, 0), (1000, 0))], walking=WALKING)
    metres, method = walked(streets, (100, 80), (700, -50))
    assert (round(metres), method) == (80 + 600 + 50, Method.NETWORK)


def test_two_doors_of_one_courtyard_need_no_street():
    streets = Streets.from_lines([line((0, 0), (1000, 0))], walking=WALKING)
    metres, method = walked(streets, (100, 150), (140, 150))
    assert (round(metres), method) == (52, Method.STRAIGHT)


def test_far_from_every_street_it_is_the_straight_line_times_the_detour():
    streets = Streets.from_lines([line((0, 0), (1000, 0))], walking=WALKING)
    metres, method = walked(streets, (100, 0), (100, 2000))
    assert (round(metres), method) == (2600, Method.STRAIGHT)


def test_without_any_street_everything_is_a_straight_line_and_reach_a_circle():
    streets = Streets.from_lines([], walking=WALKING)
    metres, method = walked(streets, (0, 0), (600, 800))
    assert metres == pytest.approx(1300, rel=1e-4)
    assert method == Method.STRAIGHT
    area, method = streets.reach(at(0, 0), 13.0)
    assert method == Method.STRAIGHT
    edge = shapely.get_coordinates(area)
    far = geodesic_m(*at(0, 0), edge[:, 0], edge[:, 1])
    assert far == pytest.approx(np.full(len(far), 1000.0), rel=1e-3)


def test_the_nearest_of_several_gates_counts():
    streets = Streets.from_lines([line((0, 0), (1000, 0))], walking=WALKING)
    minutes, _ = streets.minutes([at(0, 0), at(900, 0)], [at(100, 0), at(700, 0), at(1000, 0)])
    assert (minutes * 100).round().tolist() == [100, 200, 100]


def test_what_is_beyond_the_limit_is_infinitely_far_and_what_is_within_stays_the_same():
    streets = Streets.from_lines([line((0, 0), (1000, 0))], walking=WALKING)
    ends = [at(100, 0), at(500, 0), at(501, 0), at(900, 0)]
    minutes, _ = streets.minutes(at(0, 0), ends, limit=5.005)
    assert minutes.round(2).tolist() == [1.0, 5.0, np.inf, np.inf]


def test_remains_of_streets_that_lead_nowhere_catch_nobody():
    scrap = line((300, 40), (360, 40))
    streets = Streets.from_lines([line((0, 0), (1000, 0)), scrap], walking=WALKING)
    metres, method = walked(streets, (0, 0), (330, 45))
    assert (round(metres), method) == (375, Method.NETWORK)


@pytest.mark.parametrize(
    "bad", [{"speed_kmh": 0.0}, {"detour": 0.9}, {"snap_m": -1.0}, {"speed_kmh": np.nan}]
)
def test_no_way_to_walk_is_refused(bad):
    with pytest.raises(BadValue, match=next(iter(bad))):
        Walking(**bad)


@pytest.mark.parametrize("minutes", [0.0, -1.0, 121.0, np.nan])
def test_a_reach_of_no_minutes_or_of_hours_is_refused(minutes):
    with pytest.raises(BadValue, match="120 minutes"):
        Streets.from_lines([line((0, 0), (1000, 0))]).reach(at(0, 0), minutes)


def test_a_place_without_coordinates_is_refused():
    streets = Streets.from_lines([line((0, 0), (1000, 0))])
    with pytest.raises(BadValue, match="without coordinates"):
        streets.minutes(at(0, 0), [(np.nan, 33.9)])


# -- against another shortest path ------------------------------------------------------------

COURSE = st.tuples(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=4),
    st.integers(0, 1),
)


def right_angled(corners):
    """The corners with bends between them, so that streets follow the lattice."""
    out = [corners[0]]
    for x, y in corners[1:]:
        out += [(x, out[-1][1]), (x, y)]
    return [p for n, p in enumerate(out) if n == 0 or p != out[n - 1]]


def lattice_points(a, b):
    n = max(abs(a[0] - b[0]), abs(a[1] - b[1]))
    return [(a[0] + (b[0] - a[0]) * k // n, a[1] + (b[1] - a[1]) * k // n) for k in range(n + 1)]


def place(p):
    return (round(LON + p[0] * STEP, 8), round(LAT + p[1] * STEP, 8))


def lattice_graph(courses):
    """Every line by itself in steps of the lattice; joined where the rules say so."""
    graph, on = nx.Graph(), {}
    for number, (corners, stratum) in enumerate(courses):
        for a, b in itertools.pairwise(corners):
            steps = lattice_points(a, b)
            for p, q in itertools.pairwise(steps):
                metres = float(geodesic_m(*place(p), *place(q)))
                graph.add_edge((number, p), (number, q), weight=metres)
            for p in steps:
                on.setdefault(p, set()).add((number, stratum, p in corners))
    for p, lines in on.items():
        meet = [i for i, height, bend in lines if bend or _another_at(height, i, lines)]
        bends = {i for i, _, bend in lines if bend}
        if any(p in (courses[i][0][0], courses[i][0][-1]) and bends == {i} for i in bends):
            meet = [i for i, _, _ in lines]
        for i, j in itertools.pairwise(meet):
            graph.add_edge((i, p), (j, p), weight=0.0)
    return graph


def _another_at(height, i, lines):
    return any(j != i and other == height for j, other, _ in lines)


def unit_steps(corners):
    return [p for a, b in itertools.pairwise(corners) for p in lattice_points(a, b)[1:]]


def drawn_once(courses):
    """Courses that do not cross themselves, or run along others of their height."""
    out, run = [], set()
    for corners, height in courses:
        places = [corners[0], *unit_steps(corners)]
        mine = {(frozenset(pair), height) for pair in itertools.pairwise(places)}
        if len(places) > 1 and len(set(places)) == len(places) and not mine & run:
            run |= mine
            out.append((corners, height))
    return out


@settings(max_examples=60, deadline=None)
@given(st.lists(COURSE, min_size=2, max_size=7))
def test_minutes_on_any_lattice_are_those_of_an_independent_shortest_path(courses):
    courses = drawn_once((right_angled(corners), height) for corners, height in courses)
    if not courses:
        return
    streets = Streets.from_lines(
        [shapely.LineString([place(p) for p in corners]) for corners, _ in courses],
        strata=[stratum for _, stratum in courses],
        walking=WALKING,
    )
    graph = lattice_graph(courses)
    nodes = [tuple(n) for n in streets.network.lonlat.tolist()]
    start = courses[0][0][0]
    if place(start) not in nodes:
        return  # On a remain of a street that leads nowhere.
    expected = {}
    for (_, p), metres in nx.single_source_dijkstra_path_length(graph, (0, start)).items():
        expected[p] = min(metres, expected.get(p, np.inf))
    found, _ = streets.minutes(place(start), nodes)
    by_place = {place(p): metres for p, metres in expected.items()}
    for node, minutes in zip(nodes, found.tolist(), strict=True):
        if node in by_place:
            assert minutes * 100 == pytest.approx(by_place[node], rel=1e-6, abs=1e-6)
        else:
            assert np.isnan(minutes)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(COURSE, min_size=1, max_size=6),
    st.floats(0.05, 12.0),
    st.tuples(st.floats(0, 5), st.floats(0, 5)),
)
def test_a_reach_contains_exactly_the_nodes_within_the_limit(courses, minutes, start):
    lines = [right_angled(corners) for corners, _ in courses]
    streets = Streets.from_lines(
        [shapely.LineString([place(p) for p in c]) for c in lines if len(c) > 1], walking=WALKING
    )
    start = (LON + start[0] * STEP, LAT + start[1] * STEP)
    area, method = streets.reach(start, minutes)
    assert area.is_valid
    if method == Method.STRAIGHT:
        return
    within = np.isfinite(streets.minutes(start, streets.network.lonlat, limit=minutes)[0])
    inside = shapely.contains_properly(area, shapely.points(streets.network.lonlat))
    assert inside.tolist() == within.tolist()
    # A hair inside the disc of who has hardly any time.
    assert shapely.dwithin(area, shapely.Point(start), 1e-7)
