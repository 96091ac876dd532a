"""Reports listed: for staff alone, narrowed, a page at a time."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from api.report_models import ReportOut, ReportsOut
from tests.api_town import Hands, send, spot

pytest_plugins = ["tests.api_fixtures"]

DAY = "since=2026-04-08&until=2026-04-09"


@pytest.fixture
def listed(clerk: TestClient, hands: Hands) -> TestClient:
    """Five reports of one day; the same ones however often they are sent."""
    bodies = [
        spot(1.2, 1.3, source="grid_worker"),
        spot(0.2, 0.2, item="0103"),
        spot(0.4, 1.3, accuracy_m=25),
        spot(-3, 2),
        spot(5.2, 1.3, item="0612"),
    ]
    for number, body in enumerate(bodies):
        hands.set(f"2026-04-08 1{number}:00")
        assert send(clerk, body, f"listed-{number}").status_code in {200, 201}
    return clerk


def asked(client: TestClient, query: str = "") -> dict[str, Any]:
    answer = client.get(f"/api/reports?{DAY}&{query}")
    assert answer.status_code == 200, answer.text
    ReportsOut.model_validate_json(answer.content)
    return dict(answer.json())


def hours(client: TestClient, query: str = "") -> list[int]:
    """The hours at which the reports found were received."""
    return [int(report["received_at"][11:13]) for report in asked(client, query)["reports"]]


def test_the_newest_comes_first(listed: TestClient) -> None:
    assert hours(listed) == [14, 13, 12, 11, 10]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("department=WY:F001", [10]),
        ("department=HW", [11]),
        ("item=0101", [13, 12, 10]),
        ("location_status=outside", [13]),
        ("location_status=inside", [14, 12, 11, 10]),
        ("source=grid_worker", [10]),
        ("needs_person=true", [14, 13, 12]),
        ("needs_person=false&item=0101", [10]),
        ("due_reason=managed", [14]),
        ("due_reason=not_routed", [13]),
        ("department=nobody", []),
        ("since=2026-04-08T12:00", [14, 13, 12]),
        ("until=2026-04-08T12:00", [11, 10]),
        ("until=2026-04-08T12:00:00.001", [12, 11, 10]),
    ],
)
def test_reports_are_narrowed(listed: TestClient, query: str, expected: list[int]) -> None:
    # The last one of a name counts.
    assert hours(listed, query) == expected
    assert asked(listed, query)["total"] == len(expected)


def test_pages_follow_one_another_to_the_end(listed: TestClient) -> None:
    page = asked(listed, "limit=1&needs_person=false&lang=en")
    assert (page["total"], page["offset"], page["limit"]) == (2, 0, 1)
    assert "needs_person=false" in page["next"]
    last = listed.get(page["next"]).json()
    assert last["next"] is None
    numbers = [report["id"] for report in page["reports"] + last["reports"]]
    assert len(set(numbers)) == 2
    assert asked(listed, "offset=1000")["reports"] == []


def test_a_report_alone_says_what_the_list_says_and_how_sure_its_place_is(
    listed: TestClient,
) -> None:
    for row in asked(listed)["reports"]:
        answer = listed.get(f"/api/reports/{row['id']}")
        ReportOut.model_validate_json(answer.content)
        found = answer.json()
        assert {name: found[name] for name in row} == row
    unsure = next(r for r in asked(listed)["reports"] if r["location_status"] == "inside")
    assert unsure["areas"]


def test_what_was_sent_is_kept_as_it_was(clerk: TestClient) -> None:
    body = spot(1.2, 1.3, accuracy_m=7.5) | {"coord_sys": "GCJ-02"}
    number = send(clerk, body, "kept-as-it-was").json()["id"]
    found = clerk.get(f"/api/reports/{number}").json()
    assert (found["raw_x"], found["raw_y"]) == (body["lon"], body["lat"])
    assert (found["coord_sys"], found["accuracy_m"]) == ("gcj02", 7.5)
    assert (found["lon"], found["lat"]) != (body["lon"], body["lat"])


def test_residents_see_no_reports(citizen: TestClient, listed: TestClient) -> None:
    number = asked(listed)["reports"][0]["id"]
    for path in ("/api/reports", f"/api/reports/{number}", "/api/reports/999999"):
        answer = citizen.get(path)
        assert answer.status_code == 403
        assert answer.json()["type"] == "/problems#not-allowed"


def test_a_report_that_is_not_there_is_not_found(clerk: TestClient) -> None:
    assert clerk.get("/api/reports/999999").status_code == 404
    assert clerk.get(f"/api/reports/{2**53 - 1}").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=1001", "offset=-1", "needs_person=perhaps", "location_status=lost",
        "due_reason=tired", "department=%00", "source=a%0Ab", "since=soon", "until=0026-01-01",
        "lang=tlh",
    ],
)  # fmt: skip
def test_a_question_that_is_not_documented_is_refused(clerk: TestClient, query: str) -> None:
    assert clerk.get(f"/api/reports?{query}").status_code == 422


@pytest.mark.parametrize("number", ["0", "-1", "one", str(2**53), "1.5"])
def test_a_number_that_no_report_can_have_is_refused(clerk: TestClient, number: str) -> None:
    assert clerk.get(f"/api/reports/{number}").status_code == 422
