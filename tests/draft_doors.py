"""Filling a store with the board of drafts, and asking for drafts over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime

import geopandas as gpd
import pandas as pd
import shapely

from gridmap.coverage.importing.incoming import ColumnMap
from gridmap.places.model import Post
from tests.draft_cases import ground
from tests.planning_cases import LAT, LON, SIZE

# A Thursday; the Monday after it.
NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
SUNDAY, MONDAY = "2026-11-29", "2026-11-30"


def fill(workspace, folder):
    """The board of `tests.draft_cases` as an edition in force."""
    board = ground()
    coverage = board.graph.coverage
    workspace.set_levels(list(coverage.levels.names))
    for level in coverage.levels.names:
        frame = coverage.frame(level)
        if level == "microgrid":
            frame["households"] = [board.atom_kept[code]["households"] for code in frame["code"]]
        taken_in(workspace, folder, frame, "today", level)
    workspace.publish("today", effective_from="2026-01-01", commit=True)


def fill_mixed(workspace, folder):
    """The board in a sub-district with more: a village without grids, and ground in neither.

    The grid C0004 has no micro-grids, the village V and the ground beyond it lie in the east;
    the households of V are known. Three work in the grid C1006.
    """
    board = ground()
    coverage = board.graph.coverage
    levels = ["street", *coverage.levels.names]
    workspace.set_levels(levels)
    whole = gpd.GeoDataFrame({"code": ["S"], "name": ["街道"]}, geometry=[_columns(0, 8)], crs=4326)
    communities = coverage.frame("community")
    village = {"code": ["V"], "name": ["东村"], "households": [40]}
    communities["parent_code"] = "S"
    frames = {
        "street": whole,
        "community": pd.concat(
            [communities, gpd.GeoDataFrame({**village, "parent_code": ["S"]},
                                           geometry=[_columns(6, 7)], crs=4326)]
        ),
        "grid": coverage.frame("grid"),
        "microgrid": coverage.frame("microgrid"),
    }  # fmt: skip
    frames["grid"]["households"] = 7
    fine = frames["microgrid"] = frames["microgrid"][frames["microgrid"]["parent_code"] != "C0004"]
    fine["households"] = [board.atom_kept[code]["households"] for code in fine["code"]]
    for level in levels:
        taken_in(workspace, folder, frames[level], "today", level, top="street")
    posts = [
        Post(f"P{k}", f"p{k}", "演示", "grid_worker", "basic", "grid", "C1006", "0990-5550001")
        for k in range(3)
    ]
    workspace.put_records("posts", [asdict(post) for post in posts])
    workspace.publish("today", effective_from="2026-01-01", commit=True)


def _columns(first, last):
    """A polygon from column to column of the board's raster, with a vertex at each row."""
    west, east = LON + SIZE * first, LON + SIZE * last
    up = [(west, LAT + SIZE * row) for row in range(5)]
    return shapely.Polygon([*up, *((east, y) for _, y in reversed(up))])


def taken_in(workspace, folder, frame, edition, level, *, top="community", **more):
    """Import a frame as a level of a draft edition."""
    path = folder / f"{edition}-{level}.geojson"
    path.write_text(frame.to_json(drop_id=True), encoding="utf-8")
    parent = None if level == top else "parent_code"
    columns = ColumnMap(code="code", name="name", parent=parent)
    workspace.import_layer(
        str(path), edition=edition, level=level, columns=columns, commit=True, **more
    )


def begin(client, name, **more):
    """Begin a draft over HTTP, and return it."""
    answer = client.post("/api/drafts", json={"name": name, **more})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/api/drafts/{answer.json()['id']}"
    return answer.json()


def edit(client, draft, version, what, **more):
    """Ask for an edit over HTTP, and return the answer."""
    return client.post(
        f"/api/drafts/{draft}/edits", json={"version": version, "edit": what, **more}
    )
