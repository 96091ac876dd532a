"""Whom a report names: sealed in the store, masked for staff, clear for the handler, then gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from gridmap.access import Actor, Scope
from gridmap.errors import Conflict, NotAllowed, NotFound, SecretsUnusable
from gridmap.secrets import Purpose
from tests.guarded import PERSON, REPORT, Guarded, report_of, stored_bytes

pytest_plugins = ["tests.guarded_fixtures"]

DISPATCHER = Actor.with_role("dispatcher", "wang")


def test_nothing_of_a_person_is_in_the_store_in_the_clear(guarded: Guarded) -> None:
    report_of(guarded, "sealed-report", text="标记文字")
    kept = stored_bytes(guarded.workspace)
    # The text is there, so what is looked through is what is stored.
    assert "标记文字".encode() in kept
    for value in PERSON.values():
        assert value.encode() not in kept
    assert b"139****8888" not in kept


def test_staff_see_it_masked_and_the_sender_not_at_all(guarded: Guarded) -> None:
    number = report_of(guarded, "masked-report")
    shown = guarded.client("planner").get(f"/api/reports/{number}").json()
    assert shown["reporter"] == {
        "reporter_name": "标**",
        "reporter_phone": "139****8888",
        "reporter_address": "***",
        "readable": True,
        "anonymised_at": None,
    }
    sent = guarded.client().post(
        "/api/reports", json={**REPORT, **PERSON}, headers={"idempotency-key": "masked-report"}
    )
    assert sent.status_code == 200
    assert "reporter" not in sent.text
    listed = guarded.client("admin").get("/api/reports?limit=1000").text
    assert "139" not in [one[:3] for one in listed.split('"') if one.startswith("139")]
    assert PERSON["reporter_phone"] not in listed


def test_the_current_handler_reads_it_with_a_reason_and_the_reading_is_logged(
    guarded: Guarded,
) -> None:
    number = report_of(guarded, "read-report")
    door = f"/api/reports/{number}/reporter"
    read = guarded.client("here").post(door, json={"why": "回访核实位置"})
    assert read.status_code == 200, read.text
    assert {name: read.json()[name] for name in PERSON} == PERSON
    assert read.headers["cache-control"] == "no-store"
    log = guarded.client("supervisor").get(f"/api/personal-reads?report={number}").json()
    assert log["total"] == 1
    assert log["reads"][0] | {"read_at": ""} == {
        "report_id": number,
        "read_by": "key-here",
        "roles": "dispatcher",
        "why": "回访核实位置",
        "read_at": "",
    }
    for value in PERSON.values():
        assert value not in str(log)


@pytest.mark.parametrize(
    ("role", "status"),
    [("there", 403), ("handler", 403), ("admin", 403), ("supervisor", 403), ("resident", 403)],
)
def test_nobody_else_reads_it_and_a_refusal_is_no_reading(
    guarded: Guarded, role: str, status: int
) -> None:
    number = report_of(guarded, f"refused-{role}")
    answer = guarded.client(role).post(f"/api/reports/{number}/reporter", json={"why": "只是看看"})
    assert answer.status_code == status
    assert guarded.workspace.personal_reads(number) == (0, [])


@pytest.mark.parametrize("why", ["", " ", "x", "y" * 300])
def test_a_reading_needs_a_reason(guarded: Guarded, why: str) -> None:
    number = report_of(guarded, "reason-report")
    answer = guarded.client("dispatcher").post(f"/api/reports/{number}/reporter", json={"why": why})
    assert answer.status_code == 422
    assert guarded.workspace.personal_reads(number) == (0, [])


def test_a_closed_report_has_no_handler_any_more(guarded: Guarded) -> None:
    workspace = guarded.workspace
    number = report_of(guarded, "closed-report")
    workspace.close_reports([number])
    with pytest.raises(NotAllowed, match="handle it now"):
        workspace.read_reporter(number, why="回访", actor=DISPATCHER)


def test_what_knows_orders_says_who_handles_it(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = guarded.workspace
    number = report_of(guarded, "handler-report")
    handler = Actor.with_role("handler", "li", Scope.of(departments=["ZZ"]))
    monkeypatch.setattr(workspace, "is_current_handler", lambda who, _n, _r: who.name == "li")
    with pytest.raises(NotAllowed):
        workspace.read_reporter(number, why="回访", actor=DISPATCHER)
    # Nor does the hook widen a scope.
    with pytest.raises(NotAllowed, match="outside"):
        workspace.read_reporter(number, why="回访", actor=handler)
    wide = Actor.with_role("handler", "li")
    assert workspace.read_reporter(number, why="回访", actor=wide)["reporter_name"]


def test_a_report_that_names_nobody_says_so(guarded: Guarded) -> None:
    sent = guarded.client().post(
        "/api/reports", json=REPORT, headers={"idempotency-key": "nobody-report"}
    )
    number = sent.json()["id"]
    assert guarded.client("planner").get(f"/api/reports/{number}").json()["reporter"] is None
    with pytest.raises(NotFound, match="names nobody"):
        guarded.workspace.read_reporter(number, why="回访", actor=DISPATCHER)


def test_the_same_key_with_another_person_is_a_conflict(guarded: Guarded) -> None:
    report_of(guarded, "person-twice")
    assert report_of(guarded, "person-twice")
    for other in ({"reporter_phone": "13700000000"}, {"reporter_name": None}):
        answer = guarded.client().post(
            "/api/reports",
            json={**REPORT, **PERSON, **other},
            headers={"idempotency-key": "person-twice"},
        )
        assert answer.status_code == 409
        assert PERSON["reporter_phone"] not in answer.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reporter_name", "张三11010519491231002X"),
        ("reporter_address", "110105491231002"),
        ("text", "证件 11010519491231002X"),
        ("reporter_phone", "11010519491231002X"),
        ("reporter_phone", "标记电话"),
        ("reporter_name", "x" * 61),
    ],
)
def test_identity_numbers_and_odd_values_are_refused_and_not_kept(
    guarded: Guarded, field: str, value: str
) -> None:
    answer = guarded.client().post(
        "/api/reports",
        json={**REPORT, **PERSON, field: value},
        headers={"idempotency-key": f"refused-{field}-{len(value)}"},
    )
    assert answer.status_code == 422
    assert field in answer.text
    assert value.encode() not in stored_bytes(guarded.workspace)


def test_rotation_seals_anew_and_only_then_forgets_the_old_key(guarded: Guarded) -> None:
    workspace = guarded.workspace
    number = report_of(guarded, "rotated-report")
    old = workspace.sealer.newest
    workspace.rotate_secrets([Purpose.PERSONAL])
    # What the old key sealed still opens, and is not forgotten while it does.
    assert workspace.read_reporter(number, why="回访", actor=DISPATCHER)["reporter_name"]
    assert workspace.drop_old_secrets() == []
    sealed = workspace.store.person(number)
    assert workspace.reseal() >= 1
    assert workspace.reseal() == 0
    assert workspace.store.person(number) != sealed
    assert set(workspace.store.sealed_with()) == {workspace.sealer.newest}
    assert workspace.drop_old_secrets() == [old]
    read = workspace.read_reporter(number, why="回访", actor=DISPATCHER)
    assert {name: read[name] for name in PERSON} == PERSON


def test_without_its_key_the_report_is_read_and_the_person_is_not(guarded: Guarded) -> None:
    workspace = guarded.workspace
    number = report_of(guarded, "lost-key-report")
    path = workspace.keyring.path
    kept = path.read_bytes()
    path.unlink()
    try:
        shown = guarded.client("planner")
        # The key of the account needs no secrets, a session would.
        answer = shown.get(f"/api/reports/{number}").json()
        assert answer["reporter"]["readable"] is False
        assert answer["reporter"]["reporter_phone"] is None
        refused = guarded.client("dispatcher").post(
            f"/api/reports/{number}/reporter", json={"why": "回访"}
        )
        assert refused.status_code == 503
        assert workspace.personal_reads(number)[0] == 0
        with pytest.raises(Conflict, match="There was a key"):
            workspace.init_secrets()
        with pytest.raises(SecretsUnusable):
            workspace.ensure_keys()
        sent = guarded.client().post(
            "/api/reports", json={**REPORT, **PERSON}, headers={"idempotency-key": "unsealed-one"}
        )
        assert sent.status_code == 503
    finally:
        path.write_bytes(kept)
        path.chmod(0o600)
    assert workspace.read_reporter(number, why="回访", actor=DISPATCHER)["reporter_name"]


def test_anonymising_takes_people_out_of_old_closed_reports_only(guarded: Guarded) -> None:
    workspace, watch = guarded.workspace, guarded.watch
    old = report_of(guarded, "old-report", text="请打13612345678")
    still_open = report_of(guarded, "open-report", text="请打13612345679")
    workspace.read_reporter(old, why="回访", actor=DISPATCHER)
    workspace.close_reports([old])
    watch.pass_by(days=40)
    young = report_of(guarded, "young-report")
    workspace.close_reports([young])
    before = workspace.store.person(old)
    planned = workspace.anonymise(30)
    assert not planned.committed
    assert planned.people >= 1
    assert workspace.store.person(old) == before
    done = workspace.anonymise(30, commit=True)
    assert (done.people, done.texts) == (planned.people, planned.texts)
    again = workspace.anonymise(30, commit=True)
    assert (again.people, again.texts) == (0, 0)
    gone = workspace.store.person(old)
    assert gone is not None
    assert {gone[name] for name in PERSON} == {None}
    assert workspace.report(old)["text"] == "请打136****5678"
    assert workspace.report(old)["reporter"]["anonymised_at"] is not None
    assert workspace.report(still_open)["text"] == "请打13612345679"
    assert workspace.masked_reporter(young)["reporter_phone"] == "139****8888"
    # Who read it stays on record.
    assert workspace.personal_reads(old)[0] == 1
    # And a client that repeats the report is still answered.
    assert report_of(guarded, "old-report", text="请打13612345678") == old


def test_a_file_of_reports_keeps_no_identity_number(guarded: Guarded, tmp_path: Path) -> None:
    source = tmp_path / "hotline.csv"
    source.write_text("lon,lat,item,said\n117.005,36.605,0306,王某11010519491231002X反映\n")
    workspace = guarded.workspace
    workspace.assign(
        source, tmp_path / "out.csv", lon="lon", lat="lat", coord_sys="wgs84", item="item",
        keep={"text": "said"},
    )  # fmt: skip
    texts = {one["text"] for one in workspace.reports(limit=1000)[1]}
    assert "王某（身份证号已略去）反映" in texts
    assert b"11010519491231002X" not in stored_bytes(workspace)
