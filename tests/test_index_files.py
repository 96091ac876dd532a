"""Indexes of editions on disk: made once, shared by all processes, believed only when whole."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridmap.locate import engines, shelf
from gridmap.settings import Settings
from gridmap.workspace import Workspace, open_workspace
from tests.edition_data import MERGED, OLD, SPLIT, Moving, answers, march, published

pytest.importorskip("numba")

ASK = """
import sys
from gridmap.locate import shelf
from gridmap.settings import Settings
from gridmap.workspace import open_workspace

def build(geometry):
    raise SystemExit("an index was built")

shelf.default_engine = shelf.index_above = build
with open_workspace(settings=Settings()) as workspace:
    print(workspace.locate(117.005, 36.005, at="2026-03-05").areas["grid"])
    maps = open("/proc/self/maps").read()
    print(".tiles" in maps and ".above" in maps)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "indexes"


def opened(url: str, folder: Path) -> Workspace:
    settings = Settings(store=url, cache=folder)
    return open_workspace(settings=settings, clock=Moving(march(5)))


@pytest.fixture
def workspace(store_url: str, folder: Path) -> Iterator[Workspace]:
    """A workspace on 5 March with e1 in force from the 2nd, published on the 1st."""
    settings = Settings(store=store_url, cache=folder)
    with open_workspace(settings=settings, clock=Moving(march(1))) as made:
        published(made, "e1", OLD, march(2))
        yield made


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the indexes that were built, in order."""
    sizes: list[int] = []

    def build(geometry):
        sizes.append(len(geometry))
        return engines.default_engine(geometry)

    monkeypatch.setattr(shelf, "default_engine", build)
    return sizes


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.tiles"))


def test_publishing_leaves_the_index_that_workers_then_map(builds, workspace, store_url, folder):
    (saved,) = files(folder)
    assert saved.stem == workspace.store.edition("e1").content_hash
    assert builds == [3]
    expected = answers(workspace, march(5))
    with opened(store_url, folder) as other:
        assert answers(other, march(5)) == expected
    assert builds == [3]


def test_a_dry_run_leaves_nothing(workspace, folder):
    before = files(folder)
    workspace.draft("e2", source="e1", commit=True)
    workspace.publish("e2", effective_from=march(9))
    assert files(folder) == before


def test_an_edition_in_force_again_shares_the_index_of_the_former(builds, workspace, folder):
    published(workspace, "e2", MERGED, march(10))
    assert builds == [3, 2]
    workspace.clock.now = march(12)
    workspace.rollback(to="e1", effective_from=march(20), why="划分有误", commit=True)
    assert len(files(folder)) == 2
    assert answers(workspace, march(25)) == answers(workspace, march(5))
    assert builds == [3, 2]


@pytest.mark.parametrize("damage", ["missing", "cut", "changed", "foreign"])
def test_a_file_that_cannot_be_trusted_is_made_anew(builds, workspace, store_url, folder, damage):
    (saved,) = files(folder)
    whole = saved.read_bytes()
    if damage == "missing":
        saved.unlink()
    elif damage == "cut":
        saved.write_bytes(whole[:-64])
    elif damage == "changed":
        saved.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    else:
        published(workspace, "e2", SPLIT, march(10))
        (other,) = set(files(folder)) - {saved}
        saved.write_bytes(other.read_bytes())
    builds.clear()
    expected = answers(workspace, march(5))
    assert builds == [3]
    assert saved.read_bytes() == whole
    with opened(store_url, folder) as again:
        assert answers(again, march(5)) == expected
    assert builds == [3]


def test_areas_that_are_not_those_published_are_not_vouched_for(
    builds, workspace, store_url, folder, monkeypatch
):
    (saved,) = files(folder)
    before = saved.stat().st_mtime_ns
    coverage = workspace.store.coverage("e1")
    other = published(workspace, "e2", MERGED, march(10)) and workspace.store.coverage("e2")
    with opened(store_url, folder) as again:
        monkeypatch.setattr(again.store, "coverage", lambda name: other)
        found = again.locate(117.015, 36.005, at=march(5))
    assert found.areas["grid"] == "G1"
    assert saved.stat().st_mtime_ns == before
    assert workspace.store.coverage("e1").fingerprint() == coverage.fingerprint()
    assert len(files(folder)) == 2


def test_a_folder_that_cannot_be_written_is_no_error(store_url, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    with (
        caplog.at_level(logging.WARNING, "gridmap.locate"),
        opened(store_url, tmp_path / "file" / "indexes") as workspace,
    ):
        workspace.clock.now = march(1)
        published(workspace, "e1", OLD, march(2))
        published(workspace, "e2", MERGED, march(10))
        assert workspace.locate(117.005, 36.005, at=march(5)).areas["grid"] == "G1"
        assert workspace.locate(117.015, 36.005, at=march(12)).areas["grid"] == "G1"
    said = [record.message for record in caplog.records]
    assert len(said) == 1
    assert "GRIDMAP_CACHE" in said[0]


def test_files_of_no_edition_go_when_the_next_one_is_saved(workspace, folder):
    (saved,) = files(folder)
    stale, fresh, half = (saved.with_name(n) for n in ("0.tiles", "1.tiles", ".2.tiles.x.part"))
    above, kept = saved.with_name("0.above"), saved.with_suffix(".above")
    for path in (stale, fresh, half, above):
        path.write_bytes(b"")
    for path in (saved, stale, half, above, kept):
        os.utime(path, (1, 1))
    mine = saved.with_name("notes.txt")
    mine.write_text("mine")
    os.utime(mine, (1, 1))
    published(workspace, "e2", MERGED, march(10))
    assert (stale.exists(), fresh.exists(), half.exists()) == (False, True, False)
    assert not above.exists()
    assert saved.exists()
    assert kept.exists()
    assert mine.exists()


def test_another_process_maps_the_file_and_builds_nothing(workspace, store_url, folder):
    env = {**os.environ, "GRIDMAP_STORE": store_url, "GRIDMAP_CACHE": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["G1", "True"]


def test_without_the_compiled_engine_nothing_is_saved(monkeypatch, store_url, folder):
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    settings = Settings(store=store_url, cache=folder)
    with open_workspace(settings=settings, clock=Moving(march(1))) as workspace:
        published(workspace, "e1", OLD, march(2))
        assert workspace.locate(117.005, 36.005, at=march(5)).areas["grid"] == "G1"
    assert not folder.exists()


def test_a_geopackage_keeps_its_indexes_beside_it(tmp_path, monkeypatch):
    monkeypatch.delenv("GRIDMAP_CACHE")
    with open_workspace(tmp_path / "a.gpkg", clock=Moving(march(1))) as workspace:
        published(workspace, "e1", OLD, march(2))
    with open_workspace(tmp_path / "b.gpkg", clock=Moving(march(1))) as workspace:
        published(workspace, "e1", OLD, march(2))
    found = files(tmp_path / ".gridmap-cache")
    assert len(found) == 2
    assert found[0].name == found[1].name
