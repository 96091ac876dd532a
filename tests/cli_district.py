"""A district of squares as files, and commands run on it.

Two communities, A and B, of four grids each: columns of 0.01 degrees from 117.00 east, rows
from 36.00 north. Grid ``A10`` is the second column, first row of community A.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import typer.testing
from typer.testing import CliRunner, Result

from gridmap.cli.app import app

# Built anew for every call, the tree of all commands would take longer than most of them.
typer.testing._get_command = cache(typer.testing._get_command)  # type: ignore[attr-defined]


def square(x: float, y: float, width: float) -> dict[str, Any]:
    """A GeoJSON square; decimals are rounded so that neighbours share their corners."""
    east, north = round(x + width, 4), round(y + width, 4)
    return {
        "type": "Polygon",
        "coordinates": [[[x, y], [east, y], [east, north], [x, north], [x, y]]],
    }


def write_layer(path: Path, rows: list[tuple[dict[str, Any], dict[str, Any]]]) -> Path:
    """Write features of (properties, geometry)."""
    features = [{"type": "Feature", "properties": p, "geometry": g} for p, g in rows]
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    return path


def write_district(folder: Path) -> None:
    """Write ``community.geojson``, ``grid.geojson`` and ``faulty.geojson`` (one grid twice)."""
    west = {"A": 117.00, "B": 117.02}
    communities = [
        ({"code": c, "name": f"{n}社区"}, square(west[c], 36.0, 0.02)) for c, n in ("A甲", "B乙")
    ]
    grids = [
        (
            {"code": f"{c}{i}{j}", "name": f"{c}{i}{j}网格", "community": c},
            square(round(west[c] + 0.01 * i, 4), round(36 + 0.01 * j, 4), 0.01),
        )
        for c in west
        for i in range(2)
        for j in range(2)
    ]
    twice = ({"code": "X", "name": "重叠", "community": "A"}, square(117.005, 36.005, 0.01))
    write_layer(folder / "community.geojson", communities)
    write_layer(folder / "grid.geojson", grids)
    write_layer(folder / "faulty.geojson", [*grids, twice])


def gridmap(*words: object, env: dict[str, str] | None = None, text: str | None = None) -> Result:
    """Run a command in this process, `text` on its standard input; stdout and stderr apart."""
    result = CliRunner().invoke(app, [str(word) for word in words], env=env, input=text)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def imported(folder: Path, store: str, *, layer: str = "grid", edition: str = "e1") -> None:
    """Import both levels as a draft; leave the district's files in the folder."""
    write_district(folder)
    done = gridmap("levels", "--set", "community,grid", "--store", store)
    assert done.exit_code == 0, done.output
    for level, name in (("community", "community"), ("grid", layer)):
        parent = ["--parent", "community"] if level == "grid" else []
        done = gridmap(
            "import", folder / f"{name}.geojson", "--edition", edition, "--level", level,
            "--code", "code", "--name", "name", *parent, "--commit", "--store", store,
        )  # fmt: skip
        assert done.exit_code == 0, done.output
