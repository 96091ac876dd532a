"""Start and end, /healthz, /metrics."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import gridmap
from api.app import create_app
from api.metrics import Metrics
from gridmap.errors import StoreUnusable
from gridmap.settings import Settings
from gridmap.times import frozen_clock
from gridmap.workspace import Workspace, open_workspace
from tests.api_client import LOCAL, serving

pytest_plugins = ["tests.api_fixtures"]


def test_the_application_opens_its_store_when_it_starts_and_closes_it(store_url: str) -> None:
    app = create_app(Settings(store=store_url))
    assert app.state.workspace is None
    with TestClient(app, client=LOCAL) as client:
        assert client.get("/healthz").status_code == 200
    assert app.state.workspace is None


def test_the_factory_reads_its_settings_from_the_environment(
    api_store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDMAP_STORE", api_store)
    monkeypatch.setenv("GRIDMAP_FROZEN_NOW", "2027-02-01")
    with TestClient(create_app(), client=LOCAL) as client:
        health = client.get("/healthz").json()
    assert health["edition"] == "2027"
    assert health["warnings"][0]["code"] == "clock_frozen"


def test_a_store_that_cannot_be_used_stops_the_start(tmp_path: Path) -> None:
    broken = tmp_path / "notes.gpkg"
    broken.write_text("not a database at all, but long enough to be looked at" * 50)
    with (
        pytest.raises(StoreUnusable),
        TestClient(create_app(Settings(store=str(broken))), client=LOCAL),
    ):
        pass


def test_health_names_the_store_and_the_edition_in_force(
    staff: TestClient, api_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_workspace, "calendar_days_left", lambda: 60)
    answer = staff.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "version": gridmap.__version__,
        "store": api_workspace.store.kind,
        "edition": "2026",
        "warnings": [],
    }


def test_health_says_what_is_wrong_and_answers_all_the_same(
    staff: TestClient, api_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_workspace, "calendar_days_left", lambda: 38)
    monkeypatch.setattr(api_workspace, "reports_waiting", lambda: 7)
    answer = staff.get("/healthz")
    assert answer.status_code == 200
    texts = {warning["code"]: warning["text"] for warning in answer.json()["warnings"]}
    assert list(texts) == ["calendar_ends", "calendar_missing"]
    assert "38 days" in texts["calendar_ends"]
    assert texts["calendar_missing"].startswith("7 reports")


def test_health_warns_when_no_edition_is_in_force(api_store: str) -> None:
    early = frozen_clock(datetime(2025, 6, 1, tzinfo=UTC))
    with open_workspace(api_store, clock=early) as workspace:
        health = TestClient(create_app(workspace=workspace), client=LOCAL).get("/healthz").json()
    assert health["status"] == "ok"
    assert "no_edition" in [warning["code"] for warning in health["warnings"]]


def test_health_says_when_the_store_does_not_answer(
    staff: TestClient, api_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost() -> int:
        raise StoreUnusable("No answer from /srv/secret.gpkg.")

    monkeypatch.setattr(api_workspace.store, "change_token", lost)
    answer = staff.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "unavailable"
    assert "secret" not in answer.text


SAMPLE = re.compile(r'[a-z_]+(\{([a-z]+="(\\.|[^"\\])*",?)+\})? [0-9.e+-]+\Z')


def counted(text: str, **labels: str) -> float:
    total = 0.0
    for line in text.splitlines():
        if line.startswith("gridmap_http_requests_total{") and all(
            f'{name}="{value}"' in line for name, value in labels.items()
        ):
            total += float(line.rpartition(" ")[2])
    return total


def test_requests_are_counted_by_route_method_and_status(api_workspace: Workspace) -> None:
    with serving(api_workspace) as client:
        client.get("/api/areas/grid/G-2")
        client.get("/api/areas/grid/G-3")
        client.get("/api/areas/grid/nobody")
        client.get("/api/no/such/thing")
        client.post("/api/locate", json={"points": [{"lon": 117, "lat": 36.6}]})
        answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    text = answer.text
    route = "/api/areas/{level}/{code:path}"
    assert counted(text, route=route, status="200", method="GET") == 2
    assert counted(text, route=route, status="404") == 1
    assert counted(text, route="none", status="404") == 1
    assert counted(text, route="/api/locate", method="POST", status="200") == 1
    assert "G-2" not in text


def test_metrics_are_well_formed(api_workspace: Workspace) -> None:
    with serving(api_workspace) as client:
        client.get("/healthz")
        client.request("BREW", "/healthz")
        lines = client.get("/metrics").text.splitlines()
    samples = [line for line in lines if not line.startswith("#")]
    assert all(SAMPLE.match(line) for line in samples), samples
    assert any('method="OTHER"' in line for line in samples)
    # Every metric is described before its first sample.
    described = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    families = {re.sub(r"_(bucket|sum|count)\Z", "", line.split("{")[0]) for line in samples}
    assert families <= described


def test_histograms_add_up() -> None:
    metrics = Metrics()
    for seconds in (0.0005, 0.001, 0.02, 99.0):
        metrics.observe("GET", '/a"b\\c', 200, seconds)
    text = metrics.text()
    bucket = re.compile(r'duration_seconds_bucket\{route="/a\\"b\\\\c",[^}]*le="([^"]+)"\} (\d+)')
    counts = {bound: int(count) for bound, count in bucket.findall(text)}
    assert counts["0.001"] == 2
    assert counts["0.025"] == 3
    assert counts["10.0"] == 3
    assert counts["+Inf"] == 4
    assert list(counts.values()) == sorted(counts.values())
    assert re.search(r"duration_seconds_sum\{[^}]*\} 99\.0215", text)


@pytest.fixture
def empty(store_url: str) -> Callable[[], Workspace]:
    return lambda: open_workspace(store_url)


def test_an_empty_store_is_served_and_says_what_to_do(empty: Callable[[], Workspace]) -> None:
    with empty() as workspace:
        client = TestClient(create_app(workspace=workspace), client=LOCAL)
        found = client.get("/api/locate?lon=117&lat=36.6")
        assert found.json()["location_status"] == "no_edition"
        listed = client.get("/api/areas")
        assert listed.status_code == 404
        assert "publish" in listed.json()["repair"]
        for path, status in (("/", 200), ("/maps/levels", 404)):
            page = client.get(path)
            assert page.status_code == status
            assert "gridmap import" in page.text
