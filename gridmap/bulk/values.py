"""Reading numbers and times from columns of any type, with what could not be read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gridmap.bulk.astext import as_text, as_values
from gridmap.errors import BadValue
from gridmap.times import parse_when

__all__ = ["MomentReader", "Numbers", "numbers", "shown"]

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"

# Spreadsheets write 2026/1/5 8:30, people 2026年1月5日 8:30: the order is never in doubt.
_LOOSE_TIME = re.compile(
    r"(\d{4})[/.年-](\d{1,2})[/.月-](\d{1,2})日?(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?\Z"
)


def shown(text: str) -> str:
    """Return a value fit to stand in the `warning` column: short, without its separator."""
    text = " ".join(text.replace(";", ",").split())
    return text if len(text) <= 40 else text[:40] + "..."


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A column read as numbers.

    Attributes
    ----------
    values : float64 (n,)
        NaN where there is none.
    missing : bool (n,)
        Null or empty.
    wrong : dict of int to str
        The text of rows that hold something else than a number.
    """

    values: NDArray[np.float64]
    missing: NDArray[np.bool_]
    wrong: dict[int, str]


def numbers(column: pa.Array) -> Numbers:
    """Read a column of numbers or text as float64; full-width digits are read too."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        values = pc.cast(column, pa.float64(), safe=False)
        return Numbers(_floats(values), _bools(column.is_null()), {})
    text = pc.utf8_trim_whitespace(as_text(column))
    missing = _bools(pc.fill_null(pc.equal(text, ""), True))
    filled = pc.if_else(pa.array(missing), pa.scalar(None, pa.string()), text)
    try:
        return Numbers(_floats(pc.cast(filled, pa.float64())), missing, {})
    except pa.ArrowInvalid:
        return _salvaged(filled, missing)


def _salvaged(text: pa.Array, missing: NDArray[np.bool_]) -> Numbers:
    """Numbers of a column in which some values are not: those alone become NaN."""
    narrow = pc.utf8_normalize(text, form="NFKC")
    good = pc.fill_null(pc.match_substring_regex(narrow, _NUMBER), False)
    values = pc.cast(pc.if_else(good, narrow, pa.scalar(None, pa.string())), pa.float64())
    bad = np.flatnonzero(~_bools(good) & ~missing)
    return Numbers(_floats(values), missing, {int(i): text[int(i)].as_py() for i in bad})


def _floats(column: pa.Array) -> NDArray[np.float64]:
    found: NDArray[np.float64] = pc.fill_null(column, float("nan")).to_numpy(zero_copy_only=False)
    return found


def _bools(column: pa.Array) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = column.to_numpy(zero_copy_only=False)
    return found


@dataclass(slots=True)
class MomentReader:
    """Reads a column of times; a text that comes again is read once.

    Text is ISO 8601 or a date as spreadsheets write it; without an offset it is local time
    in `zone`, and so are timestamps without a zone and dates. Those beyond Python's years are
    not understood.
    """

    zone: ZoneInfo
    _known: dict[Any, datetime | None] = field(default_factory=dict)

    def read(self, column: pa.Array) -> tuple[list[datetime | None], dict[int, str]]:
        """Return aware UTC moments, None where there is none, and the texts not understood."""
        kind = column.type
        if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
            column = pc.utf8_trim_whitespace(as_text(column))
        elif pa.types.is_timestamp(kind) and kind.unit == "ns":
            # Python's times end at microseconds.
            column = pc.cast(column, pa.timestamp("us", kind.tz), safe=False)
        if len(self._known) > 1 << 17:
            self._known.clear()
        values = as_values(column)
        moments = [self._moment(value) for value in values]
        wrong = {
            i: str(value)
            for i, (value, moment) in enumerate(zip(values, moments, strict=True))
            if moment is None and value not in {None, ""}
        }
        return moments, wrong

    def _moment(self, value: str | datetime | date | None) -> datetime | None:
        if value is None or value == "":
            return None
        if value not in self._known:
            self._known[value] = _parsed(value, self.zone)
        return self._known[value]


def _parsed(value: str | datetime | date, zone: ZoneInfo) -> datetime | None:
    try:
        if isinstance(value, str) and (loose := _LOOSE_TIME.match(value)):
            return parse_when(datetime(*(int(part or 0) for part in loose.groups())), zone)  # type: ignore[arg-type]  # noqa: DTZ001
        return parse_when(value, zone)
    except (BadValue, ValueError):
        return None
