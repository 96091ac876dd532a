"""A small town with homes and reports in a store, served to planners."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.access import Grant, Role, Scope
from gridmap.coverage.importing.incoming import ColumnMap
from gridmap.settings import Settings
from gridmap.workspace import open_workspace
from tests.api_client import REMOTE
from tests.conftest import KINDS
from tests.draft_cases import ground

# A Thursday.
NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)


def put_board(workspace, folder):
    """The board of `tests.draft_cases`, in force since January, with three reports."""
    board = ground()
    coverage = board.graph.coverage
    workspace.set_levels(list(coverage.levels.names))
    for level in coverage.levels.names:
        frame = coverage.frame(level)
        if level == "microgrid":
            frame["households"] = [board.atom_kept[code]["households"] for code in frame["code"]]
        path = folder / f"{level}.geojson"
        path.write_text(frame.to_json(drop_id=True), encoding="utf-8")
        parent = None if level == "community" else "parent_code"
        columns = ColumnMap(code="code", name="name", parent=parent)
        workspace.import_layer(
            str(path), edition="today", level=level, columns=columns, commit=True
        )
    workspace.publish("today", effective_from="2026-01-01", commit=True)
    for n, lon in enumerate((114.0005, 114.0025, 114.0045)):
        report = {"lon": lon, "lat": 34.0035, "coord_sys": "wgs84", "item": "0301",
                  "observed_at": "2026-11-20T10:00:00+08:00"}  # fmt: skip
        workspace.submit_report(report, key=f"plan-{n}")


@pytest.fixture(scope="module", params=KINDS)
def planners(request, made_store, tmp_path_factory):
    """The workspace, and clients of a planner, of one of the western community, of a worker."""
    folder = tmp_path_factory.mktemp("plans")
    made = made_store(request.param)
    if request.param == "geopackage":
        where = str(folder / "town.gpkg")
        shutil.copyfile(made, where)
    else:
        server = request.getfixturevalue("postgres")
        where = server.url(server.create_database(template=made))
    settings = Settings(store=where, secrets=folder / "site.secrets", cache=folder / "cache")
    with open_workspace(settings=settings, clock=lambda: NOW) as workspace:
        put_board(workspace, folder)
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
            settings=settings,
            planner=client("li", Role.PLANNER),
            west=client("west", Role.PLANNER, "community:C0"),
            worker=client("worker", Role.GRID_WORKER),
        )
