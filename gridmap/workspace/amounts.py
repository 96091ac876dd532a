"""What the atoms of an edition hold: homes, buildings, people, as their layer says."""

from __future__ import annotations

import numpy as np

from gridmap.coverage.counts import first_count
from gridmap.coverage.model import Coverage
from gridmap.planning.held import HELD_COLUMNS
from gridmap.store.store import Store

__all__ = ["amounts_of"]


def amounts_of(store: Store, coverage: Coverage) -> dict[str, dict[str, float]]:
    """Return by measure the amount of each atom that has one, by code."""
    out: dict[str, dict[str, float]] = {}
    for rank in np.unique(coverage.rank[coverage.atoms]).tolist():
        kept = store.attributes(coverage.edition, coverage.levels[rank].name)
        for code, values in kept.items():
            for measure, columns in HELD_COLUMNS.items():
                number = first_count(values, columns)
                if number is not None:
                    out.setdefault(measure, {})[code] = number
    return out
