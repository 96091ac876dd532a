"""Tiles: which were asked for, and which should have been."""

from __future__ import annotations

from typing import Any

import numpy as np

from gridmap.crs import from_wgs84
from gridmap.maps.basemap import BaseMap, base_map
from gridmap.settings import Settings

# One pixel, grey.
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c636c0000008400820f2e3a5d0000000049454e44ae426082"
)

HOST = "https://t0.example.org"
FAR = HOST + "/vec_w/wmts?TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=key"
NAMED = {"base_credit": "天地图", "base_review_no": "GS（2024）0000号"}
# What each system is called in the legend.
SYSTEMS = {"gcj02": "GCJ-02", "cgcs2000": "CGCS2000", "wgs84": "WGS-84"}
SENTENCE = "网格范围示意，不作为行政区划界线依据"

Place = tuple[int, int, int]


class Asked(list[str]):
    """The paths that were asked for."""

    @property
    def places(self) -> set[Place]:
        """Them as zoom, column and row."""
        return {
            (int(z), int(x), int(y.removesuffix(".png")))
            for z, x, y in (path.strip("/").split("/") for path in self)
        }


def pixel(lon: float, lat: float, zoom: float, coord_sys: str) -> tuple[float, float]:
    """Where a place (EPSG:4326) lies on tiles of a system, in pixels of the world at a zoom."""
    (x,), (y,) = from_wgs84([lon], [lat], coord_sys)
    rise = np.log(np.tan(np.pi / 4 + np.radians(y) / 2))
    size = 256 * 2**zoom
    return size * (x + 180) / 360, size * (1 - rise / np.pi) / 2


def tile_of(lon: float, lat: float, zoom: int, coord_sys: str) -> Place:
    """The tile of a system on which a place lies."""
    x, y = pixel(lon, lat, zoom, coord_sys)
    return zoom, int(x // 256), int(y // 256)


def base_tiles(template: str = FAR, system: str = "gcj02", **more: Any) -> BaseMap:
    """The tiles of a site that has set them so."""
    made = base_map(
        Settings(base_tiles=template, base_coord_sys=system, **{**NAMED, **more})  # type: ignore[arg-type]
    )
    assert made is not None
    return made


def drawn_at(page: Any, lon: float, lat: float) -> list[float]:
    """Where the map draws a place (EPSG:4326), in pixels of the world at zoom 18."""
    return page.evaluate(
        "([lng, lat]) => { const p = gridmap.map.project([lat, lng], 18); return [p.x, p.y]; }",
        [lon, lat],
    )


def in_window(page: Any, lon: float, lat: float) -> list[float]:
    """Where in the window that is, to be clicked."""
    return page.evaluate(
        """([lng, lat]) => {
          const p = gridmap.map.latLngToContainerPoint([lat, lng]);
          const r = gridmap.map.getContainer().getBoundingClientRect();
          return [p.x + r.x, p.y + r.y];
        }""",
        [lon, lat],
    )
