"""Many events folded at once: what they come to one by one, some times faster."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from datetime import datetime
from typing import Any, Protocol, cast

from gridmap.cases.fold import STEPS
from gridmap.cases.model import Event, Order

__all__ = ["Folding", "Happened", "evolved"]


class Happened(Protocol):
    """What is read of an event."""

    @property
    def action(self) -> str:
        """As in the table of transitions."""

    @property
    def by(self) -> str:
        """Who did it."""

    @property
    def at(self) -> datetime:
        """When."""

    @property
    def fields(self) -> Mapping[str, Any]:
        """What it was given and decided by."""


class Folding:
    """An order while many events are folded: read as an order is, and made none in between.

    What :func:`evolve` comes to one by one, some times faster. It holds what has changed; all
    else is as an order begins.
    """

    is_open, bodies, part, whistle = Order.is_open, Order.bodies, Order.part, Order.whistle
    due_known, promise_waits = Order.due_known, Order.promise_waits

    def __init__(self, **begun: Any) -> None:
        self.__dict__ = begun

    def __eq__(self, other: object) -> bool:
        """Compare as orders are compared: by their fields."""
        if not isinstance(other, Folding):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _FIELDS)

    __hash__ = None  # type: ignore[assignment]

    def happen(self, events: Iterable[Happened]) -> None:
        """Fold events into it."""
        known, count = self.__dict__, 0
        order = self.as_order()
        for event in events:
            target, change = STEPS[event.action]
            # Asked before the state is another: some changes leave the state that there is.
            changes = None if change is None else change(order, cast("Event", event))
            if target is not None:
                known["state"] = target
            if changes:
                known.update(changes)
            count += 1
        known["version"] = order.version + count

    def copied(self) -> Folding:
        """Return another that goes on from here."""
        return Folding(**self.__dict__)

    def as_order(self) -> Order:
        """Return itself, for who reads an order."""
        return cast("Order", self)


for _one in fields(Order):
    if _one.default is not MISSING:
        setattr(Folding, _one.name, _one.default)
    elif _one.default_factory is not MISSING:
        setattr(Folding, _one.name, _one.default_factory())


def evolved(order: Order, events: Iterable[Happened]) -> Order:
    """Return the order after many events: what :func:`evolve` comes to one by one."""
    folding = Folding(**{name: getattr(order, name) for name in _FIELDS})
    folding.happen(events)
    return Order(**folding.__dict__)


_FIELDS = tuple(one.name for one in fields(Order))
