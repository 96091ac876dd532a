"""A fault of a coverage: what, how bad, whose, where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from gridmap.coverage.measure import Measured, Ruler
from gridmap.coverage.model import Coverage
from gridmap.coverage.notes import Severity
from gridmap.i18n import Saying, by_language

__all__ = [
    "Fault",
    "area_fault",
    "label",
    "measured_fault",
    "number",
    "places_of",
    "share_text",
    "size_text",
    "worst_first",
]

_ORDER = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """One finding of the audit.

    Attributes
    ----------
    kind : str
        A stable word for programs; see :func:`gridmap.coverage.auditing.audit.audit`.
    severity : {"error", "warning", "info"}
        ``error`` stops publishing unless it is accepted with a reason; ``error`` and
        ``warning`` are faults; ``info`` is none.
    level : str
        Level of the areas concerned.
    codes : tuple of str
        Owners of an overlap, neighbours of a gap (longest border first), or the area.
    area_m2 : float or None
    lon, lat : float or None
        A point in the faulty place, EPSG:4326.
    said : Saying
        One sentence for people, in any language.
    geometry : geometry or None
        The faulty place, EPSG:4326. Not part of the JSON.
    """

    kind: str
    severity: Severity
    level: str
    codes: tuple[str, ...]
    area_m2: float | None
    lon: float | None
    lat: float | None
    said: Saying
    geometry: shapely.Geometry | None = field(default=None, repr=False)

    @property
    def text(self) -> str:
        """The sentence in English."""
        return self.said.say("en")

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Return the fault as JSON-able data, its sentence in `lang`, without its geometry."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "level": self.level,
            "codes": list(self.codes),
            "area_m2": None if self.area_m2 is None else round(self.area_m2, 6),
            "lon": None if self.lon is None else round(self.lon, 7),
            "lat": None if self.lat is None else round(self.lat, 7),
            "text": self.said.say(lang),
        }


def worst_first(faults: Iterable[Fault]) -> list[Fault]:
    """Order faults: errors first, then by kind, the largest first, then by codes."""
    return sorted(
        faults, key=lambda f: (_ORDER[f.severity], f.kind, -(f.area_m2 or 0.0), f.level, f.codes)
    )


def area_fault(
    kind: str,
    severity: Severity,
    coverage: Coverage,
    row: int,
    said: Saying,
    lonlat: tuple[float | None, float | None] = (None, None),
) -> Fault:
    """Return a fault of one area as a whole, at `lonlat`."""
    level = coverage.levels[int(coverage.rank[row])].name
    return Fault(kind, severity, level, (str(coverage.code[row]),), None, *lonlat, said)


def measured_fault(
    kind: str,
    severity: Severity,
    coverage: Coverage,
    rows: Sequence[int],
    size: Measured,
    i: int,
    said: Saying,
    geometry: shapely.Geometry,
) -> Fault:
    """Return a fault of some areas of one level, with the size and place of the `i`-th piece."""
    return Fault(
        kind=kind,
        severity=severity,
        level=coverage.levels[int(coverage.rank[rows[0]])].name,
        codes=tuple(str(coverage.code[r]) for r in rows),
        area_m2=float(size.area_m2[i]),
        lon=number(size.lon[i]),
        lat=number(size.lat[i]),
        said=said,
        geometry=geometry,
    )


def places_of(
    coverage: Coverage, ruler: Ruler, rows: Sequence[int]
) -> list[tuple[float | None, float | None]]:
    """Return a point inside each area, EPSG:4326; (None, None) where it has no polygon.

    Of an area with children it is one in its first atom with a polygon: no union is made.
    """
    atoms = coverage.atoms
    shape = coverage.geometry[atoms]
    shown = ~(shapely.is_missing(shape) | shapely.is_empty(shape))
    first = np.full(len(coverage), -1, dtype=np.int64)
    line = np.column_stack([coverage.ancestors[atoms[shown]], atoms[shown]])[::-1]
    for above in line.T:
        first[above[above >= 0]] = line[above >= 0, -1]
    source = first[np.asarray(rows, dtype=np.int64)]
    points = np.full((len(source), 2), np.nan)
    known = source >= 0
    inside = shapely.point_on_surface(coverage.geometry[source[known]])
    # Of a broken polygon there may be none.
    there = ~shapely.is_empty(inside)
    points[np.flatnonzero(known)[there]] = shapely.get_coordinates(inside[there])
    lon, lat = ruler.lonlat(points[:, 0], points[:, 1])
    return [(number(x), number(y)) for x, y in zip(lon, lat, strict=True)]


def label(coverage: Coverage, row: int) -> Saying:
    """Name an area in a message: its level, its code and, if it has one, its name."""
    level = coverage.levels[int(coverage.rank[row])]
    code, name = str(coverage.code[row]), str(coverage.name[row])
    values = {"level": by_language(level.label, level.name), "code": code, "name": name}
    return Saying("fault.area_named" if name else "fault.area", values)


def number(value: float) -> float | None:
    """Return a finite number as a float, anything else as None."""
    return float(value) if np.isfinite(value) else None


def size_text(area_m2: float, width_m: float) -> Saying:
    """Put an area and a mean width into words."""
    area = f"{area_m2:,.0f}" if area_m2 >= 100 else f"{area_m2:.3g}"
    width = f"{width_m:,.0f}" if width_m >= 100 else f"{width_m:.2g}"
    return Saying("fault.size", {"area": area, "width": width})


def share_text(size: Saying, share: float, digits: int = 1) -> Saying:
    """Put an area and the share that it is of something into words."""
    return Saying("fault.size_share", {"size": size, "share": f"{share:.{digits}%}"})
