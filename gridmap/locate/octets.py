"""Columns as octets: numbers of JSON text, and texts of a legend, without an object for each.

By compiled code where numba is there. Without it nothing is plain enough to be read here, and
what is written is the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gridmap.locate.borders import Floats
from gridmap.locate.engines import has_compiled

__all__ = ["Octets", "Texts", "json_columns"]

Octets = NDArray[np.uint8]
Places = NDArray[np.int32]

_OPENING = {b'{"lon":[': 0, b'{"lat":[': 1}
_SECOND = (b',"lat":[', b',"lon":[')
_LONGEST = 16  # octets between the columns, spaces included
_WORD = 8  # octets more than there are, for compiled code that copies by words


def json_columns(body: bytes, most: int) -> tuple[Floats, Floats] | None:
    """Return the columns of a JSON object of nothing but plain columns `lon` and `lat`.

    Parameters
    ----------
    body : bytes
        As it came.
    most : int
        Numbers that a column may have.

    Returns
    -------
    lon, lat : float64 (n,)
        As `float` reads each number; null is NaN. None for a body that is anything else than
        plain, which need not be wrong: a general parser has to look at it.
    """
    if not has_compiled():
        return None
    from gridmap.locate.tiles.numerals import POWERS, read_numbers

    head = body[: body.find(b"[") + 1]
    first = _OPENING.get(_tight(head))
    if first is None:
        return None
    octets = np.frombuffer(body, np.uint8)
    # No number and its comma are shorter than two octets.
    room = min(most, len(body) // 2)
    columns = np.empty((2, room))
    n, at = read_numbers(octets, len(head), POWERS, columns[0])
    bracket = body.find(b"[", at, at + _LONGEST) + 1
    if n < 0 or _tight(body[at:bracket]) != _SECOND[first]:
        return None
    also, end = read_numbers(octets, bracket, POWERS, columns[1])
    if also != n or body[end:].strip(b" \t\r\n") != b"}":
        return None
    return columns[first, :n], columns[1 - first, :n]


def _tight(head: bytes) -> bytes:
    """Return punctuation and names without the spaces around them; spaces in a name stay."""
    return (
        head
        if b" " not in head
        else b'"'.join(
            part if i % 2 else part.translate(None, b" \t\r\n")
            for i, part in enumerate(head.split(b'"'))
        )
    )


class Texts:
    """Texts as one run of octets, from which some are picked at a time.

    Parameters
    ----------
    texts : sequence of bytes
        Together shorter than two gigabytes.
    """

    __slots__ = ("_ends", "_octets")

    def __init__(self, texts: Sequence[bytes]) -> None:
        self._ends = np.zeros(len(texts) + 1, np.int32)
        np.cumsum(np.fromiter(map(len, texts), np.int32, len(texts)), out=self._ends[1:])
        self._octets = np.frombuffer(b"".join([*texts, bytes(_WORD)]), np.uint8)

    def picked(self, places: Places) -> tuple[Places, Octets]:
        """Return where each text at some places begins and the last ends, and the octets."""
        if has_compiled():
            from gridmap.locate.tiles.numerals import side_by_side

            begins, octets = side_by_side(places, self._ends, self._octets)
            return begins, octets
        sizes = self._ends[places + 1] - self._ends[places]
        begins = np.zeros(len(places) + 1, np.int32)
        np.cumsum(sizes, out=begins[1:])
        shift = np.repeat(self._ends[places] - begins[:-1], sizes)
        return begins, self._octets[np.arange(begins[-1]) + shift]
