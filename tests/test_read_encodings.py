import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.coverage.reading.encoding import codec_name, misread, misread_text, sniff
from gridmap.coverage.reading.read import list_layers, read_layer
from gridmap.errors import UnreadableFile, WrongEncoding
from tests.layers import dbf_header, frame, shapefile, write, zipped

NAMES = ["北大街社区第一网格", "南关"]
TABLE = {"名称": NAMES, "编码": ["01", "02"]}


def kinds(layer):
    return {n.kind for n in layer.notes}


@pytest.mark.parametrize("cpg", [None, "GBK", "936", "ANSI 936", "GB2312", "UTF-8", "nonsense"])
def test_gbk_is_read_whatever_the_cpg_says(tmp_path, cpg):
    layer = read_layer(shapefile(tmp_path, TABLE, "GB18030", cpg=cpg))
    assert layer.columns == ["名称", "编码"]
    assert layer.frame["名称"].tolist() == NAMES
    assert layer.encoding == "GB18030"


@pytest.mark.parametrize("cpg", [None, "UTF-8", "65001", "GBK", "ISO-8859-1"])
def test_utf8_is_read_whatever_the_cpg_says(tmp_path, cpg):
    table = {"name": NAMES, "code": ["01", "02"]}
    layer = read_layer(shapefile(tmp_path, table, "UTF-8", cpg=cpg))
    assert layer.frame["name"].tolist() == NAMES
    assert layer.encoding == "UTF-8"


def test_a_cpg_that_decodes_into_mojibake_is_overruled_and_reported(tmp_path):
    layer = read_layer(shapefile(tmp_path, TABLE, "GB18030", cpg="ISO-8859-1"))
    assert layer.frame["名称"].tolist() == NAMES
    assert kinds(layer) == {"encoding_wrong"}


def test_a_guess_is_reported_and_a_right_cpg_is_not(tmp_path):
    assert kinds(read_layer(shapefile(tmp_path / "a", TABLE, "GB18030"))) == {"encoding_guessed"}
    assert kinds(read_layer(shapefile(tmp_path / "b", TABLE, "GB18030", cpg="GBK"))) == set()
    ascii_only = {"name": ["a", "b"]}
    assert kinds(read_layer(shapefile(tmp_path / "c", ascii_only, "GB18030"))) == set()


def test_an_honest_western_cpg_is_honoured(tmp_path):
    table = {"name": ["Kärnten", "Müller-Straße"]}
    layer = read_layer(shapefile(tmp_path, table, "ISO-8859-1", cpg="8859_1"))
    assert layer.frame["name"].tolist() == table["name"]


def test_western_text_without_a_cpg_is_not_taken_for_chinese(tmp_path):
    table = {"name": ["Kärnten", "Müller-Straße"]}
    layer = read_layer(shapefile(tmp_path, table, "ISO-8859-1"))
    assert layer.frame["name"].tolist() == table["name"]


def test_big5_is_read_when_the_cpg_says_so(tmp_path):
    table = {"name": ["臺北市中正區", "松山"]}
    layer = read_layer(shapefile(tmp_path, table, "Big5", cpg="Big5"))
    assert layer.frame["name"].tolist() == table["name"]


def test_the_language_byte_of_the_table_counts(tmp_path):
    path = shapefile(tmp_path, {"name": ["臺北市中正區", "松山"]}, "Big5")
    dbf = path.with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    data[29] = 0x4F
    dbf.write_bytes(data)
    assert read_layer(path).frame["name"].tolist() == ["臺北市中正區", "松山"]


@pytest.mark.parametrize("given_name", ["GB18030", "gbk", "936", "CP936"])
def test_the_encoding_given_is_used(tmp_path, given_name):
    layer = read_layer(shapefile(tmp_path, TABLE, "GB18030"), encoding=given_name)
    assert layer.frame["名称"].tolist() == NAMES
    assert kinds(layer) == set()


@pytest.mark.parametrize(
    ("written", "told"),
    [("GB18030", "UTF-8"), ("GB18030", "ISO-8859-1"), ("UTF-8", "GB18030"), ("UTF-8", "cp1252")],
)
def test_a_wrong_encoding_given_is_refused_with_the_right_one(tmp_path, written, told):
    path = shapefile(tmp_path, {"name": NAMES}, written)
    with pytest.raises(WrongEncoding) as caught:
        read_layer(path, encoding=told)
    assert caught.value.allowed == [written]
    assert "--encoding" in str(caught.value)


def test_an_unknown_encoding_is_refused(tmp_path):
    with pytest.raises(WrongEncoding, match="no such encoding"):
        read_layer(shapefile(tmp_path, TABLE, "GB18030"), encoding="martian")


def test_a_field_name_cut_inside_a_character_is_mended_and_reported(tmp_path):
    # four characters are 12 bytes in UTF-8; a shapefile keeps 10 of them
    layer = read_layer(shapefile(tmp_path, {"网格编号": ["01"], "n": [7]}, "UTF-8", cpg="UTF-8"))
    assert layer.columns == ["网格编", "n"]
    assert layer.frame["网格编"].tolist() == ["01"]
    assert layer.frame["n"].tolist() == [7]
    (note,) = layer.notes
    assert note.kind == "text_cut"
    assert "网格编" in note.text


@pytest.mark.parametrize("encoding", ["GB18030", "UTF-8"])
def test_values_cut_inside_a_character_are_mended_and_counted(tmp_path, encoding):
    path = shapefile(tmp_path, {"name": ["网格一", "网格二", "ab"]}, encoding, cpg=encoding)
    dbf = path.with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    _, header, record = dbf_header(dbf)
    size = len("网格一".encode(encoding))
    for row in range(2):  # blank the last byte of two values
        data[header + row * record + size] = 0x20
    dbf.write_bytes(data)
    layer = read_layer(path)
    assert layer.frame["name"].tolist() == ["网格", "网格", "ab"]
    (note,) = layer.notes
    assert note.kind == "text_cut"
    assert "2 values" in note.text


def test_a_geojson_in_gbk_is_read_and_reported(tmp_path):
    path = write(frame({"name": NAMES}), tmp_path / "x.geojson")
    path.write_bytes(path.read_text(encoding="utf-8").encode("gbk"))
    layer = read_layer(path)
    assert layer.frame["name"].tolist() == NAMES
    assert kinds(layer) == {"encoding_guessed"}
    assert read_layer(path, encoding="gbk").notes == ()


def test_a_geojson_that_is_not_in_the_encoding_given_is_refused(tmp_path):
    path = write(frame({"name": NAMES}), tmp_path / "x.geojson")
    path.write_bytes(path.read_text(encoding="utf-8").encode("gbk"))
    with pytest.raises(WrongEncoding) as caught:
        read_layer(path, encoding="UTF-8")
    assert caught.value.allowed == ["GB18030"]


# In GBK the second octet of each is that of a backslash.
BACKSLASHES = ["玕碶誠運淺", "玕碶"]


@pytest.mark.parametrize("told", [None, "GBK"])
@pytest.mark.parametrize("names", [BACKSLASHES, [NAMES[0], BACKSLASHES[0]]])
def test_a_geojson_in_gbk_is_whole_though_a_character_ends_in_a_backslash(tmp_path, names, told):
    path = write(frame({"name": names}), tmp_path / "x.geojson")
    path.write_bytes(path.read_text(encoding="utf-8").encode("gbk"))
    layer = read_layer(path, encoding=told)
    assert layer.frame["name"].tolist() == names
    assert layer.encoding == "GB18030"
    assert list_layers(path) == ["x"]


def test_a_geojson_in_gbk_within_an_archive_is_whole_too(tmp_path):
    path = write(frame({"name": BACKSLASHES}), tmp_path / "x.geojson")
    path.write_bytes(path.read_text(encoding="utf-8").encode("gbk"))
    other = write(frame({"name": NAMES}), tmp_path / "y.geojson")
    both = zipped(tmp_path / "both.zip", path, other)
    assert read_layer(both, "x", encoding="GBK").frame["name"].tolist() == BACKSLASHES
    assert read_layer(both, "y").frame["name"].tolist() == NAMES


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = write(frame({"name": NAMES}), tmp_path / "x.geojson")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_layer(path).frame["name"].tolist() == NAMES
    assert read_layer(path, encoding="utf-8").frame["name"].tolist() == NAMES


def test_an_encoding_for_a_geopackage_is_ignored_aloud(tmp_path):
    path = write(frame({"name": NAMES}), tmp_path / "x.gpkg")
    layer = read_layer(path, encoding="GBK")
    assert layer.frame["name"].tolist() == NAMES
    assert kinds(layer) == {"encoding_ignored"}


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("936", "GB18030"),
        ("ANSI 936", "GB18030"),
        ("gbk", "GB18030"),
        ("GB2312", "GB18030"),
        ("65001", "UTF-8"),
        ("utf8", "UTF-8"),
        ("8859_1", "ISO-8859-1"),
        ("1252", "cp1252"),
        ("CP950", "Big5"),
    ],
)
def test_encodings_are_known_by_their_many_names(label, name):
    assert codec_name(label) == name


@pytest.mark.parametrize(
    ("written", "read"),
    [("gbk", "latin-1"), ("gbk", "cp1252"), ("utf-8", "latin-1"), ("utf-8", "gb18030")],
)
def test_mojibake_is_named_with_what_was_meant(written, read):
    meant = "网格三社区"
    broken = meant.encode(written).decode(read, "ignore")
    found = misread_text(broken)
    assert found is not None
    assert found.likely.startswith("网格三社")
    assert misread([broken, "ascii"]) is not None


@pytest.mark.parametrize(
    "text",
    [
        "网格三社区",
        "历下区（文东）",
        "Müller",
        "Ærøskøbing",
        "São Tomé",
        "Kärnten",
        "plain",
        "",
        "联通",
    ],
)
def test_honest_text_is_not_called_mojibake(text):
    assert misread_text(text) is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2)))
def test_chinese_text_is_never_called_mojibake_and_its_utf8_is_found(texts):
    assert misread(texts) is None
    assert sniff([t.encode() for t in texts]) == "UTF-8"


def test_nothing_to_go_by_is_utf8():
    assert sniff([]) == "UTF-8"
    assert sniff([b"plain"]) == "UTF-8"


def test_a_table_that_is_no_table_is_refused(tmp_path):
    path = shapefile(tmp_path, TABLE, "GB18030")
    path.with_suffix(".dbf").write_bytes(b"not a table")
    with pytest.raises(UnreadableFile, match="attribute table"):
        read_layer(path)
