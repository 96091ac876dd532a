"""The demo's areas are a valid coverage: no gap, no overlap, levels that nest exactly."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely

from gridmap.demo import AREA_LAYERS
from tests.demo_built import district, hole_count, shapes

SCALES = ("exclusive", "district")


@pytest.mark.parametrize("level", AREA_LAYERS)
@pytest.mark.parametrize("scale", SCALES)
def test_neighbours_share_every_vertex(scale, level):
    areas = shapes(level, scale)
    assert shapely.is_valid(areas).all()
    assert shapely.coverage_is_valid(areas)


@pytest.mark.parametrize("scale", SCALES)
def test_the_borders_enclose_the_microgrids_and_nothing_else(scale):
    # An independent count: all borders noded and made faces again. A gap would be a face too
    # many, an overlap would be cut into pieces.
    areas = shapes("microgrid", scale)
    borders = shapely.union_all(shapely.boundary(areas))
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(borders)))
    assert len(faces) == shapely.get_num_geometries(areas).sum()
    assert np.isclose(shapely.area(faces).sum(), shapely.area(areas).sum(), rtol=1e-12)
    face, owner = shapely.STRtree(areas).query(shapely.point_on_surface(faces), "within")
    assert face.tolist() == list(range(len(faces)))
    assert len(set(owner.tolist())) == len(areas)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize(("parent", "child"), list(pairwise(AREA_LAYERS)))
def test_a_parent_is_the_union_of_its_children(scale, parent, child):
    frames = district(scale).layers
    whole = frames[parent].set_index("code").geometry
    for code, members in frames[child].groupby("parent_code"):
        union = shapely.union_all(members.geometry.to_numpy())
        assert shapely.equals(union, whole[code]), code


def test_the_district_is_in_one_part_without_holes_and_irregular():
    outline = shapely.union_all(shapes("subdistrict"))
    assert outline.geom_type == "Polygon"
    assert not outline.interiors
    assert shapely.area(outline) < 0.95 * shapely.area(shapely.convex_hull(outline))


def test_vertices_lie_on_the_lattice_of_1e_7_degrees():
    xy = shapely.get_coordinates(shapes("microgrid"))
    assert (np.rint(xy * 1e7) / 1e7 == xy).all()


def test_some_areas_of_each_finer_level_have_parts_apart_or_holes():
    for level in ("microgrid", "grid", "community"):
        areas = shapes(level)
        assert (shapely.get_num_geometries(areas) > 1).any(), level
        assert (hole_count(areas) > 0).any(), level


def test_one_plot_lies_inside_another_subdistrict():
    assert (hole_count(shapes("subdistrict")) > 0).sum() == 1


def test_borders_of_subdistricts_run_mostly_along_large_roads_and_the_river():
    # Streets are borders vertex for vertex, so what an arterial shares with a border is a line.
    borders = shapely.union_all(shapely.boundary(shapes("subdistrict")))
    inner = shapely.difference(borders, shapely.boundary(shapely.union_all(shapes("subdistrict"))))
    street = district().layers["street"]
    large = street[(street["rank"] <= 1)].geometry.to_numpy()
    shared = shapely.intersection(inner, shapely.union_all([*large, *_rails()]))
    assert shapely.length(shared) > 0.8 * shapely.length(inner)


def _rails():
    return shapely.get_parts(shapes("railway"))
