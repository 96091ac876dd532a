"""Columns that the locator works with: points coming in, codes going out."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridmap.coverage.model import Coverage
from gridmap.crs import valid_lonlat
from gridmap.errors import BadValue
from gridmap.locate.borders import Floats, Ints
from gridmap.locate.engines import has_compiled

__all__ = ["columns", "compacted", "legends", "spread", "without_invalid"]

Codes = NDArray[np.object_]
Places = NDArray[np.int32]

_T = TypeVar("_T", bound=np.generic)


def columns(
    lon: ArrayLike, lat: ArrayLike, accuracy_m: ArrayLike | None
) -> tuple[Floats, Floats, Floats]:
    """Return float64 columns of one length; no accuracies are NaN. The last one is a copy."""
    try:
        x, y = np.asarray(lon, np.float64), np.asarray(lat, np.float64)
        radius = (
            np.full(x.shape, np.nan) if accuracy_m is None else np.array(accuracy_m, np.float64)
        )
    except (TypeError, ValueError) as error:
        raise BadValue("Coordinates and accuracies must be numbers.", got=str(error)) from error
    if x.ndim != 1 or not x.shape == y.shape == radius.shape:
        raise BadValue(
            "Coordinates and accuracies must be arrays of one length.",
            got=f"{x.shape}, {y.shape}, {radius.shape}",
        )
    return x, y, radius


def legends(coverage: Coverage, ancestors: Ints) -> tuple[Places, list[Codes]]:
    """For each level the place of every atom's area among its codes, last -1, and the codes."""
    ranks = range(len(coverage.levels))
    first = np.searchsorted(coverage.rank, [*ranks, len(ranks)])
    places = np.full((len(first) - 1, len(ancestors) + 1), -1, np.int32)
    for rank, row in enumerate(ancestors.T):
        places[rank, :-1] = np.where(row >= 0, row - first[rank], -1)
    return places, [coverage.code[first[rank] : first[rank + 1]] for rank in ranks]


def spread(values: NDArray[_T], known: Ints, n: int, otherwise: float) -> NDArray[_T]:
    """Values of the known points among all n."""
    out = np.full(n, otherwise, dtype=values.dtype)
    out[known] = values
    return out


def without_invalid(
    lon: Floats, lat: Floats, atom: Places, bits: NDArray[np.uint8], kinds: Places, invalid: int
) -> tuple[Places, Places]:
    """Return atom and kind of status of each point, none and `invalid` where it is nowhere.

    Degrees that are no numbers, out of range, or both 0 are nowhere. `kinds` has the kind for
    each status of an engine; `atom` may be changed.
    """
    if has_compiled():
        from gridmap.locate.tiles.compact import blank_invalid

        status = np.empty_like(atom)
        blank_invalid(lon, lat, atom, bits, kinds, invalid, status)
        return atom, status
    valid = valid_lonlat(lon, lat) & ~((lon == 0) & (lat == 0))
    nothing, bad = np.int32(-1), np.int32(invalid)
    return np.where(valid, atom, nothing), np.where(valid, kinds[bits], bad)


def compacted(
    atom: NDArray[np.int32], places: NDArray[np.int32]
) -> tuple[NDArray[np.int32], list[NDArray[np.int32]]]:
    """Return the columns of all levels at once, with legends of what occurs alone.

    Parameters
    ----------
    atom : int32 (n,)
        Winner of each point, -1 for none.
    places : int32 (levels, atoms + 1)
        Place of each atom's area among those of a level, -1 for none; the last is for no atom.

    Returns
    -------
    index : int32 (levels, n)
        Numbers into the legends, -1 for none.
    legends : for each level an int32 array of places, as they come
    """
    index = np.empty((len(places), len(atom)), np.int32)
    if has_compiled():
        from gridmap.locate.tiles.compact import compact

        legend = np.empty_like(index)
        used = compact(np.ascontiguousarray(atom), places, index, legend)
        return index, [row[:n] for row, n in zip(legend, used.tolist(), strict=True)]
    legends = []
    for level, row in enumerate(places):
        place = row[atom]
        there, first, number = np.unique(place, return_index=True, return_inverse=True)
        some = there >= 0
        order = np.argsort(first[some])
        numbers = np.full(len(there), -1, np.int32)
        numbers[np.flatnonzero(some)[order]] = np.arange(len(order))
        index[level] = numbers[number]
        legends.append(there[some][order])
    return index, legends
