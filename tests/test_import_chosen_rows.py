"""One level of a layer that holds several: `--where COL=VALUE` of import and check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gridmap.areas import Levels
from gridmap.coverage.importing.incoming import ColumnMap, Incoming, prepare_import
from gridmap.errors import BadValue, MissingColumn
from tests.cli_district import gridmap, square, write_layer
from tests.layers import layer
from tests.partitions import lattice

pytest_plugins = ["tests.cli_fixtures"]

CELLS = list(lattice(4, 1))
TABLE: dict[str, list[Any]] = {
    "code": ["1", "11", None, "12"],
    "level": ["社区", "网格", " 网格 ", "网格"],
    "number": [1.0, 2.0, 2.0, 3.0],
}


def prepared(tmp_path: Path, *where: str) -> Incoming:
    return prepare_import(
        layer(TABLE, CELLS, folder=tmp_path),
        "grid",
        ColumnMap("code", None),
        levels=Levels(["grid"]),
        existing=None,
        where=where,
    )


@pytest.mark.parametrize(
    ("where", "codes"),
    [
        (["level=社区"], ["1"]),
        (["level = 网格"], ["11", "~1", "12"]),
        (["level=网格", "number=2"], ["11", "~1"]),
        ([], ["1", "11", "~1", "12"]),
    ],
)
def test_only_rows_that_meet_all_conditions_are_read(
    tmp_path: Path, where: list[str], codes: list[str]
) -> None:
    assert [area.code for area in prepared(tmp_path, *where).areas] == codes


def test_remarks_are_about_rows_of_the_file(tmp_path: Path) -> None:
    report = prepared(tmp_path, "level=网格").report
    assert (report.rows, report.areas) == (4, 3)
    (blank,) = report.of_kind("blank_code")
    assert blank.rows == (3,)
    (chosen,) = report.of_kind("rows_chosen")
    assert chosen.text == "Of 4 rows 3 are read: those where level=网格."


@pytest.mark.parametrize(
    ("where", "error", "match"),
    [
        ("level", BadValue, "COL=VALUE"),
        ("=网格", BadValue, "COL=VALUE"),
        ("leve=网格", MissingColumn, "Did you mean 'level'"),
        ("level=微网格", BadValue, "level=社区, level=网格"),
    ],
)
def test_a_condition_that_chooses_nothing_is_refused_with_what_there_is(
    tmp_path: Path, where: str, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        prepared(tmp_path, where)


# -- through the command line -----------------------------------------------------------------


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A community and its four grids in one layer."""
    rows = [({"code": "990101", "name": "甲社区", "层级": "社区"}, square(117.0, 36.0, 0.02))]
    rows += [
        (
            {"code": f"99010100{i}{j}", "name": f"{i}{j}网格", "层级": "网格"},
            square(round(117 + 0.01 * i, 4), round(36 + 0.01 * j, 4), 0.01),
        )
        for i in range(2)
        for j in range(2)
    ]
    return write_layer(tmp_path / "mixed.geojson", rows)


def test_levels_of_one_layer_are_imported_one_after_the_other(mixed: Path, store_url: str) -> None:
    assert gridmap("levels", "--set", "community,grid", "--store", store_url).exit_code == 0
    for level, value, count in (("community", "社区", 1), ("grid", "网格", 4)):
        done = gridmap(
            "import", mixed, "--edition", "e1", "--level", level, "--code", "code", "--name",
            "name", "--where", f"层级={value}", "--commit", "--store", store_url,
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        assert f"Imported {count} areas as level {level} of e1." in done.stdout
        assert f"those where 层级={value}" in done.stdout
    assert gridmap("check", "e1", "--store", store_url).exit_code == 0


def test_one_level_of_a_layer_is_checked(mixed: Path, tmp_path: Path) -> None:
    words = ["check", mixed, "--store", tmp_path / "none.gpkg"]
    assert gridmap(*words).exit_code == 1
    done = gridmap(*words, "--where", "层级=网格", "--json", "-")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found["faults"] == []
    assert "rows_chosen" in {note["kind"] for note in found["notes"]}


def test_rows_of_an_edition_cannot_be_chosen(drafted: str) -> None:
    done = gridmap("check", "e1", "--where", "层级=网格", "--store", drafted)
    assert done.exit_code == 2
    assert "--where" in done.stderr
