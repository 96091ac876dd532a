"""Columns as octets: numbers as `float` reads them to the last bit, texts as they were put in."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.locate import octets
from gridmap.locate.columns import without_invalid
from gridmap.locate.octets import Texts, json_columns

decimals = st.one_of(
    st.floats(-180, 180).map(repr).filter(lambda text: "e" not in text),
    st.integers(-(10**18), 10**18).map(str),
    st.tuples(st.integers(0, 10**17), st.integers(1, 17)).map(
        lambda pair: f"{Decimal(pair[0]).scaleb(-pair[1]):f}"
    ),
    st.sampled_from(["0", "-0", "-0.0", "0.1", "0.30000000000000004", "179.99999999999997"]),
)
spaces = st.sampled_from(["", " ", "\n\t"])


def body(lon: list[str], lat: list[str], space: str = "") -> bytes:
    def column(name: str, values: list[str]) -> str:
        return f'"{name}"{space}:{space}[{f",{space}".join(values)}]'

    return f"{{{space}{column('lon', lon)},{space}{column('lat', lat)}}}{space}".encode()


@settings(max_examples=150, deadline=None)
@given(values=st.lists(decimals, min_size=1, max_size=8), space=spaces)
def test_numbers_are_read_to_the_last_bit_as_float_reads_them(
    values: list[str], space: str
) -> None:
    found = json_columns(body(values, values[::-1], space), 8)
    # Halfway between two doubles is for the general reader, which has to agree with `float`.
    if found is None:
        said = orjson.loads(body(values, values[::-1], space))
        found = np.array(said["lon"], float), np.array(said["lat"], float)
    expected = np.array([float(text) for text in values])
    np.testing.assert_array_equal(found[0], expected)
    np.testing.assert_array_equal(found[1], expected[::-1])


def test_plain_columns_are_read_in_either_order_and_null_is_missing() -> None:
    lon, lat = (values.tolist() for values in json_columns(b'{"lat":[1,null],"lon":[2,3]}', 9))  # type: ignore[union-attr]
    assert lon == [2, 3]
    assert lat[0] == 1
    assert np.isnan(lat[1])


def test_coordinates_as_python_writes_them_are_all_plain() -> None:
    random = np.random.default_rng(4)
    lon, lat = random.uniform(-180, 180, 5000), random.uniform(-90, 90, 5000)
    found = json_columns(json.dumps({"lon": lon.tolist(), "lat": lat.tolist()}).encode(), 5000)
    assert found is not None
    np.testing.assert_array_equal(found, (lon, lat))


@pytest.mark.parametrize(
    "said",
    [
        b"", b"{", b"[1]", b'{"lon":[', b'{"lon":[1', b'{"lon":[1]', b'{"lon":[1]}', b'{"lon":[1],',
        b'{"lon":[1],"lat":[', b'{"lon":[1],"lat":[1]', b'{"lon":[1],"lat":[1]}}',
        b'{"lon":[1],"lat":[1]}x', b'{"lon":[1],"lon":[1]}', b'{"lat":[1],"lat":[1]}',
        b'{"lon":[1],"lat":[1],"at":"2026"}', b'{"lon":[],"lat":[]}', b'{"lon":[1,],"lat":[1,]}',
        b'{"lon":[1,2],"lat":[1]}', b'{"lon":["1"],"lat":[1]}', b'{"lon":[true],"lat":[1]}',
        b'{"lon":[nul],"lat":[1]}', b'{"lon":[01],"lat":[1]}', b'{"lon":[1.],"lat":[1]}',
        b'{"lon":[.5],"lat":[1]}', b'{"lon":[-],"lat":[1]}', b'{"lon":[+1],"lat":[1]}',
        b'{"lon":[1e2],"lat":[1]}', b'{"lon":[NaN],"lat":[1]}', b'{"lon":[[1]],"lat":[1]}',
        b'{"lon":[1 2],"lat":[1]}', b'{"l on":[1],"lat":[1]}', b'{"lon" :[1] "lat":[1]}',
        b'{"lon":[12345678901234567890],"lat":[1]}', b'{"lon":[1,2,3,4],"lat":[1,2,3,4]}',
        b'{"lon":[0.00000000000000000000000001],"lat":[1]}',
    ],
)  # fmt: skip
def test_what_is_not_plain_is_left_to_the_general_reader(said: bytes) -> None:
    assert json_columns(said, 3) is None


@settings(max_examples=80, deadline=None)
@given(said=st.binary(max_size=60) | st.text('{}[]":,.0123456789-lonatu \n', max_size=60))
def test_octets_of_any_kind_are_read_as_json_or_not_at_all(said: Any) -> None:
    whole = b'{"lon":[' + (said if isinstance(said, bytes) else said.encode())
    found = json_columns(whole, 9)
    if found is not None:
        expected = orjson.loads(whole)
        assert expected.keys() == {"lon", "lat"}
        np.testing.assert_array_equal(found[0], np.array(expected["lon"], float))
        np.testing.assert_array_equal(found[1], np.array(expected["lat"], float))


@pytest.fixture(params=[True, False], ids=["compiled", "numpy"])
def compiled(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    for module in ("octets", "columns"):
        monkeypatch.setattr(f"gridmap.locate.{module}.has_compiled", lambda: request.param)
    return bool(request.param)


def test_nothing_is_plain_without_the_compiler(compiled: bool) -> None:
    assert (octets.json_columns(b'{"lon":[1],"lat":[1]}', 1) is not None) == compiled


def test_texts_are_picked_in_any_order_and_any_length(compiled: bool) -> None:
    texts = ["", "甲", "area-0000001", "x" * 100, "y", "", "end"]
    places = np.array([6, 0, 3, 3, 1, 5, 2, 4], np.int32)
    begins, run = Texts([text.encode() for text in texts]).picked(places)
    found = [run[a:b].tobytes().decode() for a, b in pairwise(begins.tolist())]
    assert found == [texts[i] for i in places]
    begins, run = Texts([b"a"]).picked(places[:0])
    assert (begins.tolist(), run.tolist()) == ([0], [])


def test_points_nowhere_lose_their_atom_and_are_invalid(compiled: bool) -> None:
    lon = np.array([1.0, np.nan, 0.0, 181.0, 0.0, 180.0])
    lat = np.array([1.0, 1.0, 0.0, 1.0, 90.0, -90.5])
    atom, bits = np.arange(6, dtype=np.int32), np.array([1, 1, 1, 3, 3, 1], np.uint8)
    kinds = np.array([3, 0, 9, 1, 9, 9, 9, 9], np.int32)
    atom, status = without_invalid(lon, lat, atom, bits, kinds, 4)
    assert atom.tolist() == [0, -1, -1, -1, 4, -1]
    assert status.tolist() == [0, 4, 4, 4, 1, 4]
