"""The small district of `tests.api_client` with accounts, in both stores; a key for every role.

A plugin, named by the modules that use it, so that the stores are filled once for all.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest

from api.app import create_app
from gridmap.access import Grant, Role, Scope
from gridmap.settings import Settings
from gridmap.workspace import Workspace, open_workspace
from tests.api_client import NOW, fill
from tests.conftest import KINDS
from tests.guarded import PASSWORD, Guarded, Watch


@pytest.fixture(scope="session", params=KINDS)
def guarded_session(
    request: pytest.FixtureRequest,
    made_store: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Guarded]:
    """The district with accounts, filled once for all tests."""
    folder = tmp_path_factory.mktemp("guarded")
    made = made_store(request.param)
    if request.param == "geopackage":
        where = str(folder / "district.gpkg")
        shutil.copyfile(made, where)
    else:
        server = request.getfixturevalue("postgres")
        where = server.url(server.create_database(template=made))
    watch = Watch(NOW)
    settings = Settings(store=where, secrets=folder / "site.secrets")
    with open_workspace(settings=settings, clock=watch) as workspace:
        fill(workspace, folder)
        assert workspace.ensure_keys() is not None
        yield Guarded(create_app(workspace=workspace), workspace, watch, _tokens(workspace))


def _tokens(workspace: Workspace) -> dict[str, str]:
    tokens = {}
    for role in Role:
        workspace.add_user(f"key-{role}", [Grant(role)])
        tokens[role.value] = workspace.add_key(f"key-{role}").token
    scopes = {
        "here": Scope.of(areas=["community:990101001001"]),
        "there": Scope.of(areas=["community:990101001002"]),
    }
    for name, scope in scopes.items():
        workspace.add_user(f"key-{name}", [Grant(Role.DISPATCHER, scope)])
        tokens[name] = workspace.add_key(f"key-{name}").token
    workspace.add_user("wang", [Grant(Role.DISPATCHER)], password=PASSWORD, label="王派单")
    return tokens


@pytest.fixture
def guarded(guarded_session: Guarded) -> Guarded:
    """The district with accounts; its clock begins at `NOW`, and no wrong password counts."""
    guarded_session.watch.now = guarded_session.watch.start
    with guarded_session.workspace.store._database.write() as connection:
        connection.exec_driver_sql("DELETE FROM login_attempts")
    return guarded_session
