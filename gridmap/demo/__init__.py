"""The synthetic district: invented, seeded, the same on every machine.

>>> from gridmap.demo import build
>>> district = build("exclusive")
>>> len(district.layers["grid"])
52
"""

from __future__ import annotations

from gridmap.demo.district import AREA_LAYERS, PHOTOS, REDRAWN_ON, District, build
from gridmap.demo.notice import NOTE, NOTE_EN
from gridmap.demo.scales import SCALES

__all__ = [
    "AREA_LAYERS",
    "NOTE",
    "NOTE_EN",
    "PHOTOS",
    "REDRAWN_ON",
    "SCALES",
    "District",
    "build",
]
