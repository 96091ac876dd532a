"""Owners by layer: what sites, further overlays and missing offices change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely

from gridmap.areas import Area, Levels
from gridmap.coverage.model import Coverage
from gridmap.errors import BadValue
from gridmap.locate.locator import Locator
from gridmap.routing import (
    OVERLAY_KINDS,
    Overlay,
    OverlayMap,
    Party,
    Router,
    SiteRole,
    SiteRule,
    load_route_book,
    render,
)
from gridmap.routing.parties import NoSuchParty, Parties
from gridmap.routing.territory import Territory
from gridmap.times import site_zone
from tests.route_town import FIRMS, POSTS, at, coverage, estate_map, rectangle

BOOK = load_route_book(zone=site_zone())
NOON = datetime(2026, 3, 4, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def locator():
    return Locator(coverage())


def decide(router, locator, item, x, y):
    lon, lat = at(x, y)
    return router.decide([item], locator.locate([lon], [lat]), [NOON])[0]


def rules(decision):
    return [step.rule for step in decision.steps]


def with_overlay(locator, kind, owner, book=BOOK, **more):
    overlay = Overlay("X1", kind, "某处", "Somewhere", owner=owner, **more)
    return Router(book, locator.coverage, OverlayMap([overlay], [rectangle(1, 1, 3, 3)]), FIRMS)


# -- further kinds ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "item", "co"),
    [
        ("construction_site", "0501", ("ZJ",)),
        ("park", "0402", ("YL",)),
        ("river", "0406", ("SW",)),
        ("road", "0303", ("SZ",)),
        ("asset", "0301", ()),
        ("exclusive_site", "0101", ()),
    ],
)
def test_an_overlay_of_any_kind_whose_owner_is_known_leads_for_its_items(locator, kind, item, co):
    router = with_overlay(locator, kind, "WY:F003")
    inside, outside = (decide(router, locator, item, x, 1.3) for x in (1.2, 0.2))
    assert (inside.department, inside.co_departments) == ("WY:F003", co)
    assert outside.department != "WY:F003"
    said = render(inside.steps, "zh")[0]
    assert "某处" in said
    assert "新安物业" in said


@pytest.mark.parametrize(
    "kind", sorted(set(OVERLAY_KINDS) - {"estate", "street_front", "agreement", "ruling"})
)
def test_an_overlay_without_an_owner_changes_nothing(locator, kind):
    router = with_overlay(locator, kind, "")
    for item in BOOK.catalogue.codes:
        inside, outside = (decide(router, locator, item, x, 1.3) for x in (1.2, 0.2))
        assert inside.department == outside.department


def test_a_park_is_not_asked_for_litter(locator):
    assert decide(with_overlay(locator, "park", "YL"), locator, "0101", 1.2, 1.3).department == "HW"


def test_the_specific_layer_wins_over_the_general(locator):
    lines = OverlayMap(
        [
            Overlay("p", "park", "公园", owner="YL"),
            Overlay("e", "estate", "小区", owner="WY:F001"),
            Overlay("s", "exclusive_site", "学校", owner="WY:F002"),
        ],
        [rectangle(1, 1, 3, 3), rectangle(1.5, 1, 3, 3), rectangle(2.5, 1, 3, 3)],
    )
    router = Router(BOOK, locator.coverage, lines, FIRMS)
    leads = [decide(router, locator, "0402", x, 1.3).department for x in (1.2, 1.7, 2.7)]
    assert leads == ["YL", "WY:F001", "WY:F002"]


# -- sites --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "lead", "co"),
    [
        ("lead", "WY:F001", ("HB",)),
        ("lead_with_department", "WY:F001", ("CG", "HB")),
        ("co", "CG", ("HB", "WY:F001")),
        ("none", "CG", ("HB",)),
    ],
)
def test_the_role_of_a_managed_estate_is_the_districts_choice(locator, role, lead, co):
    book = replace(BOOK, site_rules={"0801": SiteRule(SiteRole(role), SiteRole.NONE)})
    router = Router(book, locator.coverage, estate_map(), FIRMS)
    found = decide(router, locator, "0801", 1.2, 1.3)
    assert (found.department, found.co_departments) == (lead, co)


@pytest.mark.parametrize(
    ("role", "lead", "co"),
    [
        ("lead", "SQ:990101001001", ("JD:990101001", "HB")),
        ("lead_with_department", "SQ:990101001001", ("JD:990101001", "CG", "HB")),
        ("co", "CG", ("HB", "SQ:990101001001", "JD:990101001")),
        ("none", "CG", ("HB",)),
    ],
)
def test_in_an_open_estate_the_community_stands_with_the_office(locator, role, lead, co):
    book = replace(BOOK, site_rules={"0801": SiteRule(SiteRole(role), SiteRole.NONE)})
    router = Router(book, locator.coverage, estate_map(), FIRMS)
    found = decide(router, locator, "0801", 5.2, 1.3)
    assert (found.department, found.co_departments) == (lead, co)


def test_no_step_says_off_site_inside_a_site(locator):
    router = Router(BOOK, locator.coverage, estate_map(), FIRMS, POSTS)
    for item in BOOK.catalogue.codes:
        for x, y in ((1.2, 1.3), (5.2, 1.3), (6.1, 6.3)):
            assert "department_off_site" not in rules(decide(router, locator, item, x, y))


def test_every_item_at_every_kind_of_place_has_one_lead_with_a_name(locator):
    router = Router(BOOK, locator.coverage, estate_map(), FIRMS, POSTS)
    for item in BOOK.catalogue.codes:
        for x, y in ((0.2, 0.2), (1.2, 1.3), (5.2, 1.3), (6.1, 6.3), (13.2, 6.6)):
            found = decide(router, locator, item, x, y)
            assert found.department
            for code in (found.department, *found.co_departments):
                assert router.parties[code].name
            assert found.department not in found.co_departments
            assert len(set(found.co_departments)) == len(found.co_departments)


def test_work_of_the_property_firm_falls_to_whoever_manages_the_place(locator):
    router = Router(BOOK, locator.coverage, estate_map(), FIRMS)
    firm_items = [item.code for item in BOOK.catalogue if item.department == "WY"]
    assert len(firm_items) == 9
    for item in firm_items:
        leads = [
            decide(router, locator, item, x, y).department
            for x, y in ((1.2, 1.3), (5.2, 1.3), (6.1, 6.3), (0.2, 0.2))
        ]
        assert leads == ["WY:F001", "SQ:990101001001", "EX:990101001002901", "JD:990101001"]


# -- territory ------------------------------------------------------------------------------


def small(levels, *areas):
    shapes = [rectangle(0, 0, 4, 4)] * len(areas)
    return Coverage.build("small", Levels(levels), list(areas), shapes)


def test_offices_are_called_by_the_kind_of_their_area():
    found = small(
        ["subdistrict", "community"],
        Area(-1, "subdistrict", "1", "望禾街道", "Wanghe Sub-district"),
        Area(-1, "subdistrict", "2", "王家镇"),
        Area(-1, "subdistrict", "3", "东城"),
        Area(-1, "community", "11", "雀坞社区", "Quewu Community", "subdistrict", "1"),
        Area(-1, "community", "21", "李家村", "", "subdistrict", "2"),
        Area(-1, "community", "22", "", "", "subdistrict", "2"),
    )
    names = {party.code: (party.name, party.name_en) for party in Territory(found).parties()}
    assert names == {
        "JD:1": ("望禾街道办事处", "Wanghe Sub-district Office"),
        "JD:2": ("王家镇人民政府", "王家镇 Office"),
        "JD:3": ("东城街道办事处", "东城 Office"),
        "SQ:11": ("雀坞社区居委会", "Quewu Community Committee"),
        "SQ:21": ("李家村委会", "李家村 Committee"),
        "SQ:22": ("22居委会", "22 Committee"),
    }


@pytest.mark.parametrize(
    ("level", "name", "body"),
    [
        ("subdistrict", "文化东路街道办", "文化东路街道办事处"),
        ("subdistrict", "文化东路街道办事处", "文化东路街道办事处"),
        ("subdistrict", "黄屯镇人民政府", "黄屯镇人民政府"),
        ("subdistrict", "李营乡", "李营乡人民政府"),
        ("subdistrict", "高新区", "高新区管理委员会"),
        ("subdistrict", "经济技术开发区", "经济技术开发区管理委员会"),
        ("subdistrict", "高新区管委会", "高新区管委会"),
        ("subdistrict", "开发区管理委员会", "开发区管理委员会"),
        ("subdistrict", "高新区街道", "高新区街道办事处"),
        ("community", "东关社区", "东关社区居委会"),
        ("community", "东关社区居委会", "东关社区居委会"),
        ("community", "张庄村委", "张庄村委会"),
        ("community", "张庄村委会", "张庄村委会"),
        ("community", "东关社区居民委员会", "东关社区居民委员会"),
        ("community", "东关居委", "东关居委会"),
        ("community", "王因村", "王因村委会"),
        ("community", "王因村民委员会", "王因村民委员会"),
        ("community", "王因村委会", "王因村委会"),
    ],
)
def test_a_name_that_is_a_bodys_own_gets_no_second_ending(level, name, body):
    found = small(["subdistrict", "community"], Area(-1, level, "1", name))
    assert [party.name for party in Territory(found).parties()] == [body]


@pytest.mark.parametrize(
    ("levels", "area", "expected"),
    [
        (["community", "grid"], Area(-1, "community", "c", "C"), {"SQ:c"}),
        (["village", "grid"], Area(-1, "village", "v", "V"), {"SQ:v"}),
        (["grid"], Area(-1, "grid", "g", "G"), set()),
        (["town", "village"], Area(-1, "town", "t", "T"), {"JD:t"}),
        (["zone", "block"], Area(-1, "block", "b", "B"), {"SQ:b"}),
        (["subdistrict", "grid"], Area(-1, "subdistrict", "s", "S"), {"JD:s"}),
        (["district", "subdistrict", "community"], Area(-1, "district", "d", "D"), set()),
    ],
)
def test_offices_follow_the_names_of_the_levels(levels, area, expected):
    assert {party.code for party in Territory(small(levels, area)).parties()} == expected


def decide_in(found, item):
    router = Router(BOOK, found, OverlayMap())
    lon, lat = at(1, 1)
    return router.decide([item], Locator(found).locate([lon], [lat]), [NOON])[0]


def test_a_place_in_no_community_falls_to_the_office_for_review():
    found = decide_in(
        small(["subdistrict", "community"], Area(-1, "subdistrict", "1", "A")), "0901"
    )
    assert (found.department, found.co_departments, found.needs_person) == ("JD:1", (), True)
    assert rules(found)[:3] == ["no_such_office", "territorial_fallback", "ownership_review"]


def test_a_place_in_no_sub_district_needs_a_person():
    found = decide_in(small(["community"], Area(-1, "community", "c", "C")), "1007")
    assert (found.department, found.needs_person) == ("", True)
    assert rules(found)[:2] == ["no_such_office", "no_territory"]
    assert (
        decide_in(small(["community"], Area(-1, "community", "c", "C")), "0901").department
        == "SQ:c"
    )


def test_the_unit_is_the_whole_exclusive_grid_and_not_one_of_its_parts():
    found = small(
        ["subdistrict", "grid", "microgrid"],
        Area(-1, "subdistrict", "1", "A"),
        Area(-1, "grid", "g", "医院", "", "subdistrict", "1", "exclusive"),
        Area(-1, "microgrid", "m", "医院东区", "", "grid", "g", "exclusive"),
    )
    assert decide_in(found, "0101").department == "EX:g"


# -- parties ----------------------------------------------------------------------------------


def test_a_managed_estate_without_a_named_firm_has_one_all_the_same(locator):
    router = Router(BOOK, locator.coverage, estate_map(), FIRMS)
    assert router.parties["WY:E09"].name == "砚东新村物业"
    assert router.parties["WY:E09"].label("en") == "Property manager of Yandong New Village"


def test_a_party_listed_twice_is_refused_and_an_unknown_one_is_named():
    with pytest.raises(BadValue, match="listed twice"):
        Parties([FIRMS[0], Party("WY:F001", "另一家")])
    parties = Parties(FIRMS)
    assert "WY:F009" not in parties
    assert parties.get("WY:F009") is None
    with pytest.raises(NoSuchParty, match="WY:F009"):
        parties["WY:F009"]
    assert parties.named(["WY:F001", "WY:F009"]) == {
        "parties": "安禾物业、WY:F009",
        "parties_en": "Anhe Property, WY:F009",
    }


def test_an_owner_that_is_listed_nowhere_is_shown_by_its_code(locator):
    router = with_overlay(locator, "estate", "WY:F999")
    found = decide(router, locator, "0101", 1.2, 1.3)
    assert found.department == "WY:F999"
    assert "WY:F999" in render(found.steps, "zh")[0]


def test_geometry_of_several_parts_and_with_holes_is_asked_as_it_is(locator):
    ring = shapely.difference(rectangle(0.5, 0.5, 3.5, 3.5), rectangle(1, 1, 3, 3))
    far = rectangle(5, 1, 6, 2)
    lines = OverlayMap(
        [Overlay("m", "estate", "M", owner="WY:F001")], [shapely.MultiPolygon([ring, far])]
    )
    router = Router(BOOK, locator.coverage, lines, FIRMS)
    leads = [decide(router, locator, "0101", x, 1.3).department for x in (0.7, 1.7, 5.5)]
    assert leads == ["WY:F001", "HW", "WY:F001"]


def test_points_and_overlays_answer_as_arrays_do_one_by_one(locator):
    router = Router(BOOK, locator.coverage, estate_map(), FIRMS, POSTS)
    rng = np.random.default_rng(7)
    x, y = rng.uniform(-1, 17, 300), rng.uniform(-1, 9, 300)
    lon, lat = 117 + x / 1000, 36.6 + y / 1000
    accuracy = rng.choice([np.nan, 0.0, 10.0, 40.0], 300)
    items = rng.choice(BOOK.catalogue.codes, 300).tolist()
    moments = [NOON] * 300
    together = router.decide(items, locator.locate(lon, lat, accuracy), moments, accuracy)
    for i in range(0, 300, 7):
        some = slice(i, i + 1)
        alone = router.decide(
            items[some],
            locator.locate(lon[some], lat[some], accuracy[some]),
            [NOON],
            accuracy[some],
        )
        assert alone == together[some]
