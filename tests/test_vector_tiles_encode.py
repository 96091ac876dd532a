"""Vector tiles: read by another library and by GDAL, with shared borders at every zoom."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import mapbox_vector_tile
import numpy as np
import pyogrio
import pytest
import shapely
from shapely.geometry import shape

from benchmarks.coverages import coverage as voronoi
from gridmap.areas import Area, Levels
from gridmap.coverage.model import Coverage
from gridmap.errors import BadValue, NotFound
from gridmap.vector_tiles import tileset
from gridmap.vector_tiles.encode import as_varints, encode_layer, rings_of
from gridmap.vector_tiles.grid import EXTENT, bounds_of_tile, check_tile, mercator
from gridmap.vector_tiles.tileset import TileSet

SPECIMENS = {
    "square": shapely.box(10, 10, 90, 70),
    "hole": shapely.Polygon(
        [(0, 0), (100, 0), (100, 100), (0, 100)], [[(20, 20), (60, 20), (60, 60)]]
    ),
    "multipart": shapely.MultiPolygon([shapely.box(0, 0, 5, 5), shapely.box(9, 9, 4096, 4000)]),
    "far outside": shapely.box(-9000, -50, 12_000, 30),
    "turned the other way": shapely.box(0, 0, 8, 8).reverse(),
    "collection": shapely.GeometryCollection(
        [shapely.Point(1, 1), shapely.box(2, 2, 7, 9), shapely.LineString([(0, 0), (5, 5)])]
    ),
}
NOTHING = {
    "sliver": shapely.box(5, 5, 900, 5.3),
    "speck": shapely.box(5.1, 5.1, 5.4, 5.4),
    "empty": shapely.Polygon(),
    "line": shapely.LineString([(0, 0), (50, 50)]),
}


def decoded(content: bytes) -> dict:
    """As the other library reads it, with y downwards as in the tile."""
    return mapbox_vector_tile.decode(content, default_options={"y_coord_down": True})


def polygons(found) -> shapely.Geometry:
    return shape(found["geometry"])


@pytest.mark.parametrize("name", SPECIMENS)
def test_another_library_reads_the_same_shape(name: str) -> None:
    one = SPECIMENS[name]
    content = encode_layer("grid", rings_of(np.array([one], dtype=object)), [7], {"code": ["东苑"]})
    (layer,) = decoded(content).values()
    (found,) = layer["features"]
    expected = one
    if one.geom_type == "GeometryCollection":
        expected = shapely.MultiPolygon([p for p in one.geoms if p.geom_type == "Polygon"])
    read = polygons(found)
    assert read.is_valid
    assert read.equals(expected)
    assert (layer["extent"], layer["version"]) == (EXTENT, 2)
    assert (found["id"], found["properties"]) == (7, {"code": "东苑"})


@pytest.mark.parametrize("name", NOTHING)
def test_what_collapses_is_left_out_and_its_neighbours_keep_their_numbers(name: str) -> None:
    shapes = np.array([NOTHING[name], SPECIMENS["square"]], dtype=object)
    content = encode_layer("grid", rings_of(shapes), [1, 2], {"code": ["a", "b"], "name": ["", ""]})
    (found,) = decoded(content)["grid"]["features"]
    assert (found["id"], found["properties"]) == (2, {"code": "b"})
    assert encode_layer("grid", rings_of(shapes[:1]), [1], {"code": ["a"]}) == b""


def test_a_hole_goes_with_the_ring_that_it_is_in() -> None:
    tiny = shapely.box(0.6, 0.6, 1.4, 1.4)
    holed = shapely.Polygon(tiny.exterior.coords, [[(0.8, 0.8), (1.2, 0.8), (1.2, 1.2)]])
    both = shapely.MultiPolygon([holed, SPECIMENS["hole"]])
    found = rings_of(np.array([both], dtype=object))
    assert len(found.owner) == 2


def test_varints_are_those_of_the_format() -> None:
    numbers = np.array([0, 1, 127, 128, 300, 16_383, 16_384, 2**32 - 1, 2**35 - 1])
    content, ends = as_varints(numbers)
    assert content[:4].hex() == "00017f80"
    read, value, shift = [], 0, 0
    for byte in content:
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            read.append(value)
            value = shift = 0
    assert read == numbers.tolist()
    assert ends[-1] == len(content)


@pytest.fixture(scope="module")
def town() -> Coverage:
    """Some 150 cells with wiggly borders, in one community; a grid without ground."""
    cells = voronoi(150)
    areas = [Area(-1, "community", "C", "社区", "Community")]
    areas += [
        Area(-1, "grid", f"G{n:03d}", f"第{n}网格", "", "community", "C") for n in range(len(cells))
    ]
    return Coverage.build("2026", Levels(["community", "grid"]), areas, [None, *cells])


def tiles_over(town: Coverage, z: int) -> list[tuple[int, int]]:
    west, south, east, north = shapely.total_bounds(town.geometry[town.atoms])
    (x0, y0), (x1, y1) = (mercator(np.array([[west, north], [east, south]])) * 2**z).astype(int)
    return [(x, y) for x in range(x0, x1 + 1) for y in range(y0, y1 + 1)]


def edges(shapes: list[shapely.Geometry]) -> Counter[tuple]:
    """Directed edges; those that are walked both ways cancel."""
    found: Counter[tuple] = Counter()
    for one in shapes:
        for ring in shapely.get_rings(shapely.get_parts(shapely.orient_polygons([one]))):
            xy = [tuple(map(int, place)) for place in shapely.get_coordinates(ring)]
            for a, b in pairwise(xy):
                if found[b, a]:
                    found[b, a] -= 1
                else:
                    found[a, b] += 1
    return +found


@pytest.mark.parametrize("zoom", [11, 12, 13, 14])
def test_neighbours_share_every_border_when_simplified(town: Coverage, zoom: int) -> None:
    """In a tile that holds all, what is not walked both ways is the border of the whole."""
    grids, whole = TileSet(town, "grid"), TileSet(town, "community")
    for x, y in tiles_over(town, zoom):
        inner = decoded(grids.tile(zoom, x, y)).get("grid")
        outer = decoded(whole.tile(zoom, x, y)).get("community")
        if inner is None or outer is None:
            continue
        shapes = [polygons(one) for one in inner["features"]]
        total = sum(shapely.area(one) for one in shapes)
        loose = edges(shapes)
        # The loose edges, walked, enclose exactly what all the areas hold together.
        enclosed = sum(a[0] * b[1] - b[0] * a[1] for a, b in loose) / 2
        assert abs(enclosed) == pytest.approx(total, abs=0.5)
        # Of the edges between two areas none is left over.
        inside = shapely.buffer(polygons(outer["features"][0]), -6 * 2 ** max(0, zoom - 11))
        middles = shapely.points([((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in loose])
        tile = shapely.box(0, 0, EXTENT, EXTENT)
        assert not shapely.intersects(middles, shapely.intersection(inside, tile)).any()


def test_tiles_agree_where_they_meet(town: Coverage) -> None:
    tiles, zoom = TileSet(town, "grid"), 13
    placed: dict[tuple[int, int], dict[str, set[tuple[int, int]]]] = {}
    for x, y in tiles_over(town, zoom):
        layer = decoded(tiles.tile(zoom, x, y)).get("grid", {"features": []})
        placed[x, y] = {
            one["properties"]["code"]: {
                (x * EXTENT + int(px), y * EXTENT + int(py))
                for px, py in shapely.get_coordinates(polygons(one))
            }
            for one in layer["features"]
        }
    compared = 0
    for (x, y), here in placed.items():
        beside = placed.get((x + 1, y), {})
        edge = (x + 1) * EXTENT
        for code in here.keys() & beside.keys():
            both = [
                {p for p in one[code]
                 if edge - 60 < p[0] < edge + 60 and y * EXTENT < p[1] < (y + 1) * EXTENT}
                for one in (here, beside)
            ]  # fmt: skip
            assert both[0] == both[1]
            compared += len(both[0])
    assert compared > 0


def test_from_zoom_15_on_no_vertex_is_left_out(town: Coverage) -> None:
    zoom = 17
    tiles = TileSet(town, "grid")
    middle = mercator(shapely.get_coordinates(shapely.centroid(town.geometry[[5]])))[0] * 2**zoom
    x, y = (int(part) for part in middle)
    left, top, right, bottom = bounds_of_tile(zoom, x, y)
    inside = 0
    for one in decoded(tiles.tile(zoom, x, y))["grid"]["features"]:
        row = town.row("grid", one["properties"]["code"])
        own = mercator(shapely.get_coordinates(town.geometry[row]))
        here = own[(own > [left, top]).all(axis=1) & (own < [right, bottom]).all(axis=1)]
        drawn = {tuple(map(int, p)) for p in shapely.get_coordinates(polygons(one))}
        for place in np.rint((here * 2**zoom - [x, y]) * EXTENT).astype(int).tolist():
            assert tuple(place) in drawn
            inside += 1
    assert inside > 3


def test_gdal_reads_a_tile_where_it_is(town: Coverage, tmp_path: Path) -> None:
    zoom = 12
    x, y = tiles_over(town, zoom)[0]
    path = tmp_path / str(zoom) / str(x) / f"{y}.mvt"
    path.parent.mkdir(parents=True)
    path.write_bytes(TileSet(town, "grid").tile(zoom, x, y))
    frame = pyogrio.read_dataframe(path, X=x, Y=y, Z=zoom, CLIP="NO").to_crs(4326)
    known = {str(code): s for code, s in zip(town.code, town.geometry, strict=True)}
    assert len(frame) > 5
    for code, read in zip(frame["code"], frame.geometry, strict=True):
        # Half a pixel of a screen is 12 m there.
        assert (
            shapely.hausdorff_distance(shapely.intersection(read, known[code]), read) < 40 / 111_000
        )


def test_what_was_simplified_is_kept_and_a_damaged_file_is_made_anew(
    town: Coverage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    zoom = 12
    x, y = tiles_over(town, zoom)[0]
    first = TileSet(town, "grid", tmp_path).tile(zoom, x, y)
    kept = sorted(tmp_path.glob("*.npz"))
    assert [path.suffixes[-2] for path in kept] == [".12", ".13", ".14"]
    with monkeypatch.context() as patch:
        patch.setattr(shapely, "coverage_simplify", None)
        assert TileSet(town, "grid", tmp_path).tile(zoom, x, y) == first
    kept[0].write_bytes(b"torn")
    assert TileSet(town, "grid", tmp_path).tile(zoom, x, y) == first
    assert "made anew" in caplog.text


def test_tiles_that_were_made_are_kept_up_to_a_limit(
    town: Coverage, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiles = TileSet(town, "grid")
    x, y = tiles_over(town, 12)[0]
    made = tiles.tile(12, x, y)
    assert tiles.tile(12, x, y) is made
    monkeypatch.setattr(tileset, "KEPT_BYTES", 0)
    # What holds nothing is not kept, and puts nothing out.
    assert tiles.tile(12, 0, 0) == b""
    assert tiles.tile(12, x, y) is made
    assert tiles.tile(13, *tiles_over(town, 13)[0])
    assert tiles.tile(12, x, y) is not made
    assert tiles.tile(12, x, y) == made


@pytest.mark.parametrize("place", [(23, 0, 0), (-1, 0, 0), (3, 8, 0), (3, 0, 8), (3, -1, 0)])
def test_there_is_no_tile_outside_the_square(place: tuple[int, int, int]) -> None:
    with pytest.raises(BadValue, match="0 to"):
        check_tile(*place)


def test_a_level_without_areas_has_no_tiles(town: Coverage) -> None:
    empty = Coverage.build("none", Levels(["community", "grid"]), [], [])
    with pytest.raises(NotFound, match="no areas"):
        TileSet(empty, "grid")
    assert TileSet(town, "grid").tag != TileSet(town, "community").tag
    assert TileSet(town, "grid").tile(0, 0, 0) == b""


def test_texts_of_many_areas_are_told_each_of_its_own() -> None:
    """More than 128 of them, so that their numbers and lengths take two bytes."""
    count = 300
    shapes = shapely.box(*(np.arange(count) * 9 + by for by in (0, 0, 5, 7)))
    names = ["" if n % 7 == 0 else f"第{n}网格" for n in range(count)]
    long = [f"{n}" + "长" * (n % 90) for n in range(count)]
    content = encode_layer(
        "grid",
        rings_of(shapes),
        [n * 1000 for n in range(count)],
        {
            "code": [f"G{n}" for n in range(count)],
            "name": names,
            "note": long,
            "none": [""] * count,
        },
    )
    found = decoded(content)["grid"]["features"]
    assert [one["id"] for one in found] == [n * 1000 for n in range(count)]
    assert [one["properties"] for one in found] == [
        {"code": f"G{n}", "note": long[n]} | ({"name": names[n]} if names[n] else {})
        for n in range(count)
    ]
    assert [polygons(one).bounds for one in found] == [shape.bounds for shape in shapes]


def test_zooms_whose_tiles_would_be_too_full_have_none(town: Coverage) -> None:
    assert TileSet(town, "grid").least_zoom == 0
    # As wide as a county.
    corner = shapely.total_bounds(town.geometry[town.atoms])[:2]
    spread = np.array(town.geometry)
    spread[town.atoms] = shapely.transform(
        town.geometry[town.atoms], lambda xy: corner + 30 * (xy - corner)
    )
    county, most = replace(town, geometry=spread), 30
    tiles = TileSet(county, "grid", most_areas=most)
    least = tiles.least_zoom
    assert 5 < least < 14
    assert not any(tiles.tile(least - 1, x, y) for x, y in tiles_over(county, least - 1))
    west, south, east, north = shapely.bounds(spread[county.atoms]).T
    spots = mercator(np.column_stack([(west + east) / 2, (south + north) / 2]))
    before, there = (
        max(Counter(map(tuple, (spots * 2**zoom).astype(int).tolist())).values())
        for zoom in (least - 1, least)
    )
    assert before > most >= there
    seen = {
        one["properties"]["code"]
        for x, y in tiles_over(county, least)
        for one in decoded(tiles.tile(least, x, y)).get("grid", {"features": []})["features"]
    }
    assert len(seen) == len(county.atoms)
    # What is few is in every zoom.
    assert TileSet(county, "community", most_areas=most).least_zoom == 0
