"""The party-building map: grids by load, centres and organisations, who serves each grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd

from gridmap.access import Actor, require
from gridmap.areas import Levels
from gridmap.coverage.model import Coverage
from gridmap.maps.categories import PARTY, Category, check_categories
from gridmap.maps.district import add_district
from gridmap.maps.document import GridMap, MapInfo, Mode
from gridmap.maps.geometry import as_coverage, bounds_of
from gridmap.maps.layers import Choropleth, reach_data
from gridmap.maps.records import Records, people_by_area, places_data

__all__ = ["party_map"]


def party_map(
    frames: Coverage | Mapping[str, gpd.GeoDataFrame],
    organisations: Records,
    *,
    info: MapInfo,
    actor: Actor,
    rosters: Records = (),
    choropleth: Choropleth | None = None,
    categories: Sequence[Category] = PARTY,
    levels: Levels | None = None,
    ground: Mapping[str, gpd.GeoDataFrame] | None = None,
    reach: Sequence[Any] = (),
    mode: Mode = "inline",
    asset_base: str = "/assets",
) -> GridMap:
    """Return the map of grids by load with centres, organisations and staff.

    Parameters
    ----------
    frames : Coverage or mapping of level name to GeoDataFrame
        The areas, coarse to fine; exclusive grids are hatched.
    organisations : GeoDataFrame or iterable of mappings
        See :func:`gridmap.maps.records.places_data`; layer ``organisations``. Secretaries and
        numbers of members are for staff, members for nobody but the restricted roles.
    rosters : GeoDataFrame or iterable of mappings
        See :func:`gridmap.maps.services.services_map`.
    choropleth : Choropleth, optional
        Load of the grids, made by :func:`gridmap.maps.levels.report_choropleth` for this
        actor: below the public minimum a load is withheld.
    reach : sequence of polygons, optional
        EPSG:4326; what is within 15 minutes on foot of the centres, a layer that is off at
        first.
    """
    require(actor, "areas")
    coverage = as_coverage(frames, levels=levels, edition=info.edition)
    document = GridMap(
        bounds_of(coverage), info.made_for(actor), mode=mode, asset_base=asset_base, layout="list"
    )
    people = people_by_area(rosters, actor=actor)
    add_district(document, coverage, choropleth=choropleth, ground=ground, people=people)
    if len(reach):
        document.add_data(reach_data(reach, bounds_of(coverage)), "gridmap.addReach")
    data = places_data(
        organisations, check_categories(categories), actor=actor, layer="organisations"
    )
    document.add_data(data, "gridmap.addPlaces")
    return document
