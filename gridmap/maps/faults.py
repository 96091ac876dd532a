"""The map of faults: what is wrong with boundaries, where, how bad, and whose it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.access import Actor, require
from gridmap.areas import Levels
from gridmap.coverage.auditing.faults import Fault
from gridmap.coverage.model import Coverage
from gridmap.coverage.overlaps import has_shape, polygonal
from gridmap.errors import BadValue
from gridmap.i18n import LANGUAGES, catalogue
from gridmap.maps.district import add_district
from gridmap.maps.document import Bounds, GridMap, MapInfo, Mode

__all__ = ["faults_data", "faults_map"]

# Told apart by lightness too, and by the form of the mark: filled, smaller, hollow.
_SEVERITIES = {"error": "#7b1e6b", "warning": "#d98a00", "info": "#2f6f9f"}

# More marks than these hide one another; the worst are drawn, and all are counted.
_MOST = 2000
# A fault that names hundreds of areas lists the first.
_MOST_CODES = 20
# Vertices of all faulty places together: what a phone draws at once.
_MOST_VERTICES = 60_000


def faults_map(
    coverage: Coverage,
    faults: Sequence[Fault],
    *,
    info: MapInfo,
    actor: Actor,
    mode: Mode = "inline",
    asset_base: str = "/assets",
) -> GridMap:
    """Return the map of an audit: the areas, the faults on them, and their list.

    Parameters
    ----------
    coverage : Coverage
        The areas examined, EPSG:4326; broken polygons are drawn mended.
    faults : sequence of Fault
        Worst first. None gives a map that says so.
    info : MapInfo
    actor : Actor

    Raises
    ------
    BadValue
        When nothing has a geometry.
    """
    require(actor, "areas")
    shapes = polygonal(coverage.geometry)
    shapes[~has_shape(shapes)] = None
    drawn = replace(coverage, geometry=shapes)
    # Named apart from the others: a document of what is wrong is nothing for the public.
    document = GridMap(
        _bounds(shapes, faults),
        info.made_for(actor),
        mode=mode,
        asset_base=asset_base,
        layout="list",
    )
    partial = False
    try:
        add_district(document, drawn)
    except BadValue:
        add_district(document, _concerned(drawn, faults[:_MOST]))
        partial = True
    document.add_data(faults_data(faults, coverage.levels, partial=partial), "gridmap.addFaults")
    return document


def faults_data(
    faults: Sequence[Fault], levels: Levels, *, partial: bool = False
) -> dict[str, Any]:
    """Return faults for ``gridmap.addFaults``.

    Parameters
    ----------
    faults : sequence of Fault
        Worst first; the first 2,000 are drawn, all are counted.
    levels : Levels
        For their labels.
    partial : bool
        Only the areas concerned are drawn beneath.
    """
    order = list(_SEVERITIES)
    severities = Counter(str(f.severity) for f in faults)
    kinds = Counter((f.severity, f.kind) for f in faults)
    number = {key: n for n, key in enumerate(kinds)}
    names = {x.name: {"zh": x.label, "en": x.label_en} for x in levels}
    rings = _rings(faults[:_MOST])
    return {
        "severities": [
            {**_named("map.fault.severity.", key), "colour": colour, "count": severities[key]}
            for key, colour in _SEVERITIES.items()
        ],
        "kinds": [
            {**_named("map.fault.kind.", kind), "kind": kind, "s": order.index(severity), "n": n}
            for (severity, kind), n in kinds.items()
        ],
        "faults": [
            _record(f, number[f.severity, f.kind], names, ring)
            for f, ring in zip(faults, rings, strict=False)
        ],
        "total": len(faults),
        "partial": partial,
    }


def _named(prefix: str, word: str) -> dict[str, str]:
    """A word in each language; a kind that has no text yet stands for itself."""
    key = prefix + word.rstrip("?")
    return {lang: catalogue(lang).get(key, word) for lang in LANGUAGES}


def _record(
    fault: Fault, kind: int, names: dict[str, dict[str, str]], rings: list[Any] | None
) -> dict[str, Any]:
    known = fault.lon is not None and fault.lat is not None
    out: dict[str, Any] = {
        "k": kind,
        "level": names.get(fault.level, {"zh": fault.level, "en": fault.level}),
        "codes": list(fault.codes[:_MOST_CODES]),
        "area": fault.area_m2,
        "at": [round(float(fault.lat or 0), 7), round(float(fault.lon or 0), 7)] if known else None,
        "text": {lang: fault.said.say(lang) for lang in LANGUAGES},
    }
    if len(fault.codes) > _MOST_CODES:
        out["more"] = len(fault.codes) - _MOST_CODES
    return out | ({"rings": rings} if rings else {})


def _rings(faults: Sequence[Fault]) -> list[list[Any] | None]:
    """Polygons as Leaflet nests them, [lat, lng]; None for what has none or comes too late."""
    out: list[list[Any] | None] = []
    left = _MOST_VERTICES
    for fault in faults:
        # A tenth of a metre is below what the closest zoom shows; the mark shows the rest.
        shape = None if fault.geometry is None else shapely.simplify(fault.geometry, 1e-6)
        left -= 0 if shape is None else shapely.get_num_coordinates(shape)
        out.append(None if shape is None or left < 0 else _nested(shape))
    return out


def _nested(shape: shapely.Geometry) -> list[Any]:
    return [
        [
            np.round(shapely.get_coordinates(ring)[:-1, ::-1], 7).tolist()
            for ring in shapely.get_rings(part)
        ]
        for part in shapely.get_parts(shape)
    ]


def _bounds(shapes: NDArray[np.object_], faults: Sequence[Fault]) -> Bounds:
    """Around the areas and what lies beyond them."""
    beyond = [f.geometry for f in faults if f.geometry is not None]
    everything = [g for g in [*shapes, *beyond] if g is not None and not g.is_empty]
    if not everything:
        raise BadValue(
            "There is nothing to draw.",
            got="no area with a polygon",
            repair="See the faults in the table, or as JSON with --json.",
        )
    west, south, east, north = (float(v) for v in shapely.total_bounds(np.array(everything)))
    return west, south, east, north


def _concerned(coverage: Coverage, faults: Sequence[Fault]) -> Coverage:
    """The atoms that the faults name: of a city with thousands of grids all are too many."""
    named = {(f.level, code) for f in faults for code in f.codes[:_MOST_CODES]}
    keep = np.zeros(len(coverage), dtype=bool)
    for row in coverage.atoms.tolist():
        level = coverage.levels[int(coverage.rank[row])].name
        keep[row] = (level, coverage.code[row]) in named
    if not keep.any():
        keep[coverage.atoms[:1]] = True
    return coverage.only(keep)
