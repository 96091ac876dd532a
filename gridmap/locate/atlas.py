"""All editions over time: the one public engine for single points and arrays."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from time import monotonic

import numpy as np

from gridmap.areas import Levels
from gridmap.errors import BadValue, NotFound
from gridmap.locate.borders import Floats, Ints
from gridmap.locate.gather import Gathered
from gridmap.locate.locator import AreaColumns, Locator
from gridmap.locate.model import Location, Locations, Points
from gridmap.locate.points import read_points
from gridmap.times import ensure_utc

__all__ = ["Atlas", "Validity"]

# Systems whose coordinates are taken as they are.
_UNMOVED = frozenset({"wgs84", "cgcs2000"})

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
        self._starts, self._ends = self._from.tolist(), self._to.tolist()
        self._locators: dict[int, Locator] = {}
        self._used: dict[int, float] = {}
        self._locks = [Lock() for _ in self._validities]

    # -- editions --------------------------------------------------------------------

    def named(self, edition: str) -> Locator:
        """Return the locator of an edition by name, or raise `NotFound`."""
        return self._locator(self._number(edition))

    def locator_at(self, moment: datetime) -> Locator | None:
        """Return the locator of the edition in force at an aware moment, None if none is."""
        number = self._number_at(moment)
        return None if number < 0 else self._locator(number)

    def locators_from(self, moment: datetime) -> list[Locator]:
        """Return the locators of the edition in force at an aware moment and of all to come."""
        at = _micros(moment)
        first = max(bisect_right(self._starts, at) - 1, 0)
        return [self._locator(n) for n in range(first, len(self._ends)) if self._ends[n] > at]

    def has_at_hand(self, moment: datetime) -> bool:
        """True when answering for an aware moment needs no edition to be loaded first."""
        number = self._number_at(moment)
        return number < 0 or number in self._locators

    def last_used(self) -> dict[str, float]:
        """Return by name when editions that have an end were last used, in monotonic seconds."""
        # Copied in one step: other threads go on asking.
        return {self._validities[n].edition: when for n, when in dict(self._used).items()}

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
        if self._ends[number] != _NEVER:
            self._used[number] = monotonic()
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
        areas_only: bool = False,
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
        areas_only : bool
            Areas and statuses alone, without margins, candidates and nearest areas;
            accuracies play no part. See :meth:`Locator.locate`.

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
        if areas_only and points.at is None:
            one = self._number_at(now) if edition is None else self._number(edition)
            found = self._only_areas(points, one)
            if found is not None:
                return found
        moment = _micros(now)
        if edition is not None:
            number = np.full(len(points), self._number(edition), dtype=np.int64)
        else:
            number = self._in_force(_moments(points, moment))
        lon, lat, warning = read_points(points)
        accuracy = _accuracy(points)
        answer = Gathered(lon, lat, warning, self.levels, margins and not areas_only)
        for n in np.unique(number[number >= 0]).tolist():
            where = np.flatnonzero(number == n)
            locator = self._locator(n)
            part = locator.locate(
                lon[where],
                lat[where],
                None if accuracy is None or areas_only else accuracy[where],
                level=self._level_for(locator, level),
                margins=margins and not areas_only,
                areas_only=areas_only,
            )
            answer.add(where, part, self._validities[n].edition)
        return answer.finish()

    def _only_areas(self, points: Points, number: int) -> Locations | None:
        """Areas of plain points from one edition, past all that is not needed for that."""
        plain = isinstance(points.coord_sys, str) and points.coord_sys in _UNMOVED
        if number < 0 or not plain or points.note is not None:
            return None
        locator = self._locator(number)
        if not self._answers_alike(locator, number):
            return None
        lon, lat = np.asarray(points.x), np.asarray(points.y)
        if lon.shape != lat.shape:
            return None
        nowhere = (lon == 0) & (lat == 0)
        if nowhere.any():
            lon = np.where(nowhere, np.nan, lon)
        return locator.locate(lon, lat, areas_only=True)

    def compact(self, lon: Floats, lat: Floats, moment: datetime) -> tuple[str, AreaColumns] | None:
        """Return edition, areas and statuses of plain points at one moment, in short columns.

        Degrees in the store's datum, float64 (n,). The areas are those of `locate` with
        `areas_only`; None when no edition is in force, or it has other levels than the store.
        """
        number = self._number_at(moment)
        if number < 0:
            return None
        locator = self._locator(number)
        if not self._answers_alike(locator, number):
            return None
        columns = locator.compact(np.ascontiguousarray(lon), np.ascontiguousarray(lat))
        return self._validities[number].edition, columns

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
        if accuracy_m is None and margins and coord_sys in _UNMOVED:
            found = self._clear_one(x, y, now if at is None else at, level)
            if found is not None:
                return found
        points = Points(
            x=np.array([x]),
            y=np.array([y]),
            coord_sys=coord_sys,
            accuracy_m=None if accuracy_m is None else np.array([accuracy_m]),
            at=None if at is None else [at],
        )
        return self.locate(points, now=now, level=level, margins=margins)[0]

    def _clear_one(
        self, lon: float, lat: float, moment: datetime, level: str | None
    ) -> Location | None:
        """One plain point without arrays; None when it is not that simple."""
        if level is not None:
            self.levels.rank(level)
        # NaN is in no range.
        if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0) or lon == lat == 0.0:
            return None
        number = self._number_at(moment)
        if number < 0:
            return None
        locator = self._locator(number)
        if not self._answers_alike(locator, number):
            return None
        return locator.clear_one(float(lon), float(lat))

    def _answers_alike(self, locator: Locator, number: int) -> bool:
        """True when the locator's own answer has the levels and the name that it must have."""
        coverage = locator.coverage
        same = coverage.edition == self._validities[number].edition
        return same and coverage.levels == self.levels

    def _number_at(self, moment: datetime) -> int:
        """Number of the validity in force at a moment, -1 when there is none."""
        micros = _micros(moment)
        number = bisect_right(self._starts, micros) - 1
        return -1 if number < 0 or micros >= self._ends[number] else number

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
