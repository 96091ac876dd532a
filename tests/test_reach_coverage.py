"""How well places serve homes: gates, shares, gaps, and what the public sees of them."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from starlette.testclient import TestClient

from api.app import create_app
from api.walking_models import ReachFeature, ServiceCoverageOut
from gridmap.access import Actor
from gridmap.coverage.importing.incoming import ColumnMap
from gridmap.crs import from_wgs84, metres_per_degree
from gridmap.errors import NotFound
from gridmap.reach.gates import estate_gates
from gridmap.reach.model import Method, Walking
from gridmap.reach.service import Homes, served_within, to_nearest
from gridmap.reach.streets import Streets
from gridmap.settings import Settings
from gridmap.workspace import open_workspace
from tests.api_client import LOCAL
from tests.cli_district import gridmap
from tests.conftest import KINDS

pytest_plugins = ["tests.demo_stores"]

LON, LAT = 114.6, 33.9
KX, KY = (float(k) for k in metres_per_degree(LAT))
WALKING = Walking(speed_kmh=6.0)  # 100 m a minute
HOMES = (100, 100, 100, 100, 100, 100, 100, 3)


def at(x, y):
    return (LON + x / KX, LAT + y / KY)


def box(x0, y0, x1, y1):
    return shapely.box(*at(x0, y0), *at(x1, y1))


STREET = shapely.LineString([at(0, 0), at(1600, 0)])
MOTORWAY = shapely.LineString([at(0, -150), at(1600, 150)])


# -- gates and walls --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def street():
    return Streets.from_lines([STREET], walking=WALKING)


def metres(lonlat):
    return np.round((np.asarray(lonlat) - [LON, LAT]) * [KX, KY]).tolist()


def test_an_estate_is_left_by_the_gates_at_its_red_line(street):
    gates = np.array([at(250, 20), at(900, 20)])
    found = estate_gates(street, [box(100, 20, 400, 300), box(600, 20, 700, 300)], gates)
    assert metres(found[0]) == [[250, 20]]
    # The other estate has none of its own: where it is nearest to the street.
    assert [y for _, y in metres(found[1])] == [20]


def test_without_gates_an_estate_is_left_where_streets_cross_its_red_line(street):
    found = estate_gates(street, [box(100, -50, 400, 300)], np.empty((0, 2)))
    assert metres(found[0]) == [[100, 0], [400, 0]]


def test_far_from_all_streets_an_estate_is_left_from_inside(street):
    found = estate_gates(street, [box(100, 5000, 400, 5300)], np.empty((0, 2)))
    assert len(found[0]) == 1
    assert 5000 < metres(found[0])[0][1] < 5300


def test_homes_behind_a_wall_go_round_by_the_gate(street):
    # A home right above the canteen, in an estate whose gate is 500 m to the east.
    homes = Homes(
        np.array([at(100, 100), at(100, 100)]), np.ones(2), np.array([0, -1]),
        [np.array([at(600, 0)])],
    )  # fmt: skip
    served = to_nearest(street, homes, np.array([at(100, 0)]), np.array([-1]))
    walled, free = (served.minutes * 100).round().tolist()
    assert free == 100
    assert walled == round(np.hypot(500, 100) * 1.3 + 500)


def test_a_place_in_their_own_estate_needs_no_gate(street):
    homes = Homes(np.array([at(100, 100)]), np.ones(1), np.array([0]), [np.array([at(600, 0)])])
    served = to_nearest(street, homes, np.array([at(160, 100)]), np.array([0]))
    assert (served.minutes * 100).round().tolist() == [78]
    assert served.method.tolist() == [Method.STRAIGHT]


def test_without_any_place_nobody_is_served(street):
    homes = Homes(np.array([at(100, 0)]), np.full(1, 7.0), np.array([-1]), [])
    served = to_nearest(street, homes, np.empty((0, 2)), np.empty(0, dtype=np.int64))
    assert np.isinf(served.minutes).all()
    assert served_within(homes, served, np.zeros(1, dtype=np.int64), 1).tolist() == [[0, 0, 0]]


# -- a town in both stores --------------------------------------------------------------------


def write_town(folder):
    """Eight small areas along one street, four to a community; one canteen in the first."""
    cells = gpd.GeoDataFrame(
        {
            "code": [f"C{n // 4 + 1}{n:02d}" for n in range(8)],
            "name": [f"第{n}微网格" for n in range(8)],
            "parent": [f"C{n // 4 + 1}" for n in range(8)],
            "households": HOMES,
        },
        geometry=[box(200 * n, -100, 200 * n + 200, 100) for n in range(8)],
        crs="EPSG:4326",
    )
    communities = gpd.GeoDataFrame(
        {"code": ["C1", "C2"], "name": ["西社区", "东社区"]},
        geometry=[box(0, -100, 800, 100), box(800, -100, 1600, 100)],
        crs="EPSG:4326",
    )
    roads = gpd.GeoDataFrame(
        {"code": ["R1", "R2"], "class": ["支路", "motorway"], "layer": [0, 1], "foot": ["", ""]},
        geometry=[STREET, MOTORWAY],
        crs="EPSG:4326",
    )
    # More to the door: the homes of the first area live at its far end.
    buildings = gpd.GeoDataFrame(
        {"户数": [10, 0, 30]},
        geometry=[box(190, -5, 200, 5), box(0, 0, 5, 5), box(1590, -5, 1600, 5)],
        crs="EPSG:4326",
    )
    path = folder / "town.gpkg"
    for number, (name, frame) in enumerate(
        {
            "microgrid": cells,
            "community": communities,
            "roads": roads,
            "building": buildings,
        }.items()
    ):
        pyogrio.write_dataframe(frame, path, layer=name, driver="GPKG", append=number > 0)
    return path


@pytest.fixture(scope="module", params=KINDS)
def town(request, new_url, tmp_path_factory):
    """(workspace, path of the file it was made from), the canteen at 100 m."""
    path = write_town(tmp_path_factory.mktemp("town"))
    settings = Settings(store=new_url(request.param)[0], frozen_now="2026-03-01T12:00:00+08:00")
    with open_workspace(settings=settings) as workspace:
        workspace.set_levels(["community", "microgrid"])
        for level, parent in (("community", None), ("microgrid", "parent")):
            workspace.import_layer(
                f"{path}:{level}",
                edition="2026",
                level=level,
                columns=ColumnMap(code="code", name="name", parent=parent),
                commit=True,
            )
        workspace.publish("2026", effective_from="2026-01-01", commit=True)
        workspace.import_records("roads", f"{path}:roads", commit=True)
        workspace.put_records(
            "places",
            [{"code": "P1", "category": "canteen", "name": "食堂", "lon": x, "lat": y}
             for x, y in [at(100, 0)]]
            + [{"code": "P2", "category": "service_centre", "name": "中心", "lon": x, "lat": y}
               for x, y in [at(800, 0)]],
        )  # fmt: skip
        workspace.put_records(
            "overlays",
            [{"code": "E1", "kind": "estate", "name": "东苑", "managed": False, "priority": 0,
              "geom": box(1210, 10, 1390, 90)}],
        )  # fmt: skip
        yield workspace, path


def rows(found, category="canteen"):
    return {row["code"]: row for row in found.rows if row["category"] == category}


def test_roads_keep_their_class_and_height_and_nobody_walks_on_a_motorway(town):
    workspace, _ = town
    kept = {r["code"]: (r["road_class"], r["stratum"]) for r in workspace.store.records("ground")}
    assert kept == {"R1": ("branch", 0), "R2": ("motorway", 1)}
    assert len(workspace.streets().network) == 1


def test_shares_of_households_are_counted_by_community_and_in_all(town):
    workspace, _ = town
    found = rows(workspace.service_coverage(categories=["canteen"]))
    # At 75 m a minute: 0, 200, 400 ... metres to walk.
    assert [found["C1"][f"within_{m}"] for m in (5, 10, 15)] == [200, 400, 400]
    assert [found["C2"][f"within_{m}"] for m in (5, 10, 15)] == [0, 0, 200]
    assert [found[""][f"within_{m}"] for m in (5, 10, 15)] == [200, 400, 600]
    assert (found["C2"]["households"], found["C2"]["share_15"]) == (303, round(200 / 303, 4))
    assert (found[""]["places"], found["C1"]["straight"]) == (1, 0)


def test_the_places_that_stand_in_each_community_are_counted(town):
    workspace, _ = town
    found = workspace.service_coverage().rows
    counts = {(row["category"], row["code"]): row["places"] for row in found if row["places"]}
    assert counts == {
        ("canteen", ""): 1, ("canteen", "C1"): 1,
        ("service_centre", ""): 1, ("service_centre", "C1"): 1,
    }  # fmt: skip


def test_gaps_are_named_with_their_homes_and_the_way_to_the_nearest(town):
    workspace, _ = town
    gaps = workspace.service_coverage(categories=["canteen"]).gaps
    assert [(g["code"], g["area_name"], g["households"], g["minutes"]) for g in gaps] == [
        ("C206", "东社区", 100, 16.0), ("C207", "东社区", 3, 18.7),
    ]  # fmt: skip
    none = workspace.service_coverage(categories=["nursery"]).gaps
    assert [g["minutes"] for g in none] == [None] * 8


def test_the_public_sees_no_numbers_of_homes_no_gaps_and_no_share_that_tells_of_a_few(town):
    workspace, _ = town
    public = workspace.service_coverage(categories=["canteen"], actor=Actor.resident())
    assert public.gaps == []
    found = rows(public)
    assert {"households", "within_15", "straight"}.isdisjoint(found["C2"])
    assert found["C2"]["share_15"] == 0.66
    small = rows(
        workspace.service_coverage(
            level="microgrid", categories=["canteen"], actor=Actor.resident()
        )
    )
    assert small["C206"]["share_15"] == 0.0
    assert small["C207"]["share_15"] is None


def test_a_category_or_a_level_that_does_not_exist_is_refused(town):
    workspace, _ = town
    with pytest.raises(NotFound, match="palace"):
        workspace.service_coverage(categories=["palace"])
    with pytest.raises(Exception, match="galaxy"):
        workspace.service_coverage(level="galaxy")


def test_the_network_is_built_once_and_again_only_when_roads_change(town):
    workspace, path = town
    before = workspace.streets()
    workspace.put_records("parties", [{"code": "F1", "name": "物业"}])
    assert workspace.streets() is before
    longer = shapely.LineString([at(0, 0), at(1600, 0), at(1600, 500)])
    workspace.put_records("ground", [{"code": "R1", "layer": "roads", "geom": longer}])
    after = workspace.streets()
    assert after.network.length_m.sum() == pytest.approx(2100, rel=1e-3)
    workspace.import_records("roads", f"{path}:roads", commit=True)
    assert workspace.streets().network.length_m.sum() == pytest.approx(1600, rel=1e-3)


def test_minutes_from_an_estate_begin_at_its_red_line_and_inside_it_are_none(town):
    workspace, _ = town
    estate = box(1210, 10, 1390, 90)
    lon, lat = np.array([at(1300, 50), at(910, 0)]).T
    minutes, method = workspace.minutes_on_foot(estate, lon, lat)
    assert minutes[0] == 0.0
    # The nearest place of the red line to the street is one of its lower corners, or between.
    assert 310 / 75 <= minutes[1] < 491 / 75
    assert method.tolist() == [Method.STRAIGHT, Method.NETWORK]


def test_the_command_writes_what_it_shows(town, tmp_path):
    workspace, path = town
    store = workspace.settings.store
    table, layer, record = (tmp_path / name for name in ("c.csv", "c.gpkg", "c.json"))
    said = gridmap(
        "places", "coverage", "--store", store, "--category", "canteen",
        "-o", layer, "--json", record,
    )  # fmt: skip
    assert said.exit_code == 0, said.output
    assert "along the streets" in said.stdout
    assert "东社区 66%" in said.stdout
    known = json.loads(record.read_text(encoding="utf-8"))
    assert len(known["rows"]) == len(gpd.read_file(layer, layer="coverage")) == 3
    assert gpd.read_file(layer, layer="gaps").geometry.notna().all()
    # With buildings: ten homes at 195 m, thirty at 1,595 m.
    said = gridmap(
        "places", "coverage", "--store", store, "--homes", f"{path}:building", "-o", table
    )
    assert said.exit_code == 0, said.output
    rows = pd.read_csv(table).query("category == 'canteen' and code == 'C1'")
    assert rows[["households", "within_5", "within_15"]].to_numpy().tolist() == [[10, 10, 10]]
    refused = gridmap("places", "coverage", "--store", store, "-o", tmp_path / "c.pdf")
    assert refused.exit_code != 0
    assert ".gpkg" in refused.output


def test_the_party_map_has_what_is_within_reach_of_the_centres_for_everybody(town):
    workspace, _ = town
    (area,) = workspace.centre_reach()
    assert workspace.centre_reach()[0] is area
    page = workspace.map_document("party", actor=Actor.resident()).html()
    assert "gridmap.addReach(" in page


@pytest.fixture(scope="module")
def clients(town):
    workspace, _ = town
    with (
        TestClient(create_app(workspace=workspace), client=LOCAL) as clerk,
        TestClient(
            create_app(
                workspace.settings.model_copy(update={"loopback_role": "resident"}),
                workspace=workspace,
            ),
            client=LOCAL,
        ) as citizen,
    ):
        yield clerk, citizen


def test_coverage_over_http_is_documented_for_staff_and_for_residents(clients):
    clerk, citizen = clients
    for client, staff in ((clerk, True), (citizen, False)):
        answer = client.get("/api/reach/coverage?category=canteen")
        assert answer.status_code == 200, answer.text
        ServiceCoverageOut.model_validate_json(answer.content)
        assert ("gaps" in answer.json()) is staff
        assert ("households" in answer.json()["rows"][0]) is staff
    assert clerk.get("/api/reach/coverage?category=palace").status_code == 404
    assert clerk.get("/api/reach/coverage?level=galaxy").status_code == 422


def test_reach_over_http_is_a_feature_that_says_how_it_was_found(clients):
    _, citizen = clients
    lon, lat = at(800, 0)
    answer = citizen.get(f"/api/reach?lon={lon}&lat={lat}&minutes=4")
    ReachFeature.model_validate_json(answer.content)
    feature = answer.json()
    assert feature["properties"]["method"] == "network"
    area = shapely.geometry.shape(feature["geometry"])
    assert shapely.intersects(area, shapely.points([at(510, 0), at(1090, 0)])).all()
    assert not shapely.intersects(area, shapely.points([at(480, 0), at(1120, 0)])).any()
    x, y = from_wgs84(lon, lat, "gcj02")
    same = citizen.get(f"/api/reach?lon={float(x)}&lat={float(y)}&minutes=4&coord_sys=gcj02").json()
    assert shapely.hausdorff_distance(area, shapely.geometry.shape(same["geometry"])) < 1e-5
    far = citizen.get("/api/reach?lon=0&lat=0&minutes=4").json()
    assert far["properties"]["method"] == "straight"


def test_reach_of_an_estate_begins_at_its_gates(clients):
    _, citizen = clients
    feature = citizen.get("/api/reach/estates/E1?minutes=5").json()
    assert feature["properties"]["estate"] == "E1"
    assert feature["properties"]["lon"] is None
    assert citizen.get("/api/reach/estates/E9").status_code == 404


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("lon=1", 422),
        ("lon=x&lat=1", 422),
        ("lon=1&lat=1&minutes=0.9", 422),
        ("lon=1&lat=1&minutes=61", 422),
        ("lon=1e308&lat=1", 404),
        ("lon=1&lat=90", 404),
        ("lon=180&lat=-85&minutes=60", 200),
    ],
)
def test_a_reach_that_cannot_be_asked_is_refused(clients, query, status):
    assert clients[1].get(f"/api/reach?{query}").status_code == status
