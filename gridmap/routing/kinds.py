"""What follows from the class of a road and the type of a registered asset: a site's tables."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import isfinite

from gridmap.routing.departments import Departments
from gridmap.routing.overlays import ROAD_CLASSES
from gridmap.tables import Row, Source, package_data, read_table

__all__ = ["MOST_REACH_M", "AssetType", "RoadClass", "load_asset_types", "load_road_classes"]

MOST_REACH_M = 1000.0


@dataclass(frozen=True, slots=True)
class RoadClass:
    """Who keeps the roads of a class.

    Attributes
    ----------
    code : str
        A key of :data:`~gridmap.routing.overlays.ROAD_CLASSES`.
    department : str
        Code of the keeper; ``JD`` is the office of the place.
    takes : tuple of str
        Departments whose work on such a road the keeper leads. Parking stays with the
        traffic police on every road; sweeping an alley is rarely the sanitation centre's.
    half_width_m : float
        Metres on either side of a road that is drawn as a line.
    """

    code: str
    department: str
    takes: tuple[str, ...]
    half_width_m: float


@dataclass(frozen=True, slots=True)
class AssetType:
    """A type of registered assets.

    Attributes
    ----------
    code : str
    name, name_en : str
    items : tuple of str
        Codes of the items that are about such an asset.
    radius_m : float
        Metres around an asset within which a report is taken to be about it.
    """

    code: str
    name: str
    name_en: str
    items: tuple[str, ...]
    radius_m: float


def load_road_classes(
    source: Source | None = None, *, departments: Departments | None = None
) -> Mapping[str, RoadClass]:
    """Read ``road_class,department,takes,half_width_m``; the package's own when None.

    Raises
    ------
    BadValue
        For a faulty cell; the message names file, row and column.
    """
    found: dict[str, RoadClass] = {}
    seen: dict[str, int] = {}
    for row in read_table(
        source or package_data("gridmap.routing", "road_classes.csv"),
        ("road_class", "department", "half_width_m"),
        ("takes",),
    ):
        code = row.unique("road_class", seen)
        if code not in ROAD_CLASSES:
            row.refuse("road_class", "is no class of roads", allowed=list(ROAD_CLASSES))
        takes = _codes(row, "takes")
        for column, bodies in (("department", (row.text("department"),)), ("takes", takes)):
            for body in bodies:
                if departments is not None and body not in departments:
                    row.refuse(column, "names no department", allowed=list(departments))
        found[code] = RoadClass(code, row.cells["department"], takes, _metres(row, "half_width_m"))
    return found


def load_asset_types(
    source: Source | None = None, *, items: Collection[str] | None = None
) -> Mapping[str, AssetType]:
    """Read ``asset_type,name,name_en,items,radius_m``; the package's own when None.

    Parameters
    ----------
    source : Path or Traversable, optional
    items : collection of str, optional
        Codes of all catalogues; any other item is refused.

    Raises
    ------
    BadValue
        For a faulty cell; the message names file, row and column.
    """
    found: dict[str, AssetType] = {}
    seen: dict[str, int] = {}
    for row in read_table(
        source or package_data("gridmap.routing", "asset_types.csv"),
        ("asset_type", "name", "items", "radius_m"),
        ("name_en",),
    ):
        code = row.unique("asset_type", seen)
        about = _codes(row, "items")
        unknown = [item for item in about if items is not None and item not in items]
        if unknown:
            row.refuse("items", f"names no item of a catalogue: {', '.join(unknown)}")
        found[code] = AssetType(
            code, row.text("name"), row.cells["name_en"], about, _metres(row, "radius_m")
        )
    return found


def _codes(row: Row, column: str) -> tuple[str, ...]:
    return tuple(code for code in re.split(r"[\s,;、，；]+", row.cells[column]) if code)


def _metres(row: Row, column: str) -> float:
    try:
        metres = float(row.text(column))
    except ValueError:
        metres = float("nan")
    if not (isfinite(metres) and 0 < metres <= MOST_REACH_M):
        row.refuse(column, "is no distance", allowed=f"more than 0, up to {MOST_REACH_M:g} m")
    return metres
