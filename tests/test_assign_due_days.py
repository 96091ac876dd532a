"""The summary's deadlines: counted by the day they fall on, told as a dispatcher looks ahead."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from gridmap.bulk.tally import Tally
from gridmap.cli.points import due_from

DUE = {
    "2026-09-30": 3, "2026-10-08": 2, "2026-10-09": 5, "2026-10-10": 1, "2026-10-12": 1,
    "2026-10-13": 1, "2026-10-14": 1, "2026-10-15": 1, "2026-10-16": 4, "2026-11-02": 6,
    "unknown": 7,
}  # fmt: skip


def test_moments_of_one_day_count_together_in_the_order_of_days():
    tally = Tally(())
    moments = [
        "2026-10-09T12:00+08:00", None, "2026-02-01T09:00+08:00", "2026-10-09T17:30+08:00",
    ]  # fmt: skip
    for moment in moments:
        answers = {
            "location_status": pa.array(["inside"]),
            "due_at": pa.array([moment], pa.string()),
        }
        tally.add(answers, {})
    assert list(tally.days("due_at").items()) == [
        ("2026-02-01", 1), ("2026-10-09", 2), ("unknown", 1),
    ]  # fmt: skip


def test_what_is_past_the_next_days_and_the_rest_are_told_apart():
    assert due_from(DUE, date(2026, 10, 8)) == {
        "before 2026-10-08": 3,
        "2026-10-08": 2, "2026-10-09": 5, "2026-10-10": 1, "2026-10-12": 1, "2026-10-13": 1,
        "2026-10-14": 1, "2026-10-15": 1,
        "after 2026-10-15": 10,
        "unknown": 7,
    }  # fmt: skip


def test_nothing_is_lost_from_whichever_day_it_is_seen():
    for today in (date(2025, 1, 1), date(2026, 10, 9), date(2027, 1, 1)):
        assert sum(due_from(DUE, today).values()) == sum(DUE.values())


def test_without_routes_there_is_nothing_to_tell():
    assert due_from({}, date(2026, 10, 8)) == {}
