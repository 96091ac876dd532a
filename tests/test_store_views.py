"""Other people's programs see what is published, through views, and nothing else."""

from __future__ import annotations

import logging
from contextlib import closing

import psycopg2
import pytest
import shapely

from gridmap.store import Store
from tests.store_data import ACTOR, children, day, fill, parents, publish, square

pytestmark = [
    pytest.mark.postgis,
    pytest.mark.parametrize("store_kind", ["postgis"], indirect=True),
]


@pytest.fixture
def reader(store, store_url, postgres):
    """A connection that may do what the role `gridmap_reader` may."""
    name = store_url.split("/")[3].split("?")[0]
    with closing(psycopg2.connect(postgres.dsn(name))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE gridmap_reader")
            yield cursor


def ask(cursor, query):
    cursor.execute(query)
    return cursor.fetchall()


def test_published_areas_have_the_shapes_that_answer(store, reader):
    store.ensure_draft("e1", ACTOR)
    store.import_areas("e1", parents(geometry=False), ACTOR)
    store.import_areas("e1", children(4), ACTOR)
    query = "SELECT code, edition, level, ST_AsBinary(geom) FROM gridmap_views.published_areas"
    assert ask(reader, query) == []
    publish(store)
    found = {code: (edition, level, geom) for code, edition, level, geom in ask(reader, query)}
    assert len(found) == 6
    assert found["C0003"][:2] == ("e1", "grid")
    union = shapely.union_all([square(0), square(1)])
    assert shapely.from_wkb(bytes(found["P0"][2])).equals(union)


def test_areas_in_force_are_those_of_now(store, reader):
    fill(store, "e1")
    publish(store, "e1", day(2))
    fill(store, "e2", count=2)
    publish(store, "e2", day(5))
    fill(store, "e3", count=1)
    publish(store, "e3", day(5).replace(year=2999))
    in_force = "SELECT DISTINCT edition FROM gridmap_views.areas_in_force"
    assert ask(reader, in_force) == [("e2",)]
    dated = ask(
        reader, "SELECT name, effective_from, effective_to FROM gridmap_views.editions ORDER BY 2"
    )
    assert dated[0] == ("e1", day(2), day(5))
    assert dated[2][2] is None


def test_the_views_say_where_they_are(store, reader):
    found = ask(
        reader,
        "SELECT f_table_name, type, srid FROM geometry_columns "
        "WHERE f_table_schema = 'gridmap_views' ORDER BY 1",
    )
    assert found == [("areas_in_force", "GEOMETRY", 4326), ("published_areas", "GEOMETRY", 4326)]


@pytest.mark.parametrize("table", ["areas", "reports", "editions", "imports", "levels", "meta"])
def test_the_reader_sees_no_table(store, reader, table):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        reader.execute(f"SELECT * FROM public.{table}")


def test_the_reader_changes_nothing(store, reader):
    # Not only forbidden: a view over two tables cannot be written to by anybody.
    with pytest.raises(psycopg2.errors.ObjectNotInPrerequisiteState):
        reader.execute("UPDATE gridmap_views.levels SET label = 'x'")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        reader.execute("UPDATE public.levels SET label = 'x'")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        reader.execute("CREATE TABLE public.mine (a int)")


def test_no_view_shows_reports_or_people(store, reader):
    columns = ask(
        reader,
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'gridmap_views'",
    )
    shown = {name for (name,) in columns}
    assert shown & {"text", "source", "created_by", "published_by", "attributes", "owner"} == set()


def test_a_user_who_may_not_make_roles_is_told_and_goes_on(postgres, empty_url, caplog):
    name = empty_url.split("/")[3].split("?")[0]
    postgres.execute("CREATE ROLE owner LOGIN")
    postgres.execute("GRANT ALL ON SCHEMA public TO owner", database=name)
    postgres.execute(f"ALTER DATABASE {name} OWNER TO owner")
    # Roles are the whole server's: hide the one that other tests have made.
    postgres.execute(
        "DO $$ BEGIN IF to_regrole('gridmap_reader') IS NOT NULL THEN "
        "ALTER ROLE gridmap_reader RENAME TO reader_aside; END IF; END $$"
    )
    try:
        with (
            caplog.at_level(logging.WARNING),
            Store.open(postgres.url(name, user="owner")) as store,
        ):
            fill(store)
    finally:
        postgres.execute(
            "DO $$ BEGIN IF to_regrole('reader_aside') IS NOT NULL THEN "
            "ALTER ROLE reader_aside RENAME TO gridmap_reader; END IF; END $$"
        )
    assert "gridmap_reader was not created" in caplog.text
