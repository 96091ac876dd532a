"""A store that cannot do its work says why, and leaves nothing half-written."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import psycopg2
import pytest
from sqlalchemy import event

from gridmap.errors import BadValue, StoreBusy, StoreFull, StoreUnusable
from gridmap.store import Store
from tests.store_data import ACTOR, children, codes, fill

PLAIN = {"x": [1.0], "y": [2.0], "coord_sys": "wgs84", "location_status": "outside"}
geopackage = pytest.mark.parametrize("store_kind", ["geopackage"], indirect=True)
postgis = pytest.mark.parametrize(
    "store_kind", [pytest.param("postgis", marks=pytest.mark.postgis)], indirect=True
)


@geopackage
def test_another_writer_that_does_not_finish_is_said(store_url):
    with (
        Store.open(store_url, busy_timeout_s=0.1) as store,
        closing(sqlite3.connect(store_url, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        assert store.editions() == [], "reading goes on"
        with pytest.raises(StoreBusy, match=r"Another program.*GRIDMAP_BUSY_TIMEOUT_S"):
            store.add_reports(PLAIN)
        with pytest.raises(StoreBusy):
            store.ensure_draft("e1", ACTOR)
        other.execute("ROLLBACK")
        assert store.add_reports(PLAIN) == 1


@postgis
def test_another_writer_that_holds_a_row_is_said(store_url, postgres):
    with Store.open(store_url, busy_timeout_s=0.1) as store:
        fill(store)
        name = store_url.split("/")[3].split("?")[0]
        with closing(psycopg2.connect(postgres.dsn(name))) as other:
            other.cursor().execute("SELECT * FROM editions FOR UPDATE")
            with pytest.raises(StoreBusy):
                store.import_areas("e1", children(2), ACTOR)
            assert store.add_reports(PLAIN) == 1, "reports have nothing to do with it"
        assert codes(store.coverage("e1"), "grid") == ["C0000", "C0001", "C0002", "C0003"]


def limit_size(store, pages):
    """Let the file grow by so many pages and no more, on every connection."""
    with store._database.read() as connection:
        size = connection.exec_driver_sql("PRAGMA page_count").scalar()
    store.close()

    @event.listens_for(store._database.engine, "connect")
    def limit(connection, record):
        connection.execute(f"PRAGMA max_page_count = {size + pages}")


@geopackage
def test_a_full_disk_is_said_and_the_level_stays(store, store_url):
    fill(store, count=4)
    limit_size(store, 8)
    with pytest.raises(StoreFull, match="no room"):
        store.import_areas("e1", children(5000), ACTOR, batch=100)
    assert len(store.coverage("e1")) == 6
    with Store.open(store_url) as roomy:
        assert roomy.import_areas("e1", children(500), ACTOR) == 500


@postgis
def test_a_full_server_is_said_and_the_level_stays(store):
    fill(store, count=4)
    with store._database.write() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "IF NEW.code = 'C0007' THEN RAISE EXCEPTION 'could not extend file' "
            "USING ERRCODE = '53100'; END IF; RETURN NEW; END $$"
        )
        connection.exec_driver_sql(
            "CREATE TRIGGER full_disk BEFORE INSERT ON areas "
            "FOR EACH ROW EXECUTE FUNCTION full_disk()"
        )
    with pytest.raises(StoreFull, match="no room"):
        store.import_areas("e1", children(10), ACTOR, batch=5)
    assert len(store.coverage("e1")) == 6
    with store._database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM areas").scalar() == 6


@geopackage
def test_a_store_that_may_not_be_written_is_said(store):
    fill(store)
    store.close()

    @event.listens_for(store._database.engine, "connect")
    def protect(connection, record):
        connection.execute("PRAGMA query_only = ON")

    assert len(store.coverage("e1")) == 6
    with pytest.raises(StoreUnusable, match="permission"):
        store.add_reports(PLAIN)


@postgis
def test_a_server_that_only_reads_is_said(store):
    fill(store)
    with store._database.write() as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar()
        connection.exec_driver_sql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    store.close()
    assert len(store.coverage("e1")) == 6
    with pytest.raises(StoreUnusable, match="read-only"):
        store.add_reports(PLAIN)


@postgis
def test_a_connection_that_was_cut_is_made_again(store, postgres):
    fill(store)
    postgres.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gridmap'"
    )
    assert len(store.coverage("e1")) == 6


def test_more_threads_than_connections_wait_for_one(store_url):
    import threading

    with Store.open(store_url) as store:
        done = []
        threads = [
            threading.Thread(target=lambda: done.append(store.change_token())) for _ in range(60)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert done == [0] * 60


@postgis
def test_text_that_only_one_store_refuses_to_look_for_is_no_fault_of_ours(store_url):
    with Store.open(store_url) as store:
        with pytest.raises(BadValue, match=r"cannot hold this value.*NUL"):
            store.report_of_proof("a\0b")
        assert store.report_of_proof("ab") is None, "the connection is as good as before"


def test_half_a_character_is_refused_by_either_store(store_url):
    with (
        Store.open(store_url) as store,
        pytest.raises(BadValue, match=r"cannot hold this value.*surrogates"),
    ):
        store.report_of_proof("a\ud800b")


def test_faults_in_the_code_around_a_statement_stay_what_they_are(store_url):
    def decide(_):
        raise ValueError("ours")

    with Store.open(store_url) as store, pytest.raises(ValueError, match=r"^ours$"):
        store.change_records("places", decide)
