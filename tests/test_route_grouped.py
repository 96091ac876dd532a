"""Reports alike decided together: the same as each alone, in every field and to the letter."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from gridmap.locate.locator import Locator
from gridmap.routing import Router, load_route_book, routing_columns
from gridmap.routing.batch import Batch
from gridmap.routing.book import Decision
from gridmap.times import site_zone
from tests.route_town import FIRMS, POSTS, coverage, estate_map

BOOK = load_route_book(zone=site_zone())
COUNT = 800


@pytest.fixture(scope="module")
def locator():
    return Locator(coverage())


@pytest.fixture(scope="module")
def router(locator):
    return Router(BOOK, locator.coverage, estate_map(), FIRMS, POSTS)


def mixed(locator, seed, first=datetime(2026, 1, 1, tzinfo=UTC), days=364, given=True):
    """Reports of all items, in and out of the town and on its lines, over some days."""
    dice = np.random.default_rng(seed)
    x, y = dice.uniform(-1, 17, COUNT), dice.uniform(-1, 9, COUNT)
    on_line = dice.random(COUNT) < 0.1
    x[on_line] = np.rint(x[on_line])
    accuracy = dice.choice([np.nan, np.nan, 0.0, 3.0, 15.0, 60.0], COUNT) if given else None
    items: list[str | None] = dice.choice(BOOK.catalogue.codes, COUNT).tolist()
    for n, odd in enumerate((None, "", "9999", " 0101 ")):
        items[n * 7] = odd
    seconds = dice.integers(0, days * 86_400, COUNT).tolist()
    received = [first + timedelta(seconds=s, microseconds=s % 7) for s in seconds]
    ago = dice.choice([0, 0, 1, 40, 400], COUNT).tolist()
    observed = [r - timedelta(days=d) if d else None for r, d in zip(received, ago, strict=True)]
    located = locator.locate(117 + x / 1000, 36.6 + y / 1000, accuracy)
    return items, located, received, accuracy, observed


def both(router, items, located, received, accuracy, observed):
    together = router.decide(items, located, received, accuracy, observed_at=observed)
    rows = range(len(items))
    batch = Batch(router.answers, items, located, received, accuracy, observed, rows)
    return together, [batch.decide(n) for n in rows]


@pytest.mark.parametrize(("given", "seen"), [(False, False), (False, True), (True, True)])
def test_reports_together_are_decided_as_each_alone(router, locator, given, seen):
    items, located, received, accuracy, observed = mixed(locator, 11, given=given)
    together, alone = both(router, items, located, received, accuracy, observed if seen else None)
    for one, other in zip(together, alone, strict=True):
        for name in (field.name for field in fields(Decision)):
            assert getattr(one, name) == getattr(other, name), name
        stored = [step.as_dict() for step in one.steps]
        assert stored == [step.as_dict() for step in other.steps]
    share = np.count_nonzero(together.grouped.head >= 0) / COUNT
    assert share > (0.3 if given else 0.6)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_columns_of_reports_together_are_those_of_each_alone(router, locator, lang):
    together, alone = both(router, *mixed(locator, 12, datetime(2026, 9, 20, tzinfo=UTC), 400))
    shown = routing_columns(together, lang, zone=BOOK.zone)
    assert shown == routing_columns(alone, lang, zone=BOOK.zone)


def test_decisions_read_like_a_list(router, locator):
    items, located, received, accuracy, _ = mixed(locator, 13)
    found = router.decide(items, located, received, accuracy)
    assert found[-1] == found[COUNT - 1]
    assert found[10:12] == [found[10], found[11]]
    assert found == list(found)
    with pytest.raises(IndexError):
        found[COUNT]
