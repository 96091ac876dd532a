"""A hundred million points from Parquet to Parquet: memory stays what it is for a few."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gridmap.workspace import open_workspace
from tests.edition_data import Moving, march, published

pytestmark = pytest.mark.soak

ROWS = int(os.environ.get("GRIDMAP_SOAK_ROWS", "100_000_000"))
GROUP = 1 << 20
LIMIT = 1.5 * 2**30
SIDE = 40
CELLS = {f"G{i:02d}{j:02d}": [(i, j)] for i in range(SIDE) for j in range(SIDE)}

# What it prints last: rows, peak bytes and CPU seconds of the process and any it started.
ASSIGN = """
import resource, sys
from gridmap.settings import Settings
from gridmap.workspace import open_workspace

with open_workspace(settings=Settings(), create=False) as workspace:
    summary = workspace.assign(sys.argv[1], sys.argv[2])
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
peak = sum(one.ru_maxrss for one in used) * 1024
print(summary.rows, peak, sum(one.ru_utime + one.ru_stime for one in used))
"""


def places(start: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points of rows `start` on: a tenth lies outside, on all sides."""
    dice = np.random.default_rng(start)
    lon, lat = dice.uniform(-0.01, SIDE * 0.01 + 0.01, (2, count))
    return np.round(117 + lon, 7), np.round(36 + lat, 7)


def write_points(path: Path) -> None:
    """Write the input in row groups, one at a time."""
    schema = pa.schema([("id", pa.int64()), ("lon", pa.float64()), ("lat", pa.float64())])
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, ROWS, GROUP):
            count = min(GROUP, ROWS - start)
            row = np.arange(start, start + count)
            writer.write_table(pa.table([row, *places(start, count)], schema=schema))


def test_a_hundred_million_points_fit_into_one_and_a_half_gigabytes(tmp_path):
    store, source, output = (tmp_path / n for n in ("s.gpkg", "in.parquet", "out.parquet"))
    with open_workspace(store, clock=Moving(march(1))) as workspace:
        published(workspace, "e1", CELLS, march(2))
    write_points(source)
    env = {**os.environ, "GRIDMAP_STORE": str(store), "GRIDMAP_FROZEN_NOW": "2026-03-05"}
    done = subprocess.run(
        [sys.executable, "-c", ASSIGN, str(source), str(output)],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows, peak, cpu = map(float, done.stdout.split())
    # Shown by `make soak ARGS=-s`.
    sys.stdout.write(
        f"\n{rows:,.0f} rows, {peak / 2**20:,.0f} MB, {rows / cpu:,.0f} rows a CPU second\n"
    )
    assert rows == ROWS
    assert peak < LIMIT, f"{peak / 2**20:,.0f} MB"
    check_answers(output)


def check_answers(output: Path) -> None:
    """Every row is there, in order, with the square that arithmetic says."""
    at = 0
    for batch in pq.ParquetFile(output).iter_batches(1 << 18, columns=["id", "lon", "lat", "grid"]):
        row, lon, lat = (batch.column(i).to_numpy() for i in range(3))
        np.testing.assert_array_equal(row, np.arange(at, at + len(row)))
        at += len(row)
        i, j = (lon - 117) * 100, (lat - 36) * 100
        # On the lines themselves, which seven decimals may meet, the tie rule decides.
        clear = (np.abs(i - np.round(i)) > 1e-6) & (np.abs(j - np.round(j)) > 1e-6)
        inside = clear & (i > 0) & (i < SIDE) & (j > 0) & (j < SIDE)
        outside = clear & ~inside
        code = batch.column(3).dictionary_encode()
        number = code.indices.fill_null(-1).to_numpy()
        assert (number[outside] == -1).all()
        assert (number[inside] >= 0).all()
        legend = np.array(
            [int(text[1:3]) * 100 + int(text[3:]) for text in code.dictionary.to_pylist()]
        )
        expected = np.floor(i).astype(int) * 100 + np.floor(j).astype(int)
        np.testing.assert_array_equal(legend[number[inside]], expected[inside])
    assert at == ROWS
