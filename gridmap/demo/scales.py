"""The scales of the synthetic district: how much of what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

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
    redrawn : int
        Grids after the redraw that the scale shows; 0 for none.
    built_up : bool
        Homes as far as the edge of town, where other scales have works and fields.
    managed_estates, open_estates : int
        Exact counts of walled and of open estates; 0 for as many as come about.
    buildings : int
        Exact count; 0 for as many as come about.
    places : mapping of str to int
        Exact counts of service points by category; others follow the communities.
    themed : bool
        Every service centre has a theme of its own.
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
    redrawn: int = 0
    built_up: bool = False
    managed_estates: int = 0
    open_estates: int = 0
    buildings: int = 0
    places: Mapping[str, int] = field(default_factory=dict)
    themed: bool = False


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
    "redraw": Scale(
        name="redraw",
        subdistricts=15,
        communities=89,
        grids=620,
        microgrids=3000,
        exclusive=12,
        households=208_000,
        reports=20_000,
        first_subdistrict=21,
        lon=114.95,
        lat=33.93,
        metres_per_lon=92_460.5,
        metres_per_lat=110_921.1,
        half_width=4900.0,
        half_height=4100.0,
        arterial_m=820.0,
        core_m=1900.0,
        turn=0.26,
        river=True,
        river_x=-900.0,
        railway=True,
        enclaves=16,
        twins=18,
        redrawn=539,
        built_up=True,
    ),
    "services": Scale(
        name="services",
        subdistricts=13,
        communities=104,
        grids=520,
        microgrids=1560,
        exclusive=8,
        households=226_000,
        reports=8_000,
        first_subdistrict=41,
        lon=115.10,
        lat=33.93,
        metres_per_lon=92_460.5,
        metres_per_lat=110_921.1,
        half_width=4700.0,
        half_height=3900.0,
        arterial_m=820.0,
        core_m=1900.0,
        turn=0.29,
        river=True,
        river_x=600.0,
        railway=True,
        enclaves=12,
        twins=12,
        built_up=True,
        managed_estates=427,
        open_estates=89,
        places={"canteen": 110, "nursery": 11, "repair": 153},
    ),
    "street": Scale(
        name="street",
        subdistricts=1,
        communities=12,
        grids=102,
        microgrids=505,
        exclusive=2,
        households=66_000,
        reports=6_000,
        first_subdistrict=61,
        lon=115.25,
        lat=33.93,
        metres_per_lon=92_460.5,
        metres_per_lat=110_921.1,
        half_width=2250.0,
        half_height=1950.0,
        arterial_m=680.0,
        core_m=1500.0,
        turn=0.16,
        river=False,
        river_x=0.0,
        railway=False,
        enclaves=6,
        twins=4,
        built_up=True,
        managed_estates=92,
        open_estates=28,
        buildings=2498,
        places={"service_centre": 12},
        themed=True,
    ),
}

SCALES = tuple(_ALL)


def scale_of(name: str) -> Scale:
    """Return the scale called `name`, or raise `BadValue`."""
    try:
        return _ALL[name]
    except KeyError:
        raise BadValue("There is no such scale of the demo.", got=name, allowed=SCALES) from None
