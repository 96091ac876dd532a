"""The layers in data/boundaries are what the generator makes, and are explained."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pandas.testing import assert_frame_equal
from pyogrio import list_layers

from gridmap.demo import NOTE
from tests.demo_built import district
from tools.build_boundaries import KEPT

FOLDER = Path(__file__).resolve().parent.parent / "data" / "boundaries"
# One step of the lattice of 1e-7 degrees: another machine's sine may round the other way.
STEP = 1.5e-7


def plain(frame):
    """Attributes alone, missing text as empty, whole numbers of one width."""
    frame = frame.drop(columns="geometry")
    for name in frame.columns:
        if frame[name].dtype.kind in "iu":
            frame[name] = frame[name].astype("int64")
        elif frame[name].dtype.kind not in "bf":
            frame[name] = frame[name].astype(object).where(frame[name].notna(), "")
    return frame


def normal(shapes):
    """Multiparts of normalised parts, so that one part alone compares with itself."""
    wrapped = [
        shapely.geometrycollections(shapely.get_parts(shape)) for shape in shapely.normalize(shapes)
    ]
    return shapely.normalize(np.array(wrapped, dtype=object))


@pytest.mark.parametrize("scale", KEPT)
def test_the_files_hold_the_layers_that_the_generator_builds(scale):
    path = FOLDER / f"{scale}.gpkg"
    assert gpd.list_layers(path)["name"].tolist() == list(district(scale).layers)


@pytest.mark.parametrize(
    ("scale", "layer"),
    [(scale, str(layer)) for scale in KEPT for layer, _ in list_layers(FOLDER / f"{scale}.gpkg")],
)
def test_the_generator_rebuilds_each_layer(scale, layer):
    stored = gpd.read_file(FOLDER / f"{scale}.gpkg", layer=layer)
    built = district(scale).layers[layer]
    assert stored.crs == built.crs == "EPSG:4326"
    assert_frame_equal(plain(stored), plain(built), check_dtype=False, atol=STEP, rtol=0)
    a, b = normal(stored.geometry.to_numpy()), normal(built.geometry.to_numpy())
    assert (shapely.to_wkb(a) == shapely.to_wkb(b)).all() or shapely.equals_exact(
        a, b, tolerance=STEP
    ).all()


def test_the_files_are_small():
    assert sum(path.stat().st_size for path in FOLDER.glob("*.gpkg")) < 10_000_000


def test_the_readme_names_every_layer_and_every_column():
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert NOTE in text
    for layer, frame in district().layers.items():
        named = re.findall(r"^## (.*?) · ", text, re.MULTILINE)
        assert any(layer in title.split(", ") for title in named), layer
        for column in frame.columns.drop("geometry"):
            assert f"`{column}`" in text, column


def test_written_layers_are_marked_and_licensed(tmp_path):
    import pyogrio

    path = district("exclusive").write_layers(tmp_path / "x.gpkg")
    for layer in gpd.list_layers(path)["name"]:
        about = pyogrio.read_info(path, layer=layer)["layer_metadata"]
        assert about["note"] == NOTE
        assert about["licence"] == "CC0-1.0"
