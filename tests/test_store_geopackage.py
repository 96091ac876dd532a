"""The live file is a GeoPackage: GDAL opens it while it is in use."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from gridmap.errors import StoreError
from gridmap.store import (
    Store,
    schema_accounts,
    schema_photos,
    schema_place_photos,
    schema_within,
)
from gridmap.store.engine import _CACHE_READING_KB, _CACHE_WRITING_KB
from gridmap.store.geometry import bounds_of
from gridmap.store.schema_district import metadata
from tests.store_data import ACTOR, children, fill, parents, publish, square

# Accounts and people are no layers: other programs are not shown them.
HIDDEN = {
    *schema_accounts.__all__,
    *schema_photos.__all__,
    *schema_place_photos.__all__,
    *schema_within.__all__,
} - {"metadata"}
SHOWN = set(metadata.tables) - HIDDEN

pytestmark = pytest.mark.parametrize("store_kind", ["geopackage"], indirect=True)


def sql(path, query):
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def other_process(path, layer):
    """What a GIS in a process of its own sees: count and bounds."""
    script = (
        "import sys, json, pyogrio; i = pyogrio.read_info(sys.argv[1], layer=sys.argv[2], "
        "force_feature_count=True, force_total_bounds=True); "
        "print(json.dumps([i['features'], i['total_bounds']]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path, layer], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def reports(*places):
    lon, lat = np.array(places, dtype=float).reshape(-1, 2).T
    return {
        "x": lon,
        "y": lat,
        "lon": lon,
        "lat": lat,
        "coord_sys": "wgs84",
        "location_status": "outside",
        "text": "井盖",
    }


def test_gdal_sees_the_layers_of_the_open_store(store, store_url):
    names = [name for name, _ in pyogrio.list_layers(store_url)]
    assert names[:4] == ["areas", "area_shapes", "reports", "published_areas"]
    assert {"meta", "levels", "editions", "imports", "posts", "report_routes"} < set(names[4:])


def test_gdal_counts_and_bounds_follow_the_open_store(store, store_url):
    fill(store, count=4)
    assert other_process(store_url, "areas") == [6, pytest.approx([117, 36, 117.1, 36.02])]
    store.add_reports(reports((117.5, 36.5), (117.25, 36.25)))
    assert other_process(store_url, "reports") == [2, pytest.approx([117.25, 36.25, 117.5, 36.5])]
    assert Path(f"{store_url}-wal").exists(), "the store is open and in use"


def test_gdal_in_the_same_process_does_not_cost_a_row(store, store_url):
    """Its closing drops our locks and removes our log: we must notice and go on."""

    def look(layer):
        info = pyogrio.read_info(
            store_url, layer=layer, force_feature_count=True, force_total_bounds=True
        )
        return info["features"], info["total_bounds"]

    assert look("areas") == (0, None)
    assert not Path(f"{store_url}-wal").exists()
    fill(store, count=4)
    assert look("areas") == (6, pytest.approx((117, 36, 117.1, 36.02)))
    store.import_areas("e1", children(2), ACTOR)
    assert look("areas") == (4, pytest.approx((117, 36, 117.1, 36.02)))
    with open(store_url, "rb") as file:
        file.read(16)
    with Store.open(store_url) as other:
        other.add_reports(reports((117.5, 36.5)))
    store.add_reports(reports((117.25, 36.25)))
    assert other_process(store_url, "reports")[0] == 2
    assert sql(store_url, "PRAGMA integrity_check") == [("ok",)]


def test_a_change_that_was_lost_with_the_log_is_said(store, store_url):
    def write_while_gdal_closes():
        with store._database.write() as connection:
            connection.exec_driver_sql("UPDATE meta SET value = '7' WHERE key = 'change'")
            Path(f"{store_url}-wal").unlink()

    store.levels()
    with pytest.raises(StoreError, match="may be lost"):
        write_while_gdal_closes()
    assert store.change_token() in {0, 7}


def test_gdal_reads_what_was_stored(store, store_url):
    fill(store)
    frame = gpd.read_file(store_url, layer="areas", where="level = 'grid'").set_index("code")
    assert list(frame.index) == ["C0000", "C0001", "C0002", "C0003"]
    assert frame.loc["C0003", "name"] == "网格3"
    assert frame.loc["C0003", "attributes"] == '{"households":3}'
    assert shapely.to_wkb(frame.loc["C0003", "geometry"]) == shapely.to_wkb(square(1, 1))
    assert frame.crs == "EPSG:4326"


def test_gdal_finds_by_place_through_the_index(store, store_url):
    fill(store, count=40)
    inside = gpd.read_file(store_url, layer="areas", bbox=(117.031, 36.001, 117.032, 36.002))
    assert sorted(inside["code"]) == ["C0006", "P0"]


def test_gdal_reads_times_as_times(store, store_url):
    fill(store)
    frame = pyogrio.read_dataframe(store_url, layer="editions")
    assert str(frame["created_at"].dtype).startswith("datetime64")
    assert frame["created_at"][0].isoformat() == "2026-03-01T04:00:00+00:00"


def test_the_view_of_published_areas_shows_derived_parents(store, store_url):
    store.ensure_draft("e1", ACTOR)
    store.import_areas("e1", parents(geometry=False), ACTOR)
    store.import_areas("e1", children(4), ACTOR)
    assert len(gpd.read_file(store_url, layer="published_areas")) == 0
    publish(store)
    frame = gpd.read_file(store_url, layer="published_areas").set_index("code")
    assert len(frame) == 6
    assert frame.loc["P0", "geometry"].equals(shapely.union_all([square(0), square(1)]))
    assert set(frame["edition"]) == {"e1"}
    assert pyogrio.read_info(store_url, layer="published_areas")["fid_column"] == "OGC_FID"
    shapes = gpd.read_file(store_url, layer="area_shapes")
    assert sorted(shapes["code"]) == ["P0", "P1"]


def test_batches_wait_in_the_log_until_the_store_is_closed(store_url):
    before = Path(store_url).stat().st_size
    with Store.open(store_url) as open_store:
        at = list(zip(np.linspace(117, 117.1, 2_000), np.linspace(36.4, 36.5, 2_000), strict=True))
        for _ in range(3):
            open_store.add_reports(reports(*at))
        log = Path(f"{store_url}-wal").stat().st_size
        # Beyond the 4 MB at which SQLite would by itself write them into the file.
        assert log > 5_000_000
        assert Path(store_url).stat().st_size == before
    assert not Path(f"{store_url}-wal").exists()
    assert Path(store_url).stat().st_size > before
    assert sql(store_url, "SELECT count(*) FROM reports") == [(6_000,)]


def test_a_log_that_one_large_change_let_grow_is_cut_back(store, store_url):
    log = Path(f"{store_url}-wal")
    with store._database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE large (a BLOB)")
        connection.exec_driver_sql("INSERT INTO large VALUES (zeroblob(70000000))")
    assert log.stat().st_size > 70_000_000
    for _ in range(2):
        store.add_reports(reports((117.5, 36.5)))
    assert log.stat().st_size <= 64 * 1024 * 1024
    with store._database.write() as connection:
        connection.exec_driver_sql("DROP TABLE large")


def cache_kb(connection):
    return -connection.exec_driver_sql("PRAGMA cache_size").scalar()


def test_two_connections_at_most_have_a_large_cache(store):
    database = store._database

    def reading(count):
        """Sizes of the caches of as many connections that read at a time."""
        with ExitStack() as stack:
            found = [stack.enter_context(database.read()) for _ in range(count)]
            return sorted(map(cache_kb, found))

    small, large = _CACHE_READING_KB, _CACHE_WRITING_KB
    assert reading(4) == [small] * 4
    # One after the other, each by another connection, for the last ones are held by readers.
    with ExitStack() as stack:
        for _ in range(4):
            with database.write() as connection:
                assert cache_kb(connection) == large
            stack.enter_context(database.read())
    assert reading(4) == [small] * 3 + [large]
    # Who writes batch after batch has the same one.
    kept = set()
    for _ in range(3):
        with database.write() as connection:
            assert cache_kb(connection) == large
            kept.add(id(connection.connection.dbapi_connection))
    assert len(kept) == 1
    # It goes with its connection, and another one may have it.
    database.engine.dispose()
    assert reading(4) == [small] * 4
    store.add_reports(reports((117.5, 36.5)))
    assert reading(4) == [small] * 3 + [large]


def test_the_file_says_what_it_is(store, store_url):
    assert sql(store_url, "PRAGMA application_id") == [(0x47504B47,)]
    assert sql(store_url, "PRAGMA user_version") == [(10300,)]
    assert sql(store_url, "PRAGMA journal_mode") == [("wal",)]
    assert sql(store_url, "PRAGMA integrity_check") == [("ok",)]
    assert sql(store_url, "PRAGMA foreign_key_check") == []
    systems = sql(store_url, "SELECT srs_id FROM gpkg_spatial_ref_sys ORDER BY 1")
    assert systems == [(-1,), (0,), (4326,)]


def test_a_new_file_is_whole_without_its_log(tmp_path, store_kind):
    path = tmp_path / "new.gpkg"
    store = Store.open(path)
    alone = tmp_path / "copy.gpkg"
    alone.write_bytes(path.read_bytes())
    assert len(pyogrio.list_layers(alone)) == len(SHOWN) + 1  # and a view
    store.close()
    assert not path.with_name("new.gpkg-wal").exists()


def test_every_column_has_a_type_that_gdal_knows(store_url):
    known = {"INTEGER", "TEXT", "BOOLEAN", "DOUBLE", "DATETIME", "DATE", "GEOMETRY", "POINT"}
    tables = sql(store_url, "SELECT table_name FROM gpkg_contents WHERE table_name NOT LIKE 'pub%'")
    assert {name for (name,) in tables} == SHOWN
    for (table,) in tables:
        declared = {row[2].upper() or "?" for row in sql(store_url, f"PRAGMA table_info({table})")}
        assert declared <= known, table


def test_index_triggers_are_those_that_gdal_writes(store_url, tmp_path):
    reference = tmp_path / "reference.gpkg"
    pyogrio.write_dataframe(
        gpd.GeoDataFrame({"a": ["x"]}, geometry=[square(0)], crs=4326),
        reference,
        layer="areas",
        dataset_options={"VERSION": "1.3"},
        layer_options={"FID": "id"},
    )
    query = (
        "SELECT name, sql FROM sqlite_master WHERE name LIKE 'rtree_areas_geom%' "
        "AND (type = 'trigger' OR sql LIKE '%USING rtree%')"
    )

    def triggers(path):
        return {name: "".join(text.split()).lower() for name, text in sql(path, query)}

    assert len(triggers(store_url)) == 7
    assert triggers(store_url) == triggers(reference)


def rows_and_index(path, table="areas", key="id"):
    stored = {
        row: bounds
        for row, blob in sql(path, f"SELECT {key}, geom FROM {table}")
        if (bounds := bounds_of(blob))
    }
    indexed = {
        row: (x0, y0, x1, y1)
        for row, x0, x1, y0, y1 in sql(path, f"SELECT * FROM rtree_{table}_geom")
    }
    return stored, indexed


def test_the_index_stays_in_step(store, store_url):
    fill(store, count=10)
    store.import_areas("e1", children(6), ACTOR)
    publish(store)
    store.add_reports(reports((117.5, 36.5), (np.nan, np.nan)))
    for table, key in (("areas", "id"), ("area_shapes", "area_id"), ("reports", "id")):
        stored, indexed = rows_and_index(store_url, table, key)
        assert stored.keys() == indexed.keys()
        for row, bounds in stored.items():
            assert indexed[row] == pytest.approx(bounds, rel=1e-6)
    assert sql(store_url, "SELECT rtreecheck('rtree_areas_geom')") == [("ok",)]


def test_gdal_may_edit_a_draft_and_the_index_follows(store, store_url):
    fill(store)
    more = gpd.GeoDataFrame(
        {
            "edition_id": [1],
            "import_id": [2],
            "level": ["grid"],
            "code": ["C0099"],
            "name": ["新增"],
            "name_en": [""],
            "kind": ["basic"],
            "provisional": [False],
        },
        geometry=[square(7)],
        crs=4326,
    )
    pyogrio.write_dataframe(more, store_url, layer="areas", append=True)
    assert "C0099" in store.coverage("e1").code
    stored, indexed = rows_and_index(store_url)
    assert stored.keys() == indexed.keys()
    store.import_areas("e1", children(4), ACTOR)
    assert pyogrio.read_info(store_url, layer="areas", force_total_bounds=True)[
        "total_bounds"
    ] == pytest.approx((117, 36, 117.1, 36.02)), "an extent that GDAL recorded is forgotten"
