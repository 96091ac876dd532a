"""POST /api/locate in columns, JSON and Arrow: the same areas as for the same points in rows."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.models import LocatedColumnsOut
from tests.api_client import STREET_GRID

pytest_plugins = ["tests.api_fixtures"]

ARROW = "application/vnd.apache.arrow.stream"
LEVELS = ("community", "grid")

# Inside, on a border, on a corner, outside, nowhere, missing, in the first cell again.
LON = [117.005, 117.01, 117.02, 117.005, 0.0, 200.0, None, 117.001]
LAT = [36.605, 36.605, 36.61, 36.62, 0.0, 36.6, 36.6, 36.601]


def stream(lon: Any, lat: Any, options: Any = None, **said: str) -> bytes:
    """Points as an Arrow stream, with metadata."""
    table = pa.table(
        {"lon": pa.array(lon, pa.float64()), "lat": pa.array(lat, pa.float64())}
    ).replace_schema_metadata(said or None)
    return written(table, options)


def written(table: pa.Table, options: Any = None, rows: int | None = None) -> bytes:
    with io.BytesIO() as out:
        with pa.ipc.new_stream(out, table.schema, options=options) as writer:
            writer.write_table(table, rows)
        return out.getvalue()


def send(client: TestClient, body: bytes, kind: str = ARROW, accept: str = "*/*") -> Any:
    return client.post(
        "/api/locate", content=body, headers={"content-type": kind, "accept": accept}
    )


def decoded(column: dict[str, Any]) -> list[str | None]:
    return [None if i < 0 else column["legend"][i] for i in column["index"]]


def in_json(client: TestClient, lon: Any, lat: Any, **said: str) -> list[Any]:
    """(edition, status, areas) of each point, from columns in JSON."""
    answer = client.post("/api/locate", json={"lon": lon, "lat": lat, **said})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    columns = [decoded(found["areas"][name]) for name in found["areas"]]
    status = decoded(found["location_status"])
    return _rows([found["edition"]] * len(status), status, list(found["areas"]), columns)


def in_arrow(client: TestClient, lon: Any, lat: Any, **said: str) -> list[Any]:
    """The same from an Arrow stream."""
    answer = send(client, stream(lon, lat, **said))
    assert answer.status_code == 200, answer.text
    table = pa.ipc.open_stream(answer.content).read_all()
    levels = table.column_names[:-2]
    columns = [table[name].to_pylist() for name in levels]
    return _rows(
        table["edition"].to_pylist(), table["location_status"].to_pylist(), levels, columns
    )


def _rows(edition: Any, status: Any, levels: Any, columns: Any) -> list[Any]:
    areas = zip(*columns, strict=True)
    return [
        (e, s, {name: code for name, code in zip(levels, codes, strict=True) if code is not None})
        for e, s, codes in zip(edition, status, areas, strict=True)
    ]


def in_rows(client: TestClient, lon: Any, lat: Any, **said: str) -> list[Any]:
    """The same from row objects."""
    points = [{"lon": x, "lat": y, **said} for x, y in zip(lon, lat, strict=True)]
    answer = client.post("/api/locate", json={"points": points})
    assert answer.status_code == 200, answer.text
    return [_short(found) for found in answer.json()["locations"]]


def by_get(client: TestClient, lon: Any, lat: Any, **said: str) -> list[Any]:
    """The same, asked one by one, where both coordinates are there."""
    return [
        _short(client.get("/api/locate", params={"lon": x, "lat": y, **said}).json())
        for x, y in zip(lon, lat, strict=True)
    ]


def _short(found: dict[str, Any]) -> Any:
    return found["edition"], found["location_status"], found["areas"]


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"at": "2026-06-01"},
        {"at": "2027-01-01"},
        {"at": "2025-06-01"},
        {"coord_sys": "gcj02"},
        {"coord_sys": "cgcs2000"},
        {"coord_sys": "bd09", "at": "2027-01-01T00:00:00+08:00"},
    ],
)
def test_columns_arrow_rows_and_get_agree(staff: TestClient, said: dict[str, str]) -> None:
    rows = in_rows(staff, LON, LAT, **said)
    assert in_json(staff, LON, LAT, **said) == rows
    assert in_arrow(staff, LON, LAT, **said) == rows
    whole = [i for i, x in enumerate(LON) if x is not None]
    expected = [rows[i] for i in whole]
    assert by_get(staff, [LON[i] for i in whole], [LAT[i] for i in whole], **said) == expected


def test_points_everywhere_are_told_apart(staff: TestClient) -> None:
    found = in_json(staff, LON, LAT)
    assert [status for _, status, _ in found] == [
        "inside", "boundary", "boundary", "outside", "invalid", "invalid", "invalid", "inside",
    ]  # fmt: skip
    assert found[0] == ("2026", "inside", {"community": "990101001001", "grid": STREET_GRID})
    assert [edition for edition, *_ in in_json(staff, LON, LAT, at="2025-06-01")] == [None] * 8


def test_a_legend_holds_only_the_areas_that_occur(staff: TestClient) -> None:
    answer = staff.post("/api/locate", json={"lon": [117.015, 117.015], "lat": [36.605, 36.0]})
    found = answer.json()
    assert found["areas"]["grid"] == {"legend": ["G-2"], "index": [0, -1]}
    assert decoded(found["location_status"]) == ["inside", "outside"]
    assert answer.headers["cache-control"] == "no-store"
    LocatedColumnsOut.model_validate_json(answer.content)


def test_one_level_is_answered_when_it_is_named(staff: TestClient) -> None:
    for found in (
        in_json(staff, LON, LAT, level="community"),
        in_arrow(staff, LON, LAT, level="community"),
    ):
        assert found[0] == ("2026", "inside", {"community": "990101001001"})


def test_residents_get_the_same_columns(resident: TestClient, staff: TestClient) -> None:
    assert in_json(resident, LON, LAT) == in_json(staff, LON, LAT)
    assert in_arrow(resident, LON, LAT) == in_arrow(staff, LON, LAT)


def test_each_kind_of_body_can_be_answered_in_the_other_kind(staff: TestClient) -> None:
    body = json.dumps({"lon": LON, "lat": LAT}).encode()
    answer = send(staff, body, "application/json", accept=ARROW)
    assert answer.headers["content-type"] == ARROW
    assert answer.content == send(staff, stream(LON, LAT)).content
    answer = send(staff, stream(LON, LAT), accept="application/json")
    assert answer.json() == send(staff, body, "application/json").json()


def test_the_columns_of_a_stream_are_dictionaries(staff: TestClient) -> None:
    schema = pa.ipc.open_stream(send(staff, stream(LON, LAT)).content).schema
    assert schema.names == [*LEVELS, "location_status", "edition"]
    assert {str(field.type) for field in schema} == {
        "dictionary<values=string, indices=int32, ordered=0>"
    }


def test_a_stream_may_come_in_many_batches_and_hold_nan(staff: TestClient) -> None:
    table = pa.table({"lat": [36.605] * 7, "lon": [117.005, 117.01, 200.0, *[np.nan] * 2, 117, 0]})
    answer = send(staff, written(table.cast(pa.schema([("lat", "f8"), ("lon", "f8")])), rows=3))
    found = pa.ipc.open_stream(answer.content).read_all()
    assert found["location_status"].to_pylist() == [
        "inside", "boundary", "invalid", "invalid", "invalid", "boundary", "outside",
    ]  # fmt: skip


GOOD = {"lon": [117.005], "lat": [36.605]}
BAD_COLUMNS = {
    "fewer latitudes": ({"lon": [117, 118], "lat": [36]}, "as many latitudes"),
    "no latitudes": ({"lon": [117]}, "body.lat"),
    "no points": ({"lon": [], "lat": []}, "body.lon"),
    "text for a number": ({"lon": ["117"], "lat": [36]}, "body.lon.0"),
    "true for a number": ({"lon": [117], "lat": [True]}, "body.lat.0"),
    "a list for a number": ({"lon": [[117]], "lat": [36]}, "body.lon.0"),
    "a number for a column": ({"lon": 117, "lat": [36]}, "body.lon"),
    "a misspelt field": ({**GOOD, "accuracy_m": [5]}, "body.accuracy_m"),
    "rows and columns": ({**GOOD, "points": []}, "points"),
    "an unknown system": ({**GOOD, "coord_sys": "mars"}, "coordinate system"),
    "a bad date": ({**GOOD, "at": "2026-13-01"}, "date"),
    "no date": ({**GOOD, "at": "tomorrow"}, "body.at"),
    "an unknown level": ({**GOOD, "level": "x"}, "level"),
}


def refused(answer: Any, place: str, status: int = 422) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert place in answer.json()["detail"] + str(answer.json().get("got"))


@pytest.mark.parametrize("case", BAD_COLUMNS)
def test_columns_that_cannot_be_read_are_refused_naming_the_place(
    staff: TestClient, case: str
) -> None:
    content, place = BAD_COLUMNS[case]
    refused(staff.post("/api/locate", json=content), place)


def test_numbers_that_json_does_not_know_are_refused(staff: TestClient) -> None:
    for text in (b"NaN", b"Infinity", b"1e400"):
        body = b'{"lon": [%b], "lat": [36]}' % text
        refused(send(staff, body, "application/json"), "body.lon.0")


def test_a_level_may_be_called_points(staff: TestClient) -> None:
    refused(staff.post("/api/locate", json={**GOOD, "level": "points"}), "points")


def of_another_type(whole: bytes) -> bytes:
    """The stream with one octet changed, so that its first message is said to hold points."""
    for place in range(8, len(whole)):
        damaged = whole[:place] + b"\3" + whole[place + 1 :]
        try:
            message = pa.ipc.MessageReader.open_stream(damaged).read_next_message()
        except (pa.ArrowException, OSError):
            continue
        if message.type == "record batch":
            return damaged
    raise AssertionError("no octet says what the message is")


def bad_streams() -> dict[str, tuple[bytes, str]]:
    whole = stream(LON, LAT)
    squeezed = pa.ipc.IpcWriteOptions(compression="zstd")
    whole_numbers = pa.table({"lon": [117], "lat": [36]})
    strings = pa.table({"lon": ["117"], "lat": ["36"]})
    # Before each message stand a mark and the length of its description.
    schema_end = 8 + int.from_bytes(whole[4:8], "little")
    floats = pa.table({"lon": [117.0], "lat": [36.0], "id": [1.0]})
    return {
        "nothing": (b"", "Arrow stream"),
        "JSON": (b'{"lon": [117], "lat": [36]}', "Arrow stream"),
        "cut in the schema": (whole[:40], "Arrow stream"),
        "cut in the points": (whole[:-40], "Arrow stream"),
        "without its schema": (whole[schema_end:], "begins with a record batch"),
        "with a schema of another type": (of_another_type(whole), "begins with a record batch"),
        "compressed": (stream([117.0] * 9000, [36.0] * 9000, squeezed), "compressed"),
        "whole numbers": (written(whole_numbers), "int64"),
        "text": (written(strings), "string"),
        "a column too many": (written(floats), "two columns"),
        "one column": (written(pa.table({"lon": [117.0]})), "two columns"),
        "no points": (stream([], []), "number of points"),
        "an unknown system": (stream(LON, LAT, coord_sys="mars"), "coordinate system"),
        "a bad date": (stream(LON, LAT, at="soon"), "body.at"),
        "an unknown level": (stream(LON, LAT, level="precinct"), "level"),
    }


@pytest.mark.parametrize("case", bad_streams())
def test_a_stream_that_cannot_be_read_is_refused_saying_why(staff: TestClient, case: str) -> None:
    body, place = bad_streams()[case]
    refused(send(staff, body), place)


def test_any_damage_to_a_stream_is_answered_and_never_an_internal_error(
    staff: TestClient,
) -> None:
    whole = stream(LON, LAT)

    @settings(max_examples=60, deadline=None)
    @given(place=st.integers(0, len(whole) - 1), octet=st.integers(0, 255))
    def answered(place: int, octet: int) -> None:
        damaged = whole[:place] + bytes([octet]) + whole[place + 1 :]
        assert send(staff, damaged).status_code in {200, 422}

    answered()


def test_another_kind_of_body_is_refused_naming_both(staff: TestClient) -> None:
    kind = "application/vnd.apache.arrow.file"
    answer = send(staff, stream(LON, LAT), kind)
    refused(answer, kind, 415)
    assert answer.json()["allowed"] == ["application/json", ARROW]


# The store has no part in it: once is enough.
@pytest.mark.parametrize("api_store", ["geopackage"], indirect=True, scope="session")
def test_a_hundred_thousand_points_are_answered_and_one_more_is_refused(
    api_store: str, staff: TestClient
) -> None:
    lon, lat = [117.005, 117.01, None, 117.0] * 25_000, [36.605] * 100_000
    few = in_rows(staff, lon[:4], lat[:4])
    for found in (in_json(staff, lon, lat), in_arrow(staff, lon, lat)):
        assert len(found) == 100_000
        assert found[:4] == found[-4:] == few
    lon.append(117.0)
    lat.append(36.6)
    refused(staff.post("/api/locate", json={"lon": lon, "lat": lat}), "100000")
    refused(send(staff, stream(lon, lat)), "100000")


coordinates = st.one_of(
    st.floats(116.99, 117.05),
    st.floats(36.59, 36.62),
    st.sampled_from([None, 117.0, 117.01, 36.60, 36.61, 0.0, -0.0, 181.0, 1e300, 0]),
)


def test_columns_and_rows_give_the_same_areas_for_any_points(staff: TestClient) -> None:
    @settings(max_examples=25, deadline=None)
    @given(
        places=st.lists(st.tuples(coordinates, coordinates), min_size=1, max_size=9),
        system=st.sampled_from(["wgs84", "gcj02"]),
    )
    def same(places: list[tuple[Any, Any]], system: str) -> None:
        lon, lat = (list(column) for column in zip(*places, strict=True))
        rows = in_rows(staff, lon, lat, coord_sys=system)
        assert in_json(staff, lon, lat, coord_sys=system) == rows
        assert in_arrow(staff, lon, lat, coord_sys=system) == rows

    same()


@pytest.mark.parametrize("point", [(117.005, 36.605), (117.01, 36.605), (117.005, 36.62)])
def test_the_short_way_and_the_usual_way_answer_to_the_byte(
    staff: TestClient, point: tuple[float, float]
) -> None:
    lon, lat = point
    short = staff.get(f"/api/locate?lon={lon}&lat={lat}")
    # Another order is not of the plainest kind.
    usual = staff.get(f"/api/locate?lat={lat}&lon={lon}")
    assert short.content == usual.content
    assert short.headers["etag"] == usual.headers["etag"]
    assert short.headers["cache-control"] == usual.headers["cache-control"]


def test_the_columns_of_a_stream_are_sound_whatever_is_missing(staff: TestClient) -> None:
    for lon in (LON, [117.005], [0.0, 200.0], [117.005, 117.015, 117.001]):
        lat = LAT[: len(lon)]
        answer = send(staff, stream(lon, lat))
        table = pa.ipc.open_stream(answer.content).read_all()
        table.validate(full=True)
        for name in LEVELS:
            column = table[name].combine_chunks()
            assert column.null_count == column.to_pylist().count(None)
        # Moments go the usual way, which has to write the same.
        usual = pa.ipc.open_stream(send(staff, stream(lon, lat, at="2026-06-01")).content)
        assert table.to_pylist() == usual.read_all().to_pylist()
