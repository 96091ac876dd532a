"""Storing located reports, beside the same rows by a bare executemany into one table."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.measure import in_turn, table
from gridmap.store.store import Store

ROWS = 20_000


def run() -> None:
    random = np.random.default_rng(7)
    lon, lat = random.uniform(114, 115, ROWS), random.uniform(33, 34, ROWS)
    rows = {
        "x": lon,
        "y": lat,
        "lon": lon,
        "lat": lat,
        "coord_sys": "wgs84",
        "location_status": "outside",
        "text": ["演示"] * ROWS,
    }
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "s.gpkg") as store:
        bare = sqlite3.connect(Path(folder) / "bare.sqlite")
        bare.execute("CREATE TABLE reports (id INTEGER PRIMARY KEY, lon, lat, text)")
        values = [(float(a), float(b), "演示") for a, b in zip(lon, lat, strict=True)]

        def plain() -> None:
            with bare:
                bare.executemany("INSERT INTO reports (lon, lat, text) VALUES (?, ?, ?)", values)

        seconds = in_turn(
            {
                "gridmap store (geometry, R-tree, indexes)": lambda: store.add_reports(rows),
                "sqlite3 executemany (no geometry, no index)": plain,
            }
        )
        bare.close()
    table(
        "Reports into a GeoPackage", seconds, ROWS, own="gridmap store (geometry, R-tree, indexes)"
    )
