"""Out, edited, and in again: the way that docs/round-trip.md describes, and each format's."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
import shapely
from hypothesis import given, settings

from gridmap.access import Actor
from gridmap.areas import Area
from gridmap.bulk.export_formats import ExportFormat
from gridmap.coverage.importing.incoming import ColumnMap
from gridmap.errors import BadValue, NotFound
from gridmap.workspace import open_workspace
from tests.cli_district import gridmap
from tests.patchworks import patchworks
from tests.store_data import ACTOR, fill, incoming

pytest_plugins = ["tests.cli_fixtures"]

PAGE = Path(__file__).resolve().parent.parent / "docs" / "round-trip.md"
FORMATS = [kind.value for kind in ExportFormat]
COLUMNS = ColumnMap(code="code", name="name", name_en="name_en", parent="parent", kind="kind")


def blocks():
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(r"^```(sh|python|text)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_page_can_be_followed_word_for_word(drafted, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRIDMAP_STORE", drafted)
    for words in (("draft", "2026", "--from", "e1", "--commit"),
                  ("publish", "2026", "--from", "2026-01-01", "--commit")):  # fmt: skip
        assert gridmap(*words).exit_code == 0
    printed = []
    for kind, block in blocks():
        if kind == "python":
            exec(compile(block, str(PAGE), "exec"), {})
        elif kind == "text":
            assert block in printed[-1]
        for line in block.splitlines() if kind == "sh" else ():
            done = gridmap(*shlex.split(line)[1:])
            assert done.exit_code == 0, f"{line}: {done.output}"
            printed.append(done.stdout)
    assert {kind for kind, _ in blocks()} == {"sh", "python", "text"}
    assert pyogrio.list_layers("everybody.gpkg")[:, 0].tolist() == ["community", "grid"]
    assert pyogrio.read_info("survey.gpkg", layer="grid")["crs"] == "EPSG:4548"


@pytest.fixture
def workspace(store_url, clock):
    with open_workspace(store_url, clock=clock) as opened:
        fill(opened.store)
        yield opened


def again(workspace, path, level="grid", *, commit=False, **more):
    layer = f"{path}:{level}" if path.suffix in {".gpkg", ".zip"} else str(path)
    system = "wgs84" if path.suffix == ".csv" else None
    return workspace.import_layer(
        layer, edition="e1", level=level, columns=COLUMNS, coord_sys=system, commit=commit, **more
    )


@pytest.mark.parametrize("kind", [*FORMATS, "zip"])
def test_what_comes_back_untouched_does_not_differ(workspace, kind, tmp_path):
    path = tmp_path / f"out.{kind}"
    done = workspace.export_edition("e1", path, levels=["grid"])
    assert done.areas == {"grid": 4}
    found = again(workspace, path, commit=True, remainders=False)
    assert not found.differences
    assert found.differences.unchanged == 4
    assert not again(workspace, path, remainders=False).differences
    assert workspace.store.attributes("e1", "grid")["C0003"]["households"] in {3, "3"}


def test_parents_are_what_their_children_make_and_come_back_so(workspace, tmp_path):
    path = tmp_path / "out.gpkg"
    workspace.export_edition("e1", path)
    # Declared as bands ten squares long, of which two are covered.
    assert shapely.area(gpd.read_file(path, layer="community").geometry[0]) < 0.0003
    assert not again(workspace, path, "community").differences


def test_what_was_edited_elsewhere_is_shown_before_it_is_taken(workspace, tmp_path):
    path = tmp_path / "out.gpkg"
    workspace.export_edition("e1", path, levels=["grid"])
    frame = gpd.read_file(path, layer="grid")
    frame.loc[0, "name"] = "新名"
    frame.loc[1, "households"] = 40
    frame = frame.iloc[[3, 0, 1]]
    frame.to_file(path, layer="grid")
    found = again(workspace, path, remainders=False).differences
    assert found.removed == ("C0002",)
    assert [(v.code, v.column, v.old, v.new) for v in found.values] == [
        ("C0000", "name", "网格0", "新名"), ("C0001", "households", 1, 40),
    ]  # fmt: skip
    assert found.unchanged == 1
    assert workspace.store.coverage("e1").row("grid", "C0002") >= 0


def test_a_level_that_is_new_to_the_draft_has_nothing_to_differ_from(workspace, tmp_path):
    path = tmp_path / "out.gpkg"
    workspace.export_edition("e1", path, levels=["grid"])
    columns = ColumnMap(code="code", name="name")
    found = workspace.import_layer(
        str(path), edition="e2", level="grid", columns=columns, commit=False
    )
    assert found.differences is None


def test_other_names_and_codes_of_other_systems_come_back(workspace, tmp_path):
    areas = [Area(-1, "grid", "G1", "一网格", "", "community", "P0")]
    attributes = {"aliases": ["甲", "乙"], "codes": {"police": "P-1"}, "note": "x"}
    layer = incoming(areas, [shapely.box(117, 36, 117.01, 36.01)], attributes=[attributes])
    workspace.store.import_areas("e1", layer, ACTOR)
    path = tmp_path / "out.geojson"
    workspace.export_edition("e1", path, levels=["grid"])
    columns = ColumnMap(
        code="code", name="name", name_en="name_en", parent="parent", kind="kind",
        also=(("police", "code_police"),), aliases=("aliases",),
    )  # fmt: skip
    found = workspace.import_layer(
        str(path), edition="e1", level="grid", columns=columns, remainders=False
    )
    assert not found.differences


def test_everybody_sees_published_editions_without_what_is_for_staff(workspace, tmp_path):
    path, anybody = tmp_path / "out.gpkg", Actor.resident()
    with pytest.raises(NotFound, match="no such edition"):
        workspace.export_edition("e1", path, actor=anybody)
    workspace.publish("e1", effective_from="2026-01-01", accept_faults="a test", commit=True)
    workspace.export_edition("e1", path, actor=anybody)
    names = ["code", "name", "name_en", "parent", "kind", "geometry"]
    assert gpd.read_file(path, layer="grid").columns.tolist() == names
    workspace.export_edition("e1", path)
    assert "households" in gpd.read_file(path, layer="grid").columns


def test_the_live_store_is_never_written_over(workspace, store_kind):
    if store_kind == "geopackage":
        with pytest.raises(BadValue, match="live store"):
            workspace.export_edition("e1", workspace.store.where)
    with pytest.raises(NotFound, match="no areas of that level"):
        workspace.export_edition("e1", "x.gpkg", levels=["microgrid"])
    with pytest.raises(NotFound, match="no such edition"):
        workspace.export_edition("e9", "x.gpkg")


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=8, deadline=None)
@given(patchwork=patchworks(exact=False))
def test_any_coverage_goes_out_and_comes_back_the_same(kind, patchwork, made_any, tmp_path_factory):
    workspace, folder = made_any, tmp_path_factory.mktemp("any")
    areas = [Area(-1, "grid", code, f"网{code}") for code in patchwork.codes]
    workspace.store.ensure_draft("e1", ACTOR)
    workspace.store.import_areas("e1", incoming(areas, list(patchwork.polygons)), ACTOR)
    path = folder / f"out.{kind}"
    workspace.export_edition("e1", path, levels=["grid"])
    found = again(workspace, path, commit=True)
    assert not found.differences
    after = workspace.store.coverage("e1")
    assert len(after) == len(areas)
    assert not again(workspace, path).differences


@pytest.fixture(scope="module")
def made_any(made_store, tmp_path_factory):
    import shutil

    path = tmp_path_factory.mktemp("any") / "store.gpkg"
    shutil.copyfile(made_store("geopackage"), path)
    with open_workspace(path) as opened:
        yield opened
