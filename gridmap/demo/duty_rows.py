"""Rows of responsibility layers, and the bodies that own them."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridmap.demo.ground import on_lattice, unfolded
from gridmap.demo.notice import CRS, NOTE
from gridmap.demo.plane import Plane

__all__ = ["DUTY_COLUMNS", "Bodies", "duty_layer", "sound_on_lattice"]

DUTY_COLUMNS = (
    "code", "name", "name_en", "owner", "source", "priority", "valid_from", "valid_to",
)  # fmt: skip
_START = "2025-01-01"


class Bodies:
    """Collects firms, units and offices; each kind is numbered from 1."""

    def __init__(self) -> None:
        self.rows: list[dict[str, str]] = []
        self._count: dict[str, int] = {}

    def add(self, kind: str, name: str, name_en: str, own: str = "") -> str:
        """Add a body and return its code: the kind, a colon, its number or own code."""
        self._count[kind] = self._count.get(kind, 0) + 1
        code = f"{kind}:{own or f'{self._count[kind]:04d}'}"
        phone = f"0990-557{len(self.rows) + 1:04d}"
        self.rows.append({"code": code, "name": name, "name_en": name_en, "phone": phone})
        return code

    @property
    def table(self) -> pd.DataFrame:
        """All bodies: ``code``, ``name``, ``name_en``, ``phone``, ``note``."""
        table = pd.DataFrame(self.rows, columns=["code", "name", "name_en", "phone"])
        return table.assign(note=NOTE)


def sound_on_lattice(shape: Any, plane: Plane) -> Any:
    """Return a metric polygon in lon/lat, valid, near enough on the lattice.

    Rounding alone can fold a thin strip over itself.
    """
    sound = shapely.buffer(on_lattice(shape, plane), 0.0)
    parts = shapely.get_parts(sound)
    return shapely.normalize(parts[int(np.argmax(shapely.area(parts)))])


def duty_layer(rows: list[dict[str, Any]], *more: str) -> gpd.GeoDataFrame:
    """Return a layer of :data:`DUTY_COLUMNS`, further columns, the note and the geometry.

    A row says what differs from an overlay in force since the demo began, of no priority.
    """
    usual = {"owner": "", "source": "", "priority": 0, "valid_from": _START, "valid_to": None}
    full = [{**usual, **dict.fromkeys(more), **row, "note": NOTE} for row in rows]
    for row in full:
        row["geometry"] = unfolded(row["geometry"])
    columns = [*DUTY_COLUMNS, *more, "note", "geometry"]
    return gpd.GeoDataFrame(full, columns=columns, geometry="geometry", crs=CRS)
