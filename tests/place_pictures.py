"""Pictures for the tests of places' photos, and the forms they are sent with."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image
from starlette.testclient import TestClient

SECRET = b"SECRETPLACE"


def picture(colour: str = "teal", size: tuple[int, int] = (640, 480), kind: str = "JPEG") -> bytes:
    """A picture of one colour, told apart from others by it, with a remark beside the pixels."""
    exif = Image.Exif()
    exif[0x010F] = SECRET.decode()
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind, exif=exif)
    return out.getvalue() + SECRET


def send(client: TestClient, place: str, raw: bytes, **words: str) -> Any:
    """Send a photo of a place."""
    files = {"photo": ("a.jpg", raw, "image/jpeg")}
    return client.post(f"/api/places/{place}/photos", data=words, files=files)


def pixels(data: bytes) -> tuple[tuple[int, int], str]:
    """Size and format of a picture."""
    with Image.open(io.BytesIO(data)) as opened:
        opened.load()
        return opened.size, str(opened.format)
