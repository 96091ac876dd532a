"""A sub-district like Dianliuxincun: 52 grids = 50 basic + 2 exclusive, 300 to 500 households
a grid; one worker one grid, one professional many grids, one grid many members.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict

import pyogrio
import pytest

from gridmap.routing.site_rules import SiteRole, load_site_rules
from tests.demo_doors import listed

pytest_plugins = ["tests.demo_stores"]
pytestmark = pytest.mark.xdist_group("demo-exclusive")

SITES = ("P", "E")


@pytest.fixture(scope="module")
def grids(exclusive_clerk):
    return listed(exclusive_clerk, "grid")


@pytest.fixture(scope="module")
def units(grids):
    """Codes of the exclusive grids."""
    return [code for code, grid in grids.items() if grid["kind"] == "exclusive"]


@pytest.fixture(scope="module")
def posts(exclusive_clerk):
    answer = exclusive_clerk.get("/api/rosters")
    assert answer.status_code == 200, answer.text
    return answer.json()["posts"]


@pytest.fixture(scope="module")
def items(exclusive_clerk):
    found = exclusive_clerk.get("/api/catalogue").json()["items"]
    return {item["code"]: item for item in found}


def is_unit(party, grid):
    """Whether a party is the unit of an exclusive grid."""
    return party == f"EX:{grid}"


def test_fifty_two_grids_are_fifty_basic_and_two_exclusive(grids):
    assert Counter(grid["kind"] for grid in grids.values()) == {"basic": 50, "exclusive": 2}
    for code, grid in grids.items():
        assert re.fullmatch(r"990101\d{9}", code)
        assert (int(code[-3:]) >= 901) == (grid["kind"] == "exclusive")
        assert ("专属" in grid["name"]) == (grid["kind"] == "exclusive")


def test_a_basic_grid_has_three_to_five_hundred_households_on_average(exclusive, grids):
    layers = exclusive.folder / "layers.gpkg"
    buildings = pyogrio.read_dataframe(layers, layer="building", read_geometry=False)
    homes = buildings.groupby(buildings["microgrid_code"].str[:15])["households"].sum()
    basic = [homes.get(code, 0) for code, grid in grids.items() if grid["kind"] == "basic"]
    assert 300 <= sum(basic) / len(basic) <= 500
    assert min(basic) > 150
    assert max(basic) < 800


def test_one_worker_one_grid(grids, posts):
    workers = [post for post in posts if (post["role"], post["kind"]) == ("grid_worker", "basic")]
    assert Counter(post["area_code"] for post in workers) == Counter(list(grids))
    assert max(Counter(post["person"] for post in workers).values()) == 1
    leads = Counter(p["area_code"] for p in posts if p["role"] == "grid_lead")
    assert leads == Counter(code for code, grid in grids.items() if grid["kind"] == "basic")


def test_one_professional_many_grids(grids, posts):
    serves = defaultdict(set)
    for post in posts:
        if post["role"] == "professional_worker":
            assert post["level"] == "grid"
            serves[post["person"], post["department"]].add(post["area_code"])
    assert all(len(area) > 1 for area in serves.values())
    for department in {name for _, name in serves}:
        parts = [area for (_, name), area in serves.items() if name == department]
        assert sum(map(len, parts)) == len(grids), "each grid has one of each department"
        assert set().union(*parts) == set(grids)


def test_one_grid_many_members(grids, posts):
    members = Counter(p["area_code"] for p in posts if p["role"] == "linked_force")
    assert set(members) == set(grids)
    assert sum(count > 1 for count in members.values()) > len(grids) / 2
    everybody = Counter(p["area_code"] for p in posts if p["level"] == "grid")
    assert min(everybody.values()) >= 5


def test_reports_inside_an_exclusive_grid_go_to_its_unit_as_the_table_says(exclusive, units, items):
    table = exclusive.assigned
    rules = load_site_rules()
    seen = Counter()
    inside = table[table["grid"].isin(units) & (table["location_status"] == "inside")]
    for row in inside.to_dict("records"):
        item = items[row["item"]]
        if item["location_rule"] not in SITES:
            continue
        role = rules[row["item"]].exclusive_grid if row["item"] in rules else SiteRole.NONE
        if item["department"] == "WY":
            role = SiteRole.LEAD
        co = [code for code in row["co_departments"].split(";") if code]
        seen[role] += 1
        if role in {SiteRole.LEAD, SiteRole.LEAD_WITH_DEPARTMENT}:
            assert is_unit(row["department"], row["grid"]), row
            assert "[exclusive_grid]" in row["reason"]
        elif role is SiteRole.CO:
            assert row["department"] == item["department"]
            assert any(is_unit(code, row["grid"]) for code in co), row
        else:
            assert not any(code.startswith("EX:") for code in (row["department"], *co))
    assert seen[SiteRole.LEAD] >= 5
    assert seen[SiteRole.CO] >= 3
    assert set(table.loc[table["grid"].isin(units), "grid"]) == set(units)


def test_reports_elsewhere_never_go_to_a_unit(exclusive, units):
    table = exclusive.assigned
    away = table[~table["grid"].isin(units) & (table["location_status"] != "ambiguous")]
    assert len(away) > 4_000
    assert not away["department"].str.startswith("EX:").any()
    assert not away["co_departments"].str.contains("EX:").any()


@pytest.mark.parametrize(
    ("item", "lead", "co"),
    [
        ("0101", "EX", []),  # litter: the unit's own work
        ("0601", "EX", []),  # property firm's work: whoever manages the place
        ("0702", "EX", ["XF"]),  # fire equipment: with the fire brigade
        ("1102", "EX", ["SJ"]),  # food safety, location rule E: with market supervision
        ("0803", "EX", ["HB"]),  # odour, location rule E: with the environment office
        ("0801", "CG", ["HB", "EX"]),  # fumes: enforcement leads, the unit takes part
        ("0107", "CG", ["EX"]),  # burning leaves: enforcement leads
        ("0902", "SQ", []),  # owner against property firm: not the site's
        ("0805", "HB", []),  # straw burning: fixed, wherever it is
    ],
)
def test_a_report_sent_in_from_an_exclusive_grid_is_routed_as_worked_by_hand(
    exclusive, exclusive_clerk, grids, units, items, item, lead, co
):
    parts = listed(exclusive_clerk, "microgrid")
    for unit in units:
        part = next(area for area in parts.values() if area["parent_code"] == unit)
        answer = exclusive_clerk.post(
            "/api/reports",
            json={"lon": part["lon"], "lat": part["lat"], "coord_sys": "wgs84", "item": item},
            headers={"Idempotency-Key": f"unit-{unit}-{item}"},
        )
        assert answer.status_code == 201, answer.text
        report = answer.json()
        assert report["areas"]["grid"] == unit
        own = {"EX": f"EX:{unit}", "SQ": f"SQ:{grids[unit]['parent_code']}"}
        # Parts of the unit have codes that begin with its own.
        found = [
            own["EX"] if is_unit(code, unit) else code
            for code in (report["department"], *report["co_departments"])
        ]
        assert found == [own.get(code, code) for code in (lead, *co)]
        # Whom the item's own department posts there goes first, else the grid's worker.
        posts = {p["code"]: p for p in posts_of(exclusive_clerk, unit)}
        posted = {p["department"] for p in posts.values() if p["role"] == "professional_worker"}
        role = "professional_worker" if items[item]["department"] in posted else "grid_worker"
        first = posts[report["first_responder"]]
        assert (first["role"], first["area_code"]) == (role, unit)


def posts_of(client, grid):
    answer = client.get("/api/rosters", params={"level": "grid", "area_code": grid})
    return answer.json()["posts"]
