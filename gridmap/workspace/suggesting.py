"""Suggestions for everybody that plans: asked for, watched, stopped, and made a draft."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gridmap.access import Action, Actor
from gridmap.coverage.editions import check_name
from gridmap.errors import BadValue
from gridmap.planning.log import LogEntry
from gridmap.times import to_site
from gridmap.workspace.draft_suggesting import ONE_AT_A_TIME, DraftSuggesting
from gridmap.workspace.drafting import _areas_touched, _why
from gridmap.workspace.plan_runs import PlanRuns
from gridmap.workspace.plan_storing import PlanStoring

if TYPE_CHECKING:
    from gridmap.planning.graph import PlanGraph
    from gridmap.planning.rules import Rules
    from gridmap.planning.state import PlanState

__all__ = ["PlanQuestion", "Suggesting"]

_MOST_WORKERS = 2


@dataclass(frozen=True)
class PlanQuestion:
    """What plans are asked for.

    Attributes
    ----------
    rules : Rules
    edition : str or None
        Whose atoms and grids; the edition in force by default.
    draft, version : int or None
        Instead: a draft as it stands, or stood at a version.
    level : str
        Whose areas are planned; a draft has its own.
    area : (level, code) or None
    total : int or (int, int) or None
    rebalance : tuple of str
        Grids that share their ground anew, and nothing else.
    seed : int
    since, until : str or None
        Period of the reports; see :meth:`.planning.Planning.planning_graph`.
    asked : mapping
        The question in the words of who asked, for those who look at it later.
    """

    rules: Rules
    edition: str | None = None
    draft: int | None = None
    version: int | None = None
    level: str = "grid"
    area: tuple[str, str] | None = None
    total: int | tuple[int, int] | None = None
    rebalance: tuple[str, ...] = ()
    seed: int = 0
    since: str | None = None
    until: str | None = None
    asked: Mapping[str, Any] = field(default_factory=dict)


class Suggesting(PlanStoring, DraftSuggesting):
    """Suggestions worked on behind the scenes; see :mod:`.plan_runs` for how they are kept."""

    def ask_for_plans(self, question: PlanQuestion, *, actor: Actor | None = None) -> int:
        """Begin a suggestion, and return its number.

        What is wrong with the question is told now, as far as that is known before the work.

        Raises
        ------
        NotFound, UnknownLevel, BadValue
        Conflict
            When too many wait already.
        """
        from gridmap.planning.suggest import check_question

        who = self._may(actor, Action.EDITION_CHECK)
        graph, version, used = self._asked_graph(question, who)
        atoms = None if question.area is None else self.atoms_of(graph, *question.area)
        check_question(graph, question.rules, atoms=atoms, grids=question.rebalance)
        about = {
            "by": who.name,
            "edition": graph.edition,
            "draft": question.draft,
            "version": version,
            "level": graph.level,
            "asked": dict(question.asked),
        }
        return self._runs.start(about, self._work_on(question, graph, used, who))

    def wait_for_plans(self, number: int, seconds: float) -> None:
        """Wait at most so long for a suggestion that this process works on."""
        self._runs.wait(number, seconds)

    def suggestions(self, *, actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return what is known of each suggestion, the newest first, without plans."""
        self._may(actor, Action.EDITION_CHECK)
        return [self._told_run(one) for one in self._runs.all_told()]

    def suggestion(self, number: int, *, actor: Actor | None = None) -> dict[str, Any]:
        """Return what is known of a suggestion, with its plans (`result`) once it is done."""
        self._may(actor, Action.EDITION_CHECK)
        told = self._told_run(self._runs.told(number))
        return told | {"result": self._runs.result(number) if told["state"] == "done" else None}

    def stop_suggestion(self, number: int, *, actor: Actor | None = None) -> dict[str, Any]:
        """Stop a suggestion, whoever asked for it; one that is over stays as it is."""
        self._may(actor, Action.EDITION_CHECK)
        return self._told_run(self._runs.stop(number))

    def draft_of_suggestion(
        self,
        number: int,
        style: str,
        name: str,
        *,
        why: str = "",
        actor: Actor | None = None,
    ) -> int:
        """Begin a draft with one of the plans of a suggestion, and return its number.

        A suggestion on a draft becomes a scenario of that draft.

        Parameters
        ----------
        style : str
            Of :data:`gridmap.planning.suggestion.STYLES`, or ``asked``.

        Raises
        ------
        Conflict
            When the suggestion is not done, or what it was made for has changed since.
        EditRefused, NotFound, BadValue, NotAllowed
        """
        told, result = self._runs.told(number), self._runs.result(number)
        plans = {one["style"]: one["atoms"] for one in result["plans"]}
        if style not in plans:
            raise BadValue("The suggestion has no such plan.", got=style, allowed=list(plans))
        grids = {atom: grid for atom, grid in plans[style].items() if grid is not None}
        return self.draft_of_plan(
            name,
            grids,
            edition=None if told["draft"] else told["edition"],
            draft=told["draft"],
            version=told["version"],
            level=told["level"],
            source=f"suggestion {number}: {style}",
            why=why,
            actor=actor,
        )

    def draft_of_plan(
        self,
        name: str,
        grids: Mapping[str, str],
        *,
        edition: str | None = None,
        draft: int | None = None,
        version: int | None = None,
        level: str | None = None,
        source: str = "",
        why: str = "",
        actor: Actor | None = None,
    ) -> int:
        """Begin a draft in which atoms are grouped as in a plan, and return its number.

        That is one edit of its log, which can be undone.

        Parameters
        ----------
        grids : mapping of atom code to grid code
        edition, draft, version
            What it begins with: an edition (the one in force now by default), or a draft.
        level : str, optional
            Whose areas the plan has; a draft has its own.
        source : str
            Whose plan it is; kept with the edit.
        """
        from gridmap.planning.applying import apply_edit
        from gridmap.planning.edits import edit_record
        from gridmap.planning.takeover import regrouping

        who = self._may(actor, Action.EDITION_DRAFT)
        check_name(name)
        record, log, state = self._begins_with(edition, draft, version, level)
        reason = _why(why)
        if level not in (None, record["level"]):
            raise BadValue("The draft is of another level.", got=level, allowed=record["level"])
        edit = regrouping(state, grids, source)
        if edit is not None:
            done = apply_edit(state, edit)
            areas = _areas_touched(state, done)
            self._may_there(who, state, areas)
            log.append(
                LogEntry(
                    len(log) + 1,
                    self.clock(),
                    who.name,
                    "edit",
                    reason,
                    edit_record(done.edit),
                    done.changed,
                    areas,
                )
            )
        record |= {"name": name, "created_by": who.name, "why": reason}
        return self.store.add_plan_draft(record, log)

    def close(self) -> None:
        """Stop suggestions that are under way, then close the store."""
        self._runs.close()
        super().close()

    # -- inside ---------------------------------------------------------------------

    @cached_property
    def _runs(self) -> PlanRuns:
        return PlanRuns(self._shelf.folder / "suggestions", self.clock)

    def _told_run(self, record: dict[str, Any]) -> dict[str, Any]:
        return record | {"began_at": to_site(datetime.fromisoformat(record["began_at"]), self.zone)}

    def _asked_graph(
        self, question: PlanQuestion, who: Actor
    ) -> tuple[PlanGraph, int | None, frozenset[str]]:
        """Return what a question is about, the version of a draft, and codes in use there."""
        from gridmap.planning.coding import codes_in_use
        from gridmap.planning.takeover import graph_now

        if question.draft is None:
            graph = self.planning_graph(
                question.edition,
                level=question.level,
                since=question.since,
                until=question.until,
                actor=who,
            )
            return graph, None, frozenset()
        if question.edition is not None:
            raise BadValue(
                "Plans are suggested for an edition or a draft.",
                got=f"{question.edition} and draft {question.draft}",
                allowed="one of them",
            )
        draft = self._opened(question.draft, question.version)
        return graph_now(draft.state), draft.version, codes_in_use(draft.state)

    def _work_on(
        self, question: PlanQuestion, graph: PlanGraph, used: frozenset[str], who: Actor
    ) -> Callable[..., Any]:
        def work(progress: Any, stop: Any) -> dict[str, Any]:
            # Beside a suggestion that somebody waits for, this one waits.
            with ONE_AT_A_TIME:
                return solved(progress, stop)

        def solved(progress: Any, stop: Any) -> dict[str, Any]:
            from gridmap.planning.told import suggestion_record

            further: dict[str, Any] = {
                "used": used, "seed": question.seed, "progress": progress, "stop": stop,
                "actor": who,
            }  # fmt: skip
            if question.rebalance:
                found = self.rebalance_plans(graph, question.rebalance, question.rules, **further)
            else:
                found = self.suggest_plans(
                    graph,
                    question.rules,
                    area=question.area,
                    total=question.total,
                    workers=min(_MOST_WORKERS, os.cpu_count() or 1),
                    **further,
                )
            return suggestion_record(graph, found)

        return work

    def _begins_with(
        self, edition: str | None, number: int | None, version: int | None, level: str | None
    ) -> tuple[dict[str, Any], list[LogEntry], PlanState]:
        """Return what a draft is begun with: its record, the log so far, and the state."""
        if number is not None:
            draft = self._opened(number, version)
            record = {name: draft.record[name] for name in ("edition", "content_hash", "level")}
            record |= {"branched_from": number, "branched_version": draft.version}
            log = [replace(entry, seq=k + 1) for k, entry in enumerate(draft.done)]
            return record, log, draft.state
        from gridmap.planning.state import first_state

        record = self._draft_record(self._planned_coverage(edition), level)
        record |= {"branched_from": None, "branched_version": None}
        return record, [], first_state(self._desk.ground(record))
