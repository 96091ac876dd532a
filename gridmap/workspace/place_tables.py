"""A site's own tables about places: what kinds there are, when schools are closed."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from gridmap.errors import GridmapError
from gridmap.places.categories import CategoryTree, load_categories
from gridmap.places.schools import SchoolDays, load_school_days
from gridmap.workspace.base import Base

__all__ = ["PlaceTables"]

log = logging.getLogger("gridmap.workspace")


@dataclass(frozen=True)
class _Kept:
    """The tables, and the rules that were in use when they were read."""

    rules: object
    categories: CategoryTree
    schools: SchoolDays


class PlaceTables(Base):
    """Tables of the rules folder that places are shown by, reread when one of them changes."""

    _place_tables: _Kept | None = None
    _place_fault = ""

    @property
    def book_fault(self) -> str:
        """Why the tables in the rules folder are not those in use; empty when they are."""
        try:
            self._tables()
        except GridmapError as error:
            return str(error)
        return super().book_fault or self._place_fault

    @property
    def categories(self) -> CategoryTree:
        """What places can be, in the order of a legend."""
        return self._tables().categories

    @property
    def school_days(self) -> SchoolDays:
        """Terms and holidays of the district's schools."""
        return self._tables().schools

    def _tables(self) -> _Kept:
        rules = self.book
        with self._lock:
            kept = self._place_tables
            if kept is None or kept.rules is not rules:
                kept = self._place_tables = self._read_tables(rules, kept)
            return kept

    def _read_tables(self, rules: object, before: _Kept | None) -> _Kept:
        folder = self.settings.rules
        try:
            found = _Kept(rules, load_categories(folder), load_school_days(folder))
        except GridmapError as error:
            if before is None:
                raise
            self._place_fault = str(error)
            # A typing error in a table must not take the places off the map.
            log.error("the changed tables of places are not used: %s", error)
            return _Kept(rules, before.categories, before.schools)
        self._place_fault = ""
        return found
