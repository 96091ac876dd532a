"""The piece of ground that is on the paper, at a round scale, north up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.crs import metres_per_degree
from gridmap.sheets.papers import Box

__all__ = ["Frame", "frames_around"]

Floats = NDArray[np.float64]
Objects = NDArray[np.object_]

# Scales that people can reckon with.
_ROUND = (500, 750, 1000, 1250, 1500, 2000, 2500, 3000, 4000, 5000, 6000, 7500, 10_000, 12_500,
          15_000, 20_000, 25_000, 30_000, 40_000, 50_000, 75_000, 100_000, 150_000, 200_000,
          250_000, 500_000, 1_000_000)  # fmt: skip
# Free paper around what the sheet is about, as a share of its own size.
_AROUND = 0.12


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle of ground on a rectangle of paper.

    Attributes
    ----------
    lon, lat : float
        Its middle, EPSG:4326.
    scale : int
        Metres of ground to a metre of paper.
    box : Box
        Millimetres of paper.
    """

    lon: float
    lat: float
    scale: int
    box: Box

    def to_paper(self, lonlat: Floats) -> Floats:
        """Return millimetres from the upper left corner, (n, 2), of degrees, (n, 2).

        A plane with the middle's own metres a degree; over a kilometre it errs by centimetres.
        """
        kx, ky = (float(k) for k in metres_per_degree(self.lat))
        x = (lonlat[:, 0] - self.lon) * kx * 1000 / self.scale + self.box.width / 2
        y = self.box.height / 2 - (lonlat[:, 1] - self.lat) * ky * 1000 / self.scale
        return np.column_stack([x, y])

    def drawn(self, shapes: Objects) -> Objects:
        """Return shapes on paper, cut at the frame's edge; what is outside becomes empty."""
        moved = shapely.transform(shapes, self.to_paper)
        cut = shapely.clip_by_rect(moved, 0, 0, self.box.width, self.box.height)
        return np.asarray(shapely.simplify(cut, 0.05, preserve_topology=True), dtype=object)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        kx, ky = (float(k) for k in metres_per_degree(self.lat))
        half_x = self.box.width / 2000 * self.scale / kx
        half_y = self.box.height / 2000 * self.scale / ky
        return self.lon - half_x, self.lat - half_y, self.lon + half_x, self.lat + half_y

    def holds(self, lonlat: Floats, *, inside_mm: float = 0.0) -> NDArray[np.bool_]:
        """Tell which points are on the paper, and so far from its edge."""
        at = self.to_paper(lonlat)
        far = np.array([self.box.width, self.box.height]) - inside_mm
        return np.asarray(((at >= inside_mm) & (at <= far)).all(axis=1))


def frames_around(
    focus: object, box: Box, *, largest: int | None = None, around: Iterable[int] = _ROUND
) -> Iterator[Frame]:
    """Yield frames that hold all of `focus`, from near to far, up to the scale `largest`.

    At least the first is yielded, whatever its scale: what a sheet is about is never cut off.
    """
    west, south, east, north = shapely.bounds(focus).tolist()
    lon, lat = (west + east) / 2, (south + north) / 2
    kx, ky = (float(k) for k in metres_per_degree(lat))
    need = max((east - west) * kx / box.width, (north - south) * ky / box.height)
    need *= 1000 * (1 + 2 * _AROUND)
    fitting = [scale for scale in around if scale >= need] or [int(np.ceil(need))]
    for number, scale in enumerate(fitting):
        if number and largest is not None and scale > largest:
            return
        yield Frame(lon, lat, scale, box)
