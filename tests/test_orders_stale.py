"""Somebody was faster: what the answer tells of what was done since, and to whom."""

from __future__ import annotations

from typing import Any

import pytest

from tests.order_forms import PageTown

pytest_plugins = ["tests.order_fixtures"]

SECRET = "商户老板是我表哥"


def moved_on(town: PageTown) -> tuple[int, str]:
    """A report whose order moved on, with words that are the staff's own; and its key."""
    number, key = town.report()
    town.act("zhang", number, "confirm")
    town.act("wang", number, "comment", text=SECRET)
    return number, key


@pytest.mark.parametrize(
    ("who", "action", "body"),
    [
        ("", "rate", {"resolved": True, "satisfied": True}),
        ("gu", "rate", {"resolved": True, "satisfied": True}),
        ("gu", "reopen-ask", {"why": "again"}),
        ("gu", "whistle-blow", {"ground": "emergency", "why": "x"}),
        ("dai", "whistle-blow", {"ground": "emergency", "why": "x"}),
    ],
)
def test_senders_and_delegates_learn_that_it_moved_on_and_nothing_of_what_staff_did(
    town: PageTown, who: str, action: str, body: dict[str, Any]
) -> None:
    number, key = moved_on(town)
    sent = body | {"version": 1} | ({} if who == "dai" else {"key": key})
    told = town.act(who, number, action, 409, **sent)
    assert told["version"] == town.order(number)["version"]
    assert told["changes"] == []
    assert not any(one in str(told) for one in (SECRET, "wang", "zhang", "dispatcher"))


def test_staff_within_reach_are_told_what_the_others_did(town: PageTown) -> None:
    number, _ = town.report()
    town.act("zhang", number, "confirm")
    told = town.act("zhang", number, "dispatch", 409, version=1, lead="HW")
    assert [one["action"] for one in told["changes"]] == ["order.confirm"]
