"""Posts, bodies and service items are about areas that there are; a grid has one worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gridmap.cli.app import app
from gridmap.errors import Conflict
from gridmap.places.model import Post
from gridmap.tables import FaultyTable
from gridmap.workspace import Workspace, open_workspace
from tests.api_town import Hands
from tests.store_data import day, fill, publish

POSTS = "code,person,name,role,kind,level,area_code,valid_from,valid_to"
BODIES = "code,kind,name,level,area_code"
ITEMS = "code,kind,name,level,area_code"

Table = Callable[..., Path]


@pytest.fixture
def table(tmp_path: Path) -> Table:
    def write(header: str, *rows: str) -> Path:
        path = tmp_path / "table.csv"
        path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return path

    return write


@pytest.fixture
def squares(store_url: str) -> Iterator[Workspace]:
    """The third of January; the squares' grids are in force from the tenth."""
    with open_workspace(store_url, clock=Hands(day(3))) as workspace:
        fill(workspace.store)
        publish(workspace.store, start=day(10))
    with open_workspace(store_url, clock=Hands(day(3))) as workspace:
        yield workspace


def faults(workspace: Workspace, kind: str, path: Path) -> list[str]:
    """What is said of a table; nothing of it is stored."""
    before = workspace.store.records(kind)
    with pytest.raises(FaultyTable) as caught:
        workspace.import_records(kind, path, commit=True)
    assert workspace.store.records(kind) == before
    return [str(one) for one in caught.value.faults]


def test_before_there_is_an_edition_areas_are_counted_as_not_checked(
    store_url: str, table: Table
) -> None:
    path = table(POSTS, "T1,R1,甲,grid_worker,basic,grid,C0000,,")
    args = ["places", "import", str(path), "--kind", "posts", "--store", store_url]
    for more, said in (([], "1 can be imported"), (["--commit"], "1 new, 0 changed")):
        done = CliRunner().invoke(app, [*args, *more])
        assert done.exit_code == 0, done.output
        assert said in done.output
        assert "1 name an area" in done.output
    body = table(BODIES, "O1,party_branch,支部,,")
    with open_workspace(store_url, clock=Hands(day(3))) as workspace:
        assert workspace.import_records("organisations", body).unchecked == 0


def test_an_area_of_no_edition_is_a_fault_with_its_row(squares: Workspace, table: Table) -> None:
    # 00001 was a number to a spreadsheet.
    path = table(
        POSTS,
        "T1,R1,甲,grid_worker,basic,grid,C0000,,",
        "T2,R2,乙,grid_worker,basic,grid,1,,",
        "T3,R3,丙,grid_lead,basic,community,C0001,,",
        # What is over may have been of an area that is no more.
        "T4,R4,丁,grid_worker,basic,grid,C9999,2025-01-01,2026-01-01",
    )
    what = "column 'area_code' is no {} of an edition in force, to come or drafted, got '{}'"
    assert faults(squares, "posts", path) == [
        "table.csv, row 3, " + what.format("grid", "1"),
        "table.csv, row 4, " + what.format("community", "C0001"),
    ]
    path = table(BODIES, "O1,party_branch,支部,grid,C0001", "O2,party_branch,支部,grid,1")
    assert faults(squares, "organisations", path) == [
        "table.csv, row 3, " + what.format("grid", "1")
    ]
    path = table(ITEMS, "S1,助餐,送餐,grid,C0001", "S2,助餐,送餐,grid,1", "S3,助餐,送餐,,")
    assert faults(squares, "service_items", path) == [
        "table.csv, row 3, " + what.format("grid", "1")
    ]
    done = squares.import_records("posts", table(POSTS, "T1,R1,甲,grid_worker,basic,grid,C0000,,"))
    assert (done.rows, done.unchecked) == (1, 0)


def test_the_roster_of_a_draft_is_made_ready_before_it_is_published(
    squares: Workspace, table: Table
) -> None:
    (edition,) = squares.store.editions()
    squares.draft("next", source=edition.name, commit=True)
    row = "T1,R1,甲,grid_worker,basic,grid,C7777,,"
    assert faults(squares, "posts", table(POSTS, row))
    with squares.store._database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE areas SET code = 'C7777' WHERE code = 'C0000' AND edition_id ="
            " (SELECT id FROM editions WHERE name = 'next')"
        )
    assert squares.import_records("posts", table(POSTS, row), commit=True).added == 1


def test_a_second_table_adds_no_second_worker(squares: Workspace, table: Table) -> None:
    one = table(POSTS, "T1,R1,甲,grid_worker,basic,grid,C0000,,")
    squares.import_records("posts", one, commit=True)
    path = table(
        POSTS,
        "T2,R2,乙,grid_worker,basic,grid,C0000,,",
        "T3,R1,甲,grid_worker,basic,grid,C0001,,",
        "T4,R4,丁,grid_lead,basic,grid,C0000,,",
    )
    assert faults(squares, "posts", path) == [
        "table.csv, row 2, column 'area_code' has this basic role in the store too, as T1, "
        "got 'C0000'",
        "table.csv, row 3, column 'person' has another basic post, T1, in the store, got 'R1'",
    ]
    # A table that says when the first one ends, or that replaces all, is taken.
    row = "T2,R2,乙,grid_worker,basic,grid,C0000,{},"
    assert squares.import_records("posts", table(POSTS, row.format("")), replace=True).rows == 1
    ends = "T1,R1,甲,grid_worker,basic,grid,C0000,,2026-03-01"
    path = table(POSTS, ends, row.format("2026-03-01"))
    assert squares.import_records("posts", path, commit=True).changed == 1


def test_one_that_was_stored_meanwhile_is_seen_where_posts_are_written(squares: Workspace) -> None:
    def post(code: str, person: str) -> dict[str, object]:
        held = Post(code, person, "演示", "grid_worker", "basic", "grid", "C0000")
        return {name: getattr(held, name) for name in Post.__slots__}

    squares.put_records("posts", [post("T1", "R1")])
    with pytest.raises(Conflict, match="'T2' cannot be held beside a stored one"):
        squares.put_records("posts", [post("T2", "R2")])
    assert [one["code"] for one in squares.records("posts")] == ["T1"]
    squares.put_records("posts", [post("T1", "R3")])
    squares.put_records("posts", [post("T2", "R2")], replace=True)
    assert [one["code"] for one in squares.records("posts")] == ["T2"]


PLACES = (
    "code,category,name,lon,lat,coord_sys",
    "P1,canteen,近食堂,117.005,36.005,wgs84",
    "P2,canteen,远食堂,116.4,30.2,wgs84",
    "P3,canteen,外食堂,118.005,36.005,wgs84",
)


def test_places_outside_every_area_are_imported_and_named(squares: Workspace, table: Table) -> None:
    path = table(*PLACES)
    assert squares.import_records("places", path).outside == ("P2", "P3")
    done = squares.import_records("places", path, commit=True)
    assert (done.added, done.outside) == (3, ("P2", "P3"))


def test_estates_outside_every_area_are_named_and_those_that_touch_one_are_not(
    squares: Workspace, table: Table
) -> None:
    def box(west: float, east: float) -> str:
        return f'"POLYGON(({west} 36,{east} 36,{east} 36.01,{west} 36.01,{west} 36))"'

    near, far = box(116.995, 117.002), box(118.0, 118.01)
    path = table("code,managed,wkt", f"E1,open,{near}", f"E2,open,{far}")
    assert squares.import_records("estate", path, coord_sys="wgs84").outside == ("E2",)


def test_before_there_is_an_edition_no_place_is_outside(store_url: str, table: Table) -> None:
    with open_workspace(store_url, clock=Hands(day(3))) as workspace:
        assert workspace.import_records("places", table(*PLACES)).outside == ()


@pytest.mark.usefixtures("squares")
def test_the_command_warns_of_places_outside(store_url: str, table: Table) -> None:
    args = ["places", "import", str(table(*PLACES)), "--kind", "places", "--store", store_url]
    for more in ([], ["--commit"]):
        done = CliRunner().invoke(app, [*args, *more])
        assert done.exit_code == 0, done.output
        assert "warning: 2 lie outside every area in force or to come" in done.output
        assert "[P2, P3]" in done.output
