"""The map of the levels: borders and names of every level, counts as colours."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd

from gridmap.access import Actor, require, withhold_small
from gridmap.areas import Levels
from gridmap.coverage.model import Coverage
from gridmap.maps.district import add_district
from gridmap.maps.document import GridMap, MapInfo, Mode
from gridmap.maps.geometry import as_coverage, bounds_of
from gridmap.maps.layers import Choropleth

__all__ = ["levels_map", "report_choropleth"]


def levels_map(
    frames: Coverage | Mapping[str, gpd.GeoDataFrame],
    *,
    info: MapInfo,
    actor: Actor,
    levels: Levels | None = None,
    choropleth: Choropleth | None = None,
    ground: Mapping[str, gpd.GeoDataFrame] | None = None,
    mode: Mode = "inline",
    asset_base: str = "/assets",
) -> GridMap:
    """Return the map of all levels of an edition.

    Parameters
    ----------
    frames : Coverage or mapping of level name to GeoDataFrame
        See :func:`gridmap.maps.geometry.as_coverage`. Coarse to fine.
    info : MapInfo
        Title, edition, dates, review number.
    actor : Actor
        The reader: counts below the public minimum are withheld from those who may not see
        them, and a document for staff is marked so.
    choropleth : Choropleth, optional
        Counts of one level; see :func:`report_choropleth`.
    ground : mapping of name to GeoDataFrame, optional
        Water, parks, railways, roads.

    Raises
    ------
    BadValue
        When nothing has a geometry, or the document cannot be made small enough.
    """
    require(actor, "areas")
    coverage = as_coverage(frames, levels=levels, edition=info.edition)
    document = GridMap(bounds_of(coverage), info.made_for(actor), mode=mode, asset_base=asset_base)
    add_district(document, coverage, choropleth=choropleth, ground=ground)
    return document


def report_choropleth(
    level: str, counts: Mapping[str, int], *, actor: Actor, period: str = ""
) -> Choropleth:
    """Return report counts of a level as this reader may see them."""
    shown, minimum = withhold_small(actor, counts)
    return Choropleth(level, shown, "上报数量", "Reports", period=period, minimum=minimum)
