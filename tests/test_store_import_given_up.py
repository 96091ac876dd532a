"""An import that another process is clearing away while its own process wakes up again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gridmap.errors import Conflict
from gridmap.store import leases
from gridmap.times import frozen_clock
from tests.conftest import NOW
from tests.store_data import ACTOR, children, codes, fill


class Interrupted(Exception):
    """The sweep stops after its first batch."""


def test_an_import_that_wakes_up_between_two_batches_of_the_sweep_does_not_go_live(
    store, monkeypatch
):
    fill(store, count=4)
    before = codes(store.coverage("e1"), "grid")
    monkeypatch.setattr(leases, "own_name", lambda: "elsewhere/1/1")
    monkeypatch.setattr(leases, "_BATCH", 4)
    delete_areas, swept = leases.delete_areas, []

    def delete_once(connection, import_id, *, limit=None):
        if swept:
            raise Interrupted
        swept.append(delete_areas(connection, import_id, limit=limit))
        return swept[0]

    def sweep_a_part(done, total):
        if done != 10:
            return
        # An hour without a heartbeat, as the sweeping process sees it.
        object.__setattr__(store._database, "clock", frozen_clock(NOW + timedelta(hours=1)))
        monkeypatch.setattr(leases, "delete_areas", delete_once)
        with pytest.raises(Interrupted):
            leases.sweep(store._database)
        monkeypatch.setattr(leases, "delete_areas", delete_areas)

    with pytest.raises(Conflict, match="given up for dead"):
        store.import_areas("e1", children(20, name="新"), ACTOR, batch=10, progress=sweep_a_part)
    assert swept == [4]
    assert codes(store.coverage("e1"), "grid") == before


def test_an_import_that_went_live_meanwhile_is_not_swept(store):
    fill(store, count=4)
    with store._database.read() as connection:
        live = connection.exec_driver_sql("SELECT id FROM imports WHERE state = 'live'")
        ids = list(live.scalars())
    assert [leases.discard(store._database, number) for number in ids] == [0] * len(ids)
    assert codes(store.coverage("e1"), "grid") == ["C0000", "C0001", "C0002", "C0003"]
