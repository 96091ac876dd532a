"""The board over HTTP and its pages: staff alone, documented answers, located refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from tests.api_client import LOCAL, REMOTE, serving
from tests.api_town import spot
from tests.review_town import COVER, report, ruling

pytest_plugins = ["tests.review_fixtures"]

CATALOGUES = Path(__file__).parent / "data" / "catalogues"


@pytest.fixture
def client(board):
    return TestClient(create_app(workspace=board), client=LOCAL)


def test_a_case_goes_from_the_report_to_the_ruling_over_http(client):
    sent = client.post(
        "/api/reports", json=spot(0.2, 0.2, item=COVER), headers={"Idempotency-Key": "review-http"}
    ).json()
    assert (sent["confidence"], sent["needs_person"]) == (0, True)
    listed = client.get("/api/reviews", params={"state": "open"}).json()
    assert (listed["total"], listed["reviews"][0]["reports"]) == (1, 1)
    number = listed["reviews"][0]["id"]
    address = f"/api/reviews/{number}"
    tried = client.post(f"{address}/ruling", params={"dry_run": True}, json=ruling())
    assert (tried.status_code, tried.json()["committed"]) == (200, False)
    done = client.post(f"{address}/ruling", json=ruling())
    assert done.status_code == 200
    assert (done.json()["rerouted"], done.json()["settled"]) == (1, 1)
    assert done.json()["ground"]["type"] == "Polygon"
    again = client.post(f"{address}/ruling", json=ruling())
    assert again.status_code == 409
    one = client.get(address, params={"lang": "en"}).json()
    assert one["ruling"]["owner_name"] == "Water and drainage"
    assert one["held"][0]["report_id"] == sent["id"]
    now = client.get(f"/api/reports/{sent['id']}", params={"lang": "en"}).json()
    assert now["department"] == "SW"
    assert now["reroutes"][0]["review_id"] == number
    assert now["reviews"] == [number]


def test_a_bad_polygon_is_422_and_says_where(client, board):
    report(board, 0.2, 0.2, "a")
    ground = {"type": "Polygon", "coordinates": [[[117, 36.6], [117.01, 36.6], [117, 36.61]]]}
    answer = client.post("/api/reviews/1/ruling", json=ruling(radius_m=None, polygon=ground))
    assert answer.status_code == 422
    assert "ring 1" in answer.json()["detail"]


def test_items_of_a_catalogue_with_codes_of_its_own_shape_are_ruled_on(client, board):
    board.import_rules(CATALOGUES, commit=True)
    sent = report(board, 0.2, 0.2, "a", item="01-1", catalogue="duties")
    number = board.open_review(sent["id"], "归属不清")["id"]
    body = ruling(items=["01-1", "01-2"])
    done = client.post(f"/api/reviews/{number}/ruling", json=body)
    assert done.status_code == 200, done.text
    ruled = client.get(f"/api/reviews/{number}").json()["ruling"]
    assert ruled["items"] == ["duties:01-1", "duties:01-2"]
    wrong = client.post(f"/api/reviews/{number}/ruling", json=ruling(items=["01 1"]))
    assert wrong.status_code == 422


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/reviews", None),
        ("GET", "/api/reviews/1", None),
        ("POST", "/api/reviews", {"report": 1, "why": "x"}),
        ("POST", "/api/reviews/1/ruling", ruling()),
        ("POST", "/api/reports/1/pause", {"reason": "weather"}),
        ("POST", "/api/reports/1/resume", None),
        ("GET", "/reviews", None),
        ("GET", "/reviews/1", None),
    ],
)
def test_the_public_sees_nothing_of_it(board, method, path, body):
    report(board, 0.2, 0.2, "a")
    citizen = TestClient(create_app(workspace=board), client=REMOTE)
    answer = citizen.request(method, path, json=body)
    assert answer.status_code == 403
    assert COVER not in answer.text


def test_a_worker_looks_and_does_not_settle(board):
    report(board, 0.2, 0.2, "a")
    with serving(board, loopback_role="grid_worker") as worker:
        assert worker.get("/api/reviews/1").status_code == 200
        assert worker.post("/api/reviews/1/ruling", json=ruling()).status_code == 403


def test_the_pages_show_the_board_the_place_and_the_form(client, board):
    assert "没有待裁定的事项" in client.get("/reviews").text
    report(board, 1.2, 1.3, "a")
    listed = client.get("/reviews").text
    assert "井盖丢失破损" in listed
    assert "1件诉求" in listed
    page = client.get("/reviews/1").text
    assert "<svg" in page
    assert "锦禾苑" in page
    assert 'value="SW">水务局' in page
    english = client.get("/reviews/1?lang=en").text
    assert "Settle and reroute" in english
    board.rule(1, ruling())
    ruled = client.get("/reviews/1").text
    assert "<form" not in ruled
    assert "确权纪要〔2026〕3号" in ruled
    assert "归水务局" in client.get("/reviews?state=ruled").text
    assert client.get("/reviews/99").status_code == 404


def test_names_in_the_pages_are_text(client, board):
    report(board, 0.2, 0.2, "a")
    board.open_review(1, "<script>alert(1)</script>")
    board.rule(1, ruling(document="<b>纪要</b>", name="<i>名</i>"))
    page = client.get("/reviews/1").text
    assert "<b>纪要" not in page
    assert "<i>名" not in page


def test_the_clock_stands_still_and_runs_on_over_http(client, board):
    sent = report(board, 0.2, 0.2, "a", item="0303")  # 5 working days: Wednesday 11 March, 17:30
    assert sent["due_at"].isoformat() == "2026-03-11T17:30:00+08:00"
    board.clock.set("2026-03-06 14:00")
    stopped = client.post(
        f"/api/reports/{sent['id']}/pause", json={"reason": "weather", "note": "雨"}
    ).json()
    assert (stopped["due_at"], stopped["due_reason"]) == (None, "paused")
    assert "天气原因" in stopped["explanation"][-1]
    assert (
        client.post(f"/api/reports/{sent['id']}/pause", json={"reason": "other"}).status_code == 409
    )
    board.clock.set("2026-03-09 10:00")
    on = client.post(f"/api/reports/{sent['id']}/resume").json()
    # Three and a half hours on Friday, one on Monday: given back from Thursday 12 at 09:00.
    assert on["due_at"] == "2026-03-12T15:00:00+08:00"
    assert on["pauses"][0]["note"] == "雨"
    assert client.post(f"/api/reports/{sent['id']}/resume").status_code == 409
    assert client.post("/api/reports/999/resume").status_code == 404
    assert (
        client.post(f"/api/reports/{sent['id']}/pause", json={"reason": "tea"}).status_code == 422
    )
