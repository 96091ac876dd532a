"""Small layers to put into a store: rows of squares, two levels of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import shapely

from gridmap.access import Actor
from gridmap.areas import Area
from gridmap.coverage.importing.incoming import ImportReport, Incoming
from gridmap.coverage.model import Coverage
from gridmap.store import Store

ACTOR = Actor.operator("tester")
SIZE = 0.01


def day(number: int) -> datetime:
    """Midnight, UTC, of a day in January 2026."""
    return datetime(2026, 1, number, tzinfo=UTC)


def square(column: int, row: int = 0) -> Any:
    """A square in the middle of nowhere, sides of a hundredth of a degree."""
    x, y = 117 + column * SIZE, 36 + row * SIZE
    return shapely.box(x, y, x + SIZE, y + SIZE)


def incoming(
    areas: Sequence[Area],
    geometry: Sequence[Any],
    *,
    attributes: Sequence[dict[str, Any]] | None = None,
    source: str = "squares.gpkg",
) -> Incoming:
    """Wrap areas of one level as an import hands them to the store."""
    shapes = np.empty(len(areas), dtype=object)
    shapes[:] = list(geometry)
    report = ImportReport(
        rows=len(areas),
        areas=len(areas),
        coord_sys="wgs84",
        kept_columns=(),
        dropped_columns=(),
        provisional=(),
        messages=(),
    )
    return Incoming(
        level=areas[0].level if areas else "grid",
        areas=list(areas),
        geometry=shapes,
        attributes=list(attributes or [{} for _ in areas]),
        coord_sys="wgs84",
        source=source,
        source_layer="squares",
        source_sha256="0" * 64,
        encoding=None,
        report=report,
    )


def parents(count: int = 2, *, level: str = "community", geometry: bool = True) -> Incoming:
    """Communities P0, P1, ...: bands, each one square high and ten wide."""
    areas = [Area(-1, level, f"P{i}", f"社区{i}", f"Community {i}") for i in range(count)]
    bands = [shapely.box(117, 36 + i * SIZE, 117.1, 36 + (i + 1) * SIZE) for i in range(count)]
    return incoming(areas, bands if geometry else [None] * count)


def children(count: int = 4, *, level: str = "grid", name: str = "网格") -> Incoming:
    """Grids C0000, C0001, ...: squares along the bands, in turn one of each of two parents."""
    areas = [
        Area(-1, level, f"C{i:04}", f"{name}{i}", f"Grid {i}", "community", f"P{i % 2}")
        for i in range(count)
    ]
    shapes = [square(i // 2, i % 2) for i in range(count)]
    return incoming(areas, shapes, attributes=[{"households": i} for i in range(count)])


def fill(store: Store, edition: str = "e1", *, count: int = 4, name: str = "网格") -> Coverage:
    """Make a draft with two communities and `count` grids; return its coverage."""
    store.ensure_draft(edition, ACTOR)
    store.import_areas(edition, parents(), ACTOR)
    store.import_areas(edition, children(count, name=name), ACTOR)
    return store.coverage(edition)


def publish(store: Store, edition: str = "e1", start: datetime | None = None) -> None:
    """Publish a draft from `start`, by default 2 January 2026."""
    store.publish(
        edition,
        start or day(2),
        ACTOR,
        accepted_faults=None,
        shapes=store.coverage(edition),
        content_hash="cafe",
    )


def codes(coverage: Coverage, level: str) -> list[str]:
    """Codes of one level, in the order of the coverage."""
    return [coverage.code[row] for row in coverage.rows(level)]
