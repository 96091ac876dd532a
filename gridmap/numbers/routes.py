"""How often each rule of routing sent an order to the wrong department."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gridmap.numbers.period import Period
from gridmap.numbers.tale import Tale

__all__ = ["ByRule", "RuleCount"]

# What stands in an explanation before the reason for the lead.
_BEFORE = frozenset({"call_first", "call_first_in_danger", "on_border"})
# The centre named a lead that the route had not.
BY_HAND = "by_hand"


@dataclass(slots=True)
class RuleCount:
    """What came of the orders that a rule decided.

    Attributes
    ----------
    rule : str
        Id of the step that decided the lead, or :data:`BY_HAND`.
    sent, returned, wrong, undecided : int
        Orders sent out for the first time; given back; gone to another lead before they were
        finished; given back and not settled.
    example : mapping or None
        A step of it, as stored.
    """

    rule: str
    sent: int = 0
    returned: int = 0
    wrong: int = 0
    undecided: int = 0
    example: Mapping[str, Any] | None = None


class ByRule:
    """Counts of the orders first sent out in a period, by the rule that decided."""

    def __init__(self, period: Period) -> None:
        self.period = period
        self._found: dict[str, RuleCount] = {}

    def add(self, tale: Tale) -> None:
        """Count an order's first sending."""
        first = next(iter(tale.sendings), None)
        if first is None or not self.period.holds(first.at):
            return
        step = _decided(tale, first.lead)
        name = BY_HAND if step is None else str(step["rule"])
        count = self._found.setdefault(name, RuleCount(name))
        count.sent += 1
        count.returned += first.returned_at is not None
        count.wrong += first.wrong
        count.undecided += first.undecided
        count.example = count.example or step

    def counts(self) -> list[RuleCount]:
        """Return the counts, the most frequent rule first."""
        return sorted(self._found.values(), key=lambda one: (-one.sent, one.rule))


def _decided(tale: Tale, lead: str) -> Mapping[str, Any] | None:
    """Return the step that named the lead it was sent to; None where people named another."""
    routed = tale.entries[0].fields.get("lead") or ""
    if routed != lead:
        return None
    return next((step for step in tale.steps if step["rule"] not in _BEFORE), None)
