"""The residents' pages in English stay English: what leads on, and what they are installed as."""

from __future__ import annotations

import json
import re
from html import unescape

from starlette.testclient import TestClient

from gridmap.workspace import Workspace
from tests.api_client import serving

pytest_plugins = ["tests.api_fixtures"]

MAPS = ("/maps/levels", "/maps/party", "/maps/services")


def hrefs(text: str) -> set[str]:
    return set(re.findall(r'href="([^"]+)"', unescape(text)))


def test_the_footer_leads_to_the_english_first_page(citizen: TestClient) -> None:
    for path in ("/services", "/services/P1"):
        assert "/?lang=en" in hrefs(citizen.get(f"{path}?lang=en").text)
        assert "/" in hrefs(citizen.get(path).text)


def test_the_first_page_leads_to_english_maps(citizen: TestClient, clerk: TestClient) -> None:
    for client in (citizen, clerk):
        english, chinese = (hrefs(client.get(path).text) for path in ("/?lang=en", "/"))
        assert {f"{path}?lang=en" for path in MAPS} <= english
        assert not english & set(MAPS)
        assert set(MAPS) <= chinese
    assert "/maps/party/staff?lang=en" in hrefs(clerk.get("/?lang=en").text)


def test_what_is_installed_from_an_english_page_starts_in_english(
    citizen: TestClient, town_workspace: Workspace
) -> None:
    manifest = "/services/manifest.webmanifest"
    assert citizen.get(f"{manifest}?lang=en").json()["start_url"] == "/services?lang=en"
    assert citizen.get(manifest).json()["start_url"] == "/services"
    with serving(town_workspace, language="en") as client:
        assert client.get(manifest).json()["start_url"] == "/services"
        assert client.get(f"{manifest}?lang=zh").json()["start_url"] == "/services?lang=zh"


def pins(text: str) -> list[str]:
    (found,) = re.findall(r'id="pins">(.*?)</script>', text, re.DOTALL)
    return [pin[1] for pin in json.loads(found)]


def test_pins_are_named_in_english_where_they_have_such_a_name(citizen: TestClient) -> None:
    assert pins(citizen.get("/services?text=禾东&lang=en").text) == [
        "Hedong Canteen",
        "禾东快递点",
    ]
    assert pins(citizen.get("/services?text=禾东").text) == ["禾东社区食堂", "禾东快递点"]


def test_estates_are_proposed_in_english_and_found_by_that(citizen: TestClient) -> None:
    for path in ("/services", "/report"):
        english, chinese = (
            re.findall(r'<option value="([^"]+)"></option>', unescape(citizen.get(address).text))
            for address in (f"{path}?lang=en", path)
        )
        assert {"Jinhe Court", "Liangshe Garden"} <= set(english)
        assert {"锦禾苑", "两社花园"} <= set(chinese)
        assert not set(english) & {"锦禾苑", "两社花园"}
    found = citizen.get("/services?estate=Jinhe%20Court&lang=en").text
    assert "/report?estate=Jinhe+Court&lang=en" in hrefs(found)
