"""Input that cannot be used, and commands that are killed: a clear message, nothing half-written.

Through the commands as they are started, on both stores. What the rooms say about each kind of
damage stands in their own tests.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import psycopg2
import pyogrio
import pytest

from gridmap.workspace import open_workspace
from tests.cli_district import gridmap, square, write_layer

pytest_plugins = ["tests.cli_fixtures"]

HEAD = "id,lon,lat\n"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def work(tmp_path):
    """A folder for input and output, apart from the store."""
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def contents(url):
    """What the store holds: its editions as shown, and the codes of the grids of ``e1``."""
    with open_workspace(url, create=False) as workspace:
        coverage = workspace.store.coverage("e1")
        codes = [str(code) for code in coverage.code[coverage.rows("grid")]]
        return workspace.editions(), codes


# -- assign -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "words", "message"),
    [
        (HEAD + "1,117.01,36.01\n", ["--lon", "lom", "--lat", "lat"], "lom"),
        ("id,where\n1,there\n", [], "id, where"),
        (HEAD + "1,117.01,36.01\n", ["--coord-sys", "moon"], "wgs84, cgcs2000"),
        (HEAD + "1,117.01,36.01\n", ["--at", "when"], "when"),
        (HEAD + "1,117.01,36.01\n", ["--item", "matter"], "matter"),
        (HEAD + "1,117.01,36.01\n", ["--encoding", "klingon"], "klingon"),
        ("编号,经度,纬度\n1,117.01,36.01\n".encode("gbk"), ["--encoding", "utf-8"], "utf-8"),
        (b"", [], "empty"),
        ("id,lon,lat,grid,gm_grid\n1,117.01,36.01,a,b\n", [], "gm_grid"),
    ],
    ids=[
        "a near miss of a column", "no coordinates", "an unknown system", "no column of times",
        "no column of items", "an unknown encoding", "the wrong encoding",
        "an empty file", "output columns there twice",
    ],
)  # fmt: skip
def test_points_that_cannot_be_read_are_refused_and_an_old_output_stays(
    work, published_url, data, words, message
):
    source, output = work / "in.csv", work / "out.csv"
    source.write_bytes(data if isinstance(data, bytes) else data.encode())
    output.write_text("old", encoding="utf-8")
    before = contents(published_url)
    done = gridmap("assign", source, output, *words, "--store", published_url)
    assert done.exit_code == 2, done.output
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert names(work) == ["in.csv", "out.csv"]
    assert output.read_text(encoding="utf-8") == "old"
    assert contents(published_url) == before


def test_a_half_broken_file_gives_its_good_rows_and_lays_the_others_aside(work, published_url):
    lines = ["1,117.012,36.003", "2,117.0", "3,abc,36.003", '4,"117.012', "5,117.035,36.015,more"]
    text = (HEAD + "\n".join(lines) + "\n").encode() + b"6,117.\xff12,36.003\n7,117.012,36.003\n"
    (work / "in.csv").write_bytes(text)
    done = gridmap("assign", work / "in.csv", work / "out.csv", "--store", published_url)
    assert done.exit_code == 0, done.output
    rows = (work / "out.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == ["1", "3", "7"]
    assert [",inside," in row for row in rows] == [True, False, True]
    aside = (work / "out.rejects.csv").read_text(encoding="utf-8")
    assert len(aside.splitlines()) == 1 + 4
    assert "4 rows, see" in done.stdout
    assert names(work) == ["in.csv", "out.csv", "out.rejects.csv"]


def test_an_output_column_that_is_there_already_is_kept_and_said(work, published_url):
    (work / "in.csv").write_text("id,lon,lat,grid\n1,117.012,36.003,mine\n", encoding="utf-8")
    done = gridmap("assign", work / "in.csv", work / "out.csv", "--store", published_url)
    assert done.exit_code == 0, done.output
    head, row = (work / "out.csv").read_text(encoding="utf-8").splitlines()
    found = dict(zip(head.split(","), row.split(","), strict=True))
    assert (found["grid"], found["gm_grid"]) == ("mine", "A10")
    assert "already has grid" in done.stdout


# -- import -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--encoding", "utf-8"], "GB18030"),
        (["--encoding", "klingon"], "klingon"),
        (["--parent", "comunity"], "Did you mean 'community'?"),
        (["--coord-sys", "EPSG:999999"], "EPSG:999999"),
        (["--level", "moon"], "moon"),
    ],
)
def test_a_layer_that_cannot_be_read_leaves_the_draft_as_it_was(work, drafted, words, message):
    shapefile(work, "GB18030")
    before = contents(drafted)
    done = gridmap(
        "import", work / "grid.shp", "--edition", "e1", "--level", "grid", "--code", "code",
        "--name", "name", *words, "--commit", "--store", drafted,
    )  # fmt: skip
    assert done.exit_code == 2, done.output
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert contents(drafted) == before


def shapefile(folder, encoding):
    """Write one grid in Chinese as a shapefile without a word about its encoding."""
    source = write_layer(
        folder / "grid.geojson",
        [({"code": "A99", "name": "东苑网格", "community": "A"}, square(117.0, 36.0, 0.02))],
    )
    frame = pyogrio.read_dataframe(source)
    pyogrio.write_dataframe(frame, folder / "grid.shp", encoding=encoding)
    (folder / "grid.cpg").unlink(missing_ok=True)
    return folder / "grid.shp"


# -- kills --------------------------------------------------------------------------------------

WAIT_S = 120


def start(*words):
    return subprocess.Popen(
        [sys.executable, "-m", "gridmap", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_when(child, reached):
    """Kill a command as soon as it has come so far; it must still be running then."""
    give_up = time.monotonic() + WAIT_S
    with child:  # so that none is left behind when a check fails
        while child.poll() is None and not reached():
            assert time.monotonic() < give_up, "never came so far"
            time.sleep(0.002)
        child.send_signal(signal.SIGKILL)
        _, errors = child.communicate(timeout=60)
    assert child.returncode == -signal.SIGKILL, errors


def asking(url, postgres_of):
    """A function that asks the store for one number, beside whoever uses it."""
    if "://" not in url:
        connection = sqlite3.connect(f"file:{url}?mode=ro", uri=True, isolation_level=None)
        return connection, lambda query: connection.execute(query).fetchone()[0]
    connection = psycopg2.connect(postgres_of().dsn(url.split("/")[3].split("?")[0]))
    connection.autocommit = True

    def ask(query):
        with connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchone()[0]

    return connection, ask


PENDING = (
    "SELECT count(*) FROM areas a JOIN imports i ON i.id = a.import_id WHERE i.state = 'pending'"
)
HIDDEN = "SELECT count(*) FROM imports WHERE state = 'pending'"


def test_an_import_that_is_killed_leaves_the_level_it_was_to_replace(work, drafted, request):
    side = 0.0004
    rows = [
        ({"code": f"N{i:03d}{j:03d}", "name": "新"}, square(*_corner(i, j, side), side))
        for i in range(100)
        for j in range(100)
    ]
    write_layer(work / "many.geojson", rows)
    before = contents(drafted)
    assert len(before[1]) == 8
    words = ["--edition", "e1", "--level", "grid", "--code", "code", "--name", "name", "--commit"]
    connection, ask = asking(drafted, lambda: request.getfixturevalue("postgres"))
    with closing(connection):
        child = start("import", work / "many.geojson", *words, "--store", drafted)
        kill_when(child, lambda: ask(PENDING) > 0)
        assert 0 < ask(PENDING) < len(rows), "killed between two batches, nothing was published"
    assert contents(drafted) == before
    checked = gridmap("check", "e1", "--store", drafted)
    assert checked.exit_code == 0, checked.output
    write_layer(work / "few.geojson", [({"code": "A1", "name": "一"}, square(117.0, 36.0, 0.02))])
    again = gridmap("import", work / "few.geojson", *words, "--store", drafted)
    assert again.exit_code == 0, again.output
    assert contents(drafted)[1] == ["A1"]
    connection, ask = asking(drafted, lambda: request.getfixturevalue("postgres"))
    with closing(connection):
        assert (ask(HIDDEN), ask(PENDING)) == (0, 0), "what was left was swept away"


def _corner(i, j, side):
    return round(117.0 + i * side, 4), round(36.0 + j * side, 4)


def test_an_assign_that_is_killed_leaves_the_old_output(work, published_url):
    source, output = work / "in.csv", work / "out.csv"
    with source.open("w", encoding="utf-8") as stream:
        stream.write("id,lon,lat,note\n")
        stream.writelines(f"{i},117.0{i % 40:02d},36.005,{'x' * 60}\n" for i in range(120_000))
    output.write_text("old", encoding="utf-8")
    before = contents(published_url)
    child = start("assign", source, output, "--store", published_url)
    kill_when(child, lambda: any(_begun(work)))
    assert output.read_text(encoding="utf-8") == "old"
    left = set(names(work)) - {"in.csv", "out.csv"}
    assert left
    assert all(name.startswith(".out.") for name in left), "hidden, and clearly unfinished"
    assert contents(published_url) == before
    source.write_text(HEAD + "1,117.012,36.003\n", encoding="utf-8")
    again = gridmap("assign", source, output, "--store", published_url)
    assert again.exit_code == 0, again.output
    assert names(work) == ["in.csv", "out.csv"]
    assert ",A10," in output.read_text(encoding="utf-8")


def _begun(folder):
    """Whether each unfinished piece has something in it; one may be gone since it was listed."""
    for place, _, files in os.walk(folder):
        for path in (Path(place, name) for name in files):
            if path.relative_to(folder).parts[0].startswith("."):
                with suppress(FileNotFoundError):
                    yield path.stat().st_size > 100_000
