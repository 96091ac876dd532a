"""The crosswalk as one table: a row a pair of areas, a weight a measure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gridmap.coverage.lineage.crosswalk import crosswalk
from gridmap.coverage.lineage.model import AREA, LevelLineage

__all__ = ["crosswalk_columns", "crosswalk_rows"]

_FIRST = ("level", "old_edition", "old_code", "old_name", "new_edition", "new_code", "new_name")


def crosswalk_columns(measures: Iterable[str]) -> tuple[str, ...]:
    """Return the columns: what belongs together, then amount, weight and basis by measure.

    ``weight_M`` is the part of the old area that goes to the new one; those of an old area
    add up to exactly 1. ``back_M`` is the part of the new area that came from the old one.
    """
    out = [*_FIRST, "relation", "area_m2", "weight_area", "back_area"]
    for name in measures:
        if name != AREA:
            out += [name, f"weight_{name}", f"basis_{name}", f"back_{name}", f"back_basis_{name}"]
    return tuple(out)


def crosswalk_rows(lineage: LevelLineage) -> list[dict[str, Any]]:
    """Return the rows of a level: every old area, then what no old area has.

    None stands for no area of that edition, and for a weight of land that was in none.
    """
    there, back = crosswalk(lineage), crosswalk(lineage, reverse=True)
    forth = {int(link): row for row, link in enumerate(there.link)}
    home = {int(link): row for row, link in enumerate(back.link)}
    links = [*forth, *(link for link in home if link not in forth)]
    out = []
    for link in links:
        row = _pair(lineage, link)
        for name, amount in lineage.amounts.items():
            value = amount.value[link]
            row["area_m2" if name == AREA else name] = (
                None if np.isnan(value) else round(float(value), 6)
            )
            for walk, found, prefix in (
                (there, forth.get(link), ""),
                (back, home.get(link), "back_"),
            ):
                weight, basis = f"{prefix or 'weight_'}{name}", f"{prefix}basis_{name}"
                row[weight] = None if found is None else float(walk.weights[name][found])
                if name != AREA:
                    row[basis] = None if found is None else str(walk.basis[name][found])
        out.append(row)
    return out


def _pair(lineage: LevelLineage, link: int) -> dict[str, Any]:
    old, new = int(lineage.old[link]), int(lineage.new[link])
    values = (
        lineage.level,
        lineage.old_edition,
        lineage.old_code[old] if old >= 0 else None,
        lineage.old_name[old] if old >= 0 else None,
        lineage.new_edition,
        lineage.new_code[new] if new >= 0 else None,
        lineage.new_name[new] if new >= 0 else None,
    )
    return {**dict(zip(_FIRST, values, strict=True)), "relation": str(lineage.kind[link])}
