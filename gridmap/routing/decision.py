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

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from gridmap.coverage.model import Coverage
from gridmap.errors import BadValue
from gridmap.locate.model import Locations
from gridmap.places.model import Post
from gridmap.routing.answers import Answers
from gridmap.routing.batch import Batch
from gridmap.routing.book import Decision, RouteBook
from gridmap.routing.overlays import OverlayMap
from gridmap.routing.parties import Parties, Party
from gridmap.routing.territory import Territory
from gridmap.routing.unrouted import unrouted

__all__ = ["Router", "decide_by_edition"]

Floats = NDArray[np.float64]


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
    """

    def __init__(
        self,
        book: RouteBook,
        coverage: Coverage,
        overlays: OverlayMap,
        parties: Iterable[Party] = (),
        posts: Iterable[Post] = (),
    ) -> None:
        self.book = book
        self.answers = Answers(book, Territory(coverage), overlays, parties, posts)

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
    ) -> list[Decision]:
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
        list of Decision
            One for each of `rows`, in their order; empty for none.

        Raises
        ------
        BadValue
            When a report was located in another edition, or the lengths differ.
        """
        lengths = {len(items), len(locations), len(received_at)}
        if accuracy_m is not None:
            lengths.add(len(accuracy_m))
        if observed_at is not None:
            lengths.add(len(observed_at))
        if len(lengths) > 1:
            raise BadValue("Every report has one item, place and time.", got=sorted(lengths))
        chosen = range(len(items)) if rows is None else rows
        batch = Batch(self.answers, items, locations, received_at, accuracy_m, observed_at, chosen)
        return [batch.decide(n) for n in range(len(chosen))]


def decide_by_edition(
    book: RouteBook,
    router_of: Callable[[str], Router],
    items: Sequence[str | None],
    locations: Locations,
    received_at: Sequence[datetime],
    accuracy_m: Floats | None = None,
    *,
    observed_at: Sequence[datetime | None] | None = None,
) -> list[Decision]:
    """Decide the routes of reports that were located in several editions.

    Parameters
    ----------
    book : RouteBook
    router_of : callable
        Returns the router of an edition by its name; asked once for each edition.
    items, locations, received_at, accuracy_m, observed_at
        As in :meth:`Router.decide`.

    Returns
    -------
    list of Decision
        In the order of the reports. Those that no edition answered are not routed.
    """
    rows_of: dict[str | None, list[int]] = {}
    for i, edition in enumerate(locations.edition.tolist()):
        rows_of.setdefault(edition, []).append(i)
    found: dict[int, Decision] = {}
    for edition, rows in rows_of.items():
        if edition is None:
            answers = [unrouted(book.catalogue, items[i] or "", locations, i) for i in rows]
        else:
            answers = router_of(edition).decide(
                items, locations, received_at, accuracy_m, observed_at=observed_at, rows=rows
            )
        found.update(zip(rows, answers, strict=True))
    return [found[i] for i in range(len(items))]
