"""The service-resource map: what there is, where, when it is open, whom to call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import geopandas as gpd

from gridmap.access import Actor, require
from gridmap.areas import Levels
from gridmap.coverage.model import Coverage
from gridmap.maps.categories import SERVICES, Category, check_categories
from gridmap.maps.district import add_district
from gridmap.maps.document import GridMap, MapInfo, Mode
from gridmap.maps.geometry import as_coverage, bounds_of
from gridmap.maps.photos import PlacePhotos, show_photos
from gridmap.maps.records import Records, people_by_area, places_data

__all__ = ["services_map"]


def services_map(
    frames: Coverage | Mapping[str, gpd.GeoDataFrame],
    places: Records,
    *,
    info: MapInfo,
    actor: Actor,
    rosters: Records = (),
    categories: Sequence[Category] = SERVICES,
    levels: Levels | None = None,
    ground: Mapping[str, gpd.GeoDataFrame] | None = None,
    photos: PlacePhotos | None = None,
    mode: Mode = "inline",
    asset_base: str = "/assets",
) -> GridMap:
    """Return the map of service places, with a list beside it and the staff of each area.

    Parameters
    ----------
    frames : Coverage or mapping of level name to GeoDataFrame
        The areas, coarse to fine.
    places : GeoDataFrame or iterable of mappings
        See :func:`gridmap.maps.records.places_data`; layer ``places``.
    rosters : GeoDataFrame or iterable of mappings
        ``level``, ``area_code``, ``role`` (a key of ``POST_ROLES``), ``work_phone``, and
        ``estate`` (``estate_en``) where it is about one; layer ``rosters``. The public sees the
        role of an area's staff, the work phone of who stands on a public board, staff all of
        these and the name.
    photos : PlacePhotos, optional
        The photos of places that the actor may see.
    """
    require(actor, "areas")
    coverage = as_coverage(frames, levels=levels, edition=info.edition)
    document = GridMap(
        bounds_of(coverage), info.made_for(actor), mode=mode, asset_base=asset_base, layout="list"
    )
    people = people_by_area(rosters, actor=actor)
    add_district(document, coverage, ground=ground, people=people)
    data = places_data(places, check_categories(categories), actor=actor, layer="places")
    show_photos(document, data, photos)
    document.add_data(data, "gridmap.addPlaces")
    return document
