"""Moves of open reports by an edition: decided again exactly, by what they were decided by."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from sqlalchemy import text

from gridmap.errors import NotFound
from tests.cli_district import gridmap
from tests.moves_town import (
    GIVEN,
    LEFT_OUT,
    NEW,
    SECOND,
    STAYS,
    fill_town,
    open_town,
    put,
    send,
)
from tests.route_town import EAST, estate_map
from tests.test_rule_versions import litter_goes_to_enforcement

ESTATE = (1.2, 1.3)
SPOTS = [(GIVEN, "0301"), (GIVEN, "0103"), (ESTATE, "0601"), (ESTATE, "0101")]


@pytest.fixture
def town(store_url):
    with open_town(store_url) as (workspace, hands):
        fill_town(workspace)
        yield workspace, hands


def moved(workspace, hands):
    """Reports that moved with the second edition; their records as of then."""
    numbers = [
        send(workspace, spot, f"n{n}-{metres}", item=item, accuracy_m=metres)
        for n, (spot, item) in enumerate(SPOTS)
        for metres in (None, 25.0)
    ]
    workspace.publish("redrawn", effective_from=SECOND, reports="migrate", commit=True)
    hands.set("2026-06-02 09:00")
    return {number: workspace.report(number) for number in numbers}


def change_everything(workspace, folder):
    """Rules, overlays, parties and posts are others."""
    workspace.import_rules(litter_goes_to_enforcement(folder), commit=True)
    overlays = [
        asdict(replace(o, managed=False, owner="")) | {"geom": shape}
        for o, shape in zip(estate_map().overlays, estate_map().geometry, strict=True)
    ]
    workspace.put_records("overlays", overlays, replace=True)
    workspace.put_records("posts", [], replace=True)


def test_moves_are_made_again_exactly_after_everything_changed(town, tmp_path):
    workspace, hands = town
    before = moved(workspace, hands)
    change_everything(workspace, tmp_path)
    hands.set("2026-07-20 10:00")
    for number, then in before.items():
        found = workspace.replay(number, edition="redrawn")
        assert (found["same"], found["differences"]) == (True, [])
        for name in ("department", "co_departments", "first_responder", "handling_level"):
            assert found["replayed"][name] == then[name], name
        said = [s for s in found["replayed"]["explanation"] if s in then["explanation"]]
        assert len(said) >= len(then["explanation"]) - 1  # the deadline is the report's own
        assert found["replayed"]["due_at"] is None
        assert found["made_by"]["edition"] == "redrawn"
        (entry,) = workspace.report(number)["moves"]
        assert entry["rules"] == found["made_by"]["rules"] != found["made_by"]["rules_today"]
        assert entry["responsibilities"] == found["made_by"]["responsibilities"]
        assert workspace.replay(number)["made_by"]["edition"] == "town"


def test_beside_a_moves_replay_stands_what_would_be_decided_today(town, tmp_path):
    workspace, hands = town
    before = moved(workspace, hands)
    change_everything(workspace, tmp_path)
    number = next(n for n, record in before.items() if record["department"] == "WY:F001")
    found = workspace.replay(number, edition="redrawn")
    assert found["replayed"]["department"] == "WY:F001"
    assert found["today"]["department"] == f"SQ:{NEW}"
    assert {"department", "explanation"} <= set(found["changed"])
    assert "due_at" not in found["changed"]


def test_a_report_that_got_its_deadline_by_moving_is_replayed_with_it(town):
    workspace, hands = town
    workspace.publish("redrawn", effective_from=SECOND, commit=True)
    put(workspace, "whole", like="town")
    hands.set("2026-06-02 09:00")
    number = send(workspace, LEFT_OUT, "out")
    workspace.publish(
        "whole", effective_from="2026-07-01", reports="migrate", commit=True,
        accept_faults="codes of the first edition come back on purpose",
    )  # fmt: skip
    hands.set("2026-07-02 09:00")
    found = workspace.replay(number, edition="whole")
    assert found["same"]
    assert found["replayed"]["due_at"] == workspace.report(number)["due_at"] is not None


def test_a_report_that_was_routed_anew_after_it_moved_is_replayed_as_it_was_first_routed(town):
    workspace, hands = town
    number = send(workspace, GIVEN, "mended", item="0301")
    first = workspace.report(number)
    workspace.publish("redrawn", effective_from=SECOND, reports="migrate", commit=True)
    hands.set("2026-06-02 09:00")
    moved_to = workspace.report(number)
    assert moved_to["department"] == f"JD:{EAST}" != first["department"]
    workspace.reroute_reports([number], "the register is mended", commit=True)
    (former,) = workspace.report(number)["reroutes"]
    assert former["old_explanation"] == first["explanation"]
    for edition, then in (("town", first), ("redrawn", moved_to)):
        found = workspace.replay(number, edition=None if edition == "town" else edition)
        assert (found["same"], found["made_by"]["edition"]) == (True, edition)
        assert found["stored"]["department"] == then["department"]


def test_stragglers_and_a_rollback_keep_what_they_were_decided_by(town, tmp_path):
    workspace, hands = town
    workspace.publish("redrawn", effective_from=SECOND, reports="migrate", commit=True)
    number = send(workspace, GIVEN, "late", item="0301")
    hands.set("2026-06-02 09:00")
    settings = {"to": "town", "effective_from": "2026-06-10", "why": "the court said so"}
    done = workspace.rollback(**settings, reports="migrate", commit=True)
    change_everything(workspace, tmp_path)
    hands.set("2026-06-12 09:00")
    for edition in ("redrawn", done.edition):
        found = workspace.replay(number, edition=edition)
        assert (found["same"], found["made_by"]["edition"]) == (True, edition)
        assert found["made_by"]["rules"] != found["made_by"]["rules_today"]
    assert workspace.replay(number, edition="redrawn")["replayed"]["department"] == f"JD:{EAST}"


def test_a_move_that_another_program_forged_is_noticed(town):
    workspace, hands = town
    number = next(iter(moved(workspace, hands)))
    with workspace.store._database.write() as connection:
        if workspace.store.kind == "geopackage":
            connection.execute(text("DROP TRIGGER guard_report_moves_update"))
        else:
            connection.execute(text("DROP TRIGGER guard_report_moves ON report_moves"))
        connection.execute(text("UPDATE report_moves SET department = 'SZ'"))
    found = workspace.replay(number, edition="redrawn")
    assert (found["same"], found["differences"]) == (False, ["department"])


def test_only_a_move_whose_versions_were_kept_is_replayed(town):
    workspace, _ = town
    stays = send(workspace, STAYS, "stays")
    outside = send(workspace, LEFT_OUT, "outside")
    workspace.publish("redrawn", effective_from=SECOND, reports="migrate", commit=True)
    with pytest.raises(NotFound, match="No such edition moved"):
        workspace.replay(stays, edition="redrawn")
    with pytest.raises(NotFound, match="kept its owner"):
        workspace.replay(outside, edition="redrawn")
    with pytest.raises(NotFound, match="redrawn"):
        workspace.replay(outside, edition="nowhere")


def test_the_command_replays_a_move(town, store_url):
    workspace, hands = town
    number = next(iter(moved(workspace, hands)))
    done = gridmap("--store", store_url, "route", "replay", number, "--edition", "redrawn")
    assert done.exit_code == 0, done.output
    assert "Replayed: the same." in done.output
    assert "redrawn" in done.output
