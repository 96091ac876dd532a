"""What the routes of drafts have in common."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Path, Query

from gridmap.times import to_site
from gridmap.workspace import EditOutcome, Workspace

__all__ = ["MADE", "DraftNumber", "VersionQuery", "outcome", "plain"]

DraftNumber = Annotated[int, Path(ge=1, lt=2**53, description="Number of the draft.")]
VersionQuery = Annotated[
    int | None, Query(ge=0, lt=2**31, description="As it was at that version; now if left out.")
]
MADE: dict[int | str, dict[str, Any]] = {
    201: {"headers": {"Location": {"schema": {"type": "string"}, "required": True}}}
}


def outcome(workspace: Workspace, done: EditOutcome) -> dict[str, Any]:
    """Return what an edit, an undo or a redo came to, as `EditOut`."""
    entry = done.entry.as_dict() | {"at": to_site(done.entry.at, workspace.zone)}
    return {
        "id": done.number,
        "version": done.version,
        "redo": done.redo,
        "entry": entry,
        "grids": [plain(asdict(one)) for one in done.grids],
    }


def plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return numbers that are none as null."""
    return {
        str(name): None
        if (isinstance(value, float) and not math.isfinite(value))
        else value.item()
        if hasattr(value, "item")
        else value
        for name, value in row.items()
    }
