"""Fixtures that every test may use: stores of both kinds, empty or made, and a clock."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import groups
from tests.browser import browser_page, chromium, phone_page  # noqa: F401 - fixtures
from tests.forks import Forked, forking
from tests.reused import reused
from tests.shared import share_folder

if TYPE_CHECKING:
    from gridmap.store import Store
    from gridmap.times import Clock
    from tests.postgres import Server

# The moment at which the clock of the tests stands still.
NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)

KINDS = ("geopackage", pytest.param("postgis", marks=pytest.mark.postgis))


def must_run_all() -> bool:
    """True where a test that cannot run is a failure: in CI, and when asked for."""
    return os.environ.get("CI") == "true" or os.environ.get("GRIDMAP_REQUIRE_ALL") == "1"


def pytest_configure(config: pytest.Config) -> None:
    """Hand out groups in the order of `tests.groups`, not by how many tests they have."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Iterator[None]:
    """Hand out whole groups of tests to the processes of a run, the long ones first."""
    parallel = bool(getattr(config.option, "loadgroup", False))
    if parallel:
        groups.mark(items)
    yield
    if parallel:
        groups.order(items)
    else:
        items.sort(key=lambda item: item.path.stem not in groups.UNTOUCHED)


@pytest.fixture(scope="session", autouse=True)
def _shared(tmp_path_factory: pytest.TempPathFactory) -> None:
    share_folder(tmp_path_factory)


@pytest.fixture(scope="session", autouse=True)
def _reused() -> Iterator[None]:
    with reused():
        yield


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Indexes are saved in a folder of the test run, not in the user's own."""
    folder = tmp_path_factory.mktemp("cache")
    before = os.environ.get("GRIDMAP_CACHE")
    os.environ["GRIDMAP_CACHE"] = str(folder)
    yield folder
    if before is None:
        del os.environ["GRIDMAP_CACHE"]
    else:
        os.environ["GRIDMAP_CACHE"] = before


@pytest.fixture(scope="session")
def forked(cache_folder: Path) -> Iterator[Forked]:
    """A function that runs a script in a forked process, which it may kill; `tests.forks`."""
    with forking() as run:
        yield run


@pytest.fixture
def clock() -> Clock:
    """A clock that always shows `NOW`."""
    from gridmap.times import frozen_clock

    return frozen_clock(NOW)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server with PostGIS, private to this process of the test run."""
    from tests.postgres import NoPostgres, Server

    try:
        server = Server.start()
    except NoPostgres as error:
        if must_run_all():
            pytest.fail(str(error))
        pytest.skip(str(error))
    try:
        server.create_database(name="blank")
        server.execute("CREATE EXTENSION postgis", database="blank")
        yield server
    finally:
        server.stop()


@pytest.fixture
def pg_dsn(postgres: Server) -> Iterator[str]:
    """The libpq connection string of a new, empty database with PostGIS: for oracles."""
    name = postgres.create_database(template="blank")
    yield postgres.dsn(name)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def made_store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """A function from kind to the path or database name of a migrated store to copy."""
    made: dict[str, str] = {}

    def make(kind: str) -> str:
        from gridmap.store import Store

        if kind not in made:
            if kind == "geopackage":
                where = made[kind] = str(tmp_path_factory.mktemp("made") / "made.gpkg")
            else:
                server: Server = request.getfixturevalue("postgres")
                made[kind] = server.create_database(template="blank", name="made")
                where = server.url("made")
            Store.open(where).close()
        return made[kind]

    return make


@pytest.fixture(params=KINDS)
def store_kind(request: pytest.FixtureRequest) -> str:
    """Either kind of store in turn; override with `indirect` parameters for one alone."""
    return str(request.param)


@pytest.fixture
def store_url(
    store_kind: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    made_store: Callable[[str], str],
) -> Iterator[str]:
    """Path or URL of a new store without editions, of either kind."""
    source = made_store(store_kind)
    if store_kind == "geopackage":
        path = tmp_path / "store.gpkg"
        shutil.copyfile(source, path)
        yield str(path)
        return
    server: Server = request.getfixturevalue("postgres")
    name = server.create_database(template=source)
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
def empty_url(store_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Path or URL where no store has been made yet, of either kind."""
    if store_kind == "geopackage":
        yield str(tmp_path / "new.gpkg")
        return
    server: Server = request.getfixturevalue("postgres")
    name = server.create_database(template="blank")
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
def store(store_url: str, clock: Clock) -> Iterator[Store]:
    """An open store without editions, of either kind; its clock stands at `NOW`."""
    from gridmap.store import Store

    with Store.open(store_url, clock=clock) as opened:
        yield opened
