"""The part of a parent that no child covers: its remainder, an atom that the parent answers for.

A remainder is an area of the children's level and of the kind ``remainder``. It holds ground,
so that no point of the parent is lost, and has nothing to say of its own: what lies in it is
in the parent, and the finer levels stay empty (see :attr:`Coverage.answering`). Only what is
a place becomes one. Where two levels were drawn apart their borders differ by slivers, which
are faults for the audit to show.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.areas import Area, Levels, provisional_code
from gridmap.coverage.auditing.face_faults import ENCLAVE_COMPACTNESS, ENCLAVE_WIDTH_M
from gridmap.coverage.auditing.faults import size_text
from gridmap.coverage.measure import Ruler
from gridmap.coverage.model import Coverage
from gridmap.coverage.notes import ImportNote
from gridmap.coverage.overlaps import has_shape, polygonal

__all__ = ["Remainders", "find_remainders", "is_remainder", "not_made_anew"]

# Wider than this, on average over its length, a strip is no disagreement of two pencils.
STRIP_WIDTH_M = 20.0

_NONE = 0  # the number of a remainder's code: areas without a code begin with 1


@dataclass(frozen=True, eq=False)
class Remainders:
    """Remainders of the parents of one import.

    Attributes
    ----------
    areas : list of Area
        One a parent, of the level imported, ids -1.
    geometry : object (n,)
        EPSG:4326; several parts are one MultiPolygon.
    notes : list of ImportNote
    """

    areas: list[Area]
    geometry: NDArray[np.object_]
    notes: list[ImportNote]


def is_remainder(area: Area) -> bool:
    """True for an area that stands for the rest of its parent."""
    return area.kind == "remainder" and area.parent_code is not None


def find_remainders(
    areas: Sequence[Area],
    geometry: NDArray[np.object_],
    *,
    level: str,
    levels: Levels,
    existing: Coverage | None,
) -> Remainders:
    """Return what the areas of a level leave uncovered of their parents' declared polygons.

    Parameters
    ----------
    areas, geometry
        The level as it comes in, linked to its parents; EPSG:4326.
    level, levels
        The level imported and all of them.
    existing : Coverage or None
        What the edition holds so far.

    Returns
    -------
    Remainders
        None of a parent without children, for it is an atom itself; nor without a declared
        polygon, for nothing says how far it reaches; nor with a child that comes without a
        polygon, for nobody knows what that covers. Where declared polygons overlap, the
        ground falls to the parent whose code comes first.
    """
    nothing = Remainders([], np.empty(0, dtype=object), [])
    if existing is None or not len(existing):
        return nothing
    coarser = existing.only(existing.rank < levels.rank(level))
    parents = _parents_of(areas, coarser)
    parents = parents[_says_how_far(areas, geometry, coarser)[parents]]
    if not len(parents):
        return nothing
    declared = polygonal(coarser.geometry[parents])
    rests = _rests(declared, _held(areas, geometry, coarser))
    taken = {area.code for area in areas}
    made, shapes, details = [], [], []
    for parent, whole, rest in zip(parents.tolist(), declared, rests, strict=True):
        if rest is None:
            continue
        above = coarser.area(parent)
        made.append(_area(above, level, taken))
        shapes.append(rest)
        size = Ruler().measure(np.array([rest], dtype=object))
        details.append(
            {
                "code": made[-1].code,
                "parent": above.code,
                "area_m2": round(float(size.area_m2[0]), 1),
                "share": round(rest.area / whole.area, 6),
                "lon": round(float(size.lon[0]), 7),
                "lat": round(float(size.lat[0]), 7),
            }
        )
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return Remainders(made, out, _notes(made, out, details, level))


def not_made_anew(
    areas: Sequence[Area],
    geometry: NDArray[np.object_],
    *,
    level: str,
    levels: Levels,
    existing: Coverage | None,
) -> list[bool]:
    """Return which areas are remainders of parents whose rest :func:`find_remainders` cannot tell.

    Their ground would be nobody's without them.
    """
    if existing is None or not len(existing):
        return [is_remainder(area) for area in areas]
    coarser = existing.only(existing.rank < levels.rank(level))
    told = {
        (coarser.levels[int(coarser.rank[row])].name, coarser.code[row])
        for row in np.flatnonzero(_says_how_far(areas, geometry, coarser))
    }
    return [is_remainder(a) and (a.parent_level, a.parent_code) not in told for a in areas]


def _says_how_far(
    areas: Sequence[Area], geometry: NDArray[np.object_], coarser: Coverage
) -> NDArray[np.bool_]:
    """True for areas above that have a declared polygon, and no child that comes without one."""
    says: NDArray[np.bool_] = has_shape(coarser.geometry)
    unknown = [a for a, shape in zip(areas, has_shape(geometry), strict=True) if not shape]
    says[_parents_of(unknown, coarser)] = False
    return says


def _parents_of(areas: Sequence[Area], coarser: Coverage) -> NDArray[np.int64]:
    """Rows of the areas that have children among those that come in."""
    named = {(a.parent_level, a.parent_code) for a in areas if not is_remainder(a)}
    found = [
        row
        for row in range(len(coarser))
        if (coarser.levels[int(coarser.rank[row])].name, coarser.code[row]) in named
    ]
    return np.array(found, dtype=np.int64)


def _held(
    areas: Sequence[Area], geometry: NDArray[np.object_], coarser: Coverage
) -> NDArray[np.object_]:
    """Polygons that answer beside the remainders: what comes in, and childless areas above."""
    has_child = np.zeros(len(coarser), dtype=bool)
    has_child[_parents_of(areas, coarser)] = True
    alone = np.setdiff1d(coarser.atoms, np.flatnonzero(has_child))
    held: NDArray[np.object_] = polygonal(np.concatenate([geometry, coarser.geometry[alone]]))
    return held[has_shape(held)]


def _rests(declared: NDArray[np.object_], held: NDArray[np.object_]) -> list[shapely.Geometry]:
    """What is left of each declared polygon, places only; None where nothing is."""
    parent, piece = shapely.STRtree(held).query(declared, predicate="intersects")
    near: dict[int, list[int]] = defaultdict(list)
    for p, i in zip(parent.tolist(), piece.tolist(), strict=True):
        near[p].append(i)
    out: list[shapely.Geometry] = []
    for at, whole in enumerate(declared):
        rest = shapely.difference(whole, shapely.union_all(held[near[at]]))
        for other in out:
            if other is not None and rest.intersects(other):
                rest = rest.difference(other)
        out.append(_places(rest))
    return out


def _places(rest: shapely.Geometry) -> shapely.Geometry | None:
    """Parts that are places, as one geometry; None when none is.

    A place is at least a building's plot wide and of some compactness, as an enclave is, or
    a strip so wide that it must be meant: a river, a road, a belt of fields.
    """
    parts = np.asarray(shapely.get_parts(rest), dtype=object)
    parts = parts[shapely.get_dimensions(parts) == 2]
    if not len(parts):
        return None
    size = Ruler().measure(parts)
    with np.errstate(divide="ignore", invalid="ignore"):
        # the perimeter is 2 area / width, so 4 pi area / perimeter² is:
        compactness = np.pi * size.width_m**2 / size.area_m2
    compact = (size.width_m >= ENCLAVE_WIDTH_M) & (compactness >= ENCLAVE_COMPACTNESS)
    kept = parts[compact | (size.width_m >= STRIP_WIDTH_M)]
    if not len(kept):
        return None
    return kept[0] if len(kept) == 1 else shapely.multipolygons(kept)


def _area(parent: Area, level: str, taken: set[str]) -> Area:
    number = _NONE
    while provisional_code(parent.code, number) in taken:
        number += 1
    code = provisional_code(parent.code, number)
    taken.add(code)
    return Area(
        id=-1,
        level=level,
        code=code,
        name=parent.name,
        name_en=parent.name_en,
        parent_level=parent.level,
        parent_code=parent.code,
        kind="remainder",
    )


def _notes(
    made: list[Area],
    shapes: NDArray[np.object_],
    details: list[dict[str, object]],
    level: str,
) -> list[ImportNote]:
    if not made:
        return []
    size = Ruler().measure(shapes)
    largest = int(np.argmax(size.area_m2))
    text = (
        f"{len(made)} areas above are not covered by level {level}; the rest of each becomes a"
        f" remainder that answers for it alone. The largest, of {made[largest].parent_level}"
        f" {made[largest].parent_code}, has"
        f" {size_text(size.area_m2[largest], size.width_m[largest]).say('en')}."
    )
    codes = tuple(area.code for area in made)
    return [ImportNote("remainder", "warning", text, codes=codes, details=tuple(details))]
