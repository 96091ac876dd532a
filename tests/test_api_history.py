"""/api/areas/{level}/{code}/history: from whom, to whom, who followed."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from api.history import HistoryOut
from tests.api_client import STREET_GRID

pytest_plugins = ["tests.api_fixtures"]


def history(client: TestClient, level: str, code: str) -> dict:
    answer = client.get(f"/api/areas/{level}/{quote(code, safe='')}/history")
    assert answer.status_code == 200, answer.text
    HistoryOut.model_validate_json(answer.content)
    return answer.json()


def test_a_merged_grid_is_followed_by_the_one_it_became_part_of(resident: TestClient) -> None:
    found = history(resident, "grid", STREET_GRID)
    (stage,) = found["editions"]
    assert (stage["edition"], stage["name"]) == ("2026", "文化东路网格")
    assert stage["effective_from"] == "2026-01-01T00:00:00+08:00"
    assert stage["effective_to"] == "2027-01-01T00:00:00+08:00"
    assert stage["after"]["relation"] == "merged"
    (part,) = stage["after"]["parts"]
    assert (part["code"], part["share"]) == ("G-1", 1.0)
    assert part["share_of_other"] == pytest.approx(0.5, rel=1e-3)
    (successor,) = found["successors"]
    assert (successor["edition"], successor["code"], successor["name"]) == ("2027", "G-1", "一网格")


def test_the_new_grid_names_those_it_was_made_of(resident: TestClient) -> None:
    found = history(resident, "grid", "G-1")
    (stage,) = found["editions"]
    assert (stage["before"]["relation"], stage["after"]) == ("merged", None)
    assert {part["code"] for part in stage["before"]["parts"]} == {STREET_GRID, "G-2"}


def test_a_grid_that_stays_has_every_edition(resident: TestClient) -> None:
    found = history(resident, "grid", "G-3")
    assert [stage["edition"] for stage in found["editions"]] == ["2026", "2027"]
    assert found["editions"][1]["before"]["relation"] == "kept"
    assert (found["successors"], found["also_in"]) == ([], [])


def test_parents_have_a_history_too(resident: TestClient) -> None:
    found = history(resident, "community", "990101001001")
    assert [stage["edition"] for stage in found["editions"]] == ["2026", "2027"]


def test_counts_are_for_staff(resident: TestClient, staff: TestClient) -> None:
    counts = {"households", "buildings", "reports"}
    (public,) = history(resident, "grid", STREET_GRID)["editions"][0]["after"]["parts"]
    (internal,) = history(staff, "grid", STREET_GRID)["editions"][0]["after"]["parts"]
    assert counts.isdisjoint(public)
    assert counts <= set(internal)


def test_an_answer_that_the_client_has_is_not_sent_again(resident: TestClient) -> None:
    path = "/api/areas/grid/G-3/history"
    first = resident.get(path)
    again = resident.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/areas/grid/nobody/history", 404),
        ("/api/areas/precinct/G-2/history", 422),
        ("/api/areas/grid/%00/history", 422),
        (f"/api/areas/grid/{'x' * 201}/history", 422),
    ],
)
def test_what_is_not_there_is_told_apart_from_what_cannot_be_asked(
    resident: TestClient, path: str, status: int
) -> None:
    answer = resident.get(path)
    assert answer.status_code == status, answer.text
    assert answer.json()["status"] == status
