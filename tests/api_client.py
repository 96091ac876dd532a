"""A small district for the tests of the HTTP doors.

Two communities of two grids each in 2026; from 2027 the first community has one grid. A
draft exists that nobody has published. Codes are as awkward as codes may be.
A canteen, an organisation, two posts and a red line stand in it.

    117.00      117.01      117.02      117.03      117.04
      |  文化.东/1  |  G-2      |  G-3      |  (blank)   |   36.60 .. 36.61
      |   990101001001         |    990101001002        |
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import shapely
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.coverage.importing.incoming import ColumnMap
from gridmap.places.model import Organisation, Place, Post
from gridmap.routing import Overlay, Party
from gridmap.workspace import Workspace

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SOUTH, NORTH = 36.60, 36.61
STREET_GRID = "文化.东/1"
COMMUNITIES = {"990101001001": "文化社区", "990101001002": "历山社区"}
GRIDS_2026 = [
    (STREET_GRID, "文化东路网格", "990101001001", 117.00, 117.01),
    ("G-2", "二网格", "990101001001", 117.01, 117.02),
    ("G-3", "三网格", "990101001002", 117.02, 117.03),
    ("", "四网格", "990101001002", 117.03, 117.04),
]
GRIDS_2027 = [("G-1", "一网格", "990101001001", 117.00, 117.02), *GRIDS_2026[2:]]

LOCAL, REMOTE = ("127.0.0.1", 40000), ("203.0.113.9", 40000)


def box(west: float, east: float) -> dict[str, object]:
    """A GeoJSON rectangle between two longitudes."""
    ring = [[west, SOUTH], [east, SOUTH], [east, NORTH], [west, NORTH], [west, SOUTH]]
    return {"type": "Polygon", "coordinates": [ring]}


def _layer(path: Path, rows: list[tuple[dict[str, str], float, float]]) -> str:
    features = [
        {"type": "Feature", "properties": values, "geometry": box(west, east)}
        for values, west, east in rows
    ]
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8"
    )
    return str(path)


def fill(workspace: Workspace, folder: Path) -> None:
    """Import and publish the editions 2026 and 2027, and leave one draft."""
    workspace.set_levels(["community", "grid"])
    communities = [
        ({"code": code, "name": name}, 117.00 + 0.02 * i, 117.02 + 0.02 * i)
        for i, (code, name) in enumerate(COMMUNITIES.items())
    ]
    upper = _layer(folder / "communities.geojson", communities)
    for edition, rows in (("2026", GRIDS_2026), ("2027", GRIDS_2027), ("plan", GRIDS_2027)):
        grids = [
            ({"code": code, "name": name, "parent": parent}, west, east)
            for code, name, parent, west, east in rows
        ]
        lower = _layer(folder / f"grids-{edition}.geojson", grids)
        columns = ColumnMap(code="code", name="name")
        workspace.import_layer(
            upper, edition=edition, level="community", columns=columns, commit=True
        )
        columns = ColumnMap(code="code", name="name", parent="parent")
        workspace.import_layer(lower, edition=edition, level="grid", columns=columns, commit=True)
        if edition != "plan":
            workspace.publish(
                edition,
                effective_from=f"{edition}-01-01",
                accept_faults="one grid has no code yet",
                commit=True,
            )
    _furnish(workspace)


def _furnish(workspace: Workspace) -> None:
    estate = Overlay("E1", "estate", "东苑", "East Court", True, "WY:F1")
    shape = shapely.box(117.002, 36.602, 117.006, 36.606)
    workspace.put_records("overlays", [asdict(estate) | {"geom": shape}])
    workspace.put_records("parties", [asdict(Party("WY:F1", "东苑物业", "East Property"))])
    canteen = Place("P1", "canteen", "东苑食堂", 117.003, 36.603, special_services=("助餐",))
    workspace.put_records("places", [asdict(canteen)])
    branch = Organisation("O1", "party_branch", "东苑支部", level="grid", area_code="G-2")
    workspace.put_records("organisations", [asdict(branch)])
    posts = [
        Post("T1", "p1", "演示一", "grid_worker", "basic", "grid", STREET_GRID, "0990-5550001"),
        Post("T2", "p2", "演示二", "grid_lead", "linked", "community", "990101001002"),
    ]
    workspace.put_records("posts", [asdict(post) for post in posts])


@contextmanager
def serving(workspace: Workspace, **settings: object) -> Iterator[TestClient]:
    """A local client of an application of its own, with other settings."""
    changed = workspace.settings.model_copy(update=settings)
    with TestClient(create_app(changed, workspace=workspace), client=LOCAL) as client:
        yield client
