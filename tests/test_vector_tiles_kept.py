"""Simplified areas are kept in files, and a file that is damaged anywhere is made anew."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import shapely

from gridmap.vector_tiles.ladder import FINEST, Ladder

ZOOM = FINEST - 1
SHAPES = np.array(
    [shapely.box(117 + i / 50, 36, 117 + (i + 1) / 50, 36.02) for i in range(2)], dtype=object
)
ALL = (0.0, 0.0, 1.0, 1.0)


def drawn(folder: Path) -> list[list[list[float]]]:
    """Corners of the shapes."""
    rows, shapes = Ladder(SHAPES, folder / "town").within(ZOOM, ALL)
    assert rows.tolist() == [0, 1]
    return [shapely.get_coordinates(one).tolist() for one in shapely.normalize(shapes)]


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    drawn(tmp_path)
    (path,) = tmp_path.iterdir()
    return path


@pytest.mark.parametrize("size", [0, 1, 10, 0.3, 0.5, 0.9, 0.99])
def test_a_file_that_was_cut_is_made_anew(
    kept: Path, size: float, caplog: pytest.LogCaptureFixture
) -> None:
    expected, whole = drawn(kept.parent), kept.read_bytes()
    kept.write_bytes(whole[: int(size if size >= 1 else size * len(whole))])
    assert drawn(kept.parent) == expected
    assert "made anew" in caplog.text
    caplog.clear()
    assert drawn(kept.parent) == expected
    assert not caplog.text


@pytest.mark.parametrize("change", [0x01, 0x80, 0xFF])
def test_a_byte_that_changed_anywhere_changes_no_shape(kept: Path, change: int) -> None:
    expected, whole = drawn(kept.parent), kept.read_bytes()
    for place in range(0, len(whole), 3):
        data = bytearray(whole)
        data[place] ^= change
        kept.write_bytes(data)
        assert drawn(kept.parent) == expected, place


def test_a_file_has_its_name_only_when_it_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []
    sync, rename = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda handle: done.append("sync") or sync(handle))
    monkeypatch.setattr(Path, "replace", lambda path, to: done.append("rename") or rename(path, to))
    drawn(tmp_path)
    assert done == ["sync", "rename"]
