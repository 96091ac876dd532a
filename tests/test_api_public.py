"""Nothing that is for staff is on any surface that the public sees.

A store is filled with data for staff that bear a mark; every address is asked for as a
resident, and the mark looked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.access import Actor
from gridmap.places.model import Organisation, Post
from gridmap.workspace import open_workspace
from tests.api_client import LOCAL, REMOTE, STREET_GRID
from tests.api_client import fill as fill_district
from tests.api_town import STAFF_ONLY, Hands, send

MARK = STAFF_ONLY
# Numbers cannot bear a mark; this one is nowhere else.
MEMBERS = 43109775

# One or more addresses of every route.
ADDRESSES = {
    "/": ["/", "/?lang=en"],
    "/maps/{kind}": ["/maps/levels", "/maps/party", "/maps/services"],
    "/docs": ["/docs"],
    "/openapi.json": ["/openapi.json"],
    "/problems": ["/problems"],
    "/api/locate": ["/api/locate?lon=117.005&lat=36.605", "/api/locate?lon=117.01&lat=36.6"],
    "/api/areas": ["/api/areas", "/api/areas?level=grid"],
    "/api/areas/{level}/{code:path}.geojson": ["/api/areas/grid/G-2.geojson"],
    "/api/areas/{level}/{code:path}": [f"/api/areas/grid/{STREET_GRID}", "/api/areas/grid/~1"],
    "/api/editions": ["/api/editions"],
    "/api/places": ["/api/places"],
    "/api/organisations": ["/api/organisations"],
    "/api/rosters": ["/api/rosters", "/api/rosters?at=2020-01-01"],
    "/api/catalogue": ["/api/catalogue"],
    "/api/reports": ["/api/reports", "/api/reports?limit=1"],
    "/api/reports/{number}": ["/api/reports/1"],
    "/healthz": ["/healthz"],
    "/metrics": ["/metrics"],
}  # fmt: skip


@pytest.fixture
def clients(store_url: str, tmp_path: Path) -> Iterator[tuple[TestClient, TestClient]]:
    """A resident and a member of staff, before a store full of marked data."""
    hands = Hands(None)  # type: ignore[arg-type]
    hands.set("2026-03-12 09:00")
    author = Actor.operator(f"{MARK} author")
    with open_workspace(store_url, clock=hands, actor=author) as workspace:
        fill_district(workspace, tmp_path)
        post = Post(f"{MARK}post", f"{MARK}person", f"{MARK} name", "grid_worker", "basic",
                    "grid", STREET_GRID, "0990-5550001")  # fmt: skip
        past = replace(post, code=f"{MARK}past", valid_to=date(2021, 1, 1))
        workspace.put_records("posts", [asdict(post), asdict(past)], replace=True)
        body = Organisation("O1", "party_branch", "东苑支部", members=MEMBERS, lon=117.0, lat=36.6)
        workspace.put_records("organisations", [asdict(body)], replace=True)
        workspace.store.ensure_draft(f"{MARK}draft", author)
        app = create_app(workspace=workspace)
        staff = TestClient(app, client=LOCAL)
        for number in range(7):
            report = {"lon": 117.005, "lat": 36.605, "coord_sys": "wgs84", "item": "0101",
                      "text": f"{MARK} text", "source": "grid_worker"}  # fmt: skip
            assert send(staff, report, f"{MARK}key-{number}").status_code == 201
        yield TestClient(app, client=REMOTE), staff


def marked(text: str) -> bool:
    return MARK in text or str(MEMBERS) in text


def test_no_public_surface_shows_what_is_for_staff(clients: tuple[TestClient, TestClient]) -> None:
    resident, staff = clients
    routes = {
        route.path
        for route in iter_route_contexts(resident.app.routes)
        if "GET" in (getattr(route, "methods", None) or ())
    }
    assert routes == set(ADDRESSES), "an address is missing here"
    for address in (one for some in ADDRESSES.values() for one in some):
        for accept in ("*/*", "text/html"):
            answer = resident.get(address, headers={"accept": accept})
            assert not marked(answer.text), address
            assert not marked(json.dumps(dict(answer.headers))), address
    # The mark is there to be seen.
    for address in ("/api/reports", "/api/rosters", "/api/editions"):
        assert marked(staff.get(address).text)


def test_the_answer_to_a_sender_names_nobody(clients: tuple[TestClient, TestClient]) -> None:
    resident, staff = clients
    body = {"lon": 117.005, "lat": 36.605, "coord_sys": "wgs84", "item": "0101"}
    for client, seen in ((resident, False), (staff, True)):
        answer = send(client, body, f"names-nobody-{seen}")
        assert answer.status_code == 201
        assert answer.json()["areas"]["grid"] == STREET_GRID
        assert marked(answer.text) is seen
        again = send(client, body, f"names-nobody-{seen}", params={"lang": "en"})
        assert marked(again.text) is seen


def test_few_reports_are_not_counted_in_public(clients: tuple[TestClient, TestClient]) -> None:
    resident, _ = clients
    body = {"lon": 117.025, "lat": 36.605, "coord_sys": "wgs84", "item": "0101"}
    send(resident, body, "only-one-report")
    workspace = resident.app.state.workspace
    assert workspace.store.report_counts("grid") == {STREET_GRID: 7, "G-3": 1}
    public = workspace.map_document("party", actor=Actor.resident()).html()
    internal = workspace.map_document("party", actor=Actor.operator()).html()
    assert public != internal
    assert marked(internal)
    assert not marked(public)
