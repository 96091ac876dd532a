"""Opening hours: read, and asked of any moment by the Chinese calendar.

:mod:`.syntax` reads ``opening_hours``, :mod:`.days` lays the rules upon a day, :mod:`.opening`
answers for a moment.
"""

from __future__ import annotations

from gridmap.places.hours.days import DayPlan, Reason, Stretch
from gridmap.places.hours.model import Hours, HoursState
from gridmap.places.hours.opening import (
    Closure,
    DayHours,
    HoursBook,
    Opening,
    closures_apart,
    read_closure,
)
from gridmap.places.hours.syntax import BadHours, read_hours

__all__ = [
    "BadHours",
    "Closure",
    "DayHours",
    "DayPlan",
    "Hours",
    "HoursBook",
    "HoursState",
    "Opening",
    "Reason",
    "Stretch",
    "closures_apart",
    "read_closure",
    "read_hours",
]
