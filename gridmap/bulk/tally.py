"""Counting while the rows go by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from gridmap.bulk.model import LevelCount

__all__ = ["Tally"]

_TOP = 5
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
            # Nearly every moment is another one: only whether there is one is of interest.
            missing = answers["due_at"].null_count
            counter = self.columns.setdefault("due_at", Counter())
            counter.update({"known": len(answers["due_at"]) - missing, "unknown": missing})

    def _count(self, name: str, column: pa.Array) -> None:
        counter = self.columns.setdefault(name, Counter())
        values, counts = pc.value_counts(column.drop_null()).flatten()
        pairs = list(zip(values.to_pylist(), counts.to_pylist(), strict=True))
        for value, count in _kinds(pairs) if name == "warning" else pairs:
            counter[value] += count

    def counts(self, name: str) -> dict[str, int]:
        """Rows by value of a column, most first."""
        return dict(self.columns.get(name, Counter()).most_common())

    def by_level(self) -> dict[str, LevelCount]:
        """How the rows fell on each level."""
        found = {}
        for name in self.levels:
            counter = self.columns.get(name, Counter())
            # Of equally full areas the first code: the same summary every time.
            top = sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))[:_TOP]
            found[name] = LevelCount(counter.total(), len(counter), tuple(top))
        return found


def _kinds(pairs: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Warnings by kind: ``unparseable: abc;overlap`` is one of each."""
    return [
        (part.split(":", 1)[0], count) for text, count in pairs for part in text.split(";") if part
    ]
