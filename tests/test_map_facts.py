"""What maps and lists say of posts, estates and closures, from stores of either kind."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from typing import Any

import pytest
from starlette.testclient import TestClient

from gridmap.access import Actor
from gridmap.places.model import Place, Post
from gridmap.workspace import Workspace
from tests.api_town import PLACES, Hands
from tests.route_town import POSTS, WEST, at

pytest_plugins = ["tests.api_fixtures"]

GRID = WEST + "001001"
BOARD = "0990-5550710"
# A building lead's, a key keeper's, a linked force's: their own.
OWN = ("0990-5550711", "0990-5550712", "0990-5550713")


def post(code: str, role: str, phone: str, estate: str = "") -> Post:
    return Post(code, f"person-{code}", f"演示{code}", role, "linked", "grid", GRID, phone,
                estate_code=estate)  # fmt: skip


MORE_POSTS = (
    post("X0", "grid_lead", BOARD),
    *(
        post(f"X{n}", role, phone)
        for n, (role, phone) in enumerate(
            zip(("building_lead", "key_keeper", "linked_force"), OWN, strict=True), 1
        )
    ),
    post("X5", "building_lead", "0990-5550714"),
    post("X6", "property_manager", "0990-5550721", "E01"),
    post("X7", "property_manager", "0990-5550722", "E02"),
)
CLOSED = Place(
    "C1", "service_centre", "禾东中心", *at(1.4, 1.4), hours="Mo-Fr 09:00-17:00", wheelchair=True,
    checked_on=date(2026, 2, 3),
    closures=("2026-03-01/2026-03-02 早已过去", "2026-03-10/2026-03-20 装修", "2026-04-04"),
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def furnished(town_workspace: Workspace) -> Iterator[None]:
    """Posts that stand on no board, posts for estates, a place that is closed for a while."""
    town_workspace.put_records("posts", [asdict(one) for one in MORE_POSTS])
    town_workspace.put_records("places", [asdict(CLOSED)])
    yield
    town_workspace.put_records("posts", [asdict(one) for one in POSTS], replace=True)
    town_workspace.put_records("places", [asdict(one) for one in PLACES], replace=True)


def parts(html: str) -> list[Any]:
    """Return the data of a document."""
    found = re.findall(r'<script type="application/json" id="data_\w+">(.*?)</script>', html, re.S)
    return [json.loads(text) for text in found]


def people(html: str) -> list[dict[str, str]]:
    """Return who stands in the card of the grid."""
    (areas,) = [part for part in parts(html) if "details" in part]
    (found,) = [
        lines
        for lines in areas["details"].values()
        if any(line.get("phone") == BOARD for line in lines)
    ]
    return found


def place(html: str) -> dict[str, Any]:
    (data,) = [part for part in parts(html) if "places" in part]
    (found,) = [one for one in data["places"] if one.get("id") == CLOSED.code]
    return found


@pytest.mark.parametrize("kind", ["party", "services"])
def test_numbers_that_stand_on_no_board_are_not_on_public_maps(
    town_workspace: Workspace, hands: Hands, kind: str
) -> None:
    public, staff = (
        town_workspace.map_document(kind, actor=actor).html()
        for actor in (Actor.resident(), Actor.operator())
    )
    assert BOARD in public
    assert [phone for phone in OWN if phone in public] == []
    assert [phone for phone in OWN if phone in staff] == list(OWN)
    # That there are building leads may be told; two that nothing tells apart are one line.
    leads = [line for line in people(public) if line["role"] == "楼长"]
    assert leads == [{"role": "楼长", "roleEn": "Building lead"}]


def test_numbers_that_stand_on_no_board_are_not_listed_for_the_public(
    citizen: TestClient, clerk: TestClient
) -> None:
    query = f"/api/rosters?level=grid&area_code={GRID}"
    public, staff = (client.get(query) for client in (citizen, clerk))
    phones = {post["role"]: post["work_phone"] for post in public.json()["posts"]}
    assert phones["grid_lead"] == BOARD
    assert (phones["building_lead"], phones["key_keeper"], phones["linked_force"]) == ("", "", "")
    assert [phone for phone in OWN if phone not in staff.text] == []
    assert len(public.json()["posts"]) == len(staff.json()["posts"])


def test_records_of_posts_leave_out_the_same_numbers(
    town_workspace: Workspace, hands: Hands
) -> None:
    public = str(town_workspace.records("posts", actor=Actor.resident()))
    assert BOARD in public
    assert [phone for phone in OWN if phone in public] == []


@pytest.mark.parametrize("kind", ["party", "services"])
def test_posts_for_estates_are_told_apart_by_the_estate(
    town_workspace: Workspace, hands: Hands, kind: str
) -> None:
    html = town_workspace.map_document(kind, actor=Actor.resident()).html()
    managers = [line for line in people(html) if line["role"] == "物业负责人"]
    assert [(line["of"], line["ofEn"], line["phone"]) for line in managers] == [
        ("锦禾苑", "Jinhe Court", "0990-5550721"),
        ("机床厂宿舍", "Machine Works Dormitory", "0990-5550722"),
    ]


@pytest.mark.parametrize("kind", ["party", "services"])
def test_a_place_that_is_closed_for_a_while_says_so_on_public_maps(
    town_workspace: Workspace, hands: Hands, kind: str
) -> None:
    html = town_workspace.map_document(kind, actor=Actor.resident()).html()
    assert place(html)["closed"] == ["2026-03-10 – 2026-03-20 装修", "2026-04-04"]


@pytest.mark.parametrize("kind", ["party", "services"])
def test_wheelchairs_and_the_last_check_are_on_public_maps(
    town_workspace: Workspace, hands: Hands, kind: str
) -> None:
    html = town_workspace.map_document(kind, actor=Actor.resident()).html()
    more = dict(place(html)["more"])
    assert (more["wheelchair"], more["checked_on"]) == ("✓", "2026-02-03")


def test_the_staff_map_says_it_too(clerk: TestClient) -> None:
    found = clerk.get("/map/points.json").json()
    (centre,) = [one for one in found["places"]["places"] if one.get("id") == CLOSED.code]
    assert centre["closed"] == ["2026-03-10 – 2026-03-20 装修", "2026-04-04"]
    lines = [line for lines in found["people"].values() for line in lines]
    assert {line["of"] for line in lines if "of" in line} == {"锦禾苑", "机床厂宿舍"}
