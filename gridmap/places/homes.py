"""Buildings and the households in them, from a file: where homes are, to the door."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.places.positions import POSITION, positions, shapes
from gridmap.places.sheet import Column, open_sheet

__all__ = ["read_homes"]

Floats = NDArray[np.float64]

_HOMES = (Column("households", ("户数", "住户数"), required=True), *POSITION)


def read_homes(source: str | Path, *, coord_sys: str | None = None) -> tuple[Floats, Floats]:
    """Read buildings.

    Parameters
    ----------
    source : str or Path
        A layer of any shape, or a table with ``lon`` and ``lat``; the column ``households``
        (户数) counts, buildings without are left out.
    coord_sys : str, optional
        Overrides what the file declares.

    Returns
    -------
    float64 (n, 2)
        A place inside each building, EPSG:4326.
    float64 (n,)
        Households.

    Raises
    ------
    FaultyTable
        With every faulty cell by file, row and column.
    MissingColumn, UnknownCoordSys
    """
    sheet = open_sheet(source, _HOMES)
    households = np.array([record.whole("households") or 0 for record in sheet.records], float)
    if sheet.geometry is None:
        lonlat = np.column_stack(positions(sheet, coord_sys))
        for record, (lon, _), count in zip(sheet.records, lonlat, households, strict=True):
            if count and not np.isfinite(lon):
                record.refuse("lon", "is empty")
    else:
        lonlat = shapely.get_coordinates(shapely.point_on_surface(shapes(sheet, coord_sys)))
    sheet.finish()
    lived = households > 0
    return lonlat.reshape(-1, 2)[lived], households[lived]
