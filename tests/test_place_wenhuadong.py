"""A sub-district like Wenhuadong: a duty list of 27 classes and 96 items, limits of 1, 3 and 5
days counted either way, eight forces in each grid, the small loop and the big one, and its place
by satisfaction among the streets with 500 cases and more.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gridmap.access import Actor, Grant, Role, Scope
from gridmap.settings import Settings
from tests.api_town import ZONE, Hands
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
    put_areas,
    write_table,
)
from tests.route_town import at

pytest_plugins = ["tests.demo_stores"]

DUTIES = Path(__file__).parent / "data" / "catalogues" / "duties" / "rules.yaml"
WENHUADONG = "990102007"
STREETS = {WENHUADONG: "文化东路街道", "990102001": "解放路街道", "990102002": "千佛山街道",
           "990102008": "建筑新村街道", "990102013": "智远街道"}  # fmt: skip
GRIDS = [f"{WENHUADONG}{c:03}{g:03}" for c in (1, 2) for g in (1, 2, 3)]
# What each force is in the rosters, or among the bodies of a grid.
POSTED = {
    "专职网格员": ("grid_worker", "basic", ""),
    "社区": ("grid_lead", "linked", ""),
    "街道": ("first_secretary", "linked", ""),
    "专业力量": ("professional_worker", "professional", "XF"),
    "公安": ("police_officer", "professional", ""),
    "两代表一委员": ("linked_force", "linked", ""),
}
BODIES = {"报到单位": "resident_unit", "志愿者": "volunteer_team"}
COMMITTEES, UNITS = 5, 42


def ground() -> dict[str, list[Ground]]:
    """Streets in columns of eight units; Wenhuadong with communities and grids, others in one."""
    levels: dict[str, list[Ground]] = {"subdistrict": [], "community": [], "grid": []}
    for column, (code, name) in enumerate(STREETS.items()):
        west = 8 * column
        levels["subdistrict"].append(Ground(code, name, (west, 0, west + 8, 6)))
        parts = 2 if code == WENHUADONG else 1
        for c in range(parts):
            left, right = west + 8 * c // parts, west + 8 * (c + 1) // parts
            community = f"{code}{c + 1:03}"
            box = (left, 0, right, 6)
            levels["community"].append(Ground(community, f"{name[:2]}{c + 1}社区", box, code))
            rows = 3 if code == WENHUADONG else 1
            for g in range(rows):
                box = (left, 6 * g // rows, right, 6 * (g + 1) // rows)
                grid = f"{community}{g + 1:03}"
                levels["grid"].append(Ground(grid, f"{name[:2]}{c + 1}-{g + 1}", box, community))
    return levels


def rules(folder: Path, day: str) -> Path:
    """The site's rules, with what 天 means there; streets are ranked by satisfaction."""
    folder.mkdir()
    shutil.copy(DUTIES, folder / "rules.yaml")
    shape = {"name": "default", "label": "27类96项履职清单", "code_pattern": "[0-9]{2}-[0-9]"}
    write_table(folder / "catalogues.csv", [shape | {"plain_day": day}])
    classes = [
        {"ranking": "area:subdistrict", "class": "A", "from_orders": 500, "name": "500件及以上",
         "by": "satisfaction"},
        {"ranking": "area:subdistrict", "class": "B", "from_orders": 1, "name": "不足500件",
         "by": "satisfaction"},
        {"ranking": "department", "class": "A", "from_orders": 1, "name": "全部"},
    ]  # fmt: skip
    write_table(folder / "volume_classes.csv", classes)
    return folder


def people() -> dict[str, Any]:
    street = over(f"subdistrict:{WENHUADONG}")
    return {
        "centre": grant("dispatcher"),
        "zhang": grant("dispatcher"),
        "street": grant("subdistrict_officer", street),
        "worker": grant("grid_worker", over(f"grid:{GRIDS[0]}")),
        "lead": grant("grid_lead", over(f"community:{WENHUADONG}001")),
        "watch": grant("supervisor"),
        **{code: grant("handler", of(code)) for code in ("CG", "XF", "GA", "HB", "SJ", "RS")},
    }


def forces(folder: Path) -> tuple[Path, Path]:
    """Write the rosters and the bodies: eight forces a grid, and the units of the committees."""
    posts = [
        {"code": f"{grid}-{n}", "person": f"p{grid}{n}", "name": f"演示{n}", "role": role,
         "kind": kind, "level": "grid", "area_code": grid, "department": department}
        for grid in GRIDS
        for n, (role, kind, department) in enumerate(POSTED.values())
    ]  # fmt: skip
    bodies = [
        {"code": f"{grid}-{kind}", "kind": kind, "name": f"{grid[-3:]}{force}", "level": "grid",
         "area_code": grid, "parent_code": "DGW"}
        for grid in GRIDS
        for force, kind in BODIES.items()
    ]  # fmt: skip
    bodies.append({"code": "DGW", "kind": "party_work_committee", "name": "大工委",
                   "level": "subdistrict", "area_code": WENHUADONG})  # fmt: skip
    bodies += [
        {"code": f"Z{n}", "kind": "party_committee", "name": f"第{n}专委会", "parent_code": "DGW"}
        for n in range(1, COMMITTEES + 1)
    ]
    bodies += [
        {"code": f"U{n}", "kind": "resident_unit", "name": f"驻区单位{n}",
         "parent_code": f"Z{n % COMMITTEES + 1}"}
        for n in range(UNITS - len(GRIDS))
    ]  # fmt: skip
    return (
        write_table(folder / "posts.csv", posts),
        write_table(folder / "bodies.csv", bodies),
    )


@contextmanager
def built(store: str, folder: Path) -> Iterator[RowTown]:
    settings = Settings(
        store=store,
        secrets=folder / "secrets",
        rules=rules(folder / "calendar", "calendar_day"),
    )
    hands = Hands(datetime(2026, 1, 2, tzinfo=UTC))
    command(settings, hands, "levels", "--set", "subdistrict,community,grid")
    put_areas(settings, hands, folder, "2025", ground(), "2025-01-01")
    posts, bodies = forces(folder)
    command(settings, hands, "places", "import", posts, "--kind", "posts", "--commit")
    command(settings, hands, "places", "import", bodies, "--kind", "organisations", "--commit")
    with opened(settings, hands, folder, people()) as town:
        yield town


@pytest.fixture(scope="module", params=KINDS)
def wenhuadong(request, new_url, tmp_path_factory) -> Iterator[RowTown]:
    folder = tmp_path_factory.mktemp(f"wenhuadong-{request.param}")
    with built(new_url(request.param)[0], folder) as town:
        yield town


@pytest.fixture(params=KINDS)
def untouched(request, new_url, tmp_path) -> Iterator[RowTown]:
    """The same place, in which no month has been lived through."""
    with built(new_url(request.param)[0], tmp_path) as town:
        yield town


@pytest.fixture(scope="module")
def working(wenhuadong: RowTown) -> Iterator[RowTown]:
    """The same place where 天 means working days."""
    folder = wenhuadong.folder / "working"
    settings = wenhuadong.workspace.settings.model_copy(
        update={"rules": rules(folder, "working_day")}
    )
    with opened(settings, wenhuadong.hands, wenhuadong.folder, {}) as town:
        town.keys.update(wenhuadong.keys)
        yield town


@pytest.fixture
def town(wenhuadong: RowTown) -> RowTown:
    wenhuadong.at("2026-04-03 10:00")
    return wenhuadong


HOME = (1.5, 0.9)


def items(town: RowTown) -> dict[str, dict[str, Any]]:
    return {one["code"]: one for one in town.get("", "/api/catalogue")["items"]}


def item_of(town: RowTown, level: str, department: str = "RS") -> str:
    """An item of a level that its own department has wherever it is."""
    found = items(town).values()
    return next(
        one["code"]
        for one in found
        if one["handling_level"] == level and one["department"] == department
    )


# -- the list, its limits, who is there ----------------------------------------------------------


def test_the_duty_list_has_27_classes_and_96_items(town: RowTown) -> None:
    listed = town.get("", "/api/catalogue")
    assert (len(listed["classes"]), len(listed["items"])) == (27, 96)
    assert listed["label"] == "27类96项履职清单"
    assert {one["class_code"] for one in listed["items"]} == {c["code"] for c in listed["classes"]}
    limits = {(one["handling_level"], one["limit"]["amount"]) for one in listed["items"]}
    assert limits == {("G", 1), ("S", 3), ("X", 5)}


# The Friday before Qingming, ten o'clock; Monday the sixth is a holiday. Working days end with the
# office, calendar days at the minute.
@pytest.mark.parametrize(
    ("level", "calendar", "by_working_days"),
    [
        ("G", "2026-04-04T10:00", "2026-04-07T17:30"),
        ("S", "2026-04-06T10:00", "2026-04-09T17:30"),
        ("X", "2026-04-08T10:00", "2026-04-13T17:30"),
    ],
)
def test_one_three_and_five_days_are_counted_either_way(
    town: RowTown, working: RowTown, level: str, calendar: str, by_working_days: str
) -> None:
    for place, due in ((town, calendar), (working, by_working_days)):
        number, _ = place.report(HOME, item=item_of(place, level))
        report = place.get("centre", f"/api/reports/{number}")
        assert report["handling_level"] == level
        assert report["due_at"][:16] == due
        place.act("centre", number, "close", why="演示结束")


def test_each_grid_has_its_eight_forces(town: RowTown) -> None:
    posts = town.get("centre", "/api/rosters?level=grid")["posts"]
    bodies = town.get("centre", "/api/organisations")["organisations"]
    for grid in GRIDS:
        roles = Counter(one["role"] for one in posts if one["area_code"] == grid)
        assert roles == Counter(role for role, _, _ in POSTED.values())
        kinds = Counter(one["kind"] for one in bodies if one["area_code"] == grid)
        assert kinds == Counter(BODIES.values())
        assert len(roles) + len(kinds) == 8
    units = [one for one in bodies if one["kind"] == "resident_unit"]
    assert len(units) == UNITS > 40
    committees = [one["code"] for one in bodies if one["parent_code"] == "DGW"
                  and one["kind"] == "party_committee"]  # fmt: skip
    assert len(committees) == COMMITTEES


def test_who_goes_first_is_of_the_force_that_knows_the_matter(town: RowTown) -> None:
    fire = item_of(town, "S", "XF")
    for item, role in ((fire, 3), (item_of(town, "S"), 0)):
        number, _ = town.report(HOME, item=item)
        assert town.order(number)["first_responder"] == f"{GRIDS[0]}-{role}"
        town.act("centre", number, "close", why="演示结束")


# -- the two loops -------------------------------------------------------------------------------


def test_the_small_loop_ends_in_the_grid(town: RowTown) -> None:
    """收集—确认—派单—处理—反馈—评价, by the grid and the community alone."""
    number, key = town.report(HOME, item=item_of(town, "G"), source="grid_worker")
    town.act("worker", number, "self-handle", result="当场处理")
    town.act("worker", number, "inspect", 403)
    town.act("lead", number, "inspect")
    town.act("centre", number, "close", answer="已办结")
    rated = town.act("", number, "rate", satisfied=True, resolved=True, key=key)
    assert (rated["state"], rated["answer"]) == ("rated", "已办结")
    order = town.order(number)
    assert order["level"] == "G"
    assert "order.dispatch" not in town.history(number)
    assert order["resolved_at"] <= order["due_at"]


def test_the_big_loop_goes_over_the_street_to_the_departments(town: RowTown) -> None:
    """The grid cannot, the street coordinates for three days, the whistle gives five."""
    number, key = town.report(HOME, item=item_of(town, "G"))
    town.act("worker", number, "escalate", why="网格无法解决")
    order = town.order(number)
    assert order["level"] == "S"
    assert order["stage_due_at"][:16] == "2026-04-06T10:00"
    town.act("centre", number, "confirm")
    town.act("centre", number, "dispatch")
    town.act("street", number, "whistle-blow", why="需部门联动", ground="beyond_street")
    town.act("centre", number, "whistle-call", whistle=1, departments=["CG", "XF", "GA"])
    order = town.order(number)
    assert order["level"] == "X"
    assert order["stage_due_at"][:16] == "2026-04-08T10:00"
    for code in ("CG", "XF", "GA"):
        town.act(code, number, "whistle-report-in", whistle=1, who="带队", how_many=2,
                 where="现场")  # fmt: skip
    town.act("RS", number, "accept")
    town.act("RS", number, "resolve", result="联合办结")
    town.act("street", number, "inspect")
    town.act("centre", number, "close", answer="已办结")
    assert town.act("", number, "rate", satisfied=True, resolved=True, key=key)["rating"]
    calls = town.order(number)["whistles"][0]["calls"]
    assert {one["verdict"] for one in calls} == {"on_time"}
    assert town.history(number) == [
        "order.submit", "order.escalate", "order.confirm", "order.dispatch", "whistle.blow",
        "whistle.call", *["whistle.report_in"] * 3, "order.accept", "order.resolve",
        "order.inspect", "order.close", "order.rate",
    ]  # fmt: skip


# -- satisfaction among streets of its size -------------------------------------------------------

# Cases, and of a hundred of them how many requesters are not satisfied.
MONTH = {
    WENHUADONG: (620, 4),
    "990102001": (540, 2),
    "990102002": (505, 8),
    "990102008": (499, 1),
    "990102013": (60, 0),
}
AT_FULL_COUNT = MONTH | {WENHUADONG: (6_200, 4)}


def play(town: RowTown, month: dict[str, tuple[int, int]]) -> dict[str, int]:
    """Live through a month of small loops; return how many are not satisfied, by street."""
    town.hands.set("2026-03-31 20:00")
    grids = {one.parent[:9]: one for one in reversed(ground()["grid"])}
    item, start = item_of(town, "G"), datetime(2026, 3, 2, 9, 0, tzinfo=ZONE)
    rows = []
    for street, (count, _) in month.items():
        lon, lat = at(*middle(grids[street]))
        rows += [
            {"lon": lon, "lat": lat, "item": item,
             "at": (start + timedelta(days=n % 26, seconds=n)).isoformat()}
            for n in range(count)
        ]  # fmt: skip
    path = write_table(town.folder / "month.csv", rows)
    town.workspace.assign(
        path, town.folder / "assigned.csv", coord_sys="wgs84", at="at", item="item", keep={}
    )
    numbers = town.workspace.orders_asleep("2026-03-01", "2026-04-01")
    assert len(numbers) == sum(count for count, _ in month.values())
    seen: Counter[str] = Counter()
    unhappy: Counter[str] = Counter()

    def tell(past: Any) -> None:
        order = past.order
        street, at = order.areas["subdistrict"], order.received_at

        def who(role: Role) -> Actor:
            scope = Scope.of(areas=[f"subdistrict:{street}"])
            return Actor.granted(f"{role.value}-{street}", [Grant(role, scope)])

        def act(role: Role, action: str, **given: Any) -> None:
            nonlocal at
            at += timedelta(minutes=20)
            past.act(who(role), action, at, **given)

        content = seen[street] % 100 >= month[street][1]
        seen[street] += 1
        unhappy[street] += not content
        act(Role.GRID_WORKER, "order.self_handle", result="当场处理")
        act(Role.GRID_LEAD, "order.inspect")
        act(Role.DISPATCHER, "order.close")
        act(Role.DISPATCHER, "order.rate", satisfied=content, resolved=True)

    town.workspace.take_over(numbers, tell)
    return dict(unhappy)


def ranked(town: RowTown, month: dict[str, tuple[int, int]]) -> None:
    unhappy = play(town, month)
    town.hands.set("2026-04-01 09:00")
    report = town.get("watch", "/api/monthly/2026-03/draft")
    (ranking,) = [r for r in report["rankings"] if r["ranking"] == "area:subdistrict"]
    large, small = ranking["classes"]
    assert (large["by"], small["by"]) == ("satisfaction", "satisfaction")
    order = [(u["place"], u["code"]) for u in large["units"]]
    assert order == [(1, "990102001"), (2, WENHUADONG), (3, "990102002")]
    # More content than any of them, and not among them: with 499 cases it is another class.
    assert [u["code"] for u in small["units"]] == ["990102013", "990102008"]
    for unit in [*large["units"], *small["units"]]:
        count = month[unit["code"]][0]
        assert (unit["due"], unit["closed"]) == (count, count)
        assert unit["figure"] == [count - unhappy.get(unit["code"], 0), count]
    page = town.workspace.monthly_html(report, lang="zh")
    assert "满意率" in page
    satisfied, asked = large["units"][0]["figure"]
    assert f"({satisfied}/{asked})" in page
    # By score the same street comes first or not, but its share decides here.
    assert town.workspace.monthly_workbook(report, lang="zh")[:2] == b"PK"


def test_its_place_by_satisfaction_is_among_streets_with_500_cases_and_more(
    wenhuadong: RowTown,
) -> None:
    ranked(wenhuadong, MONTH)


@pytest.mark.soak
def test_its_place_with_more_than_six_thousand_cases(untouched: RowTown) -> None:
    ranked(untouched, AT_FULL_COUNT)
