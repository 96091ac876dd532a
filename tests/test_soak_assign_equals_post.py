"""All 60,000 reports of the demo, on both stores: routed in one stream, and one by one by POST."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.conftest import KINDS
from tests.demo_doors import number

pytest_plugins = ["tests.demo_stores"]
pytestmark = pytest.mark.soak

LEVELS = ("subdistrict", "community", "grid", "microgrid")


@pytest.fixture(scope="module", params=KINDS)
def whole(request, made_demo):
    return made_demo(request.param, "district")


@pytest.fixture(scope="module")
def clerk(whole):
    from starlette.testclient import TestClient

    from api.app import create_app
    from gridmap.workspace import open_workspace
    from tests.api_client import LOCAL

    with open_workspace(settings=whole.settings, create=False) as workspace:
        yield TestClient(create_app(workspace=workspace), client=LOCAL)


def test_every_report_gets_the_same_answer(whole, clerk):
    rows = whole.assigned.to_dict("records")
    assert len(rows) == 60_000
    different = [row["report_id"] for row in rows if not same(row, post(clerk, row))]
    assert different == []


def post(clerk, row):
    body = {
        "lon": number(row["lon"]),
        "lat": number(row["lat"]),
        "coord_sys": row["coord_sys"],
        "accuracy_m": number(row["accuracy_m"]),
        "item": row["item"],
        "text": row["text"],
        "source": row["source"],
        "received_at": row["received_at"],
        "observed_at": row["observed_at"] or None,
    }
    key = {"Idempotency-Key": f"whole-{row['report_id']}"}
    answer = clerk.post("/api/reports?lang=zh", json=body, headers=key)
    assert answer.status_code == 201, answer.text
    return answer.json()


def same(row, answer):
    due = answer["due_at"] and datetime.fromisoformat(answer["due_at"])
    told = zip(answer["explanation"], answer["rules"], strict=True)
    return (
        {level: row[level] for level in LEVELS if row[level]} == answer["areas"]
        and row["location_status"] == answer["location_status"]
        and row["warning"] == answer["warning"]
        and row["department"] == (answer["department"] or "")
        and row["first_responder"] == (answer["first_responder"] or "")
        and row["handling_level"] == (answer["handling_level"] or "")
        and row["co_departments"] == ";".join(answer["co_departments"])
        and row["due_at"] == (due.isoformat(timespec="minutes") if due else "")
        and row["reason"] == "；".join(f"{text.replace('；', '，')}[{rule}]" for text, rule in told)
    )
