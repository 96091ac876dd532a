"""Stores of either kind that hold the demo, made by the command ``gridmap demo`` itself.

A plugin, named by the modules that use it; each store is made once a process. Modules of one
scale carry the same `xdist_group`, so that one process makes it for all of them; the district
in it is built once for all processes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.workspace import Workspace, open_workspace
from tests import demo_built
from tests.api_client import LOCAL
from tests.conftest import KINDS
from tests.demo_doors import DemoStore, run


@pytest.fixture(scope="session")
def new_url(
    request: pytest.FixtureRequest,
    made_store: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], tuple[str, str]]:
    """A function from kind to the URL and the libpq string of a new store for the session."""

    def make(kind: str) -> tuple[str, str]:
        if kind == "geopackage":
            return str(tmp_path_factory.mktemp("store") / "gridmap.gpkg"), ""
        server = request.getfixturevalue("postgres")
        name = server.create_database(template=made_store(kind))
        return server.url(name), server.dsn(name)

    return make


@pytest.fixture(scope="session")
def made_demo(
    new_url: Callable[[str], tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., DemoStore]:
    """A function from kind and scale to a store with the demo.

    With ``facts=False`` to one with the areas and the assigned reports alone: no places,
    people and responsibility layers, and no maps beside it.
    """
    made: dict[tuple[str, str, bool], DemoStore] = {}

    def make(kind: str, scale: str, *, facts: bool = True) -> DemoStore:
        if (kind, scale, facts) not in made:
            folder = tmp_path_factory.mktemp(f"{kind}-{scale}") / "out"
            url, dsn = new_url(kind)
            with pytest.MonkeyPatch.context() as patch:
                # The same district as any build; its truth is asked for later.
                patch.setattr("gridmap.demo.build", demo_built.district)
                if not facts:
                    patch.setattr("gridmap.cli.demo._FACTS", ())
                    patch.setattr("gridmap.cli.demo.MAPS", ())
                said = run(
                    "demo", "--scale", scale, "--no-serve", "--out", folder, "--store", url
                )  # fmt: skip
            made[kind, scale, facts] = DemoStore(kind, scale, folder, url, dsn, said)
        return made[kind, scale, facts]

    return make


@pytest.fixture(scope="module", params=KINDS)
def exclusive(request: pytest.FixtureRequest, made_demo: Callable[..., DemoStore]) -> DemoStore:
    """The demo of 52 grids in a store of either kind."""
    return made_demo(request.param, "exclusive")


@pytest.fixture(scope="module")
def district(made_demo: Callable[..., DemoStore]) -> DemoStore:
    """The demo of 540 grids in a GeoPackage."""
    return made_demo("geopackage", "district")


def _workspace(demo: DemoStore) -> Iterator[Workspace]:
    with open_workspace(settings=demo.settings, create=False) as workspace:
        yield workspace


@pytest.fixture(scope="module")
def exclusive_workspace(exclusive: DemoStore) -> Iterator[Workspace]:
    """The demo of 52 grids, open; its clock stands still."""
    yield from _workspace(exclusive)


@pytest.fixture(scope="module")
def district_workspace(district: DemoStore) -> Iterator[Workspace]:
    """The demo of 540 grids, open; its clock stands still."""
    yield from _workspace(district)


@pytest.fixture(scope="module")
def exclusive_clerk(exclusive_workspace: Workspace) -> TestClient:
    """A client on the service's own machine: staff."""
    return TestClient(create_app(workspace=exclusive_workspace), client=LOCAL)


@pytest.fixture(scope="module")
def district_clerk(district_workspace: Workspace) -> TestClient:
    """A client on the service's own machine: staff."""
    return TestClient(create_app(workspace=district_workspace), client=LOCAL)
