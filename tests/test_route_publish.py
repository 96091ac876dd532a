"""The proof of routes stands before every publication: refused, accepted with a reason, told."""

from __future__ import annotations

from collections.abc import Iterator
from shutil import copyfile

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.coverage.editions import EditionState
from gridmap.errors import CoverageFaulty
from gridmap.workspace import Workspace
from tests.api_client import LOCAL
from tests.conftest import KINDS
from tests.moves_town import SECOND, STAYS, contradicting_town
from tests.route_town import at, rectangle

WHY = "红线待区里裁定"


@pytest.fixture(scope="module", params=KINDS)
def town(request, made_store, tmp_path_factory) -> Iterator[Workspace]:
    """The town with its draft, and two red lines that contradict each other."""
    if request.param == "geopackage":
        url = str(tmp_path_factory.mktemp("publish") / "town.gpkg")
        copyfile(made_store(request.param), url)
    else:
        server = request.getfixturevalue("postgres")
        url = server.url(server.create_database(template=made_store(request.param)))
    with contradicting_town(url) as workspace:
        yield workspace


def test_an_edition_whose_routes_contradict_each_other_is_not_published(town):
    with pytest.raises(CoverageFaulty, match="proof of routes of 'redrawn' found") as refused:
        town.publish("redrawn", effective_from=SECOND, commit=True)
    assert "X1 甲苑" in str(refused.value) or "Jia Court" in str(refused.value)
    assert "gridmap route check redrawn" in str(refused.value.repair)
    assert town.store.edition("redrawn").state is EditionState.DRAFT
    assert town.store.edition("redrawn").route_check is None


def test_the_proof_of_a_draft_is_asked_beforehand_with_a_place_to_look_at(town):
    (fault,) = [f for f in town.prove_routes("redrawn").faults if f.kind == "conflicting"]
    assert (fault.severity, fault.overlays) == ("error", ("X1", "X2"))
    west, south, east, north = rectangle(12.4, 0.4, 12.9, 0.9).bounds
    assert west < fault.lon < east
    assert south < fault.lat < north


def test_a_dry_run_is_refused_as_well(town):
    with pytest.raises(CoverageFaulty, match="proof of routes"):
        town.publish("redrawn", effective_from=SECOND)


def test_with_a_reason_it_is_published_and_the_reason_and_the_proof_are_kept(town):
    outcome = town.publish("redrawn", effective_from=SECOND, accept_faults=WHY, commit=True)
    # Every catalogue is proved, each with its own items.
    assert [f.kind for f in outcome.routes if f.severity == "error"] == ["conflicting"] * 3
    stored = town.store.edition("redrawn")
    assert stored.state is EditionState.PUBLISHED
    assert stored.accepted_faults == WHY
    assert stored.route_check == outcome.route_check
    parts = stored.route_check.split("; ")
    assert [part.split(":")[0] for part in parts] == list(town.books.by_name)
    assert all(", 1 errors, " in part for part in parts)
    listed = next(e for e in town.editions() if e["name"] == "redrawn")
    assert listed["route_check"] == stored.route_check


# -- a further catalogue over HTTP ------------------------------------------------------------


def sent(client, key, **more):
    lon, lat = at(*STAYS)
    body = {"lon": lon, "lat": lat, "coord_sys": "wgs84", **more}
    return client.post("/api/reports", json=body, headers={"Idempotency-Key": f"catalogue-{key}"})


def test_a_report_of_a_second_catalogue_is_taken_in_and_routed_by_it(town):
    with TestClient(create_app(workspace=town), client=LOCAL) as client:
        listed = client.get("/api/catalogue", params={"name": "eighty"}).json()
        assert listed["catalogues"] == ["default", "duties", "eighty"]
        assert len(listed["items"]) == 80
        answer = sent(client, "a", item="B01", catalogue="eighty")
        assert answer.status_code == 201, answer.text
        found = answer.json()
        assert (found["catalogue"], found["department"]) == ("eighty", "CG")
        assert found["handling_level"] == "G"
        again = client.get(f"/api/reports/{found['id']}").json()
        assert (again["catalogue"], again["explanation"]) == ("eighty", found["explanation"])
        # A code means what its own catalogue says: here another department's work.
        ours = sent(client, "b", item="0103").json()
        assert (ours["catalogue"], ours["department"]) == ("default", "HW")


def test_an_item_of_another_catalogue_is_refused_over_http_with_what_is_allowed(town):
    with TestClient(create_app(workspace=town), client=LOCAL) as client:
        answer = sent(client, "c", item="0103", catalogue="eighty")
        assert answer.status_code == 422
        assert "'eighty' has no item" in answer.text
        missing = sent(client, "d", item="0103", catalogue="ninety")
        assert missing.status_code == 422
        assert "eighty" in missing.text
