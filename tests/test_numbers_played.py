"""Numbers and monthly reports of a month that was played at the doors, checked by hand."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyogrio
import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.access import Grant, Role, Scope
from gridmap.errors import BadValue, Conflict, Immutable, NotFound
from gridmap.numbers.document import Side
from gridmap.settings import Settings
from gridmap.times import frozen_clock
from gridmap.workspace import open_workspace
from tests.api_client import LOCAL
from tests.api_town import Hands, fill_town
from tests.case_town import Town, settle
from tests.conftest import KINDS
from tests.numbers_month import play_march, send_out, sign
from tests.route_town import WEST

# Numerator and denominator of each figure of March; see `tests.numbers_month`.
MARCH = {
    "filing": (9, 11),  # A B C D E I J K M / and G, L; H was merged
    "dispatch": (8, 8),  # A B C D I J K M; E never left the grid
    "closing": (8, 9),  # A B C D E I M F / and J; K is due in April
    "on_time": (4, 9),  # A C D E; M by an extension only, which does not count
    "rework": (1, 9),  # B
    "extension": (1, 9),  # M
    "completion": (7, 8),  # A B C D E I M / and J; K is not due
    "reply": (5, 10),  # A C D E G / and B I J M, and H, told what became of B
    "response": (2, 7),  # A M / and B C D I J; K has until April
    "resolution": (2, 2),  # A B; E reached nobody, I was handed up
    "satisfaction": (1, 2),  # A
    "returned": (2, 10),  # C D, of ten sendings
    "accuracy": (9, 10),  # all but the first of C
    "report_in": (1, 2),  # CG, not SW
    "whistle": (1, 9),  # I
    "whistle_rated": (1, 1),  # I
}
LEFT_OUT = {
    "filing": {"merged": 1},
    "dispatch": {"merged": 1, "rejected": 1, "not_accepted": 1, "self_handled": 1},
    "closing": {"merged": 1, "rejected": 1},
    "completion": {"merged": 1, "rejected": 1, "not_accepted": 1, "not_yet_due": 1},
    "response": {"not_yet_due": 1},
    "satisfaction": {"not_reached": 1, "escalated": 1},
}
HW = {"closing": (6, 7), "on_time": (2, 7), "returned": (2, 9), "accuracy": (8, 9)}
# What the sanitation unit loses: J, B, I late; J unsigned; B, C, D, I, J not spoken to; D passed
# off; B sent back and its sender dissatisfied; the supervision order, and its late answer.
HW_LOST = 3 * 1 + 0.5 + 5 * 0.5 + 2 + 1 + 0.5 + 5 + 2


@dataclass
class Played:
    """The town after its March, with the numbers of the orders by letter."""

    town: Town
    orders: dict[str, int]
    folder: Path

    def get(self, who: str, path: str, status: int = 200) -> Any:
        answer = self.town.ask(who, "GET", path)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, who: str, path: str, body: dict[str, Any], status: int = 200) -> Any:
        answer = self.town.ask(who, "POST", path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture(scope="module", params=KINDS)
def played(
    request: pytest.FixtureRequest,
    made_store: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Played]:
    """March, in either kind of store; the first of April, nine o'clock."""
    folder = tmp_path_factory.mktemp("numbers")
    made = made_store(request.param)
    if request.param == "geopackage":
        where = str(folder / "town.gpkg")
        shutil.copyfile(made, where)
    else:
        server = request.getfixturevalue("postgres")
        where = server.url(server.create_database(template=made))
    settings = Settings(store=where, secrets=folder / "secrets")
    hands = Hands(datetime(2026, 1, 2, tzinfo=UTC))
    with open_workspace(settings=settings, clock=hands) as workspace:
        fill_town(workspace, folder)
        workspace.ensure_keys()
        hands.set("2026-01-05 09:00")
        keys = settle(workspace)
        # A dispatcher of one community alone.
        workspace.add_user(
            "west", [Grant(Role.DISPATCHER, Scope.of(areas=[f"community:{WEST}002"]))]
        )
        keys["west"] = workspace.add_key("west").token
        town = Town(workspace, TestClient(create_app(workspace=workspace), client=LOCAL), keys)
        yield Played(town, play_march(town), folder)


def figures(kpis: list[dict[str, Any]]) -> dict[str, tuple[int, int]]:
    return {one["kpi"]: (one["numerator"], one["denominator"]) for one in kpis}


def test_every_figure_of_the_month_is_as_counted_by_hand(played: Played) -> None:
    found = played.get("jian", "/api/numbers?month=2026-03")
    assert figures(found["kpis"]) == MARCH
    left_out = {one["kpi"]: one["not_counted"] for one in found["kpis"]}
    assert {name: left_out[name] for name in LEFT_OUT} == LEFT_OUT
    shares = {one["kpi"]: one["share"] for one in found["kpis"]}
    assert shares["on_time"] == pytest.approx(4 / 9, abs=1e-6)


def test_a_month_reads_the_same_by_its_days_and_whenever_it_is_counted(played: Played) -> None:
    again = played.get("jian", "/api/numbers?since=2026-03-01&until=2026-04-01")
    assert figures(again["kpis"]) == MARCH
    # As it stood at the end of the twelfth: nothing of what came later.
    day = figures(played.get("jian", "/api/numbers?since=2026-03-12&until=2026-03-13")["kpis"])
    assert day["filing"] == (7, 8)
    # Due on the twelfth: A B C D E, and I, not closed yet; M is due on the sixteenth.
    assert day["closing"] == (5, 6)
    assert day["on_time"] == (4, 6)
    february = figures(played.get("jian", "/api/numbers?month=2026-02")["kpis"])
    assert (february["closing"], february["dispatch"]) == ((0, 1), (1, 1))


def test_figures_by_department_item_and_area_add_up_to_the_whole(played: Played) -> None:
    by = {
        way: played.get("jian", f"/api/numbers?month=2026-03&by={way}")["groups"]
        for way in ("department", "item", "subdistrict", "community", "grid", "microgrid")
    }
    for way, groups in by.items():
        for kpi, whole in MARCH.items():
            parts = [figures(one["kpis"])[kpi] for one in groups]
            assert tuple(map(sum, zip(*parts, strict=True))) == whole, (way, kpi)
    hw = next(one for one in by["department"] if one["code"] == "HW")
    assert hw["name"] == "环卫中心"
    assert HW.items() <= figures(hw["kpis"]).items()
    alone = played.get("jian", "/api/numbers?month=2026-03&department=HW")
    assert figures(alone["kpis"]) == figures(hw["kpis"])
    spoil = played.get("jian", "/api/numbers?month=2026-03&item=0102")
    assert figures(spoil["kpis"])["closing"] == (1, 1)
    here = played.get("jian", f"/api/numbers?month=2026-03&area=community:{WEST}001")
    assert figures(here["kpis"]) == MARCH
    there = played.get("jian", f"/api/numbers?month=2026-03&area=community:{WEST}002")
    assert set(figures(there["kpis"]).values()) == {(0, 0)}


def test_figures_are_the_same_however_few_orders_are_read_at_once(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "/api/numbers?month=2026-03&by=item&edition=town"
    whole = played.get("jian", path)
    for batch, dense in ((2, 0.0), (2, 99.0), (5_000, 0.0)):
        monkeypatch.setattr("gridmap.store.numbers._BATCH", batch)
        monkeypatch.setattr("gridmap.store.numbers._DENSE", dense)
        monkeypatch.setattr("gridmap.workspace.counting._AT_ONCE", batch)
        assert played.get("jian", path) == whole


def test_who_acts_for_one_department_or_place_sees_its_numbers_alone(played: Played) -> None:
    own = figures(played.get("hao", "/api/numbers?month=2026-03")["kpis"])
    assert own["closing"] == HW["closing"]
    assert figures(played.get("cao", "/api/numbers?month=2026-03")["kpis"])["report_in"] == (1, 1)
    assert figures(played.get("west", "/api/numbers?month=2026-03")["kpis"])["filing"] == (0, 0)
    assert played.get("", "/api/numbers", 401)["status"] == 401


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("month=2026-13", 422, "month"),
        ("month=March", 422, "month"),
        ("month=2026-05", 404, "future"),
        ("month=2026-03&since=2026-03-01", 422, "not both"),
        ("until=2026-03-01", 422, "beginning"),
        ("since=2026-03-02&until=2026-03-01", 422, "ends after"),
        ("month=2026-03&by=colour", 422, "colour"),
        ("month=2026-03&area=grid", 422, "LEVEL:CODE"),
        ("month=2026-03&area=planet:1", 422, "planet"),
        ("month=2026-03&edition=none", 404, "none"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused_by_name(
    played: Played, query: str, status: int, said: str
) -> None:
    assert said in json.dumps(played.get("jian", f"/api/numbers?{query}", status))


def test_an_empty_month_and_one_without_a_former_one_are_reports_too(played: Played) -> None:
    workspace = played.town.workspace
    empty = workspace.draft_monthly("2026-01")
    assert empty["former"] is None
    assert {(one["numerator"], one["denominator"]) for one in empty["kpis"]} == {(0, 0)}
    assert {one["share"] for one in empty["kpis"]} == {None}
    assert empty["problems"]["carried_total"] == empty["problems"]["standing_total"] == 0
    assert (empty["deductions"], len(empty["days"])) == ([], 31)
    assert "本月没有" in workspace.monthly_html(empty, lang="zh")
    assert workspace.monthly_workbook(empty, lang="zh")[:2] == b"PK"
    assert workspace.draft_monthly("2026-02")["former"] is None
    # Before there was any edition there is nothing to draw.
    assert workspace.draft_monthly("2024-01")["load"] is None
    for month in ("2026-13", "26-03", ""):
        with pytest.raises(BadValue, match="not a month"):
            workspace.draft_monthly(month)
    with pytest.raises(NotFound, match="future"):
        workspace.draft_monthly("2026-05")


def test_a_report_is_issued_once_when_its_month_is_over(played: Played) -> None:
    assert played.get("zhang", "/api/monthly/2026-03", 404)["status"] == 404
    # Looked at by those who issue it for the whole place.
    assert played.get("ling", "/api/monthly/2026-03/draft")["issue"] is None
    played.get("hao", "/api/monthly/2026-03/draft", 403)
    played.get("west", "/api/monthly/2026-03/draft", 403)
    played.post("hao", "/api/monthly/2026-03", {}, 403)
    early = played.post("jian", "/api/monthly/2026-04", {}, 409)
    assert "not over" in early["title"] + early["detail"]
    played.post("jian", "/api/monthly/2026-03", {"addressees": ["nobody"]}, 404)
    assert "nothing to correct" in json.dumps(
        played.post("jian", "/api/monthly/2026-03", {"correct": "typing error"}, 409)
    )
    body = {"addressees": ["HW", "CG"]}
    issued = played.post("jian", "/api/monthly/2026-03", body, 201)
    assert issued["issue"]["serial"] == "月报〔2026〕1号"
    assert [one["code"] for one in issued["issue"]["addressees"]] == ["HW", "CG"]
    # Whatever happens to its orders afterwards, it stays.
    played.town.at("2026-04-02 09:00")
    played.town.act("zhang", played.orders["J"], "close", why="closed with the test")
    assert played.post("zhang", "/api/monthly/2026-03", {}, 200) == issued
    assert played.get("hao", "/api/monthly/2026-03") == issued
    assert [one["month"] for one in played.get("hao", "/api/monthly")["issues"]] == ["2026-03"]
    page = played.town.ask("jian", "GET", "/monthly").text
    assert "月报〔2026〕1号" in page
    assert "2026-04?draft=true" in page


def test_its_addressees_leaders_and_programs_are_told_of_it_once(played: Played) -> None:
    def told(who: str) -> list[str]:
        notices = played.get(who, "/api/inbox?limit=1000")["notices"]
        return [one["text"] for one in notices if one["kind"] == "monthly"]

    text = "月报〔2026〕1号：2026-03 月报已印发"
    assert told("hao") == told("cao") == told("ling") == [text]
    # Not those of a department that it is not addressed to.
    assert told("shui") == told("wang") == []
    for who in ("hao", "jian"):
        stream = played.town.ask(who, "GET", "/api/events?after=0&wait_s=0").text
        assert stream.count("event: monthly_report.issue") == 1, who
        assert '"addressees":["HW","CG"]' in stream


def test_units_are_ranked_by_what_was_taken_off(played: Played) -> None:
    report = played.get("hao", "/api/monthly/2026-03")
    rankings = {one["ranking"]: one for one in report["rankings"]}
    departments = [unit for c in rankings["department"]["classes"] for unit in c["units"]]
    assert [(u["code"], u["place"], u["score"]) for u in departments] == [
        ("CG", 1, 100.0), ("HW", 2, 100 - HW_LOST),
    ]  # fmt: skip
    assert [u["code"] for u in rankings["department"]["unranked"]] == ["SW"]
    (community,) = [u for c in rankings["area:community"]["classes"] for u in c["units"]]
    assert (community["code"], community["score"], community["due"]) == (f"{WEST}001", 96.5, 9)
    # Each deduction has its case.
    taken = {one["key"]: one["points"] for one in report["deductions"] if one["unit"] == "HW"}
    assert sum(taken.values()) == HW_LOST
    orders = played.orders
    assert {key for key in taken if key.startswith("overdue/")} == {
        f"overdue/department/HW/{orders[letter]}" for letter in "BIJ"
    }
    assert f"passed_off/department/HW/{orders['D']}" in taken
    assert {d["unit"] for d in report["deductions"] if d["rule"] == "report_in_absent"} == {"SW"}


def test_problems_supervision_and_rules_of_routing_are_told(played: Played) -> None:
    report = played.get("hao", "/api/monthly/2026-03")
    orders, problems = played.orders, report["problems"]
    (carried,) = problems["carried"]
    assert (carried["number"], carried["corrected_at"][:16]) == (orders["F"], "2026-03-03T10:00")
    assert (problems["carried_total"], problems["corrected"]) == (1, 1)
    assert [one["number"] for one in problems["standing"]] == [orders["J"]]
    (demand,) = report["supervision"]
    assert demand["replied_at"] > demand["reply_by"]
    (rule,) = report["routing"]
    assert (rule["sent"], rule["returned"], rule["wrong"]) == (8, 2, 1)
    days = {one["date"]: (one["received"], one["closed"]) for one in report["days"]}
    assert days["2026-03-12"] == (9, 5)
    assert (days["2026-03-30"], days["2026-03-31"]) == ((1, 0), (2, 0))
    assert sum(one["orders"] for one in report["load"]["areas"]) == 12
    assert report["former"]["month"] == "2026-02"


def test_page_workbook_and_json_say_the_same(
    played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = played.get("hao", "/api/monthly/2026-03")
    html = played.town.ask("hao", "GET", "/monthly/2026-03").text
    answer = played.town.ask("hao", "GET", "/api/monthly/2026-03/workbook")
    path = tmp_path / "march.xlsx"
    path.write_bytes(answer.content)
    sheets = [str(name) for name, _ in pyogrio.list_layers(path)]
    first = pyogrio.read_dataframe(path, layer=sheets[0], use_arrow=False)
    read = [(int(row[1]), int(row[2])) for row in first.itertuples(index=False)]
    assert read == [MARCH[one["kpi"]] for one in report["kpis"]] == list(MARCH.values())
    chinese = html[: html.index('class="side side-en"')]
    rows = re.findall(r'<th scope="row">(\S+)</th>\s*<td class="num">(\d+) / (\d+)</td>', chinese)
    assert [(int(n), int(d)) for _, n, d in rows] == list(MARCH.values())
    lost = pyogrio.read_dataframe(path, layer=sheets[2], use_arrow=False)
    assert -lost.iloc[:, 2].astype(float).sum() == sum(d["points"] for d in report["deductions"])
    assert len(lost) == len(report["deductions"])
    # One of a district goes through files, and says the same.
    monkeypatch.setattr("gridmap.numbers.workbook._MANY", 0)
    large = tmp_path / "large.xlsx"
    large.write_bytes(played.town.ask("hao", "GET", "/api/monthly/2026-03/workbook").content)
    for name in sheets:
        one, other = (pyogrio.read_dataframe(p, layer=name) for p in (path, large))
        assert one.equals(other)
    for one in ("2026年3月", "月报〔2026〕1号", "环卫中心", "83.5", "审图号", "督办〔2026〕1号"):
        assert one in chinese
    english = html[html.index('class="side side-en"') :]
    assert "Sanitation service" in english
    assert re.search(r"数据截至 [\d: -]+（北京时间）。", chinese)
    assert "(Beijing time)" in english
    assert "http" not in html.replace("http-equiv", "")
    assert "<script" not in html


@pytest.mark.parametrize(
    ("site", "zh", "en"),
    [
        ("Asia/Urumqi", "（时区 Asia/Urumqi）", "(time zone Asia/Urumqi)"),
        ("Asia/Shanghai", "（北京时间）", "(Beijing time)"),
    ],
)
def test_the_times_of_a_report_are_named_by_the_sites_zone(
    store_url: str, site: str, zh: str, en: str
) -> None:
    settings = Settings(store=store_url, zone=site)
    clock = frozen_clock(datetime(2026, 3, 31, 20, tzinfo=UTC))
    with open_workspace(settings=settings, clock=clock) as workspace:
        report = workspace.draft_monthly("2026-02")
        html = workspace.monthly_html(report, lang="zh")
        assert zh in html
        assert en in html
    # An issue keeps its times, and says what they are when the site has another zone now.
    other = {"Asia/Urumqi": "UTC+06:00", "Asia/Shanghai": "UTC+08:00"}[site]
    assert Side("zh", report).zone("Europe/London") == f"时区 {other}"


def test_an_appeal_is_decided_by_others_and_lifted_by_a_correction(played: Played) -> None:
    orders = played.orders
    key = f"no_contact/department/HW/{orders['C']}"
    body = {"deduction": key, "why": "the order was not ours"}
    doors = "/api/monthly/2026-03/appeals", "/api/monthly/2026-03/decisions"
    played.post("jian", doors[0], body, 403)
    played.post("cao", doors[0], body, 403)
    played.post("hao", doors[0], body | {"deduction": "no/such/thing"}, 404)
    played.post("hao", "/api/monthly/2026-02/appeals", body, 404)
    played.post("hao", doors[0], body | {"why": ""}, 422)
    assert played.post("hao", doors[0], body, 201)["state"] == "open"
    played.post("hao", doors[0], body, 409)
    # The community's own officer speaks for the community, and for no department.
    area = f"dissatisfied/area:community/{WEST}001/{orders['B']}"
    played.post("zhou", doors[0], body | {"deduction": area}, 201)
    played.post("zhou", doors[0], {"deduction": f"rework/department/HW/{orders['B']}",
                                   "why": "x"}, 403)  # fmt: skip
    assert "申诉中" in played.town.ask("hao", "GET", "/monthly/2026-03").text
    decision = {"deduction": key, "upheld": True, "why": "it was sent to the wrong department"}
    played.post("hao", doors[1], decision, 403)
    assert played.post("jian", doors[1], decision)["state"] == "upheld"
    played.post("jian", doors[1], decision, 409)
    refused = {"deduction": area, "upheld": False, "why": "the bin is the community's"}
    played.post("ling", doors[1], refused)
    appeals = played.get("cao", doors[0])["appeals"]
    assert [(one["deduction"], one["state"]) for one in appeals] == [
        (key, "upheld"), (area, "refused"),
    ]  # fmt: skip
    assert [said["by"] for said in appeals[0]["history"]] == ["hao", "jian"]
    # What was issued stays; a correction takes the decision up under a number of its own.
    before = played.get("hao", "/api/monthly/2026-03")
    played.post("jian", "/api/monthly/2026-03", {"correct": " "}, 422)
    after = played.post("jian", "/api/monthly/2026-03", {"correct": "an appeal was upheld"}, 201)
    assert (after["issue"]["seq"], after["issue"]["issue"]) == (2, 2)
    assert [one["code"] for one in after["issue"]["addressees"]] == ["HW", "CG"]
    scores = {
        unit["code"]: unit["score"] for c in after["rankings"][0]["classes"] for unit in c["units"]
    }
    assert scores == {"CG": 100.0, "HW": 100 - HW_LOST + 0.5}
    assert {d["key"] for d in after["deductions"] if d["lifted"]} == {key}
    assert figures(after["kpis"]) == MARCH
    assert played.get("hao", "/api/monthly/2026-03?issue=1") == before
    assert played.get("hao", "/api/monthly/2026-03") == after
    html = played.town.ask("hao", "GET", "/monthly/2026-03").text
    assert "it was sent to the wrong department" in html


def test_what_was_issued_or_said_is_changed_by_no_program(played: Played) -> None:
    store = played.town.workspace.store
    for table, column in (("monthly_issues", "why"), ("appeal_steps", "why")):
        for statement in (f"UPDATE {table} SET {column} = 'x'", f"DELETE FROM {table}"):
            with pytest.raises(Immutable), store._database.write() as connection:
                connection.exec_driver_sql(statement)
    if store.kind == "geopackage":
        other = sqlite3.connect(store.where)
        with pytest.raises(sqlite3.IntegrityError, match="never changed"):
            other.execute("DELETE FROM monthly_issues")
        other.close()


def test_a_decision_meanwhile_stops_a_correction(played: Played) -> None:
    workspace = played.town.workspace
    with pytest.raises(Conflict, match="decided just now"):
        workspace.store.add_issue(
            "2026-03", 2026, by="x", addressees=[], why="x", data={}, lifted={}, correct=True
        )
    with pytest.raises(NotFound):
        workspace.monthly("2026-03", issue=9)


def test_orders_are_counted_on_the_areas_of_another_edition(played: Played) -> None:
    """A redraw takes the corner where all happened into the eastern grid."""
    import geopandas as gpd

    from gridmap.areas import DEFAULT_LEVELS
    from gridmap.coverage.importing.incoming import ColumnMap
    from tests.route_town import write_town

    workspace, folder = played.town.workspace, played.folder / "redrawn"
    folder.mkdir(exist_ok=True)
    paths = write_town(folder)
    grids = gpd.read_file(paths["microgrid"])
    old, new = f"{WEST}00100101", f"{WEST}00100209"
    grids.loc[grids["code"] == old, ["code", "parent"]] = [new, f"{WEST}001002"]
    grids.to_file(paths["microgrid"], driver="GPKG", engine="pyogrio")
    for level in DEFAULT_LEVELS.names:
        layer = gpd.read_file(paths[level])
        if level == "grid":
            shapes = {code: grids[grids["parent"] == code].union_all() for code in layer["code"]}
            layer["geometry"] = [
                g if shapes[c].is_empty else shapes[c]
                for c, g in zip(layer["code"], layer.geometry, strict=True)
            ]
            layer.to_file(paths[level], driver="GPKG", engine="pyogrio")
        columns = ColumnMap(
            code="code", name="name", name_en="name_en", kind="kind",
            parent=None if level == DEFAULT_LEVELS.names[0] else "parent",
        )  # fmt: skip
        workspace.import_layer(
            str(paths[level]), edition="redrawn", level=level, columns=columns, commit=True
        )
    workspace.publish("redrawn", effective_from="2026-06-01", commit=True)
    recorded = played.get("jian", "/api/numbers?month=2026-03&by=grid")["groups"]
    assert [one["code"] for one in recorded] == [f"{WEST}001001"]
    carried = played.get("jian", "/api/numbers?month=2026-03&by=grid&edition=redrawn")["groups"]
    assert [(one["code"], figures(one["kpis"])) for one in carried] == [(f"{WEST}001002", MARCH)]
    fine = f"/api/numbers?month=2026-03&edition=redrawn&area=microgrid:{new}"
    assert figures(played.get("jian", fine)["kpis"]) == MARCH
    # Of the edition that answered then nothing has changed.
    whole = played.get("jian", "/api/numbers?month=2026-03&by=microgrid&edition=town")["groups"]
    assert [one["code"] for one in whole] == [old]


def test_the_commands_write_what_was_issued_and_drafts(
    played: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from gridmap.cli.app import app

    store = played.town.workspace.settings.store
    monkeypatch.setenv("GRIDMAP_STORE", store)
    monkeypatch.setenv("GRIDMAP_FROZEN_NOW", "2026-05-04T09:00:00+08:00")

    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, list(words))
        assert done.exit_code == code, (done.output, done.exception)
        return str(done.output)

    said = run("report", "2026-03", "--out", str(tmp_path))
    assert "月报〔2026〕2号" in said
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "monthly-2026-03-2.html", "monthly-2026-03-2.json", "monthly-2026-03-2.xlsx",
    ]  # fmt: skip
    written = json.loads((tmp_path / "monthly-2026-03-2.json").read_text(encoding="utf-8"))
    assert figures(written["kpis"]) == MARCH
    assert "nothing was stored" in run("report", "2026-04", "--out", str(tmp_path / "new"))
    issued = run("report", "2026-04", "--issue", "--to", "HW", "--out", str(tmp_path))
    assert "Issued: 月报〔2026〕3号" in issued
    assert "unchanged" in run("report", "2026-04", "--issue", "--out", str(tmp_path))
    shown = run("numbers", "--month", "2026-03", "--by", "department", "--lang", "en")
    assert "44.44%" in shown
    assert "Sanitation service" in shown
    # J, K and L were carried into April, and J was closed in it.
    april = json.loads(run("numbers", "--month", "2026-04", "--json", "-"))
    assert figures(april["kpis"])["closing"] == (1, 3)
    run("report", "2026-13", code=2)
    run("report", "2026-06", code=3)
    run("report", "2026-04", "--format", "pdf", code=2)
    run("report", "2026-04", "--to", "HW", code=2)
    run("numbers", "--lang", "fr", code=2)


# -- at the turn of a month, played in summer; the figures above are of spring ---------


def taken(played: Played, month: str, case: int | str) -> list[tuple[str, str, str]]:
    """What a case costs departments in a month, as a draft has it: rule, unit, day."""
    report = played.get("jian", f"/api/monthly/{month}/draft")
    return [
        (one["rule"], one["unit"], one["at"][:10])
        for one in report["deductions"]
        if case in {one["number"], one["supervision"]} and one["ranking"] == "department"
    ]


def test_nobody_loses_points_for_time_that_was_given_after_it_was_over(played: Played) -> None:
    town = played.town
    town.at("2026-06-25 09:00")
    given, short, left = (send_out(town, item="0102")[0] for _ in range(3))
    for number in (given, short, left):
        town.act("hao", number, "contact")
        sign(town, number)
    town.at("2026-06-26 09:00")
    town.act("hao", given, "extend", why="a lorry is needed", until="2026-08-20T12:00")
    town.act("hao", short, "extend", why="a lorry is needed", until="2026-07-10T12:00")
    # All were due on the 29th of June.
    town.at("2026-07-01 10:00")
    for number in (given, short):
        town.act("zhang", number, "extend-approve")
    town.at("2026-08-03 09:00")
    costs = {"overdue", "carried_over"}

    def lateness(month: str, number: int) -> list[tuple[str, str, str]]:
        return [one for one in taken(played, month, number) if one[0] in costs]

    for number in (given, short, left):
        assert lateness("2026-06", number) == [("overdue", "HW", "2026-06-29")]
    assert lateness("2026-07", given) == []
    assert lateness("2026-07", short) == [("overdue", "HW", "2026-07-10")]
    assert lateness("2026-07", left) == [("carried_over", "HW", "2026-07-01")]


def test_a_call_costs_in_the_month_in_which_its_verdict_is_given(played: Played) -> None:
    town = played.town
    town.at("2026-06-29 17:00")
    number, _ = send_out(town)
    town.act("chen", number, "whistle-blow", why="sewer too", ground="beyond_street")
    town.act("chen", number, "whistle-call", whistle=1, departments=["CG", "SW"])
    came = {"whistle": 1, "how_many": 2, "where": "at the gate"}
    town.at("2026-06-30 09:30")
    town.act("cao", number, "whistle-report-in", who="Cao", **came)
    # The limit is one day: nobody has come from the waterworks.
    town.at("2026-06-30 18:00")
    town.at("2026-07-01 09:00")
    town.act("shui", number, "whistle-report-in", who="Shui", **came)
    town.at("2026-07-02 09:00")
    for verdict in ("late", "ineffective"):
        judged = {"whistle": 1, "department": "CG", "verdict": verdict, "why": "looked on"}
        town.act("jian", number, "whistle-judge", **judged)
    town.at("2026-08-03 09:00")

    def costs(month: str) -> list[tuple[str, str, str]]:
        return [one for one in taken(played, month, number) if one[0].startswith("report_in")]

    assert costs("2026-06") == [("report_in_absent", "SW", "2026-06-30")]
    # What came late was absent before, and is not charged twice.
    assert costs("2026-07") == [("report_in_ineffective", "CG", "2026-07-02")]


def test_a_reply_that_was_refused_is_no_answer(played: Played) -> None:
    town = played.town

    def demanded(reply_by: str) -> tuple[str, str]:
        body = {"department": "HW", "subject": "积压", "demands": "整改", "reply_by": reply_by}
        made = played.post("jian", "/api/supervision", body, 201)
        return f"/api/supervision/{made['id']}", made["serial"]

    def answer(door: str) -> None:
        played.post("hao", f"{door}/answer", {"reply": "已整改"})

    def refuse(door: str, reply_by: str) -> None:
        played.post("jian", f"{door}/refuse", {"why": "仍有残留", "reply_by": reply_by})

    town.at("2026-06-08 09:00")
    silent, silents = demanded("2026-06-15T12:00")
    late, lates = demanded("2026-06-09T12:00")
    turn, turns = demanded("2026-06-30T12:00")
    town.at("2026-06-10 09:00")
    answer(silent)
    answer(late)
    town.at("2026-06-11 09:00")
    refuse(silent, "2026-06-20T12:00")
    refuse(late, "2026-06-25T12:00")
    town.at("2026-06-24 09:00")
    answer(late)
    shown = played.get("hao", silent)
    assert (shown["late"], shown["replied_at"], shown["reply"]) == (True, None, "")
    (refused,) = shown["refusals"]
    assert (refused["reply"], refused["replied_by"], refused["why"]) == (
        "已整改",
        "hao",
        "仍有残留",
    )
    assert [refused[at][:10] for at in ("reply_by", "replied_at", "refused_at")] == [
        "2026-06-15", "2026-06-10", "2026-06-11",
    ]  # fmt: skip
    sheet = town.ask("hao", "GET", silent.removeprefix("/api")).text
    assert sheet.index("已整改") < sheet.index("仍有残留")
    town.at("2026-06-30 09:00")
    answer(turn)
    town.at("2026-07-02 09:00")
    refuse(turn, "2026-07-08T12:00")
    town.at("2026-07-03 09:00")
    answer(silent)
    town.at("2026-08-03 09:00")

    def lateness(month: str, serial: str) -> list[str]:
        return [day for rule, _, day in taken(played, month, serial) if rule.endswith("_late")]

    assert lateness("2026-06", silents) == ["2026-06-20"]
    assert lateness("2026-06", lates) == ["2026-06-09"]
    assert lateness("2026-06", turns) == []
    assert [lateness("2026-07", one) for one in (silents, lates, turns)] == [[], [], ["2026-07-08"]]
    june, july = (played.get("jian", f"/api/monthly/2026-0{n}/draft") for n in (6, 7))

    def problems(report: dict[str, Any], which: str) -> dict[str, str | None]:
        found = report["problems"][which]
        return {one["supervision"]: one["corrected_at"] for one in found if one["supervision"]}

    assert problems(june, "standing") == {silents: None}
    corrected = problems(july, "carried")
    assert [(name, str(at)[:10]) for name, at in corrected.items()] == [(silents, "2026-07-03")]
    assert problems(july, "standing") == {turns: None}
    # June's report has it as it stood at the end of June, whenever it is counted.
    (then,) = [one for one in june["supervision"] if one["serial"] == turns]
    assert (then["reply_by"][:10], then["replied_at"][:10]) == ("2026-06-30", "2026-06-30")
