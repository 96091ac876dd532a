"""What the one map is drawn from: for staff, as far as each role holds, and of nobody by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta

import pytest
import shapely

from api.onemap import StaffShelf
from api.pages.map_home import MAP_SCRIPTS, SCRIPTS, map_frame
from gridmap.access import Actor, Grant, Role, Scope
from gridmap.cases.states import State
from gridmap.i18n import LANGUAGES, texts
from gridmap.maps.page import RUNTIME
from gridmap.places.model import Ground
from gridmap.routing.overlays import Overlay
from gridmap.times import to_site
from tests.api_client import STREET_GRID
from tests.guarded import PERSON, Guarded, report_of

pytest_plugins = ["tests.guarded_fixtures"]

PARTS = ("district", "figures", "points", "orders", "buildings")
HOUSES = (
    Ground("B1", "buildings", "东苑1号楼", "East Court 1", households=37),
    Ground("B2", "buildings", "历山路5号", "5 Lishan Road", households=12),
)
SHAPES = (
    shapely.box(117.0030, 36.6030, 117.0034, 36.6032),
    shapely.box(117.0250, 36.6050, 117.0254, 36.6052),
)
# Who acts in one of the two communities.
HERE, THERE = "community:990101001001", "community:990101001002"


@pytest.fixture
def peopled(guarded: Guarded) -> Iterator[Guarded]:
    """The district with two houses, and reports in both communities that name somebody."""
    workspace = guarded.workspace
    before = workspace.store.records("ground")
    houses = [asdict(house) | {"geom": shape} for house, shape in zip(HOUSES, SHAPES, strict=True)]
    workspace.put_records("ground", houses)
    report_of(guarded, "one-map-here", lon=117.004, lat=36.604, text="写给工作人员")
    report_of(guarded, "one-map-there", lon=117.025, lat=36.604)
    yield guarded
    workspace.put_records("ground", before, replace=True)


def part(guarded: Guarded, name: str, role: str = "dispatcher") -> dict:
    answer = guarded.client(role).get(f"/map/{name}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_only_staff_are_given_the_parts_and_the_page(peopled: Guarded) -> None:
    for name in PARTS:
        assert peopled.client().get(f"/map/{name}.json").status_code == 401
        assert peopled.client("resident").get(f"/map/{name}.json").status_code == 403
        assert peopled.client("planner").get(f"/map/{name}.json").status_code == 200
    for role, seen in ((None, False), ("resident", False), ("handler", True)):
        page = peopled.client(role).get("/").text
        assert ('id="map-home"' in page) is seen
        assert 'href="/api/areas?level=grid"' in page


def test_every_part_that_names_areas_by_their_place_says_of_which_edition(
    peopled: Guarded,
) -> None:
    # Browsers keep one part longer than another; the page compares it with its own.
    named = {name: part(peopled, f"{name}.json")["edition"] for name in PARTS if name != "orders"}
    edition = peopled.workspace.coverage_at().edition
    assert named == dict.fromkeys(named, edition)
    assert part(peopled, "figures.json?shares=true")["edition"] == edition
    assert f'id="map-home" data-edition="{edition}"' in peopled.client("handler").get("/").text


def test_parts_are_those_of_the_edition_in_force_when_the_next_one_comes(
    peopled: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = peopled.workspace
    names = [name for name in PARTS if name != "orders"]
    before = {name: part(peopled, f"{name}.json")["edition"] for name in names}
    upcoming = workspace.next_change(workspace.clock())
    assert upcoming is not None
    monkeypatch.setattr(workspace, "clock", lambda: upcoming + timedelta(seconds=1))
    after = {name: part(peopled, f"{name}.json")["edition"] for name in names}
    assert len(set(before.values())) == len(set(after.values())) == 1
    assert set(before.values()).isdisjoint(after.values())


def test_open_orders_are_those_within_reach_and_name_nobody(peopled: Guarded) -> None:
    everywhere = part(peopled, "orders.json")
    here, there = (part(peopled, "orders.json", role) for role in ("here", "there"))
    assert set(here["number"]).isdisjoint(there["number"])
    # What lies in no area, as other tests may have left, is for those whose reach has no bounds.
    nowhere = set(everywhere["number"]) - {*here["number"], *there["number"]}
    assert {*here["number"], *there["number"]} <= set(everywhere["number"])
    assert not any(peopled.workspace.store.order(n).areas for n in nowhere)
    known = here["total"] + there["total"] + len(nowhere)
    assert everywhere["total"] == len(everywhere["number"]) == known
    assert max(here["x"]) < 117_020_000 < min(there["x"])
    names = {item["code"] for item in everywhere["items"]}
    assert "0306" in names
    for role in ("dispatcher", "admin", "here"):
        text = peopled.client(role).get("/map/orders.json").text
        assert not [value for value in PERSON.values() if value in text]
        assert "写给工作人员" not in text


def test_closed_orders_are_not_on_the_map(peopled: Guarded) -> None:
    number = report_of(peopled, "one-map-closed", lon=117.006, lat=36.604)
    assert number in part(peopled, "orders.json")["number"]
    peopled.workspace.close_reports([number])
    assert number not in part(peopled, "orders.json")["number"]


def test_counts_of_an_area_are_for_who_acts_there(peopled: Guarded) -> None:
    path = f"areas/grid/{STREET_GRID}"
    whole, here, there = (part(peopled, path, role) for role in ("admin", "here", "there"))
    assert whole["orders"] == here["orders"] >= 1
    assert whole["reports"] >= whole["orders"]
    assert whole["places"] == [
        {"category": "canteen", "zh": "社区食堂/长者助餐点", "en": "Canteen, meals for elders",
         "count": 1}
    ]  # fmt: skip
    assert there["inside"] is False
    assert (there["orders"], there["reports"], there["households"]) == (None, None, None)
    assert there["places"] == whole["places"]
    assert peopled.client("admin").get("/map/areas/grid/none").status_code == 404


def test_loads_are_withheld_where_the_role_does_not_hold(peopled: Guarded) -> None:
    codes = [c for c in part(peopled, "district.json")["areas"]["columns"]["code"] if c]
    assert STREET_GRID in codes
    for role, seen in (("admin", {0, 3}), ("here", {0}), ("there", {3})):
        (loads,) = part(peopled, "figures.json", role)["fills"]
        assert len(loads["count"]) == 4
        known = {n for n, count in enumerate(loads["count"]) if count >= 0}
        assert seen <= known | {3}
        assert (role == "admin") is (len(known) == 4)


def test_how_many_homes_a_house_has_is_for_staff_who_act_there(peopled: Guarded) -> None:
    assert part(peopled, "buildings/B1", "here")["households"] == 37
    outside = part(peopled, "buildings/B1", "there")
    assert (outside["inside"], outside["households"]) == (False, None)
    assert peopled.client("resident").get("/map/buildings/B1").status_code == 403
    assert peopled.client("admin").get("/map/buildings/none").status_code == 404
    houses = part(peopled, "buildings.json")
    assert [houses["prefix"] + code for code in houses["code"]] == ["B1", "B2"]
    assert "37" not in str(houses["name"])
    public = peopled.client().get("/maps/party").text
    assert "东苑1号楼" in public
    assert '"households"' not in public


def test_the_estates_are_those_whose_red_line_holds_today(peopled: Guarded) -> None:
    workspace = peopled.workspace
    before = workspace.store.records("overlays")
    tomorrow = to_site(workspace.clock(), workspace.zone).date() + timedelta(days=1)
    lines = [
        Overlay("X1", "estate", "旧院", "Old Court", False, valid_to=tomorrow),
        Overlay("X2", "estate", "新院", "New Court", False, valid_from=tomorrow),
    ]
    places = [asdict(one) | {"geom": shape} for one, shape in zip(lines, SHAPES, strict=True)]
    workspace.put_records("overlays", places)

    def shown() -> set[str]:
        found = {one["id"] for one in part(peopled, "points.json")["estates"]["estates"]}
        return found & {"X1", "X2"}

    assert shown() == {"X1"}
    peopled.watch.pass_by(days=1)
    assert shown() == {"X2"}
    workspace.put_records("overlays", before, replace=True)


def test_the_staff_edition_of_a_map_says_that_it_is_internal_and_is_not_shared(
    peopled: Guarded,
) -> None:
    public = peopled.client("admin").get("/maps/party").text
    internal = peopled.client("admin").get("/maps/party/staff").text
    assert "演示一" in internal
    assert "演示一" not in public
    assert 'class="gm-chip gm-chip-internal"' in internal
    assert peopled.client("resident").get("/maps/party/staff").status_code == 403
    assert peopled.client("admin").get("/maps/treasure/staff").status_code == 404


def test_a_map_for_staff_is_kept_for_those_with_the_same_roles_alone() -> None:
    time = [0.0]
    shelf = StaffShelf(clock=lambda: time[0])
    drawn: list[str] = []

    def draw(who: str) -> str:
        return shelf.get((who,), lambda: drawn.append(who) or f"{who} {len(drawn)}")

    assert [draw("a"), draw("a"), draw("b")] == ["a 1", "a 1", "b 2"]
    time[0] = 61.0
    assert draw("a") == "a 3"
    for n in range(9):
        draw(f"n{n}")
    assert draw("n8") == "n8 12"
    assert draw("a") == "a 13"


def test_who_acts_for_a_department_sees_every_area_and_its_own_orders(peopled: Guarded) -> None:
    workspace = peopled.workspace
    workspace.add_user("one-map-body", [Grant(Role.HANDLER, Scope.of(departments=["nobody"]))])
    client = peopled.client("handler")
    client.headers["authorization"] = f"Bearer {workspace.add_key('one-map-body').token}"
    assert client.get("/map/orders.json").json()["number"] == []
    assert client.get(f"/map/areas/grid/{STREET_GRID}").json()["inside"] is True


def test_the_page_takes_its_scripts_from_the_maps_in_their_order() -> None:
    assert [name for name in RUNTIME if name in SCRIPTS] == list(SCRIPTS)
    assert all((MAP_SCRIPTS / name).is_file() for name in SCRIPTS)


def test_states_are_called_on_the_map_as_on_the_list_of_orders(peopled: Guarded) -> None:
    workspace = peopled.workspace
    for lang in LANGUAGES:
        told = map_frame(lang, workspace, None)["settings"]["texts"][lang]
        said = {name: text for name, text in told.items() if ".state." in name}
        assert said == texts(lang, "page.order.state.")
        assert {name.rpartition(".")[2] for name in said} == {state.value for state in State}
    chinese = texts("zh", "page.order.state.", "action.order.")
    # What is given back is called as the action that gives it back, in the domain's words.
    returned = chinese["page.order.state.returned"]
    assert returned == f"已{chinese['action.order.return']}" == "已退单"
    client = peopled.client("dispatcher")
    assert "page.order.state.submitted" in client.get("/").text


def test_closing_rates_are_those_of_the_numbers_and_kept_for_a_while(peopled: Guarded) -> None:
    lon, lat = 117.0155, 36.6055
    number = report_of(peopled, "one-map-rate", lon=lon, lat=lat)
    peopled.workspace.close_reports([number])
    peopled.watch.pass_by(days=30)
    areas = part(peopled, "district.json")["areas"]
    columns = zip(areas["columns"]["code"], areas["columns"]["rank"], strict=True)
    codes = [code for code, rank in columns if rank == areas["mainRank"]]
    groups = peopled.client("leader").get(
        "/api/numbers", params={"by": "grid", "since": "2026-09-24T10:00:00+08:00"}
    ).json()["groups"]  # fmt: skip
    expected = {
        group["code"]: kpi["share"]
        for group in groups
        for kpi in group["kpis"]
        if kpi["kpi"] == "closing" and kpi["share"] is not None
    }
    fills = {
        one["key"]: one for one in part(peopled, "figures.json?shares=true", "leader")["fills"]
    }
    shown = dict(zip(codes, fills["closing"]["count"], strict=True))
    assert expected
    assert {code: count / 1000 for code, count in shown.items() if count >= 0} == pytest.approx(
        expected, abs=0.0006
    )
    # What is closed by hand without inspection is in no rate.
    assert {STREET_GRID, "G-3"} <= set(expected)
    assert shown["G-2"] == -1
    # Who may not see numbers is not shown them on a map either.
    assert part(peopled, "figures.json?shares=true", "place_editor")["fills"] == []


def test_shares_are_tenths_of_a_percent_and_what_is_not_known_stays_so(
    peopled: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = {STREET_GRID: 0.9554, "G-2": None, "G-3": 1.0}
    groups = [
        {"code": code, "kpis": [{"kpi": kpi, "share": share} for kpi in ("closing", "on_time")]}
        for code, share in shares.items()
    ]
    workspace = peopled.workspace
    monkeypatch.setattr(type(workspace), "numbers", lambda *_, **__: {"groups": groups})
    coverage = workspace.coverage_at()
    leader = Actor.with_role("leader")
    closing, on_time = workspace.map_shares(coverage, "grid", workspace.clock(), leader)
    assert closing.counts == {STREET_GRID: 955, "G-2": None, "G-3": 1000}
    assert (closing.per, closing.missing, on_time.key) == (10, None, "on_time")
    editor = Actor.with_role("place_editor")
    assert workspace.map_shares(coverage, "grid", workspace.clock(), editor) == []
