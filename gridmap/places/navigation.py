"""Ways to a place in other maps, each in the coordinate system that it reads."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote_plus

from gridmap.crs import from_wgs84

__all__ = ["NAVIGATION", "NavigationLink", "navigation_links"]


@dataclass(frozen=True, slots=True)
class NavigationLink:
    """A link that opens a place in another map.

    Attributes
    ----------
    code : str
        ``amap``, ``baidu``, ``tencent`` or ``device``; names are ``nav.CODE`` in the catalogues.
    coord_sys : str
        Of the position in the link.
    url : str
    """

    code: str
    coord_sys: str
    url: str


# Code, the coordinate system that it reads, and its address: one that is filled in by text.
NAVIGATION: tuple[NavigationLink, ...] = (
    NavigationLink(
        "amap",
        "gcj02",
        "https://uri.amap.com/marker?position={x}%2C{y}&name={name}&coordinate=gaode&callnative=1",
    ),
    NavigationLink(
        "baidu",
        "bd09",
        "https://api.map.baidu.com/marker?location={y}%2C{x}&title={name}&content={name}"
        "&output=html&coord_type=bd09ll",
    ),
    NavigationLink(
        "tencent",
        "gcj02",
        "https://apis.map.qq.com/uri/v1/marker?marker=coord%3A{y}%2C{x}%3Btitle%3A{name}",
    ),
    NavigationLink("device", "wgs84", "geo:{y},{x}?q={y}%2C{x}%28{name}%29"),
)


def navigation_links(lon: float, lat: float, name: str) -> list[NavigationLink]:
    """Return the links for a position, EPSG:4326.

    A position in the wrong system leads 500 m to 1.3 km astray: Gaode and Tencent read GCJ-02,
    Baidu BD-09, and the device's own map WGS-84.
    """
    found = []
    for one in NAVIGATION:
        x, y = from_wgs84([lon], [lat], one.coord_sys)
        filled = {"x": f"{x[0]:.6f}", "y": f"{y[0]:.6f}", "name": quote_plus(name)}
        found.append(NavigationLink(one.code, one.coord_sys, one.url.format(**filled)))
    return found
