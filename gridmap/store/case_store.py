"""Orders and what follows from them, in the store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from gridmap.access import Scope
from gridmap.cases.fold import evolve
from gridmap.cases.intake import begun
from gridmap.cases.ladder import Job, jobs_of
from gridmap.cases.life import Life
from gridmap.cases.model import Order
from gridmap.cases.notices import Notice, notices_of
from gridmap.cases.outcome import Message, Outcome, message_of
from gridmap.cases.rules import CaseRules
from gridmap.cases.supervision import Supervision
from gridmap.routing.book import Decision
from gridmap.routing.reviews import ReviewCase
from gridmap.store import (
    cases,
    closing,
    jobs,
    order_sweeps,
    outbox,
    reviews,
    rulings,
    supervisions,
)
from gridmap.store.columns import to_millisecond
from gridmap.store.jobs import LeasedJob
from gridmap.store.leases import own_name
from gridmap.store.opened import OpenedStore
from gridmap.store.order_filters import Sorting
from gridmap.store.outbox import Meant
from gridmap.store.rulings import Rerouted
from gridmap.store.schema import meta

__all__ = ["CaseStore", "Decide", "Follow", "JobResult"]

Decide = Callable[[Mapping[int, Order], datetime], Sequence[Outcome]]
Follow = Callable[[Mapping[str, Any], Order, datetime], Sequence[Outcome]]


@dataclass(frozen=True, slots=True)
class JobResult:
    """What a job comes to.

    Attributes
    ----------
    outcomes : sequence of Outcome
    notices : sequence of Notice
    again_at : datetime or None
        When to ask again; None when it is over.
    note : str
    """

    outcomes: Sequence[Outcome] = ()
    notices: Sequence[Notice] = ()
    again_at: datetime | None = None
    note: str = ""


class CaseStore(OpenedStore):
    """Orders, jobs, messages, notices and supervision orders."""

    # -- orders ---------------------------------------------------------------------

    def order(self, number: int) -> Order:
        """Return an order as it stands, or raise `NotFound`."""
        with self._database.read() as connection:
            return cases.read_order(connection, number)

    def order_events(self, number: int, *, after: int = 0) -> list[dict[str, Any]]:
        """Return what happened to an order, in order."""
        with self._database.read() as connection:
            return cases.events_of(connection, number, after=after)

    def orders(
        self,
        filters: Mapping[str, Any],
        scopes: Sequence[Scope],
        *,
        limit: int,
        offset: int = 0,
        sort: Sorting = "newest",
    ) -> tuple[int, list[Order]]:
        """Return how many orders match within any of the scopes, and one page of them."""
        with self._database.read() as connection:
            now = self._database.clock()
            total = cases.count_orders(connection, filters, scopes, now)
            page = cases.read_orders(
                connection, filters, scopes, now, limit=limit, offset=offset, sort=sort
            )
            return total, page

    def count_orders(self, filters: Mapping[str, Any], scopes: Sequence[Scope]) -> int:
        """Return how many orders match within any of the scopes."""
        with self._database.read() as connection:
            return cases.count_orders(connection, filters, scopes, self._database.clock())

    def open_spots(self, scopes: Sequence[Scope], *, limit: int) -> list[dict[str, Any]]:
        """Return where the open orders within any of the scopes are, the newest first."""
        with self._database.read() as connection:
            return cases.read_open_spots(connection, scopes, self._database.clock(), limit=limit)

    def orders_by_state(
        self, filters: Mapping[str, Any], scopes: Sequence[Scope]
    ) -> dict[str, int]:
        """Return how many orders that match stand in each state, within any of the scopes."""
        with self._database.read() as connection:
            return cases.count_by_state(connection, filters, scopes, self._database.clock())

    def begin_orders(
        self,
        connection: Connection,
        rows: Sequence[Mapping[str, Any]],
        decisions: Sequence[Decision] | None,
        now: datetime,
        rules: CaseRules | None = None,
        further: Sequence[Job] = (),
        reviewed: Sequence[ReviewCase | None] = (),
    ) -> None:
        """Make an order of each report just written, in the transaction that writes it.

        With `rules` people are told of them, and time acts on them from now on. `further` is
        to be done about them as well. Those with a case in `reviewed` go before the board.
        """
        made, told, wanted, messages = [], [], [*further], []
        routes: Sequence[Decision | None] = decisions or [None] * len(rows)
        for row, decision in zip(rows, routes, strict=True):
            order, event = begun(
                row["id"],
                received_at=to_millisecond(row["received_at"]),
                now=to_millisecond(now),
                item=row["item"],
                areas=row["codes"] or {},
                decision=decision,
                awake=rules is not None,
                catalogue=row["catalogue"],
            )
            after = evolve(order, event)
            made.append((after, event))
            messages.append(message_of(order, after, event))
            if rules is not None:
                wanted += jobs_of(after, rules, now)
                told += [(notice, after.areas) for notice in notices_of(order, after, event)]
        cases.write_new(connection, made)
        jobs.add_jobs(connection, wanted)
        # Before anybody is told: who waits for a ruling here would keep all others waiting.
        waiting = zip((row["id"] for row in rows), reviewed, strict=False)
        if reviews.gather_unowned(connection, list(waiting), now):
            self._touched(connection, "reviews", "review_reports")
        outbox.tell(connection, messages, told, now)
        self._touched(connection, "orders", "order_events")

    def need_open_reports(self, numbers: Sequence[int]) -> list[int]:
        """Return the numbers, each once, when all are of open reports.

        Raises
        ------
        NotFound, Conflict
            When there is no such report, or one is closed already.
        """
        with self._database.read() as connection:
            return closing.need_open(connection, numbers)

    def change_orders(
        self, numbers: Collection[int], decide: Decide, *, anew: Sequence[Rerouted] = ()
    ) -> list[Outcome]:
        """Let `decide` say what happens to orders, and write it with all that follows.

        `decide` gets the orders as they stand and the moment; nobody else changes them until
        what it returns is written. Nothing is written when it raises. The reports of orders that
        come to be about another item get the routes `anew` with it, in the same transaction.
        """
        with self._database.write() as connection:
            now = self._database.clock()
            found = list(decide(cases.lock_orders(connection, numbers), now))
            self._write(connection, found, (), now, anew)
            return found

    def _reroute(
        self,
        connection: Connection,
        anew: Sequence[Rerouted],
        outcomes: Sequence[Outcome],
        now: datetime,
    ) -> None:
        """Give reports the routes that their orders have got already, by what people did."""
        for one in anew:
            did = next(o for o in outcomes if o.order.number == one.number)
            why = did.event.fields.get("text") or f"{did.before.item} → {one.item}"
            rulings.reroute(connection, [one], why=why, by=did.event.by, now=now)
            order_sweeps.mark_followed(connection, one.number, now)
            self._touched(connection, "report_reroutes", "report_routes", "review_reports")

    def _write(
        self,
        connection: Connection,
        outcomes: Sequence[Outcome],
        notices: Sequence[Notice],
        now: datetime,
        anew: Sequence[Rerouted] = (),
    ) -> None:
        cases.write_outcomes(connection, outcomes)
        jobs.add_jobs(connection, [job for one in outcomes for job in one.jobs])
        # Before anybody is told: who waits for a ruling here would keep all others waiting.
        self._reroute(connection, anew, outcomes, now)
        told = [(n, one.order.areas) for one in outcomes for n in one.notices]
        told += [(notice, {}) for notice in notices]
        outbox.tell(connection, [o.message for o in outcomes if o.message], told, now)
        if outcomes:
            self._touched(connection, "orders", "order_events", "reports")

    def orders_asleep(self, since: datetime, until: datetime) -> list[int]:
        """Return orders received in a time that came with a file and nobody has taken up."""
        with self._database.read() as connection:
            return cases.asleep(connection, since, until)

    def live_orders(
        self,
        numbers: Collection[int],
        live: Callable[[Order, datetime], Life],
        *,
        news: timedelta,
    ) -> list[Life]:
        """Let `live` tell the past of orders, and write it with all that followed from it.

        People are told of what is not older than `news`; programs of everything.
        """
        with self._database.write() as connection:
            now = self._database.clock()
            found = [live(one, now) for one in cases.lock_orders(connection, numbers).values()]
            cases.write_lives(connection, found)
            jobs.add_lived_jobs(connection, [job for one in found for job in one.jobs])
            told = [
                (replace(notice, at=step.event.at), step.order.areas)
                for one in found
                for step in one.told(now - news)
                for notice in step.notices
            ]
            steps = (step for one in found for step in one.outcomes)
            outbox.tell(connection, [s.message for s in steps if s.message], told, now)
            self._touched(connection, "orders", "order_events", "reports")
            return found

    def tell(self, told: Sequence[tuple[Notice, Mapping[str, str]]]) -> None:
        """Write notices that no order gives rise to, each with the areas that it is about."""
        with self._database.write() as connection:
            outbox.tell(connection, [], told, self._database.clock())

    # -- jobs -----------------------------------------------------------------------

    def claim_jobs(self, *, limit: int = 50) -> list[LeasedJob]:
        """Take jobs whose moment has come; what is not worked on is free again when we are gone."""
        with self._database.read() as connection:
            due = jobs.next_run(connection)
        now = self._database.clock()
        if due is None or due > now:
            return []
        with self._database.write() as connection:
            return jobs.claim(connection, own_name(), now, limit=limit)

    def work_job(
        self,
        job: LeasedJob,
        decide: Callable[[Order | None, datetime], JobResult],
    ) -> bool:
        """Do a job that changes nothing but the store; False when it is no longer ours.

        What it changes and that it is done is one transaction.
        """
        with self._database.write() as connection:
            if not jobs.hold(connection, job, own_name()):
                return False
            now = self._database.clock()
            order = None
            if job.number is not None:
                order = cases.lock_orders(connection, [job.number])[job.number]
            result = decide(order, now)
            if result.again_at is None:
                jobs.finish(connection, job, now, note=result.note)
            else:
                jobs.postpone(connection, job, result.again_at, failed=False, note=result.note)
            self._write(connection, result.outcomes, result.notices, now)
            return True

    def finish_job(
        self,
        job: LeasedJob,
        *,
        note: str = "",
        dead: bool = False,
        again_at: datetime | None = None,
        tried: bool = True,
        notices: Sequence[Notice] = (),
    ) -> bool:
        """Write how a job ended that did something outside the store; False when not ours.

        One that is to be done `again_at` a moment counts as an attempt when it was `tried`.
        """
        with self._database.write() as connection:
            if not jobs.hold(connection, job, own_name()):
                return False
            now = self._database.clock()
            if again_at is not None:
                jobs.postpone(connection, job, again_at, failed=tried, note=note)
            else:
                jobs.finish(connection, job, now, state="dead" if dead else "done", note=note)
            self._write(connection, (), notices, now)
            return True

    def add_jobs(self, wanted: Sequence[Job]) -> None:
        """Add jobs whose keys are new."""
        with self._database.write() as connection:
            jobs.add_jobs(connection, wanted)

    def dead_jobs(self, kind: str) -> list[dict[str, Any]]:
        """Return the jobs of a kind that were given up."""
        with self._database.read() as connection:
            return jobs.dead_jobs(connection, kind)

    def tried_jobs(self, kinds: Collection[str]) -> list[dict[str, Any]]:
        """Return the jobs of some kinds that wait for another try, the next first."""
        with self._database.read() as connection:
            return jobs.tried_jobs(connection, kinds)

    def revive_jobs(self, ids: Sequence[int]) -> int:
        """Let jobs that were given up be tried anew; return how many."""
        with self._database.write() as connection:
            return jobs.revive(connection, ids, self._database.clock())

    # -- messages and webhooks ------------------------------------------------------

    def messages_after(self, seq: int, *, limit: int = 100) -> list[dict[str, Any]]:
        """Return what was told after a number, in order."""
        with self._database.read() as connection:
            return outbox.messages_after(connection, seq, limit=limit)

    def last_message(self) -> int:
        """Return the number of the last thing told; 0 for none."""
        with self._database.read() as connection:
            return outbox.last_message(connection)

    def message(self, event_id: str) -> dict[str, Any]:
        """Return one message."""
        with self._database.read() as connection:
            return outbox.message(connection, event_id)

    def webhooks(self) -> list[dict[str, Any]]:
        """Return where messages go."""
        with self._database.read() as connection:
            return outbox.read_webhooks(connection)

    def add_webhook(self, name: str, url: str, types: Sequence[str], by: str) -> dict[str, Any]:
        """Add a webhook; `Conflict` when the name is taken."""
        with self._database.write() as connection:
            now = self._database.clock()
            return outbox.add_webhook(connection, name, url, types, by, now)

    def set_webhook(self, name: str, **values: Any) -> dict[str, Any]:
        """Change a webhook, or raise `NotFound`."""
        with self._database.write() as connection:
            return outbox.set_webhook(connection, name, **values)

    # -- notices --------------------------------------------------------------------

    def notices_for(
        self,
        meant: Collection[Meant],
        reader: str,
        *,
        unread: bool,
        limit: int,
        before: int | None = None,
    ) -> list[dict[str, Any]]:
        """Return notices for somebody, the newest first."""
        with self._database.read() as connection:
            return outbox.notices_for(
                connection, meant, reader, unread=unread, limit=limit, before=before
            )

    def mark_read(self, ids: Sequence[int], reader: str) -> int:
        """Note that somebody has read notices; return how many were new to them."""
        with self._database.write() as connection:
            return outbox.mark_read(connection, ids, reader, self._database.clock())

    def notice(self, notice_id: int) -> dict[str, Any]:
        """Return one notice."""
        with self._database.read() as connection:
            return outbox.one_notice(connection, notice_id)

    def queue_notices(self, make: Callable[[Mapping[str, Any]], Job | None]) -> int:
        """Make jobs of the notices that came in since this was last done; return how many came."""
        with self._database.read() as connection:
            # Unlocked, and therefore asked again below.
            if not outbox.notices_after(connection, self._mark(connection, lock=False), limit=1):
                return 0
        with self._database.write() as connection:
            found = outbox.notices_after(connection, self._mark(connection), limit=500)
            if found:
                made = [job for one in found if (job := make(one)) is not None]
                jobs.add_jobs(connection, made)
                self._set_mark(connection, str(found[-1]["id"]))
            return len(found)

    def _mark(self, connection: Connection, *, lock: bool = True) -> int:
        query = select(meta.c.value).where(meta.c.key == "notices_sent")
        if lock and self._database.kind == "postgis":
            query = query.with_for_update()
        return int(connection.execute(query).scalar() or 0)

    def _set_mark(self, connection: Connection, mark: str) -> None:
        # In place: who waits for a row that is deleted and written anew finds none, and would
        # begin with the first notice again.
        own = update(meta).where(meta.c.key == "notices_sent").values(value=mark)
        if not connection.execute(own).rowcount:
            connection.execute(insert(meta).values(key="notices_sent", value=mark))

    # -- supervision ----------------------------------------------------------------

    def add_supervision(
        self, one: Supervision, follow: Callable[[Supervision], tuple[list[Notice], list[Job]]]
    ) -> Supervision:
        """Write a supervision order under the next number of its year, with what follows."""
        with self._database.write() as connection:
            stored = supervisions.add(connection, one)
            self._follow(connection, stored, "supervision.issue", follow)
            return stored

    def change_supervision(
        self,
        key: int,
        action: str,
        decide: Callable[[Supervision, datetime], Supervision],
        follow: Callable[[Supervision], tuple[list[Notice], list[Job]]],
    ) -> Supervision:
        """Let `decide` say what becomes of a supervision order, and write it."""
        with self._database.write() as connection:
            changed = decide(supervisions.lock(connection, key), self._database.clock())
            supervisions.change(connection, changed)
            self._follow(connection, changed, action, follow)
            return changed

    def _follow(
        self,
        connection: Connection,
        one: Supervision,
        action: str,
        follow: Callable[[Supervision], tuple[list[Notice], list[Job]]],
    ) -> None:
        notices, wanted = follow(one)
        now = self._database.clock()
        jobs.add_jobs(connection, wanted)
        data = {
            "id": one.id, "year": one.year, "seq": one.seq, "number": one.number,
            "department": one.department, "copies": list(one.copies),
            "state": one.state.value, "version": one.version,
        }  # fmt: skip
        message = Message(f"supervision-{one.id}-{one.version}", action, now, data)
        outbox.tell(connection, [message], [(notice, {}) for notice in notices], now)
        self._touched(connection, "supervisions")

    def supervision(self, key: int) -> Supervision:
        """Return one supervision order, or raise `NotFound`."""
        with self._database.read() as connection:
            return supervisions.read(connection, key)

    def supervisions(self, **wanted: Any) -> list[Supervision]:
        """Return supervision orders; see :func:`gridmap.store.supervisions.listed`."""
        with self._database.read() as connection:
            return supervisions.listed(connection, **wanted)

    # -- what time and editions bring ------------------------------------------------

    def orders_with_new_due(self, after: int = 0) -> list[tuple[int, datetime]]:
        """Return open orders without a due time whose reports have one now."""
        with self._database.read() as connection:
            return order_sweeps.with_new_due(connection, self._database.clock(), after)

    def orders_to_move(self, after: int = 0) -> list[tuple[int, dict[str, Any]]]:
        """Return open orders that an edition in force moves, each with its move."""
        with self._database.read() as connection:
            return order_sweeps.to_move(connection, self._database.clock(), after)

    def move_order(self, number: int, decide: Follow) -> None:
        """Let `decide` say what an edition's move does to an order, and note that it followed.

        `decide` gets the move, with ``co_before``, the co-departments of the route that the order
        has followed so far; the order as it stands; and the moment. Nothing is done where no move
        is left to follow: whoever read the same page of orders may have been first, and the order
        have been sent on since.
        """
        with self._database.write() as connection:
            now = self._database.clock()
            order = cases.lock_orders(connection, [number])[number]
            for _, move in order_sweeps.to_move(connection, now, only=number):
                before = order_sweeps.co_followed(connection, number)
                found = decide(move | {"co_before": before}, order, now)
                self._write(connection, list(found), (), now)
                order_sweeps.mark_moved(connection, number, int(move["id"]))

    def orders_to_follow(self, after: int = 0) -> list[tuple[int, dict[str, Any]]]:
        """Return open orders whose reports have another route or due time, each with it."""
        with self._database.read() as connection:
            return order_sweeps.to_follow(connection, after)

    def follow_order(self, number: int, decide: Follow) -> None:
        """As :meth:`move_order`, of the route of its report, noting until when it has followed."""
        with self._database.write() as connection:
            now = self._database.clock()
            order = cases.lock_orders(connection, [number])[number]
            for _, route in order_sweeps.to_follow(connection, only=number):
                before = order_sweeps.co_followed(connection, number)
                found = decide(route | {"co_before": before}, order, now)
                self._write(connection, list(found), (), now)
                order_sweeps.mark_followed(connection, number, route["until"])
