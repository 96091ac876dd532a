"""The board of `tests.draft_cases` in force, in both stores, with planners who ask by key.

A plugin, named by the modules that use it; each has its own stores.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.access import Grant, Role, Scope
from gridmap.settings import Settings
from gridmap.workspace import open_workspace
from tests.api_client import REMOTE
from tests.conftest import KINDS
from tests.draft_doors import NOW, fill, fill_mixed


@pytest.fixture(scope="module", params=KINDS)
def town(request, made_store, tmp_path_factory):
    """A workspace with the board, clients of planners and a worker, and where its store is."""
    with _town(request, made_store, tmp_path_factory, fill) as made:
        yield made


@pytest.fixture(scope="module", params=KINDS)
def mixed(request, made_store, tmp_path_factory):
    """The same of the board with a village without grids and ground in no community."""
    with _town(request, made_store, tmp_path_factory, fill_mixed) as made:
        yield made


@contextmanager
def _town(request, made_store, tmp_path_factory, fill):
    folder = tmp_path_factory.mktemp("drafts")
    made = made_store(request.param)
    if request.param == "geopackage":
        where = str(folder / "town.gpkg")
        shutil.copyfile(made, where)
    else:
        server = request.getfixturevalue("postgres")
        where = server.url(server.create_database(template=made))
    settings = Settings(store=where, secrets=folder / "site.secrets")
    with open_workspace(settings=settings, clock=lambda: NOW) as workspace:
        fill(workspace, folder)
        workspace.ensure_keys()
        app = create_app(workspace=workspace)

        def client(name, role, *scopes):
            workspace.add_user(name, [Grant(role, Scope.of(areas=scopes))])
            key = workspace.add_key(name).token
            return TestClient(
                app, client=REMOTE, headers={"authorization": f"Bearer {key}"},
                raise_server_exceptions=False,
            )  # fmt: skip

        yield SimpleNamespace(
            workspace=workspace,
            client=client,
            li=client("li", Role.PLANNER),
            wang=client("wang", Role.PLANNER),
            west=client("west", Role.PLANNER, "community:C0"),
            worker=client("worker", Role.GRID_WORKER),
            url=where,
            folder=folder,
        )
