"""What marks everything drawn from the demo, and what is said when a seed leads nowhere."""

from __future__ import annotations

from gridmap.errors import BadValue

__all__ = ["CRS", "NOTE", "NOTE_EN", "no_district"]

NOTE = "演示数据 · 虚构"
NOTE_EN = "Demonstration data · fictional"
CRS = "EPSG:4326"


def no_district(why: str) -> BadValue:
    """Return the error for chance that left no way to the counts of the scale."""
    return BadValue("No district comes of this seed.", got=why, repair="Build with another seed.")
