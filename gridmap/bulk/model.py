"""What the bulk room says and hears: batches of rows, rejected rows, the summary."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from gridmap.locate.model import Locations, Points

__all__ = [
    "ROUTE_COLUMNS",
    "AssignSummary",
    "Assigned",
    "Each",
    "LevelCount",
    "Locate",
    "Progress",
    "Reject",
    "RejectSink",
    "Route",
    "Rows",
    "Source",
    "Times",
]

Locate = Callable[[Points], Locations]

# Rows done, and rows in all when that is known or can be estimated.
Progress = Callable[[int, int | None], None]

# What routing adds, in this order, when an item column is named.
ROUTE_COLUMNS = (
    "first_responder",
    "department",
    "co_departments",
    "handling_level",
    "due_at",
    "confidence",
    "reason",
)


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """When the reports of a batch were received and when what they tell of was seen.

    Attributes
    ----------
    received, observed : list of datetime or None, or None
        Aware, one a row, None where a row has none; None without such a column.
    """

    received: list[datetime | None] | None = None
    observed: list[datetime | None] | None = None

    def event(self) -> list[datetime | None] | None:
        """Return the moments that select the edition: observed, else received."""
        if self.received is None or self.observed is None:
            return self.observed if self.received is None else self.received
        return [o or r for o, r in zip(self.observed, self.received, strict=True)]


# Items (text or None, one a row), the points as read, where they are, their times
# -> one sequence for each of ROUTE_COLUMNS: text or None, and the confidence as numbers or None.
Route = Callable[[NDArray[np.object_], Points, Locations, Times], Mapping[str, Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class Reject:
    r"""A row that could not be read.

    Attributes
    ----------
    line : int
        Line of the file on which the row begins, 1 for the first.
    reason : str
    text : str
        The row as it stands in the file; bytes that do not decode as ``\xNN``.
    """

    line: int
    reason: str
    text: str


RejectSink = Callable[[Reject], None]


@dataclass(frozen=True, slots=True, eq=False)
class Assigned:
    """A batch after it was located; row ``i`` of each part is the same row.

    Attributes
    ----------
    table : pyarrow.RecordBatch
        The input's columns, without geometry.
    points : Points
    found : Locations
    times : Times
    """

    table: pa.RecordBatch
    points: Points
    found: Locations
    times: Times


Each = Callable[[Assigned], None]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A batch of readable rows in file order.

    Attributes
    ----------
    table : pyarrow.RecordBatch
        The input's columns, without geometry.
    geometry : pyarrow.BinaryArray or None
        WKB, one a row, null where missing; None when the file has no geometry.
    upto : int
        What to skip to read on behind these rows.
    """

    table: pa.RecordBatch
    geometry: pa.Array | None = None
    upto: int = 0


class Source(Protocol):
    """A file open for reading, once, from the start."""

    schema: pa.Schema  # the input's columns, without geometry
    has_geometry: bool
    crs: str | None  # coordinate system of the geometry; None when none is declared
    facts: dict[str, str]  # what was found out, for the summary: encoding, delimiter, layer

    def batches(self, skip: int = 0) -> Iterator[Rows]:
        """Yield the rows; `UnreadableFile` when the file breaks off.

        With `skip`, an `upto` of the same file, only what follows, in the same batches; what
        is skipped is not rejected again.
        """
        ...

    def total(self, done: int) -> int | None:
        """Rows in all, estimated from the `done` rows read so far where it is not known."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


@dataclass(frozen=True, slots=True)
class LevelCount:
    """How the rows fell on one level: rows with an area, distinct areas, the fullest ones."""

    rows: int
    areas: int
    top: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class AssignSummary:
    """What `assign` did.

    Attributes
    ----------
    source, output : Path
    rejects_file : Path or None
        Only when there are rejected rows.
    rows, rejects : int
        Rows written; rows that could not be read.
    by_status, by_warning, editions, coord_systems : dict of str to int
        Rows by `location_status`, by kind of warning, by answering edition and by the
        coordinate system the row was in.
    departments, handling_levels : dict of str to int
        Of routed rows, by lead department and by handling level; empty without an item column.
    due : dict of str to int
        Of routed rows, by the day on which they are due (``2026-10-09``, in the site's zone),
        in the order of days, and how many have no due time (``unknown``).
    levels : dict of level name to LevelCount
        Coarse to fine.
    columns : dict of str to str
        What each input column was used as: ``lon``, ``lat``, ``coord_sys``, ``accuracy``, ...
    added : tuple of str
        Names of the added columns, in order.
    prefix : str
        ``gm_`` when one of the names was taken in the input, else empty.
    facts : dict of str to str
        Encoding, delimiter, layer of the input.
    notes : tuple of str
        What the reader should know: assumptions made, columns renamed.
    datum_warning : str
        Why the points seem to be in another coordinate system than they are said to be in,
        and in which; empty when there is no clear evidence. No answer depends on it.
    seconds : float
        Of all runs that it took.
    resumed : int
        Rows that an earlier run, which broke off, had written.
    """

    source: Path
    output: Path
    rejects_file: Path | None
    rows: int
    rejects: int
    by_status: dict[str, int]
    by_warning: dict[str, int]
    levels: dict[str, LevelCount]
    editions: dict[str, int]
    coord_systems: dict[str, int]
    columns: dict[str, str]
    added: tuple[str, ...]
    prefix: str
    facts: dict[str, str]
    seconds: float
    departments: dict[str, int] = field(default_factory=dict)
    handling_levels: dict[str, int] = field(default_factory=dict)
    due: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = field(default_factory=tuple)
    datum_warning: str = ""
    resumed: int = 0

    @property
    def rows_per_second(self) -> float:
        """Rows written a second, 0 when no time passed."""
        return self.rows / self.seconds if self.seconds > 0 else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the summary as JSON-able values."""
        return {
            "source": str(self.source),
            "output": str(self.output),
            "rejects_file": None if self.rejects_file is None else str(self.rejects_file),
            "rows": self.rows,
            "rejects": self.rejects,
            "by_status": self.by_status,
            "by_warning": self.by_warning,
            "levels": {
                name: {"rows": count.rows, "areas": count.areas, "top": [*map(list, count.top)]}
                for name, count in self.levels.items()
            },
            "editions": self.editions,
            "coord_systems": self.coord_systems,
            "departments": self.departments,
            "handling_levels": self.handling_levels,
            "due": self.due,
            "columns": self.columns,
            "added": list(self.added),
            "prefix": self.prefix,
            "facts": self.facts,
            "notes": list(self.notes),
            "datum_warning": self.datum_warning,
            "resumed": self.resumed,
            "seconds": round(self.seconds, 3),
            "rows_per_second": round(self.rows_per_second, 1),
        }
