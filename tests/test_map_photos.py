"""Photos in the cards of maps: by address from a server, held by a file while there is room."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from gridmap.access import Actor
from gridmap.maps import MapInfo, photos
from gridmap.maps.party import party_map
from gridmap.maps.photos import PlacePhotos, photo_address
from gridmap.maps.services import services_map
from gridmap.pictures import Photo, clean
from tests.mapdata import CENTRE, HOSTILE, district
from tests.place_pictures import picture

X, Y = CENTRE
PLACES = [
    {"code": "P1", "category": "service_centre", "name": "云溪中心", "lon": X, "lat": Y},
    {"code": "P/2", "category": "canteen", "name": "食堂", "lon": X + 0.001, "lat": Y},
    {"code": "P3", "category": "canteen", "name": "无照片", "lon": X + 0.002, "lat": Y},
    {"code": "P4", "category": "canteen", "name": "仓库", "lon": X, "lat": Y,
     "visibility": "staff"},
]  # fmt: skip


def kept(colour: str) -> Photo:
    return clean(picture(colour), most_bytes=10**6, most_pixels=10**7)


SHOTS = {"P1": kept("teal"), "P/2": kept("red"), "P4": kept("blue")}


def told(code: str) -> dict[str, Any]:
    return {
        "sha256": SHOTS[code].sha256, "caption": "门口", "caption_en": "The door", "alt": "",
        "alt_en": "A house", "credit": HOSTILE, "licence": "CC0",
    }  # fmt: skip


def leads() -> PlacePhotos:
    return PlacePhotos(
        {code: told(code) for code in SHOTS},
        lambda wanted: {code: SHOTS[code].thumb for code in wanted},
    )


def drawn(kind: str = "services", mode: str = "inline", shown: PlacePhotos | None = None) -> str:
    make = services_map if kind == "services" else party_map
    return make(
        district(40), PLACES, info=MapInfo("地图"), actor=Actor.resident(),
        photos=leads() if shown is None else shown, mode=mode,
    ).html()  # type: ignore[operator]  # fmt: skip


def data_of(html: str) -> dict[str, Any]:
    (found,) = re.findall(
        r'<script type="application/json"[^>]*>(\{"categories":.*?)</script>', html, re.DOTALL
    )
    return json.loads(found)


def by_name(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["zh"]: one.get("photo") for one in data["places"]}


@pytest.mark.parametrize("kind", ["services", "party"])
def test_a_file_holds_small_pictures_and_a_served_page_their_addresses(kind: str) -> None:
    held = by_name(data_of(drawn(kind)))
    assert held["云溪中心"]["src"].startswith("data:image/jpeg;base64,/9j/")
    assert len(held["云溪中心"]["src"]) < 3_000
    assert held["云溪中心"]["zh"] == "门口"
    assert held["云溪中心"]["en"] == "A house"
    assert held["云溪中心"]["by"] == f"{HOSTILE} · CC0"
    assert held["无照片"] is None
    assert held["云溪中心"]["src"] != held["食堂"]["src"]
    html = drawn(kind, "served")
    assert "data:image/jpeg" not in html
    seen = by_name(data_of(html))
    address = "/api/places/P%2F2/photos/" + SHOTS["P/2"].sha256
    assert photo_address("P/2", SHOTS["P/2"].sha256) == address
    assert seen["食堂"]["src"] == address + "?size=thumb"


def test_a_place_that_is_not_on_the_map_has_no_photo_in_it() -> None:
    for mode in ("inline", "served"):
        html = drawn(mode=mode)
        assert "仓库" not in html
        assert SHOTS["P4"].sha256 not in html


@pytest.mark.parametrize(
    "bound", [{"_MOST_BYTES": 900}, {"MAX_BYTES": 200_000}], ids=["too many", "no room"]
)
def test_photos_that_do_not_fit_are_left_out_all_of_them_and_that_is_said(
    bound: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in bound.items():
        monkeypatch.setattr(photos, name, value)
    data = data_of(drawn())
    assert data["photosLeft"] == 2
    assert set(by_name(data).values()) == {None}
    assert "photosLeft" not in data_of(drawn(mode="served"))


def test_a_map_without_photos_is_as_it_was() -> None:
    none = PlacePhotos({}, lambda _: {})
    plain = services_map(district(40), PLACES, info=MapInfo("地图"), actor=Actor.resident()).html()
    assert drawn(shown=none) == plain
