"""What a place is, as a tree: branches to look under, categories with the letter of their pin.

The package has a table of its own; a site puts ``place_categories.csv`` into its rules folder
instead. A category for staff is seen by nobody else, and none of its places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from gridmap.access import Actor, Visibility, may_see
from gridmap.errors import BadValue
from gridmap.tables import Row, Source, package_data, read_table

__all__ = ["CATEGORY_TABLE", "PACKAGED", "THEMES", "Category", "CategoryTree", "load_categories"]

CATEGORY_TABLE = "place_categories.csv"

# Themes of pins, each a colour: keys of ``gridmap.maps.colours.PIN_COLOURS``.
THEMES = ("party", "care", "health", "repair", "daily", "public", "safety")

_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")
# What stands for a category that is in no table.
_RESERVED = "other"


@dataclass(frozen=True, slots=True)
class Category:
    """What a pin stands for.

    Attributes
    ----------
    code : str
        As the data have it.
    label, label_en : str
    pin : str
        The one or two plain characters on the pin: the package has no emblem, star, flag,
        hammer or sickle.
    group : str
        The branch of the tree it hangs on; empty for none.
    theme : str
        Of :data:`THEMES`.
    visibility : Visibility
        Who sees its places: its own, or that of a branch above which is stricter.
    """

    code: str
    label: str
    label_en: str
    pin: str
    group: str = ""
    theme: str = "daily"
    visibility: Visibility = Visibility.PUBLIC


@dataclass(frozen=True)
class CategoryTree:
    """Branches and categories, in the order of a legend.

    Attributes
    ----------
    branches : mapping of str to (str, str)
        Names in Chinese and English, by code.
    parents : mapping of str to str
        The branch that each branch hangs on; empty for none.
    categories : mapping of str to Category
    """

    branches: Mapping[str, tuple[str, str]]
    parents: Mapping[str, str]
    categories: Mapping[str, Category]

    def under(self, name: str) -> frozenset[str]:
        """Return the categories that a category or a branch stands for.

        Raises
        ------
        BadValue
            When there is neither.
        """
        if name in self.categories:
            return frozenset({name})
        if name not in self.branches:
            raise BadValue(
                "There is no such category.",
                got=name,
                allowed=[*self.branches, *self.categories],
            )
        return self._under[name]

    def visibility(self, code: str) -> Visibility:
        """Return who sees the places of a category; of one that there is not, staff."""
        found = self.categories.get(code)
        return Visibility.STAFF if found is None else found.visibility

    def seen_by(self, actor: Actor) -> CategoryTree:
        """Return the tree without what the actor may not see, and without empty branches."""
        kept = {c: one for c, one in self.categories.items() if may_see(actor, one.visibility)}
        if len(kept) == len(self.categories):
            return self
        held = {up for one in kept.values() for up in self._above(one.group)}
        return CategoryTree(
            {code: names for code, names in self.branches.items() if code in held},
            {code: up for code, up in self.parents.items() if code in held},
            kept,
        )

    def _above(self, branch: str) -> Iterator[str]:
        while branch:
            yield branch
            branch = self.parents[branch]

    @cached_property
    def _under(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = {code: set() for code in self.branches}
        for code, one in self.categories.items():
            for branch in self._above(one.group):
                found[branch].add(code)
        return {code: frozenset(held) for code, held in found.items()}


def load_categories(folder: Path | None = None) -> CategoryTree:
    """Read the table of a site's folder, or the package's own where it has none.

    A row is a category, with a `pin`, or a branch, without one: ``code,name`` and where wanted
    ``parent,name_en,pin,theme,visibility``.

    Raises
    ------
    UnreadableFile, WrongEncoding, MissingColumn, BadValue
        For a table that cannot be used; a faulty cell is named by file, row and column.
    """
    own = None if folder is None else folder / CATEGORY_TABLE
    packaged = package_data("gridmap.places", CATEGORY_TABLE)
    return _tree(own if own is not None and own.exists() else packaged)


def _tree(source: Source) -> CategoryTree:
    optional = ("parent", "name_en", "pin", "theme", "visibility")
    seen: dict[str, int] = {}
    rows = {_code(row, seen): row for row in read_table(source, ("code", "name"), optional)}
    if not rows:
        raise BadValue(
            f"{source.name} has no category.",
            got="an empty table",
            repair="Add rows, or remove the file to have the package's categories.",
        )
    branches = {code: row for code, row in rows.items() if not row.cells["pin"]}
    parents = {code: _parent(row, branches) for code, row in rows.items()}
    for code, row in branches.items():
        _refuse_circle(code, row, parents)
    categories = {
        code: _category(code, row, parents, rows)
        for code, row in rows.items()
        if code not in branches
    }
    return CategoryTree(
        {code: (row.text("name"), row.cells["name_en"] or row.text("name"))
         for code, row in branches.items()},
        {code: parents[code] for code in branches},
        categories,
    )  # fmt: skip


def _code(row: Row, seen: dict[str, int]) -> str:
    code = row.unique("code", seen)
    if code == _RESERVED or not _CODE.fullmatch(code):
        row.refuse(
            "code", "cannot be a code",
            allowed=f"small letters, digits and _, up to 40, but not '{_RESERVED}'",
        )  # fmt: skip
    return code


def _parent(row: Row, branches: Mapping[str, Row]) -> str:
    parent = row.cells["parent"]
    if parent and parent not in branches:
        row.refuse("parent", "is no branch (a row without a pin)", allowed=list(branches))
    return parent


def _refuse_circle(code: str, row: Row, parents: Mapping[str, str]) -> None:
    seen, up = {code}, parents[code]
    while up and up not in seen:
        seen.add(up)
        up = parents[up]
    if up == code:
        row.refuse("parent", "leads back to itself")


def _category(code: str, row: Row, parents: Mapping[str, str], rows: Mapping[str, Row]) -> Category:
    pin, theme = row.cells["pin"], row.cells["theme"] or "daily"
    if len(pin) > 2:
        row.refuse("pin", "does not fit on a pin", allowed="one or two characters")
    if theme not in THEMES:
        row.refuse("theme", "has an unknown value", allowed=THEMES)
    visibility, up = _visibility(row), parents[code]
    while up:
        visibility = max(visibility, _visibility(rows[up]), key=_STRICT.index)
        up = parents[up]
    name = row.text("name")
    return Category(code, name, row.cells["name_en"] or name, pin, parents[code], theme, visibility)


_STRICT = [Visibility.PUBLIC, Visibility.STAFF, Visibility.RESTRICTED]


def _visibility(row: Row) -> Visibility:
    known = {one.value: one for one in _STRICT}
    said = row.cells["visibility"] or Visibility.PUBLIC.value
    if said not in known:
        row.refuse("visibility", "has an unknown value", allowed=list(known))
    return known[said]


PACKAGED = load_categories()
