"""Reports go in many at a time, all or none, and are counted by area."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
import shapely

from gridmap.errors import BadValue, MissingColumn, UnknownLevel
from gridmap.store.schema import reports
from tests.conftest import NOW
from tests.store_data import day, fill, publish

PLAIN = {"x": [1.0], "y": [2.0], "coord_sys": "wgs84", "location_status": "outside"}


def stored(store):
    with store._database.read() as connection:
        return connection.execute(reports.select().order_by(reports.c.id)).all()


def test_a_report_comes_back_as_it_went_in(store):
    fill(store)
    publish(store)
    observed = datetime(2026, 1, 5, 1, 2, 3, 456789, tzinfo=UTC)
    count = store.add_reports(
        {
            "x": np.array([117.0125]),
            "y": np.array([36.005]),
            "coord_sys": np.array(["gcj02"], dtype=object),
            "accuracy_m": np.array([25.0]),
            "lon": np.array([117.0065]),
            "lat": np.array([36.0045]),
            "location_status": np.array(["ambiguous"], dtype=object),
            "observed_at": [observed],
            "source": "12345",
            "item": ["0301"],
            "text": ["井盖丢失"],
            "warning": ["outside_gcj_area"],
            "edition": np.array(["e1"], dtype=object),
            "codes": {"community": ["P0"], "grid": np.array(["C0000"], dtype=object)},
        }
    )
    (row,) = stored(store)
    assert count == 1
    assert (row.raw_x, row.raw_y, row.coord_sys) == (117.0125, 36.005, "gcj02")
    assert (row.lon, row.lat, row.accuracy_m) == (117.0065, 36.0045, 25.0)
    assert row.geom.equals(shapely.Point(117.0065, 36.0045))
    assert (row.area_level, row.area_code) == ("grid", "C0000")
    assert row.codes == {"community": "P0", "grid": "C0000"}
    assert row.edition_id == store.edition("e1").id
    assert row.received_at == NOW
    assert row.observed_at == row.event_at == observed.replace(microsecond=456000)
    assert (row.source, row.item, row.text) == ("12345", "0301", "井盖丢失")
    assert row.warning == "outside_gcj_area"


def test_what_is_missing_stays_missing(store):
    store.add_reports(
        {
            **PLAIN,
            "x": [np.nan],
            "y": np.array([np.inf]),
            "lon": [np.nan],
            "lat": [np.nan],
            "item": [np.nan],
            "observed_at": np.array(["NaT"], dtype="datetime64[s]"),
            "edition": [None],
            "codes": {"grid": [None]},
        }
    )
    (row,) = stored(store)
    assert (row.raw_x, row.raw_y, row.lon, row.lat, row.geom) == (None,) * 5
    assert (row.item, row.observed_at, row.edition_id) == (None, None, None)
    assert (row.codes, row.area_level, row.area_code) == (None, None, None)
    assert row.event_at == NOW


def test_numpy_times_are_utc(store):
    times = np.array(["2026-01-05T01:02:03"], dtype="datetime64[us]")
    store.add_reports({**PLAIN, "received_at": times})
    assert stored(store)[0].received_at == datetime(2026, 1, 5, 1, 2, 3, tzinfo=UTC)


def some(count, *, community=("P0", "P1"), start=1):
    n = np.arange(count)
    return {
        "x": n.astype(float),
        "y": n.astype(float),
        "coord_sys": "wgs84",
        "location_status": "inside",
        "observed_at": [day(start + i % 3) for i in range(count)],
        "codes": {
            "community": [community[i % 2] for i in range(count)],
            "grid": [None if i % 4 == 3 else f"G{i % 4}" for i in range(count)],
        },
    }


def test_reports_are_counted_per_area_of_any_level(store):
    assert store.report_counts("grid") == {}
    store.add_reports(some(8))
    store.add_reports(PLAIN)
    assert store.report_counts("community") == {"P0": 4, "P1": 4}
    assert store.report_counts("grid") == {"G0": 2, "G1": 2, "G2": 2}
    assert store.report_counts("subdistrict") == {}


def test_counting_within_a_time_includes_its_start_and_not_its_end(store):
    store.add_reports(some(9))
    assert sum(store.report_counts("community", since=day(2)).values()) == 6
    assert sum(store.report_counts("community", until=day(2)).values()) == 3
    assert store.report_counts("community", since=day(2), until=day(3)) == {"P0": 1, "P1": 2}


def test_codes_may_hold_anything(store):
    odd = ["网格'\"一", "a.b[0]$%", "", "990101001"]
    rows = some(4)
    rows["codes"] = {"grid": odd}
    store.add_reports(rows)
    assert store.report_counts("grid") == dict.fromkeys(odd, 1)


def test_counting_an_unknown_level_is_refused(store):
    with pytest.raises(UnknownLevel):
        store.report_counts("estate")
    with pytest.raises(UnknownLevel):
        store.add_reports({**PLAIN, "codes": {"estate": ["x"]}})


def test_no_reports_are_no_reports(store):
    assert store.add_reports({**PLAIN, "x": [], "y": []}) == 0


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"phone": ["1"]}, BadValue, "phone"),
        ({"lon": [1.0, 2.0]}, BadValue, "length"),
        ({"codes": {"grid": ["a", "b"]}}, BadValue, "length"),
        ({"edition": ["e7"]}, BadValue, "e7"),
        ({"received_at": ["yesterday"]}, BadValue, "moment"),
        ({"received_at": [datetime(2026, 1, 1)]}, BadValue, "offset"),  # noqa: DTZ001
    ],
)
def test_what_does_not_fit_is_refused_whole(store, change, error, said):
    with pytest.raises(error, match=said):
        store.add_reports({**PLAIN, **change})
    assert stored(store) == []


def test_a_missing_column_is_named(store):
    with pytest.raises(MissingColumn, match="coord_sys"):
        store.add_reports({"x": [1.0], "y": [1.0], "location_status": "inside"})
