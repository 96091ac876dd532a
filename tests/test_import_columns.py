import json

import pytest

from gridmap.areas import Levels
from gridmap.coverage.importing.incoming import ColumnMap, prepare_import
from gridmap.coverage.importing.privacy import looks_personal, personal_reason
from gridmap.errors import MissingColumn, UnknownLevel
from tests.layers import layer

LEVELS = Levels(["community", "grid"])

PERSONAL = """
姓名 联系人 网格员姓名 手机号 联系电话 身份证号 家庭住址 微信号 户主 网格长
phone Phone PHONE_NO contactName mobile id_card IDCARD email xm lxdh sfzh wgy birthday leader
"""
HARMLESS = """
编码 名称 面积 社区 地址 党员数 户籍人口 网格员数量 老年人口比例
code name hotel village stage area_km2 population telecom average image worker_count
total_persons shape_leng
"""


def imported(table, tmp_path, columns, **options):
    source = layer(table, folder=tmp_path)
    return prepare_import(source, "grid", columns, levels=LEVELS, existing=None, **options)


def test_columns_become_areas(tmp_path):
    table = {
        "编码": ["01", "02"],
        "名称": ["南关", "专区"],
        "en": ["Nanguan", None],
        "类型": ["基础网格", "专属"],
        "homes": [300, 410],
    }
    columns = ColumnMap(code="编码", name="名称", name_en="en", kind="类型")
    incoming = imported(table, tmp_path, columns)
    first, second = incoming.areas
    assert (first.code, first.name, first.name_en, first.kind) == ("01", "南关", "Nanguan", "basic")
    assert (second.code, second.name_en, second.kind) == ("02", "", "exclusive")
    assert {a.id for a in incoming.areas} == {-1}
    assert {a.level for a in incoming.areas} == {"grid"}
    assert incoming.attributes == [{"homes": 300}, {"homes": 410}]
    assert incoming.report.kept_columns == ("homes",)
    assert incoming.source == "layer.gpkg"
    assert len(incoming.source_sha256) == 64
    assert len(incoming) == 2


def test_without_a_code_column_all_codes_are_provisional(tmp_path):
    incoming = imported({"name": ["南关", "东关"]}, tmp_path, ColumnMap(None, "name"))
    assert [a.code for a in incoming.areas] == ["~1", "~2"]
    assert all(a.provisional for a in incoming.areas)
    assert incoming.report.provisional == ("~1", "~2")


def test_areas_without_a_name_are_reported_with_their_rows(tmp_path):
    table = {"code": ["1", "2", "3", "4"], "name": [None, "南关", "NULL", ""], "kind": [""] * 4}
    table["kind"][3] = "剩余"
    incoming = imported(table, tmp_path, ColumnMap("code", "name", kind="kind"))
    (note,) = incoming.report.of_kind("blank_name")
    assert (note.severity, note.rows, note.codes) == ("warning", (1, 3), ("1", "3"))
    assert note.text == "2 areas without a name."
    unnamed = imported(table, tmp_path, ColumnMap("code", None))
    assert unnamed.report.of_kind("blank_name") == ()


def test_a_missing_column_is_answered_with_those_there_are(tmp_path):
    with pytest.raises(MissingColumn) as caught:
        imported({"gid": ["1"], "mc": ["南关"]}, tmp_path, ColumnMap("code", "mc"))
    assert caught.value.got == "code"
    assert caught.value.allowed == ["gid", "mc"]


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("Code", "CODE_"),
        ("code", "CODE_"),
        ("网格编号", "网格编"),
        ("nmae", "name"),
        ("ＮＡＭＥ", "name"),
    ],
)
def test_a_near_miss_is_answered_with_what_was_meant(tmp_path, asked, meant):
    table = {"CODE_": ["1"], "网格编": ["1"], "name": ["南关"]}
    with pytest.raises(MissingColumn) as caught:
        imported(table, tmp_path, ColumnMap(None, asked))
    assert f"'{meant}'" in caught.value.repair


def test_a_column_to_keep_must_exist(tmp_path):
    with pytest.raises(MissingColumn):
        imported({"name": ["a"]}, tmp_path, ColumnMap(None, "name", keep=("phone",)))


def test_an_unknown_level_is_refused(tmp_path):
    source = layer({"name": ["a"]}, folder=tmp_path)
    with pytest.raises(UnknownLevel):
        prepare_import(source, "block", ColumnMap(None, "name"), levels=LEVELS, existing=None)


def test_personal_columns_are_left_out_and_reported(tmp_path):
    table = {
        "code": ["1", "2"],
        "name": ["南关", "东关"],
        "网格长": ["张三", "李四"],
        "tel": ["0531-1234", None],
        "remark": ["拨打13812345678", "无"],
        "num": [13912345678, 13912345679],
        "homes": [1, 2],
    }
    incoming = imported(table, tmp_path, ColumnMap("code", "name"))
    assert incoming.report.dropped_columns == ("网格长", "tel", "remark", "num")
    assert incoming.attributes == [{"homes": 1}, {"homes": 2}]
    (note,) = incoming.report.of_kind("personal_columns")
    assert [d["reason"] for d in note.details] == [
        "its name",
        "its name",
        "mobile numbers in it",
        "mobile numbers in it",
    ]
    # nothing of it may reach the report either
    assert "张三" not in json.dumps(incoming.report.as_dict(), ensure_ascii=False)


def test_a_personal_column_that_is_named_is_kept(tmp_path):
    table = {"code": ["1"], "name": ["南关"], "网格长": ["张三"], "tel": ["0531-1234"]}
    incoming = imported(table, tmp_path, ColumnMap("code", "name", keep=("tel",)))
    assert incoming.attributes == [{"tel": "0531-1234"}]
    assert incoming.report.dropped_columns == ("网格长",)


@pytest.mark.parametrize(
    "column",
    PERSONAL.split(),
)
def test_names_of_personal_columns_are_recognised(column):
    assert looks_personal(column)


@pytest.mark.parametrize(
    "column",
    HARMLESS.split(),
)
def test_names_of_other_columns_are_left_alone(column):
    assert not looks_personal(column)


@pytest.mark.parametrize(
    "value",
    [
        "13812345678",
        13812345678,
        13812345678.0,
        "+86 138-1234-5678",
        "张三 13812345678",
        "11010519491231002X",
        "证件11010519491231002x号",
    ],
)
def test_personal_numbers_are_recognised_by_their_form(value):
    assert personal_reason("remark", ["ordinary", value]) is not None


@pytest.mark.parametrize(
    "values",
    [
        ["370102007001", "370102007002"],
        ["370102200101010001", "370102200101010002", "370102200101010003"],
        [0.13812345678, 13812345678.25],
        ["2138123456789"],
        ["12345678901"],
        ["110105194912310021"],
        [None, float("nan"), ""],
        [],
    ],
)
def test_codes_and_measures_are_not_taken_for_personal_numbers(values):
    assert personal_reason("remark", values) is None


def test_attributes_are_json(tmp_path):
    table = {
        "code": ["1", "2"],
        "area": [1.5, float("nan")],
        "when": ["2026-01-01", None],
        "flag": [True, False],
    }
    source = layer(table, folder=tmp_path)
    source.frame["when"] = source.frame["when"].astype("datetime64[ns]")
    columns = ColumnMap("code", None)
    incoming = prepare_import(source, "grid", columns, levels=LEVELS, existing=None)
    assert json.loads(json.dumps(incoming.attributes)) == [
        {"area": 1.5, "when": "2026-01-01T00:00:00", "flag": True},
        {"flag": False},
    ]


def test_an_unknown_kind_is_basic_and_reported(tmp_path):
    table = {"name": ["a", "b"], "kind": ["专属网格", "特殊"]}
    incoming = imported(table, tmp_path, ColumnMap(None, "name", kind="kind"))
    assert [a.kind for a in incoming.areas] == ["exclusive", "basic"]
    (note,) = incoming.report.of_kind("kind_unknown")
    assert note.rows == (2,)


def test_mojibake_in_names_is_reported_with_the_encoding_to_try(tmp_path):
    broken = [
        "南关社区".encode("gbk").decode("latin-1"),
        "东关社区".encode("gbk").decode("latin-1"),
    ]
    incoming = imported({"name": broken}, tmp_path, ColumnMap(None, "name"))
    (note,) = incoming.report.of_kind("mojibake")
    assert "GB18030" in note.text
    assert "南关社区" in note.text


def test_the_report_is_json_with_the_worst_first(tmp_path):
    table = {"code": [None, 2.0], "name": ["a", "b"], "tel": ["1", "2"]}
    report = imported(table, tmp_path, ColumnMap("code", "name")).report
    data = json.loads(json.dumps(report.as_dict()))
    assert (data["rows"], data["areas"], data["provisional"]) == (2, 2, ["~1"])
    order = [m["severity"] for m in data["messages"]]
    assert order == sorted(order, key=["error", "warning", "info"].index)
