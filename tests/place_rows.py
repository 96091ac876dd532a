"""Places of the seed table as a store behind its doors: areas, rules and people put in by the
commands, everybody with a key of their own, and a clock that is moved by hand.

Areas are rectangles of the lattice of `tests.route_town` (about 90 m by 111 m a unit).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import shapely
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.access import Grant, Role, Scope
from gridmap.settings import Settings
from gridmap.workspace import Workspace, open_workspace
from tests.api_client import LOCAL, REMOTE
from tests.api_town import Hands
from tests.case_town import Town
from tests.demo_doors import run
from tests.route_town import at, rectangle

Box = tuple[float, float, float, float]
People = Mapping[str, Grant | Sequence[Grant]]


@dataclass(frozen=True)
class Ground:
    """One area: what its columns say, and its rectangle in lattice units."""

    code: str
    name: str
    box: Box
    parent: str = ""
    kind: str = "basic"
    more: Mapping[str, Any] = field(default_factory=dict)


def middle(ground: Ground) -> tuple[float, float]:
    """The middle of an area, in lattice units."""
    west, south, east, north = ground.box
    return (west + east) / 2, (south + north) / 2


def write_areas(path: Path, areas: Iterable[Ground]) -> Path:
    """Write areas as a layer that `gridmap import` reads."""
    features = [
        {
            "type": "Feature",
            "properties": {
                "code": one.code, "name": one.name, "parent": one.parent, "kind": one.kind,
                **one.more,
            },
            "geometry": shapely.geometry.mapping(rectangle(*one.box)),
        }
        for one in areas
    ]  # fmt: skip
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    return path


def write_shapes(path: Path, rows: Iterable[tuple[Mapping[str, Any], Box]]) -> Path:
    """Write rectangles with columns of any kind, as `gridmap places import` reads them."""
    features = [
        {
            "type": "Feature",
            "properties": dict(columns),
            "geometry": shapely.geometry.mapping(rectangle(*box)),
        }
        for columns, box in rows
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    return path


def write_table(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write rows as CSV; the columns are those of all rows."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def placed(x: float, y: float) -> dict[str, Any]:
    """The columns of a position."""
    lon, lat = at(x, y)
    return {"lon": lon, "lat": lat, "coord_sys": "wgs84"}


def over(*areas: str) -> Scope:
    """A scope of areas, ``LEVEL:CODE``."""
    return Scope.of(areas=areas)


def of(*departments: str) -> Scope:
    """A scope of departments."""
    return Scope.of(departments=departments)


class RowTown(Town):
    """A place of the table: commands on its store, requests by its people."""

    def __init__(
        self, workspace: Workspace, client: TestClient, keys: dict[str, str], folder: Path
    ) -> None:
        super().__init__(workspace, client, keys)
        self.folder = folder

    def command(self, *words: object) -> str:
        """Run a command on the store, by the town's clock; return what it printed."""
        return command(self.workspace.settings, self.hands, *words)

    def get(self, who: str, path: str, status: int = 200) -> Any:
        """Somebody reads something."""
        answer = self.ask(who, "GET", path)
        assert answer.status_code == status, (who, path, answer.text[:1000])
        return answer.json()

    def post(self, who: str, path: str, status: int = 200, /, **body: Any) -> Any:
        """Somebody sends something."""
        answer = self.ask(who, "POST", path, json=body)
        assert answer.status_code == status, (who, path, answer.text[:1000])
        return answer.json()

    def areas(self, level: str, day: str = "") -> dict[str, dict[str, Any]]:
        """All areas of a level by code, as everybody sees them."""
        found = self.get("", f"/api/areas?level={level}&limit=1000" + (day and f"&at={day}"))
        assert found["next"] is None
        return {one["code"]: one for one in found["areas"]}

    def located(self, x: float, y: float) -> Any:
        """What everybody is told about a point of the lattice."""
        lon, lat = at(x, y)
        return self.get("", f"/api/locate?lon={lon}&lat={lat}&coord_sys=wgs84")

    def public(self) -> TestClient:
        """A stranger from elsewhere."""
        return TestClient(self.client.app, client=REMOTE)


def command(settings: Settings, hands: Hands, *words: object) -> str:
    """Run a command on a store by a clock; return what it printed."""
    env = {
        "GRIDMAP_FROZEN_NOW": hands.now.isoformat(),
        "GRIDMAP_SECRETS": str(settings.secrets),
        "GRIDMAP_OUTGOING_PRIVATE": str(settings.outgoing_private),
    }
    if settings.rules is not None:
        env["GRIDMAP_RULES"] = str(settings.rules)
    with mock.patch.dict("os.environ", env):
        return run(*words, "--store", settings.store)


@contextmanager
def opened(settings: Settings, hands: Hands, folder: Path, people: People) -> Iterator[RowTown]:
    """Open the doors of a store whose areas are in, and give everybody an account and a key."""
    with open_workspace(settings=settings, clock=hands, create=False) as workspace:
        workspace.ensure_keys()
        keys = {}
        for name, grants in people.items():
            workspace.add_user(name, [grants] if isinstance(grants, Grant) else list(grants))
            keys[name] = workspace.add_key(name).token
        yield RowTown(
            workspace, TestClient(create_app(workspace=workspace), client=LOCAL), keys, folder
        )


def put_areas(
    settings: Settings,
    hands: Hands,
    folder: Path,
    edition: str,
    levels: Mapping[str, Sequence[Ground]],
    effective_from: str,
    *more: object,
) -> None:
    """Import the levels of an edition, coarse to fine, and publish it from a day."""
    for rank, (level, areas) in enumerate(levels.items()):
        path = write_areas(folder / f"{edition}-{level}.geojson", areas)
        parent = ("--parent", "parent") if rank else ()
        command(
            settings, hands, "import", path, "--edition", edition, "--level", level,
            "--code", "code", "--name", "name", "--kind", "kind", *parent, "--commit",
        )  # fmt: skip
    command(
        settings, hands, "publish", edition, "--from", effective_from, *more, "--commit"
    )  # fmt: skip


def grant(role: str, scope: Scope | None = None) -> Grant:
    """A role, everywhere unless narrowed."""
    return Grant(Role(role), scope or Scope())
