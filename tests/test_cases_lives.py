"""Orders taken over with their past: the same as if it had been recorded when it happened."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gridmap.access import Actor, Grant, Role, Scope
from gridmap.cases.record import plain
from gridmap.demo.orders import play
from gridmap.errors import BadValue, Conflict, NotAllowed, NotFound
from gridmap.settings import Settings
from gridmap.store.schema_cases import jobs
from gridmap.workspace import Past, Workspace, open_workspace
from tests.api_town import ZONE, Hands, fill_town
from tests.case_kills import sound
from tests.conftest import KINDS
from tests.route_town import at

CENTRE = Actor.with_role("dispatcher", "zhang")
HANDLER = Actor.granted("hao", [Grant(Role.HANDLER, Scope.of(departments=["HW"]))])
OTHER = Actor.granted("cao", [Grant(Role.HANDLER, Scope.of(departments=["CG"]))])
SUPERVISOR = Actor.with_role("supervisor", "jian")


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZONE).astimezone(UTC)


# A life with everything that time brings: signed late, up to the whistle, named, reworked.
LONG = (
    ("03-12T09:10", CENTRE, "order.confirm", {}),
    ("03-12T09:20", CENTRE, "order.dispatch", {"co_departments": ["CG"]}),
    ("03-16T10:00", OTHER, "whistle.report_in",
     {"whistle": 1, "who": "Cao", "how_many": 2, "where": "gate"}),
    ("03-24T09:00", HANDLER, "order.accept", {}),
    ("03-24T09:00", HANDLER, "order.start", {}),
    ("03-24T15:00", HANDLER, "order.resolve", {"result": "swept"}),
    ("03-25T09:00", SUPERVISOR, "order.rework", {"why": "half of it"}),
    ("03-25T11:00", HANDLER, "order.resolve", {"result": "all of it"}),
    ("03-26T09:00", SUPERVISOR, "order.inspect", {}),
    ("03-26T10:00", CENTRE, "order.close", {}),
    ("03-27T10:00", CENTRE, "order.rate", {"satisfied": False, "resolved": False}),
    ("03-27T11:00", CENTRE, "order.reopen", {"why": "again"}),
    ("03-27T12:00", CENTRE, "order.dispatch", {"lead": "CG"}),
)  # fmt: skip
UNTIL = "04-10T09:00"


@pytest.fixture(scope="module", params=KINDS)
def site(
    request: pytest.FixtureRequest,
    made_store: Callable[[str], str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Workspace, Hands, Path]]:
    """The town in either kind of store, with two years' reports from a file."""
    folder = tmp_path_factory.mktemp("lives")
    made = made_store(request.param)
    if request.param == "geopackage":
        where = str(folder / "town.gpkg")
        shutil.copyfile(made, where)
    else:
        server = request.getfixturevalue("postgres")
        where = server.url(server.create_database(template=made))
    hands = Hands(datetime(2026, 1, 2, tzinfo=UTC))
    with open_workspace(
        settings=Settings(store=where, secrets=folder / "secrets"), clock=hands
    ) as workspace:
        fill_town(workspace, folder)
        hands.set("2026-03-12 09:00")
        yield workspace, hands, folder


def read_in(
    site: tuple[Workspace, Hands, Path], count: int, received: str = "03-12T09:00"
) -> list[int]:
    """Read reports in from a file, and return their numbers."""
    workspace, _, folder = site
    source, places = folder / "old.csv", ((0.2, 0.2), (1.2, 1.3), (9.3, 0.4), (0.5, 1.7))
    known = set(sound(workspace.store))
    with source.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["lon", "lat", "item", "at"])
        for n in range(count):
            item = ("0101", "0102", "0108", "0301", "0306", "0701")[n % 6] if count > 2 else "0101"
            when = local(received) + timedelta(hours=n if count > 2 else 0)
            rows.writerow([*at(*places[n % 4 if count > 2 else 0]), item, when.isoformat()])
    workspace.assign(source, folder / "out.csv", coord_sys="wgs84", item="item", at="at", keep={})
    return sorted(set(sound(workspace.store)) - known)


def told_jobs(workspace: Workspace, number: int) -> list[tuple[Any, ...]]:
    columns = (jobs.c.kind, jobs.c.key, jobs.c.run_at, jobs.c.state, jobs.c.done_at, jobs.c.note)
    with workspace.store._database.read() as connection:
        # Which editions to come move a report is asked when it happens, and not of a past.
        wanted = (jobs.c.number == number) & (jobs.c.kind != "move")
        found = connection.execute(select(*columns).where(wanted)).all()
    return sorted((kind, key.replace(f":{number}:", ":N:", 1), *rest) for kind, key, *rest in found)


def lived(workspace: Workspace, number: int) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    events = [
        {k: v for k, v in one.items() if k != "number"}
        for one in workspace.store.order_events(number)
    ]
    return events, {k: v for k, v in plain(workspace.store.order(number)).items() if k != "number"}


def test_a_past_that_is_told_is_the_one_that_would_have_been_recorded(
    site: tuple[Workspace, Hands, Path],
) -> None:
    workspace, hands, _ = site
    hands.now = local("03-12T09:00")
    recorded, told = read_in(site, 2)

    def work_until(moment: datetime) -> None:
        """Let the worker do everything at its moment."""
        from gridmap.store import jobs as table

        while True:
            with workspace.store._database.read() as connection:
                due = table.next_run(connection)
            if due is None or due > moment:
                break
            hands.now = max(hands.now, due)
            workspace.work()
        hands.now = moment

    for when, who, action, fields in LONG:
        work_until(local(when))
        workspace.act(recorded, action, actor=who, **fields)
    work_until(local(UNTIL))

    def tell(past: Past) -> None:
        for when, who, action, fields in LONG:
            past.act(who, action, local(when), **fields)

    before = workspace.store.last_message()
    (order,) = workspace.take_over([told], tell)
    assert order == workspace.store.order(told)
    first, second = lived(workspace, recorded), lived(workspace, told)
    assert first[0] == second[0]
    assert first[1] == second[1]
    assert told_jobs(workspace, recorded) == told_jobs(workspace, told)
    steps = [one["fields"].get("step", one["action"]) for one in second[0]]
    brought = Counter(steps) - Counter(action for _, _, action, _ in LONG)
    assert brought == {
        "order.submit": 1, "soon_due": 2, "overdue": 3, "written": 3, "unsigned": 2,
        "order.escalate": 1, "whistle.blow": 1, "whistle.call": 1, "whistle.judge": 1,
        "order.name": 2,
    }  # fmt: skip
    sound(workspace.store)
    messages = workspace.store.messages_after(before, limit=1000)
    assert [m["event_id"] for m in messages] == [f"{told}-{n + 2}" for n in range(len(messages))]
    # A worker finds nothing left to do of it.
    assert "ladder" not in workspace.work().done


def test_nobody_is_told_of_what_is_long_past(site: tuple[Workspace, Hands, Path]) -> None:
    workspace, hands, _ = site
    hands.now = local("05-20T09:00")
    old, new = read_in(site, 2, "05-01T09:00")
    workspace.take_over([old], lambda past: told_at(past, "05-02T09:00"))
    workspace.take_over([new], lambda past: told_at(past, "05-19T09:00"))
    found = workspace.inbox(limit=1000, actor=SUPERVISOR)["notices"]
    found += workspace.inbox(limit=1000, actor=CENTRE)["notices"]
    assert old not in {n["number"] for n in found if n["at"] < hands.now - timedelta(days=3)}
    mine = {n["kind"]: n["at"] for n in workspace.inbox(limit=1000, actor=HANDLER)["notices"]
            if n["number"] == new}  # fmt: skip
    # It was told at its time, not today.
    assert mine["new"] == local("05-19T09:05")


def told_at(past: Past, when: str) -> None:
    past.act(CENTRE, "order.confirm", local(when))
    past.act(CENTRE, "order.dispatch", local(when) + timedelta(minutes=5))


def test_what_cannot_have_been_is_refused_and_leaves_nothing(
    site: tuple[Workspace, Hands, Path],
) -> None:
    workspace, hands, _ = site
    hands.now = local("05-25T09:00")
    first, second = read_in(site, 2, "05-20T09:00")
    before = sound(workspace.store)

    def refused(kind: type[Exception], match: str, *steps: tuple[Any, ...]) -> None:
        def tell(past: Past) -> None:
            if past.order.number == second:
                for who, action, when, fields in steps:
                    past.act(who, action, local(when), **fields)
            else:
                past.act(CENTRE, "order.confirm", local("05-21T09:00"))

        # One that is refused takes those of its batch along.
        with pytest.raises(kind, match=match):
            workspace.take_over([first, second], tell)
        assert sound(workspace.store) == before

    confirm = (CENTRE, "order.confirm", "05-21T09:00", {})
    dispatch = (CENTRE, "order.dispatch", "05-21T10:00", {})
    refused(BadValue, "told in its order", (CENTRE, "order.confirm", "05-19T09:00", {}))
    refused(BadValue, "told in its order", confirm, (CENTRE, "order.dispatch", "05-21T08:00", {}))
    refused(NotAllowed, "may not|not allowed|role", (HANDLER, "order.confirm", "05-21T09:00", {}))
    refused(NotAllowed, "outside the areas and departments", confirm, dispatch,
            (OTHER, "order.accept", "05-21T11:00", {}))  # fmt: skip
    refused(Conflict, "not possible", (CENTRE, "order.dispatch", "05-21T09:00", {}))
    refused(NotFound, "no such action", (CENTRE, "order.remind", "05-21T09:00", {"step": "x"}))
    refused(NotFound, "no such department", confirm,
            (CENTRE, "order.dispatch", "05-21T10:00", {"lead": "XX"}))  # fmt: skip
    refused(BadValue, "told of the past", (CENTRE, "order.merge", "05-21T09:00", {"into": first}))
    refused(
        BadValue, "told of the past", (CENTRE, "order.confirm", "05-21T09:00", {"item": "0102"})
    )
    with pytest.raises(NotAllowed):
        workspace.take_over([first], lambda past: None, actor=HANDLER)
    # What lies in the future has not happened, and one that was taken up has no past to tell.
    (order,) = workspace.take_over([first], lambda past: told_at(past, "06-21T09:00"))
    assert order.version == 1
    workspace.act(first, "order.confirm", actor=CENTRE)
    with pytest.raises(Conflict, match="nobody has taken up"):
        workspace.take_over([first], lambda past: None)


def test_the_demos_play_is_the_same_every_time_and_has_every_turn(
    site: tuple[Workspace, Hands, Path],
) -> None:
    workspace, hands, _ = site
    hands.now = local("08-25T09:00")
    numbers = read_in(site, 400, "08-01T09:00")
    assert workspace.orders_asleep("2026-08-01", "2026-09-01") == numbers
    for start in range(0, len(numbers), 100):
        some = numbers[start : start + 100]
        workspace.take_over(some, lambda past: play(past, 1, ZONE))
    assert workspace.orders_asleep("2026-08-01", "2026-09-01") == []
    sound(workspace.store)
    done = Counter(event["action"] for n in numbers for event in workspace.store.order_events(n))
    turns = (
        "order.return", "order.extend.approve", "order.rework", "order.self_handle",
        "order.reject", "order.rate", "order.backlog.approve", "order.name",
        "whistle.report_in", "order.escalate", "order.rule",
    )  # fmt: skip
    assert [action for action in turns if not done[action]] == []
    assert done["order.close"] > 0.6 * len(numbers)
    figures = {one["kpi"]: one for one in workspace.numbers(month="2026-08")["kpis"]}
    assert figures["filing"]["share"] > 0.95
    assert 0.5 < figures["on_time"]["share"] < 0.95
    assert figures["satisfaction"]["share"] > 0.8
