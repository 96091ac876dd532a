"""Rules by version and responsibilities by state in the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gridmap.access import Actor
from gridmap.store import replays, rules
from gridmap.store.opened import OpenedStore

__all__ = ["RuleStore"]


class RuleStore(OpenedStore):
    """What reports were decided by, kept for good."""

    def keep_rules(self, fingerprint: str, texts: Mapping[str, str], actor: Actor) -> None:
        """Keep a site's tables under their fingerprint; nothing happens when they are kept."""
        with self._database.write() as connection:
            rules.keep_rules(connection, fingerprint, texts, actor.name, self._database.clock())
            self._touched(connection, "rule_versions")

    def use_rules(
        self, fingerprint: str, texts: Mapping[str, str], actor: Actor, *, note: str = ""
    ) -> None:
        """Put a site's tables in use: every process decides by them from now on."""
        with self._database.write() as connection:
            now = self._database.clock()
            version = rules.keep_rules(connection, fingerprint, texts, actor.name, now)
            rules.use_rules(connection, version, note, actor.name, now)
            self._changed(connection, "rule_versions", "rule_uses")

    def rules_in_use(self) -> str | None:
        """Return the fingerprint of the tables in use, None when none were imported."""
        with self._database.read() as connection:
            return rules.rules_in_use(connection)

    def rules(self, fingerprint: str) -> dict[str, str]:
        """Return the tables of a version as text, or raise `NotFound`."""
        with self._database.read() as connection:
            return rules.read_rules(connection, fingerprint)

    def rule_uses(self) -> list[dict[str, Any]]:
        """Return which versions were in use from when on, the latest first."""
        with self._database.read() as connection:
            return rules.read_uses(connection)

    def keep_state(
        self, fingerprint: str, records: Iterable[tuple[str, str, Mapping[str, Any]]]
    ) -> None:
        """Keep records (digest, kind, record) that hold together, under their fingerprint."""
        with self._database.write() as connection:
            rules.keep_state(connection, fingerprint, records, self._database.clock())
            self._touched(connection, "responsibilities", "responsibility_states")

    def state(self, fingerprint: str) -> dict[str, list[dict[str, Any]]]:
        """Return the records of a state by kind, or raise `NotFound`."""
        with self._database.read() as connection:
            return rules.read_state(connection, fingerprint)

    def decided(self, report_id: int) -> dict[str, Any]:
        """Return how a report was decided when it came in; see :mod:`gridmap.store.replays`."""
        with self._database.read() as connection:
            return replays.read_decided(connection, report_id)

    def decided_move(self, report_id: int, edition: str) -> dict[str, Any]:
        """Return how a report was decided when an edition moved it; as :meth:`decided`."""
        with self._database.read() as connection:
            return replays.read_moved(connection, report_id, edition)
