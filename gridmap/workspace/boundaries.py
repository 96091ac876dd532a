"""Levels, import, check, publish, editions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gridmap.access import Actor, redact
from gridmap.areas import Levels
from gridmap.coverage.audit import Fault, audit, audit_layer
from gridmap.coverage.editions import EditionState, check_name
from gridmap.coverage.incoming import ColumnMap, ImportReport, prepare_import
from gridmap.coverage.model import Coverage
from gridmap.coverage.read import read_layer, split_source
from gridmap.errors import BadValue, CoverageFaulty, Immutable, NotFound
from gridmap.times import parse_when
from gridmap.workspace.base import Base, Progress

__all__ = ["Boundaries", "ImportOutcome", "PublishOutcome"]


@dataclass(frozen=True)
class ImportOutcome:
    """What an import did, or would do when `committed` is False."""

    edition: str
    level: str
    rows: int
    committed: bool
    new_level: bool
    report: ImportReport


@dataclass(frozen=True)
class PublishOutcome:
    """What publishing did, or would do when `committed` is False."""

    edition: str
    effective_from: datetime
    committed: bool
    faults: list[Fault]
    areas: dict[str, int] = field(default_factory=dict)


class Boundaries(Base):
    """What planners do with polygon layers."""

    def set_levels(self, names: list[str], *, actor: Actor | None = None) -> Levels:
        """Replace the levels; refused when an edition uses one that would go or move."""
        levels = Levels(names)
        self.store.set_levels(levels, self._staff(actor))
        self._expire()
        return levels

    def import_layer(
        self,
        source: str,
        *,
        edition: str,
        level: str,
        columns: ColumnMap,
        under: str | None = None,
        coord_sys: str | None = None,
        encoding: str | None = None,
        commit: bool = False,
        progress: Progress | None = None,
        actor: Actor | None = None,
    ) -> ImportOutcome:
        """Read a polygon layer into a draft edition; a dry run unless `commit`.

        Everything is read and judged first; then, with `commit`, rows are written unseen
        and made visible at once, replacing that level of the draft. The edition is created
        as a draft when it does not exist.

        Raises
        ------
        InputError
            When the file, a column, the level or the coordinate system cannot be used.
        Immutable
            When the edition is already published.
        """
        who = self._staff(actor)
        check_name(edition)
        levels = self.store.levels()
        new_level = level not in levels.names
        if new_level and under is not None:
            levels = levels.with_level(level, under=under)
        levels.rank(level)
        existing = self._draft_coverage(edition)
        path, layer_name = split_source(source)
        incoming = prepare_import(
            read_layer(self.foreign(path), layer_name, encoding=encoding),
            level,
            columns,
            levels=levels,
            existing=existing,
            coord_sys=coord_sys,
        )
        if commit:
            if new_level:
                self.store.set_levels(levels, who)
            self.store.ensure_draft(edition, who)
            self.store.import_areas(edition, incoming, who, progress=progress)
            self._expire()
        return ImportOutcome(
            edition, level, len(incoming.areas), commit, new_level, incoming.report
        )

    def check(
        self,
        target: str,
        *,
        level: str | None = None,
        encoding: str | None = None,
        coord_sys: str | None = None,
        actor: Actor | None = None,
    ) -> list[Fault]:
        """Audit an edition, or a polygon file before it is imported; worst fault first.

        A name that is a stored edition means the edition; anything else is taken as
        ``FILE[:LAYER]``.
        """
        self._staff(actor)
        if target in {edition.name for edition in self.store.editions()}:
            coverage = self.store.coverage(target)
            if level is not None:
                coverage = coverage.only(coverage.rank <= coverage.levels.rank(level))
            return audit(coverage)
        path, layer_name = split_source(target)
        if not path.exists():
            raise NotFound(
                "This is neither an edition of the store nor a file.",
                got=target,
                allowed=[edition.name for edition in self.store.editions()] or "no edition yet",
                repair="See `gridmap editions`.",
            )
        return audit_layer(
            read_layer(self.foreign(path), layer_name, encoding=encoding),
            level,
            coord_sys=coord_sys,
        )

    def publish(
        self,
        edition: str,
        *,
        effective_from: str | datetime,
        accept_faults: str | None = None,
        commit: bool = False,
        actor: Actor | None = None,
    ) -> PublishOutcome:
        """Audit a draft and put it in force from a date; a dry run unless `commit`.

        Parameters
        ----------
        effective_from : str or datetime
            A bare date means 00:00 in the site's zone.
        accept_faults : str, optional
            Why the edition is published although the audit finds errors; recorded with it.

        Raises
        ------
        CoverageFaulty
            When there are errors and no reason is given.
        Immutable, OverlappingValidity
            When it is published already, or another edition starts at that moment.
        """
        who = self._staff(actor)
        start = parse_when(effective_from, self.zone)
        coverage = self._draft_coverage(edition)
        if coverage is None or not len(coverage):
            raise NotFound(
                "There is no draft of that name with areas in it.",
                got=edition,
                allowed=[e.name for e in self.store.editions() if e.state is EditionState.DRAFT]
                or "no draft yet",
                repair="Import a layer first: gridmap import FILE --edition NAME --level LEVEL.",
            )
        if accept_faults is not None and not accept_faults.strip():
            raise BadValue("Accepting faults needs a reason.", got=repr(accept_faults))
        faults = audit(coverage)
        errors = [fault for fault in faults if fault.severity == "error"]
        if errors and accept_faults is None:
            raise CoverageFaulty(
                f"The audit of '{edition}' found {len(errors)} errors; the first: {errors[0].text}",
                got=f"{len(errors)} errors",
                allowed="none",
                repair=f"See `gridmap check {edition}` and mend the source, or publish with "
                "--accept-faults WHY.",
            )
        outcome = PublishOutcome(edition, start, commit, faults, _count_levels(coverage))
        if commit:
            self.store.publish(
                edition,
                start,
                who,
                accepted_faults=accept_faults if errors else None,
                shapes=coverage,
                content_hash=coverage.fingerprint(),
            )
            self._expire()
        return outcome

    def imports(self, edition: str, *, actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return the imports an edition was made from, each with its report; for staff."""
        self._staff(actor)
        return self.store.import_reports(edition)

    def editions(self, *, actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return the editions, newest validity first; drafts, ahead of all, to staff only."""
        who = actor or self.actor
        found = []
        for edition in reversed(self.store.editions()):
            if edition.state is EditionState.DRAFT and not who.is_staff:
                continue
            record = {
                "name": edition.name,
                "state": edition.state.value,
                "effective_from": edition.effective_from,
                "effective_to": edition.effective_to,
                "created_at": edition.created_at,
                "created_by": edition.created_by,
                "published_at": edition.published_at,
                "published_by": edition.published_by,
                "accepted_faults": edition.accepted_faults,
                "areas": edition.areas,
            }
            found.append(redact(who, "editions", record))
        return found

    def _draft_coverage(self, name: str) -> Coverage | None:
        for edition in self.store.editions():
            if edition.name == name:
                if edition.state is not EditionState.DRAFT:
                    raise Immutable(
                        f"Edition '{name}' is {edition.state.value} and is never changed.",
                        got=name,
                        repair="Import into a new edition and publish that from a date.",
                    )
                return self.store.coverage(name)
        return None


def _count_levels(coverage: Coverage) -> dict[str, int]:
    return {name: len(coverage.rows(name)) for name in coverage.levels.names}
