"""The geometry column: shapely objects in and out, one declaration for both stores.

A GeoPackage holds `GeoPackage binary`_: a small header before plain WKB. PostGIS holds its
native ``geometry``. Coordinates pass through both unchanged, bit for bit.

.. _GeoPackage binary: https://www.geopackage.org/spec130/#gpb_format
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely
from sqlalchemy import func
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, UserDefinedType

from gridmap.errors import StoreUnusable

__all__ = [
    "SRID",
    "Bounds",
    "Encoded",
    "Geometry",
    "bounds_of",
    "encode",
    "encode_points",
    "from_gpkg",
    "reflect_geometry",
    "to_ewkb",
    "to_gpkg",
]

SRID = 4326

_HEADER = struct.Struct("<2sBBi")
_ENVELOPE = struct.Struct("<4d")
_POINT = struct.Struct("<BI2d")
# The same for many points at once.
_POINT_ROW = np.dtype([("order", "u1"), ("kind", "<u4"), ("x", "<f8"), ("y", "<f8")])
_KIND = struct.Struct("<BI")
_EWKB = struct.Struct("<BII")
_HAS_SRID = 0x20000000
_LITTLE, _WITH_ENVELOPE, _EMPTY = 0b1, 0b10, 0b10000
# Doubles in the header's envelope, by its indicator: none, XY, XYZ, XYM, XYZM.
_ENVELOPE_DOUBLES = (0, 4, 6, 6, 8)

Bounds = tuple[float, float, float, float]


class Encoded(NamedTuple):
    """A geometry on its way into a store: plain WKB, and bounds unless it is empty."""

    wkb: bytes
    bounds: Bounds | None


def encode(geometries: Any) -> list[Encoded | None]:
    """Return 2-D shapely geometries as WKB, many times faster at once than one by one."""
    array = np.asarray(geometries, dtype=object)
    wkb = shapely.to_wkb(array, output_dimension=2, byte_order=1, flavor="iso")
    bounds = map(tuple, shapely.bounds(array).tolist())
    return [
        None if data is None else Encoded(data, None if math.isnan(box[0]) else box)
        for data, box in zip(wkb.tolist(), bounds, strict=True)
    ]


def encode_points(x: Sequence[float | None], y: Sequence[float | None]) -> list[Encoded | None]:
    """Return points as WKB; None where a coordinate is missing."""
    xs, ys = np.array(x, dtype=float), np.array(y, dtype=float)
    raw = np.zeros(len(xs), _POINT_ROW)
    raw["order"], raw["kind"], raw["x"], raw["y"] = 1, 1, xs, ys
    data, size = raw.tobytes(), _POINT.size
    known = ~(np.isnan(xs) | np.isnan(ys))
    return [
        Encoded(data[at : at + size], (px, py, px, py)) if good else None
        for at, px, py, good in zip(
            range(0, len(data), size), xs.tolist(), ys.tolist(), known.tolist(), strict=True
        )
    ]


def to_gpkg(geometry: Any) -> bytes | None:
    """Return GeoPackage binary of a shapely or encoded geometry; None stays None.

    Points carry no envelope (it would repeat the point), empty geometries carry the flag.
    """
    encoded = _encoded(geometry)
    if encoded is None:
        return None
    if encoded.bounds is None:
        return _HEADER.pack(b"GP", 0, _LITTLE | _EMPTY, SRID) + encoded.wkb
    if len(encoded.wkb) == _POINT.size:
        return _HEADER.pack(b"GP", 0, _LITTLE, SRID) + encoded.wkb
    minx, miny, maxx, maxy = encoded.bounds
    head = _HEADER.pack(b"GP", 0, _LITTLE | _WITH_ENVELOPE, SRID)
    return head + _ENVELOPE.pack(minx, maxx, miny, maxy) + encoded.wkb


def to_ewkb(geometry: Any) -> bytes | None:
    """Return PostGIS's extended WKB, which names the coordinate system; None stays None."""
    encoded = _encoded(geometry)
    if encoded is None:
        return None
    order, kind = _KIND.unpack_from(encoded.wkb)
    return _EWKB.pack(order, kind | _HAS_SRID, SRID) + encoded.wkb[_KIND.size :]


def _encoded(geometry: Any) -> Encoded | None:
    return geometry if isinstance(geometry, Encoded) else encode([geometry])[0]


def from_gpkg(blob: bytes | None) -> Any:
    """Return the shapely geometry in GeoPackage binary, with or without an envelope.

    Raises
    ------
    ValueError
        When the bytes are not standard GeoPackage binary.
    """
    return None if blob is None else shapely.from_wkb(blob[_wkb_offset(blob) :])


def bounds_of(blob: bytes | None) -> Bounds | None:
    """Return (minx, miny, maxx, maxy) of GeoPackage binary; None for NULL and for empty."""
    if blob is None or blob[3] & _EMPTY:
        return None
    offset = _wkb_offset(blob)
    if offset > _HEADER.size:
        order = "<" if blob[3] & _LITTLE else ">"
        minx, maxx, miny, maxy = struct.unpack_from(f"{order}4d", blob, _HEADER.size)
        return minx, miny, maxx, maxy
    if len(blob) == offset + _POINT.size:
        order_byte, kind, x, y = _POINT.unpack_from(blob, offset)
        if order_byte == 1 and kind == 1:
            return None if math.isnan(x) else (x, y, x, y)
    geometry = shapely.from_wkb(blob[offset:])
    return None if geometry.is_empty else geometry.bounds


def _wkb_offset(blob: bytes) -> int:
    if len(blob) < _HEADER.size or blob[:2] != b"GP" or blob[2] != 0:
        raise ValueError("not GeoPackage binary")
    indicator = (blob[3] >> 1) & 0b111
    if indicator >= len(_ENVELOPE_DOUBLES) or blob[3] & 0b100000:
        raise ValueError("GeoPackage binary of an unknown kind")
    return _HEADER.size + 8 * _ENVELOPE_DOUBLES[indicator]


class _GpkgGeometry(UserDefinedType[Any]):
    """``GEOMETRY`` or ``POINT`` column of a GeoPackage."""

    cache_ok = True

    def __init__(self, kind: str = "Geometry") -> None:
        self.kind = kind

    def get_col_spec(self, **_: Any) -> str:
        return self.kind.upper()

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], bytes | None]:
        return to_gpkg

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        def process(value: bytes | None) -> Any:
            try:
                return from_gpkg(value)
            except (ValueError, shapely.errors.ShapelyError) as error:
                raise StoreUnusable(
                    "A geometry in the store cannot be read: another program has damaged it.",
                    got=str(error),
                    repair="Restore the store from a backup.",
                ) from error

        return process


class _PostgisGeometry(UserDefinedType[Any]):
    """``geometry(kind, 4326)`` column of PostGIS."""

    cache_ok = True

    def __init__(self, kind: str = "Geometry", srid: int | str = SRID) -> None:
        self.kind = kind
        self.srid = int(srid)

    def get_col_spec(self, **_: Any) -> str:
        return f"geometry({self.kind},{self.srid})"

    def bind_expression(self, bindvalue: Any) -> Any:
        return func.ST_GeomFromEWKB(bindvalue, type_=self)

    def column_expression(self, colexpr: Any) -> Any:
        return func.ST_AsBinary(colexpr, type_=self)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        binary = dialect.dbapi.Binary  # type: ignore[union-attr]

        def process(value: Any) -> Any:
            return None if value is None else binary(to_ewkb(value))

        return process

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        def process(value: Any) -> Any:
            return None if value is None else shapely.from_wkb(bytes(value))

        return process


class Geometry(TypeDecorator[Any]):
    """Column of shapely geometries in EPSG:4326, 2-D; takes `Encoded` ones too.

    Parameters
    ----------
    kind : str
        ``Geometry`` for any type, ``Point`` for points only.
    """

    impl = _GpkgGeometry
    cache_ok = True

    def __init__(self, kind: str = "Geometry") -> None:
        super().__init__()
        self.kind = kind

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Return the store's own column type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(_PostgisGeometry(self.kind))
        return dialect.type_descriptor(_GpkgGeometry(self.kind))


def reflect_geometry(dialect: Dialect) -> None:
    """Teach one engine's dialect to recognise geometry columns when it reads a schema."""
    names = dict(dialect.ischema_names)  # type: ignore[attr-defined]
    if dialect.name == "postgresql":
        names["geometry"] = _PostgisGeometry
    else:
        names |= {kind: lambda k=kind: _GpkgGeometry(k) for kind in ("GEOMETRY", "POINT")}
    dialect.ischema_names = names  # type: ignore[attr-defined]
