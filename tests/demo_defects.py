"""Defects of rules and responsibility layers, imported into a store with the demo district."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio
import shapely

from gridmap.crs import metres_per_degree
from gridmap.tables import package_data
from gridmap.workspace import Workspace

# Half a side of the squares that are drawn, and how far from other overlays, metres.
HALF_M, APART_M = 20.0, 5.0
ENDED, POSTS_ENDED = "2026-06-01", "2026-06-30"
SUBDISTRICT = "990101001"
# Where sweeping, planting and the rest are asked of nobody's ground.
_TAKEN = ("park", "river", "road", "street_front", "exclusive_site", "construction_site",
          "agreement")  # fmt: skip


@dataclass(frozen=True)
class Defect:
    """What was done wrong, and what is to be found of it.

    Attributes
    ----------
    kind, severity : str
    items, overlays : tuple of str
        As the proof has to name them; overlays in any order.
    within : geometry or None
        Where its example has to lie; None: anywhere in the district.
    area : str
        The example's area begins with this code.
    """

    kind: str
    severity: str
    items: tuple[str, ...] = ()
    overlays: tuple[str, ...] = ()
    within: Any = None
    area: str = ""


class Ground:
    """The demo's own layers, and squares of ground that no overlay covers."""

    def __init__(self, folder: Path, count: int) -> None:
        self.estates = pyogrio.read_dataframe(folder / "layers.gpkg", layer="estate")
        micro = pyogrio.read_dataframe(folder / "layers.gpkg", layer="microgrid").geometry
        self.district = shapely.union_all(micro.to_numpy())
        kx, ky = map(float, metres_per_degree(self.district.centroid.y))
        self.degree = (1 / kx, 1 / ky)
        drawn = [
            pyogrio.read_dataframe(folder / "duties.gpkg", layer=layer).geometry for layer in _TAKEN
        ]
        taken = shapely.STRtree(
            [shape for some in (self.estates.geometry, *drawn) for shape in some]
        )
        self.free: list[Any] = []
        reach = (HALF_M + APART_M) / ky
        # Roads are lines of up to 15 m to either side.
        room = reach + 15 / ky
        for shape in micro:
            inner = shapely.buffer(shape, -reach)
            near = taken.geometries[taken.query(shapely.buffer(shape, room))]
            left = inner.difference(shapely.union_all(shapely.buffer(near, room)))
            if not left.is_empty:
                self.free.append(left.representative_point())
            if len(self.free) == count:
                return
        raise AssertionError(f"only {len(self.free)} free places")

    def square(self, at: Any, east: float = 0.0, half: float = HALF_M) -> Any:
        """A square around a point, moved so many metres to the east."""
        dx, dy = self.degree
        x = at.x + east * dx
        return shapely.box(x - half * dx, at.y - half * dy, x + half * dx, at.y + half * dy)

    def estate(self, kind: str, firm: str = "") -> Any:
        """The code of the largest estate of a kind, and a square inside it."""
        rows = self.estates[(self.estates.kind == kind) & (self.estates.firm_code != firm)]
        row = rows.iloc[int(shapely.area(rows.geometry.to_numpy()).argmax())]
        return row.code, self.square(row.geometry.representative_point(), half=5.0)


def inject(workspace: Workspace, folder: Path, out: Path) -> list[Defect]:
    """Import the defects into a store with the demo, from files; return them.

    Parameters
    ----------
    workspace : Workspace
    folder : Path
        Of the demo, with its layers.
    out : Path
        Where the files are written.
    """
    layers, defects = _overlays(Ground(folder, 8))
    first, then = out / "first", out / "then"
    _write_rules(first, first=True)
    _write_rules(then, first=False)
    # What is to vanish from the rules has to be there when overlays name it.
    workspace.import_rules(first, commit=True)
    with workspace.as_one_change():
        for kind, rows in layers.items():
            frame = gpd.GeoDataFrame(rows, geometry="geometry", crs="EPSG:4326")
            frame.to_file(out / f"{kind}.gpkg", layer=kind)
            workspace.import_records(kind, out / f"{kind}.gpkg", commit=True)
        _write_ended_posts(folder / "rosters.csv", out / "posts.csv")
        workspace.import_records("posts", out / "posts.csv", commit=True)
    workspace.import_rules(then, commit=True)
    return [*defects, *_of_rules()]


def _overlays(ground: Ground) -> tuple[dict[str, list[dict[str, Any]]], list[Defect]]:
    """Rows of overlays by kind, and the defects that they make."""
    one, two, three, four, five, six, seven, eight = ground.free
    managed, in_managed = ground.estate("managed", firm="F0001")
    open_, in_open = ground.estate("open")
    beyond = shapely.Point(ground.district.bounds[2] + 0.02, ground.district.centroid.y)
    dated = {"source": "试验", "valid_from": "2026-01-01"}
    layers = {
        "estate": [
            {"code": "000-E1", "managed": "managed", "owner": "WY:F0001", "geometry": in_managed},
            {"code": "000-E2", "managed": "managed", "owner": "WY:F0001", "geometry": in_open},
        ],
        "road": [
            {"code": "XR1", "owner": "SZ", "road_class": "arterial",
             "geometry": ground.square(one, -10)},
            {"code": "XR2", "owner": "JT", "road_class": "arterial",
             "geometry": ground.square(one, 10)},
        ],
        "ruling": [
            {"code": "XU1", "owner": "SZ", "items": "0403", **dated,
             "geometry": ground.square(two, -10)},
            {"code": "XU2", "owner": "DL", "items": "0403", **dated,
             "geometry": ground.square(two, 10)},
        ],
        "asset": [
            {"code": "XL1", "owner": "DL", "asset_type": "lamp", "radius_m": 5.0,
             "geometry": three},
            {"code": "XL2", "owner": "TX", "asset_type": "lamp", "radius_m": 9.0,
             "geometry": three},
        ],
        "park": [
            {"code": "XP1", "owner": "JT", "priority": 0, "geometry": ground.square(four, half=9)},
            {"code": "XP2", "owner": "SZ", "priority": 5, "geometry": ground.square(four)},
            {"code": "XP3", "owner": "SZ", "valid_to": ENDED, "geometry": ground.square(five)},
            {"code": "XP4", "owner": "QX", "geometry": ground.square(six)},
        ],
        "river": [{"code": "XW1", "owner": "SW", "geometry": ground.square(beyond)}],
        "agreement": [
            {"code": "XA1", "owner": "SZ", "items": "0399", **dated, "valid_to": ENDED,
             "geometry": ground.square(seven)},
            {"code": "XA2", "owner": "SZ", "items": "0398", **dated,
             "geometry": ground.square(eight)},
        ],
        "construction_site": [{"code": "XC1", "geometry": ground.square(eight)}],
    }  # fmt: skip
    shape = {row["code"]: row["geometry"] for rows in layers.values() for row in rows}

    def both(one: str, other: str) -> Any:
        return shape[one].intersection(shape[other])

    return layers, [
        Defect("conflicting", "error", (), ("000-E1", managed), in_managed),
        Defect("conflicting", "error", (), ("000-E2", open_), in_open),
        Defect("conflicting", "error", (), ("XR1", "XR2"), both("XR1", "XR2")),
        Defect("conflicting", "error", (), ("XU1", "XU2"), both("XU1", "XU2")),
        Defect("conflicting", "error", (), ("XL1", "XL2"), ground.square(three, half=1)),
        Defect("shadowed", "warning", (), ("XP1",), shape["XP1"]),
        Defect("shadowed", "warning", (), ("XW1",), shape["XW1"]),
        Defect("expired", "warning", (), ("XP3",), shape["XP3"]),
        Defect("expired", "error", ("0399",), ("XA1",), shape["XA1"]),
        Defect("unknown_body", "warning", (), ("XP4",), shape["XP4"]),
        Defect("unknown_item", "error", ("0398",), ("XA2",), shape["XA2"]),
        Defect("ownerless", "warning", (), ("XC1",), shape["XC1"]),
    ]


def _of_rules() -> list[Defect]:
    return [
        Defect("uncovered", "warning", ("0399",)),
        Defect("uncovered", "warning", ("0310",)),
        Defect("unknown_type", "error", (), ("990101X00001",)),
        Defect("shadowed", "warning", ("0904",)),
        Defect("no_responder", "warning", area=SUBDISTRICT),
    ]


def _write_rules(folder: Path, *, first: bool) -> None:
    """Write the package's tables with an item that nobody owns; at first with all named."""
    folder.mkdir()
    gone = [] if first else ["cabinet,"]
    _write(folder, "asset_types", [], gone)
    _write(folder, "site_rules", [] if first else ["0904,lead,none,none"], [])
    items = ["0399,旧报刊亭,old news-stand,03,,S,3,day,O,,,,,"]
    bodies = []
    if first:
        items.append("0398,旧邮筒,old letter-box,03,SZ,S,3,day,F,,,,,")
        bodies.append("QX,气象局,Weather office,department,")
    _write(folder, "catalogue", items, [])
    _write(folder, "departments", bodies, [])


def _write(folder: Path, name: str, more: list[str], gone: list[str]) -> None:
    text = package_data("gridmap.routing", f"{name}.csv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(tuple(gone) or "\0")]
    (folder / f"{name}.csv").write_text("\n".join([*lines, *more, ""]), encoding="utf-8")


def _write_ended_posts(source: Path, path: Path) -> None:
    """Write the posts of all people of a sub-district as ended."""
    with source.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    ended = [
        row | {"valid_to": POSTS_ENDED}
        for row in rows
        if row["area_code"].startswith(SUBDISTRICT) and not "" < row["valid_to"] < POSTS_ENDED
    ]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(ended[0]))
        writer.writeheader()
        writer.writerows(ended)
