"""Several catalogues side by side: an order is about the item of its own, wherever it is shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.cases.machine import replayed
from gridmap.cases.model import Event, Order
from gridmap.workspace import Workspace
from tests.api_client import LOCAL, REMOTE
from tests.moves_town import fill_town, open_town, send
from tests.order_forms import action_forms, forms_in
from tests.route_town import at

STREET = (0.2, 0.2)
# The same code as the site's litter means something else here, is another's, and takes longer.
ITEMS = """\
code,name,class_code,department,level,limit_amount,limit_unit,location_rule
0101,流动摊贩占道,01,CG,S,9,day,P
0188,共享单车乱停,01,CG,S,9,day,P
0199,无主杂物,01,,S,9,day,O
"""


@pytest.fixture
def town(store_url: str, tmp_path: Path) -> Iterator[tuple[Workspace, Any]]:
    """The town with a further catalogue, ``lanes``."""
    folder = tmp_path / "rules" / "lanes"
    folder.mkdir(parents=True)
    (folder / "catalogue.csv").write_text(ITEMS, encoding="utf-8")
    (folder / "classes.csv").write_text("code,name\n01,街面\n", encoding="utf-8")
    with open_town(store_url) as (workspace, hands):
        fill_town(workspace)
        workspace.import_rules(tmp_path / "rules", commit=True)
        yield workspace, hands


@pytest.fixture
def client(town: tuple[Workspace, Any]) -> Iterator[TestClient]:
    """At the pages, as the administrator of this machine."""
    with TestClient(create_app(workspace=town[0]), client=LOCAL, follow_redirects=False) as found:
        yield found


@pytest.fixture
def both(town: tuple[Workspace, Any]) -> tuple[int, int]:
    """One order of the site's own catalogue and one of the further one, under one code."""
    return send(town[0], STREET, "a"), send(town[0], STREET, "b", catalogue="lanes")


THEIRS = "流动摊贩占道"


def test_who_records_a_report_chooses_among_the_items_of_all_catalogues(
    town: tuple[Workspace, Any], client: TestClient
) -> None:
    page = client.get("/report").text
    (form,) = [one for one in forms_in(page) if "key" in one.fields]
    assert "lanes:0199" in form.options["item"]
    lon, lat = at(*STREET)
    typed = {"item": "lanes:0101", "lon": str(lon), "lat": str(lat)}
    seen = client.post("/report", data=form.fields | typed | {"do": "preview"}).text
    (form,) = [one for one in forms_in(seen) if "key" in one.fields]
    assert form.fields["item"] == "lanes:0101"
    where = client.post("/report", data=form.fields).headers["location"]
    assert THEIRS in client.get(where).text.partition("</h1>")[0]
    resident = TestClient(create_app(workspace=town[0]), client=REMOTE)
    assert "lanes:" not in resident.get("/report").text


def test_list_queue_page_and_inbox_name_the_item_of_its_own_catalogue(
    town: tuple[Workspace, Any], client: TestClient, both: tuple[int, int]
) -> None:
    workspace, _ = town
    ours = workspace.book.catalogue.item("0101").name
    rows = workspace.order_rows()[1]
    assert {one["number"]: one["item_name"] for one in rows} == dict(
        zip(both, (ours, THEIRS), strict=True)
    )
    assert [one["catalogue"] for one in rows] == ["lanes", "default"]
    listed = client.get("/orders").text
    assert ours in listed
    assert THEIRS in listed
    page = client.get(f"/orders/{both[1]}").text
    assert THEIRS in page.partition("</h1>")[0]
    assert THEIRS in client.get("/inbox").text
    nobodys = send(workspace, STREET, "c", item="0199", catalogue="lanes")
    queue = client.get("/queue").text
    assert f"#{nobodys}" in queue
    assert "无主杂物" in queue


def test_the_list_is_narrowed_to_an_item_of_one_catalogue(
    client: TestClient, both: tuple[int, int]
) -> None:
    for item, number in zip(("0101", "lanes:0101"), both, strict=True):
        found = client.get("/api/orders", params={"item": item}).json()["orders"]
        assert [one["number"] for one in found] == [number], item
        page = client.get("/orders", params={"item": item}).text
        assert f'value="{item}" selected' in page
    assert client.get("/api/orders", params={"item": "lanes:9999"}).json()["total"] == 0


def test_an_order_is_confirmed_with_another_item_of_its_own_catalogue(
    town: tuple[Workspace, Any], client: TestClient, both: tuple[int, int]
) -> None:
    workspace, _ = town
    page = client.get(f"/orders/{both[1]}").text
    form = action_forms(page)["order.confirm"]
    assert form.options["item"][1:] == ["0101", "0188", "0199"]
    wrong = client.post(form.address, data=form.fields | {"item": "0102"})
    assert wrong.status_code == 422
    done = client.post(form.address, data=form.fields | {"item": "0188"})
    assert done.status_code == 303, done.text
    after = client.get(f"/api/orders/{both[1]}").json()
    assert (after["item"], after["catalogue"], after["lead"]) == ("0188", "lanes", "CG")
    assert workspace.route_again(both[1], "0101").department == "CG"
    assert workspace.route_again(both[0], "0101").department == "HW"


def test_time_that_begins_anew_is_the_term_of_its_own_catalogue(
    town: tuple[Workspace, Any], both: tuple[int, int]
) -> None:
    workspace, _ = town
    rules = workspace.case_rules
    order = workspace.store.order(both[1])
    start = workspace.clock()
    ours = rules.item_due("0101", "CG", start)
    theirs = rules.item_due("0101", "CG", start, order.catalogue)
    assert ours is not None
    assert theirs is not None
    assert ours < theirs
    assert rules.item_due("0188", "CG", start) is None
    assert rules.item_due("0101", "CG", start, "gone") is None
    begun = Order(order.number, order.received_at, order.created_at, catalogue="lanes")
    events = [
        Event(e["action"], e["by"], e["at"], tuple(e["roles"]), None, e["fields"])
        for e in workspace.store.order_events(order.number)
    ]
    assert replayed(begun, events) == order


def test_what_happens_tells_other_programs_the_catalogue(
    client: TestClient, both: tuple[int, int]
) -> None:
    told = client.get("/api/events?wait_s=0", headers={"Last-Event-ID": "0"}).text
    assert '"catalogue":"lanes"' in told.replace(" ", "")
