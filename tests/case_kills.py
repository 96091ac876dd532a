"""Processes that are killed while orders change, and what must hold of the store afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text

from gridmap.cases.folding import evolved
from gridmap.cases.machine import replayed
from gridmap.cases.model import Event, Order
from gridmap.store import Store

ROOT = Path(__file__).parent.parent

# Forks a child for every line read: it works until the n-th writing transaction, and dies just
# before it is committed, or just after.
KILLER = """
import json, os, signal, sys
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from gridmap.access import Actor
from gridmap.settings import Settings
from gridmap.store import engine
from gridmap.times import frozen_clock
from gridmap.workspace import open_workspace

def die_at(number, after):
    real, seen = engine.Database.write, []

    @contextmanager
    def write(self, **options):
        with real(self, **options) as connection:
            yield connection
            seen.append(1)
            if len(seen) == number and not after:
                os.kill(os.getpid(), signal.SIGKILL)
        if len(seen) == number and after:
            os.kill(os.getpid(), signal.SIGKILL)

    engine.Database.write = write

def work(store, folder, moment, who, method, words):
    settings = Settings(store=store, secrets=Path(folder) / "secrets", outgoing_private=True)
    clock = frozen_clock(datetime.fromisoformat(moment))
    with open_workspace(settings=settings, clock=clock) as workspace:
        if method != "work":
            words["actor"] = Actor.with_role(*who)
        return getattr(workspace, method)(**words)

store, folder = sys.argv[1:]
for line in sys.stdin:
    number, after, *what = json.loads(line)
    there, here = os.pipe()
    child = os.fork()
    if child == 0:
        die_at(number, after)
        found = work(store, folder, *what)
        if isinstance(found, tuple):
            os.write(here, str(found[0]["id"]).encode())
        os._exit(0)
    os.close(here)
    status = os.waitpid(child, 0)[1]
    answered = os.read(there, 100).decode()
    os.close(there)
    print(json.dumps([status, answered]), flush=True)
"""


class Killer:
    """Sends children to work."""

    def __init__(self, process: Any) -> None:
        self.process = process

    def send(self, number: int, after: bool, *what: Any) -> tuple[int, str]:
        """Return how a child ended, and what it answered."""
        print(json.dumps([number, after, *what]), file=self.process.stdin, flush=True)
        status, answered = json.loads(self.process.stdout.readline())
        return status, answered


@contextmanager
def killer(store_url: str, folder: Path) -> Iterator[Killer]:
    """A process that forks children for a store."""
    with subprocess.Popen(
        [sys.executable, "-c", KILLER, store_url, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    ) as process:  # fmt: skip
        yield Killer(process)
        assert process.stdin is not None
        process.stdin.close()


def sound(store: Store) -> dict[int, list[str]]:
    """Check that nothing in the store is half; return the actions of each order."""
    found: dict[int, list[str]] = {}
    with store._database.read() as connection:
        numbers = connection.execute(text("SELECT id FROM reports ORDER BY id")).scalars().all()
        orders = connection.execute(text("SELECT number FROM orders ORDER BY number")).scalars()
        told = connection.execute(text("SELECT event_id FROM outbox ORDER BY id")).scalars().all()
        closed = dict(connection.execute(text("SELECT id, closed_at FROM reports")).all())
        keys = connection.execute(text("SELECT key FROM jobs")).scalars().all()
        rows = connection.execute(text("SELECT number, level, code FROM order_areas")).all()
    assert list(orders) == list(numbers)
    # Found by its areas where it lies, and nowhere else.
    lying = {(number, level): code for number, level, code in rows}
    assert len(lying) == len(rows)
    assert len(set(keys)) == len(keys)
    expected: list[str] = []
    there: dict[tuple[int, str], str] = {}
    for number in numbers:
        order, events = store.order(number), store.order_events(number)
        assert [e["seq"] for e in events] == list(range(1, order.version + 1))
        begun = Order(number, received_at=order.received_at, created_at=order.created_at)
        history = [Event(e["action"], e["by"], e["at"], fields=e["fields"]) for e in events]
        assert replayed(begun, history) == order
        assert evolved(begun, history) == order
        assert (closed[number] is None) == order.is_open
        there |= {(number, level): code for level, code in order.areas.items()}
        found[number] = [e["action"] for e in events]
        expected += [f"{number}-{e['seq']}" for e in events]
    assert lying == there
    assert sorted(told) == sorted(expected)
    return found
