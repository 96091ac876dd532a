"""The board of `tests.draft_cases` in force, served to planners who sit before the editor.

A plugin, named by the modules that use it; they share one store, and each test begins a draft of
its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.access import Grant, Role, Scope
from gridmap.settings import Settings
from gridmap.workspace import Workspace, open_workspace
from tests.api_client import REMOTE
from tests.browser import served
from tests.draft_doors import NOW, fill
from tests.editor_desk import PASSWORD, Desk

PEOPLE = {
    "li": (Role.PLANNER, ()),
    "wang": (Role.PLANNER, ()),
    "west": (Role.PLANNER, ("community:C0",)),
    "su": (Role.SUPERVISOR, ()),
}


@pytest.fixture(scope="session")
def planners_office(
    made_store: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Workspace, TestClient, str]]:
    """The workspace, a planner's client, and where it is served."""
    folder = tmp_path_factory.mktemp("editor")
    where = str(folder / "town.gpkg")
    shutil.copyfile(made_store("geopackage"), where)
    settings = Settings(store=where, secrets=folder / "site.secrets")
    with open_workspace(settings=settings, clock=lambda: NOW) as workspace:
        fill(workspace, folder)
        workspace.ensure_keys()
        for name, (role, scopes) in PEOPLE.items():
            workspace.add_user(name, [Grant(role, Scope.of(areas=scopes))])
            workspace.set_password(name, PASSWORD)
        key = workspace.add_key("li").token
        app = create_app(workspace=workspace)
        client = TestClient(app, client=REMOTE, headers={"authorization": f"Bearer {key}"})
        with served(app) as address:
            yield workspace, client, address


@pytest.fixture
def desk(
    request: pytest.FixtureRequest,
    chromium: Any,
    planners_office: tuple[Workspace, TestClient, str],
) -> Iterator[Desk]:
    """A draft of the test's own, to be opened by whoever it needs."""
    found = Desk(chromium, *planners_office, request.node.name)
    with found.windows:
        yield found
