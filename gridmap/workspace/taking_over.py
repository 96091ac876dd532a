"""Orders taken over with their past: each step checked as if it were taken today."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from gridmap.access import ANYTHING, Action, Actor
from gridmap.cases.guards import permission_of
from gridmap.cases.life import Life, LifeOver
from gridmap.cases.model import Event, Order
from gridmap.errors import BadValue
from gridmap.times import parse_when
from gridmap.workspace.supervising import Supervising

__all__ = ["Past", "TakingOver"]

# Orders written at once: others who write wait about so many milliseconds.
_AT_ONCE = 250

# What is older is told to nobody.
_NEWS = timedelta(days=3)

# What changes another order too, or asks the rules of today.
_NOT_ALONE = ("order.merge",)


class Past:
    """The past of one order, as somebody tells it.

    Attributes
    ----------
    life : Life
    """

    def __init__(self, workspace: TakingOver, life: Life) -> None:
        self._workspace, self.life = workspace, life

    @property
    def order(self) -> Order:
        """The order as it stood after what was told last."""
        return self.life.order

    @property
    def now(self) -> datetime:
        """The moment after which nothing has happened."""
        return self.life.now

    def act(self, who: Actor, action: str, at: datetime, /, **given: Any) -> Order:
        """Tell what somebody did at a moment; see :meth:`gridmap.workspace.Workspace.act`.

        Raises
        ------
        LifeOver
            When the moment lies in the future: there is no more to tell.
        """
        if at > self.now:
            raise LifeOver
        self.life.passes(at)
        self.life.happens(self._workspace._step(who, self.order, action, at, given))
        return self.order


class TakingOver(Supervising):
    """What happened before it was recorded here."""

    def orders_asleep(
        self, since: str | datetime, until: str | datetime, *, actor: Actor | None = None
    ) -> list[int]:
        """Return the orders received in a time that came with a file and nobody has taken up."""
        self._may(actor, Action.REPORT_IMPORT, ANYTHING)
        return self.store.orders_asleep(parse_when(since, self.zone), parse_when(until, self.zone))

    def take_over(
        self,
        numbers: Iterable[int],
        tell: Callable[[Past], None],
        *,
        actor: Actor | None = None,
    ) -> list[Order]:
        """Let orders live through their past, up to now, and return them as they stand.

        For orders that came in with a file and that nobody has taken up. `tell` is called with
        the :class:`Past` of each and says who did what when; reminders, escalation and
        judgements of the clock happen by themselves at their moments. Who does a step needs
        the right to it, and nobody is told of what is older than three days. A batch of orders
        is written at once, or not at all.

        Raises
        ------
        NotFound, Conflict, NotAllowed, BadValue
            No such order, one that was taken up, or a step that the machine refuses.
        """
        who = self._may(actor, Action.REPORT_IMPORT)
        rules = self.case_rules

        def live(order: Order, now: datetime) -> Life:
            self._may(who, Action.REPORT_IMPORT, self._subject(order))
            life = Life(order, rules, now)
            past = Past(self, life)
            with suppress(LifeOver):
                tell(past)
            if life.outcomes:
                life.passes(now)
            return life

        found: list[Order] = []
        wanted = sorted(set(numbers))
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            found += [life.order for life in self.store.live_orders(some, live, news=_NEWS)]
        return found

    def _step(
        self, who: Actor, order: Order, action: str, at: datetime, given: dict[str, Any]
    ) -> Event:
        """Return the event of a step that somebody may take."""
        row = self._transition(action)
        if action in _NOT_ALONE or (action == "order.confirm" and "item" in given):
            raise BadValue(
                "This cannot be told of the past.", got=action, repair="Let it happen today."
            )
        permission = Action(permission_of(order, row.action, row.permission))
        self._may(who, permission, self._subject(order))
        return self._event(who, order, row, at, **self._given(who, row, given, order.catalogue))
