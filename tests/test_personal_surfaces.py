"""With marked people in the store, no public surface and no other program shows any of them."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile, is_zipfile

import pytest
from fastapi.routing import iter_route_contexts

from api.dependencies import Public
from gridmap.access import Actor
from gridmap.workspace import MAPS
from tests.guarded import PERSON, Guarded, report_of

pytest_plugins = ["tests.guarded_fixtures"]

FILLED = {
    "picture": "0" * 64,
    "level": "grid", "code": "G-2", "name": "2026", "z": "14", "x": "13517", "y": "6399",
}  # fmt: skip
FORMATS = ("geojson", "gpkg", "csv", "shp.zip", "zip")
ASKED = {
    "/api/locate": "?lon=117.005&lat=36.605",
    "/api/areas": "?level=grid",
}


def addresses(guarded: Guarded) -> list[str]:
    """Every address that the public may read, its parameters filled in."""
    found = []
    for route in iter_route_contexts(guarded.app.routes):
        if getattr(route, "dependant", None) is None or "GET" not in (route.methods or {"GET"}):
            continue
        calls = [one.call for one in route.dependant.dependencies]
        if not any(isinstance(call, Public) for call in calls):
            continue
        for kind in MAPS if "{kind}" in route.path else ("",):
            for form in FORMATS if "{format}" in route.path else ("",):
                path = route.path.replace("{kind}", kind).replace("{format}", form)
                for name, value in FILLED.items():
                    path = re.sub(rf"\{{{name}(:\w+)?\}}", value, path)
                assert "{" not in path, f"fill in {path}"
                found.append(path + ASKED.get(path, ""))
    return found


def texts_of(content: bytes) -> bytes:
    """The content, with what is packed in it."""
    if is_zipfile(BytesIO(content)):
        with ZipFile(BytesIO(content)) as archive:
            return b"".join(archive.read(name) for name in archive.namelist())
    return content


def assert_clean(content: bytes, where: str) -> None:
    for value in (*PERSON.values(), "139****8888", "标**"):
        for encoded in (value.encode(), value.encode("gb18030"), ascii(value)[1:-1].encode()):
            assert encoded not in texts_of(content), (where, value)


@pytest.fixture
def marked(guarded: Guarded) -> Guarded:
    """The district with a report that names the marked person."""
    report_of(guarded, "surface-report")
    return guarded


@pytest.mark.parametrize("role", [None, "resident", "delegate"])
def test_no_public_address_shows_a_person(marked: Guarded, role: str | None) -> None:
    client = marked.client(role)
    asked = addresses(marked)
    assert len(asked) > 20
    answered = 0
    for address in asked:
        answer = client.get(address)
        assert answer.status_code < 500, address
        answered += answer.status_code == 200
        assert_clean(answer.content, address)
    assert answered > 15


def test_no_map_file_shows_a_person(marked: Guarded, tmp_path: Path) -> None:
    for kind in MAPS:
        for actor in (Actor.resident(), Actor.operator()):
            html = marked.workspace.map_document(kind, actor=actor).html()
            assert_clean(html.encode(), f"{kind} for {actor.name}")


def test_no_staff_answer_but_the_handlers_own_shows_a_person(marked: Guarded) -> None:
    for role in ("admin", "supervisor", "dispatcher", "planner"):
        client = marked.client(role)
        for address in ("/api/reports?limit=1000", "/api/me", "/api/personal-reads"):
            content = client.get(address).content
            for value in PERSON.values():
                assert value.encode() not in content, (role, address)


def test_another_program_is_shown_no_layer_or_view_with_accounts_or_people(
    marked: Guarded, request: pytest.FixtureRequest
) -> None:
    hidden = {"users", "user_roles", "api_keys", "sessions", "login_attempts", "report_people",
              "personal_reads", "photos", "place_photos"}  # fmt: skip
    workspace = marked.workspace
    if workspace.store.kind == "geopackage":
        with closing(sqlite3.connect(f"file:{workspace.store.where}?mode=ro", uri=True)) as file:
            layers = {name for (name,) in file.execute("SELECT table_name FROM gpkg_contents")}
            views = file.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'view'"
            ).fetchall()
        assert layers
        assert not layers & hidden
        assert not [name for name, sql in views if any(table in sql for table in hidden)]
        return
    import psycopg2

    server = request.getfixturevalue("postgres")
    name = workspace.store.where.rsplit("/", 1)[-1].partition("?")[0]
    with closing(psycopg2.connect(server.dsn(name))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SET ROLE gridmap_reader")
            for table in sorted(hidden):
                with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                    cursor.execute(f"SELECT * FROM public.{table}")
            cursor.execute("SELECT viewname FROM pg_views WHERE schemaname = 'gridmap_views'")
            views = [view for (view,) in cursor.fetchall()]
            assert views
            for view in views:
                cursor.execute(f"SELECT t.*::text FROM gridmap_views.{view} t")
                assert_clean(str(cursor.fetchall()).encode(), view)


def test_nothing_of_a_person_is_logged(guarded: Guarded, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(0):
        number = report_of(guarded, "logged-report")
        guarded.client("dispatcher").post(f"/api/reports/{number}/reporter", json={"why": "回访"})
        guarded.client().post(
            "/api/reports",
            json={**PERSON, "lon": "x"},
            headers={"idempotency-key": "logged-report-2"},
        )
    for value in PERSON.values():
        assert value not in caplog.text


def test_no_refusal_repeats_a_person(guarded: Guarded) -> None:
    broken = {**PERSON, "lon": 117.0, "lat": 36.6, "coord_sys": "wgs84", "item": "0306"}
    for change in (
        {"reporter_phone": [PERSON["reporter_phone"]]},
        {"reporter_name": {"name": PERSON["reporter_name"]}},
        {"reporter_phone": PERSON["reporter_phone"] + "转办公室"},
        {"reporter_address": PERSON["reporter_address"] * 60},
        {"item": "9999"},
        {"reporter": PERSON["reporter_phone"]},
    ):
        answer = guarded.client().post(
            "/api/reports", json={**broken, **change}, headers={"idempotency-key": "refusal-one"}
        )
        assert answer.status_code == 422, change
        for value in PERSON.values():
            assert value not in answer.text, change


@pytest.mark.parametrize("content", ['["{0}"]', '{{"reporter_phone": "{0}"', '"{0}"', "{0}"])
def test_no_refusal_repeats_a_body_that_is_no_report(guarded: Guarded, content: str) -> None:
    answer = guarded.client().post(
        "/api/reports",
        content=content.format(PERSON["reporter_phone"]),
        headers={"idempotency-key": "refusal-two", "content-type": "application/json"},
    )
    assert answer.status_code == 422
    assert PERSON["reporter_phone"] not in answer.text
