"""Every format in, every format out."""

import datetime
import decimal
import json
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

from gridmap.errors import BadValue, InputError, UnknownCoordSys, UnreadableFile
from tests.assign_stub import ADDED, read_csv, run, write

OUTPUTS = ["out.csv", "out.csv.gz", "out.tsv", "out.parquet", "out.geojson", "out.gpkg"]
PLACES = [(117.05, 36.6), (50.0, 30.0), (0.0, 0.0), (117.26, 36.5)]


def frame(path):
    """Rows of an output as dictionaries, whatever its format; geometry as WKT."""
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    if path.suffix in {".geojson", ".gpkg"}:
        table = pyogrio.read_dataframe(path)
        places = shapely.to_wkt(table.geometry.values, rounding_precision=6)
        rows = table.drop(columns="geometry").to_dict("records")
        return [row | {"geometry": place} for row, place in zip(rows, places, strict=True)]
    return read_csv(path, "\t" if path.suffix == ".tsv" else ",")


def geo_input(path, crs="EPSG:4326", places=PLACES, shapes=None, **columns):
    """A layer of points (or `shapes`) with an id column."""
    shapes = shapely.points(places) if shapes is None else np.array(shapes, object)
    columns = {"id": [f"{i:03d}" for i in range(len(shapes))], **columns}
    pyogrio.raw.write(
        path,
        shapely.to_wkb(shapes),
        [np.array(values, object) for values in columns.values()],
        list(columns),
        geometry_type="Unknown" if len(set(shapely.get_type_id(shapes))) > 1 else "Point",
        crs=crs,
        layer="points",
        driver="GPKG" if path.suffix == ".gpkg" else "GeoJSON",
    )
    return path


@pytest.fixture
def csv_in(tmp_path):
    rows = "".join(f"{i:03d},{x},{y}\n" for i, (x, y) in enumerate(PLACES))
    return write(tmp_path / "in.csv", "id,lon,lat\n" + rows)


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_csv_becomes_any_format_with_the_same_answers(tmp_path, csv_in, name):
    summary = run(csv_in, tmp_path / name)
    rows = frame(tmp_path / name)
    assert [row["id"] for row in rows] == ["000", "001", "002", "003"]
    assert [row["location_status"] for row in rows] == ["inside", "outside", "invalid", "inside"]
    assert [row["grid"] or None for row in rows if row["location_status"] == "inside"] == [
        "117.0",
        "117.2",
    ]
    assert float(rows[0]["margin_m"]) == 12.35
    assert summary.rows == 4


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("ending", ["gpkg", "geojson"])
def test_points_of_a_layer_are_used_without_being_named(tmp_path, ending, name):
    source = geo_input(tmp_path / f"in.{ending}")
    summary = run(source, tmp_path / name)
    rows = frame(tmp_path / name)
    assert [row["id"] for row in rows] == ["000", "001", "002", "003"]
    assert [row["location_status"] for row in rows] == ["inside", "outside", "invalid", "inside"]
    assert summary.columns["lon"] == "geometry"
    flat = not name.endswith(("geojson", "gpkg"))
    # What holds no geometry gets the point in columns: a place is not lost on the way.
    assert summary.added == (*(("lon", "lat") if flat else ()), *ADDED)
    if flat:
        assert (float(rows[1]["lon"]), float(rows[1]["lat"])) == (50.0, 30.0)


def test_a_layer_with_its_own_lon_does_not_make_the_answers_change_names(tmp_path):
    source = geo_input(tmp_path / "in.gpkg", lon=["a", "b", "c", "d"])
    summary = run(source, tmp_path / "out.csv")
    assert summary.added == ("gm_lon", "gm_lat", *ADDED)
    assert summary.prefix == ""


@pytest.mark.parametrize("name", ["out.geojson", "out.gpkg"])
def test_geometry_is_longitude_and_latitude_and_absent_where_invalid(tmp_path, csv_in, name):
    run(csv_in, tmp_path / name)
    assert [row["geometry"] for row in frame(tmp_path / name)] == [
        "POINT (117.05 36.6)",
        "POINT (50 30)",
        None,
        "POINT (117.26 36.5)",
    ]
    assert pyogrio.read_info(tmp_path / name)["crs"] == "EPSG:4326"


def test_projected_points_are_converted_by_the_layers_own_system(tmp_path):
    from gridmap.crs import from_wgs84

    x, y = from_wgs84(*np.array(PLACES[:1]).T, "EPSG:4548")
    source = geo_input(tmp_path / "in.gpkg", crs="EPSG:4548", places=np.column_stack([x, y]))
    summary = run(source, tmp_path / "out.geojson")
    assert summary.coord_systems == {"EPSG:4548": 1}
    (feature,) = json.loads((tmp_path / "out.geojson").read_text())["features"]
    assert feature["geometry"]["coordinates"] == pytest.approx(PLACES[0], abs=1e-8)


def test_a_layer_said_to_be_wgs84_can_be_declared_gcj02(tmp_path):
    source = geo_input(tmp_path / "in.gpkg")
    assert run(source, tmp_path / "out.csv", coord_sys="GCJ-02").coord_systems == {"gcj02": 4}


def test_a_layer_without_a_coordinate_system_must_be_declared(tmp_path):
    with pytest.warns(UserWarning, match="crs"):
        source = geo_input(tmp_path / "in.gpkg", crs=None)
    with pytest.raises(UnknownCoordSys, match="--coord-sys"):
        run(source, tmp_path / "out.csv")
    assert run(source, tmp_path / "out.csv", coord_sys="wgs84").rows == 4


def test_only_points_have_a_place(tmp_path):
    shapes = [
        shapely.Point(117.05, 36.6),
        shapely.MultiPoint([(117.05, 36.6)]),
        shapely.MultiPoint([(117.05, 36.6), (117.06, 36.6)]),
        shapely.box(117, 36, 118, 37),
        shapely.Point(),
        shapely.Point(117.05, 36.6, 12.0),
    ]
    run(geo_input(tmp_path / "in.geojson", shapes=shapes), tmp_path / "out.csv")
    rows = read_csv(tmp_path / "out.csv")
    assert [row["location_status"] for row in rows] == [
        "inside", "inside", "invalid", "invalid", "invalid", "inside",
    ]  # fmt: skip
    assert rows[3]["warning"] == "unparseable: geometry is a Polygon"
    assert rows[4]["warning"] == "missing"


def test_one_of_several_layers_must_be_named(tmp_path):
    source = geo_input(tmp_path / "in.gpkg")
    pyogrio.raw.write(
        source, shapely.to_wkb(shapely.points([(50, 30)])), [], [], layer="more",
        geometry_type="Point", crs="EPSG:4326", append=True,
    )  # fmt: skip
    with pytest.raises(BadValue, match=r"several layers.*in\.gpkg:"):
        run(source, tmp_path / "out.csv")
    assert run(f"{source}:more", tmp_path / "out.csv").rows == 1
    with pytest.raises(BadValue, match="points, more"):
        run(f"{source}:none", tmp_path / "out.csv")


def test_geojson_values_keep_their_type_and_times_their_text(tmp_path):
    feature = {
        "type": "Feature",
        "properties": {"n": 7, "t": "2026-01-05T08:00:00", "deep": {"a": [1]}, "yes": True},
        "geometry": {"type": "Point", "coordinates": [117.05, 36.6]},
    }
    text = json.dumps({"type": "FeatureCollection", "features": [feature]})
    run(write(tmp_path / "in.geojson", text), tmp_path / "out.geojson", at="t")
    (found,) = json.loads((tmp_path / "out.geojson").read_text())["features"]
    assert {name: found["properties"][name] for name in ("n", "t", "yes")} == {
        "n": 7, "t": "2026-01-05T08:00:00", "yes": True,
    }  # fmt: skip
    assert json.loads(found["properties"]["deep"]) == {"a": [1]}
    assert found["properties"]["candidates"] is None


def typed_table():
    zone = datetime.timezone(datetime.timedelta(hours=8))
    moment = datetime.datetime(2026, 7, 1, 0, 0, tzinfo=zone)
    return pa.table(
        {
            "id": pa.array([1, None], pa.int32()),
            "lon": pa.array([117.05, None], pa.float32()),
            "lat": pa.array([decimal.Decimal("36.60"), decimal.Decimal("1.00")]),
            "when": pa.array([moment, None], pa.timestamp("ns", "Asia/Shanghai")),
            "day": pa.array([datetime.date(2026, 7, 1), None]),
            "hour": pa.array([datetime.time(8, 30), None]),
            "flag": pa.array([True, None]),
            "kind": pa.array(["a", None]).dictionary_encode(),
            "tags": pa.array([["x", "y"], None]),
            "raw": pa.array([b"\x00\xff", None]),
            "big": pa.array([2**64 - 1, None], pa.uint64()),
            "void": pa.nulls(2),
        }
    )


def test_parquet_types_are_kept(tmp_path):
    pq.write_table(typed_table(), tmp_path / "in.parquet")
    run(tmp_path / "in.parquet", tmp_path / "out.parquet", at="when")
    out = pq.read_table(tmp_path / "out.parquet")
    assert out.select(typed_table().column_names).equals(pq.read_table(tmp_path / "in.parquet"))
    assert out.schema.field("margin_m").type == pa.float64()
    assert out["edition"].to_pylist() == ["e2", "e1"]
    assert out["warning"].to_pylist() == [None, "missing"]


@pytest.mark.parametrize("name", ["out.csv", "out.geojson", "out.gpkg"])
def test_parquet_types_find_a_form_in_every_format(tmp_path, name):
    pq.write_table(typed_table(), tmp_path / "in.parquet")
    assert run(tmp_path / "in.parquet", tmp_path / name).rows == 2
    row = frame(tmp_path / name)[0]
    assert str(row["kind"]) == "a"
    if name != "out.gpkg":
        assert str(2**64 - 1) in (tmp_path / name).read_text()
    else:
        assert row["big"] == str(2**64 - 1)
    assert str(row["hour"]).startswith("08:30:00")
    tags = row["tags"]
    assert (json.loads(tags) if isinstance(tags, str) else list(tags)) == ["x", "y"]
    assert str(row["when"]).startswith(("2026-06-30", "2026-07-01"))


ANSWER = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


def with_columns(path, **columns):
    """A Parquet file of points with further columns."""
    count = len(next(iter(columns.values())))
    places = {"lon": pa.array([117.05] * count), "lat": pa.array([36.6] * count)}
    pq.write_table(pa.table(places | columns), path)
    return path


@pytest.mark.parametrize("name", OUTPUTS)
def test_bytes_of_any_kind_are_hexadecimal_and_a_uuid_is_written_as_one(tmp_path, name):
    raw = [b"\xff\x00\xfe\x01", None]
    source = with_columns(
        tmp_path / "in.parquet",
        uuid=pa.array([ANSWER.bytes, None], pa.uuid()),
        fixed=pa.array(raw, pa.binary(4)),
        large=pa.array(raw, pa.large_binary()),
        coded=pa.array(raw, pa.binary(4)).dictionary_encode(),
        view=pa.array(raw, pa.binary_view()),
        text=pa.array(["甲", None], pa.string_view()),
        nested=pa.array([raw, []], pa.list_(pa.binary(4))),
    )
    run(source, tmp_path / name)
    row, empty = frame(tmp_path / name)
    if name.endswith(".parquet"):
        assert (row["uuid"], row["fixed"]) == (ANSWER, raw[0])
        return
    assert row["uuid"] == str(ANSWER)
    assert {row[kind] for kind in ("fixed", "large", "coded", "view")} == {"ff00fe01"}
    nested = row["nested"]
    found = json.loads(nested) if isinstance(nested, str) else list(nested)
    assert found[0] == "ff00fe01"
    assert row["text"] == "甲"
    assert all(
        empty[kind] in {"", None} or empty[kind] != empty[kind] for kind in ("uuid", "fixed")
    )


DAYS = 20_636  # to 2 July 2026, on which another edition answers
FAR = [
    (pa.timestamp("s"), DAYS * 86_400, 10**13),
    (pa.timestamp("us"), DAYS * 86_400 * 10**6, -(2**62)),
    (pa.timestamp("us", "Asia/Shanghai"), DAYS * 86_400 * 10**6, 2**62),
    (pa.date32(), DAYS, 10**8),
    (pa.date64(), DAYS * 86_400_000, 86_400_000 * 10**8),
]


def times(kind, *numbers):
    return pa.array(numbers, pa.int32() if kind == pa.date32() else pa.int64()).cast(kind)


@pytest.mark.parametrize(("kind", "near", "far"), FAR)
@pytest.mark.parametrize("option", ["at", "observed"])
def test_a_time_beyond_the_calendar_is_remarked_and_the_others_count(
    tmp_path, kind, near, far, option
):
    source = with_columns(tmp_path / "in.parquet", when=times(kind, near, far, None))
    summary = run(source, tmp_path / "out.csv", **{option: "when"})
    rows = read_csv(tmp_path / "out.csv")
    assert [row["edition"] for row in rows] == ["e2", "e1", "e1"]
    assert [row["warning"].split(":")[0] for row in rows] == ["", "time_unreadable", ""]
    assert summary.by_warning == {"time_unreadable": 1}


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize(("kind", "near", "far"), FAR)
def test_a_time_beyond_the_calendar_ends_no_output(tmp_path, name, kind, near, far):
    when = times(kind, near, far)
    source = with_columns(
        tmp_path / "in.parquet",
        when=when,
        deep=pa.StructArray.from_arrays([when], ["t"]),
        several=pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), when),
    )
    assert run(source, tmp_path / name).rows == 2
    if name.endswith(".geojson"):
        first, second = (
            feature["properties"]
            for feature in json.loads((tmp_path / name).read_text())["features"]
        )
        assert first["when"].startswith("2026-07-02")
        assert second["when"]
        assert [second["when"]] == second["several"] == [second["deep"]["t"]]


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_times_in_a_zone_that_nobody_knows_are_those_in_utc(tmp_path, name, unit):
    # As Windows calls it. The other edition answers from 16:00 UTC on.
    kind = pa.timestamp(unit, "China Standard Time")
    hours = [datetime.datetime(2026, 6, 30, hour, 50, tzinfo=datetime.UTC) for hour in (15, 23)]
    when = pa.array([*hours, None], pa.timestamp(unit, "UTC")).cast(kind)
    source = with_columns(
        tmp_path / "in.parquet", when=when, deep=pa.StructArray.from_arrays([when], ["t"])
    )
    summary = run(source, tmp_path / name, at="when")
    assert (summary.editions, summary.by_warning) == ({"e1": 2, "e2": 1}, {})
    if name.endswith(".parquet"):
        assert pq.read_schema(tmp_path / name).field("when").type == kind
    else:
        second = frame(tmp_path / name)[1]
        assert str(second["when"])[:16].replace("T", " ") == "2026-06-30 23:50"
        assert "2026-06-30" in str(second["deep"])


def test_a_large_file_keeps_its_order_over_many_batches(tmp_path):
    n = 150_000
    table = pa.table({"id": np.arange(n), "lon": np.full(n, np.nan), "lat": np.full(n, 36.0)})
    pq.write_table(table, tmp_path / "in.parquet")
    for name in ("out.parquet", "out.gpkg"):
        run(tmp_path / "in.parquet", tmp_path / name)
    found = pq.read_table(tmp_path / "out.parquet", columns=["id"])["id"].to_numpy()
    assert np.array_equal(found, np.arange(n))
    _, _, _, (ids,) = pyogrio.raw.read(tmp_path / "out.gpkg", columns=["id"], read_geometry=False)
    assert np.array_equal(ids, np.arange(n))


def test_columns_named_like_a_geopackages_own_are_kept(tmp_path):
    source = write(tmp_path / "in.csv", "fid,lon,lat,geom\nA1,117.05,36.6,x\n")
    run(source, tmp_path / "out.gpkg")
    (row,) = frame(tmp_path / "out.gpkg")
    assert (row["fid"], row["geom"], row["geometry"]) == ("A1", "x", "POINT (117.05 36.6)")


def test_names_that_a_format_cannot_tell_apart_are_refused(tmp_path):
    source = write(tmp_path / "in.csv", "a,lon,lat,a,A\n1,117.05,36.6,2,3\n")
    for name in ("out.gpkg", "out.parquet", "out.geojson"):
        with pytest.raises(BadValue, match="name of its own"):
            run(source, tmp_path / name)
    run(source, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text().splitlines()[1].startswith("1,117.05,36.6,2,3,")


@pytest.mark.parametrize("name", ["in.xlsx", "in", "in.shp", ".csv"])
def test_an_unknown_ending_is_refused_with_the_known_ones(tmp_path, name):
    write(tmp_path / name, "id,lon,lat\n")
    with pytest.raises(BadValue, match=r"\.csv, .*\.parquet.*\.gpkg"):
        run(tmp_path / name, tmp_path / "out.csv")
    with pytest.raises(BadValue, match=r"\.csv, .*\.parquet.*\.gpkg"):
        run(tmp_path / "in.csv", tmp_path / name)


@pytest.mark.parametrize("name", ["in.parquet", "in.geojson", "in.gpkg"])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path, name):
    with pytest.raises(UnreadableFile, match=r"no such file"):
        run(tmp_path / name, tmp_path / "out.csv")
    for data in (b"", b"nonsense" * 100):
        with pytest.raises(InputError, match=name):
            run(write(tmp_path / name, data), tmp_path / "out.csv")
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ["in.parquet", "in.geojson"])
def test_a_truncated_file_is_refused_and_leaves_nothing(tmp_path, name, csv_in):
    run(csv_in, tmp_path / name)
    data = (tmp_path / name).read_bytes()
    csv_in.unlink()
    with pytest.raises(UnreadableFile):
        run(write(tmp_path / name, data[: len(data) * 2 // 3]), tmp_path / "out.csv")
    assert [p.name for p in tmp_path.iterdir()] == [name]
