"""An estate that several grids share: who is responsible there, over both stores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import pytest
from starlette.testclient import TestClient

from api.district_models import MyGridOut
from gridmap.places.estates import areas_of_homes
from gridmap.places.model import Ground, Post, ServiceItem
from gridmap.workspace import Workspace
from tests.api_town import Hands
from tests.route_town import EAST, POSTS, at, rectangle

pytest_plugins = ["tests.api_fixtures"]

# 两社花园 lies in two communities, with most of its houses in the southern one.
SOUTH, NORTH = EAST + "001002", EAST + "002002"
HOUSES = {"B1": (13, 3.2), "B2": (14, 3.2), "B3": (15, 3.2), "B4": (13, 4.4), "B5": (2, 2)}
WORKERS = tuple(
    Post(f"Y-{grid}", f"person-{grid}", "演示", "grid_worker", "basic", "grid", grid, phone)
    for grid, phone in ((NORTH, "0990-5550732"), (SOUTH, "0990-5550731"))
)
ITEMS = tuple(
    ServiceItem(f"V-{community}", "维修", "上门维修", level="community", area_code=community)
    for community in (SOUTH[:12], NORTH[:12], EAST + "009")
)


@pytest.fixture(scope="module", autouse=True)
def furnished(town_workspace: Workspace) -> Iterator[None]:
    """Houses on both sides of the border, and a worker in either grid."""
    houses = [
        asdict(Ground(code, "buildings")) | {"geom": rectangle(x, y, x + 0.1, y + 0.1)}
        for code, (x, y) in HOUSES.items()
    ]
    before = town_workspace.store.records("ground")
    town_workspace.put_records("ground", houses)
    town_workspace.put_records("posts", [asdict(one) for one in WORKERS])
    town_workspace.put_records("service_items", [asdict(one) for one in ITEMS])
    yield
    town_workspace.put_records("ground", before, replace=True)
    town_workspace.put_records("posts", [asdict(one) for one in POSTS], replace=True)
    town_workspace.put_records("service_items", [], replace=True)


def grids(client: TestClient, query: str) -> list[str]:
    answer = client.get(f"/api/my-grid?{query}")
    MyGridOut.model_validate_json(answer.content)
    return [one["code"] for one in answer.json()["areas"] if one["level"] == "grid"]


def test_my_grid_of_a_shared_estate_names_every_grid_most_houses_first(
    citizen: TestClient,
) -> None:
    assert grids(citizen, "estate=E05") == [SOUTH, NORTH]
    found = citizen.get("/api/my-grid?estate=E05").json()
    workers = [one for one in found["posts"] if one["role"] == "grid_worker"]
    assert [(one["area_code"], one["work_phone"]) for one in workers if one["work_phone"]] == [
        (SOUTH, "0990-5550731"),
        (NORTH, "0990-5550732"),
    ]
    assert found["estate"]["name"] == "两社花园"


def test_my_grid_of_a_shared_estate_names_whom_its_board_names(
    citizen: TestClient, town_workspace: Workspace, hands: Hands
) -> None:
    board = town_workspace.sheet("board", "estate", "E05")
    posts = citizen.get("/api/my-grid?estate=E05").json()["posts"]
    phones = [one["work_phone"] for one in posts if one["work_phone"]]
    assert phones
    assert [phone for phone in phones if phone not in board] == []


def test_my_grid_of_a_spot_in_a_shared_estate_is_the_one_it_lies_in(citizen: TestClient) -> None:
    lon, lat = at(13.05, 4.45)
    assert grids(citizen, f"near={lon},{lat}") == [NORTH]


def test_an_estate_without_houses_is_where_a_point_of_it_lies(citizen: TestClient) -> None:
    assert len(grids(citizen, "estate=E03")) == 1


def test_the_page_of_a_shared_estate_tells_whose_worker_is_whose(citizen: TestClient) -> None:
    page = citizen.get("/services?estate=E05").text
    names = "砚南社区第二网格", "砚北社区第二网格"
    assert "、".join(names) in page
    for name in names:
        assert f"<small>{name}</small>" in page
    lon, lat = at(13.05, 4.45)
    alone = citizen.get(f"/services?near={lon},{lat}").text
    assert f"<small>{names[1]}</small>" not in alone
    english = citizen.get("/services?estate=E05&lang=en").text
    assert "Yannan Community Grid 2, Yanbei Community Grid 2" in english


def test_services_of_a_shared_estate_are_those_of_both_communities(citizen: TestClient) -> None:
    found = citizen.get("/api/services?estate=E05").json()["services"]
    assert {one["code"] for one in found} == {ITEMS[0].code, ITEMS[1].code}


def test_an_area_with_less_than_a_tenth_of_the_houses_does_not_answer_for_the_estate() -> None:
    assert areas_of_homes({"grid": ["a"] * 10 + ["b"] * 2 + ["c", None, ""]}) == {
        "grid": ["a", "b"]
    }
    assert areas_of_homes({"grid": [None]}) == {"grid": []}
