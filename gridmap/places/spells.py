"""From which day to which a record holds, as tables say it."""

from __future__ import annotations

from datetime import date, timedelta

from gridmap.places.record import Record
from gridmap.places.sheet import Column

__all__ = ["SPELL", "spell"]

SPELL = (
    Column("valid_from", ("生效日期", "起始日期", "开始日期", "任职日期")),
    # The first day no longer: something that lapses on a day does not hold on it.
    Column("valid_to", ("失效日期",)),
    # These include their day, as everybody reads them.
    Column("last_day", ("终止日期", "截止日期", "结束日期", "有效期至", "离任日期")),
)


def spell(record: Record) -> tuple[date | None, date | None]:
    """Return the first day of a record, and the first day no longer; None is open."""
    first, end, last = (record.day(column.name) for column in SPELL)
    if last is not None:
        if first is not None and last < first:
            record.refuse("last_day", "is before the first day")
        # Written for what has no end.
        after = None if last == date.max else last + timedelta(days=1)
        if end is not None and end != after:
            record.refuse("last_day", f"says another end than {end}, the first day no longer")
        return first, after
    if first is not None and end is not None and end <= first:
        record.refuse("valid_to", "is not after the first day")
    return first, end
