"""Maps as documents: folium on vendored Leaflet, self-contained, drawn without a base map."""

from __future__ import annotations

from gridmap.maps.document import GridMap, MapInfo

__all__ = ["GridMap", "MapInfo"]
