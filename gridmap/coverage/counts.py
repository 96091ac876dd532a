"""Numbers in attributes of areas: a file or a form may have them as text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from gridmap.coverage.codes import clean_code

__all__ = ["first_count", "read_count"]

# Plain, or with a comma at every third digit.
_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d*)?", re.ASCII)


def first_count(values: Mapping[str, Any], columns: Iterable[str]) -> float | None:
    """Return the number of the first column that has one."""
    numbers = (read_count(values.get(column)) for column in columns)
    return next((number for number in numbers if number is not None), None)


def read_count(value: Any) -> float | None:
    """Return the number that a value is, or is written out as; None for any other.

    Blanks, full-width digits and commas between thousands are those of people and programs
    that write numbers as text.
    """
    if isinstance(value, str):
        text = clean_code(value)
        value = float(text.replace(",", "")) if _NUMBER.fullmatch(text) else None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    return None
