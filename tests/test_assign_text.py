"""Delimited text: encodings, delimiters, quotes, broken rows."""

import codecs
import csv
import gzip
import io

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.bulk.records import RecordSplitter
from gridmap.bulk.sniff import sniff_delimiter, sniff_encoding
from gridmap.errors import UnreadableFile, WrongEncoding
from tests.assign_stub import locate, read_csv, run, write

HEAD = "id,lon,lat,文字\n"
ROW = "{},117.05,36.6,{}\n"


def body(*texts):
    return HEAD + "".join(ROW.format(i, text) for i, text in enumerate(texts))


def rejects(folder):
    return [tuple(row.values()) for row in read_csv(folder / "out.rejects.csv")]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "gbk"])
@pytest.mark.parametrize("name", ["in.csv", "in.csv.gz"])
def test_chinese_text_is_read_whatever_its_encoding(tmp_path, encoding, name):
    source = write(tmp_path / name, body("路面积水", "abc", "井盖缺失，需修"), encoding)
    summary = run(source, tmp_path / "out.csv")
    assert [row["文字"] for row in read_csv(tmp_path / "out.csv")] == [
        "路面积水", "abc", "井盖缺失，需修",
    ]  # fmt: skip
    assert summary.facts["encoding"] == ("utf-8" if encoding == "utf-8" else "gb18030")


def test_characters_outside_gbk_survive_gb18030(tmp_path):
    # Four-byte forms hold digits, which must not be taken for fields.
    source = write(tmp_path / "in.csv", body("㐀㒲𠀀", "䶮家庄"), "gb18030")
    run(source, tmp_path / "out.csv")
    assert [row["文字"] for row in read_csv(tmp_path / "out.csv")] == ["㐀㒲𠀀", "䶮家庄"]


def test_a_byte_order_mark_is_not_part_of_the_first_name_and_is_kept(tmp_path):
    source = write(tmp_path / "in.csv", body("一"), "utf-8-sig")
    summary = run(source, tmp_path / "out.csv")
    assert summary.facts["encoding"] == "utf-8 with BOM"
    data = (tmp_path / "out.csv").read_bytes()
    assert data.startswith(codecs.BOM_UTF8 + b"id,")
    assert not data.startswith(codecs.BOM_UTF8 * 2)


def test_spreadsheets_utf16_text_is_read(tmp_path):
    source = write(tmp_path / "in.csv", body("一", "二").replace(",", "\t"), "utf-16")
    run(source, tmp_path / "out.csv")
    assert [r["文字"] for r in read_csv(tmp_path / "out.csv", delimiter="\t")] == ["一", "二"]


@pytest.mark.parametrize(("mark", "word"), [("\t", "tab"), (";", "semicolon"), ("|", "bar")])
def test_other_delimiters_are_seen_and_kept(tmp_path, mark, word):
    text = body("x, y", "z").replace(",", mark).replace(f"x{mark}", "x,")
    summary = run(write(tmp_path / "in.csv", text), tmp_path / "out.csv")
    assert summary.facts["delimiter"] == word
    assert [r["文字"] for r in read_csv(tmp_path / "out.csv", mark)] == ["x, y", "z"]


def test_a_tsv_output_has_tabs(tmp_path):
    run(write(tmp_path / "in.csv", body("一")), tmp_path / "out.tsv")
    assert (tmp_path / "out.tsv").read_text().startswith("id\tlon\tlat\t")


@pytest.mark.parametrize("name", ["in.tsv", "in.tsv.gz"])
def test_the_tabs_of_a_tsv_do_not_go_into_a_csv(tmp_path, name):
    source = write(tmp_path / name, body("x; y").replace(",", "\t"))
    run(source, tmp_path / "out.csv")
    assert [row["文字"] for row in read_csv(tmp_path / "out.csv")] == ["x; y"]


@pytest.mark.parametrize("end", ["\r\n", "\r", "\n"])
def test_line_ends_of_every_system_are_read(tmp_path, end):
    text = body("一", "二").replace("\n", end)
    run(write(tmp_path / "in.csv", text), tmp_path / "out.csv")
    rows = read_csv(tmp_path / "out.csv")
    assert [r["文字"] for r in rows] == ["一", "二"]


def test_empty_lines_are_no_rows_and_the_last_line_needs_no_end(tmp_path):
    text = "\n" + HEAD + "\n" + ROW.format(1, "x") + "\r\n\n" + ROW.format(2, "y").rstrip("\n")
    summary = run(write(tmp_path / "in.csv", text), tmp_path / "out.csv")
    assert (summary.rows, summary.rejects) == (2, 0)


def test_rows_with_too_few_or_too_many_fields_are_set_aside_with_their_line(tmp_path):
    text = HEAD + ROW.format(1, "a") + "2,117\n\n" + ROW.format(3, '"b\nb"') + "4,1,2,3,4\n"
    summary = run(write(tmp_path / "in.csv", text), tmp_path / "out.csv")
    assert (summary.rows, summary.rejects) == (2, 2)
    assert summary.rejects_file == tmp_path / "out.rejects.csv"
    assert rejects(tmp_path) == [
        ("3", "2 fields instead of 4", "2,117"),
        ("7", "5 fields instead of 4", "4,1,2,3,4"),
    ]
    assert [row["id"] for row in read_csv(tmp_path / "out.csv")] == ["1", "3"]


def test_an_open_quote_costs_one_row(tmp_path):
    rows = [ROW.format(i, "x") for i in range(2000)]
    rows[5] = ROW.format(5, '"never closed')
    rows[900] = ROW.format(900, '"a, b"')
    summary = run(write(tmp_path / "in.csv", HEAD + "".join(rows)), tmp_path / "out.csv")
    assert summary.rows == 1999
    ((line, reason, text),) = rejects(tmp_path)
    assert (line, text) == ("7", rows[5].strip())
    assert "never closed" in reason
    assert read_csv(tmp_path / "out.csv")[899]["文字"] == "a, b"


def test_a_quote_inside_an_unquoted_field_is_text(tmp_path):
    run(write(tmp_path / "in.csv", body('12" pipe', "x")), tmp_path / "out.csv")
    assert [r["文字"] for r in read_csv(tmp_path / "out.csv")] == ['12" pipe', "x"]


# A name that holds the delimiter needs quotes of its own.
@pytest.mark.parametrize(
    ("name", "mark"),
    [
        (name, mark)
        for name in ('屏幕尺寸(24")', '24" 屏, 宽', '"高" 或"宽', '一"二')
        for mark in (",", "\t", ";", "|")
        if mark not in name
    ],
)
def test_a_stray_quote_in_a_column_name_is_text(tmp_path, name, mark):
    lines = [f"id{mark}{name}{mark}lon{mark}lat", f"1{mark}x{mark}117.05{mark}36.6",
             f'2{mark}a "b" c{mark}117.05{mark}36.6']  # fmt: skip
    summary = run(write(tmp_path / "in.csv", "\n".join(lines)), tmp_path / "out.csv")
    assert (summary.rows, summary.rejects) == (2, 0)
    (_, column, *_), *_ = csv.reader([lines[0]], delimiter=mark)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as out:
        rows = list(csv.DictReader(out, delimiter=mark))
    assert [row[column] for row in rows] == ["x", 'a "b" c']


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_column_name_in_quotes_holds_line_breaks_and_delimiters(tmp_path, end):
    head = f'id;"尺寸{end}(24"";\n宽, 高, 深)";lon;lat'
    text = end.join([head, "1;x;117.05;36.6", "2;y", "3;z;117.05;36.6", ""])
    summary = run(write(tmp_path / "in.csv", text), tmp_path / "out.csv")
    assert (summary.rows, summary.rejects) == (2, 1)
    assert rejects(tmp_path)[0][0] == "5"
    (row, _) = read_csv(tmp_path / "out.csv", ";")
    assert row[f'尺寸{end}(24";\n宽, 高, 深)'] == "x"


@pytest.mark.parametrize(
    "head",
    [
        'lon,lat,"note',
        '"lon,lat,note',
        "lon,lat\rnote,more",
        "lon,lat," + "x" * 200_000,
    ],
)
def test_a_header_that_would_swallow_rows_is_refused(tmp_path, head):
    rows = "117.05,36.6,a\n" + '117.05,36.6,"b" c\n' * 3
    with pytest.raises(UnreadableFile, match=r"header line"):
        run(write(tmp_path / "in.csv", f"{head}\n{rows}"), tmp_path / "out.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_a_header_without_rows_or_line_break_is_a_header(tmp_path):
    for head in ("id,lon,lat", 'id,lon,lat,"a\nb"', 'id,lon,lat,24"'):
        assert run(write(tmp_path / "in.csv", head), tmp_path / "out.csv").rows == 0


def test_a_carriage_return_inside_a_row_spoils_that_row_alone(tmp_path):
    text = HEAD + ROW.format(1, "a") + ROW.format(2, "b\rc") + ROW.format(3, '"d\re"')
    summary = run(write(tmp_path / "in.csv", text), tmp_path / "out.csv")
    assert (summary.rows, summary.rejects) == (2, 1)
    assert rejects(tmp_path)[0][:2] == ("3", "a carriage return inside the row")
    assert read_csv(tmp_path / "out.csv")[1]["文字"] == "d\re"


@pytest.mark.parametrize(("encoding", "broken"), [("utf-8", b"\xff\xfe"), ("gb18030", b"\xff")])
def test_bytes_that_do_not_decode_spoil_their_row_alone(tmp_path, encoding, broken):
    good = HEAD.encode(encoding) + ROW.format(1, "好").encode(encoding)
    data = good + b"2,117.05,36.6,a" + broken + b"b\n" + ROW.format(3, "好").encode(encoding)
    summary = run(write(tmp_path / "in.csv", data), tmp_path / "out.csv")
    assert [r["文字"] for r in read_csv(tmp_path / "out.csv")] == ["好", "好"]
    ((line, reason, text),) = rejects(tmp_path)
    assert line == "3"
    assert f"'文字' does not decode as {encoding}" in reason
    assert "\\xff" in text
    assert summary.rejects == 1


def test_a_long_stretch_of_ascii_does_not_hide_the_encoding(tmp_path):
    text = body(*["plain"] * 100_000, "路面积水")
    assert len(text) > 1 << 21
    run(write(tmp_path / "in.csv", text, "gb18030"), tmp_path / "out.parquet", locate=_nowhere)
    assert pq.read_table(tmp_path / "out.parquet")["文字"][-1].as_py() == "路面积水"


def _nowhere(points):
    points.x[:] = float("nan")
    return locate(points)


def test_a_declared_encoding_is_believed(tmp_path):
    source = write(tmp_path / "in.csv", body("café").replace("文字", "note"), "latin-1")
    run(source, tmp_path / "out.csv", encoding="latin-1")
    assert read_csv(tmp_path / "out.csv")[0]["note"] == "café"
    for name in ("klingon", "hex", ""):
        with pytest.raises(WrongEncoding, match="no such encoding"):
            run(source, tmp_path / "out.csv", encoding=name)


def test_a_header_that_does_not_decode_is_refused(tmp_path):
    source = write(tmp_path / "in.csv", b"id,lon,lat,\xff\n1,2,3,4\n")
    with pytest.raises(WrongEncoding, match="Save the file as UTF-8"):
        run(source, tmp_path / "out.csv", encoding="utf-8")


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(tmp_path, data):
    with pytest.raises(UnreadableFile, match="empty"):
        run(write(tmp_path / "in.csv", data), tmp_path / "out.csv")


def test_a_binary_file_called_csv_is_refused(tmp_path):
    with pytest.raises(UnreadableFile, match="header"):
        run(write(tmp_path / "in.csv", b"PK\x03\x04" + bytes(5000)), tmp_path / "out.csv")


@pytest.mark.parametrize("damage", [lambda d: d[:-20], lambda d: d[:200] + b"xx" + d[202:]])
def test_a_damaged_gzip_file_leaves_nothing_behind(tmp_path, damage):
    rows = "".join(f"{i},117.{i * 7919 % 99991:05d},36.6,x{i * 31 % 977}\n" for i in range(5000))
    source = tmp_path / "in.csv.gz"
    source.write_bytes(damage(gzip.compress((HEAD + rows).encode())))
    with pytest.raises(UnreadableFile, match="cannot be read to its end"):
        run(source, tmp_path / "out.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["in.csv.gz"]


def test_no_rejects_file_when_there_are_none_and_an_old_one_goes(tmp_path):
    stale = write(tmp_path / "out.rejects.csv", "line,reason,text\n")
    summary = run(write(tmp_path / "in.csv", body("x")), tmp_path / "out.csv.gz")
    assert summary.rejects_file is None
    assert not stale.exists()


# -- cutting into records ---------------------------------------------------------------

FIELD = st.text(st.sampled_from('a" ,\n\r;好'), max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(FIELD, min_size=3, max_size=3), max_size=8), st.integers(1, 9))
def test_well_formed_text_is_cut_as_the_csv_module_reads_it(rows, step):
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(rows)
    text = buffer.getvalue().encode()
    splitter = RecordSplitter(",", 3, line=1)
    blocks = [splitter.feed(text[i : i + step]) for i in range(0, len(text), step)]
    blocks.append(splitter.finish())
    records = [block.record(i) for block in blocks for i in range(len(block))]
    parsed = [next(csv.reader(io.StringIO(r.decode(), newline=""))) for r in records]
    assert parsed == rows
    assert not any(block.broken for block in blocks)
    lines = [int(n) for block in blocks for n in block.line]
    starts = [1]
    for row in rows:
        starts.append(starts[-1] + 1 + sum(field.count("\n") for field in row))
    assert lines == starts[:-1]


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=200).map(lambda b: bytes(b'",\n\ra'[c % 5] for c in b)), st.integers(1, 50)
)
def test_any_text_is_cut_completely_and_alike_in_pieces(text, step):
    def cut(step):
        splitter = RecordSplitter(",", 2, line=1)
        blocks = [splitter.feed(text[i : i + step]) for i in range(0, len(text), step)]
        blocks.append(splitter.finish())
        records = [(int(b.line[i]), b.record(i)) for b in blocks for i in range(len(b))]
        return sorted(records + [entry for b in blocks for entry in b.broken])

    whole = cut(len(text) + 1)
    assert cut(step) == whole
    kept = b"".join(record for _, record in whole)
    dropped = set(text) - set(kept)
    assert dropped <= set(b"\r\n")
    assert len(kept.replace(b"\n", b"").replace(b"\r", b"")) == sum(c not in b"\r\n" for c in text)


def test_the_delimiter_is_judged_outside_quotes():
    assert sniff_delimiter('"a;b;c;d",e', ",") == ","
    assert sniff_delimiter("a;b", ",") == ";"
    assert sniff_delimiter("abc", "\t") == "\t"
    assert sniff_delimiter('24";a;b', ",") == ";"
    assert sniff_delimiter('"a","b;c;d"', ",") == ","


def test_a_few_broken_lines_do_not_outvote_the_rest():
    lines = "路面积水\n".encode() * 50 + b"\xb0\xa1\n" * 3
    assert sniff_encoding([lines]).name == "utf-8"
    assert sniff_encoding([lines[i : i + 7] for i in range(0, len(lines), 7)]).name == "utf-8"
    assert sniff_encoding(["路面积水\n".encode("gbk") * 5]).name == "gb18030"
    assert sniff_encoding([]).name == "utf-8"
