"""Editions of squares in a workspace whose clock can be moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import numpy as np
import shapely
from sqlalchemy import text

from gridmap.areas import Area
from gridmap.locate.model import Points
from gridmap.store import Store
from gridmap.workspace import Workspace, open_workspace
from tests.store_data import ACTOR, incoming, square

# Cells of a grid: (column, row) of hundredths of a degree.
Cells = Mapping[str, Sequence[tuple[int, int]]]

OLD: Cells = {"G1": [(0, 0)], "G2": [(1, 0)], "G3": [(2, 0)]}
MERGED: Cells = {"G1": [(0, 0), (1, 0)], "G3": [(2, 0)]}
SPLIT: Cells = {"G1": [(0, 0)], "G2": [(1, 0)], "G4": [(2, 0)], "G5": [(2, 1)]}


def march(day: int, hour: int = 0) -> datetime:
    """A moment of March 2026, UTC."""
    return datetime(2026, 3, day, hour, tzinfo=UTC)


class Moving:
    """A clock that shows what it is set to."""

    def __init__(self, moment: datetime) -> None:
        self.now = moment

    def __call__(self) -> datetime:
        return self.now


@contextmanager
def moving_workspace(url: str, moment: datetime | None = None) -> Iterator[tuple[Workspace, Any]]:
    """Yield a workspace and its clock, which stands at 1 March 2026 at first."""
    clock = Moving(moment or march(1))
    with open_workspace(url, clock=clock) as workspace:
        yield workspace, clock


def shape(cells: Sequence[tuple[int, int]]) -> Any:
    """The union of cells."""
    return shapely.union_all([square(*cell) for cell in cells])


def put(
    store: Store, name: str, cells: Cells, *, level: str = "grid", family: str | None = None
) -> None:
    """Make a draft with one area a code; base grids lie in the community P0."""
    store.ensure_draft(name, ACTOR, family=family)
    base = family in (None, "base")
    if base:
        community = Area(-1, "community", "P0", "社区", "Community")
        store.import_areas(name, incoming([community], [None]), ACTOR)
    areas = [
        Area(-1, level, code, f"{code}号", "", *(("community", "P0") if base else (None, None)))
        for code in cells
    ]
    more = [{"households": len(code), "备注": f"来自{name}"} for code in cells]
    shapes = [shape(cells[code]) for code in cells]
    store.import_areas(name, incoming(areas, shapes, attributes=more, source=f"{name}.gpkg"), ACTOR)


def published(workspace: Workspace, name: str, cells: Cells, start: datetime, **more: Any) -> Any:
    """Put a draft in force from a moment."""
    put(workspace.store, name, cells)
    return workspace.publish(name, effective_from=start, commit=True, **more)


def probes() -> tuple[np.ndarray, np.ndarray]:
    """Middles, borders and corners of the cells, and places outside: lon, lat."""
    steps = np.arange(-1, 9) * 0.005
    lon, lat = np.meshgrid(117 + steps, 36 + steps[:6])
    return lon.ravel(), lat.ravel()


def answers(workspace: Workspace, moment: datetime) -> Any:
    """All that `locate` says of the probes at a moment, but for the edition's name."""
    lon, lat = probes()
    points = Points(x=lon, y=lat, at=[moment] * len(lon), accuracy_m=np.full(len(lon), 30.0))
    found = workspace.locate_many(points, margins=True)
    return [
        (
            dict(one.areas),
            one.location_status,
            one.margin_m,
            dict(one.margins_m),
            one.certain_level,
            one.candidates,
            one.nearest,
        )
        for one in found
    ]


def named(workspace: Workspace, moment: datetime, family: str = "base") -> str | None:
    """Name of the edition in force."""
    found = workspace.edition_at(moment, family=family)
    return found.name if found else None


def rows(store: Store, query: str) -> list[Any]:
    """Rows of a plain query."""
    with store._database.read() as connection:
        return list(connection.execute(text(query)))


def stored(store: Store) -> tuple[int, int, int]:
    """How many editions, imports and areas there are, hidden ones too."""
    return tuple(
        rows(store, f"SELECT count(*) FROM {table}")[0][0]
        for table in ("editions", "imports", "areas")
    )  # type: ignore[return-value]
