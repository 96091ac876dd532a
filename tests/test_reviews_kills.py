"""A process killed while it settles a review leaves all of it, or nothing."""

from __future__ import annotations

import json
import signal

from gridmap.settings import Settings
from gridmap.workspace import open_workspace
from tests.review_town import morning, report, ruling

pytest_plugins = ["tests.review_fixtures"]

# Dies within the transaction that settles the review: when the overlay is written and the reports
# are not rerouted, or when all is written and nothing committed.
KILLER = """
import json, os, signal, sys
from contextlib import contextmanager
from gridmap.settings import Settings
from gridmap.store import engine, rulings
from gridmap.workspace import open_workspace
from tests.review_town import morning

url, number, where, body = sys.argv[1], int(sys.argv[2]), sys.argv[3], json.loads(sys.argv[4])

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

if where == "reroute":
    rulings.reroute = die
real = engine.Database.write

@contextmanager
def write(self, **options):
    with real(self, **options) as connection:
        yield connection
        if where == "commit":
            die()

with open_workspace(settings=Settings(store=url), clock=morning()) as workspace:
    workspace.router("town")
    engine.Database.write = write
    workspace.rule(number, body)
"""


def state(url):
    with open_workspace(settings=Settings(store=url), clock=morning()) as workspace:
        found = [workspace.report(n) for n in (1, 2)]
        return (
            workspace.reviews()[1],
            [row for row in workspace.store.records("overlays") if row["kind"] == "ruling"],
            [(one["department"], one["explanation"], one["reroutes"]) for one in found],
        )


def test_a_kill_at_any_step_of_a_ruling_leaves_the_former_state_whole(review_url, forked):
    with open_workspace(settings=Settings(store=review_url), clock=morning()) as workspace:
        report(workspace, 0.2, 0.2, "a")
        report(workspace, 0.3, 0.2, "b")
        number = workspace.reviews()[1][0]["id"]
    before = state(review_url)
    for where in ("reroute", "commit"):
        done = forked(KILLER, review_url, number, where, json.dumps(ruling()))
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert state(review_url) == before, where
    with open_workspace(settings=Settings(store=review_url), clock=morning()) as workspace:
        assert workspace.rule(number, ruling()).settled == 2
    after = state(review_url)
    assert [one[0] for one in after[2]] == ["SW", "SW"]
    assert len(after[1]) == 1
