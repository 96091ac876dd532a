"""Esri's JSON: features whose polygons are lists of rings.

Read: a feature set (``{"features": [{"attributes", "geometry": {"rings"}}],
"spatialReference"}``), as map services and "Features To JSON" write it; a bare list of such
features; rows that carry ``rings`` beside their other values; one geometry alone.
"""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from pyproj.exceptions import CRSError

from gridmap.coverage.notes import ImportNote
from gridmap.coverage.reading.rings import oriented_rings

__all__ = ["is_esri", "read_esri"]

_SHAPES = ("rings", "curveRings", "paths")


def is_esri(document: Any) -> bool:
    """True when a JSON document is one of the forms that :func:`read_esri` reads."""
    if isinstance(document, dict) and "type" in document:
        return False  # GeoJSON says its type
    features = _features(document)
    return bool(features) and any(_geometry_of(f) is not None for f in features)


def read_esri(document: Any) -> tuple[gpd.GeoDataFrame, list[ImportNote]]:
    """Turn a document into a layer; attributes keep their types, dates become moments.

    Paths become lines, which may be rings; a ring with curves cannot be read and leaves its
    row without a geometry. Heights and measures are dropped. All of it is noted.
    """
    features = _features(document)
    geometry = np.full(len(features), None, dtype=object)
    turned: list[int] = []
    curved: list[int] = []
    for row, feature in enumerate(features):
        found = _geometry_of(feature) or {}
        if "curveRings" in found:
            curved.append(row)
        elif "rings" in found:
            geometry[row], as_defined = oriented_rings([_flat(r) for r in found["rings"] or []])
            if not as_defined:
                turned.append(row)
        elif "paths" in found:
            paths = [_flat(p) for p in found["paths"] or []]
            geometry[row] = shapely.MultiLineString([p for p in paths if len(p) > 1])
    crs, notes = _crs(document, features)
    columns = pd.DataFrame([_attributes(f) for f in features], dtype=object)
    frame = gpd.GeoDataFrame(_with_dates(columns, document), geometry=geometry, crs=crs)
    notes += _note_flattened(document, features)
    if turned:
        text = "rows turn their rings otherwise than Esri defines; put together as they lie"
        notes.append(_note("ring_orientation", "warning", text, turned))
    if curved:
        text = "rows hold curves, which cannot be read; save them as straight lines"
        notes.append(_note("curve", "error", text, curved))
    return frame, notes


def _features(document: Any) -> list[dict[str, Any]]:
    found = document.get("features", [document]) if isinstance(document, dict) else document
    return [f for f in found if isinstance(f, dict)] if isinstance(found, list) else []


def _geometry_of(feature: dict[str, Any]) -> dict[str, Any] | None:
    geometry = feature.get("geometry", feature)
    if isinstance(geometry, dict) and any(key in geometry for key in _SHAPES):
        return geometry
    return None


def _attributes(feature: dict[str, Any]) -> dict[str, Any]:
    given = feature.get("attributes")
    if isinstance(given, dict):
        return given
    about = (*_SHAPES, "geometry", "spatialReference", "hasZ", "hasM")
    return {k: v for k, v in feature.items() if k not in about}


def _flat(ring: Any) -> Any:
    """Coordinates of a ring or path, (n, 2); what has no two numbers becomes NaN."""
    out = np.full((len(ring), 2), np.nan)
    for i, place in enumerate(ring):
        if isinstance(place, list) and len(place) > 1 and None not in place[:2]:
            out[i] = place[:2]
    return out


def _note_flattened(document: Any, features: list[dict[str, Any]]) -> list[ImportNote]:
    """Say which ordinates are dropped; coordinates of three without a word have heights."""
    found = [g for f in features if (g := _geometry_of(f)) is not None]
    holders = [document if isinstance(document, dict) else {}, *found]
    rings = [r for g in found for key in ("rings", "paths") for r in g.get(key) or []]
    longest = max((len(r[0]) for r in rings if r), default=2)
    measured = longest > 3 or any(h.get("hasM") for h in holders)
    notes = []
    if any(h.get("hasZ") for h in holders) or longest > 3 or (longest == 3 and not measured):
        notes.append(ImportNote("z_dropped", "info", "Heights are dropped: areas are flat."))
    if measured:
        notes.append(ImportNote("m_dropped", "info", "Measures (M) are dropped."))
    return notes


def _crs(
    document: Any, features: list[dict[str, Any]]
) -> tuple[pyproj.CRS | None, list[ImportNote]]:
    holders = [document, *(_geometry_of(f) or {} for f in features[:1])]
    said = [
        h["spatialReference"] for h in holders if isinstance(h, dict) and "spatialReference" in h
    ]
    reference = next((s for s in said if isinstance(s, dict)), {})
    for known in (reference.get("latestWkid"), reference.get("wkid")):
        for authority in ("EPSG", "ESRI") if known else ():
            try:
                return pyproj.CRS.from_authority(authority, str(known)), []
            except CRSError:
                continue
    text = reference.get("wkt2") or reference.get("wkt")
    try:
        if text:
            return pyproj.CRS.from_wkt(str(text)), []
    except CRSError:
        reference = {"wkt": "unreadable"}
    if not reference:
        return None, []
    why = "The spatial reference is not known; the layer counts as without a coordinate system."
    return None, [ImportNote("crs_unreadable", "warning", why)]


def _with_dates(columns: pd.DataFrame, document: Any) -> pd.DataFrame:
    """Turn milliseconds into moments where the field's type says that they are dates."""
    fields = document.get("fields") if isinstance(document, dict) else None
    for field in fields or []:
        if field.get("type") == "esriFieldTypeDate" and field.get("name") in columns:
            name = field["name"]
            columns[name] = pd.to_datetime(columns[name], unit="ms", utc=True, errors="coerce")
    return columns


def _note(kind: str, severity: str, text: str, rows: list[int]) -> ImportNote:
    return ImportNote(
        kind,
        "error" if severity == "error" else "warning",
        f"{len(rows)} {text}.",
        rows=tuple(r + 1 for r in rows),
    )
