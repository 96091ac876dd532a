"""A fault of a coverage: what, how bad, whose, where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from gridmap.coverage.model import Coverage
from gridmap.coverage.notes import Severity

__all__ = ["Fault", "area_fault", "label", "number", "size_text", "worst_first"]

_ORDER = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True, eq=False)
class Fault:
    """One finding of the audit.

    Attributes
    ----------
    kind : str
        A stable word for programs; see :func:`gridmap.coverage.audit.audit`.
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
    text : str
        One sentence for people.
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
    text: str
    geometry: shapely.Geometry | None = field(default=None, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Return the fault as JSON-able data, without its geometry."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "level": self.level,
            "codes": list(self.codes),
            "area_m2": None if self.area_m2 is None else round(self.area_m2, 6),
            "lon": None if self.lon is None else round(self.lon, 7),
            "lat": None if self.lat is None else round(self.lat, 7),
            "text": self.text,
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
    text: str,
    lonlat: tuple[float | None, float | None] = (None, None),
) -> Fault:
    """Return a fault of one area as a whole, at `lonlat`."""
    level = coverage.levels[int(coverage.rank[row])].name
    return Fault(kind, severity, level, (str(coverage.code[row]),), None, *lonlat, text)


def label(coverage: Coverage, row: int) -> str:
    """Name an area in a message: its level, its code and, if it has one, its name."""
    level = coverage.levels[int(coverage.rank[row])].name
    name = f" ({coverage.name[row]})" if coverage.name[row] else ""
    return f"{level} {coverage.code[row]}{name}"


def number(value: float) -> float | None:
    """Return a finite number as a float, anything else as None."""
    return float(value) if np.isfinite(value) else None


def size_text(area_m2: float, width_m: float) -> str:
    """Put an area and a mean width into words."""
    area = f"{area_m2:,.0f}" if area_m2 >= 100 else f"{area_m2:.3g}"
    width = f"{width_m:,.0f}" if width_m >= 100 else f"{width_m:.2g}"
    return f"{area} m² (about {width} m wide)"
