"""The town of `tests.route_town` in both stores, with people and places, behind HTTP.

Its fixtures are in `tests.api_fixtures`. Reports are added by the tests as they go; the clock
is set by hand.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from starlette.testclient import TestClient

from gridmap.areas import DEFAULT_LEVELS
from gridmap.coverage.importing.incoming import ColumnMap
from gridmap.places.model import Organisation, Place
from gridmap.workspace import Workspace
from tests.route_town import FIRMS, POSTS, at, estate_map, write_town

ZONE = ZoneInfo("Asia/Shanghai")

# Whatever bears this mark is for staff. Letters and digits alone: written alike everywhere.
STAFF_ONLY = "STAFFONLY3f9"

PLACES = (
    Place("P1", "canteen", "禾东社区食堂", *at(1.2, 1.3), "Hedong Canteen", "禾里路1号",
          "Mo-Sa 11:00-13:00", "周一至周六 11:00-13:00", "0990-5550201", ("长者助餐",), "1层",
          "15元", True, "实地核查", date(2026, 9, 1)),
    Place("P2", "parcel", "禾东快递点", *at(1.5, 1.3)),
)  # fmt: skip
ORGANISATIONS = (
    Organisation("O1", "party_committee", "禾东社区党委", "Hedong Committee", None, "community",
                 "990101001001", *at(1.2, 1.1), "禾里路1号", "0990-5550301", 4310977),
    Organisation("O2", "party_branch", "锦禾苑党支部", parent_code="O1", members=4310978),
)  # fmt: skip


class Hands:
    """A clock that shows what it was set to."""

    def __init__(self, moment: datetime) -> None:
        self.now = moment

    def __call__(self) -> datetime:
        return self.now

    def set(self, local: str) -> None:
        """Set to a local time of the town."""
        self.now = datetime.fromisoformat(local).replace(tzinfo=ZONE).astimezone(UTC)


def fill_town(workspace: Workspace, folder: Path) -> None:
    """Publish the town, and put in who and what stands in it."""
    paths = write_town(folder)
    for level in DEFAULT_LEVELS.names:
        parent = None if level == DEFAULT_LEVELS.names[0] else "parent"
        columns = ColumnMap(code="code", name="name", name_en="name_en", parent=parent, kind="kind")
        workspace.import_layer(
            str(paths[level]), edition="town", level=level, columns=columns, commit=True
        )
    workspace.publish("town", effective_from="2025-01-01", commit=True)
    estates = estate_map()
    workspace.put_records(
        "overlays",
        [
            asdict(overlay) | {"geom": shape}
            for overlay, shape in zip(estates.overlays, estates.geometry, strict=True)
        ],
    )
    workspace.put_records("parties", [asdict(firm) for firm in FIRMS])
    workspace.put_records("posts", [asdict(post) for post in POSTS])
    workspace.put_records("places", [asdict(place) for place in PLACES])
    workspace.put_records("organisations", [asdict(body) for body in ORGANISATIONS])


def spot(x: float, y: float, **more: Any) -> dict[str, Any]:
    """A report's body for a place of the lattice: litter, unless said otherwise."""
    lon, lat = at(x, y)
    return {"lon": lon, "lat": lat, "coord_sys": "wgs84", "item": "0101", **more}


def send(client: TestClient, body: dict[str, Any], key: str, **more: Any):
    """Send a report under a key."""
    return client.post("/api/reports", json=body, headers={"Idempotency-Key": key}, **more)
