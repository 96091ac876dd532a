"""What reading and importing a layer has to say about it, one note a matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["ImportNote", "ImportReport", "Severity"]

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class ImportNote:
    """One remark on a layer that is read or imported.

    Attributes
    ----------
    kind : str
        A stable word for programs, for example ``blank_code`` or ``parent_filled``.
    severity : {"error", "warning", "info"}
        ``error``: rows were left out; ``warning``: something was made up, dropped or is
        doubtful; ``info``: good to know.
    text : str
        One sentence for people.
    rows : tuple of int
        Rows of the source concerned, counted from 1.
    codes : tuple of str
        Codes of the areas concerned, as imported.
    details : tuple of mapping
        One record an area where the matter differs from area to area.
    """

    kind: str
    severity: Severity
    text: str
    rows: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    details: tuple[Mapping[str, Any], ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Return the note as JSON-able data."""
        return {
            "kind": self.kind,
            "severity": self.severity,
            "text": self.text,
            "rows": list(self.rows),
            "codes": list(self.codes),
            "details": [dict(d) for d in self.details],
        }


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did to its rows.

    Attributes
    ----------
    rows, areas : int
        Rows in the source and areas that come out of them.
    coord_sys : str
        The system in which coordinates were read.
    kept_columns, dropped_columns : tuple of str
        Further columns stored as attributes, and those left out as personal or not plain.
    provisional : tuple of str
        Codes that were made up.
    messages : tuple of ImportNote
        Errors first, then warnings.
    """

    rows: int
    areas: int
    coord_sys: str
    kept_columns: tuple[str, ...]
    dropped_columns: tuple[str, ...]
    provisional: tuple[str, ...]
    messages: tuple[ImportNote, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-able data."""
        return {
            "rows": self.rows,
            "areas": self.areas,
            "coord_sys": self.coord_sys,
            "kept_columns": list(self.kept_columns),
            "dropped_columns": list(self.dropped_columns),
            "provisional": list(self.provisional),
            "messages": [m.as_dict() for m in self.messages],
        }

    def of_kind(self, kind: str) -> tuple[ImportNote, ...]:
        """Return the notes of one kind."""
        return tuple(m for m in self.messages if m.kind == kind)
