"""Towns for ownership reviews in both stores: filled once for each kind, then copied.

A plugin, named by the modules that use it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from gridmap.settings import Settings
from gridmap.workspace import Workspace, open_workspace
from tests.api_town import Hands, fill_town
from tests.conftest import KINDS
from tests.review_town import morning


@pytest.fixture(scope="session", params=KINDS)
def review_source(
    request: pytest.FixtureRequest,
    made_store: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[str, str]:
    """Kind, and path or database of a filled town that is copied."""
    folder = tmp_path_factory.mktemp("review-town")
    made, kind = made_store(request.param), request.param
    if kind == "geopackage":
        where = name = str(folder / "town.gpkg")
        shutil.copyfile(made, where)
    else:
        server = request.getfixturevalue("postgres")
        name = server.create_database(template=made)
        where = server.url(name)
    with open_workspace(where, clock=Hands(datetime(2026, 1, 2, tzinfo=UTC))) as workspace:
        fill_town(workspace, folder)
    return kind, name


@pytest.fixture
def review_url(
    review_source: tuple[str, str], tmp_path, request: pytest.FixtureRequest
) -> Iterator[str]:
    """Path or URL of a town of one's own."""
    kind, name = review_source
    if kind == "geopackage":
        path = tmp_path / "town.gpkg"
        shutil.copyfile(name, path)
        yield str(path)
        return
    server = request.getfixturevalue("postgres")
    own = server.create_database(template=name)
    yield server.url(own)
    server.drop_database(own)


@pytest.fixture
def board(review_url: str) -> Iterator[Workspace]:
    """The town, open; its clock shows the morning of Wednesday 4 March 2026."""
    with open_workspace(settings=Settings(store=review_url), clock=morning()) as workspace:
        yield workspace
