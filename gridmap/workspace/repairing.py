"""Repairs of drafts: proposed, looked at, applied."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from gridmap.access import Action, Actor
from gridmap.bulk.proposal_file import check_proposal_file, write_proposal
from gridmap.coverage.auditing.audit import layer_coverage
from gridmap.coverage.editions import EditionState
from gridmap.coverage.model import Coverage
from gridmap.coverage.notes import ImportNote
from gridmap.coverage.reading.read import read_layer, split_source
from gridmap.coverage.reading.shaping import to_stored
from gridmap.coverage.repair.propose import Limits, Proposal, Scope, propose
from gridmap.errors import BadValue, Conflict, Immutable, NotFound
from gridmap.workspace.base import Base, Progress
from gridmap.workspace.checking import of_files_alone

__all__ = ["RepairOutcome", "Repairs"]

# How what is proposed is done where it cannot be done in place.
_MEND_FILE = "Import it, then `gridmap repair EDITION --commit`."
_MEND_DRAFT = "Start a draft from it, repair the draft, and publish that."


@dataclass(frozen=True)
class RepairOutcome:
    """What a repair did, or would do when `committed` is False.

    `instead` says how the proposal is done where it cannot be in place, because a file or a
    published edition was looked at; it is empty for a draft.
    `notes` are what reading a file had to report, and which of its columns were taken.
    """

    target: str
    committed: bool
    proposal: Proposal
    notes: tuple[ImportNote, ...] = ()
    instead: str = ""


class Repairs(Base):
    """Mending the faults that the audit finds."""

    def repair(
        self,
        target: str,
        *,
        level: str | None = None,
        scope: Scope | None = None,
        limits: Limits | None = None,
        rebuild_parents: bool = False,
        code: str | None = None,
        name: str | None = None,
        encoding: str | None = None,
        coord_sys: str | None = None,
        commit: bool = False,
        expected: str | None = None,
        progress: Progress | None = None,
        actor: Actor | None = None,
    ) -> RepairOutcome:
        """Propose a repair, and with `commit` apply it to a draft; else nothing is written.

        Parameters
        ----------
        target : str
            An edition, or ``FILE[:LAYER]``, for which there is only a proposal.
        level, scope, limits, rebuild_parents
            See :func:`gridmap.coverage.repair.propose.propose`.
        code, name, encoding, coord_sys : str, optional
            Of a file, as for :meth:`check`.
        expected : str, optional
            ``Proposal.id`` of the proposal that was looked at: no other is applied.

        Raises
        ------
        NotFound
            When there is no such edition or file.
        BadValue
            When what is said of a file is said of an edition.
        Immutable
            With `commit`, when the edition is published.
        Conflict
            With `commit`, when the proposal goes beyond its limits, is not the expected one,
            or the draft is changed meanwhile.
        """
        self._may(actor, Action.EDITION_CHECK)
        if commit:
            self._need_draft(target)
        coverage, notes = self._coverage_of(
            target, level, code=code, name=name, encoding=encoding, coord_sys=coord_sys
        )
        proposal = propose(
            coverage,
            limits=limits,
            scope=scope,
            rebuild_parents=rebuild_parents,
            level=level if self._is_edition(target) else None,
        )
        if expected not in {None, proposal.id}:
            raise Conflict(
                "This is not the proposal that was looked at: the draft or the options differ.",
                got=expected,
                allowed=proposal.id,
                repair="Look at the repair as it is now, and commit that.",
            )
        if commit:
            self.apply_repair(target, proposal, progress=progress, actor=actor)
        return RepairOutcome(target, commit, proposal, notes, self._instead(target))

    def apply_repair(
        self,
        edition: str,
        proposal: Proposal,
        *,
        progress: Progress | None = None,
        actor: Actor | None = None,
    ) -> int:
        """Apply a proposal to the draft it was made from; return how many areas change.

        Raises
        ------
        NotFound, Immutable
        Conflict
            When it goes beyond its limits, or the draft has changed since it was made.
        """
        who = self._may(actor, Action.EDITION_DRAFT)
        self._need_draft(edition)
        count = self.store.repair_areas(edition, proposal, who, progress=progress)
        self._expire()
        return count

    def write_proposal(
        self, proposal: Proposal, output: str | Path, *, actor: Actor | None = None
    ) -> Path:
        """Write the areas that a proposal changes, before and after, for a GIS.

        Raises
        ------
        BadValue
            When the name ends neither in .gpkg nor in .geojson, or is the store's own.
        """
        self._may(actor, Action.EDITION_CHECK)
        path = self.foreign(Path(output))
        check_proposal_file(path)
        write_proposal(path, proposal)
        return path

    def _is_edition(self, target: str) -> bool:
        return target in {edition.name for edition in self.store.editions()}

    def _instead(self, target: str) -> str:
        for edition in self.store.editions():
            if edition.name == target:
                draft = edition.state is EditionState.DRAFT
                return "" if draft else f"A published edition is never changed. {_MEND_DRAFT}"
        return f"A file is never changed. {_MEND_FILE}"

    def _need_draft(self, target: str) -> None:
        for edition in self.store.editions():
            if edition.name == target:
                if edition.state is EditionState.DRAFT:
                    return
                raise Immutable(
                    f"Edition '{target}' is {edition.state.value} and is never changed.",
                    got=target,
                    repair=_MEND_DRAFT,
                )
        if split_source(target)[0].exists():
            raise BadValue("A file is never repaired in place.", got=target, repair=_MEND_FILE)
        raise BadValue(
            "Only a draft edition can be repaired in place.",
            got=target,
            allowed=[e.name for e in self.store.editions() if e.state is EditionState.DRAFT]
            or "no draft yet",
            repair="See `gridmap editions`.",
        )

    def _coverage_of(
        self,
        target: str,
        level: str | None,
        *,
        code: str | None,
        name: str | None,
        encoding: str | None,
        coord_sys: str | None,
    ) -> tuple[Coverage, tuple[ImportNote, ...]]:
        if self._is_edition(target):
            of_files_alone(
                target,
                {"--code": code, "--name": name, "--encoding": encoding, "--coord-sys": coord_sys},
            )
            return self.store.coverage(target), ()
        path, layer_name = split_source(target)
        if not path.exists():
            raise NotFound(
                "This is neither an edition of the store nor a file.",
                got=target,
                allowed=[edition.name for edition in self.store.editions()] or "no edition yet",
                repair="See `gridmap editions`.",
            )
        layer = read_layer(self.foreign(path), layer_name, encoding=encoding)
        found = layer_coverage(layer, level, code=code, name=name, coord_sys=coord_sys)
        coverage = found.coverage
        stored = to_stored(coverage.geometry, found.ruler.coord_sys)
        return replace(coverage, geometry=stored), found.notes
