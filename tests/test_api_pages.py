"""Pages: Chinese first, nothing from any other site, the public's view alone."""

from __future__ import annotations

import re
from dataclasses import asdict

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.errors import HTTP_PROBLEMS, PROBLEMS
from api.pages import MapShelf
from gridmap.i18n import LANGUAGES, catalogue
from gridmap.places.model import Place
from gridmap.workspace import Workspace
from tests.api_client import LOCAL, serving

pytest_plugins = ["tests.api_fixtures"]

MAPS = ["/maps/levels", "/maps/party", "/maps/services"]
PAGES = ["/", "/docs", "/problems", *MAPS]
# What a browser would fetch: sources and links of style sheets, not addresses in text.
FETCHED = re.compile(r'(?:src|href)\s*=\s*"([^"]+)"|url\(\s*["\']?([^"\')]+)|@import\s+"([^"]+)"')


def fetched(text: str) -> list[str]:
    return [next(filter(None, found)) for found in FETCHED.findall(text)]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_names_nothing_on_another_site(staff: TestClient, path: str) -> None:
    answer = staff.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    addresses = fetched(answer.text)
    assert addresses
    assert not [a for a in addresses if re.match(r"(?i)\s*(https?:)?//", a)]


@pytest.mark.parametrize("path", PAGES)
def test_everything_a_page_needs_is_served(staff: TestClient, path: str) -> None:
    page = staff.get(path)
    assert page.status_code == 200
    for address in fetched(page.text):
        if address.startswith("/") and not address.startswith(("/api/", "/maps/")):
            assert staff.get(address).status_code == 200, address


def test_own_scripts_and_styles_ask_no_other_site(staff: TestClient) -> None:
    for name in ("site.css", "index.js", "docs.js"):
        text = staff.get(f"/static/{name}").text
        assert "http://" not in text
        assert "https://" not in text


def test_pages_are_in_the_sites_language_unless_another_is_asked_for(
    staff: TestClient, api_workspace: Workspace
) -> None:
    chinese = staff.get("/", headers={"accept-language": "en-GB,en;q=0.8"}).text
    assert '<html lang="zh-CN">' in chinese
    assert "坐标查询" in chinese
    english = staff.get("/?lang=en").text
    assert '<html lang="en">' in english
    assert "Locate a place" in english
    assert 'href="/docs?lang=en"' in english
    assert '<html lang="zh-CN">' in staff.get("/?lang=tlh").text
    with serving(api_workspace, language="en") as client:
        assert '<html lang="en">' in client.get("/").text
        assert 'href="/?lang=zh"' not in client.get("/").text.split("<nav>")[0]


def test_the_first_page_says_what_is_in_force(staff: TestClient) -> None:
    text = staff.get("/").text
    assert "2026-01-01" in text
    assert "2027-01-01" in text
    assert "/api/areas?level=grid" in text


def test_invented_data_is_marked_on_the_first_page(
    staff: TestClient, api_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "虚构" not in staff.get("/").text
    monkeypatch.setattr(api_workspace.store, "is_demo", lambda: True)
    assert "演示数据 · 虚构" in staff.get("/").text


def test_markup_in_names_is_shown_not_run(staff: TestClient) -> None:
    answer = staff.get("/monthly/<script>alert(1)", headers={"accept": "text/html"})
    assert answer.status_code == 422
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_a_browser_gets_errors_as_a_page_and_a_program_as_a_problem(staff: TestClient) -> None:
    page = staff.get("/nothing", headers={"accept": "text/html,*/*;q=0.8"})
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "没有这个地址" in page.text
    body = staff.get("/nothing")
    assert body.headers["content-type"] == "application/problem+json"
    # The interface answers programs, whatever the browser asks for.
    api = staff.get("/api/nothing", headers={"accept": "text/html"})
    assert api.headers["content-type"] == "application/problem+json"


def test_the_page_of_problems_lists_every_kind_under_its_reference(staff: TestClient) -> None:
    text = staff.get("/problems").text
    for kind in (*PROBLEMS.values(), *HTTP_PROBLEMS.values()):
        assert f'id="{kind.name}"' in text
        assert kind.uri == f"/problems#{kind.name}"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_kind_of_problem_has_a_name_in_every_language(lang: str) -> None:
    kinds = {kind.name for kind in (*PROBLEMS.values(), *HTTP_PROBLEMS.values())}
    assert {f"problem.{name}" for name in kinds} <= set(catalogue(lang))


@pytest.mark.parametrize("path", MAPS)
def test_a_map_shows_what_the_public_may_see_whoever_asks(
    staff: TestClient, resident: TestClient, path: str
) -> None:
    assert staff.get(path).text == resident.get(path).text


@pytest.mark.parametrize("page", ["/", "/problems"])
def test_every_page_leads_to_the_three_maps(staff: TestClient, page: str) -> None:
    nav = staff.get(page).text.split("<nav>")[1].split("</nav>")[0]
    assert all(f'href="{path}"' in nav for path in MAPS)


def test_the_first_page_says_what_each_map_shows(staff: TestClient) -> None:
    for lang, words in (("zh", "专属网格和网格队伍"), ("en", "who serves each grid")):
        text = staff.get(f"/?lang={lang}").text
        assert words in text
        suffix = "" if lang == "zh" else "?lang=en"
        assert all(text.count(f'href="{path}{suffix}"') == 2 for path in MAPS)


def test_an_unknown_map_is_not_found(staff: TestClient) -> None:
    assert staff.get("/maps/treasure").status_code == 404


def test_a_map_is_drawn_once_for_many_and_again_when_something_has_changed() -> None:
    time = [0.0]
    shelf = MapShelf(kept_s=60, clock=lambda: time[0])
    drawn: list[str] = []

    def draw(name: str) -> str:
        return shelf.get("levels", name, lambda: drawn.append(name) or f"map {len(drawn)}")

    assert [draw("2026"), draw("2026")] == ["map 1", "map 1"]
    assert draw("2027") == "map 2"
    time[0] = 60.0
    assert draw("2027") == "map 3"


def test_a_map_shows_a_place_that_was_added_since_it_was_drawn(
    staff: TestClient, api_workspace: Workspace
) -> None:
    before = api_workspace.store.records("places")
    assert "刚开的裁缝铺" not in staff.get("/maps/services").text
    try:
        tailor = Place("T1", "repair", "刚开的裁缝铺", 117.003, 36.6035)
        api_workspace.put_records("places", [asdict(tailor)])
        assert "刚开的裁缝铺" in staff.get("/maps/services").text
    finally:
        api_workspace.put_records("places", [], replace=True)
        api_workspace.put_records("places", before)
    assert "刚开的裁缝铺" not in staff.get("/maps/services").text


def test_the_interface_document_names_the_stores_levels(api_app: FastAPI) -> None:
    document = TestClient(api_app, client=LOCAL).get("/openapi.json").json()
    parameters = document["paths"]["/api/locate"]["get"]["parameters"]
    level = next(p for p in parameters if p["name"] == "level")
    assert level["schema"]["enum"] == ["community", "grid"]


def test_the_interface_document_names_the_items_of_the_catalogue(api_app: FastAPI) -> None:
    document = TestClient(api_app, client=LOCAL).get("/openapi.json").json()
    item = document["components"]["schemas"]["ReportIn"]["properties"]["item"]
    assert len(item["enum"]) == 100
    assert "0101" in item["enum"]


def test_the_interface_document_describes_every_answer_of_every_route(api_app: FastAPI) -> None:
    document = TestClient(api_app, client=LOCAL).get("/openapi.json").json()
    actions = {p for p in document["paths"] if p.startswith("/api/reports/{number}/")}
    assert len(actions) > 30
    assert set(document["paths"]) - actions == {
        "/api/annual/{year}",
        "/api/rosters/switch",
        "/api/plans/compare",
        "/api/plans/compare.gpkg",
        "/api/plans/compare.html",
        "/api/plans/measures",
        "/api/plans/replay",
        "/api/rulings",
        "/api/suggestions",
        "/api/suggestions/{number}",
        "/api/suggestions/{number}/draft",
        "/api/drafts",
        "/api/drafts/{number}",
        "/api/drafts/{number}/edits",
        "/api/drafts/{number}/undo",
        "/api/drafts/{number}/redo",
        "/api/drafts/{number}/branch",
        "/api/drafts/{number}/geojson",
        "/api/drafts/{number}/measures",
        "/api/drafts/{number}/compare",
        "/api/drafts/{number}/check",
        "/api/drafts/{number}/suggest",
        "/api/drafts/{number}/discard",
        "/api/drafts/{number}/publish",
        "/api/locate",
        "/api/areas",
        "/api/areas/{level}/{code}",
        "/api/areas/{level}/{code}/history",
        "/api/editions/{name}/export/{level}.{format}",
        "/tiles/{name}/{level}.json",
        "/tiles/{name}/{level}/{z}/{x}/{y}.mvt",
        "/api/reviews",
        "/api/reviews/{number}",
        "/api/reviews/{number}/ruling",
        "/api/personal-reads",
        "/api/me",
        "/api/orders",
        "/api/orders/{number}",
        "/api/inbox",
        "/api/inbox/read",
        "/api/deliveries/failed",
        "/api/deliveries/redeliver",
        "/api/supervision",
        "/api/supervision/{key}",
        "/api/supervision/{key}/answer",
        "/api/supervision/{key}/refuse",
        "/api/supervision/{key}/close",
        "/api/numbers",
        "/api/monthly",
        "/api/monthly/{month}",
        "/api/monthly/{month}/draft",
        "/api/monthly/{month}/workbook",
        "/api/monthly/{month}/appeals",
        "/api/monthly/{month}/decisions",
        "/api/events",
        "/api/areas/{level}/{code}.geojson",
        "/api/editions",
        "/api/places",
        "/api/reach/coverage",
        "/api/reach",
        "/api/reach/estates/{code}",
        "/api/places/{code}",
        "/api/places/{code}/photos",
        "/api/places/{code}/photos/{picture}",
        "/api/places/{code}/wrong",
        "/api/services",
        "/api/my-grid",
        "/api/organisations",
        "/api/rosters",
        "/api/catalogue",
        "/api/reports",
        "/api/reports/{number}",
        "/healthz",
        "/metrics",
    }
    for path in document["paths"].values():
        for operation in path.values():
            responses = operation["responses"]
            assert "403" in responses
            assert "500" in responses
            for status, response in responses.items():
                if status not in {"200", "201", "304"} and "problem" not in str(
                    response["content"]
                ):
                    assert status == "503"
            assert "HTTPValidationError" not in str(operation)
