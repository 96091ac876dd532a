"""Open reports when boundaries change: who keeps, who moves, when, and what is written down."""

from __future__ import annotations

import csv
import shutil
import signal

import pytest
from sqlalchemy import text

from gridmap.access import Actor
from gridmap.errors import BadValue, Conflict, Immutable, NotAllowed, NotFound
from gridmap.routing.moves import MoveReason
from tests.cli_district import gridmap
from tests.moves_town import (
    GIVEN,
    LEFT_OUT,
    NEW,
    NOWHERE,
    OLD,
    SECOND,
    STAYS,
    fill_town,
    many,
    open_town,
    put,
    send,
)
from tests.route_town import EAST, WEST

OFFICE = "0301"  # an item that the office of the sub-district leads


@pytest.fixture(scope="module")
def made_town(request, made_store, tmp_path_factory):
    """A function from kind to the path or database of a store with the town, to copy."""
    made = {}

    def make(kind):
        if kind not in made:
            if kind == "geopackage":
                made[kind] = where = str(tmp_path_factory.mktemp("town") / "town.gpkg")
                shutil.copyfile(made_store(kind), where)
            else:
                server = request.getfixturevalue("postgres")
                made[kind] = server.create_database(template=made_store(kind))
                where = server.url(made[kind])
            with open_town(where) as (workspace, _):
                fill_town(workspace)
        return made[kind]

    return make


@pytest.fixture
def town_url(request, store_kind, made_town, tmp_path):
    if store_kind == "geopackage":
        yield shutil.copyfile(made_town(store_kind), tmp_path / "town.gpkg").as_posix()
        return
    server = request.getfixturevalue("postgres")
    name = server.create_database(template=made_town(store_kind))
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
def town(town_url):
    with open_town(town_url) as opened:
        yield opened


def publish(workspace, **more):
    settings = {"effective_from": SECOND, "reports": "migrate", "commit": True} | more
    return workspace.publish("redrawn", **settings)


def belongs(workspace, number):
    record = workspace.report(number)
    return record["edition"], record["areas"].get("community"), record["department"]


def test_the_plan_tells_who_keeps_and_who_moves_and_writes_nothing(town):
    workspace, _ = town
    spots = (GIVEN, STAYS, LEFT_OUT, NOWHERE)
    numbers = [send(workspace, spot, f"n{i}", item=OFFICE) for i, spot in enumerate(spots)]
    plan = publish(workspace, commit=False).moves
    assert [(one.report.number, one.reason) for one in plan.moves] == [
        (numbers[0], MoveReason.AREA_CHANGED),
        (numbers[2], MoveReason.OUTSIDE),
    ]
    moving = plan.moves[0]
    assert moving.changed_levels["community"] == (OLD, NEW)
    assert moving.changed_levels["subdistrict"] == (WEST, EAST)
    assert (moving.report.department, moving.decision.department) == (f"JD:{WEST}", f"JD:{EAST}")
    assert (moving.report.first_responder, moving.decision.first_responder) == ("W-A1-1", "W-NEW")
    assert plan.counts()["same area"] == 2
    assert all(workspace.report_moves(number) == [] for number in numbers)


def test_a_move_comes_with_its_date_and_not_before(town):
    workspace, hands = town
    number = send(workspace, GIVEN, "one", item=OFFICE)
    due = workspace.report(number)["due_at"]
    publish(workspace)
    assert belongs(workspace, number) == ("town", OLD, f"JD:{WEST}")
    hands.set("2026-05-31 23:59")
    assert belongs(workspace, number) == ("town", OLD, f"JD:{WEST}")
    hands.set("2026-06-01 00:00")
    assert belongs(workspace, number) == ("redrawn", NEW, f"JD:{EAST}")
    record = workspace.report(number)
    assert record["first_responder"] == "W-NEW"
    assert record["due_at"] == due
    assert record["location_status"] == "inside"
    assert workspace.reports(department=f"JD:{EAST}")[0] == 1
    assert workspace.reports(department=f"JD:{WEST}")[0] == 0


def test_what_an_edition_did_is_recorded_with_each_report(town):
    workspace, hands = town
    moving = send(workspace, GIVEN, "one", item=OFFICE)
    outside = send(workspace, LEFT_OUT, "two")
    publish(workspace)
    hands.set("2026-06-02 09:00")
    (entry,) = workspace.report(moving)["moves"]
    assert entry["moves"] is True
    assert (entry["from_edition"], entry["to_edition"]) == ("town", "redrawn")
    assert (entry["old_areas"]["community"], entry["new_areas"]["community"]) == (OLD, NEW)
    assert (entry["old_department"], entry["new_department"]) == (f"JD:{WEST}", f"JD:{EAST}")
    assert (entry["policy"], entry["reason"]) == ("migrate", "area_changed")
    assert entry["recorded_by"] == "operator"
    assert entry["effective_from"].isoformat() == "2026-06-01T00:00:00+08:00"
    (entry,) = workspace.report(outside)["moves"]
    assert (entry["moves"], entry["reason"], entry["new_department"]) == (False, "outside", None)
    assert belongs(workspace, outside)[0] == "town"


def test_with_keep_they_keep_their_owner_and_it_is_written_down(town):
    workspace, hands = town
    number = send(workspace, GIVEN, "one", item=OFFICE)
    publish(workspace, reports="keep")
    hands.set("2026-06-02 09:00")
    assert belongs(workspace, number) == ("town", OLD, f"JD:{WEST}")
    (entry,) = workspace.report(number)["moves"]
    assert (entry["moves"], entry["policy"], entry["reason"]) == (False, "keep", "policy_keeps")
    assert entry["new_areas"]["community"] == NEW
    assert workspace.store.edition("redrawn").reports_policy == "keep"


def test_the_policy_is_kept_with_the_edition_and_a_wrong_one_is_refused(town):
    workspace, _ = town
    with pytest.raises(BadValue, match="policy"):
        publish(workspace, reports="scatter")
    publish(workspace)
    assert workspace.store.edition("redrawn").reports_policy == "migrate"
    assert workspace.store.edition("town").reports_policy == "keep"


def test_closed_reports_keep_the_edition_they_were_routed_by(town):
    workspace, hands = town
    before, between, after = (send(workspace, GIVEN, f"n{i}", item=OFFICE) for i in range(3))
    workspace.close_reports([before])
    assert [m.report.number for m in publish(workspace).moves.moves] == [between, after]
    hands.set("2026-05-20 09:00")
    workspace.close_reports([between])
    hands.set("2026-06-02 09:00")
    workspace.close_reports([after])
    assert belongs(workspace, before)[0] == belongs(workspace, between)[0] == "town"
    assert belongs(workspace, after) == ("redrawn", NEW, f"JD:{EAST}")
    assert workspace.report(between)["moves"][0]["moves"] is False


def test_reports_that_come_in_before_the_date_follow_by_themselves(town):
    workspace, hands = town
    publish(workspace)
    early = send(workspace, GIVEN, "early", item=OFFICE)
    hands.set("2026-06-02 09:00")
    late = send(workspace, GIVEN, "late", item=OFFICE, observed_at="2026-05-30")
    own = send(workspace, GIVEN, "own", item=OFFICE)
    assert belongs(workspace, early) == belongs(workspace, late) == ("redrawn", NEW, f"JD:{EAST}")
    assert workspace.report(late)["moves"][0]["from_edition"] == "town"
    assert belongs(workspace, own) == ("redrawn", NEW, f"JD:{EAST}")
    assert workspace.report(own)["moves"] == []


def test_reports_stored_in_bulk_follow_with_the_command(town):
    workspace, hands = town
    publish(workspace)
    many(workspace, 60)
    hands.set("2026-06-02 09:00")
    (plan,) = workspace.move_reports()
    assert plan.counts()["move"] > 5
    (again,) = workspace.move_reports(commit=True)
    assert again.counts() == plan.counts()
    assert workspace.move_reports()[0].moves == ()
    moved = {one.report.number for one in plan.moves if one.moves}
    assert {n for n in range(1, 61) if workspace.report(n)["edition"] == "redrawn"} == moved


def test_a_report_nowhere_before_gets_its_owner_and_its_deadline(town):
    workspace, hands = town
    workspace.publish("redrawn", effective_from=SECOND, commit=True)
    put(workspace, "whole", like="town")
    hands.set("2026-06-02 09:00")
    number = send(workspace, LEFT_OUT, "out")
    assert workspace.report(number)["department"] is None
    outcome = workspace.publish(
        "whole", effective_from="2026-07-01", reports="migrate", commit=True,
        accept_faults="codes of the first edition come back on purpose",
    )  # fmt: skip
    assert [m.report.number for m in outcome.moves.moves] == [number]
    hands.set("2026-07-02 09:00")
    record = workspace.report(number)
    assert (record["edition"], record["department"]) == ("whole", "HW")
    assert record["due_at"] is not None
    assert record["due_reason"] is None
    assert "calendar" not in " ".join(record["rules"])


def test_a_withdrawn_edition_moves_nobody(town):
    workspace, hands = town
    number = send(workspace, GIVEN, "one", item=OFFICE)
    publish(workspace)
    workspace.retire("redrawn", why="a mistake", commit=True)
    hands.set("2026-06-02 09:00")
    assert belongs(workspace, number) == ("town", OLD, f"JD:{WEST}")
    assert workspace.report(number)["moves"][0]["moves"] is False
    assert workspace.move_reports() == []


def test_a_rollback_moves_them_back(town):
    workspace, hands = town
    number = send(workspace, GIVEN, "one", item=OFFICE)
    publish(workspace)
    hands.set("2026-06-02 09:00")
    settings = {"to": "town", "effective_from": "2026-06-10", "why": "the court said so"}
    dry = workspace.rollback(**settings, reports="migrate")
    assert [m.changed_levels["community"] for m in dry.moves.moves] == [(NEW, OLD)]
    done = workspace.rollback(**settings, reports="migrate", commit=True)
    hands.set("2026-06-11 09:00")
    assert belongs(workspace, number) == (done.edition, OLD, f"JD:{WEST}")
    assert [m["to_edition"] for m in workspace.report(number)["moves"]] == [
        "redrawn", done.edition,
    ]  # fmt: skip


def test_a_past_date_moves_from_the_moment_of_publishing(town):
    workspace, hands = town
    number = send(workspace, GIVEN, "one", item=OFFICE)
    hands.set("2026-07-01 09:00")
    publish(workspace, backdate="it was decided then")
    assert belongs(workspace, number) == ("redrawn", NEW, f"JD:{EAST}")
    (entry,) = workspace.report(number)["moves"]
    assert entry["effective_from"].isoformat() == "2026-07-01T09:00:00+08:00"


# -- closing ------------------------------------------------------------------------------


def test_closing_is_for_staff_once_and_all_or_none(town):
    workspace, _ = town
    one, two = (send(workspace, STAYS, f"n{i}") for i in range(2))
    assert workspace.close_reports([one], commit=False) == 1
    assert workspace.report(one)["closed_at"] is None
    with pytest.raises(NotFound, match="no such report"):
        workspace.close_reports([one, 999])
    assert workspace.report(one)["closed_at"] is None
    assert workspace.close_reports([one, one]) == 1
    assert workspace.report(one)["closed_at"].isoformat() == "2026-03-12T09:00:00+08:00"
    with pytest.raises(Conflict, match="closed once"):
        workspace.close_reports([two, one])
    assert workspace.report(two)["closed_at"] is None
    with pytest.raises(NotAllowed):
        workspace.close_reports([two], actor=Actor.resident())
    assert workspace.reports(closed=True)[0] == workspace.reports(closed=False)[0] == 1
    assert workspace.close_reports([]) == 0


# -- what is written stays ----------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE report_moves SET reason = 'x'",
        "DELETE FROM report_moves",
        "UPDATE editions SET reports_policy = 'keep' WHERE name = 'redrawn'",
    ],
)
def test_other_programs_cannot_change_what_was_recorded(town, statement):
    workspace, _ = town
    send(workspace, GIVEN, "one")
    publish(workspace)
    with pytest.raises(Immutable), workspace.store._database.write() as connection:
        connection.execute(text(statement))


KILLED = """
import os, signal, sys
import gridmap.store.publications as publications
from tests.moves_town import SECOND, open_town

real = publications.record_moves
def stop(*args):
    if sys.argv[2] == "after":
        real(*args)
    os.kill(os.getpid(), signal.SIGKILL)

publications.record_moves = stop
with open_town(sys.argv[1]) as (workspace, hands):
    workspace.publish("redrawn", effective_from=SECOND, reports="migrate", commit=True)
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_while_publishing_leaves_neither_the_edition_nor_a_move(
    town, town_url, when, forked
):
    workspace, hands = town
    number = send(workspace, GIVEN, "one", item=OFFICE)
    child = forked(KILLED, town_url, when)
    assert child.returncode == -signal.SIGKILL, child.stderr
    assert workspace.store.edition("redrawn").is_draft
    assert workspace.report_moves(number) == []
    publish(workspace)
    hands.set("2026-06-02 09:00")
    assert belongs(workspace, number) == ("redrawn", NEW, f"JD:{EAST}")


class Killed(BaseException):
    """Nobody catches it, as nobody catches a kill."""


def dies(number):
    raise Killed


def test_who_dies_once_a_report_is_stored_has_not_lost_its_move(town, monkeypatch):
    workspace, hands = town
    publish(workspace)
    with monkeypatch.context() as patch:
        patch.setattr(workspace, "follow_editions", dies)
        with pytest.raises(Killed):
            send(workspace, GIVEN, "late", item=OFFICE)
    number = workspace.store.report_of_proof("key-late")
    assert workspace.report_moves(number) == []
    workspace.work()
    hands.set("2026-06-02 09:00")
    assert belongs(workspace, number) == ("redrawn", NEW, f"JD:{EAST}")
    assert len(workspace.report_moves(number)) == 1


def test_who_dies_once_an_order_is_open_again_has_not_lost_its_move(town, monkeypatch):
    workspace, hands = town
    number = send(workspace, GIVEN, "one", item=OFFICE)
    workspace.close_reports([number])
    publish(workspace)
    hands.set("2026-06-01 09:00")
    with monkeypatch.context() as patch:
        patch.setattr(workspace, "follow_editions", dies)
        with pytest.raises(Killed):
            workspace.act(number, "order.reopen", why="back again")
    assert workspace.report_moves(number) == []
    workspace.work()
    assert belongs(workspace, number) == ("redrawn", NEW, f"JD:{EAST}")
    # It lies where the edition moved it, and is found there.
    assert workspace.store.order(number).areas["community"] == NEW
    here = [workspace.orders(area=f"community:{code}")[0] for code in (OLD, NEW)]
    assert here == [0, 1]


# -- commands -----------------------------------------------------------------------------


def test_the_command_lists_them_before_anything_is_done(town, town_url, tmp_path):
    workspace, _ = town
    many(workspace, 40)
    listed = tmp_path / "reports.csv"
    words = ["publish", "redrawn", "--from", "2030-06-01", "--reports", "migrate"]
    done = gridmap(*words, "--reports-csv", listed, "--store", town_url)
    assert done.exit_code == 0, done.output
    assert "reports (migrate)" in done.stdout
    assert f"{OLD} -> {NEW}" in done.stdout
    assert "Nothing was written" in done.stdout
    rows = list(csv.DictReader(listed.read_text(encoding="utf-8-sig").splitlines()))
    plan = publish(workspace, commit=False).moves
    assert [int(row["report"]) for row in rows] == [m.report.number for m in plan.moves]
    assert {row["old_community"] for row in rows} > {OLD}
    assert {row["reason"] for row in rows} == {"area_changed", "outside"}
    refused = gridmap(*words, "--reports-csv", tmp_path / "no" / "x.csv", "--store", town_url)
    assert refused.exit_code == 2


def test_reports_are_closed_and_moved_by_command(town, town_url):
    workspace, _ = town
    number = send(workspace, GIVEN, "one")
    assert "Would close 1" in gridmap("reports", "close", number, "--store", town_url).stdout
    done = gridmap("reports", "close", number, "--commit", "--store", town_url)
    assert "Closed 1 reports" in done.stdout
    assert gridmap("reports", "close", number, "--commit", "--store", town_url).exit_code == 4
    assert gridmap("reports", "close", 99, "--store", town_url).exit_code == 3
    assert "No edition" in gridmap("reports", "move", "--store", town_url).stdout
