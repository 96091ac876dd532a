import numpy as np
import pytest
import shapely

from gridmap.areas import Area, Levels
from gridmap.coverage.importing.incoming import ColumnMap, prepare_import
from gridmap.coverage.model import Coverage
from tests.layers import layer

LEVELS = Levels(["subdistrict", "community", "grid"])

# two communities of two squares each, side by side
WEST, EAST = shapely.box(117.0, 36.0, 117.02, 36.01), shapely.box(117.02, 36.0, 117.04, 36.01)
GRIDS = [shapely.box(117 + 0.01 * i, 36.0, 117.01 + 0.01 * i, 36.01) for i in range(4)]


def existing(areas=None, geometry=None):
    if areas is None:
        areas = [
            Area(1, "community", "100", "西社区"),
            Area(2, "community", "200", "东社区"),
        ]
        geometry = [WEST, EAST]
    return Coverage.build("draft", LEVELS, areas, geometry)


def imported(
    tmp_path, parents, *, have=None, known=None, geometry=GRIDS, level="grid", column=True
):
    source = layer(
        {"code": [f"g{n}" for n in range(1, len(geometry) + 1)], "up": parents},
        geometry,
        folder=tmp_path,
    )
    columns = ColumnMap("code", None, parent="up" if column else None)
    return prepare_import(
        source,
        level,
        columns,
        levels=LEVELS,
        existing=existing() if have is None else have,
        known=known,
        remainders=False,
    )


def links(incoming):
    return [a.parent_code for a in incoming.areas]


def notes(incoming):
    return {n.kind: n for n in incoming.report.messages}


def test_parents_are_found_by_code(tmp_path):
    incoming = imported(tmp_path, ["100", "100", "200", "200"])
    assert links(incoming) == ["100", "100", "200", "200"]
    assert {a.parent_level for a in incoming.areas} == {"community"}
    assert incoming.report.messages == ()


@pytest.mark.parametrize("values", [[100, 100, 200, 200], [100.0, 100.0, 200.0, 200.0]])
def test_parents_in_a_number_column_are_found_by_code(tmp_path, values):
    assert links(imported(tmp_path, values)) == ["100", "100", "200", "200"]


def test_parents_are_found_by_name_and_that_is_said(tmp_path):
    incoming = imported(tmp_path, ["西社区", " 西社区", "东社区", "200"])
    assert links(incoming) == ["100", "100", "200", "200"]
    assert "3 areas" in notes(incoming)["parent_by_name"].text


def test_a_code_wins_over_a_name(tmp_path):
    areas = [Area(1, "community", "100", "200"), Area(2, "community", "200", "100")]
    incoming = imported(tmp_path, ["100"] * 2 + ["200"] * 2, have=existing(areas, [WEST, EAST]))
    assert links(incoming) == ["100", "100", "200", "200"]


def test_a_name_that_two_parents_have_is_settled_by_the_polygons(tmp_path):
    areas = [Area(1, "community", "100", "新村"), Area(2, "community", "200", "新村")]
    incoming = imported(tmp_path, ["新村"] * 4, have=existing(areas, [WEST, EAST]))
    assert links(incoming) == ["100", "100", "200", "200"]


def test_without_a_column_parents_are_filled_by_the_largest_overlap(tmp_path):
    incoming = imported(tmp_path, [None] * 4, column=False)
    assert links(incoming) == ["100", "100", "200", "200"]
    note = notes(incoming)["parent_filled"]
    assert note.severity == "info"
    assert len(note.details) == 4


def test_blank_and_unknown_parents_are_filled_and_each_is_reported(tmp_path):
    incoming = imported(tmp_path, ["100", None, "999", "200"])
    assert links(incoming) == ["100", "100", "200", "200"]
    note = notes(incoming)["parent_filled"]
    assert (note.severity, note.rows, note.codes) == ("warning", (2, 3), ("g2", "g3"))
    assert note.details[1] == {"code": "g3", "given": "999", "parent": "200", "share": 1.0}


def test_a_filled_parent_that_holds_little_more_than_half_is_told(tmp_path):
    straddling = shapely.box(117.014, 36.0, 117.024, 36.01)
    incoming = imported(tmp_path, [None], geometry=[straddling])
    note = notes(incoming)["parent_filled"]
    assert note.details[0]["share"] == pytest.approx(0.6)
    assert "1 of them with less than 90 %" in note.text


def test_an_area_outside_all_parents_stays_without_and_is_reported(tmp_path):
    incoming = imported(tmp_path, ["100", None], geometry=[GRIDS[0], shapely.box(118, 36, 119, 37)])
    assert links(incoming) == ["100", None]
    assert incoming.areas[1].parent_level is None
    assert notes(incoming)["parent_missing"].codes == ("g2",)


def test_a_parent_that_nobody_knows_is_kept_for_the_audit_to_tell(tmp_path):
    incoming = imported(
        tmp_path, ["100", "999"], geometry=[GRIDS[0], shapely.box(118, 36, 119, 37)]
    )
    assert links(incoming) == ["100", "999"]
    assert notes(incoming)["parent_missing"].details == ({"code": "g2", "given": "999"},)
    whole = Coverage.build(
        "draft",
        LEVELS,
        [Area(1, "community", "100", "西社区"), *incoming.areas],
        [WEST, *incoming.geometry],
    )
    assert whole.parent.tolist() == [-1, 0, -1]
    assert whole.parent_code_given.tolist() == [None, "100", "999"]


def test_parents_are_found_by_alias_and_by_a_code_of_another_system(tmp_path):
    known = {
        "community": {
            "100": {"aliases": ["文东", "共用"], "codes": {"police": "J1"}},
            "200": {"aliases": ["共用"], "codes": {"police": "J2", "civil": "J2"}},
        }
    }
    incoming = imported(tmp_path, ["文东", "J1", "共用", "J2"], known=known)
    assert links(incoming) == ["100", "100", "200", "200"]  # 共用: by where it lies
    found = notes(incoming)
    assert found["parent_by_alias"].text.startswith("2 areas")
    assert found["parent_by_other_code"].text.startswith("2 areas")
    assert {"parent_filled", "parent_disagrees"}.isdisjoint(found)


def test_a_name_wins_over_an_alias(tmp_path):
    known = {"community": {"100": {"aliases": ["东社区"]}}}
    incoming = imported(tmp_path, ["东社区"] * 4, known=known)
    assert links(incoming) == ["200"] * 4


# Of four areas: what the column says, where they lie, and what becomes of the link.
MATRIX = {
    "named, lies there": ("100", GRIDS[0], "100", set()),
    "named, lies elsewhere": ("200", GRIDS[0], "200", {"parent_disagrees"}),
    "named, lies nowhere": ("100", shapely.box(118, 36, 118.01, 36.01), "100", set()),
    "named, no polygon": ("100", None, "100", set()),
    "blank, lies in one": (None, GRIDS[3], "200", {"parent_filled"}),
    "blank, lies nowhere": (None, shapely.box(118, 36, 118.01, 36.01), None, {"parent_missing"}),
    "blank, no polygon": (None, None, None, {"parent_missing"}),
    "unknown, lies in one": ("999", GRIDS[3], "200", {"parent_filled"}),
    "unknown, lies nowhere": (
        "999",
        shapely.box(118, 36, 118.01, 36.01),
        "999",
        {"parent_missing"},
    ),
    "unknown, no polygon": ("999", None, "999", {"parent_missing"}),
    "named, half in the other": ("100", shapely.box(117.009, 36, 117.03, 36.01), "100", set()),
    "blank, half in two": (
        None,
        shapely.box(117.009, 36, 117.03, 36.01),
        "100",
        {"parent_filled"},
    ),
    "named, mostly in the other": (
        "100",
        shapely.box(117.018, 36, 117.03, 36.01),
        "100",
        {"parent_disagrees"},
    ),
}


@pytest.mark.parametrize("case", MATRIX)
def test_every_combination_of_column_and_place_gives_its_link_and_its_remark(tmp_path, case):
    value, shape, expected, kinds = MATRIX[case]
    # one level above the finest keeps areas without a polygon
    levels = Levels(["community", "grid", "microgrid"])
    have = Coverage.build(
        "draft",
        levels,
        [Area(1, "community", "100", "西"), Area(2, "community", "200", "东")],
        [WEST, EAST],
    )
    source = layer({"code": ["a", "g"], "up": ["100", value]}, [GRIDS[1], shape], folder=tmp_path)
    incoming = prepare_import(
        source,
        "grid",
        ColumnMap("code", None, parent="up"),
        levels=levels,
        existing=have,
        remainders=False,
    )
    assert links(incoming) == ["100", expected]
    assert set(notes(incoming)) - {"empty_geometry", "parent_border_differs"} == kinds


def test_a_column_that_the_polygons_contradict_wins_and_each_case_is_reported(tmp_path):
    incoming = imported(tmp_path, ["100", "200", "200", "200"])
    assert links(incoming) == ["100", "200", "200", "200"]
    note = notes(incoming)["parent_disagrees"]
    assert note.codes == ("g2",)
    assert note.details == (
        {"code": "g2", "parent": "200", "share_in_parent": 0.0, "by_polygon": "100", "share": 1.0},
    )


def test_an_area_that_reaches_over_its_parents_border_is_reported_with_the_part(tmp_path):
    wide = shapely.box(117.01, 36.0, 117.021, 36.01)
    incoming = imported(tmp_path, ["100", "100"], geometry=[GRIDS[0], wide])
    (detail,) = notes(incoming)["parent_border_differs"].details
    assert (detail["code"], detail["parent"], detail["also_in"]) == ("g2", "100", ["200"])
    assert detail["outside_m2"] == pytest.approx(0.001 * 90_000 * 0.01 * 111_000, rel=0.01)


def test_the_next_coarser_level_that_is_present_gives_the_parents(tmp_path):
    areas = [Area(1, "subdistrict", "1", "街道")]
    have = existing(areas, [shapely.union(WEST, EAST)])
    incoming = imported(tmp_path, ["1"] * 4, have=have)
    assert {(a.parent_level, a.parent_code) for a in incoming.areas} == {("subdistrict", "1")}


def test_parents_without_a_polygon_are_found_by_code(tmp_path):
    areas = [Area(1, "community", "100", "西"), Area(2, "community", "200", "东")]
    have = existing(areas, [None, None])
    incoming = imported(tmp_path, ["100", "100", "200", None], have=have)
    assert links(incoming) == ["100", "100", "200", None]
    assert notes(incoming)["parent_missing"].codes == ("g4",)


def test_areas_without_a_polygon_are_linked_by_the_column(tmp_path):
    areas = [Area(1, "subdistrict", "1", "街道")]
    have = existing(areas, [shapely.union(WEST, EAST)])
    incoming = imported(tmp_path, ["1", "1"], have=have, geometry=[WEST, None], level="community")
    assert links(incoming) == ["1", "1"]


def test_with_no_coarser_level_yet_the_links_are_kept_by_code(tmp_path):
    empty = existing([], [])
    incoming = imported(tmp_path, ["100", None, 200, "200"], have=empty)
    assert links(incoming) == ["100", None, "200", "200"]
    assert incoming.areas[0].parent_level == "community"
    assert incoming.areas[1].parent_level is None
    assert "parent_not_yet" in notes(incoming)


def test_the_coarsest_level_has_no_parents(tmp_path):
    incoming = imported(tmp_path, ["x"] * 2, geometry=[WEST, EAST], level="subdistrict")
    assert links(incoming) == [None, None]
    assert "parent_ignored" in notes(incoming)


def test_rows_are_those_of_the_source_when_some_are_left_out(tmp_path):
    geometry = [None, GRIDS[0], GRIDS[1]]
    incoming = imported(tmp_path, ["100", "100", "999"], geometry=geometry)
    assert notes(incoming)["parent_filled"].rows == (3,)
    assert notes(incoming)["parent_filled"].codes == ("g3",)


def test_finer_levels_in_the_edition_are_mentioned(tmp_path):
    have = existing(
        [Area(1, "community", "100", "西"), Area(2, "grid", "g1", "", parent_code="100")],
        [WEST, GRIDS[0]],
    )
    source = layer({"code": ["100"]}, [WEST], folder=tmp_path)
    incoming = prepare_import(
        source, "community", ColumnMap("code", None), levels=LEVELS, existing=have
    )
    assert "grid" in notes(incoming)["finer_levels_present"].text


def test_broken_polygons_do_not_stop_the_linking(tmp_path):
    bowtie = shapely.from_wkt("POLYGON ((117 36, 117.01 36.01, 117.01 36, 117 36.01, 117 36))")
    incoming = imported(tmp_path, [None, None], geometry=[bowtie, GRIDS[2]])
    assert links(incoming) == ["100", "200"]
    assert np.all(shapely.is_valid(incoming.geometry) == [False, True])
