"""A plain drawing of a place: what lies around it, in metres, to be put into a page as SVG.

No tiles and no script: what is drawn is what the store holds. North is up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from gridmap.crs import metres_per_degree

__all__ = ["Outline", "Sketch", "Spot", "sketch", "svg_path"]

WIDTH, HEIGHT = 640, 420
_LEAST_M = 60.0
_LETTER = 19.0  # as the style sheet has it
_MARGIN = 1.25
_BARS = (10, 20, 50, 100, 200, 500, 1000, 2000)


@dataclass(frozen=True, slots=True)
class Outline:
    """One polygon as it is drawn.

    Attributes
    ----------
    kind : str
        A class of the style sheet.
    path : str
        Of an SVG path.
    label : str
    x, y : float
        Where the label stands, in the drawing's units.
    named : bool
        True when there is room for the label.
    """

    kind: str
    path: str
    label: str
    x: float
    y: float
    named: bool


@dataclass(frozen=True, slots=True)
class Spot:
    """One point as it is drawn."""

    kind: str
    label: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Sketch:
    """A drawing of `WIDTH` by `HEIGHT` units; `bar` is a scale of `bar_m` metres."""

    outlines: list[Outline] = field(default_factory=list)
    spots: list[Spot] = field(default_factory=list)
    bar: float = 0.0
    bar_m: int = 0
    width: int = WIDTH
    height: int = HEIGHT


def sketch(
    shapes: Iterable[tuple[str, str, Any]],
    spots: Sequence[tuple[str, str, float, float]],
    *,
    reach_m: float = 150.0,
) -> Sketch:
    """Draw what lies around some points.

    Parameters
    ----------
    shapes : iterable of (kind, label, Polygon or MultiPolygon)
        EPSG:4326, in the order in which they are drawn.
    spots : sequence of (kind, label, lon, lat)
        EPSG:4326; all of them are in the drawing. None: there is no drawing.
    reach_m : float
        Metres around them that are drawn at least.
    """
    if not spots:
        return Sketch(bar_m=0)
    at = np.array([(lon, lat) for _, _, lon, lat in spots], dtype=float)
    west, south = at.min(axis=0)
    east, north = at.max(axis=0)
    scale = np.array(metres_per_degree((south + north) / 2), dtype=float)
    middle = np.array([(west + east) / 2, (south + north) / 2])
    half = np.array([(east - west), (north - south)]) * scale / 2 * _MARGIN
    metres = max(_LEAST_M, reach_m, float(half[1]), float(half[0]) * HEIGHT / WIDTH)
    unit = HEIGHT / 2 / metres
    frame = shapely.box(0, 0, WIDTH, HEIGHT)

    def draw(xy: Any) -> Any:
        moved = (np.asarray(xy) - middle) * scale * unit
        return np.stack([WIDTH / 2 + moved[..., 0], HEIGHT / 2 - moved[..., 1]], axis=-1)

    outlines: list[Outline] = []
    for kind, label, shape in shapes:
        drawn = shapely.transform(shapely.make_valid(shape), draw)
        seen = shapely.intersection(drawn, frame)
        if shapely.is_empty(seen):
            continue
        spot = shapely.point_on_surface(seen)
        x, y = round(spot.x, 1), round(spot.y, 1)
        # A name over another can be read by neither; the drawing's titles have them all.
        shown = label and not any(o.label and _meet(o, label, x, y) for o in outlines)
        outlines.append(Outline(kind, svg_path(seen), label, x, y, bool(shown)))
    bar_m = max((m for m in _BARS if m * unit <= WIDTH / 3), default=_BARS[0])
    points = draw(at)
    marks = [
        Spot(kind, label, round(float(x), 1), round(float(y), 1))
        for (kind, label, _, _), (x, y) in zip(spots, points, strict=True)
    ]
    return Sketch(outlines, marks, round(bar_m * unit, 1), bar_m)


def _meet(other: Outline, label: str, x: float, y: float) -> bool:
    """True when two labels would lie over each other."""
    wide = (len(other.label) + len(label)) * _LETTER / 2
    return other.named and abs(other.y - y) < 1.3 * _LETTER and abs(other.x - x) < wide


def svg_path(shape: Any) -> str:
    """Return polygons, in the drawing's units, as the path of an SVG."""
    rings = [
        ring
        for part in shapely.get_parts(shape)
        if part.geom_type == "Polygon"
        for ring in (part.exterior, *part.interiors)
    ]
    return "".join(
        "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in list(ring.coords)[:-1]) + "Z"
        for ring in rings
    )
