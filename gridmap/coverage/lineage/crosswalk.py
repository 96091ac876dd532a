"""Crosswalk: by which weights figures of one edition add up on the areas of another."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from gridmap.coverage.lineage.model import AREA, LevelLineage
from gridmap.errors import BadValue

__all__ = ["Basis", "Crosswalk", "apply_crosswalk", "crosswalk"]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
Names = NDArray[np.object_]

# Weights are whole multiples of this: they add up to exactly 1 in any order and program.
_QUANTUM = 2.0**-40


class Basis(StrEnum):
    """What the weights of an area rest on.

    `EXACT`: on what was measured or counted. `ESTIMATED`: on totals of areas that had to be
    shared out by area. `BY_AREA`: on area, as nothing is counted there or it is not known.
    `NO_LAND`: the area has no polygon; all of it goes to its heir, or nowhere.
    """

    EXACT = "exact"
    ESTIMATED = "estimated"
    BY_AREA = "by_area"
    NO_LAND = "no_land"


@dataclass(frozen=True, eq=False)
class Crosswalk:
    """Weights from the areas of one edition to those of another, at one level.

    Attributes
    ----------
    level, source_edition, target_edition : str
    source : object (k)
        Codes; all rows of a source stand together, the largest area first.
    target : object (k)
        Codes; None for what is in no area of the target edition.
    link : int64 (k)
        The row of the lineage that each row was made of.
    weights : mapping of str to float64 (k)
        By measure; those of a source add up to exactly 1.
    basis : mapping of str to object (k)
        By measure: the source's :class:`Basis`.
    """

    level: str
    source_edition: str
    target_edition: str
    source: Names
    target: Names
    link: Rows
    weights: Mapping[str, Floats]
    basis: Mapping[str, Names]

    def __len__(self) -> int:
        return len(self.source)

    def need_measure(self, measure: str) -> None:
        """Raise `BadValue` unless there are weights by `measure`."""
        if measure not in self.weights:
            raise BadValue(
                "The crosswalk has no such measure.", got=measure, allowed=list(self.weights)
            )


def crosswalk(lineage: LevelLineage, *, reverse: bool = False) -> Crosswalk:
    """Return the weights old -> new, or new -> old when `reverse`.

    Every area of the source edition has at least one row. Rows that weigh nothing by any
    measure are left out.
    """
    source, target = (lineage.new, lineage.old) if reverse else (lineage.old, lineage.new)
    codes, targets = (
        (lineage.new_code, lineage.old_code) if reverse else (lineage.old_code, lineage.new_code)
    )
    area = lineage.amounts[AREA].value
    rows = np.flatnonzero(source >= 0)
    rows = rows[np.lexsort((rows, -area[rows], source[rows]))]
    heirs = np.append(lineage.heir, -2)[lineage.old[rows]] == lineage.new[rows]
    place = source[rows]
    weights: dict[str, Floats] = {}
    basis: dict[str, Names] = {}
    for name, amount in lineage.amounts.items():
        choices = [
            (amount.value[rows], Basis.EXACT),
            (area[rows], Basis.BY_AREA),
            # Without land: to the heir, else to the first row there is.
            (heirs.astype(float), Basis.NO_LAND),
            (np.ones(len(rows)), Basis.NO_LAND),
        ]
        value, by = _first_usable(place, len(codes), choices)
        cut = np.bincount(place, weights=amount.estimated[rows], minlength=len(codes)) > 0
        by[cut & (by == Basis.EXACT)] = Basis.ESTIMATED
        weights[name] = _weights(place, len(codes), value)
        basis[name] = by[place]
    kept = np.any([w > 0 for w in weights.values()], axis=0)
    reached = target[rows[kept]]
    return Crosswalk(
        level=lineage.level,
        source_edition=lineage.new_edition if reverse else lineage.old_edition,
        target_edition=lineage.old_edition if reverse else lineage.new_edition,
        source=codes[place[kept]],
        target=_with_none(targets)[reached],
        link=rows[kept],
        weights={name: w[kept] for name, w in weights.items()},
        basis={name: b[kept] for name, b in basis.items()},
    )


def _with_none(codes: Names) -> Names:
    """Codes, and None in the last place: that of -1."""
    out = np.full(len(codes) + 1, None, dtype=object)
    out[:-1] = codes
    return out


def _first_usable(
    place: Rows, count: int, choices: list[tuple[Floats, Basis]]
) -> tuple[Floats, Names]:
    """Per source the first values that are all known and not all zero, and their basis."""
    value = np.zeros(len(place))
    basis = np.full(count, None, dtype=object)
    for amount, name in choices:
        total = np.bincount(place, weights=amount, minlength=count)
        usable = np.isfinite(total) & (total > 0) & (basis == None)  # noqa: E711 - by element
        basis[usable] = name
        value = np.where(usable[place], amount, value)
    return value, basis


def _weights(place: Rows, count: int, value: Floats) -> Floats:
    """Shares of each source's sum, as multiples of the quantum; its largest takes the rest."""
    total = np.bincount(place, weights=value, minlength=count)
    units = np.floor(value / total[place] / _QUANTUM)
    order = np.lexsort((-value, place))
    first = order[np.r_[True, np.diff(place[order]) > 0]] if len(order) else order
    left = 1 / _QUANTUM - np.bincount(place, weights=units, minlength=count)
    units[first] += left[place[first]]
    return units * _QUANTUM


def apply_crosswalk(
    walk: Crosswalk, values: Mapping[str, float], *, measure: str = AREA
) -> dict[str | None, float]:
    """Bring figures of the source edition onto the areas of the target edition.

    Parameters
    ----------
    walk : Crosswalk
    values : mapping of str to float
        Figures that add up (counts, sums), by source code.
    measure : str
        Which weights to use: those of what the figures are about, or next to it.

    Returns
    -------
    dict
        Figures by target code; None for what is in no area of the target edition. They add
        up to what the values do: of each value the largest part takes the rounding.

    Raises
    ------
    BadValue
        For a measure that there is not, a code that the source edition has not, or a value
        that is no number.
    """
    walk.need_measure(measure)
    rows: dict[str, list[int]] = {}
    for row, code in enumerate(walk.source.tolist()):
        rows.setdefault(code, []).append(row)
    unknown = [code for code in values if code not in rows]
    if unknown:
        raise BadValue(
            f"Edition '{walk.source_edition}' has no {walk.level} of these codes.",
            got=", ".join(map(str, unknown[:10])),
            repair="Leave them out, or apply the figures to the edition they belong to.",
        )
    parts: dict[str | None, list[float]] = {}
    weights = walk.weights[measure]
    for code, value in values.items():
        if not math.isfinite(value):
            raise BadValue("A figure is no number.", got=f"{code}: {value}")
        some = sorted((r for r in rows[code] if weights[r] > 0), key=lambda r: weights[r])
        shared = [value * float(weights[r]) for r in some[:-1]]
        shared.append(value - math.fsum(shared))
        for row, part in zip(some, shared, strict=True):
            parts.setdefault(walk.target[row], []).append(part)
    return {code: math.fsum(found) for code, found in parts.items()}
