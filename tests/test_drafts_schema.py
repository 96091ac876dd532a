"""A planner asks everything that the interface document allows of drafts: nothing undocumented."""

from __future__ import annotations

from tests.guarded import Guarded
from tests.schema_walk import CONFIG, from_its_own_machine, walk

pytest_plugins = ["tests.guarded_fixtures"]

# Mostly of drafts that there are, at versions that they have.
DRAFTS = CONFIG | {
    "generation": {**CONFIG["generation"], "max-examples": 12},
    "dictionaries": CONFIG["dictionaries"]
    | {"numbers": {"values": [1, 2, 3]}, "versions": {"values": [0, 1]}},
    "parameters": CONFIG["parameters"]
    | {"path.number": {"dictionary": "numbers", "probability": 0.9}},
    "operations": [
        *CONFIG["operations"],
        {"exclude-path-regex": "^/api/drafts", "enabled": False},
    ],
    "phases": {"coverage": {"enabled": False}, "stateful": {"enabled": False}},
}


def test_no_answer_about_drafts_is_undocumented_and_none_is_a_server_error(
    guarded: Guarded,
) -> None:
    for name in ("one", "two", "three"):
        guarded.workspace.start_draft(name, edition="2026")
    app = from_its_own_machine(guarded.app, guarded.tokens["planner"])
    statuses, wrong = walk(app, DRAFTS)
    assert not wrong, "\n\n".join(wrong[:5])
    asked = {label for label, _ in statuses}
    assert all("/api/drafts" in label for label in asked)
    assert len(asked) == 14
    assert {"POST /api/drafts", "POST /api/drafts/{number}/branch"} <= {
        label for label, status in statuses if status == 201
    }
    assert ("POST /api/drafts/{number}/edits", 409) in statuses
