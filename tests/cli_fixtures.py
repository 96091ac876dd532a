"""Stores of the district of squares, of either kind: made once, copied for each test.

A plugin, named by the modules that use it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli_district import gridmap, imported


@pytest.fixture(scope="session")
def made_district(
    request: pytest.FixtureRequest,
    made_store: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str, bool], str]:
    """A function from kind, and published or not, to the path or database to copy."""
    made: dict[tuple[str, bool], str] = {}

    def make(kind: str, published: bool) -> str:
        if (kind, published) not in made:
            folder = tmp_path_factory.mktemp("district")
            source = made_store(kind)
            if kind == "geopackage":
                name = where = str(folder / "made.gpkg")
                shutil.copyfile(source, where)
            else:
                server = request.getfixturevalue("postgres")
                name = server.create_database(template=source)
                where = server.url(name)
            imported(folder, where)
            if published:
                words = ["publish", "e1", "--from", "2025-01-01", "--commit", "--store", where]
                done = gridmap(*words)
                assert done.exit_code == 0, done.output
            made[kind, published] = name
        return made[kind, published]

    return make


def _copied(request: pytest.FixtureRequest, source: str, kind: str, folder: Path) -> Iterator[str]:
    if kind == "geopackage":
        path = folder / "store.gpkg"
        shutil.copyfile(source, path)
        yield str(path)
        return
    server = request.getfixturevalue("postgres")
    name = server.create_database(template=source)
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
def drafted(
    request: pytest.FixtureRequest,
    store_kind: str,
    made_district: Callable[[str, bool], str],
    tmp_path: Path,
) -> Iterator[str]:
    """Path or URL of a store with the district as the draft ``e1``."""
    yield from _copied(request, made_district(store_kind, False), store_kind, tmp_path)


@pytest.fixture
def published_url(
    request: pytest.FixtureRequest,
    store_kind: str,
    made_district: Callable[[str, bool], str],
    tmp_path: Path,
) -> Iterator[str]:
    """Path or URL of a store with the district in force as ``e1`` from 2025."""
    yield from _copied(request, made_district(store_kind, True), store_kind, tmp_path)
