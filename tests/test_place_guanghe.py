"""Sub-districts like Guanghe (with its community Huangzhuang) and Wangyin: 160 grids of one worker
each, a grid named after its estate, 84 micro-grids drawn anew as 335, what comes in by any way
handled and watched to its end, the hotline told of it, and service points of four kinds.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pyogrio
import pytest

from gridmap.settings import Settings
from tests.api_town import Hands, send, spot
from tests.case_town import receiver
from tests.cli_district import gridmap
from tests.conftest import KINDS
from tests.place_rows import (
    Ground,
    RowTown,
    command,
    grant,
    middle,
    of,
    opened,
    over,
    placed,
    put_areas,
    write_table,
)

pytest_plugins = ["tests.demo_stores"]

GUANGHE, WANGYIN = "990871001", "990871004"
HUANGZHUANG, ESTATE_GRID = f"{GUANGHE}001", f"{GUANGHE}001005"
# Grid 5 is the estate's; all eight together have 2,700 households and 8,900 people.
HOMES = [322, 322, 322, 322, 446, 322, 322, 322]
PEOPLE = [1_060, 1_060, 1_060, 1_060, 1_480, 1_060, 1_060, 1_060]
BRANCHES, BEFORE, AFTER, CENTRES = 33, 84, 335, 7
DRAWN_ON = "2026-07-01"
POINTS = {"party_station": "红帆驿站", "meeting_room": "网格会客厅", "sharing": "共享工具站",
          "parcel": "快递驿站"}  # fmt: skip


def guanghe() -> dict[str, list[Ground]]:
    """Twenty communities of eight grids, one unit each: there the grid is the finest area."""
    levels: dict[str, list[Ground]] = {"subdistrict": [], "community": [], "grid": []}
    levels["subdistrict"].append(Ground(GUANGHE, "洸禾街道", (0, 0, 20, 8)))
    for c in range(20):
        x, y = 4 * (c % 5), 2 * (c // 5)
        community = f"{GUANGHE}{c + 1:03}"
        name = "黄禾庄社区" if c == 0 else f"第{c + 1}社区"
        levels["community"].append(Ground(community, name, (x, y, x + 4, y + 2), GUANGHE))
        for g in range(8):
            code, west, south = f"{community}{g + 1:03}", x + g % 4, y + g // 4
            called = "隆鑫苑" if code == ESTATE_GRID else f"{name}第{g + 1}网格"
            more = {"households": HOMES[g], "people": PEOPLE[g]} if c == 0 else {"households": 300}
            box = (west, south, west + 1, south + 1)
            levels["grid"].append(Ground(code, called, box, community, more=more))
    return levels


def wangyin(cells: int) -> dict[str, list[Ground]]:
    """Seven communities of 8 x 6 units, two grids each; micro-grids of 2 x 2 units, or of one."""
    levels: dict[str, list[Ground]] = {n: [] for n in ("subdistrict", "community", "grid", "micro")}
    levels["subdistrict"].append(Ground(WANGYIN, "王禾街道", (30, 0, 86, 6)))
    for c in range(CENTRES):
        west = 30 + 8 * c
        community = f"{WANGYIN}{c + 1:03}"
        levels["community"].append(
            Ground(community, f"王禾{c + 1}社区", (west, 0, west + 8, 6), WANGYIN)
        )
        for g in range(2):
            grid, left = f"{community}{g + 1:03}", west + 4 * g
            levels["grid"].append(
                Ground(grid, f"王禾{c + 1}-{g + 1}", (left, 0, left + 4, 6), community)
            )
            boxes = [
                (left + x, y, left + x + cells, y + cells)
                for y in range(0, 6, cells)
                for x in range(0, 4, cells)
            ]
            if cells == 1 and (c, g) == (CENTRES - 1, 1):
                # One estate lies in two of them, which therefore are one.
                boxes = [(left, 0, left + 2, 1), *boxes[2:]]
            # Codes are never used again: the new ones follow on the old.
            first = 1 if cells == 2 else 21
            levels["micro"] += [
                Ground(f"{grid}{n:02}", f"微{n}", box, grid, more={"households": 10})
                for n, box in enumerate(boxes, start=first)
            ]
    return levels


def ground(cells: int) -> dict[str, list[Ground]]:
    one, other = guanghe(), wangyin(cells)
    return {
        **{level: [*one[level], *other[level]] for level in ("subdistrict", "community", "grid")},
        "microgrid": other["micro"],
    }


def grids() -> list[Ground]:
    return ground(2)["grid"]


def posts() -> list[dict[str, Any]]:
    """One worker one grid; leads of buildings who are Party members, in Huangzhuang."""
    found = [
        {"code": f"W-{one.code}", "person": f"w{one.code}", "name": "网格员", "role": "网格员",
         "kind": "基础", "level": "grid", "area_code": one.code, "work_phone": "0990-5550001"}
        for one in grids()
    ]  # fmt: skip
    return found + [
        {"code": f"L-{g}", "person": f"l{g}", "name": "党员楼长", "role": "楼长", "kind": "联动",
         "level": "grid", "area_code": f"{HUANGZHUANG}{g:03}"}
        for g in range(1, 9)
    ]  # fmt: skip


def chain() -> list[dict[str, Any]]:
    """The work committee, a committee for each community, 33 branches of estates."""
    levels = guanghe()
    found = [{"code": "GW", "kind": "party_work_committee", "name": "洸禾街道党工委",
              "level": "subdistrict", "area_code": GUANGHE, "parent_code": ""}]  # fmt: skip
    found += [
        {"code": f"W{one.code}", "kind": "party_committee", "name": f"{one.name}党委",
         "level": "community", "area_code": one.code, "parent_code": "GW"}
        for one in levels["community"]
    ]  # fmt: skip
    return found + [
        {"code": f"Z{one.code}", "kind": "party_branch", "name": f"{one.name}党支部",
         "level": "grid", "area_code": one.code, "parent_code": f"W{one.parent}"}
        for one in levels["grid"][:BRANCHES]
    ]  # fmt: skip


def points() -> list[dict[str, Any]]:
    """Of each kind a point in each of ten grids, and a centre in each community of Wangyin."""
    found = [
        {"code": f"{kind}-{n}", "category": kind, "name": f"{name}{n + 1}", "hours": "24/7",
         "phone": "0990-5550100", **placed(*middle(grids()[16 * n]))}
        for kind, name in POINTS.items()
        for n in range(10)
    ]  # fmt: skip
    return found + [
        {"code": f"C{n}", "category": "service_centre", "name": f"网格服务中心{n + 1}",
         **placed(*middle(one))}
        for n, one in enumerate(wangyin(2)["community"])
    ]  # fmt: skip


def people() -> dict[str, Any]:
    west = over(f"community:{HUANGZHUANG}")
    return {
        "centre": grant("dispatcher"),
        "zhang": grant("dispatcher"),
        "hotline": grant("dispatcher"),
        "worker": grant("grid_worker", west),
        "lead": grant("grid_lead", west),
        "hao": grant("handler", of("HW")),
        "jian": grant("supervisor"),
        "ling": grant("leader"),
    }


@pytest.fixture(scope="module", params=KINDS)
def hightech(request, new_url, tmp_path_factory) -> Iterator[RowTown]:
    folder = tmp_path_factory.mktemp(f"guanghe-{request.param}")
    settings = Settings(
        store=new_url(request.param)[0], secrets=folder / "secrets", outgoing_private=True
    )
    hands = Hands(datetime(2026, 1, 2, tzinfo=UTC))
    put_areas(settings, hands, folder, "2025", ground(2), "2025-01-01")
    tables = {
        "posts": write_table(folder / "posts.csv", posts()),
        "organisations": write_table(folder / "chain.csv", chain()),
        "places": write_table(folder / "places.csv", points()),
    }
    for kind, path in tables.items():
        command(settings, hands, "places", "import", path, "--kind", kind, "--commit")
    with opened(settings, hands, folder, people()) as town:
        yield town


@pytest.fixture
def town(hightech: RowTown) -> RowTown:
    hightech.at("2026-03-12 09:00")
    return hightech


def in_grid(code: str) -> tuple[float, float]:
    return middle(next(one for one in grids() if one.code == code))


# -- Guanghe and Huangzhuang ---------------------------------------------------------------------


def test_160_grids_have_a_worker_each_and_33_estates_a_branch(town: RowTown) -> None:
    own = [code for code in town.areas("grid") if code.startswith(GUANGHE)]
    assert len(own) == 160
    held = town.get("centre", "/api/rosters?level=grid")["posts"]
    workers = Counter(p["area_code"] for p in held if p["role"] == "grid_worker")
    assert {code: workers[code] for code in own} == dict.fromkeys(own, 1)
    assert max(Counter(p["person"] for p in held if p["kind"] == "basic").values()) == 1
    bodies = {o["code"]: o for o in town.get("", "/api/organisations")["organisations"]}
    branches = [o for o in bodies.values() if o["kind"] == "party_branch"]
    assert len(branches) == BRANCHES
    for branch in branches:
        committee = bodies[branch["parent_code"]]
        assert committee["kind"] == "party_committee"
        assert branch["area_code"].startswith(committee["area_code"])
        assert bodies[committee["parent_code"]]["kind"] == "party_work_committee"


def test_a_second_grid_for_a_worker_is_refused_with_its_row(town: RowTown) -> None:
    rows = posts()
    rows[1]["person"] = rows[0]["person"]
    table = write_table(town.folder / "twice.csv", rows)
    done = gridmap("places", "import", table, "--kind", "posts", "--commit",
                   "--store", town.workspace.settings.store)  # fmt: skip
    assert done.exit_code == 2
    assert "has another basic post in row" in done.output


def test_huangzhuang_has_eight_grids_and_the_fifth_is_its_estate(town: RowTown) -> None:
    own = {c: a for c, a in town.areas("grid").items() if a["parent_code"] == HUANGZHUANG}
    assert len(own) == 8
    assert own[ESTATE_GRID]["name"] == "隆鑫苑"
    found = town.located(*in_grid(ESTATE_GRID))
    assert found["areas"]["grid"] == ESTATE_GRID
    assert "microgrid" not in found["areas"]
    counts = {c: town.get("centre", f"/map/areas/grid/{c}")["households"] for c in own}
    assert counts[ESTATE_GRID] == 446
    assert sum(counts.values()) == 2_700
    assert round(2_700 / 8) == 338
    whole = town.get("centre", f"/map/areas/community/{HUANGZHUANG}")
    assert whole["households"] == 2_700
    # Found by the estate's name as by its code.
    named = town.get("", f"/api/areas/grid/{ESTATE_GRID}")
    assert (named["name"], named["parent_code"]) == ("隆鑫苑", HUANGZHUANG)


def test_8900_people_are_counted_by_staff_and_leave_no_public_door(town: RowTown) -> None:
    for flag, told in (((), True), (("--public",), False)):
        out = town.folder / f"grids-{told}.gpkg"
        town.command("export", "2025", out, "--level", "grid", *flag)
        frame = pyogrio.read_dataframe(out, read_geometry=False)
        assert ("people" in frame.columns) == told
        assert ("households" in frame.columns) == told
        if told:
            inside = frame[frame["code"].str.startswith(HUANGZHUANG)]
            assert inside["people"].astype(int).sum() == 8_900


# -- collected, handled, watched, with its resources (洸速办) ----------------------------------


def test_what_comes_in_by_any_way_is_one_list(town: RowTown) -> None:
    ways = ("hotline_12345", "app_photo", "grid_worker", "mailbox", "sensor", "web")
    made = [town.report(in_grid(ESTATE_GRID), source=way)[0] for way in ways]
    listed = town.get("centre", f"/api/orders?area=grid:{ESTATE_GRID}&open=true&limit=100")
    assert set(made) <= {one["number"] for one in listed["orders"]}
    told = {n: town.get("centre", f"/api/reports/{n}")["source"] for n in made}
    assert sorted(told.values()) == sorted(ways)
    for number in made:
        town.act("centre", number, "close", why="演示结束")


def test_its_whole_life_is_watched_and_stays_to_be_read(town: RowTown) -> None:
    """Reminded before and after its time, told upward in writing, named, supervised, closed."""
    number, key = town.report(in_grid(ESTATE_GRID))
    town.act("centre", number, "confirm")
    town.act("centre", number, "dispatch")
    for moment in ("2026-03-12 13:30", "2026-03-12 14:31", "2026-03-12 17:01", "2026-03-13 17:01",
                   "2026-03-19 17:31"):  # fmt: skip
        town.at(moment)
    told = town.told("hao", number)
    assert {"soon_due", "unsigned", "written"} <= set(told)
    assert "named" in town.told("ling", number)
    issued = town.post("jian", "/api/supervision", 201, department="HW", subject="逾期",
                       demands="三日内办结", reply_by="2026-03-23", number=number)  # fmt: skip
    town.post("hao", f"/api/supervision/{issued['id']}/answer", reply="今日办结")
    town.post("jian", f"/api/supervision/{issued['id']}/close", outcome="属实")
    town.act("hao", number, "accept")
    town.act("hao", number, "resolve", result="清理完毕")
    town.act("worker", number, "inspect")
    town.act("centre", number, "close", answer="已办结")
    town.act("", number, "rate", satisfied=True, resolved=True, key=key)
    order = town.order(number)
    assert (order["state"], order["supervision"][0]["state"]) == ("rated", "closed")
    moments = [one["at"] for one in order["history"]]
    assert moments == sorted(moments)
    assert order["version"] == len(moments)


def test_the_hotline_hands_over_an_order_and_is_told_what_became_of_it(town: RowTown) -> None:
    """Grid and 12345 are one: the hotline's number is the key, its clock is the time."""
    with receiver() as program:
        town.command("webhooks", "add", "hotline", program.address)
        town.workspace._expire()
        headers = {"Authorization": f"Bearer {town.keys['hotline']}",
                   "Idempotency-Key": "12345-20260312-0007"}  # fmt: skip
        body = spot(*in_grid(ESTATE_GRID), source="hotline_12345", received_at="2026-03-12T08:20",
                    reporter_phone="13900001234", text="垃圾未清")  # fmt: skip
        first = town.client.post("/api/reports", json=body, headers=headers)
        assert first.status_code == 201, first.text
        again = town.client.post("/api/reports", json=body, headers=headers)
        assert again.json()["id"] == first.json()["id"]
        number = first.json()["id"]
        report = town.get("centre", f"/api/reports/{number}")
        # Four working hours from when the hotline took the call.
        assert report["received_at"][:16] == "2026-03-12T08:20"
        assert report["first_responder"] == f"W-{ESTATE_GRID}"
        assert report["areas"]["community"] == HUANGZHUANG
        assert "13900001234" not in json.dumps(report)
        town.act("worker", number, "self-handle", result="网格员已清理")
        town.act("lead", number, "inspect")
        town.act("hotline", number, "close", answer="网格已办结，已回访")
        town.workspace.work()
        own = [b for _, b, _ in program.got if b["data"].get("number") == number]
        assert [b["type"] for b in own][-1] == "order.close"
        assert own[-1]["data"]["fields"]["answer"] == "网格已办结，已回访"
        assert "13900001234" not in json.dumps([b for _, b, _ in program.got])
    # Its time is over the day after: answered within it.
    town.hands.set("2026-03-13 09:00")
    figures = {one["kpi"]: one for one in town.get("jian", "/api/numbers?month=2026-03")["kpis"]}
    assert figures["reply"]["numerator"] >= 1


# -- service points ------------------------------------------------------------------------------


def areas_of(town: RowTown, place: dict[str, Any]) -> dict[str, str]:
    """The areas that a place lies in, as everybody is told."""
    query = f"lon={place['lon']}&lat={place['lat']}&coord_sys=wgs84"
    found: dict[str, str] = town.get("", f"/api/locate?{query}")["areas"]
    return found


def test_points_of_four_kinds_and_seven_centres_are_found_by_everybody(town: RowTown) -> None:
    stranger = town.public()
    for kind, name in POINTS.items():
        found = town.get("", f"/api/places?category={kind}")["places"]
        assert len(found) == 10
        assert {one["open"]["state"] for one in found} == {"open"}
        inside = {areas_of(town, one)["grid"] for one in found}
        assert len(inside & {g.code for g in grids()}) == 10
        page = stranger.get(f"/services?category={kind}&lang=zh")
        assert page.status_code == 200
        assert f"{name}10" in page.text
    centres = town.get("", "/api/places?category=service_centre")["places"]
    assert len(centres) == CENTRES
    within = {areas_of(town, one)["community"] for one in centres}
    assert within == {one.code for one in wangyin(2)["community"]}


# -- Wangyin: 84 micro-grids drawn anew as 335 ---------------------------------------------------


@pytest.fixture(scope="module")
def redrawn(hightech: RowTown) -> RowTown:
    """The second edition, from July on; an open report of June goes along."""
    town = hightech
    town.at("2026-06-30 09:00")
    place = middle(wangyin(2)["micro"][5])
    hightech.waiting, _ = town.report((place[0] - 0.5, place[1] - 0.5))  # type: ignore[attr-defined]
    put_areas(town.workspace.settings, town.hands, town.folder, "2026", ground(1), DRAWN_ON,
              "--why", "微网格细分", "--reports", "migrate")  # fmt: skip
    town.workspace._expire()
    town.at("2026-07-01 09:00")
    return town


def microgrids(town: RowTown, day: str) -> dict[str, Any]:
    return {c: a for c, a in town.areas("microgrid", day).items() if a["kind"] == "basic"}


def test_84_microgrids_are_335_from_the_day_on(redrawn: RowTown) -> None:
    before, after = microgrids(redrawn, "2026-06-30"), microgrids(redrawn, DRAWN_ON)
    assert (len(before), len(after)) == (BEFORE, AFTER)
    assert all(code.startswith(WANGYIN) for code in (*before, *after))
    assert not set(before) & set(after), "no code is used again"
    # Grids and communities are what they were, in both sub-districts.
    for level in ("grid", "community"):
        assert sorted(redrawn.areas(level, "2026-06-30")) == sorted(redrawn.areas(level, DRAWN_ON))


def test_every_old_microgrid_was_divided_into_those_that_follow_it(redrawn: RowTown) -> None:
    said = redrawn.command("history", "--from", "2025", "--to", "2026", "--level", "microgrid",
                           "--json")  # fmt: skip
    (level,) = json.loads(said)["levels"]
    assert level["counts"] == {"split": BEFORE}
    assert Counter(len(one["new"]) for one in level["relations"]) == {4: BEFORE - 1, 3: 1}
    old = wangyin(2)["micro"][0]
    past = redrawn.get("", f"/api/areas/microgrid/{old.code}/history")
    parts = next(one["new"] for one in level["relations"] if old.code in one["old"])
    assert len(parts) == 4
    (heir,) = past["successors"]
    assert (heir["edition"], heir["relation"]) == ("2026", "split")
    assert heir["code"] in parts
    told = json.dumps(past["editions"])
    assert all(code in told for code in parts)


def test_reports_are_answered_by_the_drawing_of_their_day_and_open_ones_go_along(
    redrawn: RowTown,
) -> None:
    town = redrawn
    number = town.waiting  # type: ignore[attr-defined]
    order = town.order(number)
    assert order["areas"]["microgrid"] in microgrids(town, DRAWN_ON)
    later, _ = town.report(middle(wangyin(1)["micro"][-1]))
    assert town.order(later)["areas"]["microgrid"] == wangyin(1)["micro"][-1].code
    for one in (number, later):
        town.act("centre", one, "close", why="演示结束")


def test_a_code_that_was_given_up_is_refused_on_other_ground(redrawn: RowTown) -> None:
    listed = redrawn.command("editions", "--retired-codes")
    assert wangyin(2)["micro"][0].code in listed
    levels = ground(1)
    first, *rest = levels["microgrid"]
    given_up = wangyin(2)["micro"][30].code
    taken = Ground(given_up, first.name, first.box, first.parent, more=first.more)
    levels["microgrid"] = [taken, *rest]
    with pytest.raises(AssertionError, match="停用（最后见于"):
        put_areas(redrawn.workspace.settings, redrawn.hands, redrawn.folder, "2027", levels,
                  "2027-01-01")  # fmt: skip


def test_the_same_request_twice_is_one_report(hightech: RowTown) -> None:
    """What the hotline sends again after a broken line is not a second case."""
    body = spot(*in_grid(ESTATE_GRID), source="hotline_12345")
    one = send(hightech.client, body, "12345-again-0001")
    two = send(hightech.client, body, "12345-again-0001")
    assert (one.status_code, two.json()["id"]) == (201, one.json()["id"])
