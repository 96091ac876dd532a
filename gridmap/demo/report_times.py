"""When reports come: by month, week, holiday, hour of day, season and storm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from gridmap.demo.dice import Dice
from gridmap.times import DEFAULT_ZONE, site_zone

__all__ = ["FIRST_DAY", "LAST_DAY", "Moments", "draw_moments"]

FIRST_DAY = date(2025, 7, 1)
LAST_DAY = date(2026, 6, 30)

# Reports a month of a real district over one year, July to June: a dip at Spring Festival.
_MONTHS = (971, 1047, 1052, 1065, 1028, 1007, 1071, 690, 1178, 1257, 1240, 1103)
_WEEK = (1.16, 1.08, 1.05, 1.03, 1.02, 0.86, 0.80)
_HOLIDAYS = (
    (date(2025, 10, 1), date(2025, 10, 8)),
    (date(2026, 1, 1), date(2026, 1, 3)),
    (date(2026, 2, 15), date(2026, 2, 23)),
    (date(2026, 5, 1), date(2026, 5, 5)),
)
_STORMS = (
    date(2025, 7, 9), date(2025, 7, 22), date(2025, 8, 6), date(2025, 8, 28),
    date(2026, 5, 17), date(2026, 6, 14), date(2026, 6, 25),
)  # fmt: skip
_SNOWS = (date(2025, 12, 13), date(2026, 1, 18), date(2026, 1, 19), date(2026, 2, 5))
_SEASONS = {
    "": (1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
    "summer": (2.6, 2.4, 1.5, 0.8, 0.5, 0.4, 0.3, 0.3, 0.5, 0.8, 1.3, 2.2),
    "winter": (0.5, 0.5, 0.6, 0.9, 1.5, 2.0, 2.2, 1.5, 1.0, 0.7, 0.5, 0.5),
    "spring": (0.5, 0.5, 0.6, 0.7, 0.6, 0.4, 0.4, 0.6, 2.2, 2.6, 2.0, 1.0),
    "autumn": (0.4, 0.5, 1.2, 2.8, 2.6, 1.2, 0.8, 0.7, 0.6, 0.5, 0.5, 0.4),
    "heat": (0.3, 0.3, 0.2, 0.3, 3.0, 2.8, 2.4, 1.6, 0.9, 0.2, 0.2, 0.3),
    "straw": (0.3, 0.1, 0.4, 3.2, 1.0, 0.1, 0.1, 0.1, 0.1, 0.1, 0.6, 6.0),
    "storm": (0.6, 0.6, 0.3, 0.2, 0.2, 0.1, 0.1, 0.1, 0.2, 0.3, 0.4, 0.6),
    "snow": (0, 0, 0, 0, 0.02, 0.3, 0.4, 0.2, 0, 0, 0, 0),
}
_BURSTS = {"storm": (_STORMS, 24.0), "snow": (_SNOWS, 60.0)}
# Weight of each hour of the day, 0 to 23.
_HOURS = {
    "any": (1, 1, 1, 1, 1, 2, 4, 7, 9, 9, 8, 7, 6, 6, 8, 8, 8, 8, 8, 8, 7, 5, 3, 2),
    "day": (0, 0, 0, 0, 0, 1, 4, 9, 14, 15, 13, 9, 6, 8, 13, 13, 11, 8, 5, 4, 3, 2, 1, 0),
    "morning": (0, 0, 0, 0, 1, 4, 12, 18, 16, 12, 9, 6, 4, 4, 6, 6, 5, 4, 3, 2, 1, 1, 0, 0),
    "evening": (1, 0, 0, 0, 0, 1, 2, 5, 6, 6, 6, 6, 5, 4, 5, 6, 8, 12, 15, 16, 14, 9, 5, 2),
    "night": (11, 7, 5, 3, 2, 3, 4, 5, 5, 4, 3, 3, 3, 3, 3, 3, 3, 4, 5, 7, 11, 16, 20, 17),
}


@dataclass(frozen=True)
class Moments:
    """Times of reports, local, in the order they were received.

    Attributes
    ----------
    row : int64 (n,)
        Which report; the arrays below follow this order.
    received, observed : list of datetime
        Aware, in the site's zone.
    """

    row: NDArray[np.int64]
    received: list[datetime]
    observed: list[datetime]


def draw_moments(
    seasons: list[str], hours: list[str], delays_min: NDArray[np.float64], dice: Dice
) -> Moments:
    """Draw a time for every report from its season and hours of the day.

    `delays_min` are the minutes between seeing and reporting. A report seen on the last day
    is received on it too.
    """
    days = [FIRST_DAY + timedelta(d) for d in range((LAST_DAY - FIRST_DAY).days + 1)]
    luck = np.exp(0.13 * dice.bells(len(days)))
    second = np.empty(len(seasons))
    by_season, by_hour = np.array(seasons), np.array(hours)
    for season in _SEASONS:
        weight = np.array([_day_weight(d, season) for d in days]) * luck
        for kind, shape in _HOURS.items():
            rows = np.flatnonzero((by_season == season) & (by_hour == kind))
            day = dice.weighted(weight, len(rows))
            hour = dice.weighted(np.array(shape, dtype=float), len(rows))
            second[rows] = day * 86400.0 + hour * 3600.0 + np.floor(3600.0 * dice.units(len(rows)))
    end = len(days) * 86400.0 - 1
    received = np.minimum(second + np.floor(delays_min * 60.0), end)
    order = np.lexsort((np.arange(len(second)), received)).astype(np.int64)
    zone = site_zone(DEFAULT_ZONE)
    start = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=zone)
    return Moments(
        order,
        [start + timedelta(seconds=int(received[i])) for i in order],
        [start + timedelta(seconds=int(second[i])) for i in order],
    )


def _day_weight(day: date, season: str) -> float:
    month = (day.year - FIRST_DAY.year) * 12 + day.month - FIRST_DAY.month
    weight = _MONTHS[month] / 30.0 * _SEASONS[season][month] * _WEEK[day.weekday()]
    if any(first <= day <= last for first, last in _HOLIDAYS):
        weight *= 0.62
    if season in _BURSTS:
        dates, burst = _BURSTS[season]
        weight = _MONTHS[month] / 30.0 * burst if day in dates else weight
    return weight
