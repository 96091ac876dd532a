"""Are points in the coordinate system they are said to be in? Evidence from where they fall.

A shift of 500 m moves few points of a whole district outside. Unless the rows carry codes of
areas too, that is often not enough, and then nothing is claimed. The rule by which another
reading is believed stands in :mod:`gridmap.coverage.datum.trials`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.datum.readings import Box, Frame, Reading, short
from gridmap.coverage.datum.trials import (
    AGREE,
    FEWEST,
    Batch,
    CodeColumn,
    Held,
    Hold,
    Trial,
    by_codes,
    by_outside,
    code_columns,
    every_other_is_worse,
    many_outside,
    readings,
)
from gridmap.crs import normalise_name
from gridmap.i18n import Saying

__all__ = ["Held", "Hold", "PointsEvidence", "hold_in", "points_evidence"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Texts = NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class PointsEvidence:
    """What the places of points say about their coordinate system.

    Attributes
    ----------
    verdict : {"as_declared", "other_system", "not_enough"}
        ``as_declared`` needs evidence too: codes that agree, or points that every other
        reading would throw out.
    declared : str
    truth : Saying or None
        The likely truth in words; None unless the verdict is ``other_system``.
    coord_sys : str or None
        The system to declare instead, when a name alone mends it.
    mend : Saying or None
    points : int
        Points judged: those with coordinates.
    outside, outside_then : int
        Points in no area as declared, and as the likely truth has it.
    column, level : str
        The column whose codes speak and the level they are of; empty when none does.
    agree, agree_then : float or None
        Share of codes that agree as declared, and as the likely truth has it.
    """

    verdict: Literal["as_declared", "other_system", "not_enough"]
    declared: str
    truth: Saying | None = None
    coord_sys: str | None = None
    mend: Saying | None = None
    points: int = 0
    outside: int = 0
    outside_then: int = 0
    column: str = ""
    level: str = ""
    agree: float | None = None
    agree_then: float | None = None

    @property
    def likely(self) -> str:
        """The likely truth in English; empty unless the verdict is ``other_system``."""
        return "" if self.truth is None else self.truth.say("en")

    @property
    def text(self) -> str:
        """The finding in English."""
        return self.said.say("en")

    @property
    def said(self) -> Saying:
        """The finding in a few sentences for people."""
        values: dict[str, object] = {
            "declared": short(self.declared),
            "outside": f"{self.outside:,}",
            "points": f"{self.points:,}",
            "share": f"{self.outside / self.points if self.points else 0.0:.1%}",
        }
        if self.verdict != "other_system":
            return Saying(f"datum.points.{self.verdict}", values)
        parts = []
        if self.outside or not self.column:
            then = f"{self.outside_then / self.points:.1%}"
            parts.append(Saying("datum.points.outside", {**values, "then": then}))
        if self.column and self.agree is not None and self.agree_then is not None:
            agree = {"agree": f"{self.agree:.0%}", "then": f"{self.agree_then:.0%}"}
            code = {"level": self.level, "column": self.column}
            parts.append(Saying("datum.points.codes", {**agree, **code}))
        together = "datum.points.both" if len(parts) > 1 else "datum.points.one"
        values |= {
            "likely": self.truth or "",
            "parts": Saying(together, {"first": parts[0], "second": parts[-1]}),
            "mend": "" if self.mend is None else Saying("datum.then", {"mend": self.mend}),
        }
        return Saying("datum.points.other_system", values)


def points_evidence(
    x: Floats,
    y: Floats,
    system: str,
    hold: Hold,
    *,
    columns: Mapping[str, Texts] | None = None,
    place: Box | None = None,
) -> PointsEvidence:
    """Judge from where points fall whether they are in the system they are said to be in.

    Parameters
    ----------
    x, y : float64 (n,)
        As given, longitude or easting first; missing ones and 0,0 are passed over. A few
        hundred to a few thousand drawn at random are enough.
    system : str
        The system that all of them are said to be in.
    hold : callable
        Tells where points in EPSG:4326 fall: :func:`hold_in`, or any locator.
    columns : mapping of str to object (n,) of str or None, optional
        Columns that came with the points; those that hold codes of areas are evidence.
    place : Box, optional
        Bounds of the areas, EPSG:4326; fewer plane systems are tried with it.

    Returns
    -------
    PointsEvidence
        ``not_enough`` for an empty batch.

    Raises
    ------
    UnknownCoordSys
        When there is no such system.
    """
    system = normalise_name(system)
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    rows = np.flatnonzero(np.isfinite(x) & np.isfinite(y) & ~((x == 0) & (y == 0)))
    batch = Batch(x[rows], y[rows], rows, hold)
    said = batch.read(Reading(Frame(system)))
    given = {name: values[rows] for name, values in (columns or {}).items()}
    plain = PointsEvidence("not_enough", system, points=len(rows), outside=said.outside)
    if len(rows) < FEWEST or not (many_outside(said) or code_columns(given, [said])):
        return plain
    trials = [batch.read(reading) for reading in readings(batch, system, place)]
    coded = code_columns(given, [said, *trials])
    best = by_codes(said, trials, coded)
    if best is not None:
        return _found(plain, said, [best[0]], best[1])
    agree = max((column.agreement(said) for column in coded), default=0.0)
    better = by_outside(said, trials) if agree < AGREE else []
    if better:
        return _found(plain, said, better)
    if agree >= AGREE or every_other_is_worse(said, trials):
        return replace(plain, verdict="as_declared")
    return plain


def hold_in(polygons: NDArray[np.object_], codes: Texts | None = None) -> Hold:
    """Return a `Hold` of polygons (EPSG:4326); `codes` names them at a level ``area``."""
    tree = shapely.STRtree(polygons)
    names = np.full(len(polygons), None, object) if codes is None else codes

    def hold(lon: Floats, lat: Floats, rows: Ints) -> Held:
        point, polygon = tree.query(shapely.points(lon, lat), predicate="intersects")
        inside = np.zeros(len(lon), bool)
        inside[point] = True
        code = np.full(len(lon), None, object)
        code[point] = names[polygon]
        return Held(inside, {"area": code})

    return hold


def _found(
    plain: PointsEvidence, said: Trial, trials: list[Trial], column: CodeColumn | None = None
) -> PointsEvidence:
    best = trials[0]
    one = len(trials) == 1
    return replace(
        plain,
        verdict="other_system",
        truth=reduce(_either, (t.reading.said for t in trials)),
        coord_sys=best.reading.coord_sys if one else None,
        mend=best.reading.mend if one else Saying("datum.mend.find_out"),
        outside_then=best.outside,
        column=column.name if column else "",
        level=column.level if column else "",
        agree=column.agreement(said) if column else None,
        agree_then=column.agreement(best) if column else None,
    )


def _either(one: Saying, other: Saying) -> Saying:
    return Saying("datum.either", {"one": one, "other": other})
