"""Drawings for the report: plain SVG without script, read without colour as well.

Every bar and line bears its number. The two colours are a dark and a light one, so that they
are told apart in grey print and with any kind of colour blindness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Bar", "day_chart", "share_chart"]

DARK, LIGHT = "#2a6096", "#b9c6cf"
_INK, _RULE = "#26323a", "#d5dbdf"

_ROW, _LABEL, _WIDE, _TEXT = 34, 150, 620, 13


@dataclass(frozen=True, slots=True)
class Bar:
    """A share of this month and of the former one; None where there was nothing to count."""

    label: str
    now: float | None
    former: float | None


def share_chart(bars: Sequence[Bar], *, title: str, now: str, former: str) -> str:
    """Return shares as bars, two a row: this month's dark, the former one's light below it."""
    height = _ROW * len(bars) + 40
    parts = [_open(_WIDE, height, title)]
    parts += [_key(_LABEL, 4, DARK, now), _key(_LABEL + 190, 4, LIGHT, former)]
    room = _WIDE - _LABEL - 64
    for n, bar in enumerate(bars):
        top = 30 + n * _ROW
        parts.append(_word(_LABEL - 8, top + 16, bar.label, anchor="end"))
        for value, y, colour, tall in ((bar.now, top, DARK, 14), (bar.former, top + 15, LIGHT, 9)):
            if value is not None:
                wide = max(1.0, min(value, 1.0) * room)
                parts.append(_box(_LABEL, y, wide, tall, colour))
            if colour == DARK:
                said = "—" if value is None else f"{value:.1%}"
                at = _LABEL + (0 if value is None else min(value, 1.0) * room) + 6
                parts.append(_word(at, top + 12, said))
    parts.append(_line(_LABEL, 26, _LABEL, height - 8))
    return "".join(parts) + "</svg>"


def day_chart(
    days: Sequence[tuple[str, int, int]], *, title: str, received: str, closed: str
) -> str:
    """Return what came in each day as light bars, and what was closed as a dark line with dots.

    Parameters
    ----------
    days : sequence of (label, received, closed)
    """
    height, floor, roof = 210, 176, 34
    most = max((max(came, went) for _, came, went in days), default=0) or 1
    step = (_WIDE - 50) / max(1, len(days))
    parts = [_open(_WIDE, height, title)]
    parts += [_key(46, 4, LIGHT, received), _key(236, 4, DARK, closed)]

    def up(value: int) -> float:
        return floor - (floor - roof) * value / most

    for value in sorted({0, most // 2, most}):
        parts.append(_line(40, up(value), _WIDE - 8, up(value), _RULE))
        parts.append(_word(34, up(value) + 4, f"{value:,}", anchor="end"))
    dots = []
    for n, (label, came, went) in enumerate(days):
        x = 42 + n * step
        told = f"{label}: {received} {came}, {closed} {went}"
        bar = _box(x, up(came), step - 3, floor - up(came), LIGHT)
        dot = f'<circle cx="{x + step / 2 - 1.5:.1f}" cy="{up(went):.1f}" r="2.6" fill="{DARK}"/>'
        parts.append(f"<g><title>{escape(told)}</title>{bar}{dot}</g>")
        dots.append(f"{x + step / 2 - 1.5:.1f},{up(went):.1f}")
        if n == 0 or (n + 1) % 5 == 0:
            parts.append(_word(x + step / 2, floor + 16, label, anchor="middle"))
    parts.append(
        f'<polyline points="{" ".join(dots)}" fill="none" stroke="{DARK}" stroke-width="1.6"/>'
    )
    return "".join(parts) + "</svg>"


def _open(width: int, height: int, title: str) -> str:
    return (
        f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(title, quote=True)}" font-size="{_TEXT}" fill="{_INK}">'
        f"<title>{escape(title)}</title>"
    )


def _box(x: float, y: float, wide: float, tall: float, colour: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(0.0, wide):.1f}" '
        f'height="{max(0.0, tall):.1f}" fill="{colour}"/>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, colour: str = _INK) -> str:
    return f'<path d="M{x1:.1f},{y1:.1f}L{x2:.1f},{y2:.1f}" stroke="{colour}"/>'


def _word(x: float, y: float, text: str, *, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _key(x: float, y: float, colour: str, text: str) -> str:
    return _box(x, y, 14, 14, colour) + _word(x + 20, y + 12, text)
