"""The output is there complete or not at all."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from functools import partial
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
from pyogrio.errors import DataLayerError
from shapely import Point

from gridmap.bulk import geofile
from gridmap.bulk.safe_output import PendingFile, disk_errors
from gridmap.errors import BadValue, StoreFull, UnreadableFile
from tests.assign_stub import locate, read_csv, run, write

OUTPUTS = ["out.csv", "out.csv.gz", "out.parquet", "out.geojson", "out.gpkg"]
ROWS = 3000


@pytest.fixture
def csv_in(tmp_path):
    rows = "".join(f"{i},117.{i:04d},36.6,{i * 7919}\n" for i in range(ROWS))
    return write(tmp_path / "in.csv", "id,lon,lat,note\n1,2\n" + rows)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, MemoryError])
def test_a_failure_in_the_middle_leaves_the_old_output_alone(tmp_path, csv_in, name, error):
    (tmp_path / name).write_text("old")

    def failing(points):
        if len(points):
            raise error("in the middle")
        return locate(points)

    with pytest.raises(error, match="in the middle"):
        run(csv_in, tmp_path / name, locate=failing)
    assert names(tmp_path) == ["in.csv", name]
    assert (tmp_path / name).read_text() == "old"


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_older_output_is_replaced(tmp_path, csv_in, name):
    (tmp_path / name).write_text("old")
    assert run(csv_in, tmp_path / name).rows == ROWS
    assert names(tmp_path) == sorted(["in.csv", name, "out.rejects.csv"])
    assert (tmp_path / name).stat().st_size > 1000


@pytest.mark.parametrize("stem", ["gpkg", "gpkg_points", "sqlite_points", "(1)", "-", "点"])
def test_a_geopackage_may_have_any_name(tmp_path, csv_in, stem):
    output = tmp_path / f"{stem}.gpkg"
    for _ in range(2):
        assert run(csv_in, output).rows == ROWS
    ((layer, _),) = pyogrio.list_layers(output).tolist()
    assert layer == ("点" if stem == "点" else "points")


def test_a_geopackage_that_cannot_be_written_is_told_by_its_own_name(tmp_path, csv_in, monkeypatch):
    def broken(*_, **__):
        raise DataLayerError("no such luck")

    monkeypatch.setattr(geofile, "write_arrow", broken)
    with pytest.raises(UnreadableFile, match=r"out\.gpkg.*another output.*no such luck") as caught:
        run(csv_in, tmp_path / "out.gpkg")
    assert "rows" not in str(caught.value)


@pytest.mark.parametrize("beside", [True, False])
def test_a_geopackage_with_other_layers_is_never_replaced(tmp_path, csv_in, beside):
    output = tmp_path / "out.gpkg"
    if beside:
        run(csv_in, output)
    gpd.GeoDataFrame({"id": [1]}, geometry=[Point(117, 36)], crs=4326).to_file(
        output, layer="drawn by hand"
    )
    before = output.read_bytes()
    with pytest.raises(BadValue, match=r"other layers.*drawn by hand.*Name another output"):
        run(csv_in, output)
    assert output.read_bytes() == before
    assert names(tmp_path) == sorted(["in.csv", "out.gpkg", *["out.rejects.csv"] * beside])


def test_a_link_to_the_output_stays_a_link(tmp_path, csv_in):
    (tmp_path / "there").mkdir()
    (tmp_path / "out.csv").symlink_to(tmp_path / "there" / "real.csv")
    run(csv_in, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").is_symlink()
    assert len(read_csv(tmp_path / "there" / "real.csv")) == ROWS


@pytest.fixture
def two_disks(tmp_path, monkeypatch):
    """A folder that nothing can be renamed into or out of, as on another disk."""
    other = tmp_path / "other"
    other.mkdir()
    rename = Path.replace

    def across(path, target):
        if (other in path.resolve().parents) != (other in Path(target).resolve().parents):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", across)
    return other


def test_a_link_to_another_disk_has_its_rejects_beside_it(tmp_path, csv_in, two_disks):
    (tmp_path / "out.csv").symlink_to(two_disks / "real.csv")
    (tmp_path / "out.rejects.csv").write_text("old")
    summary = run(csv_in, tmp_path / "out.csv")
    assert (summary.rows, summary.rejects) == (ROWS, 1)
    assert len(read_csv(two_disks / "real.csv")) == ROWS
    assert [row["text"] for row in read_csv(tmp_path / "out.rejects.csv")] == ["1,2"]
    assert names(tmp_path) == ["in.csv", "other", "out.csv", "out.rejects.csv"]
    assert names(two_disks) == ["real.csv"]


def test_rejects_that_find_no_room_leave_the_old_output(tmp_path, csv_in, two_disks, monkeypatch):
    write(two_disks / "real.csv", "old")
    (tmp_path / "out.csv").symlink_to(two_disks / "real.csv")

    def full(source, target):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(StoreFull):
        run(csv_in, tmp_path / "out.csv")
    assert (two_disks / "real.csv").read_text() == "old"
    assert names(tmp_path) == ["in.csv", "other", "out.csv"]
    assert names(two_disks) == ["real.csv"]


def test_input_and_output_must_differ_however_they_are_written(tmp_path, csv_in):
    (tmp_path / "link.csv").symlink_to(csv_in)
    os.link(csv_in, tmp_path / "hard.csv")
    before = csv_in.read_bytes()
    for other in (csv_in, tmp_path / "link.csv", tmp_path / "hard.csv", tmp_path / "." / "in.csv"):
        with pytest.raises(BadValue, match="same file"):
            run(csv_in, other)
    assert csv_in.read_bytes() == before


def test_the_rejects_of_an_output_must_not_hit_the_input(tmp_path, csv_in):
    source = csv_in.rename(tmp_path / "out.rejects.csv")
    with pytest.raises(BadValue, match="overwrite the input"):
        run(source, tmp_path / "out.csv")
    assert source.exists()


def test_a_folder_that_is_missing_or_a_file_is_refused(tmp_path, csv_in):
    for folder in (tmp_path / "missing", csv_in):
        with pytest.raises(BadValue, match="folder does not exist"):
            run(csv_in, folder / "out.csv")
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(BadValue, match="is a folder"):
        run(csv_in, tmp_path / "out.csv")


def test_a_missing_input_and_a_folder_as_input_are_refused(tmp_path):
    with pytest.raises(UnreadableFile, match="no such file"):
        run(tmp_path / "no.csv", tmp_path / "out.csv")
    (tmp_path / "in.csv").mkdir()
    with pytest.raises(UnreadableFile, match="not a file"):
        run(tmp_path / "in.csv", tmp_path / "out.csv")


@pytest.mark.parametrize(
    ("number", "error", "text"),
    [
        (28, StoreFull, "No room is left"),
        (122, StoreFull, "No room is left"),
        (13, BadValue, "cannot be written to"),
        (30, BadValue, "cannot be written to"),
        (5, UnreadableFile, "cannot be written"),
    ],
)
def test_the_systems_errors_are_told_in_gridmaps_words(tmp_path, number, error, text):
    with pytest.raises(error, match=text), disk_errors(tmp_path / "out.csv"):
        raise OSError(number, os.strerror(number))


@pytest.fixture
def small_disk(tmp_path):
    """A file system with room for 200 kB; only root can make one."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", folder],
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.skip(f"no small disk here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_full_disk_is_said_and_leaves_nothing_half_written(tmp_path, small_disk, name):
    rows = "".join(f"{i},117.{i:05d},36.6,{hash((i, 7)) % 10**12}\n" for i in range(20_000))
    source = write(tmp_path / "in.csv", "id,lon,lat,note\n" + rows)
    write(small_disk / "kept.txt", "kept")
    with pytest.raises(StoreFull, match="No room is left for the output"):
        run(source, small_disk / name)
    assert names(small_disk) == ["kept.txt"]


def test_a_disk_that_the_rejects_fill_gives_up_the_output_too(tmp_path, small_disk):
    broken = "".join(f"{i},{'x' * 50}\n" for i in range(20_000))
    source = write(tmp_path / "in.csv", "id,lon,lat,note\n1,2,3,4\n" + broken)
    with pytest.raises(StoreFull):
        run(source, small_disk / "out.csv")
    assert names(small_disk) == []


KILLED = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    sys.path.insert(0, sys.argv[1])
    from tests.assign_stub import locate, run
    def slow(points):
        if len(points):
            print("in the middle", flush=True)
            time.sleep(60)
        return locate(points)
    run(Path(sys.argv[2]), Path(sys.argv[3]), locate=slow)
""")


def start(source, output):
    root = Path(__file__).resolve().parents[1]
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, root, source, output],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # In the background of a shell an interrupt is ignored, and so it would be by a child.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    assert child.stdout.readline() == "in the middle\n"
    return child


@pytest.mark.parametrize("name", ["out.csv", "out.gpkg"])
def test_a_kill_leaves_no_output_and_the_next_run_clears_up(tmp_path, csv_in, name):
    child = start(csv_in, tmp_path / name)
    child.send_signal(signal.SIGKILL)
    child.communicate(timeout=30)
    left = set(names(tmp_path)) - {"in.csv"}
    assert all(path.startswith(".out.") and ".part" in path for path in left)
    assert left
    run(csv_in, tmp_path / name)
    assert names(tmp_path) == sorted(["in.csv", name, "out.rejects.csv"])


def test_an_interrupt_from_the_keyboard_leaves_nothing(tmp_path, csv_in):
    child = start(csv_in, tmp_path / "out.gpkg")
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=30)
    assert "KeyboardInterrupt" in errors
    assert names(tmp_path) == ["in.csv"]


def test_the_temporary_file_of_a_living_run_is_left_alone(tmp_path):
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as other:
        theirs = write(tmp_path / f".out.csv.{other.pid}.part.csv", "theirs")
        dead = write(tmp_path / ".out.csv.999999999.part.csv", "dead")
        with PendingFile(tmp_path / "out.csv") as pending:
            pending.path.write_text("new")
            pending.commit()
        assert theirs.exists()
        assert not dead.exists()
        other.kill()
    assert (tmp_path / "out.csv").read_text() == "new"


MEMORY = textwrap.dedent("""
    import resource, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[1])
    import numpy as np
    from gridmap.areas import Levels
    from gridmap.locate.model import Locations
    from tests.assign_stub import run
    def everywhere(points):
        n = len(points)
        text = np.full(n, "a", object)
        return Locations(points.x, points.y, np.full(n, "inside", object), text,
                         Levels(["grid"]), {"grid": text}, text, np.zeros(n), {}, {}, {},
                         np.full(n, "", object))
    for source in sys.argv[3:]:
        run(Path(source), Path(sys.argv[2]), locate=everywhere, levels=Levels(["grid"]))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
""")


def test_six_times_the_rows_need_no_more_memory(tmp_path):
    line = "117.05,36.6," + "x" * 180 + "\n"
    few = write(tmp_path / "few.csv", "lon,lat,note\n" + line * 60_000)
    many = write(tmp_path / "many.csv", "lon,lat,note\n" + line * 360_000)
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, root, tmp_path / "out.csv", few, many],
        capture_output=True,
        text=True,
        check=True,
    )
    # The larger file alone is 70 MB.
    before, after = map(int, done.stdout.split())
    assert after < before + 40


def test_the_time_taken_is_measured_with_the_clock_given(tmp_path, csv_in):
    ticks = iter([10.0, 12.5])
    summary = run(csv_in, tmp_path / "out.csv", timer=lambda: next(ticks))
    assert (summary.seconds, summary.rows_per_second) == (2.5, ROWS / 2.5)
    assert time.perf_counter() > 0
