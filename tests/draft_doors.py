"""Filling a store with the board of drafts, and asking for drafts over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime

from gridmap.coverage.importing.incoming import ColumnMap
from tests.draft_cases import ground

# A Thursday; the Monday after it.
NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
SUNDAY, MONDAY = "2026-11-29", "2026-11-30"


def fill(workspace, folder):
    """The board of `tests.draft_cases` as an edition in force."""
    board = ground()
    coverage = board.graph.coverage
    workspace.set_levels(list(coverage.levels.names))
    for level in coverage.levels.names:
        frame = coverage.frame(level)
        if level == "microgrid":
            frame["households"] = [board.atom_kept[code]["households"] for code in frame["code"]]
        taken_in(workspace, folder, frame, "today", level)
    workspace.publish("today", effective_from="2026-01-01", commit=True)


def taken_in(workspace, folder, frame, edition, level):
    """Import a frame as a level of a draft edition."""
    path = folder / f"{edition}-{level}.geojson"
    path.write_text(frame.to_json(drop_id=True), encoding="utf-8")
    parent = None if level == "community" else "parent_code"
    columns = ColumnMap(code="code", name="name", parent=parent)
    workspace.import_layer(str(path), edition=edition, level=level, columns=columns, commit=True)


def begin(client, name, **more):
    """Begin a draft over HTTP, and return it."""
    answer = client.post("/api/drafts", json={"name": name, **more})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/api/drafts/{answer.json()['id']}"
    return answer.json()


def edit(client, draft, version, what, **more):
    """Ask for an edit over HTTP, and return the answer."""
    return client.post(
        f"/api/drafts/{draft}/edits", json={"version": version, "edit": what, **more}
    )
