"""Reports handed to the workspace by a program: checked as at any door, stored once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
import shapely
from starlette.testclient import TestClient

from gridmap.access import Actor
from gridmap.errors import BadCode, BadValue, Conflict, NotAllowed, SecretsUnusable, UnknownCoordSys
from gridmap.workspace import Workspace
from tests.api_town import Hands, spot

pytest_plugins = ["tests.api_fixtures"]


LINE = shapely.LineString([(117, 36.6), (117.01, 36.6)])


@pytest.fixture
def town(town_workspace: Workspace, hands: Hands) -> Workspace:
    return town_workspace


def test_half_characters_and_nul_are_cleaned_away(town: Workspace) -> None:
    body = spot(1.2, 1.3, text="a\0b\ud83dc")
    found, created = town.submit_report(body, key="half-characters")
    assert (found["text"], created) == ("ab?c", True)
    assert town.submit_report(body, key="half-characters") == (found, False)


def test_one_body_is_one_body_however_it_is_written(town: Workspace) -> None:
    moment = datetime(2026, 3, 12, 0, 30, tzinfo=UTC)
    first = spot(1.2, 1.3, accuracy_m=np.float64(5), observed_at=moment)
    number = town.submit_report(first, key="one-body")[0]["id"]
    again = {"text": None, "source": "web", **dict(reversed(first.items())), "accuracy_m": 5.0}
    assert town.submit_report(again, key="one-body")[0]["id"] == number
    with pytest.raises(Conflict):
        town.submit_report(first | {"text": "anders"}, key="one-body")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"item": "9999"}, BadCode),
        ({"item": None}, BadValue),
        ({"coord_sys": None}, BadValue),
        ({"coord_sys": "mars"}, UnknownCoordSys),
        ({"source": "rumour"}, BadValue),
        ({"source": ["web"]}, BadValue),
        ({"text": "长" * 2001}, BadValue),
        ({"observed_at": "soon"}, BadValue),
        ({"observed_at": "2026-03-12T09:05:01"}, BadValue),
        ({"lon": "east"}, BadValue),
        ({"reporter_phone": "13800001234"}, SecretsUnusable),
    ],
)
def test_what_cannot_be_used_is_refused_and_not_stored(
    town: Workspace, change: dict[str, Any], error: type[Exception]
) -> None:
    before = town.reports(limit=1)[0]
    with pytest.raises(error):
        town.submit_report(spot(1.2, 1.3) | change, key="refused-report")
    assert town.reports(limit=1)[0] == before


def test_only_staff_read_reports_and_say_when_one_was_received(town: Workspace) -> None:
    resident = Actor.resident()
    number = town.submit_report(spot(1.2, 1.3), key="for-reading", actor=resident)[0]["id"]
    for ask in (
        lambda: town.report(number, actor=resident),
        lambda: town.reports(actor=resident),
        lambda: town.submit_report(
            spot(1.2, 1.3, received_at="2026-03-01"), key="for-staff", actor=resident
        ),
    ):
        with pytest.raises(NotAllowed):
            ask()


def test_a_page_has_its_limits(town: Workspace) -> None:
    for limit, offset in ((0, 0), (1001, 0), (10, -1)):
        with pytest.raises(BadValue):
            town.reports(limit=limit, offset=offset)
    with pytest.raises(BadValue, match="narrowed"):
        town.reports(shoe_size=43)


def test_a_change_of_responsibility_counts_from_the_next_report(
    town: Workspace, clerk: TestClient
) -> None:
    before, _ = town.submit_report(spot(1.2, 1.3), key="firm-before")
    firm = next(p for p in town.store.records("parties") if p["code"] == "WY:F001")
    town.put_records("parties", [firm | {"name": "改名物业"}])
    try:
        after, _ = town.submit_report(spot(1.2, 1.3), key="firm-after")
        assert (before["department_name"], after["department_name"]) == ("安禾物业", "改名物业")
        # What was explained then still reads as it was explained.
        assert "安禾物业" in town.report(before["id"])["explanation"][0]
    finally:
        town.put_records("parties", [firm])


@pytest.mark.parametrize(
    ("kind", "record"),
    [
        ("overlays", {"code": "X1", "kind": "moon", "geom": shapely.box(117, 36.6, 117.01, 36.61)}),
        ("overlays", {"code": "X2", "kind": "park", "geom": LINE}),
        ("posts", {"code": "X3", "role": "grid_worker", "kind": "odd"}),
        ("posts", {"code": "X4", "role": "king", "kind": "basic"}),
    ],
)
def test_a_record_that_would_stop_every_route_is_refused(
    town: Workspace, kind: str, record: dict[str, Any]
) -> None:
    whole = {"name": "x", "managed": True, "priority": 0} if kind == "overlays" else {}
    with pytest.raises(BadValue):
        town.put_records(kind, [whole | record])
    assert record["code"] not in {row["code"] for row in town.store.records(kind)}


@pytest.mark.parametrize("code", ["CG", "JD:990101001", "WY:E09"])
def test_what_a_site_says_about_a_body_stands_above_what_follows_by_rule(
    town: Workspace, code: str
) -> None:
    firms = [row for row in town.store.records("parties") if row["code"] != code]
    town.put_records("parties", [{"code": code, "name": "本地名称"}])
    try:
        found, _ = town.submit_report(spot(1.2, 1.3), key=f"own-name-{code}")
        assert found["department"] == "WY:F001"
        assert town.router("town").parties[code].name == "本地名称"
    finally:
        town.put_records("parties", firms, replace=True)
