"""The responsibility layers of the district: who answers for which ground and which thing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from gridmap.demo.areas import union
from gridmap.demo.dice import Dice
from gridmap.demo.duty_agreements import agreements
from gridmap.demo.duty_assets import assets, mains
from gridmap.demo.duty_ground import green, river_segments
from gridmap.demo.duty_rows import Bodies, duty_layer
from gridmap.demo.duty_sites import building_sites
from gridmap.demo.duty_streets import roads, street_fronts
from gridmap.demo.ground import in_metres, on_lattice
from gridmap.demo.hierarchy import Hierarchy
from gridmap.demo.kerbs import BuildingLine
from gridmap.demo.names import Names
from gridmap.demo.numbering import COUNTY
from gridmap.demo.plane import Plane
from gridmap.demo.shapes import Outlines
from gridmap.demo.streets import Streets
from gridmap.demo.town import HECTARE, Town

__all__ = ["Duties", "build_duties"]

_SITE_M = 8.0
_SITES = {
    "school": ("学校", "School"),
    "hospital": ("医院", "Hospital"),
    "market": ("市场", "Market"),
    "works": ("产业园", "Industrial Park"),
}
_FIRMS = {"SG": 6, "KF": 3, "BJ": 3}


@dataclass(frozen=True)
class Duties:
    """Responsibility layers and those who own something.

    Attributes
    ----------
    layers : dict of str to GeoDataFrame
        EPSG:4326; named by the kind of overlay, ``main`` being assets drawn as lines. The
        columns are those that an import reads.
    parties : DataFrame
        ``code``, ``name``, ``name_en``, ``phone``, ``note``: property firms, site firms,
        builders, cleaners, shops, park offices, units of exclusive sites.
    """

    layers: dict[str, gpd.GeoDataFrame]
    parties: pd.DataFrame


def build_duties(
    town: Town,
    tree: Hierarchy,
    outlines: Outlines,
    layers: dict[str, gpd.GeoDataFrame],
    streets: Streets,
    plane: Plane,
    names: Names,
    dice: Callable[[str], Dice],
) -> Duties:
    """Return the responsibility layers of a district that is built.

    Parameters
    ----------
    layers : dict of str to GeoDataFrame
        Areas and ground, estates and buildings.
    names : Names
        Further names are taken from it.
    dice : callable
        Returns the dice of a topic.
    """
    bodies = Bodies()
    _property_firms(layers["estate"], bodies)
    firms = {kind: [names.next() for _ in range(count)] for kind, count in _FIRMS.items()}
    found: dict[str, gpd.GeoDataFrame] = {
        "construction_site": building_sites(
            layers, streets, plane, bodies, firms["SG"], dice("duty-sites")
        ),
        "exclusive_site": _exclusive_sites(town, tree, outlines, streets, plane, names, bodies),
        "park": green(layers, streets, plane, bodies),
        "road": roads(layers, streets, plane, bodies, firms["KF"], dice("duty-roads")),
        "street_front": street_fronts(layers, streets, plane, bodies, dice("duty-fronts")),
        "agreement": agreements(
            layers, streets, plane, bodies, firms["BJ"], dice("duty-agreements")
        ),
        "main": mains(streets, plane, dice("duty-mains")),
    }
    river = river_segments(layers, streets, plane, dice("duty-river"))
    if river is not None:
        found["river"] = river
    found["asset"] = assets(layers, found["street_front"], streets, plane, dice("duty-assets"))
    return Duties({k: f for k, f in found.items() if len(f)}, bodies.table)


def _property_firms(estates: gpd.GeoDataFrame, bodies: Bodies) -> None:
    pairs = estates[["firm_code", "firm_name"]].dropna().drop_duplicates()
    for code, name in sorted(pairs.itertuples(index=False)):
        bodies.add("WY", name, "", code)


def _exclusive_sites(
    town: Town,
    tree: Hierarchy,
    outlines: Outlines,
    streets: Streets,
    plane: Plane,
    names: Names,
    bodies: Bodies,
) -> gpd.GeoDataFrame:
    """Return the compounds of schools, hospitals, markets and works that are no exclusive grid."""
    exclusive = {
        face
        for m, faces in enumerate(tree.microgrid)
        if tree.grid[m] in tree.exclusive
        for face in faces
    }
    blocks: dict[tuple[int, str], list[Any]] = defaultdict(list)
    for face, shape in outlines.face.items():
        if town.use[face] in _SITES and face not in exclusive:
            blocks[town.block[face], town.use[face]].append(shape)
    line = BuildingLine(streets)
    plots = [
        (use, line.plot(shapely.buffer(in_metres(union(s), plane), -_SITE_M, join_style="mitre")))
        for (_, use), s in sorted(blocks.items())
    ]
    plots = [(use, plot) for use, plot in plots if shapely.area(plot) > 0.4 * HECTARE]
    plots.sort(key=lambda pair: tuple(shapely.bounds(pair[1])))
    rows = []
    for n, (use, plot) in enumerate(plots, start=1):
        zh, en = names.next()
        kind, kind_en = _SITES[use]
        name, name_en = f"{zh}{kind}", f"{en} {kind_en}"
        rows.append(
            {
                "code": f"{COUNTY}U{n:03d}",
                "name": name,
                "name_en": name_en,
                "owner": bodies.add("DW", name, name_en),
                "source": "单位权属界线图",
                "geometry": on_lattice(plot, plane),
            }
        )
    return duty_layer(rows)
