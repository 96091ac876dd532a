"""Is a layer in the coordinate system it is said to be in? Evidence, never a change."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.auditing.faults import Fault
from gridmap.coverage.datum.evidence import DatumEvidence
from gridmap.coverage.datum.judge import judge
from gridmap.coverage.datum.lines import Lines, lines_of
from gridmap.coverage.model import Coverage
from gridmap.coverage.notes import ImportNote
from gridmap.coverage.reading.plausible import doubtful_place
from gridmap.crs import from_wgs84, normalise_name

__all__ = [
    "DatumEvidence",
    "against_faults",
    "compare_layers",
    "compare_stored",
    "datum_note",
]


def compare_layers(
    layer: NDArray[np.object_], system: str, reference: NDArray[np.object_]
) -> DatumEvidence:
    """Compare a layer with a reference that covers some of the same ground.

    Every reading of the coordinates is tried: as declared; GCJ-02, BD-09 and WGS-84 taken
    for one another, now or at an earlier conversion; axes swapped; degrees under a plane
    system and the reverse; zones with and without their number in the easting; and, when
    nothing else places the layer, every plane system of the register that is used there. If
    none fits, a plain shift of up to 3 km is looked for.

    The layer may be finer or coarser than the reference, a part of it or more than it,
    digitised apart from it by some metres, or a redraw that keeps a third of the borders.

    Parameters
    ----------
    layer : object (n,)
        Polygons in `system`, longitude or easting first; None and empty ones are passed over.
    system : str
        The system that the layer is said to be in.
    reference : object (m,)
        Polygons, EPSG:4326: a known outline, another level, an edition in force.

    Returns
    -------
    DatumEvidence
        ``unclear`` when either has no polygon.

    Raises
    ------
    UnknownCoordSys
        When there is no such system.
    """
    return judge(lines_of(layer), normalise_name(system), lines_of(reference))


def compare_stored(
    layer: NDArray[np.object_], system: str, reference: NDArray[np.object_]
) -> DatumEvidence:
    """As :func:`compare_layers`, for a layer already converted from `system` to EPSG:4326."""
    system = normalise_name(system)
    lines = lines_of(layer)
    raw = np.column_stack(from_wgs84(lines.vertices[:, 0], lines.vertices[:, 1], system))
    return judge(Lines(raw, lines.edges), system, lines_of(reference))


def datum_note(
    geometry: NDArray[np.object_],
    system: str,
    existing: Coverage | None,
    *,
    level: str | None = None,
    in_force: Coverage | None = None,
) -> list[ImportNote]:
    """Return a ``wrong_datum`` warning when a layer does not lie on what is there already.

    Also when it lies in the Arctic and would lie in China with its axes swapped.

    Parameters
    ----------
    geometry : object (n,)
        Polygons of the layer as converted from `system` to EPSG:4326.
    system : str
        The system in which its coordinates were read.
    existing : Coverage or None
        The edition the layer comes into.
    level : str, optional
        The level that the layer is imported as. What `existing` holds of it is going to be
        replaced, perhaps because it was wrong, and is compared with last of all.
    in_force : Coverage, optional
        The edition in force, for a layer that is the first of a new edition.

    Returns
    -------
    list of ImportNote
        Empty when the layer fits, when there is nothing to compare it with, when too little
        agrees to judge, and when it lies in another place altogether.
    """
    notes = []
    doubt = doubtful_place(shapely.total_bounds(geometry)) if len(geometry) else ""
    if doubt:
        notes.append(ImportNote("wrong_datum", "warning", doubt))
    for coverage, without in ((existing, level), (in_force, None), (existing, None)):
        reference = _polygons_of(coverage, without)
        if coverage is None or not len(reference):
            continue
        found = compare_stored(geometry, system, reference)
        if found.wrong:
            text = f"Compared with edition '{coverage.edition}': {found.text}"
            notes.append(ImportNote("wrong_datum", "warning", text, details=(_detail(found),)))
        break
    return notes


def _polygons_of(coverage: Coverage | None, without: str | None) -> NDArray[np.object_]:
    """Polygons of a coverage as they were drawn, of all levels but one."""
    if coverage is None:
        return np.empty(0, dtype=object)
    wanted = ~(shapely.is_missing(coverage.geometry) | shapely.is_empty(coverage.geometry))
    if without is not None and without in coverage.levels.names:
        wanted &= coverage.rank != coverage.levels.rank(without)
    found: NDArray[np.object_] = coverage.geometry[wanted]
    return found


def against_faults(
    polygons: NDArray[np.object_], system: str, reference: NDArray[np.object_]
) -> list[Fault]:
    """Return a ``wrong_datum`` fault when a layer does not lie where its reference lies.

    Parameters
    ----------
    polygons : object (n,)
        The layer as converted from `system` to EPSG:4326.
    system : str
        The system in which its coordinates were read.
    reference : object (m,)
        Polygons of the same place, EPSG:4326.

    Returns
    -------
    list of Fault
        A warning with the likely truth and the shift, also when the layer lies far from the
        reference however it is read; an ``unclear_datum`` (information) when the two are
        near each other but too little agrees to judge; empty when the layer fits.
    """
    found = compare_stored(polygons, system, reference)
    if found.verdict == "as_declared":
        return []
    lon, lat = _middle(polygons)
    if found.verdict == "unclear":
        return [Fault("unclear_datum", "info", "", (), None, lon, lat, found.said)]
    return [Fault("wrong_datum", "warning", "", (), None, lon, lat, found.said)]


def _detail(found: DatumEvidence) -> dict[str, Any]:
    record = found.as_dict()
    del record["text"]
    return record


def _middle(polygons: NDArray[np.object_]) -> tuple[float | None, float | None]:
    west, south, east, north = shapely.total_bounds(polygons) if len(polygons) else [np.nan] * 4
    if not np.isfinite(west):
        return None, None
    return float((west + east) / 2), float((south + north) / 2)
