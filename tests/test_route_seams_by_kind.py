"""Every kind of responsibility at its seam, on cases worked by hand, in both stores over HTTP.

``data/seam_cases.csv`` says in words where a place lies and who leads there. What is expected
was worked out on the plan of ``seam_town.py`` from the order of the responsibility layers, the
item's location rule and the tables of the routing room, not taken from the program. `lead` is
empty where a person has to decide among `options`; `rule` is the first reason that speaks of
the owner.
"""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.settings import Settings
from gridmap.workspace import open_workspace
from tests.api_client import LOCAL
from tests.api_town import Hands, send
from tests.conftest import KINDS
from tests.seam_town import LAYERS, fill_seam_town

TABLE = Path(__file__).parent / "data" / "seam_cases.csv"
with TABLE.open(encoding="utf-8", newline="") as _file:
    CASES = list(csv.DictReader(_file))

# Bodies that a person is asked to choose from, as they are named to that person.
CODES = {
    "望禾建筑公司": "SG:C01", "青砚建筑公司": "SG:C02", "望禾医院": "EX:990101001002901",
    "环卫中心": "HW", "安禾物业": "WY:F001", "砚畔公园管理处": "GY:P01", "园林绿化局": "YL",
    "生态环境局": "HB", "水务局": "SW", "市政管理处": "SZ", "禾里路1号商户": "SH:F01",
    "望禾街道办事处": "JD:990101001", "青砚街道办事处": "JD:990101002",
    "禾东社区居委会": "SQ:990101001001", "禾北社区居委会": "SQ:990101001002",
    "通信公司": "TX", "供水公司": "GS", "供电公司": "DL",
}  # fmt: skip

# Reasons that come before those about the owner.
_BEFORE = {"call_first", "call_first_in_danger", "on_border"}


@pytest.fixture(scope="module", params=KINDS)
def seams(request, made_store, tmp_path_factory):
    """The clock and a clerk of the town with all layers, in a store of either kind."""
    folder = tmp_path_factory.mktemp("seams")
    made = made_store(request.param)
    if request.param == "geopackage":
        where = str(folder / "seams.gpkg")
        shutil.copyfile(made, where)
    else:
        server = request.getfixturevalue("postgres")
        where = server.url(server.create_database(template=made))
    hands = Hands(datetime(2026, 1, 2, tzinfo=UTC))
    with open_workspace(settings=Settings(store=where), clock=hands) as workspace:
        fill_seam_town(workspace, folder)
        yield hands, TestClient(create_app(workspace=workspace), client=LOCAL)


def body_of(case):
    accuracy = {"accuracy_m": float(case["accuracy_m"])} if case["accuracy_m"] else {}
    place = {name: float(case[name]) for name in ("lon", "lat")}
    return {**place, "coord_sys": "wgs84", "item": case["item"], **accuracy}


def ask(seams, case):
    hands, clerk = seams
    hands.set(f"{case['date']} 10:00")
    answer = send(clerk, body_of(case), f"seam-{case['case']}")
    assert answer.status_code == 201, answer.text
    return answer.json()


def options_of(answer):
    """Return the codes of the bodies that the explanation offers to choose from."""
    said = dict(zip(answer["rules"], answer["explanation"], strict=True))
    if "ambiguous_owner" not in said:
        return ""
    names = said["ambiguous_owner"].partition("：")[2].split("、")
    return " ".join(sorted(CODES.get(name, name) for name in names))


def shown(answer):
    rules = [rule for rule in answer["rules"] if rule not in _BEFORE]
    return {
        "lead": answer["department"] or "",
        "co": " ".join(answer["co_departments"]) if answer["department"] else "",
        "rule": rules[0],
        "options": options_of(answer),
    }


@pytest.mark.parametrize("case", CASES, ids=[f"{c['case']} {c['place']}" for c in CASES])
def test_the_owner_is_the_one_worked_out_by_hand(seams, case):
    found = shown(ask(seams, case))
    expected = {name: case[name] for name in found}
    expected["options"] = " ".join(sorted(case["options"].split()))
    assert found == expected


def test_the_table_holds_both_sides_of_every_kind():
    assert len(CASES) >= 150
    assert len({case["case"] for case in CASES}) == len(CASES)
    rules = Counter(case["rule"] for case in CASES)
    kinds = {
        "overlay_owner", "exclusive_grid", "exclusive_site", "estate_managed", "estate_open",
        "road_class", "street_front", "agreement", "ruling", "asset_owner",
        "asset_owner_unknown",
        "department", "department_off_site", "department_of_place", "no_property_firm",
    }  # fmt: skip
    assert set(rules) == kinds
    assert min(rules.values()) >= 2
    assert sum(bool(case["options"]) for case in CASES) >= 11


def test_every_layer_of_the_town_decides_some_case():
    codes = {row["owner"] for rows in LAYERS.values() for row in rows} - {"", "JD", "SQ", "WY:F001"}
    named = {code for case in CASES for code in (case["lead"], *case["co"].split())}
    assert codes <= named
