"""Ways to a place in other maps, each in the coordinate system that it reads."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from gridmap.crs import from_wgs84

__all__ = ["NavigationLink", "navigation_links"]


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


def navigation_links(lon: float, lat: float, name: str) -> list[NavigationLink]:
    """Return the links for a position, EPSG:4326.

    A position in the wrong system leads 500 m to 1.3 km astray: Gaode and Tencent read GCJ-02,
    Baidu BD-09, and the device's own map WGS-84.
    """
    gcj_x, gcj_y = _shifted(lon, lat, "gcj02")
    bd_x, bd_y = _shifted(lon, lat, "bd09")
    amap = {"position": f"{gcj_x},{gcj_y}", "name": name, "coordinate": "gaode", "callnative": 1}
    baidu = {
        "location": f"{bd_y},{bd_x}",
        "title": name,
        "content": name,
        "output": "html",
        "coord_type": "bd09ll",
    }
    tencent = {"marker": f"coord:{gcj_y},{gcj_x};title:{name}"}
    return [
        NavigationLink("amap", "gcj02", f"https://uri.amap.com/marker?{urlencode(amap)}"),
        NavigationLink("baidu", "bd09", f"https://api.map.baidu.com/marker?{urlencode(baidu)}"),
        NavigationLink(
            "tencent", "gcj02", f"https://apis.map.qq.com/uri/v1/marker?{urlencode(tencent)}"
        ),
        NavigationLink(
            "device",
            "wgs84",
            f"geo:{lat:.6f},{lon:.6f}?" + urlencode({"q": f"{lat:.6f},{lon:.6f}({name})"}),
        ),
    ]


def _shifted(lon: float, lat: float, coord_sys: str) -> tuple[str, str]:
    x, y = from_wgs84([lon], [lat], coord_sys)
    return f"{x[0]:.6f}", f"{y[0]:.6f}"
