"""Who answers a report, by when, and why: the one place that decides a route.

The first responder is the worker of the grid; the owner is the lead department. Both are
given, they are rarely the same.

A point is never known exactly. Without an accuracy it is taken as exact, and the tie rule
speaks on a border. With one, every place within it counts: each area that the accuracy
reaches, and both sides of each red line within it. Where all of them lead to one owner, that
is the answer; where they do not, nothing is guessed: a person decides, or the office of the
shared sub-district leads until then, by the site's policy.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from gridmap.coverage.model import Coverage
from gridmap.errors import BadValue
from gridmap.garbage import collecting_later
from gridmap.locate.model import Locations
from gridmap.places.model import Post
from gridmap.routing.answers import Answers
from gridmap.routing.batch import Batch, check_edition
from gridmap.routing.book import Basis, Decision, RouteBook
from gridmap.routing.grouped import Grouped, grouped
from gridmap.routing.overlays import OverlayMap
from gridmap.routing.parties import Parties, Party
from gridmap.routing.routed import Routed
from gridmap.routing.territory import Territory
from gridmap.routing.unrouted import failed, unrouted
from gridmap.times import ensure_utc

__all__ = ["Router", "decide_by_edition"]

log = logging.getLogger("gridmap.routing")

# From so many reports on those that are alike are looked for.
_MANY = 64

Floats = NDArray[np.float64]
# Items, places, times of receipt, accuracies, times of observation: as `Router.decide` has them.
_Reports = tuple[
    Sequence[str | None],
    Locations,
    Sequence[datetime],
    Floats | None,
    Sequence[datetime | None] | None,
]


class Router:
    """Decides routes for reports located in one edition. Safe to share between threads.

    Parameters
    ----------
    book : RouteBook
    coverage : Coverage
        The edition that the reports were located in.
    overlays : OverlayMap
    parties : iterable of Party
        Property firms and other bodies with an own code; departments and the offices of
        areas are added.
    posts : iterable of Post
        Rosters.
    basis : Basis, optional
        Goes into every decision.
    """

    def __init__(
        self,
        book: RouteBook,
        coverage: Coverage,
        overlays: OverlayMap,
        parties: Iterable[Party] = (),
        posts: Iterable[Post] = (),
        basis: Basis | None = None,
    ) -> None:
        self.book = book
        self.answers = Answers(book, Territory(coverage), overlays, parties, posts, basis)
        self._told: set[tuple[type[Exception], str]] = set()

    @property
    def parties(self) -> Parties:
        """Everybody that a decision can name."""
        return self.answers.parties

    def decide(
        self,
        items: Sequence[str | None],
        locations: Locations,
        received_at: Sequence[datetime],
        accuracy_m: Floats | None = None,
        *,
        observed_at: Sequence[datetime | None] | None = None,
        rows: Sequence[int] | None = None,
    ) -> Sequence[Decision]:
        """Decide the route of each report.

        Parameters
        ----------
        items : sequence of str or None (n,)
            Item codes of the catalogue. A missing or unknown one is not routed; the
            explanation says so.
        locations : Locations (n,)
        received_at : sequence of datetime (n,)
            Aware moments from which the deadlines run, and on which somebody is on duty.
        accuracy_m : float64 (n,), optional
            As the reports were located with; NaN where there was none.
        observed_at : sequence of datetime or None (n,), optional
            Aware moments for which responsibility is asked; the receipt where not given.
        rows : sequence of int, optional
            Which reports to decide, all by default.

        Returns
        -------
        sequence of Decision
            One for each of `rows`, in their order; empty for none. Of many reports each is
            made when it is asked for, and :func:`~gridmap.routing.routing_columns` needs none.

        Raises
        ------
        BadValue
            When a report was located in another edition, or the lengths differ. A fault in
            the routing of one report raises nothing: it is logged, the report goes to a person
            with the fault as its reason, and the others are routed.
        """
        lengths = {len(items), len(locations), len(received_at)}
        if accuracy_m is not None:
            lengths.add(len(accuracy_m))
        if observed_at is not None:
            lengths.add(len(observed_at))
        if len(lengths) > 1:
            raise BadValue("Every report has one item, place and time.", got=sorted(lengths))
        chosen = range(len(items)) if rows is None else rows
        for moment in received_at if rows is None else [received_at[row] for row in chosen]:
            if moment.tzinfo is not UTC:
                ensure_utc(moment)
        check_edition(locations, chosen, self.answers.territory.coverage.edition)
        reports = (items, locations, received_at, accuracy_m, observed_at)
        try:
            batch = Batch(self.answers, *reports, chosen)
        except Exception:  # noqa: BLE001 - each is tried alone, and the one that fails is told
            return [self._alone(reports, row) for row in chosen]
        with collecting_later():
            groups = self._grouped(batch) if len(chosen) >= _MANY else None
            if groups is not None:
                return Routed(groups, lambda n: self._safely(batch, n, reports, chosen[n]))
            return [self._safely(batch, n, reports, row) for n, row in enumerate(chosen)]

    def _grouped(self, batch: Batch) -> Grouped | None:
        try:
            return grouped(batch)
        except Exception:
            # What failed for all together is told, and each report is decided by itself.
            log.exception("reports could not be routed together, each is routed alone")
            return None

    def _alone(self, reports: _Reports, row: int) -> Decision:
        """Decide one report by itself; one that cannot be decided goes to a person."""
        try:
            return Batch(self.answers, *reports, [row]).decide(0)
        except Exception as error:  # noqa: BLE001 - a report is never lost by a fault in its routing
            return self._failed(reports, row, error)

    def _safely(self, batch: Batch, n: int, reports: _Reports, row: int) -> Decision:
        try:
            return batch.decide(n)
        except Exception as error:  # noqa: BLE001 - a report is never lost by a fault in its routing
            return self._failed(reports, row, error)

    def _failed(self, reports: _Reports, row: int, error: Exception) -> Decision:
        code = (reports[0][row] or "").strip()
        # A table that is wrong fails for every report of an item: its trace is told once.
        kind = (type(error), str(error))
        told, self._told = kind in self._told, {*self._told, kind}
        log.error(
            "the route of a report of item '%s' failed: %s",
            code,
            error,
            exc_info=None if told else error,
        )
        return failed(self.book.catalogue, code, error, basis=self.answers.basis)


def decide_by_edition(
    book: RouteBook,
    router_of: Callable[[str], Router],
    items: Sequence[str | None],
    locations: Locations,
    received_at: Sequence[datetime],
    accuracy_m: Floats | None = None,
    *,
    observed_at: Sequence[datetime | None] | None = None,
    rows: Sequence[int] | None = None,
) -> Sequence[Decision]:
    """Decide the routes of reports that were located in several editions.

    Parameters
    ----------
    book : RouteBook
    router_of : callable
        Returns the router of an edition by its name; asked once for each edition.
    items, locations, received_at, accuracy_m, observed_at, rows
        As in :meth:`Router.decide`.

    Returns
    -------
    sequence of Decision
        One for each of `rows`, in their order. Those that no edition answered are not routed.
    """
    rows_of: dict[str | None, list[int]] = {}
    chosen = range(len(items)) if rows is None else rows
    editions = locations.edition.tolist()
    for i in chosen:
        rows_of.setdefault(editions[i], []).append(i)
    if len(rows_of) == 1 and None not in rows_of:
        (edition,) = rows_of
        return router_of(str(edition)).decide(
            items, locations, received_at, accuracy_m, observed_at=observed_at, rows=chosen
        )
    found: dict[int, Decision] = {}
    for edition, some in rows_of.items():
        answers: Sequence[Decision]
        if edition is None:
            basis = Basis(book.version)
            answers = [
                unrouted(book.catalogue, items[i] or "", locations, i, basis=basis) for i in some
            ]
        else:
            answers = router_of(edition).decide(
                items, locations, received_at, accuracy_m, observed_at=observed_at, rows=some
            )
        found.update(zip(some, answers, strict=True))
    return [found[i] for i in chosen]
