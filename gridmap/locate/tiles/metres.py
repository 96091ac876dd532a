"""Metres between a point and an edge that is straight in longitude and latitude.

Near by, a plane laid at the point does: metres a degree of latitude and of longitude there
(from the WGS-84 ellipsoid's radii), the latter corrected for the latitude half-way to
the foot. Its error grows with the square of the distance; :func:`degree_lengths` says up to
where it is below a few parts in ten thousand. Farther away, straight distances between
earth-centred places stand for those along the ground: they order edges alike, and the
distance of the foot that is found is then computed along the geodesic.
"""

from __future__ import annotations

import math

from gridmap.locate.tiles.jit import inlined, inner

__all__ = [
    "SEAM",
    "degree_lengths",
    "earth_place",
    "far_square",
    "near_square",
]

_A, _F = 6378137.0, 1 / 298.257223563  # WGS-84
_E2 = _F * (2 - _F)
_DEGREE = math.pi / 180
_LIMIT_M = 20_000.0
_SKEW = 0.01  # most that a degree of longitude may differ between a point and the foot
# Beyond, the nearest edge may lie across the antimeridian: `_SKEW` in degrees from it.
SEAM = 179.4
_SAMPLES = 16


@inner
def degree_lengths(lat: float) -> tuple[float, float, float, float]:
    """Metres a degree of longitude and of latitude; how the first shrinks a degree north.

    The last is how far from there a plane is true to much less than 0.1 %, in metres.
    """
    sine, cosine = math.sin(lat * _DEGREE), max(math.cos(lat * _DEGREE), 1e-12)
    square = 1 - _E2 * sine * sine
    prime = _A / math.sqrt(square)
    meridian = prime * (1 - _E2) / square
    limit = min(_LIMIT_M, _SKEW * 6.36e6 * cosine / max(abs(sine), 1e-9))
    shrink = meridian * sine * _DEGREE * _DEGREE
    return prime * cosine * _DEGREE, meridian * _DEGREE, shrink, limit


@inlined
def near_square(
    ax: float, ay: float, bx: float, by: float, kx: float, ky: float, shrink: float
) -> tuple[float, float]:
    """Square of the metres to an edge given from the point, and where along it the foot is."""
    ex, ey = (bx - ax) * kx, (by - ay) * ky
    square = ex * ex + ey * ey
    along = -(ax * kx * ex + ay * ky * ey) / square if square > 0 else 0.0
    along = min(max(along, 0.0), 1.0)
    dx, dy = ax + along * (bx - ax), ay + along * (by - ay)
    mx, my = dx * (kx - 0.5 * shrink * dy), dy * ky
    return mx * mx + my * my, along


@inner
def earth_place(lon: float, lat: float) -> tuple[float, float, float]:
    """Earth-centred metres of a place on the ellipsoid."""
    sine, cosine = math.sin(lat * _DEGREE), math.cos(lat * _DEGREE)
    prime = _A / math.sqrt(1 - _E2 * sine * sine)
    flat = prime * cosine
    return (
        flat * math.cos(lon * _DEGREE),
        flat * math.sin(lon * _DEGREE),
        prime * (1 - _E2) * sine,
    )


@inner
def _square_at(
    ax: float, ay: float, bx: float, by: float, along: float, px: float, py: float, pz: float
) -> float:
    x, y, z = earth_place(ax + along * (bx - ax), ay + along * (by - ay))
    return (x - px) ** 2 + (y - py) ** 2 + (z - pz) ** 2


@inner
def far_square(
    ax: float, ay: float, bx: float, by: float, px: float, py: float, pz: float, best: float
) -> tuple[float, float]:
    """Square of the straight metres to an edge, and where along it the foot is.

    An edge that is farther than the root of `best` may be answered with infinity. A short
    edge is taken as the straight line between its ends; a long one bends beside it and is
    searched: sampled, then narrowed down round the best sample.
    """
    x0, y0, z0 = earth_place(ax, ay)
    x1, y1, z1 = earth_place(bx, by)
    ex, ey, ez = x1 - x0, y1 - y0, z1 - z0
    square = ex * ex + ey * ey + ez * ez
    gx, gy, gz = px - x0, py - y0, pz - z0
    along = (gx * ex + gy * ey + gz * ez) / square if square > 0 else 0.0
    along = min(max(along, 0.0), 1.0)
    found = (gx - along * ex) ** 2 + (gy - along * ey) ** 2 + (gz - along * ez) ** 2
    steep = 1 + 2 * abs(math.tan(min(max(abs(ay), abs(by)), 89.9999) * _DEGREE))
    degrees = abs(bx - ax) + abs(by - ay)
    bend = min(square / 5e7 * steep, 112_000.0 * degrees)
    if degrees > 20:
        bend = 112_000.0 * degrees
    away = math.sqrt(found)
    if away - bend > math.sqrt(best):
        return math.inf, 0.0
    if bend < 1e-4 * away:
        return _square_at(ax, ay, bx, by, along, px, py, pz), along
    return _searched(ax, ay, bx, by, px, py, pz)


@inner
def _searched(
    ax: float, ay: float, bx: float, by: float, px: float, py: float, pz: float
) -> tuple[float, float]:
    best, middle = math.inf, 0.0
    for i in range(_SAMPLES + 1):
        square = _square_at(ax, ay, bx, by, i / _SAMPLES, px, py, pz)
        if square < best:
            best, middle = square, i / _SAMPLES
    low, high = max(middle - 1 / _SAMPLES, 0.0), min(middle + 1 / _SAMPLES, 1.0)
    for _ in range(56):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        if _square_at(ax, ay, bx, by, left, px, py, pz) < _square_at(
            ax, ay, bx, by, right, px, py, pz
        ):
            high = right
        else:
            low = left
    along = (low + high) / 2
    square = _square_at(ax, ay, bx, by, along, px, py, pz)
    # The foot may be an end, which narrowing down only comes close to.
    return (square, along) if square < best else (best, middle)
