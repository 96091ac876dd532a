"""A repair is put into a draft whole or not at all, and keeps all that it does not mend."""

from __future__ import annotations

import signal

import numpy as np
import pytest
import shapely
from sqlalchemy import update

from gridmap.areas import Area
from gridmap.coverage.repair.propose import Limits, propose
from gridmap.errors import Conflict, Immutable, NotFound
from gridmap.store import Store
from gridmap.store.schema import areas
from tests.conftest import NOW
from tests.store_data import ACTOR, SIZE, children, incoming, parents, publish, square

ROOMY = Limits(total_share=1.0, row_m2=1e9, row_share=1.0)


def faulty(count=6):
    """The grids of `children`, of which C0002 reaches half a metre into C0004."""
    layer = children(count)
    wide = shapely.transform(
        square(1),
        lambda xy: xy + np.where(np.isclose(xy, 117 + 2 * SIZE, atol=1e-9, rtol=0), 5e-6, 0.0),
    )
    layer.geometry[2] = wide
    return layer


def draft(store, count=6):
    """A draft with two communities, drawn a little too large, and grids with a fault."""
    store.ensure_draft("e1", ACTOR)
    above = parents()
    drawn = shapely.buffer(above.geometry, 1e-6, join_style="mitre")
    store.import_areas("e1", incoming(above.areas, list(drawn)), ACTOR)
    store.import_areas("e1", faulty(count), ACTOR)
    return store.coverage("e1")


def wkb(coverage):
    return {
        (int(coverage.rank[r]), coverage.code[r]): shapely.to_wkb(coverage.geometry[r])
        for r in range(len(coverage))
    }


def stored_rows(store):
    with store._database.read() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM areas").scalar()


def test_what_is_proposed_is_what_is_stored_and_the_rest_keeps_its_bytes(store):
    before = draft(store)
    proposal = propose(before, limits=ROOMY)
    assert [row.code for row in proposal.rows if row.lost_m2 > 0]
    token = store.change_token()
    assert store.repair_areas("e1", proposal, ACTOR) == len(proposal.rows)
    assert store.change_token() > token, "others learn of it"
    after = store.coverage("e1")
    assert after.fingerprint() == proposal.coverage.fingerprint()
    changed = {(r.level, r.code) for r in proposal.rows}
    old, new = wkb(before), wkb(after)
    for key, former in old.items():
        touched = (before.levels[key[0]].name, key[1]) in changed
        assert (new[key] == former) == (not touched)
    assert propose(after).rows == ()


def test_names_links_attributes_and_provenance_are_kept_and_the_repair_is_told(store):
    before = draft(store)
    columns = ("code", "name", "name_en", "kind", "provisional", "parent", "rank")
    records = store.attributes("e1", "grid"), store.import_reports("e1")
    proposal = propose(before, limits=ROOMY)
    store.repair_areas("e1", proposal, ACTOR)
    after = store.coverage("e1")
    for name in columns:
        assert list(getattr(after, name)) == list(getattr(before, name))
    assert store.attributes("e1", "grid") == records[0]
    reports = {report["level"]: report for report in store.import_reports("e1")}
    former = {report["level"]: report for report in records[1]}
    assert reports["community"] == former["community"], "no community changed"
    own = reports["grid"].pop("report")
    told = former["grid"].pop("report")
    assert reports["grid"] == former["grid"], "source, author and date are those of the import"
    (record,) = own["repairs"]
    assert record["by"] == ACTOR.name
    assert record["at"] == NOW.isoformat()
    assert record["proposal"] == proposal.id
    assert own["messages"][:-1] == told["messages"]
    assert "Repaired 2026-03-01 04:00 UTC by tester" in own["messages"][-1]["text"]


def test_levels_that_change_together_are_seen_together(store):
    before = draft(store)
    seen = []

    def look(done, total):
        seen.append(store.coverage("e1").fingerprint() == before.fingerprint())

    proposal = propose(before, limits=ROOMY, rebuild_parents=True)
    assert {row.level for row in proposal.rows} == {"community", "grid"}
    store.repair_areas("e1", proposal, ACTOR, progress=look, batch=2)
    assert len(seen) > 3
    assert all(seen)
    assert store.coverage("e1").fingerprint() == proposal.coverage.fingerprint()
    assert stored_rows(store) == 8, "the former rows are cleared away"


def test_a_second_repair_is_added_to_the_first(store):
    draft(store)
    store.repair_areas("e1", propose(store.coverage("e1"), limits=ROOMY), ACTOR)
    again = propose(store.coverage("e1"), limits=ROOMY, rebuild_parents=True)
    store.repair_areas("e1", again, ACTOR)
    reports = {r["level"]: r["report"] for r in store.import_reports("e1")}
    assert len(reports["grid"]["repairs"]) == 1
    assert len(reports["community"]["repairs"]) == 1


def test_a_proposal_without_changes_writes_nothing(store):
    store.ensure_draft("e1", ACTOR)
    store.import_areas("e1", parents(), ACTOR)
    before = store.coverage("e1")
    assert store.repair_areas("e1", propose(before), ACTOR) == 0
    assert list(store.coverage("e1").ids) == list(before.ids)


def test_a_draft_that_changed_since_is_a_conflict(store):
    proposal = propose(draft(store), limits=ROOMY)
    store.import_areas("e1", children(6), ACTOR)
    with pytest.raises(Conflict, match="changed since the repair was proposed"):
        store.repair_areas("e1", proposal, ACTOR)
    assert stored_rows(store) == 8


@pytest.mark.parametrize("how", ["imported anew", "edited in place"])
def test_a_draft_that_changes_during_the_commit_is_a_conflict(store, how):
    proposal = propose(draft(store), limits=ROOMY)
    done_once = []

    def meddle(done, total):
        if done_once:
            return
        done_once.append(done)
        if how == "imported anew":
            store.import_areas("e1", faulty(), ACTOR)
            return
        with store._database.write() as connection:
            connection.execute(
                update(areas).where(areas.c.code == "C0005").values(geom=square(2, 2))
            )

    with pytest.raises(Conflict, match="changed"):
        store.repair_areas("e1", proposal, ACTOR, progress=meddle, batch=2)
    after = store.coverage("e1")
    assert after.fingerprint() != proposal.coverage.fingerprint()
    assert shapely.equals(after.geometry[after.row("grid", "C0002")], faulty().geometry[2])
    assert stored_rows(store) == 8


def test_beyond_its_limits_nothing_is_written(store):
    before = draft(store)
    proposal = propose(before, limits=Limits(row_m2=1.0))
    with pytest.raises(Conflict, match=r"grid C000\d would give and take"):
        store.repair_areas("e1", proposal, ACTOR)
    assert list(store.coverage("e1").ids) == list(before.ids)


def test_a_published_edition_is_never_repaired(store):
    proposal = propose(draft(store), limits=ROOMY)
    publish(store)
    with pytest.raises(Immutable):
        store.repair_areas("e1", proposal, ACTOR)
    with pytest.raises(NotFound):
        store.repair_areas("e9", proposal, ACTOR)


def test_a_repair_after_the_check_holds_up_publication(store):
    checked = draft(store)
    store.repair_areas("e1", propose(checked, limits=ROOMY), ACTOR)
    with pytest.raises(Conflict, match="changed since it was checked"):
        store.publish("e1", NOW, ACTOR, accepted_faults=None, shapes=checked, content_hash="cafe")
    publish(store)


KILLED = """
import os, signal, sys
from gridmap.coverage.repair.propose import Limits, propose
from gridmap.store import Store, repairs
from tests.store_data import ACTOR

limits = Limits(total_share=1.0, row_m2=1e9, row_share=1.0)

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

def progress(done, total):
    if done >= int(sys.argv[2]):
        die()

if sys.argv[2] == "flip":
    # In the middle of the last transaction: one level is switched, the other is not.
    repairs._set_state = lambda *a, did=[], real=repairs._set_state: (
        die() if len(did) == 2 else (did.append(1), real(*a))
    )
    progress = None
store = Store.open(sys.argv[1])
proposal = propose(store.coverage("e1"), limits=limits, rebuild_parents=True)
store.repair_areas("e1", proposal, ACTOR, batch=2, progress=progress)
"""


@pytest.mark.parametrize("moment", ["5", "flip"])
def test_a_killed_repair_leaves_the_draft_as_it_was(store, store_url, moment, forked):
    before = draft(store)
    done = forked(KILLED, store_url, moment)
    assert done.returncode == -signal.SIGKILL, done.stderr
    with Store.open(store_url) as again:
        after = again.coverage("e1")
        assert list(after.ids) == list(before.ids)
        assert wkb(after) == wkb(before)
        assert again.edition("e1").areas == 8
        proposal = propose(after, limits=ROOMY, rebuild_parents=True)
        again.repair_areas("e1", proposal, ACTOR)
        assert again.coverage("e1").fingerprint() == proposal.coverage.fingerprint()
        assert stored_rows(again) == 8, "what the killed one left is gone"


def test_a_store_keeps_codes_that_are_hard_to_quote(store):
    store.ensure_draft("e1", ACTOR)
    areas_in = [Area(-1, "grid", code, code) for code in ("网'格;--", '0"1%s', "甲:of_code")]
    shapes = [square(0), square(1), square(2)]
    shapes[1] = shapely.transform(
        square(1),
        lambda xy: xy + np.where(np.isclose(xy, 117 + 2 * SIZE, atol=1e-9, rtol=0), 5e-6, 0.0),
    )
    store.import_areas("e1", incoming(areas_in, shapes), ACTOR)
    proposal = propose(store.coverage("e1"), limits=ROOMY)
    store.repair_areas("e1", proposal, ACTOR)
    assert store.coverage("e1").fingerprint() == proposal.coverage.fingerprint()
    assert propose(store.coverage("e1")).left == ()
