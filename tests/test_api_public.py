"""Nothing that is for staff is on any surface that the public sees.

A store is filled with data for staff that bear a mark; every address is asked for as a
resident, and the mark looked for.
"""

from __future__ import annotations

import io
import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import pytest
from fastapi.routing import iter_route_contexts
from httpx2 import Response
from pypdf import PdfReader
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.access import Actor
from gridmap.pictures import clean, shrunk
from gridmap.places.model import Organisation, Place, Post
from gridmap.places.photos import PHOTO_SIDE
from gridmap.workspace import open_workspace
from tests.api_client import LOCAL, REMOTE, STREET_GRID
from tests.api_client import fill as fill_district
from tests.api_town import STAFF_ONLY, Hands, send
from tests.place_pictures import picture

MARK = STAFF_ONLY
# Numbers cannot bear a mark; this one is nowhere else.
MEMBERS = 43109775

# Photos of the canteen: one that everybody sees, one for staff, and that of a place for staff.
SHOWN, HIDDEN, INNER = (picture(colour) for colour in ("teal", "red", "blue"))
LIMITS = {"most_bytes": 10**7, "most_pixels": 10**7, "side": PHOTO_SIDE}
PUBLIC_PHOTO, *STAFF_PHOTOS = (clean(raw, **LIMITS) for raw in (SHOWN, HIDDEN, INNER))

# One or more addresses of every route.
ADDRESSES = {
    "/": ["/", "/?lang=en"],
    "/maps/{kind}": ["/maps/levels", "/maps/party", "/maps/services"],
    "/maps/{kind}/staff": ["/maps/party/staff"],
    "/map/district.json": ["/map/district.json"],
    "/map/figures.json": ["/map/figures.json", "/map/figures.json?shares=true"],
    "/map/points.json": ["/map/points.json"],
    "/map/orders.json": ["/map/orders.json"],
    "/map/buildings.json": ["/map/buildings.json"],
    "/map/areas/{level}/{code:path}": ["/map/areas/grid/G-2"],
    "/map/buildings/{code:path}": ["/map/buildings/B1"],
    "/sheets/{kind}/{level}/{code:path}": [
        "/sheets/services/estate/E1", "/sheets/board/estate/E1", "/sheets/card/estate/E1",
        "/sheets/board/community/990101001001?lang=en", "/sheets/board/grid/G-2",
    ],
    "/sheets/{kind}/{level}/{code:path}.pdf": ["/sheets/board/estate/E1.pdf"],
    "/docs": ["/docs"],
    "/openapi.json": ["/openapi.json"],
    "/problems": ["/problems"],
    "/api/locate": ["/api/locate?lon=117.005&lat=36.605", "/api/locate?lon=117.01&lat=36.6"],
    "/api/areas": ["/api/areas", "/api/areas?level=grid"],
    "/api/areas/{level}/{code:path}.geojson": ["/api/areas/grid/G-2.geojson"],
    "/api/areas/{level}/{code:path}": [f"/api/areas/grid/{STREET_GRID}", "/api/areas/grid/~1"],
    "/api/areas/{level}/{code:path}/history": ["/api/areas/grid/G-2/history"],
    "/api/editions": ["/api/editions"],
    "/api/editions/{name:path}/export/{level}.{format}": [
        "/api/editions/2026/export/grid.geojson", "/api/editions/2026/export/grid.csv",
        "/api/editions/plan/export/grid.geojson",
    ],
    "/tiles/{name:path}/{level}/{z}/{x}/{y}.mvt": [
        "/tiles/2026/grid/14/13517/6399.mvt", "/tiles/2026/community/14/13517/6399.mvt",
    ],
    "/tiles/{name:path}/{level}/{z}/{x}/{y}": ["/tiles/2026/grid/14/13517/6399"],
    "/tiles/{name:path}/{level}.json": ["/tiles/2026/grid.json"],
    "/api/places": ["/api/places"],
    "/api/reach/coverage": ["/api/reach/coverage"],
    "/api/reach": ["/api/reach?lon=117.005&lat=36.605", "/api/reach?lon=0&lat=0&minutes=5"],
    "/api/reach/estates/{code:path}": ["/api/reach/estates/E1"],
    "/api/places/{code:place}": ["/api/places/P1", "/api/places/P1?near=117.0,36.6"],
    "/api/places/{code:path}/photos": ["/api/places/P1/photos", "/api/places/P7/photos"],
    "/api/places/{code:path}/photos/{picture}": [
        f"/api/places/{place}/photos/{one.sha256}{size}"
        for place, one in zip(("P1", "P1", "P7"), (PUBLIC_PHOTO, *STAFF_PHOTOS), strict=True)
        for size in ("", "?size=thumb")
    ],
    "/api/services": ["/api/services", "/api/services?estate=E1"],
    "/api/my-grid": ["/api/my-grid?near=117.005,36.605", "/api/my-grid?estate=E1"],
    "/services": ["/services", "/services?near=117.005,36.605", "/services?estate=E1&lang=en"],
    "/services/ground.json": ["/services/ground.json"],
    "/services/manifest.webmanifest": ["/services/manifest.webmanifest"],
    "/services/{code:path}": ["/services/P1?estate=E1"],
    "/services/{code:path}/wrong": ["/services/P1/wrong"],
    "/sw.js": ["/sw.js"],
    "/places/{code:path}/edit": ["/places/P1/edit"],
    "/api/organisations": ["/api/organisations"],
    "/api/rosters": ["/api/rosters", "/api/rosters?at=2020-01-01"],
    "/api/catalogue": ["/api/catalogue"],
    "/api/reports": ["/api/reports", "/api/reports?limit=1"],
    "/api/reports/{number}": ["/api/reports/1"],
    "/api/reports/{number}/replay": ["/api/reports/1/replay"],
    "/api/orders": ["/api/orders"],
    "/api/orders/{number}": ["/api/orders/1"],
    "/api/inbox": ["/api/inbox"],
    "/api/events": ["/api/events"],
    "/api/deliveries/failed": ["/api/deliveries/failed"],
    "/api/supervision": ["/api/supervision"],
    "/api/supervision/{key}": ["/api/supervision/1"],
    "/supervision/{key}": ["/supervision/1"],
    "/supervision": ["/supervision?state=all"],
    "/supervision/new": ["/supervision/new"],
    "/report": ["/report", "/report?lon=117.005&lat=36.605&item=0101", "/report?estate=E1"],
    "/my": ["/my"],
    "/my/{number}": ["/my/1"],
    "/my/{number}/photos/{photo}": ["/my/1/photos/1"],
    "/receipt": ["/receipt"],
    "/receipt/{receipt}": ["/receipt/2222-2222-2222-2222-2222"],
    "/receipt/{receipt}/photos/{photo}": ["/receipt/2222-2222-2222-2222-2222/photos/1"],
    "/api/drafts": ["/api/drafts"],
    "/api/drafts/{number}": ["/api/drafts/1"],
    "/api/drafts/{number}/geojson": ["/api/drafts/1/geojson"],
    "/api/drafts/{number}/measures": ["/api/drafts/1/measures"],
    "/api/drafts/{number}/compare": ["/api/drafts/1/compare"],
    "/api/drafts/{number}/check": ["/api/drafts/1/check"],
    "/api/plans/measures": ["/api/plans/measures", "/api/plans/measures?plan=2026"],
    "/api/plans/compare": ["/api/plans/compare?before=2026&after=plan"],
    "/api/plans/compare.gpkg": ["/api/plans/compare.gpkg?before=2026&after=plan"],
    "/api/plans/compare.html": ["/api/plans/compare.html?before=2026&after=plan"],
    "/api/plans/replay": ["/api/plans/replay?plan=2026"],
    "/api/suggestions": ["/api/suggestions"],
    "/api/suggestions/{number}": ["/api/suggestions/1"],
    "/api/rulings": ["/api/rulings"],
    "/api/reports/{number}/photos": ["/api/reports/1/photos"],
    "/api/reports/{number}/photos/{photo}": [
        "/api/reports/1/photos/1", "/api/reports/1/photos/1?size=thumb",
    ],
    "/drafts": ["/drafts"],
    "/drafts/{number}": ["/drafts/1"],
    "/orders": ["/orders", "/orders?state=submitted"],
    "/orders/{number}": ["/orders/1"],
    "/inbox": ["/inbox"],
    "/queue": ["/queue"],
    "/api/numbers": ["/api/numbers", "/api/numbers?by=department"],
    "/api/annual/{year}": ["/api/annual/2026"],
    "/api/monthly": ["/api/monthly"],
    "/api/monthly/{month}": ["/api/monthly/2026-02"],
    "/api/monthly/{month}/draft": ["/api/monthly/2026-02/draft"],
    "/api/monthly/{month}/workbook": ["/api/monthly/2026-02/workbook"],
    "/api/monthly/{month}/appeals": ["/api/monthly/2026-02/appeals"],
    "/monthly": ["/monthly"],
    "/monthly/{month}": ["/monthly/2026-02", "/monthly/2026-02?draft=true"],
    "/api/reviews": ["/api/reviews"],
    "/api/reviews/{number}": ["/api/reviews/1"],
    "/reviews": ["/reviews", "/reviews?state=ruled"],
    "/reviews/{number}": ["/reviews/1"],
    "/api/personal-reads": ["/api/personal-reads"],
    "/api/me": ["/api/me"],
    "/login": ["/login"],
    "/logout": ["/logout"],
    "/account": ["/account"],
    "/healthz": ["/healthz"],
    "/metrics": ["/metrics"],
}  # fmt: skip

# Of somebody whose post has ended.
PAST_PHONE = "0990-5550999"


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
        past = replace(post, code=f"{MARK}past", work_phone=PAST_PHONE, valid_to=date(2021, 1, 1))
        workspace.put_records("posts", [asdict(post), asdict(past)], replace=True)
        body = Organisation("O1", "party_branch", "东苑支部", members=MEMBERS, lon=117.0, lat=36.6)
        workspace.put_records("organisations", [asdict(body)], replace=True)
        workspace.store.ensure_draft(f"{MARK}draft", author)
        inner = Place("P7", "for_staff", f"{MARK} place", 117.004, 36.604)
        workspace.put_records("places", [asdict(inner)])
        said = {"caption": f"{MARK} caption", "alt": f"{MARK} alt", "credit": f"{MARK} credit"}
        workspace.add_place_photo("P1", HIDDEN, {**said, "shown_to": "staff"})
        workspace.add_place_photo("P1", SHOWN, {"caption": "everybody sees it"})
        workspace.add_place_photo("P7", INNER, said)
        app = create_app(workspace=workspace)
        staff = TestClient(app, client=LOCAL)
        for number in range(7):
            report = {"lon": 117.005, "lat": 36.605, "coord_sys": "wgs84", "item": "0101",
                      "text": f"{MARK} text", "source": "grid_worker"}  # fmt: skip
            assert send(staff, report, f"{MARK}key-{number}").status_code == 201
        yield TestClient(app, client=REMOTE), staff


def said(answer: Response) -> str:
    """The text of an answer; of a PDF what stands on its pages."""
    if answer.headers.get("content-type") != "application/pdf":
        return answer.text
    pages = PdfReader(io.BytesIO(answer.content)).pages
    text = "".join(page.extract_text() for page in pages)
    assert "0990-5550001" in text
    return text


def marked(text: str) -> bool:
    """True where the text holds what is for staff, or names or holds a photo that is."""
    return MARK in text or str(MEMBERS) in text or any(one in text for one in OF_STAFF_PHOTOS)


def held(data: bytes) -> list[str]:
    """How a document that holds a picture shows it, whole or made smaller."""
    made = (data, shrunk(data, 160, quality=70), shrunk(data, 150))
    return [b64encode(one).decode() for one in made]


OF_STAFF_PHOTOS = [
    said for one in STAFF_PHOTOS for said in (one.sha256, *held(one.data), *held(one.thumb))
]


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
            assert not any(answer.content in (one.data, one.thumb) for one in STAFF_PHOTOS), address
            # A refusal repeats the address that it was asked under.
            text = said(answer).replace(address.partition("?")[0], "")
            assert not marked(text), address
            # Who held a post then is told to who asks about then.
            assert PAST_PHONE not in said(answer) or "at=2020" in address, address
            assert not marked(json.dumps(dict(answer.headers))), address
    # The mark is there to be seen.
    for address in ("/api/reports", "/api/rosters", "/api/editions", "/api/places/P1/photos"):
        assert marked(staff.get(address).text)
    for address in ADDRESSES["/api/places/{code:path}/photos/{picture}"]:
        assert staff.get(address).status_code == 200, address
        assert resident.get(address).status_code == (200 if "P1" in address and PUBLIC_PHOTO.sha256
                                                     in address else 404), address  # fmt: skip


def test_documents_that_hold_photos_hold_none_for_staff(
    clients: tuple[TestClient, TestClient],
) -> None:
    workspace = clients[0].app.state.workspace
    public = workspace.map_document("services", actor=Actor.resident()).html()
    internal = workspace.map_document("services", actor=Actor.operator()).html()
    sheet = workspace.sheet("services", "estate", "E1")
    seen = held(PUBLIC_PHOTO.thumb)
    for html in (public, sheet):
        assert any(one in html for one in seen)
        assert not marked(html)
    # The first photo that staff see is one for staff.
    assert marked(internal)
    assert any(one in internal for one in held(STAFF_PHOTOS[0].thumb))


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
