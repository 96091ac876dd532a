"""Places, organisations, rosters and the catalogue: listed for everybody, with public fields."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from api.district_models import CatalogueOut, OrganisationsOut, PlacesOut, RostersOut
from tests.api_town import Hands
from tests.route_town import POSTS

pytest_plugins = ["tests.api_fixtures"]


def test_places_are_listed_with_what_the_public_needs(citizen: TestClient) -> None:
    answer = citizen.get("/api/places")
    PlacesOut.model_validate_json(answer.content)
    first, second = answer.json()["places"]
    assert answer.json()["origin"] is None
    told = {
        "code": "P1",
        "category": "canteen",
        "name": "禾东社区食堂",
        "name_en": "Hedong Canteen",
        "address": "禾里路1号",
        "hours": "Mo-Sa 11:00-13:00",
        "hours_text": "周一至周六 11:00-13:00",
        "phone": "0990-5550201",
        "special_services": ["长者助餐"],
        "floor": "1层",
        "price": "15元",
        "wheelchair": True,
        "source": "实地核查",
        "checked_on": "2026-09-01",
        "lon": 117.0012,
        "lat": 36.6013,
        "free": False,
        "stale": False,
        "minutes": None,
        "method": None,
    }
    assert {name: first[name] for name in told} == told
    # Nine in the morning of a Thursday.
    assert first["open"] == {
        "state": "closed",
        "reason": "not_yet",
        "reason_text": "今天还没开门",
        "changes_at": "2026-03-12T11:00:00+08:00",
        "opens_at": "2026-03-12T11:00:00+08:00",
        "day": "workday",
        "holiday": "",
        "comment": "",
    }
    assert (second["open"]["state"], second["open"]["reason"]) == ("unknown", "not_stated")
    assert (second["code"], second["wheelchair"], second["checked_on"]) == ("P2", None, None)


@pytest.mark.parametrize(
    ("path", "name", "codes"),
    [
        ("/api/places?category=parcel", "places", ["P2"]),
        ("/api/places?category=none", "places", []),
        ("/api/organisations", "organisations", ["O1", "O2"]),
        ("/api/organisations?kind=party_branch", "organisations", ["O2"]),
    ],
)
def test_lists_are_narrowed_by_their_kind(
    citizen: TestClient, path: str, name: str, codes: list[str]
) -> None:
    assert [record["code"] for record in citizen.get(path).json()[name]] == codes


def test_how_many_members_there_are_is_not_for_the_public(
    citizen: TestClient, clerk: TestClient
) -> None:
    for client in (citizen, clerk):
        answer = client.get("/api/organisations")
        OrganisationsOut.model_validate_json(answer.content)
        assert "4310977" not in answer.text
        assert answer.json()["organisations"][0]["area_code"] == "990101001001"


def test_rosters_show_posts_to_everybody_and_persons_to_staff(
    citizen: TestClient, clerk: TestClient
) -> None:
    public, staff = (c.get("/api/rosters").json() for c in (citizen, clerk))
    RostersOut.model_validate(staff)
    assert public["date"] == "2026-03-12"
    assert len(public["posts"]) == len(staff["posts"]) == 10
    assert not {"name", "person", "code"} & set(public["posts"][0])
    assert {"name", "person", "code"} <= set(staff["posts"][0])
    assert {post["code"] for post in staff["posts"]} < {post.code for post in POSTS}


def test_rosters_are_those_of_a_day(clerk: TestClient, hands: Hands) -> None:
    query = "level=grid&area_code=990101001001002"

    def held(more: str = "") -> list[str]:
        answer = clerk.get(f"/api/rosters?{query}{more}").json()
        return [post["code"] for post in answer["posts"]]

    assert held() == ["W-A1-2a"]
    assert held("&at=2026-06-01") == ["W-A1-2b"]
    assert held("&at=2026-05-31T23:59") == ["W-A1-2a"]
    hands.set("2026-06-01 00:00")
    assert held() == ["W-A1-2b"]
    assert clerk.get("/api/rosters?level=galaxy").status_code == 422


def test_the_catalogue_has_every_item_with_both_names(citizen: TestClient) -> None:
    answer = citizen.get("/api/catalogue")
    CatalogueOut.model_validate_json(answer.content)
    found = answer.json()
    assert (len(found["items"]), len(found["classes"])) == (100, 12)
    assert all(one["name"] and one["name_en"] for one in found["items"] + found["departments"])
    litter, fire = (
        next(item for item in found["items"] if item["code"] == code) for code in ("0101", "1205")
    )
    assert litter["limit"] == {"amount": 4.0, "unit": "working_hour"}
    assert (litter["handling_level"], litter["department"]) == ("G", "HW")
    assert (fire["emergency"]["line"]["number"], fire["emergency"]["always"]) == ("119", True)
    leads = {item["department"] for item in found["items"]} - {None}
    assert leads <= {department["code"] for department in found["departments"]}


@pytest.mark.parametrize("path", ["places", "organisations", "rosters", "catalogue"])
def test_what_has_not_changed_is_not_sent_again(citizen: TestClient, path: str) -> None:
    first = citizen.get(f"/api/{path}")
    again = citizen.get(f"/api/{path}", headers={"if-none-match": first.headers["etag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert first.headers["cache-control"].startswith("private, max-age=60")


def test_a_change_is_seen_at_once_by_who_asks_anew(citizen: TestClient) -> None:
    first = citizen.get("/api/places")
    workspace = citizen.app.state.workspace
    place = next(p for p in workspace.store.records("places") if p["code"] == "P2")
    try:
        workspace.put_records("places", [place | {"name": "改名"}])
        again = citizen.get("/api/places", headers={"if-none-match": first.headers["etag"]})
        assert again.status_code == 200
        assert again.json()["places"][1]["name"] == "改名"
    finally:
        workspace.put_records("places", [place])


@pytest.mark.parametrize(
    "query", ["places?category=%00", "organisations?kind=a%0Ab", "rosters?at=soon"]
)
def test_a_question_that_is_not_documented_is_refused(citizen: TestClient, query: str) -> None:
    assert citizen.get(f"/api/{query}").status_code == 422
