"""Kinds of place with many registered assets: what any item could be asked about is listed."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import shapely

from gridmap.locate.locator import Locator
from gridmap.routing import Overlay, OverlayMap, Router, load_route_book
from gridmap.routing.arrangement import pieces
from gridmap.routing.outcome import outcomes
from gridmap.routing.spots import claim, spots
from gridmap.times import site_zone
from tests.route_town import FIRMS, POSTS, at, coverage, estate_map, rectangle

BOOK = load_route_book(zone=site_zone())
DAY = date(2026, 3, 12)
TYPES = {"lamp": ("SZ", "DL"), "cover": ("GS", "SW"), "cabinet": ("TX", "DL"), "pole": ("SZ", "TX")}
COUNT = 260


@pytest.fixture(scope="module")
def answers():
    """The town with streets that enclose its estates, and assets all over it."""
    dice = np.random.default_rng(7)
    known, shapes = list(estate_map().overlays), list(estate_map().geometry)
    for n, box in enumerate(
        [(0, 3.5, 16, 4), (4, 0, 4.4, 8), (11.7, 0, 12.1, 8), (0, 0.2, 16, 0.6)]
    ):
        road_class = ("arterial", "branch", "alley", "alley")[n]
        known.append(Overlay(f"R{n}", "road", f"路{n}", road_class=road_class))
        shapes.append(rectangle(*box))
    for n in range(COUNT):
        kind = list(TYPES)[n % 4]
        known.append(
            Overlay(f"P{n:03}", "asset", "件", owner=TYPES[kind][n // 4 % 2], asset_type=kind)
        )
        shapes.append(shapely.Point(*at(*dice.uniform((0, 0), (16, 8)))))
    overlays = OverlayMap(known, shapes, reach=BOOK.reach)
    return Router(BOOK, coverage(), overlays, FIRMS, POSTS).answers


def sampled(answers, count=12_000):
    """Seats and overlays in force at places all over the town, and close to each asset."""
    dice = np.random.default_rng(8)
    lon, lat = np.array([at(x, y) for x, y in dice.uniform((0, 0), (16, 8), (count, 2))]).T
    drawn = [s for s in answers.overlays.drawn if s.geom_type == "Point"]
    spread = dice.normal(0, 6e-5, (2, len(drawn) * 8))
    lon = np.concatenate([lon, np.repeat(shapely.get_x(drawn), 8) + spread[0]])
    lat = np.concatenate([lat, np.repeat(shapely.get_y(drawn), 8) + spread[1]])
    territory = answers.territory
    located = Locator(territory.coverage).locate(lon, lat)
    touched = answers.overlays.around(lon, lat).touched
    for n in range(len(lon)):
        level = "microgrid" if located.codes["microgrid"][n] else "grid"
        row = territory.row(level, located.codes[level][n] or "")
        if row is not None:
            yield territory.seat_of[row], answers.in_force(touched[n], DAY)


def asked(answers, code, overlays):
    """Return what an item is asked about: claims, and of the assets only the nearest."""
    areas, assets = answers.relevant(code, overlays)
    return tuple(claim(answers.overlays.overlays[o]) for o in (*areas, *assets[:1]))


def test_every_question_that_a_place_could_put_is_among_those_listed(answers):
    groups = answers.numbers.together()
    listed = spots(answers.territory, answers.overlays, DAY, groups)
    places = set(sampled(answers))
    assert len(places) > 300
    for code in ("0101", "0103", "0204", "0301", "0306", "0310", "0311", "0601", "0904"):
        known = {(s.seat, asked(answers, code, s.overlays)) for s in listed}
        met = {(seat, asked(answers, code, some)) for seat, some in places}
        assert met <= known, code


def test_groups_leave_out_only_what_changes_no_answer(answers):
    groups = answers.numbers.together()
    every = spots(answers.territory, answers.overlays, DAY)
    fewer = spots(answers.territory, answers.overlays, DAY, groups)
    assert len(fewer) < len(every)

    def answered(places):
        return {
            code: {(o.lead, o.co, o.review) for o in found.owners}
            for code, found in outcomes(answers, places)
        }

    assert answered(fewer) == answered(every)


def test_assets_are_of_one_group_where_an_item_is_about_both(answers):
    groups, known = answers.numbers.together(), answers.overlays.overlays
    of = {o.asset_type: groups[n] for n, o in enumerate(known) if o.kind == "asset"}
    both = [set(t.items) for name, t in BOOK.asset_types.items() if name in ("lamp", "pole")]
    assert (of["lamp"] == of["pole"]) is bool(both[0] & both[1])
    assert of["lamp"] != of["cover"]


def test_ground_that_streets_enclose_is_no_face_of_theirs():
    ring = rectangle(0, 0, 4, 4).difference(rectangle(1, 1, 3, 3))
    shapes = np.array([ring, rectangle(0, 0, 0.5, 4), rectangle(1.5, 1.5, 2, 2)], dtype=object)
    found = pieces(shapes, ["ring", "strip", "court"])
    assert sorted(found.sets) == [(0,), (0, 1), (2,)]
    inside = shapely.contains(rectangle(1, 1, 3, 3), found.faces)
    assert inside.sum() == 1
    assert shapely.area(found.faces).sum() == pytest.approx(shapely.area(ring) + 0.25e-6)


def test_an_owner_that_no_seat_changes_is_found_once_for_all(answers):
    listed = spots(answers.territory, answers.overlays, DAY, answers.numbers.together())
    for code, found in outcomes(answers, listed):
        for n in range(0, len(listed), 7):
            own = answers.find_owner(code, listed[n].seat, listed[n].overlays)
            other = found.owners[found.at[n]]
            assert (own.lead, own.co, own.review) == (other.lead, other.co, other.review)


def test_of_items_decided_alike_only_those_that_a_site_names_are_its_own():
    known, shapes = list(estate_map().overlays), list(estate_map().geometry)
    for n, items in enumerate([("0102",), ("0104",), ("0601",)]):
        known.append(
            Overlay(f"E9{n}", "estate", f"园{n}", owner="WY:F001", managed=True, items=items)
        )
        shapes.append(rectangle(12.5 + n, 1, 13.3 + n, 3))
    router = Router(BOOK, coverage(), OverlayMap(known, shapes, reach=BOOK.reach), FIRMS, POSTS)
    answers = router.answers
    listed = spots(answers.territory, answers.overlays, DAY, answers.numbers.together())
    places = {overlay for spot in listed for overlay in spot.overlays}
    assert places >= {len(known) - 1, len(known) - 2, len(known) - 3}
    for code, found in outcomes(answers, listed):
        for n, spot in enumerate(listed):
            own = answers.find_owner(code, spot.seat, spot.overlays)
            other = found.owners[found.at[n]]
            assert (own.lead, own.co, own.review) == (other.lead, other.co, other.review), code
