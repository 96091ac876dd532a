"""The town of `tests.route_town` with every kind of responsibility layer drawn into its gaps.

Coordinates are those of the lattice: one unit is about 89.45 m to the east and 111 m to the
north, so that a hundredth is about a metre. Nothing here touches the estates or the hospital::

    y 4 |                     R1 arterial x = 8 (20 m)         |  E05
        |       M covers        |                              |  from y 3
    2.6 |                       |                              | R2 highway (15 m), x 12..16
    2.2 |     F2 small shops    |                              | V2 river, no owner
    1.6 |     F1 shop's strip   |                              | U1 school, P1 park | P2 green
    1.0 |  R3 branch x = 4 (8 m)|                              | V1 river, water office
    0.8 |                       |  Z1 ruling in E04            | C1 | C2   C3 sites   A3
    0.25| R4 alley (4 m), A2    |                              |
        0          4            8              10             12              14    15    16 x

`tests/data/seam_cases.csv` holds what is asked of it.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import shapely

from gridmap.workspace import Workspace
from tests.api_town import fill_town
from tests.route_town import at, rectangle

__all__ = ["fill_seam_town"]

_FROM = "2026-01-01"
_BODIES = (
    ("SG:C01", "望禾建筑公司", "Wanghe Construction"),
    ("SG:C02", "青砚建筑公司", "Qingyan Construction"),
    ("DW:U01", "砚南小学", "Yannan School"),
    ("GY:P01", "砚畔公园管理处", "Yanpan Park Office"),
    ("SH:F01", "禾里路1号商户", "Shop at 1 Heli Road"),
    ("BJ:001", "清禾保洁公司", "Qinghe Cleaning"),
)


def _line(*corners: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([at(x, y) for x, y in corners])


def _thing(x: float, y: float) -> shapely.Point:
    return shapely.Point(at(x, y))


def _row(code, name, name_en, owner, shape, **more):
    return {"code": code, "name": name, "name_en": name_en, "owner": owner, "wkt": shape.wkt,
            "source": "手绘", "valid_from": _FROM, **more}  # fmt: skip


def _asset(code, kind, owner, shape):
    return _row(code, f"{kind} {code}", f"{kind} {code}", owner, shape, asset_type=kind)


LAYERS = {
    "construction_site": [
        _row("C1", "一号工地", "Site 1", "SG:C01", rectangle(12.2, 0.2, 13, 0.8),
             valid_to="2026-06-01"),
        _row("C2", "二号工地", "Site 2", "SG:C02", rectangle(13, 0.2, 13.4, 0.8)),
        _row("C3", "三号工地", "Site 3", "SG:C01", rectangle(13.6, 0.2, 14, 0.8),
             valid_from="2026-09-01"),
    ],
    "exclusive_site": [
        _row("U1", "砚南小学", "Yannan School", "DW:U01", rectangle(12.2, 1, 13, 1.6)),
    ],
    "park": [
        _row("P1", "砚畔公园", "Yanpan Park", "GY:P01", rectangle(13.2, 1, 14.2, 1.8)),
        _row("P2", "砚畔绿带", "Yanpan Green Line", "YL", rectangle(14.2, 1, 14.6, 1.8)),
    ],
    "river": [
        _row("V1", "砚溪一段", "Yan Stream 1", "SW", rectangle(14.8, 0, 15.2, 1.2),
             contact="柯汀（演示）"),
        _row("V2", "砚溪二段", "Yan Stream 2", "", rectangle(14.8, 1.2, 15.2, 2.4),
             contact="顾晴（演示）"),
    ],
    "road": [
        _row("R1", "界河大街", "Jiehe Avenue", "", _line((8, 0), (8, 8)), road_class="arterial",
             priority=3),
        _row("R2", "砚南公路", "Yannan Highway", "", _line((12, 2.6), (16, 2.6)),
             road_class="highway", priority=4),
        _row("R3", "禾里路", "Heli Road", "", _line((4, 0), (4, 4)), road_class="branch",
             priority=2),
        _row("R4", "禾里一巷", "Heli Lane 1", "", _line((0, 0.25), (3.8, 0.25)),
             road_class="alley", priority=1),
    ],
    "street_front": [
        _row("F1", "禾里路1号门前", "In front of 1 Heli Road", "SH:F01",
             rectangle(4.1, 1, 4.5, 1.6)),
        _row("F2", "禾里路3号门前", "In front of 3 Heli Road", "", rectangle(4.1, 1.6, 4.5, 2.2)),
    ],
    "agreement": [
        _row("A1", "砚畔公园外缘", "Edge of Yanpan Park", "JD", rectangle(13.2, 1, 13.4, 1.8),
             items="0402 0403", source="绿地养护移交协议（2026）1号", valid_from="2026-02-01"),
        _row("A2", "禾里一巷保洁", "Cleaning of Heli Lane 1", "BJ:001",
             rectangle(0.6, 0.2, 3.4, 0.3), items="0101 0103 0109", source="保洁合同（2026）2号",
             valid_from="2026-05-01", valid_to="2026-11-01"),
        _row("A3", "砚南小学校外用地", "School's ground outside its wall", "DW:U01",
             rectangle(15.3, 0.2, 15.7, 0.8), source="用地移交书（2026）3号"),
    ],
    "ruling": [
        _row("Z1", "砚湖二期西南角", "South-west corner of Yanhu Two", "SQ",
             rectangle(10, 0.5, 10.4, 0.9), items="0608 0303", source="确权会议纪要（2026）4号",
             valid_from="2026-07-01"),
    ],
    "asset": [
        _asset("L1", "lamp", "SZ", _thing(4.2, 0.5)),
        _asset("L2", "lamp", "WY:F001", _thing(1, 1)),
        _asset("L3", "lamp", "", _thing(0.25, 3.3)),
        _asset("L4", "lamp", "SZ", _thing(7.3, 3.45)),
        _asset("M1", "cover", "SW", _thing(6, 3.3)),
        _asset("M2", "cover", "DL", _thing(6.2, 3.3)),
        _asset("M3", "cover", "TX", _thing(6, 3.5)),
        _asset("M4", "cover", "GS", _thing(6.1, 3.5)),
        _asset("M5", "cover", "", _thing(6.6, 3.3)),
        _asset("G1", "grate", "SW", _thing(7, 3.3)),
        _asset("X1", "cabinet", "DL", _thing(7, 3.6)),
        _asset("K1", "pole", "TX", _thing(7.3, 3.3)),
        _asset("J1", "bus_shelter", "JT", _thing(8.3, 4.2)),
        _asset("T1", "toilet", "HW", _thing(12.5, 2)),
        _asset("S1", "sign", "SH:F01", _thing(4.3, 1.3)),
        _asset("Q1", "fitness", "SQ", _thing(14, 1.5)),
        _asset("W1", "cable", "DL", _thing(0.25, 1.5)),
        _asset("D1", "main", "GS", _line((8.2, 0.5), (8.2, 3.5))),
        _asset("D2", "main", "RQ", _line((7.8, 0.5), (7.8, 3.5))),
    ],
}  # fmt: skip


def fill_seam_town(workspace: Workspace, folder: Path) -> None:
    """Publish the town with all layers, through the files that anybody would import."""
    fill_town(workspace, folder)
    bodies = pd.DataFrame(_BODIES, columns=["code", "name", "name_en"])
    bodies.to_csv(folder / "bodies.csv", index=False)
    workspace.import_records("parties", folder / "bodies.csv", commit=True)
    for kind, rows in LAYERS.items():
        path = folder / f"{kind}.csv"
        pd.DataFrame(rows).to_csv(path, index=False)
        workspace.import_records(kind, path, coord_sys="wgs84", commit=True)
