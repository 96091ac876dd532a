"""What reading and importing a layer has to say about it, one note a matter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["ImportNote", "Severity"]

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
