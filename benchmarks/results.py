"""What was measured, beside the floor and the goal: printed, and written to a file."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

__all__ = ["Mark", "Results", "machine"]

_VERSIONS = (
    "gridmap", "numpy", "numba", "llvmlite", "shapely", "geopandas", "duckdb",
    "duckdb-extension-spatial", "sedonadb", "pyarrow", "fastapi", "starlette", "uvicorn",
    "uvloop", "httptools", "orjson", "psycopg2-binary",
)  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """What a figure should be: at least `floor` and `goal`, or at most."""

    floor: float
    goal: float
    at_most: bool = False

    def met(self, value: float) -> str:
        """Say in a word which of the two a figure meets."""
        for name, bound in (("goal", self.goal), ("floor", self.floor)):
            if value <= bound if self.at_most else value >= bound:
                return name
        return "**below the floor**" if not self.at_most else "**above the floor**"

    def shown(self) -> tuple[str, str]:
        """Both bounds as text."""
        sign = "<=" if self.at_most else ">="
        return f"{sign} {_short(self.floor)}", f"{sign} {_short(self.goal)}"


@dataclass(frozen=True)
class _Row:
    what: str
    case: str
    value: str
    floor: str = ""
    goal: str = ""
    met: str = ""

    def cells(self) -> tuple[str, ...]:
        return self.what, self.case, self.value, self.floor, self.goal, self.met


_HEAD = _Row("measured", "case", "figure", "floor", "goal", "met").cells()


@dataclass
class Results:
    """Tables by subject, in the order in which they were measured."""

    rows: dict[str, list[_Row]] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)
    # Seconds by the clock that each benchmark took, those that only print among them.
    took: dict[str, float] = field(default_factory=dict)

    def begin(self, subject: str, *notes: str) -> None:
        """Start the table of a subject with what must be known to read it."""
        self.rows[subject], self.notes[subject] = [], list(notes)

    def add(
        self, what: str, case: str, value: float, unit: str = "", mark: Mark | None = None
    ) -> None:
        """Add a figure to the table begun last, and print it."""
        floor, goal = mark.shown() if mark else ("", "")
        text = f"{_short(value)} {unit}".strip()
        row = _Row(what, case, text, floor, goal, mark.met(value) if mark else "")
        self.rows[self._subject].append(row)
        print(f"  {what:<52} {case:<28} {text:>14}  {floor:>9} {goal:>9}  {row.met}", flush=True)

    def skip(self, what: str, why: str) -> None:
        """Say what could not be measured, and why."""
        self.notes[self._subject].append(f"Not measured: {what}. {why}")
        print(f"  not measured: {what}. {why}", flush=True)

    @property
    def _subject(self) -> str:
        return next(reversed(self.rows))

    @property
    def skipped(self) -> list[str]:
        """Everything that could not be measured."""
        return [n for notes in self.notes.values() for n in notes if n.startswith("Not measured")]

    def write(self, path: Path, command: str) -> None:
        """Write all tables, with the machine and the versions, as Markdown."""
        text = "\n".join(["# Results", "", *machine(command), *self._times(), *self._tables()])
        path.write_text(text.rstrip() + "\n", encoding="utf-8")

    def _times(self) -> list[str]:
        if not self.took:
            return []
        each = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in self.took.items())
        return [f"- Time by the clock: {sum(self.took.values()) / 60:.1f} minutes: {each}."]

    def _tables(self) -> list[str]:
        lines = []
        for subject, rows in self.rows.items():
            lines += ["", f"## {subject}", ""]
            lines += [line for note in self.notes[subject] for line in (note, "")]
            lines += [_line(_HEAD), _line(["---"] * len(_HEAD))]
            lines += [_line(row.cells()) for row in rows]
        return lines


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine(command: str, names: Sequence[str] = _VERSIONS) -> list[str]:
    """Return lines that tell on what, with which versions and when something was measured."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    found = [f"{name} {known}" for name in names if (known := _version(name))]
    return [
        f"Written by `{command}` on {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.",
        "",
        f"- Machine: {_processor()}, {len(os.sched_getaffinity(0))} cores, {_memory()}; load"
        f" {load} at the end of the run.",
        f"- System: {platform.platform()}, Python {platform.python_version()}",
        f"- Versions: {', '.join(found)}",
    ]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GB"
