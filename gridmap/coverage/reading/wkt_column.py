"""Geometry written as text in a table's cell: WKT, EWKT, or a list of rings."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from gridmap.coverage.notes import ImportNote
from gridmap.coverage.reading.rings import oriented_rings
from gridmap.errors import BadValue, UnreadableFile

__all__ = ["GEOMETRY_NAMES", "from_texts", "is_wkt"]

# What columns of geometry are called, the likeliest first.
GEOMETRY_NAMES = ("wkt", "geometry", "geom", "the_geom", "wkt_geom", "shape", "wkb", "rings")

_KINDS = r"((?:MULTI)?(?:POLYGON|LINESTRING|POINT)|LINEARRING|GEOMETRYCOLLECTION)"
_WKT = re.compile(
    rf"\s*(?:SRID\s*=\s*(\d+)\s*;)?\s*{_KINDS}\s*(?:ZM|Z|M)?\s*(?:\(|EMPTY\b)", re.IGNORECASE
)
# Written without the blank that GEOS wants: POLYGONZ ((117 36 51, ...
_JOINED = re.compile(rf"{_KINDS}(ZM|Z|M)(?=\W)", re.IGNORECASE)
_RINGS = re.compile(r"\s*\[\s*\[\s*\[")
# A spreadsheet keeps so many characters of a cell and drops the rest without a word.
_CELL = 32_767


def is_wkt(text: str) -> bool:
    """True when a cell begins like WKT, EWKT or a list of rings."""
    return bool(_WKT.match(text) or _RINGS.match(text))


def from_texts(
    texts: Sequence[str], file: str
) -> tuple[NDArray[np.object_], str | None, list[ImportNote]]:
    """Return geometries, the system that EWKT declares, and what could not be read.

    Parameters
    ----------
    texts : sequence of str
        Empty for a row without geometry.
    file : str
        For messages.

    Raises
    ------
    UnreadableFile
        When no cell can be read although some are filled.
    BadValue
        When rows declare different systems.
    """
    geometry = np.full(len(texts), None, dtype=object)
    srids: set[str] = set()
    lost: list[int] = []
    for row, text in enumerate(texts):
        if not text.strip():
            continue
        if _RINGS.match(text):
            geometry[row] = _from_rings(text)
        else:
            found = _WKT.match(text)
            if found and found[1]:
                srids.add(found[1])
            body = _with_blank(text[found.start(2) :]) if found else text
            with np.errstate(over="ignore"):  # 1e999 is infinite, and refused as such later
                geometry[row] = shapely.from_wkt(body, on_invalid="ignore")
        if geometry[row] is None:
            lost.append(row)
    if lost and all(g is None for g in geometry):
        raise UnreadableFile(
            "No cell of the geometry column can be read.",
            got=f"{file}: {texts[lost[0]][:60]}",
            allowed="WKT such as POLYGON ((117 36, 118 36, 118 37, 117 36))",
        )
    if len(srids) > 1:
        raise BadValue(
            "The rows are in several coordinate systems.",
            got=", ".join(f"EPSG:{s}" for s in sorted(srids)),
            allowed="one for the whole layer",
            repair="Convert them to one system, or split the file.",
        )
    crs = f"EPSG:{srids.pop()}" if srids else None
    return geometry, crs, _note_lost(texts, lost)


def _with_blank(body: str) -> str:
    """Return WKT with the blank before Z, M or ZM that GEOS wants."""
    if body[:1] in "Gg":  # a collection, whose parts have it too
        return _JOINED.sub(r"\1 \2", body)
    joined = _JOINED.match(body)
    return f"{joined[1]} {joined[2]}{body[joined.end() :]}" if joined else body


def _from_rings(text: str) -> shapely.Geometry | None:
    try:
        rings = [np.array(ring, dtype=np.float64)[:, :2] for ring in orjson.loads(text)]
    except (orjson.JSONDecodeError, ValueError, TypeError, IndexError):
        return None
    return oriented_rings(rings)[0]


def _note_lost(texts: Sequence[str], lost: list[int]) -> list[ImportNote]:
    if not lost:
        return []
    cut = sum(1 for row in lost if len(texts[row]) >= _CELL - 1)
    why = f" {cut} of them are as long as a spreadsheet's cell can be: it cut them off." * (cut > 0)
    text = f"{len(lost)} rows have a geometry that cannot be read.{why}"
    rows = tuple(r + 1 for r in lost)
    return [ImportNote("geometry_unreadable", "error", text, rows=rows)]
