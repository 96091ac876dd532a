"""The migrations make the schema that is declared, on both stores."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from gridmap.store import migrate
from gridmap.store.migrations.options import migration_options
from gridmap.store.schema import metadata
from tests.store_data import fill, publish


def differences(store):
    with store._database.read() as connection:
        options = migration_options(connection)
        own = ("connection", "target_metadata", "transaction_per_migration", "transactional_ddl")
        context = MigrationContext.configure(
            connection, opts={k: v for k, v in options.items() if k not in own}
        )
        return compare_metadata(context, metadata)


def test_migrated_and_declared_schema_are_the_same(store):
    assert differences(store) == []


def test_a_difference_would_be_seen(store):
    from sqlalchemy import Column, Text

    extra = Column("extra", Text())
    table = metadata.tables["areas"]
    table.append_column(extra)
    try:
        assert [d[0] for d in differences(store)] == ["add_column"]
    finally:
        table._columns.remove(extra)


def test_a_store_in_use_does_not_differ_either(store):
    fill(store)
    publish(store)
    assert differences(store) == []


def test_the_list_of_revisions_is_that_of_the_scripts():
    config = Config()
    config.set_main_option("script_location", "gridmap.store:migrations")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [migrate.HEAD]
    assert tuple(r.revision for r in reversed(list(scripts.walk_revisions()))) == migrate.REVISIONS


@pytest.mark.postgis
@pytest.mark.parametrize("store_kind", ["postgis"], indirect=True)
def test_postgis_geometry_is_native_and_indexed(store):
    with store._database.read() as connection:
        found = connection.exec_driver_sql(
            "SELECT f_table_name, type, srid FROM geometry_columns "
            "WHERE f_table_schema = 'public' ORDER BY 1"
        ).all()
        assert found == [
            ("area_shapes", "GEOMETRY", 4326),
            ("areas", "GEOMETRY", 4326),
            ("ground", "GEOMETRY", 4326),
            ("organisations", "POINT", 4326),
            ("overlays", "GEOMETRY", 4326),
            ("places", "POINT", 4326),
            ("reports", "POINT", 4326),
            ("responsibilities", "GEOMETRY", 4326),
        ]
        indexes = connection.exec_driver_sql(
            "SELECT tablename FROM pg_indexes WHERE indexdef LIKE '%%USING gist%%' ORDER BY 1"
        )
        assert indexes.scalars().all() == [table for table, _, _ in found]


def test_a_store_of_the_second_version_keeps_its_editions(empty_url, clock):
    from gridmap.store import Store
    from gridmap.store.engine import open_database, parse_where

    database = open_database(parse_where(empty_url), clock=clock, busy_timeout_s=5.0)
    if database.kind == "postgis":
        with database.write() as connection:
            connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS postgis")
    else:
        migrate.check_place(Path(database.where), create=True)
    with database.write() as connection:
        migrate.run_migrations(connection, to="0002")
        connection.exec_driver_sql(
            "INSERT INTO editions (name, state, created_at, created_by) "
            "VALUES ('e0', 'draft', '2026-01-01T00:00:00.000Z', 'x')"
        )
        connection.exec_driver_sql(
            "UPDATE editions SET state = 'published', effective_from = '2026-01-02T00:00:00.000Z', "
            "published_at = '2026-01-01T00:00:00.000Z'"
        )
    database.close()
    assert Store.migrate(empty_url, clock=clock) == ("0002", migrate.HEAD)
    with Store.open(empty_url, clock=clock) as store:
        (edition,) = store.editions()
        assert (edition.name, edition.family, edition.state) == ("e0", "base", "published")
        assert [family.name for family in store.families()] == ["base"]
        assert store.levels().names == ("subdistrict", "community", "grid", "microgrid")
        fill(store, "e1")
        publish(store, "e1", edition.effective_from.replace(month=5))
        assert store.retired_codes() == []
        assert differences(store) == []
