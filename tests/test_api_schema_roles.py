"""With accounts too, no answer is undocumented: to a stranger, and to a supervisor's key."""

from __future__ import annotations

import pytest

from tests.guarded import Guarded
from tests.schema_walk import CONFIG, Findings, from_its_own_machine, walk

pytest_plugins = ["tests.guarded_fixtures"]

# What values are refused is asked at length without accounts; here it is who is.
SHORT = CONFIG | {
    "generation": {**CONFIG["generation"], "max-examples": 6},
    "phases": {"coverage": {"enabled": False}, "stateful": {"enabled": False}},
}


@pytest.fixture(scope="module", params=["stranger", "supervisor"])
def walked(request: pytest.FixtureRequest, guarded_session: Guarded) -> tuple[str, Findings]:
    """Who asked, and what they found."""
    token = guarded_session.tokens.get(request.param)
    return request.param, walk(from_its_own_machine(guarded_session.app, token), SHORT)


def test_no_answer_is_undocumented_with_accounts(walked: tuple[str, Findings]) -> None:
    who, (statuses, wrong) = walked
    assert not wrong, "\n\n".join(wrong[:5])
    reports = {status for (label, status) in statuses if label == "GET /api/reports"}
    assert (401 in reports, 200 in reports) == (who == "stranger", who == "supervisor")
    reads = {status for (label, status) in statuses if label == "GET /api/personal-reads"}
    assert (200 in reads) == (who == "supervisor")
