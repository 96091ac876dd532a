"""Polygons whose rings do not end where they begin."""

from __future__ import annotations

import json
import sqlite3
import struct
from contextlib import closing

import numpy as np
import pytest
import shapely

from gridmap.coverage.auditing.audit import audit_layer, layer_coverage
from gridmap.coverage.reading.read import read_layer
from gridmap.places.sheet import Column, open_sheet
from tests.layers import SQUARES, frame, shapefile, write

COLUMNS = {"code": ["01", "02", "03"]}


def open_geojson(path):
    write(frame(COLUMNS), path)
    document = json.loads(path.read_text(encoding="utf-8"))
    document["features"][1]["geometry"]["coordinates"][0].pop()
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def open_shapefile(path):
    shapefile(path.parent, COLUMNS, "UTF-8").rename(path)
    data = bytearray(path.read_bytes())
    (words,) = struct.unpack_from(">i", data, 104)  # length of the first record
    end = 108 + 2 * words + 8 + 2 * words  # the second is as long
    data[end - 16 : end] = struct.pack("<dd", 117.0155, 36.0005)
    path.write_bytes(data)
    for suffix in (".shx", ".dbf", ".prj"):
        path.with_name("layer" + suffix).rename(path.with_suffix(suffix))
    return path


def open_geopackage(path):
    write(frame(COLUMNS), path, layer="x")
    with closing(sqlite3.connect(path)) as base:
        triggers = base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            base.execute(f'DROP TRIGGER "{name}"')
        ((blob,),) = base.execute("SELECT geom FROM x WHERE fid = 2").fetchall()
        blob = blob[:-16] + struct.pack("<dd", 117.0155, 36.0005)
        base.execute("UPDATE x SET geom = ? WHERE fid = 2", (blob,))
        base.commit()
    return path


OPEN = {"geojson": open_geojson, "shp": open_shapefile, "gpkg": open_geopackage}


@pytest.fixture(params=OPEN)
def opened(request, tmp_path):
    """A layer of three squares, the ring of the second not closed."""
    return OPEN[request.param](tmp_path / f"x.{request.param}")


def test_a_ring_that_is_not_closed_is_closed_and_its_row_named(opened):
    layer = read_layer(opened)
    assert shapely.equals(layer.geometry[[0, 2]], np.array(SQUARES)[[0, 2]]).all()
    assert 0.7 * SQUARES[1].area < layer.geometry[1].area <= SQUARES[1].area
    (note,) = [note for note in layer.notes if note.kind in {"ring_closed", "driver"}]
    assert (note.kind, note.severity, note.rows) == ("ring_closed", "warning", (2,))


def test_a_file_with_a_ring_that_is_not_closed_is_checked(opened):
    layer = read_layer(opened)
    assert "ring_closed" in {note.kind for note in layer_coverage(layer).notes}
    assert "empty_geometry" not in {fault.kind for fault in audit_layer(layer)}


def test_rows_without_a_geometry_are_not_taken_for_closed_ones(tmp_path):
    path = open_geojson(tmp_path / "x.geojson")
    document = json.loads(path.read_text(encoding="utf-8"))
    document["features"][2]["geometry"] = None
    path.write_text(json.dumps(document), encoding="utf-8")
    layer = read_layer(path)
    assert layer.geometry[2] is None
    assert [(note.kind, note.rows) for note in layer.notes] == [("ring_closed", (2,))]


def test_a_table_of_places_names_the_row_whose_ring_is_not_closed(opened):
    sheet = open_sheet(opened, [Column("code", required=True)])
    assert [[str(fault) for fault in record.faults] for record in sheet.records] == [
        [],
        [f"{opened.name}, row 2, column 'geometry' has a ring that is not closed"],
        [],
    ]
