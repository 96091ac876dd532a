"""Every item at every kind of place: a whole set of rules passes, injected defects are found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from gridmap.areas import Area, Levels
from gridmap.coverage.model import Coverage
from gridmap.locate.locator import Locator
from gridmap.routing import (
    Departments,
    Overlay,
    OverlayMap,
    Router,
    SiteRole,
    SiteRule,
    load_route_book,
    render_step,
)
from gridmap.routing.proof import prove
from gridmap.routing.spots import claim, spots
from gridmap.times import site_zone
from tests.route_town import ESTATES, FIRMS, POSTS, WEST, at, coverage, estate_map, rectangle

BOOK = load_route_book(zone=site_zone())
DAY = date(2026, 3, 12)

# Nobody has registered the owners of covers, cabinets, poles and mains.
UNREGISTERED = {"0301", "0310", "0311", "1204"}


def town(*more, book=BOOK, posts=POSTS, firms=FIRMS, area=None):
    """A router of the town with further overlays: pairs of an overlay and its box."""
    shapes = [*estate_map().geometry, *(rectangle(*box) for _, box in more)]
    known = [*estate_map().overlays, *(overlay for overlay, _ in more)]
    return Router(book, area or coverage(), OverlayMap(known, shapes), firms, posts)


def faults(router, kind, day=DAY):
    return [fault for fault in prove(router.answers, day).faults if fault.kind == kind]


def owned(kind, code, box, owner="SZ", **more):
    return Overlay(code, kind, f"名{code}", f"Name {code}", owner=owner, **more), box


# -- what is asked --------------------------------------------------------------------------


def test_every_combination_that_occurs_is_asked_once_and_at_a_place_where_it_does():
    router = town()
    answers = router.answers
    found = spots(answers.territory, answers.overlays, DAY)
    assert len({(s.seat, s.overlays) for s in found}) == len(found)
    lon, lat = np.array([[s.lon, s.lat] for s in found]).T
    touched = answers.overlays.around(lon, lat).touched
    located = Locator(answers.territory.coverage).locate(lon, lat)
    for n, spot in enumerate(found):
        assert answers.in_force(touched[n], DAY) == spot.overlays
        row = answers.territory.row("microgrid", located.codes["microgrid"][n] or "")
        if row is None:
            row = answers.territory.row("grid", located.codes["grid"][n])
        assert answers.territory.seat_of[row] == spot.seat


def test_no_place_is_missed():
    answers = town().answers

    def alike(seat, rows):
        return seat, tuple(claim(answers.overlays.overlays[o]) for o in rows)

    listed = spots(answers.territory, answers.overlays, DAY)
    known = {alike(s.seat, s.overlays) for s in listed}
    x, y = (a.ravel() for a in np.meshgrid(np.arange(0.05, 16, 0.1), np.arange(0.05, 8, 0.1)))
    lon, lat = 117 + x / 1000, 36.6 + y / 1000
    located = Locator(answers.territory.coverage).locate(lon, lat)
    touched = answers.overlays.around(lon, lat).touched
    for n in range(len(lon)):
        level = "microgrid" if located.codes["microgrid"][n] else "grid"
        row = answers.territory.row(level, located.codes[level][n])
        seat = answers.territory.seat_of[row]
        there = answers.in_force(touched[n], DAY)
        assert alike(seat, there) in known
        assert there in listed.together


def test_the_towns_rules_are_complete_but_for_what_nobody_registered():
    proof = prove(town().answers, DAY)
    assert proof.complete
    assert {f.items[0] for f in proof.faults if f.kind == "uncovered"} == UNREGISTERED
    assert proof.led + proof.reviewed == proof.items * proof.places
    assert {f.severity for f in proof.faults} == {"warning", "info"}


def test_the_answer_at_an_example_is_the_one_a_report_gets_there():
    router = town()
    answers = router.answers
    locator = Locator(answers.territory.coverage)
    noon = datetime(2026, 3, 12, 4, tzinfo=UTC)
    for spot in spots(answers.territory, answers.overlays, DAY):
        there = locator.locate([spot.lon], [spot.lat])
        for code in ("0101", "0204", "0601", "0108", "0301"):
            (decision,) = router.decide([code], there, [noon])
            owner = answers.owner(code, spot.seat, spot.overlays)
            assert (decision.department, decision.co_departments) == (owner.lead, owner.co)


def test_an_edition_without_areas_asks_nothing():
    empty = Coverage.build("none", Levels(["grid"]), [], [])
    proof = prove(Router(BOOK, empty, OverlayMap()).answers, DAY)
    assert (proof.areas, proof.places, proof.led) == (0, 0, 0)


# -- injected defects -------------------------------------------------------------------------


def test_1_an_area_without_an_office_leaves_items_uncovered():
    lone = Area(-1, "grid", "G1", "孤格", "Lone grid")
    alone = Coverage.build("alone", Levels(["grid"]), [lone], [rectangle(0, 0, 4, 4)])
    found = faults(Router(BOOK, alone, OverlayMap()), "uncovered")
    errors = {f.items[0]: f for f in found if f.severity == "error"}
    assert "0901" in errors  # a neighbours' dispute is the community's
    assert "0904" not in errors  # violence is the police's wherever it is
    assert rectangle(0, 0, 4, 4).contains_properly(point(errors["0901"]))


def test_2_an_item_that_no_rule_gives_to_anybody():
    found = [f for f in faults(town(), "uncovered") if f.items == ("0301",)]
    assert [f.severity for f in found] == ["warning"]
    assert "属地兜底" in render_step(found[0].step, "zh")


def test_3_an_owner_that_nobody_registered():
    found = faults(town(owned("road", "R1", (4, 3.5, 8, 4), owner="NOBODY")), "unknown_body")
    assert ["NOBODY" in render_step(f.step, "en") for f in found] == [True]
    assert rectangle(4, 3.5, 8, 4).contains_properly(point(found[0]))


def test_4_two_red_lines_that_overlap_with_different_firms():
    box = (3, 1, 4, 2)
    rival = Overlay("E99", "estate", "新苑", "New Court", True, "WY:F002"), box
    (found,) = faults(town(rival), "conflicting")
    assert (found.severity, set(found.overlays)) == ("error", {"E01", "E99"})
    assert rectangle(3, 1, 3.5, 2).contains_properly(point(found))


def test_5_two_roads_of_one_class_with_different_owners():
    one = owned("road", "R1", (4, 3.5, 12, 4), owner="SZ")
    other = owned("road", "R2", (7, 0, 8, 8), owner="JT")
    (found,) = faults(town(one, other), "conflicting")
    assert set(found.overlays) == {"R1", "R2"}


def test_6_a_managed_and_an_open_line_around_one_estate():
    other = Overlay("E98", "estate", "宿舍二区", "Dormitory Two", True, "WY:F001"), (5, 1, 6, 2)
    (found,) = faults(town(other), "conflicting")
    assert set(found.overlays) == {"E02", "E98"}


def test_7_a_park_wholly_under_a_park_of_higher_priority():
    small = owned("park", "P1", (1, 1, 2, 2), owner="YL")
    large = owned("park", "P2", (0.5, 0.5, 3, 3), owner="SZ", priority=5)
    (found,) = faults(town(small, large), "shadowed")
    assert found.overlays == ("P1",)


def test_8_a_strip_that_lies_beyond_the_edition():
    (found,) = faults(town(owned("river", "W1", (20, 20, 22, 22), owner="SW")), "shadowed")
    assert "不在本版边界之内" in render_step(found.step, "zh")


def test_9_a_site_rule_that_its_item_never_asks():
    rules = {**BOOK.site_rules, "0904": SiteRule(SiteRole.LEAD, SiteRole.NONE)}
    (found,) = faults(town(book=replace(BOOK, site_rules=rules)), "shadowed")
    assert found.items == ("0904",)


def test_10_a_line_that_ended():
    ended = owned("park", "P1", (1, 5, 2, 6), owner="YL", valid_to=date(2026, 3, 12))
    (found,) = faults(town(ended), "expired")
    assert (found.overlays, found.severity) == (("P1",), "warning")
    assert "2026-03-12" in render_step(found.step, "en")


def test_11_a_line_that_is_not_in_force_yet_is_told_and_is_no_fault():
    (found,) = faults(town(), "not_yet")
    assert (found.overlays, found.severity) == (("E08",), "info")


def test_12_areas_where_nobody_is_on_duty():
    west = [post for post in POSTS if post.area_code.startswith(WEST)]
    (found,) = faults(town(posts=west), "no_responder")
    # All 16 microgrids of the east, the hospital, and the western grid without a worker.
    assert found.places > 16
    assert faults(town(posts=[]), "no_responder")[0].places == len(coverage().atoms)


def record(kind, code, box, owner="SZ", items=(), **more):
    dated = {"source": "纪要", "valid_from": date(2026, 1, 1), **more}
    return Overlay(code, kind, f"名{code}", f"Name {code}", owner=owner, items=items, **dated), box


def test_13_an_agreement_that_ended_and_that_nobody_followed():
    ended = record(
        "agreement", "A1", (0, 0, 0.4, 0.4), items=("0301", "0303"), valid_to=date(2026, 3, 1)
    )
    (found,) = faults(town(ended), "expired")
    # A road's damage is somebody's without it, a cover's is nobody's.
    assert (found.severity, found.items) == ("error", ("0301",))
    assert rectangle(0, 0, 0.4, 0.4).contains_properly(point(found))
    followed = record("ruling", "U1", (0, 0, 0.5, 0.5), items=("0301",))
    (found,) = faults(town(ended, followed), "expired")
    assert (found.severity, found.items) == ("warning", ())


def test_14_two_rulings_about_one_item_in_one_place():
    one = record("ruling", "U1", (0, 0, 2, 0.4), items=("0301", "0310"))
    other = record("ruling", "U2", (1, 0, 3, 0.4), owner="DL", items=("0310",))
    (found,) = faults(town(one, other), "conflicting")
    assert set(found.overlays) == {"U1", "U2"}
    assert rectangle(1, 0, 2, 0.4).contains_properly(point(found))
    apart = record("ruling", "U2", (1, 0, 3, 0.4), owner="DL", items=("0311",))
    assert faults(town(one, apart), "conflicting") == []


def test_15_an_overlay_under_another_one_that_says_the_same_items():
    one = record("ruling", "U1", (0, 0, 2, 0.4), items=("0301", "0310"))
    same = record("ruling", "U2", (0.5, 0, 1, 0.4), items=("0301",))
    other = record("ruling", "U3", (0.5, 0, 1, 0.4), items=("0311",))
    (found,) = faults(town(one, same, other), "shadowed")
    assert found.overlays == ("U2",)


def test_16_assets_and_sites_without_an_owner():
    lamp = owned("asset", "L1", (1, 1, 1.1, 1.1), owner="", asset_type="lamp")
    site = owned("construction_site", "C1", (2, 2, 3, 3), owner="")
    found = faults(town(lamp, site), "ownerless")
    assert {f.overlays for f in found} == {("L1",), ("C1",)}
    assert all(f.lon is not None for f in found)


def test_17_two_assets_in_one_place_with_different_owners():
    box = (1, 1, 1.1, 1.1)
    one = owned("asset", "K1", box, owner="GS", asset_type="cover")
    other = owned("asset", "K2", box, owner="TX", asset_type="cover")
    lamp = owned("asset", "L1", box, owner="DL", asset_type="lamp")
    (found,) = faults(town(one, other, lamp), "conflicting")
    assert set(found.overlays) == {"K1", "K2"}


def test_18_an_item_and_an_asset_type_that_are_in_no_table():
    lid = owned("asset", "K1", (1, 1, 1.1, 1.1), asset_type="lid")
    wrong = record("agreement", "A1", (2, 2, 3, 3), items=("9901",))
    (found,) = faults(town(lid), "unknown_type")
    assert (found.severity, found.overlays) == ("error", ("K1",))
    (found,) = faults(town(wrong), "unknown_item")
    assert (found.items, found.overlays) == (("9901",), ("A1",))


def test_19_a_rule_that_names_an_unknown_department():
    fewer = Departments(d for d in BOOK.departments.values() if d.code not in {"CL", "SZ"})
    found = faults(town(book=replace(BOOK, departments=fewer)), "unknown_department")
    assert {f.items for f in found} >= {("1003",), ("0303",), ()}
    assert all(f.severity == "error" and f.lon is not None for f in found)


def test_20_a_rule_without_use_has_an_example_where_it_would_be_looked_for():
    rules = {**BOOK.site_rules, "0904": SiteRule(SiteRole.LEAD, SiteRole.NONE)}
    (found,) = faults(town(book=replace(BOOK, site_rules=rules)), "shadowed")
    assert found.areas
    assert estate_map().around(np.array([found.lon]), np.array([found.lat])).touched[0]


def test_21_two_rules_for_one_item_are_refused_when_they_are_read(tmp_path):
    from gridmap.errors import BadValue

    path = tmp_path / "site_rules.csv"
    path.write_text("item,estate,exclusive_grid\n0101,lead,lead\n0101,co,co\n", encoding="utf-8")
    with pytest.raises(BadValue, match=r"site_rules\.csv, row 3, column 'item' repeats row 2"):
        load_route_book(tmp_path, zone=site_zone())


# -- no false alarms ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "more",
    [
        # one firm for both, a shared wall, a priority that settles it, another kind
        [(Overlay("E99", "estate", "苑", "", True, "WY:F001"), (3, 1, 4, 2))],
        [(Overlay("E99", "estate", "苑", "", True, "WY:F002"), (3.5, 1, 4, 2))],
        [(Overlay("E99", "estate", "苑", "", True, "WY:F002", priority=1), (3, 1, 4, 2))],
        [owned("park", "P1", (3, 1, 4, 2), owner="YL")],
        # where an alley meets an arterial, the arterial's keeper has the place
        [
            owned("road", "R1", (4, 3.5, 12, 4), owner="", road_class="arterial"),
            owned("road", "R2", (7, 0, 8, 8), owner="", road_class="alley"),
        ],
        # of two lamps the nearer one decides
        [
            owned("asset", "L1", (1, 1, 1.2, 1.2), owner="DL", asset_type="lamp"),
            owned("asset", "L2", (1.1, 1, 1.3, 1.2), owner="SZ", asset_type="lamp"),
        ],
    ],
)
def test_what_is_settled_is_no_conflict(more):
    assert faults(town(*more), "conflicting") == []


def test_two_lines_in_force_one_after_the_other_are_no_conflict():
    assert {e.code for e in ESTATES} >= {"E07", "E08"}
    for day in (date(2026, 9, 30), date(2026, 10, 1)):
        assert faults(town(), "conflicting", day) == []


def point(fault):
    import shapely

    return shapely.Point(fault.lon, fault.lat)


def test_an_example_names_its_area_in_both_languages():
    (fault,) = [f for f in faults(town(), "uncovered") if f.items == ("1204",)]
    assert fault.as_dict("zh")["areas"] == list(fault.areas)
    assert fault.as_dict("en")["text"].startswith("Item 1204 ")
    assert at(0, 0)[0] <= fault.as_dict("en")["lon"] <= at(16, 8)[0]
