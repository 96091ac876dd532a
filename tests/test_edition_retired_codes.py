"""Codes that go out of use: kept with their reason, never given to another area."""

from __future__ import annotations

import pytest

from gridmap.coverage.importing.incoming import ColumnMap
from gridmap.errors import BadValue, CoverageFaulty
from tests.cli_district import gridmap, write_layer
from tests.cli_district import square as box
from tests.edition_data import (
    MERGED,
    OLD,
    SPLIT,
    march,
    moving_workspace,
    published,
    put,
)


@pytest.fixture
def workspace(store_url):
    with moving_workspace(store_url) as (opened, _):
        published(opened, "e1", OLD, march(2))
        yield opened


def of_codes(outcome):
    """The faults that past editions make, without those of the drawing."""
    return [(f.kind, f.severity, f.codes) for f in outcome.faults if f.kind.startswith("code_")]


def brief(workspace):
    return [
        (one["code"], one["last_edition"], one["edition"], one["back_in"])
        for one in workspace.retired_codes()
    ]


def test_a_code_that_goes_is_recorded_with_what_followed_it(workspace):
    published(workspace, "e2", MERGED, march(10))
    (one,) = workspace.retired_codes()
    assert (one["family"], one["level"], one["code"]) == ("base", "grid", "G2")
    assert (one["last_edition"], one["edition"], one["retired_at"]) == ("e1", "e2", march(10))
    assert one["reason"] == "not in edition e2"
    assert one["successors"] == [{"code": "G1", "share": 1.0}]
    assert one["recorded_at"] == march(1)


def test_a_split_has_two_successors_by_the_ground_they_took(workspace):
    halves = {"G1": [(0, 0)], "G2": [(1, 0)], "G6": [(2, 0)], "G7": [(3, 0)]}
    wide = {"G1": [(0, 0)], "G2": [(1, 0)], "G3": [(2, 0), (3, 0)]}
    published(workspace, "e2", wide, march(5))
    published(workspace, "e3", halves, march(10))
    (one,) = workspace.retired_codes()
    assert one["successors"] == [{"code": "G6", "share": 0.5}, {"code": "G7", "share": 0.5}]


def test_reasons_are_given_for_all_and_for_one(workspace):
    put(workspace.store, "e2", {"G9": [(0, 0), (1, 0), (2, 0)]})
    outcome = workspace.publish(
        "e2",
        effective_from=march(10),
        why="三格合一",
        reasons={"G2": "并入", "grid/G3": "道路改造"},
        commit=True,
    )
    assert len(outcome.retired) == 3
    assert {one["code"]: one["reason"] for one in workspace.retired_codes()} == {
        "G1": "三格合一", "G2": "并入", "G3": "道路改造",
    }  # fmt: skip
    assert workspace.store.edition("e2").published_why == "三格合一"


def test_a_reason_for_a_code_that_stays_is_refused(workspace):
    put(workspace.store, "e2", MERGED)
    for reasons in ({"G1": "x"}, {"G2": " "}, {"moon/G2": "x"}):
        with pytest.raises(BadValue, match="reason"):
            workspace.publish("e2", effective_from=march(10), reasons=reasons, commit=True)


def test_a_retired_code_is_refused_to_another_area(workspace):
    published(workspace, "e2", MERGED, march(10))
    elsewhere = {**MERGED, "G2": [(5, 0)]}
    put(workspace.store, "e3", elsewhere)
    with pytest.raises(CoverageFaulty, match="G2") as caught:
        workspace.publish("e3", effective_from=march(20), commit=True)
    assert "retired on 2026-03-10" in str(caught.value)
    assert workspace.store.edition("e3").is_draft
    outcome = workspace.publish("e3", effective_from=march(20), accept_faults="批准", commit=True)
    assert [f.kind for f in outcome.faults if f.severity == "error"] == ["code_reused"]


def test_the_same_place_may_have_its_code_back(workspace):
    published(workspace, "e2", MERGED, march(10))
    outcome = published(workspace, "e3", OLD, march(20))
    assert of_codes(outcome) == [("code_restored", "info", ("G2",))]
    assert brief(workspace) == [("G2", "e1", "e2", "e3")]


def test_an_import_says_that_a_code_was_retired(workspace, tmp_path):
    published(workspace, "e2", MERGED, march(10))
    layer = write_layer(
        tmp_path / "grids.geojson",
        [({"code": code}, box(117 + i * 0.01, 36.0, 0.01)) for i, code in enumerate(("G1", "G2"))],
    )
    columns = ColumnMap(code="code", name="code")
    outcome = workspace.import_layer(str(layer), edition="e3", level="grid", columns=columns)
    (note,) = outcome.report.of_kind("code_retired")
    assert (note.severity, note.codes) == ("warning", ("G2",))
    assert "--retired-codes" in note.text


def test_a_code_of_a_later_edition_is_refused_to_another_area(workspace):
    published(workspace, "e2", SPLIT, march(10))
    put(workspace.store, "between", {**OLD, "G5": [(7, 0)]})
    with pytest.raises(CoverageFaulty, match="G5"):
        workspace.publish("between", effective_from=march(6), commit=True)


def test_a_code_in_use_that_moves_elsewhere_is_a_warning(workspace):
    swapped = {"G1": [(1, 0)], "G2": [(0, 0)], "G3": [(2, 0)]}
    outcome = published(workspace, "e2", swapped, march(10))
    assert of_codes(outcome) == [
        ("code_moved", "warning", ("G1",)),
        ("code_moved", "warning", ("G2",)),
    ]


def test_an_edition_put_between_two_takes_its_share(workspace):
    published(workspace, "e3", {"G1": [(0, 0)]}, march(20))
    assert brief(workspace) == [("G2", "e1", "e3", None), ("G3", "e1", "e3", None)]
    published(workspace, "e2", MERGED, march(10))
    assert brief(workspace) == [("G2", "e1", "e2", None), ("G3", "e2", "e3", None)]


def test_withdrawing_an_edition_gives_its_codes_to_the_next_one(workspace):
    published(workspace, "e2", {**MERGED, "G8": [(8, 0)]}, march(10))
    published(workspace, "e3", {"G1": [(0, 0)]}, march(20))
    assert brief(workspace) == [
        ("G2", "e1", "e2", None), ("G3", "e2", "e3", None), ("G8", "e2", "e3", None),
    ]  # fmt: skip
    workspace.retire("e2", why="x", commit=True)
    assert brief(workspace) == [("G2", "e1", "e3", None), ("G3", "e1", "e3", None)]


def test_a_code_of_a_withdrawn_edition_was_never_used(workspace):
    published(workspace, "e2", {**OLD, "G8": [(8, 0)]}, march(10))
    workspace.retire("e2", why="x", commit=True)
    outcome = published(workspace, "e3", {**OLD, "G8": [(9, 0)]}, march(11))
    assert of_codes(outcome) == []


def test_a_rollback_brings_codes_back_and_retires_those_of_between(workspace):
    published(workspace, "e2", SPLIT, march(10))
    outcome = workspace.rollback(to="e1", effective_from=march(20), why="划分有误", commit=True)
    assert [code for _, code in outcome.retired] == ["G4", "G5"]
    assert brief(workspace) == [
        ("G3", "e1", "e2", "e1 (2)"), ("G4", "e2", "e1 (2)", None), ("G5", "e2", "e1 (2)", None),
    ]  # fmt: skip
    assert {one["reason"] for one in workspace.retired_codes()[1:]} == {"划分有误"}


def test_made_up_codes_are_not_recorded(workspace):
    put(workspace.store, "e2", {"G1": [(0, 0)], "G2": [(1, 0)], "G3": [(2, 0)], "~1": [(3, 0)]})
    with workspace.store._database.write() as connection:
        true = "1" if workspace.store.kind == "geopackage" else "true"
        connection.exec_driver_sql(f"UPDATE areas SET provisional = {true} WHERE code = '~1'")
    workspace.publish("e2", effective_from=march(10), commit=True)
    published(workspace, "e3", OLD, march(20))
    assert workspace.retired_codes() == []


def test_the_command_lists_them(workspace, store_url):
    put(workspace.store, "e2", MERGED)
    done = gridmap(
        "publish", "e2", "--from", "2999-03-10", "--reason", "G2=并入 G1", "--commit",
        "--store", store_url,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "1: G2" in done.stdout
    said = gridmap("editions", "--retired-codes", "--store", store_url).stdout
    assert "并入 G1" in said
    assert "G1 100%" in said
    assert gridmap("publish", "e2", "--from", "2999-03-10", "--reason", "G2", "--store",
                   store_url).exit_code == 2  # fmt: skip
