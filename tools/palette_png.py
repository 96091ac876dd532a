"""Small PNG files of maps: 256 colours, which flat drawings hardly have more of."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

__all__ = ["palette_png"]

_COLOURS = 256
# Unique colours compared with the palette at once.
_CHUNK = 4_096


def palette_png(pixels: NDArray[np.uint8]) -> bytes:
    """Return an image as a PNG file with a palette.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        Red, green, blue. The 256 most frequent colours stay as they are; any other, on the
        soft edges of lines and letters, becomes the nearest of them.
    """
    height, width, _ = pixels.shape
    packed = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
    colours, place, counts = np.unique(packed, return_inverse=True, return_counts=True)
    palette = _unpacked(np.sort(colours[np.argsort(-counts, kind="stable")[:_COLOURS]]))
    index = _nearest(_unpacked(colours), palette)[place].reshape(height, width)
    # Each line begins with its filter, 0: differences of palette numbers mean nothing.
    lines = np.hstack([np.zeros((height, 1), np.uint8), index.astype(np.uint8)])
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", palette.astype(np.uint8).tobytes()),
            _chunk(b"IDAT", zlib.compress(lines.tobytes(), 9)),
            _chunk(b"IEND", b""),
        ]
    )


def _unpacked(packed: NDArray[np.uint32]) -> NDArray[np.int32]:
    return np.stack([packed >> 16 & 255, packed >> 8 & 255, packed & 255], axis=1).astype(np.int32)


def _nearest(colours: NDArray[np.int32], palette: NDArray[np.int32]) -> NDArray[np.intp]:
    # The square of a distance without that of the colour itself, which is the same for all; exact
    # in float32, for all terms are whole numbers below 2^24.
    known = palette.astype(np.float32)
    length = (known**2).sum(axis=1)
    parts = [
        (length - 2 * (colours[i : i + _CHUNK].astype(np.float32) @ known.T)).argmin(axis=1)
        for i in range(0, len(colours), _CHUNK)
    ]
    return np.concatenate(parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
