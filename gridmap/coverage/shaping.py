"""Geometry on its way in: polygons only, flat, in longitude and latitude, or refused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from gridmap.coverage.notes import ImportNote
from gridmap.crs import COORD_SYSTEMS, normalise_name, transform_geometry
from gridmap.errors import BadValue, UnknownCoordSys

__all__ = ["Shaped", "check_plausible", "choose_coord_sys", "only_polygons", "to_stored"]

_POLYGON, _MULTIPOLYGON, _COLLECTION = 3, 6, 7
_REPAIR = "Name the system the coordinates are really in with --coord-sys."


@dataclass(frozen=True, eq=False)
class Shaped:
    """Polygons of a layer.

    Attributes
    ----------
    geometry : object (n,)
        Polygon or MultiPolygon, two-dimensional; None where a row has no area.
    missing : int (m,)
        Rows without an area.
    notes : tuple of ImportNote
    """

    geometry: NDArray[np.object_]
    missing: NDArray[np.int64]
    notes: tuple[ImportNote, ...]


def only_polygons(geometry: NDArray[np.object_]) -> Shaped:
    """Keep what has area: Z and M dropped, collections reduced to their polygons.

    Parameters
    ----------
    geometry : object (n,)
        Any geometries; None and empty ones are allowed.

    Raises
    ------
    BadValue
        When no row holds a polygon, for then it is the wrong layer.
    """
    flat: NDArray[np.object_] = np.array(shapely.force_2d(geometry), dtype=object)
    kind = shapely.get_type_id(flat)
    present = ~(shapely.is_missing(flat) | shapely.is_empty(flat))
    polygonal = np.isin(kind, (_POLYGON, _MULTIPOLYGON))
    notes = []
    mixed = np.flatnonzero(present & (kind == _COLLECTION))
    for row in mixed:
        flat[row] = _polygons_of(flat[row])
        polygonal[row] = flat[row] is not None
    if len(mixed):
        text = "geometry collections: their polygons are kept, other parts dropped"
        notes.append(_note("geometry_collection", "warning", text, mixed))
    if np.any(present & shapely.has_z(geometry)):
        notes.append(ImportNote("z_dropped", "info", "Heights are dropped: areas are flat."))
    other = np.flatnonzero(present & ~polygonal)
    if len(other) and not np.any(present & polygonal):
        raise BadValue(
            "The layer has no polygons.",
            got=", ".join(sorted({g.geom_type for g in flat[other]})),
            allowed="Polygon, MultiPolygon",
            repair="Name the layer that holds the areas.",
        )
    if len(other):
        text = "rows hold points, lines or curves and no polygon"
        notes.append(_note("not_a_polygon", "error", text, other))
        flat[other] = None
    flat[~present] = None
    return Shaped(flat, np.flatnonzero(shapely.is_missing(flat)), tuple(notes))


def _polygons_of(collection: shapely.GeometryCollection) -> shapely.Geometry | None:
    """Polygons of a collection as one geometry, not merged; None when there is none."""
    parts = [collection]
    while any(p.geom_type == "GeometryCollection" for p in parts):
        parts = [q for p in parts for q in getattr(p, "geoms", [p])]
    parts = [q for p in parts for q in shapely.get_parts(p)]
    polygons = [p for p in parts if p.geom_type == "Polygon" and not p.is_empty]
    if not polygons:
        return None
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def _note(kind: str, severity: str, text: str, rows: NDArray[np.int64]) -> ImportNote:
    return ImportNote(
        kind,
        "error" if severity == "error" else "warning",
        f"{len(rows)} {text}.",
        rows=tuple(int(r) + 1 for r in rows),
    )


def choose_coord_sys(declared: str | None, given: str | None) -> tuple[str, list[ImportNote]]:
    """Return the name of the system to read coordinates in, and what to say about it.

    Parameters
    ----------
    declared : str or None
        What the file says.
    given : str or None
        What the caller says; it wins, as files labelled EPSG:4326 are often GCJ-02.

    Raises
    ------
    UnknownCoordSys
        When neither is known.
    """
    if given is None and declared is None:
        raise UnknownCoordSys(
            "The layer declares no coordinate system.",
            allowed=[*COORD_SYSTEMS, "EPSG:nnnn"],
            repair="Name it with --coord-sys (Amap and Tencent: gcj02, Baidu: bd09, "
            "survey office: cgcs2000 or a zone such as EPSG:4548).",
        )
    chosen = normalise_name(given if given is not None else str(declared))
    if given is None or declared is None:
        return chosen, []
    try:
        said = normalise_name(declared)
    except UnknownCoordSys:
        said = "a system that is not known"
    if said == chosen:
        return chosen, []
    text = f"The file says {said}; its coordinates are read as {chosen}, as told."
    return chosen, [ImportNote("coord_sys_override", "warning", text)]


def to_stored(geometry: NDArray[np.object_], coord_sys: str) -> NDArray[np.object_]:
    """Return the geometries in EPSG:4326, each vertex converted once.

    Raises
    ------
    BadValue
        When the coordinates cannot be in `coord_sys`: metres under degrees, degrees under
        metres, swapped axes, an easting with or without its zone number, or out of range.
    """
    if not len(geometry):
        return geometry
    bounds = shapely.total_bounds(geometry)
    check_plausible(bounds, coord_sys)
    try:
        return transform_geometry(geometry, coord_sys)
    except BadValue as error:
        # The commonest cause in China: the wrong form of a Gauss-Krueger zone.
        hint = _zone_hint(bounds[0], bounds[2], bounds[1])
        raise BadValue(error.message, got=error.got, repair=hint) from error


def check_plausible(bounds: NDArray[np.float64], coord_sys: str) -> None:
    """Raise `BadValue` when a layer with these bounds cannot be in `coord_sys`.

    Bounds are min x, min y, max x, max y. Metres under degrees, degrees under metres and
    swapped axes are told apart; NaN bounds (nothing there) pass.
    """
    if not np.isfinite(bounds).all():
        return
    x0, y0, x1, y1 = (float(v) for v in bounds)
    got = f"x {x0:.10g} to {x1:.10g}, y {y0:.10g} to {y1:.10g} as {_short(coord_sys)}"
    in_degrees = coord_sys in COORD_SYSTEMS or CRS.from_user_input(coord_sys).is_geographic
    fits_degrees = max(abs(x0), abs(x1)) <= 180 and max(abs(y0), abs(y1)) <= 90
    if in_degrees and not fits_degrees:
        if max(abs(x0), abs(x1)) <= 90 and max(abs(y0), abs(y1)) <= 180:
            raise BadValue(
                "Latitude and longitude are swapped.",
                got=got,
                repair="Swap the axes in a GIS; x is the longitude.",
            )
        raise BadValue(
            "The coordinates are metres, not degrees.", got=got, repair=_zone_hint(x0, x1, y0)
        )
    if not in_degrees and fits_degrees:
        raise BadValue(
            "The coordinates are degrees, not metres.",
            got=got,
            repair=_REPAIR + " Degrees are wgs84, cgcs2000, gcj02 or bd09.",
        )


def _zone_hint(x0: float, x1: float, y0: float) -> str:
    """Suggest the CGCS2000 Gauss-Krueger systems that such eastings belong to."""
    if x0 // 1_000_000 == x1 // 1_000_000 and 25 <= x0 // 1_000_000 <= 45 and y0 > 0:
        return f"{_REPAIR} Eastings like these belong to EPSG:{4488 + int(x0 // 1_000_000)}."
    if x0 > 100_000 and x1 < 900_000 and 1_500_000 < y0 < 6_000_000:
        return f"{_REPAIR} It may be one of EPSG:4534 to 4554 (by its central meridian)."
    return _REPAIR


def _short(coord_sys: str) -> str:
    # A long definition may carry a city's transformation parameters: never repeated.
    return coord_sys if len(coord_sys) <= 40 else coord_sys[:20] + "..."
