"""Which columns of a file call its areas, in `gridmap check` and `gridmap repair`."""

from __future__ import annotations

import json

import pytest

from gridmap.coverage.auditing.audit import audit_layer, layer_coverage
from gridmap.coverage.importing.columns import ColumnMap, chosen_columns
from gridmap.errors import MissingColumn
from tests.cli_district import gridmap
from tests.layers import frame, layer, write
from tests.partitions import lattice

CELLS = list(lattice(4, 4))
CODES = [f"37010200{n:02d}" for n in range(1, 17)]
NAMES = [f"南关第{n}网格" for n in range(1, 17)]
ABOVE = ["370102001"] * 16
FEWER = [*CODES[:12], *CODES[:4]]


def columns(tmp_path, **table):
    """The columns taken of a layer, code and name, unasked."""
    found, _ = chosen_columns(layer(table, CELLS[: len(table["x"])], folder=tmp_path))
    return found.code, found.name


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ({"街道代码": ABOVE, "网格编码": CODES}, "网格编码"),
        ({"网格编码": CODES, "街道代码": ABOVE}, "网格编码"),
        ({"id": [None] * 16, "编码": CODES}, "编码"),
        ({"id": [None] * 16, "gid": list(range(16))}, "gid"),
        ({"邮政编码": ["250014"] * 16}, None),
        ({"邮政编码": CODES, "postcode": CODES, "zip_code": CODES, "bm": FEWER}, "bm"),
        # a code that is there twice is a fault, which numbers of rows would hide
        ({"id": list(range(16)), "编码": [*CODES[:15], CODES[0]]}, "编码"),
        ({"id": list(range(16)), "街道编码": ABOVE}, "id"),
        ({"网格员编号": CODES, "编码": FEWER}, "编码"),
        ({"homes": list(range(16))}, None),
        # of the level above, or hardly filled in
        ({"社区编码": [*CODES[:4]] * 4}, None),
        ({"编码": [*CODES[:7], *[None] * 9]}, None),
        ({"编码": [*CODES[:8], *[None] * 8]}, "编码"),
    ],
)
def test_the_column_with_the_most_codes_is_taken(tmp_path, table, code):
    assert columns(tmp_path, x=[""] * 16, **table)[0] == code


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ({"名称": NAMES}, "名称"),
        ({"街道名称": ["南关街道"] * 16, "网格名称": NAMES}, "网格名称"),
        ({"NAME": NAMES}, "NAME"),
        ({"WGMC": NAMES}, "WGMC"),
        ({"grid_name": NAMES}, "grid_name"),
        # of the level above, of persons, or in another language
        ({"街道名称": ["南关街道"] * 16}, None),
        ({"网格员姓名": NAMES, "leader_name": NAMES, "name_en": NAMES}, None),
        ({"username": NAMES}, None),
        # empty, which is to be told
        ({"名称": [None, "NULL", *[""] * 14]}, "名称"),
    ],
)
def test_the_column_with_the_most_names_is_taken(tmp_path, table, name):
    assert columns(tmp_path, x=[""] * 16, **table)[1] == name


def test_what_was_taken_is_said_with_what_else_there_was(tmp_path):
    source = layer({"街道代码": ABOVE, "网格编码": CODES, "名称": NAMES}, CELLS, folder=tmp_path)
    code, name = layer_coverage(source).notes
    assert (code.kind, code.severity) == ("code_column", "info")
    assert "'网格编码', not by 街道代码" in code.text
    assert "--code" in code.text
    assert name.kind == "name_column"
    assert "'名称'" in name.text
    assert layer_coverage(source, columns=ColumnMap("网格编码", "名称")).notes == ()


def test_a_code_of_the_level_above_is_none_where_it_is_the_only_one(tmp_path):
    source = layer({"社区编码": CODES[:4] * 4}, CELLS, folder=tmp_path)
    assert audit_layer(source) == []
    (note,) = [one for one in layer_coverage(source).notes if one.kind == "code_column"]
    assert "in 社区编码; areas are called by their row" in note.text


def test_a_code_of_the_level_above_makes_no_duplicates(tmp_path):
    source = layer({"街道代码": ABOVE, "网格编码": CODES}, CELLS, folder=tmp_path)
    assert audit_layer(source) == []


def test_broken_and_double_names_are_faults_of_a_file_too(tmp_path):
    names = NAMES.copy()
    names[3] = "南关社区".encode("gbk").decode("latin-1")
    names[5] = names[4]
    faults = audit_layer(layer({"code": CODES, "name": names}, CELLS, folder=tmp_path))
    assert [(f.kind, f.codes) for f in faults] == [
        ("mojibake", (CODES[3],)),
        ("same_name", (CODES[5],)),
    ]


# -- through the command line -----------------------------------------------------------------


@pytest.fixture
def grids(tmp_path):
    """Grids with an overlap, two columns of codes and two of names."""
    cells = CELLS.copy()
    cells[15] = cells[15].union(cells[14])
    table = {"甲代码": CODES, "乙代码": CODES[::-1], "甲名称": NAMES, "乙名称": NAMES[::-1]}
    return write(frame(table, cells), tmp_path / "网格.gpkg")


def run(command, tmp_path, *words):
    return gridmap(command, *words, "--store", tmp_path / "none.gpkg")


def test_check_takes_the_columns_named(tmp_path, grids):
    named = ["--code", "乙代码", "--name", "乙名称"]
    for words, code, name in ((named, CODES[0], NAMES[0]), ([], CODES[15], NAMES[15])):
        done = run("check", tmp_path, grids, *words, "--json", "-")
        found = json.loads(done.stdout)
        assert any(code in fault["codes"] for fault in found["faults"])
        assert name in done.stdout
        taken = {note["kind"] for note in found["notes"]} & {"code_column", "name_column"}
        assert taken == (set() if words else {"code_column", "name_column"})


def test_repair_takes_the_columns_named(tmp_path, grids):
    named = ["--code", "乙代码", "--name", "乙名称"]
    for words, code in ((named, CODES[0]), ([], CODES[15])):
        done = run("repair", tmp_path, grids, *words, "--overlap-area", "1e9", "--json", "-")
        found = json.loads(done.stdout)
        told = {row["code"] for row in found["rows"]} | {
            one for fault in found["left"] for one in fault["codes"]
        }
        assert code in told
        assert bool(found["notes"]) != bool(words)


@pytest.mark.parametrize("command", ["check", "repair"])
@pytest.mark.parametrize("option", ["--code", "--name"])
def test_a_column_that_is_not_there_is_refused_with_those_that_are(
    tmp_path, grids, command, option
):
    done = run(command, tmp_path, grids, option, "编码")
    assert done.exit_code == 2
    assert "甲代码" in done.stderr


def test_repair_shows_what_reading_had_to_report(tmp_path, grids):
    done = run("repair", tmp_path, grids)
    assert "info: Areas are called by the column '甲代码', not by 乙代码" in done.stdout


def test_columns_not_found_in_the_library_are_refused(tmp_path):
    source = layer({"code": CODES}, CELLS, folder=tmp_path)
    with pytest.raises(MissingColumn):
        chosen_columns(source, name="名称")
    assert chosen_columns(source, "code")[0] == ColumnMap("code", None)
