"""What stands in the district: ground, overlays, parties, places, organisations, rosters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from gridmap.access import Actor, redact, visible_records
from gridmap.coverage.model import STORED_CRS
from gridmap.coverage.read import split_source
from gridmap.errors import BadValue
from gridmap.places.ground import read_ground
from gridmap.places.model import GROUND_LAYERS, POST_KINDS, POST_ROLES, Post
from gridmap.places.read import read_organisations, read_places, read_posts
from gridmap.routing.overlays import OVERLAY_KINDS, Overlay, OverlayMap
from gridmap.routing.parties import Party
from gridmap.routing.read import read_overlays, read_parties
from gridmap.workspace.base import Base

__all__ = ["FACT_KINDS", "Facts", "FactsOutcome"]

# The layer of `gridmap.access` whose policy each kind of record follows.
POLICY = {"places": "places", "organisations": "organisations", "posts": "rosters"}


FACT_KINDS = ("places", "organisations", "posts", "parties", *OVERLAY_KINDS, *GROUND_LAYERS)


@dataclass(frozen=True)
class FactsOutcome:
    """What an import of records did, or would do when `committed` is False."""

    kind: str
    rows: int
    added: int
    changed: int
    committed: bool


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

        Raises
        ------
        BadValue
            Also for an overlay or a post that nothing could be routed by.
        """
        self._staff(actor)
        rows = [dict(record) for record in records]
        _require_usable(kind, rows)
        counts = self.store.put_records(kind, rows, replace=replace)
        self._expire()
        return counts

    def import_records(
        self,
        kind: str,
        source: str | Path,
        *,
        coord_sys: str | None = None,
        encoding: str | None = None,
        replace: bool = False,
        commit: bool = False,
        actor: Actor | None = None,
    ) -> FactsOutcome:
        """Read a file of places, organisations, posts, parties, estates or ground.

        A dry run unless `commit`. A record takes the place of the one with its code; with
        `replace` all others of the kind go.

        Parameters
        ----------
        kind : str
            One of :data:`FACT_KINDS`. Overlays are named by their kind (``estate``), ground
            by its layer (``roads``).
        source : str or Path
            CSV, GeoPackage, GeoJSON or Shapefile, ``FILE[:LAYER]``.

        Raises
        ------
        FaultyTable
            With every faulty cell by file, row and column.
        """
        self._staff(actor)
        if kind not in FACT_KINDS:
            raise BadValue("There is no such kind of record.", got=kind, allowed=FACT_KINDS)
        self.foreign(split_source(str(source))[0])
        table, rows = self._read_facts(kind, source, coord_sys, encoding)
        if not commit:
            return FactsOutcome(kind, len(rows), 0, 0, committed=False)
        added, changed = self.store.put_records(table, rows, replace=replace)
        self._expire()
        return FactsOutcome(kind, len(rows), added, changed, committed=True)

    def _read_facts(
        self, kind: str, source: str | Path, coord_sys: str | None, encoding: str | None
    ) -> tuple[str, list[dict[str, Any]]]:
        """Return the store's kind and the rows of a file."""
        levels = self.levels()
        if kind == "places":
            found = read_places(source, coord_sys=coord_sys, encoding=encoding)
            return "places", [asdict(place) for place in found]
        if kind == "organisations":
            known = {row["code"] for row in self.store.records("organisations")}
            bodies = read_organisations(
                source, levels=levels, known=known, coord_sys=coord_sys, encoding=encoding
            )
            return "organisations", [asdict(body) for body in bodies]
        if kind == "posts":
            posts = read_posts(source, levels=levels, encoding=encoding)
            return "posts", [asdict(post) for post in posts]
        if kind == "parties":
            return "parties", [asdict(p) for p in read_parties(source, encoding=encoding)]
        if kind in OVERLAY_KINDS:
            owners = {row["code"]: Party(**row) for row in self.store.records("parties")}
            overlays, shapes = read_overlays(
                source, kind, parties=owners or None, coord_sys=coord_sys, encoding=encoding
            )
            return "overlays", _with_shapes(overlays, shapes)
        ground, shapes = read_ground(source, kind, coord_sys=coord_sys, encoding=encoding)
        return "ground", _with_shapes(ground, shapes)

    def records(self, kind: str, *, actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return the records of a kind with the fields this actor may see, in code order."""
        who = actor or self.actor
        return visible_records(who, POLICY.get(kind, kind), self.store.records(kind))

    def rosters(self, day: date, *, actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return the posts held on a day with the fields this actor may see, in code order."""
        held = [post for post in self.store.records("posts") if Post(**post).on_duty(day)]
        return visible_records(actor or self.actor, POLICY["posts"], held)

    def catalogue(self, *, actor: Actor | None = None) -> dict[str, Any]:
        """Return items, classes and departments as plain records, in table order."""
        found = self.book.catalogue
        items = [asdict(item) for item in found]
        for item in items:
            item["handling_level"] = item.pop("level")
        record = {
            "name": found.name,
            "classes": [asdict(one) for one in found.classes.values()],
            "departments": [asdict(one) for one in self.book.departments.values()],
            "items": items,
        }
        return redact(actor or self.actor, "catalogue", record)

    def ground(self) -> dict[str, gpd.GeoDataFrame]:
        """Return water, parks, railways and roads for drawing, by layer (EPSG:4326)."""
        layers: dict[str, list[dict[str, Any]]] = {}
        for row in self.store.records("ground"):
            layers.setdefault(row["layer"], []).append(row)
        return {
            layer: gpd.GeoDataFrame(rows, geometry="geom", crs=STORED_CRS)
            for layer, rows in layers.items()
        }


def _require_usable(kind: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Refuse what the router cannot read: one such record would stop every route."""
    if kind == "overlays":
        shapes = np.empty(len(rows), dtype=object)
        shapes[:] = [row.get("geom") for row in rows]
        OverlayMap([Overlay(str(row.get("code")), row.get("kind", ""), "") for row in rows], shapes)
    if kind == "posts":
        for row in rows:
            if row.get("role") not in POST_ROLES or row.get("kind") not in POST_KINDS:
                raise BadValue(
                    f"The post '{row.get('code')}' is of no known role or kind.",
                    got=f"{row.get('role')}, {row.get('kind')}",
                    allowed=[*POST_ROLES, *POST_KINDS],
                )


def _with_shapes(records: Iterable[Any], shapes: NDArray[np.object_]) -> list[dict[str, Any]]:
    return [{**asdict(one), "geom": shape} for one, shape in zip(records, shapes, strict=True)]
