"""What is put on the map of a sheet: markers, names, scale bar, north arrow; shapes as paths.

North is a plain arrow; there is no emblem, star or flag.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import shapely

from gridmap.i18n import translate
from gridmap.sheets.frame import Frame
from gridmap.sheets.labels import Label

__all__ = ["Line", "covered", "furniture_of", "marker", "path", "text_of", "veil"]

# A street that climbs more than this has its name stacked, degrees.
_STEEP = 55

_STYLE = {
    "road": 'fill="#5c5546" font-weight="500"',
    "water": 'fill="#2f6384" font-weight="500"',
    "park": 'fill="#3d6b2c" font-weight="500"',
    "grid": 'fill="#1d5f8a" font-weight="700"',
    "own": 'fill="#12496c" font-weight="700"',
    "estate": 'fill="#4a4438" font-weight="700"',
    "house": 'fill="#5a5040"',
}


@dataclass(frozen=True, slots=True)
class Line:
    """How a line is drawn: millimetres of paper, SVG colours and dashes."""

    colour: str
    width: float
    dash: str = ""
    fill: str = "none"


def marker(number: int, colour: str, anchor: Any, at: Any, led: bool, radius: float) -> str:
    """Return a numbered circle, with a leader to its place when it stands apart."""
    out = ""
    if led:
        line = f'x1="{anchor[0]:.2f}" y1="{anchor[1]:.2f}" x2="{at[0]:.2f}" y2="{at[1]:.2f}"'
        out = (
            f'<line {line} stroke="#ffffff" stroke-width="{radius * 0.34:.2f}"/>'
            f'<line {line} stroke="{colour}" stroke-width="{radius * 0.15:.2f}"/>'
            f'<circle cx="{anchor[0]:.2f}" cy="{anchor[1]:.2f}" r="{radius * 0.28:.2f}" '
            f'fill="{colour}" stroke="#ffffff" stroke-width="0.2"/>'
        )
    size = radius * (1.25 if number < 100 else 0.95)
    return (
        f'{out}<circle class="pin" cx="{at[0]:.2f}" cy="{at[1]:.2f}" r="{radius:.2f}" '
        f'fill="{colour}" stroke="#ffffff" stroke-width="{radius * 0.16:.2f}"/>'
        f'<text x="{at[0]:.2f}" y="{at[1] + size * 0.36:.2f}" font-size="{size:.2f}" '
        f'text-anchor="middle" fill="#ffffff" font-weight="700">{number}</text>'
    )


def covered(anchors: Any, at: Any, radius: float) -> list[Any]:
    """Return what markers and their leaders cover."""
    found: list[Any] = list(shapely.buffer(shapely.points(at), radius + 0.3))
    if len(at):
        lines = shapely.linestrings(np.stack([anchors, at], axis=1))
        found += list(shapely.buffer(lines, 0.5))
    return found


def furniture_of(frame: Frame, lang: str, zoom: float) -> tuple[str, list[Any]]:
    """Return scale bar and north arrow, and the places that they take."""
    metres = _nice(frame.scale * 0.036 * zoom)
    length = metres * 1000 / frame.scale
    pad, size = 2.2 * zoom, 2.6 * zoom
    high = 9.4 * zoom
    wide = length + 2 * pad + 5 * zoom
    x, y = frame.box.width - wide - 1.5, frame.box.height - high - 1.5
    bar_x, bar_y = x + pad, y + high - pad - 1.4 * zoom
    half = length / 2
    unit = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    scale = f"1:{frame.scale:,}".replace(",", " ")
    bar = (
        f'<rect x="{x:.2f}" y="{y:.2f}" width="{wide:.2f}" height="{high:.2f}" fill="#ffffff" '
        'fill-opacity="0.88"/>'
        f'<text x="{bar_x:.2f}" y="{y + pad + size * 0.62:.2f}" font-size="{size:.2f}" '
        f'fill="#222a31" font-weight="500">{scale}</text>'
        f'<text x="{bar_x + length:.2f}" y="{y + pad + size * 0.62:.2f}" '
        f'font-size="{size:.2f}" text-anchor="middle" '
        f'fill="#222a31">{unit}</text>'
        f'<rect x="{bar_x:.2f}" y="{bar_y:.2f}" width="{half:.2f}" height="{1.2 * zoom:.2f}" '
        'fill="#222a31" stroke="#222a31" stroke-width="0.2"/>'
        f'<rect x="{bar_x + half:.2f}" y="{bar_y:.2f}" width="{half:.2f}" '
        f'height="{1.2 * zoom:.2f}" fill="#ffffff" stroke="#222a31" stroke-width="0.2"/>'
    )
    nx, ny = frame.box.width - 8.0 * zoom, 3.0 * zoom
    tip = f"{nx:.2f},{ny:.2f}"
    left, right = f"{nx - 2.3 * zoom:.2f}", f"{nx + 2.3 * zoom:.2f}"
    foot, notch = f"{ny + 8 * zoom:.2f}", f"{ny + 6.4 * zoom:.2f}"
    north = (
        f'<circle cx="{nx:.2f}" cy="{ny + 6.6 * zoom:.2f}" r="{8 * zoom:.2f}" fill="#ffffff" '
        'fill-opacity="0.82"/>'
        f'<path d="M{tip} L{right},{foot} L{nx:.2f},{notch} Z" fill="#ffffff" '
        'stroke="#222a31" stroke-width="0.25"/>'
        f'<path d="M{tip} L{left},{foot} L{nx:.2f},{notch} Z" fill="#222a31" '
        'stroke="#222a31" stroke-width="0.25"/>'
        f'<text x="{nx:.2f}" y="{ny + 12.2 * zoom:.2f}" font-size="{3.3 * zoom:.2f}" '
        f'text-anchor="middle" fill="#222a31" font-weight="700">'
        f"{translate('sheet.map.north', lang)}</text>"
    )
    taken = [
        shapely.box(x, y, x + wide, y + high),
        shapely.buffer(shapely.Point(nx, ny + 6.6 * zoom), 8 * zoom),
    ]
    return bar + north, taken


def _nice(metres: float) -> float:
    """Return the largest of 1, 2, 5 times a power of ten that is not more."""
    power = 10.0 ** np.floor(np.log10(metres))
    return float(power * max(step for step in (1, 2, 5) if step * power <= metres))


def veil(focus: Any, width: float, height: float) -> str:
    """Return a pale sheet over all that the map is not about."""
    around = shapely.difference(shapely.box(0, 0, width, height), focus)
    return f'<path d="{_d(around)}" fill="#faf8f3" fill-opacity="0.5" fill-rule="evenodd"/>'


def text_of(label: Label) -> str:
    """Return a name as SVG: along its line, or stacked where that is steep."""
    if abs(label.turn) > _STEEP and all(unicodedata.east_asian_width(c) == "W" for c in label.text):
        return _stacked(label)
    turned = f' transform="rotate({label.turn:.1f} {label.x:.2f} {label.y:.2f})"'
    return _twice(label, label.text, label.x, label.y, turned if label.turn else "")


def _stacked(label: Label) -> str:
    """Return the characters upright, one below the other, as Chinese maps have steep streets."""
    angle = np.radians(label.turn if label.turn > 0 else label.turn + 180)
    first = -(len(label.text) - 1) / 2
    out = ""
    for at, character in enumerate(label.text):
        along = (first + at) * label.size * 1.04
        x, y = label.x + along * np.cos(angle), label.y + along * np.sin(angle)
        out += _twice(label, character, x, y, "")
    return out


def _twice(label: Label, text: str, x: float, y: float, turned: str) -> str:
    """Return a text with a pale one behind it, so that it is read on any ground."""
    same = (
        f'x="{x:.2f}" y="{y + label.size * 0.36:.2f}" font-size="{label.size:.2f}" '
        f'text-anchor="middle"{turned}'
    )
    style = _STYLE[label.style]
    halo = (
        f'fill="#ffffff" stroke="#ffffff" stroke-width="{label.size * 0.26:.2f}" '
        'stroke-linejoin="round"'
    )
    return (
        f'<text {same} {halo} {style.partition(" ")[2]} aria-hidden="true">'
        f"{escape(text)}</text><text {same} {style}>{escape(text)}</text>"
    )


def path(shape: Any, line: Line) -> str:
    """Return a shape as an SVG path; empty for an empty shape."""
    d = _d(shape)
    if not d:
        return ""
    dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
    cap = "" if line.dash else ' stroke-linecap="round"'
    return (
        f'<path d="{d}" fill="{line.fill}" fill-rule="evenodd" stroke="{line.colour}" '
        f'stroke-width="{line.width:.2f}" stroke-linejoin="round"{cap}{dash}/>'
    )


def _d(shape: Any) -> str:
    """Return a shape as path data, millimetres with two decimals."""
    out = []
    for part in shapely.get_parts(shape):
        if shapely.is_empty(part):
            continue
        if part.geom_type == "Polygon":
            rings = [shapely.get_exterior_ring(part)]
            rings += [
                shapely.get_interior_ring(part, i)
                for i in range(shapely.get_num_interior_rings(part))
            ]
            out += ["M" + _points(ring) + "Z" for ring in rings if not shapely.is_empty(ring)]
        elif part.geom_type in {"LineString", "LinearRing"}:
            out.append("M" + _points(part))
        elif part.geom_type != "Point":
            out.append(_d(part))
    return "".join(out)


def _points(line: Any) -> str:
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in shapely.get_coordinates(line).tolist())
