"""Where an order goes when its report is routed anew, or an edition moves it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from gridmap.cases.model import Order, PartState

__all__ = ["sent_on"]


def sent_on(
    order: Order, lead: str, co_departments: Sequence[str], co_before: Collection[str]
) -> dict[str, Any]:
    """Return the fields of an ``order.move`` by which an order goes to whom its report goes.

    Another lead brings the co-departments of its route. Where the lead stays, those go that only
    the former route names, and those come that only the new one does: whom people or a whistle
    asked besides is asked still.

    Parameters
    ----------
    lead : str
        Of the new route.
    co_departments, co_before : collection of str
        Of the new route, and of the one that the order has followed so far.

    Returns
    -------
    dict
        ``lead`` where it is another; ``co_departments``, all that there are then, and ``kept``,
        those whose shares stand as they do. Empty where nobody comes or goes.
    """
    named = [code for code in co_departments if code != lead]
    returned = {p.department for p in order.co if p.state is PartState.RETURNED}
    if lead != order.lead:
        kept = [code for code in named if order.part(code) and code not in returned]
        return {"lead": lead, "co_departments": named, "kept": kept}
    gone = set(co_before) - set(named)
    come = [code for code in named if code not in co_before]
    # Who gave its share back is asked again where the new route alone names it.
    again = returned.intersection(come)
    kept = [p.department for p in order.co if p.department not in gone | again]
    found = [*kept, *(code for code in come if code not in kept)]
    if len(kept) == len(order.co) == len(found):
        return {}
    return {"co_departments": found, "kept": kept}
