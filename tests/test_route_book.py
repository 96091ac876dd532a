"""A site's own tables: what its folder has wins, what it lacks comes from the package."""

from __future__ import annotations

from datetime import date

import pytest

from gridmap.errors import BadValue
from gridmap.routing import (
    AmbiguityPolicy,
    OfficeHours,
    SiteRole,
    StartRule,
    load_catalogue,
    load_route_book,
    load_site_rules,
)
from gridmap.routing.owner import LAYERS
from gridmap.times import site_zone

ZONE = site_zone()


def write(folder, name, text):
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_without_a_folder_all_comes_from_the_package():
    book = load_route_book(zone=ZONE)
    assert len(book.catalogue) == 100
    term = book.terms.of(book.catalogue.item("0101"))
    assert (term.start_rule, term.ambiguity) == (StartRule.FROM_RECEIPT, AmbiguityPolicy.PERSON)
    assert book.terms.office_hours == OfficeHours()
    assert not book.calendar.kind_of_day(date(2026, 2, 16)).works


def test_every_site_rule_is_about_an_item_that_asks_for_sites():
    rules, catalogue = load_site_rules(), load_catalogue()
    for code, rule in rules.items():
        layers = LAYERS[catalogue.item(code).location_rule]
        assert rule.estate is SiteRole.NONE or "estate" in layers, code
        assert rule.exclusive_grid is SiteRole.NONE or "exclusive_site" in layers, code
    asks = {i.code for i in catalogue if "exclusive_site" in LAYERS[i.location_rule]}
    assert asks - set(rules) == set()


def test_a_folder_with_a_calendar_carries_the_years_on(tmp_path):
    folder = write(
        tmp_path, "calendar.csv", "date,kind,name\n2027,complete,\n2027-01-01,holiday,元旦\n"
    )
    book = load_route_book(folder, zone=ZONE)
    assert book.calendar.covered_until() == date(2027, 12, 31)
    assert len(book.catalogue) == 100


def test_a_folder_with_site_rules_replaces_them_all(tmp_path):
    folder = write(tmp_path, "site_rules.csv", "item,estate,exclusive_grid\n0801,lead,none\n")
    book = load_route_book(folder, zone=ZONE)
    assert list(book.site_rules) == ["0801"]
    assert book.site_rules["0801"].estate is SiteRole.LEAD


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("9999,lead,lead", "row 3, column 'item' is no item of the catalogue"),
        ("0801,lead,lead", "row 3, column 'item' repeats row 2"),
        ("0802,boss,lead", "row 3, column 'estate'.*boss.*lead, lead_with_department, co, none"),
        ("0802,lead,", "row 3, column 'exclusive_grid'"),
    ],
)
def test_a_faulty_site_rule_is_located(tmp_path, line, where):
    folder = write(tmp_path, "site_rules.csv", f"item,estate,exclusive_grid\n0801,co,co\n{line}\n")
    with pytest.raises(BadValue, match=rf"site_rules\.csv, {where}"):
        load_route_book(folder, zone=ZONE)


def test_a_small_catalogue_of_the_sites_own_loads_with_the_packages_rules(tmp_path):
    header = "code,name,class_code,department,level,limit_amount,limit_unit,location_rule"
    folder = write(tmp_path, "catalogue.csv", f"{header}\n0101,暴露垃圾,01,XX,G,4,working_hour,P\n")
    write(folder, "departments.csv", "code,name,name_en,kind,parent\nXX,环境办,,department,\n")
    book = load_route_book(folder, zone=ZONE, name="春季")
    assert book.catalogue.name == "春季"
    assert book.catalogue.codes == ("0101",)
    assert list(book.departments) == ["XX"]


def test_rules_of_the_site_are_taken_over():
    book = load_route_book(
        zone=ZONE,
        office_hours=OfficeHours.parse("08:30-12:00,14:30-18:00"),
        start_rule=StartRule.NEXT_WORKING_DAY,
        ambiguity=AmbiguityPolicy.SHARED_PARENT,
    )
    term = book.terms.of(book.catalogue.item("0101"))
    assert str(book.terms.office_hours) == "08:30-12:00,14:30-18:00"
    assert term.start_rule is StartRule.NEXT_WORKING_DAY
    assert term.ambiguity is AmbiguityPolicy.SHARED_PARENT
