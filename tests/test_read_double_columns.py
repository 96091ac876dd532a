"""Columns of one name: a shapefile cuts names after ten bytes, so that two may become one."""

from __future__ import annotations

import pytest

from gridmap.areas import Levels
from gridmap.coverage.auditing.audit import audit_layer, layer_coverage
from gridmap.coverage.importing.columns import ColumnMap
from gridmap.coverage.importing.incoming import prepare_import
from gridmap.coverage.reading.read import read_layer
from gridmap.coverage.reading.titles import told_apart
from gridmap.errors import BadValue
from gridmap.places.sheet import Column, open_sheet
from tests.layers import shapefile

TABLE = {"a": ["01", "02"], "b": ["甲", "乙"], "c": ["x", "y"]}


def called(folder, *names, encoding="GB18030"):
    """A shapefile whose columns have these names, as far as ten bytes of each."""
    path = shapefile(folder, TABLE, encoding)
    dbf = path.with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    for at, name in enumerate(names):
        raw = name.encode(encoding)[:10].ljust(11, b"\0")
        data[32 + 32 * at : 43 + 32 * at] = raw
    dbf.write_bytes(data)
    return path


def double(layer):
    return [note for note in layer.notes if note.kind == "double_column"]


@pytest.mark.parametrize(
    ("encoding", "names", "columns"),
    [
        ("UTF-8", ["所属网格编码", "所属网格名称", "备注"], ["所属网", "所属网_2", "备注"]),
        ("GBK", ["所属社区编码", "备注", "所属社区编号"], ["所属社区编", "备注", "所属社区编_2"]),
        ("UTF-8", ["code", "code", "code"], ["code", "code_2", "code_3"]),
    ],
)  # fmt: skip
def test_later_columns_of_one_name_are_told_apart_and_named(tmp_path, encoding, names, columns):
    layer = read_layer(called(tmp_path, *names, encoding=encoding))
    assert layer.columns == columns
    assert [layer.frame[column].tolist() for column in columns] == list(TABLE.values())
    (note,) = double(layer)
    assert note.severity == "warning"
    assert all(f"'{column}'" in note.text for column in columns if "_" in column)


def test_columns_of_different_names_are_left_alone(tmp_path):
    layer = read_layer(called(tmp_path, "编码", "名称", "备注"))
    assert double(layer) == []
    assert layer.titles == layer.columns


def test_no_name_is_given_that_another_column_has():
    assert told_apart(["a", "a_2", "a", "a"]) == ["a", "a_2", "a_3", "a_4"]
    assert told_apart([]) == []


def test_a_file_with_two_columns_of_codes_is_checked_by_the_first(tmp_path):
    layer = read_layer(called(tmp_path, "编码", "名称", "编码"))
    assert audit_layer(layer) == []
    assert layer_coverage(layer).coverage.code.tolist() == ["01", "02"]


def test_columns_of_one_name_are_both_imported(tmp_path):
    layer = read_layer(called(tmp_path, "所属网格编码", "所属网格名称", "备注", encoding="UTF-8"))
    incoming = prepare_import(
        layer,
        "grid",
        ColumnMap("所属网", "所属网_2"),
        levels=Levels(["community", "grid"]),
        existing=None,
    )
    assert [(area.code, area.name) for area in incoming.areas] == [("01", "甲"), ("02", "乙")]
    kept = prepare_import(
        layer,
        "grid",
        ColumnMap("备注", None),
        levels=Levels(["community", "grid"]),
        existing=None,
    )
    assert kept.attributes[0] == {"所属网": "01", "所属网_2": "甲"}
    assert "double_column" in {note.kind for note in kept.report.messages}


def test_a_table_of_places_with_two_columns_for_one_thing_is_refused(tmp_path):
    path = called(tmp_path, "编码", "名称", "编码")
    with pytest.raises(BadValue, match="several columns for one thing"):
        open_sheet(path, [Column("code", ("编码",), required=True)])
    sheet = open_sheet(path, [Column("name", ("名称",), required=True)])
    assert [record.text("name") for record in sheet.records] == ["甲", "乙"]


def test_columns_of_a_csv_that_differ_by_a_blank_are_told_apart(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(
        'code,code ,wkt\n1,2,"POLYGON ((117 36, 117.01 36, 117.01 36.01, 117 36))"\n',
        encoding="utf-8",
    )
    layer = read_layer(path)
    assert layer.columns == ["code", "code_2"]
    assert layer.frame["code_2"].tolist() == ["2"]
