"""What one set of rules changes about another, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gridmap.routing.rule_tables import RuleTables
from gridmap.tables import Table

__all__ = ["RuleChange", "rule_changes"]

# The columns that tell the rows of a table apart; the first one in the others.
_KEYS = {"terms": ("scope", "code"), "limit_tables": ("table", "grade")}
_UNSEEN = {"site", "published_days"}


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One row that differs.

    Attributes
    ----------
    table : str
        ``catalogue``, or ``NAME/catalogue`` of a further one.
    key : str
        What tells the row apart, such as an item's code.
    name : str
        What people call it, where the table says so.
    what : {"added", "removed", "changed"}
    cells : mapping of column to (old, new)
        Of a changed row.
    """

    table: str
    key: str
    name: str
    what: str
    cells: Mapping[str, tuple[str, str]]


def rule_changes(old: RuleTables, new: RuleTables) -> list[RuleChange]:
    """Return the rows that differ, by table and in the order of the rows.

    A table that the site has not is that of the package: taking one over as it stands changes
    nothing.
    """
    names = dict.fromkeys([*old.packaged, *old.own, *new.packaged, *new.own])
    found: list[RuleChange] = []
    for name in names:
        if name not in _UNSEEN:
            found += _of_table(name, _rows(old, name), _rows(new, name))
    return found


def _rows(tables: RuleTables, name: str) -> dict[str, dict[str, str]]:
    table: Table | None = tables.own.get(name) or tables.packaged.get(name)
    if table is None:
        return {}
    plain = name.rpartition("/")[2]
    columns = _KEYS.get(plain, table.header[:1])
    rows: dict[str, dict[str, str]] = {}
    for _, cells in table.lines:
        row = {title: cell for title, cell in zip(table.header, cells, strict=False) if cell}
        rows[" ".join(row.get(column, "") for column in columns).strip()] = row
    return rows


def _of_table(
    name: str, old: Mapping[str, Mapping[str, str]], new: Mapping[str, Mapping[str, str]]
) -> list[RuleChange]:
    found = []
    for key in dict.fromkeys([*old, *new]):
        before, after = old.get(key), new.get(key)
        if before is None or after is None:
            row = before or after or {}
            what = "added" if before is None else "removed"
            found.append(RuleChange(name, key, row.get("name", ""), what, {}))
        elif dict(before) != dict(after):
            columns = dict.fromkeys([*before, *after])
            cells = {
                column: (before.get(column, ""), after.get(column, ""))
                for column in columns
                if before.get(column, "") != after.get(column, "")
            }
            title = after.get("name", before.get("name", ""))
            found.append(RuleChange(name, key, title, "changed", cells))
    return found
