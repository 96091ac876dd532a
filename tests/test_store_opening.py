"""Opening a store: made when missing, refused when it is something else."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest

from gridmap.areas import DEFAULT_LEVELS
from gridmap.errors import StoreBusy, StoreUnusable
from gridmap.store import Store, migrate
from gridmap.store.engine import parse_where
from gridmap.store.files import check_place, file_system_of
from tests.store_data import fill

OPEN = "import sys; from gridmap.store import Store; s = Store.open(sys.argv[1]); print(s.levels())"


def test_a_new_store_has_the_default_levels_and_no_editions(empty_url):
    with Store.open(empty_url) as store:
        assert store.levels() == DEFAULT_LEVELS
        assert store.editions() == []
        assert store.change_token() == 0


def test_a_store_is_there_when_it_is_opened_again(store_url):
    with Store.open(store_url) as store:
        fill(store)
    with Store.open(store_url, create=False) as store:
        assert len(store.coverage("e1")) == 6


def test_two_processes_may_make_the_same_store(empty_url):
    makers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", OPEN, empty_url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [maker.communicate(timeout=120) for maker in makers]
    assert [maker.returncode for maker in makers] == [0, 0], said
    assert all(out.startswith("Levels(subdistrict") for out, _ in said)
    with Store.open(empty_url, create=False) as store:
        assert store.levels() == DEFAULT_LEVELS


def test_without_create_a_missing_store_is_not_made(empty_url):
    with pytest.raises(StoreUnusable, match="no store here"):
        Store.open(empty_url, create=False)
    with pytest.raises(StoreUnusable, match="no store here"):
        Store.open(empty_url, create=False)


def test_an_older_schema_is_refused_with_the_repair(store_url, monkeypatch):
    monkeypatch.setattr(migrate, "REVISIONS", (*migrate.REVISIONS, "9999"))
    monkeypatch.setattr(migrate, "HEAD", "9999")
    with pytest.raises(StoreUnusable, match=r"older gridmap.*gridmap migrate"):
        Store.open(store_url)


def test_a_newer_schema_is_refused_with_the_repair(store_url, monkeypatch):
    monkeypatch.setattr(migrate, "REVISIONS", ("0000",))
    monkeypatch.setattr(migrate, "HEAD", "0000")
    with pytest.raises(StoreUnusable, match=r"newer gridmap.*Upgrade"):
        Store.open(store_url)
    with pytest.raises(StoreUnusable, match="newer gridmap"):
        Store.migrate(store_url)


def test_migrating_says_from_where_to_where(empty_url):
    assert Store.migrate(empty_url) == (None, migrate.HEAD)
    assert Store.migrate(empty_url) == (migrate.HEAD, migrate.HEAD)


def test_a_migration_that_fails_leaves_nothing_behind(empty_url, monkeypatch):
    from gridmap.store.migrations import views_0001

    def fail(connection):
        raise RuntimeError("half way")

    with monkeypatch.context() as patch:
        patch.setattr(views_0001, "create", fail)
        with pytest.raises(RuntimeError, match="half way"):
            Store.open(empty_url)
    with pytest.raises(StoreUnusable, match="no store here"):
        Store.open(empty_url, create=False)
    with Store.open(empty_url) as store:
        assert store.levels() == DEFAULT_LEVELS


def test_a_connection_that_cannot_be_used_is_given_back(store, monkeypatch):
    store.levels()
    unknown = {kind: {"isolation_level": "NONE SUCH"} for kind in ("geopackage", "postgis")}
    monkeypatch.setattr("gridmap.store.engine._READING", unknown)
    # Its traceback is held meanwhile, and all that stands in it.
    with pytest.raises(Exception, match="isolation") as caught:
        store.levels()
    assert store._database.engine.pool.checkedout() == 0, caught


@pytest.mark.parametrize("store_kind", ["geopackage"], indirect=True)
def test_write_ahead_logging_is_switched_on_again(store_url):
    with sqlite3.connect(store_url) as connection:
        assert connection.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)
    connection.close()
    with Store.open(store_url) as store:
        fill(store)
        assert Path(f"{store_url}-wal").exists()


def test_a_path_may_be_a_path_object_and_begin_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with Store.open("~/a.gpkg") as store:
        assert store.where == str(tmp_path / "a.gpkg")
    with Store.open(tmp_path / "a.gpkg", create=False) as store:
        assert store.kind == "geopackage"


def test_a_path_may_hold_spaces_and_chinese(tmp_path):
    path = tmp_path / "网格 数据?#%.gpkg"
    with Store.open(path) as store:
        fill(store)
    assert path.exists()


def test_an_empty_file_becomes_a_store(tmp_path):
    path = tmp_path / "empty.gpkg"
    path.touch()
    with Store.open(path) as store:
        assert store.levels() == DEFAULT_LEVELS


def test_a_file_of_another_kind_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a store")
    with pytest.raises(StoreUnusable, match=r"not a GeoPackage.*another file"):
        Store.open(path)
    assert path.read_text() == "not a store"


def test_a_sqlite_file_of_another_program_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE mine (a TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreUnusable, match="SQLite file is not a gridmap store"):
        Store.open(path)
    assert path.read_bytes() == before


def test_a_geopackage_of_boundaries_is_refused_with_the_repair(tmp_path):
    import geopandas as gpd
    import shapely

    path = tmp_path / "grids.gpkg"
    gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.box(0, 0, 1, 1)], crs=4326).to_file(path)
    with pytest.raises(StoreUnusable, match="gridmap import"):
        Store.open(path)


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "damaged.gpkg"
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 4096)
    with pytest.raises(StoreUnusable, match="damaged"):
        Store.open(path)


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(StoreUnusable, match="folder, not a store"):
        Store.open(tmp_path)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(StoreUnusable, match="folder of the store"):
        Store.open(tmp_path / "no" / "store.gpkg")


def test_nothing_is_not_a_path():
    with pytest.raises(StoreUnusable, match="No store is named"):
        Store.open("")


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "smb3", "fuse.sshfs"])
def test_a_network_drive_is_refused_before_it_is_touched(tmp_path, kind):
    mounts = tmp_path / "mounts"
    share = tmp_path / "a share"
    share.mkdir()
    escaped = str(share).replace(" ", r"\040")
    mounts.write_text(f"/dev/vda / ext4 rw 0 0\nserver:/x {escaped} {kind} rw 0 0\n")
    with pytest.raises(StoreUnusable, match=rf"network drive.*{kind}.*PostGIS"):
        check_place(share / "store.gpkg", create=True, mounts=mounts)
    check_place(tmp_path / "store.gpkg", create=True, mounts=mounts)


def test_a_link_to_a_network_drive_is_followed(tmp_path):
    share = tmp_path / "share"
    share.mkdir()
    link = tmp_path / "link"
    link.symlink_to(share)
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/vda / ext4 rw 0 0\nserver:/x {share} nfs rw 0 0\n")
    assert file_system_of(link / "store.gpkg", mounts=mounts) == "nfs"


def test_where_mounts_are_not_listed_the_file_system_is_unknown(tmp_path):
    assert file_system_of(tmp_path, mounts=tmp_path / "none") is None


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg2"])
def test_every_spelling_of_postgresql_means_psycopg2(scheme):
    url = parse_where(f"{scheme}://me@here/db")
    assert not isinstance(url, Path)
    assert url.drivername == "postgresql+psycopg2"


@pytest.mark.parametrize("where", ["mysql://me:hunter2@here/db", "postgresql+psycopg://me@here/db"])
def test_another_kind_of_database_is_refused_without_its_password(where):
    with pytest.raises(StoreUnusable, match="no such kind of store") as caught:
        Store.open(where)
    assert "hunter2" not in str(caught.value)


def test_an_address_that_cannot_be_read_does_not_show_its_password():
    with pytest.raises(StoreUnusable, match="cannot be read") as caught:
        Store.open("postgresql://me:hunter2@here:port:port/db")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_server_that_does_not_answer_is_named_without_its_password(tmp_path):
    with pytest.raises(StoreUnusable, match="does not answer") as caught:
        Store.open(f"postgresql://me:hunter2@/db?host={tmp_path}&password=hunter2")
    assert "hunter2" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.postgis
def test_a_password_is_in_no_name_of_the_store(postgres, pg_dsn):
    name = pg_dsn.split("dbname=")[1].split()[0]
    url = postgres.url(name).replace("postgres@", "postgres:hunter2@")
    with Store.open(url) as store:
        assert "hunter2" not in store.where + repr(store)
        assert store.kind == "postgis"


@pytest.mark.postgis
def test_a_database_that_does_not_exist_is_named(postgres):
    with pytest.raises(StoreUnusable, match="nowhere"):
        Store.open(postgres.url("nowhere"))


@pytest.mark.postgis
def test_postgis_is_added_where_that_is_allowed(postgres):
    name = postgres.create_database()
    with Store.open(postgres.url(name)) as store:
        fill(store)
    postgres.drop_database(name)


@pytest.mark.postgis
def test_missing_postgis_is_said_with_the_repair(postgres):
    postgres.execute(
        "DO $$ BEGIN CREATE ROLE plain LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
    )
    name = postgres.create_database()
    postgres.execute("GRANT ALL ON SCHEMA public TO plain", database=name)
    with pytest.raises(StoreUnusable, match="CREATE EXTENSION postgis"):
        Store.open(postgres.url(name, user="plain"))
    postgres.drop_database(name)


@pytest.mark.postgis
def test_a_database_with_tables_of_our_names_is_refused(postgres, pg_dsn):
    name = pg_dsn.split("dbname=")[1].split()[0]
    postgres.execute("CREATE TABLE editions (a text)", database=name)
    with pytest.raises(StoreUnusable, match="database of its own"):
        Store.open(postgres.url(name))


@pytest.mark.postgis
def test_a_database_that_cannot_hold_chinese_is_refused(postgres):
    postgres.execute("CREATE DATABASE narrow ENCODING 'LATIN1' TEMPLATE template0")
    with pytest.raises(StoreUnusable, match=r"Chinese.*UTF8"):
        Store.open(postgres.url("narrow"))
    postgres.drop_database("narrow")


@pytest.mark.postgis
def test_waiting_for_another_migration_ends_with_busy(postgres, pg_dsn):
    name = pg_dsn.split("dbname=")[1].split()[0]
    holder = psycopg2.connect(pg_dsn)
    with holder.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (migrate._LOCK,))
    with pytest.raises(StoreBusy):
        Store.open(postgres.url(name), busy_timeout_s=0.2)
    holder.close()
