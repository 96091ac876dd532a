"""Reports: located and routed on the way in, listed on the way out, `assign` for files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gridmap.access import Actor, redact, require
from gridmap.areas import Levels
from gridmap.coverage.read import split_source
from gridmap.crs import normalise_name
from gridmap.errors import BadValue, NotFound
from gridmap.locate.model import Location, Locations, Points
from gridmap.routing.book import Decision
from gridmap.routing.columns import routing_columns
from gridmap.routing.decision import decide_by_edition
from gridmap.routing.explanation import Step, render
from gridmap.routing.parties import Party
from gridmap.store.columns import storable
from gridmap.times import ensure_utc, parse_when, to_site
from gridmap.workspace.deadlines import Deadlines
from gridmap.workspace.locating import Locating
from gridmap.workspace.submission import checked, digest

if TYPE_CHECKING:
    from gridmap.bulk.model import Assigned, AssignSummary

__all__ = ["MAX_PAGE", "Reporting"]

MAX_PAGE = 1_000

# A telephone's clock may run ahead of ours by this much.
CLOCK_SKEW = timedelta(minutes=5)


class Reporting(Locating, Deadlines):
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
        body = checked(body)
        sent = digest(body)
        known = self.store.known_report(key, sent)
        if known is not None:
            return self.report(known, lang=lang, actor=who, own=True), False
        item = self.book.catalogue.item(str(body["item"])).code
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
        decision = self.decide([item], points, found, [received], [observed])[0]
        rows = _rows(points, found, [received], [observed])
        rows |= {"item": [item], "source": [body["source"]], "text": [body.get("text")]}
        number, created = self.store.add_report(rows, decision, key=key, body_sha256=sent)
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
        """Return one report with its place, route and explanation, or raise `NotFound`.

        `own` is for the answer to the sender, who may see what became of the report.
        """
        who = actor or self.actor
        if not own:
            require(who, "reports")
        row = self.store.report(number)
        record = self._shown(row, lang) | self._place(row)
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
            Also store the reports; names the input's columns for ``source``, ``text``,
            ``received_at`` and ``observed_at``.
        """
        from gridmap.bulk.assign import assign

        who = actor or self.actor
        levels = self._levels_of(edition)
        self.foreign(split_source(str(source))[0])
        self.foreign(Path(output))
        decided: list[list[Decision]] = []

        def locate(points: Points) -> Locations:
            return self.locate_many(points, edition=edition, level=level, actor=who)

        def route(
            items: NDArray[np.object_], points: Points, found: Locations
        ) -> Mapping[str, Sequence[str | None]]:
            now = self.clock()
            moments = [at or now for at in points.at] if points.at else [now] * len(points)
            # An unknown item is quoted in the explanation, which is stored.
            quoted = [storable(item) for item in items]
            decided[:] = [self.decide(quoted, points, found, moments)]
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
        times = {
            name: [
                parse_when(text, self.zone) if text else None
                for text in batch.table.column(columns[name]).to_pylist()
            ]
            for name in ("received_at", "observed_at")
            if name in columns
        }
        none = [None] * len(batch.points)
        received = [moment or now for moment in times.get("received_at", none)]
        observed = times.get("observed_at", none)
        rows = _rows(batch.points, batch.found, received, observed)
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
        for name in ("received_at", "observed_at", "due_at", "decided_at"):
            record[name] = None if row[name] is None else to_site(row[name], self.zone)
        for name in ("department", "first_responder", "handling_level", "call_first", "due_reason"):
            record[name] = row[name] or None
        others = row["co_departments"] or []
        parties = self._parties(row["edition"]) if row["department"] or others else {}
        codes = (row["department"], *others)
        names = {code: party.label(lang) for code in codes if (party := parties.get(code))}
        return record | {
            "warning": row["warning"] or "",
            "areas": row["codes"] or {},
            "co_departments": others,
            "department_name": names.get(row["department"]),
            "co_department_names": [names.get(code, code) for code in others],
            "explanation": render(steps, lang),
            "rules": [step.rule for step in steps],
        }

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
        points = Points(
            x=np.array([_number(row["raw_x"])]),
            y=np.array([_number(row["raw_y"])]),
            coord_sys=np.array([row["coord_sys"]], dtype=object),
            accuracy_m=np.array([_number(row["accuracy_m"])]),
        )
        now, edition = self.clock(), row["edition"]
        try:
            return self.atlas.locate(points, now=now, edition=edition, margins=True)[0]
        except NotFound:
            # No longer in force at any time; what was stored with the report still stands.
            return None


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
