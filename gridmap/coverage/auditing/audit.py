"""What is wrong with a coverage, exactly where, and whose it is: `gridmap check`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely

from gridmap.areas import Area, Levels
from gridmap.coverage.auditing.against import Reference, reference_faults
from gridmap.coverage.auditing.code_faults import code_faults
from gridmap.coverage.auditing.face_faults import Subject, hole_faults, overlap_faults
from gridmap.coverage.auditing.faces import audit_faces
from gridmap.coverage.auditing.faults import Fault, area_fault, label, number, worst_first
from gridmap.coverage.auditing.islands import island_faults
from gridmap.coverage.auditing.name_faults import name_faults
from gridmap.coverage.auditing.nesting import nesting_faults
from gridmap.coverage.codes import Codes, assign_codes
from gridmap.coverage.importing.columns import (
    ColumnMap,
    chosen_columns,
    column_names,
    column_values,
    find_column,
)
from gridmap.coverage.measure import Ruler
from gridmap.coverage.model import Coverage
from gridmap.coverage.notes import ImportNote, Severity
from gridmap.coverage.overlaps import polygonal
from gridmap.coverage.reading.read import Layer
from gridmap.coverage.reading.shaping import (
    check_plausible,
    choose_coord_sys,
    only_polygons,
    zone_named,
)
from gridmap.i18n import Saying, by_language

__all__ = [
    "Fault",
    "LayerCoverage",
    "audit",
    "audit_layer",
    "audit_layer_coverage",
    "has_faults",
    "layer_coverage",
    "layer_reference",
]

_PLACE = re.compile(r"\[(\S+) (\S+)\]\s*$")
# The words of GEOS for what makes a polygon invalid.
_REASONS = {
    "Self-intersection": "自相交",
    "Ring Self-intersection": "环自相交",
    "Hole lies outside shell": "洞在外环之外",
    "Holes are nested": "洞中有洞",
    "Nested shells": "外环相套",
    "Interior is disconnected": "内部不连通",
    "Duplicate Rings": "环重复",
    "Too few points in geometry component": "点数不足",
    "Invalid Coordinate": "坐标无效",
    "Ring is not closed": "环未闭合",
}
# Notes of an import that the audit tells area by area.
_TOLD = {"blank_code", "duplicate_code"}


@dataclass(frozen=True, eq=False)
class LayerCoverage:
    """A layer of a file as a coverage of one level, in the file's own coordinates.

    Attributes
    ----------
    coverage : Coverage
    ruler : Ruler
        Of its coordinates.
    has_codes : bool
        False when no column looks like a code and rows are called by their number.
    has_names : bool
        False when no column looks like a name.
    notes : tuple of ImportNote
        What reading the layer, its coordinates, polygons, columns and codes had to report.
    """

    coverage: Coverage
    ruler: Ruler
    has_codes: bool
    has_names: bool
    notes: tuple[ImportNote, ...]

    def stored(self) -> Coverage:
        """Return the coverage in EPSG:4326; `BadValue` when it cannot be in its system."""
        geometry = self.coverage.geometry
        with zone_named(geometry, self.ruler.coord_sys):
            return replace(self.coverage, geometry=self.ruler.stored(geometry))


def audit(
    coverage: Coverage, *, min_area_m2: float = 1.0, against: Reference | None = None
) -> list[Fault]:
    """Return everything that is wrong with a coverage, the worst first.

    Parameters
    ----------
    coverage : Coverage
        A draft or a published edition.
    min_area_m2 : float
        Overlaps and gaps below this are information; nesting faults below it are counted.
    against : Reference, optional
        An outline, or another layer of the same place, to compare with: adds the kinds of
        :func:`gridmap.coverage.auditing.against.reference_faults`.

    Returns
    -------
    list of Fault
        Empty for a clean coverage and for one without rows. Kinds, by severity:

        error (publishing is refused unless the faults are accepted with a reason)
            ``overlap``, ``gap`` (a hole that a declared parent covers, or one too narrow or
            too long to be an enclave), ``invalid_geometry`` and ``empty_geometry`` of an atom,
            ``missing_parent``, ``parent_unknown`` (the parent named does not exist).
        warning
            ``sliver_overlap`` and ``sliver_gap`` (narrower than 0.1 m), ``blank_code``,
            ``duplicate_code``, ``code_shape`` and ``two_code_systems`` (codes built unlike
            the others of their level), ``prefix_not_parent``, ``blank_name``, ``mojibake``,
            ``same_name`` (under one parent), ``detached_part`` (a shred apart from its area),
            ``outside_parent`` (part of a child outside its parent's declared polygon),
            ``parent_disagrees`` (most of it), ``parent_not_covered`` (part of a declared
            polygon that no atom covers), ``invalid_geometry`` of a declared polygon.
        info
            ``enclave?`` (a hole that no declared parent covers), ``island`` (an area in
            several parts), ``sliver_overlap`` and ``sliver_gap`` below `min_area_m2` (what
            is mere rounding in one line when it is in twenty places or more),
            ``levels_drawn_apart`` (how many slivers lie between the borders of levels that
            were simplified apart), ``no_children``, ``similar_name``, ``same_name`` where
            names are not meant to tell areas apart, ``blank_name`` of a level without names.

        `gridmap check` exits with 1 when there is any error or warning.
    """
    return worst_first(_audit(coverage, Ruler(), min_area_m2, against))


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
    against: Reference | None = None,
) -> list[Fault]:
    """Audit a layer as it stands in a file, in its own coordinates.

    Parameters
    ----------
    layer : Layer
    level : str, optional
        For the report; ``area`` when left out.
    columns : ColumnMap, optional
        Which column holds the code and the name. Without them those are taken that look like
        it, see :func:`gridmap.coverage.importing.columns.chosen_columns`; without a code rows
        are named ``#1``, ``#2``, ...
    coord_sys, min_area_m2, against
        As for import and :func:`audit`.

    Returns
    -------
    list of Fault
        As :func:`audit`; parents are not looked at. Rows without a polygon are
        ``empty_geometry``.

    Raises
    ------
    MissingColumn, UnknownCoordSys, BadValue
        As :func:`gridmap.coverage.importing.incoming.prepare_import`.
    """
    found = layer_coverage(layer, level, columns=columns, coord_sys=coord_sys)
    return audit_layer_coverage(found, min_area_m2=min_area_m2, against=against)


def audit_layer_coverage(
    found: LayerCoverage, *, min_area_m2: float = 1.0, against: Reference | None = None
) -> list[Fault]:
    """Audit a layer that :func:`layer_coverage` returned; see :func:`audit_layer`."""
    told = {"has_codes": found.has_codes, "has_names": found.has_names}
    return worst_first(_audit(found.coverage, found.ruler, min_area_m2, against, **told))


def layer_coverage(
    layer: Layer,
    level: str | None = None,
    *,
    columns: ColumnMap | None = None,
    code: str | None = None,
    name: str | None = None,
    coord_sys: str | None = None,
) -> LayerCoverage:
    """Return a layer as a coverage of one level, in its own coordinates.

    Parameters
    ----------
    layer, level, columns, coord_sys
        As for :func:`audit_layer`, which has the errors, too.
    code, name : str, optional
        One of the columns alone, where the other is still to be found.
    """
    system, notes = choose_coord_sys(layer.crs, coord_sys)
    shaped = only_polygons(layer.geometry)
    check_plausible(shapely.total_bounds(shaped.geometry), system)
    taken: list[ImportNote] = []
    if columns is None:
        columns, taken = chosen_columns(layer, code, name)
    codes, names = _codes_and_names(layer, columns)
    level = level or "area"
    numbered = [f"#{n}" for n in range(1, len(layer) + 1)]
    areas = [
        Area(-1, level, of_row, called, provisional=provisional)
        for of_row, called, provisional in zip(
            codes.code if codes else numbered,
            names,
            codes.provisional if codes else [False] * len(layer),
            strict=True,
        )
    ]
    coverage = Coverage.build(layer.layer_name, Levels([level]), areas, shaped.geometry)
    of_codes = [note for note in codes.notes if note.kind not in _TOLD] if codes else []
    return LayerCoverage(
        coverage,
        Ruler(system),
        codes is not None,
        columns.name is not None,
        (*layer.notes, *notes, *shaped.notes, *taken, *of_codes),
    )


def layer_reference(layer: Layer, *, coord_sys: str | None = None) -> Reference:
    """Return a layer as what another is held against; errors as of :func:`audit_layer`."""
    system, _ = choose_coord_sys(layer.crs, coord_sys)
    shaped = only_polygons(layer.geometry)
    check_plausible(shapely.total_bounds(shaped.geometry), system)
    codes, _ = _codes_and_names(layer, chosen_columns(layer)[0])
    named = None if codes is None else tuple(codes.code)
    return Reference(layer.layer_name, shaped.geometry, system, named)


def _codes_and_names(layer: Layer, columns: ColumnMap) -> tuple[Codes | None, list[str]]:
    for column in (columns.code, columns.name):
        if column is not None:
            find_column(layer, column)
    codes = column_values(layer, columns.code)
    names = column_names(layer, columns.name, np.arange(len(layer)))
    return (None if codes is None else assign_codes(codes)), names


def _audit(
    coverage: Coverage,
    ruler: Ruler,
    min_area_m2: float,
    against: Reference | None = None,
    *,
    has_codes: bool = True,
    has_names: bool = True,
) -> list[Fault]:
    atoms = coverage.atoms
    polygons = polygonal(coverage.geometry[atoms])
    subject = Subject(coverage, atoms, polygons, ruler, min_area_m2)
    faces = audit_faces(polygons)
    return [
        *([] if against is None else reference_faults(subject, faces, against)),
        *_shape_faults(coverage, ruler),
        *overlap_faults(subject, faces),
        *hole_faults(subject, faces),
        *nesting_faults(subject, faces),
        *island_faults(subject),
        *(code_faults(coverage, ruler) if has_codes else []),
        *(name_faults(coverage, ruler) if has_names else []),
    ]


def _shape_faults(coverage: Coverage, ruler: Ruler) -> list[Fault]:
    """Atoms without a polygon, and polygons that are not valid, with the place."""
    geometry = coverage.geometry
    is_atom = np.isin(np.arange(len(coverage)), coverage.atoms)
    void = shapely.is_missing(geometry) | shapely.is_empty(geometry)
    out = []
    for row in np.flatnonzero(void & is_atom).tolist():
        said = Saying("fault.empty_geometry", {"area": label(coverage, row)})
        out.append(area_fault("empty_geometry", "error", coverage, row, said))
    for row in np.flatnonzero(~void & ~shapely.is_valid(geometry)).tolist():
        reason = str(shapely.is_valid_reason(geometry[row]))
        place = _place_of_reason(reason, geometry[row], ruler)
        said = Saying("fault.invalid_geometry", {"area": label(coverage, row), "why": _why(reason)})
        severity: Severity = "error" if is_atom[row] else "warning"
        out.append(area_fault("invalid_geometry", severity, coverage, row, said, place))
    return out


def _why(reason: str) -> Mapping[str, str]:
    """What GEOS says is wrong with a polygon, in each language; unknown words as they are."""
    word = _PLACE.sub("", reason)
    return by_language(_REASONS.get(word, word), word)


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
