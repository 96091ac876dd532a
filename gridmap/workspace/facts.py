"""What stands in the district: ground, overlays, parties, places, organisations, rosters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd

from gridmap.access import Actor, visible_records
from gridmap.coverage.model import STORED_CRS
from gridmap.workspace.base import Base

__all__ = ["Facts"]

# The layer of `gridmap.access` whose policy each kind of record follows.
POLICY = {"places": "places", "organisations": "organisations", "posts": "rosters"}


class Facts(Base):
    """District records, kept by code."""

    def put_records(
        self,
        kind: str,
        records: Iterable[Mapping[str, Any]],
        *,
        replace: bool = False,
        actor: Actor | None = None,
    ) -> tuple[int, int]:
        """Store records of a kind; return how many were new and how many were changed.

        See :func:`gridmap.store.records.put_records`.
        """
        self._staff(actor)
        counts = self.store.put_records(kind, records, replace=replace)
        self._expire()
        return counts

    def records(self, kind: str, *, actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return the records of a kind with the fields this actor may see, in code order."""
        who = actor or self.actor
        return visible_records(who, POLICY.get(kind, kind), self.store.records(kind))

    def ground(self) -> dict[str, gpd.GeoDataFrame]:
        """Return water, parks, railways and roads for drawing, by layer (EPSG:4326)."""
        layers: dict[str, list[dict[str, Any]]] = {}
        for row in self.store.records("ground"):
            layers.setdefault(row["layer"], []).append(row)
        return {
            layer: gpd.GeoDataFrame(rows, geometry="geom", crs=STORED_CRS)
            for layer, rows in layers.items()
        }
