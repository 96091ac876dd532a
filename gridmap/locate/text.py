"""Small helpers for columns of text: object arrays that share a few strings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["add_warning", "picked", "text_array"]


def text_array(values: Sequence[str | None]) -> NDArray[np.object_]:
    """Return an object array (n,) of the values as they are."""
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def picked(table: NDArray[np.object_], index: NDArray[np.integer[Any]]) -> NDArray[np.object_]:
    """Return ``table[index]``; index -1 picks the last entry, by convention None."""
    found: NDArray[np.object_] = table[index]
    return found


def add_warning(
    warning: NDArray[np.object_], where: NDArray[np.bool_] | NDArray[np.int64], text: str
) -> None:
    """Append a code to the warnings of some points, in place, separated by ``;``."""
    warning[where] = [f"{old};{text}" if old else text for old in warning[where]]
