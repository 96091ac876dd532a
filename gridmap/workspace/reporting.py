"""Reports: located and routed on the way in, listed on the way out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from gridmap.access import Action, Actor, reach, redact, require
from gridmap.crs import normalise_name
from gridmap.errors import BadValue, NotFound
from gridmap.locate.model import Location, Locations, Points
from gridmap.routing.book import Basis, Decision
from gridmap.routing.clock import Pause
from gridmap.routing.decision import decide_by_edition
from gridmap.routing.explanation import Step, render
from gridmap.routing.parties import Party
from gridmap.routing.reviews import cases_of
from gridmap.routing.rule_tables import SITE
from gridmap.store.rulings import Rerouted
from gridmap.times import ensure_utc, parse_when, to_site
from gridmap.workspace.answering import Answering
from gridmap.workspace.deadlines import Deadlines
from gridmap.workspace.moving import Moving
from gridmap.workspace.personal import Personal
from gridmap.workspace.reviewing import Reviewing, points_of
from gridmap.workspace.senders import Senders, receipt_shown
from gridmap.workspace.submission import checked, digest

if TYPE_CHECKING:
    pass

__all__ = ["MAX_PAGE", "Judged", "Reporting", "report_rows", "stored_catalogue"]

MAX_PAGE = 1_000

# A telephone's clock may run ahead of ours by this much.
CLOCK_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Judged:
    """A report that was located and routed, and is not stored.

    Attributes
    ----------
    rows : dict
        Columns of the store's reports, of one row.
    found : Locations
    decision : Decision
    catalogue : str
        As reports carry it.
    at : datetime
        The moment whose boundaries and responsibilities count.
    """

    rows: dict[str, Any]
    found: Locations
    decision: Decision
    catalogue: str
    at: datetime


class Reporting(Answering, Deadlines, Moving, Reviewing, Personal, Senders):
    """What residents, hotlines and grid workers send in, and what becomes of it."""

    def submit_report(
        self,
        body: Mapping[str, Any],
        *,
        key: str,
        lang: str = "zh",
        actor: Actor | None = None,
    ) -> tuple[dict[str, Any], bool]:
        """Locate, route and store one report; the same key with the same body stores it once.

        Parameters
        ----------
        body : mapping
            ``lon``, ``lat`` (None where the place is not known), ``coord_sys`` and ``item``
            are needed; ``accuracy_m``, ``text``, ``source`` (``web`` if not given; see
            :class:`~gridmap.workspace.ReportSource`) and ``observed_at`` are not. Staff may
            give ``received_at`` for a report that came in earlier on another way.
            ``reporter_name``, ``reporter_phone`` and ``reporter_address`` are sealed.
        key : str
            The client's idempotency key.
        lang : str
            Language of the explanation in the answer.

        Returns
        -------
        tuple of dict and bool
            The report as :meth:`report` gives it, with the ``receipt`` by which whoever has it
            may follow the report, and False when the key was known.

        Raises
        ------
        BadCode, BadValue, UnknownCoordSys
            When the item, a time, or the coordinate system cannot be used, or an identity
            number stands in a text.
        Conflict
            When the key was used with another body.
        """
        who = actor or self.actor
        body = checked(body)
        sent = digest(body)
        known = self.store.known_report(key, sent)
        if known is not None:
            self._same_person(known, body, key)
            return self.report(known, lang=lang, actor=who, own=True), False
        judged = self._routed_report(body, who)
        self._bases.keep([judged.decision])
        case = cases_of([judged.decision], judged.found, judged.catalogue)[0]
        # An edition to come has looked at the reports that there were. Who dies once this one
        # is stored has asked for it: the job stands in the same transaction.
        moves = self.goes_on(judged.at)
        number, created = self.store.add_report(
            judged.rows,
            judged.decision,
            case,
            key=key,
            body_sha256=sent,
            person=self._sealing(body),
            rules=self.case_rules,
            further=(lambda number: [self.move_job(number, "intake")]) if moves else None,
            sender=self._new_sender(who),
        )
        if not created:
            self._same_person(number, body, key)
        elif moves or self.goes_on(judged.at):
            self.follow_editions(number)
        return self.report(number, lang=lang, actor=who, own=True), created

    def route_again(self, number: int, item: str) -> Decision:
        """Return the route a stored report would have with another item of its catalogue."""
        return self._routed_for(self.store.report(number), item)[0]

    def put_right(self, number: int, item: str, pauses: Sequence[Pause]) -> Rerouted:
        """Return the route of a stored report that is about another item of its catalogue.

        With its own time, counted from the receipt, and with the report's `pauses`.
        """
        row = self.store.report(number)
        decision, found = self._routed_for(row, item)
        case = cases_of([decision], found, row["catalogue"] or "")[0]
        made = self._with_deadline(row, decision, pauses)
        return Rerouted(number, made, case, item, tuple(pauses))

    def _routed_for(self, row: Mapping[str, Any], item: str) -> tuple[Decision, Locations]:
        points = Points(
            x=np.array([_number(row["raw_x"])]),
            y=np.array([_number(row["raw_y"])]),
            coord_sys=np.array([row["coord_sys"]], dtype=object),
            accuracy_m=np.array([_number(row["accuracy_m"])]),
            at=[row["observed_at"] or row["received_at"]],
        )
        found = self.atlas.locate(points, now=self.clock(), edition=row["edition"])
        moments = [row["received_at"]], [row["observed_at"]]
        catalogues = [row["catalogue"] or ""]
        return self.decide([item], points, found, *moments, catalogues=catalogues)[0], found

    def decide(
        self,
        items: Sequence[str | None],
        points: Points,
        found: Locations,
        received: Sequence[datetime],
        observed: Sequence[datetime | None] | None = None,
        *,
        catalogues: Sequence[str] | None = None,
    ) -> Sequence[Decision]:
        """Decide the routes of reports that were located; see `gridmap.routing.decision`.

        `catalogues` names the catalogue of each item; the site's own where it is empty.
        """
        books = self.books
        rows_of: dict[str, list[int]] = {}
        for i, name in enumerate(catalogues or [""] * len(items)):
            rows_of.setdefault(name or "", []).append(i)
        decided: list[Decision | None] = [None] * len(items)
        for name, rows in rows_of.items():
            book = books.of(name)
            self._bases.remember(Basis(book.version), books.tables)
            answers = decide_by_edition(
                book,
                partial(self.router, catalogue=name),
                items,
                found,
                received,
                points.accuracy_m,
                observed_at=observed,
                rows=rows,
            )
            if len(rows_of) == 1:
                return answers
            for i, answer in zip(rows, answers, strict=True):
                decided[i] = answer
        return [one for one in decided if one is not None]

    def report(
        self, number: int, *, lang: str = "zh", actor: Actor | None = None, own: bool = False
    ) -> dict[str, Any]:
        """Return one report with its place, route and explanation, or raise `NotFound`.

        `own` is for the answer to the sender, who may see what became of the report.
        """
        who = actor or self.actor
        row = self.store.report(number) if own else self._report_of(number, who)
        record = self._shown(row, lang) | self._place(row)
        if who.is_staff:
            record["moves"] = self.report_moves(number, actor=who)
            record["contacts"] = self._contacts(row)
            record |= self.report_history(number, lang=lang, actor=who)
            record["reporter"] = self.masked_reporter(number)
        if own:
            sender = self.store.sender(number)
            record["receipt"] = None if sender is None else receipt_shown(sender.receipt)
        return redact(who, "own_report" if own and not who.is_staff else "reports", record)

    def reports(
        self,
        *,
        limit: int = 100,
        offset: int = 0,
        since: str | datetime | None = None,
        until: str | datetime | None = None,
        lang: str = "zh",
        actor: Actor | None = None,
        **filters: Any,
    ) -> tuple[int, list[dict[str, Any]]]:
        """Return how many reports match, and one page, newest first; for staff.

        Filters are those of :data:`gridmap.store.routes.FILTERS`.
        """
        who = actor or self.actor
        require(who, "reports")
        within = reach(self._may(who, Action.REPORT_LIST), Action.REPORT_LIST)
        if not 1 <= limit <= MAX_PAGE or offset < 0:
            raise BadValue(
                "A page has 1 to 1000 reports from a place that is not negative.",
                got=f"limit {limit}, offset {offset}",
            )
        total, page = self.store.reports(
            filters,
            limit=limit,
            offset=offset,
            since=self._moment(since),
            until=self._moment(until),
            within=within,
        )
        return total, [redact(who, "reports", self._shown(row, lang)) for row in page]

    # -- inside ---------------------------------------------------------------------

    def _routed_report(self, body: Mapping[str, Any], who: Actor) -> Judged:
        """Locate and route what was sent in, once it is checked; errors of `submit_report`."""
        catalogue = str(body.get("catalogue") or "")
        books = self.books
        if catalogue and catalogue not in books.by_name:
            raise BadValue(
                "There is no such catalogue.", got=catalogue, allowed=list(books.by_name)
            )
        item = books.of(catalogue).catalogue.item(str(body["item"])).code
        coord_sys = normalise_name(str(body["coord_sys"]))
        received, observed = self._times(body, who)
        points = Points(
            x=np.array([_number(body.get("lon"))]),
            y=np.array([_number(body.get("lat"))]),
            coord_sys=coord_sys,
            accuracy_m=np.array([_number(body.get("accuracy_m"))]),
            at=[observed or received],
        )
        found = self.atlas.locate(points, now=received)
        decisions = self.decide(
            [item], points, found, [received], [observed], catalogues=[catalogue]
        )
        rows = report_rows(points, found, [received], [observed])
        rows |= {"item": [item], "catalogue": [stored_catalogue(catalogue)]}
        rows |= {"source": [body["source"]], "text": [body.get("text")]}
        return Judged(rows, found, decisions[0], stored_catalogue(catalogue), observed or received)

    def _report_of(self, number: int, who: Actor) -> dict[str, Any]:
        """Return the row of a report within the actor's reach."""
        require(who, "reports")
        self._may(who, Action.REPORT_READ)
        row = self.store.report(number)
        self._may(who, Action.REPORT_READ, self.report_subject(number, row))
        return row

    def _times(self, body: Mapping[str, Any], who: Actor) -> tuple[datetime, datetime | None]:
        now = self.clock()
        received, observed = now, None
        if body.get("received_at") is not None:
            self._may(who, Action.REPORT_RECORD)
            received = self._past("received_at", body["received_at"], now)
        if body.get("observed_at") is not None:
            observed = self._past("observed_at", body["observed_at"], now)
        return received, observed

    def _past(self, name: str, given: str | datetime, now: datetime) -> datetime:
        moment = parse_when(given, self.zone)
        if moment > now + CLOCK_SKEW:
            raise BadValue(
                f"'{name}' lies in the future.",
                got=to_site(moment, self.zone).isoformat(),
                allowed=f"at most {to_site(now, self.zone).isoformat()}",
                repair="A time without an offset is local time of the site.",
            )
        return min(moment, now)

    def _shown(self, row: Mapping[str, Any], lang: str) -> dict[str, Any]:
        """Return a stored report as people read it: local times, names, sentences."""
        steps = [Step.from_dict(step) for step in row["steps"] or ()]
        hidden = ("codes", "steps")
        record = {name: value for name, value in row.items() if name not in hidden}
        for name in ("received_at", "observed_at", "due_at", "decided_at", "closed_at"):
            record[name] = None if row[name] is None else to_site(row[name], self.zone)
        for name in _MAY_BE_EMPTY:
            record[name] = row[name] or None
        others = row["co_departments"] or []
        parties = self._parties(row["edition"]) if row["department"] or others else {}
        codes = (row["department"], *others)
        names = {code: party.label(lang) for code in codes if (party := parties.get(code))}
        return record | {
            "warning": row["warning"] or "",
            "catalogue": row["catalogue"] or SITE,
            "areas": row["codes"] or {},
            "co_departments": others,
            "department_name": names.get(row["department"]),
            "co_department_names": [names.get(code, code) for code in others],
            "explanation": render(steps, lang),
            "rules": [step.rule for step in steps],
        }

    def _contacts(self, row: Mapping[str, Any]) -> list[dict[str, str]]:
        """Return the persons in charge of what the explanation names: for staff alone."""
        codes = [step["params"].get("overlay") for step in row["steps"] or ()]
        wanted = {code for code in codes if code}
        if not wanted:
            return []
        return [
            {"overlay": one["code"], "name": one["name"], "contact": one["contact"]}
            for one in self._state().records["overlays"]
            if one["code"] in wanted and one["contact"]
        ]

    def _parties(self, edition: str | None) -> Mapping[str, Party]:
        """Return everybody that a decision in an edition can name."""
        try:
            return {} if edition is None else self.router(edition).parties
        except NotFound:
            # No longer in force at any time: its reports keep the codes.
            return {}

    def _place(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return how sure a stored report's place is, asked again of the edition that answered.

        The edition never changes, so the answer is that of the day; it is long, and rarely
        read, and therefore not stored.
        """
        location = self._again(row) or Location(None, None, row["location_status"])
        return {
            "certain_level": location.certain_level,
            "margin_m": location.margin_m,
            "margins_m": location.margins_m,
            "candidates": location.candidates,
            "nearest": location.nearest,
        }

    def _again(self, row: Mapping[str, Any]) -> Location | None:
        if row["edition"] is None:
            return None
        points = points_of([row])
        now, edition = self.clock(), row["edition"]
        try:
            return self.atlas.locate(points, now=now, edition=edition, margins=True)[0]
        except NotFound:
            # No longer in force at any time; what was stored with the report still stands.
            return None


def stored_catalogue(catalogue: str | None) -> str:
    """Return the name as reports carry it: the site's own catalogue needs none."""
    return "" if catalogue in {None, SITE} else str(catalogue)


# Text that the store keeps as empty and people are told as nothing.
_MAY_BE_EMPTY = (
    "department", "first_responder", "handling_level", "call_first", "due_reason", "leader",
)  # fmt: skip


def _number(value: Any) -> float:
    return np.nan if value is None else float(value)


def report_rows(
    points: Points,
    found: Locations,
    received: Sequence[datetime],
    observed: Sequence[datetime | None],
) -> dict[str, Any]:
    """Return located points as columns of the store's reports."""
    return {
        "received_at": [ensure_utc(moment) for moment in received],
        "observed_at": list(observed),
        "x": points.x,
        "y": points.y,
        "coord_sys": points.coord_sys,
        "accuracy_m": points.accuracy_m,
        "lon": found.lon,
        "lat": found.lat,
        "location_status": found.status,
        "warning": found.warning,
        "edition": found.edition,
        "codes": found.codes,
    }
