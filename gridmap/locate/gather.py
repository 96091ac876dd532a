"""Put the answers of several editions together into one set of columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridmap.areas import Level, Levels
from gridmap.locate.borders import Floats, Ints
from gridmap.locate.model import Locations, LocationStatus
from gridmap.locate.near import NearAreas, NearestAreas
from gridmap.locate.text import add_warning, text_array

__all__ = ["Gathered"]


class Gathered:
    """Columns for n points, filled by parts.

    Parameters
    ----------
    lon, lat : float64 (n,)
        Store coordinates, NaN where invalid.
    warning : object (n,) of str
        Warnings so far; the array is taken over.
    levels : Levels
        Columns that are there whichever edition answers.
    margins : bool
        Whether margins per level were asked for.

    Points that no part answers have the status `NO_EDITION`.
    """

    def __init__(
        self,
        lon: Floats,
        lat: Floats,
        warning: NDArray[np.object_],
        levels: Levels,
        margins: bool,
    ) -> None:
        n = len(lon)
        self._lon, self._lat, self._warning = lon, lat, warning
        self._levels = levels
        self._status = text_array([LocationStatus.NO_EDITION.value]).repeat(n)
        self._edition = np.full(n, None, dtype=object)
        self._certain = np.full(n, None, dtype=object)
        self._margin = np.full(n, np.nan)
        self._codes = {name: np.full(n, None, dtype=object) for name in levels.names}
        self._margins = {name: np.full(n, np.nan) for name in levels.names} if margins else {}
        self._parts: list[tuple[Ints, Locations]] = []

    def add(self, where: Ints, part: Locations, edition: str) -> None:
        """Take row ``i`` of `part` as the answer of an edition for point ``where[i]``."""
        n = len(self._status)
        self._status[where], self._edition[where] = part.status, edition
        self._certain[where], self._margin[where] = part.certain_level, part.margin_m
        for name, codes in part.codes.items():
            self._codes.setdefault(name, np.full(n, None, dtype=object))[where] = codes
        for name, metres in part.margins_m.items():
            self._margins.setdefault(name, np.full(n, np.nan))[where] = metres
        for text in set(part.warning.tolist()) - {""}:
            add_warning(self._warning, where[part.warning == text], text)
        self._levels = _merged(self._levels, part.levels)
        self._parts.append((where, part))

    def finish(self) -> Locations:
        """Return what was gathered."""
        return Locations(
            lon=self._lon,
            lat=self._lat,
            status=self._status,
            edition=self._edition,
            levels=self._levels,
            codes={name: self._codes[name] for name in self._levels.names},
            certain_level=self._certain,
            margin_m=self._margin,
            margins_m={n: self._margins[n] for n in self._levels.names if n in self._margins},
            candidates=NearAreas.join([(w, part.candidates) for w, part in self._parts]),
            nearest=NearestAreas(
                NearAreas.join([(w, part.nearest.columns) for w, part in self._parts])
            ),
            warning=self._warning,
        )


def _merged(levels: Levels, other: Levels) -> Levels:
    """Levels with those of `other` that are missing, each below the one it was below."""
    names: list[Level] = list(levels)
    known = set(levels.names)
    place = 0
    for level in other:
        if level.name in known:
            place = [one.name for one in names].index(level.name) + 1
        else:
            names.insert(place, level)
            place += 1
    return levels if len(names) == len(levels) else Levels(names)
