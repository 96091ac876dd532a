"""What photographs of reports and of work done show; how they are read is in `gridmap.pictures`."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["PhotoKind"]


class PhotoKind(StrEnum):
    """What a photo shows: what was reported, or the place before and after the work."""

    REPORT = "report"
    BEFORE = "before"
    AFTER = "after"
