"""The demo's responsibility layers: how many, where, by whom, and that they keep apart."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from gridmap.crs import metres_per_degree
from gridmap.demo.duty_assets import ASSET_KINDS, MISPLACED_SHARE, UNKNOWN_SHARE
from gridmap.demo.duty_streets import one_builder_where_they_meet
from gridmap.demo.ground import on_lattice
from gridmap.demo.kerbs import HALF_WIDTH_M
from gridmap.demo.plane import Plane
from gridmap.routing import load_route_book
from gridmap.routing.overlays import OVERLAY_KINDS, ROAD_CLASSES
from gridmap.times import site_zone
from tests.demo_built import district, metric, shapes

# Where the demo's clock stands.
TODAY = "2026-07-01"


def layer(name, scale="district"):
    return district(scale).duties.layers[name]


def in_force(frame, day=TODAY):
    ends = frame["valid_to"].where(frame["valid_to"].notna(), "9999")
    return frame[(frame["valid_from"] <= day) & (day < ends)]


def overlap_m2(one, other):
    """Largest area, m², that a shape of one array shares with one of another (or its own)."""
    both = np.concatenate([one, other])
    flat = metric(both)
    one, other = flat[: len(one)], flat[len(one) :]
    a, b = shapely.STRtree(other).query(one, "intersects")
    return float(shapely.area(shapely.intersection(one[a], other[b])).max(initial=0.0))


def pairs_overlap_m2(found):
    flat = metric(found)
    a, b = shapely.STRtree(flat).query(flat, "intersects")
    apart = a < b
    return float(
        shapely.area(shapely.intersection(flat[a[apart]], flat[b[apart]])).max(initial=0.0)
    )


# -- all of them ------------------------------------------------------------------------


def test_every_kind_of_layer_but_rulings_is_there():
    kinds = {"asset" if name == "main" else name for name in district().duties.layers}
    assert kinds | {"estate", "ruling"} == set(OVERLAY_KINDS)


@pytest.mark.parametrize("scale", ["district", "exclusive"])
def test_codes_are_the_districts_own_and_none_is_used_twice(scale):
    frames = district(scale).duties.layers.values()
    codes = pd.concat([f["code"] for f in frames] + [district(scale).layers["estate"]["code"]])
    assert codes.is_unique
    assert codes.str.startswith("990101").all()


def test_every_owner_is_a_department_or_a_body_that_is_listed():
    book = load_route_book(zone=site_zone())
    known = {d.code for d in book.departments.values()} | set(district().duties.parties["code"])
    for name, frame in district().duties.layers.items():
        assert set(frame["owner"]) - {""} <= known, name


def test_every_shape_is_valid_and_lies_in_the_district():
    whole = shapely.buffer(shapely.union_all(shapes("subdistrict")), 1e-6)
    shapely.prepare(whole)
    for name, frame in district().duties.layers.items():
        found = frame.geometry.to_numpy()
        assert shapely.is_valid(found).all(), name
        if name not in {"road", "main", "asset"}:
            assert shapely.covers(whole, found).all(), name
    # A register's wrong positions may stand anywhere.
    stated = layer("asset").geometry.to_numpy()
    assert shapely.covers(whole, stated).mean() > 0.99


def test_the_share_of_open_estates_is_that_of_a_real_district():
    kinds = district().layers["estate"]["kind"].value_counts(normalize=True)
    assert abs(kinds["open"] - 89 / 516) < 0.02


# -- construction sites -----------------------------------------------------------------


@pytest.mark.parametrize("day", ["2025-07-01", "2025-10-15", "2026-02-01", TODAY, "2026-09-15"])
def test_no_two_construction_sites_in_force_overlap(day):
    assert pairs_overlap_m2(in_force(layer("construction_site"), day).geometry.to_numpy()) < 0.1


def test_some_permits_have_ended_and_some_begin_later():
    sites = layer("construction_site")
    assert (sites["valid_to"].dropna() <= TODAY).sum() >= 5
    assert (sites["valid_from"] > TODAY).sum() >= 5
    assert len(in_force(sites)) >= 15
    assert sites["owner"].str.startswith("SG:").sum() > 25
    assert sites["source"].str.contains("许可").all()


@pytest.mark.parametrize("other", ["estate", "building", "water", "park"])
def test_construction_sites_keep_clear_of_what_stands_there(other):
    assert overlap_m2(layer("construction_site").geometry.to_numpy(), shapes(other)) < 0.5


# -- green and water --------------------------------------------------------------------


def test_parks_and_green_lines_do_not_overlap_and_large_parks_have_an_office():
    parks = layer("park")
    assert pairs_overlap_m2(parks.geometry.to_numpy()) < 0.1
    assert set(parks["owner"].str[:2]) == {"YL", "GY"}
    large = shapely.area(metric(parks.geometry.to_numpy())) > 31_000
    assert parks.loc[large, "owner"].str.startswith("GY:").all()
    belts = parks[parks["code"].str.contains("G")].geometry.to_numpy()
    assert len(belts) >= 10
    for other in ("estate", "building", "water", "railway_corridor"):
        assert overlap_m2(belts, shapes(other)) < 1.0, other


def test_the_river_is_cut_into_segments_with_an_owner_and_an_invented_chief():
    river = layer("river")
    assert 8 <= len(river) <= 20
    assert set(river["owner"]) == {"SW"}
    assert river["contact"].str.contains("（演示）").all()
    assert river["contact"].is_unique
    assert pairs_overlap_m2(river.geometry.to_numpy()) < 1.0
    strip = shapely.area(metric(shapes("river_strip"))).sum()
    assert 0.85 < shapely.area(metric(river.geometry.to_numpy())).sum() / strip <= 1.0


# -- streets ----------------------------------------------------------------------------


def test_streets_not_handed_over_that_meet_are_kept_by_the_builder_of_their_first():
    plane = Plane(114.6, 33.9, 92_460.5, 110_921.1)
    ways = [
        [(0, 0), (500, 0)],
        [(0, 300), (500, 300)],
        [(250, 8), (250, 310)],
        [(0, 900), (9, 900)],
    ]
    kept = [
        {
            "owner": f"KF:{n}",
            "radius_m": 4.5,
            "geometry": on_lattice(shapely.LineString(way), plane),
        }
        for n, way in enumerate(ways)
    ]
    one_builder_where_they_meet(kept, plane)
    assert [row["owner"] for row in kept] == ["KF:0", "KF:0", "KF:0", "KF:3"]


@pytest.mark.parametrize("scale", ["district", "exclusive"])
def test_no_two_roads_of_one_priority_overlap_with_different_builders(scale):
    roads = layer("road", scale)
    kept = roads[roads["owner"] != ""]
    flat = shapely.buffer(metric(kept.geometry.to_numpy()), kept["radius_m"].to_numpy())
    one, other = shapely.STRtree(flat).query(flat, "intersects")
    same = kept["priority"].to_numpy()[one] == kept["priority"].to_numpy()[other]
    assert (kept["owner"].to_numpy()[one] == kept["owner"].to_numpy()[other])[same].all()


def test_every_street_outside_estates_is_one_road_of_its_class_with_its_width():
    roads, streets = layer("road"), district().layers["street"]
    assert roads["code"].is_unique
    assert set(roads["code"]) <= set(streets["code"])
    missing = streets[~streets["code"].isin(roads["code"])]
    assert set(missing["class"]) == {"alley"}
    assert set(roads["road_class"]) == set(ROAD_CLASSES)
    assert (roads["road_class"].map(HALF_WIDTH_M) == roads["radius_m"]).all()
    first = streets.drop_duplicates("code").set_index("code")["class"]
    assert (first.loc[roads["code"]].to_numpy() == roads["road_class"].to_numpy()).all()


def test_carriageways_run_between_the_estates():
    roads = layer("road")
    # `metric` counts from the corner of what it is given: all in one call.
    both = metric(np.concatenate([roads.geometry.to_numpy(), shapes("estate")]))
    lines, estates = both[: len(roads)], both[len(roads) :]
    ways = shapely.buffer(lines, roads["radius_m"].to_numpy(), quad_segs=2)
    way, estate = shapely.STRtree(estates).query(ways, "intersects")
    shared = shapely.area(shapely.intersection(ways[way], estates[estate]))
    assert shared.sum() < 0.005 * shapely.area(ways).sum()


def test_fronts_lie_between_kerb_and_wall_and_overlap_nothing():
    fronts = layer("street_front")
    found = fronts.geometry.to_numpy()
    assert len(fronts) > 500
    assert pairs_overlap_m2(found) < 0.01
    for other in ("building", "estate", "park", "water", "construction_site"):
        assert overlap_m2(found, shapes(other)) < 0.05, other
    owned = fronts["owner"].str.startswith("SH:")
    assert 0.1 < owned.mean() < 0.6
    assert (fronts.loc[~owned, "owner"] == "").all()


def test_a_front_lies_in_one_community():
    fronts = layer("street_front").geometry.to_numpy()
    front, _ = shapely.STRtree(shapes("community")).query(
        shapely.buffer(fronts, -1e-7), "intersects"
    )
    assert (np.bincount(front, minlength=len(fronts)) <= 1).all()


# -- the register of assets ---------------------------------------------------------------


def test_there_are_thousands_of_assets_of_every_type_the_tables_know():
    book = load_route_book(zone=site_zone())
    counts = layer("asset")["asset_type"].value_counts()
    assert set(counts.index) | {"main"} == set(ASSET_KINDS) == set(book.asset_types)
    assert 8_000 < counts.sum() < 20_000
    assert counts["lamp"] > counts["cover"] > counts["cabinet"] > counts["toilet"] >= 20
    assert set(layer("main")["owner"]) == {"GS", "RQ", "RL"}


def test_a_few_percent_of_the_register_are_wrong_as_stated():
    found = layer("asset")
    assert (found["owner"] == "").mean() == pytest.approx(UNKNOWN_SHARE, abs=0.006)
    kx, ky = metres_per_degree(found["true_lat"].to_numpy(dtype=float))
    x, y = shapely.get_coordinates(found.geometry.to_numpy()).T
    away = np.hypot(
        (x - found["true_lon"].to_numpy(dtype=float)) * kx,
        (y - found["true_lat"].to_numpy(dtype=float)) * ky,
    )
    wrong = away > 1.0
    assert wrong.mean() == pytest.approx(MISPLACED_SHARE, abs=0.005)
    assert away[wrong].min() > 30
    assert away[wrong].max() < 95


def test_things_stand_outside_water_and_houses_and_beside_the_carriageway():
    found = layer("asset")
    points = shapely.points(found[["true_lon", "true_lat"]].to_numpy(dtype=float))
    for other in ("water", "building"):
        hit = shapely.STRtree(shapes(other)).query(points, "within")[0]
        assert len(hit) <= 2, other
    firm = found["owner"].str.startswith("WY:")
    lamps = (found["asset_type"] == "lamp").to_numpy()
    inside = np.zeros(len(points), dtype=bool)
    inside[shapely.STRtree(shapes("estate")).query(points, "within")[0]] = True
    assert inside[firm.to_numpy() & lamps].mean() > 0.95


def test_the_true_positions_are_not_written_for_an_import(tmp_path):
    path = district("exclusive").write_duties(tmp_path / "duties.gpkg")
    assert not {"true_lon", "true_lat"} & set(gpd.read_file(path, layer="asset").columns)


# -- agreements -------------------------------------------------------------------------


def test_agreements_name_their_items_and_papers_and_some_are_expired_or_of_the_future():
    found = layer("agreement")
    assert found["items"].str.fullmatch(r"\d{4}( \d{4})*").all()
    assert found["source"].is_unique
    assert found["source"].str.contains("协议|合同").all()
    assert (found["valid_to"].dropna() <= TODAY).sum() >= 2
    assert (found["valid_from"] > TODAY).sum() >= 2
    assert len(in_force(found)) >= 5
    for items, frame in found.groupby("items"):
        assert pairs_overlap_m2(frame.geometry.to_numpy()) < 0.1, items
