"""Lists of work orders: within reach, narrowed, counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from gridmap.access import Action, Actor, Role, reach, redact
from gridmap.errors import BadValue
from gridmap.store.columns import storable
from gridmap.store.order_filters import Own, Sorting
from gridmap.workspace.order_views import OrderViews
from gridmap.workspace.reporting import MAX_PAGE

__all__ = ["OFFICES", "OrderLists"]

# Roles that stand in a place act for its office, unless their scope names departments.
OFFICES = {
    Role.GRID_WORKER: ("SQ",),
    Role.GRID_LEAD: ("SQ",),
    Role.COMMUNITY_OFFICER: ("SQ",),
    Role.SUBDISTRICT_OFFICER: ("JD",),
}


class OrderLists(OrderViews):
    """Which orders there are for somebody."""

    def orders(
        self,
        *,
        limit: int = 100,
        offset: int = 0,
        sort: Sorting = "newest",
        lang: str = "zh",
        actor: Actor | None = None,
        **filters: Any,
    ) -> tuple[int, list[dict[str, Any]]]:
        """Return how many orders match, and one page, newest first; those within reach only.

        Parameters
        ----------
        sort : str
            ``due``: those that somebody waits for first, by their due time, those that are
            closed last.
        filters
            Those of :data:`gridmap.store.order_filters.FILTERS`; an area is ``LEVEL:CODE``. Also
            ``mine``, true for orders with the actor's departments or offices and those the
            actor had a hand in, and ``due_within_h``, hours within which they are due.
        """
        who = self._may(actor, Action.ORDER_LIST)
        if not 1 <= limit <= MAX_PAGE or offset < 0:
            raise BadValue(
                "A page has 1 to 1000 orders from a place that is not negative.",
                got=f"limit {limit}, offset {offset}",
            )
        wanted, scopes = self._narrowing(who, filters), reach(who, Action.ORDER_LIST)
        total, page = self.store.orders(wanted, scopes, limit=limit, offset=offset, sort=sort)
        return total, [redact(who, "orders", self._order_shown(one, lang)) for one in page]

    def orders_by_state(self, *, actor: Actor | None = None, **filters: Any) -> dict[str, int]:
        """Return how many orders within reach stand in each state; filters as of `orders`."""
        who = self._may(actor, Action.ORDER_LIST)
        wanted = self._narrowing(who, filters)
        return self.store.orders_by_state(wanted, reach(who, Action.ORDER_LIST))

    # -- inside ---------------------------------------------------------------------

    def _narrowing(self, who: Actor, filters: Mapping[str, Any]) -> dict[str, Any]:
        """Return filters as the store takes them."""
        found = {name: storable(value) for name, value in filters.items() if value is not None}
        area = found.get("area")
        if area is not None and not all(area.partition(":")):
            raise BadValue("This does not name an area.", got=area, allowed="LEVEL:CODE")
        if area is not None:
            self.levels().rank(area.partition(":")[0])
        if found.pop("mine", False):
            found["own"] = self._own_orders(who)
        hours = found.pop("due_within_h", None)
        if hours is not None:
            found["due_by"] = self.clock() + timedelta(hours=hours)
        return found

    def _own_orders(self, who: Actor) -> Own:
        offices = tuple(
            (grant.scope, kind)
            for grant in who.grants
            if not grant.scope.departments
            for kind in OFFICES.get(grant.role, ())
        )
        departments = frozenset(code for g in who.grants for code in g.scope.departments)
        return Own(who.name, departments, offices)
