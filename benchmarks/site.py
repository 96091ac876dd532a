"""A store with one published edition of a town, to serve from and to write into."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rivals import postgis_server
from benchmarks.town import Town, areas_of
from gridmap.store import Store
from tests.store_data import ACTOR, incoming, publish

__all__ = ["geopackage", "postgis"]


@contextmanager
def geopackage(place: Town, held: Sequence[dict[str, Any]] | None = None) -> Iterator[str]:
    """Path of a GeoPackage with the town in force since January; removed at the end.

    `held` are attributes of its atoms.
    """
    with tempfile.TemporaryDirectory() as folder:
        where = str(Path(folder) / "bench.gpkg")
        fill(where, place, held)
        yield where


@contextmanager
def postgis(place: Town) -> Iterator[tuple[str, str]]:
    """URL and libpq string of a store with the town on a private server; gone at the end."""
    server = postgis_server()
    try:
        where = server.url("bench")
        fill(where, place)
        yield where, server.dsn("bench")
    finally:
        server.stop()


def fill(where: str, place: Town, held: Sequence[dict[str, Any]] | None = None) -> None:
    """Put the town into a new store, as micro-grids whose parents have no own geometry."""
    atoms, above = areas_of(place.atoms)
    with Store.open(where) as store:
        store.ensure_draft("bench", ACTOR)
        for level in store.levels().names[:-1]:
            areas = [area for area in above if area.level == level]
            store.import_areas("bench", incoming(areas, np.full(len(areas), None)), ACTOR)
        store.import_areas("bench", incoming(atoms, place.atoms, attributes=held), ACTOR)
        publish(store, "bench")
