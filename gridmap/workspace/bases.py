"""What decisions were made by, put into the store before the first of them is."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import TypeVar

from gridmap.access import Actor
from gridmap.routing.book import Basis, Decision
from gridmap.routing.rule_tables import RuleTables
from gridmap.store.store import Store
from gridmap.workspace.facts_state import FactState

__all__ = ["Bases"]

_Content = TypeVar("_Content")

# Decisions are stored right after they were made: older contents are not asked for any more.
_REMEMBERED = 8


class Bases:
    """Contents of rules and states by fingerprint, and which of them the store has."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._rules: OrderedDict[str, RuleTables] = OrderedDict()
        self._states: OrderedDict[str, FactState] = OrderedDict()
        self._kept: set[str] = set()

    def remember(self, basis: Basis, tables: RuleTables, state: FactState | None = None) -> None:
        """Hold what a basis stands for, until it is stored with a decision."""
        with self._lock:
            _put(self._rules, basis.rules, tables)
            if state is not None and basis.state:
                _put(self._states, basis.state, state)

    def keep(self, decisions: Iterable[Decision]) -> None:
        """Put into the store what some decisions were made by; most often it is there."""
        for basis in {d.basis for d in decisions if d.basis is not None}:
            with self._lock:
                tables = self._rules.get(basis.rules) if basis.rules not in self._kept else None
                state = self._states.get(basis.state) if basis.state not in self._kept else None
            if tables is not None:
                self._store.keep_rules(basis.rules, tables.texts, Actor.operator("gridmap"))
            if state is not None:
                self._store.keep_state(basis.state, state.digests)
            # What is no longer at hand was not stored, and may come back.
            stored = {basis.rules} if tables is not None else set()
            if state is not None:
                stored.add(basis.state)
            with self._lock:
                self._kept |= stored

    def keep_state(self, state: FactState) -> None:
        """Put a state into the store although nothing was decided by it yet."""
        self._store.keep_state(state.fingerprint, state.digests)


def _put(known: OrderedDict[str, _Content], key: str, content: _Content) -> None:
    known[key] = content
    known.move_to_end(key)
    while len(known) > _REMEMBERED:
        known.popitem(last=False)
