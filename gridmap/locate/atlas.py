"""All editions over time: the one public engine for single points and arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

import numpy as np

from gridmap.areas import Levels
from gridmap.errors import BadValue, NotFound
from gridmap.locate.borders import Floats, Ints
from gridmap.locate.gather import Gathered
from gridmap.locate.locator import Locator
from gridmap.locate.model import Location, Locations, Points
from gridmap.locate.points import read_points
from gridmap.times import ensure_utc

__all__ = ["Atlas", "Validity"]

_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Validity:
    """When an edition is in force, and how to get its locator.

    Attributes
    ----------
    edition : str
        Name, unique in an atlas.
    effective_from : datetime
        Aware; the first moment at which it is in force.
    effective_to : datetime or None
        Aware; the first moment at which it is no longer in force. None: it still is.
    load : callable
        Returns the locator; called at the first need, once.
    """

    edition: str
    effective_from: datetime
    effective_to: datetime | None
    load: Callable[[], Locator]


class Atlas:
    """Answers for any time from the edition in force then.

    Parameters
    ----------
    validities : sequence of Validity
        In any order; of two in force at one moment the one that began later answers.
    levels : Levels
        Levels of the store, coarse to fine: those of every answer. Levels that only an
        edition has are added when it answers.
    """

    def __init__(self, validities: Sequence[Validity], levels: Levels) -> None:
        self.levels = levels
        self._validities = sorted(validities, key=lambda v: ensure_utc(v.effective_from))
        self._from = np.array([_micros(v.effective_from) for v in self._validities], np.int64)
        self._to = np.array(
            [
                _NEVER if v.effective_to is None else _micros(v.effective_to)
                for v in self._validities
            ],
            dtype=np.int64,
        )
        self._locators: dict[int, Locator] = {}
        self._locks = [Lock() for _ in self._validities]

    # -- editions --------------------------------------------------------------------

    def named(self, edition: str) -> Locator:
        """Return the locator of an edition by name, or raise `NotFound`."""
        return self._locator(self._number(edition))

    def locator_at(self, moment: datetime) -> Locator | None:
        """Return the locator of the edition in force at an aware moment, None if none is."""
        number = int(self._in_force(np.array([_micros(moment)], np.int64))[0])
        return None if number < 0 else self._locator(number)

    def _number(self, edition: str) -> int:
        names = [v.edition for v in self._validities]
        if edition not in names:
            raise NotFound(
                "There is no such edition among those that can answer.",
                got=edition,
                allowed=names,
                repair="See `gridmap editions`; a draft answers once it is published.",
            )
        return names.index(edition)

    def _locator(self, number: int) -> Locator:
        with self._locks[number]:
            if number not in self._locators:
                self._locators[number] = self._validities[number].load()
            return self._locators[number]

    def _in_force(self, moments: Ints) -> Ints:
        """Number of the validity in force at each moment, -1 where there is none."""
        number = np.searchsorted(self._from, moments, side="right") - 1
        ended = (number >= 0) & (moments >= self._to[number] if len(self._to) else True)
        return np.where(ended, -1, number)

    # -- locating --------------------------------------------------------------------

    def locate(
        self,
        points: Points,
        *,
        now: datetime,
        level: str | None = None,
        margins: bool = False,
        edition: str | None = None,
    ) -> Locations:
        """Locate points, each in the edition in force at its own moment.

        Parameters
        ----------
        points : Points
            In any coordinate systems; see there.
        now : datetime
            Aware; the moment of points that have none.
        level : str, optional
            Level at which ambiguity is judged, by default the finest of the edition; in an
            edition without that level, its finest one that is not finer.
        margins : bool
            Also give the margin at every level.
        edition : str, optional
            Answer from this edition whatever the moment.

        Returns
        -------
        Locations
            Of ``len(points)`` answers; no points give an empty one.

        Raises
        ------
        UnknownLevel, NotFound, UnknownCoordSys, BadValue
            When the level, the edition, the one coordinate system of all points, or the
            columns themselves cannot be used. A single bad point never raises.
        """
        if level is not None:
            self.levels.rank(level)
        moment = _micros(now)
        if edition is not None:
            number = np.full(len(points), self._number(edition), dtype=np.int64)
        else:
            number = self._in_force(_moments(points, moment))
        lon, lat, warning = read_points(points)
        accuracy = _accuracy(points)
        answer = Gathered(lon, lat, warning, self.levels, margins)
        for n in np.unique(number[number >= 0]).tolist():
            where = np.flatnonzero(number == n)
            locator = self._locator(n)
            part = locator.locate(
                lon[where],
                lat[where],
                None if accuracy is None else accuracy[where],
                level=self._level_for(locator, level),
                margins=margins,
            )
            answer.add(where, part, self._validities[n].edition)
        return answer.finish()

    def locate_one(
        self,
        x: float,
        y: float,
        *,
        coord_sys: str = "wgs84",
        accuracy_m: float | None = None,
        at: datetime | None = None,
        now: datetime,
        level: str | None = None,
        margins: bool = True,
    ) -> Location:
        """Locate one point; the same answer as in an array."""
        points = Points(
            x=np.array([x]),
            y=np.array([y]),
            coord_sys=coord_sys,
            accuracy_m=None if accuracy_m is None else np.array([accuracy_m]),
            at=None if at is None else [at],
        )
        return self.locate(points, now=now, level=level, margins=margins)[0]

    def _level_for(self, locator: Locator, level: str | None) -> str | None:
        own = locator.coverage.levels.names
        if level is None or level in own:
            return level
        coarser = self.levels.names[: self.levels.rank(level)]
        return next((name for name in reversed(coarser) if name in own), own[0])


def _micros(moment: datetime) -> int:
    """Whole microseconds since 1970 of an aware moment."""
    # Rounding recovers the microsecond from a float of seconds until the year 2242.
    return round(ensure_utc(moment).timestamp() * 1e6)


def _moments(points: Points, now: int) -> Ints:
    if points.at is None:
        return np.full(len(points), now, dtype=np.int64)
    if len(points.at) != len(points):
        raise BadValue("Points need one moment each.", got=len(points.at), allowed=len(points))
    seen: dict[datetime | None, int] = {None: now}
    for moment in points.at:
        if moment is not None and moment not in seen:
            seen[moment] = _micros(moment)
    return np.fromiter((seen[moment] for moment in points.at), np.int64, len(points))


def _accuracy(points: Points) -> Floats | None:
    if points.accuracy_m is None:
        return None
    try:
        accuracy = np.asarray(points.accuracy_m, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadValue("Accuracies must be numbers.", got=str(error)) from error
    if accuracy.shape != (len(points),):
        raise BadValue("Points need one accuracy each.", got=accuracy.shape)
    return accuracy
