"""The demo district's rules are complete; of seventeen defects put into them none is missed.

`gridmap route check` names each with its kind, its items and overlays, and an example; a report
sent there meets what the command says.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing

import numpy as np
import pytest
import shapely
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.cli.demo import NOW
from gridmap.settings import Settings
from gridmap.workspace import open_workspace
from tests.api_client import LOCAL
from tests.cli_district import gridmap
from tests.demo_defects import SUBDISTRICT, inject
from tests.demo_doors import EDITION

pytest_plugins = ["tests.demo_stores"]
pytestmark = pytest.mark.xdist_group("demo-district")

# Every item falls to the office of the place where nobody is known to own it.
NOBODY = "asset_owner_unknown"


@pytest.fixture(scope="module")
def broken(district, tmp_path_factory):
    """The district with the defects: the workspace, what was done, and what the command found."""
    out = tmp_path_factory.mktemp("defects")
    url = out / "gridmap.gpkg"
    # With what may still stand in the log beside the file.
    with closing(sqlite3.connect(district.url)) as demo, closing(sqlite3.connect(url)) as copy:
        demo.backup(copy)
    settings = Settings(store=str(url), frozen_now=NOW)
    with open_workspace(settings=settings, create=False) as workspace:
        defects = inject(workspace, district.folder, out)
        done = gridmap(
            "route", "check", "--json", "-", "--store", url, env={"GRIDMAP_FROZEN_NOW": NOW}
        )
        assert done.exit_code == 1, done.output
        yield workspace, defects, json.loads(done.stdout)


@pytest.fixture(scope="module")
def clerk(broken):
    with TestClient(create_app(workspace=broken[0]), client=LOCAL) as client:
        yield client


def found(broken, kind, *overlays, items=()):
    """The one fault of a kind about these overlays and items."""
    (fault,) = [
        fault
        for fault in broken[2]["faults"]
        if fault["kind"] == kind
        and set(overlays) <= set(fault["overlays"])
        and bool(overlays) == bool(fault["overlays"])
        and (not items or fault["items"] == list(items))
    ]
    return fault


def answered(clerk, fault, item, at=None):
    """What a report of an item gets at a fault's example, now or at an earlier moment."""
    body = {"lon": fault["lon"], "lat": fault["lat"], "coord_sys": "wgs84", "item": item}
    more = {} if at is None else {"observed_at": at, "received_at": at}
    answer = clerk.post(
        "/api/reports",
        json=body | more,
        headers={"Idempotency-Key": f"{item}-{fault['lon']}-{at}"},
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


def said(answer):
    return " ".join(answer["rules"])


def test_the_demo_itself_was_complete_when_it_was_published(district):
    with open_workspace(settings=district.settings, create=False) as workspace:
        (edition,) = workspace.editions()
    assert ", 0 errors, " in edition["route_check"]


def test_every_defect_is_found_with_its_kind_and_an_example_where_it_is(broken):
    _, defects, _ = broken
    assert len(defects) == 17
    for defect in defects:
        fault = found(broken, defect.kind, *defect.overlays, items=defect.items)
        assert fault["severity"] == defect.severity, fault
        point = shapely.Point(fault["lon"], fault["lat"])
        assert defect.within is None or defect.within.intersects(point), fault
        # What lies beyond the edition lies in no area.
        assert len(fault["areas"]) == (defect.overlays != ("XW1",)), fault
        assert "".join(fault["areas"]).startswith(defect.area), fault


def test_every_error_is_one_of_the_defects(broken):
    _, defects, proof = broken
    errors = Counter(f["kind"] for f in proof["faults"] if f["severity"] == "error")
    assert errors == Counter(d.kind for d in defects if d.severity == "error")


def test_an_example_lies_in_the_area_that_is_named(broken):
    workspace, defects, _ = broken
    for defect in defects:
        fault = found(broken, defect.kind, *defect.overlays, items=defect.items)
        areas = workspace.locate(fault["lon"], fault["lat"]).areas
        assert fault["areas"] == [areas[level] for level in areas if level == "microgrid"], fault


@pytest.mark.parametrize(
    ("codes", "item"),
    [
        (("000-E1",), "0101"),
        (("000-E2",), "0101"),
        (("XR1", "XR2"), "0303"),
        (("XU1", "XU2"), "0403"),
        (("XL1", "XL2"), "0306"),
    ],
)
def test_where_two_contradict_each_would_lead_and_only_a_code_decides(broken, clerk, codes, item):
    fault = found(broken, "conflicting", *codes)
    answers = broken[0].router(EDITION).answers
    by_code = {overlay.code: o for o, overlay in enumerate(answers.overlays.overlays)}
    rows = [by_code[code] for code in fault["overlays"]]
    touched = answers.overlays.around(np.array([fault["lon"]]), np.array([fault["lat"]])).touched[0]
    assert set(rows) <= set(touched)
    seat = answers.territory.seat_of[answers.territory.row("microgrid", fault["areas"][0])]
    leads = [answers.owner(item, seat, (row,)).lead for row in rows]
    assert len(set(leads)) == 2
    first = leads[fault["overlays"].index(min(fault["overlays"]))]
    assert answered(clerk, fault, item)["department"] == first


@pytest.mark.parametrize("item", ["0399", "0310"])
def test_what_no_rule_covers_falls_to_the_office_until_it_is_reviewed(broken, clerk, item):
    answer = answered(clerk, found(broken, "uncovered", items=(item,)), item)
    assert answer["department"].startswith("JD:")
    assert NOBODY in said(answer)


def test_what_ended_led_until_then_and_nobody_leads_since(broken, clerk):
    fault = found(broken, "expired", "XA1", items=("0399",))
    before = answered(clerk, fault, "0399", "2026-05-31T09:00:00+08:00")
    assert (before["department"], NOBODY in said(before)) == ("SZ", False)
    since = answered(clerk, fault, "0399")
    assert since["department"].startswith("JD:")
    assert NOBODY in said(since)


def test_a_park_that_ended_led_until_then(broken, clerk):
    fault = found(broken, "expired", "XP3")
    before = answered(clerk, fault, "0403", "2026-05-31T09:00:00+08:00")
    assert (before["department"], answered(clerk, fault, "0403")["department"]) == ("SZ", "YL")


def test_what_is_shadowed_does_not_lead_at_its_example(broken, clerk):
    # Its own owner is JT, that of the park of higher priority over it SZ.
    assert answered(clerk, found(broken, "shadowed", "XP1"), "0403")["department"] == "SZ"
    beyond = answered(clerk, found(broken, "shadowed", "XW1"), "0406")
    assert (beyond["department"], beyond["location_status"]) == (None, "outside")
    # A rule for estates that its item never asks leaves it with the police.
    idle = answered(clerk, found(broken, "shadowed", items=("0904",)), "0904")
    assert idle["department"] == "GA"


def test_who_was_taken_out_of_the_tables_is_a_bare_code(broken, clerk):
    answer = answered(clerk, found(broken, "unknown_body", "XP4"), "0403")
    assert answer["department"] == "QX"
    assert answer["department_name"] in (None, "", "QX")


def test_an_item_that_is_in_no_table_is_refused_where_an_agreement_names_it(broken, clerk):
    fault = found(broken, "unknown_item", "XA2", items=("0398",))
    body = {"lon": fault["lon"], "lat": fault["lat"], "coord_sys": "wgs84", "item": "0398"}
    answer = clerk.post("/api/reports", json=body, headers={"Idempotency-Key": "no-such-item"})
    assert answer.status_code == 422, answer.text
    assert answer.json()["type"].endswith("#bad-code")


def test_a_cabinet_whose_type_is_in_no_table_leads_nobody(broken, clerk):
    answer = answered(clerk, found(broken, "unknown_type", "990101X00001"), "0310")
    assert NOBODY in said(answer)


def test_a_site_without_an_owner_leaves_its_dust_to_the_department(broken, clerk):
    assert answered(clerk, found(broken, "ownerless", "XC1"), "0501")["department"] == "ZJ"


def test_nobody_goes_first_where_all_duties_ended(broken, clerk):
    fault = found(broken, "no_responder")
    assert fault["areas"][0].startswith(SUBDISTRICT)
    before = answered(clerk, fault, "0403", "2026-05-31T09:00:00+08:00")
    assert before["first_responder"]
    assert answered(clerk, fault, "0403")["first_responder"] is None
