"""Editions: drafts, publication, and which one is in force when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
import shapely

from gridmap.areas import Area
from gridmap.coverage.editions import EditionState
from gridmap.errors import BadValue, Conflict, Immutable, NotFound, OverlappingValidity
from gridmap.store import Store
from tests.conftest import NOW
from tests.store_data import ACTOR, children, day, fill, incoming, parents, publish, square


def test_a_draft_is_made_once(store):
    first = store.ensure_draft("e1", ACTOR)
    assert store.ensure_draft("e1", ACTOR) == first
    assert first.is_draft
    assert (first.effective_from, first.areas, first.levels) == (None, 0, ())
    assert [e.name for e in store.editions()] == ["e1"]


def test_an_unknown_edition_is_not_found_and_the_known_are_named(store):
    store.ensure_draft("e1", ACTOR)
    with pytest.raises(NotFound, match=r"e7.*e1"):
        store.edition("e7")
    with pytest.raises(NotFound):
        store.coverage("e7")
    with pytest.raises(NotFound):
        store.import_reports("e7")


def test_publishing_records_what_was_decided(store):
    coverage = fill(store)
    edition = store.publish(
        "e1", day(2), ACTOR, accepted_faults="网格重叠待核", shapes=coverage, content_hash="cafe"
    )
    assert edition.state is EditionState.PUBLISHED
    assert edition == store.edition("e1")
    assert (edition.effective_from, edition.effective_to) == (day(2), None)
    assert (edition.published_at, edition.published_by) == (NOW, "tester")
    assert (edition.accepted_faults, edition.content_hash) == ("网格重叠待核", "cafe")


def test_an_edition_is_in_force_until_the_next_one(store):
    for name, start in (("e1", day(2)), ("e3", day(20)), ("e2", day(10))):
        fill(store, name)
        publish(store, name, start)
    fill(store, "draft")
    known = [(e.name, e.effective_from, e.effective_to) for e in store.editions()]
    assert known == [
        ("e1", day(2), day(10)),
        ("e2", day(10), day(20)),
        ("e3", day(20), None),
        ("draft", None, None),
    ]

    def at(moment):
        edition = store.edition_at(moment)
        return edition and edition.name

    assert at(day(2) - timedelta(milliseconds=1)) is None
    assert at(day(2)) == "e1"
    assert at(day(10) - timedelta(milliseconds=1)) == "e1"
    assert at(day(10)) == "e2"
    assert at(day(31)) == "e3"


def test_the_offset_of_a_date_does_not_matter_only_the_moment(store):
    fill(store)
    publish(store, "e1", datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=8))))
    edition = store.edition("e1")
    assert edition.effective_from == datetime(2026, 1, 1, 16, tzinfo=UTC)
    assert edition.effective_from.tzinfo is UTC
    fill(store, "e2")
    with pytest.raises(OverlappingValidity):
        publish(store, "e2", datetime(2026, 1, 1, 16, tzinfo=UTC))


def test_a_date_without_an_offset_is_refused(store):
    fill(store)
    with pytest.raises(BadValue, match="offset"):
        publish(store, "e1", datetime(2026, 1, 2))  # noqa: DTZ001
    with pytest.raises(BadValue, match="offset"):
        store.edition_at(datetime(2026, 1, 2))  # noqa: DTZ001


def test_two_editions_cannot_begin_at_the_same_moment(store):
    fill(store, "e1")
    publish(store, "e1")
    fill(store, "e2")
    with pytest.raises(OverlappingValidity, match=r"e1.*another date"):
        publish(store, "e2")
    assert store.edition("e2").is_draft
    publish(store, "e2", day(3))


def test_a_published_edition_is_not_published_again(store):
    fill(store)
    publish(store)
    with pytest.raises(Immutable):
        publish(store, "e1", day(9))


def test_an_empty_draft_is_not_published(store):
    store.ensure_draft("e1", ACTOR)
    with pytest.raises(Conflict, match="no areas"):
        publish(store)
    with pytest.raises(NotFound):
        store.publish(
            "e7", day(2), ACTOR, accepted_faults=None, shapes=store.coverage("e1"), content_hash="x"
        )


def test_a_draft_that_changed_after_the_check_is_not_published(store):
    checked = fill(store)
    store.import_areas("e1", children(4), ACTOR)
    with pytest.raises(Conflict, match="changed since it was checked"):
        store.publish(
            "e1", day(2), ACTOR, accepted_faults=None, shapes=checked, content_hash="cafe"
        )
    assert store.edition("e1").is_draft


def test_publishing_stores_the_shapes_that_parents_have_by_their_parts(store):
    store.ensure_draft("e1", ACTOR)
    store.import_areas("e1", parents(geometry=False), ACTOR)
    store.import_areas("e1", children(4), ACTOR)
    publish(store)
    from gridmap.store.schema import area_shapes

    with store._database.read() as connection:
        rows = {row.code: row for row in connection.execute(area_shapes.select())}
    assert sorted(rows) == ["P0", "P1"], "atoms are their own shape"
    assert rows["P0"].geom.equals(shapely.union_all([square(0), square(1)]))
    assert rows["P0"].area_id == store.coverage("e1").ids[0]
    assert list(store.coverage("e1").geometry[:2]) == [None, None], "the declared one stays"


def test_publishing_leaves_only_the_rows_of_live_imports(store):
    fill(store)
    store.import_areas("e1", children(2), ACTOR)
    publish(store)
    with store._database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM areas").scalar() == 4


def test_the_change_token_grows_when_answers_may_change(store, store_url, clock):
    with Store.open(store_url, clock=clock) as other:
        fill(store)
        tokens = [other.change_token()]
        publish(store)
        tokens.append(other.change_token())
        store.set_levels(store.levels().with_level("estate", under="grid"), ACTOR)
        tokens.append(other.change_token())
    assert tokens[0] < tokens[1] < tokens[2]


def test_the_change_token_grows_when_a_draft_gets_other_areas(store, store_url, clock):
    with Store.open(store_url, clock=clock) as other:
        tokens = [other.change_token()]
        store.ensure_draft("e1", ACTOR)
        assert other.change_token() == tokens[0], "it has no areas yet"
        for layer in (parents(), children(4), children(3)):
            store.import_areas("e1", layer, ACTOR)
            tokens.append(other.change_token())
        store.copy_edition("e1", "e2", ACTOR)
        tokens.append(other.change_token())
        store.copy_edition("e1", "e2", ACTOR, over=True)
        tokens.append(other.change_token())
        with pytest.raises(BadValue):
            store.import_areas("e1", incoming([Area(-1, "grid", "a\0", "")], [None]), ACTOR)
        assert other.change_token() == tokens[-1], "nothing was imported"
    assert tokens == sorted(set(tokens))


def test_drafts_differ_from_one_store_to_the_next_only_in_their_ids(store):
    coverage = fill(store, count=6)
    assert list(coverage.ids) == sorted(coverage.ids)
    assert np.array_equal(coverage.parent, [-1, -1, 0, 1, 0, 1, 0, 1])
