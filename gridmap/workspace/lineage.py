"""What became of areas: between two editions, and of one area over all of them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from gridmap.access import Action, Actor, Visibility, redact
from gridmap.coverage.counts import first_count
from gridmap.coverage.editions import Edition, EditionState
from gridmap.coverage.families import BASE, Family
from gridmap.coverage.lineage.amounts import Counted
from gridmap.coverage.lineage.compute import lineage
from gridmap.coverage.lineage.model import AREA, LevelLineage, Lineage, no_areas
from gridmap.coverage.lineage.pieces import TOLERANCE_M
from gridmap.coverage.lineage.succession import Change, Part, Stage, Successor, life_of
from gridmap.coverage.model import Coverage
from gridmap.errors import BadValue, NotAllowed, NotFound, StoreError
from gridmap.planning.held import HELD_COLUMNS
from gridmap.settings import Settings
from gridmap.store.store import Store
from gridmap.times import Clock
from gridmap.workspace.base import Base

__all__ = ["Lineages"]

log = logging.getLogger("gridmap.workspace")

# Attributes of areas that hold totals, by measure.
_TOTALS = {name: HELD_COLUMNS[name] for name in ("households", "buildings")}
# Past reports are those of the year before the change.
_PAST = timedelta(days=365)


class Lineages(Base):
    """Editions compared, and the history of areas."""

    def __init__(
        self, store: Store, *, settings: Settings, clock: Clock, actor: Actor | None = None
    ) -> None:
        super().__init__(store, settings=settings, clock=clock, actor=actor)
        # Several who ask for the same history wait for the one who works it out.
        self._lineage_lock = threading.Lock()

    def compare_editions(
        self,
        old: str,
        new: str,
        *,
        tolerance_m: float = TOLERANCE_M,
        actor: Actor | None = None,
    ) -> Lineage:
        """Work out what became of the areas of `old` in `new`, drafts included; for staff.

        With what is known of households and buildings from the areas of `old`, and the
        reports of the year before `new` comes into force, or before now.

        Raises
        ------
        NotFound
            When one of the editions does not exist.
        BadValue
            When they are of different families of grids.
        """
        self._may(actor, Action.EDITION_CHECK)
        before, after = self.store.edition(old), self.store.edition(new)
        if before.family != after.family:
            raise BadValue(
                "Editions of different families have no lineage.",
                got=f"{old} ({before.family}), {new} ({after.family})",
                allowed="two editions of one family",
            )
        return self._lineage_made(before, after, tolerance_m)

    def record_lineage(self, edition: str, *, actor: Actor | None = None) -> list[Lineage]:
        """Work out and keep the lineage of a published edition with its neighbours in time.

        To be called when an edition was published. Without it nothing is lost: a lineage
        that is missing is worked out when somebody asks for the history of an area.
        """
        self._may(actor, Action.EDITION_DRAFT)
        family = self.store.edition(edition).family
        return [
            self._lineage_store(self._lineage_made(before, after, TOLERANCE_M))
            for before, after in pairwise(self._lineage_editions(family))
            if edition in {before.name, after.name}
        ]

    def area_history(self, level: str, code: str, *, actor: Actor | None = None) -> dict[str, Any]:
        """Return the life of an area over the published editions.

        Returns
        -------
        dict
            ``level``, ``code``, ``name``; ``editions``: those it was in, oldest first, with
            what was ``before`` and what came ``after``; ``successors``: who followed it in
            each later edition; ``also_in``: editions in which the code stands for other land.

        Raises
        ------
        UnknownLevel
        NotFound
            When no published edition has the area.
        NotAllowed
            When its family of grids is for staff and the actor is not.
        """
        who = actor or self.actor
        editions = self._lineage_editions(self._lineage_family(level, who).name)
        chain = [self._lineage_level(*pair, level) for pair in pairwise(editions)]
        names = self._lineage_names(editions, chain, level)
        life = life_of([e.name for e in editions], names, chain, code)
        if life is None:
            raise NotFound(
                f"No published edition has a {level} of that code.",
                got=code,
                allowed=[e.name for e in editions] or "no published edition yet",
                repair=f"List them with /api/areas?level={level}.",
            )
        dated = {edition.name: edition for edition in editions}
        return {
            "level": level,
            "code": code,
            "name": life.stages[-1].name,
            "editions": [_stage(who, one, dated[one.edition]) for one in life.stages],
            "successors": [_successor(one) for one in life.successors],
            "also_in": list(life.also),
        }

    # -- inside ---------------------------------------------------------------------

    def _lineage_family(self, level: str, who: Actor) -> Family:
        families = {family.name: family for family in self.store.families()}
        found = next((f for f in families.values() if level in f.levels.names), None)
        if found is None:
            families[BASE].levels.rank(level)
            found = families[BASE]
        if found.visibility is not Visibility.PUBLIC and not who.is_staff:
            raise NotAllowed(
                "These grids are not for the public.", got=who.name, repair="Use a staff account."
            )
        return found

    def _lineage_editions(self, family: str) -> list[Edition]:
        found = self.store.editions(family)
        return [edition for edition in found if edition.state is EditionState.PUBLISHED]

    def _lineage_kept(self, old: Edition, new: Edition) -> Lineage:
        with self._lineage_lock:
            found = self.store.lineage(old.name, new.name)
            return found or self._lineage_store(self._lineage_made(old, new, TOLERANCE_M))

    def _lineage_level(self, old: Edition, new: Edition, level: str) -> LevelLineage:
        found = self.store.lineage(old.name, new.name, level) or self._lineage_kept(old, new)
        by_name = {one.level: one for one in found.levels}
        return by_name.get(level) or no_areas(level, old.name, new.name)

    def _lineage_store(self, found: Lineage) -> Lineage:
        try:
            self.store.put_lineage(found)
        except StoreError as error:
            # The answer is right all the same; the next one who asks will try again.
            log.warning("a lineage was not kept: %s", error)
        return found

    def _lineage_made(self, old: Edition, new: Edition, tolerance_m: float) -> Lineage:
        before = self._lineage_coverage(old)
        counted = self._lineage_counts(before, until=new.effective_from or self.clock())
        return lineage(
            before, self._lineage_coverage(new), counted=counted, tolerance_m=tolerance_m
        )

    def _lineage_coverage(self, edition: Edition) -> Coverage:
        with self._lock:
            compiled = self._locators.get(edition.id)
        return self.store.coverage(edition.name) if compiled is None else compiled.coverage

    def _lineage_counts(self, coverage: Coverage, until: datetime) -> dict[str, Counted]:
        totals: dict[str, dict[str, dict[str, float]]] = {name: {} for name in _TOTALS}
        for level in coverage.levels.names:
            attributes = self.store.attributes(coverage.edition, level)
            for measure, columns in _TOTALS.items():
                found = {code: first_count(values, columns) for code, values in attributes.items()}
                known = {code: value for code, value in found.items() if value is not None}
                if known:
                    totals[measure][level] = known
        until = min(until, self.clock())
        reports = self.store.report_points(until - _PAST, until)
        counted: dict[str, Counted] = {name: one for name, one in totals.items() if one}
        return {**counted, "reports": reports} if len(reports.lon) else counted

    def _lineage_names(
        self, editions: list[Edition], chain: list[LevelLineage], level: str
    ) -> list[Mapping[str, str]]:
        """Return name by code of the areas of each edition at a level."""
        if not editions:
            return []
        if not chain:
            coverage = self._lineage_coverage(editions[0])
            if level not in coverage.levels.names:
                return [{}]
            rows = coverage.rows(level)
            rows = rows[~coverage.hidden[rows]]
            return [dict(zip(coverage.code[rows], coverage.name[rows], strict=True))]
        first = dict(zip(chain[0].old_code, chain[0].old_name, strict=True))
        return [first, *(dict(zip(one.new_code, one.new_name, strict=True)) for one in chain)]


def _stage(who: Actor, stage: Stage, edition: Edition) -> dict[str, Any]:
    return {
        "edition": stage.edition,
        "effective_from": edition.effective_from,
        "effective_to": edition.effective_to,
        "code": stage.code,
        "name": stage.name,
        "before": None if stage.before is None else _change(who, stage.before),
        "after": None if stage.after is None else _change(who, stage.after),
    }


def _change(who: Actor, change: Change) -> dict[str, Any]:
    return {
        "edition": change.edition,
        "relation": change.kind.value,
        "reparented": change.reparented,
        "parts": [redact(who, "lineage", _part(part)) for part in change.parts],
    }


def _part(part: Part) -> dict[str, Any]:
    counts = {name: _rounded(part.amounts.get(name)) for name in (*_TOTALS, "reports")}
    return {
        "code": part.code,
        "name": part.name,
        "relation": part.kind.value,
        "share": round(part.share, 9),
        "share_of_other": round(part.share_of_other, 9),
        "area_m2": _rounded(part.amounts[AREA]),
        **counts,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _successor(one: Successor) -> dict[str, Any]:
    return {
        "edition": one.edition,
        "code": one.code,
        "name": one.name,
        "relation": one.kind.value,
        "share": round(one.share, 9),
        "measure": one.measure,
        "basis": one.basis,
    }
