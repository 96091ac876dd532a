"""The town with people in every part of an order's life, in both stores, and its pages.

A plugin, named by the modules that use it, so that the stores are filled once for all.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.settings import Settings
from gridmap.workspace import open_workspace
from tests.api_client import LOCAL
from tests.api_town import Hands, fill_town
from tests.case_town import settle, settle_senders
from tests.conftest import KINDS
from tests.order_forms import PageTown


@pytest.fixture(scope="session", params=KINDS)
def order_town(
    request: pytest.FixtureRequest,
    made_store: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[PageTown]:
    """The town with its people, filled once for all tests."""
    folder = tmp_path_factory.mktemp("order-town")
    made = made_store(request.param)
    if request.param == "geopackage":
        where = str(folder / "town.gpkg")
        shutil.copyfile(made, where)
    else:
        server = request.getfixturevalue("postgres")
        where = server.url(server.create_database(template=made))
    hands = Hands(datetime(2026, 1, 2, tzinfo=UTC))
    settings = Settings(store=where, secrets=folder / "secrets")
    with open_workspace(settings=settings, clock=hands) as workspace:
        fill_town(workspace, folder)
        workspace.ensure_keys()
        hands.set("2026-01-05 09:00")
        keys = settle(workspace) | settle_senders(workspace)
        client = TestClient(create_app(workspace=workspace), client=LOCAL, follow_redirects=False)
        yield PageTown(workspace, client, keys)


@pytest.fixture
def town(order_town: PageTown) -> PageTown:
    """The town on a Thursday morning at nine."""
    order_town.at("2026-03-12 09:00")
    return order_town
