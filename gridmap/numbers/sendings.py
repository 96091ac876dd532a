"""Each sending of an order to a lead, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from gridmap.cases.fields import moment
from gridmap.cases.model import ReturnKind

if TYPE_CHECKING:
    from gridmap.numbers.tale import Entry

__all__ = ["Sending", "sendings"]

_SENDS = frozenset({"order.dispatch", "order.rule"})
_ENDS = frozenset({"order.resolve", "order.close", "order.reject", "order.merge"})


@dataclass(frozen=True, slots=True)
class Sending:
    """One dispatch.

    Attributes
    ----------
    at : datetime
    lead : str
        Whom it was sent to.
    accept_by, accepted_at : datetime or None
    returned_at : datetime or None
        When the lead gave it back.
    return_kind : str
    next_at : datetime or None
        When it was sent on before it was finished; `next_lead` says to whom.
    """

    at: datetime
    lead: str
    accept_by: datetime | None = None
    accepted_at: datetime | None = None
    returned_at: datetime | None = None
    return_kind: str = ""
    next_at: datetime | None = None
    next_lead: str = ""
    ended_at: datetime | None = None

    @property
    def undecided(self) -> bool:
        """True while it is given back and not known to whom it goes."""
        return self.returned_at is not None and self.next_at is None and self.ended_at is None

    @property
    def wrong(self) -> bool:
        """True when it went to somebody else before it was finished: that settles it."""
        return self.next_at is not None and self.next_lead != self.lead

    @property
    def passed_off(self) -> bool:
        """True when it was given back as another's or for other reasons, and came back.

        What no longer needs doing, by a signed form, is no buck-passing.
        """
        came_back = self.next_at is not None and self.next_lead == self.lead
        return came_back and self.return_kind not in {"", ReturnKind.NOT_NEEDED.value}


def sendings(entries: Sequence[Entry]) -> list[Sending]:
    """Return what was sent to whom in the life of an order, in order."""
    places = [n for n, one in enumerate(entries) if one.action in _SENDS]
    return [_sending(entries[start:]) for start in places]


def _sending(entries: Sequence[Entry]) -> Sending:
    """Return the sending that these entries begin with."""
    first, lead = entries[0], entries[0].lead
    found: dict[str, datetime | None] = {
        "accepted_at": None,
        "returned_at": None,
        "next_at": None,
        "ended_at": None,
    }
    kind = next_lead = ""
    for one in entries[1:]:
        if one.action in _SENDS or (one.action == "order.move" and one.lead != lead):
            # An edition that moves an order says nothing about who was right before it.
            if one.action != "order.move":
                found["next_at"], next_lead = one.at, one.lead
            else:
                found["ended_at"] = one.at
            break
        own = one.fields.get("department") == lead
        if one.action in _ENDS and (one.action != "order.resolve" or own):
            found["ended_at"] = one.at
            break
        if one.action == "order.accept" and own:
            found["accepted_at"] = one.at
        if one.action == "order.return" and own:
            found["returned_at"], kind = one.at, str(one.fields.get("kind", ""))
    return Sending(
        first.at,
        lead,
        accept_by=moment(first.fields, "accept_by"),
        return_kind=kind,
        next_lead=next_lead,
        **found,
    )
