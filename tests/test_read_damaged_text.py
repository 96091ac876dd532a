"""Text of which a byte was lost on the way: read in its own encoding, the damage located."""

import json

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.coverage.reading.encoding import mend, sniff
from gridmap.coverage.reading.read import read_layer
from gridmap.errors import WrongEncoding
from tests.layers import SQUARES, dbf_header, frame, shapefile, write

NAMES = ["千佛山（东）", "千佛山(西)", "文化东路", "南关大街"]
ENCODINGS = ["GB18030", "UTF-8"]


def spoil(raw: bytes, name: str, encoding: str) -> bytes:
    """Lose the second byte of the third character of a name, and let the rest move up."""
    text = name.encode(encoding)
    start = len(name[:2].encode(encoding)) + 1
    return raw.replace(text, text[:start] + text[start + 1 :])


def damaged_shapefile(folder, encoding, *, name=NAMES[1], cpg=None, names=NAMES):
    path = shapefile(folder, {"name": names, "code": list("abcd")[: len(names)]}, encoding, cpg=cpg)
    dbf = path.with_suffix(".dbf")
    text = name.encode(encoding)
    broken = spoil(text, name, encoding)
    dbf.write_bytes(dbf.read_bytes().replace(text, broken.ljust(len(text))))
    return path


def notes(layer):
    return {note.kind: note for note in layer.notes}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("says", [None, "cpg", "told"])
def test_one_byte_lost_in_a_shapefile_leaves_every_other_name_readable(tmp_path, encoding, says):
    path = damaged_shapefile(tmp_path, encoding, cpg=encoding if says == "cpg" else None)
    layer = read_layer(path, encoding=encoding if says == "told" else None)
    assert layer.encoding == encoding
    names = layer.frame["name"].tolist()
    assert [names[n] for n in (0, 2, 3)] == [NAMES[n] for n in (0, 2, 3)]
    assert names[1].startswith("千佛?")
    assert names[1].endswith("(西)")
    assert layer.frame["code"].tolist() == list("abcd")
    note = notes(layer)["text_damaged"]
    assert (note.severity, note.rows) == ("warning", (2,))
    assert "1 row (2)" in note.text
    assert encoding in note.text
    assert ("encoding_guessed" in notes(layer)) == (says is None)


def test_the_only_name_of_a_table_may_be_the_damaged_one(tmp_path):
    path = damaged_shapefile(tmp_path, "GB18030", name=NAMES[1], names=NAMES[1:2])
    assert read_layer(path).encoding == "GB18030"
    assert read_layer(path, encoding="GBK").frame["name"][0].startswith("千佛?")


def test_a_damaged_table_is_still_refused_in_another_encoding_with_the_right_one(tmp_path):
    for folder, real, told in (("a", "GB18030", "UTF-8"), ("b", "UTF-8", "GB18030")):
        with pytest.raises(WrongEncoding) as caught:
            read_layer(damaged_shapefile(tmp_path / folder, real), encoding=told)
        assert caught.value.allowed == [real]


def test_rows_marked_as_deleted_are_not_counted_where_damage_is_located(tmp_path):
    path = damaged_shapefile(tmp_path, "GB18030")
    dbf = path.with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    _, header, _ = dbf_header(dbf)
    data[header] = ord("*")
    dbf.write_bytes(data)
    layer = read_layer(path)
    assert "?" in layer.frame["name"][0]
    assert (len(layer), notes(layer)["text_damaged"].rows) == (3, (1,))


def test_a_damaged_column_name_is_told(tmp_path):
    path = shapefile(tmp_path, {"网格名称": NAMES}, "GB18030")
    dbf = path.with_suffix(".dbf")
    name = "网格名称".encode("gbk")
    dbf.write_bytes(dbf.read_bytes().replace(name, name[:3] + b"(" + name[4:], 1))
    layer = read_layer(path)
    (column,) = layer.columns
    assert column.startswith("网?(")
    assert layer.frame[column].tolist() == NAMES
    note = notes(layer)["text_damaged"]
    assert (note.rows, column in note.text) == ((), True)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("told", [False, True])
def test_a_csv_with_a_lost_byte_is_read_and_its_row_named(tmp_path, encoding, told):
    path = tmp_path / "x.csv"
    table = {"code": list("abcd"), "name": NAMES, "wkt": shapely.to_wkt(np.array(SQUARES))}
    pd.DataFrame(table).to_csv(path, index=False, encoding=encoding)
    path.write_bytes(spoil(path.read_bytes(), NAMES[1], encoding))
    layer = read_layer(path, encoding=encoding if told else None)
    assert layer.encoding == encoding
    names = layer.frame["name"].tolist()
    assert [names[n] for n in (0, 2, 3)] == [NAMES[n] for n in (0, 2, 3)]
    assert names[1].startswith("千佛\ufffd")
    assert notes(layer)["text_damaged"].rows == (2,)
    with pytest.raises(WrongEncoding) as caught:
        read_layer(path, encoding="UTF-8" if encoding == "GB18030" else "GB18030")
    assert caught.value.allowed == [encoding]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("told", [False, True])
def test_a_geojson_with_a_lost_byte_is_read_and_its_row_named(tmp_path, encoding, told):
    path = write(frame({"name": NAMES}), tmp_path / "x.geojson")
    document = json.dumps(json.loads(path.read_text(encoding="utf-8")), ensure_ascii=False)
    path.write_bytes(spoil(document.encode(encoding), NAMES[1], encoding))
    layer = read_layer(path, encoding=encoding if told else None)
    assert layer.encoding == encoding
    assert layer.frame["name"].tolist()[2:] == NAMES[2:]
    assert notes(layer)["text_damaged"].rows == (2,)


# Names of an even number of characters are an even number of bytes in UTF-8: all of them
# pass for characters of GB18030, and so does what a byte that was replaced has left.
EVEN = ["文化东路社区", "南关大街", "东苑小区社区", "泉城花园"]


@pytest.mark.parametrize("kind", ["csv", "geojson"])
@pytest.mark.parametrize("told", [None, "utf-8"])
@pytest.mark.parametrize("byte", [b"?", b" ", b"\xff"])
def test_a_replaced_byte_does_not_make_utf8_of_even_names_gb18030(tmp_path, kind, told, byte):
    path = tmp_path / f"x.{kind}"
    if kind == "csv":
        table = {"code": list("abcd"), "name": EVEN, "wkt": shapely.to_wkt(np.array(SQUARES))}
        pd.DataFrame(table).to_csv(path, index=False, encoding="utf-8")
    else:
        document = json.loads(write(frame({"name": EVEN}), path).read_text(encoding="utf-8"))
        path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    raw = path.read_bytes()
    for name in (EVEN[0], EVEN[2]):
        lost = "社".encode()
        text = name.encode()
        raw = raw.replace(text, text.replace(lost, lost[:1] + byte + lost[2:]))
    path.write_bytes(raw)
    layer = read_layer(path, encoding=told)
    assert layer.encoding == "UTF-8"
    names = layer.frame["name"].tolist()
    assert [names[n] for n in (1, 3)] == [EVEN[n] for n in (1, 3)]
    assert [names[n].startswith(EVEN[n][:4]) for n in (0, 2)] == [True, True]
    assert notes(layer)["text_damaged"].rows == (1, 3)


def test_western_text_is_not_taken_for_damaged_chinese():
    assert sniff(["Kärnten".encode("cp1252"), "Müller-Straße".encode("cp1252")]) == "CP1252"
    assert sniff(["Ærøskøbing".encode("cp1252"), "Århus".encode("cp1252")]) == "CP1252"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40), st.sampled_from([*ENCODINGS, "Big5"]))
def test_whatever_is_mended_decodes_and_keeps_its_length(value, encoding):
    text, damaged, cut = mend(value, encoding)
    assert len(text) == len(value)
    assert text[: len(text) - cut].decode(encoding).count("?") >= value.count(b"?")
    assert damaged <= len(value)
