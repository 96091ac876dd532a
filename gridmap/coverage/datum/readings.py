"""Ideas of what coordinates really are, when they may not be what they are said to be.

A *reading* has two parts. A frame says through which system the pairs go, and in which order
they stand: a wrong one misses by far more than a district. A mix-up says that positions of
one of WGS-84, GCJ-02 and BD-09 were taken for another, at this door or at an earlier one:
that misses by some hundred metres in any frame. The forward functions are those of
:mod:`gridmap.crs`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_crs_info
from pyproj.enums import PJType

from gridmap.crs import COORD_SYSTEMS, from_wgs84, normalise_name, to_wgs84
from gridmap.errors import UnknownCoordSys
from gridmap.i18n import Saying

__all__ = [
    "AS_SAID",
    "MIX_UPS",
    "Box",
    "Frame",
    "MixUp",
    "Reading",
    "frames",
    "in_degrees",
    "registered_frames",
    "short",
    "zone_frames",
]

Floats = NDArray[np.float64]
Box = tuple[float, float, float, float]  # min x, min y, max x, max y

_PLAIN = ("wgs84", "cgcs2000")


@dataclass(frozen=True, slots=True)
class Frame:
    """The system that raw pairs go through; `swapped` when latitude or northing stands first."""

    system: str
    swapped: bool = False

    def lonlat(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Raw pairs to EPSG:4326; NaN where they cannot be in this system."""
        return to_wgs84(y, x, self.system) if self.swapped else to_wgs84(x, y, self.system)

    @property
    def said(self) -> Saying:
        """Words for a message."""
        key = "datum.swapped" if self.swapped else "datum.system"
        return Saying(key, {"system": short(self.system)})


@dataclass(frozen=True, slots=True)
class MixUp:
    """Positions in the system `really` that were taken for `taken`, `times` over."""

    taken: str
    really: str
    times: int = 1

    def mend(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Positions as they came out (EPSG:4326) to where they belong."""
        return self._step(lon, lat, self.taken, self.really)

    def repeat(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Positions where they belong to where the mix-up puts them; reverse of `mend`."""
        return self._step(lon, lat, self.really, self.taken)

    def _step(self, lon: Floats, lat: Floats, one: str, other: str) -> tuple[Floats, Floats]:
        if self.taken == self.really:
            return lon, lat
        for _ in range(self.times):
            lon, lat = to_wgs84(*from_wgs84(lon, lat, one), other)
        return lon, lat


AS_SAID = MixUp("wgs84", "wgs84")

MIX_UPS = (
    MixUp("wgs84", "gcj02"),
    MixUp("wgs84", "bd09"),
    MixUp("gcj02", "wgs84"),
    MixUp("bd09", "wgs84"),
    MixUp("gcj02", "bd09"),
    MixUp("bd09", "gcj02"),
    MixUp("wgs84", "gcj02", times=2),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A frame and a mix-up: one idea of the truth."""

    frame: Frame
    mix_up: MixUp = AS_SAID

    def lonlat(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Raw pairs to EPSG:4326 as this reading has it."""
        return self.mix_up.mend(*self.frame.lonlat(x, y))

    @property
    def direct(self) -> bool:
        """True when the mix-up, if any, is in what is declared, and not an earlier one."""
        plain = self.mix_up == AS_SAID
        return plain or (self.mix_up.times == 1 and self.mix_up.taken == _datum(self.frame.system))

    @property
    def coord_sys(self) -> str | None:
        """The system to declare so that the data come out right; None when no name does."""
        if self.frame.swapped or not self.direct:
            return None
        return self.frame.system if self.mix_up == AS_SAID else self.mix_up.really

    @property
    def said(self) -> Saying:
        """What the coordinates are, in words."""
        mix_up, frame = self.mix_up, self.frame
        if self.coord_sys is not None:
            return Saying("datum.system", {"system": short(self.coord_sys)})
        if mix_up == AS_SAID:
            return frame.said
        if mix_up.times == 1 and self.direct:
            return Frame(mix_up.really, frame.swapped).said
        key = "datum.shifted_twice" if mix_up.times > 1 else "datum.mistaken"
        values = {"really": mix_up.really, "taken": mix_up.taken, "frame": frame.said}
        return Saying(key, values)

    @property
    def mend(self) -> Saying:
        """What mends it, in a sentence."""
        if self.coord_sys is not None:
            return Saying("datum.mend.state", {"system": short(self.coord_sys)})
        if self.frame.swapped:
            return Saying("datum.mend.swap")
        if self.mix_up.really == "wgs84":
            return Saying("datum.mend.corrected", {"taken": self.mix_up.taken})
        return Saying("datum.mend.before")


def _datum(system: str) -> str:
    """The system that a mix-up names for the positions of a frame."""
    return "wgs84" if system in _PLAIN else system


def short(system: str) -> str:
    """Name a system in a message; a long definition may carry a city's parameters."""
    return system if len(system) <= 40 else system[:20] + "..."


def in_degrees(system: str) -> bool:
    """True when the system (a normal name) counts in degrees."""
    return system in COORD_SYSTEMS or bool(CRS.from_user_input(system).is_geographic)


def frames(bounds: Box, declared: str, place: Box | None = None) -> list[Frame]:
    """Return the frames that raw pairs of these magnitudes may be in, the declared one first.

    Parameters
    ----------
    bounds : Box
        Of the raw pairs.
    declared : str
        A normal name.
    place : Box, optional
        Where the data should lie, EPSG:4326 degrees: only zones near it are tried.
    """
    x0, y0, x1, y1 = bounds
    found = [Frame(declared)]
    if max(abs(x0), abs(x1), abs(y0), abs(y1)) <= 180.0:
        named = declared if in_degrees(declared) else "wgs84"
        found += [Frame(named), Frame(named, swapped=True)]
    else:
        if not in_degrees(declared):
            found.append(Frame(declared, swapped=True))
        found += zone_frames(bounds, place)
        found += [Frame(f.system, True) for f in zone_frames((y0, x0, y1, x1), place)]
    return list(dict.fromkeys(found))


def zone_frames(bounds: Box, place: Box | None = None) -> list[Frame]:
    """Return the plane systems of China, and UTM, that such eastings and northings suit."""
    return [Frame(f"EPSG:{code}") for code in _zones(bounds, place)]


def _zones(bounds: Box, place: Box | None) -> Iterator[int]:
    x0, y0, x1, y1 = bounds
    million = int(x0 // 1_000_000)
    if million == x1 // 1_000_000 and y0 > 0:
        if 25 <= million <= 45:
            yield 4488 + million
        if 13 <= million <= 23:
            yield 4478 + million
    if x0 > 100_000 and x1 < 900_000 and y0 > 1_500_000 and y1 < 6_000_000:
        # By central meridian: three degrees apart from 75 E, then six degrees apart.
        yield from (4534 + k for k in range(21) if _near(75.0 + 3 * k, place, 4.5))
        yield from (4502 + k for k in range(11) if _near(75.0 + 6 * k, place, 7.5))
    if place is not None and x0 > 100_000 and x1 < 900_000 and y0 >= 0 and y1 <= 1e7:
        zone = int((place[0] + place[2]) / 2 // 6) + 31
        yield (32600 if place[1] + place[3] >= 0 else 32700) + zone
    if max(abs(x0), abs(y0), abs(x1), abs(y1)) <= 20_037_509:
        yield 3857


def _near(meridian: float, place: Box | None, reach: float) -> bool:
    return place is None or abs((place[0] + place[2]) / 2 - meridian) <= reach


def registered_frames(place: Box) -> list[Frame]:
    """Return every plane system of the EPSG register that is used around a place.

    Slow (a tenth of a second and more): for data that no other frame brings there.
    """
    area = AreaOfInterest(*place)
    found = query_crs_info("EPSG", PJType.PROJECTED_CRS, area_of_interest=area, contains=True)
    known = []
    for info in found:
        try:
            known.append(Frame(normalise_name(f"EPSG:{info.code}")))
        except UnknownCoordSys:  # PROJ cannot tie its datum to WGS-84
            continue
    return list(dict.fromkeys(known))
