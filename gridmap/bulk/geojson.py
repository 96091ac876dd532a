"""Writing GeoJSON (RFC 7946): one feature a line, points as longitude and latitude."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import shapely

from gridmap.bulk.astext import json_value

__all__ = ["write_geojson"]

GEOMETRY = "geometry"


def write_geojson(path: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
    """Write batches whose last column is point geometry (WKB, EPSG:4326 or null).

    Written here and not by GDAL, which does not notice when the disk is full.
    """
    with path.open("wb") as stream:
        stream.write(b'{"type":"FeatureCollection","features":[')
        before = b"\n"
        for batch in batches:
            for feature in _features(batch, schema.names[:-1]):
                stream.write(before + orjson.dumps(feature, default=json_value, option=_OPTION))
                before = b",\n"
        stream.write(b"\n]}\n")


# Whole numbers beyond 53 bits are written as they are: nothing else would be the value.
_OPTION = orjson.OPT_NON_STR_KEYS


def _features(batch: pa.RecordBatch, names: list[str]) -> Iterator[dict[str, Any]]:
    columns = [batch.column(i).to_pylist() for i in range(len(names))]
    points = shapely.from_wkb(batch.column(len(names)).to_numpy(zero_copy_only=False))
    pairs = shapely.get_coordinates(points).tolist()
    places = iter(pairs)
    for values, point in zip(zip(*columns, strict=True), points, strict=True):
        yield {
            "type": "Feature",
            "properties": dict(zip(names, values, strict=True)),
            "geometry": None if point is None else {"type": "Point", "coordinates": next(places)},
        }
