"""No undocumented answer: Schemathesis asks everything the interface document allows, and more.

All of its checks are on: no server error, documented statuses, content types, headers and
bodies, valid data accepted and invalid data refused, methods told apart.
"""

from __future__ import annotations

from collections import Counter
from itertools import count

import pytest
import schemathesis
from fastapi import FastAPI
from pydantic import BaseModel
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from api.district_models import CatalogueOut, OrganisationsOut, PlacesOut, RostersOut
from api.models import (
    AreaFeature,
    AreaOut,
    AreasOut,
    EditionsOut,
    HealthOut,
    LocationOut,
    Problem,
)
from tests.api_client import COMMUNITIES, LOCAL, STREET_GRID

pytest_plugins = ["tests.api_fixtures"]

CONFIG = {
    "seed": 20261123,
    "generation": {"max-examples": 15, "deterministic": True, "database": "none"},
    # Invented codes and places are nowhere: half of the questions are about the district.
    "dictionaries": {
        "codes": {"values": [STREET_GRID, "G-2", "~1", *COMMUNITIES]},
        "lon": {"values": [117.005, 117.01, 117.03]},
        "lat": {"values": [36.605, 36.61]},
        # No schema knows the hour: times that are in the future are refused.
        "past": {"values": ["2026-11-22T23:59:59.999Z", "2026-02-28", "2000-01-01T00:00:00+14:00"]},
    },
    "parameters": {
        "path.code": {"dictionary": "codes", "probability": 0.5},
        "query.lon": {"dictionary": "lon", "probability": 0.5},
        "query.lat": {"dictionary": "lat", "probability": 0.5},
        "body.lon": {"dictionary": "lon", "probability": 0.5},
        "body.lat": {"dictionary": "lat", "probability": 0.5},
        "body.observed_at": {"dictionary": "past", "probability": 1.0},
        "body.received_at": {"dictionary": "past", "probability": 1.0},
    },
    "workers": 1,
    "continue-on-failure": True,
}


KEY = b"idempotency-key"


def from_its_own_machine(app: FastAPI) -> ASGIApp:
    """The application, asked by staff: their answers have every field there is.

    The same key comes with one body after another. Every second time it is made a new one,
    or hardly any report would be taken.
    """
    calls = count()

    async def ask(scope: Scope, receive: Receive, send: Send) -> None:
        number = next(calls)
        headers = [(k, renewed(v, number) if k == KEY else v) for k, v in scope.get("headers", ())]
        await app({**scope, "client": LOCAL, "headers": headers}, receive, send)

    def renewed(key: bytes, number: int) -> bytes:
        return key + b"-%d" % number if number % 2 and 8 <= len(key) <= 120 else key

    return ask


@pytest.fixture(scope="module")
def findings(api_app: FastAPI) -> tuple[Counter[tuple[str, int]], list[str]]:
    """How often each operation gave each status, and everything that was wrong."""
    schema = schemathesis.openapi.from_asgi(
        "/openapi.json", from_its_own_machine(api_app), config=SchemathesisConfig.from_dict(CONFIG)
    )
    statuses: Counter[tuple[str, int]] = Counter()
    wrong: list[str] = []
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError):
            wrong.append(f"{event.label}: {event.value!r}")
        elif isinstance(event, events.FatalError):
            raise event.exception
        elif isinstance(event, events.ScenarioFinished | events.FuzzScenarioFinished):
            record = event.recorder
            for key, interaction in record.interactions.items():
                label = record.cases[key].value.operation.label
                if interaction.response is not None:
                    statuses[label, interaction.response.status_code] += 1
            for checks in record.checks.values():
                wrong += [
                    f"{check.failure_info.failure.title}: {check.failure_info.failure.message}\n"
                    f"{check.failure_info.code_sample}"
                    for check in checks
                    if check.failure_info is not None
                ]
    return statuses, wrong


def test_no_answer_is_undocumented_and_none_is_a_server_error(
    findings: tuple[Counter[tuple[str, int]], list[str]],
) -> None:
    _, wrong = findings
    assert not wrong, "\n\n".join(wrong[:5])


def test_every_operation_was_answered_with_success_and_not_only_refused(
    findings: tuple[Counter[tuple[str, int]], list[str]],
) -> None:
    statuses, _ = findings
    assert {label for label, status in statuses if status in {200, 201}} == {
        "GET /api/areas",
        "GET /api/areas/{level}/{code}",
        "GET /api/areas/{level}/{code}.geojson",
        "GET /api/editions",
        "GET /api/catalogue",
        "GET /api/locate",
        "GET /api/organisations",
        "GET /api/places",
        "GET /api/reports",
        "GET /api/reports/{number}",
        "GET /api/rosters",
        "POST /api/locate",
        "POST /api/reports",
        "GET /healthz",
        "GET /metrics",
    }
    assert statuses["GET /api/locate", 422] > 20
    assert sum(statuses.values()) > 300


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/api/locate?lon=117.01&lat=36.605", LocationOut),
        ("/api/areas?level=grid", AreasOut),
        ("/api/areas/grid/G-2", AreaOut),
        ("/api/areas/grid/G-2.geojson", AreaFeature),
        ("/api/editions", EditionsOut),
        ("/api/places", PlacesOut),
        ("/api/organisations", OrganisationsOut),
        ("/api/rosters", RostersOut),
        ("/api/catalogue", CatalogueOut),
        ("/api/reports", Problem),
        ("/healthz", HealthOut),
        ("/api/areas?level=none", Problem),
    ],
)
def test_what_residents_get_is_documented_too(
    resident: TestClient, path: str, model: type[BaseModel]
) -> None:
    model.model_validate_json(resident.get(path).content)
