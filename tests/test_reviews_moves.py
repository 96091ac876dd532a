"""Rulings and pauses beside reports that editions move: the latest word counts."""

from __future__ import annotations

import pytest

from gridmap.access import Actor, Scope
from gridmap.areas import DEFAULT_LEVELS
from gridmap.coverage.importing.incoming import ColumnMap
from tests.review_town import report, ruling
from tests.route_town import write_town

pytest_plugins = ["tests.review_fixtures"]


@pytest.fixture
def recoded(tmp_path):
    """The town's layers with the south-western micro-grid under another code."""
    import geopandas as gpd

    paths = write_town(tmp_path)
    frame = gpd.read_file(paths["microgrid"], engine="pyogrio")
    frame.loc[frame["code"] == "99010100100100101", "code"] = "99010100100100109"
    frame.to_file(paths["microgrid"], driver="GPKG", engine="pyogrio")
    return paths


def publish(board, paths, day):
    for level in DEFAULT_LEVELS.names:
        parent = None if level == DEFAULT_LEVELS.names[0] else "parent"
        columns = ColumnMap(code="code", name="name", name_en="name_en", parent=parent, kind="kind")
        board.import_layer(
            str(paths[level]), edition="next", level=level, columns=columns, commit=True
        )
    board.publish("next", effective_from=day, reports="migrate", accept_faults="recoded",
                  commit=True)  # fmt: skip


def test_a_ruling_stands_when_a_move_recorded_before_it_comes_into_force(board, recoded):
    sent = report(board, 0.2, 0.2, "a")
    publish(board, recoded, "2026-03-10")
    board.rule(1, ruling())
    board.clock.set("2026-03-11 09:00")
    now = board.report(sent["id"])
    assert now["areas"]["microgrid"] == "99010100100100109"
    assert (now["edition"], now["department"], now["confidence"]) == ("next", "SW", 1)
    assert now["due_at"] == sent["due_at"]
    board.work()
    order = board.order(sent["id"])
    assert (order["lead"], order["areas"]["microgrid"]) == ("SW", "99010100100100109")


def test_a_ruling_is_made_for_a_report_that_has_moved(board, recoded):
    sent = report(board, 0.2, 0.2, "a")
    publish(board, recoded, "2026-03-10")
    board.clock.set("2026-03-11 09:00")
    assert board.report(sent["id"])["edition"] == "next"
    board.rule(1, ruling())
    now = board.report(sent["id"])
    assert (now["edition"], now["department"]) == ("next", "SW")
    assert "权属裁定" in now["explanation"][0]


def test_a_review_lies_where_the_editions_have_moved_its_reports(board, recoded):
    report(board, 0.2, 0.2, "a")
    publish(board, recoded, "2026-03-10")

    def seen(code):
        who = Actor.with_role("dispatcher", scope=Scope.of(areas=[f"microgrid:{code}"]))
        return [one["id"] for one in board.reviews(actor=who)[1]]

    old, new = "99010100100100101", "99010100100100109"
    assert (seen(old), seen(new)) == ([1], [])
    board.clock.set("2026-03-11 09:00")
    assert (seen(old), seen(new)) == ([], [1])


def test_a_pause_does_not_keep_an_edition_from_moving_the_owner(board, recoded):
    sent = report(board, 0.2, 0.2, "a", item="0303")
    publish(board, recoded, "2026-03-10")
    board.pause_report(sent["id"], "weather")
    # The day of receipt costs nothing; Thursday 5 is a whole working day.
    board.clock.set("2026-03-05 17:30")
    board.resume_report(sent["id"])
    board.clock.set("2026-03-11 09:00")
    now = board.report(sent["id"])
    assert now["areas"]["microgrid"] == "99010100100100109"
    assert now["due_at"].isoformat() == "2026-03-12T17:30:00+08:00"
    assert any("暂停计时" in said for said in now["explanation"])


def test_who_asks_for_a_review_as_their_area_gives_the_report_away_is_told_of_it(board, recoded):
    sent = report(board, 0.2, 0.2, "a")
    publish(board, recoded, "2026-03-10")
    board.clock.set("2026-03-11 09:00")
    # The order follows with the next round of the worker.
    before = Actor.with_role("grid_worker", scope=Scope.of(areas=["microgrid:99010100100100101"]))
    review = board.open_review(sent["id"], "谁的", before)
    assert [one["report_id"] for one in review["held"]] == [sent["id"]]
