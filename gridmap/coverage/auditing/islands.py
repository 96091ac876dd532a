"""Areas in several parts: islands and exclaves, which are facts, and shreds, which are faults."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.auditing.face_faults import Subject
from gridmap.coverage.auditing.faults import Fault, label, number, size_text
from gridmap.coverage.measure import Measured
from gridmap.coverage.notes import Severity
from gridmap.coverage.overlaps import has_shape, polygonal
from gridmap.i18n import Saying

__all__ = ["island_faults"]

# Smaller or narrower than this a part is a shred: nobody lives there, and cutting, clipping
# or a slip of the mouse leaves such things behind. (Official layers hold real parts of 100 m².)
_SHRED_AREA_M2 = 25.0
_SHRED_WIDTH_M = 1.0


def island_faults(subject: Subject) -> list[Fault]:
    """Return areas that lie in several parts, told apart into islands and shreds.

    All areas with a polygon are looked at, of parents the declared one. ``detached_part``
    (warning) is one a shred; ``island`` (information) is one an area, with its other parts.
    """
    coverage = subject.coverage
    rows = np.flatnonzero(has_shape(coverage.geometry))
    rows = rows[shapely.get_num_geometries(coverage.geometry[rows]) > 1]
    parts, owner = shapely.get_parts(polygonal(coverage.geometry[rows]), return_index=True)
    size = subject.ruler.measure(parts)
    stored = subject.ruler.stored(parts)
    out = []
    for i, row in enumerate(rows.tolist()):
        mine = np.arange(*np.searchsorted(owner, [i, i + 1]))
        order = mine[np.argsort(-size.area_m2[mine], kind="stable")]
        islands = []
        for part in order[1:].tolist():
            if _is_shred(size, part):
                out.append(_shred(subject, row, size, part, stored[part]))
            else:
                islands.append(part)
        if islands:
            out.append(_islands(subject, row, size, islands, stored[islands]))
    return out


def _is_shred(size: Measured, part: int) -> bool:
    return bool(size.area_m2[part] < _SHRED_AREA_M2 or size.width_m[part] < _SHRED_WIDTH_M)


def _shred(
    subject: Subject, row: int, size: Measured, part: int, geometry: shapely.Geometry
) -> Fault:
    what = size_text(size.area_m2[part], size.width_m[part])
    said = Saying("fault.detached_part", {"area": label(subject.coverage, row), "size": what})
    return _fault("detached_part", "warning", subject, row, size, part, said, geometry)


def _islands(
    subject: Subject, row: int, size: Measured, islands: list[int], parts: NDArray[np.object_]
) -> Fault:
    values = {
        "area": label(subject.coverage, row),
        "n": len(islands) + 1,
        "sizes": tuple(size_text(size.area_m2[p], size.width_m[p]) for p in islands[:3]),
        "more": len(islands) - 3,
    }
    said = Saying("fault.island_more" if len(islands) > 3 else "fault.island", values)
    whole = parts[0] if len(parts) == 1 else shapely.multipolygons(parts)
    return _fault("island", "info", subject, row, size, islands[0], said, whole)


def _fault(
    kind: str,
    severity: Severity,
    subject: Subject,
    row: int,
    size: Measured,
    part: int,
    said: Saying,
    geometry: shapely.Geometry,
) -> Fault:
    coverage = subject.coverage
    return Fault(
        kind=kind,
        severity=severity,
        level=coverage.levels[int(coverage.rank[row])].name,
        codes=(str(coverage.code[row]),),
        area_m2=float(size.area_m2[part]),
        lon=number(size.lon[part]),
        lat=number(size.lat[part]),
        said=said,
        geometry=geometry,
    )
