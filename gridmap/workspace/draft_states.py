"""Drafts as they stand: logs read once and followed, states kept while they are worked on."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gridmap.errors import NotFound
from gridmap.planning.applying import Applied, apply_edit
from gridmap.planning.edits import Edit, edit_from
from gridmap.planning.ground import Ground
from gridmap.planning.log import LogEntry, in_effect
from gridmap.planning.state import PlanState, first_state
from gridmap.store.store import Store

__all__ = ["DraftDesk", "OpenDraft"]

# Drafts whose states are at hand, and states of each.
_MOST_DRAFTS = 8
_MOST_STATES = 64


@dataclass(frozen=True, eq=False)
class OpenDraft:
    """A draft at a version.

    Attributes
    ----------
    record : dict
        As stored.
    log : tuple of LogEntry
    done, undone : tuple of LogEntry
        Edits in effect, and those that can be done again, the next one last.
    state : PlanState
    """

    record: dict[str, Any]
    log: tuple[LogEntry, ...]
    done: tuple[LogEntry, ...]
    undone: tuple[LogEntry, ...]
    state: PlanState

    @property
    def number(self) -> int:
        """Its number."""
        return int(self.record["id"])

    @property
    def version(self) -> int:
        """How many entries its log has."""
        return int(self.record["version"])


class _Desk:
    """What is at hand of one draft."""

    def __init__(self, first: PlanState) -> None:
        self.log: list[LogEntry] = []
        # By the numbers of the edits in effect.
        self.states: OrderedDict[tuple[int, ...], PlanState] = OrderedDict({(): first})


class DraftDesk:
    """States of drafts, made from their logs when they are not at hand.

    Parameters
    ----------
    store : Store
    ground_of : callable
        Returns the ground of a draft's record.
    """

    def __init__(self, store: Store, ground_of: Callable[[dict[str, Any]], Ground]) -> None:
        self._store, self._ground_of = store, ground_of
        self._desks: OrderedDict[int, _Desk] = OrderedDict()
        self._grounds: OrderedDict[tuple[str, ...], Ground] = OrderedDict()
        self._lock = threading.RLock()
        self._token: int | None = None

    def open(self, number: int, version: int | None = None) -> OpenDraft:
        """Return a draft as it stands, or as it stood at a version; `NotFound` without one.

        What was done after the version is not made again.
        """
        with self._lock:
            self._follow()
            desk = self._desks.get(number)
            record, more = self._store.plan_draft(number, after=len(desk.log) if desk else 0)
            if version is not None and not 0 <= version <= record["version"]:
                raise NotFound(
                    "The draft never had that version.",
                    got=version,
                    allowed=f"0 to {record['version']}",
                )
            if desk is None:
                desk = self._desks[number] = _Desk(first_state(self.ground(record)))
                while len(self._desks) > _MOST_DRAFTS:
                    self._desks.popitem(last=False)
            self._desks.move_to_end(number)
            desk.log += more
            if version is not None:
                record = {**record, "version": version}
            log = desk.log[: int(record["version"])]
            done, undone = in_effect(log)
            state = self._state(desk, done)
            return OpenDraft(record, tuple(log), tuple(done), tuple(undone), state)

    def apply(self, draft: OpenDraft, edit: Edit) -> Applied:
        """Apply an edit to a draft as it stands; nothing is stored."""
        with self._lock:
            return apply_edit(draft.state, edit)

    def keep(self, draft: OpenDraft, seq: int, state: PlanState) -> None:
        """Keep the state that an edit, now stored, came to, unless the ground is another now."""
        with self._lock:
            desk = self._desks.get(draft.number)
            # Somebody may have opened the draft over new ground since: all would go on from this.
            if desk is not None and desk.states[()].ground is state.ground:
                self._put(desk, (*(one.seq for one in draft.done), seq), state)

    def _state(self, desk: _Desk, done: Sequence[LogEntry]) -> PlanState:
        path = tuple(one.seq for one in done)
        begin = next(n for n in range(len(path), -1, -1) if path[:n] in desk.states)
        state = desk.states[path[:begin]]
        for n in range(begin, len(path)):
            edit = done[n].edit
            assert edit is not None
            state = apply_edit(state, edit_from(edit), fresh=False).state
            self._put(desk, path[: n + 1], state)
        return state

    def _put(self, desk: _Desk, path: tuple[int, ...], state: PlanState) -> None:
        former = desk.states.get(path[:-1])
        if former is not None:
            # The sums have gone on to the new state; who undoes counts them again.
            former.__dict__.pop("tally", None)
        desk.states[path] = state
        desk.states.move_to_end(path)
        while len(desk.states) > _MOST_STATES:
            oldest = next(key for key in desk.states if key)
            del desk.states[oldest]

    def ground(self, record: dict[str, Any]) -> Ground:
        """Return what a draft is drawn over; kept, for drafts of one edition share it."""
        key = (record["edition"], record["content_hash"], record["level"])
        with self._lock:
            self._follow()
            if key not in self._grounds:
                self._grounds[key] = self._ground_of(record)
                while len(self._grounds) > _MOST_DRAFTS // 2:
                    self._grounds.popitem(last=False)
            self._grounds.move_to_end(key)
            return self._grounds[key]

    def _follow(self) -> None:
        """Forget grounds when something was published or imported, by whatever process.

        Codes are in use then that were not, and there may be other estates and rivers. What
        was drawn stays as it is: logs name the codes and outlines that they chose.
        """
        token = self._store.change_token()
        if token != self._token:
            self._desks.clear()
            self._grounds.clear()
            self._token = token
