"""What `assign --item` writes for a report is what ``POST /api/reports`` answers for it."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from tests.demo_doors import number

pytest_plugins = ["tests.demo_stores"]
pytestmark = pytest.mark.xdist_group("demo-exclusive")

LEVELS = ("subdistrict", "community", "grid", "microgrid")
COUNT = 600


@pytest.fixture(scope="module")
def sample(exclusive):
    """Six hundred reports: of every kind of error, and every item that is reported."""
    table = exclusive.assigned.assign(error=exclusive.truth["error"].to_numpy())
    firsts = table.groupby("item").head(1)
    wrong = table[table["error"] != ""].groupby("error").head(12)
    some = pd.concat([firsts, wrong]).drop_duplicates("report_id")
    rest = table.drop(some.index)
    more = rest.iloc[np.linspace(0, len(rest) - 1, COUNT - len(some)).astype(int)]
    return pd.concat([some, more])


@pytest.fixture(scope="module")
def answers(exclusive_clerk, sample):
    found = []
    for row in sample.itertuples():
        body = {
            "lon": number(row.lon),
            "lat": number(row.lat),
            "coord_sys": row.coord_sys,
            "accuracy_m": number(row.accuracy_m),
            "item": row.item,
            "text": row.text,
            "source": row.source,
            "received_at": row.received_at,
            "observed_at": row.observed_at or None,
        }
        answer = exclusive_clerk.post(
            "/api/reports?lang=zh", json=body, headers={"Idempotency-Key": f"equal-{row.report_id}"}
        )
        assert answer.status_code == 201, answer.text
        found.append(answer.json())
    return found


@pytest.fixture(scope="module")
def pairs(sample, answers):
    """Each report's written row with its answer."""
    rows = sample.to_dict("records")
    assert len({row["report_id"] for row in rows}) == COUNT
    return list(zip(rows, answers, strict=True))


def test_the_sample_shows_every_kind(sample):
    assert sample["item"].nunique() > 90
    assert sample["error"].nunique() == 8
    assert set(sample["location_status"]) == {
        "inside", "ambiguous", "boundary", "outside", "invalid",
    }  # fmt: skip
    assert {code.partition(":")[0] for code in sample["department"]} >= {
        "", "CG", "GA", "EX", "WY", "SQ", "JD",
    }  # fmt: skip
    assert (sample["co_departments"].str.contains(";")).any()


def test_the_place_is_the_same(pairs):
    for row, answer in pairs:
        assert {level: row[level] for level in LEVELS if row[level]} == answer["areas"]
        for name in ("location_status", "warning"):
            assert row[name] == answer[name]
        assert row["candidates"] == ";".join(area["code"] for area in answer["candidates"])


@pytest.mark.parametrize("name", ["department", "first_responder", "handling_level"])
def test_who_and_how_far_up_is_the_same(pairs, name):
    for row, answer in pairs:
        assert row[name] == (answer[name] or ""), row


def test_the_other_departments_are_the_same_in_the_same_order(pairs):
    for row, answer in pairs:
        assert row["co_departments"] == ";".join(answer["co_departments"]), row


def test_the_due_time_is_the_same_minute(pairs):
    for row, answer in pairs:
        due = answer["due_at"] and datetime.fromisoformat(answer["due_at"])
        assert row["due_at"] == (due.isoformat(timespec="minutes") if due else ""), row
        assert bool(row["due_at"]) == (answer["due_reason"] is None)


def test_the_reasons_are_the_same_rules_in_the_same_words(pairs):
    for row, answer in pairs:
        told = zip(answer["explanation"], answer["rules"], strict=True)
        assert row["reason"] == "；".join(
            f"{text.replace('；', '，')}[{rule}]" for text, rule in told
        )
        assert answer["rules"]
