"""Many processes killed at random moments of many orders' lives: nothing lost, half, or doubled."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gridmap.settings import Settings
from gridmap.store import Store
from gridmap.workspace import open_workspace
from tests.case_kills import ROOT, sound
from tests.case_town import receiver

pytestmark = pytest.mark.soak

ROUNDS = 80

# Sends reports, answers each on its standard output, drives orders on, and works: for ever.
SCRIPT = """
import random, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from gridmap.access import Actor
from gridmap.cases.states import State
from gridmap.errors import GridmapError
from gridmap.settings import Settings
from gridmap.workspace import open_workspace
from tests.test_cases_machine import ONWARD

store, folder, start, seed = sys.argv[1:]
dice, now = random.Random(int(seed)), [datetime.fromisoformat(start)]
settings = Settings(store=store, secrets=Path(folder) / "secrets", outgoing_private=True)
people = [Actor.operator(name) for name in ("an", "bo", "chen")]
with open_workspace(settings=settings, clock=lambda: now[0]) as workspace:
    print("ready", flush=True)
    for n in range(10_000):
        now[0] += timedelta(minutes=dice.randint(1, 90))
        body = {"lon": 117.0, "lat": 36.6, "coord_sys": "wgs84", "item": "0101"}
        if n % 3 == 0:
            record, _ = workspace.submit_report(body, key=f"soak-{seed}-{n}")
            print(record["id"], flush=True)
        total, page = workspace.orders(open=True, limit=5, offset=dice.randint(0, 3))
        for one in page:
            action, fields = ONWARD.get(State(one["state"]), ("order.comment", {"text": "x"}))
            try:
                workspace.act(one["number"], action, actor=dice.choice(people), **fields)
            except GridmapError:
                pass
        workspace.work()
"""


def test_eighty_random_kills_lose_no_report_no_step_and_no_message(
    store_url: str, tmp_path: Path
) -> None:
    dice, answered = random.Random(990101), set[int]()
    with receiver() as program:
        settings = Settings(store=store_url, secrets=tmp_path / "secrets", outgoing_private=True)
        with open_workspace(settings=settings) as workspace:
            workspace.add_webhook("all", program.address)
        for turn in range(ROUNDS):
            start = f"2026-03-{1 + turn // 4:02}T0{turn % 4}:00:00+00:00"
            with subprocess.Popen(
                [sys.executable, "-c", SCRIPT, store_url, str(tmp_path), start, str(turn)],
                stdout=subprocess.PIPE, text=True, cwd=ROOT,
            ) as child:  # fmt: skip
                assert child.stdout is not None
                child.stdout.readline()
                time.sleep(dice.uniform(0, 4))
                child.kill()
                answered |= {int(line) for line in child.stdout if line.strip().isdigit()}
            with Store.open(store_url) as store:
                assert answered <= set(sound(store))
        with open_workspace(settings=settings) as workspace:
            workspace.work()
            told, last = set(), 0
            while page := workspace.store.messages_after(last, limit=1000):
                told |= {one["event_id"] for one in page}
                last = page[-1]["id"]
        assert told == {body["id"] for _, body, _ in program.got}
        assert len(answered) > ROUNDS / 8
