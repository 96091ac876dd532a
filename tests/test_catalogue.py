"""The catalogue and the departments: the default data, a site's own, and faults located."""

import csv
import re
from importlib.resources import files

import pytest

from gridmap.errors import BadCode, BadValue, MissingColumn
from gridmap.routing import (
    Catalogue,
    DepartmentKind,
    HandlingLevel,
    Item,
    ItemClass,
    Limit,
    LimitUnit,
    LocationRule,
    load_catalogue,
    load_departments,
)

CATALOGUE = load_catalogue()
DEPARTMENTS = load_departments()
HEADER = "code,name,class_code,department,level,limit_amount,limit_unit,location_rule"
GOOD = "0101,暴露垃圾,01,HW,G,4,working_hour,P"
LETTERS = {
    "h": LimitUnit.WORKING_HOUR,
    "H": LimitUnit.CLOCK_HOUR,
    "d": LimitUnit.WORKING_DAY,
    "D": LimitUnit.CALENDAR_DAY,
    "C": LimitUnit.MANAGED,
}


def site_folder(tmp_path, text, name="catalogue.csv", encoding="utf-8"):
    (tmp_path / name).write_bytes(text.encode(encoding))
    return tmp_path


def test_there_are_100_items_in_12_classes_in_code_order():
    assert len(CATALOGUE) == 100
    assert list(CATALOGUE.codes) == sorted(CATALOGUE.codes)
    sizes = [len(CATALOGUE.in_class(code)) for code in CATALOGUE.classes]
    assert sizes == [9, 9, 13, 8, 7, 12, 9, 7, 7, 7, 5, 7]
    assert sum(sizes) == 100


@pytest.mark.parametrize(
    ("code", "name", "department", "level", "limit", "rule"),
    [
        ("0101", "暴露垃圾", "HW", "G", "4h", "P"),
        ("0108", "违法搭建", "CG", "X", "15d", "P"),
        ("0204", "机动车乱停放", "JJ", "S", "2h", "P"),
        ("0301", "井盖丢失破损", None, "X", "2H", "O"),
        ("0309", "信号灯故障", "JJ", "S", "2H", "F"),
        ("0401", "树木倒伏折断", "YL", "X", "4H", "K"),
        ("0407", "河道倾倒及可疑排口", "SW", "X", "5D", "W"),
        ("0501", "工地扬尘", "ZJ", "S", "4h", "S"),
        ("0605", "电梯困人", "WY", "X", "0.5H", "F"),
        ("0612", "加装电梯协商", "JD", "X", "C", "P"),
        ("0705", "九小场所隐患", "XF", "S", "3D", "E"),
        ("0801", "餐饮油烟", "CG", "S", "3D", "P"),
        ("0907", "走失人员", "GA", "X", "0.5H", "F"),
        ("1001", "独居老人探访", "SQ", "G", "1D", "N"),
        ("1102", "食品安全", "SJ", "X", "3d", "E"),
        ("1204", "管道爆裂", None, "X", "2H", "O"),
        ("1205", "火情", "XF", "X", "0.1H", "F"),
        ("1207", "雪冰清除", "CG", "G", "4h", "R"),
    ],
)
def test_an_item_is_as_the_printed_catalogue_has_it(code, name, department, level, limit, rule):
    item = CATALOGUE.item(code)
    amount, unit = re.fullmatch(r"([\d.]*)(\w)", limit).groups()
    assert (item.name, item.department, item.level, item.location_rule) == (
        name,
        department,
        level,
        rule,
    )
    assert item.limit == Limit(float(amount) if amount else None, LETTERS[unit])
    assert item.name_en


def test_the_mix_of_levels_limits_and_location_rules_is_that_of_the_printed_catalogue():
    def count(values):
        values = list(values)
        return {value.value: values.count(value) for value in type(values[0])}

    assert count(i.level for i in CATALOGUE) == {"G": 22, "S": 46, "X": 32}
    assert count(i.limit.unit for i in CATALOGUE) == {
        "clock_hour": 24,
        "working_hour": 14,
        "working_day": 28,
        "calendar_day": 33,
        "managed": 1,
    }
    assert count(i.location_rule for i in CATALOGUE) == {
        "F": 12, "N": 6, "P": 36, "R": 14, "O": 10, "W": 3, "K": 6, "S": 5, "E": 8,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "co"),
    [("0605", ("SJ",)), ("0705", ("JD", "YJ")), ("0801", ("HB",)), ("1006", ("RL",))],
)
def test_the_notes_of_the_catalogue_give_the_co_departments(code, co):
    assert CATALOGUE.item(code).co_departments == co
    assert CATALOGUE.item(code).note
    assert CATALOGUE.item(code).note_en


def test_only_the_asset_owners_items_have_no_department():
    assert [i.code for i in CATALOGUE if i.department is None] == ["0301", "0310", "0311", "1204"]


@pytest.mark.parametrize(
    ("code", "line", "number"),
    [
        ("0605", "lift_rescue", ""),
        ("0704", "gas_rescue", ""),
        ("0904", "110", "110"),
        ("0907", "110", "110"),
        ("1205", "119", "119"),
    ],
)
def test_an_emergency_says_whom_to_call_first(code, line, number):
    emergency = CATALOGUE.item(code).emergency
    assert emergency.always
    assert (emergency.line.code, emergency.line.number) == (line, number)
    assert emergency.line.name
    assert emergency.line.name_en
    assert emergency.line.number or emergency.line.note


def test_every_limit_of_half_an_hour_or_less_is_an_emergency():
    short = {
        i.code for i in CATALOGUE if i.limit.unit is LimitUnit.CLOCK_HOUR and i.limit.amount <= 0.5
    }
    assert short == {i.code for i in CATALOGUE if i.emergency and i.emergency.always}


def test_other_dangerous_items_name_a_line_for_the_case_of_danger():
    assert CATALOGUE.item("1203").emergency.line.code == "119"
    assert not CATALOGUE.item("1203").emergency.always
    assert CATALOGUE.item("0101").emergency is None


def test_there_are_16_departments_a_service_unit_5_utilities_and_3_kinds_by_place():
    codes = {kind: [d.code for d in DEPARTMENTS.of_kind(kind)] for kind in DepartmentKind}
    assert len(codes[DepartmentKind.DEPARTMENT]) == 16
    assert codes[DepartmentKind.SERVICE_UNIT] == ["HW"]
    assert DEPARTMENTS["HW"].parent == "CG"
    assert codes[DepartmentKind.UTILITY] == ["DL", "GS", "RQ", "RL", "TX"]
    assert [d.code for d in DEPARTMENTS.values() if d.by_place] == ["JD", "SQ", "WY"]
    assert all(d.name and d.name_en for d in DEPARTMENTS.values())


def test_every_body_the_catalogue_names_is_listed_and_every_listed_one_has_an_item():
    named = {i.department for i in CATALOGUE if i.department}
    named |= {code for i in CATALOGUE for code in i.co_departments}
    assert named == set(DEPARTMENTS)


@pytest.mark.parametrize("code", ["101", "0199", "13", "", "火情", "0101.0", None, 101])
def test_an_unknown_code_is_refused_with_the_catalogues_name(code):
    with pytest.raises(BadCode, match=r"catalogue 'default'.*leading zero"):
        CATALOGUE.item(code)


@pytest.mark.parametrize(
    ("given", "hint"),
    [("101", "0101 暴露垃圾"), (101, "0101 暴露垃圾"), ("101.0", "0101 暴露垃圾"),
     ("暴露垃圾", "0101 暴露垃圾"), ("井盖破损", "0301 井盖丢失破损"), ("12050", "1205 火情")],
)  # fmt: skip
def test_the_refusal_names_items_that_are_near(given, hint):
    with pytest.raises(BadCode, match=hint):
        CATALOGUE.item(given)


def test_a_code_with_spaces_round_it_is_found():
    assert CATALOGUE.item(" 0101 ").name == "暴露垃圾"


def test_the_national_code_has_the_county_in_front():
    assert CATALOGUE.item("0605").national_code("990101") == "9901010605"
    with pytest.raises(BadCode, match="six digits"):
        CATALOGUE.item("0605").national_code("9901")


def test_an_unknown_department_is_refused_with_near_codes():
    with pytest.raises(BadCode, match="HW"):
        DEPARTMENTS["hw"]
    assert "HX" not in DEPARTMENTS
    assert DEPARTMENTS.get("CG").name_en


def test_two_catalogues_stand_side_by_side(tmp_path):
    text = f"{HEADER}\n0101,暴露垃圾,01,CG,G,1,calendar_day,N\n"
    own = load_catalogue(site_folder(tmp_path, text), name="春季")
    assert (len(own), len(CATALOGUE)) == (1, 100)
    assert own.item("0101").department == "CG"
    assert CATALOGUE.item("0101").department == "HW"
    with pytest.raises(BadCode, match="春季"):
        own.item("0102")


def test_a_site_with_its_own_rescue_numbers_keeps_one_small_file(tmp_path):
    with (files("gridmap.routing") / "data" / "emergency_lines.csv").open(encoding="utf-8") as file:
        rows = list(csv.reader(file))
    for row in rows:
        if row[0] == "lift_rescue":
            row[3] = "96333"
    text = "\n".join(",".join(row) for row in rows)
    own = load_catalogue(site_folder(tmp_path, text, "emergency_lines.csv"))
    assert len(own) == 100
    assert own.item("0605").emergency.line.number == "96333"
    assert CATALOGUE.item("0605").emergency.line.number == ""


def test_a_table_saved_by_a_chinese_spreadsheet_is_read(tmp_path):
    own = load_catalogue(site_folder(tmp_path, f"{HEADER}\n{GOOD}\n", encoding="gb18030"))
    assert own.item("0101").name == "暴露垃圾"


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("102,a,01,HW,G,4,working_hour,P", "row 3, column 'code' has not the shape"),
        ("0101,a,01,HW,G,4,working_hour,P", "row 3, column 'code' repeats row 2"),
        ("0202,a,01,HW,G,4,working_hour,P", "row 3, column 'code' does not begin with"),
        ("9902,a,99,HW,G,4,working_hour,P", "row 3, column 'class_code' names no class"),
        ("0102,,01,HW,G,4,working_hour,P", "row 3, column 'name' is empty"),
        ("0102,a,01,XX,G,4,working_hour,P", "row 3, column 'department' names no department"),
        ("0102,a,01,,G,4,working_hour,P", "row 3, column 'department' may be empty only"),
        ("0102,a,01,HW,Z,4,working_hour,P", "row 3, column 'level'.*'Z'.*G, S, X"),
        ("0102,a,01,HW,G,4,hours,P", "row 3, column 'limit_unit'.*'hours'"),
        ("0102,a,01,HW,G,soon,working_hour,P", "row 3, column 'limit_amount'.*'soon'"),
        ("0102,a,01,HW,G,,working_hour,P", "row 3, column 'limit_amount'"),
        ("0102,a,01,HW,G,4,managed,P", "row 3, column 'limit_amount'"),
        ("0102,a,01,HW,G,nan,working_hour,P", "row 3, column 'limit_amount'"),
        ("0102,a,01,HW,G,0,working_hour,P", "row 3, column 'limit_amount'"),
        ("0102,a,01,HW,G,1.5,working_day,P", "row 3, column 'limit_amount'.*whole days"),
        ("0102,a,01,HW,G,4,working_hour,Q", "row 3, column 'location_rule'"),
    ],
)
def test_a_faulty_cell_is_located(tmp_path, line, where):
    folder = site_folder(tmp_path, f"{HEADER}\n{GOOD}\n{line}\n")
    with pytest.raises(BadValue, match=rf"catalogue\.csv, {where}"):
        load_catalogue(folder)


@pytest.mark.parametrize(
    ("cells", "where"),
    [
        ("XX,,", "'co_departments' names no department"),
        ("CG CG,,", "'co_departments' names a department twice"),
        ("HW,,", "'co_departments' names a department twice, or the lead"),
        (",111,always", "'emergency_call' names no emergency line"),
        (",119,often", "'emergency_when'.*always, danger"),
        (",119,", "'emergency_when'"),
        (",,always", "'emergency_when' is filled without"),
    ],
)
def test_a_faulty_optional_cell_is_located(tmp_path, cells, where):
    header = f"{HEADER},co_departments,emergency_call,emergency_when"
    folder = site_folder(tmp_path, f"{header}\n{GOOD},{cells}\n")
    with pytest.raises(BadValue, match=rf"catalogue\.csv, row 2, column {where}"):
        load_catalogue(folder)


def test_co_departments_may_be_set_apart_as_people_do(tmp_path):
    folder = site_folder(tmp_path, f"{HEADER},co_departments\n{GOOD},CG；SZ、YL SW\n")
    assert load_catalogue(folder).item("0101").co_departments == ("CG", "SZ", "YL", "SW")


def test_missing_columns_are_named(tmp_path):
    with pytest.raises(MissingColumn, match=r"catalogue\.csv lacks columns.*class_code"):
        load_catalogue(site_folder(tmp_path, "code,name\n0101,a\n"))


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(BadValue, match="folder of CSV tables"):
        load_catalogue(tmp_path / "none")


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("CG,a,b,department,", "'code' repeats row 2"),
        ("AB,a,b,ministry,", "'kind'.*department, service_unit, utility"),
        ("AB,a,b,service_unit,ZZ", "'parent' names no department"),
    ],
)
def test_a_faulty_department_is_located(tmp_path, line, where):
    text = f"code,name,name_en,kind,parent\nCG,城管,Enforcement,department,\n{line}\n"
    site_folder(tmp_path, text, "departments.csv")
    with pytest.raises(BadValue, match=rf"departments\.csv, row 3, column {where}"):
        load_departments(tmp_path / "departments.csv")


def test_a_catalogue_built_in_code_is_held_to_the_same_rules():
    item = Item(
        "0101", "a", "a", "01", "HW", HandlingLevel.GRID,
        Limit(1, LimitUnit.CLOCK_HOUR), LocationRule.FIXED,
    )  # fmt: skip
    own = ItemClass("01", "c", "c")
    assert len(Catalogue("one", [item], [own])) == 1
    assert len(Catalogue("none", [], [])) == 0
    with pytest.raises(BadCode, match="used twice"):
        Catalogue("two", [item, item], [own])
    with pytest.raises(BadCode, match="no known class"):
        Catalogue("lost", [item], [])


@pytest.mark.parametrize("amount", [0, -1, float("nan"), float("inf"), None, 100_000])
def test_a_limit_that_is_no_time_is_refused(amount):
    with pytest.raises(BadValue, match="at most ten years"):
        Limit(amount, LimitUnit.CLOCK_HOUR)
