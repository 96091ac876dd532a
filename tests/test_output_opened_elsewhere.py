"""A GeoPackage that another program writes to is not replaced under its hands."""

import sqlite3
from contextlib import closing

import pyogrio
import pytest

from gridmap.bulk.safe_output import PendingFile
from gridmap.errors import Conflict
from tests.assign_stub import locate, run, write


@pytest.fixture
def source(tmp_path):
    rows = "".join(f"{i},117.{i:03d},36.6\n" for i in range(500))
    return write(tmp_path / "in.csv", "id,lon,lat\n" + rows)


@pytest.fixture
def output(tmp_path, source):
    run(source, tmp_path / "out.gpkg")
    return tmp_path / "out.gpkg"


def opened(path, mode):
    """Open it as another program does, with a change that is not yet in the file."""
    program = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    program.create_function("ST_IsEmpty", 1, lambda shape: 0)
    for bound in ("MinX", "MaxX", "MinY", "MaxY"):
        program.create_function(f"ST_{bound}", 1, lambda shape: 0.0)
    program.execute(f"PRAGMA journal_mode = {mode}")
    program.execute("BEGIN IMMEDIATE")
    program.execute("UPDATE out SET id = 'theirs'")
    if mode == "wal":
        program.execute("COMMIT")
    return program


@pytest.mark.parametrize("mode", ["wal", "delete", "persist"])
def test_an_output_that_is_open_in_another_program_is_refused_at_once(
    tmp_path, source, output, mode
):
    before = sorted(tmp_path.iterdir())
    with closing(opened(output, mode)) as program:
        with pytest.raises(Conflict, match=r"open in another program.*Close it there"):
            run(source, output, locate=lambda points: pytest.fail("the work was begun"))
        with pytest.raises(Conflict, match="open in another program"), PendingFile(output):
            pytest.fail("the work was begun")
        assert program.execute("SELECT DISTINCT id FROM out").fetchall() == [("theirs",)]
        assert program.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if program.in_transaction:
            program.execute("ROLLBACK")
    # Closed properly it is free again, whether or not an idle journal is kept for later.
    assert set(before) <= set(tmp_path.iterdir())
    assert run(source, output).rows == 500
    with closing(sqlite3.connect(output)) as found:
        assert found.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert len(pyogrio.read_dataframe(output)) == 500


@pytest.mark.parametrize("journal_s", [0.0, 3600.0])
def test_a_program_that_opens_the_output_meanwhile_keeps_it(tmp_path, source, output, journal_s):
    programs = []

    def opening(points):
        if len(points) and not programs:
            programs.append(opened(output, "wal"))
        return locate(points)

    with pytest.raises(Conflict, match="open in another program") as caught:
        run(source, output, locate=opening, journal_s=journal_s)
    (program,) = programs
    assert program.execute("SELECT count(*) FROM out WHERE id = 'theirs'").fetchall() == [(500,)]
    program.close()
    kept = journal_s == 0
    assert bool(getattr(caught.value, "__notes__", ())) == kept
    assert run(source, output, resume=True).resumed == (500 if kept else 0)
    assert len(pyogrio.read_dataframe(output)) == 500
    assert not list(tmp_path.glob(".out*"))


def test_a_finished_file_is_not_put_under_a_program_that_came_meanwhile(output):
    with PendingFile(output) as pending:
        pending.path.write_bytes(output.read_bytes())
        with closing(opened(output, "wal")) as program:
            with pytest.raises(Conflict, match="open in another program"):
                pending.commit()
            assert program.execute("SELECT DISTINCT id FROM out").fetchall() == [("theirs",)]


def test_what_a_program_left_that_broke_off_is_named(source, output):
    log = write(output.with_name("out.gpkg-wal"), b"frames")
    with pytest.raises(Conflict, match=r"remove out\.gpkg-wal"):
        run(source, output)
    log.unlink()
    assert run(source, output).rows == 500


def test_an_empty_log_is_in_nobodys_way(source, output):
    write(output.with_name("out.gpkg-wal"), b"")
    assert run(source, output).rows == 500
