"""Two who keep one place at a time: nothing that one changed is undone by the other unseen."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import pytest
from starlette.testclient import TestClient

from gridmap.errors import NotFound, Stale
from gridmap.places.edit import changed_since, version_of
from gridmap.places.model import Place
from gridmap.workspace import Workspace, open_workspace
from tests.api_client import serving
from tests.api_town import PLACES
from tests.order_forms import Form, forms_in
from tests.route_town import at

pytest_plugins = ["tests.api_fixtures"]

BAKERY = Place("B1", "canteen", "南苑面点", *at(1.4, 1.3), hours="Mo-Fr 07:00-09:00",
               phone="0990-5550601", price="5元", special_services=("代蒸",))  # fmt: skip
PAGE = "/places/B1/edit"


@pytest.fixture(autouse=True)
def bakery(town_workspace: Workspace, hands) -> Iterator[None]:
    town_workspace.put_records("places", [asdict(BAKERY)])
    yield
    town_workspace.put_records("places", [asdict(one) for one in PLACES], replace=True)


@pytest.fixture
def other(town_store: str, town_workspace: Workspace) -> Iterator[Workspace]:
    """Another process, which has the places at hand as they were."""
    with open_workspace(town_store, clock=town_workspace.clock) as workspace:
        workspace.place("B1")
        yield workspace


@pytest.fixture
def editor(town_workspace: Workspace) -> Iterator[TestClient]:
    with serving(town_workspace, loopback_role="place_editor") as client:
        yield client


def stored(workspace: Workspace) -> dict[str, Any]:
    return next(row for row in workspace.store.records("places") if row["code"] == "B1")


def form_of(text: str) -> Form:
    """The form of the entry, as a page has it."""
    return next(one for one in forms_in(text) if "hours_text" in one.fields)


def test_who_edits_other_fields_elsewhere_undoes_nothing(
    town_workspace: Workspace, other: Workspace
) -> None:
    town_workspace.edit_place("B1", {"price": "6元"})
    # The other process does not know of it yet.
    assert other.edit_place("B1", {"phone": "0990-5550602"})["price"] == "6元"
    found = stored(other)
    assert (found["price"], found["phone"], found["hours"]) == (
        "6元", "0990-5550602", BAKERY.hours,
    )  # fmt: skip


def test_edits_of_different_fields_at_once_are_all_kept(
    town_workspace: Workspace, other: Workspace
) -> None:
    def write(workspace: Workspace, field: str) -> None:
        for n in range(6):
            workspace.edit_place("B1", {field: f"{n}"})

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(write, town_workspace, "floor"), pool.submit(write, other, "entrance")]
        assert [one.result() for one in done] == [None, None]
    assert (stored(other)["floor"], stored(other)["entrance"]) == ("5", "5")


def test_a_place_that_was_taken_away_meanwhile_does_not_come_back(
    town_workspace: Workspace, other: Workspace
) -> None:
    town_workspace.put_records("places", [asdict(one) for one in PLACES], replace=True)
    with pytest.raises(NotFound, match="no such place"):
        other.edit_place("B1", {"price": "6元"})
    assert "B1" not in {row["code"] for row in other.store.records("places")}


def test_an_edit_of_what_was_looked_at_is_refused_when_it_has_changed(
    town_workspace: Workspace, other: Workspace
) -> None:
    seen = other.place("B1")["version"]
    town_workspace.edit_place("B1", {"price": "6元", "hours": "Mo-Fr 07:00-10:00"}, version=seen)
    with pytest.raises(Stale) as caught:
        other.edit_place("B1", {"price": "7元", "phone": "0990-5550602"}, version=seen)
    assert caught.value.changes == [
        {"field": "hours", "now": "Mo-Fr 07:00-10:00", "yours": False},
        {"field": "price", "now": "6元", "yours": True},
    ]
    assert stored(other)["phone"] == BAKERY.phone
    # Who was told looks at what is stored, though the places were read just now.
    now = other.place("B1")
    assert (now["price"], now["version"]) == ("6元", caught.value.version)
    other.edit_place("B1", {"price": "7元"}, version=now["version"])
    assert stored(other)["price"] == "7元"


def test_over_http_staff_are_told_the_version_and_what_it_is_not_any_more(
    editor: TestClient, citizen: TestClient
) -> None:
    assert citizen.get("/api/places/B1").json().get("version") is None
    seen = editor.get("/api/places/B1").json()["version"]
    first = editor.patch("/api/places/B1", json={"price": "6元", "version": seen})
    assert first.status_code == 200
    told = editor.patch("/api/places/B1", json={"phone": "0990-5550602", "version": seen})
    assert told.status_code == 409
    assert told.json()["type"] == "/problems#stale"
    assert told.json()["version"] == first.json()["version"] != seen
    assert told.json()["changes"] == [{"field": "price", "now": "6元", "yours": False}]
    # Who does not say what they looked at changes the fields that they name.
    assert editor.patch("/api/places/B1", json={"phone": "0990-5550602"}).json()["price"] == "6元"
    assert editor.patch("/api/places/B1", json={"version": "x"}).status_code == 409


def test_the_form_tells_what_others_changed_and_keeps_what_was_typed(editor: TestClient) -> None:
    form = form_of(editor.get(PAGE).text)
    editor.patch("/api/places/B1", json={"hours": "Mo-Fr 06:00-08:00", "price": "6元",
                                         "accessibility": ["lift"]})  # fmt: skip
    typed = form.fields | {"price": "7元", "phone": "0990-5550602"}
    answer = editor.post(PAGE, data=typed)
    assert answer.status_code == 409
    changed = answer.text.partition('id="changed"')[2].partition("</section>")[0]
    for said in ("开放时间", "Mo-Fr 06:00-08:00", "收费", "6元", "下方是您填的", "无障碍设施"):
        assert said in changed, said
    assert "工作电话" not in changed
    again = form_of(answer.text)
    assert (again.fields["phone"], again.fields["price"]) == ("0990-5550602", "7元")
    assert (again.fields["hours"], again.fields.get("fact-lift")) == ("Mo-Fr 06:00-08:00", "1")
    saved = editor.post(PAGE, data=again.fields)
    assert "已保存" in saved.text
    place = editor.get("/api/places/B1").json()
    assert [place[name] for name in ("hours", "price", "phone", "accessibility")] == [
        "Mo-Fr 06:00-08:00", "7元", "0990-5550602", ["lift"],
    ]  # fmt: skip


def test_a_form_that_was_refused_is_still_about_what_was_looked_at(editor: TestClient) -> None:
    form = form_of(editor.get(PAGE).text)
    editor.patch("/api/places/B1", json={"price": "6元"})
    refused = editor.post(PAGE, data=form.fields | {"hours": "9 to 5"})
    assert refused.status_code == 422
    again = form_of(refused.text)
    assert again.fields["version"] == form.fields["version"]
    assert editor.post(PAGE, data=again.fields | {"hours": "Mo 09:00-17:00"}).status_code == 409
    assert editor.get("/api/places/B1").json()["price"] == "6元"


def test_what_is_changed_outside_the_form_is_told_too(
    editor: TestClient, town_workspace: Workspace
) -> None:
    form = form_of(editor.get(f"{PAGE}?lang=en").text)
    lon, lat = at(1.5, 1.3)
    town_workspace.put_records("places", [asdict(BAKERY) | {"lon": lon, "lat": lat}])
    answer = editor.post(f"{PAGE}?lang=en", data=form.fields | {"price": "7元"})
    assert answer.status_code == 409
    assert "Where it stands, or what is not in this form" in answer.text
    assert editor.post(PAGE, data=form_of(answer.text).fields).status_code == 200
    place = editor.get("/api/places/B1").json()
    assert (place["lon"], place["lat"], place["price"]) == (lon, lat, "7元")


def test_a_version_tells_every_field_and_what_is_no_version_tells_all() -> None:
    seen = version_of(BAKERY)
    assert changed_since(seen, BAKERY) == ()
    every = changed_since("", BAKERY)
    assert set(every) == set(asdict(BAKERY)) - {"code"}
    for name in every:
        changed = Place(**{**asdict(BAKERY), name: ("other",)})
        assert changed_since(seen, changed) == (name,)
