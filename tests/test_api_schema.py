"""No undocumented answer: Schemathesis asks everything the interface document allows, and more.

All of its checks are on: no server error, documented statuses, content types, headers and
bodies, valid data accepted and invalid data refused, methods told apart.
"""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.testclient import TestClient

from api.district_models import (
    CatalogueOut,
    MyGridOut,
    OrganisationsOut,
    PlaceDetailOut,
    PlacesOut,
    RostersOut,
    ServiceItemsOut,
)
from api.history import HistoryOut
from api.me import MeOut
from api.models import (
    AreaFeature,
    AreaOut,
    AreasOut,
    EditionsOut,
    HealthOut,
    LocationOut,
    Problem,
)
from tests.schema_walk import CONFIG, Findings, from_its_own_machine, jpeg_of, walk

pytest_plugins = ["tests.api_fixtures"]

# What the document does not allow is refused before a store is asked, whichever it is.
ALLOWED = CONFIG | {"generation": {**CONFIG["generation"], "mode": "positive"}}


@pytest.fixture(scope="module")
def walked_app(api_app: FastAPI) -> FastAPI:
    """The application, with something of everything that its document speaks of."""
    # Covers that nobody registered: reports 1 to 4 of the store, or later ones, and a review.
    for n, spot in enumerate(((117.005, 36.605), (117.015, 36.605), (117.025, 36.605))):
        body = {"lon": spot[0], "lat": spot[1], "coord_sys": "wgs84", "item": "0301"}
        api_app.state.workspace.submit_report(body, key=f"schema-cover-{n}")
    api_app.state.workspace.start_draft("schema", edition="2026")
    api_app.state.workspace.add_place_photo("P1", jpeg_of((40, 30)))
    return api_app


@pytest.fixture(scope="module")
def findings(walked_app: FastAPI, api_store: str) -> Findings:
    """How often each operation gave each status, and everything that was wrong.

    From PostGIS the answers to what is allowed; `make soak` asks it the rest as well.
    """
    return walk(from_its_own_machine(walked_app), ALLOWED if "://" in api_store else CONFIG)


def test_no_answer_is_undocumented_and_none_is_a_server_error(
    findings: Findings,
) -> None:
    _, wrong = findings
    assert not wrong, "\n\n".join(wrong[:5])


@pytest.mark.soak
@pytest.mark.parametrize("api_store", ["postgis"], indirect=True, scope="session")
def test_nor_is_any_answer_from_postgis_to_what_is_not_allowed(walked_app: FastAPI) -> None:
    _, wrong = walk(from_its_own_machine(walked_app))
    assert not wrong, "\n\n".join(wrong[:5])


def test_every_operation_was_answered_with_success_and_not_only_refused(
    findings: Findings, api_store: str
) -> None:
    statuses, _ = findings
    done = {label for label, status in statuses if status in {200, 201}}
    # Most actions need an order in their own state; the loops of the tests take all of them.
    acted = {label for label in done if label.startswith("POST /api/reports/{number}/")}
    # PostGIS is asked less, and whether the order is new when it is confirmed is luck.
    wanted = {"comment", "confirm"} if api_store == "geopackage" else {"comment"}
    assert {f"POST /api/reports/{{number}}/{action}" for action in wanted} <= acted
    refused = {label for label, status in statuses if status in {403, 404, 409}}
    assert len({one for one in refused if one.startswith("POST /api/reports/{number}/")}) > 30
    # One place alone has a photo: whether it is met is luck; its own tests ask for it.
    lucky = {label for label in done if label.startswith("GET /api/places/{code}/photos")}
    assert done - acted - lucky == {
        "GET /api/areas",
        "GET /api/areas/{level}/{code}",
        "GET /api/areas/{level}/{code}.geojson",
        "GET /api/areas/{level}/{code}/history",
        "GET /api/editions",
        "GET /api/editions/{name}/export/{level}.{format}",
        "GET /tiles/{name}/{level}.json",
        "GET /tiles/{name}/{level}/{z}/{x}/{y}.mvt",
        "GET /api/catalogue",
        "GET /api/locate",
        "GET /api/me",
        "GET /api/organisations",
        "GET /api/my-grid",
        "GET /api/places",
        "GET /api/reach",
        "GET /api/places/{code}",
        "GET /api/services",
        "POST /api/places/{code}/wrong",
        "GET /api/reports",
        "GET /api/reports/{number}",
        "GET /api/reports/{number}/photos",
        "GET /api/reports/{number}/photos/{photo}",
        "GET /api/reviews",
        "GET /api/reviews/{number}",
        "GET /api/rosters",
        "POST /api/locate",
        "POST /api/reports",
        "GET /api/reports/{number}/replay",
        "POST /api/reviews",
        "GET /api/deliveries/failed",
        "GET /api/events",
        "GET /api/inbox",
        "GET /api/orders",
        "GET /api/orders/{number}",
        "GET /api/supervision",
        "GET /api/numbers",
        "GET /api/annual/{year}",
        "GET /api/monthly",
        "GET /api/monthly/{month}",
        "POST /api/monthly/{month}",
        "GET /api/monthly/{month}/draft",
        "GET /api/monthly/{month}/workbook",
        "GET /api/monthly/{month}/appeals",
        "POST /api/deliveries/redeliver",
        "POST /api/inbox/read",
        "GET /api/drafts",
        "GET /api/drafts/{number}",
        "GET /api/drafts/{number}/geojson",
        "GET /api/drafts/{number}/measures",
        "GET /api/drafts/{number}/compare",
        "GET /api/drafts/{number}/check",
        "GET /api/rulings",
        "GET /api/suggestions",
        "GET /healthz",
        "GET /metrics",
    }
    if "://" not in api_store:
        assert statuses["GET /api/locate", 422] > 20
    assert sum(statuses.values()) > 300


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/api/locate?lon=117.01&lat=36.605", LocationOut),
        ("/api/areas?level=grid", AreasOut),
        ("/api/areas/grid/G-2", AreaOut),
        ("/api/areas/grid/G-2.geojson", AreaFeature),
        ("/api/areas/grid/G-2/history", HistoryOut),
        ("/api/editions", EditionsOut),
        ("/api/places", PlacesOut),
        ("/api/places/P1?near=117.0,36.6", PlaceDetailOut),
        ("/api/services", ServiceItemsOut),
        ("/api/my-grid?estate=E1", MyGridOut),
        ("/api/organisations", OrganisationsOut),
        ("/api/rosters", RostersOut),
        ("/api/catalogue", CatalogueOut),
        ("/api/reports", Problem),
        ("/api/reviews", Problem),
        ("/healthz", HealthOut),
        ("/api/me", MeOut),
        ("/api/personal-reads", Problem),
        ("/api/areas?level=none", Problem),
    ],
)
def test_what_residents_get_is_documented_too(
    resident: TestClient, path: str, model: type[BaseModel]
) -> None:
    model.model_validate_json(resident.get(path).content)
