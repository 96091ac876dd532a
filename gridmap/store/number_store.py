"""Numbers in the store: what they are counted from, what was issued, what was appealed against."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from gridmap.cases.notices import Notice
from gridmap.cases.outcome import Message
from gridmap.errors import Conflict, NotFound
from gridmap.numbers.appeals import Appeal, AppealState, Said
from gridmap.numbers.period import Period
from gridmap.numbers.tale import Tale, tell
from gridmap.store import numbers, outbox
from gridmap.store.opened import OpenedStore

__all__ = ["NumberStore"]


class NumberStore(OpenedStore):
    """Monthly reports, and what they are made from."""

    def tales(self, period: Period, *, routes: bool = False) -> Iterator[Tale]:
        """Yield the tales of all orders that a period can be about, by number.

        A month of a district is more than a process should hold at once: they are read from
        one state of the store while they are asked for.
        """
        with self._database.read() as connection:
            told = numbers.read_told(connection, period.since, period.as_of, routes=routes)
            yield from (tale for one in told if (tale := tell(one, period)) is not None)

    def issues(self, month: str | None = None) -> list[dict[str, Any]]:
        """Return what was issued, the newest first, without what it says."""
        with self._database.read() as connection:
            return numbers.issues(connection, month)

    def issue(self, month: str, issue: int | None = None) -> dict[str, Any]:
        """Return an issue of a month whole, the last by default; or raise `NotFound`."""
        with self._database.read() as connection:
            found = numbers.issues(connection, month, data=True)
        for one in found:
            if issue in (None, one["issue"]):
                return one
        raise NotFound(
            "There is no such monthly report.",
            got=month if issue is None else f"{month}, issue {issue}",
            allowed=[one["issue"] for one in found] or "none was issued for that month",
        )

    def add_issue(
        self,
        month: str,
        year: int,
        *,
        by: str,
        addressees: Sequence[str],
        why: str,
        data: Mapping[str, Any],
        lifted: Mapping[str, str],
        correct: bool,
        follow: Callable[[Mapping[str, Any]], tuple[Message, Sequence[Notice]]] | None = None,
    ) -> tuple[dict[str, Any], bool]:
        """Issue a month's report; return it, and False when it was there already.

        `data` is what it says, `lifted` the deductions that it leaves out. With `correct` it is
        issued although there is one. Who is told of it is said by `follow`.

        Raises
        ------
        Conflict
            When an appeal was decided since `data` was made.
        """
        with self._database.write() as connection:
            numbers.lock_month(connection)
            known = numbers.issues(connection, month, data=True)
            if known and not correct:
                return known[0], False
            if _lifted(numbers.appeals_of(connection, month)) != dict(lifted):
                raise Conflict(
                    "An appeal was decided just now.", got=month, repair="Issue it again."
                )
            values = {
                "issued_at": self._database.clock(),
                "issued_by": by,
                "addressees": list(addressees),
                "why": why,
            }
            made = numbers.add_issue(connection, month, year, values, data)
            if follow is not None:
                message, notices = follow(made)
                now = self._database.clock()
                outbox.tell(connection, [message], [(notice, {}) for notice in notices], now)
            self._touched(connection, "monthly_issues")
            return made, True

    def appeals(self, month: str) -> list[Appeal]:
        """Return the appeals of a month, the first filed first."""
        with self._database.read() as connection:
            return numbers.appeals_of(connection, month)

    def lifted(self, month: str) -> dict[str, str]:
        """Return the deductions of a month that appeals have lifted, with what was written."""
        return _lifted(self.appeals(month))

    def say(
        self,
        month: str,
        issue_id: int,
        key: str,
        decide: Callable[[Appeal | None, datetime], Said],
    ) -> Appeal:
        """Let `decide` say something about a deduction, and return the appeal as it stands."""
        with self._database.write() as connection:
            numbers.lock_month(connection)
            known = {one.key: one for one in numbers.appeals_of(connection, month)}
            former = known.get(key)
            said = decide(former, self._database.clock())
            history = () if former is None else former.history
            numbers.add_step(connection, issue_id, month, key, history, said)
            self._touched(connection, "appeal_steps")
            return {one.key: one for one in numbers.appeals_of(connection, month)}[key]


def _lifted(found: Sequence[Appeal]) -> dict[str, str]:
    return {one.key: one.history[-1].why for one in found if one.state is AppealState.UPHELD}
