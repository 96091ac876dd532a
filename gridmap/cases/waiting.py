"""What becomes of an order's due time when its report's clock stands still, or runs on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gridmap.cases.fields import stored_moment
from gridmap.cases.model import Order
from gridmap.routing.clock import Pause

__all__ = ["waited"]


def waited(
    order: Order, promise: datetime | None, reason: str, pauses: Sequence[Pause]
) -> dict[str, Any]:
    """Return the fields of an ``order.due`` by which an order waits as its report does.

    Parameters
    ----------
    promise : datetime or None
        The due time of the report (aware), with its pauses; None while there is none.
    reason : str
        Why there is none, as of :class:`gridmap.routing.clock.Due`.
    pauses : sequence of Pause
        All of the report, in the order of their beginnings.
    """
    running = next((pause.start for pause in pauses if pause.end is None), None)
    stopped = running if promise is None and reason == "paused" else None
    fields: dict[str, Any] = {"stopped_at": None if stopped is None else stored_moment(stopped)}
    if promise is not None:
        fields["due_at"] = stored_moment(promise)
    return fields
