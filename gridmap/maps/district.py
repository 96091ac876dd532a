"""The district under every map: areas and ground, thinned until the document is small."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd

from gridmap.coverage.model import Coverage
from gridmap.errors import BadValue
from gridmap.maps.document import GridMap
from gridmap.maps.geometry import bounds_of, simplified
from gridmap.maps.island import script_json
from gridmap.maps.layers import Choropleth, areas_data, ground_data

__all__ = ["MAX_BYTES", "add_district"]

# A file that people send one another stays below this, places and Leaflet included.
MAX_BYTES = 5_000_000
_FOR_THE_REST = 1_000_000
# Simplification is tried in these steps; 1.5 m is below what the closest zoom shows.
_TOLERANCES_M = (1.5, 3.0, 6.0, 12.0, 25.0, 50.0, 100.0)


def add_district(
    document: GridMap,
    coverage: Coverage,
    *,
    choropleth: Choropleth | None = None,
    ground: Mapping[str, gpd.GeoDataFrame] | None = None,
    people: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]] | None = None,
    further: Sequence[Choropleth] = (),
    max_bytes: int = MAX_BYTES,
    rest: int = _FOR_THE_REST,
) -> float:
    """Draw areas and ground on a document; return the tolerance used, in metres.

    The least simplification that keeps the document below `max_bytes` is taken, where all
    that is not areas and ground takes `rest`. Raises `BadValue` when none does.
    """
    bounds = bounds_of(coverage)
    for tolerance in _TOLERANCES_M:
        areas = areas_data(
            simplified(coverage, tolerance), choropleth=choropleth, further=further, people=people
        )
        under = ground_data(ground or {}, bounds, tolerance_m=tolerance)
        size = sum(len(script_json(data).encode()) for data in (areas, under) if data)
        if size <= max_bytes - rest:
            document.add_data(areas, "gridmap.addAreas")
            if under:
                document.add_data(under, "gridmap.addGround")
            return tolerance
    raise BadValue(
        "These areas are too many for one document.",
        got=f"{len(coverage)} areas, {size:,} bytes",
        allowed=f"{max_bytes:,} bytes",
        repair="Draw fewer levels or a part of the district.",
    )
