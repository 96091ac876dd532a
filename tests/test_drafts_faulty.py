"""Faults that stop the publication of a draft: all of them told, in the language of who asks."""

from __future__ import annotations

from collections.abc import Iterator
from shutil import copyfile
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.access import Grant, Role, Scope
from tests.api_client import REMOTE
from tests.conftest import KINDS
from tests.moves_town import contradicting_town
from tests.route_town import rectangle


@pytest.fixture(scope="module", params=KINDS)
def planner(request, made_store, tmp_path_factory) -> Iterator[TestClient]:
    """A planner in a town with two red lines that contradict each other."""
    if request.param == "geopackage":
        url = str(tmp_path_factory.mktemp("faulty") / "town.gpkg")
        copyfile(made_store(request.param), url)
    else:
        server = request.getfixturevalue("postgres")
        url = server.url(server.create_database(template=made_store(request.param)))
    with contradicting_town(url) as workspace:
        workspace.add_user("li", [Grant(Role.PLANNER, Scope.of(areas=()))])
        key = workspace.add_key("li").token
        app = create_app(workspace=workspace)
        yield TestClient(app, client=REMOTE, headers={"authorization": f"Bearer {key}"})


@pytest.fixture(scope="module")
def number(planner) -> int:
    """A draft of the town as it is."""
    made = planner.post("/api/drafts", json={"name": "照旧", "edition": "town", "level": "grid"})
    assert made.status_code == 201, made.text
    return made.json()["id"]


def looked(planner, number, *, lang="zh", script="", **more) -> Any:
    """A dry run of the publication."""
    body = {"version": 0, "edition": "2026-06", "effective_from": "2026-06-01", **more}
    path = f"/api/drafts/{number}/publish?dry_run=true&lang={lang}"
    headers = {"X-Page-Language": script} if script else {}
    return planner.post(path, json=body, headers=headers)


@pytest.mark.parametrize(("lang", "words"), [("zh", "甲苑"), ("en", "Jia Court")])
def test_routes_that_stop_a_publication_are_told_one_by_one(planner, number, lang, words):
    refused = looked(planner, number, lang=lang)
    assert refused.status_code == 409, refused.text
    problem = refused.json()
    assert problem["type"].endswith("coverage-faulty")
    # As many as there are catalogues: each has items of its own.
    assert [(one["kind"], one["severity"]) for one in problem["faults"]] == [
        ("conflicting", "error")
    ] * 3
    west, south, east, north = rectangle(12.4, 0.4, 12.9, 0.9).bounds
    for one in problem["faults"]:
        assert words in one["text"]
        assert west < one["lon"] < east
        assert south < one["lat"] < north
    # There is no edition yet that `gridmap route check` could look at.
    assert "route check" not in problem["repair"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_page_is_told_the_first_of_them_in_its_language(planner, number, lang):
    problem = looked(planner, number, lang=lang, script=lang).json()
    message = problem["told"]["message"]
    assert problem["faults"][0]["text"] in message
    assert message.startswith("版本“2026-06”的派单检查发现" if lang == "zh" else "The proof of")
    assert problem["detail"].startswith("The proof of routes of '2026-06' found 3 errors")


def test_with_a_reason_a_dry_run_lists_the_same(planner, number):
    faults = looked(planner, number).json()["faults"]
    found = looked(planner, number, accept_faults="红线待裁定")
    assert found.status_code == 200, found.text
    assert [one for one in found.json()["routes"] if one["severity"] == "error"] == faults
