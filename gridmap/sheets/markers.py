"""Numbered markers that neither cover each other nor leave the paper.

A marker stays on its place while there is room. Where places crowd, the outer ones step aside,
away from the crowd, and a leader line shows where they belong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.sheets.papers import Box

__all__ = ["Spread", "spread"]

Floats = NDArray[np.float64]

_DIRECTIONS = 24
_APART_MM = 0.7
# A marker that stands so near to its place needs no leader.
_AT_PLACE_MM = 0.8


@dataclass(frozen=True, eq=False)
class Spread:
    """Where markers stand.

    Attributes
    ----------
    at : float64 (n, 2)
        Middles of the markers, millimetres.
    led : bool (n,)
        True where a leader line goes from the marker to its place.
    """

    at: Floats
    led: NDArray[np.bool_]


def spread(anchors: Floats, radius: float, box: Box, *, taken: Sequence[object] = ()) -> Spread:
    """Return where the markers of places stand.

    Parameters
    ----------
    anchors : float64 (n, 2)
        The places on the paper, millimetres; may coincide. Empty gives an empty answer.
    radius : float
        Of a marker, millimetres.
    box : Box
        The paper; markers keep inside it.
    taken : sequence of shapely geometries
        What no marker may cover: scale bar, north arrow.
    """
    n = len(anchors)
    at = np.empty((n, 2))
    if not n:
        return Spread(at, np.zeros(0, dtype=bool))
    blocks = np.array(list(taken), dtype=object)
    shapely.prepare(blocks)
    done: list[int] = []
    for i in _calm_first(anchors, radius):
        choices = _choices(anchors, i, radius, box)
        free = _free(choices, at[done], radius) & _off(choices, blocks, radius)
        clear = free & _leaves_leaders_clear(choices, anchors, i, at[done], done, radius)
        for good in (clear, free):
            if good.any():
                at[i] = choices[int(np.argmax(good))]
                break
        else:  # the paper is full: better covered than lost
            at[i] = choices[0]
        done.append(i)
    led = np.hypot(*(at - anchors).T) > _AT_PLACE_MM
    return Spread(at, led)


def _calm_first(anchors: Floats, radius: float) -> list[int]:
    """Return the order of placing: those with few neighbours keep their place."""
    apart = np.hypot(*(anchors[:, None] - anchors[None]).transpose(2, 0, 1))
    crowd = (apart < 4 * radius).sum(axis=1)
    return [int(i) for i in np.lexsort((np.arange(len(anchors)), crowd))]


def _choices(anchors: Floats, i: int, radius: float, box: Box) -> Floats:
    """Return places for marker `i`, the best first: its own, then rings away from the crowd."""
    own = anchors[i]
    near = np.hypot(*(anchors - own).T) < 6 * radius
    away = own - anchors[near].mean(axis=0)
    outward = np.arctan2(away[1], away[0]) if np.hypot(*away) > 1e-9 else -np.pi / 2
    turn = np.arange(_DIRECTIONS) * 2 * np.pi / _DIRECTIONS
    turn = turn[np.argsort(np.abs(np.angle(np.exp(1j * turn))), kind="stable")] + outward
    rings = np.arange(1.0, 14.0, 0.6) * radius
    steps = np.concatenate(
        [[(0.0, 0.0)], *(np.column_stack([np.cos(turn), np.sin(turn)]) * r for r in rings)]
    )
    low, high = radius + 0.6, np.array([box.width, box.height]) - radius - 0.6
    home = np.clip(own, low, high)
    found: Floats = home + steps
    inside = ((found >= low - 1e-9) & (found <= high + 1e-9)).all(axis=1)
    return found[inside]


def _free(choices: Floats, others: Floats, radius: float) -> NDArray[np.bool_]:
    if not len(others):
        return np.ones(len(choices), dtype=bool)
    apart = np.hypot(*(choices[:, None] - others[None]).transpose(2, 0, 1))
    return np.asarray((apart >= 2 * radius + _APART_MM).all(axis=1))


def _off(choices: Floats, blocks: NDArray[np.object_], radius: float) -> NDArray[np.bool_]:
    if not len(blocks):
        return np.ones(len(choices), dtype=bool)
    apart = shapely.distance(shapely.points(choices)[:, None], blocks[None])
    return np.asarray((apart >= radius + 0.3).all(axis=1))


def _leaves_leaders_clear(
    choices: Floats, anchors: Floats, i: int, placed: Floats, done: list[int], radius: float
) -> NDArray[np.bool_]:
    """Tell which choices cover no other's leader or place, and whose leader covers no marker."""
    good = np.ones(len(choices), dtype=bool)
    others = np.delete(np.arange(len(anchors)), i)
    if len(others):
        foot = anchors[others]
        foot = foot[np.hypot(*(foot - anchors[i]).T) > radius * 0.6]
        if len(foot):
            apart = np.hypot(*(choices[:, None] - foot[None]).transpose(2, 0, 1))
            good &= (apart >= radius + 0.4).all(axis=1)
    if not done:
        return good
    begin = anchors[done]
    to_leaders = _apart(choices[:, None], begin[None], placed[None])
    good &= (to_leaders >= radius + 0.3).all(axis=1)
    # Only what is left is asked about its own leader.
    rows = np.flatnonzero(good)
    near = _apart(placed[None], anchors[i][None, None], choices[rows, None]) < radius + 0.3
    leaders = shapely.linestrings(np.stack([begin, placed], axis=1))
    own = shapely.linestrings(
        np.stack([np.broadcast_to(anchors[i], (len(rows), 2)), choices[rows]], axis=1)
    )
    crossed = near | shapely.intersects(own[:, None], leaders[None])
    good[rows[crossed.any(axis=1)]] = False
    return good


def _apart(points: Floats, begin: Floats, end: Floats) -> Floats:
    """Return how far points are from straight lines; all of shape (..., 2), broadcast."""
    along = end - begin
    length = (along**2).sum(axis=-1)
    share = ((points - begin) * along).sum(axis=-1) / np.where(length > 0, length, 1.0)
    foot = begin + np.clip(share, 0.0, 1.0)[..., None] * along
    apart: Floats = np.hypot(*np.moveaxis(points - foot, -1, 0))
    return apart
