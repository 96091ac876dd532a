"""Ownership review (确权): what goes to the board, and what is one case there.

A report goes to the board when nobody is known to own what it is about, when it was returned
too often, or when somebody asks for it. Reports about one item at one place under the same
overlays have one answer, and so are one review.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from gridmap.locate.model import Locations
from gridmap.routing.book import Decision

__all__ = ["ReviewCase", "ReviewReason", "ReviewState", "case_of", "cases_of", "is_unowned"]

# The step by which a decision says that nobody is known to own it.
_UNOWNED = "ownership_review"


class ReviewReason(StrEnum):
    """Why a report came before the board."""

    NO_OWNER = "no_owner"
    RETURNED = "returned"
    ASKED = "asked"


class ReviewState(StrEnum):
    """Whether the board has spoken."""

    OPEN = "open"
    RULED = "ruled"


@dataclass(frozen=True, slots=True)
class ReviewCase:
    """What one review is about.

    Attributes
    ----------
    item : str
        Code of the item; empty for a report without one.
    catalogue : str
        Name of its catalogue; empty for the site's own.
    level, code : str
        The finest area of the place; empty when it is in none.
    edition : str or None
        The one that named the area.
    overlays : tuple of str
        Codes of the overlays at the place that matter for the item.
    lon, lat : float or None
        EPSG:4326, of the first report.
    alone : str
        Tells reports apart that have no place to share; empty for the others.
    """

    item: str
    catalogue: str
    level: str
    code: str
    edition: str | None
    overlays: tuple[str, ...]
    lon: float | None
    lat: float | None
    alone: str = ""

    @property
    def key(self) -> str:
        """What is the same for all reports of the review."""
        parts = (self.catalogue, self.item, self.level, self.code, ",".join(self.overlays))
        return "|".join((*parts, self.alone))


def is_unowned(decision: Decision) -> bool:
    """True when nobody is known to own what the report is about."""
    return any(step.rule == _UNOWNED for step in decision.steps)


def cases_of(
    decisions: Sequence[Decision], found: Locations, catalogue: str = ""
) -> list[ReviewCase | None]:
    """Return for each report the case that it goes to the board with, None for most.

    `catalogue` is that of all items; empty for the site's own.
    """
    return [
        case_of(decision, found, i, catalogue=catalogue) if is_unowned(decision) else None
        for i, decision in enumerate(decisions)
    ]


def case_of(
    decision: Decision,
    found: Locations,
    i: int,
    number: int | None = None,
    *,
    catalogue: str = "",
) -> ReviewCase:
    """Return what a report's review would be about.

    `number` is that of the report; it tells one apart that lies in no area.
    """
    finest = next(
        (
            (level, str(found.codes[level][i]))
            for level in reversed(found.levels.names)
            if found.codes[level][i] is not None
        ),
        ("", ""),
    )
    lon, lat = float(found.lon[i]), float(found.lat[i])
    known = bool(np.isfinite(lon) and np.isfinite(lat))
    edition = found.edition[i]
    return ReviewCase(
        item=decision.item,
        catalogue=catalogue,
        level=finest[0],
        code=finest[1],
        edition=None if edition is None else str(edition),
        overlays=decision.overlays,
        lon=lon if known else None,
        lat=lat if known else None,
        alone="" if finest[1] or number is None else f"#{number}",
    )
