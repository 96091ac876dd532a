"""Numbers of JSON text to doubles and back, and texts of a legend side by side.

A thousand points in columns are forty thousand octets of digits; a general parser makes a
Python object of each number before an array can be made of them, which takes longer than
locating the points. Here they go from octets to the array at once, and to the last bit as
`float` reads them; what is not as plain as this reader knows is left to the general one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridmap.locate.tiles.jit import compiled, inlined, long_pointer, lowest_bit
from gridmap.locate.tiles.orient import two_product
from gridmap.locate.tiles.records import Atoms, Words

__all__ = ["NOT_PLAIN", "POWERS", "read_numbers", "side_by_side"]

Octets = NDArray[np.uint8]

# In place of how many numbers there are.
NOT_PLAIN = -1

# The powers of ten that are doubles without rounding.
POWERS = 10.0 ** np.arange(23)
_WHOLE = 10 ** np.arange(9, dtype=np.uint64)
_MOST_DIGITS = 19  # of an unsigned number of 64 bits, whatever the digits

# Beyond the error of the correction below, and far from what could hide half a bit.
_DOUBT = 2.0**-40

_TAB, _LINE, _RETURN, _SPACE = 9, 10, 13, 32
_COMMA, _MINUS, _POINT, _ZERO, _END = 44, 45, 46, 48, 93

# Eight octets at once, the first in the lowest bits.
_SIXES, _HIGH, _ZEROS, _LOW = (np.uint64(one * 0x0101010101010101) for one in (6, 0xF0, 0x30, 0xF))
_PAIRS, _FOURS = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0000FFFF0000FFFF)


@inlined
def _past_space(octets: Octets, at: int) -> int:
    while at < len(octets):
        one = octets[at]
        if one != _SPACE and one != _LINE and one != _RETURN and one != _TAB:
            break
        at += 1
    return at


@inlined
def _rounded(digits: np.uint64, places: int, powers: Words) -> tuple[float, bool]:
    """Return the double nearest to ``digits / 10**places``, and whether that is sure.

    The quotient of the doubles is corrected by what division and rounding lost: the remainder
    is a double without rounding, as is the difference of `digits` from its nearest double.
    """
    whole = float(digits)
    if places == 0 or digits == 0 or places >= len(powers):
        return whole, places < len(powers)
    lost = float(np.int64(digits - np.uint64(whole)))
    power = powers[places]
    quotient = whole / power
    high, low = two_product(quotient, power)
    correction = (((whole - high) - low) + lost) / power
    result = quotient + correction
    # Exactly what this sum lost, for the correction is the smaller of the two.
    rest = correction - (result - quotient)
    return result, result + rest * (1.0 + _DOUBT) == result


@inlined
def _digits(octets: Octets, address: int, at: int, digits: np.uint64) -> tuple[int, np.uint64]:
    """Read on in a number from a place: the place after its digits, and all digits so far.

    `address` is that of `octets`.
    """
    size = len(octets)
    while at + 8 <= size:
        eight = np.uint64(long_pointer(address + at)[0])
        # Digits, and only they, have a three in front, and with six added still.
        other = ((eight ^ _ZEROS) | ((eight + _SIXES) ^ _ZEROS)) & _HIGH
        if other & np.uint64(0xFF) != 0:
            return at, digits
        count = 8 if other == 0 else lowest_bit(np.int64(other)) >> 3
        # Zeros in front in place of what follows; then pairs, fours and all in one word.
        eight = (eight << np.uint64(64 - 8 * count)) & _LOW
        eight = (eight * np.uint64(2561)) >> np.uint64(8)
        eight = ((eight & _PAIRS) * np.uint64(6553601)) >> np.uint64(16)
        eight = ((eight & _FOURS) * np.uint64(42949672960001)) >> np.uint64(32)
        digits = digits * _WHOLE[count] + eight
        at += count
        if count < 8:
            return at, digits
    while at < size:
        one = np.uint64(octets[np.uint64(at)]) - np.uint64(_ZERO)
        if one > np.uint64(9):
            break
        digits = digits * np.uint64(10) + one
        at += 1
    return at, digits


@inlined
def _is_null(octets: Octets, at: int) -> bool:
    return at + 4 <= len(octets) and (
        (octets[at] == 110) & (octets[at + 1] == 117)
        & (octets[at + 2] == 108) & (octets[at + 3] == 108)
    )  # fmt: skip


@compiled
def read_numbers(octets: Octets, begin: int, powers: Words, out: Words) -> tuple[int, int]:
    """Read the numbers of a JSON array whose bracket was opened before `begin`.

    Numbers without an exponent, and null, which becomes NaN. Returns how many there are, and
    the place after the closing bracket; `NOT_PLAIN` for no numbers, for more than `out` has
    room for, and for whatever else a JSON text may hold, or may not.
    """
    size, count, at = len(octets), np.int64(0), np.int64(begin)
    address = octets.ctypes.data
    while count < len(out):
        at = _past_space(octets, at)
        if _is_null(octets, at):
            out[count] = np.nan
            at += 4
        else:
            negative = at < size and octets[at] == _MINUS
            if negative:
                at += 1
            first = at
            at, digits = _digits(octets, address, at, np.uint64(0))
            length, places = at - first, np.int64(0)
            if length == 0 or (length > 1 and octets[first] == _ZERO):
                return NOT_PLAIN, at
            if at < size and octets[at] == _POINT:
                point = at + 1
                at, digits = _digits(octets, address, point, digits)
                places = at - point
                if places == 0:
                    return NOT_PLAIN, at
            value, sure = _rounded(digits, places, powers)
            if length + places > _MOST_DIGITS or not sure:
                return NOT_PLAIN, at
            out[count] = -value if negative else value
        count += 1
        at = _past_space(octets, at)
        if at >= size or (octets[at] != _COMMA and octets[at] != _END):
            return NOT_PLAIN, at
        at += 1
        if octets[at - 1] == _END:
            return count, at
    return NOT_PLAIN, at


@compiled
def side_by_side(places: Atoms, ends: Atoms, octets: Octets) -> tuple[Atoms, Octets]:
    """Return where the texts at some places begin when one follows the other, and those texts.

    Text ``i`` is ``octets[ends[i]:ends[i + 1]]``, and the same holds of what is returned.
    `octets` has eight more at its end.
    """
    begins = np.empty(len(places) + 1, np.int32)
    at = np.int64(0)
    for i in range(len(places)):
        begins[i] = at
        at += ends[places[i] + 1] - ends[places[i]]
    begins[len(places)] = at
    out = np.empty(at + 8, np.uint8)
    source, target = octets.ctypes.data, out.ctypes.data
    for i in range(len(places)):
        # By words; what is too much of the last one is overwritten by the next text.
        begin, to = source + ends[places[i]], target + begins[i]
        for j in range(0, begins[i + 1] - begins[i], 8):
            word = long_pointer(begin + j)[0]
            long_pointer(to + j)[0] = word
    return begins, out[:at]
