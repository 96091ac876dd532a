"""The district's next edition: grids merged and divided until their number and load fit.

Most changes are mergers of two small neighbours in one community; a few large grids are
divided along the borders of their micro-grids. Codes follow the rule of the trade: what
keeps more than half of its homes, and is more than half of what it becomes, keeps its code;
everything else takes the next number that was never used, and a code that goes never returns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import geopandas as gpd
import numpy as np
import shapely

from gridmap.demo.areas import grid_name, union
from gridmap.demo.numbering import FIRST_EXCLUSIVE
from gridmap.errors import BadValue

__all__ = ["redraw"]

_DIVIDED = 9
_COMMUNITY, _GRID = 12, 15  # digits of a code


@dataclass(frozen=True)
class _Plan:
    """Where each micro-grid goes: its grid's new code, for those that change grid."""

    moved: dict[str, str]
    gone: frozenset[str]
    made: dict[str, str]  # code of a new grid, and of the one it comes from


def redraw(
    grids: gpd.GeoDataFrame, microgrids: gpd.GeoDataFrame, count: int
) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers ``grid`` and ``microgrid`` of the next edition.

    Parameters
    ----------
    grids, microgrids : GeoDataFrame
        Layers of the district, EPSG:4326.
    count : int
        Number of grids after the redraw.

    Raises
    ------
    BadValue
        When so many grids cannot be merged pair by pair within their communities.
    """
    plan = _plan(grids, microgrids, count)
    parts = microgrids.copy()
    parts["parent_code"] = [
        plan.moved.get(code, parent)
        for code, parent in zip(parts["code"], parts["parent_code"], strict=True)
    ]
    parts = _renumbered(parts)
    return {"grid": _grids(grids, parts, plan), "microgrid": parts}


def _plan(grids: gpd.GeoDataFrame, microgrids: gpd.GeoDataFrame, count: int) -> _Plan:
    members: dict[str, list[int]] = defaultdict(list)
    for row, parent in enumerate(microgrids["parent_code"]):
        members[parent].append(row)
    codes = microgrids["code"].to_numpy()
    moved: dict[str, str] = {}
    made: dict[str, str] = {}
    basic = grids[grids["kind"] == "basic"].sort_values(
        ["households", "code"], ascending=[False, True]
    )
    for code in basic["code"]:
        if len(made) == _DIVIDED:
            break
        leaving = _smaller_half(microgrids, members[code])
        if leaving:
            new = _next_grid(code[:_COMMUNITY], [*grids["code"], *made])
            made[new] = code
            moved |= {codes[row]: new for row in leaving}
    gone: dict[str, str] = {}
    pairs = _pairs(basic[~basic["code"].isin(made.values())])
    for keeper, other in pairs:
        if len(grids) + len(made) - len(gone) == count:
            break
        if not {keeper, other} & {*gone, *gone.values()}:
            gone[other] = keeper
            moved |= {codes[row]: keeper for row in members[other]}
    if len(grids) + len(made) - len(gone) != count:
        raise BadValue("So few grids cannot be reached by merging pairs.", got=count)
    return _Plan(moved, frozenset(gone), made)


def _pairs(basic: gpd.GeoDataFrame) -> Iterator[tuple[str, str]]:
    """Neighbours of one community, the smallest pair first; of each the larger grid first."""
    frame = basic.reset_index(drop=True)
    one, other = _neighbours(frame.geometry.to_numpy())
    homes, parent = frame["households"].to_numpy(), frame["parent_code"].to_numpy()
    same = parent[one] == parent[other]
    one, other = one[same], other[same]
    order = np.lexsort((other, one, homes[one] + homes[other]))
    for a, b in zip(one[order].tolist(), other[order].tolist(), strict=True):
        # Rows are in descending order of homes: the first of a pair has more.
        yield frame["code"][min(a, b)], frame["code"][max(a, b)]


def _neighbours(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows that share a border, not only a corner."""
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    one, other = one[one < other], other[one < other]
    shared = shapely.relate_pattern(shapes[one], shapes[other], "****1****")
    return one[shared], other[shared]


def _smaller_half(microgrids: gpd.GeoDataFrame, rows: list[int]) -> list[int]:
    """Rows that leave when a grid is divided most evenly into two connected parts."""
    shapes = microgrids.geometry.to_numpy()[rows]
    homes = microgrids["households"].to_numpy()[rows]
    links = set(zip(*(side.tolist() for side in _neighbours(shapes)), strict=True))
    best: list[int] = []
    gap = homes.sum()
    for size in range(1, len(rows)):
        for part in combinations(range(len(rows)), size):
            rest = [n for n in range(len(rows)) if n not in part]
            own = homes[list(part)].sum()
            uneven = homes.sum() - 2 * own
            if 0 < uneven < gap and _connected(part, links) and _connected(rest, links):
                best, gap = [rows[n] for n in part], uneven
    return best


def _connected(part: tuple[int, ...] | list[int], links: set[tuple[int, int]]) -> bool:
    reached, waiting = {part[0]}, [part[0]]
    while waiting:
        here = waiting.pop()
        for n in part:
            if n not in reached and ((here, n) in links or (n, here) in links):
                reached.add(n)
                waiting.append(n)
    return len(reached) == len(part)


def _next_grid(community: str, known: list[str]) -> str:
    numbers = [int(code[_COMMUNITY:]) for code in known if code.startswith(community)]
    return f"{community}{max(n for n in numbers if n < FIRST_EXCLUSIVE) + 1:03d}"


def _renumbered(parts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give the micro-grids that changed grid the next numbers of their new one."""
    used: dict[str, int] = defaultdict(int)
    for code in parts["code"]:
        used[code[:_GRID]] = max(used[code[:_GRID]], int(code[_GRID:]))
    rows = []
    for code, parent, name, name_en in parts[["code", "parent_code", "name", "name_en"]].itertuples(
        index=False
    ):
        if code.startswith(parent):
            rows.append((code, name, name_en))
            continue
        used[parent] += 1
        new = f"{parent}{used[parent]:02d}"
        marks = [f"{int(c[_COMMUNITY:_GRID])}-{c[_GRID:]}" for c in (code, new)]
        rows.append((new, name.replace(*marks), name_en.replace(*marks)))
    out = parts.copy()
    out["code"], out["name"], out["name_en"] = zip(*rows, strict=True)
    return out.sort_values("code", kind="stable", ignore_index=True)


def _grids(grids: gpd.GeoDataFrame, parts: gpd.GeoDataFrame, plan: _Plan) -> gpd.GeoDataFrame:
    old = grids.set_index("code")
    rows = []
    for code, own in parts.groupby("parent_code", sort=True):
        source = old.loc[plan.made.get(code, code)]
        row = source.drop("geometry").to_dict() | {"code": code}
        if code in plan.made:
            stem = source["name"].split("社区")[0], source["name_en"].split(" Grid ")[0]
            row["name"], row["name_en"] = grid_name(code, None, stem)
        row |= {name: int(own[name].sum()) for name in ("households", "buildings")}
        changed = code in plan.made or {*own["code"]} != _before(code, parts, plan)
        shape = union(own.geometry.to_list()) if changed else source["geometry"]
        rows.append(row | {"geometry": shape})
    return gpd.GeoDataFrame(rows, crs=grids.crs)[list(grids.columns)]


def _before(code: str, parts: gpd.GeoDataFrame, plan: _Plan) -> set[str]:
    """Codes of the micro-grids that a grid would have had it not changed."""
    if code in plan.moved.values() or code in plan.made.values():
        return set()
    return {*parts.loc[parts["parent_code"] == code, "code"]}
