"""Rules from CSV, YAML and GeoPackage: the same tables, every fault with its place."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

from gridmap.errors import BadValue, NotFound, UnreadableFile
from gridmap.routing.book import make_route_book, make_route_books
from gridmap.routing.catalogue import Limit, LimitUnit
from gridmap.routing.rule_files import read_rule_files
from gridmap.routing.rule_tables import RuleTables, load_rule_tables
from gridmap.times import site_zone

ZONE = site_zone()
CATALOGUES = Path(__file__).parent / "data" / "catalogues"
ROWS = [
    {"code": "0101", "name": "垃圾", "class_code": "01", "department": "HW", "level": "G",
     "limit_amount": "4", "limit_unit": "working_hour", "location_rule": "P"},
    {"code": "0102", "name": "渣土", "class_code": "01", "department": "CG", "level": "S",
     "limit_amount": "3", "limit_unit": "day", "location_rule": "R"},
]  # fmt: skip


def as_csv(folder, rows):
    frame = pd.DataFrame(rows)
    frame.to_csv(folder / "catalogue.csv", index=False)


def as_yaml(folder, rows):
    lines = ["catalogue:"]
    for row in rows:
        first = "  - "
        for key, value in row.items():
            lines.append(f"{first}{key}: {value}")
            first = "    "
    (folder / "rules.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def as_geopackage(folder, rows):
    frame = pd.DataFrame(rows)
    pyogrio.write_dataframe(frame, folder / "rules.gpkg", layer="catalogue")


WRITERS = [as_csv, as_yaml, as_geopackage]


def made(folder):
    return make_route_book(load_rule_tables(folder), zone=ZONE)


@pytest.mark.parametrize("write", WRITERS)
def test_a_table_says_the_same_in_every_format(tmp_path, write):
    write(tmp_path, ROWS)
    catalogue = made(tmp_path).catalogue
    assert catalogue.codes == ("0101", "0102")
    assert catalogue.item("0102").limit == Limit(3, LimitUnit.CALENDAR_DAY)
    assert catalogue.item("0101").department == "HW"


def test_the_fingerprint_is_that_of_the_content(tmp_path):
    found = set()
    for write in WRITERS:
        folder = tmp_path / write.__name__
        folder.mkdir()
        write(folder, ROWS)
        found.add(load_rule_tables(folder).fingerprint)
    assert len(found) == 1
    assert load_rule_tables().fingerprint not in found


@pytest.mark.parametrize(
    ("write", "where"),
    [
        (as_csv, r"catalogue\.csv, row 3, column 'level'"),
        (as_yaml, r"rules\.yaml:catalogue, line 10, key 'level'"),
        (as_geopackage, r"rules\.gpkg:catalogue, row 2, column 'level'"),
    ],
)
def test_a_faulty_cell_is_located_in_every_format(tmp_path, write, where):
    write(tmp_path, [ROWS[0], ROWS[1] | {"level": "Z"}])
    with pytest.raises(BadValue, match=where):
        made(tmp_path)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("catalogue: [", r"rules\.yaml is not YAML.*line 1"),
        ("- a\n", r"rules\.yaml, line 1, holds no tables by name"),
        ("katalog: []\n", r"rules\.yaml, line 1, key 'katalog' names no table"),
        ("catalogue: 5\n", r"rules\.yaml:catalogue, line 1, is no list of rows"),
        ("catalogue:\n  - code\n", r"rules\.yaml:catalogue, line 2, is no row"),
        (
            "catalogue:\n  - code: 1\n    code: 2\n",
            r"rules\.yaml:catalogue, line 3, key 'code' stands twice",
        ),
        (
            "catalogue:\n  - code: {a: 1}\n",
            r"rules\.yaml:catalogue, line 2, key 'code' holds keys of its own",
        ),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(tmp_path, text, what):
    (tmp_path / "rules.yaml").write_text(text, encoding="utf-8")
    with pytest.raises((BadValue, UnreadableFile), match=what):
        read_rule_files(tmp_path)


def test_a_table_in_two_files_is_refused(tmp_path):
    as_csv(tmp_path, ROWS)
    as_yaml(tmp_path, ROWS)
    with pytest.raises(BadValue, match=r"catalogue\.csv, rules\.yaml:catalogue"):
        read_rule_files(tmp_path)


def test_layers_with_geometry_beside_the_tables_are_no_tables(tmp_path):
    as_geopackage(tmp_path, ROWS)
    frame = gpd.GeoDataFrame({"code": ["E1"]}, geometry=gpd.points_from_xy([117], [36]), crs=4326)
    frame.to_file(tmp_path / "rules.gpkg", layer="estates", engine="pyogrio")
    assert list(read_rule_files(tmp_path)) == ["catalogue"]


def test_a_file_that_is_no_geopackage_is_said_to_be_none(tmp_path):
    (tmp_path / "rules.gpkg").write_text("no", encoding="utf-8")
    with pytest.raises(UnreadableFile, match=r"rules\.gpkg is no GeoPackage"):
        read_rule_files(tmp_path)


# -- several catalogues -------------------------------------------------------------------------


def test_catalogues_stand_side_by_side_with_code_shapes_of_their_own():
    books = make_route_books(load_rule_tables(CATALOGUES), zone=ZONE)
    sizes = {n: (len(b.catalogue), len(b.catalogue.classes)) for n, b in books.by_name.items()}
    assert sizes == {"default": (100, 12), "duties": (96, 27), "eighty": (80, 8)}
    assert books.of("eighty").catalogue.item("C03").department is None
    assert books.of("duties").catalogue.item("11-3").co_departments == ("HW", "JD")
    assert books.of(None) is books.site
    with pytest.raises(NotFound, match="no such catalogue"):
        books.of("ninety")


def test_plain_days_are_working_days_where_the_tenant_says_so():
    books = make_route_books(load_rule_tables(CATALOGUES), zone=ZONE)
    assert books.of("eighty").catalogue.item("A01").limit.unit is LimitUnit.WORKING_DAY
    assert books.of("duties").catalogue.item("01-1").limit.unit is LimitUnit.CALENDAR_DAY
    assert books.site.catalogue.item("0109").limit == Limit(1, LimitUnit.CALENDAR_DAY)


def test_the_tenants_switch_holds_for_its_own_catalogue_too(tmp_path):
    (tmp_path / "catalogues.csv").write_text("name,plain_day\ndefault,working_day\n")
    assert made(tmp_path).catalogue.item("0109").limit == Limit(1, LimitUnit.WORKING_DAY)


def test_rules_about_one_catalogue_say_nothing_about_another():
    books = make_route_books(load_rule_tables(CATALOGUES), zone=ZONE)
    assert set(books.of("eighty").site_rules) <= set(books.of("eighty").catalogue.codes)
    assert books.of("eighty").asset_types["lamp"].items == ("C05",)
    assert "lamp" not in books.of("duties").asset_types
    item = books.of("eighty").catalogue.item("A01")
    assert books.of("eighty").named(item) == "eighty:A01"
    assert {"0101", "eighty:A01", "duties:01-1"} < books.items()


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("default,[,,", "row 2, column 'code_pattern' is no regular expression"),
        ("default,,perhaps,", "row 2, column 'class_prefix' has an unknown value"),
        ("default,,,clock_hour", "row 2, column 'plain_day' is no day"),
    ],
)
def test_faults_of_the_table_of_catalogues_are_located(tmp_path, line, what):
    text = f"name,code_pattern,class_prefix,plain_day\n{line}\n"
    (tmp_path / "catalogues.csv").write_text(text)
    with pytest.raises(BadValue, match=rf"catalogues\.csv, {what}"):
        made(tmp_path)


def test_a_further_catalogue_has_no_table_of_the_sites(tmp_path):
    (tmp_path / "eighty").mkdir()
    (tmp_path / "eighty" / "departments.csv").write_text("code,name,kind\n")
    with pytest.raises(BadValue, match="'eighty' has a table that is the site's"):
        read_rule_files(tmp_path)


# -- kept as text ---------------------------------------------------------------------------------


def test_tables_come_back_from_their_texts_as_the_same_rules():
    tables = load_rule_tables(CATALOGUES).at(ZONE)
    again = RuleTables.from_texts(tables.texts)
    assert again.fingerprint == tables.fingerprint
    assert again.zone == "Asia/Shanghai"
    one, other = (make_route_books(t, zone=ZONE) for t in (tables, again))
    for name, book in one.by_name.items():
        assert list(book.catalogue) == list(other.of(name).catalogue)
        assert dict(book.site_rules) == dict(other.of(name).site_rules)
        assert book.road_classes == other.of(name).road_classes
    assert one.site.calendar.covered_until() == other.site.calendar.covered_until()
