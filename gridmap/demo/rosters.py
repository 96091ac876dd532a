"""Rosters: who serves which grid. One worker one grid; one professional many grids; one grid
many members. Every name is invented and says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import pandas as pd

from gridmap.demo.dice import Dice
from gridmap.demo.notice import NOTE

__all__ = ["MARK", "build_rosters", "invented_name", "rosters_after"]

# Stands behind every name.
MARK = "（演示）"

_FAMILY = "安柏岑丁方顾何江柯蓝林陆孟宁潘秦沈陶温夏许颜叶于章郑"
_GIVEN = "禾汀岚晴霁澄溪砚棠舟远知宁朗苇和清越默言"
_START = "2025-07-01"
_CHANGE = "2026-03-01"
_COLUMNS = (
    "code", "person", "name", "role", "kind", "level", "area_code", "work_phone", "phone_public",
    "department", "estate_code", "building_code", "valid_from", "valid_to", "note",
)  # fmt: skip
# Departments that post professionals to the grids, and how many communities one serves.
_PROFESSIONALS = {"CG": 1, "HW": 2, "XF": 3, "DL": 4}
_PUBLIC = frozenset(
    {"grid_lead", "grid_worker", "professional_worker", "posted_worker", "estate_secretary",
     "property_manager", "police_officer"}
)  # fmt: skip


def invented_name(dice: Dice) -> str:
    """Return the name of a person who does not exist, and says so."""
    given = "".join(dice.shuffled(_GIVEN)[: 1 + int(dice.chance(0.8))])
    return f"{dice.one(_FAMILY)}{given}{MARK}"


class _Roll:
    """Collects posts and the people who hold them."""

    def __init__(self, dice: Dice, *, posts: int = 0, people: int = 0) -> None:
        self.dice = dice
        self.rows: list[dict[str, Any]] = []
        self._posts, self._people = posts, people

    def person(self) -> tuple[str, str, str]:
        """Return number, name and work phone of somebody new."""
        self._people += 1
        number = self._people
        return f"P{number:05d}", invented_name(self.dice), f"0990-556{number:04d}"

    def add(
        self,
        who: tuple[str, str, str],
        role: str,
        kind: str,
        areas: Iterable[tuple[str, str]],
        **more: Any,
    ) -> None:
        """Give somebody a role in areas (level, code); volunteers have no work phone."""
        for level, code in areas:
            self.rows.append(
                {
                    "code": f"R{self._posts + len(self.rows) + 1:05d}",
                    "person": who[0],
                    "name": who[1],
                    "role": role,
                    "kind": kind,
                    "level": level,
                    "area_code": code,
                    "work_phone": more.get("phone", "" if kind == "linked" else who[2]),
                    "phone_public": role in _PUBLIC,
                    "department": more.get("department", ""),
                    "estate_code": more.get("estate"),
                    "building_code": more.get("building"),
                    "valid_from": more.get("start", _START),
                    "valid_to": more.get("end"),
                }
            )


def build_rosters(layers: dict[str, gpd.GeoDataFrame], dice: Dice) -> pd.DataFrame:
    """Return the posts; columns are the fields of the domain's `Post`, and more.

    ``phone_public`` is True where the work phone belongs on a public board; ``estate_code`` and
    ``building_code`` say what a post is about when that is smaller than its area.

    A basic post (worker, lead) is the only one of its person and of its grid and role at any
    time; some workers changed in the middle of the year.
    """
    roll = _Roll(dice)
    _basic(roll, layers["grid"])
    _professionals(roll, layers)
    _linked(roll, layers)
    _estates(roll, layers["estate"])
    table = pd.DataFrame(roll.rows)
    table["note"] = NOTE
    return table[list(_COLUMNS)]


def rosters_after(
    rosters: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame, day: str, dice: Dice
) -> pd.DataFrame:
    """Return the posts when the grids change on a day: some end, new grids get theirs.

    Parameters
    ----------
    rosters : DataFrame
        Of the grids `before`.
    before, after : DataFrame
        The layer ``grid`` of either edition.
    day : str
        First day of the new grids, ISO 8601.
    """
    gone = set(before["code"]) - set(after["code"])
    ends = rosters["area_code"].str[:15].isin(gone) & rosters["level"].isin(["grid", "microgrid"])
    # Who was to take over later never does; who would have stayed longer ends with the grid.
    kept = rosters[~(ends & (rosters["valid_from"] >= day))].copy()
    longer = ends & ~(rosters["valid_to"] <= day)
    kept.loc[longer.reindex(kept.index), "valid_to"] = day
    people = int(rosters["person"].str[1:].astype(int).max())
    roll = _Roll(dice, posts=len(rosters), people=people)
    for code in sorted(set(after["code"]) - set(before["code"])):
        for role in ("grid_lead", "grid_worker"):
            roll.add(roll.person(), role, "basic", [("grid", code)], start=day)
    added = pd.DataFrame(roll.rows, columns=[c for c in _COLUMNS if c != "note"])
    return pd.concat([kept, added.assign(note=NOTE)], ignore_index=True)[list(_COLUMNS)]


def _basic(roll: _Roll, grids: pd.DataFrame) -> None:
    for code, kind in zip(grids["code"], grids["kind"], strict=True):
        area = [("grid", code)]
        if kind == "basic":
            roll.add(roll.person(), "grid_lead", "basic", area)
        if roll.dice.chance(0.04):
            roll.add(roll.person(), "grid_worker", "basic", area, end=_CHANGE)
            roll.add(roll.person(), "grid_worker", "basic", area, start=_CHANGE)
        else:
            roll.add(roll.person(), "grid_worker", "basic", area)


def _professionals(roll: _Roll, layers: dict[str, gpd.GeoDataFrame]) -> None:
    grids = layers["grid"].groupby("parent_code")["code"].apply(list)
    communities = layers["community"]["code"].tolist()
    for code in communities:
        roll.add(
            roll.person(),
            "police_officer",
            "professional",
            [("community", code)],
            department="GA",
        )
    for department, span in _PROFESSIONALS.items():
        for at in range(0, len(communities), span):
            areas = [("grid", g) for c in communities[at : at + span] for g in grids[c]]
            roll.add(
                roll.person(), "professional_worker", "professional", areas, department=department
            )
    for at in range(0, len(communities), 2):
        areas = [("community", c) for c in communities[at : at + 2]]
        roll.add(roll.person(), "first_secretary", "professional", areas)


def _linked(roll: _Roll, layers: dict[str, gpd.GeoDataFrame]) -> None:
    for code in layers["grid"]["code"]:
        for _ in range(1 + roll.dice.index(4)):
            roll.add(roll.person(), "linked_force", "linked", [("grid", code)])
    buildings = layers["building"]
    large = buildings[buildings["households"] >= 70]
    for code, home in zip(large["code"], large["microgrid_code"], strict=True):
        area = [("microgrid", home)]
        roll.add(roll.person(), "building_lead", "linked", area, building=code)


def _estates(roll: _Roll, estates: pd.DataFrame) -> None:
    managers = {
        firm: roll.person() for firm in sorted(estates["firm_code"].dropna().unique().tolist())
    }
    columns = [estates[name] for name in ("code", "grid_code", "firm_code", "households")]
    for code, grid, firm, homes in zip(*columns, strict=True):
        area = [("grid", grid)]
        if isinstance(firm, str):
            roll.add(managers[firm], "property_manager", "professional", area, estate=code)
        if homes >= 200:
            roll.add(roll.person(), "estate_secretary", "professional", area, estate=code)
        if homes >= 420:
            for _ in range(2):
                who = roll.person()
                roll.add(who, "posted_worker", "linked", area, estate=code, phone=who[2])
