"""Aliases and codes of other systems: kept, reported, and used to find parents and areas."""

import pytest

from gridmap.areas import Levels
from gridmap.coverage.importing.incoming import ColumnMap, prepare_import
from gridmap.coverage.importing.known_as import AliasRow, read_aliases, split_aliases
from gridmap.errors import BadValue, MissingColumn, NotFound
from gridmap.workspace import open_workspace
from tests.cli_district import gridmap as run
from tests.layers import SQUARES, frame, layer, write

LEVELS = Levels(["subdistrict", "community", "grid"])
OFFICES = {
    "code": ["370102007", "370102009", "370102008"],
    "name": ["文化东路街道", "甸柳新村街道", "建筑新村街道"],
    "short": ["文东；文化东路", "甸柳", None],
    "police": ["P-01", "P-02", "P-02"],
    "civil": [501, None, 503],
}
ALSO = (("police", "police"), ("民政", "civil"))


def imported(tmp_path, table=OFFICES, *, rows=(), **columns):
    return prepare_import(
        layer(table, folder=tmp_path),
        "subdistrict",
        ColumnMap("code", "name", **columns),
        levels=LEVELS,
        existing=None,
        aliases=rows,
    )


def notes(incoming):
    return {n.kind: n for n in incoming.report.messages}


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("文东;文化东路", ("文东", "文化东路")),
        ("文东、 文化东路 ，文东", ("文东", "文化东路")),
        ("Old Town, Downtown/Centre", ("Old Town", "Downtown", "Centre")),
        (["a", None, "b"], ("a", "b")),
        ("", ()),
        (None, ()),
        (float("nan"), ()),
        ("NULL", ()),
    ],
)
def test_a_cell_may_hold_several_names(cell, names):
    assert split_aliases(cell) == names


def test_aliases_and_codes_are_kept_with_the_area(tmp_path):
    incoming = imported(tmp_path, also=ALSO, aliases=("short",))
    assert incoming.attributes[0]["aliases"] == ["文东", "文化东路"]
    assert incoming.attributes[2] == {"codes": {"police": "P-02", "民政": "503"}}
    assert incoming.report.kept_columns == ()


def test_codes_that_repeat_or_lack_in_a_system_are_reported(tmp_path):
    found = notes(imported(tmp_path, also=ALSO))
    repeated, blank = found["other_code_duplicate"], found["other_code_blank"]
    assert (repeated.severity, repeated.rows) == ("warning", (2, 3))
    assert repeated.codes == ("370102009", "370102008")
    assert (blank.severity, blank.rows) == ("info", (2,))
    assert "民政" in blank.text


@pytest.mark.parametrize("also", [(("police", "police"), ("police", "civil")), (("", "police"),)])
def test_a_system_needs_a_name_of_its_own(tmp_path, also):
    with pytest.raises(BadValue, match="name of its own"):
        imported(tmp_path, also=also)


def test_a_column_that_is_not_there_is_told(tmp_path):
    with pytest.raises(MissingColumn) as caught:
        imported(tmp_path, also=(("police", "polices"),))
    assert "'police'" in caught.value.repair


def test_an_alias_of_two_areas_is_told(tmp_path):
    table = {"code": ["1", "2"], "name": ["南关", "东关"], "aka": ["老城", "老城;南关"]}
    incoming = imported(tmp_path, table, aliases=("aka",))
    note = notes(incoming)["alias_shared"]
    assert (note.severity, note.rows) == ("warning", (1, 2))
    assert "2 aliases" in note.text


def test_an_alias_that_is_the_name_is_none(tmp_path):
    table = {"code": ["1"], "name": ["南关"], "aka": ["南关;老城"]}
    incoming = imported(tmp_path, table, aliases=("aka",))
    assert incoming.attributes == [{"aliases": ["老城"]}]


def test_columns_of_the_reserved_names_are_kept_under_others(tmp_path):
    table = {"code": ["1"], "name": ["南关"], "aliases": ["x;y"], "codes": ["z"]}
    incoming = imported(tmp_path, table)
    assert incoming.attributes == [{"aliases_column": "x;y", "codes_column": "z"}]


def test_a_table_of_aliases_names_areas_by_code_or_name(tmp_path):
    path = tmp_path / "aliases.csv"
    path.write_text(
        "level,code,name,alias\n"
        "subdistrict,370102007,,文东\n"
        ",,甸柳新村街道,甸柳;甸柳庄\n"
        "grid,370102008,,别处\n"
        ",999,,无此\n",
        encoding="utf-8-sig",
    )
    table = read_aliases(path)
    assert table[0] == AliasRow("subdistrict", "370102007", "", "文东")
    incoming = imported(tmp_path, rows=table)
    kept = [a.get("aliases") for a in incoming.attributes]
    assert kept == [["文东"], ["甸柳", "甸柳庄"], None]
    assert "999 = 无此" in notes(incoming)["alias_unmatched"].text


def test_a_row_that_names_no_area_is_refused_with_its_place(tmp_path):
    path = tmp_path / "aliases.csv"
    path.write_text("code,alias\n1,a\n,b\n", encoding="utf-8")
    with pytest.raises(BadValue, match=r"aliases\.csv, row 3, column 'code'"):
        read_aliases(path)


@pytest.fixture
def workspace(store_url, tmp_path):
    """A sub-district with an alias and further codes, and a community that uses the alias."""
    with open_workspace(store_url) as opened:
        opened.set_levels(["subdistrict", "community", "grid"])
        path = write(frame(OFFICES), tmp_path / "offices.gpkg")
        opened.import_layer(
            str(path),
            edition="e",
            level="subdistrict",
            columns=ColumnMap("code", "name", also=ALSO, aliases=("short",)),
            commit=True,
        )
        yield opened


def test_parents_are_found_by_stored_aliases_and_codes(workspace, tmp_path):
    # every community lies in the third office's square, so only the words can link it
    table = {"code": ["1", "2", "3"], "up": ["文东", "P-01", "甸柳"]}
    path = write(frame(table, [SQUARES[2]] * 3), tmp_path / "communities.gpkg")
    outcome = workspace.import_layer(
        str(path),
        edition="e",
        level="community",
        columns=ColumnMap("code", "code", parent="up"),
        remainders=False,
        commit=True,
    )
    kinds = {m.kind for m in outcome.report.messages}
    assert {"parent_by_alias", "parent_by_other_code"} <= kinds
    coverage = workspace.store.coverage("e")
    links = {a.code: a.parent_code for a in map(coverage.area, coverage.rows("community"))}
    assert links == {"1": "370102007", "2": "370102007", "3": "370102009"}


def test_an_area_is_found_by_its_code_in_another_system(workspace):
    assert workspace.code_of("subdistrict", "P-01", system="police", edition="e") == "370102007"
    assert workspace.code_of("subdistrict", "503", system="民政", edition="e") == "370102008"
    with pytest.raises(BadValue, match="Several areas") as several:
        workspace.code_of("subdistrict", "P-02", system="police", edition="e")
    assert several.value.allowed == ["370102008", "370102009"]
    with pytest.raises(NotFound) as unknown:
        workspace.code_of("subdistrict", "P-01", system="fire", edition="e")
    assert unknown.value.allowed == "systems: police, 民政"
    with pytest.raises(NotFound, match="No edition is in force"):
        workspace.code_of("subdistrict", "P-01", system="police")
    workspace.publish("e", effective_from="2020-01-01", commit=True)
    assert workspace.code_of("subdistrict", "P-01", system="police") == "370102007"


def test_the_command_takes_aliases_codes_and_remainders(tmp_path):
    path = write(frame(OFFICES), tmp_path / "offices.gpkg")
    (tmp_path / "more.csv").write_text("code,alias\n370102008,建新\n", encoding="utf-8")
    where = str(tmp_path / "store.gpkg")
    words = ["import", str(path), "--edition", "e", "--level", "subdistrict", "--name", "name"]
    words += ["--code", "code", "--alias", "short", "--aliases", str(tmp_path / "more.csv")]
    words += ["--also-code", "police=police", "--also-code", "民政=civil", "--no-remainders"]
    done = run(*words, "--commit", "--store", where)
    assert done.exit_code == 0, done.output
    with open_workspace(where) as opened:
        kept = opened.store.attributes("e", "subdistrict")
    assert kept["370102008"] == {
        "aliases": ["建新"],
        "codes": {"police": "P-02", "民政": "503"},
    }
    wrong = run(*words, "--also-code", "police", "--store", where)
    assert wrong.exit_code == 2
    assert "SYSTEM=COL" in wrong.output
