"""Reports: located and routed on the way in, listed on the way out, `assign` for files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from numpy.typing import NDArray

from gridmap.access import Actor, redact, require
from gridmap.areas import Levels
from gridmap.errors import BadValue
from gridmap.locate.model import Locations, Points
from gridmap.routing.book import Decision
from gridmap.routing.calendar import days_covered
from gridmap.routing.clock import deadline
from gridmap.routing.columns import routing_columns
from gridmap.routing.decision import decide_by_edition
from gridmap.routing.explanation import Step, render
from gridmap.times import ensure_utc, parse_when, to_site
from gridmap.workspace.locating import Locating

if TYPE_CHECKING:
    from gridmap.bulk.model import Assigned, AssignSummary

__all__ = ["Reporting"]

MAX_TEXT = 2_000
MAX_PAGE = 1_000


class Reporting(Locating):
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
            ``lon``, ``lat``, ``coord_sys`` and ``item`` are needed; ``accuracy_m``, ``text``,
            ``source``, ``observed_at`` are not. Staff may give ``received_at`` for a report
            that came in earlier on another way.
        key : str
            The client's idempotency key.
        lang : str
            Language of the explanation in the answer.

        Returns
        -------
        tuple of dict and bool
            The report as :meth:`report` gives it, and False when the key was known.

        Raises
        ------
        BadCode, BadValue, UnknownCoordSys
            When the item, a time, or the coordinate system cannot be used.
        Conflict
            When the key was used with another body.
        """
        who = actor or self.actor
        sent = hashlib.sha256(orjson.dumps(dict(body), option=orjson.OPT_SORT_KEYS, default=str))
        known = self.store.known_report(key, sent.hexdigest())
        if known is not None:
            return self.report(known, lang=lang, actor=who, own=True), False
        self.book.catalogue.item(str(body["item"]))
        if len(str(body.get("text") or "")) > MAX_TEXT:
            raise BadValue("The text is too long.", allowed=f"{MAX_TEXT} characters")
        received, observed = self._times(body, who)
        points = Points(
            x=np.array([body["lon"]], dtype=np.float64),
            y=np.array([body["lat"]], dtype=np.float64),
            coord_sys=str(body["coord_sys"]),
            accuracy_m=np.array([_number(body.get("accuracy_m"))]),
            at=[observed or received],
        )
        found = self.atlas.locate(points, now=received)
        decision = self.decide([str(body["item"])], points, found, [received], [observed])[0]
        rows = _rows(points, found, [received], [observed])
        rows |= {name: [body.get(name)] for name in ("source", "item", "text")}
        number, created = self.store.add_report(
            rows, decision, key=key, body_sha256=sent.hexdigest()
        )
        return self.report(number, lang=lang, actor=who, own=True), created

    def decide(
        self,
        items: Sequence[str | None],
        points: Points,
        found: Locations,
        received: Sequence[datetime],
        observed: Sequence[datetime | None] | None = None,
    ) -> list[Decision]:
        """Decide the routes of reports that were located; see `gridmap.routing.decision`."""
        return decide_by_edition(
            self.book,
            self.router,
            items,
            found,
            received,
            points.accuracy_m,
            observed_at=observed,
        )

    def report(
        self, number: int, *, lang: str = "zh", actor: Actor | None = None, own: bool = False
    ) -> dict[str, Any]:
        """Return one report with its route and explanation, or raise `NotFound`.

        `own` is for the answer to the sender, who may see what became of the report.
        """
        who = actor or self.actor
        if not own:
            require(who, "reports")
        record = self._shown(self.store.report(number), lang)
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
        )
        return total, [redact(who, "reports", self._shown(row, lang)) for row in page]

    def complete_due_times(
        self, *, commit: bool = False, actor: Actor | None = None
    ) -> tuple[int, int]:
        """Compute due times that waited for a calendar; return (computed, still waiting)."""
        self._staff(actor)
        waiting = self.store.reports_without_due()
        book, done = self.book, []
        for row in waiting:
            due = deadline(
                row["received_at"],
                book.catalogue.item(row["item"]).limit,
                book.calendar,
                zone=book.zone,
                office_hours=book.office_hours,
                start_rule=book.start_rule,
                cutoff=book.cutoff,
            )
            if due.reason != "calendar_missing":
                kept = [s for s in row["steps"] if not s["rule"].startswith("due_")]
                steps = [*kept, *(step.as_dict() for step in due.steps)]
                done.append((row["id"], due.due_at, due.reason, steps))
        if commit and done:
            self.store.set_due(done)
        return len(done), len(waiting) - len(done)

    def calendar_days_left(self) -> int:
        """Return for how many days from today the calendar is known."""
        today = to_site(self.clock(), self.zone).date()
        return days_covered(self.book.calendar, today)

    def assign(
        self,
        source: str | Path,
        output: str | Path,
        *,
        edition: str | None = None,
        level: str | None = None,
        item: str | None = None,
        keep: Mapping[str, str] | None = None,
        lang: str | None = None,
        actor: Actor | None = None,
        **options: Any,
    ) -> AssignSummary:
        """Stream a file of points into a copy with area columns; see `gridmap.bulk.assign`.

        Parameters
        ----------
        item : str, optional
            Column of catalogue items: adds the routing columns. Deadlines run from the
            moment in the column `at`, from now where there is none.
        keep : mapping, optional
            Also store the reports; names the input's columns for ``source``, ``text`` and
            ``received_at``.
        """
        from gridmap.bulk.assign import assign

        who = actor or self.actor
        levels = self._levels_of(edition)
        decided: list[list[Decision]] = []

        def locate(points: Points) -> Locations:
            return self.locate_many(points, edition=edition, level=level, actor=who)

        def route(
            items: NDArray[np.object_], points: Points, found: Locations
        ) -> Mapping[str, Sequence[str | None]]:
            now = self.clock()
            moments = [at or now for at in points.at] if points.at else [now] * len(points)
            decided[:] = [self.decide(list(items), points, found, moments)]
            return routing_columns(decided[0], lang or self.settings.language, zone=self.zone)

        def store(batch: Assigned) -> None:
            self._keep(batch, keep or {}, item, decided[0] if item else None)

        return assign(
            source,
            output,
            locate=locate,
            zone=self.zone,
            levels=levels,
            item=item,
            route=route if item else None,
            each=store if keep is not None else None,
            **options,
        )

    # -- inside ---------------------------------------------------------------------

    def _keep(
        self,
        batch: Assigned,
        columns: Mapping[str, str],
        item: str | None,
        decisions: list[Decision] | None,
    ) -> None:
        now = self.clock()
        received = [now] * len(batch.points)
        if "received_at" in columns:
            texts = batch.table.column(columns["received_at"]).to_pylist()
            received = [parse_when(t, self.zone) if t else now for t in texts]
        rows = _rows(batch.points, batch.found, received, list(batch.points.at or received))
        for name in ("source", "text"):
            if name in columns:
                rows[name] = batch.table.column(columns[name]).to_pylist()
        if item is not None:
            rows["item"] = batch.table.column(item).to_pylist()
        self.store.add_reports(rows, decisions)

    def _levels_of(self, edition: str | None) -> Levels:
        return self.atlas.named(edition).coverage.levels if edition else self.atlas.levels

    def _times(self, body: Mapping[str, Any], who: Actor) -> tuple[datetime, datetime | None]:
        now = self.clock()
        received, observed = now, None
        if body.get("received_at") is not None:
            self._staff(who)
            received = self._moment(body["received_at"]) or now
        if body.get("observed_at") is not None:
            observed = self._moment(body["observed_at"])
        for name, moment in (("received_at", received), ("observed_at", observed)):
            if moment is not None and moment > now:
                raise BadValue(
                    f"'{name}' lies in the future.",
                    got=moment.isoformat(),
                    allowed=f"at most {now.isoformat()}",
                )
        return received, observed

    def _shown(self, row: Mapping[str, Any], lang: str) -> dict[str, Any]:
        steps = [Step.from_dict(step) for step in row["steps"] or ()]
        local = {
            name: None if row[name] is None else to_site(row[name], self.zone)
            for name in ("received_at", "observed_at", "due_at", "decided_at")
        }
        return {
            **row,
            **local,
            "areas": row["codes"] or {},
            "co_departments": row["co_departments"] or [],
            "explanation": render(steps, lang),
            "rules": [step.rule for step in steps],
        }


def _number(value: Any) -> float:
    return np.nan if value is None else float(value)


def _rows(
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
