"""Many imports killed at random moments: the level is always the one before or the one after."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time

import pytest

from gridmap.store import Store
from tests.store_data import ACTOR, children, codes, fill

pytestmark = pytest.mark.soak

KILLS = 60
ROWS = 3_000

SCRIPT = """
import sys
from gridmap.store import Store
from tests.store_data import ACTOR, children
with Store.open(sys.argv[1]) as store:
    print("ready", flush=True)
    store.import_areas("e1", children(int(sys.argv[2])), ACTOR, batch=100)
"""


def test_sixty_random_kills_never_leave_half_a_level(store, store_url):
    fill(store, count=4)
    former = codes(store.coverage("e1"), "grid")
    dice = random.Random(990101)
    whole = [f"C{i:04d}" for i in range(ROWS)]
    for _ in range(KILLS):
        with subprocess.Popen(
            [sys.executable, "-c", SCRIPT, store_url, str(ROWS)],
            stdout=subprocess.PIPE,
            cwd=os.path.dirname(os.path.dirname(__file__)),
        ) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(dice.uniform(0, 1.5))
            child.kill()
        with Store.open(store_url) as again:
            found = codes(again.coverage("e1"), "grid")
            assert found in (former, whole)
            if found == whole:
                again.import_areas("e1", children(len(former)), ACTOR)
                former = codes(again.coverage("e1"), "grid")
