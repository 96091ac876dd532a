"""Killed at every commit, before and after it: nothing lost, nothing half, nothing twice."""

from __future__ import annotations

import signal
from collections import Counter

import pytest

from gridmap.settings import Settings
from gridmap.store import Store
from gridmap.workspace import open_workspace
from tests.case_kills import killer, sound
from tests.case_town import receiver

REPORT = {"lon": 117.0, "lat": 36.6, "coord_sys": "wgs84", "item": "0101"}


def step(moment, who, method, **words):
    return [f"2026-03-{moment}+08:00", who, method, words]


def act(moment, who, action, **more):
    return step(moment, who, "act", action=action, **more)


CENTRE, HANDLER = ["dispatcher", "zhang"], ["handler", "hao"]
# From the report to the answer, with everything that time brings in between.
LIFE = [
    step("12T09:00", CENTRE, "submit_report", body=REPORT, key="kill-report"),
    act("12T09:10", CENTRE, "order.confirm"),
    act("12T09:20", CENTRE, "order.dispatch", lead="HW", co_departments=["CG"]),
    step("12T14:31", None, "work"),
    step("13T14:31", None, "work"),
    step("15T14:31", None, "work"),
    act("16T09:00", HANDLER, "order.accept"),
    act("16T09:10", HANDLER, "order.resolve", result="swept"),
    act("16T09:20", CENTRE, "order.inspect"),
    act("16T09:30", CENTRE, "order.close"),
    step("16T15:00", None, "work"),
]
ONCE = ("order.escalate", "whistle.blow", "whistle.call", "order.close", "order.submit")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_kill_at_any_commit_loses_nothing_and_doubles_nothing(store_url, tmp_path, after):
    with receiver() as program:
        settings = Settings(store=store_url, secrets=tmp_path / "secrets", outgoing_private=True)
        with open_workspace(settings=settings) as workspace:
            workspace.add_webhook("all", program.address)
        kills = 0
        with killer(store_url, tmp_path) as children, Store.open(store_url) as store:
            report = 0
            for moment, who, method, words in LIFE:
                number = 1
                # What was rolled back keeps its number on PostGIS: the report's is found out.
                own = {"number": report} if method == "act" else {}
                what = [moment, who, method, words | own]
                while True:
                    before = sound(store)
                    status, answered = children.send(number, after, *what)
                    found = sound(store)
                    if status == 0:
                        report = int(answered or report)
                        break
                    assert status == signal.SIGKILL, what
                    kills += 1
                    number += 1
                    if method == "work":
                        # What was done is done: the next child does the rest.
                        assert all(found[n][: len(a)] == a for n, a in before.items())
                    elif not after:
                        assert found == before
                    elif method == "act":
                        # Committed, and not answered: whoever asks again is told so.
                        assert found != before
                        break
            (actions,) = sound(store).values()
        counts = Counter(actions)
        assert [counts[name] for name in ONCE] == [1] * len(ONCE)
        with Store.open(store_url) as store:
            steps = [e["fields"].get("step") for e in store.order_events(report)]
            # The reminder before the due time had no worker that would have sent it in time.
            assert sorted(filter(None, steps)) == ["overdue", "unsigned", "written"]
            told = [one["event_id"] for one in store.messages_after(0)]
        # Each message arrived, at least once.
        assert set(told) == {body["id"] for _, body, _ in program.got}
        assert kills >= 2 * len(LIFE)
