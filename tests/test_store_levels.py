"""Levels are data: they may be named anew until an edition uses them."""

from __future__ import annotations

import pytest

from gridmap.areas import Level, Levels
from gridmap.errors import Conflict
from tests.store_data import ACTOR, children, fill


def test_levels_without_editions_may_be_anything(store):
    new = Levels([Level("district", "城区", "City"), "estate"])
    store.set_levels(new, ACTOR)
    assert store.levels() == new
    assert store.levels()[0].label == "城区"


def test_a_level_may_come_between_and_below(store):
    fill(store)
    store.set_levels(Levels(["community", "village", "grid", "building"]), ACTOR)
    assert store.levels().names == ("community", "village", "grid", "building")
    assert store.edition("e1").levels == ("community", "grid")
    assert len(store.coverage("e1")) == 6


@pytest.mark.parametrize("names", [["grid", "community"], ["community"], ["estate"]])
def test_a_level_in_use_may_neither_go_nor_move(store, names):
    fill(store)
    before = store.levels()
    with pytest.raises(Conflict, match="community > grid"):
        store.set_levels(Levels(names), ACTOR)
    assert store.levels() == before


def test_a_level_that_is_being_imported_may_not_go(store):
    def drop_level(done, total):
        with pytest.raises(Conflict):
            store.set_levels(Levels(["community"]), ACTOR)

    store.ensure_draft("e1", ACTOR)
    store.import_areas("e1", children(2), ACTOR, progress=drop_level)
    assert len(store.coverage("e1")) == 2


def test_labels_of_levels_in_use_may_change(store):
    fill(store)
    renamed = Levels([Level(v.name, f"{v.label}*", v.label_en) for v in store.levels()])
    store.set_levels(renamed, ACTOR)
    assert store.levels() == renamed
