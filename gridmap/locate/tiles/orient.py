"""On which side of a line a point lies: the exact sign, whatever the coordinates.

A floating-point filter decides nearly always (Shewchuk, "Adaptive Precision Floating-Point
Arithmetic and Fast Robust Geometric Predicates", 1997). What it cannot decide is computed
without rounding as a sum of twelve doubles: six products, each with its rounding error
(Dekker). Coordinates are scaled by a power of two first, so that no error term underflows.
"""

from __future__ import annotations

import math

import numpy as np

from gridmap.locate.tiles.jit import inlined, making

__all__ = ["exact_scale", "on_edge", "orient", "two_product"]

_SPLIT = 134217729.0  # 2**27 + 1
_FILTER = 4.0e-16  # above Shewchuk's (3 + 16 u) u = 3.33e-16
_UNDERFLOW = 1e-290


def exact_scale(largest: float) -> float:
    """Power of two that brings coordinates up to `largest` just below overflow of a product."""
    _, exponent = math.frexp(largest) if largest > 0 else (0.0, 0)
    return 2.0 ** min(508 - exponent, 1000)


@inlined
def two_product(a: float, b: float) -> tuple[float, float]:
    """Return a product as rounded, and what the rounding lost (Dekker)."""
    product = a * b
    big = _SPLIT * a
    a_high = big - (big - a)
    a_low = a - a_high
    big = _SPLIT * b
    b_high = big - (big - b)
    b_low = b - b_high
    low = a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)
    return product, low


@making
def _exact(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> float:
    """Sign of the determinant, from its twelve parts added without rounding."""
    parts = np.empty(12)
    parts[0], parts[1] = two_product(ax, by)
    parts[2], parts[3] = two_product(-ay, bx)
    parts[4], parts[5] = two_product(bx, cy)
    parts[6], parts[7] = two_product(-by, cx)
    parts[8], parts[9] = two_product(cx, ay)
    parts[10], parts[11] = two_product(-cy, ax)
    total = np.zeros(12)
    for i in range(12):
        carry = parts[i]
        for j in range(i):
            # Two-sum: carry + total[j] as a rounded sum and what was lost.
            summed = carry + total[j]
            part = summed - carry
            total[j] = (carry - (summed - part)) + (total[j] - part)
            carry = summed
        total[i] = carry
    for i in range(11, -1, -1):
        if total[i] != 0:
            return float(total[i])
    return 0.0


@inlined
def orient(ax: float, ay: float, bx: float, by: float, cx: float, cy: float, scale: float) -> float:
    """Positive when c is left of the line from a to b, 0 exactly on it, negative right of it."""
    left = (bx - ax) * (cy - ay)
    right = (by - ay) * (cx - ax)
    det = left - right
    if abs(det) > _FILTER * (abs(left) + abs(right)) + _UNDERFLOW:
        return det
    return _exact(ax * scale, ay * scale, bx * scale, by * scale, cx * scale, cy * scale)


@inlined
def on_edge(ax: float, ay: float, bx: float, by: float, px: float, py: float, scale: float) -> bool:
    """True when p lies exactly on the closed edge from a to b."""
    if px < min(ax, bx) or px > max(ax, bx) or py < min(ay, by) or py > max(ay, by):
        return False
    return orient(ax, ay, bx, by, px, py, scale) == 0
