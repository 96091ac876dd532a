"""Where the points are: columns found or named, systems, accuracies, times."""

import pytest

from gridmap.errors import BadValue, MissingColumn, UnknownCoordSys
from tests.assign_stub import read_csv, run, write


def assign(tmp_path, head, *rows, **options):
    source = write(tmp_path / "in.csv", "\n".join([head, *rows]) + "\n")
    summary = run(source, tmp_path / "out.csv", **options)
    return summary, read_csv(tmp_path / "out.csv")


@pytest.mark.parametrize(
    "head",
    ["lon,lat", "LNG,LAT", "Longitude,Latitude", " 经度 ,纬度", "x,y", "long,lat", "X坐标,Y坐标"],
)
def test_coordinate_columns_are_known_by_their_names(tmp_path, head):
    summary, (row,) = assign(tmp_path, head, "117.05,36.6")
    assert row["grid"] == "117.0"
    assert summary.columns["lon"] == head.split(",")[0]


def test_the_telling_pair_wins_over_x_and_y(tmp_path):
    summary, (row,) = assign(tmp_path, "x,y,lat,lon", "1,2,36.6,117.05")
    assert (summary.columns["lon"], row["grid"]) == ("lon", "117.0")


def test_named_columns_win_over_telling_ones(tmp_path):
    _, (row,) = assign(tmp_path, "lon,lat,a,b", "1,2,117.05,36.6", lon="a", lat="b")
    assert row["grid"] == "117.0"


def test_no_coordinate_columns_is_refused_with_the_names_there_are(tmp_path):
    with pytest.raises(MissingColumn, match=r"'id', 'address'.*--lon and --lat"):
        assign(tmp_path, "id,address", "1,2")


def test_a_column_that_is_not_there_is_refused_with_a_guess(tmp_path):
    for option in ("accuracy", "at"):
        with pytest.raises(MissingColumn, match="Did you mean 'accuracy_m'"):
            assign(tmp_path, "lon,lat,accuracy_m", "1,2,3", **{option: "accuracy"})
    with pytest.raises(MissingColumn, match="There is no such column"):
        assign(tmp_path, "lon,lat", "1,2", lon="a", lat="b")


def test_longitude_without_latitude_is_refused(tmp_path):
    with pytest.raises(BadValue, match="both --lon and --lat"):
        assign(tmp_path, "lon,lat", "1,2", lon="lon")


def test_a_needed_column_that_is_there_twice_is_refused(tmp_path):
    with pytest.raises(BadValue, match="more than once"):
        assign(tmp_path, "lon,lat,lon", "1,2,3")


def test_without_a_system_wgs84_is_assumed_and_said(tmp_path):
    summary, _ = assign(tmp_path, "lon,lat", "117.05,36.6")
    assert summary.coord_systems == {"wgs84": 1}
    assert any("taken as wgs84" in note for note in summary.notes)


def test_a_constant_system_converts_every_row(tmp_path):
    # 117.0960 in GCJ-02 is 117.0898 in WGS-84: another grid than the raw number says.
    summary, rows = assign(tmp_path, "lon,lat", "117.1010,36.6", coord_sys="GCJ-02")
    assert rows[0]["grid"] == "117.0"
    assert (summary.coord_systems, summary.notes) == ({"gcj02": 1}, ())


def test_a_column_names_the_system_of_each_row(tmp_path):
    summary, rows = assign(
        tmp_path,
        "lon,lat,datum",
        "117.1010,36.6,火星坐标",
        "117.1010,36.6,WGS84",
        "117.1010,36.6,",
        "117.1010,36.6,moon",
        coord_sys="datum",
    )
    assert [row["grid"] for row in rows] == ["117.0", "117.1", "117.1", ""]
    assert [row["warning"] for row in rows] == [
        "", "", "coord_sys_assumed", "unknown_coord_sys: moon",
    ]  # fmt: skip
    assert rows[3]["location_status"] == "invalid"
    assert summary.coord_systems == {"wgs84": 2, "gcj02": 1, "unknown": 1}


def test_a_column_called_coord_sys_is_used_and_said(tmp_path):
    summary, rows = assign(tmp_path, "lon,lat,coord_sys", "117.1010,36.6,gcj02")
    assert rows[0]["grid"] == "117.0"
    assert any("column 'coord_sys'" in note for note in summary.notes)


def test_a_known_system_wins_over_a_column_of_that_name(tmp_path):
    summary, rows = assign(tmp_path, "lon,lat,gcj02", "117.1010,36.6,wgs84", coord_sys="gcj02")
    assert rows[0]["grid"] == "117.0"
    assert any("the system was meant" in note for note in summary.notes)


def test_neither_a_system_nor_a_column_is_refused_with_both(tmp_path):
    with pytest.raises(UnknownCoordSys, match=r"neither.*wgs84.*lon, lat"):
        assign(tmp_path, "lon,lat", "1,2", coord_sys="datum")


@pytest.mark.parametrize(
    "text", ["117.05", " 117.05 ", "１１７．０５", "1.1705e2", "+117.05", '"117.05"']
)
def test_numbers_are_read_as_people_write_them(tmp_path, text):
    # One wrong value in the column does not spoil the others.
    _, rows = assign(tmp_path, "lon,lat", f"{text},36.6", "east,36.6")
    assert rows[0]["grid"] == "117.0"
    assert rows[1]["warning"] == "unparseable: east"


@pytest.mark.parametrize("text", ["1_17.05", "0x75", "117°3'", "117.05E", "--117", "1e", "一百"])
def test_what_is_not_a_number_is_never_guessed(tmp_path, text):
    _, (row,) = assign(tmp_path, "lon,lat", f"{text},36.6")
    assert (row["location_status"], row["warning"]) == ("invalid", f"unparseable: {text}")


def test_an_accuracy_that_is_not_a_number_is_ignored_and_said(tmp_path):
    _, rows = assign(
        tmp_path, "lon,lat,r", "117.05,36.6,150", "117.05,36.6,bad", "117.05,36.6,", accuracy="r"
    )
    assert [row["location_status"] for row in rows] == ["ambiguous", "inside", "inside"]
    assert [row["warning"] for row in rows] == ["", "accuracy_ignored", ""]


@pytest.mark.parametrize(
    ("text", "edition"),
    [
        ("2026-06-30T23:59:59", "e1"),
        ("2026-07-01", "e2"),
        ("2026-06-30T16:00:00Z", "e2"),
        ("2026-06-30T15:59:59+00:00", "e1"),
        ("2026/7/1 0:00", "e2"),
        ("2026/6/30 23:59:59", "e1"),
        ("2026年7月1日", "e2"),
    ],
)
def test_a_time_selects_the_edition_in_the_sites_zone(tmp_path, text, edition):
    _, (row,) = assign(tmp_path, "lon,lat,when", f"117.05,36.6,{text}", at="when")
    assert (row["edition"], row["warning"]) == (edition, "")


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "2026/2/30", "1767225600"])
def test_a_time_that_cannot_be_read_is_said(tmp_path, text):
    _, (row,) = assign(tmp_path, "lon,lat,when", f"117.05,36.6,{text}", at="when")
    assert row["warning"] == f"time_unreadable: {text}"
    assert row["location_status"] == "inside"


def test_a_missing_time_is_now(tmp_path):
    _, (row,) = assign(tmp_path, "lon,lat,when", "117.05,36.6,", at="when")
    assert (row["edition"], row["warning"]) == ("e1", "")
