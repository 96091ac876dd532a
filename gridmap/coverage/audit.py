"""What is wrong with a coverage, exactly where, and whose it is: `gridmap check`."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import shapely

from gridmap.areas import Area, Levels
from gridmap.coverage.code_faults import code_faults, name_faults
from gridmap.coverage.codes import Codes, assign_codes, clean_name
from gridmap.coverage.face_faults import Subject, hole_faults, overlap_faults
from gridmap.coverage.faces import audit_faces
from gridmap.coverage.faults import Fault, area_fault, label, number, worst_first
from gridmap.coverage.incoming import ColumnMap, find_column
from gridmap.coverage.measure import Ruler
from gridmap.coverage.model import Coverage
from gridmap.coverage.nesting import nesting_faults
from gridmap.coverage.notes import Severity
from gridmap.coverage.overlaps import polygonal
from gridmap.coverage.read import Layer
from gridmap.coverage.shaping import check_plausible, choose_coord_sys, only_polygons

__all__ = ["Fault", "audit", "audit_layer", "has_faults"]

_PLACE = re.compile(r"\[(\S+) (\S+)\]\s*$")
_CODE_COLUMNS = re.compile(
    r".*code|id|gid|geoid\w*|.*cd|prec\w*id|gridid|wgbm|wgdm|bm|.*(?:编码|代码|编号|代号)",
    re.IGNORECASE,
)


def audit(coverage: Coverage, *, min_area_m2: float = 1.0) -> list[Fault]:
    """Return everything that is wrong with a coverage, the worst first.

    Parameters
    ----------
    coverage : Coverage
        A draft or a published edition.
    min_area_m2 : float
        Overlaps, gaps and nesting faults below this are counted, not listed.

    Returns
    -------
    list of Fault
        Empty for a clean coverage and for one without rows. Kinds, by severity:

        error (publishing is refused unless the faults are accepted with a reason)
            ``overlap``, ``gap`` (a hole that a declared parent covers, or one too narrow or
            too long to be an enclave), ``invalid_geometry`` and ``empty_geometry`` of an atom,
            ``missing_parent``.
        warning
            ``overlap`` and ``gap`` narrower than 0.1 m, ``blank_code``, ``duplicate_code``,
            ``prefix_not_parent``, ``mojibake``, ``outside_parent`` (part of a child outside
            its parent's declared polygon), ``parent_disagrees`` (most of it),
            ``parent_not_covered`` (part of a declared polygon that no atom covers),
            ``invalid_geometry`` of a parent's declared polygon.
        info
            ``enclave?`` (a hole that no declared parent covers), ``sliver_overlap`` and
            ``sliver_gap`` (how many below `min_area_m2`), ``border_differs`` (the same for
            parents), ``no_children``.

        `gridmap check` exits with 1 when there is any error or warning.
    """
    return worst_first(_audit(coverage, Ruler(), min_area_m2))


def has_faults(faults: Sequence[Fault]) -> bool:
    """True when any of them is an error or a warning: the exit code of `gridmap check`."""
    return any(f.severity != "info" for f in faults)


def audit_layer(
    layer: Layer,
    level: str | None = None,
    *,
    columns: ColumnMap | None = None,
    coord_sys: str | None = None,
    min_area_m2: float = 1.0,
) -> list[Fault]:
    """Audit a layer as it stands in a file, in its own coordinates.

    Parameters
    ----------
    layer : Layer
    level : str, optional
        For the report; ``area`` when left out.
    columns : ColumnMap, optional
        Which column holds the code and the name. Without one the first column that looks
        like a code is taken, else rows are named ``#1``, ``#2``, ...
    coord_sys, min_area_m2
        As for import and :func:`audit`.

    Returns
    -------
    list of Fault
        As :func:`audit`; parents are not looked at. Rows without a polygon are
        ``empty_geometry``.

    Raises
    ------
    MissingColumn, UnknownCoordSys, BadValue
        As :func:`gridmap.coverage.incoming.prepare_import`.
    """
    system, _ = choose_coord_sys(layer.crs, coord_sys)
    shaped = only_polygons(layer.geometry)
    check_plausible(shapely.total_bounds(shaped.geometry), system)
    codes, names = _codes_and_names(layer, columns)
    level = level or "area"
    areas = [
        Area(-1, level, code, name, provisional=provisional)
        for code, name, provisional in zip(codes.code, names, codes.provisional, strict=True)
    ]
    coverage = Coverage.build(layer.layer_name, Levels([level]), areas, shaped.geometry)
    return worst_first(_audit(coverage, Ruler(system), min_area_m2))


def _codes_and_names(layer: Layer, columns: ColumnMap | None) -> tuple[Codes, list[str]]:
    code = name = None
    if columns is not None:
        code = None if columns.code is None else find_column(layer, columns.code)
        name = None if columns.name is None else find_column(layer, columns.name)
    else:
        code = next((c for c in layer.columns if _CODE_COLUMNS.fullmatch(c)), None)
    names = [""] * len(layer)
    if name is not None:
        names = [clean_name(v) for v in layer.frame[name].tolist()]
    if code is None:
        return Codes([f"#{n}" for n in range(1, len(layer) + 1)], [False] * len(layer), []), names
    return assign_codes(layer.frame[code].tolist()), names


def _audit(coverage: Coverage, ruler: Ruler, min_area_m2: float) -> list[Fault]:
    atoms = coverage.atoms
    polygons = polygonal(coverage.geometry[atoms])
    subject = Subject(coverage, atoms, polygons, ruler, min_area_m2)
    faces = audit_faces(polygons)
    return [
        *_shape_faults(coverage, ruler),
        *overlap_faults(subject, faces),
        *hole_faults(subject, faces),
        *nesting_faults(subject, faces.outline),
        *code_faults(coverage, ruler),
        *name_faults(coverage, ruler),
    ]


def _shape_faults(coverage: Coverage, ruler: Ruler) -> list[Fault]:
    """Atoms without a polygon, and polygons that are not valid, with the place."""
    geometry = coverage.geometry
    is_atom = np.isin(np.arange(len(coverage)), coverage.atoms)
    void = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    out = []
    for row in np.flatnonzero(void & is_atom).tolist():
        text = f"{label(coverage, row)} has no polygon; no point can lie in it."
        out.append(area_fault("empty_geometry", "error", coverage, row, text))
    for row in np.flatnonzero(~void & ~shapely.is_valid(geometry)).tolist():
        reason = str(shapely.is_valid_reason(geometry[row]))
        place = _place_of_reason(reason, geometry[row], ruler)
        text = f"{label(coverage, row)} is not a valid polygon: {_PLACE.sub('', reason)}."
        severity: Severity = "error" if is_atom[row] else "warning"
        out.append(area_fault("invalid_geometry", severity, coverage, row, text, place))
    return out


def _place_of_reason(
    reason: str, geometry: shapely.Geometry, ruler: Ruler
) -> tuple[float | None, float | None]:
    found = _PLACE.search(reason)
    if found:
        x, y = float(found[1]), float(found[2])
    else:
        x, y = shapely.get_coordinates(geometry)[0]
    lon, lat = ruler.lonlat(np.array([x]), np.array([y]))
    return number(lon[0]), number(lat[0])
