"""Drafts of plans: begun from an edition, edited together, undone, branched, published."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gridmap.access import EVERYWHERE, Action, Actor, Subject, reach
from gridmap.coverage.editions import check_name
from gridmap.errors import BadValue, Conflict
from gridmap.planning.log import LogEntry, in_effect, need_version
from gridmap.times import to_site
from gridmap.workspace.draft_grounds import DraftGrounds

if TYPE_CHECKING:
    from gridmap.planning.changing import Applied
    from gridmap.planning.measures import GridNumbers
    from gridmap.planning.state import PlanState
    from gridmap.workspace.draft_states import OpenDraft

__all__ = ["Drafting", "EditOutcome", "areas_edited"]

MAX_WHY = 500


@dataclass(frozen=True, eq=False)
class EditOutcome:
    """What an edit, an undo or a redo came to.

    Attributes
    ----------
    number, version : int
        Of the draft, after it.
    entry : LogEntry
        As logged.
    grids : tuple of GridNumbers
        Measures of the grids whose numbers changed.
    redo : int
        How many undone edits can be done again.
    """

    number: int
    version: int
    entry: LogEntry
    grids: tuple[GridNumbers, ...]
    redo: int = 0


class Drafting(DraftGrounds):
    """Plans drawn by several people, edit by edit."""

    def start_draft(
        self,
        name: str,
        *,
        edition: str | None = None,
        level: str | None = None,
        why: str = "",
        actor: Actor | None = None,
    ) -> int:
        """Begin a draft, and return its number.

        Parameters
        ----------
        edition : str, optional
            What it begins with; the edition in force now by default.
        level : str, optional
            What is planned: the finest level that has areas, or one right above it, be it empty. By
            default ``grid`` where it is one of the two, else the one above. Areas of the finest
            level are drawn over parts of themselves, one each until it is cut.
        why : str
            What it is for.

        Raises
        ------
        NotFound
            When there is no such edition.
        Conflict
            When there is a draft of that name.
        BadValue
            When another level is asked for, or the edition has areas that borders cannot be
            drawn beside: without a valid polygon, or two with one code.
        """
        who = self._may(actor, Action.EDITION_DRAFT)
        check_name(name)
        coverage = self._planned_coverage(edition)
        record = self._draft_record(coverage, level) | {
            "name": name,
            "created_by": who.name,
            "why": _why(why),
            "branched_from": None,
            "branched_version": None,
        }
        self._desk.ground(record)
        return self.store.add_plan_draft(record)

    def plan_drafts(self, *, actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return all drafts without their logs, the newest first; for staff that plans."""
        self._may(actor, Action.EDITION_CHECK)
        return [self._told_draft(record) for record in self.store.plan_drafts()]

    def plan_draft(self, number: int, *, actor: Actor | None = None) -> dict[str, Any]:
        """Return a draft with its log and with which edits are in effect; or raise `NotFound`."""
        self._may(actor, Action.EDITION_CHECK)
        record, log = self.store.plan_draft(number)
        done, undone = in_effect(log)
        return self._told_draft(record) | {
            "log": [one.as_dict() | {"at": to_site(one.at, self.zone)} for one in log],
            "in_effect": [one.seq for one in done],
            "redo": [one.seq for one in reversed(undone)],
        }

    def edit_draft(
        self,
        number: int,
        version: int,
        edit: Mapping[str, Any],
        *,
        why: str = "",
        actor: Actor | None = None,
    ) -> EditOutcome:
        """Apply an edit to a draft as it was at a version, and log it.

        Parameters
        ----------
        version : int
            The one that was looked at: what others did since is never overwritten.
        edit : mapping
            See :func:`gridmap.planning.edits.edit_from`. ``along`` of a split may name lines
            of the ground (``{"layer": "roads", "name": ...}``), ``estate`` of an exclusive
            grid the code of an estate.

        Raises
        ------
        Stale
            When the draft has another version, with what was done since.
        EditRefused
            When it would break the plan, with every reason and its place.
        NotFound, BadValue, Conflict
        """
        from gridmap.planning.edits import edit_from, edit_record

        who = self._may(actor, Action.EDITION_DRAFT)
        reason = _why(why)
        with self._changes_told():
            draft = self._draft_at(number, version)
        asked = edit_from(self._resolved(edit))
        done = self._desk.apply(draft, asked)
        areas = _areas_touched(draft.state, done)
        self._may_there(who, draft.state, areas)
        entry = LogEntry(
            version + 1, self.clock(), who.name, "edit", reason, edit_record(done.edit),
            done.changed, areas,
        )  # fmt: skip
        with self._changes_told():
            self.store.append_plan_edit(number, version, entry)
        self._desk.keep(draft, entry.seq, done.state)
        grids = tuple(done.state.numbers(g) for g in done.touched)
        return EditOutcome(number, entry.seq, entry, grids)

    def undo_draft(
        self, number: int, version: int, *, why: str = "", actor: Actor | None = None
    ) -> EditOutcome:
        """Take back the last edit in effect; it stays in the log.

        Raises
        ------
        Stale, NotFound
        Conflict
            When nothing is in effect, or the draft is published.
        """
        return self._turned_draft(number, version, "undo", why, actor)

    def redo_draft(
        self, number: int, version: int, *, why: str = "", actor: Actor | None = None
    ) -> EditOutcome:
        """Do again what was undone last; `Conflict` when there is nothing of the kind."""
        return self._turned_draft(number, version, "redo", why, actor)

    def branch_draft(
        self,
        number: int,
        name: str,
        *,
        version: int | None = None,
        why: str = "",
        actor: Actor | None = None,
    ) -> int:
        """Begin a scenario with the edits that a draft had in effect at a version.

        They stand in its log as they were made, and can be undone there.
        """
        who = self._may(actor, Action.EDITION_DRAFT)
        check_name(name)
        draft = self._opened(number, version)
        record = {name_: draft.record[name_] for name_ in ("edition", "content_hash", "level")}
        record |= {
            "name": name,
            "created_by": who.name,
            "why": _why(why),
            "branched_from": number,
            "branched_version": draft.version,
        }
        log = [replace(entry, seq=k + 1) for k, entry in enumerate(draft.done)]
        return self.store.add_plan_draft(record, log)

    def draft_state(
        self, number: int, *, version: int | None = None, actor: Actor | None = None
    ) -> PlanState:
        """Return a draft as it stands, or as it stood at a version."""
        self._may(actor, Action.EDITION_CHECK)
        return self._opened(number, version).state

    def discard_draft(
        self,
        number: int,
        version: int,
        *,
        why: str = "",
        commit: bool = False,
        actor: Actor | None = None,
    ) -> dict[str, Any]:
        """Give a draft up, and return it; a dry run unless `commit`.

        It is edited no more. Its log stays to be read and to be branched from, and its name
        stays taken.

        Raises
        ------
        Stale
            When the draft has another version.
        NotFound
        Conflict
            When it is published, or given up already.
        """
        who = self._may(actor, Action.EDITION_DRAFT)
        reason = _why(why)
        with self._changes_told():
            record, log = self.store.plan_draft(number)
            need_version(record, version, log)
            # Nor need it be possible to open it: its edition may have been changed since.
            if EVERYWHERE not in reach(who, Action.EDITION_DRAFT):
                state = self._opened(number, version).state
                self._may_there(who, state, areas_edited(in_effect(log)[0]))
            if commit:
                self.store.discard_plan_draft(number, version, who.name, reason)
        return self.plan_draft(number, actor=who)

    # -- inside ---------------------------------------------------------------------

    def _opened(self, number: int, version: int | None = None) -> OpenDraft:
        """Return a draft as it stands, or as it stood at a version."""
        return self._desk.open(number, version)

    def _turned_draft(
        self, number: int, version: int, action: str, why: str, actor: Actor | None
    ) -> EditOutcome:
        who = self._may(actor, Action.EDITION_DRAFT)
        reason = _why(why)
        with self._changes_told():
            draft = self._draft_at(number, version)
        from_ = draft.done if action == "undo" else draft.undone
        if not from_:
            raise Conflict(
                f"There is nothing to {action}.",
                got=f"version {version}",
                repair="See which edits are in effect: GET /api/drafts/{number}.",
            )
        turned = from_[-1]
        self._may_there(who, draft.state, turned.areas)
        entry = LogEntry(
            version + 1, self.clock(), who.name, action, reason, None, turned.changed, turned.areas
        )
        with self._changes_told():
            self.store.append_plan_edit(number, version, entry)
        after = self._desk.open(number, entry.seq)
        codes = [one["code"] for one in turned.changed if one["level"] == draft.record["level"]]
        codes += [one[k] for one in turned.changed for k in ("from", "to") if one.get(k)]
        known = after.state.grid_at
        grids = tuple(after.state.numbers(known[c]) for c in dict.fromkeys(codes) if c in known)
        return EditOutcome(number, entry.seq, entry, grids, len(after.undone))

    def _may_there(
        self,
        who: Actor,
        state: PlanState,
        areas: Iterable[str],
        action: Action = Action.EDITION_DRAFT,
    ) -> None:
        """Raise `NotAllowed` when edits reach out of where somebody may draw, or publish."""
        if EVERYWHERE in reach(who, action):
            return
        for area in areas:
            self._may(who, action, Subject(_line_to(state, area)))

    def _told_draft(self, record: Mapping[str, Any]) -> dict[str, Any]:
        out = {k: v for k, v in record.items() if k != "content_hash"}
        times = {name: record[name] for name in ("created_at", "discarded_at")}
        return out | {n: at and to_site(at, self.zone) for n, at in times.items()}


def areas_edited(done: Iterable[LogEntry]) -> set[str]:
    """Return the codes of the areas above the grids in which edits have changed something."""
    return {area for entry in done for area in entry.areas}


def _areas_touched(state: PlanState, done: Applied) -> tuple[str, ...]:
    """Return the areas above the grids in which an edit changed something; see `_area_of`."""
    after = done.state
    atoms = [(after, int(after.members(g)[0])) for g in done.touched]
    for one in done.changed:
        for known in (after, state):
            if one["level"] == known.graph.level and one["code"] in known.grid_at:
                atoms.append((known, int(known.members(known.grid_at[one["code"]])[0])))
            elif one["code"] in known.atom_at:
                atoms.append((known, known.atom_at[one["code"]]))
    return tuple(sorted({_area_of(known, atom) for known, atom in atoms}))


def _area_of(state: PlanState, atom: int) -> str:
    """Return the code of the area right above the grids that an atom is in.

    Where there is none, ``LEVEL:CODE`` of the next one above; empty for ground in no area.
    """
    container = int(state.graph.container[atom])
    if container >= 0:
        return str(state.graph.container_code[container])
    coverage, first = state.graph.coverage, state.ground.graph
    line = coverage.ancestors[first.row[first.place[state.atoms[atom].origin]]]
    above = [row for row in line[: coverage.levels.rank(state.graph.level)].tolist() if row >= 0]
    if not above:
        return ""
    return f"{coverage.levels[int(coverage.rank[above[-1]])].name}:{coverage.code[above[-1]]}"


def _line_to(state: PlanState, area: str) -> dict[str, str]:
    """Return an area of `_area_of` and all that it lies in, by level; nothing for no area."""
    coverage, graph = state.graph.coverage, state.graph
    level, code = graph.above, area
    if area not in graph.container_code:
        level, _, code = area.partition(":")
    if level not in coverage.levels.names:
        return {}
    line = coverage.ancestors[coverage.row(level, code)]
    return {
        coverage.levels[rank].name: str(coverage.code[row])
        for rank, row in enumerate(line.tolist())
        if row >= 0
    }


def _why(text: str) -> str:
    reason = text.strip()
    if len(reason) > MAX_WHY:
        raise BadValue(
            "The reason is too long.", got=f"{len(reason)} characters", allowed=f"up to {MAX_WHY}"
        )
    return reason
