"""Overlays, parties and posts as they hold together, with what tells one state from another."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import orjson
import shapely

from gridmap.places.model import Post
from gridmap.routing.book import RouteBook
from gridmap.routing.overlays import Overlay, OverlayMap
from gridmap.routing.parties import Party

__all__ = ["STATE_KINDS", "FactState"]

# What decisions are made by; places and organisations answer for nothing.
STATE_KINDS = ("overlays", "parties", "posts")


@dataclass(frozen=True, eq=False)
class FactState:
    """Records by kind, as the store gives them."""

    records: Mapping[str, list[dict[str, Any]]]

    @cached_property
    def digests(self) -> list[tuple[str, str, Mapping[str, Any]]]:
        """Digest, kind and record of each."""
        return [
            (digest, kind, record)
            for kind in STATE_KINDS
            for digest, record in _digests(kind, self.records.get(kind, []))
        ]

    @cached_property
    def fingerprint(self) -> str:
        """What tells two states apart: 64 hexadecimal digits."""
        plain = "".join(sorted(digest for digest, _, _ in self.digests))
        return hashlib.sha256(plain.encode()).hexdigest()

    def responsibilities(self, book: RouteBook) -> tuple[OverlayMap, list[Party], list[Post]]:
        """Return what a router is made of, beside the rules and the areas."""
        rows = self.records.get("overlays", [])
        shapes = np.empty(len(rows), dtype=object)
        shapes[:] = [row["geom"] for row in rows]
        overlays = [Overlay(**{k: v for k, v in row.items() if k != "geom"}) for row in rows]
        return (
            OverlayMap(overlays, shapes, reach=book.reach),
            [Party(**row) for row in self.records.get("parties", [])],
            [Post(**row) for row in self.records.get("posts", [])],
        )


def _digests(kind: str, records: list[dict[str, Any]]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    shapes = np.array([None] * len(records), dtype=object)
    shapes[:] = [record.get("geom") for record in records]
    drawn = shapely.to_wkb(shapes, output_dimension=2, byte_order=1).tolist()
    for record, wkb in zip(records, drawn, strict=True):
        plain = {name: value for name, value in record.items() if name != "geom"}
        text = orjson.dumps([kind, plain], option=orjson.OPT_SORT_KEYS)
        yield hashlib.sha256(text + (wkb or b"")).hexdigest(), record
