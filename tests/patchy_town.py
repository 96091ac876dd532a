"""Editions that are not divided alike everywhere, beside the board of `tests.draft_cases`."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import shapely

from tests.draft_cases import ground
from tests.draft_doors import taken_in
from tests.planning_cases import LAT, LON, SIZE

LEVELS = ["community", "grid", "microgrid", "courtyard"]
# A grid without micro-grids; a community without anything in it.
WHOLE, BARE = "C0001", "C2"
WHOLE_HOMES = 310


def strip(west, east):
    """The height of the board, some cells east of its corner."""
    return shapely.box(LON + west * SIZE, LAT, LON + east * SIZE, LAT + 4 * SIZE)


def put_patchy(workspace, folder, edition="patchy"):
    """The board with a grid that is not divided, ground in no grid, and a bare community.

    The finest level of the scheme has no areas.
    """
    workspace.set_levels(LEVELS)
    board = ground()
    coverage = board.graph.coverage
    frame = coverage.frame("community")
    # Beyond the grids of the eastern community lies a strip that is in none of them.
    frame.loc[1, "geometry"] = frame.geometry[1].union(strip(6, 7))
    bare = gpd.GeoDataFrame(
        {"code": [BARE], "name": ["C2社区"]}, geometry=[strip(7, 8)], crs=frame.crs
    )
    frame = frame[["code", "name", "geometry"]]
    taken_in(workspace, folder, _joined(frame, bare), edition, "community")
    frame = coverage.frame("grid")
    frame["households"] = [WHOLE_HOMES if code == WHOLE else None for code in frame["code"]]
    taken_in(workspace, folder, frame, edition, "grid")
    frame = coverage.frame("microgrid")
    frame["households"] = [board.atom_kept[code]["households"] for code in frame["code"]]
    frame = frame[frame["parent_code"] != WHOLE]
    taken_in(workspace, folder, frame, edition, "microgrid")


def put_gridless(workspace, folder, edition="gridless"):
    """Micro-grids that lie in communities, and no grids yet."""
    board = ground()
    coverage = board.graph.coverage
    taken_in(workspace, folder, coverage.frame("community"), edition, "community")
    frame = coverage.frame("microgrid")
    frame["households"] = [board.atom_kept[code]["households"] for code in frame["code"]]
    frame["parent_code"] = [code[:2] for code in frame["parent_code"]]
    frame["code"] = [f"M{code}" for code in frame["code"]]
    taken_in(workspace, folder, frame, edition, "microgrid")


def put_unnamed(workspace, folder, edition="unnamed"):
    """The board with a grid without a code and micro-grids, and two micro-grids of one code."""
    coverage = ground().graph.coverage
    taken_in(workspace, folder, coverage.frame("community"), edition, "community")
    frame = coverage.frame("grid")
    frame.loc[frame["code"] == WHOLE, "code"] = ""
    taken_in(workspace, folder, frame, edition, "grid")
    frame = coverage.frame("microgrid")
    frame["households"] = 100
    frame.loc[frame["code"] == "C100502", "code"] = "C100501"
    frame = frame[frame["parent_code"] != WHOLE]
    taken_in(workspace, folder, frame, edition, "microgrid")


def put_coarse(workspace, folder, edition="coarse"):
    """Grids in communities, and nothing finer."""
    board = ground()
    for level in ("community", "grid"):
        frame = board.graph.coverage.frame(level)
        frame["households"] = 300
        taken_in(workspace, folder, frame, edition, level)


def _joined(*frames):
    return gpd.GeoDataFrame(pd.concat(frames, ignore_index=True), crs=frames[0].crs)
