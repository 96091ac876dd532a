"""GET and POST /api/locate: one point has one answer through either door."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.api_client import STREET_GRID

pytest_plugins = ["tests.api_fixtures"]

INSIDE = {"lon": 117.005, "lat": 36.605}
BORDER = {"lon": 117.01, "lat": 36.605}
OUTSIDE = {"lon": 117.005, "lat": 36.62}


def get(client: TestClient, **query: object) -> dict:
    answer = client.get("/api/locate", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def post(client: TestClient, *points: dict, **more: object) -> list[dict]:
    answer = client.post("/api/locate", json={"points": list(points), **more})
    assert answer.status_code == 200, answer.text
    return answer.json()["locations"]


def test_a_point_inside_has_an_area_at_each_level_coarse_to_fine(staff: TestClient) -> None:
    found = get(staff, **INSIDE)
    assert list(found["areas"].items()) == [("community", "990101001001"), ("grid", STREET_GRID)]
    assert found["location_status"] == "inside"
    assert found["certain_level"] == "grid"
    assert found["edition"] == "2026"
    assert found["nearest"] is None
    assert found["candidates"] == []
    assert found["warning"] == ""


def test_margins_are_given_for_each_level(staff: TestClient) -> None:
    found = get(staff, lon=117.009, lat=36.605)
    # A thousandth of a degree of longitude there is 89.5 m; half the height 555 m.
    assert found["margin_m"] == pytest.approx(89.4, abs=0.3)
    assert found["margins_m"]["grid"] == found["margin_m"]
    assert found["margins_m"]["community"] == pytest.approx(554.8, abs=1.5)


def test_a_point_on_a_border_names_both_candidates(staff: TestClient) -> None:
    found = get(staff, **BORDER)
    assert found["location_status"] == "boundary"
    assert found["areas"]["grid"] == "G-2"
    assert [area["code"] for area in found["candidates"]] == ["G-2", STREET_GRID]
    assert found["margin_m"] == 0
    assert found["certain_level"] == "community"


def test_an_accuracy_that_reaches_a_neighbour_is_ambiguous_at_the_level_asked(
    staff: TestClient,
) -> None:
    near = {"lon": 117.0099, "lat": 36.605, "accuracy_m": 25}
    assert get(staff, **near)["location_status"] == "ambiguous"
    assert get(staff, **near, level="community")["location_status"] == "inside"


def test_a_point_outside_names_the_nearest_area(staff: TestClient) -> None:
    found = get(staff, **OUTSIDE)
    assert found["location_status"] == "outside"
    assert found["areas"] == {}
    assert found["nearest"]["code"] == STREET_GRID
    assert found["nearest"]["distance_m"] == pytest.approx(1109.6, abs=2)
    assert found["margin_m"] is None


@pytest.mark.parametrize(
    ("point", "warning"),
    [
        ({"lon": 0, "lat": 0}, "null_island"),
        ({"lon": 1e9, "lat": 36.6}, "out_of_range"),
        ({"lon": 36.6, "lat": 117.0}, "out_of_range"),
    ],
)
def test_numbers_that_are_no_place_are_answered_as_invalid(
    staff: TestClient, point: dict, warning: str
) -> None:
    found = get(staff, **point)
    assert found["location_status"] == "invalid"
    assert found["warning"] == warning
    assert (found["lon"], found["lat"]) == (None, None)
    assert post(staff, point) == [found]


def test_a_missing_coordinate_in_a_batch_is_answered_as_invalid(staff: TestClient) -> None:
    found = post(staff, {"lon": None, "lat": 36.6}, INSIDE)
    assert [f["location_status"] for f in found] == ["invalid", "inside"]
    assert found[0]["warning"] == "missing"


def test_the_date_selects_the_edition(staff: TestClient) -> None:
    assert get(staff, **INSIDE, at="2027-01-01")["areas"]["grid"] == "G-1"
    assert get(staff, **INSIDE, at="2026-12-31T23:59:59")["areas"]["grid"] == STREET_GRID
    # 00:00 in Asia/Shanghai is 16:00 UTC of the day before.
    assert get(staff, **INSIDE, at="2026-12-31T16:00:00Z")["areas"]["grid"] == "G-1"
    before = get(staff, **INSIDE, at="2025-12-31")
    assert before["location_status"] == "no_edition"
    assert before["edition"] is None


def test_a_shifted_coordinate_system_is_converted(staff: TestClient) -> None:
    found = get(staff, lon=117.011, lat=36.6055, coord_sys="gcj02")
    assert found["areas"]["grid"] == STREET_GRID
    assert found["lon"] == pytest.approx(117.005, abs=0.001)


@pytest.mark.parametrize("name", ["wgs84", "GCJ-02", "火星坐标", "EPSG:4490"])
def test_usual_names_of_coordinate_systems_are_understood(staff: TestClient, name: str) -> None:
    # The shift there is half a grid to the east: from this point the west is still inside.
    assert get(staff, lon=117.015, lat=36.605, coord_sys=name)["location_status"] == "inside"


def test_a_projected_system_takes_easting_and_northing(staff: TestClient) -> None:
    found = get(staff, lon=500447, lat=4052640, coord_sys="EPSG:4548")
    assert found["lat"] == pytest.approx(36.605, abs=0.001)
    assert found["areas"]["grid"] == STREET_GRID


BAD_QUERIES = {
    "lon=abc&lat=36": "lon",
    "lon=nan&lat=36": "lon",
    "lon=inf&lat=36": "lon",
    "lat=36": "lon",
    "lon=117&lat=36&accuracy_m=wide": "accuracy_m",
    "lon=117&lat=36&at=tomorrow": "at",
    "lon=117&lat=36&at=": "at",
    "lon=117&lat=36&at=0001-01-01": "at",
    "lon=117&lat=36&at=2026-02-30": "date",
    "lon=117&lat=36&coord_sys=mars": "coordinate system",
    "lon=117&lat=36&coord_sys=%2Bproj%3Dutm": "coordinate system",
    "lon=117&lat=36&level=precinct": "level",
}


@pytest.mark.parametrize("query", BAD_QUERIES)
def test_a_query_that_cannot_be_read_is_refused_with_its_repair(
    staff: TestClient, query: str
) -> None:
    answer = staff.get(f"/api/locate?{query}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert BAD_QUERIES[query] in body["detail"]
    assert body["status"] == 422
    assert body["instance"] == "/api/locate"


BAD_BODIES = {
    "not JSON": (b"{", "body"),
    "a NaN": (b'{"points": [{"lon": NaN, "lat": 36}]}', "points.0.lon"),
    "an infinity": (b'{"points": [{"lon": Infinity, "lat": 36}]}', "points.0.lon"),
    "an overflow": (b'{"points": [{"lon": 1e400, "lat": 36}]}', "points.0.lon"),
    "text for a number": (b'{"points": [{"lon": "117", "lat": 36}]}', "points.0.lon"),
    "true for a number": (b'{"points": [{"lon": true, "lat": 36}]}', "points.0.lon"),
    "no latitude": (b'{"points": [{"lon": 117}]}', "points.0.lat"),
    "a misspelt field": (b'{"points": [{"lon": 117, "lat": 36, "acc": 5}]}', "points.0.acc"),
    "no points": (b'{"points": []}', "points"),
    "a list": (b"[]", "body"),
    "not UTF-8": (b'{"points": [{"lon": 117, "lat": 36, "at": "\xff"}]}', "body"),
    "an unknown system": (
        b'{"points": [{"lon": 117, "lat": 36, "coord_sys": "mars"}]}',
        "coordinate system",
    ),
    "a bad date": (b'{"points": [{"lon": 117, "lat": 36, "at": "2026-13-01"}]}', "date"),
    "an unknown level": (b'{"points": [{"lon": 117, "lat": 36}], "level": "x"}', "level"),
}


@pytest.mark.parametrize("case", BAD_BODIES)
def test_a_body_that_cannot_be_read_is_refused_naming_the_place(
    staff: TestClient, case: str
) -> None:
    content, place = BAD_BODIES[case]
    answer = staff.post(
        "/api/locate", content=content, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert place in answer.json()["detail"]


def test_a_body_that_is_not_declared_as_json_is_refused(staff: TestClient) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = staff.post("/api/locate", content=b"{}", headers={"content-type": kind})
        assert answer.status_code == 415
        said = answer.json()
        assert said["type"].endswith("#wrong-body")
        assert said["got"] == (kind or "no Content-Type")
        assert all(taken in said["repair"] for taken in said["allowed"])
        assert said["allowed"][0] == "application/json"


@pytest.mark.parametrize(
    ("lang", "heading", "repair"),
    [
        ("zh", "请求内容的格式不受支持", "请改用以下格式发送：application/json, text/csv。"),
        (
            "en",
            "The request body is of a kind that is not taken here",
            "Send the body as one of: application/json, text/csv.",
        ),
    ],
)
def test_a_page_names_the_kinds_of_body_that_are_taken(
    lang: str, heading: str, repair: str
) -> None:
    from api.bodies import WrongBody
    from api.error_words import told
    from gridmap.i18n import translate

    error = WrongBody("text/plain", "application/json", "text/csv")
    assert translate("problem.wrong-body", lang) == heading
    said = told(error.detail, error.repair, lang)
    assert said.repair == repair
    assert said.message


# The store has no part in it: once is enough.
@pytest.mark.parametrize("api_store", ["geopackage"], indirect=True, scope="session")
def test_a_hundred_thousand_points_are_answered_and_one_more_is_refused(
    api_store: str, staff: TestClient
) -> None:
    points = [INSIDE, BORDER, OUTSIDE, {"lon": 0, "lat": 0}] * 25_000
    found = post(staff, *points)
    assert len(found) == 100_000
    assert found[-4:] == post(staff, *points[:4])
    answer = staff.post("/api/locate", json={"points": [*points, INSIDE]})
    assert answer.status_code == 422
    assert "100000" in answer.json()["detail"]


def test_too_many_coordinate_systems_in_one_request_are_refused(staff: TestClient) -> None:
    points = [{**INSIDE, "coord_sys": f"EPSG:{code}"} for code in range(4513, 4534)]
    answer = staff.post("/api/locate", json={"points": points})
    assert answer.status_code == 422
    assert answer.json()["got"] == 21


def test_accuracies_that_reach_everything_from_everywhere_are_refused_in_time(
    staff: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.locate._MOST_CANDIDATES", 100)
    points = [{**INSIDE, "accuracy_m": 1e7}] * 26
    answer = staff.post("/api/locate", json={"points": points})
    assert answer.status_code == 422
    assert "candidates" in answer.json()["got"]
    assert len(post(staff, *points[:25])[0]["candidates"]) == 4


coordinates = st.one_of(
    st.floats(116.99, 117.05),
    st.floats(36.59, 36.62),
    st.sampled_from([117.0, 117.01, 36.60, 36.61, 0.0, -0.0, 181.0, 1e300]),
)
points = st.fixed_dictionaries(
    {"lon": coordinates, "lat": coordinates},
    optional={
        "coord_sys": st.sampled_from(["wgs84", "gcj02", "bd09", "cgcs2000"]),
        "accuracy_m": st.sampled_from([0, 5, 60, 2000, -1]),
        "at": st.sampled_from(["2025-06-01", "2026-06-01", "2027-06-01T00:00:00+08:00"]),
    },
)


def test_get_and_post_give_the_same_answer_for_any_point(staff: TestClient) -> None:
    @settings(max_examples=25, deadline=None)
    @given(
        batch=st.lists(points, min_size=1, max_size=6), level=st.sampled_from(["community", "grid"])
    )
    def same(batch: list[dict], level: str) -> None:
        assert post(staff, *batch, level=level) == [get(staff, **p, level=level) for p in batch]

    same()


def test_no_answer_holds_a_number_that_json_does_not_know(staff: TestClient) -> None:
    points = [INSIDE, BORDER, OUTSIDE, {"lon": 0, "lat": 0}, {"lon": None, "lat": None}]
    text = staff.post("/api/locate", json={"points": points}).text
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} in the answer"))
