"""The demo's orders: the last month is played, and those who supervise have a word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from gridmap.cli.show import counted

if TYPE_CHECKING:
    from gridmap.cases.model import Order
    from gridmap.settings import Settings
    from gridmap.workspace import Workspace

__all__ = ["play_orders"]

_SEED = 990101
# Supervision orders are issued about the orders that were listed first, one a department; of
# these the first is answered and closed, the second answered and sent back, the rest wait.
_SUPERVISED = 4


def play_orders(settings: Settings, workspace: Workspace) -> str:
    """Let the orders of the last month live through it; return what to say of it.

    The month before the workspace's clock, and what there is of the present one.
    """
    from gridmap.demo.orders import play
    from gridmap.times import to_site

    today = to_site(workspace.clock(), workspace.zone).date()
    first = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    numbers = workspace.orders_asleep(_at(first, workspace), workspace.clock())
    lived = workspace.take_over(numbers, lambda past: play(past, _SEED, workspace.zone))
    issued = _supervise(settings, lived, today)
    states = Counter(order.state.value for order in lived)
    return f"{len(lived):,} of last month, {counted(dict(states.most_common()))}" + (
        f", {issued} supervision orders" if issued else ""
    )


def _at(day: date, workspace: Workspace, hour: int = 0) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=workspace.zone)


def _supervise(settings: Settings, lived: Sequence[Order], today: date) -> int:
    """Issue supervision orders a week ago, and answer some since; return how many."""
    from gridmap.demo.order_people import handler, supervisor
    from gridmap.workspace import open_workspace

    def on(days_ago: int) -> Settings:
        moment = datetime.combine(today - timedelta(days=days_ago), time(10))
        return settings.model_copy(update={"frozen_now": moment.isoformat(timespec="minutes")})

    with open_workspace(settings=on(8)) as then:
        named = [o for o in lived if o.is_open and o.named_at and o.named_at < then.clock()]
        worst: dict[str, Order] = {}
        for order in sorted(named, key=lambda one: (one.named_at, one.number)):
            worst.setdefault(order.lead, order)
        issued = [
            then.issue_supervision(
                department=lead,
                subject="逾期未办结",
                demands="说明原因，三日内整改到位并书面回复。",
                reply_by=then.clock() + timedelta(days=3),
                number=order.number,
                actor=supervisor(),
            )
            for lead, order in list(worst.items())[:_SUPERVISED]
        ]
    with open_workspace(settings=on(6)) as then:
        for one in issued[:2]:
            by = handler(one["department"], 0)
            then.answer_supervision(one["id"], "已安排专人，本周内办结。", actor=by)
    with open_workspace(settings=on(5)) as then:
        if issued:
            outcome = "整改属实，予以销号。"
            then.close_supervision(issued[0]["id"], outcome, actor=supervisor())
        if len(issued) > 1:
            why, until = "未说明具体措施，请重新回复。", then.clock() + timedelta(days=3)
            then.refuse_supervision(issued[1]["id"], why, until, actor=supervisor())
    return len(issued)
