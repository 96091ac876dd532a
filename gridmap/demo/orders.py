"""A month of the demo's orders, played: most go well, some are late, returned, whistled for.

The shares are near those that cities publish: some three of four orders done in time, one in
a hundred given more time, one or two in a hundred given back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from gridmap.access import Actor
from gridmap.cases.model import Order
from gridmap.cases.states import State
from gridmap.demo.dice import Dice
from gridmap.demo.order_people import centre, handler, lead_of, leader, officer, worker

__all__ = ["Past", "play"]


class Past(Protocol):
    """The past of an order, as it is told; see :class:`gridmap.workspace.Past`."""

    @property
    def order(self) -> Order:
        """The order as it stands after what was told last."""

    @property
    def now(self) -> datetime:
        """The moment after which nothing has happened."""

    def act(self, who: Actor, action: str, at: datetime, /, **given: Any) -> Order:
        """Tell what somebody did."""


# How an order fares once it was sent out, by the level that is in charge of it; the rest goes
# straight.
_FATES: Mapping[str, Mapping[str, float]] = {
    "G": {"late": 0.06, "returned": 0.02, "reworked": 0.02, "stalled": 0.02},
    "S": {
        "late": 0.09, "returned": 0.03, "passed_round": 0.006, "reworked": 0.025,
        "extended": 0.03, "backlogged": 0.008, "whistled": 0.03, "stalled": 0.03,
    },
    "X": {
        "late": 0.09, "returned": 0.02, "passed_round": 0.006, "reworked": 0.02,
        "extended": 0.03, "backlogged": 0.008, "whistled": 0.35, "stalled": 0.03,
    },
}  # fmt: skip
_CLOSED_ON_THE_SPOT = 0.35
_NOT_AN_ISSUE = 0.008
_SPOKEN_TO = 0.93
_CALLED_BACK = 0.35

_CALLED = ("CG", "SJ", "GA", "XF", "YJ", "HB", "ZJ", "JJ")
_DONE = (
    "已到场处理完毕。",
    "现场已清理，恢复原状。",
    "已维修并复查，运行正常。",
    "已整改，责任人已教育。",
)
_GIVEN_BACK = (
    "经现场核实，不属本单位管辖范围。",
    "该设施已移交，权属单位另有其人。",
    "按职责清单不属本单位。",
)
_NOT_ENOUGH = ("现场仍有残留，未处理到位。", "照片与现场不符，请重新处理。")
_MORE_TIME = ("需订购配件，预计数日到货。", "需协调交通，夜间方可施工。", "天气原因，无法作业。")
_WAITS = ("需列入年度改造计划，暂不具备条件。", "资金未落实，列入挂账。")
_BEYOND = ("涉及多个部门，街道无执法权。", "需联合整治。", "多次处置后反弹，需协同。")


def play(past: Past, seed: int, zone: ZoneInfo) -> None:
    """Tell the past of one order; the same order and seed, the same past.

    Raises
    ------
    LifeOver
        When what comes next lies in the future.
    """
    order = past.order
    _Play(past, Dice(seed, f"orders/{order.number}"), zone, order.received_at).play()


@dataclass
class _Play:
    """One order being played; `at` is the moment of what was done last."""

    past: Past
    dice: Dice
    zone: ZoneInfo
    at: datetime

    @property
    def order(self) -> Order:
        return self.past.order

    def play(self) -> None:
        order, dice = self.order, self.dice
        if not order.areas.get("grid"):
            self._centre(0.1, 1.5, "order.reject", why="不在本区管辖范围，已告知向属地反映。",
                         outcome="out_of_jurisdiction")  # fmt: skip
        elif dice.chance(_NOT_AN_ISSUE):
            self._centre(0.1, 1.5, "order.reject", why="经核实，现场无此问题。",
                         outcome="not_an_issue")  # fmt: skip
        elif order.level == "G" and dice.chance(_CLOSED_ON_THE_SPOT):
            self._on_the_spot()
        else:
            self._centre(0.05, 1.8, "order.confirm")
            self._send_out()
            self._fare(self._fate())

    def _fate(self) -> str:
        throw = self.dice.unit()
        for name, share in _FATES.get(self.order.level, {}).items():
            if throw < share:
                return name
            throw -= share
        return "straight"

    def _fare(self, fate: str) -> None:
        if fate in {"returned", "passed_round"}:
            self._given_back(twice=fate == "passed_round")
        if fate == "stalled" and self.dice.chance(0.6):
            return
        self._sign()
        if fate == "stalled":
            return
        if fate == "whistled":
            self._whistle()
        self._own(0.1, 1.0, "order.start")
        if fate == "backlogged":
            self._own(2, 20, "order.backlog", why=self.dice.one(_WAITS))
            self._centre(1, 20, "order.backlog.approve")
            return
        if fate == "extended":
            self._more_time()
        self._finish(late=fate == "late", again=fate == "reworked")
        self._call_back()

    # -- what people do ----------------------------------------------------------------

    def _on_the_spot(self) -> None:
        grid, community = self.order.areas["grid"], self.order.areas.get("community", "")
        self._by(worker(grid), self._in_time(), "order.self_handle", result=self.dice.one(_DONE))
        self._by(lead_of(community), self._soon(1, 12), "order.inspect")
        self._centre(0.1, 4, "order.close")
        self._call_back()

    def _send_out(self) -> None:
        if self.order.lead:
            self._centre(0.02, 0.4, "order.dispatch")
            return
        # Nobody is known to own it: those concerned are called together.
        self._centre(0.2, 3, "order.review", why="权属不明，提请确权。")
        self._rule(f"JD:{self.order.areas['subdistrict']}")

    def _rule(self, lead: str) -> None:
        why = "现场会商，按属地兜底明确责任。"
        self._by(leader(), self._soon(4, 30), "order.rule", lead=lead, why=why)

    def _given_back(self, *, twice: bool) -> None:
        first, office = self.order.lead, f"JD:{self.order.areas['subdistrict']}"
        self._own(0.5, 3, "order.return", kind="wrong_dispatch", why=self.dice.one(_GIVEN_BACK))
        if not twice:
            lead = first if self.dice.chance(0.4) else office
            self._centre(0.1, 1, "order.dispatch", lead=lead, why="班长复核后改派。")
            return
        if first != office:
            self._centre(0.1, 1, "order.dispatch", lead=office, why="班长复核后改派。")
        else:
            self._centre(0.1, 1, "order.dispatch", why="班长复核后重派。")
        self._own(0.5, 3, "order.return", kind="other", why=self.dice.one(_GIVEN_BACK))
        if self.order.state is State.OWNERSHIP_REVIEW:
            self._rule(first)

    def _sign(self) -> None:
        self._own(0.1, 2.5, "order.accept")
        if self.dice.chance(_SPOKEN_TO):
            self._own(0.05, 1.5, "order.contact")

    def _more_time(self) -> None:
        order = self.order
        if order.due_at is None or order.ask is not None:
            return
        asked = self._soon(1, 8)
        until = max(order.due_at, asked) + timedelta(days=self.dice.between(2, 6))
        why = self.dice.one(_MORE_TIME)
        self._by(self._handler(), asked, "order.extend", why=why, until=until, engineering=True)
        self._by(leader(), self._soon(0.5, 6), "order.extend.approve")

    def _whistle(self) -> None:
        dice, order = self.dice, self.order
        blower = officer(order.areas["subdistrict"])
        ground = dice.one(("beyond_street", "joint_enforcement"))
        self._by(blower, self._soon(0.2, 6), "whistle.blow", why=dice.one(_BEYOND), ground=ground)
        number = self.order.whistles[-1].number
        pool = [code for code in _CALLED if code not in self.order.bodies]
        called = dice.shuffled(pool)[: 1 + dice.index(3)]
        self._centre(0.1, 1, "whistle.call", whistle=number, departments=called)
        begin = self.at
        for after_h, code in sorted((self._arrives(), code) for code in called):
            if after_h < 200:
                self.at = max(self.at, begin + timedelta(hours=after_h))
                self._report_in(number, code, 0)
                if dice.chance(0.03):
                    self._centre(0.2, 2, "whistle.judge", whistle=number, department=code,
                                 verdict="ineffective", why="到场未采取措施。")  # fmt: skip

    def _arrives(self) -> float:
        """Return after how many hours a called department reports in; 999 for never."""
        throw = self.dice.unit()
        if throw < 0.9:
            return self.dice.between(0.5, 20)
        return self.dice.between(25, 60) if throw < 0.96 else 999.0

    def _finish(self, *, late: bool, again: bool) -> None:
        due = self.order.due_at
        if late and due is not None:
            if self.order.level != "G" and self.dice.chance(0.8):
                self._answer_for(due)
            at = self._desk(max(due, self.at) + timedelta(hours=self.dice.between(1, 90)))
        else:
            at = self._in_time()
        self._resolve(at)
        if again:
            self._by(self._inspector(), self._soon(1, 8), "order.rework",
                     why=self.dice.one(_NOT_ENOUGH))  # fmt: skip
            self._own(0.2, 4, "order.start")
            self._resolve(self._soon(1, 20))
        self._by(self._inspector(), self._soon(0.5, 12), "order.inspect")
        self._centre(0.1, 5, "order.close", answer=self.order.result)

    def _answer_for(self, due: datetime) -> None:
        """Say what holds it up, and report in when the clock has blown the whistle for it."""
        at = max(due, self.at) + timedelta(hours=self.dice.between(1, 20))
        self._by(self._handler(), at, "order.comment", text="正在办理，完成后反馈。")
        for whistle in self.order.whistles:
            if any(call.department == self.order.lead for call in whistle.awaited):
                self._report_in(whistle.number, self.order.lead, 0)

    def _report_in(self, whistle: int, code: str, desk: int) -> None:
        self._by(handler(code, desk), self.at, "whistle.report_in", whistle=whistle,
                 department=code, who=f"{code}工作人员", how_many=1 + self.dice.index(4),
                 where="现场")  # fmt: skip

    def _resolve(self, at: datetime) -> None:
        self._by(self._handler(), at, "order.resolve", result=self.dice.one(_DONE))

    def _call_back(self) -> None:
        dice = self.dice
        if not dice.chance(_CALLED_BACK):
            return
        if dice.chance(0.08):
            self._centre(2, 40, "order.rate", text="三次回访无人接听。")
            return
        satisfied, resolved = dice.chance(0.96), dice.chance(0.97)
        self._centre(2, 40, "order.rate", satisfied=satisfied, resolved=resolved)
        if resolved or not self.order.dispatches:
            return
        self._centre(0.1, 3, "order.reopen", why="回访：问题反弹，重新办理。")
        self._centre(0.05, 1, "order.dispatch")
        self._sign()
        self._finish(late=False, again=False)

    # -- who and when ------------------------------------------------------------------

    def _by(self, who: Actor, at: datetime, action: str, /, **given: Any) -> None:
        self.at = max(self.at, at)
        self.past.act(who, action, self.at, **given)

    def _centre(self, low_h: float, high_h: float, action: str, **given: Any) -> None:
        """The centre works around the clock, and sooner on what is due before long."""
        hours, left = self.dice.between(low_h, high_h), self._left()
        hours = min(hours, 0.3 * left) if left > 0 else hours
        self._by(centre(self.order.number), self.at + timedelta(hours=hours), action, **given)

    def _own(self, low_h: float, high_h: float, action: str, **given: Any) -> None:
        self._by(self._handler(), self._soon(low_h, high_h), action, **given)

    def _handler(self) -> Actor:
        return handler(self.order.lead, self.order.number)

    def _inspector(self) -> Actor:
        return worker(self.order.areas["grid"])

    def _soon(self, low_h: float, high_h: float) -> datetime:
        """Return a moment within hours, sooner where the order is due before."""
        hours, left = self.dice.between(low_h, high_h), self._left()
        if 0 < left < 4 * high_h:
            # What is urgent does not wait for the morning.
            return self.at + timedelta(hours=hours * left / (8 * high_h))
        return self._desk(self.at + timedelta(hours=hours))

    def _left(self) -> float:
        """Return how many hours are left until it is due; 0 when it has no such time, or is."""
        due = self.order.due_at
        return 0.0 if due is None else max(0.0, (due - self.at).total_seconds() / 3600.0)

    def _in_time(self) -> datetime:
        """Return a moment before the order is due; a day or two from now where it has no such."""
        due, share = self.order.due_at, self.dice.between(0.25, 0.85)
        if due is None or due <= self.at:
            return self._desk(self.at + timedelta(hours=48 * share))
        at = self.at + (due - self.at) * share
        desk = self._desk(at)
        return desk if desk <= due else at

    def _desk(self, at: datetime) -> datetime:
        """Return the moment, or the next morning: departments work from eight to eight."""
        local = at.astimezone(self.zone)
        if 8 <= local.hour < 20:
            return at
        morning = local.replace(hour=8, minute=0, second=0, microsecond=0)
        if local.hour >= 20:
            morning += timedelta(days=1)
        return morning + timedelta(minutes=self.dice.between(0, 90))
