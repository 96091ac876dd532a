"""What is published stays as it is, whichever program holds the pen."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import geopandas as gpd
import psycopg2
import pyogrio
import pytest
import shapely

from gridmap.errors import Immutable
from gridmap.store import Store
from tests.store_data import day, fill, publish, square

CHANGES = [
    "UPDATE areas SET name = 'x' WHERE code = 'C0000' AND edition_id = 1",
    "UPDATE areas SET geom = NULL WHERE edition_id = 1",
    "UPDATE areas SET edition_id = 2, import_id = 3 WHERE edition_id = 1",
    "UPDATE areas SET edition_id = 1, import_id = 1 WHERE edition_id = 2",
    "DELETE FROM areas WHERE edition_id = 1",
    "DELETE FROM area_shapes WHERE edition_id = 1",
    "UPDATE area_shapes SET code = 'x' WHERE edition_id = 1",
    "INSERT INTO areas (edition_id, import_id, level, code, name, name_en, kind, provisional) "
    "VALUES (1, 1, 'grid', 'x', '', '', 'basic', {false})",
    "INSERT INTO areas (edition_id, import_id, level, code, name, name_en, kind, provisional) "
    "VALUES (2, 1, 'grid', 'x', '', '', 'basic', {false})",
    "INSERT INTO area_shapes (area_id, edition_id, level, code, geom) "
    "SELECT id, edition_id, level, code, geom FROM areas WHERE code = 'C0000' AND edition_id = 1",
    "UPDATE imports SET state = 'superseded' WHERE edition_id = 1",
    "UPDATE imports SET source = 'x' WHERE edition_id = 1",
    "DELETE FROM imports WHERE edition_id = 1",
    "INSERT INTO imports (edition_id, level, state, source, areas, created_at, created_by, "
    "heartbeat_at, owner) VALUES (1, 'grid', 'pending', 'x', 0, {now}, 'x', {now}, 'x')",
    "UPDATE editions SET state = 'draft' WHERE id = 1",
    "UPDATE editions SET name = 'x' WHERE id = 1",
    "UPDATE editions SET effective_from = {now} WHERE id = 1",
    "UPDATE editions SET accepted_faults = 'x' WHERE id = 1",
    "UPDATE editions SET content_hash = NULL WHERE id = 1",
    "UPDATE editions SET id = 77 WHERE id = 1",
    "DELETE FROM editions WHERE id = 1",
    "UPDATE editions SET state = 'retired' WHERE id = 2",
    "UPDATE editions SET family = 'x' WHERE id = 1",
    "UPDATE editions SET restores = 'x' WHERE id = 1",
    "UPDATE editions SET published_why = 'x' WHERE id = 1",
    "UPDATE editions SET backdated_why = 'x' WHERE id = 1",
    "UPDATE editions SET hidden = {true} WHERE id = 1",
    # It was in force: no moment of retirement makes that untrue.
    "UPDATE editions SET state = 'retired' WHERE id = 1",
    "UPDATE editions SET state = 'retired', retired_at = {now} WHERE id = 1",
    "UPDATE editions SET state = 'retired', retired_at = {early} WHERE id = 1",
    "UPDATE editions SET retired_at = {early} WHERE id = 1",
    "UPDATE editions SET retired_why = 'x' WHERE id = 1",
    "UPDATE editions SET state = 'published', effective_from = {now}, hidden = {true} WHERE id = 2",
    "UPDATE retired_codes SET reason = 'x'",
    "UPDATE retired_codes SET successors = NULL",
    "DELETE FROM retired_codes",
    # C0000 is in the later edition still; C0009 was never in the former one.
    "INSERT INTO retired_codes (family, level, code, last_edition_id, edition_id, retired_at, "
    "reason, recorded_at, recorded_by) VALUES ('base', 'grid', 'C0000', 1, 3, {now}, 'x', {now}, "
    "'x')",
    "INSERT INTO retired_codes (family, level, code, last_edition_id, edition_id, retired_at, "
    "reason, recorded_at, recorded_by) VALUES ('base', 'grid', 'C0009', 1, 3, {now}, 'x', {now}, "
    "'x')",
    "UPDATE families SET name = 'x' WHERE name = 'base'",
    "DELETE FROM families WHERE name = 'base'",
    "INSERT INTO editions (name, state, effective_from, created_at, created_by) "
    "VALUES ('e9', 'published', {now}, {now}, 'x')",
]
# SQLite's REPLACE removes the row in its way without asking the delete triggers.
REPLACEMENTS = [
    "INSERT OR REPLACE INTO areas (id, edition_id, import_id, level, code, name, name_en, kind, "
    "provisional) SELECT id, 2, 3, level, code, 'x', '', kind, 0 FROM areas WHERE edition_id = 1",
    "UPDATE OR REPLACE areas SET id = 3 WHERE edition_id = 2 AND code = 'P0'",
    "INSERT OR REPLACE INTO editions (id, name, state, created_at, created_by) "
    "VALUES (1, 'e9', 'draft', '2026-01-01T00:00:00.000Z', 'x')",
    "INSERT OR REPLACE INTO editions (name, state, created_at, created_by) "
    "VALUES ('e1', 'draft', '2026-01-01T00:00:00.000Z', 'x')",
    "UPDATE OR REPLACE editions SET id = 1 WHERE id = 2",
    "UPDATE OR REPLACE editions SET name = 'e1' WHERE id = 2",
    "UPDATE OR REPLACE editions SET state = 'published', "
    "effective_from = '2026-01-02T00:00:00.000Z' WHERE id = 2",
    "UPDATE OR REPLACE imports SET id = 1 WHERE edition_id = 2",
    "INSERT OR REPLACE INTO retired_codes SELECT * FROM retired_codes",
    "INSERT OR REPLACE INTO retired_codes (family, level, code, last_edition_id, edition_id, "
    "retired_at, reason, recorded_at, recorded_by) SELECT family, level, code, last_edition_id, "
    "edition_id, retired_at, 'x', recorded_at, 'x' FROM retired_codes",
    "INSERT OR REPLACE INTO families (name, label, label_en, visibility, created_at, created_by) "
    "VALUES ('base', 'x', 'x', 'staff', '2026-01-01T00:00:00.000Z', 'x')",
    "UPDATE OR IGNORE areas SET name = 'x' WHERE edition_id = 1",
]


@pytest.fixture
def published(store):
    """A store with e1 (id 1), the draft e2 (id 2), and e3 (id 3) without the code C0003."""
    fill(store, "e1")
    publish(store, "e1")
    fill(store, "e2")
    fill(store, "e3", count=3)
    publish(store, "e3", day(20).replace(month=6))
    return store


def other_program(path):
    """A connection as a GIS has it: with the functions that the index triggers call.

    Without them, as in the plain `sqlite3` shell, the tables with geometry cannot be written
    to at all.
    """
    connection = sqlite3.connect(path)
    for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
        connection.create_function(name, 1, lambda blob: 1)
    return connection


def state(store):
    coverage = store.coverage("e1")
    return (
        store.edition("e1"),
        store.import_reports("e1"),
        list(coverage.ids),
        list(coverage.name),
        list(shapely.to_wkb(coverage.geometry)),
        store.retired_codes(),
        store.families(),
    )


@pytest.mark.parametrize("change", CHANGES)
def test_plain_sql_cannot_change_what_is_published(published, store_url, change):
    before = state(published)
    if published.kind == "geopackage":
        published.close()
        now, early = "'2026-02-01T00:00:00.000Z'", "'2020-01-01T00:00:00.000Z'"
        with closing(other_program(store_url)) as connection:
            with pytest.raises(sqlite3.IntegrityError, match=r"gridmap\.immutable"):
                connection.execute(change.format(now=now, early=early, false=0, true=1))
            connection.commit()
    else:
        host = store_url.split("host=")[1]
        name = store_url.split("/")[3].split("?")[0]
        with closing(psycopg2.connect(host=host, dbname=name, user="postgres")) as connection:
            with pytest.raises(psycopg2.Error) as caught, connection.cursor() as cursor:
                cursor.execute(
                    change.format(now="now()", early="'2020-01-01'", false="false", true="true")
                )
            assert caught.value.pgcode == "GM001"
            connection.commit()
    assert state(published) == before


@pytest.mark.parametrize("store_kind", ["geopackage"], indirect=True)
@pytest.mark.parametrize("change", REPLACEMENTS)
def test_replacing_rows_cannot_change_what_is_published(published, store_url, change):
    before = state(published)
    published.close()
    with closing(other_program(store_url)) as connection:
        with pytest.raises(sqlite3.IntegrityError, match=r"gridmap\.immutable"):
            connection.execute(change)
        connection.commit()
    assert state(published) == before


@pytest.mark.postgis
@pytest.mark.parametrize("store_kind", ["postgis"], indirect=True)
@pytest.mark.parametrize(
    "table", ["areas CASCADE", "area_shapes", "imports CASCADE", "retired_codes", "families"]
)
def test_truncating_is_refused_once_something_is_published(published, table):
    with pytest.raises(Immutable), published._database.write() as connection:
        connection.exec_driver_sql(f"TRUNCATE {table}")


def test_drafts_can_be_changed(published):
    with published._database.write() as connection:
        connection.exec_driver_sql("UPDATE areas SET name = 'x' WHERE edition_id = 2")
        connection.exec_driver_sql("DELETE FROM areas WHERE edition_id = 2 AND code = 'C0003'")
    assert set(published.coverage("e2").name) == {"x"}
    assert len(published.coverage("e2")) == 5


def test_an_edition_to_come_may_be_retired_once_and_for_all(published):
    def change(assignment):
        with published._database.write() as connection:
            connection.exec_driver_sql(f"UPDATE editions SET {assignment} WHERE id = 3")

    june = day(25).replace(month=6)
    assert published.edition_at(june).name == "e3"
    for moment in ("'2026-06-20T00:00:00.000Z'", "'2026-02-28T00:00:00.000Z'", "NULL"):
        with pytest.raises(Immutable):
            change(f"state = 'retired', retired_at = {moment}")
    change("state = 'retired', retired_at = '2026-03-01T04:00:00.000Z', retired_by = 'me'")
    assert published.edition("e3").state == "retired"
    assert published.edition_at(june).name == "e1"
    assert len(published.coverage("e3")) == 5
    for assignment in (
        "state = 'published'",
        "state = 'draft'",
        "retired_by = 'you'",
        "retired_at = NULL",
        "retired_why = 'x'",
        "effective_from = '2026-01-01T00:00:00.000Z'",
    ):
        with pytest.raises(Immutable):
            change(assignment)
    with pytest.raises(Immutable), published._database.write() as connection:
        connection.exec_driver_sql("DELETE FROM areas WHERE edition_id = 3")


REPORT = {
    "x": [117.0],
    "y": [36.0],
    "coord_sys": "gcj02",
    "location_status": "inside",
    "lon": [116.99],
    "lat": [35.99],
    "source": "12345",
    "text": "井盖",
}


@pytest.mark.parametrize(
    "column", ["raw_x", "raw_y", "accuracy_m", "coord_sys", "source", "received_at", "observed_at"]
)
def test_what_a_report_said_is_never_changed(store, column):
    store.add_reports(REPORT)
    value = {"coord_sys": "'wgs84'", "source": "'x'"}.get(column, "1")
    if column.endswith("_at"):
        value = "'2020-01-01T00:00:00.000Z'"
    with pytest.raises(Immutable, match="report"), store._database.write() as connection:
        connection.exec_driver_sql(f"UPDATE reports SET {column} = {value}")


def test_where_a_report_belongs_may_be_decided_anew(store):
    store.add_reports(REPORT)
    with store._database.write() as connection:
        connection.exec_driver_sql("UPDATE reports SET location_status = 'outside', lon = 1")


@pytest.mark.parametrize("store_kind", ["geopackage"], indirect=True)
def test_gdal_cannot_add_to_what_is_published(published, store_url):
    before = state(published)
    published.close()
    more = gpd.GeoDataFrame(
        {
            "edition_id": [1],
            "import_id": [2],
            "level": ["grid"],
            "code": ["C0099"],
            "name": [""],
            "name_en": [""],
            "kind": ["basic"],
            "provisional": [False],
        },
        geometry=[square(7)],
        crs=4326,
    )
    with pytest.raises(pyogrio.errors.FeatureError, match=r"gridmap\.immutable"):
        pyogrio.write_dataframe(more, store_url, layer="areas", append=True)
    with Store.open(store_url) as again:
        assert state(again) == before
