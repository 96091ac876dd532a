"""Writing GeoJSON (RFC 7946): one feature a line, points as longitude and latitude."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import orjson
import pyarrow as pa
import shapely

from gridmap.bulk.appended import appending, synced
from gridmap.bulk.astext import as_values, json_value

__all__ = ["GeoJsonWriter"]

GEOMETRY = "geometry"


class GeoJsonWriter:
    """Writes batches whose last column is point geometry (WKB, EPSG:4326 or null).

    Written here and not by GDAL, which does not notice when the disk is full.
    """

    def __init__(self) -> None:
        self._size = 0
        self._before = b"\n"
        self._stream: IO[bytes] | None = None

    def __call__(self, path: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
        """Write one feature a row."""
        with appending(path, self._size) as stream:
            self._stream = stream
            if not self._size:
                stream.write(b'{"type":"FeatureCollection","features":[')
            for batch in batches:
                for feature in _features(batch, schema.names[:-1]):
                    text = orjson.dumps(feature, default=json_value, option=_OPTION)
                    stream.write(self._before + text)
                    self._before = b",\n"
            stream.write(b"\n]}\n")

    def mark(self) -> dict[str, Any] | None:
        """Return the size of the file, and whether a feature is in it."""
        assert self._stream is not None
        return {"size": synced(self._stream), "features": self._before != b"\n"}

    def go_on(self, mark: dict[str, Any]) -> None:
        """Go on after the last feature."""
        self._size = mark["size"]
        self._before = b",\n" if mark["features"] else b"\n"


# Whole numbers beyond 53 bits are written as they are: nothing else would be the value.
_OPTION = orjson.OPT_NON_STR_KEYS


def _features(batch: pa.RecordBatch, names: list[str]) -> Iterator[dict[str, Any]]:
    columns = [as_values(batch.column(i)) for i in range(len(names))]
    points = shapely.from_wkb(batch.column(len(names)).to_numpy(zero_copy_only=False))
    pairs = shapely.get_coordinates(points).tolist()
    places = iter(pairs)
    for values, point in zip(zip(*columns, strict=True), points, strict=True):
        yield {
            "type": "Feature",
            "properties": dict(zip(names, values, strict=True)),
            "geometry": None if point is None else {"type": "Point", "coordinates": next(places)},
        }
