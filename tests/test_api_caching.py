"""ETag and Cache-Control: no cache outlives a change of boundaries."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.times import frozen_clock
from gridmap.workspace import Workspace, accounts, base, locating, open_workspace
from tests.api_client import LOCAL, NOW

pytest_plugins = ["tests.api_fixtures"]

CHANGE = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
LOCATE = "/api/locate?lon=117.005&lat=36.605"
PATHS = [LOCATE, "/api/areas?level=grid", "/api/areas/grid/G-2", "/api/areas/grid/G-2.geojson",
         "/api/editions"]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_the_client_has_is_not_sent_again(staff: TestClient, path: str) -> None:
    first = staff.get(path)
    tag = first.headers["etag"]
    for sent in (tag, f'"other", {tag}', "*", tag.removeprefix("W/")):
        again = staff.get(path, headers={"if-none-match": sent})
        assert again.status_code == 304
        assert again.content == b""
        assert again.headers["etag"] == tag
    assert staff.get(path, headers={"if-none-match": 'W/"other"'}).status_code == 200


def test_the_tag_changes_with_the_edition(staff: TestClient) -> None:
    now, later = staff.get(LOCATE), staff.get(f"{LOCATE}&at=2027-01-01")
    assert now.headers["etag"] != later.headers["etag"]


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [
        (NOW, 60),
        (CHANGE - timedelta(seconds=61), 60),
        (CHANGE - timedelta(seconds=20.5), 20),
        (CHANGE - timedelta(seconds=0.5), 0),
        (CHANGE, 60),
        (datetime(2025, 12, 31, 15, 59, 50, tzinfo=UTC), 10),
        (datetime(2020, 1, 1, tzinfo=UTC), 60),
    ],
)
def test_no_answer_may_be_kept_past_the_next_edition(
    api_store: str, moment: datetime, seconds: int
) -> None:
    with open_workspace(api_store, clock=frozen_clock(moment)) as workspace:
        client = TestClient(create_app(workspace=workspace), client=LOCAL)
        # The second is at hand.
        kept = [client.get(LOCATE).headers["cache-control"] for _ in range(2)]
    assert kept == [f"private, max-age={seconds}, must-revalidate"] * 2


def test_a_plain_point_waits_for_nobody_who_reads_the_store_behind_the_lock(
    staff: TestClient, api_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (accounts, base, locating):
        monkeypatch.setattr(module, "REFRESH_SECONDS", 1e9)
    before = staff.get(LOCATE)
    held, read = threading.Event(), threading.Event()

    def hold() -> None:
        with api_workspace._lock:
            held.set()
            read.wait(60)

    with ThreadPoolExecutor(2) as pool:
        holding = pool.submit(hold)
        try:
            assert held.wait(60)
            meanwhile = pool.submit(staff.get, LOCATE).result(20)
        finally:
            read.set()
        holding.result()
    assert meanwhile.content == before.content
    assert meanwhile.headers["cache-control"] == before.headers["cache-control"]


def test_what_changes_by_itself_is_never_kept(staff: TestClient) -> None:
    batch = staff.post("/api/locate", json={"points": [{"lon": 117, "lat": 36.6}]})
    for answer in (batch, staff.get("/healthz"), staff.get("/metrics"), staff.get("/nothing")):
        assert answer.headers["cache-control"] == "no-store"
    assert "max-age=0" in staff.get("/api/editions").headers["cache-control"]


def test_large_answers_travel_compressed_and_unchanged(staff: TestClient) -> None:
    plain = staff.get("/openapi.json", headers={"accept-encoding": "identity"})
    packed = staff.get("/openapi.json", headers={"accept-encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content) / 3
    assert packed.content == plain.content
