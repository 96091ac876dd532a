"""A coverage against a reference: an outline, or another layer, of the same place."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.auditing.face_faults import SLIVER_WIDTH_M, Subject
from gridmap.coverage.auditing.faces import Faces, audit_faces, neighbours
from gridmap.coverage.auditing.faults import (
    Fault,
    area_fault,
    label,
    number,
    places_of,
    share_text,
    size_text,
)
from gridmap.coverage.datum.compare import against_faults
from gridmap.coverage.measure import Measured, Ruler
from gridmap.coverage.overlaps import has_shape, polygonal
from gridmap.crs import normalise_name, transform_geometry
from gridmap.i18n import Saying, by_language

__all__ = ["Reference", "reference_faults"]

Geometries = NDArray[np.object_]
Rows = NDArray[np.int64]

# Codes are compared when so much of the reference's is found at one level: else the two
# layers are of different things, such as precincts and the blocks they are made of.
_SAME_CODES_SHARE = 0.5

# A reference is of a coarser level when its areas are so many times as large, and so many of the
# atoms lie in one of them: else it is another division of the place, or a former one.
_COARSER = 2.0
_NESTED_SHARE = 0.5

# What is straight elsewhere is not in these: of a border of a kilometre in BD-09 the middle lies
# a metre aside, and corners alone are converted. So layers are compared as they would be stored.
_BENT = {"gcj02", "bd09"}


@dataclass(frozen=True, eq=False)
class Reference:
    """What a coverage is held against.

    Attributes
    ----------
    name : str
        Of the layer, for texts.
    geometry : object (m,)
        Its polygons, as read; other rows empty or None.
    coord_sys : str
        The system they are in.
    codes : tuple of str or None
        A code a row; None when the layer has no column for one.
    """

    name: str
    geometry: Geometries
    coord_sys: str
    codes: tuple[str, ...] | None = None


def reference_faults(subject: Subject, faces: Faces, reference: Reference) -> list[Fault]:
    """Return what a coverage misses of a reference, what lies beyond it, and whose it is.

    Parameters
    ----------
    subject : Subject
    faces : Faces
        Of its atoms.
    reference : Reference
        Brought into the coordinates of the subject for comparing; of GCJ-02 and BD-09, into
        EPSG:4326, as the subject is.

    Returns
    -------
    list of Fault
        Warnings: ``missing_area``, an area of the reference that no atom holds, by its code,
        or without codes a place within the reference, with the nearest atoms';
        ``partly_missing``, an area of which some is not covered; ``beyond_outline``, one an
        atom; ``straddles``, an atom that reaches from its area of a coarser reference into
        another; ``code_missing`` and ``code_extra``. Information: ``outline_differs``, how much
        is thinner than 0.1 m or too small. When the two lie in different systems there is
        ``wrong_datum`` alone: every border would differ.
    """
    keep = has_shape(reference.geometry)
    shapes = reference.geometry[keep]
    shifted = _wrong_datum(subject, reference, shapes)
    if any(fault.kind == "wrong_datum" for fault in shifted):
        return shifted
    if normalise_name(subject.ruler.coord_sys) in _BENT:
        subject = _as_stored(subject)
        faces = audit_faces(subject.polygons)
    polygons = polygonal(_in_system(shapes, reference.coord_sys, subject.ruler.coord_sys))
    of_row = np.flatnonzero(keep)
    return [
        *shifted,
        *_missing(subject, faces, reference, polygons, of_row),
        *_beyond(subject, reference, polygons),
        *_straddling(subject, reference, polygons, of_row),
        *_code_differences(subject, reference),
    ]


def _as_stored(subject: Subject) -> Subject:
    coverage, ruler = subject.coverage, subject.ruler
    return replace(
        subject,
        coverage=replace(coverage, geometry=ruler.stored(coverage.geometry)),
        polygons=polygonal(ruler.stored(subject.polygons)),
        ruler=Ruler(),
    )


def _wrong_datum(subject: Subject, reference: Reference, shapes: Geometries) -> list[Fault]:
    level = subject.coverage.levels.finest.name
    stored = _in_system(shapes, reference.coord_sys, "wgs84")
    system = subject.ruler.coord_sys
    own = "wgs84" if system == "EPSG:4326" else system
    found = against_faults(subject.ruler.stored(subject.polygons), own, polygonal(stored))
    return [
        Fault(f.kind, f.severity, f.level or level, f.codes, f.area_m2, f.lon, f.lat, f.said)
        for f in found
    ]


def _in_system(geometry: Geometries, source: str, target: str) -> Geometries:
    source, target = normalise_name(source), normalise_name(target)
    same = source == target or {source, target} == {"wgs84", "cgcs2000"}
    return geometry if same else transform_geometry(geometry, source, target)


def _missing(
    subject: Subject, faces: Faces, reference: Reference, polygons: Geometries, of_row: Rows
) -> list[Fault]:
    cover = _covered(faces)
    at, rest = _beyond_of(polygons, cover)
    if reference.codes is None:  # an outline: each place by itself
        rest, part_of = shapely.get_parts(rest, return_index=True)
        at = at[part_of]
    size = subject.ruler.measure(rest)
    real = _is_real(subject, size)
    stored = subject.ruler.stored(rest)
    # Reports are points: an area is missed when the point that stands for it is.
    missed = ~shapely.intersects(cover, shapely.point_on_surface(polygons[at]))
    beside = _nearest(subject, rest, np.flatnonzero(real))
    out = []
    for i, rows in beside.items():
        code = reference.codes[of_row[at[i]]] if reference.codes else ""
        share = min(rest[i].area / polygons[at[i]].area, 1.0)
        values = {
            "size": share_text(size_text(size.area_m2[i], size.width_m[i]), share),
            "code": code,
            "reference": reference.name,
            "near": tuple(label(subject.coverage, r) for r in rows[:3]) or Saying("fault.nothing"),
        }
        said = Saying("fault.not_covered_area" if code else "fault.not_covered", values)
        codes = (code,) if code else tuple(str(subject.coverage.code[r]) for r in rows)
        kind = "missing_area" if missed[i] or not code else "partly_missing"
        out.append(_fault(kind, subject, codes, size, i, said, stored[i]))
    return out + _thin(subject, size, ~real, "fault.thin_uncovered", reference)


def _beyond(subject: Subject, reference: Reference, polygons: Geometries) -> list[Fault]:
    at, rest = _beyond_of(subject.polygons, _covered(audit_faces(polygons)))
    size = subject.ruler.measure(rest)
    real = _is_real(subject, size)
    stored = subject.ruler.stored(rest)
    out = []
    for i in np.flatnonzero(real).tolist():
        row = int(subject.atoms[at[i]])
        share = min(rest[i].area / subject.polygons[at[i]].area, 1.0)
        values = {
            "area": label(subject.coverage, row),
            "reference": reference.name,
            "size": share_text(size_text(size.area_m2[i], size.width_m[i]), share),
        }
        said = Saying("fault.beyond_outline", values)
        codes = (str(subject.coverage.code[row]),)
        out.append(_fault("beyond_outline", subject, codes, size, i, said, stored[i]))
    return out + _thin(subject, size, ~real, "fault.thin_beyond", reference)


def _straddling(
    subject: Subject, reference: Reference, polygons: Geometries, of_row: Rows
) -> list[Fault]:
    """Return atoms of which some lies in another area of a coarser reference than the most."""
    atom, area = shapely.STRtree(polygons).query(subject.polygons, predicate="intersects")
    met = np.unique(area)
    if len(met) < 2 or _size(polygons[met]) < _COARSER * _size(subject.polygons):
        return []
    part = shapely.intersection(subject.polygons[atom], polygons[area])
    shared = shapely.area(part)
    # The largest share of each atom first; of equal ones the first area of the reference.
    order = np.lexsort((area, -shared, atom))
    atom, area, part = atom[order], area[order], part[order]
    at, first = np.unique(atom, return_index=True)
    main = np.full(len(subject.polygons), -1, dtype=np.int64)
    main[at] = area[first]
    pairs = np.delete(np.arange(len(atom)), first)
    rest = polygonal(shapely.difference(part[pairs], polygons[main[atom[pairs]]]))
    keep = ~shapely.is_empty(rest)
    pairs, rest = pairs[keep], rest[keep]
    size = subject.ruler.measure(rest)
    real = np.flatnonzero(_is_real(subject, size))
    if len(np.unique(atom[pairs[real]])) > _NESTED_SHARE * len(at):
        return []
    stored = subject.ruler.stored(rest)
    out = []
    for i in real.tolist():
        own = int(atom[pairs[i]])
        row = int(subject.atoms[own])
        share = min(rest[i].area / subject.polygons[own].area, 1.0)
        values = {
            "area": label(subject.coverage, row),
            "reference": reference.name,
            "main": _called(reference, int(of_row[main[own]])),
            "other": _called(reference, int(of_row[area[pairs[i]]])),
            "size": share_text(size_text(size.area_m2[i], size.width_m[i]), share),
        }
        codes = (str(subject.coverage.code[row]),)
        said = Saying("fault.straddles", values)
        out.append(_fault("straddles", subject, codes, size, i, said, stored[i]))
    return out


def _size(polygons: Geometries) -> float:
    return float(np.median(shapely.area(polygons)))


def _called(reference: Reference, row: int) -> str:
    """An area of a reference by its code, or by its number where it has none."""
    return (reference.codes[row] if reference.codes else "") or f"#{row + 1}"


def _covered(faces: Faces) -> shapely.Geometry:
    return shapely.difference(faces.outline, shapely.union_all(faces.holes))


def _beyond_of(polygons: Geometries, cover: shapely.Geometry) -> tuple[Rows, Geometries]:
    """Which polygons are not within `cover`, and what of each is not."""
    shapely.prepare(cover)
    at = np.flatnonzero(~shapely.covers(cover, polygons))
    rest = polygonal(shapely.difference(polygons[at], cover))
    keep = ~shapely.is_empty(rest)
    return at[keep], rest[keep]


def _is_real(subject: Subject, size: Measured) -> NDArray[np.bool_]:
    return (size.area_m2 >= subject.min_area_m2) & (size.width_m >= SLIVER_WIDTH_M)


def _nearest(subject: Subject, places: Geometries, wanted: Rows) -> dict[int, list[int]]:
    """Atoms (rows of the coverage) along each place, else the one nearest to it."""
    out = {}
    tree = shapely.STRtree(subject.polygons)
    for i, beside in zip(
        wanted.tolist(), neighbours(places[wanted], subject.polygons), strict=True
    ):
        near = tree.nearest(places[i]) if not beside else None
        found = beside if near is None else [int(near)]
        out[i] = [int(subject.atoms[a]) for a in found]
    return out


def _thin(
    subject: Subject, size: Measured, small: NDArray[np.bool_], key: str, reference: Reference
) -> list[Fault]:
    at = np.flatnonzero(small)
    if not len(at):
        return []
    largest = at[np.argmax(size.area_m2[at])]
    total = float(size.area_m2[at].sum())
    values = {"n": len(at), "total": f"{total:.3g}", "reference": reference.name}
    said = Saying(key, values)
    lon, lat = number(size.lon[largest]), number(size.lat[largest])
    level = subject.coverage.levels.finest.name
    return [Fault("outline_differs", "info", level, (), total, lon, lat, said)]


def _fault(
    kind: str,
    subject: Subject,
    codes: tuple[str, ...],
    size: Measured,
    i: int,
    said: Saying,
    geometry: shapely.Geometry,
) -> Fault:
    level = subject.coverage.levels.finest.name
    lon, lat = number(size.lon[i]), number(size.lat[i])
    return Fault(kind, "warning", level, codes, float(size.area_m2[i]), lon, lat, said, geometry)


def _code_differences(subject: Subject, reference: Reference) -> list[Fault]:
    """Codes that only one of the two has, where they are codes of the same things."""
    coverage = subject.coverage
    wanted = set(reference.codes or ()) - {""}
    best, shared = -1, 0
    for rank in range(len(coverage.levels)):
        found = len(wanted & set(coverage.code[coverage.rank == rank].tolist()))
        if found > shared:
            best, shared = rank, found
    if not wanted or shared < _SAME_CODES_SHARE * len(wanted):
        return []
    level, label_zh = coverage.levels[best].name, coverage.levels[best].label
    rows = np.flatnonzero((coverage.rank == best) & ~coverage.hidden)
    have = {str(coverage.code[row]): int(row) for row in rows}
    out = []
    for code in sorted(wanted - set(have)):
        what = {"level": by_language(label_zh, level), "code": code, "reference": reference.name}
        said = Saying("fault.code_missing", what)
        out.append(Fault("code_missing", "warning", level, (code,), None, None, None, said))
    extra = [have[code] for code in sorted(set(have) - wanted)]
    for row, place in zip(extra, places_of(coverage, subject.ruler, extra), strict=True):
        values = {"area": label(coverage, row), "reference": reference.name}
        said = Saying("fault.code_extra", values)
        out.append(area_fault("code_extra", "warning", coverage, row, said, place))
    return out
