"""Time: an injected clock, the site's zone, and one way to read a date.

Times are stored and compared as aware UTC datetimes and shown in the site's zone.
A time written without an offset is the site's local time; a bare date means 00:00
there. Nothing in gridmap calls ``datetime.now`` except :func:`system_clock`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gridmap.errors import BadValue

__all__ = [
    "DEFAULT_ZONE",
    "Clock",
    "ensure_utc",
    "frozen_clock",
    "parse_when",
    "site_zone",
    "system_clock",
    "to_site",
]

Clock = Callable[[], datetime]
DEFAULT_ZONE = "Asia/Shanghai"


def system_clock() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def frozen_clock(moment: datetime) -> Clock:
    """Return a clock that always shows `moment` (aware), for tests and demonstrations."""
    fixed = ensure_utc(moment)
    return lambda: fixed


def site_zone(name: str = DEFAULT_ZONE) -> ZoneInfo:
    """Return the time zone called `name`, or say that there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadValue(
            "The site's time zone is not known.",
            got=name,
            allowed="an IANA zone such as Asia/Shanghai",
            repair="Set GRIDMAP_ZONE.",
        ) from error


def ensure_utc(moment: datetime) -> datetime:
    """Return an aware `moment` in UTC; a naive one is refused, never guessed."""
    if moment.tzinfo is None:
        raise BadValue("A time without an offset reached the core.", got=moment.isoformat())
    return moment.astimezone(UTC)


def parse_when(text: str | datetime | date, zone: ZoneInfo) -> datetime:
    """Read an ISO 8601 date or time; without an offset it is local time in `zone`.

    Parameters
    ----------
    text : str, datetime or date
        ``2026-11-23``, ``2026-11-23T08:30``, ``2026-11-23 08:30:00+08:00``.
    zone : ZoneInfo
        The site's zone.

    Returns
    -------
    datetime
        Aware, in UTC.

    Raises
    ------
    BadValue
        When the text is not such a date or time.
    """
    if isinstance(text, datetime):
        moment = text
    elif isinstance(text, date):
        moment = datetime.combine(text, time())
    else:
        try:
            moment = datetime.fromisoformat(text.strip())
        except (ValueError, AttributeError) as error:
            raise BadValue(
                "This is not a date or time.",
                got=repr(text),
                allowed="ISO 8601, for example 2026-11-23 or 2026-11-23T08:30+08:00",
            ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise BadValue("This date is outside the calendar.", got=str(text)) from error


def to_site(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return `moment` (aware) as the site's local time."""
    return ensure_utc(moment).astimezone(zone)
