"""Estates whose names are alike: told apart where somebody says which is theirs; both stores."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from html import unescape
from urllib.parse import quote

import pytest
import shapely
from starlette.testclient import TestClient

from gridmap.routing import Overlay
from gridmap.secrets import new_token
from gridmap.workspace import Workspace
from tests.route_town import rectangle

pytest_plugins = ["tests.api_fixtures"]

SHAPES = {
    "H1": rectangle(4.6, 3.1, 5.2, 3.5),
    "H2": rectangle(5.4, 3.1, 5.9, 3.5),
    "T1": rectangle(6.2, 3.1, 6.6, 3.5),
    "T2": rectangle(12.2, 1, 12.6, 1.4),
}
NAMES = {
    "H1": ("幸福里一期", "Happiness One"),
    "H2": ("幸福里二期", "Happiness Two"),
    "T1": ("同名苑", "Samename Court"),
    "T2": ("同名苑", "Samename Court"),
}


@pytest.fixture(scope="module", autouse=True)
def furnished(town_workspace: Workspace) -> Iterator[None]:
    """Two phases of one estate, and two estates of one name in two communities."""
    before = town_workspace.store.records("overlays")
    town_workspace.put_records(
        "overlays",
        [
            asdict(Overlay(code, "estate", *NAMES[code], False)) | {"geom": shape}
            for code, shape in SHAPES.items()
        ],
    )
    yield
    town_workspace.put_records("overlays", before, replace=True)


def choices(text: str) -> dict[str, str]:
    """Where the page leads to by what it says of it."""
    nothing = text.partition('<div class="nothing">')[2].partition("</div>")[0]
    links = re.findall(r'<a href="([^"]+)">([^<]+)<small>([^<]+)</small></a>', unescape(nothing))
    return {name + where: href for href, name, where in links}


def which(text: str) -> list[str]:
    return re.findall(r'type="radio" name="which" value="([^"]+)"', text)


def origin(text: str) -> dict[str, float] | None:
    (frame,) = re.findall(r'id="map-frame">(.*?)</script>', text, re.DOTALL)
    found: dict[str, float] | None = json.loads(frame)["origin"]
    return found


def inside(text: str, code: str) -> bool:
    spot = origin(text)
    return spot is not None and SHAPES[code].covers(shapely.Point(spot["lon"], spot["lat"]))


def test_a_part_of_several_names_leads_to_each_of_them(citizen: TestClient) -> None:
    page = citizen.get("/services?estate=幸福里&open_now=1")
    assert page.status_code == 200
    assert "有几个小区都可能是您要找的" in page.text
    assert "没有找到这个小区" not in page.text
    found = choices(page.text)
    assert list(found) == ["幸福里一期 禾东社区", "幸福里二期 禾东社区"]
    for code, href in zip(("H1", "H2"), found.values(), strict=True):
        chosen = citizen.get(href)
        assert chosen.status_code == 200
        assert inside(chosen.text, code)
        assert NAMES[code][0] in chosen.text
        # What else was asked for stays asked for.
        assert "open_now=1" in href


def test_two_estates_of_one_name_are_told_apart_by_community_and_code(
    citizen: TestClient,
) -> None:
    found = choices(citizen.get("/services?estate=同名苑").text)
    assert list(found) == ["同名苑 禾东社区 · T1", "同名苑 砚南社区 · T2"]
    for code, href in zip(("T1", "T2"), found.values(), strict=True):
        page = citizen.get(href).text
        assert inside(page, code)
        # Nor is it lost where one reports from there.
        (path,) = re.findall(r'class="report-here" href="([^"]+)"', page)
        assert path == f"/report?estate={code}"
        assert inside(citizen.get(path).text, code)


def test_a_code_means_its_estate_alone_and_so_does_a_whole_name(citizen: TestClient) -> None:
    for asked in ("H1", "幸福里一期", "Happiness One"):
        assert inside(citizen.get(f"/services?estate={asked}").text, "H1")


def test_an_estate_that_there_is_not_is_still_not_found(citizen: TestClient) -> None:
    page = citizen.get("/services?estate=没有这个")
    assert page.status_code == 404
    assert "没有找到这个小区" in page.text
    assert choices(page.text) == {}


def test_an_english_page_names_them_in_english(citizen: TestClient) -> None:
    page = citizen.get("/services?estate=Samename&lang=en").text
    assert "Several estates can be meant" in page
    assert list(choices(page)) == [
        "Samename Court Hedong Community · T1",
        "Samename Court Yannan Community · T2",
    ]


def test_programs_are_told_what_to_ask_for_instead(citizen: TestClient) -> None:
    same, parts = (
        citizen.get(f"/api/my-grid?estate={quote(text)}") for text in ("同名苑", "幸福里")
    )
    assert same.status_code == parts.status_code == 404
    assert same.json()["detail"].startswith("Several estates have such a name.")
    assert (same.json()["allowed"], parts.json()["allowed"]) == (
        ["T1", "T2"],
        ["幸福里一期", "幸福里二期"],
    )


def test_a_report_asks_which_of_several_it_is_and_takes_the_answer(
    citizen: TestClient, clerk: TestClient
) -> None:
    assert which(citizen.get("/report?estate=同名苑").text) == ["T1", "T2"]
    assert which(citizen.get("/report?estate=幸福里").text) == ["幸福里一期", "幸福里二期"]
    assert which(citizen.get("/report?estate=没有这个").text) == []
    typed = {"key": new_token(), "item": "0101", "estate": "同名苑", "text": "苑里的垃圾桶满了"}
    asked = citizen.post("/report", data=typed)
    assert asked.status_code == 404
    assert which(asked.text) == ["T1", "T2"]
    assert typed["text"] in asked.text
    sent = citizen.post("/report", data=typed | {"which": "T2"}, follow_redirects=False)
    assert sent.status_code == 303, sent.text
    listed = clerk.get("/api/reports?limit=1000").json()["reports"]
    (report,) = [one for one in listed if one["text"] == typed["text"]]
    assert SHAPES["T2"].covers(shapely.Point(report["lon"], report["lat"]))
