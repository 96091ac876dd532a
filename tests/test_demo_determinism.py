"""The same bytes on every run, and whole files or none."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import pandas as pd
import pytest

from gridmap.demo.dice import Dice
from gridmap.errors import BadValue, StoreFull
from tests.demo_built import district

KNOWN = [0.08637334886493253, 0.6484882065874574, 0.4099116868618258]

WRITE = """
import sys
from gridmap.demo import build
d = build("exclusive")
d.write_layers(sys.argv[1] + "/layers.gpkg")
d.write_reports(sys.argv[1] + "/reports.csv")
d.write_truth(sys.argv[1] + "/truth.csv")
d.write_services(sys.argv[1])
"""


def hashes(folder):
    files = [p for p in sorted(folder.rglob("*")) if p.is_file()]
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_two_processes_write_the_same_bytes_whatever_the_order_of_sets(tmp_path):
    found = []
    for number, hash_seed in enumerate(("1", "4242")):
        folder = tmp_path / str(number)
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-W", "error", "-c", WRITE, str(folder)],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )
        found.append(hashes(folder))
    assert len([name for name in found[0] if not name.startswith("photos/")]) == 6
    assert len(found[0]) > 20
    assert found[0] == found[1]


def test_writing_replaces_a_file_whole_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "reports.csv"
    path.write_text("old")
    district("exclusive").write_reports(path)
    assert path.read_text(encoding="utf-8").startswith("report_id,received_at")
    assert [p.name for p in tmp_path.iterdir()] == ["reports.csv"]


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "reports.csv"
    path.write_text("old")

    def fail(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", fail)
    with pytest.raises(StoreFull, match="No room"):
        district("exclusive").write_reports(path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["reports.csv"]


@pytest.mark.parametrize("write", ["write_layers", "write_reports"])
def test_a_folder_that_is_not_there_is_named_with_a_repair(tmp_path, write):
    with pytest.raises(BadValue, match=r"nowhere.*Name a folder"):
        getattr(district("exclusive"), write)(tmp_path / "nowhere" / "x.gpkg")


def test_coordinates_are_written_with_seven_decimals_and_missing_ones_empty(tmp_path):
    path = district("exclusive").write_reports(tmp_path / "reports.csv")
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    given = table["lon"] != ""
    assert 0 < (~given).sum() < 0.02 * len(table)
    assert table.loc[given, "lon"].str.fullmatch(r"-?\d+\.\d{7}").all()


def test_dice_of_one_topic_do_not_move_those_of_another():
    first = Dice(1, "a")
    first.units(100)
    assert Dice(1, "b").unit() == Dice(1, "b").unit() != Dice(1, "a").unit()


def test_dice_throw_known_numbers():
    # The very stream: numpy promises it for Generator.random of PCG64.
    assert Dice(990101, "known").units(3).tolist() == KNOWN
