"""Every route asked by every role: what the one table says, and nothing else."""

from __future__ import annotations

import re

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from api.dependencies import Needs, Public
from gridmap.access import PERMISSIONS, Action, Role
from tests.guarded import REPORT, Guarded

pytest_plugins = ["tests.guarded_fixtures"]

# What stands for the parameters of an address, and the bodies of those that take one.
FILLED = {
    "number": "999999",
    "level": "grid",
    "code": "G-2",
    "name": "2026",
    "kind": "none",
    "key": "999999",
    "photo": "999999",
    "picture": "0" * 64,
    "receipt": "2222-2222-2222-2222-2222",
    "month": "2026-02",
    "year": "2026",
    "z": "14",
    "x": "13517",
    "y": "6399",
}
FORMATS = {"{format}": "geojson", "/api/events": "/api/events?wait_s=0"}
BODIES = {
    ("POST", "/api/reports"): REPORT,
    ("POST", "/api/reports/{number}/reporter"): {"why": "回访"},
    ("POST", "/api/locate"): {"points": [{"lon": 117.0, "lat": 36.6, "coord_sys": "wgs84"}]},
}


def actions_of(route) -> list[Action]:
    """The actions that a route declares, its router's included."""
    found, waiting = [], [route.dependant]
    while waiting:
        dependant = waiting.pop()
        if isinstance(dependant.call, Needs | Public):
            found.append(dependant.call.action)
        waiting += dependant.dependencies
    return found


def routes(app: FastAPI) -> list[tuple[str, str, list[Action]]]:
    """Method, address and declared actions of every route that answers by a function of ours."""
    return [
        (method, route.path, actions_of(route))
        for route in iter_route_contexts(app.routes)
        if getattr(route, "dependant", None) is not None
        for method in sorted(route.methods or {"GET"})
    ]


def address(path: str) -> str:
    for name, value in FORMATS.items():
        path = path.replace(name, value)
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: FILLED[found[1]], path)


def ask(guarded: Guarded, role: str | None, method: str, path: str) -> int:
    client = guarded.client(role)
    body = BODIES.get((method, path))
    # A body that is not there is refused after the role is looked at.
    headers = {"idempotency-key": f"role-walk-{role}"}
    return client.request(method, address(path), json=body, headers=headers).status_code


def test_every_route_declares_exactly_one_action(guarded: Guarded) -> None:
    found = routes(guarded.app)
    assert len(found) > 25
    undeclared = [(method, path) for method, path, actions in found if len(actions) != 1]
    assert undeclared == [], "declare it: dependencies=needs(Action...), or PUBLIC"


def test_a_route_without_an_action_would_be_seen(guarded: Guarded) -> None:
    app = FastAPI()
    app.get("/new")(lambda: None)
    assert routes(app) == [("GET", "/new", [])]


@pytest.mark.parametrize("role", [*Role, None])
def test_every_route_lets_in_whom_the_table_says(guarded: Guarded, role: Role | None) -> None:
    wrong = []
    for method, path, (action,) in routes(guarded.app):
        status = ask(guarded, role, method, path)
        open_to_all = action in {Action.PUBLIC_SEE, Action.REPORT_SUBMIT}
        # Who is not signed in is a resident: one's own report is told by its token.
        allowed = open_to_all or (role or Role.RESIDENT) in PERMISSIONS[action]
        refused = 401 if role is None else 403
        # The form of the sign-in is refused without its token, whoever sends it.
        if path == "/login" and method == "POST":
            assert status == 403
        # What one sent is known by an account: who has none is asked to sign in.
        elif role is None and method == "POST" and path.startswith("/my/"):
            assert status == 401
        elif allowed and status in {401, 403}:
            # Not this role, but this report: it does not exist, or is not theirs.
            wrong.append((method, path, action.value, status))
        elif not allowed and status != refused:
            wrong.append((method, path, action.value, status))
    assert wrong == []


def test_a_role_that_is_taken_away_is_gone_at_the_next_request(guarded: Guarded) -> None:
    from gridmap.access import Grant

    client = guarded.client("leader")
    assert client.get("/api/reports").status_code == 200
    guarded.workspace.revoke_role("key-leader", Role.LEADER)
    try:
        assert client.get("/api/reports").status_code == 403
    finally:
        guarded.workspace.grant_role("key-leader", Grant(Role.LEADER))
    assert client.get("/api/reports").status_code == 200


def test_who_acts_in_one_community_sees_and_closes_its_reports_only(guarded: Guarded) -> None:
    sent = guarded.client().post(
        "/api/reports", json=REPORT, headers={"idempotency-key": "scoped-report"}
    )
    number = sent.json()["id"]
    here, there = guarded.client("here"), guarded.client("there")
    everything = guarded.client("dispatcher").get("/api/reports").json()
    own = here.get("/api/reports").json()
    others = there.get("/api/reports").json()
    assert number in {one["id"] for one in own["reports"]}
    assert number not in {one["id"] for one in others["reports"]}
    assert own["total"] + others["total"] <= everything["total"]
    assert {one["areas"]["community"] for one in own["reports"]} == {"990101001001"}
    assert here.get(f"/api/reports/{number}").status_code == 200
    refused = there.get(f"/api/reports/{number}")
    assert refused.status_code == 403
    assert "outside" in refused.json()["detail"]
    why = {"why": "seen on the spot"}
    assert there.post(f"/api/reports/{number}/close", json=why).status_code == 403
    assert here.post(f"/api/reports/{number}/close", json=why).status_code == 200


def test_who_works_for_a_department_sees_its_reports_as_lead_and_as_co(guarded: Guarded) -> None:
    from gridmap.access import Grant, Scope

    workspace = guarded.workspace
    rows = workspace.reports(limit=1000)[1]
    if not any(row["department"] for row in rows):
        guarded.client().post(
            "/api/reports", json=REPORT, headers={"idempotency-key": "department-report"}
        )
        rows = workspace.reports(limit=1000)[1]
    bodies = {row["department"] for row in rows if row["department"]} | {
        code for row in rows for code in row["co_departments"]
    }
    assert bodies
    workspace.add_user("by-department", [Grant(Role.HANDLER)])
    client = guarded.client("dispatcher")
    client.headers["authorization"] = f"Bearer {workspace.add_key('by-department').token}"
    for code in sorted(bodies):
        workspace.grant_role("by-department", Grant(Role.HANDLER, Scope.of(departments=[code])))
        seen = {one["id"] for one in client.get("/api/reports?limit=1000").json()["reports"]}
        assert seen == {
            row["id"] for row in rows if code in (row["department"], *row["co_departments"])
        }
