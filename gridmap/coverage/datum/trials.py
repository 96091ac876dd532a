"""Points read in every way there is, and the rule by which one reading is believed.

The rule, in full. Points are read in every way there is (see
:mod:`gridmap.coverage.datum.readings`). Another reading is reported only when one of two
kinds of evidence is clear:

*outside*: at least 20 points and 2 % lie in no area as declared; of these at least half lie
in one when read otherwise; and four come in for each one that goes out.
Reports from next door lie at all distances, so that no reading brings most of them in; and
a reading that is wrong throws out as many on one side as it brings in on the other.

*codes*: the rows carry the code of an area; read otherwise at least 80 % of the codes are
those of the area that holds the point, and at least 20 in a hundred more than as declared.

A shift of 500 m moves few points of a whole district outside. Without codes that is mostly
not enough, and then nothing is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gridmap.coverage.datum.readings import AS_SAID, MIX_UPS, Box, Frame, Reading, frames
from gridmap.crs import in_gcj_area

__all__ = [
    "AGREE",
    "FEWEST",
    "Batch",
    "CodeColumn",
    "Held",
    "Hold",
    "Trial",
    "by_codes",
    "by_outside",
    "code_columns",
    "every_other_is_worse",
    "many_outside",
    "readings",
]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.object_]

FEWEST = 20  # points that must speak, for either kind of evidence
_SHARE_OUTSIDE = 0.02
_EXPLAINED = 0.5
_LEAVING = 0.25  # for each point that comes in
AGREE, _AHEAD = 0.8, 0.2
# A column holds codes of areas when so many of its values are codes that occur.
_CODES = 0.1
# Frames are sieved with so many points first; one that holds hardly any is none.
_SIEVE, _SIEVE_SHARE = 200, 0.02


@dataclass(frozen=True, eq=False)
class Held:
    """Where n points fall: whether in any area, and the code of the area at each level."""

    inside: Bools
    codes: Mapping[str, Texts] = field(default_factory=dict)


# Longitude and latitude (EPSG:4326, finite), and which of the points given they are (their
# times may matter) -> where they fall.
Hold = Callable[[Floats, Floats, Ints], Held]


@dataclass(frozen=True, eq=False)
class Trial:
    """All points as one reading has them."""

    reading: Reading
    held: Held

    @property
    def outside(self) -> int:
        """Points in no area."""
        return int((~self.held.inside).sum())


@dataclass(frozen=True, eq=False)
class Batch:
    """Raw pairs, which of the points given they are, and what tells where they fall."""

    x: Floats
    y: Floats
    rows: Ints
    hold: Hold

    def read(self, reading: Reading) -> Trial:
        """Return where all points fall in a reading; nowhere where it cannot place them."""
        lon, lat = reading.lonlat(self.x, self.y)
        there = np.flatnonzero(np.isfinite(lon))
        held = self.hold(lon[there], lat[there], self.rows[there])
        inside = np.zeros(len(self.x), bool)
        inside[there] = held.inside
        codes = {}
        for level, found in held.codes.items():
            codes[level] = np.full(len(self.x), None, object)
            codes[level][there] = found
        return Trial(reading, Held(inside, codes))

    def some(self, count: int) -> Batch:
        """Return up to `count` of the points, evenly."""
        at = np.linspace(0, len(self.x) - 1, min(count, len(self.x))).astype(np.int64)
        return Batch(self.x[at], self.y[at], self.rows[at], self.hold)


@dataclass(frozen=True, eq=False)
class CodeColumn:
    """A column that came with the points and holds codes of areas of a level."""

    name: str
    level: str
    values: Texts

    def agreement(self, trial: Trial) -> float:
        """Share of the codes given that are those of the areas the points fall in."""
        given = self.values.astype(bool)
        return float((trial.held.codes[self.level] == self.values)[given].mean())


def many_outside(said: Trial) -> bool:
    """Return whether enough points lie outside as declared to say anything."""
    return said.outside >= max(FEWEST, _SHARE_OUTSIDE * len(said.held.inside))


def readings(batch: Batch, system: str, place: Box | None) -> Iterator[Reading]:
    """Yield every reading but the declared one that holds some of the points."""
    # A few stray pairs must not hide what most of them are.
    low_x, high_x = np.quantile(batch.x, [0.02, 0.98]).tolist()
    low_y, high_y = np.quantile(batch.y, [0.02, 0.98]).tolist()
    some = batch.some(_SIEVE)
    for frame in frames((low_x, low_y, high_x, high_y), system, place):
        lon, lat = frame.lonlat(some.x, some.y)
        there = np.isfinite(lon)
        if not there.any():
            continue
        china = bool(in_gcj_area(np.median(lon[there]), np.median(lat[there])))
        for idea in (AS_SAID, *(MIX_UPS if china else ())):
            reading = Reading(frame, idea)
            if reading == Reading(Frame(system)):
                continue
            if some.read(reading).held.inside.mean() >= _SIEVE_SHARE:
                yield reading


def by_outside(said: Trial, trials: list[Trial]) -> list[Trial]:
    """Return the reading that brings in most points that lie outside, if one clearly does.

    Several where the points cannot tell them apart but all are in one frame that is not the
    declared one: degrees for metres is plain even where the kind of degrees is not.
    """
    able = [t for t in trials if _explains(t, said)] if many_outside(said) else []
    if not able:
        return []
    best = min(able, key=lambda t: t.outside)
    rivals = [t for t in able if _differ(t, best) and not _beats(best, t)]
    frame = best.reading.frame
    if rivals and (frame == said.reading.frame or any(t.reading.frame != frame for t in rivals)):
        return []
    return [t for t in (best, *rivals) if t.reading.direct] or [best]


def _differ(one: Trial, other: Trial) -> bool:
    return not np.array_equal(one.held.inside, other.held.inside)


def _explains(trial: Trial, said: Trial) -> bool:
    coming = int((trial.held.inside & ~said.held.inside).sum())
    leaving = int((said.held.inside & ~trial.held.inside).sum())
    return coming >= _EXPLAINED * said.outside and leaving <= _LEAVING * coming


def _beats(one: Trial, other: Trial) -> bool:
    """True when the points on which two readings differ speak for the first four to one."""
    gained = int((one.held.inside & ~other.held.inside).sum())
    lost = int((other.held.inside & ~one.held.inside).sum())
    return gained >= FEWEST / 2 and lost <= _LEAVING * gained


def every_other_is_worse(said: Trial, trials: list[Trial]) -> bool:
    """Return whether the points speak for the declared system against each other reading."""
    return bool(trials) and all(_beats(said, t) for t in trials)


def code_columns(columns: Mapping[str, Texts], trials: Sequence[Trial]) -> list[CodeColumn]:
    """Return the columns that hold codes of areas which some trial finds."""
    found = []
    for level in trials[0].held.codes:
        known = {c for trial in trials for c in trial.held.codes[level].tolist() if c}
        for name, values in columns.items():
            present = [v for v in values.tolist() if v]
            hits = sum(v in known for v in present)
            if len(present) >= FEWEST and hits >= _CODES * len(present):
                found.append(CodeColumn(name, level, values))
    return found


def by_codes(
    said: Trial, trials: list[Trial], columns: list[CodeColumn]
) -> tuple[Trial, CodeColumn] | None:
    """Return the reading under which codes agree, if they do and do not as declared."""
    able = []
    for column in columns:
        least = max(AGREE, column.agreement(said) + _AHEAD)
        able += [(column.agreement(t), t, column) for t in trials]
        able = [one for one in able if one[2] is not column or one[0] >= least]
    if not able:
        return None
    _, trial, column = max(able, key=lambda one: one[0])
    return trial, column
