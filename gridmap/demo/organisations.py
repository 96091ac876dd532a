"""Party organisations from sub-district to estate, and other bodies that serve a grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridmap.demo.dice import Dice
from gridmap.demo.ground import in_metres
from gridmap.demo.notice import NOTE
from gridmap.demo.numbering import COUNTY
from gridmap.demo.plane import Plane
from gridmap.demo.streets import Streets

__all__ = ["build_organisations"]

_COLUMNS = (
    "code", "kind", "name", "name_en", "parent_code", "level", "area_code", "estate_code",
    "lon", "lat", "coord_sys", "address", "phone", "members", "note",
)  # fmt: skip
_BRANCH_FROM_HOMES = 330
_UNITS = (
    ("供电服务所", "Power Service Office"),
    ("供水营业所", "Water Service Office"),
    ("燃气服务站", "Gas Service Station"),
    ("邮政支局", "Post Office"),
    ("银行网点", "Bank Branch"),
    ("消防救援站", "Fire Station"),
)
# Of every sub-district: what its people go to, and who comes when they call.
_OFFICES = (
    ("street_office", "办事处", "Office"),
    ("police_station", "派出所", "Police Station"),
    ("fire_station", "消防救援站", "Fire Station"),
)
_FIRMS = (
    ("商贸有限公司", "Trading"),
    ("食品有限公司", "Foods"),
    ("机电设备有限公司", "Machinery"),
    ("信息技术有限公司", "Software"),
    ("物流有限公司", "Logistics"),
)
_BODIES = (
    ("社会工作服务中心", "Social Work Centre"),
    ("邻里互助会", "Neighbours' Aid"),
    ("老年协会", "Elders' Association"),
    ("商会", "Traders' Association"),
)


@dataclass
class _Chain:
    """Collects organisations; the code of each follows from its place in the list."""

    rows: list[dict[str, Any]]
    office: Callable[[str], tuple[float, float]]

    def add(self, kind: str, name: tuple[str, str], area: tuple[str, str], **more: Any) -> str:
        """Add an organisation of an area (level, code) and return its own code."""
        code = f"{COUNTY}D{len(self.rows) + 1:04d}"
        x, y = self.office(more.get("estate", area[1]))
        self.rows.append(
            {
                "code": code,
                "kind": kind,
                "name": name[0],
                "name_en": name[1],
                "parent_code": more.get("parent"),
                "level": area[0],
                "area_code": area[1],
                "estate_code": more.get("estate"),
                "x": x,
                "y": y,
                "members": more.get("members"),
            }
        )
        return code


def build_organisations(
    layers: dict[str, gpd.GeoDataFrame],
    places: pd.DataFrame,
    streets: Streets,
    plane: Plane,
    dice: Dice,
) -> pd.DataFrame:
    """Return the organisations; columns are the fields of the domain's `Organisation`, and more.

    ``estate_code`` names the estate that a branch belongs to; its area is then the grid that
    holds most of it. ``coord_sys`` and ``note`` are the same in every row.

    The chain is work committee (sub-district), committee or general branch (community), branch
    (larger grids, estates), group (micro-grids of a branch). Numbers of members are invented.
    """
    chain = _Chain([], _Offices(layers, places, plane, dice).of)
    work = {
        row.code: chain.add(
            "party_work_committee",
            (f"{row.name_zh}党工委", f"{row.name_en} Party Work Committee"),
            ("subdistrict", row.code),
            members=None,
        )
        for row in _rows(layers["subdistrict"])
    }
    committees = _committees(chain, layers["community"], work, dice)
    branches = _branches(chain, layers, committees, dice)
    _groups(chain, layers["microgrid"], branches, dice)
    _others(chain, layers, dice)
    _administration(chain, layers)
    _society(chain, layers, dice)
    table = pd.DataFrame(chain.rows)
    metres = table[["x", "y"]].to_numpy()
    lonlat = plane.to_lonlat(metres)
    address, _, _ = streets.address(shapely.points(metres))
    line = 2000 + dice.order(7000)[: len(table)]
    has_desk = table["kind"] != "party_group"
    table = table.assign(
        lon=lonlat[:, 0],
        lat=lonlat[:, 1],
        coord_sys="wgs84",
        address=address,
        phone=[f"0990-555{n}" if desk else "" for n, desk in zip(line, has_desk, strict=True)],
        members=table["members"].astype("Int64"),
        note=NOTE,
    )
    return table[list(_COLUMNS)]


def _rows(frame: pd.DataFrame) -> list[Any]:
    return list(frame.rename(columns={"name": "name_zh"}).itertuples(index=False))


class _Offices:
    """Where an area's organisations sit: at its centre or station, or in one of its buildings."""

    def __init__(
        self,
        layers: dict[str, gpd.GeoDataFrame],
        places: pd.DataFrame,
        plane: Plane,
        dice: Dice,
    ) -> None:
        building = layers["building"]
        self._dice = dice
        self._metres = plane.to_metres(building[["entrance_lon", "entrance_lat"]].to_numpy())
        self._in_area: dict[str, np.ndarray[Any, np.dtype[np.int64]]] = {}
        micro = building["microgrid_code"].to_numpy(dtype=object)
        for digits in (9, 12, 15, 17):
            key = pd.Series(micro).str[:digits]
            self._in_area |= {str(k): v.to_numpy() for k, v in key.groupby(key).groups.items()}
        estate = building["estate_code"]
        self._in_area |= {str(k): v.to_numpy() for k, v in estate.groupby(estate).groups.items()}
        self._surface = {
            str(code): shapely.get_coordinates(shapely.point_on_surface(shape))[0]
            for level in ("grid", "microgrid", "estate")
            for code, shape in zip(
                layers[level]["code"],
                in_metres(layers[level].geometry.to_numpy(), plane),
                strict=True,
            )
        }
        self._fixed = self._centres(layers, places, plane)

    def of(self, code: str) -> tuple[float, float]:
        """Return metres of the office of an area or estate."""
        if code in self._fixed:
            spot = self._fixed[code]
        elif code in self._in_area:
            rows = self._in_area[code]
            spot = self._metres[rows[self._dice.index(len(rows))]]
        else:
            spot = self._surface[code]
        return float(spot[0]), float(spot[1])

    def _centres(
        self, layers: dict[str, gpd.GeoDataFrame], places: pd.DataFrame, plane: Plane
    ) -> dict[str, Any]:
        """Return the first service centre or station inside each sub-district and community."""
        found: dict[str, Any] = {}
        desks = places[places["category"].isin(["service_centre", "grid_station"])]
        points = shapely.points(desks[["lon", "lat"]].to_numpy())
        metres = plane.to_metres(desks[["lon", "lat"]].to_numpy())
        for level in ("subdistrict", "community"):
            frame = layers[level]
            desk, area = shapely.STRtree(frame.geometry.to_numpy()).query(points, "within")
            for d, a in sorted(zip(desk.tolist(), area.tolist(), strict=True)):
                found.setdefault(str(frame["code"].iloc[a]), metres[d])
        return found


def _committees(
    chain: _Chain, communities: pd.DataFrame, work: dict[str, str], dice: Dice
) -> dict[str, str]:
    """Return the committee or general branch of every community."""
    found = {}
    for row in _rows(communities):
        large = row.households > 5200
        kind, zh, en = (
            ("party_committee", "党委", "Party Committee")
            if large
            else ("general_branch", "党总支", "General Party Branch")
        )
        found[row.code] = chain.add(
            kind,
            (f"{row.name_zh}{zh}", f"{row.name_en} {en}"),
            ("community", row.code),
            parent=work[row.parent_code],
            members=int(row.households * dice.between(0.035, 0.06)),
        )
    return found


def _branches(
    chain: _Chain,
    layers: dict[str, gpd.GeoDataFrame],
    committees: dict[str, str],
    dice: Dice,
) -> dict[str, str]:
    """Return the branch of each larger grid; the largest estates have one of their own."""
    found = {}
    for row in _rows(layers["grid"]):
        if row.kind != "basic" or row.households < _BRANCH_FROM_HOMES:
            continue
        found[row.code] = chain.add(
            "party_branch",
            (f"{row.name_zh}党支部", f"{row.name_en} Party Branch"),
            ("grid", row.code),
            parent=committees[row.parent_code],
            members=int(row.households * dice.between(0.03, 0.07)) + 3,
        )
    estates = layers["estate"]
    for row in _rows(estates[estates["households"] >= 420]):
        chain.add(
            "party_branch",
            (f"{row.name_zh}小区党支部", f"{row.name_en} Party Branch"),
            ("grid", row.grid_code),
            parent=committees[row.grid_code[:12]],
            estate=row.code,
            members=int(row.households * dice.between(0.03, 0.06)) + 3,
        )
    return found


def _groups(chain: _Chain, microgrids: pd.DataFrame, branches: dict[str, str], dice: Dice) -> None:
    for row in _rows(microgrids):
        if row.parent_code in branches and row.households >= 90 and dice.chance(0.45):
            chain.add(
                "party_group",
                (f"{row.name_zh}党小组", f"{row.name_en} Party Group"),
                ("microgrid", row.code),
                parent=branches[row.parent_code],
                members=3 + dice.index(9),
            )


def _others(chain: _Chain, layers: dict[str, gpd.GeoDataFrame], dice: Dice) -> None:
    """Add units on the spot, units that registered twice, volunteers, governance centres."""
    grids = layers["grid"]
    for row in _rows(grids[grids["kind"] == "exclusive"]):
        name = row.name_zh.removesuffix("专属网格")
        chain.add(
            "resident_unit",
            (name, row.name_en.removesuffix(" (exclusive grid)")),
            ("grid", row.code),
        )
    for row in _rows(layers["community"]):
        zh, en = row.name_zh.removesuffix("社区"), row.name_en.removesuffix(" Community")
        chain.add(
            "volunteer_team",
            (f"{zh}志愿服务队", f"{en} Volunteer Team"),
            ("community", row.code),
            members=20 + dice.index(120),
        )
        if dice.chance(0.55):
            unit, unit_en = dice.one(_UNITS)
            chain.add(
                "dual_registration", (f"{zh}{unit}", f"{en} {unit_en}"), ("community", row.code)
            )
    for row in _rows(layers["subdistrict"]):
        chain.add(
            "governance_centre",
            (f"{row.name_zh}综治中心", f"{row.name_en} Governance Centre"),
            ("subdistrict", row.code),
        )


def _administration(chain: _Chain, layers: dict[str, gpd.GeoDataFrame]) -> None:
    """Add the offices of every sub-district."""
    for row in _rows(layers["subdistrict"]):
        for kind, zh, en in _OFFICES:
            name = row.name_zh if kind == "street_office" else row.name_zh.removesuffix("街道")
            chain.add(kind, (f"{name}{zh}", f"{row.name_en} {en}"), ("subdistrict", row.code))


def _society(chain: _Chain, layers: dict[str, gpd.GeoDataFrame], dice: Dice) -> None:
    """Add firms and social bodies of the communities, and the firms that manage estates."""
    for row in _rows(layers["community"]):
        zh, en = row.name_zh.removesuffix("社区"), row.name_en.removesuffix(" Community")
        for kind, names in (("enterprise", _FIRMS), ("social_body", _BODIES)):
            own, own_en = dice.one(names)
            chain.add(kind, (f"{zh}{own}", f"{en} {own_en}"), ("community", row.code))
    managed = layers["estate"][layers["estate"]["kind"] == "managed"]
    for firm, estates in managed.groupby("firm_code"):
        # A firm's office is in the largest of the estates that it manages.
        seat = estates.sort_values(["households", "code"]).iloc[-1]
        chain.add(
            "property_firm",
            (seat["firm_name"], f"Property Firm {firm}"),
            ("community", seat["grid_code"][:12]),
            estate=seat["code"],
        )
