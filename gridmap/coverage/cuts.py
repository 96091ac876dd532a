"""Where the grids of another family cut the base grids, with the crosswalk between the two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridmap.coverage.measure import Ruler
from gridmap.coverage.model import Coverage
from gridmap.coverage.overlaps import overlap_shares, polygonal

__all__ = ["NOISE", "Cuts", "find_cuts"]

# Borders drawn twice never agree to the centimetre: what is below this part is no cut.
NOISE = 0.01

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Cuts:
    """Pairs of a base area and an area of the other family that share ground.

    Ordered by base area, then by share, the largest first.

    Attributes
    ----------
    base, other : Coverage
    base_row, other_row : int64 (k,)
        Rows of the two coverages.
    share_of_base, share_of_other : float64 (k,)
        The common ground as a part of the base area and of the other one, 0 < share <= 1.
    area_m2 : float64 (k,)
        The common ground.
    uncovered : float64 (n,)
        Part of each of `base_rows` that is in no area of the other family, 0 to 1.
    base_rows : int64 (n,)
        All base areas that were looked at.
    cut : int64 (c,)
        The rows of those that the other family cuts: more than the noise of them is in one
        area, and more than the noise is not.
    """

    base: Coverage
    other: Coverage
    base_row: Ints
    other_row: Ints
    share_of_base: Floats
    share_of_other: Floats
    area_m2: Floats
    uncovered: Floats
    base_rows: Ints
    cut: Ints


def find_cuts(
    base: Coverage, other: Coverage, *, level: str | None = None, noise: float = NOISE
) -> Cuts:
    """Lay another family's finest areas over the base grids.

    Parameters
    ----------
    base, other : Coverage
        Without areas in one of them there are no pairs.
    level : str, optional
        Level of the base grids that are looked at; the atoms when left out.
    noise : float
        Part of a base area below which it is not cut, 0 to 0.5; pairs that share less than
        that of both areas are left out.
    """
    rows = base.atoms if level is None else base.rows(level)
    others = other.atoms
    mine, theirs = polygonal(base.shapes[rows]), polygonal(other.shapes[others])
    i, o, share = overlap_shares(mine, theirs)
    ruler = Ruler()
    sizes, their_sizes = ruler.measure(mine).area_m2, ruler.measure(theirs).area_m2
    common = share * sizes[i]
    back = np.minimum(common / their_sizes[o], 1.0)
    uncovered = np.clip(1.0 - np.bincount(i, weights=share, minlength=len(rows)), 0.0, 1.0)
    split = (share > noise) & (share < 1.0 - noise)
    keep = (share > noise) | (back > noise)
    return Cuts(
        base=base,
        other=other,
        base_row=rows[i[keep]],
        other_row=others[o[keep]],
        share_of_base=share[keep],
        share_of_other=back[keep],
        area_m2=common[keep],
        uncovered=uncovered,
        base_rows=rows,
        cut=rows[np.unique(i[split])],
    )
