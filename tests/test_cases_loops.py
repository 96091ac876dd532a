"""The two loops of six steps, played through HTTP by people with keys, the clock moved by hand."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.outgoing import verify
from gridmap.outgoing.signatures import HEADER
from gridmap.settings import Settings
from gridmap.workspace import open_workspace
from tests.api_client import LOCAL
from tests.api_town import Hands, fill_town
from tests.case_town import Town, receiver, settle
from tests.conftest import KINDS


@pytest.fixture(scope="module", params=KINDS)
def settled(
    request: pytest.FixtureRequest,
    made_store: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Town]:
    """The town with its people, in either kind of store."""
    folder = tmp_path_factory.mktemp("loops")
    made = made_store(request.param)
    if request.param == "geopackage":
        where = str(folder / "town.gpkg")
        shutil.copyfile(made, where)
    else:
        server = request.getfixturevalue("postgres")
        where = server.url(server.create_database(template=made))
    settings = Settings(store=where, secrets=folder / "secrets", outgoing_private=True)
    hands = Hands(datetime(2026, 1, 2, tzinfo=UTC))
    with open_workspace(settings=settings, clock=hands) as workspace:
        fill_town(workspace, folder)
        workspace.ensure_keys()
        hands.set("2026-01-05 09:00")
        keys = settle(workspace)
        app = create_app(workspace=workspace)
        yield Town(workspace, TestClient(app, client=LOCAL), keys)


@pytest.fixture
def town(settled: Town) -> Town:
    """The town on a Thursday morning at nine."""
    settled.at("2026-03-12 09:00")
    return settled


def test_the_small_loop_is_closed_on_the_spot_and_rated(town: Town) -> None:
    number, key = town.report()
    town.act("wang", number, "self-handle", 422)
    assert town.act("wang", number, "self-handle", result="picked up")["state"] == "resolved"
    town.act("wang", number, "inspect", 403)
    assert "to_inspect" in town.told("li", number)
    town.act("zhang", number, "close", 409)
    town.act("li", number, "inspect")
    closed = town.act("zhang", number, "close")
    assert (closed["state"], closed["answer"]) == ("closed", "picked up")
    assert town.ask("zhang", "GET", f"/api/reports/{number}").json()["closed_at"] is not None
    # Only who sent it may rate it, and sees no more than the answer.
    town.act("", number, "rate", 401, satisfied=True)
    town.act("", number, "rate", 401, satisfied=True, key="somebody-elses-key")
    rated = town.act("", number, "rate", satisfied=False, resolved=True, key=key)
    assert set(rated) == {
        "number", "version", "state", "open", "due_at", "closed_at", "answer", "answered_at",
        "rating", "reopen_asked_at",
    }  # fmt: skip
    assert "dissatisfied" in town.told("zhang", number)
    town.act("zhang", number, "reopen", why="call-back: the bin is full again")
    assert town.ask("zhang", "GET", f"/api/reports/{number}").json()["closed_at"] is None
    town.act("zhang", number, "dispatch")
    town.act("cao", number, "accept", 403)
    town.act("hao", number, "accept")
    town.act("hao", number, "start")
    town.act("hao", number, "resolve", result="emptied")
    town.act("wang", number, "inspect", 403)
    town.act("li", number, "inspect")
    town.act("zhang", number, "close")
    town.act("zhang", number, "reopen", 409, why="once more")
    assert town.order(number)["version"] == len(town.history(number))


def test_the_big_loop_with_every_limit_passed(town: Town) -> None:
    number, key = town.report()
    town.at("2026-03-12 11:01")
    assert town.told("zhang", number) == ["new_report", "unconfirmed"]
    town.act("zhang", number, "confirm")
    order = town.act("zhang", number, "dispatch")
    assert (order["lead"], order["due_at"][:16]) == ("HW", "2026-03-12T14:30")
    assert town.told("hao", number) == ["new"]
    town.at("2026-03-12 13:30")
    assert town.told("hao", number) == ["new", "soon_due"]
    # At its due time it goes up to the sub-district.
    town.at("2026-03-12 14:31")
    assert town.order(number)["level"] == "S"
    assert town.order(number)["overdue"] is True
    assert "escalated" in town.told("chen", number)
    town.at("2026-03-12 17:01")
    assert "unsigned" in town.told("hao", number)
    # Need: the sub-district blows the whistle, two departments are called.
    town.act("cao", number, "whistle-blow", 403, why="x", ground="emergency")
    blown = town.act("chen", number, "whistle-blow", why="sewer too", ground="beyond_street")
    assert blown["whistles"][0]["state"] == "blown"
    town.act("chen", number, "whistle-call", whistle=1, departments=["CG", "SW"])
    assert town.order(number)["level"] == "X"
    assert town.told("cao", number) == ["called"]
    town.at("2026-03-13 10:00")
    came = {"whistle": 1, "who": "Cao", "how_many": 2, "where": "at the gate"}
    town.act("cao", number, "whistle-report-in", **came)
    town.act("hao", number, "whistle-report-in", 403, **came)
    town.at("2026-03-13 17:02")
    verdicts = {c["department"]: c["verdict"] for c in town.order(number)["whistles"][0]["calls"]}
    assert verdicts == {"CG": "on_time", "SW": "absent"}
    assert "absent" in town.told("shui", number)
    town.act("shui", number, "whistle-report-in", **came)
    verdicts = {c["department"]: c["verdict"] for c in town.order(number)["whistles"][0]["calls"]}
    assert verdicts == {"CG": "on_time", "SW": "late"}
    town.act("zhang", number, "whistle-judge", whistle=1, department="CG",
             verdict="ineffective", why="stood by")  # fmt: skip
    # The day after the due time in writing, copied upward; five working days later listed.
    assert "written" in town.told("hao", number)
    assert "written" in town.told("jian", number)
    town.at("2026-03-19 17:29")
    assert town.order(number)["named_at"] is None
    town.at("2026-03-19 17:31")
    assert town.order(number)["named_at"] is not None
    assert "named" in town.told("ling", number)
    # A supervision order, answered late, sent back, answered again, closed.
    body = {"department": "HW", "subject": "积压", "demands": "三日内整改", "number": number,
            "reply_by": "2026-03-21T12:00", "copies": ["CG"]}  # fmt: skip
    assert town.ask("hao", "POST", "/api/supervision", json=body).status_code == 403
    issued = town.ask("jian", "POST", "/api/supervision", json=body).json()
    assert issued["serial"].startswith("督办〔2026〕")
    town.at("2026-03-21 12:00")
    assert "supervision_late" in town.told("jian", number)
    path = f"/api/supervision/{issued['id']}"
    assert town.ask("cao", "POST", f"{path}/answer", json={"reply": "x"}).status_code == 403
    assert town.ask("hao", "POST", f"{path}/answer", json={"reply": "two more cars"}).json()[
        "state"
    ]
    again = {"why": "since when?", "reply_by": "2026-03-24"}
    assert town.ask("jian", "POST", f"{path}/refuse", json=again).json()["state"] == "issued"
    town.ask("hao", "POST", f"{path}/answer", json={"reply": "since Monday"})
    sheet = town.ask("cao", "GET", f"/supervision/{issued['id']}").text
    assert "督办单" in sheet
    assert "since Monday" in sheet
    stale = town.ask("jian", "POST", f"{path}/close", json={"outcome": "done", "version": 1})
    assert stale.status_code == 409
    closed = town.ask("jian", "POST", f"{path}/close", json={"outcome": "done"}).json()
    assert closed["state"] == "closed"
    # At last it is done, not well enough at first; the first promise stays what counts.
    town.act("hao", number, "accept")
    town.act("hao", number, "resolve", result="swept")
    town.act("hao", number, "inspect", 403)
    town.act("wang", number, "rework", why="half of it")
    assert town.told("hao", number)[-1] == "rework"
    town.act("hao", number, "resolve", result="all of it")
    town.act("wang", number, "inspect")
    town.act("zhang", number, "close", answer="全部清理")
    town.act("", number, "rate", satisfied=True, resolved=True, key=key)
    order = town.order(number)
    assert order["due_original"] == order["due_at"]
    assert order["state"] == "rated"
    assert order["supervision"][0]["serial"] == issued["serial"]
    history = town.history(number)
    steps = [e["fields"]["step"] for e in order["history"] if e["action"] == "order.remind"]
    assert sorted(steps) == ["overdue", "soon_due", "unconfirmed", "unsigned", "written"]
    assert history.count("order.escalate") == history.count("order.name") == 1
    # Nothing is left to be done, and doing it again does nothing.
    town.at("2026-06-01 09:00")
    assert town.history(number) == history


def test_what_stays_late_goes_up_until_the_clock_blows_the_whistle(town: Town) -> None:
    number, _ = town.report()
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch", co_departments=["CG"])
    town.at("2026-03-12 14:30")
    assert town.order(number)["stage_due_at"][:16] == "2026-03-15T14:30"
    town.at("2026-03-15 14:30")
    (whistle,) = town.order(number)["whistles"]
    assert whistle["ground"] == "lateness"
    assert {c["department"] for c in whistle["calls"]} == {"HW", "CG"}
    town.at("2026-03-16 14:31")
    (whistle,) = town.order(number)["whistles"]
    assert {c["verdict"] for c in whistle["calls"]} == {"absent"}
    town.act("zhang", number, "whistle-improper", 409, whistle=1, why="x")
    town.act("zhang", number, "close", why="closed with the test")


def test_a_second_return_forces_an_ownership_review_whose_ruling_sends_it_on(town: Town) -> None:
    number, _ = town.report()
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch")
    town.act("hao", number, "return", 422, kind="wrong_dispatch")
    town.act("hao", number, "return", 422, kind="not_needed", why="gone")
    assert town.act("hao", number, "return", kind="wrong_dispatch", why="not ours")["state"] == (
        "returned"
    )
    assert "returned" in town.told("zhang", number)
    town.act("zhang", number, "dispatch", lead="CG")
    assert town.act("cao", number, "return", kind="other", why="not ours either")["state"] == (
        "ownership_review"
    )
    assert "review" in town.told("ling", number)
    town.act("zhang", number, "dispatch", 409, lead="SW")
    town.act("zhang", number, "rule", 404, lead="XX", why="ruled on site")
    town.act("ling", number, "rule", lead="SW", why="ruled on site")
    assert town.told("shui", number) == ["new"]
    town.act("zhang", number, "close", why="closed with the test")


def test_more_time_and_the_backlog_are_asked_for_and_granted_by_others(town: Town) -> None:
    number, _ = town.report(item="0102")
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch", lead="HW")
    town.act("hao", number, "accept")
    town.act("hao", number, "start")
    town.act("hao", number, "extend", until="2026-03-20T12:00", why="the crane comes then")
    town.act("hao", number, "extend-approve", 403)
    assert town.act("zhang", number, "extend-approve")["due_at"][:16] == "2026-03-20T12:00"
    # A second time only a leader grants it.
    town.act("hao", number, "extend", until="2026-03-25", why="the crane broke")
    town.act("zhang", number, "extend-approve", 403)
    assert "asked" in town.told("ling", number)
    town.act("ling", number, "extend-refuse", why="use the other one")
    town.act("hao", number, "backlog", why="frozen ground")
    assert town.act("zhang", number, "backlog-approve")["state"] == "backlogged"
    town.at("2026-03-30 09:00")
    assert "overdue" not in town.told("hao", number)
    town.at("2026-04-11 09:01")
    assert "backlog_review" in town.told("zhang", number)
    order = town.act("zhang", number, "backlog-resume", why="thaw")
    assert order["due_at"] > order["due_original"]
    town.act("zhang", number, "close", why="closed with the test")


def test_every_sender_of_merged_reports_is_answered(town: Town) -> None:
    first, _ = town.report()
    second, _ = town.report()
    town.act("zhang", second, "merge", 404, into=999_999)
    town.act("zhang", second, "merge", into=first)
    town.act("zhang", first, "merge", 409, into=second)
    assert town.order(first)["absorbed"] == [second]
    town.act("wang", first, "self-handle", result="swept")
    town.act("li", first, "inspect")
    town.act("zhang", first, "close")
    found = town.order(second)
    assert (found["state"], found["answer"], found["merged_into"]) == ("merged", "swept", first)
    assert found["history"][-1]["action"] == "order.answer"


def test_who_looked_at_an_older_version_is_shown_what_changed(town: Town) -> None:
    number, _ = town.report()
    seen = town.order(number)["version"]
    town.act("zhang", number, "confirm")
    town.act("zhou", number, "comment", text="the bin is broken")
    refused = town.act("zhang", number, "dispatch", 409, version=seen)
    assert [c["action"] for c in refused["changes"]] == ["order.confirm", "order.comment"]
    assert refused["version"] == seen + 2
    assert "comment" in town.told("zhang", number)
    town.act("zhang", number, "dispatch", version=seen + 2)
    listed = town.ask("hao", "GET", "/api/orders?open=true&department=HW").json()
    assert number in {one["number"] for one in listed["orders"]}
    other = town.ask("cao", "GET", "/api/orders?open=true").json()
    assert number not in {one["number"] for one in other["orders"]}
    assert town.ask("cao", "GET", f"/api/orders/{number}").status_code == 403
    town.act("zhang", number, "close", why="closed with the test")


def test_an_item_put_right_brings_its_own_route_and_time(town: Town) -> None:
    number, _ = town.report()
    order = town.act("zhang", number, "confirm", item="0306")
    assert (order["item"], order["lead"]) == ("0306", "SZ")
    town.act("zhang", number, "reject", why="not here", outcome="out_of_scope")
    assert town.order(number)["answer"] == "not here"


def test_a_program_is_told_signed_and_again_until_it_takes_it(town: Town) -> None:
    with receiver() as program:
        made, secret = town.workspace.add_webhook("hw", program.address, types=["order"])
        program.answers = [500, 503]
        number, _ = town.report()
        town.at("2026-03-12 09:00")
        assert program.got == []
        town.at("2026-03-12 09:02")
        town.at("2026-03-12 09:10")
        headers, body, raw = program.got[0]
        assert (body["type"], body["data"]["number"]) == ("order.submit", number)
        now = town.hands()
        assert verify(headers[HEADER], raw, secret, now)
        assert not verify(headers[HEADER], raw + b" ", secret, now)
        assert not verify(headers[HEADER], raw, "ghs_other", now)
        # Given up after the last attempt; shown to the dispatcher, and sent again when told so.
        program.refused = {f"{number}-2"}
        town.act("zhang", number, "confirm")
        for day in range(13, 18):
            for hour in (9, 12, 15, 20):
                town.at(f"2026-03-{day} {hour:02}:00")
        failures = town.ask("zhang", "GET", "/api/deliveries/failed").json()["failures"]
        (failure,) = [one for one in failures if one["event"] == f"{number}-2"]
        assert (failure["attempts"], failure["why"]) == (8, "Answered with status 500.")
        assert "failed" in [
            one["kind"] for one in town.ask("zhang", "GET", "/api/inbox").json()["notices"]
        ]
        program.refused = set()
        ids = {"ids": [failure["id"]]}
        done = town.ask("zhang", "POST", "/api/deliveries/redeliver", json=ids)
        assert done.json() == {"revived": 1}
        town.at("2026-03-18 09:00")
        sent = [body["id"] for _, body, _ in program.got]
        assert f"{number}-2" in sent
        assert len(sent) == len(set(sent))
        town.workspace.set_webhook(made["name"], active=False)
    events = town.ask("zhang", "GET", "/api/events?after=0&wait_s=0").text
    assert f'"id":"{number}-1"' in events
    last = [line for line in events.splitlines() if line.startswith("id: ")][-1][4:]
    again = town.client.get(
        "/api/events?wait_s=0",
        headers={"Authorization": f"Bearer {town.keys['zhang']}", "Last-Event-ID": last},
    )
    assert "data:" not in again.text
    assert town.ask("", "GET", "/api/events?wait_s=0").status_code == 401
    town.act("zhang", number, "close", why="closed with the test")


def test_what_was_read_is_no_longer_in_the_badge(town: Town) -> None:
    number, _ = town.report()
    before = town.ask("zhang", "GET", "/api/inbox?unread=true").json()
    mine = next(one for one in before["notices"] if one["number"] == number)
    assert "暴露垃圾" in mine["text"]
    done = town.ask("zhang", "POST", "/api/inbox/read", json={"ids": [mine["id"], 10**9]})
    assert done.json() == {"read": 1}
    after = town.ask("zhang", "GET", "/api/inbox?unread=true").json()
    assert after["unread"] == before["unread"] - 1
    town.act("zhang", number, "close", why="closed with the test")


def test_whom_a_report_names_is_read_by_whoever_has_the_order_in_hand(town: Town) -> None:
    number, _ = town.report(reporter_name="甲乙丙", reporter_phone="13900008888")

    def readers() -> set[str]:
        found = set()
        for who in ("zhang", "hao", "cao", "wang", "chen", "jian", "ling", "boss"):
            door = f"/api/reports/{number}/reporter"
            answer = town.ask(who, "POST", door, json={"why": "回访核实"})
            assert answer.status_code in {200, 403}, answer.text
            found |= {who} if answer.status_code == 200 else set()
        return found

    assert readers() == {"zhang"}
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch")
    assert town.order(number)["lead"] == "HW"
    assert readers() == {"hao"}
    town.act("hao", number, "return", kind="wrong_dispatch", why="not ours")
    assert readers() == {"zhang"}
    # Sent to others than those it was first routed to: they see the report, and handle it.
    town.act("zhang", number, "dispatch", lead="CG")
    assert readers() == {"cao"}
    assert town.ask("cao", "GET", f"/api/reports/{number}").status_code == 200
    town.act("cao", number, "accept")
    town.act("cao", number, "start")
    town.act("cao", number, "resolve", result="swept")
    assert readers() == {"zhang"}
    town.act("wang", number, "inspect")
    town.act("zhang", number, "close")
    assert readers() == set()
    log = town.ask("jian", "GET", f"/api/personal-reads?report={number}").json()
    assert [one["read_by"] for one in log["reads"]] == ["zhang", "cao", "zhang", "hao", "zhang"]
