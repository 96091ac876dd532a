"""The board of ownership reviews (确权): what comes before it, and reports routed anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from gridmap.access import ANYTHING, EVERYWHERE, Action, Actor, reach, redact, require
from gridmap.errors import BadValue, NotFound
from gridmap.locate.model import Locations, Points
from gridmap.personal import refuse_identity_numbers
from gridmap.routing.book import Decision, RouteBook
from gridmap.routing.clock import Pause
from gridmap.routing.decision import Router
from gridmap.routing.explanation import Step, render
from gridmap.routing.reviews import ReviewCase, ReviewReason, case_of, is_unowned
from gridmap.routing.rule_tables import SITE
from gridmap.routing.unrouted import unrouted
from gridmap.store.rulings import Rerouted
from gridmap.times import to_site
from gridmap.workspace.base import Base

__all__ = ["MAX_WHY", "Reviewing", "points_of", "reason_given"]

MAX_WHY = 500
_MAX_PAGE = 1_000
_TIMES = ("opened_at", "settled_at")


class Reviewing(Base):
    """Reports that nobody owns, and what is done about them."""

    def reviews(
        self,
        *,
        limit: int = 100,
        offset: int = 0,
        lang: str = "zh",
        actor: Actor | None = None,
        **filters: Any,
    ) -> tuple[int, list[dict[str, Any]]]:
        """Return how many reviews match, and one page, those with the most reports first.

        Those within reach only: a review lies where its reports do, and is about the departments
        that they are sent to. Filters are those of :data:`gridmap.store.reviews.FILTERS`.
        """
        who = actor or self.actor
        require(who, "reviews")
        within = reach(self._may(who, Action.REVIEW_SEE), Action.REVIEW_SEE)
        if not 1 <= limit <= _MAX_PAGE or offset < 0:
            raise BadValue(
                "A page has 1 to 1000 reviews from a place that is not negative.",
                got=f"limit {limit}, offset {offset}",
            )
        total, page = self.store.reviews(filters, limit=limit, offset=offset, within=within)
        return total, [redact(who, "reviews", self._review(row, lang)) for row in page]

    def review(
        self, number: int, *, lang: str = "zh", actor: Actor | None = None
    ) -> dict[str, Any]:
        """Return one review with its reports and its ruling, or raise `NotFound`.

        Raises
        ------
        NotAllowed
            When none of its reports is within the actor's reach.
        """
        who, row = self._review_of(number, Action.REVIEW_SEE, actor)
        return self._review_shown(who, row, lang)

    def open_review(
        self, report: int, why: str, actor: Actor | None = None, *, lang: str = "zh"
    ) -> dict[str, Any]:
        """Put a report before the board because somebody asks for it; return the review.

        One that is in an open review already stays in it as it was.

        Raises
        ------
        NotFound, Conflict
            When there is no such report, or it is closed.
        BadValue
            When no reason is given.
        """
        who = self._may_on(report, Action.REVIEW_ASK, actor)
        asked = ReviewReason.ASKED
        require(who, "reviews")
        number = self.bring_before_board(report, reason_given(why), reason=asked, by=who.name)
        # Who may ask is told what came of it: it is done, and can be refused no more.
        return self._review_shown(who, self.store.review(number), lang)

    def bring_before_board(self, report: int, why: str, *, reason: ReviewReason, by: str) -> int:
        """Put a report before the board for a reason that was found; return the review's number.

        One that is in an open review already stays in it as it was.

        Raises
        ------
        NotFound, Conflict
            When there is no such report, or it is closed.
        """
        return self.store.put_under_review(report, self._case(report), reason, why, by)

    def reroute_reports(
        self,
        numbers: Sequence[int],
        why: str,
        *,
        commit: bool = False,
        actor: Actor | None = None,
    ) -> list[tuple[int, Decision]]:
        """Route open reports anew by the rules of now; the former routes are kept.

        For those that waited for a mended rule or table. A dry run unless `commit`.

        Raises
        ------
        NotFound, Conflict
            When there is no such report, or one is closed.
        """
        who, reason = self._may(actor, Action.REPORT_MOVE), reason_given(why)
        rows = [self.store.report(number) for number in dict.fromkeys(numbers)]
        found = self._routed_anew(rows, self.clock(), None)
        if commit:
            self._bases.keep(one.decision for one in found)
            self.store.reroute_reports(found, why=reason, by=who.name)
        return [(one.number, one.decision) for one in found]

    def report_history(
        self, number: int, *, lang: str = "zh", actor: Actor | None = None
    ) -> dict[str, list[Any]]:
        """Return a report's returns, reviews, former routes and pauses; for staff."""
        self._may(actor, Action.REPORT_READ)
        found = self.store.report_history(number)
        former = [
            self._local(one, "rerouted_at", "old_due_at", "old_decided_at")
            | {"old_explanation": render([Step.from_dict(s) for s in one["old_steps"]], lang)}
            for one in found["reroutes"]
        ]
        return found | {
            "returns": [self._local(one, "returned_at") for one in found["returns"]],
            "reroutes": [{k: v for k, v in one.items() if k != "old_steps"} for one in former],
            "pauses": [self._local(one, "started_at", "ended_at") for one in found["pauses"]],
        }

    # -- inside ---------------------------------------------------------------------

    def _review_of(
        self, number: int, action: Action, actor: Actor | None
    ) -> tuple[Actor, dict[str, Any]]:
        """Return who asks, if they may do it with a review where it lies, and its row."""
        who = actor or self.actor
        require(who, "reviews")
        self._may(who, action)
        row = self.store.review(number)
        scopes = reach(who, action)
        if EVERYWHERE not in scopes and not self.store.review_lies_within(number, scopes):
            self._may(who, action, ANYTHING)
        return who, row

    def _routed_anew(
        self, rows: Sequence[Mapping[str, Any]], moment: datetime, router_of: Any
    ) -> list[Rerouted]:
        """Return the routes that stored reports get by the rules of a moment.

        `router_of` returns the router of an edition and a catalogue; None: the one in use.
        """
        alike: dict[tuple[str | None, str], list[Mapping[str, Any]]] = {}
        for row in rows:
            alike.setdefault((row["edition"], row["catalogue"] or ""), []).append(row)
        made: list[Rerouted] = []
        for (edition, catalogue), some in alike.items():
            points = points_of(some)
            found = self._placed(points, edition)
            decisions = self._decided(some, found, points, moment, router_of)
            for i, (row, decision) in enumerate(zip(some, decisions, strict=True)):
                case = None
                if is_unowned(decision):
                    case = case_of(decision, found, i, catalogue=catalogue)
                made.append(Rerouted(row["id"], self._with_deadline(row, decision), case))
        return made

    def _placed(self, points: Points, edition: str | None) -> Locations:
        now = self.clock()
        try:
            return self.atlas.locate(points, now=now, edition=edition)
        except NotFound:
            # The edition was withdrawn: where the places are now.
            return self.atlas.locate(points, now=now)

    def _decided(
        self,
        rows: Sequence[Mapping[str, Any]],
        found: Locations,
        points: Points,
        moment: datetime,
        router_of: Any,
    ) -> Sequence[Decision]:
        catalogue = rows[0]["catalogue"] or ""
        editions = {name for name in found.edition.tolist() if name is not None}
        if not editions:
            known = self._book_of(catalogue).catalogue
            return [unrouted(known, r["item"] or "", found, i) for i, r in enumerate(rows)]
        edition = editions.pop()
        router: Router = (router_of or self.router)(edition, self._known(catalogue))
        items, moments = [row["item"] for row in rows], [moment] * len(rows)
        return router.decide(items, found, moments, points.accuracy_m, observed_at=moments)

    def _known(self, catalogue: str) -> str:
        """Return a catalogue's name while the site has it, else that of the site's own."""
        return catalogue if catalogue in self.books.by_name else ""

    def _item_name(self, code: str, lang: str, catalogue: str = "") -> str | None:
        """Return what an item is called in its own catalogue; its code while that is gone."""
        book = self.books.by_name.get(catalogue or SITE)
        if book is None or code not in book.catalogue:
            return code or None
        item = book.catalogue.item(code)
        return item.name_en if lang == "en" and item.name_en else item.name

    def _book_of(self, catalogue: str) -> RouteBook:
        return self.books.of(self._known(catalogue))

    def _with_deadline(
        self, row: Mapping[str, Any], decision: Decision, pauses: Sequence[Pause] = ()
    ) -> Decision:
        """Return a decision with the deadline that a report would have had from its receipt.

        The store keeps the one that a report has; this is for those that had none, or are about
        another item.
        """
        if decision.due_reason == "not_routed":
            return decision
        book = self._book_of(row["catalogue"] or "")
        item = book.catalogue.item(decision.item)
        due = book.due(item, decision.department, row["received_at"], pauses)
        kept = [step for step in decision.steps if not step.rule.startswith("due_")]
        return replace(
            decision,
            due_at=due.due_at,
            due_reason=due.reason,
            review_on=due.review_on,
            steps=(*kept, *due.steps),
        )

    def _case(self, number: int) -> ReviewCase:
        """Return what the review of a report would be about."""
        row = self.store.report(number)
        points = points_of([row])
        found = self._placed(points, row["edition"])
        moment = row["observed_at"] or row["received_at"]
        decision = self._decided([row], found, points, moment, None)[0]
        return case_of(decision, found, 0, number, catalogue=row["catalogue"] or "")

    def _review_shown(self, who: Actor, row: dict[str, Any], lang: str) -> dict[str, Any]:
        """Return a stored review with its reports as somebody may see it."""
        held = [self._local(one, "added_at", "closed_at") for one in row.pop("held")]
        return redact(who, "reviews", self._review(row, lang) | {"held": held})

    def _review(self, row: Mapping[str, Any], lang: str) -> dict[str, Any]:
        """Return a stored review as people read it: local times and names."""
        record = self._local(row, *_TIMES)
        catalogue = self._book_of(row["catalogue"]).catalogue
        item = catalogue.item(row["item"]) if row["item"] in catalogue else None
        english = lang == "en"
        name = "" if item is None else (item.name_en if english and item.name_en else item.name)
        ruling = row["ruling"]
        if ruling is not None:
            named = self._named(row["edition"], ruling["owner"], lang)
            ruling = ruling | {"owner_name": named}
        return record | {
            "item_name": name or None,
            "area_name": self._area_name(row, lang),
            "ruling": ruling,
        }

    def _named(self, edition: str | None, code: str, lang: str) -> str:
        try:
            party = None if edition is None else self.router(edition).parties.get(code)
        except NotFound:
            party = None
        return code if party is None else party.label(lang)

    def _area_name(self, row: Mapping[str, Any], lang: str) -> str | None:
        if not row["area_code"] or row["edition"] is None:
            return None
        try:
            territory = self.router(row["edition"]).answers.territory
        except NotFound:
            return None
        at = territory.row(row["area_level"], row["area_code"])
        return None if at is None else territory.label(at)[lang == "en"]

    def _local(self, row: Mapping[str, Any], *names: str) -> dict[str, Any]:
        return dict(row) | {
            name: None if row[name] is None else to_site(row[name], self.zone) for name in names
        }


def points_of(rows: Sequence[Mapping[str, Any]]) -> Points:
    """Return the places of stored reports as they were given."""

    def numbers(name: str) -> Any:
        return np.array([np.nan if r[name] is None else float(r[name]) for r in rows])

    return Points(
        x=numbers("raw_x"),
        y=numbers("raw_y"),
        coord_sys=np.array([row["coord_sys"] for row in rows], dtype=object),
        accuracy_m=numbers("accuracy_m"),
    )


def reason_given(why: str) -> str:
    """Return a reason that people can read later, or raise `BadValue`."""
    reason = why.strip()
    if not reason or len(reason) > MAX_WHY:
        raise BadValue(
            "A reason is needed.",
            got=f"{len(reason)} characters",
            allowed=f"1 to {MAX_WHY} characters",
        )
    return refuse_identity_numbers("why", reason)
