"""A county like Huinan: 32 departments, 11 townships, 3 streets and a zone on one platform.

Played through the commands, HTTP and pages: whistles of all who have the right to, the loop
基层报、中心接、平台转、部门办、限时结、群众评, ownership reviews, a catalogue that grows from 28
to 80 items, months with thousands of whistles, supervision orders, the score of the year, and
cameras that no public surface shows.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gridmap.access import Actor, Grant, Role, Scope
from gridmap.settings import Settings
from tests.api_town import ZONE, Hands, spot
from tests.api_town import send as post_report
from tests.conftest import KINDS
from tests.huinan_county import (
    BODIES,
    COUNTY,
    COVER,
    FIRST_ITEMS,
    LAMP,
    LITTER,
    POSTED,
    STREETS,
    TOWNSHIPS,
    first_items,
    grids_of,
    ground,
    people,
    rules,
)
from tests.place_rows import (
    RowTown,
    command,
    middle,
    opened,
    placed,
    put_areas,
    write_table,
)
from tests.route_town import at

pytest_plugins = ["tests.demo_stores"]


@contextmanager
def built(store: str, folder: Path) -> Iterator[RowTown]:
    settings = Settings(store=store, secrets=folder / "secrets")
    hands = Hands(datetime(2026, 1, 2, tzinfo=UTC))
    command(settings, hands, "levels", "--set", "county,subdistrict,community,grid")
    put_areas(settings, hands, folder, "2025", ground(), "2025-01-01")
    first = rules(folder / "first", first_items(), ("2", "day"))
    command(settings, hands, "rules", "import", first, "--note", "首版28项", "--commit")
    posts = [
        {"code": f"C-{code}", "person": f"c{n}", "name": f"派驻{n}", "role": "中心派驻人员",
         "kind": "专业", "level": "county", "area_code": COUNTY, "department": code}
        for n, code in enumerate(POSTED)
    ]  # fmt: skip
    posts += [
        {"code": f"W-{grid}", "person": f"w{grid}", "name": "网格员甲", "role": "网格员",
         "kind": "基础", "level": "grid", "area_code": grid}
        for body in BODIES
        for grid in grids_of(body)
    ]  # fmt: skip
    table = write_table(folder / "posts.csv", posts)
    command(settings, hands, "places", "import", table, "--kind", "posts", "--commit")
    with opened(settings, hands, folder, people()) as town:
        yield town


@pytest.fixture(scope="module", params=KINDS)
def huinan(request, new_url, tmp_path_factory) -> Iterator[RowTown]:
    folder = tmp_path_factory.mktemp(f"huinan-{request.param}")
    with built(new_url(request.param)[0], folder) as town:
        yield town


@pytest.fixture(params=KINDS)
def untouched(request, new_url, tmp_path) -> Iterator[RowTown]:
    """The same place, in which no month has been lived through."""
    with built(new_url(request.param)[0], tmp_path) as town:
        yield town


@pytest.fixture
def town(huinan: RowTown) -> RowTown:
    """A Thursday morning at nine."""
    huinan.at("2026-03-12 09:00")
    return huinan


def place(body: str, n: int = 0) -> tuple[float, float]:
    """A point well inside a grid of a body."""
    grid = next(one for one in ground()["grid"] if one.code == grids_of(body)[n])
    return middle(grid)


def send(town: RowTown, item: str, body: str = STREETS[0], **more: Any) -> tuple[int, str]:
    number, key = town.report(place(body), item=item, **more)
    town.workspace.work()
    return number, key


# -- who is on the platform ----------------------------------------------------------------------


def test_departments_townships_streets_and_zone_are_on_one_platform(town: RowTown) -> None:
    bodies = town.areas("subdistrict")
    assert sorted(bodies) == sorted(BODIES)
    kinds = Counter("street" if c in STREETS else "zone" if c.endswith("400") else "town"
                    for c in bodies)  # fmt: skip
    assert kinds == {"street": 3, "town": 11, "zone": 1}
    assert {one["parent_code"] for one in bodies.values()} == {COUNTY}
    listed = town.get("", "/api/catalogue")["departments"]
    by_place = {"subdistrict", "community", "property"}
    departments = [one["code"] for one in listed if one["kind"] not in by_place]
    assert len(departments) == 32
    for body in BODIES:
        assert town.located(*place(body))["areas"]["subdistrict"] == body
        assert town.workspace._bodies_known()[f"JD:{body}"]


def test_eight_departments_post_one_person_each_in_the_centre(town: RowTown) -> None:
    posts = town.get("centre", f"/api/rosters?level=county&area_code={COUNTY}")["posts"]
    assert sorted(post["department"] for post in posts) == sorted(POSTED)
    assert {post["role"] for post in posts} == {"centre_staff"}
    assert len({post["person"] for post in posts}) == 8
    # Who sits in the centre goes nowhere: the worker of the grid is first on the spot.
    number, _ = send(town, "B01")
    assert town.order(number)["first_responder"] == f"W-{grids_of(STREETS[0])[0]}"
    town.act("centre", number, "reject", outcome="not_an_issue", why="演示")


# -- whistle rights ------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["street", "community", "worker", "delegate", ""])
def test_whoever_has_the_right_blows_the_whistle(town: RowTown, who: str) -> None:
    number, key = send(town, LAMP)
    proof = {} if who else {"key": key}
    body = {"why": "多部门才能解决", "ground": "joint_enforcement"}
    town.act(who, number, "whistle-blow", **body, **proof)
    (whistle,) = town.order(number)["whistles"]
    assert whistle["state"] == "blown"
    town.act("centre", number, "whistle-call", whistle=1, departments=["CG", "GA"])
    assert town.order(number)["level"] == "X"
    assert "called" in town.told("CG", number)
    assert "called" in town.told("GA", number)
    town.act("centre", number, "close", why="演示结束")


def test_nobody_else_blows_it(town: RowTown) -> None:
    number, _ = send(town, LAMP)
    body = {"why": "x", "ground": "joint_enforcement"}
    for who in ("CG", "centre", "head", "watch"):
        town.act(who, number, "whistle-blow", 403, **body)
    # A resident of another report, and a worker of another grid.
    town.act("", number, "whistle-blow", 401, **body, key="not-the-key-it-came-with")
    other, _ = send(town, LAMP, TOWNSHIPS[0])
    town.act("worker", other, "whistle-blow", 403, **body)
    for one in (number, other):
        assert town.order(one)["whistles"] == []
        town.act("centre", one, "close", why="演示结束")


# -- the loop ------------------------------------------------------------------------------------


def photo() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 30, 30)).save(out, "JPEG")
    return out.getvalue()


def test_reported_from_below_received_sent_handled_in_time_and_rated(town: RowTown) -> None:
    number, key = send(town, LAMP, source="app_photo", text="路灯不亮")
    answer = town.ask("", "POST", f"/api/reports/{number}/photos", data={"key": key},
                      files={"photo": ("a.jpg", photo(), "image/jpeg")})  # fmt: skip
    assert answer.status_code == 201, answer.text
    assert len(town.get("centre", f"/api/reports/{number}/photos")["photos"]) == 1
    report = town.get("centre", f"/api/reports/{number}")
    assert (report["source"], report["department"]) == ("app_photo", "SZ")
    town.act("centre", number, "confirm")
    order = town.act("centre", number, "dispatch")
    # Three days, as the list prints it: calendar days, to the minute.
    assert (order["lead"], order["due_at"][:16]) == ("SZ", "2026-03-15T09:00")
    town.act("CG", number, "accept", 403)
    town.act("SZ", number, "accept")
    town.act("SZ", number, "start")
    town.act("SZ", number, "resolve", result="已更换灯泡")
    town.act("worker", number, "inspect")
    town.act("centre", number, "close", answer="已修复")
    rated = town.act("", number, "rate", satisfied=True, resolved=True, key=key)
    assert (rated["state"], rated["answer"]) == ("rated", "已修复")
    assert not town.order(number)["overdue"]


def test_what_the_list_says_goes_out_by_itself_with_its_deadline(town: RowTown) -> None:
    number, _ = send(town, LITTER)
    order = town.order(number)
    assert (order["state"], order["lead"]) == ("dispatched", "HW")
    assert order["due_at"] is not None
    assert town.told("HW", number) == ["new"]
    assert town.history(number) == ["order.submit", "order.confirm", "order.dispatch"]
    by = {one["by"] for one in order["history"][1:]}
    assert by == {order["history"][0]["by"]}, "by nobody but the service"
    # What the list does not send out by itself waits for the centre.
    other, _ = send(town, LAMP)
    assert town.order(other)["state"] == "submitted"
    for one in (number, other):
        town.act("centre", one, "close", why="演示结束")


def test_an_unclear_owner_is_settled_by_a_review_and_then_sent_by_hand(town: RowTown) -> None:
    """Though the list sends covers out by themselves: of this one nobody knows the owner."""
    number, _ = send(town, COVER, TOWNSHIPS[3])
    assert town.order(number)["state"] == "submitted"
    reviews = town.get("centre", f"/api/reviews?item={COVER}&state=open")["reviews"]
    (review,) = [one for one in reviews if one["item"] == COVER]
    assert review["reports"] == 1
    town.act("centre", number, "confirm")
    town.act("centre", number, "review", why="权属不明，召集确权")
    assert town.order(number)["state"] == "ownership_review"
    town.act("centre", number, "dispatch", 409, lead="SW")
    town.post("HW", f"/api/reviews/{review['id']}/ruling", 403,
              owner="SW", document="纪要1", radius_m=80)  # fmt: skip
    town.post("centre", f"/api/reviews/{review['id']}/ruling",
              owner="SW", document="确权纪要〔2026〕1号", radius_m=80)  # fmt: skip
    town.workspace.work()
    order = town.order(number)
    assert (order["state"], order["lead"]) == ("dispatched", "SW")
    # The next one there has an owner, and goes out by itself.
    again, _ = send(town, COVER, TOWNSHIPS[3])
    assert (town.order(again)["state"], town.order(again)["lead"]) == ("dispatched", "SW")
    town.act("centre", again, "dispatch", lead="SZ", why="班长手动改派")
    assert town.order(again)["lead"] == "SZ"
    for one in (number, again):
        town.act("centre", one, "close", why="演示结束")


# -- the catalogue grows -------------------------------------------------------------------------


def test_the_list_grows_from_28_to_80_items_and_old_decisions_stay_as_they_were(
    town: RowTown,
) -> None:
    assert len(town.get("", "/api/catalogue")["items"]) == FIRST_ITEMS
    refused = post_report(town.client, spot(*place(STREETS[0]), item="D01"), "not-yet-an-item-1")
    assert refused.status_code == 422
    assert "D01" in refused.text
    old, _ = send(town, LITTER)
    before = town.get("centre", f"/api/reports/{old}")
    assert before["due_at"][:10] == "2026-03-14"
    second = rules(town.folder / "second", None, ("4", "working_hour"))
    told = town.command("rules", "import", second, "--note", "扩充到80项")
    assert "D01" in told
    assert len(town.get("", "/api/catalogue")["items"]) == FIRST_ITEMS, "only looked"
    town.command("rules", "import", second, "--note", "扩充到80项", "--commit")
    town.workspace._expire()
    assert len(town.get("", "/api/catalogue")["items"]) == 80
    new, _ = send(town, "D01", TOWNSHIPS[1])
    assert town.order(new)["lead"] == "YL"
    replayed = town.get("centre", f"/api/reports/{old}/replay")
    assert replayed["same"]
    assert replayed["replayed"]["due_at"] == before["due_at"]
    assert replayed["today"]["due_at"][:16] == "2026-03-12T14:30"
    assert "due_at" in replayed["changed"]
    shown = town.command("rules", "show")
    assert "首版28项" in shown
    assert "扩充到80项" in shown
    town.act("centre", new, "close", why="演示结束")
    town.act("centre", old, "close", why="演示结束")


# -- a month of whistles -------------------------------------------------------------------------

WHISTLES, REPORT_INS = 11_000, 20_000
# Of eleven whistles nine call two departments and two one: 20 report-ins for 11 whistles.
CALLED = [2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1]
# Two of a hundred requesters are not satisfied.
DISSATISFIED = 50


def tell(past: Any) -> None:
    """One whistle from its report to its rating, as those concerned lived it."""
    order = past.order
    body, n = order.areas["subdistrict"], order.number

    def who(role: Role, scope: Scope | None = None) -> Actor:
        return Actor.granted(f"{role.value}-{body}", [Grant(role, scope or Scope())])

    centre = who(Role.DISPATCHER)
    office = who(Role.SUBDISTRICT_OFFICER, Scope.of(areas=[f"subdistrict:{body}"]))
    called = [("CG", "GA"), ("SJ", "HB"), ("XF", "YJ")][n % 3][: CALLED[n % len(CALLED)]]
    moment = order.received_at

    def act(actor: Actor, action: str, **given: Any) -> None:
        nonlocal moment
        moment += timedelta(minutes=5)
        past.act(actor, action, moment, **given)

    def handler(code: str) -> Actor:
        return Actor.granted(code, [Grant(Role.HANDLER, Scope.of(departments=[code]))])

    act(centre, "order.confirm")
    act(centre, "order.dispatch")
    act(office, "whistle.blow", why="街道无执法权", ground="beyond_street")
    act(centre, "whistle.call", whistle=1, departments=list(called))
    for code in called:
        act(handler(code), "whistle.report_in", whistle=1, who="带队", how_many=2, where="现场")
    lead = handler(order.lead)
    act(lead, "order.accept")
    act(lead, "order.contact")
    act(lead, "order.resolve", result="联合处置完毕")
    act(office, "order.inspect")
    act(centre, "order.close")
    happy = n % DISSATISFIED != 0
    act(centre, "order.rate", satisfied=happy, resolved=True, text="电话回访")


def month_of_whistles(town: RowTown, count: int) -> list[int]:
    """Read in a file of reports of two months, and let each live through its whistle."""
    town.hands.set("2026-03-31 20:00")
    rows = []
    start = datetime(2026, 2, 2, 9, 0, tzinfo=ZONE)
    for n in range(count):
        lon, lat = at(*place(BODIES[n % len(BODIES)], n % 2))
        received = start + timedelta(days=n % 55, minutes=n // 55 % 200)
        rows.append({"lon": lon, "lat": lat, "item": LAMP, "at": received.isoformat()})
    path = write_table(town.folder / "reports.csv", rows)
    summary = town.workspace.assign(
        path, town.folder / "assigned.csv", coord_sys="wgs84", at="at", item="item", keep={}
    )
    assert summary.rows == count
    numbers = town.workspace.orders_asleep("2026-02-01", "2026-04-01")
    assert len(numbers) == count
    town.workspace.take_over(numbers, tell)
    return numbers


def figures(found: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {one["kpi"]: (one["numerator"], one["denominator"]) for one in found["kpis"]}


def played(town: RowTown, count: int) -> None:
    """Whistles, report-ins, closing and satisfaction are what was played; two months add up."""
    numbers = month_of_whistles(town, count)
    calls = sum(CALLED[n % len(CALLED)] for n in numbers)
    unhappy = sum(n % DISSATISFIED == 0 for n in numbers)
    town.hands.set("2026-04-01 09:00")
    query = "/api/numbers?since=2026-02-01&until=2026-04-01&item=" + LAMP
    found = town.get("watch", query + "&by=subdistrict")
    whole = figures(found)
    own = Counter(
        town.workspace.store.order(n).areas["subdistrict"] for n in numbers
    ) if count < 2_000 else None  # fmt: skip
    assert whole["whistle"][0] >= count
    assert whole["report_in"][0] >= calls
    assert whole["report_in"][0] / whole["whistle"][0] == pytest.approx(20 / 11, rel=0.02)
    orders = town.get("watch", f"/api/orders?item={LAMP}&state=rated&limit=1")
    assert orders["total"] >= count
    asked = whole["whistle_rated"]
    assert asked[1] - asked[0] == unhappy
    assert asked[0] / asked[1] == pytest.approx(0.98, abs=0.005)
    if own is not None:
        for group in found["groups"]:
            if group["code"] in TOWNSHIPS:
                assert figures(group)["whistle"] == (own[group["code"]],) * 2


def test_a_tenth_of_the_whistles_is_counted_as_it_was_played(huinan: RowTown) -> None:
    played(huinan, WHISTLES // 10)


@pytest.mark.soak
def test_all_the_whistles_are_counted_as_they_were_played(untouched: RowTown) -> None:
    played(untouched, WHISTLES)
    found = figures(untouched.get("watch", "/api/numbers?since=2026-02-01&until=2026-04-01"))
    assert found["report_in"][0] >= REPORT_INS


# -- who is absent, late or to no effect is named and supervised ---------------------------------

# Ten whistles, fifteen departments; what each did when it was called.
CALLS = [("CG", "SZ"), ("YL", "SW"), ("ZJ", "GA"), ("JJ", "XF"), ("YJ", "SJ"),
         ("HB",), ("JT",), ("RS",), ("MZ",), ("CL",)]  # fmt: skip
FAULTS = ("absent", "late", "ineffective")


@pytest.fixture(scope="module")
def corrected(huinan: RowTown) -> list[dict[str, Any]]:
    """April: ten reports to the leaders about fifteen departments, each put right."""
    town = huinan
    town.at("2026-04-02 09:00")
    made = []
    for called in CALLS:
        number, _ = send(town, LITTER)
        town.act("street", number, "whistle-blow", why="需联合处置", ground="beyond_street")
        town.act("centre", number, "whistle-call", whistle=1, departments=list(called))
        made.append((number, called))
    came = {"whistle": 1, "who": "带队", "how_many": 1, "where": "现场"}
    faults = {d: FAULTS[i % 3] for i, d in enumerate(d for c in CALLS for d in c)}
    for number, called in made:
        for code in called:
            if faults[code] == "ineffective":
                town.act(code, number, "whistle-report-in", **came)
                town.act("watch", number, "whistle-judge", whistle=1, department=code,
                         verdict="ineffective", why="到场未处置")  # fmt: skip
    town.at("2026-04-03 09:30")
    for number, called in made:
        for code in called:
            if faults[code] == "late":
                town.act(code, number, "whistle-report-in", **came)
    # Named: five working days after the due time, without a reason.
    town.at("2026-04-15 09:00")
    assert all(town.order(number)["named_at"] for number, _ in made)
    issued = []
    for number, called in made:
        for code in called:
            body = {"department": code, "subject": "吹哨不到、迟到、不作为", "number": number,
                    "demands": "说明原因，三日内整改", "reply_by": "2026-04-18T12:00",
                    "copies": ["JW", "DC"]}  # fmt: skip
            issued.append(town.post("watch", "/api/supervision", 201, **body))
    for one in issued:
        door = f"/api/supervision/{one['id']}"
        town.post(one["department"], f"{door}/answer", reply="已整改")
        town.post("watch", f"{door}/close", outcome="整改到位")
    for number, _ in made:
        town.act("HW", number, "accept")
        town.act("HW", number, "resolve", result="处置完毕")
        town.act("worker", number, "inspect")
        town.act("centre", number, "close")
    town.at("2026-05-02 09:00")
    return issued


def test_ten_reports_correct_fifteen_departments_and_are_copied_to_those_who_discipline(
    huinan: RowTown, corrected: list[dict[str, Any]]
) -> None:
    town = huinan
    assert len(corrected) == 15
    assert len({one["department"] for one in corrected}) == 15
    assert len({one["number"] for one in corrected}) == 10
    own = {one["id"] for one in corrected}
    for who in ("JW", "DC"):
        listed = town.get(who, "/api/supervision?state=closed")["supervisions"]
        assert own <= {one["id"] for one in listed}
        assert [k for k in town.told(who, corrected[0]["number"]) if k == "supervision"]
        sheet = town.ask(who, "GET", f"/supervision/{corrected[0]['id']}").text
        assert "督办单" in sheet
        assert "已整改" in sheet
    # A department that is neither named nor copied sees none of them.
    assert own.isdisjoint(o["id"] for o in town.get("JY", "/api/supervision")["supervisions"])
    town.get("JY", f"/api/supervision/{corrected[0]['id']}", 403)
    town.post("CG", "/api/supervision", 403, department="SZ", subject="x", demands="x",
              reply_by="2026-06-01")  # fmt: skip


def test_the_months_report_goes_to_all_leaders_and_takes_points_for_each_fault(
    huinan: RowTown, corrected: list[dict[str, Any]]
) -> None:
    town = huinan
    said = town.command("report", "2026-04", "--issue", "--to", "CG", "--out", town.folder)
    assert "月报〔2026〕" in said
    town.workspace._expire()
    for who in ("head", "deputy", "CG"):
        kinds = [one["kind"] for one in town.get(who, "/api/inbox?limit=1000")["notices"]]
        assert kinds.count("monthly") == 1
    report = town.get("head", "/api/monthly/2026-04")
    demands = report["supervision"]
    assert len(demands) == 15
    assert all([c["code"] for c in one["copies"]] == ["JW", "DC"] for one in demands)
    lost: dict[str, Counter[str]] = {}
    for one in report["deductions"]:
        if one["ranking"] == "department":
            lost.setdefault(one["unit"], Counter())[one["rule"]] += 1
    by_fault = {"absent": "report_in_absent", "late": "report_in_late",
                "ineffective": "report_in_ineffective"}  # fmt: skip
    for i, one in enumerate(corrected):
        rules_of = lost[one["department"]]
        assert rules_of["supervised"] == 1
        assert {r for r in rules_of if r.startswith("report_in")} == {by_fault[FAULTS[i % 3]]}
    # The lead was overdue and named ten times; bounded as the table says.
    assert lost["HW"]["named"] == 10
    assert lost["HW"]["overdue"] == 10


def test_improper_whistles_buck_passing_and_delay_cost_points_over_the_year(
    huinan: RowTown, corrected: list[dict[str, Any]]
) -> None:
    town = huinan
    town.at("2026-05-06 09:00")
    blown, _ = send(town, LAMP)
    town.act("worker", blown, "whistle-blow", why="不需要", ground="joint_enforcement")
    town.act("centre", blown, "whistle-improper", whistle=1, why="网格内可以解决")
    town.act("centre", blown, "close", why="演示结束")
    passed, _ = send(town, LAMP)
    town.act("centre", passed, "confirm")
    town.act("centre", passed, "dispatch")
    town.act("SZ", passed, "return", kind="wrong_dispatch", why="不归我们")
    town.act("centre", passed, "dispatch")
    town.act("SZ", passed, "accept")
    town.at("2026-05-20 09:00")
    town.act("SZ", passed, "resolve", result="终于修好")
    town.act("worker", passed, "inspect")
    town.act("centre", passed, "close")
    town.at("2026-06-01 09:00")
    town.post("watch", "/api/monthly/2026-05", 201)
    year = town.get("head", "/api/annual/2026")
    assert year["months"] == ["2026-04", "2026-05"]
    assert year["missing"] == ["2026-01", "2026-02", "2026-03"]
    (departments,) = [one for one in year["rankings"] if one["ranking"] == "department"]
    units = {u["code"]: u for c in departments["classes"] for u in c["units"]}
    units |= {u["code"]: u for u in departments["unranked"]}
    assert units["SZ"]["cases"]["passed_off"] == 1
    assert units["SZ"]["cases"]["overdue"] == 1
    assert units["SZ"]["cases"]["supervised"] == 1
    months = [town.get("head", f"/api/monthly/{month}") for month in year["months"]]
    lost = sum(
        unit["lost"]
        for month in months
        for ranking in month["rankings"]
        if ranking["ranking"] == "department"
        for unit in [*ranking["unranked"], *(u for c in ranking["classes"] for u in c["units"])]
        if unit["code"] == "SZ"
    )
    assert units["SZ"]["lost"] == lost > 0
    assert units["SZ"]["score"] == pytest.approx(100 - lost / 2, abs=0.005)
    (streets,) = [one for one in year["rankings"] if one["ranking"] == "area:subdistrict"]
    street = next(
        u
        for u in [*streets["unranked"], *(u for c in streets["classes"] for u in c["units"])]
        if u["code"] == STREETS[0]
    )
    assert street["cases"]["improper_whistle"] == 1
    said = town.command("report", "2026", "--out", town.folder)
    written = json.loads((town.folder / "annual-2026.json").read_text(encoding="utf-8"))
    assert written == year
    assert "2026-01" in said
    before = town.get("head", "/api/annual/2025")
    assert (before["months"], before["rankings"], len(before["missing"])) == ([], [], 12)
    town.get("head", "/api/annual/26", 422)
    town.get("delegate", "/api/annual/2026", 403)


# -- cameras, and reports that sensors send ------------------------------------------------------

CAMERAS = {"camera_public": 2_123, "camera_stairwell": 3_101, "high_viewpoint": 77}
MARK = "哨眼"


@pytest.fixture(scope="module")
def watched(huinan: RowTown, tmp_path_factory) -> Iterator[RowTown]:
    """The county with its cameras: categories for those who supervise alone."""
    folder = rules(tmp_path_factory.mktemp("rules"), None, ("1", "day"))
    packaged = Path(__file__).parents[1] / "gridmap/places/data/place_categories.csv"
    with packaged.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    rows.append({"code": "video", "name": "视频资源", "visibility": "restricted"})
    rows += [
        {"code": code, "parent": "video", "name": name, "pin": "视", "theme": "safety"}
        for code, name in zip(CAMERAS, ("公共探头", "单元楼道探头", "高空瞭望"), strict=True)
    ]
    write_table(folder / "place_categories.csv", rows)
    settings = huinan.workspace.settings.model_copy(update={"rules": folder})
    cameras = [
        {"code": f"V{kind}-{n}", "category": kind, "name": f"{MARK}{n}号", "address": f"{MARK}杆",
         "phone": "", **placed(0.1 + 59.8 * (n * 0.618 % 1), 0.1 + 3.8 * (n * 0.317 % 1))}
        for kind, count in CAMERAS.items()
        for n in range(count)
    ]  # fmt: skip
    cameras.append({"code": "P1", "category": "canteen", "name": "禾南食堂", **placed(1, 1)})
    table = write_table(folder.parent / "cameras.csv", cameras)
    command(settings, huinan.hands, "places", "import", table, "--kind", "places", "--commit")
    with opened(settings, huinan.hands, folder.parent, {}) as town:
        town.keys.update(huinan.keys)
        yield town


def test_every_camera_is_there_for_those_who_supervise_and_for_nobody_else(
    watched: RowTown,
) -> None:
    seen = Counter(one["category"] for one in watched.get("watch", "/api/places")["places"])
    assert {kind: seen[kind] for kind in CAMERAS} == CAMERAS
    for who in ("", "delegate", "worker", "centre", "CG", "head"):
        found = watched.get(who, "/api/places")["places"]
        assert [one["code"] for one in found] == ["P1"], who
        watched.get(who, "/api/places/Vhigh_viewpoint-1", 404)
    assert watched.get("watch", "/api/places/Vhigh_viewpoint-1")["name"] == f"{MARK}1号"


def test_no_public_surface_shows_a_camera(watched: RowTown) -> None:
    town, (lon, lat) = watched, at(1, 1)
    pages = [
        "/", "/services", "/services?text=" + MARK, "/services?category=video",
        "/services/place/Vcamera_public-1", "/maps/party", "/api/places?text=" + MARK,
        "/api/places/Vcamera_public-1", f"/api/places?near={lon},{lat}&within=600",
        "/api/services", f"/api/my-grid?near={lon},{lat}", "/api/catalogue",
        "/api/organisations", "/api/rosters", "/api/openapi.json", "/api/reach/coverage",
    ]  # fmt: skip
    stranger = town.public()
    read = 0
    for path in pages:
        answer = stranger.get(path)
        assert answer.status_code in {200, 401, 403, 404, 422}, (path, answer.status_code)
        read += answer.status_code == 200
        said = answer.text.replace("text=" + MARK, "").replace(f'value="{MARK}"', "")
        assert f"{MARK}1" not in said, path
        assert f"{MARK}杆" not in said, path
        # A camera that is asked for is not there; the refusal repeats what was asked, no more.
        asked = path.rsplit("/", 1)[-1]
        assert answer.status_code == 404 or not asked.startswith("Vcamera"), path
        assert "Vcamera" not in said.replace(asked, ""), path
    assert read >= 8
    for name in ("levels", "party", "services"):
        out = town.folder / f"{name}.html"
        town.command("map", name, "--public", "-o", out)
        text = out.read_text(encoding="utf-8")
        assert MARK not in text
        assert "探头" not in text
        assert not any(kind in text for kind in CAMERAS)
        assert ("禾南食堂" in text) == (name == "services")


def test_what_a_sensor_sends_is_a_report_like_any_other(watched: RowTown) -> None:
    """Of 21 scenes over 9 ports: each an item and a place, with its own source."""
    town = watched
    town.at("2026-06-02 09:00")
    for n in range(21):
        number, _ = send(town, LITTER, BODIES[n % len(BODIES)], source="sensor", text=f"场景{n}")
        order = town.order(number)
        assert (order["state"], order["lead"]) == ("dispatched", "HW")
        assert order["report"]["source"] == "sensor"
        assert order["areas"]["subdistrict"] == BODIES[n % len(BODIES)]
