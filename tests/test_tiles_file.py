"""Saved indexes: what is whole answers the same, what is not is never believed."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from gridmap.errors import StoreUnusable, UnreadableFile
from gridmap.locate.tiles import file
from gridmap.locate.tiles.index import TileIndex
from tests.specimens import specimen, telling_points

CASE = specimen("island_in_lake_on_island")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "edition.tiles"
    TileIndex(CASE.geometry).save(path, "abc")
    return path


def test_a_saved_index_answers_as_the_one_it_was_saved_from(saved: Path) -> None:
    built, opened = TileIndex(CASE.geometry), TileIndex.open(saved, "abc")
    lon, lat = telling_points(CASE.geometry)
    own, radius = np.zeros(len(lon), np.int64), np.full(len(lon), 20.0)
    for one, other in (
        (built.first(lon, lat), opened.first(lon, lat)),
        (built.touching(lon, lat), opened.touching(lon, lat)),
        (built.within(lon, lat, radius), opened.within(lon, lat, radius)),
        (built.nearest(lon, lat), opened.nearest(lon, lat)),
        ((built.margin(lon, lat, own),), (opened.margin(lon, lat, own),)),
    ):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)
    assert (len(opened), opened.nbytes) == (len(built), built.nbytes)


def test_an_index_of_nothing_is_saved_and_opened(tmp_path: Path) -> None:
    TileIndex(np.empty(0, object)).save(tmp_path / "none", "")
    index = TileIndex.open(tmp_path / "none", "")
    assert index.first(np.array([1.0]), np.array([1.0]))[0].tolist() == [-1]


def test_an_index_of_something_else_is_refused(saved: Path) -> None:
    with pytest.raises(UnreadableFile, match="abc"):
        TileIndex.open(saved, "abd")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="nowhere"):
        TileIndex.open(tmp_path / "nowhere", "abc")


@pytest.mark.parametrize("left", [0, 1, 100, 4095, 4096, 5000, -64, -1])
def test_a_file_cut_short_is_refused(saved: Path, left: int) -> None:
    whole = saved.read_bytes()
    saved.write_bytes(whole[:left])
    with pytest.raises(UnreadableFile):
        TileIndex.open(saved, "abc")


def test_a_file_with_something_after_it_is_refused(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes() + b"\0")
    with pytest.raises(UnreadableFile):
        TileIndex.open(saved, "abc")


def test_any_byte_changed_is_noticed(saved: Path) -> None:
    whole = saved.read_bytes()
    random = np.random.default_rng(3)
    places = {*range(40), *random.integers(0, len(whole), 300).tolist(), len(whole) - 1}
    for at in places:
        changed = bytearray(whole)
        changed[at] ^= 1 << int(random.integers(8))
        saved.write_bytes(changed)
        with pytest.raises(UnreadableFile):
            TileIndex.open(saved, "abc")
    saved.write_bytes(whole)
    assert len(TileIndex.open(saved, "abc")) == len(CASE.geometry)


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04" * 2000, b"\0" * 9000, b"SQLite format 3\0" * 600]
)
def test_a_file_of_another_kind_is_refused(saved: Path, content: bytes) -> None:
    saved.write_bytes(content)
    with pytest.raises(UnreadableFile, match="not an index"):
        TileIndex.open(saved, "abc")


@pytest.mark.parametrize(("name", "value"), [("FORMAT_VERSION", 999), ("_BYTE_ORDER", "middle")])
def test_another_version_or_machine_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: object
) -> None:
    with monkeypatch.context() as other:
        other.setattr(file, name, value)
        TileIndex(CASE.geometry).save(tmp_path / "other", "abc")
    with pytest.raises(UnreadableFile, match=str(value)):
        TileIndex.open(tmp_path / "other", "abc")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreUnusable, match="GRIDMAP_CACHE"):
        TileIndex(CASE.geometry).save(tmp_path / "no" / "file", "abc")


def test_a_failed_save_leaves_the_old_file_and_nothing_else(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gridmap.locate.tiles.file.os.fsync", full)
    with pytest.raises(StoreUnusable, match="No space"):
        TileIndex(CASE.geometry).save(saved, "new")
    assert [p.name for p in saved.parent.iterdir()] == [saved.name]
    assert len(TileIndex.open(saved, "abc")) == len(CASE.geometry)


def test_writing_to_a_mapped_index_reaches_neither_the_file_nor_others(saved: Path) -> None:
    before = saved.read_bytes()
    TileIndex.open(saved, "abc")._tiles[:] = -1
    assert saved.read_bytes() == before


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o002, 0o664)])
def test_others_may_read_a_saved_index_as_the_umask_says(
    tmp_path: Path, mask: int, mode: int
) -> None:
    before = os.umask(mask)
    try:
        TileIndex(CASE.geometry).save(tmp_path / "one.tiles", "print")
    finally:
        os.umask(before)
    assert (tmp_path / "one.tiles").stat().st_mode & 0o777 == mode
    assert [path.name for path in tmp_path.iterdir()] == ["one.tiles"]
