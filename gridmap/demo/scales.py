"""The scales of the synthetic district: how much of what."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SCALES", "Scale", "scale_of"]

from gridmap.errors import BadValue


@dataclass(frozen=True)
class Scale:
    """What one scale is made of.

    Attributes
    ----------
    subdistricts, communities, grids, microgrids : int
        Exact counts.
    exclusive : int
        How many of the grids are exclusive ones.
    households : int
        About how many homes there are.
    reports : int
        Exact count of reports.
    half_width, half_height : float
        Half of the built plane, metres; the district is an irregular piece of it.
    arterial_m : float
        Usual distance between arterials in the middle.
    core_m : float
        Radius of the dense old town.
    """

    name: str
    subdistricts: int
    communities: int
    grids: int
    microgrids: int
    exclusive: int
    households: int
    reports: int
    first_subdistrict: int
    lon: float
    lat: float
    metres_per_lon: float
    metres_per_lat: float
    half_width: float
    half_height: float
    arterial_m: float
    core_m: float
    turn: float
    river: bool
    river_x: float
    railway: bool
    enclaves: int
    twins: int


_ALL = {
    "district": Scale(
        name="district",
        subdistricts=5,
        communities=38,
        grids=540,
        microgrids=2623,
        exclusive=14,
        households=196_000,
        reports=60_000,
        first_subdistrict=1,
        lon=114.62,
        lat=33.93,
        metres_per_lon=92_460.5,
        metres_per_lat=110_921.1,
        half_width=4700.0,
        half_height=3900.0,
        arterial_m=820.0,
        core_m=1900.0,
        turn=0.32,
        river=True,
        river_x=1500.0,
        railway=True,
        enclaves=24,
        twins=22,
    ),
    "exclusive": Scale(
        name="exclusive",
        subdistricts=1,
        communities=6,
        grids=52,
        microgrids=252,
        exclusive=2,
        households=20_600,
        reports=6_000,
        first_subdistrict=9,
        lon=114.80,
        lat=33.93,
        metres_per_lon=92_460.5,
        metres_per_lat=110_921.1,
        half_width=1150.0,
        half_height=1000.0,
        arterial_m=640.0,
        core_m=1600.0,
        turn=0.12,
        river=False,
        river_x=0.0,
        railway=False,
        enclaves=4,
        twins=2,
    ),
}

SCALES = tuple(_ALL)


def scale_of(name: str) -> Scale:
    """Return the scale called `name`, or raise `BadValue`."""
    try:
        return _ALL[name]
    except KeyError:
        raise BadValue("There is no such scale of the demo.", got=name, allowed=SCALES) from None
