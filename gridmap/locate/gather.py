"""Put the answers of several editions together into one set of columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gridmap.areas import Level, Levels
from gridmap.locate.borders import Floats, Ints
from gridmap.locate.codes import CodeColumns, Coded
from gridmap.locate.model import Locations, LocationStatus
from gridmap.locate.near import NearAreas, NearestAreas
from gridmap.locate.text import add_warning, text_array

__all__ = ["Gathered"]

_T = TypeVar("_T", bound=np.generic)


class Gathered:
    """Columns for n points, put together from parts.

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

    Points that no part answers have the status `NO_EDITION`. The columns of a part that
    answers all points are handed on as they are; of several, the legends are joined.
    """

    def __init__(
        self,
        lon: Floats,
        lat: Floats,
        warning: NDArray[np.object_],
        levels: Levels,
        margins: bool,
    ) -> None:
        self._lon, self._lat, self._warning = lon, lat, warning
        self._levels, self._with_margins = levels, margins
        self._parts: list[tuple[Ints, Locations]] = []

    def add(self, where: Ints, part: Locations, edition: str) -> None:
        """Take row ``i`` of `part` as the answer of an edition for point ``where[i]``.

        The places ascend, and no point is answered twice.
        """
        if part.warning.any():
            for text in set(part.warning.tolist()) - {""}:
                add_warning(self._warning, where[part.warning == text], text)
        self._levels = _merged(self._levels, part.levels)
        named = replace(part, edition=text_array([edition]).repeat(len(where)))
        self._parts.append((where, named))

    def finish(self) -> Locations:
        """Return what was gathered."""
        if len(self._parts) == 1 and len(self._parts[0][0]) == len(self._lon):
            return self._whole(self._parts[0][1])
        n = len(self._lon)
        nothing = text_array([LocationStatus.NO_EDITION.value]).repeat(n)
        return Locations(
            lon=self._lon,
            lat=self._lat,
            status=self._column("status", nothing),
            edition=self._column("edition", np.full(n, None, dtype=object)),
            certain_level=self._column("certain_level", np.full(n, None, dtype=object)),
            levels=self._levels,
            codes=CodeColumns({name: self._codes(name) for name in self._levels.names}),
            margin_m=self._column("margin_m", np.full(n, np.nan)),
            margins_m={name: self._margins(name) for name in self._margined()},
            candidates=NearAreas.join([(w, part.candidates) for w, part in self._parts]),
            nearest=NearestAreas(
                NearAreas.join([(w, part.nearest.columns) for w, part in self._parts])
            ),
            warning=self._warning,
        )

    def _whole(self, part: Locations) -> Locations:
        """The one part that answers every point, with every level there is."""
        n = len(self._lon)
        codes, margins = part.codes, part.margins_m
        if self._levels.names != part.levels.names:
            codes = CodeColumns(
                {
                    name: codes.coded(name) if name in codes else Coded.none(n)
                    for name in self._levels.names
                }
            )
        if self._with_margins:
            margins = {name: margins.get(name, np.full(n, np.nan)) for name in self._levels.names}
        return replace(
            part,
            lon=self._lon,
            lat=self._lat,
            levels=self._levels,
            codes=codes,
            margins_m=margins,
            warning=self._warning,
        )

    def _column(self, name: str, out: NDArray[_T]) -> NDArray[_T]:
        for where, part in self._parts:
            out[where] = getattr(part, name)
        return out

    def _codes(self, level: str) -> Coded:
        parts = [(w, part.codes.coded(level)) for w, part in self._parts if level in part.codes]
        return Coded.joined(len(self._lon), parts)

    def _margined(self) -> list[str]:
        """Levels whose margins are answered."""
        found = {name for _, part in self._parts for name in part.margins_m}
        return [name for name in self._levels.names if self._with_margins or name in found]

    def _margins(self, level: str) -> Floats:
        out = np.full(len(self._lon), np.nan)
        for where, part in self._parts:
            if level in part.margins_m:
                out[where] = part.margins_m[level]
        return out


def _merged(levels: Levels, other: Levels) -> Levels:
    """Levels with those of `other` that are missing, each below the one it was below."""
    if levels.names == other.names:
        return levels
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
