"""Schemathesis walked over an application: how often each answer was given, and what was wrong."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Mapping
from itertools import count
from typing import Any

import schemathesis
from fastapi import FastAPI
from hypothesis import strategies as st
from PIL import Image
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gridmap.pictures import clean
from gridmap.places.photos import PHOTO_SIDE
from tests.api_client import COMMUNITIES, LOCAL, STREET_GRID


def jpeg_of(size: tuple[int, int]) -> bytes:
    """A small photo."""
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, "JPEG")
    return out.getvalue()


# Of the place P1, where the walk finds it.
PICTURE = clean(jpeg_of((40, 30)), most_bytes=10**6, most_pixels=10**6, side=PHOTO_SIDE)

CONFIG = {
    "seed": 20261123,
    "generation": {"max-examples": 15, "deterministic": True, "database": "none"},
    # Invented codes and places are nowhere: half of the questions are about the district.
    "dictionaries": {
        "codes": {"values": [STREET_GRID, "G-2", "~1", *COMMUNITIES]},
        "pictures": {"values": [PICTURE.sha256]},
        "lon": {"values": [117.005, 117.01, 117.03]},
        "lat": {"values": [36.605, 36.61]},
        "editions": {"values": ["2026", "2027", "plan"]},
        # No schema knows the hour: times that are in the future are refused.
        "numbers": {"values": [1, 2, 3, 4]},
        "future": {"values": ["2027-06-01T12:00:00Z", "2027-06-02"]},
        "bodies": {"values": ["HW", "CG", "SW"]},
        "versions": {"values": [0, 1, 2]},
        "now": {"values": [0]},
        "zooms": {"values": [0, 2, 14]},
        "tiles": {"values": [0, 1, 3]},
        # Long over, or still to come.
        "months": {"values": ["2026-01", "2026-02", "2027-01"]},
        "past": {"values": ["2026-11-22T23:59:59.999Z", "2026-02-28", "2000-01-01T00:00:00+14:00"]},
    },
    "parameters": {
        "path.number": {"dictionary": "numbers", "probability": 0.5},
        "body.report": {"dictionary": "numbers", "probability": 0.5},
        "path.code": {"dictionary": "codes", "probability": 0.5},
        "path.name": {"dictionary": "editions", "probability": 0.5},
        "path.photo": {"dictionary": "numbers", "probability": 0.5},
        "path.picture": {"dictionary": "pictures", "probability": 0.9},
        "path.z": {"dictionary": "zooms", "probability": 0.9},
        "path.x": {"dictionary": "tiles", "probability": 0.9},
        "path.y": {"dictionary": "tiles", "probability": 0.9},
        "path.month": {"dictionary": "months", "probability": 0.9},
        "query.month": {"dictionary": "months", "probability": 0.9},
        "body.edition": {"dictionary": "editions", "probability": 0.7},
        "body.version": {"dictionary": "versions", "probability": 0.7},
        "query.version": {"dictionary": "versions", "probability": 0.5},
        "query.plan": {"dictionary": "editions", "probability": 0.7},
        "query.lon": {"dictionary": "lon", "probability": 0.5},
        "query.lat": {"dictionary": "lat", "probability": 0.5},
        "body.lon": {"dictionary": "lon", "probability": 0.5},
        "body.lat": {"dictionary": "lat", "probability": 0.5},
        "query.wait_s": {"dictionary": "now", "probability": 1.0},
        "body.lead": {"dictionary": "bodies", "probability": 0.9},
        "body.department": {"dictionary": "bodies", "probability": 0.9},
        "body.until": {"dictionary": "future", "probability": 1.0},
        "body.due_at": {"dictionary": "future", "probability": 1.0},
        "body.reply_by": {"dictionary": "future", "probability": 1.0},
        "body.arrived_at": {"dictionary": "past", "probability": 1.0},
        "body.observed_at": {"dictionary": "past", "probability": 1.0},
        "body.received_at": {"dictionary": "past", "probability": 1.0},
    },
    # No schema can say which ground may be drawn, nor whether it is given in one way.
    "operations": [
        {
            "include-name": "POST /api/reviews/{number}/ruling",
            "checks": {"positive_data_acceptance": {"enabled": False}},
        },
        # Nor that minutes are counted from somewhere, nor what opening hours look like.
        {
            "include-path-regex": "^/api/places",
            "checks": {"positive_data_acceptance": {"enabled": False}},
        },
        # Nor that a zoom has so many tiles and no more.
        {
            "include-path-regex": "^/tiles",
            "checks": {"positive_data_acceptance": {"enabled": False}},
        },
        # Nor that a month and a period exclude each other, nor which groups there are.
        {
            "include-name": "GET /api/numbers",
            "checks": {"positive_data_acceptance": {"enabled": False}},
        },
        # Nor which places, outlines and codes fit the plan.
        {
            "include-name": "POST /api/drafts/{number}/edits",
            "checks": {"positive_data_acceptance": {"enabled": False}},
        },
        # Nor which levels are planned, and what the atoms are known to hold.
        {
            "include-name": ["POST /api/drafts", "POST /api/drafts/{number}/suggest"],
            "checks": {"positive_data_acceptance": {"enabled": False}},
        },
        # Nor which grids there are to plan, nor which plans have a name.
        {
            "include-path-regex": "^/api/(suggestions|plans)",
            "checks": {"positive_data_acceptance": {"enabled": False}},
        },
        # One address an action, all made from one table: a few questions each are enough.
        {"include-path-regex": "^/api/reports/.number./.+", "generation": {"max-examples": 3}},
    ],
    # Numbers of reports lead everywhere: every chain of answers would be walked.
    "phases": {"stateful": {"enabled": False}},
    "workers": 1,
    "continue-on-failure": True,
    # Texts without control characters that are not blank either: most that are invented are.
    "suppress-health-check": ["filter_too_much"],
}

# Octets that are a photo: invented ones are none.
PHOTOS = [jpeg_of((n, 2 * n)) for n in (1, 5, 40)]
for kind in ("image/jpeg", "image/png", "image/webp"):
    schemathesis.openapi.media_type(kind, st.sampled_from(PHOTOS))

Findings = tuple[Counter[tuple[str, int]], list[str]]

KEY = b"idempotency-key"

# How long to wait for events that do not come, where it may be said so.
WAIT = re.compile(rb"\bwait_s=(?:[1-9]\d{0,2}|[1-2]\d{3}|3[0-5]\d\d|3600)(?=&|$)")


def from_its_own_machine(app: FastAPI, token: str | None = None) -> ASGIApp:
    """The application, asked by staff: their answers have every field there is.

    On its own machine, and where there are accounts with a key.

    The same key comes with one body after another. Every second time it is made a new one,
    or hardly any report would be taken.
    """
    calls = count()

    async def ask(scope: Scope, receive: Receive, send: Send) -> None:
        number = next(calls)
        headers = [(k, renewed(v, number) if k == KEY else v) for k, v in scope.get("headers", ())]
        if token is not None:
            headers = [(k, v) for k, v in headers if k != b"authorization"]
            headers.append((b"authorization", f"Bearer {token}".encode()))
        query = scope.get("query_string", b"")
        if scope.get("path") == "/api/events":
            query = WAIT.sub(b"wait_s=0", query)
            if b"wait_s=" not in query:
                query += b"&wait_s=0"
        asked = evenly(receive) if scope.get("path") == "/api/locate" else receive
        scope = {**scope, "client": LOCAL, "headers": headers, "query_string": query}
        await app(scope, asked, send)

    def renewed(key: bytes, number: int) -> bytes:
        return key + b"-%d" % number if number % 2 and 8 <= len(key) <= 120 else key

    return ask


def evenly(receive: Receive) -> Receive:
    """Make two columns as long as each other: no schema can say that they have to be."""

    async def take() -> Message:
        message = await receive()
        return {**message, "body": evened(message["body"])} if message.get("body") else message

    return take


def evened(body: bytes) -> bytes:
    """The same body, its shorter column filled up; nothing that is wrong is taken out."""
    try:
        said = json.loads(body)
    except ValueError:
        return body
    columns = [said.get(name) for name in ("lon", "lat")] if isinstance(said, dict) else [None]
    if not all(isinstance(column, list) and column for column in columns):
        return body
    size = max(map(len, columns))
    for column in columns:
        column.extend([None] * (size - len(column)))
    return json.dumps(said).encode()


def walk(app: ASGIApp, config: Mapping[str, Any] = CONFIG) -> Findings:
    """Ask everything that the document of `app` allows, and more."""
    schema = schemathesis.openapi.from_asgi(
        "/openapi.json", app, config=SchemathesisConfig.from_dict(dict(config))
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
