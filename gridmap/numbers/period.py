"""A month of the site, or any stretch of time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from gridmap.errors import BadValue, NotFound

__all__ = ["Period", "former_month", "month_of"]

# Before, clocks had offsets of odd seconds, which no date-time of an answer can hold.
_FIRST = datetime(1950, 1, 1, tzinfo=UTC)
_MONTH = re.compile(r"(19[5-9][0-9]|2[0-9]{3})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Period:
    """The moments from `since` up to, not including, `until`; all aware, in UTC.

    Attributes
    ----------
    as_of : datetime
        Up to when things are known: `until`, or now while the period lasts. What happened at
        or after it is left out, however long ago it was.
    """

    since: datetime
    until: datetime
    as_of: datetime

    @classmethod
    def of(cls, since: datetime, until: datetime, now: datetime) -> Period:
        """Return the period between two moments (aware), seen at `now`.

        Raises
        ------
        BadValue
            When it is empty.
        NotFound
            When it has not begun, or began before 1950.
        """
        if until <= since:
            raise BadValue(
                "A period ends after it begins.", got=f"{since.isoformat()} to {until.isoformat()}"
            )
        if since >= now:
            raise NotFound(
                "That is in the future: there is nothing to count yet.",
                got=since.isoformat(),
                allowed=f"a time that begins before {now.isoformat()}",
            )
        if since < _FIRST:
            raise NotFound(
                "That is long before there was anything to count.",
                got=since.isoformat(),
                allowed=f"a time that begins from {_FIRST:%Y-%m-%d} on",
            )
        return cls(since, until, min(until, now))

    @property
    def is_over(self) -> bool:
        """True when nothing can be added to it any more but what is entered late."""
        return self.as_of == self.until

    def holds(self, moment: datetime | None) -> bool:
        """True for a moment of it that is known."""
        return moment is not None and self.since <= moment < self.as_of

    def meant_for(self, moment: datetime | None) -> bool:
        """True for a moment of it, be it still to come."""
        return moment is not None and self.since <= moment < self.until


def month_of(text: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the first moments (UTC) of a month of the site and of the next one.

    Raises
    ------
    BadValue
        For what is no month.
    """
    found = _MONTH.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise BadValue("This is not a month.", got=repr(text), allowed="YYYY-MM, such as 2026-03")
    year, month = int(found[1]), int(found[2])
    begins = datetime(year, month, 1, tzinfo=zone)
    ends = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=zone)
    return begins.astimezone(UTC), ends.astimezone(UTC)


def former_month(text: str) -> str:
    """Return the month before a month, both as YYYY-MM."""
    year, month = int(text[:4]), int(text[5:7])
    return f"{year - 1:04d}-12" if month == 1 else f"{year:04d}-{month - 1:02d}"
