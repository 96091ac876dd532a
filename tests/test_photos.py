"""Photos of reports: what is kept of them, who adds them, who sees them, and their end."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageFile
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.errors import BadValue
from gridmap.pictures import MOST_SIDE, clean
from gridmap.settings import Settings
from gridmap.workspace import open_workspace
from gridmap.workspace.photographing import MOST_BY_SENDER
from tests.api_client import LOCAL
from tests.api_town import Hands
from tests.case_town import Town, settle

LIMITS = {"most_bytes": 2_000_000, "most_pixels": 12_000_000}
REPORT = {"lon": 117.0, "lat": 36.6, "coord_sys": "wgs84", "item": "0101"}
SECRET = b"SECRETPLACE"


def picture(size: tuple[int, int] = (64, 48), mode: str = "RGB") -> Image.Image:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new(mode, size, (0, 0, 255) if mode == "RGB" else (0, 0, 255, 255))
    image.paste((255, 0, 0) if mode == "RGB" else (255, 0, 0, 255), (0, 0, size[0] // 2, size[1]))
    return image


def saved(image: Image.Image, kind: str = "JPEG", **more: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def tagged(kind: str, orientation: int = 1) -> bytes:
    """A picture with a place, a device, and comments in every corner that the format has."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, SECRET.decode()
    exif[0x8825] = {
        1: "N",
        2: (36.0, 36.0, 36.0),
        3: "E",
        4: (117.0, 0.0, 0.0),
        29: SECRET.decode(),
    }
    more: dict[str, Any] = {"exif": exif, "icc_profile": b"0" * 200 + SECRET}
    if kind == "JPEG":
        more |= {"comment": SECRET, "xmp": b"<x>" + SECRET + b"</x>"}
    if kind == "PNG":
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_text("Comment", SECRET.decode())
        more["pnginfo"] = info
    if kind == "WEBP":
        more["xmp"] = b"<x>" + SECRET + b"</x>"
    return saved(picture(), kind, **more) + SECRET


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_nothing_is_kept_but_the_pixels(kind: str) -> None:
    raw = tagged(kind)
    assert SECRET in raw
    photo = clean(raw, **LIMITS)
    for data in (photo.data, photo.thumb):
        assert SECRET not in data
        with Image.open(io.BytesIO(data)) as kept:
            assert kept.format == "JPEG"
            assert not kept.getexif()
            assert not {"exif", "icc_profile", "xmp", "comment"} & set(kept.info)
    with Image.open(io.BytesIO(photo.data)) as kept:
        red, _, blue = kept.convert("RGB").getpixel((8, 24))
        assert red > 200
        assert blue < 60


def test_a_photo_is_turned_as_its_camera_says_and_made_no_larger_than_needed() -> None:
    upright = clean(tagged("JPEG", orientation=6), **LIMITS)
    assert (upright.width, upright.height) == (48, 64)
    with Image.open(io.BytesIO(upright.data)) as kept:
        # The left half came to the top.
        assert kept.convert("RGB").getpixel((24, 8))[0] > 200
    exif = Image.Exif()
    exif[0x0112] = 6
    for kind in ("JPEG", "PNG", "WEBP"):
        turned = clean(saved(picture((4000, 3000)), kind, exif=exif), **LIMITS)
        assert (turned.width, turned.height) == (1920, MOST_SIDE), kind
        with Image.open(io.BytesIO(turned.data)) as kept:
            assert kept.convert("RGB").getpixel((960, 100))[0] > 200, kind
    large = clean(saved(picture((4000, 3000)), "PNG"), **LIMITS)
    assert (large.width, large.height) == (MOST_SIDE, 1920)
    with Image.open(io.BytesIO(large.thumb)) as small:
        assert small.size == (320, 240)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "RGBA", "CMYK", "I;16"])
def test_every_kind_of_pixel_is_kept_as_colours(mode: str) -> None:
    image = Image.new("I;16", (20, 10), 900) if mode == "I;16" else picture((20, 10)).convert(mode)
    photo = clean(saved(image, "JPEG" if mode == "CMYK" else "PNG"), **LIMITS)
    assert (photo.width, photo.height) == (20, 10)


def test_what_is_clear_becomes_white() -> None:
    photo = clean(saved(Image.new("RGBA", (20, 10), (0, 0, 0, 0)), "PNG"), **LIMITS)
    with Image.open(io.BytesIO(photo.data)) as kept:
        assert min(kept.convert("RGB").getpixel((5, 5))) > 250


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few octets that says it is large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    chunks = chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "of this size"),
        (b"x" * 2_000_001, "of this size"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no photo"),
        (b"%PDF-1.7 ...", "no photo"),
        (b"GIF89a" + b"\0" * 50, "no photo"),
        (b"\x89PNG\r\n\x1a\n", "no photo|to its end"),
        (saved(picture((400, 300)))[:900], "to its end"),
        (saved(picture((400, 300)), "PNG")[:400], "to its end"),
        (bomb(4001, 3000), "so many pixels"),
        (bomb(10_000, 10_000), "so many pixels"),
        (bomb(60_000, 60_000), "so many pixels"),
        (bomb(100, 100), "to its end"),
    ],
)
def test_what_is_no_usable_photo_is_refused(raw: bytes, said: str) -> None:
    with pytest.raises(BadValue, match=said):
        clean(raw, **LIMITS)


@pytest.fixture
def town(store_url: str, tmp_path: Path) -> Iterator[Town]:
    """A site without areas, with people at its doors, in either kind of store."""
    hands = Hands(datetime(2026, 3, 12, 1, tzinfo=UTC))
    settings = Settings(store=store_url, secrets=tmp_path / "secrets", photo_mb=1)
    with open_workspace(settings=settings, clock=hands) as workspace:
        workspace.ensure_keys()
        keys = settle(workspace)
        yield Town(workspace, TestClient(create_app(workspace=workspace), client=LOCAL), keys)


def sent(town: Town) -> tuple[int, str]:
    record, _ = town.workspace.submit_report(REPORT, key="photo-key-1")
    return int(record["id"]), "photo-key-1"


def add(town: Town, who: str, number: int, raw: bytes, status: int = 201, **words: str) -> Any:
    answer = town.ask(who, "POST", f"/api/reports/{number}/photos", data=words,
                      files={"photo": ("a.jpg", raw, "image/jpeg")})  # fmt: skip
    assert answer.status_code == status, answer.text
    return answer.json()


def test_the_sender_and_the_handlers_add_photos_and_staff_within_reach_see_them(town: Town) -> None:
    number, key = sent(town)
    first = add(town, "", number, tagged("JPEG"), key=key)
    assert (first["kind"], first["width"], first["added_by"]) == ("report", 64, "resident")
    # The same picture once more is the same one.
    assert add(town, "", number, tagged("JPEG"), 200, key=key) == first
    add(town, "", number, saved(picture((10, 10))), 401, key="photo-key-of-another")
    add(town, "", number, saved(picture((10, 10))), 401)
    add(town, "", number, saved(picture((10, 10))), 401, key="photo\0")
    add(town, "", number, saved(picture((10, 10))), 401, key=key, kind="after")
    town.act("zhang", number, "confirm")
    town.act("zhang", number, "dispatch", lead="HW")
    add(town, "cao", number, saved(picture((30, 10))), 403, kind="before")
    before = add(town, "hao", number, saved(picture((30, 10))), kind="before")
    add(town, "hao", number, saved(picture((31, 10))), kind="after")
    listed = town.ask("hao", "GET", f"/api/reports/{number}/photos").json()["photos"]
    assert [one["kind"] for one in listed] == ["report", "before", "after"]
    door = f"/api/reports/{number}/photos/{before['id']}"
    for who, status in (("hao", 200), ("zhang", 200), ("jian", 200), ("cao", 403), ("", 401)):
        assert town.ask(who, "GET", door).status_code == status, who
        assert town.ask(who, "GET", f"/api/reports/{number}/photos").status_code == status, who
    answer = town.ask("hao", "GET", door)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    with Image.open(io.BytesIO(answer.content)) as shown:
        assert shown.size == (30, 10)
    thumb = town.ask("hao", "GET", f"{door}?size=thumb")
    assert thumb.status_code == 200
    # What staff had added is there already; who of them did is not told to the sender.
    theirs = add(town, "zhang", number, saved(picture((32, 10))))
    again = add(town, "", number, saved(picture((32, 10))), 200, key=key)
    assert theirs["added_by"] == "zhang"
    assert again == {name: theirs[name] for name in theirs if name != "added_by"}
    other, _ = town.workspace.submit_report(REPORT, key="photo-key-2")
    assert (
        town.ask("zhang", "GET", f"/api/reports/{other['id']}/photos/{before['id']}").status_code
        == 404
    )
    assert town.ask("zhang", "GET", "/api/reports/999/photos").status_code == 404


def test_what_cannot_be_taken_is_refused_with_what_is_allowed(town: Town) -> None:
    number, key = sent(town)
    door = f"/api/reports/{number}/photos"
    said = add(town, "", number, b"MZ\x90\0 no picture", 422, key=key)
    assert "JPEG, PNG, WEBP" in str(said)
    add(town, "", number, b"x" * 1_000_001, 422, key=key)
    add(town, "zhang", number, saved(picture()), 422, kind="selfie")
    add(town, "zhang", 999, saved(picture()), 404)
    ask = town.ask
    other = ask("zhang", "POST", door, json={})
    assert (other.status_code, other.json()["got"]) == (415, "application/json")
    assert other.json()["allowed"] == ["multipart/form-data"]
    assert "JSON" not in other.json()["title"]
    assert ask("zhang", "POST", door, content=saved(picture())).status_code == 415
    broken = {"Authorization": f"Bearer {town.keys['zhang']}",
              "Content-Type": "multipart/form-data; boundary=x"}  # fmt: skip
    for content in (
        b"",
        b"--x\r\nContent-Disposition: form-data; name=photo\r\n\r\nhi\r\n--x--",
        b"\0" * 50,
    ):
        assert town.client.post(door, content=content, headers=broken).status_code == 422, content
    two = {"photo": ("a.jpg", saved(picture()), "image/jpeg"), "more": ("b", b"x", "image/png")}
    assert ask("zhang", "POST", door, files=two).status_code == 422
    for n in range(MOST_BY_SENDER):
        add(town, "", number, saved(picture((20 + n, 10))), key=key)
    assert "9 of this kind" in str(add(town, "", number, saved(picture((90, 10))), 409, key=key))
    town.act("zhang", number, "close", why="closed with the test")
    add(town, "zhang", number, saved(picture((91, 10))), 409)
    assert len(ask("zhang", "GET", door).json()["photos"]) == MOST_BY_SENDER


def test_a_sender_has_room_for_nine_of_their_own_whatever_staff_added(town: Town) -> None:
    number, key = sent(town)
    for n in range(MOST_BY_SENDER):
        add(town, "zhang", number, saved(picture((20 + n, 12))))
    for n in range(MOST_BY_SENDER):
        add(town, "", number, saved(picture((20 + n, 10))), key=key)
    assert "9 of this kind" in str(add(town, "", number, saved(picture((90, 10))), 409, key=key))
    # Staff have room until there are thirty.
    add(town, "zhang", number, saved(picture((91, 10))))


def test_a_photo_that_is_not_taken_is_not_decoded(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    number, key = sent(town)
    raw = [saved(picture((20 + n, 10))) for n in range(MOST_BY_SENDER)]
    kept = [add(town, "", number, one, key=key) for one in raw]

    def decoded(*_: object, **__: object) -> None:
        raise AssertionError("a picture was decoded")

    monkeypatch.setattr("gridmap.workspace.photographing.clean", decoded)
    full = add(town, "", number, saved(picture((90, 10))), 409, key=key)
    assert "9 of this kind" in str(full)
    # One whose answer was lost on the way is sent once more, also when there is no room.
    assert add(town, "", number, raw[-1], 200, key=key) == kept[-1]
    town.act("zhang", number, "close", why="closed with the test")
    closed = add(town, "zhang", number, saved(picture((91, 10))), 409, kind="after")
    assert "it is closed" in str(closed)
    add(town, "zhang", 999, saved(picture((92, 10))), 404)


def test_photos_go_with_the_people_when_a_report_is_old(town: Town) -> None:
    number, key = sent(town)
    kept, _ = town.workspace.submit_report(REPORT, key="photo-key-2")
    raw = saved(picture((200, 100)), "PNG")
    add(town, "", number, raw, key=key)
    add(town, "", int(kept["id"]), raw, key="photo-key-2")
    data = town.workspace.store.photo(number, 1)
    town.act("zhang", number, "close", why="closed with the test")
    town.hands.set("2026-05-20 09:00")
    assert town.workspace.anonymise(30).photos == 1
    assert len(town.workspace.photos(number)) == 1
    assert town.workspace.anonymise(30, commit=True).photos == 1
    assert town.workspace.photos(number) == []
    assert len(town.workspace.photos(int(kept["id"]))) == 1
    assert town.workspace.anonymise(30, commit=True).photos == 0
    assert data.startswith(b"\xff\xd8")


def odd_exif(entries: list[tuple[int, int, int, bytes]]) -> bytes:
    """A JPEG whose camera wrote tags (number, type, count, four octets) as no camera should."""
    table = b"".join(struct.pack("<HHI", *one[:3]) + one[3] for one in entries)
    tiff = b"II*\x00" + struct.pack("<I", 8) + struct.pack("<H", len(entries)) + table + b"\0" * 8
    plain = saved(picture())
    body = b"Exif\0\0" + tiff
    return plain[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + plain[2:]


@pytest.mark.parametrize(
    "odd",
    [
        (0x011A, 2, 4, b"72 \0"),  # a resolution in words
        (0x0213, 4, 1, b"\xff\xff\xff\xff"),
        (0x8769, 4, 1, b"\xff\xff\xff\x7f"),  # a table that lies behind the end
    ],
)
def test_a_turned_photo_is_kept_whatever_else_its_camera_wrote(
    odd: tuple[int, int, int, bytes],
) -> None:
    kept = clean(odd_exif([(0x0112, 3, 1, struct.pack("<HH", 6, 0)), odd]), **LIMITS)
    assert (kept.width, kept.height) == (48, 64)


def test_a_photo_that_was_cut_off_is_refused_even_where_printing_takes_such_pictures(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    whole = saved(picture((400, 300)))
    with pytest.raises(BadValue, match="to its end"):
        clean(whole[: len(whole) // 2], **LIMITS)


def test_a_jpeg_of_thousands_of_scans_is_refused_before_it_is_read() -> None:
    whole = saved(picture())
    with pytest.raises(BadValue) as told:
        clean(whole[:-2] + b"\xff\xda" * 1_001 + whole[-2:], **LIMITS)
    assert "scans" in str(told.value.got)
