"""Ownership reviews, rulings, reroutes and stopped clocks in the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from gridmap.access import EVERYWHERE, Scope
from gridmap.errors import Conflict, NotFound
from gridmap.routing.reviews import ReviewReason
from gridmap.store import pauses, reviews, routes, rulings
from gridmap.store.opened import OpenedStore
from gridmap.store.promises import Promise, read_promise, read_promises
from gridmap.store.rules import read_rules
from gridmap.store.schema import reports

if TYPE_CHECKING:
    from gridmap.routing.clock import Pause
    from gridmap.routing.overlays import Overlay
    from gridmap.routing.reviews import ReviewCase
    from gridmap.routing.rulings import Ruling
    from gridmap.store.rulings import Rerouted

__all__ = ["ReviewStore"]


class ReviewStore(OpenedStore):
    """What people decide about reports whose owner is not known, and while they wait."""

    def put_under_review(
        self, number: int, case: ReviewCase, reason: ReviewReason, why: str, by: str
    ) -> int:
        """Put a report before the board; return the number of its review.

        Raises
        ------
        NotFound, Conflict
            When there is no such report, or it is closed.
        """
        with self._database.write() as connection:
            # Before the reports: who settles a review takes both in this order.
            reviews.lock_board(connection)
            _need_open(connection, number)
            now = self._database.clock()
            found = reviews.gather(
                connection, [(number, case)], reason=reason, why=why, by=by, now=now
            )
            self._touched(connection, "reviews", "review_reports")
            return found[0]

    def reviews(
        self,
        filters: Mapping[str, Any],
        *,
        limit: int,
        offset: int = 0,
        within: Sequence[Scope] = (EVERYWHERE,),
    ) -> tuple[int, list[dict[str, Any]]]:
        """Return how many reviews match within any scope, and one page, the fullest first."""
        now = self._database.clock()
        with self._database.read() as connection:
            total = reviews.count_reviews(connection, filters, within, now)
            return total, reviews.read_reviews(
                connection, filters, within, now, limit=limit, offset=offset
            )

    def review_lies_within(self, number: int, within: Sequence[Scope]) -> bool:
        """True when one of the reports of a review lies within any of the scopes."""
        now = self._database.clock()
        with self._database.read() as connection:
            return reviews.is_within(connection, number, within, now)

    def review(self, number: int) -> dict[str, Any]:
        """Return one review with its ruling and reports, or raise `NotFound`."""
        with self._database.read() as connection:
            record = reviews.read_review(connection, number)
            return record | {"held": reviews.reports_of(connection, number)}

    def reviews_ruled(self) -> dict[str, int]:
        """Return the number of the review behind each ruling, by the code of its overlay."""
        with self._database.read() as connection:
            return rulings.reviews_ruled(connection)

    def report_history(self, number: int) -> dict[str, list[Any]]:
        """Return a report's returns, reviews, former routes and pauses."""
        with self._database.read() as connection:
            return {
                "returns": reviews.returns_of(connection, number),
                "reviews": reviews.reviews_of(connection, number),
                "reroutes": rulings.reroutes_of(connection, number),
                "pauses": pauses.read_pauses(connection, number),
            }

    def pauses(self, number: int) -> list[Pause]:
        """Return the pauses of a report, in the order of their beginnings."""
        with self._database.read() as connection:
            return pauses.pauses_of(connection, [number]).get(number, [])

    def record_ruling(
        self,
        number: int,
        ruling: Ruling,
        overlay: Overlay,
        ground: Any,
        found: Sequence[Rerouted],
        *,
        seen: frozenset[str],
        by: str,
    ) -> None:
        """Settle a review in one transaction; see :func:`gridmap.store.rulings.record_ruling`."""
        with self._database.write() as connection:
            now = self._database.clock()
            rulings.record_ruling(
                connection, number, ruling, overlay, ground, found, seen=seen, by=by, now=now
            )
            self._touched(connection, "rulings", "reviews", "report_reroutes", "report_routes")
            self._changed(connection, "overlays")

    def reroute_reports(self, found: Sequence[Rerouted], *, why: str, by: str) -> None:
        """Give open reports new routes, all or none, and keep the former ones."""
        with self._database.write() as connection:
            if any(one.case is not None for one in found):
                reviews.lock_board(connection)
            for one in found:
                _need_open(connection, one.number)
            now = self._database.clock()
            rulings.reroute(connection, found, why=why, by=by, now=now)
            self._touched(connection, "report_reroutes", "report_routes", "review_reports")

    def promises(self, numbers: Sequence[int]) -> dict[int, Promise]:
        """Return by what the times of routed reports were promised, by number; some thousands."""
        with self._database.read() as connection:
            return read_promises(connection, numbers, self._database.clock())

    def stop_clock(
        self, number: int, pause: Pause, note: str, by: str, recount: Callable[..., Any]
    ) -> None:
        """Let a report's clock stand still and count its deadline anew, in one transaction.

        `recount` is given the report as it stands, its pauses, by what its time was promised
        (`Promise`), and a function that reads the tables of a version of the rules; it returns
        a `Due` and all steps of the report.
        """
        with self._database.write() as connection:
            _need_open(connection, number)
            pauses.stop(connection, number, pause, note, by)
            self._recount(connection, number, recount)

    def resume_clock(self, number: int, by: str, recount: Callable[..., Any]) -> None:
        """Let a report's clock run on and count its deadline anew, in one transaction."""
        with self._database.write() as connection:
            _need_open(connection, number)
            pauses.resume(connection, number, self._database.clock(), by)
            self._recount(connection, number, recount)

    # -- inside ---------------------------------------------------------------------

    def _recount(self, connection: Connection, number: int, recount: Callable[..., Any]) -> None:
        now = self._database.clock()
        report = routes.read_report(connection, number, now)
        found = pauses.pauses_of(connection, [number]).get(number, [])
        promise = None if report["decided_at"] is None else read_promise(connection, number, now)
        due, steps = recount(report, found, promise, partial(read_rules, connection))
        pauses.put_due(connection, number, due, steps, now)
        self._touched(connection, "report_pauses", "report_routes")


def _need_open(connection: Connection, number: int) -> None:
    """Hold a report for this transaction; raise when there is none, or it is closed."""
    query = select(reports.c.closed_at).where(reports.c.id == number).with_for_update()
    found = connection.execute(query).one_or_none()
    if found is None:
        raise NotFound("There is no such report.", got=number)
    if found.closed_at is not None:
        raise Conflict("The report is closed.", got=number)
