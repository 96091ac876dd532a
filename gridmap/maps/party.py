"""The party-building map: who serves each grid, and everything that there is, on one map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd

from gridmap.access import Actor, require, visible_records
from gridmap.areas import Levels
from gridmap.coverage.model import Coverage
from gridmap.maps.categories import PARTY, Category, check_categories
from gridmap.maps.district import MAX_BYTES, add_district
from gridmap.maps.document import GridMap, MapInfo, Mode
from gridmap.maps.fills import Choropleth
from gridmap.maps.geometry import as_coverage, bounds_of
from gridmap.maps.houses import buildings_data, estates_data
from gridmap.maps.island import script_json
from gridmap.maps.layers import reach_data
from gridmap.maps.photos import PlacePhotos, show_photos
from gridmap.maps.records import Records, people_by_area, places_data

__all__ = ["area_places", "party_map"]

# Leaflet, the runtime, the texts and the frame.
_FRAME_BYTES = 420_000
# Houses are left out where they would make the borders coarse.
_MOST_HOUSES_BYTES = 1_800_000


def party_map(
    frames: Coverage | Mapping[str, gpd.GeoDataFrame],
    organisations: Records,
    *,
    info: MapInfo,
    actor: Actor,
    rosters: Records = (),
    choropleth: Choropleth | None = None,
    further: Sequence[Choropleth] = (),
    categories: Sequence[Category] = PARTY,
    levels: Levels | None = None,
    ground: Mapping[str, gpd.GeoDataFrame] | None = None,
    reach: Sequence[Any] = (),
    reach_of: Sequence[str] = (),
    estates: Sequence[Mapping[str, Any]] = (),
    estates_held: Mapping[str, Sequence[int]] | None = None,
    buildings: Sequence[Mapping[str, Any]] = (),
    building_rows: Sequence[int] = (),
    photos: PlacePhotos | None = None,
    mode: Mode = "inline",
    asset_base: str = "/assets",
) -> GridMap:
    """Return the map of grids by load with party, administrative and social resources.

    Parameters
    ----------
    frames : Coverage or mapping of level name to GeoDataFrame
        The areas, coarse to fine; exclusive grids are hatched.
    organisations : GeoDataFrame or iterable of mappings
        See :func:`gridmap.maps.records.places_data`; layer ``organisations``. Secretaries and
        numbers of members are for staff, members for nobody but the restricted roles. With
        ``parent_code`` the chain is drawn, with ``level`` and ``area_code`` what is covered.
    rosters : GeoDataFrame or iterable of mappings
        See :func:`gridmap.maps.services.services_map`.
    choropleth : Choropleth, optional
        Load of the grids, made by :func:`gridmap.maps.levels.report_choropleth` for this
        actor: below the public minimum a load is withheld.
    further : sequence of Choropleth
        What may be chosen instead.
    reach : sequence of polygons, optional
        EPSG:4326; what is within 15 minutes on foot of the centres, a layer that is off at
        first.
    reach_of : sequence of str
        The code of the place that each belongs to: it is drawn with its place.
    estates : sequence of mappings
        See :func:`gridmap.maps.houses.estates_data`; layer ``estates``.
    estates_held : mapping of code to rows of the coverage
        The areas that hold an estate's houses.
    buildings, building_rows
        See :func:`gridmap.maps.houses.buildings_data`. Left out where the document would
        become too large.
    photos : PlacePhotos, optional
        See :func:`gridmap.maps.services.services_map`.
    """
    require(actor, "areas")
    coverage = as_coverage(frames, levels=levels, edition=info.edition)
    bounds = bounds_of(coverage)
    document = GridMap(
        bounds, info.made_for(actor), mode=mode, asset_base=asset_base, layout="list"
    )
    over: list[tuple[dict[str, Any], str]] = []
    if len(buildings):
        houses = buildings_data(buildings, building_rows, bounds)
        if _size(houses) <= _MOST_HOUSES_BYTES:
            over.append((houses, "gridmap.addBuildings"))
    if len(estates):
        shown = visible_records(actor, "estates", estates)
        over.append((estates_data(shown, estates_held or {}, bounds), "gridmap.addEstates"))
    data = places_data(
        organisations,
        check_categories(categories),
        actor=actor,
        layer="organisations",
        areas=area_places(coverage),
    )
    if len(reach):
        over.append((reach_data(reach, bounds, of=reach_of), "gridmap.addReach"))
    over.append((data, "gridmap.addPlaces"))
    add_district(
        document,
        coverage,
        choropleth=choropleth,
        further=further,
        ground=ground,
        people=people_by_area(rosters, actor=actor),
        max_bytes=MAX_BYTES,
        rest=_FRAME_BYTES + sum(_size(part) for part, _ in over),
    )
    for part, call in over[:-1]:
        document.add_data(part, call)
    show_photos(document, data, photos)
    document.add_data(data, "gridmap.addPlaces")
    return document


def area_places(coverage: Coverage) -> dict[tuple[str, str], int]:
    """Return the place of every area in the page, by level and code."""
    names = coverage.levels.names
    return {
        (names[rank], str(code)): row
        for row, (rank, code) in enumerate(
            zip(coverage.rank.tolist(), coverage.code.tolist(), strict=True)
        )
    }


def _size(data: dict[str, Any]) -> int:
    return len(script_json(data).encode())
