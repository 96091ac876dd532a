"""Estates, buildings and streets of the demo stand where they can stand."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gridmap.demo import AREA_LAYERS
from tests.demo_built import district, metric, shapes

SCALES = ("exclusive", "district")


@pytest.mark.parametrize("scale", SCALES)
def test_homes_of_every_area_are_the_sum_of_its_buildings(scale):
    frames = district(scale).layers
    building = frames["building"]
    for level in AREA_LAYERS:
        frame = frames[level]
        digits = len(frame["code"].iloc[0])
        sums = building.groupby(building["microgrid_code"].str[:digits])["households"].sum()
        assert (frame["code"].map(sums).fillna(0) == frame["households"]).all()
    assert frames["subdistrict"]["buildings"].sum() == len(building)


@pytest.mark.parametrize("scale", SCALES)
def test_every_entrance_and_footprint_lies_inside_its_microgrid(scale):
    frames = district(scale).layers
    building = frames["building"]
    home = frames["microgrid"].set_index("code").geometry.loc[building["microgrid_code"]]
    doors = shapely.points(building[["entrance_lon", "entrance_lat"]].to_numpy())
    assert shapely.contains_properly(home.to_numpy(), doors).all()
    assert shapely.contains_properly(home.to_numpy(), building.geometry.to_numpy()).all()
    assert shapely.intersects(building.geometry.to_numpy(), doors).all()


def test_buildings_stand_apart_from_one_another_and_off_streets_water_and_railway():
    buildings = shapes("building")
    one, other = shapely.STRtree(buildings).query(buildings, "intersects")
    assert (one == other).all()
    for layer in ("street", "water", "railway_corridor", "construction_site"):
        assert not shapely.STRtree(shapes(layer)).query(buildings, "intersects").size, layer


def test_estates_are_managed_or_open_and_only_managed_ones_have_a_firm():
    estate = district().layers["estate"]
    assert 0.1 < (estate["kind"] == "open").mean() < 0.35
    assert (estate["firm_code"].notna() == (estate["kind"] == "managed")).all()
    assert estate["name"].is_unique


def test_red_lines_are_valid_and_do_not_overlap():
    estates = shapes("estate")
    assert shapely.is_valid(estates).all()
    one, other = shapely.STRtree(estates).query(estates, "overlaps")
    assert one.size == other.size == 0


def test_some_estates_are_cut_by_several_grids_and_most_by_none():
    _, building = None, district().layers["building"]
    inside = building[building["estate_code"].notna()]
    grids = inside["microgrid_code"].str[:15].groupby(inside["estate_code"]).nunique()
    assert 0.5 < (grids == 1).mean() < 0.95


def test_the_gate_is_on_the_red_line():
    estate = district().layers["estate"]
    gates = shapely.points(estate[["gate_lon", "gate_lat"]].to_numpy())
    away = shapely.distance(estate.geometry.to_numpy(), gates)
    assert away.max() < 5e-7


def test_households_of_buildings_look_lognormal():
    building = district().layers["building"]
    homes = building.loc[building["kind"] == "residential", "households"]
    assert homes.min() >= 0
    assert homes.mean() > homes.median()
    assert 190_000 < homes.sum() < 200_000


def test_streets_form_one_network_by_their_junction_numbers():
    street = district().layers["street"]
    near = {}
    for a, b in zip(street["from_node"], street["to_node"], strict=True):
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    reached, edge = set(), [street["from_node"].iloc[0]]
    while edge:
        node = edge.pop()
        if node not in reached:
            reached.add(node)
            edge += near[node]
    assert reached == set(near)


def test_pieces_of_street_that_name_one_junction_meet_in_one_point():
    street = district("exclusive").layers["street"]
    where = {}
    for node, line, end in [
        *((n, g, 0) for n, g in zip(street["from_node"], street.geometry, strict=True)),
        *((n, g, -1) for n, g in zip(street["to_node"], street.geometry, strict=True)),
    ]:
        assert where.setdefault(node, line.coords[end]) == line.coords[end]


def test_lengths_of_streets_are_metres():
    street = district().layers["street"]
    measured = shapely.length(metric(street.geometry.to_numpy()))
    assert np.allclose(measured, street["length_m"], rtol=0.003, atol=0.1)


def test_classes_of_streets_and_bridges_over_the_river():
    street = district().layers["street"]
    assert set(street["class"]) == {"highway", "arterial", "branch", "alley"}
    bridges = street[street["bridge"]]
    assert len(bridges) >= 5
    river = shapely.union_all(shapes("water"))
    assert shapely.intersects(bridges.geometry.to_numpy(), river).all()


def test_the_river_winds_and_lies_inside_its_strip():
    water = district().layers["water"]
    river = water[water["kind"] == "river"].geometry.iloc[0]
    strips = shapely.union_all(shapes("river_strip"))
    assert shapely.contains(shapely.buffer(strips, 1e-7), river)
    west, south, east, north = shapely.bounds(metric(np.array([river]))[0])
    assert east - west > 4 * 164  # meanders wider than the river itself
    assert north - south > 4000
