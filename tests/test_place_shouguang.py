"""A city like Shouguang: five levels of the Party over the polygons of the administration, 93 old
estates, six of them in a block of 150 m by 120 m, two rosters of one grid with a switch between
ordinary times and emergencies (平急), and what was added to the estates point by point.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from gridmap.settings import Settings
from tests.api_town import Hands
from tests.conftest import KINDS
from tests.place_rows import (
    Ground,
    RowTown,
    command,
    grant,
    middle,
    opened,
    over,
    placed,
    put_areas,
    write_shapes,
    write_table,
)
from tests.route_town import at

pytest_plugins = ["tests.demo_stores"]

CITY = "990783"
STREETS = [f"{CITY}001", f"{CITY}002"]
COMMUNITIES = [f"{street}{n:03}" for street in STREETS for n in range(1, 22)]
ESTATES, HOUSEHOLDS, OF_THE_BLOCK = 93, 8_044, 319
LEVELS = ("county", "subdistrict", "community", "estate", "building")
# The levels of the Party's chain, and what stands for them.
CHAIN = {
    "county": "party_committee",
    "subdistrict": "party_work_committee",
    "community": "party_committee",
    "estate": "party_branch",
    "building": "party_group",
}
MEMBERS, TEMPORARY = 391, 30
SHEDS, FITNESS = 17, 5
# A unit of the lattice is 89.4 m by 111.3 m there: the block is 150 m by 120 m.
METRES = (89.37, 111.32)
BLOCK = (0.5, 0.5, 0.5 + 150 / METRES[0], 0.5 + 120 / METRES[1])


def estate_boxes() -> list[tuple[str, str, tuple[float, float, float, float]]]:
    """Community, code and outline of each estate: six in the block, others a unit wide."""
    west, south, east, north = BLOCK
    wide, high = (east - west) / 3, (north - south) / 2
    found = []
    for n in range(6):
        x, y = west + wide * (n % 3), south + high * (n // 3)
        code = f"{COMMUNITIES[0]}{n + 1:03}"
        found.append((COMMUNITIES[0], code, (x, y, x + wide, y + high)))
    for n in range(ESTATES - 6):
        community = 1 + n % (len(COMMUNITIES) - 1)
        x, y = 3 * (community % 7) + n // (len(COMMUNITIES) - 1), 3 * (community // 7) + 1
        code = f"{COMMUNITIES[community]}{n // (len(COMMUNITIES) - 1) + 1:03}"
        found.append((COMMUNITIES[community], code, (x, y, x + 1, y + 1)))
    return found


def homes() -> dict[str, int]:
    """Households of each estate."""
    codes = [code for _, code, _ in estate_boxes()]
    found = dict(zip(codes, [54, 53, 53, 53, 53, 53], strict=False))
    rest, others = HOUSEHOLDS - OF_THE_BLOCK, codes[6:]
    each, more = divmod(rest, len(others))
    return found | {code: each + (n < more) for n, code in enumerate(others)}


def ground() -> dict[str, list[Ground]]:
    """The city, two streets above each other, communities of 3 x 3 units, estates, houses."""
    levels: dict[str, list[Ground]] = {level: [] for level in LEVELS}
    levels["county"].append(Ground(CITY, "寿禾市", (0, 0, 21, 18)))
    for n, street in enumerate(STREETS):
        levels["subdistrict"].append(
            Ground(street, f"第{n + 1}街道", (0, 9 * n, 21, 9 * n + 9), CITY)
        )
    for n, code in enumerate(COMMUNITIES):
        x, y = 3 * (n % 7), 3 * (n // 7)
        levels["community"].append(Ground(code, f"第{n + 1}社区", (x, y, x + 3, y + 3), code[:9]))
    count = homes()
    for n, (community, code, box) in enumerate(estate_boxes()):
        name = f"启秘巷{n + 1}号院" if n < 6 else f"老旧小区{n + 1}"
        levels["estate"].append(Ground(code, name, box, community))
        west, south, east, north = box
        half = (west + east) / 2
        for b, (x, x2) in enumerate(((west, half), (half, east))):
            own = count[code] // 2 + (count[code] % 2) * (b == 0)
            levels["building"].append(
                Ground(f"{code}{b + 1:02}", f"{b + 1}号楼", (x, south, x2, north), code,
                       more={"households": own})
            )  # fmt: skip
    return levels


def chain_bodies() -> list[dict[str, Any]]:
    """One body of the Party an area, each under that of the area above."""
    return [
        {"code": f"D{one.code}", "kind": CHAIN[level], "name": f"{one.name}党组织",
         "level": level, "area_code": one.code, "parent_code": one.parent and f"D{one.parent}",
         "members": 12}
        for level, areas in ground().items()
        for one in areas
    ]  # fmt: skip


def seat(n: int) -> tuple[float, float]:
    """Where a member has its rooms: in its community, beside those that came before it."""
    x, y = 3 * (n % 42 % 7), 3 * (n % 42 // 7)
    return x + 0.25 + 0.25 * (n // 42), y + 2.5


def member_bodies() -> list[dict[str, Any]]:
    """What belongs to the fused bodies of the communities, and the branches for a time."""
    kinds = ("resident_unit", "enterprise", "social_body", "dual_registration")
    found = [
        {"code": f"M{n}", "kind": kinds[n % 4], "name": f"成员单位{n + 1}", "level": "community",
         "area_code": COMMUNITIES[n % 42], "parent_code": f"D{COMMUNITIES[n % 42]}",
         **placed(*seat(n))}
        for n in range(MEMBERS)
    ]  # fmt: skip
    codes = [code for _, code, _ in estate_boxes()]
    boxes = [box for _, _, box in estate_boxes()]
    return found + [
        {"code": f"T{n}", "kind": "party_branch", "name": f"改造项目临时党支部{n + 1}",
         "level": "estate", "area_code": codes[n], "parent_code": f"D{codes[n][:12]}",
         **placed(*middle(Ground("", "", boxes[n])))}
        for n in range(TEMPORARY)
    ]  # fmt: skip


def rosters() -> list[dict[str, Any]]:
    """An estate has a worker a roster, a team for emergencies, and one who keeps the keys."""
    found = []
    for _, estate, _ in estate_boxes():
        own = {"level": "estate", "area_code": estate, "estate_code": estate}
        found += [
            {"code": f"R-{estate}", "person": f"r{estate}", "name": "平时员", "role": "网格员",
             "kind": "基础", "mode": "平时", "work_phone": "0990-5550001", **own},
            {"code": f"E-{estate}", "person": f"e{estate}", "name": "应急员", "role": "网格员",
             "kind": "基础", "mode": "急时", "work_phone": "0990-5550002", **own},
            {"code": f"K-{estate}", "person": f"k{estate}", "name": "钥匙员", "role": "钥匙管家",
             "kind": "联动", **own},
        ]  # fmt: skip
        found += [
            {"code": f"Y-{estate}-{n}", "person": f"y{estate}{n}", "name": "队员",
             "role": "联动力量", "kind": "联动", "mode": "急时", **own}
            for n in range(3)
        ]  # fmt: skip
    return found


def points() -> list[dict[str, Any]]:
    boxes = [box for _, _, box in estate_boxes()]
    kinds = ["charging"] * SHEDS + ["fitness"] * FITNESS
    return [
        {"code": f"A{n}", "category": kind, "name": f"新增{kind}{n}",
         **placed(*middle(Ground("", "", boxes[4 * n])))}
        for n, kind in enumerate(kinds)
    ]  # fmt: skip


def people() -> dict[str, Any]:
    return {
        "centre": grant("dispatcher"),
        "zhang": grant("dispatcher"),
        "street": grant("subdistrict_officer", over(f"subdistrict:{STREETS[0]}")),
        "community": grant("community_officer", over(f"community:{COMMUNITIES[0]}")),
        "neighbour": grant("community_officer", over(f"community:{COMMUNITIES[1]}")),
        "worker": grant("grid_worker", over(f"community:{COMMUNITIES[0]}")),
    }


@pytest.fixture(scope="module", params=KINDS)
def shouguang(request, new_url, tmp_path_factory) -> Iterator[RowTown]:
    folder = tmp_path_factory.mktemp(f"shouguang-{request.param}")
    settings = Settings(store=new_url(request.param)[0], secrets=folder / "secrets")
    hands = Hands(datetime(2026, 1, 2, tzinfo=UTC))
    command(settings, hands, "levels", "--set", ",".join(LEVELS))
    put_areas(settings, hands, folder, "2025", ground(), "2025-01-01")
    estates = write_shapes(
        folder / "estates.geojson",
        (({"code": code, "name": f"小区{code[-6:]}", "kind": "open"}, box)
         for _, code, box in estate_boxes()),
    )  # fmt: skip
    tables = {
        "estate": estates,
        "organisations": write_table(folder / "chain.csv", chain_bodies()),
        "posts": write_table(folder / "posts.csv", rosters()),
        "places": write_table(folder / "places.csv", points()),
    }
    for kind, path in tables.items():
        command(settings, hands, "places", "import", path, "--kind", kind, "--commit")
    more = write_table(folder / "members.csv", member_bodies())
    command(settings, hands, "places", "import", more, "--kind", "organisations", "--commit")
    with opened(settings, hands, folder, people()) as town:
        yield town


@pytest.fixture
def town(shouguang: RowTown) -> RowTown:
    shouguang.at("2026-07-16 09:00")
    return shouguang


# -- estates, and how small they are -------------------------------------------------------------


def households(town: RowTown, level: str, code: str) -> int:
    return int(town.get("centre", f"/map/areas/{level}/{code}")["households"])


def test_93_old_estates_of_42_communities_hold_8044_households(town: RowTown) -> None:
    assert len(town.areas("community")) == 42
    estates = {c: one for c, one in town.areas("estate").items() if one["kind"] == "basic"}
    assert len(estates) == ESTATES
    assert households(town, "county", CITY) == HOUSEHOLDS
    block = [code for _, code, _ in estate_boxes()[:6]]
    assert sum(households(town, "estate", code) for code in block) == OF_THE_BLOCK
    assert households(town, "community", COMMUNITIES[0]) == OF_THE_BLOCK
    # How many live there is told to nobody else.
    assert "households" not in json.dumps(town.get("", f"/api/areas/estate/{block[0]}"))


def test_the_block_is_150_by_120_metres_and_every_metre_finds_its_estate(town: RowTown) -> None:
    (_, first, first_box), *_ = estate_boxes()
    west, south, east, north = BLOCK
    size = ((east - west) * METRES[0], (north - south) * METRES[1])
    assert size == pytest.approx((150, 120))
    step, found = (METRES[0] / 2.5, METRES[1] / 2.5), Counter()
    xs = [west + (k + 0.5) / step[0] / 1.0 for k in range(int((east - west) * step[0]))]
    ys = [south + (k + 0.5) / step[1] / 1.0 for k in range(int((north - south) * step[1]))]
    spots = [(x, y) for x in xs for y in ys]
    points = [
        {"lon": lon, "lat": lat, "coord_sys": "wgs84"} for lon, lat in (at(*p) for p in spots)
    ]
    for start in range(0, len(points), 1_000):
        some = points[start : start + 1_000]
        answers = town.post("", "/api/locate", points=some)["locations"]
        for (x, y), answer in zip(spots[start : start + 1_000], answers, strict=True):
            column = int((x - west) / (east - west) * 3)
            row = int((y - south) / (north - south) * 2)
            expected = estate_boxes()[3 * row + column][1]
            assert answer["areas"]["estate"] == expected, (x, y)
            found[expected] += 1
    assert len(found) == 6
    assert sum(found.values()) == len(spots) > 2_500
    # A metre outside is nobody's estate, and the community's all the same.
    outside = town.located(west - 1 / METRES[0], south + 0.1)
    assert "estate" not in outside["areas"]
    assert outside["areas"]["community"] == COMMUNITIES[0]
    assert first_box[0] == west
    inside = town.located(west + 1 / METRES[0], south + 0.1)
    assert inside["areas"]["estate"] == first
    assert 0.9 < inside["margin_m"] < 1.1


def test_with_the_accuracy_of_a_telephone_only_the_community_is_certain(town: RowTown) -> None:
    for _, code, box in estate_boxes()[:6]:
        lon, lat = at(*middle(Ground("", "", box)))
        query = f"/api/locate?lon={lon}&lat={lat}&coord_sys=wgs84&accuracy_m=30"
        answer = town.get("", query)
        assert answer["location_status"] == "ambiguous"
        assert answer["certain_level"] == "community"
        assert answer["areas"]["estate"] == code
        sharp = town.get("", query.replace("accuracy_m=30", "accuracy_m=10"))
        assert sharp["certain_level"] in {"estate", "building"}


# -- the Party's tree over the same polygons -----------------------------------------------------


def test_five_levels_of_the_party_stand_over_the_five_levels_of_areas(town: RowTown) -> None:
    bodies = {o["code"]: o for o in town.get("", "/api/organisations")["organisations"]}
    areas = {level: town.areas(level) for level in LEVELS}
    groups = [o for o in bodies.values() if o["kind"] == "party_group"]
    assert len(groups) == 2 * ESTATES
    for group in groups:
        chain, up = [], group
        while up is not None:
            chain.append(up)
            up = bodies.get(up["parent_code"] or "")
        assert [o["level"] for o in chain] == list(reversed(LEVELS))
        assert [o["kind"] for o in chain] == [CHAIN[level] for level in reversed(LEVELS)]
        # The superior's area is the area above: two trees, one ground.
        for lower, upper in pairwise(chain):
            area = areas[lower["level"]][lower["area_code"]]
            assert (area["parent_level"], area["parent_code"]) == (
                upper["level"], upper["area_code"],
            )  # fmt: skip
    assert "members" not in json.dumps(list(bodies.values()))


def test_391_members_and_30_branches_for_a_time_belong_to_their_communities(
    town: RowTown,
) -> None:
    bodies = town.get("", "/api/organisations")["organisations"]
    members = [o for o in bodies if o["code"].startswith("M")]
    assert len(members) == MEMBERS
    assert {o["parent_code"] for o in members} == {f"D{code}" for code in COMMUNITIES}
    temporary = [o for o in bodies if o["code"].startswith("T")]
    assert len(temporary) == TEMPORARY
    assert {o["kind"] for o in temporary} == {"party_branch"}
    page = town.public().get("/maps/party")
    assert page.status_code == 200
    assert "成员单位391" in page.text
    assert "改造项目临时党支部30" in page.text


# -- two rosters of one grid ---------------------------------------------------------------------


def held(town: RowTown, estate: str, who: str = "centre") -> Counter[str]:
    posts = town.get(who, f"/api/rosters?level=estate&area_code={estate}")["posts"]
    return Counter(one["code"][0] for one in posts)


ROUTINE = Counter({"R": 1, "K": 1})
EMERGENCY = Counter({"E": 1, "K": 1, "Y": 3})


def sent(town: RowTown, box: tuple[float, float, float, float]) -> tuple[int, str]:
    number, _ = town.report(middle(Ground("", "", box)), item="0601")
    return number, town.order(number)["first_responder"]


def test_a_switch_puts_the_other_roster_in_force_there_and_back_again(town: RowTown) -> None:
    (_, block, block_box), *_, (_, far, far_box) = estate_boxes()
    assert held(town, block) == held(town, far) == ROUTINE
    before, responder = sent(town, block_box)
    assert responder == f"R-{block}"
    body = {"level": "community", "area_code": COMMUNITIES[0], "mode": "emergency",
            "why": "暴雨红色预警"}  # fmt: skip
    done = town.post("street", "/api/rosters/switch", **body)
    assert (done["called"], done["resting"]) == (6 * 4, 6)
    try:
        assert held(town, block) == EMERGENCY
        assert held(town, far) == ROUTINE, "another community goes on as ever"
        during, responder = sent(town, block_box)
        assert responder == f"E-{block}"
        assert sent(town, far_box)[1] == f"R-{far}"
        (post,) = [
            p
            for p in town.get("centre", f"/api/rosters?level=estate&area_code={block}")["posts"]
            if p["code"] == f"E-{block}"
        ]
        assert post["switched"] == "2026-07-16T09:00+08:00 street: 暴雨红色预警"
        # Residents read the telephone of whoever is there now, and no name.
        lon, lat = at(*middle(Ground("", "", block_box)))
        said = town.get("", f"/api/my-grid?near={lon},{lat}")
        assert "0990-5550002" in json.dumps(said)
        assert "0990-5550001" not in json.dumps(said)
        assert "应急员" not in json.dumps(said, ensure_ascii=False)
        # Again changes nothing; what was decided before is decided again as it was.
        again = town.post("street", "/api/rosters/switch", **body)
        assert (again["called"], again["resting"]) == (0, 0)
        replayed = town.get("centre", f"/api/reports/{before}/replay")
        assert replayed["same"]
        assert replayed["replayed"]["first_responder"] == f"R-{block}"
        assert replayed["today"]["first_responder"] == f"E-{block}"
    finally:
        back = town.post("community", "/api/rosters/switch", **body | {"mode": "routine"})
    assert (back["called"], back["resting"]) == (6, 6 * 4)
    assert held(town, block) == ROUTINE
    assert sent(town, block_box)[1] == f"R-{block}"
    assert town.get("centre", f"/api/reports/{during}/replay")["same"]


def test_only_who_keeps_the_rosters_of_the_place_switches_them(town: RowTown) -> None:
    body = {"level": "community", "area_code": COMMUNITIES[0], "mode": "emergency", "why": "演练"}
    for who in ("worker", "neighbour", "centre"):
        town.post(who, "/api/rosters/switch", 403, **body)
    town.post("", "/api/rosters/switch", 401, **body)
    town.post("street", "/api/rosters/switch", 403, **body | {"level": "county", "area_code": CITY})
    town.post("street", "/api/rosters/switch", 404, **body | {"area_code": "nowhere"})
    for wrong in ({"mode": "war"}, {"why": " "}, {"level": "planet"}):
        town.post("street", "/api/rosters/switch", 422, **body | wrong)
    assert held(town, estate_boxes()[0][1]) == ROUTINE


def test_the_command_switches_the_whole_city_and_looks_before_it_does(town: RowTown) -> None:
    words = ("places", "switch", f"county:{CITY}", "emergency", "--why", "防汛演练")
    said = town.command(*words)
    assert f"{ESTATES * 4:,} posts held, {ESTATES} at rest" in said
    assert "Nothing was written" in said
    assert held(town, estate_boxes()[-1][1]) == ROUTINE
    town.command(*words, "--commit")
    town.workspace._expire()
    try:
        for _, estate, _ in estate_boxes()[::23]:
            assert held(town, estate) == EMERGENCY
        # A roster that comes in now does not end the emergency.
        table = write_table(town.folder / "again.csv", rosters())
        town.command("places", "import", table, "--kind", "posts", "--commit")
        town.workspace._expire()
        assert held(town, estate_boxes()[0][1]) == EMERGENCY
    finally:
        town.command("places", "switch", f"county:{CITY}", "routine", "--why", "解除", "--commit")
        town.workspace._expire()
    assert held(town, estate_boxes()[0][1]) == ROUTINE


def test_each_estate_has_one_who_keeps_its_keys_and_a_team(town: RowTown) -> None:
    posts = town.get("centre", "/api/rosters?level=estate")["posts"]
    keepers = Counter(p["estate_code"] for p in posts if p["role"] == "key_keeper")
    assert keepers == Counter(code for _, code, _ in estate_boxes())
    # A neighbour's own number is on no board.
    assert "K-" not in json.dumps(town.get("", "/api/rosters?level=estate"))


# -- what was added ------------------------------------------------------------------------------


def test_charging_sheds_and_fitness_spots_lie_in_their_estates(town: RowTown) -> None:
    for category, count in (("charging", SHEDS), ("fitness", FITNESS)):
        places = town.get("", f"/api/places?category={category}")["places"]
        assert len(places) == count
        inside = set()
        for one in places:
            query = f"lon={one['lon']}&lat={one['lat']}&coord_sys=wgs84"
            inside.add(town.get("", f"/api/locate?{query}")["areas"]["estate"])
        assert len(inside) == count, "one an estate"
