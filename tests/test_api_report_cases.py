"""The routes worked by hand, through HTTP: the same department, deadline and reasons.

The cases and the town are those of ``test_route_cases.py``.
"""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.api_town import Hands, send
from tests.test_route_cases import CASES

pytest_plugins = ["tests.api_fixtures"]


def body_of(case: dict[str, str]) -> dict[str, Any]:
    accuracy = {"accuracy_m": float(case["accuracy_m"])} if case["accuracy_m"] else {}
    place = {name: float(case[name]) for name in ("lon", "lat")}
    return {**place, "coord_sys": "wgs84", "item": case["item"], **accuracy}


def shown(answer: dict[str, Any]) -> dict[str, str]:
    due = answer["due_at"]
    assert due is None or due.endswith("+08:00")
    return {
        "department": answer["department"] or "",
        "co_departments": ";".join(answer["co_departments"]),
        "level": answer["handling_level"] or "",
        "due": due[:16].replace("T", " ") if due else "",
        "due_reason": answer["due_reason"] or "",
        "first_responder": answer["first_responder"] or "",
        "needs_person": "yes" if answer["needs_person"] else "no",
        "call_first": answer["call_first"] or "",
        "rules": " ".join(answer["rules"]),
    }


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_a_report_sent_in_is_routed_as_worked_by_hand(
    clerk: TestClient, hands: Hands, case: dict[str, str]
) -> None:
    hands.set(case["received"])
    answer = send(clerk, body_of(case), f"worked-by-hand-{CASES.index(case)}")
    assert answer.status_code == 201
    found = shown(answer.json())
    assert found == {name: case[name] for name in found}
    assert len(answer.json()["explanation"]) == len(answer.json()["rules"])


def test_reports_typed_in_later_are_routed_as_of_their_receipt(
    clerk: TestClient, hands: Hands
) -> None:
    hands.set("2027-01-04 09:00")
    for number, case in enumerate(CASES[::4]):
        late = body_of(case) | {"received_at": case["received"].replace(" ", "T")}
        found = shown(send(clerk, late, f"typed-in-later-{number}").json())
        assert found == {name: case[name] for name in found}
