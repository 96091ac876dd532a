"""An old decision made again by what it was made by, and what would be decided today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np

from gridmap.access import Actor
from gridmap.coverage.model import Coverage
from gridmap.errors import NotFound
from gridmap.locate.atlas import Atlas, Validity
from gridmap.locate.model import Locations, Points
from gridmap.routing.book import Decision, RouteBooks
from gridmap.routing.decision import Router, decide_by_edition
from gridmap.routing.explanation import Step, render
from gridmap.routing.moves import MovePlan, MovePolicy, OpenReport
from gridmap.routing.parties import Party
from gridmap.times import to_site
from gridmap.workspace.books import books_of
from gridmap.workspace.facts_state import FactState
from gridmap.workspace.move_planning import MovePlanner
from gridmap.workspace.reporting import Reporting

__all__ = ["Replaying"]

# What a due time that waited for its calendar changes afterwards.
_DUE = {"due_at", "due_reason", "review_on"}
_SHOWN = (
    "department", "co_departments", "first_responder", "handling_level", "due_at", "due_reason",
    "needs_person", "call_first",
)  # fmt: skip


class Replaying(Reporting):
    """What a report's decision was made by, and whether it would be made again."""

    def replay(
        self,
        number: int,
        *,
        edition: str | None = None,
        lang: str | None = None,
        actor: Actor | None = None,
    ) -> dict[str, Any]:
        """Decide a report again as on the day it came in, and as of today; for staff.

        The first decision is replayed, by the rules, the responsibilities and the edition
        that it was made by. Today's is that of the rules, responsibilities and edition of
        now; its deadline runs from the receipt as ever.

        Parameters
        ----------
        edition : str, optional
            The decision by which the report moved to that edition is replayed instead. A move
            changes no deadline, so none is shown unless the report had none before.

        Returns
        -------
        dict
            ``stored``, ``replayed`` and ``today`` (each a route with its explanation),
            ``same`` (the replay is the stored decision in every field), ``differences``
            (fields in which it is not), ``changed`` (fields in which today differs from the
            stored), and ``made_by``: the versions.

        Raises
        ------
        NotFound
            When there is no such report, it was never routed, or did not move to the edition,
            or what its decision was made by was not kept yet.
        """
        who = actor or self.actor
        self._report_of(number, who)
        moved = bool(edition)
        kept = self.store.decided_move(number, edition) if edition else self.store.decided(number)
        if kept["decision"] is None or kept["rules"] is None:
            raise NotFound(
                "It is not known by what this report was decided."
                if kept["decision"]
                else "This report kept its owner then."
                if moved
                else "This report was never routed.",
                got=number,
                repair="Only reports that were routed since versions are kept can be replayed.",
            )
        lang = lang or self.settings.language
        books, points = books_of(self.store.rules(kept["rules"])), _points(kept["report"])
        then = self._moved(kept, books) if moved else self._then(kept, books, points)
        now, names = self._today(kept["report"], points)
        stored = _stored(kept["decision"])
        replayed, today = _plain(then[0]), _plain(now)
        differing, changed = _differences(stored, replayed), _differences(stored, today)
        if moved and stored["due_reason"] is None:
            # A move changes no deadline: it has kept none.
            replayed |= dict.fromkeys(_DUE)
            differing, changed = _but_due(_differences(stored, replayed)), _but_due(changed)
        later = stored["due_reason"] != replayed["due_reason"] == "calendar_missing"
        if later or stored.get("redue_at") is not None:
            # The table of that year has arrived since, or the clock stood still for a while:
            # the due time was put in afterwards.
            differing = _but_due(differing)
        return {
            "report": number,
            "item": kept["report"]["item"],
            "catalogue": books.of(_known(books, kept["report"])).catalogue.name,
            "same": not differing,
            "differences": differing,
            "due_completed_later": later,
            "changed": changed,
            "stored": self._route(stored, then[1], lang),
            "replayed": self._route(replayed, then[1], lang),
            "today": self._route(today, names, lang),
            "made_by": {
                "edition": kept["report"]["edition"],
                "rules": kept["rules"],
                "rules_first_kept": to_site(kept["rules_at"], self.zone),
                "responsibilities": kept["state"],
                "responsibilities_first_kept": _local(kept["state_at"], self.zone),
                "rules_today": self.books.tables.fingerprint,
                "responsibilities_today": self._state().fingerprint,
                "edition_today": self._edition_now(),
                "asked_by": who.name,
            },
        }

    # -- inside ---------------------------------------------------------------------

    def _then(
        self, kept: Mapping[str, Any], books: RouteBooks, points: Points
    ) -> tuple[Decision, Mapping[str, Party]]:
        report = kept["report"]
        found = self._located(report, points)
        state = FactState(self.store.state(kept["state"]) if kept["state"] else {})
        parties: dict[str, Party] = {}

        def router(edition: str) -> Any:
            coverage = self._areas_of(edition)
            made = self._router_by(books, state, coverage, report["catalogue"], keep=False)
            parties.update(made.parties)
            return made

        decided = decide_by_edition(
            books.of(report["catalogue"]),
            router,
            [report["item"]],
            found,
            [report["received_at"]],
            points.accuracy_m,
            observed_at=[report["observed_at"]],
        )
        return decided[0], parties

    def _moved(
        self, kept: Mapping[str, Any], books: RouteBooks
    ) -> tuple[Decision, Mapping[str, Party]]:
        """Decide again how a report moved, for the moment for which that was decided."""
        report, parties = kept["report"], dict[str, Party]()
        state = FactState(self.store.state(kept["state"]) if kept["state"] else {})

        def router(coverage: Coverage, catalogue: str) -> Router:
            made = self._router_by(books, state, coverage, _known(books, report), keep=False)
            parties.update(made.parties)
            return made

        plan = MovePlan(report["edition"], kept["decided_for"], MovePolicy.MIGRATE)
        planner = MovePlanner(self._areas_of(report["edition"]), plan, router)
        return planner.decision(_open(report, kept["decision"])), parties

    def _located(self, report: Mapping[str, Any], points: Points) -> Locations:
        """Locate a report again in the edition that answered, whatever became of that."""
        name, moment = report["edition"], report["observed_at"] or report["received_at"]
        if name is None:
            return Atlas([], self.levels()).locate(points, now=moment)
        edition = self.store.edition(name)
        start = edition.effective_from or moment
        atlas = Atlas([Validity(name, start, None, self._loader(edition))], self.levels())
        return atlas.locate(points, now=moment, edition=name)

    def _areas_of(self, name: str) -> Any:
        return self._stored_coverage(self.store.edition(name))

    def _today(
        self, report: Mapping[str, Any], points: Points
    ) -> tuple[Decision, Mapping[str, Party]]:
        now, catalogue = self.clock(), report["catalogue"]
        found = self.atlas.locate(points, now=now)
        known = catalogue if catalogue in self.books.by_name else ""
        items, received = [report["item"]], [report["received_at"]]
        decision = self.decide(items, points, found, received, [now], catalogues=[known])[0]
        edition = found.edition[0]
        return decision, self.router(edition, known).parties if edition else {}

    def _edition_now(self) -> str | None:
        locator = self.atlas.locator_at(self.clock())
        return None if locator is None else locator.coverage.edition

    def _route(
        self, fields: Mapping[str, Any], parties: Mapping[str, Party], lang: str
    ) -> dict[str, Any]:
        """Return a decision as people read it."""
        shown = {name: fields[name] for name in _SHOWN}
        shown["due_at"] = _local(fields["due_at"], self.zone)
        for name in ("department", "first_responder", "handling_level", "due_reason", "call_first"):
            shown[name] = fields[name] or None
        lead = parties.get(fields["department"])
        steps = [Step.from_dict(step) for step in fields["steps"]]
        return shown | {
            "department_name": None if lead is None else lead.label(lang),
            "explanation": render(steps, lang),
        }


def _points(report: Mapping[str, Any]) -> Points:
    def number(value: float | None) -> Any:
        return np.array([np.nan if value is None else value], dtype=np.float64)

    return Points(
        x=number(report["raw_x"]),
        y=number(report["raw_y"]),
        coord_sys=np.array([report["coord_sys"]], dtype=object),
        accuracy_m=number(report["accuracy_m"]),
    )


def _known(books: RouteBooks, report: Mapping[str, Any]) -> str | None:
    """Return the catalogue of a report; None, the site's own, where the rules have it no more."""
    name: str = report["catalogue"]
    return name if name in books.by_name else None


def _open(report: Mapping[str, Any], decision: Mapping[str, Any]) -> OpenReport:
    """Return a report as an edition found it that moved it."""
    return OpenReport(
        number=0,
        x=report["raw_x"],
        y=report["raw_y"],
        coord_sys=report["coord_sys"],
        accuracy_m=report["accuracy_m"],
        item=report["item"],
        received_at=report["received_at"],
        edition=None,
        codes={},
        department="",
        first_responder="",
        routed=decision["due_reason"] is None,
        catalogue=report["catalogue"],
    )


def _stored(decision: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in decision.items() if name != "decided_at"}


def _plain(decision: Decision) -> dict[str, Any]:
    """Return a decision as the store would give it back."""
    return {
        name: _listed(getattr(decision, name))
        for name in Decision.__dataclass_fields__
        if name not in {"item", "options", "basis", "steps"}
    } | {"steps": [step.as_dict() for step in decision.steps]}


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the fields in which two decisions differ; the explanation's deadline on its own."""
    found = [
        name
        for name in one
        if name != "steps" and name in other and not _alike(one[name], other[name])
    ]
    for name, due in (("explanation", False), ("due_steps", True)):
        said = [_steps(route["steps"], due=due) for route in (one, other)]
        if said[0] != said[1]:
            found.append(name)
    return found


def _but_due(names: Sequence[str]) -> list[str]:
    return [name for name in names if name not in {*_DUE, "due_steps"}]


def _steps(steps: Sequence[Mapping[str, Any]], *, due: bool) -> list[Mapping[str, Any]]:
    return [step for step in steps if step["rule"].startswith("due_") is due]


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, datetime) and isinstance(other, datetime):
        # Stores keep milliseconds.
        return abs((one - other).total_seconds()) < 0.001
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) < 1e-9
    if isinstance(one, date) or isinstance(other, date):
        return str(one) == str(other)
    return bool((one or None) == (other or None))


def _local(moment: datetime | None, zone: Any) -> datetime | None:
    return None if moment is None else to_site(moment, zone)
