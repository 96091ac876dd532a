"""Reports sent in: what is answered, to whom, and once for every key."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Barrier
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.models import LocationOut
from api.report_models import ReportOut
from gridmap.workspace import ReportSource, Workspace
from tests.api_client import LOCAL
from tests.api_town import Hands, send, spot

pytest_plugins = ["tests.api_fixtures"]

_keys = count()


def new_key() -> str:
    return f"test-key-{next(_keys)}"


def total(client: TestClient) -> int:
    return int(client.get("/api/reports?limit=1").json()["total"])


def sent(client: TestClient, body: dict[str, Any], **params: str) -> dict[str, Any]:
    answer = send(client, body, new_key(), params=params)
    assert answer.status_code == 201, answer.text
    ReportOut.model_validate_json(answer.content)
    return dict(answer.json())


def test_a_report_is_answered_with_its_place_route_and_reasons(clerk: TestClient) -> None:
    found = sent(clerk, spot(1.2, 1.3, accuracy_m=5, text="路边有垃圾", source="grid_worker"))
    assert found["areas"] == {
        "subdistrict": "990101001",
        "community": "990101001001",
        "grid": "990101001001001",
        "microgrid": "99010100100100101",
    }
    assert found["location_status"] == "inside"
    assert (found["department"], found["department_name"]) == ("WY:F001", "安禾物业")
    assert found["first_responder"] == "W-A1-1"
    assert found["handling_level"] == "G"
    assert found["due_at"] == "2026-03-12T14:30:00+08:00"
    assert found["received_at"] == "2026-03-12T09:00:00+08:00"
    assert found["rules"] == ["estate_managed", "first_grid_worker", "due_working_hour"]
    assert "锦禾苑" in found["explanation"][0]
    assert (found["text"], found["source"]) == ("路边有垃圾", "grid_worker")


def test_the_language_is_asked_for_and_the_sites_otherwise(clerk: TestClient) -> None:
    english = sent(clerk, spot(1.2, 1.3), lang="en")
    assert english["department_name"] == "Anhe Property"
    assert "Jinhe Court" in english["explanation"][0]
    again = clerk.get(f"/api/reports/{english['id']}").json()
    assert again["department_name"] == "安禾物业"
    assert clerk.get("/api/reports?lang=fr").status_code == 422


@pytest.mark.parametrize(
    "place",
    [
        spot(1.2, 1.3),
        spot(1.2, 1.3, accuracy_m=60.0),
        spot(4.1, 5.1, accuracy_m=25.0),
        spot(4, 5.1),
        spot(-1, 2, accuracy_m=100.0),
        spot(30, 2),
        spot(1.2, 1.3) | {"lon": 0, "lat": 0},
        spot(1.2, 1.3) | {"lon": 200.0},
        spot(1.2, 1.3, accuracy_m=-1.0),
        spot(1.2, 1.3) | {"coord_sys": "gcj02"},
        spot(1.2, 1.3, observed_at="2024-12-31"),
    ],
)
def test_the_place_is_the_one_that_locate_answers(clerk: TestClient, place: dict[str, Any]) -> None:
    asked = {
        name: place[name] for name in ("lon", "lat", "coord_sys", "accuracy_m") if name in place
    }
    if "observed_at" in place:
        asked["at"] = place["observed_at"]
    located = clerk.get("/api/locate", params=asked).json()
    found = sent(clerk, place)
    # The grids of professions are asked beside, they are no part of the report's place.
    own = [name for name in LocationOut.model_fields if name != "families"]
    assert {name: found[name] for name in own} == {name: located[name] for name in own}


def test_a_report_without_a_place_goes_to_a_person(clerk: TestClient) -> None:
    found = sent(clerk, spot(1, 1) | {"lon": None, "lat": None, "accuracy_m": None})
    assert found["location_status"] == "invalid"
    assert found["needs_person"] is True
    assert (found["department"], found["due_reason"]) == (None, "not_routed")
    assert found["rules"] == ["place_invalid"]


def test_a_report_of_an_old_sight_is_routed_as_of_then(clerk: TestClient) -> None:
    # Past 1 October a firm manages what was an open estate.
    clerk.app.state.workspace.clock.set("2026-10-09 09:00")
    before = sent(clerk, spot(9.1, 5.3, observed_at="2026-09-30T23:00"))
    after = sent(clerk, spot(9.1, 5.3, observed_at="2026-10-01T00:30"))
    assert before["rules"][0] == "estate_open"
    assert after["department"] == "WY:F003"
    assert before["due_at"] == after["due_at"] == "2026-10-09T14:30:00+08:00"
    assert before["observed_at"] == "2026-09-30T23:00:00+08:00"


def test_the_sender_sees_what_becomes_of_it_and_not_who_is_named(citizen: TestClient) -> None:
    found = sent(citizen, spot(1.2, 1.3, accuracy_m=5, text="路边有垃圾"))
    assert found["department_name"] == "安禾物业"
    assert found["due_at"] == "2026-03-12T14:30:00+08:00"
    assert set(found) == {
        "id", "received_at", "observed_at", "closed_at", "item", "catalogue", "coord_sys",
        "lon", "lat", "areas", "location_status", "edition", "warning", "department",
        "department_name",
        "co_departments", "co_department_names", "handling_level", "due_at", "due_reason",
        "confidence", "review_on",
        "needs_person", "call_first", "explanation", "certain_level", "margin_m", "margins_m",
        "candidates", "nearest", "text", "receipt",
    }  # fmt: skip


def test_the_same_key_and_body_are_one_report(clerk: TestClient) -> None:
    key, body = new_key(), spot(1.2, 1.3, text="只报一次")
    first = send(clerk, body, key)
    before = total(clerk)
    again = send(clerk, dict(reversed(body.items())) | {"accuracy_m": None}, key)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.headers["location"] == f"/api/reports/{first.json()['id']}"
    assert "location" not in again.headers
    assert again.json() == first.json()
    assert total(clerk) == before


def test_a_repeat_says_what_the_first_answer_said_whatever_the_hour(
    clerk: TestClient, hands: Hands
) -> None:
    key, body = new_key(), spot(1.2, 1.3)
    first = send(clerk, body, key).json()
    hands.set("2026-06-30 23:59")
    assert send(clerk, body, key).json() == first


def test_a_resident_who_repeats_a_key_sees_no_more_than_a_resident(
    clerk: TestClient, citizen: TestClient
) -> None:
    key, body = new_key(), spot(1.2, 1.3, text="路边有垃圾")
    send(clerk, body, key)
    again = send(citizen, body, key)
    assert again.status_code == 200
    assert "first_responder" not in again.json()
    # Nothing but what was sent, and how it is followed.
    assert again.json()["text"] == body["text"]


def test_the_same_key_with_another_body_is_refused(clerk: TestClient) -> None:
    key = new_key()
    send(clerk, spot(1.2, 1.3), key)
    before = total(clerk)
    other = send(clerk, spot(1.2, 1.31), key)
    assert other.status_code == 409
    assert other.json()["type"] == "/problems#conflict"
    assert other.json()["got"] == key
    assert total(clerk) == before


def test_many_at_once_with_one_key_are_one_report(
    town_app: FastAPI, clerk: TestClient, town_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if every one of them had looked before any of them wrote.
    monkeypatch.setattr(town_workspace.store, "known_report", lambda key, body: None)
    before, key, ready = total(clerk), new_key(), Barrier(8)

    def one(_: int) -> tuple[int, dict[str, Any]]:
        client = TestClient(town_app, client=LOCAL)
        ready.wait()
        answer = send(client, spot(1.2, 1.3, text="同时"), key)
        return answer.status_code, answer.json()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, range(8)))
    assert sorted(status for status, _ in answers) == [200] * 7 + [201]
    assert all(answer == answers[0][1] for _, answer in answers)
    assert total(clerk) == before + 1


def test_many_at_once_with_their_own_keys_are_all_kept(
    town_app: FastAPI, clerk: TestClient
) -> None:
    before, ready = total(clerk), Barrier(6)

    def one(number: int) -> int:
        client = TestClient(town_app, client=LOCAL)
        ready.wait()
        return send(client, spot(1.2, 1.3), f"each-its-own-{number}").status_code

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(one, range(6))) == [201] * 6
    assert total(clerk) == before + 6


@pytest.mark.parametrize(
    "change",
    [
        {"reporter_phone": "123"},
        {"reporter_mail": "somebody"},
        {"coord_sys": None},
        {"coord_sys": "mars"},
        {"coord_sys": "+proj=longlat"},
        {"item": None},
        {"item": "9999"},
        {"item": "101"},
        {"item": " 0101"},
        {"item": 101},
        {"lon": "117.0"},
        {"lon": True},
        {"accuracy_m": "5 m"},
        {"text": "长" * 2001},
        {"text": ["a"]},
        {"source": "rumour"},
        {"source": ""},
        {"observed_at": "yesterday"},
        {"observed_at": "2026-02-30"},
        {"observed_at": "1026-03-01"},
        {"observed_at": "2026-03-13"},
        {"received_at": "2026-03-12T09:06"},
    ],
)
def test_what_cannot_be_understood_is_refused_and_not_stored(
    clerk: TestClient, change: dict[str, Any]
) -> None:
    before = total(clerk)
    answer = send(clerk, spot(1.2, 1.3) | change, new_key())
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert total(clerk) == before


@pytest.mark.parametrize("name", ["lon", "lat", "coord_sys", "item"])
def test_place_system_and_item_must_be_given(clerk: TestClient, name: str) -> None:
    body = {key: value for key, value in spot(1.2, 1.3).items() if key != name}
    answer = send(clerk, body, new_key())
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["at"] == f"body.{name}"


def test_an_unknown_item_is_refused_with_what_was_perhaps_meant(clerk: TestClient) -> None:
    answer = send(clerk, spot(1.2, 1.3, item="0199"), new_key()).json()
    assert answer["type"] == "/problems#bad-code"
    assert any(near.startswith("01") for near in answer["allowed"])


def test_a_telephone_whose_clock_runs_ahead_a_little_is_believed(clerk: TestClient) -> None:
    found = sent(clerk, spot(1.2, 1.3, observed_at="2026-03-12T09:04:59"))
    assert found["observed_at"] == "2026-03-12T09:00:00+08:00"


def test_only_staff_say_when_a_report_was_received(clerk: TestClient, citizen: TestClient) -> None:
    body = spot(1.2, 1.3, received_at="2026-03-11T16:30")
    assert sent(clerk, body)["due_at"] == "2026-03-12T12:00:00+08:00"
    refused = send(citizen, body, new_key())
    assert refused.status_code == 403
    assert refused.json()["type"] == "/problems#not-allowed"


@pytest.mark.parametrize(
    "key",
    ["", "short", "1234567", "k" * 129, "key with blanks", "clé-de-voûte", "keys\tkeys\tkeys"],
)
def test_a_key_is_8_to_128_visible_ascii_characters(clerk: TestClient, key: str) -> None:
    headers = {"Idempotency-Key": key.encode("utf-8")}
    answer = clerk.post("/api/reports", json=spot(1.2, 1.3), headers=headers)
    assert answer.status_code == 422


def test_a_report_needs_one_key(clerk: TestClient) -> None:
    assert clerk.post("/api/reports", json=spot(1.2, 1.3)).status_code == 422
    two = [("Idempotency-Key", "first-key"), ("Idempotency-Key", "second-key")]
    assert clerk.post("/api/reports", json=spot(1.2, 1.3), headers=two).status_code == 422
    for key in ("12345678", "~" * 128, "!\"#$%&'()*+,-./:;<=>?@"):
        assert send(clerk, spot(1.2, 1.3), key).status_code == 201


def raw(client: TestClient, body: bytes, kind: str = "application/json") -> int:
    headers = {"Idempotency-Key": new_key(), "Content-Type": kind}
    return client.post("/api/reports", content=body, headers=headers).status_code


PLACE = b'{"lon":117.0012,"lat":36.6013,"coord_sys":"wgs84","item":"0101","text":%s}'


def test_a_body_that_is_no_json_is_refused(clerk: TestClient) -> None:
    assert raw(clerk, PLACE % b'"ok"') == 201
    assert raw(clerk, PLACE % b'"ok"', "text/plain") == 415
    # Half of a pair of surrogates, and bytes that are no UTF-8, are no text.
    assert raw(clerk, PLACE % rb'"\ud83d"') == 422
    assert raw(clerk, PLACE % b'"\xff\xfe"') == 422
    assert raw(clerk, PLACE.replace(b"117.0012", b"NaN") % b'"ok"') == 422
    assert raw(clerk, PLACE.replace(b"117.0012", b"1e999") % b'"ok"') == 422
    assert raw(clerk, b"") == 422
    assert raw(clerk, b"[]") == 422


def test_text_comes_back_as_it_was_but_for_what_no_store_holds(clerk: TestClient) -> None:
    odd = "垃圾\n\t😀 \x7f\u202e'; DROP TABLE reports; --\0<script>"
    assert sent(clerk, spot(1.2, 1.3, text=odd))["text"] == odd.replace("\0", "")


def test_every_source_is_taken_and_the_web_when_none_is_named(clerk: TestClient) -> None:
    for source in ReportSource:
        assert sent(clerk, spot(1.2, 1.3, source=source.value))["source"] == source
    assert sent(clerk, spot(1.2, 1.3))["source"] == "web"
