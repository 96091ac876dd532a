"""Geometry on its way in: polygons only, flat, in longitude and latitude, or refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.notes import ImportNote
from gridmap.coverage.reading.plausible import check_plausible, zone_hint
from gridmap.coverage.reading.rings import lines_to_polygons
from gridmap.crs import COORD_SYSTEMS, normalise_name, transform_geometry
from gridmap.errors import BadValue, UnknownCoordSys

__all__ = [
    "Shaped",
    "check_plausible",
    "choose_coord_sys",
    "only_polygons",
    "to_stored",
    "zone_named",
]

_LINES = (1, 2, 5)  # LineString, LinearRing, MultiLineString
_POLYGON, _MULTIPOLYGON, _COLLECTION = 3, 6, 7

# When fewer of the lines are rings, the layer is a network that has some loops in it.
_RING_SHARE = 0.5
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
    """Keep what has area: Z and M dropped, collections reduced to polygons, rings filled.

    Parameters
    ----------
    geometry : object (n,)
        Any geometries; None and empty ones are allowed. Closed lines count as the polygons
        they enclose, see :func:`gridmap.coverage.reading.rings.lines_to_polygons`.

    Raises
    ------
    BadValue
        When no row holds a polygon or ring, for then it is the wrong layer, and when most
        lines of a layer are no rings: they are edges that several areas share.
    """
    flat: NDArray[np.object_] = np.array(shapely.force_2d(geometry), dtype=object)
    present = ~(shapely.is_missing(flat) | shapely.is_empty(flat))
    notes = _note_flattened(geometry[present])
    mixed = np.flatnonzero(present & (shapely.get_type_id(flat) == _COLLECTION))
    for row in mixed:
        flat[row] = _polygons_of(flat[row]) or flat[row]
    if len(mixed):
        text = "geometry collections: their polygons are kept, other parts dropped"
        notes.append(_note("geometry_collection", "warning", text, mixed))
    notes += _fill_rings(flat, np.flatnonzero(present & np.isin(shapely.get_type_id(flat), _LINES)))
    polygonal = np.isin(shapely.get_type_id(flat), (_POLYGON, _MULTIPOLYGON))
    other = np.flatnonzero(present & ~polygonal)
    if len(other) and not np.any(present & polygonal):
        raise BadValue(
            "The layer has no polygons.",
            got=", ".join(sorted({g.geom_type for g in flat[other]})),
            allowed="Polygon, MultiPolygon, closed lines",
            repair="Name the layer that holds the areas.",
        )
    if len(other):
        text = "rows hold points, open lines or curves and no polygon"
        notes.append(_note("not_a_polygon", "error", text, other))
        flat[other] = None
    flat[~present] = None
    return Shaped(flat, np.flatnonzero(shapely.is_missing(flat)), tuple(notes))


def _note_flattened(geometry: NDArray[np.object_]) -> list[ImportNote]:
    notes = []
    if np.any(shapely.has_z(geometry)):
        notes.append(ImportNote("z_dropped", "info", "Heights are dropped: areas are flat."))
    if np.any(shapely.has_m(geometry)):
        notes.append(ImportNote("m_dropped", "info", "Measures (M) are dropped."))
    return notes


def _fill_rings(flat: NDArray[np.object_], rows: NDArray[np.int64]) -> list[ImportNote]:
    """Put polygons in the place of the lines that are rings; say which had to be closed."""
    if not len(rows):
        return []
    found = lines_to_polygons(flat[rows])
    ring = ~shapely.is_missing(found.geometry)
    if ring.any() and ring.sum() < _RING_SHARE * len(rows):
        raise BadValue(
            "The lines of the layer are no rings.",
            got=f"{len(rows)} lines, {int(ring.sum())} of them closed",
            allowed="one closed line (or polygon) for each area",
            repair="Lines that several areas share do not say which area is which: polygonize"
            " them in a GIS and give each polygon its code.",
        )
    flat[rows[ring]] = found.geometry[ring]
    notes = []
    if ring.any():
        text = f"{int(ring.sum())} closed lines are taken as the polygons they enclose."
        notes.append(ImportNote("rings_filled", "info", text))
    if found.closed.any():
        text = "lines do not end where they begin; closed by a straight line over a small gap"
        notes.append(_note("ring_closed", "warning", text, rows[found.closed]))
    return notes


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
    check_plausible(shapely.total_bounds(geometry), coord_sys)
    with zone_named(geometry, coord_sys):
        return transform_geometry(geometry, coord_sys)


@contextmanager
def zone_named(geometry: NDArray[np.object_], coord_sys: str) -> Iterator[None]:
    """Name the zone that geometries seem to be in when converting them from `coord_sys` fails.

    The commonest cause in China is the wrong form of a Gauss-Krueger zone.
    """
    try:
        yield
    except BadValue as error:
        hint = zone_hint(shapely.total_bounds(geometry), coord_sys)
        raise BadValue(error.message, got=error.got, repair=hint) from error
