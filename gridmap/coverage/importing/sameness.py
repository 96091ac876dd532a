"""Whether two values of a column say the same, whatever format they came through.

Formats differ in what they can hold: nothing and empty text are the same, so are 5, 5.0 and
``5``, a date and its midnight, a list and its JSON. ``0105`` and 105 are not: zeros in front
belong to a code.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["plain_value", "same_value"]

# Of a decimal number, relative: a shapefile keeps fifteen digits.
_RELATIVE = 1e-9


def plain_value(value: Any) -> Any:
    """Return a value as JSON knows it; None for a missing one and for empty text."""
    if isinstance(value, (list, dict)):
        return value
    if value is None or value is pd.NA or value is pd.NaT or value == "":
        return None
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, float):
        return None if np.isnan(value) else value
    return value.isoformat() if isinstance(value, datetime) else value


def same_value(old: Any, new: Any) -> bool:
    """True when two plain values say the same."""
    if old == new:
        return True
    if old is None or new is None:
        return False
    if isinstance(old, str) and isinstance(new, str):
        return _same_moment(old, new)
    if isinstance(old, str) or isinstance(new, str):
        text, other = (old, new) if isinstance(old, str) else (new, old)
        return _says(text, other)
    if isinstance(old, (int, float)) and isinstance(new, (int, float)):
        # Whole numbers are names as often as measures: one more is another one.
        whole = float(old).is_integer() and float(new).is_integer()
        return not whole and abs(old - new) <= _RELATIVE * max(abs(old), abs(new))
    return False


def _says(text: str, value: Any) -> bool:
    """True when `text` is `value` written out: a number, true or false, JSON."""
    if isinstance(value, bool):
        return text.strip().lower() in ({"true", "1"} if value else {"false", "0"})
    if isinstance(value, (list, dict)):
        return bool(_parsed(text) == value)
    number = _parsed(text.strip().removeprefix("+"))
    return isinstance(number, (int, float)) and same_value(number, value)


def _parsed(text: str) -> Any:
    """Return what `text` is as JSON, None for what is not; JSON has no zeros in front."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return None


def _same_moment(old: str, new: str) -> bool:
    if "-" not in old or "-" not in new:
        return False
    try:
        a, b = datetime.fromisoformat(old), datetime.fromisoformat(new)
    except ValueError:
        return False
    return (a.tzinfo is None) == (b.tzinfo is None) and a == b
