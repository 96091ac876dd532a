"""Counting while the rows go by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from gridmap.bulk.model import LevelCount

__all__ = ["UNKNOWN", "Tally"]

UNKNOWN = "unknown"

_TOP = 5
# The length of a date as ISO 8601 writes it.
_DAY = len("2026-10-09")
_COUNTED = ("location_status", "edition", "warning", "department", "handling_level")


@dataclass
class Tally:
    """What the summary says about the rows.

    Attributes
    ----------
    rows : int
    columns : dict of str to Counter
        Rows by value of the counted columns.
    systems : Counter
        Rows by coordinate system.
    """

    levels: tuple[str, ...]
    rows: int = 0
    columns: dict[str, Counter[str]] = field(default_factory=dict)
    systems: Counter[str] = field(default_factory=Counter)

    def add(self, answers: Mapping[str, pa.Array], systems: Mapping[str, int]) -> None:
        """Count one batch of added columns (by bare name)."""
        self.rows += len(answers["location_status"])
        self.systems.update(systems)
        for name in (*_COUNTED, *self.levels):
            if name in answers:
                self._count(name, answers[name])
        if "due_at" in answers:
            # Nearly every moment is another one: they are counted by day.
            day = pc.utf8_slice_codeunits(answers["due_at"], 0, _DAY)
            self._count("due_at", pc.fill_null(day, UNKNOWN))

    def state(self) -> dict[str, Any]:
        """Return all counts as JSON has them; the order of the values stays."""
        return {"rows": self.rows, "columns": self.columns, "systems": self.systems}

    def go_on(self, state: Mapping[str, Any]) -> None:
        """Go on from counts that :meth:`state` gave."""
        self.rows = state["rows"]
        self.columns = {name: Counter(counts) for name, counts in state["columns"].items()}
        self.systems = Counter(state["systems"])

    def _count(self, name: str, column: pa.Array) -> None:
        counter = self.columns.setdefault(name, Counter())
        counted = pc.value_counts(column.indices if _is_coded(column) else column)
        values, counts = counted.filter(pc.is_valid(counted.field(0))).flatten()
        if _is_coded(column):
            values = column.dictionary.take(values)
        pairs = list(zip(values.to_pylist(), counts.to_pylist(), strict=True))
        for value, count in _kinds(pairs) if name == "warning" else pairs:
            counter[value] += count

    def counts(self, name: str) -> dict[str, int]:
        """Rows by value of a column, most first."""
        return dict(self.columns.get(name, Counter()).most_common())

    def days(self, name: str) -> dict[str, int]:
        """Rows by value of a column of days, the earliest first, unknown ones last."""
        found = self.columns.get(name, Counter())
        order = sorted(found, key=lambda day: (day == UNKNOWN, day))
        return {day: found[day] for day in order}

    def by_level(self) -> dict[str, LevelCount]:
        """How the rows fell on each level."""
        found = {}
        for name in self.levels:
            counter = self.columns.get(name, Counter())
            # Of equally full areas the first code: the same summary every time.
            top = sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))[:_TOP]
            found[name] = LevelCount(counter.total(), len(counter), tuple(top))
        return found


def _is_coded(column: pa.Array) -> bool:
    return isinstance(column, pa.DictionaryArray)


def _kinds(pairs: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Warnings by kind: ``unparseable: abc;overlap`` is one of each."""
    return [
        (part.split(":", 1)[0], count) for text, count in pairs for part in text.split(";") if part
    ]
