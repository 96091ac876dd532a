"""A folder of sheets: several processes, a killed run, what changed is made again."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
import shapely

from gridmap.errors import NotFound
from gridmap.sheets.folder import MANIFEST, make_sheets, renew_sheets, stale_sheets
from gridmap.sheets.manifest import read
from gridmap.sheets.model import Request
from gridmap.sheets.page import sheet_html
from tests.sheet_town import changed, town

GRIDS = 24


def requests(grids: int = GRIDS, *, kind: str = "board") -> list[Request]:
    return [Request(kind, "grid", f"G{n:02d}", "a4", "zh") for n in range(grids)]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def run(folder: Path) -> None:
    make_sheets(town(grids=GRIDS), requests(), folder, processes=2)


def until(what, seconds: float = 60.0) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def is_gone(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def children(number: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{number}/task").iterdir():
        found += [int(one) for one in (task / "children").read_text().split()]
    return found


def test_two_processes_make_what_one_does(tmp_path: Path) -> None:
    district = town(grids=GRIDS)
    seen: list[tuple[int, int | None]] = []
    one = make_sheets(district, requests(), tmp_path / "one")
    two = make_sheets(
        district, requests(), tmp_path / "two", processes=2,
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    assert (one.written, two.written) == (GRIDS, GRIDS)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert seen == [(n, GRIDS) for n in range(GRIDS + 1)]
    again = make_sheets(district, requests(), tmp_path / "two", processes=2)
    assert (again.written, again.kept) == (0, GRIDS)


def whole_files(folder: Path) -> list[Path]:
    """Sheets that are done; those that are being written have names that begin with a dot."""
    return [path for path in folder.glob("*.html") if not path.name.startswith(".")]


def test_a_killed_run_leaves_whole_files_alone_and_is_gone_on_with(tmp_path: Path) -> None:
    folder = tmp_path / "sheets"
    # Not a daemon: it has processes of its own.
    process = multiprocessing.get_context("spawn").Process(target=run, args=(folder,))
    process.start()
    assert process.pid is not None
    until(lambda: len(whole_files(folder)) >= 3)
    workers = children(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    # Nobody is left behind to wait for work, or to write on.
    until(lambda: all(map(is_gone, workers)))
    whole = whole_files(folder)
    assert 3 <= len(whole) < GRIDS
    assert all(path.read_text(encoding="utf-8").rstrip().endswith("</html>") for path in whole)
    district = town(grids=GRIDS)
    made = make_sheets(district, requests(), folder)
    assert made.written + made.kept == GRIDS
    make_sheets(district, requests(), tmp_path / "other")
    assert contents(folder) == contents(tmp_path / "other")


def test_what_changed_is_made_again_and_nothing_else(tmp_path: Path) -> None:
    district = town(grids=3)
    boards = requests(3)
    make_sheets(district, boards, tmp_path)
    make_sheets(district, [Request("card", "estate", "E1"), Request("card", "estate", "E2")],
                tmp_path)  # fmt: skip
    assert renew_sheets(district, tmp_path).written == 0
    before = contents(tmp_path)
    posts = [
        {**post, "work_phone": "0990-5559999"} if post["area_code"] == "G01" else post
        for post in district.posts
    ]
    new = changed(district, posts=posts)
    assert {one.request.code for one in stale_sheets(new, tmp_path)} == {"G01"}
    made = renew_sheets(new, tmp_path)
    assert (made.written, made.kept, made.gone) == (1, 4, ())
    after = contents(tmp_path)
    assert {name for name in after if after[name] != before[name]} == {
        "board-grid-G01-a4.html", MANIFEST,
    }  # fmt: skip
    assert stale_sheets(new, tmp_path) == []


def test_a_sheet_of_what_there_is_no_more_is_named_and_left(tmp_path: Path) -> None:
    district = town()
    make_sheets(district, [Request("card", "estate", "E1"), Request("card", "estate", "E2")],
                tmp_path)  # fmt: skip
    left = {"E1": replace(district.estates["E1"], shape=district.estates["E1"].shape)}
    gone = renew_sheets(changed(district, estates=left), tmp_path).gone
    assert [(one.request.code, one.why) for one in gone] == [("E2", ("gone",))]
    assert "card-estate-E2-a4" in read(tmp_path)
    # Only what is asked for is looked at.
    assert renew_sheets(changed(district, estates=left), tmp_path, kind="board").gone == ()


def test_a_folder_without_sheets_has_none_to_make_again(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no sheets"):
        renew_sheets(town(), tmp_path)


@pytest.mark.parametrize("shape", [None, shapely.Polygon()])
def test_an_area_without_a_polygon_has_no_sheet_and_stops_no_check(tmp_path: Path, shape) -> None:
    district = town(grids=3)
    make_sheets(district, requests(3), tmp_path)
    shapes = district.coverage.geometry.copy()
    shapes[district.coverage.row("grid", "G00")] = shape
    bare = changed(district, coverage=replace(district.coverage, geometry=shapes))
    assert bare.codes("grid") == ["G01", "G02"]
    with pytest.raises(NotFound, match="no polygon"):
        sheet_html(bare, requests(3)[0])
    assert ("G00", ("gone",)) in [(s.request.code, s.why) for s in stale_sheets(bare, tmp_path)]
    assert [one.request.code for one in renew_sheets(bare, tmp_path).gone] == ["G00"]


def test_an_area_that_crosses_itself_stops_no_check_and_no_renewal(tmp_path: Path) -> None:
    district = town(grids=3)
    coverage = district.coverage
    shapes = coverage.geometry.copy()
    row = coverage.row("grid", "G00")
    west, south, east, north = shapes[row].bounds
    shapes[row] = shapely.Polygon([(west, south), (east, north), (east, south), (west, north)])
    faulty = changed(district, coverage=replace(coverage, geometry=shapes))
    sheets = [*requests(3), Request("services", "estate", "E1", "a4", "zh")]
    assert make_sheets(faulty, sheets, tmp_path).failed == ()
    assert stale_sheets(faulty, tmp_path) == []
    posts = [{**one, "work_phone": "0990-5559999"} for one in district.posts]
    assert renew_sheets(changed(faulty, posts=posts), tmp_path).written == 3
