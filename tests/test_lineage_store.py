"""Lineages in the store: kept whole, given back equal, worked out when they are missing."""

from __future__ import annotations

import logging
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import shapely

from gridmap.access import Actor
from gridmap.areas import Area, Levels
from gridmap.coverage.lineage.amounts import Points
from gridmap.coverage.lineage.compute import lineage
from gridmap.errors import BadValue, NotAllowed, NotFound, StoreBusy, UnknownLevel
from gridmap.settings import Settings
from gridmap.store import Store
from gridmap.times import frozen_clock
from gridmap.workspace import Workspace
from tests.conftest import KINDS, NOW
from tests.store_data import ACTOR, day, incoming, publish


def strip(west: float, east: float) -> shapely.Polygon:
    return shapely.box(117 + west / 100, 36, 117 + east / 100, 36.01)


def draft(store: Store, edition: str, strips: dict, homes: dict | None = None) -> None:
    """Grids as strips (west, east[, name]) of hundredths of a degree, with households."""
    store.ensure_draft(edition, ACTOR)
    areas = [
        Area(-1, "grid", code, name[0] if name else "") for code, (_, _, *name) in strips.items()
    ]
    shapes = [strip(west, east) for west, east, *_ in strips.values()]
    known = [{"households": homes[code]} if homes else {} for code in strips]
    store.import_areas(edition, incoming(areas, shapes, attributes=known), ACTOR)


@pytest.fixture(scope="module", params=KINDS)
def filled(request, made_store, tmp_path_factory):
    """e1: a, b, c; e2: b shared out; e3: c recoded to d; plan: a split in two; two reports."""
    source = made_store(request.param)
    if request.param == "geopackage":
        where = str(tmp_path_factory.mktemp("lineage") / "store.gpkg")
        shutil.copyfile(source, where)
    else:
        server = request.getfixturevalue("postgres")
        where = server.url(server.create_database(template=source))
    with Store.open(where, clock=frozen_clock(NOW)) as store:
        store.set_levels(Levels(["community", "grid"]), ACTOR)
        e1 = {"a": (0, 1, "甲"), "b": (1, 4, "乙"), "c": (4, 5)}
        draft(store, "e1", e1, {"a": 10, "b": 30, "c": 7})
        publish(store, "e1", day(2))
        draft(store, "e2", {"a": (0, 3, "甲"), "c": (3, 5)}, {"a": 30, "c": 17})
        publish(store, "e2", day(10))
        draft(store, "e3", {"a": (0, 3, "甲"), "d": (3, 5)})
        publish(store, "e3", day(20))
        draft(store, "plan", {"a1": (0, 1), "a2": (1, 3), "d": (3, 5)})
        times = [day(1), day(9), day(10), day(1).replace(year=2024)]
        rows = {"x": [117.005] * 4, "y": [36.005] * 4, "coord_sys": "wgs84", "received_at": times,
                "lon": [117.005] * 4, "lat": [36.005] * 4, "location_status": "inside"}  # fmt: skip
        store.add_reports(rows)
        yield store


@pytest.fixture(scope="module")
def workspace(filled: Store) -> Workspace:
    return Workspace(filled, settings=Settings(), clock=frozen_clock(NOW))


def made(store: Store, old: str = "e1", new: str = "e2"):
    before, after = store.coverage(old), store.coverage(new)
    points = Points.of([117.005, 117.02, 117.9], [36.005] * 3, [1, 2, 4])
    counted = {"households": {"grid": {"a": 10, "b": 30}}, "reports": points}
    return lineage(before, after, counted=counted)


def same(one, other) -> None:
    """Equal but for the order and the numbers of places and groups."""
    assert (one.old, one.new, one.tolerance_m) == (other.old, other.new, other.tolerance_m)
    assert one.sliver_m2 == other.sliver_m2
    assert len(one.levels) == len(other.levels)
    for mine, theirs in zip(one.levels, other.levels, strict=True):
        for name in ("old_code", "old_name", "new_code", "new_name", "old", "new", "heir"):
            assert getattr(mine, name).tolist() == getattr(theirs, name).tolist(), name
        assert mine.relations == theirs.relations
        assert mine.reparented.tolist() == theirs.reparented.tolist()
        assert mine.amounts.keys() == theirs.amounts.keys()
        for name, amount in mine.amounts.items():
            np.testing.assert_array_equal(amount.value, theirs.amounts[name].value)
            assert amount.estimated.tolist() == theirs.amounts[name].estimated.tolist()


def test_a_lineage_comes_back_as_it_was_written(filled: Store) -> None:
    assert filled.lineage("e1", "e3") is None
    found = made(filled)
    filled.put_lineage(found)
    kept = filled.lineage("e1", "e2")
    assert kept is not None
    same(found, kept)
    assert filled.lineage("e2", "e1") is None
    assert filled.lineage("e1", "e2", "community").levels == ()


def test_writing_it_again_replaces_it(filled: Store) -> None:
    filled.put_lineage(made(filled))
    bare = lineage(filled.coverage("e1"), filled.coverage("e2"))
    filled.put_lineage(bare)
    same(bare, filled.lineage("e1", "e2"))


def test_several_who_write_the_same_leave_one(filled: Store) -> None:
    found = made(filled, "e2", "e3")
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(filled.put_lineage, found) for _ in range(8)]:
            done.result()
    same(found, filled.lineage("e2", "e3"))


def test_drafts_and_unknown_editions_are_not_kept(filled: Store) -> None:
    with pytest.raises(BadValue, match="lineage of a draft"):
        filled.put_lineage(made(filled, "e3", "plan"))
    with pytest.raises(NotFound):
        filled.lineage("e1", "e9")


def test_a_measure_that_the_store_does_not_know_is_refused(filled: Store) -> None:
    counted = {"votes": {"grid": {"a": 1}}}
    found = lineage(filled.coverage("e1"), filled.coverage("e2"), counted=counted)
    before = filled.lineage("e1", "e2")
    with pytest.raises(BadValue, match="no such measure"):
        filled.put_lineage(found)
    assert (filled.lineage("e1", "e2") is None) == (before is None)


def test_the_workspace_keeps_the_lineages_of_an_edition_with_its_neighbours(workspace) -> None:
    recorded = workspace.record_lineage("e2")
    assert [(one.old, one.new) for one in recorded] == [("e1", "e2"), ("e2", "e3")]
    kept = workspace.store.lineage("e1", "e2").level("grid")
    assert kept.counts() == {"moved_border": 2, "abolished": 1}
    assert set(kept.amounts) == {"area", "households", "reports"}


def test_a_history_is_worked_out_once_and_kept(workspace, monkeypatch) -> None:
    workspace.record_lineage("e2")
    monkeypatch.setattr(workspace, "_lineage_made", None)
    found = workspace.area_history("grid", "b")
    assert workspace.area_history("grid", "b") == found
    (stage,) = found["editions"]
    assert (stage["edition"], stage["name"], stage["before"]) == ("e1", "乙", None)
    assert stage["after"]["relation"] == "abolished"
    assert [(p["code"], p["households"]) for p in stage["after"]["parts"]] == [("a", 20), ("c", 10)]
    assert [(s["edition"], s["code"]) for s in found["successors"]] == [("e2", "a"), ("e3", "a")]
    assert found["successors"][0]["share"] == pytest.approx(2 / 3)
    assert found["successors"][0]["basis"] == "estimated"


def test_a_history_follows_an_area_through_its_codes(workspace) -> None:
    found = workspace.area_history("grid", "d")
    assert [(e["edition"], e["code"]) for e in found["editions"]] == [
        ("e1", "c"),
        ("e2", "c"),
        ("e3", "d"),
    ]
    assert [e["before"] and e["before"]["relation"] for e in found["editions"]] == [
        None,
        "moved_border",
        "recoded",
    ]
    assert found["editions"][0]["effective_from"] == day(2)
    assert found["editions"][0]["effective_to"] == day(10)


def test_a_draft_is_in_no_history_but_is_compared_by_staff(workspace) -> None:
    with pytest.raises(NotFound, match="No published edition has a grid"):
        workspace.area_history("grid", "a1")
    found = workspace.compare_editions("e3", "plan").level("grid")
    assert found.counts() == {"kept": 1, "split": 1}
    with pytest.raises(NotAllowed):
        workspace.compare_editions("e3", "plan", actor=Actor.resident())
    with pytest.raises(UnknownLevel):
        workspace.area_history("block", "a")


def test_residents_see_shares_and_no_counts(workspace) -> None:
    (part, _) = workspace.area_history("grid", "b", actor=Actor.resident())["editions"][0]["after"][
        "parts"
    ]
    assert set(part) == {"code", "name", "relation", "share", "share_of_other", "area_m2"}


def test_a_lineage_that_cannot_be_kept_is_answered_all_the_same(
    workspace, monkeypatch, caplog
) -> None:
    monkeypatch.setattr(workspace.store, "lineage", lambda *_: None)

    def busy(found: object) -> None:
        raise StoreBusy("Another program is writing.")

    monkeypatch.setattr(workspace.store, "put_lineage", busy)
    with caplog.at_level(logging.WARNING, logger="gridmap.workspace"):
        found = workspace.area_history("grid", "a")
    assert len(found["editions"]) == 3
    assert "a lineage was not kept" in caplog.text


def test_past_reports_are_those_of_the_year_before_the_change(workspace) -> None:
    found = workspace.compare_editions("e1", "e2").level("grid")
    amount = found.amounts["reports"].value
    assert amount[(found.old == 0) & (found.new == 0)].tolist() == [2.0]
    assert amount.sum() == 2.0


def test_one_edition_alone_has_histories_without_changes(store: Store, clock) -> None:
    store.set_levels(Levels(["community", "grid"]), ACTOR)
    draft(store, "e1", {"a": (0, 1, "甲")})
    workspace = Workspace(store, settings=Settings(), clock=clock)
    with pytest.raises(NotFound, match="no published edition yet"):
        workspace.area_history("grid", "a")
    publish(store, "e1", day(2))
    (stage,) = workspace.area_history("grid", "a")["editions"]
    assert (stage["name"], stage["before"], stage["after"]) == ("甲", None, None)
    with pytest.raises(NotFound):
        workspace.area_history("community", "a")
