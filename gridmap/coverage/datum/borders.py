"""How well the borders of two layers lie on each other, and how far they are apart.

Borders are compared as lines, not as vertices, so that layers digitised apart, or one with
more areas than the other, still agree. In a dense mesh many borders lie close to another one
by chance; that share is measured, by moving the layer about, and taken off.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from gridmap.coverage.datum.lines import Lines, Plane, Side, bounds_of, box_of
from gridmap.coverage.datum.readings import AS_SAID, Box, MixUp

__all__ = ["REACH_M", "Fit", "Match"]

Floats = NDArray[np.float64]

# How near borders must lie to count as one: closely digitised, and loosely.
TOLERANCES_M = (10.0, 40.0)
# Further than any of the shifts of map services (BD-09 and one GCJ-02: 1.9 km).
REACH_M = 3000.0
# A border point every so many metres says something of its own; closer ones repeat it, for
# a street's length agrees or disagrees as one.
_INDEPENDENT_M = 100.0
# Moves that no mix-up of systems makes, for what fits by chance: east and north, metres.
_MOVES = [
    (r * np.cos(a), r * np.sin(a))
    for r, a in zip(np.linspace(190.0, 1100.0, 12), np.arange(12) * 2.399963, strict=True)
]


@dataclass(frozen=True, slots=True)
class Fit:
    """How much of one layer's borders lies on the other's.

    Attributes
    ----------
    share : float
        Share of the borders that agree beyond what chance gives, at most 1.
    close : float
        The same at the narrow tolerance.
    strength : float
        By how many standard deviations of chance; small layers are never strong.
    """

    share: float
    close: float
    strength: float


class Match:
    """Two layers, both in EPSG:4326, near each other.

    Parameters
    ----------
    layer, reference : Lines
        Degrees; each needs an edge within `REACH_M` of the other's bounds.
    """

    def __init__(self, layer: Lines, reference: Lines) -> None:
        box = box_of(reference)
        self.plane = Plane((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        theirs = _widened(bounds_of(self.plane.metres(reference.vertices[reference.edges.ravel()])))
        self.layer = Side(layer, self.plane, theirs)
        self.reference = Side(reference, self.plane, _widened(self.layer.box))

    @property
    def empty(self) -> bool:
        """True when no border of one is near the other."""
        return not (len(self.layer.ends) and len(self.reference.ends))

    def fit(
        self,
        mix_up: MixUp = AS_SAID,
        move: tuple[float, float] = (0.0, 0.0),
        *,
        whole: bool = False,
    ) -> Fit:
        """Return how well the layer fits once a mix-up is mended and a shift (m) taken back.

        Borders outside the other layer's bounds do not count against it, unless `whole`.
        """
        east_north = np.array(move)
        there = self.mended(mix_up, self.layer.samples) - east_north
        back = self._repeated(mix_up, self.reference.samples + east_north)
        shares = []
        for side, points, other in (
            (self.reference, there, self.layer),
            (self.layer, back, self.reference),
        ):
            metres = side.nearest(points, TOLERANCES_M[-1])[2]
            count = len(points) if whole else int(side.holds(points).sum())
            shares += [
                self._beyond_chance(side, other, i, int((metres <= tolerance).sum()), count)
                for i, tolerance in enumerate(TOLERANCES_M)
            ]
        best = max(shares)
        return Fit(best[0], max(shares[0][0], shares[2][0]), best[1])

    def _beyond_chance(
        self, side: Side, other: Side, tolerance: int, hits: int, count: int
    ) -> tuple[float, float]:
        chance = self._chance[side is self.layer][tolerance]
        # A mesh so dense that most of it is near a border proves nothing at this tolerance.
        if count < 30 or chance > 0.6:
            return 0.0, 0.0
        share = hits / count
        length = min(count / len(other.samples) * other.length_m, side.length_m)
        independent = max(min(count, length / _INDEPENDENT_M), 1.0)
        spread = np.sqrt((chance * (1 - chance) + 0.05) / independent)
        # Borders that are only loosely near each other say half as much.
        weight = 1.0 if tolerance == 0 else 0.5
        return (share - chance) / (1 - chance), weight * float((share - chance) / spread)

    @cached_property
    def _chance(self) -> tuple[list[float], list[float]]:
        """Share of samples near a border at moves that mean nothing: of layer, of reference."""
        pairs = ((self.reference, self.layer), (self.layer, self.reference))
        return _chance(*pairs[0]), _chance(*pairs[1])

    def mended(self, mix_up: MixUp, metres: Floats) -> Floats:
        """Places in metres to where they belong if the mix-up happened."""
        if mix_up == AS_SAID:
            return metres
        lonlat = self.plane.degrees(metres)
        return self.plane.metres(np.column_stack(mix_up.mend(*lonlat.T)))

    def _repeated(self, mix_up: MixUp, metres: Floats) -> Floats:
        if mix_up == AS_SAID:
            return metres
        lonlat = self.plane.degrees(metres)
        return self.plane.metres(np.column_stack(mix_up.repeat(*lonlat.T)))

    def equations(
        self, mix_up: MixUp, move: tuple[float, float], within_m: float
    ) -> tuple[Floats, Floats]:
        """Normals (n, 2) of borders that meet, and by how much (n) the layer lies along them.

        Along a border a line may slide freely; only across it a distance says anything.
        """
        east_north = np.array(move)
        there = self.mended(mix_up, self.layer.samples) - east_north
        back = self._repeated(mix_up, self.reference.samples + east_north)
        normal_a, off_a = _across(self.reference, there, within_m)
        normal_b, off_b = _across(self.layer, back, within_m)
        return np.concatenate([normal_a, normal_b]), np.concatenate([off_a, -off_b])


def _across(side: Side, points: Floats, within_m: float) -> tuple[Floats, Floats]:
    row, edge, _ = side.nearest(points, within_m)
    start, end = side.ends[edge, 0], side.ends[edge, 1]
    along = (end - start) / np.hypot(*(end - start).T)[:, None]
    normal = np.column_stack([-along[:, 1], along[:, 0]])
    return normal, np.einsum("ij,ij->i", normal, points[row] - start)


def _chance(side: Side, other: Side) -> list[float]:
    hits, count = np.zeros(len(TOLERANCES_M)), 0
    for move in _MOVES:
        points = other.samples[::4] + move
        metres = side.nearest(points, TOLERANCES_M[-1])[2]
        hits += [(metres <= tolerance).sum() for tolerance in TOLERANCES_M]
        count += int(side.holds(points).sum())
    shares: list[float] = (hits / max(count, 1)).tolist()
    return shares


def _widened(box: Box) -> Box:
    return box[0] - REACH_M, box[1] - REACH_M, box[2] + REACH_M, box[3] + REACH_M
