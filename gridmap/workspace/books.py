"""The rules in use: those of the rules folder, else those imported, else the package's."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from gridmap.cases.rules import CaseRules, load_case_rules
from gridmap.errors import GridmapError
from gridmap.routing.book import RouteBooks, make_route_books, rule_folder
from gridmap.routing.rule_files import is_rule_file
from gridmap.routing.rule_tables import RuleTables
from gridmap.times import site_zone

__all__ = ["BookKeeper", "books_of"]

log = logging.getLogger("gridmap.workspace")


class BookKeeper:
    """Keeps the rules in use, made anew when they change. Not locked: its owner is.

    Parameters
    ----------
    folder : Path or None
        The rules folder; it stands before what was imported.
    zone : ZoneInfo
    stored : callable
        Returns the texts of a version that the store keeps, by its fingerprint.

    Attributes
    ----------
    fault : str
        Why the tables in the folder are not those in use; empty when they are.
    """

    def __init__(
        self, folder: Path | None, zone: ZoneInfo, stored: Callable[[str], Mapping[str, str]]
    ) -> None:
        self.folder, self._zone, self._stored = folder, zone, stored
        self.fault = ""
        self._books: RouteBooks | None = None
        self._cases: CaseRules | None = None
        self._stamp: object = None

    def rules(self, in_use: str | None) -> tuple[RouteBooks, CaseRules, bool]:
        """Return the rules of routes and orders; True when they just took the place of others.

        A table that cannot be used raises when there is none before it. Later the tables in
        use stay, all of them, for a typing error must not stop the intake.

        Parameters
        ----------
        in_use : str or None
            Fingerprint of the imported rules; not asked where there is a folder.
        """
        stamp = in_use if self.folder is None else _stamp(self.folder)
        changed = False
        if self._books is None or self._cases is None:
            self._books, self._cases = self._made(in_use)
            self._stamp = stamp
        elif stamp != self._stamp:
            self._stamp = stamp
            changed = self._remade(in_use)
        return self._books, self._cases, changed

    def _made(self, in_use: str | None) -> tuple[RouteBooks, CaseRules]:
        if self.folder is None and in_use is not None:
            books = books_of(self._stored(in_use))
        else:
            books = make_route_books(rule_folder(self.folder).at(self._zone), zone=self._zone)
        return books, load_case_rules(self.folder, books.site, books.by_name)

    def _remade(self, in_use: str | None) -> bool:
        try:
            self._books, self._cases = self._made(in_use)
        except GridmapError as error:
            self.fault = str(error)
            log.error("the changed rules are not used: %s", error)
            return False
        self.fault = ""
        log.warning("the rules have changed and are in use")
        return True


def books_of(texts: Mapping[str, str]) -> RouteBooks:
    """Return the rules that were kept as texts, in the zone that they were made for."""
    tables = RuleTables.from_texts(texts)
    return make_route_books(tables, zone=site_zone(tables.zone))


def _stamp(folder: Path) -> tuple[Any, ...]:
    """Names, times and sizes of a folder's tables: what tells that one was changed."""
    if not folder.is_dir():
        return ()
    found = ((path, path.stat()) for path in folder.glob("**/*") if is_rule_file(path))
    return tuple(sorted((str(path), stat.st_mtime_ns, stat.st_size) for path, stat in found))
