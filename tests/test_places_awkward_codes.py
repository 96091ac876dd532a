"""Places whose code holds what an address does not have their pages and forms; both stores."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from html import unescape
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from gridmap.places.model import Place
from gridmap.workspace import Workspace
from tests.api_client import serving
from tests.api_town import PLACES
from tests.place_pictures import picture, send
from tests.route_town import at

pytest_plugins = ["tests.api_fixtures"]

CODES = ["P/2", "甲?1", "a#b", "5%", "x/y/photos?/"]


@pytest.fixture(scope="module", autouse=True)
def furnished(town_workspace: Workspace) -> Iterator[None]:
    """A repair shop under each of the codes."""
    shops = [
        Place(code, "repair", f"修理铺{n}", *at(1 + n / 10, 1)) for n, code in enumerate(CODES)
    ]
    town_workspace.put_records("places", [asdict(one) for one in shops])
    yield
    town_workspace.put_records("places", [], replace=True)
    town_workspace.put_records("places", [asdict(one) for one in PLACES])


@pytest.fixture
def editor(town_workspace: Workspace, hands: object) -> Iterator[TestClient]:
    """A client on the service's own machine, where it acts as who keeps places."""
    with serving(town_workspace, loopback_role="place_editor") as client:
        yield client


def named(code: str) -> str:
    return f"修理铺{CODES.index(code)}"


@pytest.mark.parametrize("code", CODES)
def test_a_place_is_shown_where_the_list_leads_to(citizen: TestClient, code: str) -> None:
    listed = citizen.get("/services?category=repair&lang=en").text
    hrefs = dict(
        reversed(pair)
        for pair in re.findall(r'class="name" href="([^"]+)">([^<]+)</a>', unescape(listed))
    )
    page = citizen.get(hrefs[named(code)])
    assert page.status_code == 200
    assert f"<h1>{named(code)}</h1>" in page.text
    # The script tells by it whether another page stands in for the one that was asked for.
    (answers,) = re.findall(r'data-answers="([^"]+)"', unescape(page.text))
    assert answers == hrefs[named(code)]
    # The links of its head lead to the same place.
    bar = unescape(page.text).partition('<header class="bar">')[2].partition("</header>")[0]
    for href in re.findall(r'href="(/services/[^"]+)"', bar):
        assert f"<h1>{named(code)}</h1>" in citizen.get(href).text


@pytest.mark.parametrize("code", CODES)
def test_its_entry_is_told_of_as_wrong_by_the_form_on_its_page(
    citizen: TestClient, code: str
) -> None:
    page = unescape(citizen.get(f"/services/{quote(code, safe='')}").text)
    (action,) = re.findall(r'<form method="post" action="([^"#]+)', page)
    client = TestClient(citizen.app, client=(f"203.0.113.{100 + CODES.index(code)}", 40000))
    answer = client.post(action, data={"kind": "hours"})
    assert answer.status_code == 200
    assert f"<h1>{named(code)}</h1>" in answer.text
    assert "已转给负责的工作人员" in answer.text


@pytest.mark.parametrize("code", CODES)
def test_programs_read_edit_and_tell_of_it(editor: TestClient, code: str) -> None:
    address = f"/api/places/{quote(code, safe='')}"
    assert editor.get(address).json()["name"] == named(code)
    answer = editor.patch(address, json={"price": "5元"})
    assert (answer.status_code, answer.json()["code"]) == (200, code)
    assert editor.get(f"{address}/photos").json() == {"photos": []}
    made = send(editor, quote(code, safe=""), picture())
    assert made.status_code == 201
    assert editor.get(made.json()["href"]).headers["content-type"] == "image/jpeg"
    dropped = editor.delete(f"{address}/photos/{made.json()['sha256']}")
    assert dropped.json() == {"photos": []}


@pytest.mark.parametrize("code", CODES)
def test_it_is_edited_on_the_page_for_that(editor: TestClient, code: str) -> None:
    address = f"/places/{quote(code, safe='')}/edit"
    page = editor.get(address)
    assert page.status_code == 200
    (back,) = re.findall(r'class="back"><a href="([^"]+)"', unescape(page.text))
    assert f"<h1>{named(code)}</h1>" in editor.get(back).text
    saved = editor.post(address, data={"name": named(code), "price": "7元"})
    assert "已保存" in saved.text
    assert editor.get(f"/api/places/{quote(code, safe='')}").json()["price"] == "7元"
    photo = editor.post(
        f"/places/{quote(code, safe='')}/photos",
        data={"caption": "门"},
        files={"photo": ("a.jpg", picture("red"), "image/jpeg")},
    )
    assert 'value="门"' in photo.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/api/places/P/2/photos"),
        ("PUT", "/api/places/P/2/photos/1"),
        ("GET", "/api/places/P/2/wrong"),
        ("DELETE", "/api/places/P/2"),
    ],
)
def test_what_lies_below_a_place_is_no_part_of_its_code(
    editor: TestClient, method: str, path: str
) -> None:
    assert editor.request(method, path).status_code == 405
