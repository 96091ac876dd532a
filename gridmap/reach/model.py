"""How people walk: speed, detours, and how far from a street one may be."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gridmap.errors import BadValue

__all__ = ["Floats", "Method", "Rows", "Shapes", "Walking"]

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
Shapes = NDArray[np.object_]


class Method(StrEnum):
    """How minutes were found."""

    NETWORK = "network"
    """Along the streets."""
    STRAIGHT = "straight"
    """Straight line times the detour factor: no street is near, or none lies between."""
    NONE = "none"
    """Streets are near both ends, and no way leads from one to the other."""


@dataclass(frozen=True, slots=True)
class Walking:
    """How people walk.

    At 4.5 km/h a quarter of an hour is 1,125 m of street. With the usual detour that is a
    straight line of 865 m, inside the 800 to 1,000 m that planning standards take for the
    15-minute circle.

    Attributes
    ----------
    speed_kmh : float
        Along streets and off them.
    detour : float
        What a straight line is multiplied by where no way along streets is known.
    snap_m : float
        Farther than this from every street, a point is not on the network.
    """

    speed_kmh: float = 4.5
    detour: float = 1.3
    snap_m: float = 250.0

    def __post_init__(self) -> None:
        for name, value, least in (
            ("speed_kmh", self.speed_kmh, 0.0),
            ("detour", self.detour, 1.0),
            ("snap_m", self.snap_m, 0.0),
        ):
            if not np.isfinite(value) or value < least or value == 0.0:
                raise BadValue(
                    f"This is no way to walk: {name}.", got=value, allowed=f"{least:g} or more"
                )

    @property
    def metres_per_minute(self) -> float:
        """Speed in metres a minute."""
        return self.speed_kmh * 1000.0 / 60.0
