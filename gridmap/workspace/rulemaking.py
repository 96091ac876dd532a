"""Rules put into the store, version by version."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gridmap.access import Action, Actor
from gridmap.errors import BadValue
from gridmap.routing.book import make_route_books
from gridmap.routing.rule_changes import RuleChange, rule_changes
from gridmap.routing.rule_files import TABLES, passed_over, read_rule_files
from gridmap.routing.rule_tables import RuleTables, load_rule_tables
from gridmap.workspace.base import Base

__all__ = ["Rulemaking", "RulesOutcome"]


@dataclass(frozen=True)
class RulesOutcome:
    """What an import of rules did, or would do when `committed` is False.

    Attributes
    ----------
    version : str
        Fingerprint of the rules as they are with it.
    tables : tuple of str
        That were read.
    passed_over : tuple of str
        Files of the folder that are no tables of rules.
    catalogues : dict of str to int
        Number of items of each.
    changes : tuple of RuleChange
        Against the rules in use; empty when they are the same.
    hidden : bool
        True when a rules folder is set: it stands before what is imported.
    """

    version: str
    tables: tuple[str, ...]
    passed_over: tuple[str, ...]
    catalogues: dict[str, int]
    changes: tuple[RuleChange, ...]
    hidden: bool
    committed: bool


class Rulemaking(Base):
    """Importing rules, and which ones are in use."""

    def import_rules(
        self,
        source: str | Path,
        *,
        replace: bool = False,
        note: str = "",
        commit: bool = False,
        actor: Actor | None = None,
    ) -> RulesOutcome:
        """Read tables from a folder or file and put them in use; a dry run unless `commit`.

        Tables take the place of those of the same name; others stay as they are, or go with
        `replace`. What was decided before keeps its version.

        Parameters
        ----------
        source : str or Path
            See :mod:`gridmap.routing.rule_files`.
        note : str
            Why, kept with the version.

        Raises
        ------
        BadValue
            With a faulty cell by file, row or line, and column or key; or when there is no
            table at all.
        """
        who = self._may(actor, Action.RULES_IMPORT)
        path = self.foreign(Path(source))
        read = read_rule_files(path)
        if not read:
            raise BadValue(
                "There is no table of rules here.",
                got=str(source),
                allowed=[f"{name}.csv" for name in TABLES] + ["*.yaml", "*.gpkg"],
            )
        packaged = load_rule_tables().packaged
        used = self._imported()
        own = {} if replace else dict(used.own)
        tables = RuleTables({**own, **read}, packaged).at(self.zone)
        books = make_route_books(tables, zone=self.zone)
        changes = tuple(rule_changes(used, tables))
        if commit and changes:
            self.store.use_rules(tables.fingerprint, tables.texts, who, note=note)
            self._expire()
        return RulesOutcome(
            version=tables.fingerprint,
            tables=tuple(read),
            passed_over=tuple(passed_over(path)),
            catalogues={name: len(book.catalogue) for name, book in books.by_name.items()},
            changes=changes,
            hidden=self.settings.rules is not None,
            committed=commit and bool(changes),
        )

    def rules_in_use(self, *, actor: Actor | None = None) -> dict[str, Any]:
        """Return which rules are in use, from where, and which were; for staff."""
        self._may(actor, Action.REPORT_LIST)
        books, imported = self.books, self.store.rules_in_use()
        source = "package" if imported is None else "store"
        return {
            "version": books.tables.fingerprint,
            "source": source if self.settings.rules is None else str(self.settings.rules),
            "own_tables": [name for name in books.tables.own if name != "site"],
            "catalogues": {n: len(book.catalogue) for n, book in books.by_name.items()},
            "imports": self.store.rule_uses(),
        }

    def _imported(self) -> RuleTables:
        """Return the rules that the store has in use, whatever folder stands before them."""
        version = self.store.rules_in_use()
        if version is None:
            return load_rule_tables()
        return RuleTables.from_texts(self.store.rules(version))
