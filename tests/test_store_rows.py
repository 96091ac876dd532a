"""Many rows at once arrive as one by one, whatever is in them, on both stores."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest

from gridmap.errors import Conflict
from gridmap.store import rows as rows_module
from gridmap.store.schema import reports as reports_table

ODD = [
    "", " ", "\\N", "\\", "a\tb", "a\nb", "a\r\nb", 'quote " and \' both', "\\n not a line end",
    "社区\u3000网格", "🏘️", "\ufeff", "end\\", "\\.", "null", "%s {x} $1 :name",
]  # fmt: skip
WHEN = datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)


def reports(count):
    """Columns of `count` reports, with every odd text and some missing values."""
    text = [ODD[i % len(ODD)] for i in range(count)]
    lon = [114.5 + i / 7e5 if i % 5 else math.nan for i in range(count)]
    return {
        "x": lon,
        "y": [33.9 + i / 7e5 for i in range(count)],
        "lon": lon,
        "lat": [33.9 + i / 7e5 if i % 5 else math.nan for i in range(count)],
        "coord_sys": "wgs84",
        "location_status": ["inside" if i % 5 else "invalid" for i in range(count)],
        "text": text,
        "item": [None if i % 3 else "0101" for i in range(count)],
        "warning": [one if i % 2 else None for i, one in enumerate(text)],
        "received_at": [WHEN] * count,
        "codes": {"grid": [f"G\t{i}\\" if i % 4 else None for i in range(count)]},
    }


def stored(store):
    _, found = store.reports({}, limit=1000)
    return [{k: v for k, v in row.items() if k not in {"id"}} for row in found]


def test_copied_rows_read_like_rows_inserted_one_by_one(store, monkeypatch):
    store.add_reports(reports(100))
    together = stored(store)
    monkeypatch.setattr(rows_module, "_FEW", 10**9)
    store.add_reports(reports(100))
    assert len(stored(store)) == 200
    single = stored(store)
    # Newest first, and of one moment the later id first: the second hundred leads.
    assert single[:100] == single[100:] == together


def test_texts_come_back_as_they_went_in(store):
    store.add_reports(reports(100))
    assert {row["text"] for row in stored(store)} == set(ODD)


def test_rows_that_the_store_refuses_leave_nothing(store):
    """The same id twice: found by the database in the middle of the batch."""
    row = {
        "id": 7, "received_at": WHEN, "event_at": WHEN, "source": "", "coord_sys": "wgs84",
        "location_status": "invalid",
    }  # fmt: skip
    with pytest.raises(Conflict), store._database.write() as connection:
        rows_module.insert_rows(connection, reports_table, [row] * 50)
    assert stored(store) == []


@pytest.mark.parametrize("count", [0, 1, rows_module._FEW - 1, rows_module._FEW, 2500])
def test_any_number_of_rows(store, count):
    assert store.add_reports(reports(count)) == count
    total, _ = store.reports({}, limit=1)
    assert total == count
