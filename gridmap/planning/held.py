"""What atoms are known to hold, by the names of attributes that say so."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["HELD_COLUMNS"]

# Attributes of atoms by measure; the first one that an atom has counts.
HELD_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "households": ("households", "户数"),
    "buildings": ("buildings", "楼栋数"),
    "population": ("population", "人口", "人口数", "常住人口"),
}
