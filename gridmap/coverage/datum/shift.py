"""The shift between two layers: found by correlating their borders, then measured closely."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridmap.coverage.datum.borders import REACH_M, Match
from gridmap.coverage.datum.lines import Side
from gridmap.coverage.datum.readings import AS_SAID, MixUp

__all__ = ["find_shifts", "measure_shift"]

Floats = NDArray[np.float64]
Move = tuple[float, float]

# Cells of the raster along the longer side, at most, and the finest cell.
_CELLS = 1400
_CELL_M = 8.0
_CANDIDATES = 6


def find_shifts(match: Match) -> list[Move]:
    """Return the likeliest shifts (east, north, metres) of the layer, the best first.

    Both layers' borders are drawn on a raster and correlated by fast Fourier transform, so
    every shift up to 3 km is looked at; the result is good to a cell (8 m, more for layers
    wider than 5 km). A blur of a cell forgives what was digitised apart, a wide one is taken
    off so that dense quarters do not outshine borders that truly meet.
    """
    low = np.minimum(match.layer.box[:2], match.reference.box[:2])
    span = np.maximum(match.layer.box[2:], match.reference.box[2:]) - low
    cell = max(_CELL_M, float(span.max() + REACH_M) / _CELLS)
    # Wrapping around must not bring a far border near.
    shape = tuple(int(np.ceil(s)) for s in ((span + REACH_M) / cell)[::-1])
    layer, reference = (_drawn(side, low, cell, shape) for side in (match.layer, match.reference))
    spectrum = np.fft.rfft2(layer) * np.conj(np.fft.rfft2(reference))
    found = np.fft.irfft2(spectrum * _band(shape), s=shape)
    return [(dx * cell, dy * cell) for dx, dy in _peaks(found, int(REACH_M / cell))]


def _drawn(side: Side, low: Floats, cell: float, shape: tuple[int, ...]) -> Floats:
    points = side.along(max(int(2 * side.length_m / cell), 2))
    column, row = np.clip(((points - low) / cell).astype(np.int64), 0, np.array(shape[::-1]) - 1).T
    raster = np.zeros(shape)
    raster[row, column] = 1.0
    return raster


def _band(shape: tuple[int, ...]) -> Floats:
    """Squares of a blur of one cell less a blur of eight, in frequencies."""
    north, east = np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :]
    turn = 2 * (np.pi**2) * (north**2 + east**2)
    out: Floats = (np.exp(-turn) - np.exp(-64.0 * turn)) ** 2
    return out


def _peaks(raster: Floats, reach: int) -> list[tuple[int, int]]:
    """Highest cells within reach of no shift, each away from the others; (x, y) in cells."""
    reach = min(reach, (min(raster.shape) - 1) // 2)
    window = np.roll(raster, (reach, reach), axis=(0, 1))[: 2 * reach + 1, : 2 * reach + 1].copy()
    out = []
    for _ in range(_CANDIDATES):
        y, x = np.unravel_index(int(window.argmax()), window.shape)
        out.append((int(x) - reach, int(y) - reach))
        window[max(y - 4, 0) : y + 5, max(x - 4, 0) : x + 5] = -np.inf
    return out


def measure_shift(
    match: Match, mix_up: MixUp = AS_SAID, start: Move = (0.0, 0.0), within_m: float = 40.0
) -> tuple[Move, float]:
    """Return the shift near `start` that lays borders on borders, and what remains.

    Parameters
    ----------
    match : Match
    mix_up : MixUp
        Mended first.
    start : (east, north)
        Metres; the search begins here.
    within_m : float
        Borders further apart than this are not the same; narrowed as the shift improves.

    Returns
    -------
    (east, north), residual_m
        The shift in metres, and the median distance across borders that is left; `start`
        and NaN where nothing meets.
    """
    move, reach = np.array(start, dtype=np.float64), within_m
    for _ in range(6):
        normal, off = match.equations(mix_up, (move[0], move[1]), reach)
        if len(off) < 8:
            break
        step = np.linalg.lstsq(normal, off, rcond=1e-3)[0]
        move = move + step
        # What meets by chance pulls to nowhere; a narrow reach leaves it out.
        reach = max(reach / 2, 6.0)
        if np.hypot(*step) < 0.01 and reach == 6.0:
            break
    _, off = match.equations(mix_up, (move[0], move[1]), 20.0)
    residual = float(np.median(np.abs(off))) if len(off) else float("nan")
    return (float(move[0]), float(move[1])), residual
