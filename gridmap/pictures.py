"""Pictures that are sent in: read with suspicion, kept as bare pixels.

What comes in is decoded and written anew, so that nothing but the picture is kept: no place
where it was taken, no device, no comment, no second file behind the first.
"""

from __future__ import annotations

import hashlib
import io
import struct
import threading
from dataclasses import dataclass

from PIL import Image, ImageFile, UnidentifiedImageError

from gridmap.errors import BadValue, StoreBusy

__all__ = ["MEDIA_TYPE", "MOST_SIDE", "THUMB_SIDE", "Photo", "clean", "shrunk"]

MEDIA_TYPE = "image/jpeg"

# Enough to read a number plate across a street, and small enough for a store.
MOST_SIDE = 2_560
THUMB_SIDE = 320
_QUALITY = 85
_FORMATS = ("JPEG", "PNG", "WEBP")

# A large picture takes a hundred megabytes while it is decoded.
_AT_ONCE = threading.BoundedSemaphore(2)
_WAIT_S = 10.0
# Scans of a progressive JPEG: each costs a pass over all pixels, and a file can hold thousands.
# Two octets stand for one; by chance they also stand some fifteen times in a megabyte.
_SCAN, _MOST_SCANS = b"\xff\xda", 1_000

# What a camera writes about how it was held.
_ORIENTATION = 0x0112
_TURN = Image.Transpose
_TURNS = {
    2: _TURN.FLIP_LEFT_RIGHT,
    3: _TURN.ROTATE_180,
    4: _TURN.FLIP_TOP_BOTTOM,
    5: _TURN.TRANSPOSE,
    6: _TURN.ROTATE_270,
    7: _TURN.TRANSVERSE,
    8: _TURN.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture as it is kept, in JPEG.

    Attributes
    ----------
    data, thumb : bytes
        The picture, and a small one of at most 320 pixels a side.
    width, height : int
        Of the picture, pixels.
    sha256 : str
        Of `data`.
    """

    data: bytes
    thumb: bytes
    width: int
    height: int
    sha256: str


def clean(raw: bytes, *, most_bytes: int, most_pixels: int, side: int = MOST_SIDE) -> Photo:
    """Return what is kept of a picture that was sent in.

    Turned as its camera says, at most `side` pixels a side, and without anything that was
    written beside the pixels. Of a moving picture the first frame is kept.

    Parameters
    ----------
    raw : bytes
        JPEG, PNG or WebP.
    most_bytes, most_pixels : int
        What may be sent in.
    side : int
        What is kept: at most so many pixels a side.

    Raises
    ------
    BadValue
        When it is larger, of another kind, or cannot be read to its end.
    StoreBusy
        When other photos are being read, and go on being read.
    """
    if not 0 < len(raw) <= most_bytes:
        raise BadValue(
            "A photo of this size is not taken.",
            got=f"{len(raw):,} bytes",
            allowed=f"1 to {most_bytes:,} bytes",
            repair=_smaller(side),
        )
    if raw.startswith(b"\xff\xd8") and raw.count(_SCAN) > _MOST_SCANS:
        raise BadValue(
            "The photo cannot be read to its end.",
            got=f"{raw.count(_SCAN):,} scans",
            allowed=f"at most {_MOST_SCANS:,} scans",
            repair="Open it, save it anew, and send that.",
        )
    if not _AT_ONCE.acquire(timeout=_WAIT_S):
        raise StoreBusy("Other photos are being read.", repair="Try again in a moment.")
    try:
        return _read(raw, most_pixels, side)
    finally:
        _AT_ONCE.release()


def _read(raw: bytes, most_pixels: int, side: int) -> Photo:
    # A switch of the whole process, which printing turns on: half a photo is none.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with Image.open(io.BytesIO(raw), formats=_FORMATS) as opened:
            _refuse_large(opened.width * opened.height, most_pixels, side)
            return _kept(opened, side)
    except UnidentifiedImageError as error:
        raise BadValue(
            "This is no photo that can be read.",
            got=_shown(raw),
            allowed=", ".join(_FORMATS),
            repair="Save it as JPEG.",
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large("more than can be counted safely", most_pixels, side) from error
    except (OSError, SyntaxError, ValueError, EOFError, TypeError, KeyError, struct.error) as error:
        # What Pillow's readers raise for files that are cut or forged.
        raise BadValue(
            "The photo cannot be read to its end.",
            got=f"{len(raw):,} bytes, {type(error).__name__}",
            repair="Open it, save it anew, and send that.",
        ) from error


def _refuse_large(pixels: int, most: int, side: int) -> None:
    # Told by the head of the file, before a pixel is decoded.
    if pixels > most:
        raise _too_large(f"{pixels:,} pixels", most, side)


def _too_large(got: str, most: int, side: int) -> BadValue:
    return BadValue(
        "A photo of so many pixels is not taken.",
        got=got,
        allowed=f"at most {most:,} pixels",
        repair=_smaller(side),
    )


def _smaller(side: int) -> str:
    return f"Send it smaller: a side of {side:,} pixels is kept at most."


def _kept(opened: Image.Image, side: int) -> Photo:
    # A JPEG is decoded at no more than the size that is needed.
    opened.draft("RGB", (side, side))
    # Nothing else is read of what is written beside the pixels, and nothing is written of it.
    turn = _TURNS.get(opened.getexif().get(_ORIENTATION, 1))
    # Smaller before it is turned: two large ones at a time would take twice the memory.
    opened.thumbnail((side, side))
    turned = opened if turn is None else opened.transpose(turn)
    # A new image: what stands beside the pixels of the old one stays there.
    picture = Image.new("RGB", turned.size, "white")
    if turned.has_transparency_data:
        clear = turned.convert("RGBA")
        picture.paste(clear, mask=clear.getchannel("A"))
    else:
        picture.paste(turned.convert("RGB"))
    data = _jpeg(picture)
    small = picture.copy()
    small.thumbnail((THUMB_SIDE, THUMB_SIDE))
    digest = hashlib.sha256(data).hexdigest()
    return Photo(data, _jpeg(small), *picture.size, digest)


def shrunk(data: bytes, side: int, *, quality: int = _QUALITY) -> bytes:
    """Return a picture that :func:`clean` made at most `side` pixels a side, in JPEG."""
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as opened:
        opened.draft("RGB", (side, side))
        opened.thumbnail((side, side))
        return _jpeg(opened.convert("RGB"), quality)


def _jpeg(picture: Image.Image, quality: int = _QUALITY) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def _shown(raw: bytes) -> str:
    return f"{len(raw):,} bytes that begin with {raw[:8]!r}"
