"""District records, in both stores: put, replaced by their code, and back as they were."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

import pytest
import shapely

from gridmap.errors import BadValue
from gridmap.places.model import Ground, Organisation, Place, Post, ServiceItem
from gridmap.routing import Overlay, Party
from gridmap.store import Store, records
from gridmap.store.records import RECORD_KINDS
from tests.conftest import NOW

SQUARE = shapely.Polygon([(117, 36), (117.01, 36), (117.01, 36.01), (117, 36.01)])
RING = SQUARE.buffer(0.01).difference(SQUARE)
ISLANDS = shapely.MultiPolygon([SQUARE, shapely.box(118, 36, 118.1, 36.1)])

RECORDS = {
    "ground": [
        asdict(Ground("G1", "roads", "禾里路", "Heli Road", 0))
        | {"geom": shapely.LineString([(117, 36), (117.1, 36.123456789)])},
        asdict(Ground("G2", "water")) | {"geom": ISLANDS},
    ],
    "overlays": [
        asdict(
            Overlay("E1", "estate", "锦禾苑", "Jinhe", True, "WY:F001", "红线图", 3,
                    date(2026, 1, 1), date(2027, 1, 1))
        )
        | {"geom": RING},
        asdict(Overlay("E2", "estate", "老街", managed=False)) | {"geom": SQUARE},
    ],
    "parties": [asdict(Party("WY:F001", "安禾物业", "Anhe Property", "0990-5550101"))],
    "places": [
        asdict(
            Place("P1", "canteen", "社区食堂", 117.1, 36.2, "Canteen", "禾里路1号",
                  "Mo-Fr 09:00-17:00", "周一至周五", "0990-5550201", ("长者助餐", "送餐"), "1层",
                  "15元", True, "核查", date(2026, 9, 1))
        ),
        asdict(Place("P2", "parcel", "快递点", 117.2, 36.3)),
    ],
    "organisations": [
        asdict(Organisation("O1", "party_branch", "支部", members=12, lon=117.0, lat=36.0)),
        asdict(Organisation("O2", "party_branch", "支部二", "Second", "O1", "grid", "G-1")),
    ],
    "posts": [
        asdict(
            Post("T1", "p-1", "演示", "grid_worker", "basic", "grid", "G-1", "0990-5550001", "GA",
                 date(2026, 3, 1), None)
        ),
    ],
    "service_items": [
        asdict(ServiceItem("S1", "助餐", "送餐上门", "Meals at home", needs=("吃饭", "送餐"),
                           channel="社区食堂", steps=("电话预约", "上门评估"))),
        asdict(ServiceItem("S2", "维修", "修水管")),
    ],
}  # fmt: skip


def plain(record):
    """A record as it compares: geometry as text, sequences as lists, its own point left out."""
    found = {k: list(v) if isinstance(v, tuple) else v for k, v in record.items()}
    if "lon" in found:
        found.pop("geom", None)
    return {k: v.wkt if isinstance(v, shapely.Geometry) else v for k, v in found.items()}


def test_every_kind_is_tried():
    assert set(RECORDS) == set(RECORD_KINDS)


@pytest.mark.parametrize("kind", RECORD_KINDS)
def test_records_come_back_as_they_went_in(store, kind):
    assert store.put_records(kind, RECORDS[kind]) == (len(RECORDS[kind]), 0)
    assert [plain(r) for r in store.records(kind)] == [plain(r) for r in RECORDS[kind]]


@pytest.mark.parametrize("kind", RECORD_KINDS)
def test_a_record_takes_the_place_of_the_one_with_its_code(store, kind):
    store.put_records(kind, RECORDS[kind])
    field = "layer" if kind == "ground" else "name"
    changed = {**RECORDS[kind][0], field: "改过的"}
    assert store.put_records(kind, [changed]) == (0, 1)
    assert [r["code"] for r in store.records(kind)] == [r["code"] for r in RECORDS[kind]]
    assert store.records(kind)[0][field] == "改过的"


def test_replacing_all_leaves_the_new_ones_alone(store):
    store.put_records("places", RECORDS["places"])
    other = asdict(Place("P9", "canteen", "新食堂", 117.0, 36.0))
    assert store.put_records("places", [RECORDS["places"][0], other], replace=True) == (1, 1)
    assert [r["code"] for r in store.records("places")] == ["P1", "P9"]
    assert store.put_records("places", [], replace=True) == (0, 0)
    assert store.records("places") == []


def test_coordinates_make_the_point_and_none_where_there_are_none(store):
    store.put_records("places", RECORDS["places"])
    store.put_records("organisations", RECORDS["organisations"])
    first, second = store.records("organisations")
    assert store.records("places")[0]["geom"].equals(shapely.Point(117.1, 36.2))
    assert first["geom"].equals(shapely.Point(117, 36))
    assert second["geom"] is None


def test_geometry_comes_back_vertex_for_vertex(store):
    store.put_records("overlays", RECORDS["overlays"])
    store.put_records("ground", RECORDS["ground"])
    assert store.records("overlays")[0]["geom"].equals_exact(RING, 0)
    assert [r["geom"].geom_type for r in store.records("ground")] == ["LineString", "MultiPolygon"]


def test_codes_are_in_the_order_of_their_bytes(store):
    codes = ["B", "a", "A", "文", "10", "9", "😀"]
    parties = [{"code": code, "name": code} for code in codes]
    store.put_records("parties", parties)
    assert [r["code"] for r in store.records("parties")] == sorted(codes, key=str.encode)


def test_thousands_of_records_take_each_others_place(store):
    many = [{"code": f"WY:{i}", "name": "物业"} for i in range(12_000)]
    assert store.put_records("parties", many) == (12_000, 0)
    assert store.put_records("parties", many[:11_000]) == (0, 11_000)
    assert len(store.records("parties")) == 12_000


def test_text_that_is_not_given_is_empty_and_nul_is_left_out(store):
    store.put_records("parties", [{"code": "WY:1", "name": "物\0业\ud800"}])
    assert store.records("parties") == [
        {"code": "WY:1", "name": "物业?", "name_en": "", "phone": ""}
    ]


def test_a_change_of_records_is_noticed_by_others(store):
    before = store.change_token()
    store.put_records("parties", RECORDS["parties"])
    assert store.change_token() > before


def test_all_or_none_are_written(store):
    store.put_records("places", RECORDS["places"])
    lacking = {"code": "P3", "category": "parcel", "name": "没有位置"}
    with pytest.raises(BadValue, match="lacks"):
        store.put_records("places", [asdict(Place("P4", "x", "x", 117, 36)), lacking], replace=True)
    assert [r["code"] for r in store.records("places")] == ["P1", "P2"]


NAN = float("nan")


@pytest.mark.parametrize(
    ("kind", "records", "said"),
    [
        ("people", [], "no such kind"),
        ("parties", [{"code": "A"}, {"code": "B"}, {"code": "A"}], "stands twice"),
        ("parties", [{"name": "物业"}], "lacks"),
        ("parties", [{"code": "A", "shoe_size": 43}], "no such column"),
        ("places", [{"code": "P", "lon": 117.0}], "lacks"),
        ("places", [{"code": "P", "lon": NAN, "lat": 36.0}], "lacks"),
        ("places", [{"code": "P", "lon": 117.0, "lat": 36.0, "geom": SQUARE}], "points only"),
        ("overlays", [{"code": "E", "kind": "estate", "managed": True, "priority": 0}], "lacks"),
    ],
)  # fmt: skip
def test_what_no_table_can_hold_is_refused_by_name(store, kind, records, said):
    with pytest.raises(BadValue, match=said):
        store.put_records(kind, records)


def test_records_of_several_kinds_are_those_of_one_moment(store, store_url, monkeypatch):
    store.put_records("parties", RECORDS["parties"])
    store.put_records("posts", RECORDS["posts"])
    get = records.get_records

    def slowly(connection, kind):
        found = get(connection, kind)
        if kind == "parties":
            with Store.open(store_url) as other:
                other.put_records("parties", [], replace=True)
                other.put_records("posts", [], replace=True)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(records, "get_records", slowly)
        found = store.records_of(["parties", "posts"])
    assert {kind: len(rows) for kind, rows in found.items()} == {"parties": 1, "posts": 1}
    assert store.records_of(["parties", "posts"]) == {"parties": [], "posts": []}
    # Whoever reads like that can write like anybody else.
    assert store.put_records("posts", RECORDS["posts"]) == (1, 0)


def test_records_say_when_a_map_has_to_be_drawn_anew(store):
    # The store's own clock, for other programs that watch the file's contents table.
    store.put_records("parties", RECORDS["parties"])
    if store.kind == "geopackage":
        with store._database.read() as connection:
            query = "SELECT last_change FROM gpkg_contents WHERE table_name = 'parties'"
            assert connection.exec_driver_sql(query).scalar().startswith(f"{NOW:%Y-%m-%dT%H:%M}")
