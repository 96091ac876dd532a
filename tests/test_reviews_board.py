"""The board of ownership reviews: what comes before it, what a ruling does, what is refused."""

from __future__ import annotations

import threading

import pytest
import shapely

from gridmap.access import Actor
from gridmap.errors import BadCode, BadValue, Conflict, Immutable, NotAllowed, NotFound
from gridmap.workspace import open_workspace
from tests.review_town import COVER, morning, report, ruling
from tests.route_town import at, rectangle

pytest_plugins = ["tests.review_fixtures"]

DISPATCHER = Actor.with_role("dispatcher", "调度员甲")
WORKER = Actor.with_role("grid_worker", "网格员乙")
RESIDENT = Actor.resident()


def geojson(*box):
    found = shapely.geometry.mapping(rectangle(*box))
    return {"type": found["type"], "coordinates": [[list(p) for p in found["coordinates"][0]]]}


def open_ones(workspace):
    return workspace.reviews(state="open")[1]


def test_what_nobody_owns_is_gathered_by_item_and_place(board):
    first = report(board, 0.2, 0.2, "a")
    second = report(board, 0.25, 0.2, "b")
    report(board, 8.2, 0.2, "c")
    report(board, 0.2, 0.2, "d", item="0101")
    found = open_ones(board)
    assert [(one["item"], one["reports"], one["reason"]) for one in found] == [
        (COVER, 2, "no_owner"),
        (COVER, 1, "no_owner"),
    ]
    one = board.review(found[0]["id"])
    assert [held["report_id"] for held in one["held"]] == [first["id"], second["id"]]
    assert one["area_name"] == "禾东社区第一网格01"
    assert one["item_name"] == "井盖丢失破损"
    assert "列入确权" in "".join(first["explanation"])
    assert first["confidence"] == 0


def test_another_overlay_at_the_place_is_another_review(board):
    report(board, 1.2, 1.3, "a", item="0310")
    report(board, 0.2, 0.2, "b", item="0310")
    # Both in one micro-grid; the red line says nothing about cabinets, so they are one.
    assert [one["reports"] for one in open_ones(board)] == [2]


def test_a_ruling_gives_the_waiting_reports_and_the_next_one_an_owner(board):
    first = report(board, 0.2, 0.2, "a")
    second = report(board, 0.25, 0.2, "b")
    number = open_ones(board)[0]["id"]
    board.clock.set("2026-03-05 10:00")
    tried = board.rule(number, ruling(), commit=False, actor=DISPATCHER)
    assert (tried.rerouted, tried.settled, tried.committed) == (2, 2, False)
    assert board.review(number)["state"] == "open"
    assert board.store.records("overlays")[-1]["kind"] == "estate"
    done = board.rule(number, ruling(), actor=DISPATCHER)
    assert (done.rerouted, done.settled) == (2, 2)
    made = [row for row in board.store.records("overlays") if row["kind"] == "ruling"]
    assert [(r["owner"], tuple(r["items"]), r["source"]) for r in made] == [
        ("SW", (COVER,), "确权纪要〔2026〕3号")
    ]
    for old in (first, second):
        now = board.report(old["id"])
        assert (now["department"], now["needs_person"], now["confidence"]) == ("SW", False, 1)
        assert now["due_at"] == old["due_at"]
        assert "权属裁定" in now["explanation"][0]
        assert "确权纪要〔2026〕3号" in now["explanation"][0]
        former = now["reroutes"][0]
        assert former["old_department"] == old["department"]
        assert former["old_explanation"] == old["explanation"]
        assert former["review_id"] == number
        assert former["rerouted_by"] == "调度员甲"
    settled = board.review(number)
    assert (settled["state"], settled["settled_by"]) == ("ruled", "调度员甲")
    assert settled["ruling"]["owner_name"] == "水务局"
    following = report(board, 0.3, 0.25, "later")
    assert following["department"] == "SW"
    assert "权属裁定" in following["explanation"][0]
    assert open_ones(board) == []


def test_a_ruling_counts_from_its_first_day_and_ends_on_its_last(board):
    report(board, 0.2, 0.2, "a")
    number = open_ones(board)[0]["id"]
    board.rule(number, ruling(valid_from="2026-03-10", valid_to="2026-03-20"), actor=DISPATCHER)
    owners = []
    for n, day in enumerate(("09", "10", "19", "20")):
        board.clock.set(f"2026-03-{day} 09:00")
        owners.append(report(board, 0.2, 0.25, f"day{n}")["department"])
    assert owners == ["JD:990101001", "SW", "SW", "JD:990101001"]


def test_reports_that_the_ground_leaves_out_wait_in_a_new_review(board):
    report(board, 0.2, 0.2, "a")
    away = report(board, 1.9, 1.9, "b")
    number = open_ones(board)[0]["id"]
    done = board.rule(number, ruling(radius_m=20.0), actor=DISPATCHER)
    assert (done.rerouted, done.settled) == (2, 1)
    (left,) = open_ones(board)
    assert left["id"] != number
    assert [held["report_id"] for held in board.review(left["id"])["held"]] == [away["id"]]


@pytest.mark.parametrize(
    ("ground", "holds", "leaves"),
    [
        ({"polygon": geojson(0, 0, 1, 1)}, (0.9, 0.9), (1.1, 1.1)),
        ({"area": {"level": "microgrid", "code": "99010100100100101"}}, (1.9, 1.9), (2.1, 1.9)),
        ({"area": {"level": "community", "code": "990101001001"}}, (7.9, 3.9), (8.1, 3.9)),
        ({"radius_m": 60.0}, (0.6, 0.2), (1.1, 0.2)),
    ],
    ids=["polygon", "microgrid", "community", "radius"],
)
def test_the_ground_is_what_was_drawn_or_named(board, ground, holds, leaves):
    report(board, 0.2, 0.2, "a")
    number = open_ones(board)[0]["id"]
    board.rule(number, ruling(radius_m=None) | ground, actor=DISPATCHER)
    assert report(board, *holds, "in")["department"] == "SW"
    assert report(board, *leaves, "out")["department"] != "SW"


def test_the_ground_may_be_that_of_an_overlay(board):
    report(board, 1.2, 1.3, "a")
    number = open_ones(board)[0]["id"]
    board.rule(number, ruling(radius_m=None, overlay="E01"), actor=DISPATCHER)
    assert report(board, 3.4, 3.4, "in")["department"] == "SW"
    assert report(board, 3.6, 3.4, "out")["department"] != "SW"


BOW = {"type": "Polygon", "coordinates": [[list(at(*p)) for p in
       ((0, 0), (1, 1), (1, 0), (0, 1), (0, 0))]]}  # fmt: skip
OPEN_RING = {"type": "Polygon", "coordinates": [[list(at(*p)) for p in
             ((0, 0), (1, 0), (1, 1), (0, 1))]]}  # fmt: skip


@pytest.mark.parametrize(
    ("ground", "said"),
    [
        (BOW, r"not valid at 117\.0005\d*, 36\.6005"),
        (OPEN_RING, r"ends where it begins \(ring 1\)"),
        ({"type": "Point", "coordinates": [117, 36.6]}, "no GeoJSON polygon"),
        ({"type": "Polygon", "coordinates": [[[117, 36.6], [117, "x"], [1, 1], [117, 36.6]]]},
         r"ring 1, position 2"),
        ({"type": "Polygon", "coordinates": [[[36.6, 117], [36.7, 117], [1, 1], [36.6, 117]]]},
         r"ring 1, position 1.*longitude first"),
        ({"type": "Polygon", "coordinates": []}, "no ring"),
        (geojson(-2, 0, 1, 1), r"out of the district, for example at 116\.99"),
        (geojson(0.5, 0.5, 1, 1), "does not hold the place"),
    ],
    ids=["bow", "open", "point", "text", "swapped", "empty", "outside", "beside"],
)  # fmt: skip
def test_ground_that_cannot_hold_is_refused_with_the_place_at_fault(board, ground, said):
    report(board, 0.2, 0.2, "a")
    number = open_ones(board)[0]["id"]
    with pytest.raises(BadValue, match=said):
        board.rule(number, ruling(radius_m=None, polygon=ground), actor=DISPATCHER)
    assert board.review(number)["state"] == "open"


def test_one_place_is_not_given_to_two_owners(board):
    report(board, 0.2, 0.2, "a")
    report(board, 2.2, 0.2, "b")
    one, other = (review["id"] for review in open_ones(board))
    board.rule(one, ruling(radius_m=None, polygon=geojson(0, 0, 2.3, 1)), actor=DISPATCHER)
    ground = {"radius_m": None, "polygon": geojson(2.1, 0, 3, 1)}
    with pytest.raises(BadValue, match=rf"'ruling-{one}' gives the same to SW, for example at 117"):
        board.rule(other, ruling(owner="SZ") | ground, actor=DISPATCHER)
    # To the same owner, or after the other has ended, it may.
    board.rule(other, ruling() | ground, actor=DISPATCHER)


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"owner": "SWW"}, BadValue, "SW"),
        ({"items": ["0302"]}, BadValue, "leaves out the item"),
        ({"items": [COVER, "9999"]}, BadCode, "9999"),
        ({"document": " "}, BadValue, "document"),
        ({"valid_from": "2026-04-01", "valid_to": "2026-03-01"}, BadValue, "ends after"),
        ({"valid_from": "soon"}, BadValue, "valid_from"),
        ({"radius_m": None}, BadValue, "one way"),
        ({"area": {"level": "grid", "code": "x"}}, BadValue, "one way"),
        ({"radius_m": 5000.0}, BadValue, "radius"),
        ({"radius_m": None, "overlay": "E99"}, NotFound, "overlay"),
        ({"colour": "red"}, BadValue, "no such field"),
    ],
)
def test_a_ruling_that_nobody_could_follow_is_refused(board, change, error, said):
    report(board, 0.2, 0.2, "a")
    number = open_ones(board)[0]["id"]
    with pytest.raises(error, match=said):
        board.rule(number, ruling(**change), actor=DISPATCHER)


def test_only_the_centre_and_leaders_settle_and_only_staff_look(board):
    report(board, 0.2, 0.2, "a")
    number = open_ones(board)[0]["id"]
    with pytest.raises(NotAllowed, match="dispatcher"):
        board.rule(number, ruling(), actor=WORKER)
    assert board.review(number, actor=WORKER)["reports"] == 1
    for ask in (
        lambda: board.reviews(actor=RESIDENT),
        lambda: board.review(number, actor=RESIDENT),
        lambda: board.open_review(1, "why", RESIDENT),
        lambda: board.rule(number, ruling(), actor=RESIDENT),
        lambda: give_back(board, 1, "SW", "why", RESIDENT),
        lambda: board.pause_report(1, "weather", actor=RESIDENT),
    ):
        with pytest.raises(NotAllowed):
            ask()


def give_back(board, number, department, why, actor):
    """A body sends a report back that was sent to it; how often, and the review that follows."""
    if board.store.order(number).state == "submitted":
        board.act(number, "order.confirm", actor=actor)
    if board.store.order(number).state != "ownership_review":
        board.act(number, "order.dispatch", actor=actor)
    board.act(number, "order.return", department=department, kind="wrong_dispatch", why=why,
              actor=actor)  # fmt: skip
    order = board.order(number)
    held = [
        one["id"]
        for one in board.reviews(state="open")[1]
        if number in {report["report_id"] for report in board.review(one["id"])["held"]}
    ]
    return order["returns_total"], next(iter(held), None)


def test_a_report_that_is_returned_twice_comes_before_the_board(board):
    sent = report(board, 0.2, 0.2, "a", item="0303")
    assert sent["department"] == "SZ"
    assert give_back(board, sent["id"], "SZ", "不是市政道路", DISPATCHER) == (1, None)
    times, number = give_back(board, sent["id"], "SZ", "仍不是", DISPATCHER)
    assert times == 2
    one = board.review(number)
    assert (one["reason"], one["held"][0]["why"]) == ("returned", "仍不是")
    assert [r["why"] for r in board.report(sent["id"])["returns"]] == ["不是市政道路", "仍不是"]
    board.rule(number, ruling(owner="JT"), actor=DISPATCHER)
    assert board.report(sent["id"])["department"] == "JT"


def test_how_often_is_too_often_is_the_sites_own(review_url, tmp_path):
    from gridmap.settings import Settings

    table = "scope,code,returns\nsite,,3\nclass,03,1\n"
    (tmp_path / "terms.csv").write_text(table, encoding="utf-8")
    settings = Settings(store=review_url, rules=tmp_path)
    with open_workspace(settings=settings, clock=morning()) as board:
        road = report(board, 0.2, 0.2, "a", item="0303")
        litter = report(board, 0.2, 0.2, "b", item="0101")
        assert give_back(board, road["id"], "SZ", "no", DISPATCHER)[1] is not None
        found = [give_back(board, litter["id"], "HW", "no", DISPATCHER)[1] for _ in range(3)]
        assert [one is not None for one in found] == [False, False, True]


def test_anybody_on_the_staff_may_ask_for_a_review_with_a_reason(board):
    sent = report(board, 0.2, 0.2, "a", item="0101")
    with pytest.raises(BadValue, match="reason"):
        board.open_review(sent["id"], "  ", WORKER)
    one = board.open_review(sent["id"], "三家都说不归自己管", WORKER)
    assert (one["reason"], one["reports"]) == ("asked", 1)
    assert board.open_review(sent["id"], "again", WORKER)["id"] == one["id"]
    with pytest.raises(NotFound):
        board.open_review(10**6, "why", WORKER)
    board.close_reports([sent["id"]])
    with pytest.raises(Conflict):
        board.open_review(sent["id"], "why", WORKER)


def test_a_report_nowhere_can_be_reviewed_but_not_by_a_circle(board):
    sent = board.submit_report(
        {"lon": None, "lat": None, "coord_sys": "wgs84", "item": COVER}, key="review-nowhere"
    )[0]
    one = board.open_review(sent["id"], "位置不明", WORKER)
    assert one["area_code"] == ""
    with pytest.raises(BadValue, match="no place"):
        board.rule(one["id"], ruling(), actor=DISPATCHER)


def test_two_rulings_at_once_one_counts_and_the_other_is_told(review_url):
    with open_workspace(review_url, clock=morning()) as board:
        report(board, 0.2, 0.2, "a")
        number = open_ones(board)[0]["id"]
    start, told = threading.Barrier(2), []

    def settle(owner):
        with open_workspace(review_url, clock=morning()) as own:
            own.router("town")
            start.wait()
            try:
                own.rule(number, ruling(owner=owner), actor=DISPATCHER)
            except Conflict as error:
                told.append(error)
            else:
                told.append(owner)

    threads = [threading.Thread(target=settle, args=(owner,)) for owner in ("SW", "SZ")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [one for one in told if isinstance(one, str)]
    assert len(won) == 1
    assert len(told) == 2
    with open_workspace(review_url, clock=morning()) as board:
        made = [r["owner"] for r in board.store.records("overlays") if r["kind"] == "ruling"]
        assert made == won
        assert board.review(number)["ruling"]["owner"] == won[0]


def test_what_was_ruled_is_never_changed_by_other_programs(board):
    report(board, 0.2, 0.2, "a")
    number = open_ones(board)[0]["id"]
    board.rule(number, ruling(), actor=DISPATCHER)
    from sqlalchemy import text

    for statement in (
        "UPDATE rulings SET owner = 'X'",
        "DELETE FROM rulings",
        "UPDATE report_reroutes SET why = 'X'",
        "DELETE FROM report_reroutes",
        "UPDATE reviews SET state = 'open'",
        "DELETE FROM reviews",
    ):
        with pytest.raises(Immutable), board.store._database.write() as connection:
            connection.execute(text(statement))


def test_files_that_are_assigned_and_kept_come_before_the_board_too(board, tmp_path):
    lines = ["lon,lat,item"]
    for x, y in ((0.2, 0.2), (0.3, 0.2), (8.2, 0.2)):
        lon, lat = at(x, y)
        lines += [f"{lon},{lat},{COVER}", f"{lon},{lat},0101"]
    path = tmp_path / "in.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    board.assign(path, tmp_path / "out.csv", item="item", keep={}, coord_sys="wgs84")
    assert [one["reports"] for one in open_ones(board)] == [2, 1]
    out = (tmp_path / "out.csv").read_text(encoding="utf-8-sig").splitlines()
    assert out[0].split(",")[-2:] == ["confidence", "reason"]


def test_open_reports_are_routed_anew_by_a_mended_rule_and_keep_what_they_had(board):
    sent = report(board, 0.2, 0.2, "a")
    dry = board.reroute_reports([sent["id"]], "部件已登记")
    assert dry[0][1].department == "JD:990101001"
    lon, lat = at(0.2, 0.2)
    board.put_records(
        "overlays",
        [{"code": "C1", "kind": "asset", "name": "污水井", "owner": "SW", "managed": True,
          "items": [COVER], "geom": shapely.Point(lon, lat), "priority": 0}],
    )  # fmt: skip
    board.reroute_reports([sent["id"]], "部件已登记", commit=True, actor=DISPATCHER)
    now = board.report(sent["id"])
    assert now["department"] == "SW"
    assert (now["reroutes"][0]["why"], now["reroutes"][0]["review_id"]) == ("部件已登记", None)
    assert now["due_at"] == sent["due_at"]
    board.close_reports([sent["id"]])
    with pytest.raises(Conflict):
        board.reroute_reports([sent["id"]], "again", commit=True)
