"""The small districts of `tests.api_client` and `tests.api_town` in both stores, and clients.

A plugin, named by the modules that use it, so that the stores are filled once for all.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.settings import Settings
from gridmap.times import frozen_clock
from gridmap.workspace import Workspace, open_workspace
from tests.api_client import LOCAL, NOW, REMOTE, fill
from tests.api_town import Hands, fill_town
from tests.conftest import KINDS


@pytest.fixture(scope="session", params=KINDS)
def api_store(
    request: pytest.FixtureRequest,
    made_store: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """Path or URL of a store with the small district, of either kind; only reports are added."""
    folder = tmp_path_factory.mktemp("api")
    made = made_store(request.param)
    if request.param == "geopackage":
        where = str(folder / "district.gpkg")
        shutil.copyfile(made, where)
    else:
        server = request.getfixturevalue("postgres")
        where = server.url(server.create_database(template=made))
    with open_workspace(where, clock=frozen_clock(NOW)) as workspace:
        fill(workspace, folder)
    return where


@pytest.fixture(scope="session")
def api_workspace(api_store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The small district, open, with the site's keys; its clock stands at `NOW`."""
    settings = Settings(store=api_store, secrets=tmp_path_factory.mktemp("keys") / "site.secrets")
    with open_workspace(settings=settings, clock=frozen_clock(NOW)) as workspace:
        workspace.ensure_keys()
        yield workspace


@pytest.fixture(scope="session")
def api_app(api_workspace: Workspace) -> FastAPI:
    """The application over the small district."""
    return create_app(workspace=api_workspace)


@pytest.fixture
def staff(api_app: FastAPI) -> TestClient:
    """A client on the service's own machine."""
    return TestClient(api_app, client=LOCAL)


@pytest.fixture
def resident(api_app: FastAPI) -> TestClient:
    """A client elsewhere."""
    return TestClient(api_app, client=REMOTE)


@pytest.fixture(scope="session", params=KINDS)
def town_store(
    request: pytest.FixtureRequest,
    made_store: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """Path or URL of a store with the town, of either kind."""
    folder = tmp_path_factory.mktemp("town")
    made = made_store(request.param)
    if request.param == "geopackage":
        where = str(folder / "town.gpkg")
        shutil.copyfile(made, where)
    else:
        server = request.getfixturevalue("postgres")
        where = server.url(server.create_database(template=made))
    with open_workspace(where, clock=Hands(datetime(2026, 1, 2, tzinfo=UTC))) as workspace:
        fill_town(workspace, folder)
    return where


@pytest.fixture(scope="session")
def town_workspace(town_store: str) -> Iterator[Workspace]:
    """The town, open; set its clock by `hands`."""
    hands = Hands(datetime(2026, 1, 2, tzinfo=UTC))
    with open_workspace(settings=Settings(store=town_store), clock=hands) as workspace:
        yield workspace


@pytest.fixture
def hands(town_workspace: Workspace) -> Hands:
    """The town's clock; it shows the morning of 12 March 2026 until it is set."""
    clock = town_workspace.clock
    assert isinstance(clock, Hands)
    clock.set("2026-03-12 09:00")
    return clock


@pytest.fixture(scope="session")
def town_app(town_workspace: Workspace) -> FastAPI:
    """The application over the town."""
    return create_app(workspace=town_workspace)


@pytest.fixture
def clerk(town_app: FastAPI, hands: Hands) -> TestClient:
    """A client on the service's own machine: staff."""
    return TestClient(town_app, client=LOCAL)


@pytest.fixture
def citizen(town_app: FastAPI, hands: Hands) -> TestClient:
    """A client elsewhere: a resident."""
    return TestClient(town_app, client=REMOTE)
