"""A run that broke off goes on where it stopped, and ends like one that never did."""

import os
import signal
import textwrap

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest

from gridmap.bulk.kept import KeptRun
from gridmap.errors import BadValue, Conflict, StoreFull
from tests.assign_stub import locate, run, write

OUTPUTS = ["out.csv", "out.csv.gz", "out.tsv", "out.parquet", "out.geojson", "out.gpkg"]
ROWS = 3_000


def small_batches(put):
    """Let a batch be some hundred rows, so that few rows make many."""
    put("gridmap.bulk.decoding._CHUNK", 1 << 14)
    put("gridmap.bulk.columnar._BATCH_ROWS", 300)
    put("gridmap.bulk.columnar._GROUP_ROWS", 600)
    put("gridmap.bulk.geofile._BATCH_ROWS", 300)
    # No power is cut here, and a disk that others use takes long to answer.
    put("os.fsync", lambda handle: None)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    small_batches(monkeypatch.setattr)


def line(i):
    place = f"{95 + i % 900 / 50:.4f},36.6" if i % 11 else "here,there"
    return f"{i},{place},{'' if i % 5 else 300},2026-0{1 + i % 9}-01,甲{i % 13}\n"


@pytest.fixture(scope="module")
def text():
    """A dozen batches: broken rows in each, quoted line breaks, points that are none."""
    rows = [line(i) for i in range(ROWS)]
    for i in range(5, ROWS, 301):
        rows[i] = f"{i},too few\n"
        rows[i + 1] = f'{i},117.0,36.6,,2026-01-01,"{"long " * 900}\nline"\n'
    return "id,lon,lat,acc,when,note\n" + "".join(rows)


@pytest.fixture
def source(tmp_path, text):
    return write(tmp_path / "in.csv", text)


class Stop(Exception):
    pass


def failing(after):
    """Locate so many batches, then stop: as a lost server or a power cut does."""
    left = [after + 1]  # the first call asks for the levels

    def work(points):
        left[0] -= 1
        if left[0] < 0:
            raise Stop
        return locate(points)

    return work


OPTIONS = {"accuracy": "acc", "at": "when", "journal_s": 0.0}


def result(path):
    """What must be the same: bytes, and in a GeoPackage the rows."""
    if path.suffix == ".gpkg":
        frame = pyogrio.read_dataframe(path, fid_as_index=True)
        return frame.drop(columns="geometry").to_csv() + "".join(map(str, frame.geometry.to_wkb()))
    return path.read_bytes()


def told(summary):
    record = summary.as_dict()
    for name in ("source", "output", "rejects_file", "resumed", "seconds", "rows_per_second"):
        del record[name]
    return record


def whole(tmp_path, source, name, **options):
    folder = tmp_path / "whole"
    folder.mkdir()
    summary = run(source, folder / name, **{**OPTIONS, **options})
    rejects = folder / "out.rejects.csv"
    return result(folder / name), rejects.read_bytes() if rejects.exists() else b"", told(summary)


def check(tmp_path, name, summary, expected):
    rows, rejects, record = expected
    assert result(tmp_path / name) == rows
    path = tmp_path / "out.rejects.csv"
    assert (path.read_bytes() if path.exists() else b"") == rejects
    assert told(summary) == record
    assert not list(tmp_path.glob(".out*"))


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_run_that_failed_twice_ends_as_one_that_did_not(tmp_path, source, name):
    expected = whole(tmp_path, source, name)
    for after in (3, 2):
        with pytest.raises(Stop) as caught:
            run(source, tmp_path / name, resume=True, locate=failing(after), **OPTIONS)
        assert "--resume" in caught.value.__notes__[0]
    shown = []
    summary = run(
        source,
        tmp_path / name,
        resume=True,
        progress=lambda done, total: shown.append((done, total)),
        **OPTIONS,
    )
    done = summary.resumed
    assert 0 < done < ROWS
    assert shown[0][0] > done
    assert [at for at, _ in shown] == sorted(at for at, _ in shown)
    assert shown[0][1] == pytest.approx(ROWS, rel=0.3)
    check(tmp_path, name, summary, expected)


def parquet(path, text, group):
    frame = [row.split(",") for row in text.splitlines()[1:] if row.count(",") == 5]
    frame = [row for row in frame if row[1] not in {"here"} and "long" not in row[5]]
    table = pa.table(
        {
            "id": pa.array([int(row[0]) for row in frame]),
            "lon": pa.array([float(row[1]) for row in frame]),
            "lat": pa.array([float(row[2]) for row in frame]),
            "note": pa.array([row[5] for row in frame]).dictionary_encode(),
        }
    )
    pq.write_table(table, path, row_group_size=group)
    return path


@pytest.mark.parametrize("group", [1 << 20, 300, 200])
def test_a_parquet_file_of_any_row_groups_is_read_on(tmp_path, text, group):
    source = parquet(tmp_path / "in.parquet", text, group)
    options = {"accuracy": None, "at": None}
    expected = whole(tmp_path, source, "out.parquet", **options)
    with pytest.raises(Stop):
        run(source, tmp_path / "out.parquet", locate=failing(7), **{**OPTIONS, **options})
    summary = run(source, tmp_path / "out.parquet", resume=True, **{**OPTIONS, **options})
    assert summary.resumed
    check(tmp_path, "out.parquet", summary, expected)


@pytest.mark.parametrize("name", ["in.gpkg", "in.geojson"])
def test_points_of_a_geographic_file_are_read_on(tmp_path, text, name):
    source = tmp_path / name
    run(parquet(tmp_path / "in.parquet", text, 1 << 20), source)
    (tmp_path / "in.rejects.csv").unlink(missing_ok=True)
    options = {"accuracy": None, "at": None}
    expected = whole(tmp_path, source, "out.csv", **options)
    with pytest.raises(Stop):
        run(source, tmp_path / "out.csv", locate=failing(4), **{**OPTIONS, **options})
    summary = run(source, tmp_path / "out.csv", resume=True, **{**OPTIONS, **options})
    assert summary.resumed
    check(tmp_path, "out.csv", summary, expected)


def broken_off(source, output):
    with pytest.raises(Stop):
        run(source, output, locate=failing(3), **OPTIONS)
    (kept,) = output.parent.glob(f".{output.name}*")
    return kept


def test_nothing_to_resume_begins_anew_and_is_told(tmp_path, source):
    expected = whole(tmp_path, source, "out.csv")
    summary = run(source, tmp_path / "out.csv", resume=True, **OPTIONS)
    assert summary.resumed == 0
    check(tmp_path, "out.csv", summary, expected)


def test_a_run_without_resume_begins_anew_and_removes_what_was_kept(tmp_path, source):
    expected = whole(tmp_path, source, "out.csv")
    broken_off(source, tmp_path / "out.csv")
    summary = run(source, tmp_path / "out.csv", **OPTIONS)
    assert summary.resumed == 0
    check(tmp_path, "out.csv", summary, expected)


def test_a_journal_cut_short_by_a_power_cut_is_no_journal(tmp_path, source):
    kept = broken_off(source, tmp_path / "out.csv")
    whole_text = (kept / "journal.json").read_text()
    (kept / "journal.json").write_text(whole_text[: len(whole_text) // 2])
    assert run(source, tmp_path / "out.csv", resume=True, **OPTIONS).resumed == 0


def change_text(source):
    data = bytearray(source.read_bytes())
    data[len(data) - 3] ^= 1
    about = source.stat()
    source.write_bytes(data)
    os.utime(source, ns=(about.st_atime_ns, about.st_mtime_ns))


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda source: source.write_bytes(source.read_bytes() + b"1,2\n"), "size of the input"),
        (lambda source: os.utime(source, ns=(1, 1)), "time of the input"),
        (change_text, "content of the input"),
    ],
)
def test_another_input_is_refused_by_what_changed_and_what_was_kept_stays(
    tmp_path, source, change, named
):
    kept = broken_off(source, tmp_path / "out.csv")
    held = {path.name: path.read_bytes() for path in kept.iterdir()}
    change(source)
    with pytest.raises(Conflict, match="begin anew") as caught:
        run(source, tmp_path / "out.csv", resume=True, **OPTIONS)
    assert any(text.startswith(f"{named}: ") and "(was " in text for text in caught.value.got)
    (left,) = tmp_path.glob(".out*")
    assert {path.name: path.read_bytes() for path in left.iterdir()} == held


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"accuracy": None}, "option accuracy: none (was acc)"),
        ({"coord_sys": "gcj02"}, "option coord_sys: gcj02 (was none)"),
        ({"answers": {"edition in force": "e2"}}, "edition in force: e2 (was none)"),
    ],
)
def test_other_options_and_other_editions_are_refused(tmp_path, source, options, named):
    broken_off(source, tmp_path / "out.csv")
    with pytest.raises(Conflict) as caught:
        run(source, tmp_path / "out.csv", resume=True, **{**OPTIONS, **options})
    assert caught.value.got == [named]
    assert run(source, tmp_path / "out.csv", resume=True, **OPTIONS).resumed


def test_a_moved_input_is_the_same_input(tmp_path, source):
    broken_off(source, tmp_path / "out.csv")
    moved = source.rename(tmp_path / "moved.csv")
    assert run(moved, tmp_path / "out.csv", resume=True, **OPTIONS).resumed


def test_a_mistake_in_the_command_loses_nothing(tmp_path, source):
    broken_off(source, tmp_path / "out.csv")
    with pytest.raises(BadValue, match="catalogue"):
        run(source, tmp_path / "out.csv", resume=True, item="kind", **OPTIONS)
    with pytest.raises(Exception, match="no such column"):
        run(source, tmp_path / "out.csv", resume=True, **{**OPTIONS, "at": "wen"})
    assert run(source, tmp_path / "out.csv", resume=True, **OPTIONS).resumed


def test_a_run_that_is_going_on_is_not_taken_over(tmp_path, source):
    with KeptRun(tmp_path / "out.csv", resume=False), pytest.raises(Conflict, match="going on"):
        run(source, tmp_path / "out.csv", resume=True, **OPTIONS)


@pytest.mark.parametrize("resume", [False, True])
def test_a_second_run_of_the_same_number_is_refused_and_spoils_nothing(tmp_path, source, resume):
    """As from two containers, in each of which the process is number 1."""
    expected = whole(tmp_path, source, "out.csv")
    tried = []

    def meanwhile(points):
        if len(points) and not tried:
            with pytest.raises(Conflict, match="still going on"):
                run(source, tmp_path / "out.csv", resume=resume, **OPTIONS)
            tried.append(1)
        return locate(points)

    summary = run(source, tmp_path / "out.csv", locate=meanwhile, **OPTIONS)
    assert tried
    check(tmp_path, "out.csv", summary, expected)


def test_of_two_that_begin_at_the_same_moment_one_is_refused(tmp_path, source, monkeypatch):
    expected = whole(tmp_path, source, "out.csv")
    monkeypatch.setattr("gridmap.bulk.kept.written_by_another", lambda target: False)
    with KeptRun(tmp_path / "out.csv", resume=False) as first:
        with pytest.raises(Conflict, match="still going on"):
            run(source, tmp_path / "out.csv", **OPTIONS)
        assert (first.folder / "lock").exists()
        assert len(list(tmp_path.glob(".out*"))) == 1
    check(tmp_path, "out.csv", run(source, tmp_path / "out.csv", **OPTIONS), expected)


def test_a_folder_of_a_run_killed_at_its_very_beginning_is_cleared_away(tmp_path, source):
    for name in (".out.csv.1.0a1b2c3d.new", ".out.csv.1.part"):
        (tmp_path / name).mkdir()
    run(source, tmp_path / "out.csv", **OPTIONS)
    assert not list(tmp_path.glob(".out*"))


def test_a_run_into_a_neighbour_of_a_longer_name_holds_nobody_up(tmp_path, source):
    expected = whole(tmp_path, source, "out.csv")
    with KeptRun(tmp_path / "out.csv.gz", resume=False) as neighbour:
        summary = run(source, tmp_path / "out.csv", resume=True, **OPTIONS)
        assert neighbour.folder.exists()
    check(tmp_path, "out.csv", summary, expected)


def test_reports_that_are_stored_on_the_way_are_not_resumed(tmp_path, source):
    with pytest.raises(BadValue, match="cannot be gone on with"):
        run(source, tmp_path / "out.csv", resume=True, each=lambda batch: None)


def test_a_full_disk_in_the_middle_can_be_gone_on_with(tmp_path, source):
    expected = whole(tmp_path, source, "out.csv")
    stopping = failing(3)

    def full(points):
        try:
            return stopping(points)
        except Stop:
            raise StoreFull("No room is left for the output.") from None

    with pytest.raises(StoreFull) as caught:
        run(source, tmp_path / "out.csv", locate=full, **OPTIONS)
    assert "--resume" in caught.value.__notes__[0]
    summary = run(source, tmp_path / "out.csv", resume=True, **OPTIONS)
    check(tmp_path, "out.csv", summary, expected)


KILLED = textwrap.dedent("""
    import importlib, os, signal, sys
    from pathlib import Path
    from tests.assign_stub import run
    from tests.test_assign_resume import OPTIONS, small_batches
    source, output, moment = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    def put(name, value):
        module, _, name = name.rpartition(".")
        setattr(importlib.import_module(module), name, value)
    small_batches(put)
    moments = [0]
    def dying(do):
        def then(*args, **options):
            moments[0] += 1
            if moments[0] == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return do(*args, **options)
        return then
    # Before anything that is made durable, and before every change of a name.
    os.fsync = dying(os.fsync)
    Path.replace = dying(Path.replace)
    Path.unlink = dying(Path.unlink)
    run(source, output, resume=True, **OPTIONS)
    print(moments[0])
""")


@pytest.mark.parametrize("name", ["out.csv.gz", "out.parquet", "out.gpkg"])
def test_a_kill_at_any_moment_loses_nothing(tmp_path, text, name, forked):
    """Killed, gone on with and killed again: at every few steps of the writing, to the last."""
    source = write(tmp_path / "in.csv", text)
    expected = whole(tmp_path, source, name)
    for moment in (4, 9, 11):
        done = forked(KILLED, source, tmp_path / name, moment)
        assert done.returncode == -signal.SIGKILL, done.stderr
    summary = run(source, tmp_path / name, resume=True, **OPTIONS)
    check(tmp_path, name, summary, expected)


def test_the_points_sampled_for_the_datum_are_the_same_after_a_resume():
    from gridmap.bulk.datum import DatumSample
    from gridmap.locate.model import Points

    dice = np.random.default_rng(1)
    batches = [
        (
            pa.record_batch({"code": pa.array([f"c{k}{i % 7}" for i in range(900)])}),
            Points(dice.uniform(110, 120, 900), dice.uniform(30, 40, 900), "gcj02"),
        )
        for k in range(6)
    ]
    whole_run, first, second = DatumSample(), DatumSample(), DatumSample()
    for batch in batches:
        whole_run.add(*batch)
    for batch in batches[:3]:
        first.add(*batch)
    second.go_on(first.state())
    for batch in batches[3:]:
        second.add(*batch)
    assert second.state() == whole_run.state()
