"""What the children leave of a parent is the parent's own ground, at whatever level."""

import csv
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.areas import Area, Levels
from gridmap.coverage.auditing.audit import audit
from gridmap.coverage.importing.incoming import ColumnMap, prepare_import
from gridmap.coverage.importing.remainders import find_remainders
from gridmap.coverage.model import Coverage
from gridmap.coverage.reading.read import read_layer
from gridmap.locate.locator import Locator
from gridmap.routing.territory import Territory
from gridmap.workspace import open_workspace
from tests.layers import frame, write

LEVELS = Levels(["subdistrict", "community", "grid", "microgrid"])
SIZE = 0.01  # of a degree, about a kilometre


def box(x0, y0, x1, y1):
    """In hundredths of a degree, north-east of 117 E 36 N."""
    return shapely.box(117 + x0 * SIZE, 36 + y0 * SIZE, 117 + x1 * SIZE, 36 + y1 * SIZE)


# One sub-district of three communities: A has grids in its western half, B is all grids,
# C has none.
LAYERS = {
    "subdistrict": {"S": (None, box(0, 0, 12, 4))},
    "community": {
        "A": ("S", box(0, 0, 4, 4)),
        "B": ("S", box(4, 0, 8, 4)),
        "C": ("S", box(8, 0, 12, 4)),
    },
    "grid": {
        "A1": ("A", box(0, 0, 2, 2)),
        "A2": ("A", box(0, 2, 2, 4)),
        "B1": ("B", box(4, 0, 8, 4)),
    },
    "microgrid": {
        "A1a": ("A1", box(0, 0, 2, 1)),
        "A2a": ("A2", box(0, 2, 2, 4)),
        "B1a": ("B1", box(4, 0, 8, 2)),
        "B1b": ("B1", box(4, 2, 8, 4)),
    },
}


def source(folder, level, rows=None, **columns):
    rows = LAYERS[level] if rows is None else rows
    table = {"code": list(rows), "up": [up for up, _ in rows.values()], **columns}
    path = folder / f"{level}.gpkg"
    path.unlink(missing_ok=True)
    return write(frame(table, [shape for _, shape in rows.values()]), path)


def columns_of(level):
    return ColumnMap("code", "code", parent=None if level == "subdistrict" else "up")


def grown(coverage, path, level, columns=None, **options):
    """A coverage with one more level imported, and what the import had to say."""
    incoming = prepare_import(
        read_layer(path),
        level,
        columns or columns_of(level),
        levels=LEVELS,
        existing=coverage,
        **options,
    )
    areas, shapes = list(incoming.areas), list(incoming.geometry)
    if coverage is not None:
        kept = np.flatnonzero(coverage.rank != LEVELS.rank(level)).tolist()
        areas += [coverage.area(row) for row in kept]
        shapes += [coverage.geometry[row] for row in kept]
    return Coverage.build("e", LEVELS, areas, shapes), incoming


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The district with its remainder, and the report of the grids' import."""
    coverage, incoming, folder = None, None, tmp_path_factory.mktemp("layers")
    for level in ("subdistrict", "community", "grid"):
        coverage, incoming = grown(coverage, source(folder, level), level)
    return coverage, incoming


@pytest.fixture(scope="module")
def coverage(made):
    return made[0]


def place(x, y):
    return 117 + x * SIZE, 36 + y * SIZE


def found(coverage, x, y, accuracy_m=None, **options):
    lon, lat = place(x, y)
    radius = None if accuracy_m is None else [accuracy_m]
    return Locator(coverage).locate([lon], [lat], radius, **options)[0]


def test_the_import_says_which_parents_have_a_remainder_and_where(made):
    report = made[1].report
    (note,) = report.of_kind("remainder")
    assert (note.severity, note.codes) == ("warning", ("A~0",))
    (detail,) = note.details
    assert (detail["parent"], detail["share"]) == ("A", pytest.approx(0.5))
    assert detail["area_m2"] == pytest.approx(2 * 900 * 4 * 1110, rel=0.02)
    assert (report.areas, report.rows) == (4, 3)


def test_it_is_an_area_of_its_kind_that_the_parent_answers_for(coverage):
    row = coverage.row("grid", "A~0")
    area = coverage.area(row)
    assert (area.kind, area.parent_level, area.parent_code) == ("remainder", "community", "A")
    assert (area.name, area.provisional) == ("A", False)
    assert coverage.geometry[row].equals(box(2, 0, 4, 4))
    assert np.flatnonzero(coverage.hidden).tolist() == [row]
    assert coverage.answering[row] == coverage.row("community", "A")


def test_a_point_in_it_is_in_the_parent_and_in_nothing_finer(coverage):
    answer = found(coverage, 3, 1)
    assert answer.areas == {"subdistrict": "S", "community": "A"}
    assert (answer.location_status, answer.certain_level) == ("inside", "community")
    assert found(coverage, 1, 1).areas == {"subdistrict": "S", "community": "A", "grid": "A1"}
    # a community without any grid is an atom itself
    assert found(coverage, 9, 1).areas == {"subdistrict": "S", "community": "C"}


def test_on_its_border_the_finer_area_wins_and_the_parent_is_named(coverage):
    answer = found(coverage, 2, 1)
    assert answer.areas["grid"] == "A1"
    assert [(c.level, c.code) for c in answer.candidates] == [("grid", "A1"), ("community", "A")]
    assert answer.certain_level == "community"


def test_ambiguity_is_judged_by_the_parent(coverage):
    across = found(coverage, 2.05, 1, accuracy_m=200)
    assert across.location_status == "ambiguous"
    at_community = found(coverage, 2.05, 1, accuracy_m=200, level="community")
    assert at_community.location_status == "inside"


def test_margins_are_to_its_border_and_to_the_parents(coverage):
    answer = found(coverage, 2.5, 1, margins=True)
    assert answer.margin_m == pytest.approx(0.5 * 900, rel=0.02)
    assert answer.margins_m["community"] == pytest.approx(1110, rel=0.02)
    assert "grid" not in answer.margins_m


def test_the_nearest_area_of_a_point_outside_is_the_parent():
    shapes = [box(0, 0, 4, 4), box(0, 0, 2, 4), box(2, 0, 4, 4)]
    areas = [
        Area(1, "community", "A", ""),
        Area(2, "grid", "A1", "", parent_level="community", parent_code="A"),
        Area(3, "grid", "A~0", "", "", "community", "A", "remainder"),
    ]
    answer = found(Coverage.build("e", LEVELS, areas, shapes), 5, 1)
    assert (answer.nearest.level, answer.nearest.code) == ("community", "A")


def test_the_shapes_and_the_audit_count_it_in(coverage):
    assert coverage.shapes[coverage.row("community", "A")].equals(box(0, 0, 4, 4))
    assert coverage.shapes[coverage.row("subdistrict", "S")].equals(box(0, 0, 12, 4))
    assert np.isfinite(coverage.label_points).all()
    faults = audit(coverage)
    assert [f for f in faults if f.severity == "error"] == []
    left = {f.codes: f for f in faults if f.kind == "parent_not_covered"}
    assert ("A",) in left
    assert left["A",].geometry.equals(coverage.geometry[coverage.row("grid", "A~0")])
    assert "answers there itself" in left["A",].text


def test_a_part_of_the_edition_and_its_fingerprint_know_it(coverage):
    rest = coverage.row("grid", "A~0")
    plain = [replace(coverage.area(row), kind="basic") for row in range(len(coverage))]
    other = Coverage.build("e", LEVELS, plain, coverage.geometry)
    assert other.fingerprint() != coverage.fingerprint()
    without = coverage.only(np.arange(len(coverage)) != rest)
    assert not without.hidden.any()
    assert without.parent_code_given.tolist() == [
        c for row, c in enumerate(coverage.parent_code_given) if row != rest
    ]


def test_parties_are_made_of_areas_only(tmp_path):
    first, _ = grown(None, source(tmp_path, "subdistrict"), "subdistrict")
    rows = {"A": LAYERS["community"]["A"]}
    whole, incoming = grown(first, source(tmp_path, "community", rows), "community")
    assert [a.code for a in incoming.areas] == ["A", "S~0"]
    names = [party.code for party in Territory(whole).parties()]
    assert len(names) == 2
    assert not any("~" in name for name in names)


def test_without_remainders_the_ground_is_nobodys_and_the_audit_says_so(coverage, tmp_path):
    bare, incoming = grown(coverage, source(tmp_path, "grid"), "grid", remainders=False)
    assert incoming.report.of_kind("remainder") == ()
    assert not bare.hidden.any()
    assert "parent_not_covered" in {f.kind for f in audit(bare)}
    assert found(bare, 3, 1).location_status == "outside"


def test_finer_areas_in_a_remainder_leave_its_level_empty_and_its_rest_is_a_remainder(
    coverage, tmp_path
):
    rows = LAYERS["microgrid"] | {"Ax": (None, box(2, 0, 3, 4))}
    deep, incoming = grown(coverage, source(tmp_path, "microgrid", rows), "microgrid")
    details = [d for n in incoming.report.of_kind("remainder") for d in n.details]
    assert {d["parent"] for d in details} == {"A1", "A~0"}
    above = {"subdistrict": "S", "community": "A"}
    assert found(deep, 2.5, 1).areas == {**above, "microgrid": "Ax"}
    assert found(deep, 3.5, 1).areas == above
    assert found(deep, 1, 1.5).areas == {**above, "grid": "A1"}
    assert deep.shapes[deep.row("grid", "A~0")].equals(box(2, 0, 4, 4))


def test_remainders_that_come_with_a_layer_are_made_anew(coverage, tmp_path):
    rows = LAYERS["grid"] | {"A~0": ("A", box(2, 0, 4, 4)), "A3": ("A", box(2, 0, 4, 2))}
    path = source(
        tmp_path, "grid", rows, kind=["remainder" if "~" in code else "basic" for code in rows]
    )
    columns = ColumnMap("code", None, parent="up", kind="kind")
    again, incoming = grown(coverage, path, "grid", columns)
    assert "remainder_renewed" in {m.kind for m in incoming.report.messages}
    assert incoming.report.provisional == ()
    assert again.geometry[again.row("grid", "A~0")].equals(box(2, 2, 4, 4))
    assert [f.kind for f in audit(again) if f.severity == "error"] == []


def test_without_remainders_those_of_a_layer_stay_as_they_are(coverage, tmp_path):
    rows = LAYERS["grid"] | {"A~0": ("A", box(2, 0, 4, 4))}
    path = source(tmp_path, "grid", rows, kind=["basic"] * 3 + ["remainder"])
    columns = ColumnMap("code", None, parent="up", kind="kind")
    again, _ = grown(coverage, path, "grid", columns, remainders=False)
    assert again.hidden.sum() == 1
    assert found(again, 3, 1).areas == {"subdistrict": "S", "community": "A"}


def with_rest(tmp_path, rows):
    """A layer of grids, some of which are remainders, and its columns."""
    path = source(
        tmp_path, "grid", rows, kind=["remainder" if "~" in code else "basic" for code in rows]
    )
    return path, ColumnMap("code", None, parent="up", kind="kind")


def undeclared(coverage, code):
    shapes = coverage.geometry.copy()
    shapes[coverage.row("community", code)] = None
    return replace(coverage, geometry=shapes)


def test_a_remainder_of_a_layer_stays_where_its_parent_has_no_declared_polygon(coverage, tmp_path):
    rows = LAYERS["grid"] | {"A~0": ("A", box(2, 0, 4, 4))}
    path, columns = with_rest(tmp_path, rows)
    again, incoming = grown(undeclared(coverage, "A"), path, "grid", columns)
    assert again.geometry[again.row("grid", "A~0")].equals(box(2, 0, 4, 4))
    assert again.hidden[again.row("grid", "A~0")]
    assert found(again, 3, 1).areas == {"subdistrict": "S", "community": "A"}
    assert incoming.report.of_kind("remainder_renewed") == ()


def test_a_remainder_of_a_layer_stays_beside_an_area_that_comes_without_a_polygon(
    coverage, tmp_path
):
    rows = LAYERS["grid"] | {"A2": ("A", None), "A~0": ("A", box(2, 0, 4, 4))}
    path, columns = with_rest(tmp_path, rows)
    again, incoming = grown(coverage, path, "grid", columns)
    assert again.geometry[again.row("grid", "A~0")].equals(box(2, 0, 4, 4))
    assert incoming.report.of_kind("remainder_renewed") == ()


def test_only_remainders_that_were_made_anew_are_counted(coverage, tmp_path):
    rows = {
        "A1": ("A", box(0, 0, 4, 4)),
        "A~0": ("A", box(2, 0, 4, 4)),
        "B1": ("B", box(4, 0, 6, 4)),
        "B~0": ("B", box(6, 0, 8, 4)),
        "C1": ("C", box(8, 0, 10, 4)),
        "C~0": ("C", box(10, 0, 12, 4)),
    }
    path, columns = with_rest(tmp_path, rows)
    again, incoming = grown(undeclared(coverage, "C"), path, "grid", columns)
    assert set(again.code[again.rows("grid")]) == {"A1", "B1", "B~0", "C1", "C~0"}
    (note,) = incoming.report.of_kind("remainder_renewed")
    assert note.text.startswith("1 remainders of the layer")


def test_a_store_keeps_it_and_answers_lists_and_draws_with_it(store_url, tmp_path):
    with open_workspace(store_url) as workspace:
        for level in ("subdistrict", "community", "grid"):
            outcome = workspace.import_layer(
                str(source(tmp_path, level)),
                edition="e",
                level=level,
                columns=columns_of(level),
                commit=True,
            )
        assert outcome.rows == 4
        workspace.publish("e", effective_from="2026-01-01", commit=True)
        answer = workspace.locate(*place(3, 1), at="2026-02-01")
        assert answer.areas == {"subdistrict": "S", "community": "A"}
        _, rows = workspace.areas("grid", at="2026-02-01")
        assert {r["code"]: r["kind"] for r in rows}["A~0"] == "remainder"
        page = workspace.map_document("levels", at="2026-02-01").get_root().render()
        assert "remainder" in page
        (tmp_path / "in.csv").write_text("lon,lat\n117.03,36.01\n", encoding="utf-8")
        workspace.assign(
            str(tmp_path / "in.csv"), str(tmp_path / "out.csv"), lon="lon", lat="lat", edition="e"
        )
    with (tmp_path / "out.csv").open(encoding="utf-8-sig") as file:
        (row,) = csv.DictReader(file)
    assert (row["community"], row["grid"], row["microgrid"]) == ("A", "", "")


# -- what is one, and what is not ------------------------------------------------------------


def remainders(children, *, parents=None, level="grid", existing=None):
    parents = parents or {"A": box(0, 0, 4, 4)}
    areas = [Area(i, "community", code, "") for i, code in enumerate(parents, 1)]
    have = existing or Coverage.build("e", LEVELS, areas, list(parents.values()))
    rows = [
        Area(-1, level, f"g{i}", "", parent_level="community", parent_code=up)
        for i, (up, _) in enumerate(children)
    ]
    shapes = np.empty(len(children), dtype=object)
    shapes[:] = [shape for _, shape in children]
    return find_remainders(rows, shapes, level=level, levels=LEVELS, existing=have)


def test_slivers_along_borders_drawn_apart_are_none():
    narrow = box(0, 0, 3.99, 4)  # nine metres off, over four kilometres
    made = remainders([("A", narrow)])
    assert (made.areas, len(made.geometry), made.notes) == ([], 0, [])


def test_a_building_plot_within_and_a_river_across_are_places():
    plot = shapely.Point(place(1, 1)).buffer(0.0001)
    assert remainders([("A", box(0, 0, 4, 4).difference(plot))]).areas[0].code == "A~0"
    river = box(1.99, 0, 2.03, 4)  # 36 metres by four kilometres
    made = remainders([("A", box(0, 0, 4, 4).difference(river))])
    assert made.geometry[0].equals(river)


def test_several_parts_are_one_remainder():
    made = remainders([("A", box(1, 0, 3, 4))])
    assert made.geometry[0].equals(shapely.MultiPolygon([box(0, 0, 1, 4), box(3, 0, 4, 4)]))


def test_ground_that_a_neighbours_child_holds_is_no_remainder():
    parents = {"A": box(0, 0, 4, 4), "B": box(4, 0, 8, 4)}
    made = remainders([("A", box(0, 0, 2, 4)), ("B", box(2, 0, 8, 4))], parents=parents)
    assert made.areas == []


def test_ground_of_a_parent_without_children_is_no_remainder():
    parents = {"A": box(0, 0, 4, 4), "B": box(2, 0, 8, 4)}
    assert remainders([("A", box(0, 0, 2, 4))], parents=parents).areas == []


def test_where_declared_polygons_overlap_the_first_code_has_the_ground():
    parents = {"B": box(1, 0, 6, 4), "A": box(0, 0, 4, 4)}
    made = remainders([("A", box(0, 0, 1, 4)), ("B", box(5, 0, 6, 4))], parents=parents)
    by_code = dict(zip([a.code for a in made.areas], made.geometry, strict=True))
    assert by_code["A~0"].equals(box(1, 0, 4, 4))
    assert by_code["B~0"].equals(box(4, 0, 5, 4))


def test_a_parent_without_a_polygon_or_with_a_child_without_one_has_none():
    assert remainders([("A", box(0, 0, 2, 4))], parents={"A": None}).areas == []
    assert remainders([("A", box(0, 0, 2, 4)), ("A", None)]).areas == []


def test_a_code_that_is_taken_is_passed_over():
    have = Coverage.build("e", LEVELS, [Area(1, "community", "A", "")], [box(0, 0, 4, 4)])
    rows = [Area(-1, "grid", "A~0", "", parent_level="community", parent_code="A")]
    shapes = np.array([box(0, 0, 2, 4)], dtype=object)
    made = find_remainders(rows, shapes, level="grid", levels=LEVELS, existing=have)
    assert [a.code for a in made.areas] == ["A~1"]


def test_nothing_above_gives_nothing():
    rows = [Area(-1, "grid", "g", "", parent_level="community", parent_code="A")]
    shapes = np.array([box(0, 0, 2, 4)], dtype=object)
    for have in (None, Coverage.build("e", LEVELS, [], [])):
        made = find_remainders(rows, shapes, level="grid", levels=LEVELS, existing=have)
        assert made.areas == []


@given(
    cut=st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=15),
    seed=st.randoms(use_true_random=False),
)
@settings(max_examples=40, deadline=None)
def test_children_and_remainder_are_the_parent_whatever_is_missing(cut, seed):
    cells = [(x, y) for x in range(4) for y in range(4) if (x, y) not in cut]
    seed.shuffle(cells)
    children = [("A", box(x, y, x + 1, y + 1)) for x, y in cells]
    made = remainders(children)
    if not cells:
        assert made.areas == []
        return
    missing = shapely.union_all([box(x, y, x + 1, y + 1) for x, y in cut])
    assert made.geometry[0].symmetric_difference(missing).area < 1e-12
    areas = [
        Area(1, "community", "A", ""),
        *(
            Area(i, "grid", f"g{i}", "", parent_level="community", parent_code="A")
            for i in range(len(cells))
        ),
        *made.areas,
    ]
    shapes = [box(0, 0, 4, 4), *(shape for _, shape in children), *made.geometry]
    coverage = Coverage.build("e", LEVELS, areas, shapes)
    x, y = np.meshgrid(np.arange(4) + 0.5, np.arange(4) + 0.5)
    answer = Locator(coverage).locate(117 + x.ravel() * SIZE, 36 + y.ravel() * SIZE)
    assert (answer.codes["community"] == "A").all()
    empty = {
        (int(i), int(j))
        for i, j, g in zip(x.ravel(), y.ravel(), answer.codes["grid"], strict=True)
        if g is None
    }
    assert empty == cut
