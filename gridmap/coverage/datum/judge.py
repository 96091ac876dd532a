"""Which reading of a layer lays its borders on those of a reference?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from gridmap.coverage.datum.borders import REACH_M, Fit, Match
from gridmap.coverage.datum.evidence import DatumEvidence
from gridmap.coverage.datum.lines import Lines, box_of
from gridmap.coverage.datum.readings import (
    AS_SAID,
    MIX_UPS,
    Box,
    Frame,
    Reading,
    frames,
    registered_frames,
)
from gridmap.coverage.datum.shift import Move, find_shifts, measure_shift
from gridmap.crs import in_gcj_area, metres_per_degree
from gridmap.i18n import Saying

__all__ = ["judge"]

# From this share of agreeing borders on the declared system is not questioned.
_GOOD = 0.75
# A share that two layers of the same ground reach and unlike ones do not; with it as
# declared, no shift is looked for.
_CLEAR = 0.5
# Layers of one datum that were digitised apart do not lie further than this from each other.
_NOTABLE_M = 15.0
# Frames that bring the layer to the reference; the nearest are looked at.
_MOST_FRAMES = 4


@dataclass(frozen=True, slots=True)
class _Bar:
    """What it takes to be believed: agreement, more of it than as declared, beyond chance."""

    share: float
    ahead: float
    strength: float

    def passes(self, fit: Fit, declared: float) -> bool:
        enough = fit.share >= max(self.share, declared + self.ahead)
        return enough and fit.strength >= self.strength


# A shift that no system explains needs more than a reading: it is the best of a hundred
# thousand that were looked at, a reading the best of eight. It must be ahead of the next
# best shift, too.
_READING = _Bar(0.3, 0.25, 4.0)
_SHIFT = _Bar(0.5, 0.3, 5.0)
# As declared, there is nothing to be ahead of.
_DECLARED = _Bar(0.2, -1.0, 3.0)


def judge(raw: Lines, declared: str, reference: Lines) -> DatumEvidence:
    """Weigh every reading of a layer's borders against a reference.

    Parameters
    ----------
    raw : Lines
        In the layer's own coordinates.
    declared : str
        Normal name of the system it is said to be in.
    reference : Lines
        EPSG:4326.

    Returns
    -------
    DatumEvidence
        ``unclear`` when either has no edge.
    """
    if not (len(raw.edges) and len(reference.edges)):
        return DatumEvidence("unclear", declared)
    case = _Case(raw, declared, reference, box_of(reference))
    match, apart_m = case.match(Frame(declared))
    fit = Fit(0.0, 0.0, 0.0)
    found = DatumEvidence("apart", declared)
    if match is not None:
        fit = match.fit()
        found = _as_declared(match, declared, fit)
        if fit.share >= _GOOD:
            return found
        found = _mixed_up(match, Frame(declared), declared, fit) or found
        if found.verdict == "other_system":
            return replace(found, fit_declared=fit.share)
        if fit.share < _CLEAR:
            found = _shifted(match, declared, fit) or found
        if found.verdict == "as_declared":
            return found
    better = case.best(frames(box_of(raw), declared, case.place)[1:])
    if better is None and match is None:
        better = case.best(registered_frames(case.place))
    return replace(better or found, fit_declared=fit.share, apart_m=apart_m)


@dataclass(frozen=True, eq=False)
class _Case:
    """A layer in raw coordinates, what it is said to be, and what it should lie on."""

    raw: Lines
    declared: str
    reference: Lines
    place: Box

    def match(self, frame: Frame) -> tuple[Match | None, float]:
        """Set the layer, read through a frame, beside the reference; metres between them.

        None when it lies elsewhere, with NaN when the frame cannot place it: a frame that
        loses borders is not the one that the data were written in.
        """
        lines = self.raw.moved(np.column_stack(frame.lonlat(*self.raw.vertices.T)))
        if len(lines.edges) < 0.99 * len(self.raw.edges):
            return None, float("nan")
        gap = _gap_m(box_of(lines), self.place)
        if gap > REACH_M:
            return None, gap
        match = Match(lines, self.reference)
        return (None if match.empty else match), gap

    def best(self, choice: Iterable[Frame]) -> DatumEvidence | None:
        """The best of the frames that bring the layer to the reference and fit it there."""
        near = sorted(self._off_centre(frame, i) for i, frame in enumerate(choice))
        found = []
        for off, _, frame in near[:_MOST_FRAMES]:
            match = self.match(frame)[0] if np.isfinite(off) else None
            if match is not None:
                found.append(_mixed_up(match, frame, self.declared, match.fit()))
        return max((e for e in found if e is not None), key=lambda e: e.fit, default=None)

    def _off_centre(self, frame: Frame, order: int) -> tuple[float, int, Frame]:
        """How far apart the bounds lie, then their middles, in a few vertices' view."""
        some = self.raw.vertices[np.unique(self.raw.edges.ravel())]
        lonlat = np.column_stack(frame.lonlat(*some[:: max(len(some) // 500, 1)].T))
        if np.isnan(lonlat).any(axis=1).mean() > 0.01:
            return float("inf"), order, frame
        west, south, east, north = np.nanquantile(lonlat, [0, 1], axis=0).ravel().tolist()
        box = (west, south, east, north)
        gap = _gap_m(box, self.place)
        if gap > 2 * REACH_M:
            return float("inf"), order, frame
        middle = np.subtract(np.add(box[:2], box[2:]), np.add(self.place[:2], self.place[2:]))
        return gap + float(np.hypot(*middle)), order, frame


def _gap_m(one: Box, other: Box) -> float:
    """Metres between two boxes in degrees, 0 where they meet."""
    kx, ky = metres_per_degree((other[1] + other[3]) / 2)
    east = max(one[0] - other[2], other[0] - one[2], 0.0) * float(kx)
    north = max(one[1] - other[3], other[1] - one[3], 0.0) * float(ky)
    return float(np.hypot(east, north))


def _mixed_up(match: Match, frame: Frame, declared: str, fit: Fit) -> DatumEvidence | None:
    """The reading in this frame that fits best, if it does and is not the declared one."""
    said = frame == Frame(declared)
    china = bool(in_gcj_area(match.plane.lon, match.plane.lat))
    ideas = [AS_SAID, *(MIX_UPS if china else ())]
    fits = [fit, *(match.fit(idea) for idea in ideas[1:])]
    best, *rest = sorted(range(len(ideas)), key=lambda i: -fits[i].share)
    if (said and best == 0) or not _READING.passes(fits[best], fit.share if said else 0.0):
        return None
    reading = Reading(frame, ideas[best])
    left, residual = measure_shift(match, reading.mix_up)
    off = match.layer.samples - match.mended(reading.mix_up, match.layer.samples)
    east, north = (float(v) for v in np.median(off, axis=0) + left)
    lead = fits[best].share - max((fits[i].share for i in rest), default=0.0)
    return DatumEvidence(
        "other_system",
        declared,
        truth=reading.said,
        coord_sys=reading.coord_sys,
        mend=reading.mend,
        east_m=east if said else None,
        north_m=north if said else None,
        residual_m=residual,
        fit=fits[best].share,
        confidence="clear" if fits[best].share >= _CLEAR and lead >= _CLEAR / 2 else "likely",
    )


def _shifted(match: Match, declared: str, fit: Fit) -> DatumEvidence | None:
    """The one shift that brings most borders together, if it brings many and is the only one.

    A short border fits along many others: then several shifts do as well, and none is told.
    """
    tried = [measure_shift(match, start=start)[0] for start in find_shifts(match)]
    fits = [match.fit(move=move, whole=True) for move in tried]
    best = max(range(len(tried)), key=lambda i: fits[i].share)
    apart = [i for i, move in enumerate(tried) if np.hypot(*np.subtract(move, tried[best])) > 30]
    second = max((fits[i].share for i in apart), default=0.0)
    if np.hypot(*tried[best]) < _NOTABLE_M or not _SHIFT.passes(fits[best], max(fit.share, second)):
        return None
    return _by(match, declared, tried[best], fits[best], fit)


def _as_declared(match: Match, declared: str, fit: Fit) -> DatumEvidence:
    """Judge without questioning the system: the borders agree, or too few of them do.

    When they agree at some tens of metres only, and all lie off to one side, that is a shift.
    """
    if not _DECLARED.passes(fit, 0.0):
        return DatumEvidence("unclear", declared, fit=fit.share, fit_declared=fit.share)
    move, residual = measure_shift(match)
    if np.hypot(*move) >= _NOTABLE_M:
        moved = match.fit(move=move)
        if moved.close >= fit.close + _SHIFT.ahead and moved.strength >= _SHIFT.strength:
            return _by(match, declared, move, moved, fit)
    return DatumEvidence(
        "as_declared",
        declared,
        east_m=move[0],
        north_m=move[1],
        residual_m=residual,
        fit=fit.share,
        fit_declared=fit.share,
        confidence="clear" if fit.share >= _CLEAR else "likely",
    )


def _by(match: Match, declared: str, move: Move, fit: Fit, before: Fit) -> DatumEvidence:
    return DatumEvidence(
        "shifted",
        declared,
        mend=Saying("datum.mend.ask"),
        east_m=move[0],
        north_m=move[1],
        residual_m=measure_shift(match, start=move)[1],
        fit=fit.share,
        fit_declared=before.share,
        confidence="likely",
    )
