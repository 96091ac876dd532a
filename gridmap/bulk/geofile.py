"""GeoPackage and GeoJSON through GDAL, as Arrow streams."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError
from pyogrio.raw import open_arrow, write_arrow

from gridmap.bulk.astext import as_text, in_known_zone
from gridmap.bulk.formats import FileKind, file_format
from gridmap.bulk.model import Rows
from gridmap.bulk.safe_output import check_room, check_unopened
from gridmap.bulk.spool import Spool
from gridmap.coverage.reading.named_crs import crs_member, said_system
from gridmap.errors import BadValue, StoreFull, UnreadableFile

__all__ = ["GeoPackageWriter", "GeoSource", "refuse_other_layers"]

_BATCH_ROWS = 1 << 16
_GDAL_ERRORS = (DataSourceError, DataLayerError, FeatureError, FieldError, RuntimeError)


class GeoSource:
    """A layer of points (GeoPackage or GeoJSON) open for reading.

    Raises
    ------
    UnreadableFile
        Not such a file, or broken.
    BadValue
        Several layers and none named, or no such layer.
    """

    def __init__(self, path: Path, layer: str | None) -> None:
        self._path = path
        self._stack = ExitStack()
        kind = file_format(path).kind
        # Times stay the text they are; GDAL would put them into its own form.
        options = {"DATE_AS_STRING": True} if kind is FileKind.GEOJSON else {}
        try:
            self._layer = _choose_layer(path, layer)
            meta, reader = self._stack.enter_context(
                open_arrow(
                    path,
                    layer=self._layer,
                    use_pyarrow=True,
                    batch_size=_BATCH_ROWS,
                    **options,
                )
            )
        except _GDAL_ERRORS as error:
            self.close()
            raise _unreadable(path, error) from error
        self._reader: pa.RecordBatchReader = reader
        self._rows = int(pyogrio.read_info(path, layer=self._layer)["features"])
        self._geometry = meta["geometry_name"] or "wkb_geometry"
        self.schema = pa.schema(
            [f.remove_metadata() for f in reader.schema if f.name != self._geometry]
        )
        self.has_geometry = self._geometry in reader.schema.names
        self.crs: str | None = meta["crs"] if self.has_geometry else None
        if kind is FileKind.GEOJSON:
            self.crs = said_system(crs_member(path), self.crs)
        self.facts = {"layer": self._layer} if kind is FileKind.GEOPACKAGE else {}

    def close(self) -> None:
        """Let go of the file."""
        self._stack.close()

    def total(self, done: int) -> int | None:
        """Rows in all, when the format keeps count."""
        return max(done, self._rows) if self._rows >= 0 else None

    def batches(self, skip: int = 0) -> Iterator[Rows]:
        """Yield the rows in file order, 65,536 at a time, but for the first `skip`."""
        done = 0
        while True:
            try:
                batch = self._reader.read_next_batch()
            except StopIteration:
                return
            except (pa.ArrowException, OSError, *_GDAL_ERRORS) as error:
                raise _unreadable(self._path, error) from error
            done += batch.num_rows
            if done <= skip:
                continue
            columns = [batch.column(name) for name in self.schema.names]
            geometry = batch.column(self._geometry) if self.has_geometry else None
            yield Rows(pa.RecordBatch.from_arrays(columns, schema=self.schema), geometry, done)


def _choose_layer(path: Path, layer: str | None) -> str:
    names = [str(name) for name, _ in pyogrio.list_layers(path)]
    if not names:
        raise UnreadableFile("The file has no layer.", got=path)
    if layer is None and len(names) == 1:
        return names[0]
    if layer in names:
        return layer
    raise BadValue(
        "The file has several layers." if layer is None else "The file has no such layer.",
        got=layer,
        allowed=names,
        repair=f"Name one: {path.name}:{names[0]}.",
    )


def _unreadable(path: Path, error: Exception) -> UnreadableFile:
    return UnreadableFile(
        "The file cannot be read as what its name says.",
        got=path,
        repair=f"Copy or export it again ({error!r}).",
    )


# Names of layers that a GeoPackage, SQLite or GDAL keeps to itself.
_TAKEN = re.compile(r"gpkg|sqlite_|[!-/:-@\[-^`{-~]", re.IGNORECASE)
_LAYER = "points"


def _layer_of(output: Path) -> str:
    """Return what the layer of an output is called: as the file, where a layer may be."""
    name = output.name[: -len(file_format(output).ending)]
    return _LAYER if _TAKEN.match(name) else name


def refuse_other_layers(output: Path) -> None:
    """Refuse to replace a GeoPackage that has other layers than the one of an earlier run.

    Raises
    ------
    BadValue
    Conflict
        When another program is writing to it.
    """
    check_unopened(output.resolve())
    try:
        names = [str(name) for name, _ in pyogrio.list_layers(output)]
    except _GDAL_ERRORS:
        # Whatever it is, it has no layers to lose.
        return
    others = [name for name in names if name != _layer_of(output)]
    if others:
        raise BadValue(
            "The output is a GeoPackage with other layers, which would be lost.",
            got=f"{output.name}: {', '.join(others)}",
            repair="Name another output.",
        )


class GeoPackageWriter:
    """Writes batches whose last column is point geometry into one layer of an output.

    GDAL writes the file in one go and cannot go on with one that broke off. The rows are
    therefore also kept in a :class:`Spool` beside it; who goes on writes those again first.
    """

    def __init__(self, output: Path) -> None:
        self._output = output
        self._layer = _layer_of(output)
        self._pieces = 0
        self._spool: Spool | None = None

    def __call__(self, path: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
        """Write the layer to `path`, EPSG:4326; `StoreFull` when there is no room."""
        path.unlink(missing_ok=True)
        taken = {name.lower() for name in schema.names[:-1]}
        geometry = _free("geom", taken)
        plain = _plain_schema(schema, geometry)
        failed: list[BaseException] = []
        with Spool(path.parent, plain, self._pieces) as spool:
            self._spool = spool
            written = _Counted(spool.through(_plain(batches, plain)))
            reader = pa.RecordBatchReader.from_batches(plain, _noting(written, failed))
            try:
                write_arrow(
                    reader,
                    path,
                    layer=self._layer,
                    driver="GPKG",
                    geometry_name=geometry,
                    geometry_type="Point",
                    crs="EPSG:4326",
                    layer_options={"FID": _free("fid", taken), "GEOMETRY_NAME": geometry},
                )
            except _GDAL_ERRORS as error:
                # What went wrong in our own rows reaches GDAL as one vague message.
                if failed:
                    raise failed[0] from None
                raise self._failure(path, error) from error
        if failed:
            raise failed[0]
        self._check(path, written.rows)

    def mark(self) -> dict[str, Any] | None:
        """Return how many pieces of the spool are good."""
        assert self._spool is not None
        return {"pieces": self._spool.close_piece()}

    def go_on(self, mark: dict[str, Any]) -> None:
        """Begin with the rows of the spool."""
        self._pieces = mark["pieces"]

    def _failure(self, path: Path, error: Exception) -> Exception:
        # GDAL passes on SQLite's last complaint, which seldom is the one about the disk.
        check_room(path)
        return UnreadableFile(
            "The output cannot be written.",
            got=self._output,
            repair=f"Name another output, or write a CSV ({error}).",
        )

    def _check(self, path: Path, rows: int) -> None:
        """GDAL closes a file on a full disk without complaint, its spatial index missing."""
        info = pyogrio.read_info(path, layer=self._layer, force_feature_count=True)
        if info["features"] != rows or not info["capabilities"]["fast_spatial_filter"]:
            check_room(path)
            raise StoreFull(
                "The output could not be completed; nothing was written.",
                got=f"{info['features']} rows of {rows}",
                repair="Free some space, or write to another disk, and run it again.",
            )


class _Counted:
    """Batches that are counted as they are taken."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self._batches = batches
        self.rows = 0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            self.rows += batch.num_rows
            yield batch


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name = f"gm_{name}"
    return name


def _plain_schema(schema: pa.Schema, geometry: str) -> pa.Schema:
    """The same columns in types that a GeoPackage has."""
    fields = [pa.field(f.name, _plain_type(f.type)) for f in schema]
    fields[-1] = pa.field(geometry, pa.binary())
    return pa.schema(fields)


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_boolean(kind) or pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return in_known_zone(kind)
    if pa.types.is_uint64(kind) or pa.types.is_decimal(kind) or pa.types.is_time(kind):
        return pa.string()
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_binary(kind):
        return pa.float64() if kind == pa.float16() else kind
    return pa.string()


def _plain(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        columns = [
            _as_type(column, field.type)
            for column, field in zip(batch.columns, schema, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _noting(
    batches: Iterable[pa.RecordBatch], failed: list[BaseException]
) -> Iterator[pa.RecordBatch]:
    try:
        yield from batches
    except BaseException as error:
        failed.append(error)
        raise


def _as_type(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if column.type == kind:
        return column
    if kind == pa.string():
        return as_text(column)
    if pa.types.is_dictionary(column.type):
        return _as_type(column.dictionary_decode(), kind)
    return pc.cast(column, kind)
