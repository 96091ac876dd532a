"""An import says when a layer does not lie on what is there; sizes alone betray gross mistakes."""

import numpy as np
import pytest
import shapely

from gridmap.areas import Area, Levels
from gridmap.coverage.datum.compare import datum_note
from gridmap.coverage.importing.incoming import ColumnMap, prepare_import
from gridmap.coverage.model import Coverage
from gridmap.coverage.reading.plausible import check_plausible, doubtful_place
from gridmap.crs import from_wgs84, to_wgs84
from gridmap.errors import BadValue
from tests.cli_district import gridmap
from tests.datum_cases import in_system, moved, swapped, true_shift
from tests.demo_built import district
from tests.layers import frame, layer, write

pytest_plugins = ["tests.cli_fixtures"]

LEVELS = Levels(["community", "grid"])


def shapes(level):
    return district("exclusive").layers[level].geometry.to_numpy()


def coverage(level, geometry, edition="e1"):
    codes = [str(n) for n in range(len(geometry))]
    areas = [Area(-1, level, code, code) for code in codes]
    return Coverage.build(edition, LEVELS, areas, geometry)


def imported(folder, geometry, *, existing=None, in_force=None, level="grid", coord_sys=None):
    codes = [str(n) for n in range(len(geometry))]
    incoming = prepare_import(
        layer({"code": codes}, list(geometry), folder=folder),
        level,
        ColumnMap("code", None),
        levels=LEVELS,
        existing=existing,
        in_force=in_force,
        coord_sys=coord_sys,
    )
    return incoming.report.of_kind("wrong_datum")


@pytest.mark.parametrize("system", ["gcj02", "bd09"])
def test_a_level_that_does_not_lie_on_the_one_above_is_warned_of(tmp_path, system):
    above = coverage("community", shapes("community"))
    (note,) = imported(tmp_path, in_system(shapes("grid"), system), existing=above)
    assert note.severity == "warning"
    assert note.text.startswith("Compared with edition 'e1': The layer is declared wgs84 but")
    assert f"coordinates look like {system}" in note.text
    (detail,) = note.details
    assert detail["coord_sys"] == system
    truth = true_shift(shapes("grid"), system)
    assert (detail["east_m"], detail["north_m"]) == pytest.approx(truth, abs=5)


def test_a_level_that_lies_where_it_should_is_not(tmp_path):
    above = coverage("community", shapes("community"))
    assert imported(tmp_path, shapes("grid"), existing=above) == ()


def test_the_system_given_is_the_one_judged(tmp_path):
    above = coverage("community", shapes("community"))
    gcj02 = in_system(shapes("grid"), "gcj02")
    assert imported(tmp_path, gcj02, existing=above, coord_sys="gcj02") == ()
    (tmp_path / "layer.gpkg").unlink()
    (note,) = imported(tmp_path, shapes("grid"), existing=above, coord_sys="gcj02")
    assert "declared gcj02 but its coordinates look like wgs84" in note.text


def test_the_first_layer_of_an_edition_is_held_against_the_one_in_force(tmp_path):
    now = coverage("grid", shapes("grid"), "now")
    (note,) = imported(tmp_path, in_system(shapes("grid"), "gcj02"), in_force=now)
    assert "Compared with edition 'now'" in note.text


def test_a_level_is_not_held_against_its_own_predecessor_while_there_is_another(tmp_path):
    # The first try was wrong; the second, right one must not be blamed for it.
    wrong = in_system(shapes("grid"), "gcj02")
    areas = [Area(-1, "grid", str(n), "") for n in range(len(wrong))]
    known = shapes("community")
    areas += [Area(-1, "community", str(n), "") for n in range(len(known))]
    draft = Coverage.build("draft", LEVELS, areas, [*wrong, *known])
    assert imported(tmp_path, shapes("grid"), existing=draft) == ()
    only = coverage("grid", wrong, "draft")
    assert datum_note(shapes("grid"), "wgs84", only, level="grid")


def test_another_place_and_nothing_to_compare_with_give_no_note():
    right = shapes("grid")
    far = coverage("community", moved(shapes("community"), 80_000, 0))
    assert datum_note(right, "wgs84", far) == []
    assert datum_note(right, "wgs84", None) == []
    blank = coverage("community", [None, shapely.Polygon()])
    assert datum_note(right, "wgs84", blank) == []
    assert datum_note(np.empty(0, object), "wgs84", far) == []


def test_a_layer_in_the_arctic_that_would_lie_in_china_is_doubted():
    kashgar = np.array([shapely.box(75.95, 39.45, 76.0, 39.5)])
    assert datum_note(kashgar, "wgs84", None) == []
    (note,) = datum_note(swapped(kashgar), "wgs84", None)
    assert (note.kind, note.severity) == ("wrong_datum", "warning")
    assert "Latitude seems to stand first" in note.text


@pytest.mark.parametrize("box", [(15, 78, 16, 78.5), (50, 72, 51, 72.5), (-150, 75, -149, 76)])
def test_towns_in_the_arctic_are_not_doubted(box):
    assert doubtful_place(box) == ""


# (bounds, declared, what the repair names)
IMPOSSIBLE = [
    ((36.6, 117.0, 36.7, 117.1), "wgs84", "Swap the axes"),
    ((500_000, 4_050_000, 501_000, 4_051_000), "wgs84", "EPSG:4534 to 4554"),
    ((39_500_000, 4_050_000, 39_501_000, 4_051_000), "gcj02", "EPSG:4527"),
    ((20_500_000, 4_050_000, 20_501_000, 4_051_000), "wgs84", "EPSG:4498"),
    ((4_050_000, 500_000, 4_051_000, 501_000), "wgs84", "Northing stands first"),
    ((4_050_000, 39_500_000, 4_051_000, 39_501_000), "wgs84", "EPSG:4527"),
    ((39_500_000, 4_050_000, 39_501_000, 4_051_000), "EPSG:4526", "EPSG:4527"),
    ((37_500_000, 4_050_000, 37_501_000, 4_051_000), "EPSG:4526", "EPSG:4525"),
    ((20_300_000, 4_050_000, 20_301_000, 4_051_000), "EPSG:4497", "EPSG:4498"),
    # too far east for the province of a zone, and not yet in the next
    ((38_990_000, 4_050_000, 39_200_000, 4_051_000), "EPSG:4526", "--coord-sys"),
    # the widest of provinces: its eastings could be of the next zone
    (
        (33_700_000, 3_600_000, 35_100_000, 4_700_000),
        "EPSG:4522",
        "take 34 000 000 off its eastings and declare EPSG:4543",
    ),
    ((117.0, 36.6, 117.1, 36.7), "EPSG:4548", "Degrees are wgs84, cgcs2000, gcj02 or bd09"),
    ((36.6, 117.0, 36.7, 117.1), "EPSG:4548", "Latitude stands first"),
]


@pytest.mark.parametrize(("bounds", "declared", "truth"), IMPOSSIBLE)
def test_sizes_that_contradict_the_system_are_refused_with_the_likely_truth(
    bounds, declared, truth
):
    with pytest.raises(BadValue) as caught:
        check_plausible(np.array(bounds, float), declared)
    assert truth in caught.value.repair


def test_a_province_that_reaches_beyond_the_million_of_its_zone_is_let_through():
    check_plausible(np.array([39_300_000, 3_800_000, 40_004_000, 4_250_000], float), "EPSG:4527")


def test_the_widest_province_is_read_without_the_number_of_its_zone():
    x, y = from_wgs84([92.5, 108.5], [39.0, 36.0], "EPSG:4543")
    box = np.array([x.min(), y.min(), x.max(), y.max()])
    check_plausible(box, "EPSG:4543")
    lon, lat = to_wgs84(x, y, "EPSG:4543")
    assert lon == pytest.approx([92.5, 108.5], abs=1e-8)
    assert lat == pytest.approx([39.0, 36.0], abs=1e-8)
    box[[0, 2]] += 34e6
    with pytest.raises(BadValue) as caught:
        check_plausible(box, "EPSG:4522")
    assert "declare EPSG:4543" in caught.value.repair


@pytest.mark.parametrize(
    ("real", "said", "truth"),
    [
        ("EPSG:4527", "EPSG:4526", "belong to EPSG:4527"),
        ("EPSG:4547", "EPSG:4526", "Without the zone number in the easting it is EPSG:4547"),
        ("EPSG:4526", "EPSG:4547", "belong to EPSG:4526"),
        ("EPSG:4509", "EPSG:4498", "it is EPSG:4509"),
    ],
)
def test_a_zone_with_or_without_its_number_is_named(tmp_path, real, said, truth):
    with pytest.raises(BadValue) as caught:
        imported(tmp_path, in_system(shapes("grid"), real), coord_sys=said)
    assert truth in caught.value.repair


def test_northing_first_is_named(tmp_path):
    spoilt = swapped(in_system(shapes("grid"), "EPSG:4547"))
    with pytest.raises(BadValue) as caught:
        imported(tmp_path, spoilt, coord_sys="EPSG:4547")
    assert "Northing stands first" in caught.value.repair


# -- through the command line, both stores --------------------------------------------------


def try_import(folder, store, shapes, edition, level="grid"):
    path = folder / "given.gpkg"
    path.unlink(missing_ok=True)
    write(frame({"code": [f"G{n}" for n in range(len(shapes))]}, list(shapes)), path)
    done = gridmap(
        "import", path, "--edition", edition, "--level", level, "--code", "code",
        "--name", "code", "--store", store,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return done.output


def squares():
    x, y = np.meshgrid(np.arange(4), np.arange(2), indexing="ij")
    west, south = 117 + 0.01 * x.ravel(), 36 + 0.01 * y.ravel()
    return shapely.box(west, south, west + 0.01, south + 0.01)


def test_an_import_into_a_draft_is_held_against_its_other_levels(tmp_path, drafted):
    wrong = try_import(tmp_path, drafted, in_system(squares(), "gcj02"), "e1")
    assert "look like gcj02" in wrong
    assert "Compared with edition 'e1'" in wrong
    assert "look like" not in try_import(tmp_path, drafted, squares(), "e1")


def test_a_new_edition_is_held_against_the_one_in_force(tmp_path, published_url):
    wrong = try_import(tmp_path, published_url, in_system(squares(), "bd09"), "e2")
    assert "look like bd09" in wrong
    assert "Compared with edition 'e1'" in wrong
    assert "look like" not in try_import(tmp_path, published_url, squares(), "e2")
