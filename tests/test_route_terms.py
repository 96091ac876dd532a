"""Terms by site, level, class and item; two tables of limits; leaders; who settles doubt."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from gridmap.errors import BadValue
from gridmap.locate.locator import Locator
from gridmap.places.model import Post
from gridmap.routing import Limit, LimitUnit, Router, StartRule, load_route_book, render
from gridmap.times import site_zone
from tests.route_town import FIRMS, POSTS, at, coverage, estate_map

ZONE = site_zone()
NOON = datetime(2026, 3, 4, 4, tzinfo=UTC)
CLOCK, DAY = LimitUnit.CLOCK_HOUR, LimitUnit.CALENDAR_DAY
WORKDAY, HOUR = LimitUnit.WORKING_DAY, LimitUnit.WORKING_HOUR
LEADER = Post("L1", "p", "演示", "case_leader", "basic", "subdistrict", "990101001")


def book(folder, **tables):
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return load_route_book(folder, zone=ZONE)


def term(found, code):
    return found.terms.of(found.catalogue.item(code))


@pytest.fixture(scope="module")
def town():
    found = coverage()
    return found, Locator(found)


def decide(found, town, item, x=0.2, y=0.2, accuracy=None, posts=POSTS):
    router = Router(found, town[0], estate_map(), FIRMS, posts)
    lon, lat = at(x, y)
    given = None if accuracy is None else np.array([float(accuracy)])
    return router.decide([item], town[1].locate([lon], [lat], given), [NOON], given)[0]


def test_without_a_table_the_catalogue_and_the_package_speak():
    found = load_route_book(zone=ZONE)
    assert term(found, "0101").limit == found.catalogue.item("0101").limit
    assert set(found.terms.limits) == {"days_by_level", "four_grades"}
    assert (term(found, "0101").review_days, term(found, "0101").returns) == (10, 2)


def test_both_tables_of_limits_hold_side_by_side(tmp_path):
    found = book(
        tmp_path,
        terms="scope,code,limit_table,grade\n"
        "site,,days_by_level,\n"
        "class,06,four_grades,\n"
        "item,0603,four_grades,major\n"
        "item,0101,catalogue,\n",
    )
    limits = {code: term(found, code).limit for code in ("0106", "0303", "0108", "0609", "0603",
                                                         "0101")}  # fmt: skip
    assert limits == {
        "0106": Limit(1, DAY),
        "0303": Limit(3, DAY),
        "0108": Limit(5, DAY),
        "0609": Limit(3, WORKDAY),
        "0603": Limit(None, LimitUnit.MANAGED),
        "0101": Limit(4, HOUR),
    }


def test_no_table_of_a_site_makes_an_emergency_wait(tmp_path):
    found = book(tmp_path, terms="scope,code,limit_table\nsite,,four_grades\n")
    assert term(found, "0704").limit == Limit(0.5, CLOCK)
    own = book(tmp_path, terms="scope,code,limit_table\nitem,0704,four_grades\n")
    assert term(own, "0704").limit == Limit(7, WORKDAY)


def test_the_most_specific_row_that_says_something_decides_each_thing(tmp_path):
    found = book(
        tmp_path,
        terms="scope,code,start_rule,ambiguity,review_days\n"
        "site,,next_working_day,person,7\n"
        "level,G,day_after_receipt,,\n"
        "class,01,,shared_parent,\n"
        "item,0102,from_receipt,person,3\n",
    )
    got = {
        code: (term(found, code).start_rule.value, term(found, code).ambiguity.value,
               term(found, code).review_days)
        for code in ("0101", "0102", "0105", "0303")
    }  # fmt: skip
    assert got == {
        "0101": ("day_after_receipt", "shared_parent", 7),
        "0102": ("from_receipt", "person", 3),
        "0105": ("next_working_day", "shared_parent", 7),
        "0303": ("next_working_day", "person", 7),
    }


def test_limit_tables_of_the_sites_own_take_the_place_of_the_packaged_ones(tmp_path):
    found = book(
        tmp_path,
        limit_tables="table,grade,limit_amount,limit_unit\nbeijing,ordinary,7,calendar_day\n",
        terms="scope,code,limit_table,grade\nclass,03,beijing,ordinary\n",
    )
    assert term(found, "0303").limit == Limit(7, DAY)
    assert set(found.terms.limits) == {"beijing"}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("shop,,,", "row 2, column 'scope'"),
        ("item,9999,,", "row 2, column 'code'"),
        ("site,,weeks,", "row 2, column 'limit_table'"),
        ("site,,four_grades,urgent", "row 2, column 'grade'"),
        ("item,0101,,\nitem,0101,,", "row 3, column 'code'"),
    ],
)
def test_a_faulty_cell_is_named(tmp_path, rows, said):
    with pytest.raises(BadValue, match=said):
        book(tmp_path, terms=f"scope,code,limit_table,grade\n{rows}\n")


@pytest.mark.parametrize(
    ("column", "cell"),
    [("start_rule", "later"), ("intake_cutoff", "25:00"), ("ambiguity", "guess"),
     ("review_days", "0"), ("returns", "two")],
)  # fmt: skip
def test_a_value_that_cannot_be_used_is_named(tmp_path, column, cell):
    with pytest.raises(BadValue, match=f"row 2, column '{column}'"):
        book(tmp_path, terms=f"scope,code,{column}\nsite,,{cell}\n")


def test_departments_keep_hours_of_their_own(tmp_path, town):
    found = book(
        tmp_path,
        office_hours='department,office_hours\n,"09:00-12:00,13:30-17:30"\nHW,06:00-20:00\n',
    )
    # Litter, four working hours from 12:00: the sanitation centre works through.
    street = decide(found, town, "0101")
    assert street.department == "HW"
    assert street.due_at.astimezone(ZONE).isoformat() == "2026-03-04T16:00:00+08:00"
    estate = decide(found, town, "0101", 1.2, 1.3)
    assert estate.department == "WY:F001"
    assert estate.due_at.astimezone(ZONE).isoformat() == "2026-03-04T17:30:00+08:00"
    with pytest.raises(BadValue, match="row 2, column 'department'"):
        book(tmp_path, office_hours="department,office_hours\nXX,09:00-17:00\n")
    with pytest.raises(BadValue, match="row 2, column 'office_hours'"):
        book(tmp_path, office_hours="department,office_hours\nHW,9-17\n")


def test_a_managed_case_names_its_leader_is_raised_and_has_a_date_of_review(tmp_path, town):
    found = book(
        tmp_path,
        terms="scope,code,limit_table,grade,leader,review_days\nitem,0901,four_grades,major,L1,5\n",
    )
    case = decide(found, town, "0901", posts=[*POSTS, LEADER])
    assert (case.leader, case.handling_level, case.due_at) == ("L1", "S", None)
    assert (case.due_reason, case.review_on) == ("managed", date(2026, 3, 11))
    assert not case.needs_person
    assert render(case.steps, "zh")[-4:] == [
        "由望禾街道包案领导牵头办理",
        "提级办理，由G级提为S级",
        "包案办理，不设固定时限",
        "满5个工作日复查，复查日2026-03-11",
    ]
    assert render(case.steps, "en")[-4:] == [
        "Managed by the case leader of Wanghe Sub-district",
        "Raised from level G to level S",
        "Managed by a named leader, no fixed limit",
        "Reviewed after 5 working days, on 2026-03-11",
    ]


@pytest.mark.parametrize("posts", [[], [Post("L1", "p", "演示", "case_leader", "basic",
                         "subdistrict", "990101001", valid_to=date(2026, 3, 1))]])  # fmt: skip
def test_a_managed_case_without_a_leader_on_duty_goes_to_a_person(tmp_path, town, posts):
    found = book(
        tmp_path, terms="scope,code,limit_table,grade,leader\nitem,0901,four_grades,major,L1\n"
    )
    case = decide(found, town, "0901", posts=posts)
    assert (case.leader, case.needs_person) == ("", True)
    assert "managed_unnamed" in [step.rule for step in case.steps]


def test_who_settles_doubt_is_chosen_item_by_item(tmp_path, town):
    found = book(
        tmp_path,
        terms="scope,code,ambiguity\nsite,,person\nitem,0101,shared_parent\n"
        "item,0102,shared_subdistrict\n",
    )
    leads = [decide(found, town, code, 0.4, 1.3, 25).department for code in
             ("0101", "0102", "0104")]  # fmt: skip
    assert leads == ["SQ:990101001001", "JD:990101001", ""]


def test_start_rules_are_chosen_item_by_item(tmp_path):
    found = book(tmp_path, terms="scope,code,start_rule\nitem,0303,day_after_receipt\n")
    assert term(found, "0303").start_rule is StartRule.DAY_AFTER_RECEIPT
    assert term(found, "0304").start_rule is StartRule.FROM_RECEIPT
