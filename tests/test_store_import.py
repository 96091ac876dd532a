"""Importing a level into a draft: visible at once or not at all."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gridmap.areas import Area
from gridmap.errors import BadValue, Immutable, NotFound, UnknownLevel
from tests.conftest import NOW
from tests.store_data import ACTOR, children, codes, fill, incoming, parents, publish, square


def test_areas_come_back_as_they_went_in(store):
    coverage = fill(store)
    assert codes(coverage, "community") == ["P0", "P1"]
    assert codes(coverage, "grid") == ["C0000", "C0001", "C0002", "C0003"]
    row = coverage.row("grid", "C0003")
    area = coverage.area(row)
    assert area == Area(area.id, "grid", "C0003", "网格3", "Grid 3", "community", "P1")
    assert area.id > 0
    assert shapely.to_wkb(coverage.geometry[row]) == shapely.to_wkb(square(1, 1))


def test_an_edition_knows_its_areas_and_levels(store):
    fill(store)
    edition = store.edition("e1")
    assert (edition.areas, edition.levels) == (6, ("community", "grid"))
    assert (edition.created_at, edition.created_by) == (NOW, "tester")


def test_attributes_are_kept_by_code(store):
    fill(store)
    assert store.attributes("e1", "grid")["C0002"] == {"households": 2}
    assert store.attributes("e1", "community") == {"P0": {}, "P1": {}}


def test_an_area_may_come_without_geometry(store):
    store.ensure_draft("e1", ACTOR)
    store.import_areas("e1", parents(geometry=False), ACTOR)
    assert list(store.coverage("e1").geometry) == [None, None]


def test_a_second_import_replaces_its_level_and_no_other(store):
    before = fill(store, count=4)
    store.import_areas("e1", children(2), ACTOR)
    after = store.coverage("e1")
    assert codes(after, "grid") == ["C0000", "C0001"]
    assert codes(after, "community") == codes(before, "community")
    assert not set(after.ids[after.rows("grid")]) & set(before.ids), "ids are never used again"
    assert store.edition("e1").areas == 4


def test_editions_do_not_share_areas(store):
    fill(store, "e1", count=4)
    fill(store, "e2", count=2)
    assert len(store.coverage("e1")) == 6
    assert len(store.coverage("e2")) == 4


def test_progress_counts_rows_up_to_all_of_them(store):
    store.ensure_draft("e1", ACTOR)
    seen = []
    count = store.import_areas(
        "e1", children(7), ACTOR, batch=3, progress=lambda done, total: seen.append((done, total))
    )
    assert count == 7
    assert seen == [(3, 7), (6, 7), (7, 7)]


def test_nothing_is_seen_until_all_is_there(store):
    fill(store, count=4)
    seen = []
    store.import_areas(
        "e1",
        children(6, name="新"),
        ACTOR,
        batch=2,
        progress=lambda *_: seen.append(list(store.coverage("e1").name)),
    )
    assert len(seen) == 3
    assert all(names == seen[0] and "网格3" in names for names in seen)
    assert "新5" in store.coverage("e1").name


def test_an_import_without_rows_empties_the_level(store):
    fill(store)
    assert store.import_areas("e1", incoming([], []), ACTOR) == 0
    assert codes(store.coverage("e1"), "grid") == []


def test_an_import_that_fails_leaves_nothing(store):
    before = fill(store, count=4)

    def fail(done, total):
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        store.import_areas("e1", children(6), ACTOR, batch=2, progress=fail)
    after = store.coverage("e1")
    assert np.array_equal(after.ids, before.ids)
    assert len(store.import_reports("e1")) == 2


def test_reports_of_imports_are_kept_and_replaced_ones_are_not_shown(store):
    fill(store)
    store.import_areas("e1", incoming(children(2).areas, children(2).geometry, source="b"), ACTOR)
    made = store.import_reports("e1")
    assert [(m["level"], m["source"], m["areas"]) for m in made] == [
        ("community", "squares.gpkg", 2),
        ("grid", "b", 2),
    ]
    assert made[1]["report"]["rows"] == 2
    assert made[1]["created_at"] == NOW
    assert made[1]["coord_sys"] == "wgs84"


def test_a_level_the_store_does_not_have_is_refused(store):
    store.ensure_draft("e1", ACTOR)
    with pytest.raises(UnknownLevel, match="estate"):
        store.import_areas("e1", parents(level="estate"), ACTOR)


def test_an_edition_that_does_not_exist_is_refused(store):
    with pytest.raises(NotFound, match="nowhere"):
        store.import_areas("nowhere", parents(), ACTOR)


def test_a_published_edition_takes_no_import(store):
    fill(store)
    publish(store)
    with pytest.raises(Immutable):
        store.import_areas("e1", children(), ACTOR)
    with pytest.raises(Immutable):
        store.ensure_draft("e1", ACTOR)


def test_rows_of_another_level_are_refused(store):
    store.ensure_draft("e1", ACTOR)
    mixed = incoming([Area(-1, "grid", "1", ""), Area(-1, "community", "2", "")], [None, None])
    with pytest.raises(BadValue, match="one level"):
        store.import_areas("e1", mixed, ACTOR)


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_text_that_no_store_can_keep_is_refused(store, text):
    store.ensure_draft("e1", ACTOR)
    with pytest.raises(BadValue, match="characters"):
        store.import_areas("e1", incoming([Area(-1, "grid", "1", text)], [None]), ACTOR)


@pytest.mark.parametrize("name", ["", " e1", "e1\n", "x" * 101])
def test_a_name_that_cannot_be_shown_is_no_edition(store, name):
    with pytest.raises(BadValue, match="name of an edition"):
        store.ensure_draft(name, ACTOR)


def test_the_same_code_twice_in_one_level_is_a_conflict(store):
    from gridmap.errors import Conflict

    store.ensure_draft("e1", ACTOR)
    twice = incoming([Area(-1, "grid", "1", ""), Area(-1, "grid", "1", "")], [None, None])
    with pytest.raises(Conflict):
        store.import_areas("e1", twice, ACTOR)
    assert len(store.coverage("e1")) == 0


def test_a_large_import_keeps_every_row(store):
    store.ensure_draft("e1", ACTOR)
    store.import_areas("e1", children(1205), ACTOR, batch=500)
    coverage = store.coverage("e1")
    assert codes(coverage, "grid") == [f"C{i:04}" for i in range(1205)]
