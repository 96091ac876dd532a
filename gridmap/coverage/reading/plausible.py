"""Whether coordinates can be in the system they are said to be in, by their size alone."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from gridmap.coordsys import zone_number
from gridmap.coverage.datum.readings import Box, in_degrees, short
from gridmap.crs import in_gcj_area, in_own_zone
from gridmap.errors import BadValue

__all__ = ["check_plausible", "doubtful_place", "zone_hint"]

_REPAIR = "Name the system the coordinates are really in with --coord-sys."
# Numbers of the CGCS2000 zone systems with the zone in the easting, and what leads from each
# to the same zone without it.
_ZONE_FORMS = ((range(4513, 4534), 21), (range(4491, 4502), 11))


def check_plausible(bounds: NDArray[np.float64], coord_sys: str) -> None:
    """Raise `BadValue` when a layer with these bounds cannot be in `coord_sys`.

    Bounds are min x, min y, max x, max y. Metres under degrees, degrees under metres,
    swapped axes and eastings of another zone are told apart, and the likely truth is named;
    NaN bounds (nothing there) pass.
    """
    if not np.isfinite(bounds).all():
        return
    x0, y0, x1, y1 = box = _box(bounds)
    got = f"x {x0:.10g} to {x1:.10g}, y {y0:.10g} to {y1:.10g} as {short(coord_sys)}"
    wide, high = max(abs(x0), abs(x1)), max(abs(y0), abs(y1))
    fits_degrees, fits_swapped = wide <= 180 and high <= 90, wide <= 90 and high <= 180
    if in_degrees(coord_sys) and not fits_degrees:
        if fits_swapped:
            raise BadValue(
                "Latitude and longitude are swapped.",
                got=got,
                repair="Swap the axes in a GIS; x is the longitude.",
            )
        raise BadValue(
            "The coordinates are metres, not degrees.", got=got, repair=zone_hint(box, coord_sys)
        )
    if not in_degrees(coord_sys) and (fits_degrees or fits_swapped):
        order = "" if fits_degrees else " Latitude stands first: swap the axes in a GIS, too."
        raise BadValue(
            "The coordinates are degrees, not metres.",
            got=got,
            repair=_REPAIR + " Degrees are wgs84, cgcs2000, gcj02 or bd09." + order,
        )
    if not _of_its_zone(x0, x1, coord_sys):
        raise BadValue(
            "The eastings are not of the zone of their coordinate system.",
            got=got,
            repair=_zone_repair(box, coord_sys),
        )


def _zone_repair(box: Box, coord_sys: str) -> str:
    """Say what to do about eastings that reach beyond their zone, or are of another one.

    Far beyond, numbers of a wide layer cannot be told from those of the next zone. Without the
    number in them there is nothing to mistake.
    """
    zone = zone_number(coord_sys)
    if zone is None or (box[0] + box[2]) / 2 // 1_000_000 != zone:
        return zone_hint(box, coord_sys)
    same = _without_number(coord_sys)
    return (
        "They reach more than 100 km into the numbers of the next zone. For a layer that wide take "
        f"{zone} 000 000 off its eastings and declare {same or 'the same zone without the number'}"
        ", or convert it to degrees in a GIS."
    )


def _of_its_zone(east0: float, east1: float, coord_sys: str) -> bool:
    """Tell whether a layer lies about the zone whose number its system writes before eastings."""
    zone = zone_number(coord_sys)
    middle = (east0 + east1) / 2
    if zone is None:
        return True
    return middle // 1_000_000 == zone and bool(in_own_zone([east0, east1], coord_sys).all())


def zone_hint(bounds: NDArray[np.float64] | Box, declared: str) -> str:
    """Say which CGCS2000 Gauss-Krueger system such eastings and northings belong to.

    Told apart: eastings with and without the zone number, and northings that stand first.
    """
    x0, y0, x1, y1 = _box(bounds)
    found = _zones(x0, x1, y0, declared)
    if found:
        return f"{_REPAIR} {found}"
    found = _zones(y0, y1, x0, declared)
    return f"{_REPAIR} Northing stands first: swap the axes in a GIS. {found}" if found else _REPAIR


def _zones(east0: float, east1: float, north0: float, declared: str) -> str:
    zone = int(east0 // 1_000_000)
    if zone == east1 // 1_000_000 and north0 > 0:
        if 25 <= zone <= 45:
            return f"Eastings like these belong to EPSG:{4488 + zone}."
        if 13 <= zone <= 23:
            return f"Eastings like these belong to EPSG:{4478 + zone}."
    if not (east0 > 100_000 and east1 < 900_000 and 1_500_000 < north0 < 6_000_000):
        return ""
    same = _without_number(declared)
    if same:
        return f"Without the zone number in the easting it is {same}."
    return "It may be one of EPSG:4534 to 4554 (by its central meridian)."


def _without_number(declared: str) -> str:
    """Return the same zone of CGCS2000 without its number in the easting; empty for no such."""
    code = re.fullmatch(r"EPSG:(\d+)", declared)
    for numbers, step in _ZONE_FORMS:
        if code and int(code[1]) in numbers:
            return f"EPSG:{int(code[1]) + step}"
    return ""


def doubtful_place(bounds: NDArray[np.float64] | Box) -> str:
    """Return a doubt about where a layer lies (bounds in EPSG:4326), empty when there is none.

    West of 90 E, swapped axes of a place in China still look like degrees; they lie around
    Franz Josef Land, where nobody has communities.
    """
    west, south, east, north = _box(bounds)
    # China reaches from 73.5 E and from 18 N (the islands apart, east of 90 E anyway).
    if not (south >= 73.0 and west >= 18.0 and in_gcj_area([south, north], [west, east]).all()):
        return ""
    return (
        f"The layer lies around {(south + north) / 2:.1f} N {(west + east) / 2:.1f} E, in the "
        "Arctic; with the axes swapped it lies in China. Latitude seems to stand first: swap "
        "the axes in a GIS."
    )


def _box(bounds: NDArray[np.float64] | Box) -> Box:
    x0, y0, x1, y1 = (float(v) for v in bounds)
    return x0, y0, x1, y1
