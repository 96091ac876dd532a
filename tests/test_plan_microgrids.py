"""Grids split into micro-grids from their buildings: cells, plans over them, the draft made."""

from __future__ import annotations

from functools import partial

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.errors import BadValue
from gridmap.planning.cells import building_cells
from gridmap.planning.chains import chain_of, off_chain
from gridmap.planning.microgrids import cell_ground, micro_coverage, micro_frame
from gridmap.planning.plan import today_plan
from gridmap.planning.rules import Limits, Rules
from gridmap.planning.suggest import suggest
from gridmap.store import copies, imports
from tests.draft_cases import ground
from tests.draft_doors import taken_in
from tests.planning_cases import LAT, LON, SIZE

pytest_plugins = ["tests.plan_town"]

# Five places within each cell of the board of 4 by 6.
PLACES = 5


def homes_on(seed=0, *, most=12):
    """Buildings all over the board."""
    rng = np.random.default_rng(seed)
    count = 24 * PLACES
    lonlat = np.column_stack(
        [LON + SIZE * rng.uniform(0.02, 5.98, count), LAT + SIZE * rng.uniform(0.02, 3.98, count)]
    )
    return lonlat, rng.integers(1, most, count).astype(float)


def board(seed=0):
    return ground(seed).graph.coverage


def outlines(coverage, rows):
    """Outlines of some grids, and the cells around them."""
    rank = coverage.levels.rank("grid")
    owner = coverage.ancestors[coverage.atoms, rank]
    areas = np.empty(len(rows), dtype=object)
    for k, row in enumerate(rows):
        areas[k] = shapely.coverage_union_all(coverage.geometry[coverage.atoms[owner == row]])
    return areas, coverage.geometry[coverage.atoms[~np.isin(owner, rows)]]


def nearly(one, other):
    """The same ground but for the last digit of vertices put in between."""
    return shapely.symmetric_difference(one, other).area < 1e-9 * other.area


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), first=st.integers(0, 5), count=st.integers(1, 5))
def test_cells_fill_their_areas_and_all_borders_match(seed, first, count):
    coverage = board(seed % 7)
    rows = coverage.rows("grid")[first : first + count]
    areas, others = outlines(coverage, rows)
    lonlat, homes = homes_on(seed)
    cells = building_cells(areas, others, lonlat, homes)
    assert shapely.is_valid(cells.shape).all()
    for k, area in enumerate(areas):
        mine = cells.shape[cells.area == k]
        assert shapely.area(mine).sum() == pytest.approx(area.area, rel=1e-9)
        inside = shapely.intersects(area, shapely.points(lonlat))
        assert cells.buildings[cells.area == k].sum() == inside.sum()
        assert cells.households[cells.area == k].sum() == homes[inside].sum()
    # Each segment of a border is walked both ways, but around the whole.
    around = others.copy()
    for i, shape in cells.pinned.items():
        assert nearly(shape, others[i])
        around[i] = shape
    everything = [*cells.shape, *around]
    assert shapely.coverage_is_valid(everything)
    outer = shapely.union_all(everything).length
    walked = sum(shapely.LineString(step).length * n for step, n in chain_of(everything).items())
    assert walked == pytest.approx(outer, rel=1e-9)


def test_what_has_one_building_or_none_is_one_cell_and_same_places_are_one():
    coverage = board()
    areas, others = outlines(coverage, coverage.rows("grid")[:2])
    inner = shapely.get_coordinates(shapely.point_on_surface(areas[:1]))
    lonlat = np.vstack([inner, inner + 1e-7])
    cells = building_cells(areas, others, lonlat, np.array([3.0, 4.0]))
    assert cells.area.tolist() == [0, 1]
    assert cells.households.tolist() == [7.0, 0.0]
    assert cells.buildings.tolist() == [2, 0]
    assert not cells.pinned
    assert off_chain(chain_of(areas), chain_of(cells.shape), {}) == []


def test_micro_grids_lie_in_their_grid_hold_its_homes_and_leave_the_rest_as_it_was():
    coverage = board()
    community = coverage.row("community", "C0")
    inside = coverage.ancestors[:, coverage.levels.rank("community")] == community
    homes = homes_on(3)
    found = cell_ground(coverage, "microgrid", inside, homes)
    limits = Limits("households", 20, 90)
    suggestion = suggest(found.graph, Rules(limits, change=0.0), total=9)
    (one,) = suggestion.plans
    frame = micro_frame(found, one.plan)
    assert len(frame) == 9
    assert all(code.startswith("C0") for code in frame["parent"])
    assert frame["households"].between(20, 90).all()
    place = shapely.points(homes[0])
    for record in frame.itertuples():
        assert homes[1][shapely.intersects(record.geometry, place)].sum() == record.households
    after = micro_coverage(found, frame, "split")
    assert shapely.coverage_is_valid(list(after.geometry[after.atoms]))
    for code in coverage.code[coverage.rows("grid")]:
        assert nearly(
            after.shapes[after.row("grid", code)], coverage.shapes[coverage.row("grid", code)]
        )
    far = "C1008"
    assert after.shapes[after.row("grid", far)].equals(coverage.shapes[coverage.row("grid", far)])
    again = suggest(found.graph, Rules(limits, change=0.0), total=9)
    assert np.array_equal(again.plans[0].plan.grid_of, one.plan.grid_of)


def test_only_the_finest_level_is_planned_from_buildings():
    coverage = board()
    everywhere = np.ones(len(coverage), dtype=bool)
    with pytest.raises(BadValue, match="finest"):
        cell_ground(coverage, "grid", everywhere, homes_on())
    with pytest.raises(BadValue, match="nothing to split"):
        cell_ground(coverage, "microgrid", ~everywhere, homes_on())


def test_the_command_splits_a_community_into_a_sound_draft(planners, tmp_path):
    from tests.cli_district import gridmap
    from tests.demo_doors import run

    lonlat, homes = homes_on(5)
    file = tmp_path / "buildings.gpkg"
    gpd.GeoDataFrame(
        {"households": homes.astype(int)}, geometry=shapely.points(lonlat), crs="EPSG:4326"
    ).to_file(file)
    words = (
        "plan", "microgrids", file, "today", "--area", "community=C1", "--number", "10-14",
        "--floor", "20", "--ceiling", "90", "--as", "fine", "--store", planners.settings.store,
    )  # fmt: skip
    dry = run(*words)
    assert "Would store" in dry
    assert "fine" not in {one["name"] for one in planners.workspace.editions()}
    said = run(*words, "--commit", "-o", tmp_path / "micro.gpkg")
    assert "Stored them as the draft fine." in said
    layer = gpd.read_file(tmp_path / "micro.gpkg")
    assert 10 <= len(layer) <= 14
    store = planners.workspace.store
    before, after = store.coverage("today"), store.coverage("fine")
    rows = after.rows("microgrid")
    west = [code for code in before.code[before.rows("microgrid")] if code.startswith("C0")]
    assert set(after.code[rows]) == {*west, *layer["code"]}
    held = store.attributes("fine", "microgrid")
    assert sum(held[code]["households"] for code in layer["code"]) == layer["households"].sum()
    assert {code: held[code] for code in west} == {
        code: one for code, one in store.attributes("today", "microgrid").items() if code in west
    }
    # Nothing but that the board's micro-grids have no names.
    checked = gridmap("check", "fine", "--store", planners.settings.store).stdout
    counted = [line.split() for line in checked.splitlines()]
    kinds = {line[1] for line in counted if len(line) == 3 and line[0] in {"error", "warning"}}
    assert kinds == {"blank_name"}


# -- stored ---------------------------------------------------------------------------------


def put_bands(planners, folder, edition):
    """The board with communities that were declared a strip wider than their grids lie."""
    coverage = board()
    frame = coverage.frame("community")
    for at, (west, east) in enumerate(((-0.1, 0), (6, 6.1))):
        strip = shapely.box(LON + west * SIZE, LAT, LON + east * SIZE, LAT + 4 * SIZE)
        frame.loc[at, "geometry"] = frame.geometry[at].union(strip)
    taken_in(planners.workspace, folder, frame, edition, "community")
    for level in ("grid", "microgrid"):
        frame = coverage.frame(level)
        taken_in(planners.workspace, folder, frame, edition, level, remainders=False)


def split_c1(planners, source):
    rules = Rules(Limits("households", 20, 90), change=0.0)
    return planners.workspace.split_areas(
        homes_on(5), rules, edition=source, area=("community", "C1"), total=12, workers=1
    )


def test_communities_that_are_not_split_keep_the_polygon_that_was_declared(planners, tmp_path):
    workspace = planners.workspace
    put_bands(planners, tmp_path, "bands")
    workspace.store_split(split_c1(planners, "bands"), "split bands", commit=True)
    before, after = (workspace.store.coverage(name) for name in ("bands", "split bands"))
    declared = before.geometry[before.row("community", "C0")]
    assert not declared.equals(before.shapes[before.row("community", "C0")])
    assert after.geometry[after.row("community", "C0")].equals(declared)
    assert after.geometry[after.row("community", "C1")] is None

    def said(edition):
        found = workspace.check(edition)
        return {(one.severity, one.kind) for one in found if one.codes == ("C0",)}

    assert said("split bands") == said("bands") != set()


@pytest.mark.parametrize("what", ["microgrids", "plan"])
def test_nothing_is_seen_of_a_plan_that_is_stored_half(planners, monkeypatch, what):
    workspace, name = planners.workspace, f"half {what}"
    if what == "plan":
        graph = workspace.planning_graph("today")
        store = partial(workspace.store_plan, graph, today_plan(graph), name, commit=True)
    else:
        store = partial(workspace.store_split, split_c1(planners, "today"), name, commit=True)

    def rows(edition, imported, incoming, chosen, *, of):
        if incoming.level == "microgrid":
            raise RuntimeError("half way")
        return of(edition, imported, incoming, chosen)

    with monkeypatch.context() as patch:
        for module in (copies, imports):
            patch.setattr(module, "area_rows", partial(rows, of=module.area_rows))
        with pytest.raises(RuntimeError, match="half way"):
            store()
    assert name not in {one["name"] for one in workspace.editions()}
    store()
    assert workspace.store.edition(name).based_on == "today"
    sources = {one["level"]: one["source"] for one in workspace.imports(name)}
    assert sources["microgrid"] == f"plan:{name}"
