"""Imports that are killed, that run beside intake, and that meet each other."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from gridmap.errors import Conflict
from gridmap.store import Store, leases
from gridmap.times import frozen_clock
from tests.conftest import NOW
from tests.store_data import ACTOR, children, codes, fill, publish

ROOT = Path(__file__).parent.parent

KILLED = """
import os, signal, sys
from gridmap.store import Store
from tests.store_data import ACTOR, children

def progress(done, total):
    if done >= int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

Store.open(sys.argv[1]).import_areas("e1", children(40, name="新"), ACTOR, batch=10,
                                     progress=progress)
"""


def kill_after(forked, store_url, rows):
    done = forked(KILLED, store_url, rows)
    assert done.returncode == -signal.SIGKILL, done.stderr


def stored_rows(store):
    with store._database.read() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM areas").scalar()


@pytest.mark.parametrize("rows", [10, 40], ids=["half way", "before the flip"])
def test_a_killed_import_leaves_the_level_as_it_was(store, store_url, rows, forked):
    before = fill(store, count=4)
    kill_after(forked, store_url, rows)
    after = store.coverage("e1")
    assert list(after.ids) == list(before.ids)
    assert "新0" not in after.name
    assert store.edition("e1").areas == 6
    assert stored_rows(store) == 6 + rows, "unseen, until the next import"
    store.import_areas("e1", children(3, name="再"), ACTOR)
    assert codes(store.coverage("e1"), "grid") == ["C0000", "C0001", "C0002"]
    assert stored_rows(store) == 5


def test_what_a_killed_import_left_is_not_published(store, store_url, forked):
    fill(store, count=4)
    kill_after(forked, store_url, 20)
    publish(store)
    assert stored_rows(store) == 6
    with store._database.read() as connection:
        left = connection.exec_driver_sql("SELECT count(*) FROM imports WHERE state = 'pending'")
        assert left.scalar() == 0


def test_an_import_of_a_living_process_is_left_alone_and_holds_up_publication(store):
    fill(store, count=4)
    checked = store.coverage("e1")
    seen = []

    def meanwhile(done, total):
        if done == 10:
            with pytest.raises(Conflict, match="under way"):
                publish(store)
            fill(store, "e2")
            seen.append(stored_rows(store))

    store.import_areas("e1", children(20), ACTOR, batch=10, progress=meanwhile)
    assert seen == [6 + 10 + 6]
    assert len(store.coverage("e1")) == 22
    assert len(checked) == 6


def test_two_imports_of_one_level_do_not_mix(store):
    fill(store, count=4)

    def other(done, total):
        if done == 10:
            store.import_areas("e1", children(7, name="乙"), ACTOR)

    store.import_areas("e1", children(20, name="甲"), ACTOR, batch=10, progress=other)
    coverage = store.coverage("e1")
    names = [coverage.name[row] for row in coverage.rows("grid")]
    assert names == [f"甲{i}" for i in range(20)], "the one that ended last"
    assert stored_rows(store) == 22


def test_an_import_that_was_given_up_for_dead_says_so(store):
    fill(store, count=4)

    def take_away(done, total):
        with store._database.write() as connection:
            connection.exec_driver_sql(
                "UPDATE imports SET owner = 'elsewhere/1/1', "
                "heartbeat_at = created_at WHERE state = 'pending'"
            )
        with Store.open(store_url_of(store), clock=frozen_clock(NOW + timedelta(hours=1))) as late:
            assert leases.sweep(late._database) == 10

    with pytest.raises(Conflict, match="given up for dead"):
        store.import_areas("e1", children(20), ACTOR, batch=10, progress=take_away)
    assert len(store.coverage("e1")) == 6


def store_url_of(store):
    return (
        store._database.engine.url.render_as_string(hide_password=False)
        if (store.kind == "postgis")
        else store.where
    )


def test_a_process_is_known_by_more_than_its_number():
    own = leases.own_name()
    assert leases.is_alive(own, NOW, NOW + timedelta(days=9))
    host, pid, start = own.rsplit("/", 2)
    assert not leases.is_alive(f"{host}/{pid}/{int(start) - 1}", NOW, NOW)
    assert not leases.is_alive(f"{host}/999999999/1", NOW, NOW)


def test_a_process_elsewhere_is_given_ten_minutes():
    assert leases.is_alive("other/1/1", NOW, NOW + timedelta(minutes=9))
    assert not leases.is_alive("other/1/1", NOW, NOW + timedelta(minutes=10))


IMPORTING = """
import sys
from gridmap.store import Store
from tests.store_data import ACTOR, children
print("ready", flush=True)
sys.stdin.readline()
Store.open(sys.argv[1]).import_areas("e1", children(3000), ACTOR, batch=250)
"""


def test_reports_are_taken_while_a_long_import_runs(store, store_url):
    store.ensure_draft("e1", ACTOR)
    importer = subprocess.Popen(
        [sys.executable, "-c", IMPORTING, store_url],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert importer.stdout.readline() == "ready\n"
    importer.stdin.write("go\n")
    importer.stdin.flush()
    taken, slowest = 0, 0.0
    while importer.poll() is None:
        began = time.monotonic()
        taken += store.add_reports(
            {"x": [1.0], "y": [2.0], "coord_sys": "wgs84", "location_status": "outside"}
        )
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.01)
    importer.communicate()
    assert importer.returncode == 0
    assert len(store.coverage("e1")) == 3000
    assert taken >= 5
    assert slowest < 10, "far below the busy timeout"


def test_threads_may_read_and_write_at_once(store):
    fill(store, count=4)
    failures = []

    def work(number):
        try:
            for _ in range(5):
                store.add_reports(
                    {"x": [1.0], "y": [2.0], "coord_sys": "wgs84", "location_status": "outside"}
                )
                assert len(store.coverage("e1")) == 6
                assert store.edition("e1").areas == 6
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with store._database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM reports").scalar() == 30
