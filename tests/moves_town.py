"""The town of `tests.route_town` twice: as it is, and redrawn with a community given away.

In the edition ``redrawn`` all of the community 禾东 (x 0..8, y 0..4) belongs to the eastern
sub-district, under new codes; the north-east corner (x 12..16, y 4..8) is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from gridmap.areas import DEFAULT_LEVELS, Area
from gridmap.places.model import Post
from gridmap.routing import Overlay
from gridmap.settings import Settings
from gridmap.workspace import Workspace, open_workspace
from tests.api_town import Hands
from tests.route_town import EAST, FIRMS, POSTS, WEST, at, coverage, estate_map, rectangle
from tests.store_data import ACTOR, incoming

OLD, NEW = WEST + "001", EAST + "003"
# Works in the community given away, once it is.
SUCCESSOR = Post("W-NEW", "person-W-NEW", "演示新", "grid_worker", "basic", "grid", NEW + "001")
# A place in it outside any estate, one that stays, one that is left out, one nowhere.
GIVEN, STAYS, LEFT_OUT, NOWHERE = (0.2, 0.2), (12.3, 0.3), (15.8, 7.8), (30.0, 30.0)
SECOND = "2026-06-01"
CATALOGUES = Path(__file__).parent / "data" / "catalogues"


def redrawn(code: str | None) -> str | None:
    """Code of an area after the change."""
    return NEW + code.removeprefix(OLD) if code and code.startswith(OLD) else code


def areas_of(edition: str) -> list[tuple[Area, Any]]:
    """Areas of an edition with their polygons; parents have none of their own."""
    town = coverage()
    found = []
    for row in range(len(town)):
        area = town.area(row)
        shape = town.geometry[row] if area.level == "microgrid" or row in town.atoms else None
        if edition == "redrawn":
            if area.code.startswith(EAST + "002002"):
                continue
            above = EAST if area.code == OLD else redrawn(area.parent_code)
            area = replace(area, code=redrawn(area.code) or "", parent_code=above)
        found.append((area, shape))
    return found


def put(workspace: Workspace, edition: str, *, like: str | None = None) -> None:
    """Fill a draft."""
    workspace.store.ensure_draft(edition, ACTOR)
    found = areas_of(like or edition)
    for level in DEFAULT_LEVELS.names:
        own = [(a, s) for a, s in found if a.level == level]
        workspace.store.import_areas(
            edition, incoming([a for a, _ in own], [s for _, s in own]), ACTOR
        )


@contextmanager
def open_town(url: str) -> Iterator[tuple[Workspace, Hands]]:
    """A workspace with the town in force from 2025, a draft ``redrawn``, and people."""
    hands = Hands(datetime(2026, 1, 2, tzinfo=UTC))
    hands.set("2026-03-12 09:00")
    with open_workspace(settings=Settings(store=url), clock=hands) as workspace:
        yield workspace, hands


@contextmanager
def redrawn_town(url: str, folder: Path, moment: str) -> Iterator[tuple[Workspace, Hands, Path]]:
    """The town, at a moment after ``redrawn`` came into force, with a draft ``whole`` beside.

    ``whole`` has the corner again that ``redrawn`` left out. The path is the folder of rules of
    the site, empty.
    """
    rules, hands = folder / "rules", Hands(datetime(2026, 1, 2, tzinfo=UTC))
    rules.mkdir()
    hands.set("2026-03-12 09:00")
    settings = Settings(store=url, rules=rules)
    with open_workspace(settings=settings, clock=hands) as workspace:
        fill_town(workspace)
        workspace.publish("redrawn", effective_from=SECOND, commit=True)
        put(workspace, "whole", like="town")
        hands.set(moment)
        yield workspace, hands, rules


def publish_whole(workspace: Workspace, effective_from: str) -> None:
    """Publish the draft of :func:`redrawn_town`; open reports move with it."""
    workspace.publish(
        "whole", effective_from=effective_from, reports="migrate", commit=True,
        accept_faults="codes of the first edition come back on purpose",
    )  # fmt: skip


def fill_town(workspace: Workspace) -> None:
    """Put in editions and people; reports are up to the test."""
    put(workspace, "town")
    workspace.publish("town", effective_from="2025-01-01", commit=True)
    estates = estate_map()
    pairs = zip(estates.overlays, estates.geometry, strict=True)
    workspace.put_records("overlays", [asdict(o) | {"geom": shape} for o, shape in pairs])
    workspace.put_records("parties", [asdict(firm) for firm in FIRMS])
    workspace.put_records("posts", [asdict(post) for post in (*POSTS, SUCCESSOR)])
    put(workspace, "redrawn")


@contextmanager
def contradicting_town(url: str) -> Iterator[Workspace]:
    """The town with its draft, and two red lines that contradict each other."""
    with open_town(url) as (workspace, _):
        fill_town(workspace)
        workspace.import_rules(CATALOGUES, commit=True)
        twice = [
            Overlay("X1", "estate", "甲苑", "Jia Court", True, "WY:F001"),
            Overlay("X2", "estate", "乙苑", "Yi Court", True, "WY:F002"),
        ]
        rows = [asdict(one) | {"geom": rectangle(12.4, 0.4, 12.9, 0.9)} for one in twice]
        workspace.put_records("overlays", rows)
        yield workspace


def send(workspace: Workspace, spot: tuple[float, float], key: str, **more: Any) -> int:
    """Send a report from a place of the lattice; return its number."""
    lon, lat = at(*spot)
    body = {"lon": lon, "lat": lat, "coord_sys": "wgs84", "item": "0101", **more}
    record, created = workspace.submit_report(body, key=f"key-{key}")
    assert created
    return int(record["id"])


def many(workspace: Workspace, count: int, *, seed: int = 1) -> None:
    """Store reports spread over the town, routed as if they had come in one by one."""
    from gridmap.locate.model import Points
    from gridmap.workspace.reporting import report_rows

    rng = np.random.default_rng(seed)
    lon, lat = np.array([at(x, y) for x, y in rng.uniform((0, 0), (16, 8), (count, 2))]).T
    now = workspace.clock()
    points = Points(x=lon, y=lat, accuracy_m=np.full(count, np.nan))
    found = workspace.locate_many(points)
    items = ["0101"] * count
    decisions = workspace.decide(items, points, found, [now] * count)
    rows = report_rows(points, found, [now] * count, [None] * count) | {
        "item": items,
        "source": "web",
    }
    rows["coord_sys"] = "wgs84"
    workspace.store.add_reports(rows, decisions)
