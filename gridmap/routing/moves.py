"""What a new edition does to open reports: who keeps their area, who moves, and to whom.

A report belongs to the edition in force when it was observed. When another edition takes over
while it is open, its place may lie in another area. By the policy of the new edition such
reports keep their owner, or migrate to the new area's. An owner is never lost on the way: a
report that lies in no area of the new edition, or for which that names no lead, keeps its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from gridmap.routing.book import Decision

__all__ = ["MovePlan", "MovePolicy", "MoveReason", "OpenReport", "ReportMove"]


class MovePolicy(StrEnum):
    """What becomes of open reports whose area changes: `KEEP` their owner, or `MIGRATE`."""

    KEEP = "keep"
    MIGRATE = "migrate"


class MoveReason(StrEnum):
    """Why a report whose area changes moves or stays."""

    AREA_CHANGED = "area_changed"
    POLICY_KEEPS = "policy_keeps"
    OUTSIDE = "outside"  # of the new edition: there is nobody to move to
    NO_LEAD = "no_lead"  # in the new edition, and it has one now


@dataclass(frozen=True, slots=True)
class OpenReport:
    """A report that is open, as it stands just before an edition takes over.

    Attributes
    ----------
    number : int
    x, y : float or None
        As given, in `coord_sys`.
    coord_sys : str
    accuracy_m : float or None
    item : str or None
    received_at : datetime
        Aware.
    edition : str or None
        The one it belongs to; None when no edition answered.
    codes : mapping of level to code
    department, first_responder : str
        Empty when there is none.
    routed : bool
        False when no rule could route it: its deadline is still to be computed.
    catalogue : str
        The one that the item is of; empty for the site's own.
    """

    number: int
    x: float | None
    y: float | None
    coord_sys: str
    accuracy_m: float | None
    item: str | None
    received_at: datetime
    edition: str | None
    codes: Mapping[str, str]
    department: str
    first_responder: str
    routed: bool
    catalogue: str = ""


@dataclass(frozen=True, slots=True)
class ReportMove:
    """One report whose area changes.

    Attributes
    ----------
    report : OpenReport
    new_codes : mapping of level to code
        Of its place in the new edition; empty outside.
    location_status : str
        Of its place in the new edition.
    reason : MoveReason
    decision : Decision or None
        The route in the new edition, when it moves.
    """

    report: OpenReport
    new_codes: Mapping[str, str]
    location_status: str
    reason: MoveReason
    decision: Decision | None = None

    @property
    def moves(self) -> bool:
        """True when it gets the new area and its owner."""
        return self.decision is not None

    @property
    def changed_levels(self) -> dict[str, tuple[str | None, str | None]]:
        """Old and new code at each level where they differ."""
        old, new = self.report.codes, self.new_codes
        return {
            level: (old.get(level), new.get(level))
            for level in dict.fromkeys([*old, *new])
            if old.get(level) != new.get(level)
        }

    def as_dict(self) -> dict[str, Any]:
        """Return what people are shown, as JSON-able data."""
        new = self.decision
        return {
            "report": self.report.number,
            "item": self.report.item,
            "from_edition": self.report.edition,
            "areas": {
                level: {"old": old, "new": now} for level, (old, now) in self.changed_levels.items()
            },
            "moves": self.moves,
            "reason": self.reason.value,
            "old_department": self.report.department or None,
            "new_department": (new.department or None) if new else None,
            "old_first_responder": self.report.first_responder or None,
            "new_first_responder": (new.first_responder or None) if new else None,
        }


@dataclass(frozen=True)
class MovePlan:
    """What an edition's coming into force does to open reports.

    Attributes
    ----------
    edition : str
        The one that comes into force.
    effective_from : datetime
        Aware: when moves count; the edition's date, or the moment of planning when that is
        past, for what was answered in between was answered.
    policy : MovePolicy
    open : int
        Reports that were looked at.
    last : int
        The highest number among them.
    moves : tuple of ReportMove
        Those whose area changes, by number; the others are not listed.
    """

    edition: str
    effective_from: datetime
    policy: MovePolicy
    open: int = 0
    last: int = 0
    moves: tuple[ReportMove, ...] = field(default=())

    def counts(self) -> dict[str, int]:
        """Return how many reports keep their area, move, change hands, and stay for a reason."""
        moving = [move for move in self.moves if move.decision is not None]
        handed = [m for m in moving if m.decision and m.decision.department != m.report.department]
        counts = {
            "open": self.open,
            "same area": self.open - len(self.moves),
            "area changes": len(self.moves),
            "move": len(moving),
            "change department": len(handed),
        }
        for reason in (MoveReason.POLICY_KEEPS, MoveReason.OUTSIDE, MoveReason.NO_LEAD):
            counts[_STAYS[reason]] = sum(move.reason is reason for move in self.moves)
        return counts


_STAYS = {
    MoveReason.POLICY_KEEPS: "keep their owner",
    MoveReason.OUTSIDE: "stay, outside the edition",
    MoveReason.NO_LEAD: "stay, no lead there",
}
